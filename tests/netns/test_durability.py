# SPDX-License-Identifier: MIT
"""What durability costs: one sync of the record and one of its directory, both before the first write to a
parameter, and no other; traced over all processes of a run."""

import os
import re

import harness
from harness import check, equal, identical, snapshot

CALLS = "trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync,write,openat,open"
SYNCS = ("fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync")
CHANGES = harness.STATE + "/changes"
TWO = {"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"}


def many_keys():
    """The keys of the benchmark, with the values that it writes."""
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "..", "bench", "keys")) as file:
        lines = [line.rstrip("\n") for line in file if line.startswith("net.")]
    keys = dict(line.split(" ", 1) for line in lines)
    equal(len(keys), 31, "keys of the benchmark")
    return keys


def traced(host, code, *arguments):
    """Returns what was done, in order: ("fsync", PATH) and the like, ("write", PATH of a parameter), and
    ("O_SYNC", line) for files that are opened so that each write is a sync."""
    log = os.path.join(host.work, "trace")
    host.run(*arguments, prefix=[*host.strace(log, CALLS), "-f"]).expect(code)
    with open(log) as file:
        text = file.read()
    check("<unfinished" not in text or "--confirm" in arguments, "more than one process:\n" + text)
    events = []
    for line in text.splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\((?:\d+<([^>]*)>)?", line)
        if not call:
            continue
        name, path = call.group(1), call.group(2)
        if name in SYNCS or (name == "write" and path and path.startswith("/proc/sys/")):
            events.append((name, path))
        elif name.startswith("open") and re.search(r"O_D?SYNC", line):
            events.append(("O_SYNC", line))
    return events


def one_pair_of_syncs_before_all_writes(events, writes):
    syncs = [event for event in events if event[0] != "write"]
    equal(len(syncs), 2, "syncs: %r" % syncs)
    (file_call, file_path), (folder_call, folder_path) = syncs
    check(file_call in ("fsync", "fdatasync") and os.path.dirname(file_path) == CHANGES,
          "the first sync is not of the record: %r" % syncs)
    equal([folder_call, folder_path], ["fsync", CHANGES], "the second sync")
    equal([event[0] for event in events], [file_call, folder_call] + ["write"] * writes, "order")


def directories_exist(host):
    host.run("apply", "-y", host.profile(TWO)).expect(0)
    host.run("restore").expect(0)


def test_apply_of_many_keys(host):
    directories_exist(host)
    before = snapshot()
    keys = many_keys()
    events = traced(host, 0, "apply", "-y", host.profile(keys))
    one_pair_of_syncs_before_all_writes(events, len(keys))
    equal([path for name, path in events if name == "write"], [harness.key_path(key) for key in keys], "writes")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_apply_with_a_deadline(host):
    directories_exist(host)
    before = snapshot()
    one_pair_of_syncs_before_all_writes(traced(host, 7, "apply", "-y", "--confirm", "1s", host.profile(TWO)), 4)
    identical(before, "after the deadline")


def test_first_apply_of_all(host):
    """Making the directories comes before the first write too."""
    one_pair_of_syncs_before_all_writes(traced(host, 0, "apply", "-y", host.profile(TWO)), len(TWO))


def test_nothing_to_do(host):
    directories_exist(host)
    held = {key: harness.read_key(key) for key in TWO}
    equal(traced(host, 0, "apply", "-y", host.profile(held)), [], "syncs and writes")


def test_looking(host):
    host.run("apply", "-y", host.profile(TWO)).expect(0)
    for arguments in (["status"], ["history"], ["list"], ["diff", "tcp-baseline"], ["restore", "-n"]):
        equal(traced(host, 0, *arguments), [], "syncs and writes of " + arguments[0])


def test_restore_costs_no_sync(host):
    """After a power cut the kernel has reset itself, and the record is history."""
    host.run("apply", "-y", host.profile(TWO)).expect(0)
    equal([name for name, _ in traced(host, 0, "restore")], ["write"] * len(TWO), "events")


if __name__ == "__main__":
    harness.main(globals())
