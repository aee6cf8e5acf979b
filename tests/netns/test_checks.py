# SPDX-License-Identifier: MIT
"""check, diff and apply against what really listens, and the shipped profiles against this kernel."""
import os
import shutil
import socket
import subprocess

import harness
from harness import check, contains, equal, identical, snapshot

PORT = 8080
WIDE = {"net.ipv4.ip_local_port_range": "1024 65535"}
LINE = "net.ipv4.ip_local_reserved_ports: %d" % PORT


def listen():
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ip or subprocess.run([ip, "link", "set", "lo", "up"]).returncode != 0:
        raise harness.Skip("the loopback cannot be set up")
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", PORT))
    server.listen(5)
    return server


def findings(host, command, *arguments):
    """The messages of check, or the notes of diff, about listeners."""
    output = host.run("--json", command, *arguments).expect(0).json()
    notes = output["messages"] + [note for row in output.get("parameters", []) for note in row["notes"]]
    return [note for note in notes if note["id"] == "port-range-listeners"]


def test_nothing_listens(host):
    profile = host.profile(WIDE)
    equal(findings(host, "check", profile), [], "check")
    equal(findings(host, "diff", profile), [], "diff")


def test_port_process_and_line(host):
    with listen():
        profile = host.profile(WIDE)
        with open("/proc/self/comm") as file:
            name = file.read().strip()
        for command in ("check", "diff"):
            found = findings(host, command, profile)
            equal(len(found), 1, "findings of " + command)
            equal(found[0]["level"], "warning", "level")
            contains(found[0]["text"], "port %d (%s, pid %d)" % (PORT, name, os.getpid()))
            contains(found[0]["hint"], LINE)
        # What the hint says is the mend.
        key, value = LINE.split(": ")
        equal(findings(host, "check", host.profile({**WIDE, key: value})), [], "after mending")
    equal(findings(host, "check", profile), [], "after closing")


def test_apply_says_it_first(host):
    with listen():
        result = host.run("apply", "-y", host.profile(WIDE)).expect(0)
    contains(result.err, "port-range-listeners", LINE)
    check(result.err.index("port-range-listeners") < result.err.index("Changed 1"), result.err)


def test_unprivileged(host):
    """Whose socket it is stays hidden; that something listens does not."""
    with listen():
        result = host.run("check", host.profile(WIDE), prefix=host.unprivileged())
        if result.code != 0:
            raise harness.Skip("another user cannot run the program here")
    contains(result.out, "swallows port %d," % PORT, LINE)


def test_check_writes_nothing(host):
    before = snapshot()
    host.run("check", *host.shipped_profiles()).expect(0)
    identical(before, "after checking")


def test_shipped_profiles_have_no_warnings(host):
    host.run("check", "--strict", *host.shipped_profiles()).expect(0)


if __name__ == "__main__":
    harness.main(globals())
