# SPDX-License-Identifier: MIT
"""A thousand applies and restores by eight processes at once."""

import os
import random

import crash
from crash import Before, check_records_read
from harness import check, equal

PROCESSES, RUNS = 8, 125
# 0: done, or nothing to do. 3: undone because another one wrote a key meanwhile. 4: a newer value was left alone.
# 5: another one wrote a key between the plan and the first write. 6: another one is at work.
DOCUMENTED = {0, 3, 4, 5, 6}


def commands(profiles, seed):
    chance = random.Random(seed)
    for _ in range(RUNS):
        yield chance.choice([["apply", "-y", chance.choice(profiles)]] * 2 + [["restore"]])


def work(host, profiles, seed, path):
    with open(path, "w") as file:
        for arguments in commands(profiles, seed):
            result = host.run(*arguments)
            file.write("%d %s %s\n" % (result.code, arguments[0], result.err.strip().replace("\n", " | ")))


def test_a_thousand_by_eight(host):
    before = Before()
    profiles = [host.profile({"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"}),
                host.profile({"net.core.somaxconn": "6000", "net.ipv4.tcp_keepalive_time": "601"}),
                host.profile({"net.ipv4.tcp_fin_timeout": "32", "net.ipv4.tcp_keepalive_intvl": "31"})]
    paths, children = [], []
    for seed in range(PROCESSES):
        paths.append("/run/test/worker-%d" % seed)
        child = os.fork()
        if child == 0:
            work(host, profiles, seed, paths[-1])
            os._exit(0)
        children.append(child)
    for child in children:
        equal(os.waitpid(child, 0)[1], 0, "status of a worker")
    lines = [line.split(" ", 2) for path in paths for line in open(path)]
    equal(len(lines), PROCESSES * RUNS, "invocations")
    strange = [line for line in lines if int(line[0]) not in DOCUMENTED]
    check(not strange, "undocumented exit codes: %s" % strange[:5])
    counts = {code: sum(int(line[0]) == code for line in lines) for code in DOCUMENTED}
    print("exit codes: %s" % counts)
    check(counts[0] > 0 and counts[6] > 0, "they did not meet: %s" % counts)
    finish(host, before)


def finish(host, before):
    """The lock is nobody's any more; what stands is whole, or says what is not; and all of it comes off."""
    check(not host.run("--json", "status").json()["locked"], "the lock is held by the dead")
    for change in check_records_read(host):
        check(change["state"] in ("standing", "undone", "incomplete"), "state %s" % change["state"])
    while True:
        result = host.run("--json", "restore", "--force").expect(0).json()
        if result["id"] is None:
            break
    before.check("after every restore")


if __name__ == "__main__":
    crash.main(globals())
