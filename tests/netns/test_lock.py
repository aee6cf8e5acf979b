# SPDX-License-Identifier: MIT
"""Several at once: one is at work, the others are refused."""

import fcntl

import harness
from harness import check, contains, equal, identical, snapshot

ONE = {"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"}
OTHER = {"net.core.somaxconn": "6000", "net.ipv4.tcp_keepalive_time": "601"}


def test_held_lock_refuses_every_change(host):
    before = snapshot()
    profile = host.profile(ONE)
    host.run("apply", "-y", profile).expect(0)
    standing = snapshot()
    with open(harness.LOCK, "r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        for arguments in (("apply", "-y", host.profile(OTHER)), ("restore",), ("backup", "net.core.*")):
            contains(host.run(*arguments).expect(6).err, "another kerntune")
            error = host.run("--json", *arguments).expect(6).json()["error"]
            equal([error["id"], error["exit_code"]], ["locked", 6], "error")
        identical(standing, "while the lock was held")
        # Looking needs no lock.
        host.run("diff", profile).expect(0)
        host.run("verify", profile).expect(0)
        host.run("restore", "-n").expect(0)
        host.run("history").expect(0)
        equal(host.run("--json", "status").expect(0).json()["locked"], True, "locked")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_looking_holds_up_nobody(host):
    """"status" asks for the lock without taking it."""
    profile = host.profile(ONE)
    for _ in range(5):
        lookers = [host.start("status") for _ in range(4)]
        host.run("apply", "-y", profile).expect(0)
        host.run("restore").expect(0)
        for process in lookers:
            check(host.finish(process).code in (0, 1), "status failed")


def test_many_applies_at_once(host):
    before = snapshot()
    profiles = [host.profile(ONE), host.profile(OTHER)]
    for _ in range(10):
        processes = [host.start("apply", "-y", profiles[number % 2]) for number in range(6)]
        results = [host.finish(process) for process in processes]
        for result in results:
            # 5 and 3: another one wrote between plan and step.
            check(result.code in (0, 3, 5, 6), "exit %d: %s" % (result.code, result.err))
        check(any(result.code == 0 for result in results), "none of them got through")
        while host.run("--json", "restore").expect(0).json()["outcome"] != "nothing_to_do":
            pass
        identical(before, "after all that stood was restored")
        host.run("status").expect(0)


if __name__ == "__main__":
    harness.main(globals())
