# SPDX-License-Identifier: MIT
"""Who holds most of many sockets: real processes, forked ones, some that go away, and short descriptors."""
import os
import resource
import signal
import socket
import subprocess
import sys

import harness
from harness import check, equal

LIST = os.path.abspath(sys.argv[7])
SMALL = 1024


class Holder:
    """A child that makes sockets, and then children of its own which share them."""

    def __init__(self, count, children=0):
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            soft_to_hard()
            held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
            inodes = " ".join(str(os.fstat(one.fileno()).st_ino) for one in held)
            shared = []
            for _ in range(children):
                child = os.fork()
                if child == 0:
                    os.close(writer)
                    signal.pause()
                shared.append(child)
            with os.fdopen(writer, "w") as file:
                file.write(" ".join(map(str, shared)) + "\n" + inodes + "\n")
            signal.pause()
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as file:
            self.children = [int(word) for word in file.readline().split()]
            self.inodes = [int(word) for word in file.readline().split()]
        check(len(self.inodes) == count, "the sockets could not be made")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def soft_to_hard():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def many(wanted):
    """So many sockets, or as many as the hard limit lets a process have."""
    count = min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)
    if count < 2 * SMALL:
        raise harness.Skip("the limit of descriptors is too low")
    return count


def run(how, groups, **options):
    text = "".join(" ".join(map(str, group)) + "\n" for group in groups)
    return subprocess.run([LIST, how], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **options)


def asked(how, *groups):
    """The number of hidden processes, of descriptors that were looked at, and for each group (sockets, missing,
    processes, {pid: (count, is an estimate)})."""
    result = run(how, groups)
    check(result.returncode == 0, result.stderr)
    first, *lines = result.stdout.splitlines()
    answers = []
    for line in lines:
        sockets, missing, processes, *holders = line.split()
        held = {int(pid): (int(count.rstrip("~")), count.endswith("~"))
                for pid, count in (holder.split(":") for holder in holders)}
        for count, _ in held.values():
            check(1 <= count <= int(sockets), "absurd: " + line)
        answers.append((int(sockets), int(missing), int(processes), held))
    equal(len(answers), len(groups), "groups")
    return (*map(int, first.split()), answers)


def test_one_process_with_many(host):
    with Holder(many(15000)) as big, Holder(20) as small:
        groups = big.inodes[-500:], big.inodes[:1], small.inodes, big.inodes[3000:3100] + small.inodes[:5]
        wanted = [{big.pid: 500}, {big.pid: 1}, {small.pid: 20}, {big.pid: 100, small.pid: 5}]
        costs = {}
        for how in "quick", "exact":
            hidden, costs[how], answers = asked(how, *groups)
            for (sockets, missing, processes, held), numbers in zip(answers, wanted):
                equal({pid: count for pid, (count, _) in held.items()}, numbers, how)
                equal((sockets, missing, processes), (sum(numbers.values()), 0, len(numbers)), how)
                # With a process that may not be looked into, nothing is certain by elimination.
                check(hidden or not any(is_estimate for _, is_estimate in held.values()), how + ": an estimate")
                check(how == "quick" or not any(is_estimate for _, is_estimate in held.values()), "exact")
        # The same processes but for ours: what was saved is nearly all of the big one.
        check(costs["exact"] - costs["quick"] > len(big.inodes) // 2, "looked at %r" % costs)


def test_forked_holders(host):
    with Holder(3000, children=2) as big:
        group = big.inodes[1000:2000]
        everybody = {big.pid, *big.children}
        _, _, [(_, missing, processes, held)] = asked("exact", group)
        equal((missing, processes, held), (0, 3, {pid: (1000, False) for pid in everybody}), "exact")
        _, _, [(_, missing, processes, held)] = asked("quick", group)
        equal((missing, processes, set(held)), (0, 3, everybody), "quick")
        for count, is_estimate in held.values():
            check(is_estimate and count > 700, "%d of 1000%s" % (count, "~" * is_estimate))


def test_nobody_has_them(host):
    with Holder(2000) as big:
        ours = socket.socket()
        gone = os.fstat(ours.fileno()).st_ino
        ours.close()
        for how in "quick", "exact":
            _, _, answers = asked(how, [gone], big.inodes[-40:] + [gone])
            equal(answers[0], (1, 1, 0, {}), how)
            # By elimination, one that was closed is taken for one that was not looked at.
            check(answers[1][3][big.pid][0] in ((40,) if how == "exact" else (40, 41)), how)


def test_processes_that_go_away(host):
    """Nothing can be known of them, but every walk must end, and find what stays."""
    churn = os.fork()
    if churn == 0:
        while True:
            child = os.fork()
            if child == 0:
                held = [socket.socket() for _ in range(50)]
                os._exit(0 if held else 1)
            os.waitpid(child, 0)
    try:
        with Holder(2000) as big:
            for _ in range(10):
                with Holder(1500) as brief:
                    groups = big.inodes[500:1000], brief.inodes
                    # It is killed at a moment of the walk that nobody chooses.
                    walk = subprocess.Popen([LIST, "quick"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            universal_newlines=True)
                    walk.stdin.write("".join(" ".join(map(str, group)) + "\n" for group in groups))
                    walk.stdin.close()
                lines = walk.stdout.read().splitlines()
                equal(walk.wait(), 0, "exit")
                sockets, missing, _, *holders = lines[1].split()
                equal((sockets, missing), ("500", "0"), lines[1])
                check(any(holder.startswith("%d:" % big.pid) for holder in holders), lines[1])
                sockets, missing, processes, *_ = map(str, lines[2].split())
                check(sockets == "1500" and (processes != "0" or missing == "1500"), lines[2])
    finally:
        os.kill(churn, signal.SIGKILL)
        os.waitpid(churn, 0)


def test_short_descriptors(host):
    """It says so, or it does with what it has."""
    with Holder(2000) as big:
        codes = set()
        for limit in range(4, 10):
            result = run("quick", [big.inodes[:500]],
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            if result.returncode == 0:
                check(" %d:500" % big.pid in result.stdout, result.stdout)
            else:
                equal((result.returncode, result.stderr), (2, "list_owners: Too many open files\n"), "the error")
            codes.add(result.returncode)
        equal(codes, {0, 2}, "exit codes")


def test_an_unprivileged_user(host):
    with Holder(2000) as big:
        drop = {"user": 65534} if sys.version_info >= (3, 9) else None
        if os.getuid() != 0 or not drop or not os.access(LIST, os.X_OK):
            raise harness.Skip("only for root")
        try:
            result = run("quick", [big.inodes], **drop)
        except PermissionError:
            raise harness.Skip("the program is out of the reach of others")
        check(result.returncode == 0, result.stderr)
        first, line = result.stdout.splitlines()
        check(int(first.split()[0]) > 0, "hidden: " + first)
        equal(line, "2000 2000 0", "what is hidden")


if __name__ == "__main__":
    harness.main(globals())
