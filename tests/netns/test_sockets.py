# SPDX-License-Identifier: MIT
"""Every socket of a namespace: counted and listed as ss does, over netlink and from the tables of proc/net."""
import collections
import os
import re
import shutil
import socket
import subprocess
import sys

import harness
from harness import check, equal
from test_listeners import loopback_up, table_root

DUMP, MAKE = os.path.abspath(sys.argv[5]), os.path.abspath(sys.argv[6])
STATES = ("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
          "LAST_ACK", "LISTEN", "CLOSING")
SS_NAMES = {"ESTAB": "ESTABLISHED", "UNCONN": "CLOSE"}
INFO, MEMORY = 1, 2


class Sockets:
    """What make_sockets makes of (kind, state, count), for the time of a with block."""

    def __init__(self, *wanted):
        loopback_up()
        harness.write_key("net.ipv4.tcp_tw_reuse", "0")
        arguments = [str(word) for row in wanted for word in row]
        self.process = subprocess.Popen([MAKE, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, universal_newlines=True)

    def __enter__(self):
        line = self.process.stdout.readline()
        check(line == "ready\n", "make_sockets said %r: %s" % (line, self.process.stderr.read() if not line else ""))
        return self

    def __exit__(self, *_):
        self.process.communicate()


def dump(*arguments, prefix=()):
    """The source, the number of sockets, and the other lines, cut into words."""
    run = subprocess.run([*prefix, DUMP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         universal_newlines=True)
    check(run.returncode == 0, run.stderr)
    lines = [line.split() for line in run.stdout.splitlines()]
    if arguments[1] in ("list", "again"):
        lines.insert(0, lines.pop())
    (source, sockets, malformed, disturbed, _), *rows = lines
    equal((malformed, disturbed), ("0", "0"), "lines not understood, and disturbed dumps")
    return source, int(sockets), rows


def counts(*arguments, prefix=()):
    """{state: (ipv4, mapped, ipv6)} of what there is any of, and the small sockets in FIN_WAIT2."""
    source, total, rows = dump(*arguments, prefix=prefix)
    small = int(rows.pop()[1])
    equal([row[0] for row in rows], list(STATES), "states")
    found = {name: tuple(map(int, figures)) for name, *figures in rows}
    equal(sum(figures[0] + figures[2] for figures in found.values()), total, "the sum")
    return source, {name: figures for name, figures in found.items() if any(figures)}, small


def ss_lines():
    ss = shutil.which("ss", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ss:
        raise harness.Skip("ss is missing")
    for family in ("-4", "-6"):
        text = subprocess.run([ss, family, "-Htan"], stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout
        for line in text.splitlines():
            state, receive, send, local, remote = line.split()[:5]
            state = SS_NAMES.get(state, state.replace("WAIT-", "WAIT").replace("-", "_"))
            mapped = "[::ffff:" in local + remote
            yield (state, plain(local), plain(remote), receive, send, "mapped" if mapped else family)


def plain(endpoint):
    endpoint = re.sub(r"^\[::ffff:([0-9.]+)\]", r"\1", endpoint)
    return endpoint.replace("*:*", "0.0.0.0:0").replace("]:*", "]:0").replace(".0:*", ".0:0")


def ss_counts():
    found = collections.defaultdict(lambda: [0, 0, 0])
    for state, _, _, _, _, kind in ss_lines():
        found[state][0] += kind != "-6"
        found[state][1] += kind == "mapped"
        found[state][2] += kind == "-6"
    return {state: tuple(figures) for state, figures in found.items()}


def between(ask):
    """What ss says, and what we say, at a time when ss says the same before and after."""
    def undisturbed():
        before = ss_counts()
        ours = ask()
        return (before, ours) if before == ss_counts() else None
    return harness.wait_until(undisturbed, "ss says the same twice")


def same_rows(ours, theirs, what):
    ours, theirs = collections.Counter(ours), collections.Counter(theirs)
    equal((ours - theirs, theirs - ours), (collections.Counter(), collections.Counter()), "not of both, with " + what)


def agree(host):
    """By all ways; returns the counts."""
    theirs, (source, ours, small) = between(lambda: counts("/", "counts"))
    if source == "tables":
        raise harness.Skip("no NETLINK_SOCK_DIAG here")
    equal(source, "both", "the source")
    equal(ours, theirs, "the counts of ss")
    for arguments in (("/", "counts", "without-netlink"), (table_root(host), "counts")):
        theirs, (source, ours, again) = between(lambda arguments=arguments: counts(*arguments))
        equal(source, "tables", "the source")
        equal(ours, theirs, "the counts of ss, from the tables")
        equal(again, small, "small sockets, from the tables")
    return ours, small


def sockstat(name, file="sockstat"):
    with open("/proc/net/" + file) as text:
        return int(re.search(r"\b%s (\d+)" % name, text.read())[1])


def test_an_empty_namespace(host):
    equal(counts("/", "counts")[1:], ({}, 0), "counts")
    equal(counts("/", "counts", "without-netlink")[1:], ({}, 0), "counts without netlink")
    equal(dump("/", "destinations")[2], [["outgoing", "0"], ["incoming", "0"], ["unlisted", "0"]], "destinations")


def test_every_state_of_both_families(host):
    with Sockets(*[(kind, state, 3 + i) for i, kind in enumerate(("4", "6", "mapped"))
                   for state in ("time-wait", "established", "close-wait", "fin-wait-2-small", "fin-wait-1", "last-ack",
                                 "syn-recv", "syn-sent")]):
        # The servers' side of what is not accepted yet follows a moment later.
        found, small = agree(host)
    # 3 of IPv4, 4 of IPv6, 5 mapped
    for state in ("TIME_WAIT", "FIN_WAIT1", "SYN_RECV", "SYN_SENT", "LAST_ACK"):
        equal(found[state], (8, 5, 4), state)
    equal(found["CLOSE_WAIT"], (16, 10, 8), "CLOSE_WAIT")
    equal(found["FIN_WAIT2"], (24, 15, 12), "FIN_WAIT2")
    equal(found["LISTEN"], (16, 8, 8), "LISTEN")
    equal(small, 12, "small sockets in FIN_WAIT2")


def test_socket_by_socket(host):
    with Sockets(("4", "established", 20), ("6", "close-wait", 20), ("mapped", "fin-wait-1", 3), ("4", "syn-recv", 5),
                 ("6", "time-wait", 40), ("mapped", "fin-wait-2-small", 7)):
        # Queues to nobody who reads are still filling for a moment.
        def undisturbed():
            before = sorted(ss_lines())
            ours, text = dump("/", "list"), dump("/", "list", "without-netlink")[2]
            again = dump("/", "again")[2]
            return (before, ours, text, again) if before == sorted(ss_lines()) else None
        theirs, (_, total, rows), text, again = harness.wait_until(undisturbed, "ss says the same twice")
    equal(total, len(rows), "sockets")
    same_rows(((state, local, remote, receive, send, (rest or ["-6" if "[" in local else "-4"])[0])
               for state, local, remote, receive, send, _, _, _, _, *rest in rows), theirs, "ss")
    full = [row for row in rows if row[6] != "0"]
    check(full and all(int(row[8]) & (INFO | MEMORY) == INFO | MEMORY for row in full), "figures of owned sockets")
    check(all(row[8] == "0" for row in rows if row[7] == "3"), "figures of small sockets")
    # One by one the kernel says the same of them, and nothing of one that is not there; but of SYN_RECV it only has the
    # listener to tell of, and which of the listeners of a port it finds is its own choice.
    nobody = again.pop()
    equal((nobody[1], nobody[8]), ("10.9.8.7:1", "0"), "one that is not there")

    def found(row):
        return row[0] not in ("LISTEN", "SYN_RECV")
    same_rows((tuple(row[:7] + row[8:]) for row in again if found(row)),
              (tuple(row[:7] + row[8:]) for row in rows if found(row)),
              "one by one")
    # The tables know all of it but the optional figures, and the backlog that is the send queue of a listener. The
    # timers go on.
    def known(row):
        return tuple(row[:4] + ["-" if row[0] == "LISTEN" else row[4]] + row[5:7] + row[9:])
    same_rows(map(known, text), map(known, rows), "the tables")


def test_states_by_choice(host):
    with Sockets(("4", "established", 10), ("6", "close-wait", 5), ("mapped", "time-wait", 7)):
        for arguments in ((), ("without-netlink",)):
            equal(counts("/", "states:0x100", *arguments)[1], {"CLOSE_WAIT": (0, 0, 5)}, "CLOSE_WAIT")
            equal(counts("/", "states:0x40", *arguments)[1], {"TIME_WAIT": (7, 7, 0)}, "TIME_WAIT")
            equal(counts("/", "states:0x400", *arguments)[1], {"LISTEN": (2, 1, 1)}, "LISTEN")


def test_fifty_thousand(host):
    with Sockets(("4", "time-wait", 50000), ("6", "time-wait", 500), ("mapped", "time-wait", 500),
                 ("4", "established", 300)):
        theirs, (source, ours, small) = between(lambda: counts("/", "counts"))
        equal(source, "both", "the source")
        equal(ours, theirs, "the counts of ss")
        check(sum(ours["TIME_WAIT"][::2]) == sockstat("tw") - small, "sockstat has %d" % sockstat("tw"))
        theirs, (source, ours, _) = between(lambda: counts("/", "counts", "without-netlink"))
        equal(ours, theirs, "the counts of ss, from the tables")
        # Parted in the middle of the local ports, among the ports of the listeners, and where all are on one side.
        for port in (46884, 20003, 1, 65535):
            theirs, (source, ours, _) = between(lambda: counts("/", "parted:%d" % port))
            equal((source, ours), ("both", theirs), "the counts of ss, by two walks parted at %d" % port)
        # The sanitizer that looks for leaks needs a thread of its own.
        if not os.environ.get("KERNTUNE_SANITIZED"):
            theirs, (source, ours, _) = between(lambda: counts("/", "parted:46884", "without-threads"))
            equal((source, ours), ("both", theirs), "the counts of ss, by one walk where there can be no thread")
        # One that is broken off by whoever it is for ends at once, whatever the threads have in hand.
        for count in (1, 1000, 20000):
            equal(dump("/", "broken:%d" % count)[2], [["broken", "0"]], "sockets after the end")
        _, _, rows = dump("/", "destinations")
    # The memory of a TIME_WAIT has an end, in minutes; where making them takes that long, there are fewer.
    (_, outgoing), (_, incoming), (_, unlisted), *ranked = rows
    check(int(outgoing) <= 51300, "outgoing: %s" % outgoing)
    equal((incoming, unlisted), ("308", "0"), "incoming, and not listed")
    equal(sum(int(row[3]) for row in ranked), int(outgoing), "the sum of the destinations")
    equal({tuple(row[:3]) for row in ranked},
          {("127.0.0.1", "127.0.0.1", str(port)) for port in (*range(20000, 20005), 20006, 20007)} |
          {("::1", "::1", "20005")}, "destinations")
    check(all(int(row[5]) <= 10000 and row[4] == "0" for row in ranked), "weights: %s" % ranked)


def peak(what, root="/"):
    """The most memory that a dump ever had, in KiB."""
    return int(subprocess.run([DUMP, root, what], stdout=subprocess.PIPE, check=True,
                              universal_newlines=True).stdout.splitlines()[0].split()[4])


def test_memory_does_not_grow(host):
    empty = peak("counts")
    with Sockets(("4", "time-wait", 20000)):
        check(counts("/", "counts")[1]["TIME_WAIT"][0] > 0, "nothing is there")
        # 20,000 sockets kept would be 2.5 MB. What the loader takes differs from run to run.
        for what in ("counts", "destinations"):
            check(peak(what) < empty + 700, "%s took %d KiB more" % (what, peak(what) - empty))


def test_more_destinations_than_are_kept(host):
    """100,000 of them with one socket each, and one with 1,000 in between."""
    line = "%4d: 0100000A:9C40 %s:1538 06 00000000:00000000 03:00000EA6 00000000     0        0 0 3 0\n"
    os.makedirs(host.work + "/many/proc/net")
    with open(host.work + "/many/proc/net/tcp", "w") as table:
        table.write("  sl  local_address rem_address   st\n")
        for i in range(100000):
            table.write(line % (i, "%08X" % (0x0100 + i)))
            if i % 100 == 0:
                table.write(line % (i, "FFFFFFFF"))
    source, total, rows = dump(host.work + "/many", "destinations")
    (_, outgoing), _, (_, unlisted), first, second = rows[:5]
    equal((source, total, int(outgoing), len(rows)), ("tables", 101000, 101000, 3 + 4096), "figures")
    equal(first[1], "255.255.255.255", "the heaviest")
    check(int(first[3]) <= 1000 <= int(first[3]) + int(first[4]), "bounds: %s" % first)
    check(int(unlisted) <= 101000 // 4096, "not listed: at most %s" % unlisted)
    check(int(second[3]) + int(second[4]) < 100, "the second heaviest: %s" % second)
    # The sanitizers' own memory is beside the point.
    if not os.environ.get("KERNTUNE_SANITIZED"):
        check(peak("destinations", host.work + "/many") < 4096, "%d KiB" % peak("destinations", host.work + "/many"))


def test_unprivileged(host):
    prefix = host.unprivileged()
    if subprocess.run([*prefix, DUMP, "/", "counts"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        raise harness.Skip("another user cannot run the program here")
    with Sockets(("4", "established", 10), ("6", "syn-recv", 5), ("mapped", "time-wait", 7)):
        equal(counts("/", "counts", prefix=prefix)[:2], counts("/", "counts")[:2], "counts of another user")
        ours, theirs = (dump("/", "list", prefix=who)[2] for who in ((), prefix))
        equal(sorted(row[:7] for row in theirs), sorted(row[:7] for row in ours), "sockets of another user")
        check(all(int(row[8]) & INFO for row in theirs if row[6] != "0"), "figures for another user")


def test_while_sockets_come_and_go(host):
    """No figure can be known then, but none may be absurd and every dump must end."""
    with Sockets(("4", "established", 50)):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 19999))
            server.listen(100)
            churn = os.fork()
            if churn == 0:
                while True:
                    with socket.create_connection(("127.0.0.1", 19999)), server.accept()[0]:
                        pass
            try:
                for _ in range(40):
                    _, found, _ = counts("/", "counts")
                    check(100 <= found["ESTABLISHED"][0] <= 110, "ESTABLISHED: %d" % found["ESTABLISHED"][0])
                    check(found["LISTEN"] == (2, 0, 0), "LISTEN: %r" % (found["LISTEN"],))
                    check(found.get("TIME_WAIT", (0,))[0] < 200000, "TIME_WAIT")
            finally:
                os.kill(churn, 9)
                os.waitpid(churn, 0)


if __name__ == "__main__":
    harness.main(globals())
