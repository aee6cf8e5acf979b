# SPDX-License-Identifier: MIT
"""Deadlines, records and restores when something else goes wrong at the same time."""

import os
import signal
import subprocess

import harness
from harness import (act_while_stopped, check, contains, deadline_ms, equal, guardians, guardians_end, identical,
                     key_writes, read_key, record, record_ids, snapshot, wait_until, write_key)

SOMAXCONN, FIN, KEEPALIVE = "net.core.somaxconn", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"
STATE_FILE = "/run/kerntune/state"


def read_file(path):
    with open(path) as file:
        return file.read()


def write_file(path, text):
    with open(path, "w") as file:
        file.write(text)


def fill(pipe):
    """Until nothing more goes in."""
    os.set_blocking(pipe, False)
    try:
        while True:
            os.write(pipe, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(pipe, True)


def test_output_that_nobody_reads_does_not_hold_the_deadline_up(host):
    """A stopped terminal or pager: the very case that a deadline is for."""
    before = snapshot()
    profile = host.profile({SOMAXCONN: "5000", FIN: "31"})
    reader, writer = os.pipe()
    fill(writer)
    process = subprocess.Popen(host.command("apply", "-y", "--confirm", "1s", profile), stdin=subprocess.DEVNULL,
                               stdout=writer, stderr=subprocess.DEVNULL, env=host.environment(False))
    wait_until(lambda: read_key(FIN) == "31", "it is applied")
    wait_until(lambda: read_key(FIN) == "60", "it is undone at the deadline")
    check(process.poll() is None, "its output did not block it")
    os.close(reader)
    os.close(writer)
    process.wait()
    guardians_end()
    identical(before, "after the deadline")


def test_restore_of_a_part_of_a_pending_change_leaves_the_rest_pending(host):
    before = snapshot()
    host.run("apply", "-y", "--confirm", "2s", host.profile({SOMAXCONN: "5000", FIN: "31"})).expect(7)
    host.run("restore", "--only", FIN).expect(0)
    equal(read_key(SOMAXCONN), "5000", "what was not meant")
    change_id, = record_ids()
    check(record(change_id)["state"] in ("pending", "undone"), record(change_id)["state"])
    guardians_end()
    equal(record(change_id)["state"], "undone", "state after the deadline")
    identical(before, "after the deadline")


def incomplete_change(host):
    """Its first key was changed by somebody else meanwhile, its second is back, its third was refused."""
    profile = host.profile('  %s: 31\n  %s: 5000\n  net.ipv4.tcp_congestion_control: nosuch_cc\n' % (FIN, SOMAXCONN))
    writes = key_writes(host.writes("apply", "-y", profile, code=3))
    options = ["-e", "trace=write", "-e", "inject=write:signal=SIGSTOP:when=%d" % writes[2]]
    result = act_while_stopped(host, options, lambda: write_key(FIN, "77"), "apply", "-y", profile)
    result.expect(4)
    equal(read_key(SOMAXCONN), "4096", "what could be put back")
    return record_ids()[-1]


def test_what_a_failed_apply_put_back_is_no_longer_its_own(host):
    incomplete = incomplete_change(host)
    host.run("apply", "-y", host.profile({SOMAXCONN: "5000"})).expect(0)
    host.run("restore", "--force", incomplete).expect(0)
    equal(read_key(SOMAXCONN), "5000", "the newer change's key")
    equal(read_key(FIN), "60", "the key that was left alone before")


def test_a_guardian_does_not_wait_for_an_older_interrupted_change(host):
    older = host.run("--json", "apply", "-y", host.profile({KEEPALIVE: "601"})).expect(0).json()["id"]
    host.run("apply", "-y", "--confirm", "2s", host.profile({FIN: "31"})).expect(7)
    # The older one is being undone, and killed before its first write.
    result = host.run("restore", older, prefix=host.strace(
        os.path.join(host.work, "trace"), "trace=write", "inject=write:signal=KILL:when=%d" % 4))
    state = record(older)["state"]
    check(result.code == -9 and state in ("undoing", "standing"), "%d, %s" % (result.code, state))
    guardians_end()
    equal(read_key(FIN), "60", "the key of the change that had a deadline")


def kill_in_the_middle(host, profile):
    writes = key_writes(host.writes("apply", "-y", profile))
    host.run("restore").expect(0)
    log = os.path.join(host.work, "trace")
    result = host.run("apply", "-y", profile, prefix=host.strace(
        log, "trace=write", "inject=write:signal=KILL:when=%d" % writes[-1]))
    equal(result.code, -9, "exit code")


def test_an_interrupted_change_whose_record_is_damaged_is_not_forgotten(host):
    kill_in_the_middle(host, host.profile({SOMAXCONN: "5000", FIN: "31"}))
    path = "%s/changes/%s.json" % (harness.STATE, record_ids()[-1])
    text = read_file(path)
    write_file(path, text[:len(text) // 2])
    result = host.run("apply", "-y", host.profile({KEEPALIVE: "601"})).expect(6)
    contains(result.err, record_ids()[-1], "cannot be used")
    equal(read_key(KEEPALIVE), "7200", "the other profile's key")
    # Mended, it is undone like any other.
    write_file(path, text)
    host.run("restore").expect(0)
    equal((read_key(SOMAXCONN), read_key(FIN)), ("4096", "60"), "values")


def test_a_state_file_that_is_behind_the_record_misleads_nobody_for_long(host):
    """As if confirm had been killed between the record and the state file."""
    host.run("apply", "-y", "--confirm", "1s", host.profile({FIN: "31"})).expect(7)
    change_id, = record_ids()
    behind = read_file(STATE_FILE)
    host.run("confirm").expect(0)
    write_file(STATE_FILE, behind)
    wait_until(lambda: harness.boottime_ms() > int(record(change_id)["confirmation"]["deadline_ms"]),
               "the deadline is past")
    check("deadline" not in host.run("list").err, "root is told of a deadline that was met")
    host.run("backup", SOMAXCONN).expect(0)
    contains(read_file(STATE_FILE), "standing")


def test_selftest_keeps_out_of_what_is_the_hosts(host):
    log = os.path.join(host.work, "trace")
    host.run("selftest", host.profile({FIN: "31"}), prefix=host.strace(log, "trace=/openat")).expect(0)
    text = read_file(log)
    check("net/ipv4" in text, "it opens nothing below net")
    check('"vm' not in text and "/vm/" not in text, "it opens keys below vm")


def test_a_record_with_a_date_that_cannot_be(host):
    host.run("backup", FIN).expect(0)
    backup, = record_ids()
    folder = harness.STATE + "/changes/"
    os.rename(folder + backup + ".json", folder + "99991231T235959Z-ffff.json")
    result = host.run("apply", "-y", host.profile({FIN: "31"})).expect(2)
    contains(result.err, "newest record")
    equal(read_key(FIN), "60", "the key")


def test_extending_replaces_a_guardian_that_was_killed(host):
    host.run("apply", "-y", "--confirm", "1h", host.profile({FIN: "31"})).expect(7)
    for guardian in guardians():
        os.kill(guardian, signal.SIGKILL)
    guardians_end()
    host.run("confirm", "--extend", "1s").expect(0)
    wait_until(lambda: read_key(FIN) == "60", "the new guardian undoes it")


def test_a_secret_that_cannot_be_unset_is_not_said_to_be_back(host):
    secret = "net.ipv6.conf.default.stable_secret"
    profile = host.profile('  %s: "2001:0db8:0000:0000:0000:0000:0000:0001"\n'
                           '  net.ipv4.tcp_congestion_control: nosuch_cc\n' % secret)
    result = host.run("apply", "-y", "--irreversible", profile).expect(4)
    contains(result.err, secret + " was not set before, and cannot be unset")


def test_a_change_whose_guardian_is_alive_takes_another_after_it(host):
    """Neither guardian waits for the other."""
    host.run("apply", "-y", "--confirm", "1h", host.profile({FIN: "31"})).expect(7)
    first, = record_ids()
    host.run("restore").expect(0)
    host.run("apply", "-y", "--confirm", "1s", host.profile({FIN: "32"})).expect(7)
    check(deadline_ms(record_ids()[-1]) < deadline_ms(first), "the second deadline is not the earlier one")
    wait_until(lambda: read_key(FIN) == "60", "the second change is undone")


if __name__ == "__main__":
    harness.main(globals())
