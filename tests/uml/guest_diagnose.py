# SPDX-License-Identifier: MIT
"""In the guest of test_diagnose.py: limits that exist once per kernel, nearly reached on a kernel of our own.

What fills up is real: UDP flows, open files, data that nobody reads, connections that nobody waits for. Only the limit
is moved to where the level is right."""

import contextlib
import os
import resource
import socket
import subprocess

import guest
from harness import Skip, check, equal, read_key, wait_until, write_key

FLOWS_MAX = 1000


# ---- asking ----

def findings(host, *arguments, code):
    report = host.run("diagnose", "--json", "--exit-code", *arguments).expect(code).json()
    return {row["id"]: row for row in report["findings"] if row["level"] != "note"}


def expect(host, name, level, *arguments, values=None):
    """Exactly this one, with a remedy for the host itself; returns it."""
    found = findings(host, *arguments, code=1)
    equal({name: row["level"] for name, row in found.items()}, {name: level}, "findings")
    finding = found[name]
    evidence = {row["name"]: row["value"] for row in finding["evidence"]}
    for figure, value in (values or {}).items():
        equal(evidence[figure], value, "%s of %s" % (figure, name))
    check(finding["sysctl_helps"], "no sysctl is said to help: %s" % finding)
    for row in finding["parameters"]:
        equal(row["live"], read_key(row["key"]), row["key"])
    host.run(*finding["command"].split()[1:]).expect(0)
    return finding


def expect_none(host, *arguments):
    equal(findings(host, *arguments, code=0), {}, "findings")


def keys(finding):
    return [row["key"] for row in finding["parameters"]]


# ---- files ----

def open_files():
    return int(read_key("fs.file-nr").split()[0])


def test_files_run_short(host):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = read_key("fs.file-max")
    resource.setrlimit(resource.RLIMIT_NOFILE, (100000, 100000))
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(4000)]
    try:
        for share, level in ((0.8, "warning"), (0.95, "critical")):
            write_key("fs.file-max", str(int(open_files() / share)))
            finding = expect(host, "file-handles", level, "--once", values={"limit": int(read_key("fs.file-max"))})
            equal(keys(finding), ["fs.file-max"], "parameters")
            equal([row["pid"] for row in finding["who"]][:1], [os.getpid()], "who has most of them")
        write_key("fs.file-max", str(open_files() * 2))
        expect_none(host, "--once")
    finally:
        write_key("fs.file-max", before)
        for fd in files:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


# ---- TCP's memory, and connections without a process ----

def sockstat(name):
    with open("/proc/net/sockstat") as file:
        words = next(line for line in file if line.startswith("TCP:")).split()
    return int(words[words.index(name) + 1])


def connect_and_fill(count):
    """Connections whose one end has written as much as there was room for, and whose other one reads nothing. There is
    room for little: TCP must not run short of memory before the limit says so."""
    pairs = []
    with socket.socket() as listener:
        # Most of it stays with the writer.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(count)
        for _ in range(count):
            writer = socket.socket()
            writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            writer.connect(listener.getsockname())
            pairs.append((writer, listener.accept()[0]))
            writer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    writer.send(bytes(65536))
    return pairs


def close_all(pairs):
    for pair in pairs:
        for end in reversed(pair):      # with data unread that is a reset
            end.close()
    wait_until(lambda: sockstat("orphan") == 0, "all of them are gone")


def test_memory_of_tcp(host):
    before = read_key("net.ipv4.tcp_mem")
    pairs = connect_and_fill(30)
    pages = sockstat("mem")
    check(pages > 500, "only %d pages" % pages)
    try:
        expect_none(host, "--once")
        for factors, level in (((0.6, 0.8, 2), "warning"), ((0.6, 0.8, 1.05), "critical")):
            write_key("net.ipv4.tcp_mem", " ".join(str(int(pages * factor)) for factor in factors))
            equal(sockstat("mem"), pages, "pages")
            finding = expect(host, "tcp-memory", level, "--once", values={"memory": pages,
                                                                        "limit": int(pages * factors[2])})
            equal(keys(finding), ["net.ipv4.tcp_mem"], "parameters")
    finally:
        write_key("net.ipv4.tcp_mem", before)
        close_all(pairs)


def test_orphans(host):
    before = read_key("net.ipv4.tcp_max_orphans")
    pairs = connect_and_fill(30)
    try:
        for writer, _ in pairs:
            writer.close()
        wait_until(lambda: sockstat("orphan") == 30, "nobody has them any more")
        expect_none(host, "--once")
        for limit, level in ((100, "warning"), (55, "critical")):
            write_key("net.ipv4.tcp_max_orphans", str(limit))
            finding = expect(host, "orphans", level, "--once", values={"orphans": 30, "limit": limit})
            check("net.ipv4.tcp_max_orphans" in keys(finding), "parameters: %s" % keys(finding))
    finally:
        write_key("net.ipv4.tcp_max_orphans", before)
        close_all(pairs)


# ---- connections that are tracked; last, for the module stays, and with it the lack of room ----

def add_flows(count, first):
    """Each datagram to another port is an entry: there is no answer, and no wait for one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(first, first + count):
            with contextlib.suppress(PermissionError, OSError):     # at the limit it is not sent
                sender.sendto(b"x", ("127.1.%d.1" % (number // 60000), 1000 + number % 60000))


def tracked():
    return int(read_key("net.netfilter.nf_conntrack_count"))


def fill_conntrack(count, first):
    add_flows(count - tracked(), first)
    check(count <= tracked() <= count + 10, "%d entries, not %d" % (tracked(), count))


def prepare_conntrack():
    if not guest.load_module("nf_conntrack", "enable_hooks=1"):
        raise Skip("nf_conntrack cannot be loaded")
    write_key("net.netfilter.nf_conntrack_max", str(FLOWS_MAX))
    write_key("net.netfilter.nf_conntrack_udp_timeout", "600")


def test_conntrack_fills(host):
    prepare_conntrack()
    fill_conntrack(FLOWS_MAX * 6 // 10, 0)
    expect_none(host)
    fill_conntrack(FLOWS_MAX * 8 // 10, 10000)
    finding = expect(host, "conntrack-full", "warning", "--once", values={"limit": FLOWS_MAX})
    check("net.netfilter.nf_conntrack_max" in keys(finding), "parameters: %s" % keys(finding))
    fill_conntrack(FLOWS_MAX * 95 // 100, 20000)
    expect(host, "conntrack-full", "critical", "--once", values={"limit": FLOWS_MAX})


def test_conntrack_is_full_and_then_mended(host):
    prepare_conntrack()
    add_flows(2 * FLOWS_MAX, 60000)
    check(tracked() >= FLOWS_MAX * 95 // 100, "only %d entries" % tracked())
    expect(host, "conntrack-full", "critical", "--once")
    host.run("apply", "-y", host.profile({"net.netfilter.nf_conntrack_max": str(20 * FLOWS_MAX)})).expect(0)
    expect_none(host)
    add_flows(2 * FLOWS_MAX, 120000)
    check(tracked() > FLOWS_MAX, "only %d entries" % tracked())
    after = host.run("diagnose", "--json", "--once", "--after", "last").expect(0).json()["after"]
    fill = [row for row in after["effects"] if row["expected"] == "fill"]
    equal([(row["key"], row["verdict"]) for row in fill], [("net.netfilter.nf_conntrack_max", "worked")],
          "what became of the change")
    check(fill[0]["before"] >= 0.95, "%s of the table were taken" % fill[0]["before"])
    early = next(row for row in after["effects"] if row["counter"] == "conntrack_early_drops")
    equal((early["before"] > 0, early["since"]), (True, 0), "thrown out early, before and since")
    host.run("restore").expect(0)


def run(job):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    guest.run_tests(globals(), job)
