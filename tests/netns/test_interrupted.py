# SPDX-License-Identifier: MIT
"""Signals and kills in the middle of an apply or a restore."""

import os
import signal

import harness
from harness import check, contains, equal, identical, key_writes, moved_since, read_key, snapshot

SIX = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_keepalive_time": "601",
    "net.ipv4.tcp_keepalive_intvl": "31",
    "net.ipv4.tcp_rmem": "4096 131073 6291457",
    "net.ipv4.tcp_wmem": "4096 16385 4194305",
}


def ended_by(code, number):
    """The tracer ends the way its program did: with the code, or with the signal."""
    return code in (128 + number, -number)


def apply_stopped_by(host, name):
    number = getattr(signal, name)
    before = snapshot()
    profile = host.profile(SIX)
    writes = host.writes("apply", "-y", profile)
    keys = key_writes(writes)
    equal(len(keys), len(SIX), "writes to parameters")
    host.run("restore").expect(0)
    # On entering the first write of all, then with each parameter, the last one included: the next step is not
    # begun, and what was done is undone.
    for when in [1] + keys:
        result = host.interrupted(name, when, "apply", "-y", profile)
        equal(result.code, 128 + number, "exit code when stopped at write %d" % when)
        contains(result.err, "stopped by signal %d" % number, "Everything was put back")
        identical(before, "after %s at write %d" % (name, when))
        host.run("status").expect(0)
    # When the change is recorded as standing there is nothing left to stop: applied as a whole.
    host.interrupted(name, len(writes), "apply", "-y", profile).expect(0)
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_signal_in_an_apply_is_told_in_json(host):
    before = snapshot()
    profile = host.profile(SIX)
    when = key_writes(host.writes("apply", "-y", profile))[2]
    host.run("restore").expect(0)
    result = host.interrupted("SIGTERM", when, "--json", "apply", "-y", profile).expect(143)
    document = result.json()
    equal(document["outcome"], "rolled_back", "outcome")
    equal(document["error"]["id"], "signal", "error")
    equal(document["error"]["exit_code"], 143, "exit code")
    equal([row["status"] for row in document["parameters"]],
          ["rolled_back"] * 3 + ["not_tried"] * 3, "statuses")
    identical(before, "after SIGTERM")


def test_hangup_that_is_ignored_does_not_stop(host):
    """nohup kerntune apply"""
    before = snapshot()
    profile = host.profile(SIX)
    when = key_writes(host.writes("apply", "-y", profile))[2]
    host.run("restore").expect(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    host.interrupted("SIGHUP", when, "apply", "-y", profile).expect(0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_signal_in_a_restore(host):
    before = snapshot()
    profile = host.profile(SIX)
    host.run("apply", "-y", profile).expect(0)
    keys = key_writes(host.writes("restore"))
    equal(len(keys), len(SIX), "writes to parameters in a restore")
    for when in (keys[0], keys[3]):
        host.run("apply", "-y", profile).expect(0)
        host.interrupted("SIGINT", when, "restore").expect(130)
        check(moved_since(before), "the restore had been finished")
        contains(host.run("status").expect(1).out, "INTERRUPTED")
        host.run("apply", "-y", profile).expect(6)
        host.run("restore").expect(0)
        identical(before, "after the second restore")
        host.run("status").expect(0)


def finish_interrupted(host, before, profile, what):
    contains(host.run("status").expect(1).out, "INTERRUPTED")
    document = host.run("--json", "status").expect(1).json()
    equal([change["interrupted"] for change in document["changes"]], [True], "interrupted in JSON")
    at_refusal = snapshot()
    contains(host.run("apply", "-y", profile).expect(6).err, "was interrupted", "kerntune restore")
    identical(at_refusal, what + ": the refused apply")
    host.run("restore").expect(0)
    identical(before, what)
    host.run("status").expect(0)


def test_kill_in_an_apply(host):
    before = snapshot()
    profile = host.profile(SIX)
    writes = host.writes("apply", "-y", profile)
    keys = key_writes(writes)
    host.run("restore").expect(0)
    # Before the first parameter's write (announced), after it (no outcome yet), in the middle, after the last.
    for when in (keys[0], keys[0] + 1, keys[2], keys[2] + 1, keys[-1] + 1):
        result = host.interrupted("SIGKILL", when, "apply", "-y", profile)
        check(ended_by(result.code, signal.SIGKILL), "exit %s at write %d" % (result.code, when))
        equal(bool(moved_since(before)), when > keys[0], "something was changed before write %d" % when)
        finish_interrupted(host, before, profile, "after a kill at write %d" % when)


def test_kill_in_an_apply_meets_a_foreign_change(host):
    """A step whose write was begun and has no outcome is put back whatever is there."""
    before = snapshot()
    profile = host.profile(SIX)
    when = key_writes(host.writes("apply", "-y", profile))[1]
    host.run("restore").expect(0)
    result = host.interrupted("SIGKILL", when + 1, "apply", "-y", profile)
    check(ended_by(result.code, signal.SIGKILL), "exit %s" % result.code)
    equal(read_key("net.ipv4.tcp_fin_timeout"), "31", "the step without an outcome")
    harness.write_key("net.ipv4.tcp_fin_timeout", "18")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_kill_in_a_restore(host):
    before = snapshot()
    profile = host.profile(SIX)
    host.run("apply", "-y", profile).expect(0)
    keys = key_writes(host.writes("restore"))
    for when in (keys[0], keys[2] + 1, keys[-1]):
        host.run("apply", "-y", profile).expect(0)
        result = host.interrupted("SIGKILL", when, "restore")
        check(ended_by(result.code, signal.SIGKILL), "exit %s at write %d" % (result.code, when))
        finish_interrupted(host, before, profile, "after a kill of the restore at write %d" % when)


def test_a_torn_last_line_of_the_step_log(host):
    """A line that a crash cut off does not count; a step log of another boot or change neither."""
    before = snapshot()
    profile = host.profile(SIX)
    when = key_writes(host.writes("apply", "-y", profile))[2]
    host.run("restore").expect(0)
    host.interrupted("SIGKILL", when, "apply", "-y", profile)
    with open("/run/kerntune/steps", "rb+") as file:
        text = file.read()
        check(text.endswith(b"intent 2\n"), "unexpected end of the step log: %r" % text)
        os.ftruncate(file.fileno(), len(text) - 3)
    finish_interrupted(host, before, profile, "with a torn step log")


PARAMETRIZED = {"apply stopped by": (apply_stopped_by, lambda host: ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])}

if __name__ == "__main__":
    harness.main(globals())
