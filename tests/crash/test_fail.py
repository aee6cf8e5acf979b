# SPDX-License-Identifier: MIT
"""Every system call of an apply and of a restore fails in turn, and disks that are full."""

import os
import subprocess

import crash
from crash import Before, State, bench_keys, check_records_read, check_restorable, fail_all, forget_all, start_over
from harness import Skip, check, mount

# What the exit code claims about an apply: 0 applied, 2, 3, 5 and 6 nothing is left of it, 4 not all could be put back.
UNCHANGED = (2, 3, 5, 6)


def check_truthful(host, before, profile, result):
    check(result.code in (0, 4) + UNCHANGED, "not a documented exit code")
    if result.code == 0:
        host.run("verify", profile).expect(0)
    elif result.code in UNCHANGED:
        before.check("with exit code %d" % result.code)
    check_restorable(host, before, profile)


def test_apply(host):
    before, profile = Before(), host.profile(bench_keys())

    def prepare():
        start_over(host)

    fail_all(host, "apply", ["apply", "-y", profile], prepare,
             lambda result: check_truthful(host, before, profile, result))


def test_apply_with_a_confirmation(host):
    """Without a guardian there is no change; with one, it waits."""
    keys = dict(list(bench_keys().items())[:4])
    before, profile = Before(), host.profile(keys)

    def prepare():
        start_over(host)

    def judge(result):
        check(result.code in (4, 7) + UNCHANGED, "not a documented exit code")
        if result.code == 7:
            host.run("verify", profile).expect(0)
        elif result.code in UNCHANGED:
            before.check("with exit code %d" % result.code)
        check_restorable(host, before, profile)

    fail_all(host, "apply --confirm", ["apply", "-y", "--confirm", "1h", profile], prepare, judge, code=7)
    prepare()


def test_restore(host):
    keys = bench_keys()
    before, profile = Before(), host.profile(keys)
    host.run("apply", "-y", profile).expect(0)
    state = State(keys)

    def judge(result):
        check(result.code in (0, 2, 4, 5, 6), "not a documented exit code")
        if result.code == 0:
            before.check("with exit code 0")
        check_restorable(host, before, profile)

    fail_all(host, "restore", ["restore"], state.restore, judge)


def test_confirm(host):
    keys = dict(list(bench_keys().items())[:4])
    before, profile = Before(), host.profile(keys)
    host.run("apply", "-y", "--confirm", "1h", profile).expect(7)
    crash.kill_guardians()
    state = State(keys)

    def judge(result):
        check(result.code in (0, 1, 2, 6), "not a documented exit code")
        stands = any(change["state"] == "standing" for change in check_records_read(host))
        check(stands == (result.code == 0), "it %s" % ("stands" if stands else "does not stand"))
        check_restorable(host, before, profile)

    fail_all(host, "confirm", ["confirm"], state.restore, judge)


# ---- full disks ----

def mounted(path, size):
    subprocess.run(["umount", path], stderr=subprocess.DEVNULL)
    os.makedirs(path, exist_ok=True)
    mount("tmpfs", path, "tmpfs", 0, "size=%d,mode=0700" % size)


def try_sizes(host, path, sizes):
    before, profile = Before(), host.profile(bench_keys())
    codes = []
    for size in sizes:
        forget_all()
        mounted(path, size)
        result = host.run("apply", "-y", profile)
        codes.append(result.code)
        # What an exit code says must be true on the full disk; closing the record takes some room.
        if result.code in UNCHANGED:
            before.check("with exit code %d" % result.code)
        subprocess.run(["mount", "-o", "remount,size=1m", path], check=True)
        check_truthful(host, before, profile, result)
        subprocess.run(["umount", path], check=True)
        forget_all()
    print("%s: exit codes %s" % (path, sorted(set(codes))))
    check(0 in codes and set(codes) & set(UNCHANGED), "codes %s" % codes)


def test_full_disk_for_the_records(host):
    page = os.sysconf("SC_PAGE_SIZE")
    # tmpfs counts pages: from nothing at all to room for the record, its replacement and more.
    try_sizes(host, "/var/lib/kerntune", range(page, 24 * page, page))


def test_full_disk_for_the_step_log(host):
    page = os.sysconf("SC_PAGE_SIZE")
    try_sizes(host, "/run/kerntune", range(page, 12 * page, page))


if __name__ == "__main__":
    crash.main(globals())
