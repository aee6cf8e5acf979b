# SPDX-License-Identifier: MIT
"""diagnose --after: whether a change moved what it was meant to, with real listeners and connections."""
import os
import shutil
import socket
import subprocess

import harness
from harness import check, contains, equal, wait_until, write_key


def loopback_up():
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ip or subprocess.run([ip, "link", "set", "lo", "up"]).returncode != 0:
        raise harness.Skip("the loopback cannot be set up")


def listen(backlog, port=0):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(backlog)
    return listener


def accept_all(listener):
    listener.setblocking(False)
    try:
        while True:
            listener.accept()[0].close()
    except BlockingIOError:
        listener.setblocking(True)


def counter(name):
    with open("/proc/net/netstat") as file:
        lines = [line.split() for line in file if line.startswith("TcpExt:")]
    return int(lines[1][lines[0].index(name)])


def overflow(listener):
    """Connects until the queue is full and more is refused."""
    before, clients = counter("ListenOverflows"), []
    while counter("ListenOverflows") < before + 10:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        clients.append(client)
        check(len(clients) < 1000, "the queue does not fill")
    return clients


def drop(sockets):
    for each in sockets:
        each.close()


def apply(host, parameters):
    return host.run("--json", "apply", "--yes", host.profile(parameters)).expect(0).json()["id"]


def after(host, change, *options, code=0):
    return host.run("--json", "diagnose", "--once", "--after", change, *options).expect(code).json()["after"]


def effect(found, counter_name):
    return next(row for row in found["effects"] if row["counter"] == counter_name)


def test_a_larger_backlog_after_a_restart(host):
    loopback_up()
    listener = listen(5)
    drop(overflow(listener))
    lost = counter("ListenOverflows")
    change = apply(host, {"net.core.somaxconn": "8192"})
    row = effect(after(host, change), "listen_overflows")
    equal((row["verdict"], row["before"], row["since"]), ("too_early", lost, 0), "right after the change")
    port = listener.getsockname()[1]
    listener.close()
    listener = listen(8192, port)
    # A hundred times what got in before.
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
    found = after(host, change, "--exit-code")
    row = effect(found, "listen_overflows")
    equal((row["key"], row["verdict"], row["expected"]), ("net.core.somaxconn", "worked", "stops"), "restarted")
    check(found["seconds"] > 0, "%r" % found)
    text = host.run("diagnose", "--once", "--after", "last").expect(0).out
    contains(text, change, "worked", "ListenOverflows stops", "none since the change")
    check(text.index("worked") < text.index("STATE"), "the effects come first:\n" + text)


def test_a_listener_that_was_not_restarted(host):
    loopback_up()
    listener = listen(5)
    drop(overflow(listener))
    accept_all(listener)
    change = apply(host, {"net.core.somaxconn": "8192"})
    clients = overflow(listener)
    row = effect(after(host, change, "--exit-code", code=1), "listen_overflows")
    equal(row["verdict"], "did_not_help", "not restarted")
    contains(row["text"], "127.0.0.1:%d still has a backlog of 5" % listener.getsockname()[1])
    drop(clients)


def test_ports_are_taken_again(host):
    loopback_up()
    write_key("net.ipv4.tcp_tw_reuse", "0")
    write_key("net.ipv4.ip_local_port_range", "20000 20009")
    listener = listen(64, 30000)

    def connects():
        client = socket.socket()
        try:
            client.connect(listener.getsockname())
        except OSError:
            return False
        finally:
            client.close()
        listener.accept()[0].close()
        return True

    while connects():
        pass
    change = apply(host, {"net.ipv4.tcp_tw_reuse": "1"})
    equal(effect(after(host, change), "time_waits_reused")["verdict"], "too_early", "before a connection is made")
    wait_until(connects, "a port is taken again")
    row = effect(after(host, change), "time_waits_reused")
    equal((row["verdict"], row["before"], row["expected"]), ("worked", 0, "rises"), "a port was taken again")
    check(row["since"] >= 1, "%r" % row)


def test_a_value_that_somebody_changed(host):
    change = apply(host, {"net.core.somaxconn": "8192", "net.ipv4.tcp_rfc1337": "1"})
    write_key("net.core.somaxconn", "5000")
    found = after(host, change)
    row = effect(found, "listen_overflows")
    equal((row["verdict"], row["text"]), ("cannot_tell", "somebody has set another value since"), "changed since")
    row = effect(found, None)
    equal((row["key"], row["verdict"]), ("net.ipv4.tcp_rfc1337", "cannot_tell"), "nothing counts it")
    contains(host.run("diagnose", "--once", "--after", change).expect(0).out,
             "No counter shows the effect of net.ipv4.tcp_rfc1337")


def test_which_change(host):
    refused = ["diagnose", "--once", "--after"]
    contains(host.run(*refused, "last").expect(2).err, "no change stands here")
    first = apply(host, {"net.core.somaxconn": "8192"})
    second = apply(host, {"net.core.somaxconn": "9000"})
    contains(host.run(*refused, "20").expect(2).err, "more than one change begins")
    contains(host.run(*refused, "19700101").expect(2).err, "there is no change \"19700101\"")
    equal(host.run("--json", *refused, "").expect(2).json()["error"]["id"], "unknown-change", "an empty word")
    equal(after(host, "last")["id"], second, "the newest")
    # What begins like no other.
    length = next(n for n in range(1, len(second) + 1) if second[:n] != first[:n])
    equal(after(host, second[:length])["id"], second, "a unique beginning")
    host.run("restore", second).expect(0)
    contains(host.run(*refused, second).expect(2).err, "was undone")
    backup = host.run("backup", "net.core.*").expect(0).out.strip()
    contains(host.run(*refused, backup).expect(2).err, "set nothing")
    unshare = shutil.which("unshare")
    if unshare:
        elsewhere = host.run(*refused, first, prefix=[unshare, "-n"]).expect(2)
        contains(elsewhere.err, "another network namespace")


def test_another_user(host):
    change = apply(host, {"net.core.somaxconn": "8192"})
    result = host.run("diagnose", "--once", "--after", change, prefix=host.unprivileged()).expect(2)
    contains(result.err, "readable for root only")
    equal(result.out, "", "nothing else is told")
    path = "%s/changes/%s.json" % (harness.STATE, change)
    equal(os.stat(path).st_mode & 0o777, 0o600, "the mode of the record")


harness.main(globals())
