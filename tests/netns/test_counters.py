# SPDX-License-Identifier: MIT
"""Counters, as nstat and ss see them, and provoked on purpose."""
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys

import harness
from harness import check, equal, wait_until

LIST = os.path.abspath(sys.argv[4])
SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


def tool(name):
    path = shutil.which(name, path=SBIN)
    if not path:
        raise harness.Skip(name + " is missing")
    return path


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout


def rows(root="/", prefix=()):
    """(section, field, value or None) by name."""
    table = {}
    for line in output(*prefix, LIST, root).splitlines():
        name, section, field, value = line.split(" ")
        table[name] = (section, field, None if value == "?" else int(value))
    return table


def sample():
    return {name: value for name, (_, _, value) in rows().items()}


def grown(before, *names):
    """By how much, of each; None of what this kernel does not count."""
    after = sample()
    return [None if before[name] is None else after[name] - before[name] for name in names]


def loopback_up():
    if subprocess.run([tool("ip"), "link", "set", "lo", "up"]).returncode != 0:
        raise harness.Skip("the loopback cannot be set up")


def server(backlog=16, family=socket.AF_INET):
    listener = socket.socket(family)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    listener.listen(backlog)
    return listener


def client(listener):
    return socket.create_connection(listener.getsockname()[:2])


def attempt(listener):
    """A connection that nobody waits for."""
    attempting = socket.socket(listener.family)
    attempting.setblocking(False)
    check(attempting.connect_ex(listener.getsockname()) != 0, "connected at once")
    return attempting


def pairs(listener, count):
    return [(client(listener), listener.accept()[0]) for _ in range(count)]


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# ---- against others ----

def some_traffic():
    """Of both families, and things that go wrong."""
    loopback_up()
    for family in (socket.AF_INET, socket.AF_INET6):
        with server(family=family) as listener:
            for ours, theirs in pairs(listener, 7):
                ours.sendall(b"x" * 1000)
                check(theirs.recv(2000), "nothing came")
                ours.close()
                theirs.close()
    refused = socket.socket()
    check(refused.connect_ex(("127.0.0.1", 1)) != 0, "somebody listens on port 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"x", ("127.0.0.1", 1))


def by_proc(root="/proc"):
    """The same by other means: pairs of lines of netstat and snmp."""
    values = {}
    for name in ("netstat", "snmp"):
        with open("%s/net/%s" % (root, name)) as file:
            lines = file.read().splitlines()
        for titles, numbers in zip(lines[::2], lines[1::2]):
            section, *titles = titles.split()
            for title, number in zip(titles, numbers.split()[1:]):
                values[section.rstrip(":") + title] = int(number)
    return values


def test_as_nstat(host):
    """Every counter that both know."""
    some_traffic()
    nstat = {}
    text = output(tool("nstat"), "-asz")
    for line in text.splitlines()[1:]:
        name, value, _ = line.split()
        nstat[name] = int(value)
    ours = {section + field: value for section, field, value in rows().values() if section in (
        "TcpExt", "IpExt", "Ip", "Tcp", "Udp")}
    compared = {name: value for name, value in ours.items() if name in nstat}
    check(len(compared) > 50, "only %d are there to be compared" % len(compared))
    equal(compared, {name: nstat[name] for name in compared}, "the counters of nstat")
    check(nstat["TcpActiveOpens"] >= 15 and nstat["UdpNoPorts"] == 1, "no traffic:\n" + text)


def test_as_proc(host):
    """Known is what this kernel has, and nothing else."""
    some_traffic()
    proc = by_proc()
    for name, (section, field, value) in rows().items():
        if section in ("TcpExt", "IpExt", "Ip", "Tcp", "Udp"):
            equal(value, proc.get(section + field), name)
    for name, path in (("tcp_time_waits_max", "ipv4/tcp_max_tw_buckets"), ("tcp_orphans_max", "ipv4/tcp_max_orphans"),
                       ("conntrack_count", "netfilter/nf_conntrack_count"),
                       ("conntrack_max", "netfilter/nf_conntrack_max"),
                       ("conntrack_buckets", "netfilter/nf_conntrack_buckets")):
        there = os.path.exists(harness.NET + "/" + path)
        equal(sample()[name], int(harness.read_raw(harness.NET + "/" + path)) if there else None, name)


def test_below_another_root(host):
    some_traffic()
    root = host.work + "/root"
    os.makedirs(root + "/proc")
    harness.mount("/proc", root + "/proc", None, harness.MS_BIND | harness.MS_REC)
    moving = ("files", "tcp_orphans", "tcp_allocated", "tcp_memory_pages", "udp_memory_pages", "softnet_packets",
              "softnet_drops", "softnet_squeezes", "sockets")
    ours, theirs = rows(), rows(root)
    for name in ours:
        if name not in moving:
            equal(theirs[name], ours[name], name)
        equal(theirs[name][2] is None, ours[name][2] is None, "whether it is known: " + name)


def test_unprivileged(host):
    prefix = host.unprivileged()
    if subprocess.run([*prefix, LIST, "/"], stdout=subprocess.DEVNULL).returncode != 0:
        raise harness.Skip("another user cannot run the program here")
    unknown = {name for name, row in rows(prefix=prefix).items() if row[2] is None}
    # proc/net/stat/nf_conntrack and what is in proc/sys/net/netfilter are for everybody too.
    equal(unknown, {name for name, value in sample().items() if value is None}, "unknown, and not to root")


# ---- provoked ----

def test_time_waits(host):
    loopback_up()
    before = sample()
    with server() as listener, server(family=socket.AF_INET6) as listener6:
        for ours, theirs in pairs(listener, 12) + pairs(listener6, 3):
            ours.close()
            theirs.close()
        wait_until(lambda: sample()["tcp_time_waits"] == 15, "all are in TIME_WAIT")
        summary = output(tool("ss"), "-s")
        equal(int(re.search(r"timewait (\d+)", summary)[1]), 15, "TIME_WAIT of ss")
        equal(grown(before, "active_opens", "passive_opens", "tcp_sockets", "tcp6_sockets"), [15, 15, 1, 1], "opens")


def test_time_wait_overflow(host):
    loopback_up()
    harness.write_key("net.ipv4.tcp_max_tw_buckets", "4")
    before = sample()
    equal(before["tcp_time_waits_max"], 4, "limit")
    with server() as listener:
        for ours, theirs in pairs(listener, 10):
            ours.close()
            theirs.close()
        wait_until(lambda: grown(before, "time_wait_overflows") == [6], "six found no room")
    equal(sample()["tcp_time_waits"], 4, "TIME_WAIT")


def test_established(host):
    loopback_up()
    with server() as listener:
        connections = pairs(listener, 5)
        summary = output(tool("ss"), "-s")
        equal(sample()["established"], 10, "established")
        equal(int(re.search(r"estab (\d+)", summary)[1]), 10, "established of ss")
        connections[0][0].close()
        # One end is in FIN_WAIT2 now, the other in CLOSE_WAIT, which still counts.
        wait_until(lambda: sample()["established"] == 9, "one has closed")


def test_a_full_accept_queue(host):
    loopback_up()
    before = sample()
    with server(backlog=2) as listener:
        attempts = [attempt(listener) for _ in range(8)]
        # 3 fit in; of the others each SYN is dropped, and sent again after a second.
        overflows, drops = grown(before, "listen_overflows", "listen_drops")
        check(overflows >= 5 and drops >= overflows, "%d overflows, %d drops" % (overflows, drops))
        wait_until(lambda: min(grown(before, "syn_retransmits", "segments_retransmitted", "timeouts")) >= 5,
                   "their SYNs are sent again")
        check(grown(before, "listen_overflows")[0] >= 10, "only %d overflows" % grown(before, "listen_overflows")[0])
        equal(len(attempts), 8, "attempts")


def test_syn_cookies(host):
    loopback_up()
    try:
        harness.write_key("net.ipv4.tcp_syncookies", "2")
    except OSError:
        raise harness.Skip("no SYN cookies here")
    before = sample()
    with server() as listener:
        pairs(listener, 6)
        equal(grown(before, "syncookies_sent", "syncookies_received", "syncookies_failed", "request_queue_cookies"),
              [6, 6, 0, 6], "cookies sent, received, failed; full queues")


def test_resets(host):
    loopback_up()
    before = sample()
    with server() as listener:
        (first, _), (second, peer), (third, _) = held = pairs(listener, 3)
        reset(first)
        peer.sendall(b"unread")
        wait_until(lambda: second.recv(1, socket.MSG_PEEK), "it has come")
        second.close()
        check(third.fileno() >= 0 and held, "held")
        wait_until(lambda: grown(before, "aborts_on_data", "aborts_on_close", "resets_out") == [1, 1, 2],
                   "both were reset")
        equal(grown(before, "established_resets"), [4], "both ends of both")
    refused = socket.socket()
    check(refused.connect_ex(("127.0.0.1", 1)) != 0, "somebody listens on port 1")
    equal(grown(before, "attempt_failures", "resets_out"), [1, 3], "a refused connection")


def test_a_reader_that_does_not_read(host):
    loopback_up()
    before = sample()
    with server() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        (ours, theirs), = pairs(listener, 1)
        ours.setblocking(False)

        def closed():
            try:
                ours.send(b"x" * 65536)
            except BlockingIOError:
                pass
            return grown(before, "windows_closed")[0]

        wait_until(closed, "the window is closed")
        theirs.close()


def test_udp(host):
    loopback_up()
    before = sample()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as writer:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.bind(("127.0.0.1", 0))
        for _ in range(50):
            writer.sendto(b"x" * 1000, reader.getsockname())
        drops, sockets = grown(before, "udp_receive_drops", "udp_sockets")
        check(drops > 0, "no drops")
        equal(sockets, 2, "UDP sockets: sending binds the other one too")
    equal(sample()["udp_sockets"], 0, "UDP sockets")


def test_conntrack(host):
    loopback_up()
    before = sample()
    if before["conntrack_count"] is None:
        raise harness.Skip("no conntrack here")
    rules = "table ip t { chain c { type filter hook output priority 0; ct state invalid drop; }; }"
    if subprocess.run([tool("nft"), rules], stderr=subprocess.DEVNULL).returncode != 0:
        raise harness.Skip("nft cannot have the connections tracked")
    with server() as listener:
        pairs(listener, 5)
        wait_until(lambda: sample()["conntrack_count"] == 5, "five connections are tracked")
    equal(sample()["conntrack_max"], int(harness.read_key("net.netfilter.nf_conntrack_max")), "limit")


# ---- changes ----

def test_changes(host):
    loopback_up()
    with server() as listener:
        process = subprocess.Popen([LIST, "/", "change"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   universal_newlines=True)
        equal(process.stdout.readline(), "ready\n", "first line")
        connections = pairs(listener, 4)
        out, _ = process.communicate("\n")
        equal(len(connections), 4, "connections")
    changes = {}
    for line in out.splitlines():
        name, change, rate = line.split()
        changes[name] = (int(change), float(rate))
    known = {name for name, value in sample().items() if value is not None}
    equal(set(changes), known, "what is known")
    equal(changes["active_opens"][0], 4, "opens")
    equal(changes["listen_drops"], (0, 0.0), "drops")
    opens, rate = changes["active_opens"]
    seconds = opens / rate
    check(0 < seconds < harness.PATIENCE, "%f seconds" % seconds)
    check(abs(changes["established"][1] * seconds - 8) < 0.001, "%r, %f s" % (changes["established"], seconds))


# ---- descriptors ----

def descriptors(pid, prefix=()):
    return output(*prefix, LIST, "/", "of", str(pid)).split()


def test_descriptors(host):
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.closerange(64, 1024)    # what we were started with may be above the limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
        try:
            while True:
                os.dup(0)
        except OSError:
            os.write(go, b"x")
        signal.pause()
        os._exit(0)
    try:
        equal(os.read(ready, 1), b"x", "it is full")
        equal(descriptors(child), ["64", "64", "128"], "open, soft, hard")
        prefix = host.unprivileged()
        seen = descriptors(child, prefix)
        equal(seen[1:], ["64", "128"], "limits, for another user")
        check(seen[0] in ("64", "?"), "open, for another user: " + seen[0])
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    gone = subprocess.run([LIST, "/", "of", str(child)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    equal((gone.returncode, gone.stderr), (2, "list_counters: No such process\n"), "of a process that is gone")


if __name__ == "__main__":
    harness.main(globals())
