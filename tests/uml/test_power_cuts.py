# SPDX-License-Identifier: MIT
"""The power is cut at random moments of applies and restores, with the state directory on ext4.

Each boot looks at what the cut before it left (guest_power.py), then changes parameters until its own. The disk is a
file, so that what the guest's kernel had not yet written is lost, as in a real cut. Two kernels at a time; a fresh
disk every few cuts, for a long history makes every command slower and no cut more telling.

The short form makes 24 cuts; UML_CUTS=N another number of them, UML_SEED=N other moments (see run_long)."""

import concurrent.futures
import json
import os
import random
import subprocess
import tempfile

import machine
from machine import Failure, Machine, tool

CUTS = int(os.environ.get("UML_CUTS", "24"))
SEED = int(os.environ.get("UML_SEED", "20261122"))
CUTS_OF_A_DISK = 6
AT_ONCE = 2
# With the usual five seconds between commits of the journal most cuts come before one, with one second after it. The
# last is how other file systems than ext4 do it: a file that takes another's place may come back empty.
MOUNT_OPTIONS = ("", "commit=1", "data=writeback", "noauto_da_alloc,commit=1")


class Disk:
    """A file system through a number of cuts, and one boot more that looks at the last."""

    def __init__(self, program, profiles, number, cuts, folder):
        self.program, self.profiles, self.number, self.cuts = program, profiles, number, cuts
        self.image = os.path.join(folder, "disk-%d" % number)
        self.dice = random.Random(SEED * 1000 + number)
        self.known, self.boots, self.problems = [], [], []
        with open(self.image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run([tool("mkfs.ext4"), "-q", "-F", self.image], check=True, stdin=subprocess.DEVNULL)

    def options(self):
        return MOUNT_OPTIONS[self.number % len(MOUNT_OPTIONS)]

    def hear(self, lines, index):
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "applied":
                self.known.append(rest)
            elif word == "looked":
                self.boots.append(json.loads(rest))
            elif word != "applying":
                self.problems.append("disk %d (%s), boot %d: %s" % (self.number, self.options(), index, line))

    def wait_for_changes(self, guest, index):
        for line in guest.said():
            self.hear([line], index)
            if line == "applying":
                return
        raise Failure("disk %d, boot %d ended by itself:\n%s" % (self.number, index, guest.tail()))

    def boot_and_cut(self, index):
        # Soon after the first change has begun, or after some of them and a commit of the journal.
        delay = self.dice.uniform(0, 0.5 if self.dice.random() < 0.5 else 2.5)
        with Machine(self.program, self.profiles, "guest_power.boot", index, self.options(),
                     self.dice.randrange(1 << 30), self.known, disk=self.image) as guest:
            self.wait_for_changes(guest, index)
            if index == self.cuts:
                return
            self.hear(guest.said_for(delay), index)
            self.hear(guest.cut_power(), index)
        if index % 2:
            self.repair(index)

    def repair(self, index):
        """Every other time this replays the journal instead of the next boot's mount."""
        result = subprocess.run([tool("e2fsck"), "-fp", self.image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, universal_newlines=True)
        if result.returncode not in (0, 1):
            self.problems.append("disk %d, cut %d: e2fsck -p exits with %d: %s" % (
                self.number, index, result.returncode, result.stdout))

    def run(self):
        for index in range(self.cuts + 1):
            self.boot_and_cut(index)
        os.unlink(self.image)
        return self


def run_disks(program, profiles):
    counts = [min(CUTS_OF_A_DISK, CUTS - first) for first in range(0, CUTS, CUTS_OF_A_DISK)]
    with tempfile.TemporaryDirectory(prefix="kerntune-uml-") as folder, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda item: Disk(program, profiles, *item, folder).run(), enumerate(counts)))


def tell(disks):
    boots = [boot for disk in disks for boot in disk.boots]
    after = [boot for disk in disks for boot in disk.boots[1:]]
    states = sorted({str(boot["newest"]) for boot in after})
    print("# seed %d: %d cuts in %d boots; %d changes applied and announced before a cut" % (
        SEED, sum(disk.cuts for disk in disks), len(boots), sum(len(disk.known) for disk in disks)))
    print("# newest record after a cut: %s" % ", ".join("%s %d times" % (
        state, sum(str(boot["newest"]) == state for boot in after)) for state in states))
    print("# files emptied by a cut: %d, all of them with noauto_da_alloc" % sum(
        disk.boots[-1]["empty"] for disk in disks if disk.boots))
    return boots


def run(program, profiles):
    for name in ("mkfs.ext4", "e2fsck"):
        tool(name)
    print("1..2", flush=True)
    disks = run_disks(program, profiles)
    problems = [problem for disk in disks for problem in disk.problems]
    boots = tell(disks)
    print("%sok 1 - after each power cut" % ("not " if problems else ""))
    for problem in problems:
        print("# " + problem)
    ids = {boot["boot"] for boot in boots}
    distinct = len(boots) == CUTS + len(disks) and len(ids) == len(boots) and None not in ids
    print("%sok 2 - every boot looked, and has an id of its own" % ("" if distinct else "not "))
    return not problems and distinct


if __name__ == "__main__":
    machine.main(run)
