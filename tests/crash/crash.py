# SPDX-License-Identifier: MIT
"""What the tests of the lane "crash" share: the tracer, the points at which it strikes, and the judgement after it.

Every test runs in a network namespace of its own with private state directories, like those of the lane "netns",
and goes round many times in it: prepare, strike, judge. The short form strikes at every call that changes kernel,
disk or process state and once within each run of pure reads; with CRASH_FORM=long (see run_long) at every call.

Killed before call N+1 is killed after call N: between two calls nothing changes that outlives the process. So
"before every call, and after the last" is before and after each."""

import errno
import itertools
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))
import harness
from harness import Failure, Skip, check, contains, equal, kill_guardians, read_key, snapshot, write_key

IS_LONG = os.environ.get("CRASH_FORM") == "long"
KILLED, TOO_FEW, CANNOT_TRACE = 137, 124, 125
STATE_DIRECTORIES = ("/var/lib/kerntune", "/run/kerntune")
HERE = os.path.dirname(os.path.abspath(__file__))


def main(definitions):
    """The tracer's path stands behind the harness's own arguments."""
    harness.Host.tracer = os.path.realpath(sys.argv[3])
    harness.main(definitions)


def bench_keys():
    """The 31 keys below net of the benchmark, with other values than a fresh namespace has."""
    with open(os.path.join(HERE, "..", "bench", "keys")) as file:
        rows = [line.split(None, 1) for line in file if line.strip() and not line.startswith("#")]
    equal(len(rows), 31, "keys of the benchmark")
    return {key: value.strip() for key, value in rows}


# ---- the state of a host ----

def forget_all():
    for directory in STATE_DIRECTORIES:
        shutil.rmtree(directory, ignore_errors=True)


def start_over(host):
    """Everything is back, and nothing is remembered."""
    kill_guardians()
    if os.path.exists("/var/lib/kerntune"):
        host.run("restore").expect(0)
    forget_all()


class State:
    """The state directories and the values of some keys, to go back to before each strike."""

    def __init__(self, keys):
        self.copy = "/run/test/state"
        shutil.rmtree(self.copy, ignore_errors=True)
        for directory in STATE_DIRECTORIES:
            shutil.copytree(directory, self.copy + directory)
        self.values = {key: read_key(key) for key in keys}

    def restore(self):
        forget_all()
        for directory in STATE_DIRECTORIES:
            shutil.copytree(self.copy + directory, directory)
        for key, value in self.values.items():
            if read_key(key) != value:
                write_key(key, value)


class Before:
    """Every key below net as it was; compared by their bytes."""

    def __init__(self):
        self.values = snapshot()

    def check(self, what):
        harness.identical(self.values, what)


# ---- the tracer ----

class Call:
    def __init__(self, line):
        number, kind, self.name = line.split()
        self.number, self.changes = int(number), kind == "changes"


def trace(host, *words, child=False):
    prefix = [host.tracer] + (["-c"] if child else [])
    return host.run(*words[1:], prefix=prefix + list(words[0]))


def calls_of(host, *arguments, child=False, code=0):
    """The system calls of a run, from the program's first own one: what the dynamic loader does comes before."""
    path = "/run/test/calls"
    result = trace(host, ["list", path], *arguments, child=child)
    if result.code == CANNOT_TRACE:
        raise Skip("tracing is not permitted")
    result.expect(code)
    with open(path) as file:
        calls = [Call(line) for line in file]
    # main() begins with looking at the standard descriptors.
    own = calls if child else calls[[call.name for call in calls].index("fcntl"):]
    check(len(own) > 20, "only %d calls" % len(own))
    return own


def chosen(calls):
    """The points at which the short form strikes, or all of them."""
    if IS_LONG:
        return calls
    points, in_reads = [], False
    for call in calls:
        if call.changes or not in_reads:
            points.append(call)
        in_reads = not call.changes
    return points


def strike_all(host, what, arguments, prepare, judge, child=False, code=0):
    """Kills `arguments` at one call after the other; `judge` is told the result and the call."""
    prepare()
    calls = calls_of(host, *arguments, child=child, code=code)
    points = chosen(calls)
    for call in points:
        prepare()
        result = trace(host, ["kill", str(call.number)], *arguments, child=child)
        # Reads may be fewer by one or two in another run, so that the last call comes earlier.
        if result.code == TOO_FEW and (not call.changes or call.name == "exit_group"):
            continue
        try:
            if not child:
                equal(result.code, KILLED, "exit code of the tracer")
            judge(result)
        except Failure as failure:
            raise Failure("%s killed at call %d (%s): %s" % (what, call.number, call.name, failure))
    print("%s: %d kill points of %d system calls" % (what, len(points), len(calls)))


def check_records_read(host):
    """Whatever happened: no record that cannot be read, and a status that says what is."""
    for command in ("history", "status"):
        result = host.run("--json", command)
        check(result.code in (0, 1), "%s exits with %d: %s%s" % (command, result.code, result.out, result.err))
        messages = result.json()["messages"]
        check(not any(message["id"] == "broken-record" for message in messages), "%s: %r" % (command, messages))
    return host.run("--json", "history").json()["changes"]


def check_restorable(host, before, profile):
    """A change that claims to stand does; and one restore brings everything back, after which nothing is open."""
    changes = check_records_read(host)
    if any(change["state"] in ("standing", "pending") for change in changes):
        host.run("verify", profile).expect(0)
    else:
        check(not changes or host.run("status").code == 1 or changes[0]["state"] == "undone",
              "state %s, and status sees nothing" % changes[0]["state"] if changes else "")
    host.run("restore").expect(0)
    before.check("after one restore")
    host.run("status").expect(0)


ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EINTR)
FAILING = {"openat", "openat2", "write", "fsync", "fdatasync", "rename", "renameat", "renameat2", "mkdirat", "flock",
           "fcntl", "read", "close", "unlinkat"}


READS_SKIPPED = 3


def to_fail(calls):
    """The calls that the short form lets fail: all that change something, and every third of the others; or all."""
    calls = [call for call in calls if call.name in FAILING]
    if IS_LONG:
        return calls
    reads = itertools.count()
    return [call for call in calls if call.changes or next(reads) % READS_SKIPPED == 0]


def fail_all(host, what, arguments, prepare, judge, code=0):
    """Lets one call after the other fail: in the short form with one of the errors in turn, else with each."""
    prepare()
    calls = to_fail(calls_of(host, *arguments, code=code))
    count = 0
    for index, call in enumerate(calls):
        for error in ERRORS if IS_LONG else (ERRORS[index % len(ERRORS)],):
            prepare()
            result = trace(host, ["fail", str(call.number), str(error)], *arguments)
            if result.code == TOO_FEW:
                continue
            count += 1
            try:
                judge(result)
            except Failure as failure:
                raise Failure("%s with call %d (%s) failing with %s, which ended with %d: %s\n%s" % (
                    what, call.number, call.name, errno.errorcode[error], result.code, failure, result.err))
    print("%s: %d failures of %d system calls" % (what, count, len(calls)))
