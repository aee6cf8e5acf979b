# SPDX-License-Identifier: MIT
"""In the guest of test_power_cuts.py: looks at what the last power cut left, then changes parameters until the next.

Every value is one that no other boot has: the defaults of the kernel, what is written by hand at the start of a boot
(which is then the original of that boot's changes), and what the profiles ask for. So a value that came over from an
earlier boot could not pass for one of this."""

import json
import os
import random
import subprocess

import guest
import harness
from guest import differences, say, snapshot

DISK, STATE = "/dev/ubda", "/var/lib/kerntune"
TOPS = ("fs", "kernel", "net", "vm")
# Each with what is written by hand at boot 0; the profiles add to it.
KEYS = {
    "fs.file-max": 200000, "fs.nr_open": 2000000, "kernel.pid_max": 100000,
    "net.core.somaxconn": 10000, "net.core.netdev_max_backlog": 20000, "net.ipv4.tcp_fin_timeout": 1000,
    "net.ipv4.tcp_keepalive_time": 10000, "net.ipv4.tcp_max_syn_backlog": 30000, "net.unix.max_dgram_qlen": 3000,
    "vm.dirty_expire_centisecs": 40000, "vm.dirty_bytes": 400000000, "vm.overcommit_kbytes": 700000,
    "vm.max_map_count": 300000,
}
STATES = {"recorded", "applying", "standing", "pending", "undoing", "undone", "incomplete"}


class Boot:
    def __init__(self, job):
        self.job = job
        self.number, self.options, self.seed, self.known = job["arguments"]
        self.host = harness.Host(job["program"], job["profiles"])
        self.problems = []

    def check(self, condition, text):
        if not condition:
            self.problems.append(text)

    def run(self, *arguments):
        return self.host.run(*arguments)

    def ask(self, *arguments, code=0):
        """The answer of a command in JSON."""
        result = self.run("--json", *arguments)
        self.check(result.code == code, "%s: exit %d, not %d: %s%s" % (
            " ".join(arguments), result.code, code, result.out, result.err))
        try:
            return json.loads(result.out)
        except ValueError:
            self.problems.append("%s: no JSON: %s" % (arguments, result.out))
            return {}

    # -- the disk --

    def mount_state(self):
        """Mounting replays the journal; what that leaves must be sound."""
        os.makedirs(STATE, exist_ok=True)
        guest.mount(DISK, STATE, "ext4")
        guest.unmount(STATE)
        sound = subprocess.run(["e2fsck", "-fn", DISK], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.check(sound.returncode == 0, "after the replay e2fsck finds: %s" % sound.stdout.decode(errors="replace"))
        guest.mount(DISK, STATE, "ext4", 0, self.options)

    # -- what the last boot left --

    def check_truthful(self):
        """Nothing of an earlier boot is said to stand, to wait or to have been interrupted."""
        status = self.ask("status")
        self.check(not status.get("changes") and not status.get("needs_attention"), "status: %r" % status)
        self.check(not status.get("messages"), "status complains: %r" % status.get("messages"))
        history = self.ask("history")
        self.check(not history.get("messages"), "history complains: %r" % history.get("messages"))
        changes = history.get("changes", [])
        boot = status.get("host", {}).get("boot_id")
        for change in changes:
            self.check(change["state"] in STATES, "state of %r" % change)
            self.check(change["boot_id"] != boot, "a record of this boot: %r" % change)
        lost = set(self.known) - {change["id"] for change in changes} - emptied(self.options)
        self.check(not lost, "applied, and the record is lost: %s" % sorted(lost))
        return boot, changes

    def check_nothing_replayed(self, changes):
        """Neither restore nor any other command writes what an earlier boot knew."""
        before = snapshot(*TOPS)
        answer = self.ask("restore")
        self.check(answer.get("outcome") == "nothing_to_do", "restore: %r" % answer)
        for change in changes[:3]:
            self.check(self.ask("restore", change["id"], code=5).get("error", {}).get("id") == "other-boot",
                       "restore of %s is not refused" % change["id"])
            self.ask("restore", change["id"], "--force", code=5)
            self.ask("confirm", change["id"], code=1)
        self.ask("confirm", code=1)
        moved = differences(before, snapshot(*TOPS))
        self.check(not moved, "replayed after the reboot: %s" % moved)

    def check_unused(self):
        """This kernel booted with its own values, and nothing has been written yet."""
        stale = [key for key in KEYS if self.number > 0 and int(harness.read_key(key)) in self.values_before(key)]
        self.check(not stale, "values of an earlier boot: %s" % stale)

    # -- values --

    def value(self, key, generation):
        return KEYS[key] + 10 * self.number + generation

    def values_before(self, key):
        return range(KEYS[key], KEYS[key] + 10 * self.number)

    def write_by_hand(self):
        for key in KEYS:
            harness.write_key(key, str(self.value(key, 0)))

    def check_by_hand(self, when):
        wrong = [key for key in KEYS if int(harness.read_key(key)) != self.value(key, 0)]
        self.check(not wrong, "%s: not the originals: %s" % (when, wrong))

    # -- changing things until the power goes --

    def apply(self, profile, *options, code=0):
        answer = self.ask("apply", "-y", *options, profile, code=code)
        say("applied " + str(answer.get("id")))

    def change_forever(self):
        os.makedirs(self.host.work)
        # The second stands upon the first with all of its keys but four.
        one, two = (self.host.profile({key: str(self.value(key, generation)) for key in keys})
                    for generation, keys in ((1, list(KEYS)), (2, list(KEYS)[4:])))
        dice = random.Random(self.seed)
        say("applying")
        while True:
            self.apply(one)
            self.sync_perhaps(dice)
            if dice.random() < 0.5:
                self.apply(two)
                self.sync_perhaps(dice)
                self.ask("restore")
            self.ask("restore")
            self.sync_perhaps(dice)
            if dice.random() < 0.3:
                self.apply(one, "--confirm", "1h", code=7)
                if dice.random() < 0.5:
                    self.ask("confirm")
                self.ask("restore")
            self.check_by_hand("after restoring")
            self.complain()

    def sync_perhaps(self, dice):
        """Without it a rename waits in memory for the journal's next commit."""
        if dice.random() < 0.3:
            os.sync()

    def complain(self):
        for problem in self.problems:
            say("problem " + problem.replace("\n", " ").replace("\t", "")[:1000])
        self.problems = []


def boot(job):
    """One boot: `number`, the mount options, the seed of this boot, and the ids of changes that were applied."""
    this = Boot(job)
    this.mount_state()
    this.check_unused()
    this.write_by_hand()
    boot_id, changes = this.check_truthful()
    this.check_nothing_replayed(changes)
    this.complain()
    say("looked " + json.dumps({"boot": boot_id, "changes": len(changes), "empty": list(files().values()).count(0),
                                "newest": changes[0]["state"] if changes else None}))
    this.change_forever()


def files():
    """The records, with their sizes, and the temporary files of replacements that were cut off."""
    folder = STATE + "/changes"
    return {entry.name: entry.stat().st_size for entry in os.scandir(folder)} if os.path.isdir(folder) else {}


def emptied(options):
    """Records that a file system may keep without their last content, which no sync waited for. By default ext4 does
    not, if a file takes the place of another."""
    if "noauto_da_alloc" not in options:
        return set()
    return {name[:-len(".json")] for name, size in files().items() if name.endswith(".json") and size == 0}
