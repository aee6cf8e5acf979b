# SPDX-License-Identifier: MIT
"""What make_trouble makes, for the time of a with block, and what ss and proc say of it."""
import collections
import os
import re
import shutil
import subprocess
import sys
import time

import harness
from harness import check, equal

MAKE = os.path.abspath(sys.argv[8])
SS_NAMES = {"ESTAB": "ESTABLISHED", "UNCONN": "CLOSE"}
PATIENCE = 100    # seconds; some sockets must grow older than 60


class Trouble:
    """roles: the pids of the processes by their names."""

    def __init__(self, kind, prefix=(), **parameters):
        words = ["%s=%s" % item for item in parameters.items()]
        self.process = subprocess.Popen([*prefix, MAKE, kind, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, universal_newlines=True)
        self.roles = collections.defaultdict(list)

    def __enter__(self):
        for line in self.process.stdout:
            if line == "ready\n":
                return self
            name, pid = line.rsplit(" ", 1)
            self.roles[name].append(int(pid))
        error = self.process.communicate()[1]
        if "Operation not permitted" in error or "ip: No such file" in error:
            raise harness.Skip(error.strip())
        raise harness.Failure(error)

    def __exit__(self, *_):
        self.process.communicate()

    def pid(self, name):
        equal(len(self.roles[name]), 1, "processes called " + name)
        return self.roles[name][0]


def ss(*arguments):
    tool = shutil.which("ss", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not tool:
        raise harness.Skip("ss is missing")
    return subprocess.run([tool, "-Htan", *arguments], stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout.splitlines()


def states():
    """{state: number}, of both families."""
    found = collections.Counter(line.split()[0] for line in ss())
    return {SS_NAMES.get(state, state.replace("WAIT-", "WAIT").replace("-", "_")): count
            for state, count in found.items()}


def per_destination(state):
    """{"ADDRESS:PORT": number}"""
    return collections.Counter(line.split()[3] for line in ss("state", state))


def ports():
    low, high = map(int, harness.read_key("net.ipv4.ip_local_port_range").split())
    return high - low + 1


def counter(name):
    with open("/proc/net/netstat") as netstat, open("/proc/net/snmp") as snmp:
        lines = [line.split() for line in [*netstat, *snmp]]
    for names, values in zip(lines[::2], lines[1::2]):
        if name in names:
            return int(values[names.index(name)])
    raise harness.Failure("no counter %s" % name)


def sockstat(name):
    with open("/proc/net/sockstat") as text:
        return int(re.search(r"\b%s (\d+)" % name, text.read())[1])


def close_waits(pid):
    """[(unread bytes, age in ms)] of what the process holds."""
    lines = ss("-pi", "state", "close-wait")
    rows = []
    for line, info in zip(lines[::2], lines[1::2]):
        if "pid=%d," % pid in line:
            rows.append((int(line.split()[0]), int(re.search(r"lastack:(\d+)", info)[1])))
    return rows


def await_age(pid, milliseconds):
    """Until the youngest CLOSE_WAIT of the process is as old as that."""
    end = time.monotonic() + PATIENCE
    while True:
        rows = close_waits(pid)
        youngest = min((age for _, age in rows), default=0)
        if rows and youngest >= milliseconds:
            return rows
        check(time.monotonic() < end, "in vain: the youngest of %d is of %d ms" % (len(rows), youngest))
        time.sleep(max(0.01, (milliseconds - youngest) / 1000))


def listeners():
    """{"ADDRESS:PORT": (queue, limit)}"""
    rows = [line.split() for line in ss("state", "listening")]
    return {row[2]: (int(row[0]), int(row[1])) for row in rows}


def conntrack():
    """Entries, their maximum, and how many had to go early or were dropped."""
    with open("/proc/net/stat/nf_conntrack") as text:
        names, *rows = [line.split() for line in text]
    lost = sum(int(row[names.index(name)], 16) for row in rows for name in ("drop", "early_drop"))
    return (int(harness.read_key("net.netfilter.nf_conntrack_count")),
            int(harness.read_key("net.netfilter.nf_conntrack_max")), lost)
