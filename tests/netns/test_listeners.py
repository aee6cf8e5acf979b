# SPDX-License-Identifier: MIT
"""Listening sockets and their owners: as ss sees them, over netlink and from the tables of proc/net."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import harness
from harness import check, equal

LIST = os.path.abspath(sys.argv[3])
FIELDS = ("address", "uid", "inode", "queue", "backlog", "interface", "processes", "pid", "unit", "name")


def listening(family, address, port, backlog=5, reuse=False):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(reuse))
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((address, port))
    server.listen(backlog)
    return server


def loopback_up():
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ip or subprocess.run([ip, "link", "set", "lo", "up"]).returncode != 0:
        raise harness.Skip("the loopback cannot be set up")


def listed(*arguments, prefix=()):
    """The source, the number of hidden processes, and the rows."""
    run = subprocess.run([*prefix, LIST, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         universal_newlines=True)
    check(run.returncode == 0, run.stderr)
    first, *lines = run.stdout.splitlines()
    source, hidden = first.split()
    return source, int(hidden), [dict(zip(FIELDS, line.split(" ", len(FIELDS) - 1))) for line in lines]


def table_root(host):
    """A root that is not the system's, with the real proc in it."""
    root = host.work + "/root"
    os.makedirs(root + "/proc", exist_ok=True)
    harness.mount("/proc", root + "/proc", None, harness.MS_BIND | harness.MS_REC)
    return root


def ss_rows():
    """Address, queue, backlog, and the pids, of every listener that ss sees."""
    ss = shutil.which("ss", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ss:
        raise harness.Skip("ss is missing")
    text = subprocess.run([ss, "-ltnHpe"], stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout
    rows = []
    for line in text.splitlines():
        _, queue, backlog, address = line.split()[:4]
        address, bound, port = re.fullmatch(r"(.*?)(?:%(\w+))?:(\d+)", address).groups()
        inode = re.search(r"\bino:(\d+)", line)[1]
        pids = sorted({int(pid) for pid in re.findall(r"pid=(\d+)", line)})
        names = set(re.findall(r'\("([^"]*)",pid', line))
        rows.append((address + ":" + port, inode, queue, backlog, bound or "", pids, names))
    return sorted(rows)


def without_backlog(rows):
    return [{**row, "backlog": "0", "interface": "0"} for row in rows]


def agree_on_all(host):
    """Netlink, both ways to the tables, and ss; returns the rows by address."""
    source, _, rows = listed("/")
    if source != "netlink":
        raise harness.Skip("no NETLINK_SOCK_DIAG here")
    source, _, forced = listed("/", "without-netlink")
    equal(source, "table", "the source without netlink")
    equal(forced, without_backlog(rows), "without netlink")
    source, _, below = listed(table_root(host))
    equal(source, "table", "the source below another root")
    equal(below, without_backlog(rows), "below another root")
    ours = []
    for row in rows:
        bound = socket.if_indextoname(int(row["interface"])) if row["interface"] != "0" else ""
        ours.append((row["address"], row["inode"], row["queue"], row["backlog"], bound, int(row["processes"]),
                     int(row["pid"]), row["name"]))
    theirs = [(*row[:5], len(row[5]), row[5][0] if row[5] else 0, "".join(sorted(row[6])[:1])) for row in ss_rows()]
    equal(sorted(ours), theirs, "the listeners of ss")
    return {row["address"]: row for row in rows}


def test_a_namespace_without_listeners(host):
    equal(listed("/")[2], [], "listeners of a fresh namespace")
    equal(listed("/", "without-netlink")[2], [], "the same without netlink")


def test_both_families(host):
    loopback_up()
    servers = [listening(socket.AF_INET, "0.0.0.0", 8080, 7), listening(socket.AF_INET6, "::1", 9090, 9),
               listening(socket.AF_INET6, "::", 8080), listening(socket.AF_INET, "127.0.0.1", 65535)]
    clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
    rows = agree_on_all(host)
    equal(sorted(rows), ["0.0.0.0:8080", "127.0.0.1:65535", "[::1]:9090", "[::]:8080"], "addresses")
    equal(rows["0.0.0.0:8080"]["backlog"], "7", "backlog")
    equal(rows["0.0.0.0:8080"]["queue"], str(len(clients)), "connections that wait")
    equal(rows["[::1]:9090"]["inode"], str(os.fstat(servers[1].fileno()).st_ino), "inode")
    equal(rows["[::1]:9090"]["pid"], str(os.getpid()), "owner")


def test_bound_to_an_interface(host):
    loopback_up()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        server.bind(("0.0.0.0", 8081))
        server.listen(1)
        rows = agree_on_all(host)
        equal(rows["0.0.0.0:8081"]["interface"], str(socket.if_nametoindex("lo")), "interface")


def test_twins(host):
    loopback_up()
    twins = [listening(socket.AF_INET, "127.0.0.1", 8080, reuse=True) for _ in range(2)]
    agree_on_all(host)
    inodes = sorted(os.fstat(twin.fileno()).st_ino for twin in twins)
    equal([int(row["inode"]) for row in listed("/")[2]], inodes, "inodes")


def forked(count):
    """Children that hold what we hold until they are killed."""
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)
    return children


def end(children):
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_prefork(host):
    loopback_up()
    server = listening(socket.AF_INET, "127.0.0.1", 8080)
    again = os.dup(server.fileno())
    children = forked(3)
    try:
        row = agree_on_all(host)["127.0.0.1:8080"]
        equal(row["processes"], "4", "processes that share it")
        equal(row["pid"], str(min(os.getpid(), *children)), "the lowest of them")
    finally:
        end(children)
    os.close(again)
    equal(agree_on_all(host)["127.0.0.1:8080"]["processes"], "1", "processes after that")


def test_a_hostile_name(host):
    loopback_up()
    server = listening(socket.AF_INET, "127.0.0.1", 8080)
    PR_SET_NAME = 15
    harness.libc.prctl(PR_SET_NAME, b"a\n\x1b[2J\xff) b", 0, 0, 0)
    row = listed("/")[2][0]
    equal(row["name"], "a??[2J?) b", "name")
    equal(row["inode"], str(os.fstat(server.fileno()).st_ino), "inode")


def test_many(host):
    """More than one datagram of each family."""
    loopback_up()
    servers = []
    for port in range(20000, 20400):
        servers += [listening(socket.AF_INET, "127.0.0.1", port), listening(socket.AF_INET6, "::1", port)]
    rows = agree_on_all(host)
    equal(len(rows), len(servers), "listeners")


def test_unprivileged(host):
    loopback_up()
    server = listening(socket.AF_INET, "127.0.0.1", 8080)
    prefix = host.unprivileged()
    if subprocess.run([*prefix, LIST, "/"], stdout=subprocess.DEVNULL).returncode != 0:
        raise harness.Skip("another user cannot run the program here")
    _, hidden, rows = listed("/", prefix=prefix)
    equal(rows[0]["address"], "127.0.0.1:8080", "address")
    equal(rows[0]["inode"], str(os.fstat(server.fileno()).st_ino), "inode")
    equal(rows[0]["processes"], "0", "processes that could be seen")
    check(hidden > 0, "nothing was hidden")


def test_processes_that_are_not_listed(host):
    loopback_up()
    server = listening(socket.AF_INET, "127.0.0.1", 8080)
    prefix = host.unprivileged()
    try:
        harness.mount("proc", "/proc", "proc", 0, "hidepid=2")
    except harness.NotPermitted as reason:
        raise harness.Skip("no proc of our own: %s" % reason)
    _, hidden, rows = listed("/", prefix=prefix)
    equal(rows[0]["processes"], "0", "processes that could be seen")
    equal(hidden, 1, "hidden processes")
    equal(listed("/")[2][0]["pid"], str(os.getpid()), "owner, for root")
    server.close()


def test_while_processes_come_and_go(host):
    loopback_up()
    server = listening(socket.AF_INET, "127.0.0.1", 8080)
    has_closed, says_closed = os.pipe()
    churn = os.fork()
    if churn == 0:
        server.close()
        os.write(says_closed, b".")
        while True:
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
    try:
        os.read(has_closed, 1)    # until then it holds the listener as well
        for _ in range(30):
            row = listed("/")[2][0]
            equal((row["processes"], row["pid"]), ("1", str(os.getpid())), "owner")
    finally:
        end([churn])


if __name__ == "__main__":
    harness.main(globals())
