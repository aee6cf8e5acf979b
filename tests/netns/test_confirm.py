# SPDX-License-Identifier: MIT
"""apply --confirm: undone at the deadline, never before it, whatever becomes of the session; kept once confirmed."""

import fcntl
import os
import re
import signal
import subprocess
import termios

import harness
from harness import (boottime_ms, check, contains, deadline_ms, equal, guardians, guardians_end, identical,
                     key_writes, read_key, record, record_ids, snapshot, wait_until, write_key)

THREE = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_wmem": "4096 16385 4194305",
}
# Any command but those that settle the matter.
LOOKING = [["list"], ["diff", "tcp-baseline"], ["history"], ["show", "tcp-baseline"], ["plan", "tcp-baseline"]]


def apply_confirm(host, time, parameters=None):
    """Returns the id."""
    profile = host.profile(parameters or THREE)
    return host.run("--json", "apply", "-y", "--confirm", time, profile).expect(7).json()["id"]


def reverted_at(deadline, key="net.core.somaxconn", ours="5000"):
    """Looks at the key all the time: it holds our value until the deadline, and no longer than that."""
    looks = 0
    while read_key(key) == ours:
        looks += 1
        check(boottime_ms() < deadline + harness.PATIENCE * 1000, "not reverted after the deadline")
    # The clock is read after the key: a value that is back before the deadline cannot go unnoticed.
    now = boottime_ms()
    check(now >= deadline, "reverted %d ms before the deadline" % (deadline - now))
    check(looks > 0, "reverted before the first look")


def finished_by_guardian(host, change_id, before):
    guardians_end()
    identical(before, "after the deadline")
    change = host.run("--json", "history", change_id).expect(0).json()["change"]
    equal([change["state"], change["finished_by"]], ["undone", "guardian"], "state and actor")
    contains(host.run("history", change_id).expect(0).out, "undone", "by the guardian: not confirmed")
    host.run("status").expect(0)


# ---- the session is lost ----

def start_on_a_terminal(command, environment):
    """A shell that leads a session on a terminal of its own and runs the command, then cat. Returns the shell and
    the terminal's other end."""
    master, slave = os.openpty()
    shell = subprocess.Popen(["sh", "-c", '"$@"; echo "exit code $?"; exec cat', "sh", *command],
                             stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
                             preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    return shell, master


def read_to_the_exit_code(terminal):
    text = b""
    while not re.search(rb"exit code \d+\r?\n", text):
        part = os.read(terminal, 4096)
        check(part, "the terminal ended after %r" % text)
        text += part
    return text.decode()


def test_session_and_terminal_are_killed(host):
    before = snapshot()
    command = host.command("apply", "-y", "--confirm", "2s", host.profile(THREE))
    shell, terminal = start_on_a_terminal(command, host.environment(False))
    text = read_to_the_exit_code(terminal)
    contains(text, "exit code 7")
    change_id, = record_ids()
    contains(text, "to be undone at %s" % record(change_id)["confirmation"]["deadline"],
             "kerntune confirm " + change_id, "kerntune restore " + change_id)
    os.killpg(shell.pid, signal.SIGHUP)
    os.killpg(shell.pid, signal.SIGKILL)
    os.close(terminal)
    shell.wait()
    reverted_at(deadline_ms(change_id))
    finished_by_guardian(host, change_id, before)


def test_guardian_has_a_session_of_its_own_and_ignores_hangups(host):
    before = snapshot()
    change_id = apply_confirm(host, "1s")
    guardian, = guardians()
    check(os.getsid(guardian) != os.getsid(0), "the guardian is of the session that armed it")
    check(os.getsid(guardian) != guardian, "the guardian leads its session, and could get a terminal")
    os.kill(guardian, signal.SIGHUP)
    reverted_at(deadline_ms(change_id))
    finished_by_guardian(host, change_id, before)


def kill_in_the_middle(host, time):
    """Returns the id of a change whose apply was killed after two of its three steps."""
    profile = host.profile(THREE)
    arguments = ["apply", "-y", "--confirm", time, profile]
    when = key_writes(host.writes("apply", "-y", "--confirm", "1m", profile, code=7))[2]
    host.run("restore").expect(0)
    guardians_end()
    host.interrupted("SIGKILL", when, *arguments)
    equal(read_key("net.ipv4.tcp_fin_timeout"), "31", "the second step")
    return record_ids()[-1]


def test_killed_half_way_is_undone_at_the_deadline(host):
    before = snapshot()
    change_id = kill_in_the_middle(host, "2s")
    equal(record(change_id)["state"], "recorded", "state on disk")
    reverted_at(deadline_ms(change_id))
    finished_by_guardian(host, change_id, before)


def test_killed_half_way_cannot_be_confirmed(host):
    before = snapshot()
    change_id = kill_in_the_middle(host, "1m")
    contains(host.run("confirm", change_id).expect(1).err, "was interrupted and cannot be confirmed",
             "kerntune restore " + change_id)
    contains(host.run("confirm").expect(1).err, "no change waits")
    contains(host.run("status").expect(1).out, "INTERRUPTED")
    host.run("restore").expect(0)
    guardians_end()
    identical(before, "after restore")


def test_signal_during_the_apply(host):
    before = snapshot()
    profile = host.profile(THREE)
    when = key_writes(host.writes("apply", "-y", "--confirm", "1m", profile, code=7))[1]
    host.run("restore").expect(0)
    guardians_end()
    result = host.interrupted("SIGINT", when, "apply", "-y", "--confirm", "1m", profile).expect(130)
    contains(result.err, "Everything was put back")
    guardians_end()
    identical(before, "after SIGINT")
    equal(record(record_ids()[-1])["finished_by"], "apply", "who undid it")
    host.run("status").expect(0)


def test_failed_apply_leaves_no_guardian(host):
    before = snapshot()
    profile = host.profile({**THREE, "net.ipv4.tcp_congestion_control": "nosuch_cc"})
    host.run("apply", "-y", "--confirm", "1m", profile).expect(3)
    guardians_end()
    identical(before, "after the failed apply")
    host.run("confirm").expect(1)


# ---- before the deadline ----

def test_pending_is_told(host):
    before = snapshot()
    profile = host.profile(THREE)
    document = host.run("--json", "apply", "-y", "--confirm", "1m", profile).expect(7).json()
    deadline = record(document["id"])["confirmation"]["deadline"]
    equal([document["outcome"], document["deadline"]], ["pending", deadline], "outcome and deadline")
    check("error" not in document, "a pending change is no error")
    contains(host.run("status").expect(1).out, "pending", deadline, "kerntune confirm " + document["id"])
    row, = host.run("--json", "status").expect(1).json()["changes"]
    equal([row["state"], row["deadline"], row["overdue"], row["guarded"]], ["pending", deadline, False, True],
          "status in JSON")
    host.run("verify", profile).expect(0)
    check("overdue" not in host.run("list").expect(0).err, "list warns before the deadline")
    host.run("restore").expect(0)
    guardians_end()
    identical(before, "after restore")
    equal(record(document["id"])["finished_by"], "restore", "who undid it")


def test_pending_is_told_to_everybody(host):
    prefix = host.unprivileged()
    change_id = apply_confirm(host, "1m")
    deadline = record(change_id)["confirmation"]["deadline"]
    contains(host.run("status", prefix=prefix).expect(1).out, change_id, "pending until " + deadline)
    document = host.run("--json", "status", prefix=prefix).expect(1).json()
    equal([document["id"], document["state"], document["deadline"], document["needs_attention"]],
          [change_id, "pending", deadline, True], "status in JSON")
    host.run("confirm", prefix=prefix).expect(2)
    host.run("restore").expect(0)
    guardians_end()


def test_another_apply_is_refused(host):
    before = snapshot()
    change_id = apply_confirm(host, "1m")
    pending = snapshot()
    other = host.profile({"net.ipv4.tcp_keepalive_time": "601"})
    for arguments in (["apply", "-y", other], ["apply", "-y", "--confirm", "1m", other],
                      ["apply", "-y", host.profile(THREE)]):
        contains(host.run(*arguments).expect(6).err, "kerntune confirm " + change_id, "kerntune restore " + change_id)
    identical(pending, "after the refusals")
    equal(len(guardians()), 1, "guardians")
    host.run("restore").expect(0)
    guardians_end()
    identical(before, "after restore")


def test_confirmed_change_stands(host):
    before = snapshot()
    change_id = apply_confirm(host, "4s")
    deadline = deadline_ms(change_id)
    pending = snapshot()
    document = host.run("--json", "confirm", change_id).expect(0).json()
    equal([document["id"], document["outcome"]], [change_id, "confirmed"], "what confirm says")
    guardians_end()
    wait_until(lambda: boottime_ms() > deadline, "the deadline has passed")
    identical(pending, "after the deadline")
    change = host.run("--json", "history", change_id).expect(0).json()["change"]
    equal([change["state"], change["finished_by"]], ["standing", "confirm"], "state and actor")
    host.run("status").expect(0)
    # Once more: with the id there is nothing to do, without it nothing to confirm.
    contains(host.run("confirm", change_id).expect(0).err, "stands already")
    contains(host.run("confirm").expect(1).err, "no change waits")
    host.run("confirm", "--extend", "1m", change_id).expect(1)
    host.run("restore").expect(0)
    identical(before, "after restore")
    host.run("confirm", change_id).expect(1)


def test_nothing_to_confirm(host):
    document = host.run("--json", "confirm").expect(1).json()
    equal(document["error"]["id"], "nothing-to-confirm", "error")
    host.run("confirm", "--extend", "1m").expect(1)
    host.run("confirm", "20260101T000000Z-0000").expect(2)
    host.run("confirm", "no/id").expect(2)


def test_later_deadline(host):
    before = snapshot()
    change_id = apply_confirm(host, "3s")
    old = deadline_ms(change_id)
    document = host.run("--json", "confirm", "--extend", "4s").expect(0).json()
    new = deadline_ms(change_id)
    check(new > old, "the deadline moved from %d to %d" % (old, new))
    equal([document["outcome"], document["deadline"]],
          ["extended", record(change_id)["confirmation"]["deadline"]], "what confirm says")
    reverted_at(new)
    finished_by_guardian(host, change_id, before)
    contains(host.run("confirm", change_id).expect(1).err, "too late", "was undone at")


def test_earlier_deadline(host):
    before = snapshot()
    change_id = apply_confirm(host, "1h")
    host.run("confirm", "--extend", "1s", change_id).expect(0)
    reverted_at(deadline_ms(change_id))
    finished_by_guardian(host, change_id, before)


def test_guardians_one_after_the_other(host):
    """One that is no longer needed ends, and touches nothing of the next change."""
    before = snapshot()
    first = apply_confirm(host, "1m")
    host.run("confirm").expect(0)
    between = snapshot()
    second = apply_confirm(host, "1s", {"net.core.somaxconn": "6000", "net.ipv4.tcp_keepalive_time": "601"})
    reverted_at(deadline_ms(second), ours="6000")
    finished_by_guardian(host, second, between)
    equal(record(first)["state"], "standing", "the confirmed change")
    host.run("restore", first).expect(0)
    identical(before, "after restore")


# ---- at the deadline and after it ----

def test_foreign_change_at_the_deadline(host):
    before = snapshot()
    change_id = apply_confirm(host, "2s")
    write_key("net.ipv4.tcp_fin_timeout", "17")
    reverted_at(deadline_ms(change_id))
    guardians_end()
    equal(harness.moved_since(before), {"net/ipv4/tcp_fin_timeout"}, "what is not back")
    change = host.run("--json", "history", change_id).expect(0).json()["change"]
    equal([change["state"], change["finished_by"]], ["incomplete", "guardian"], "state and actor")
    contains(host.run("status").expect(1).out, "could not be put back completely", "kerntune restore " + change_id)
    host.run("restore").expect(4)
    equal(read_key("net.ipv4.tcp_fin_timeout"), "17", "the foreign value")
    host.run("restore", "--force").expect(0)
    identical(before, "after --force")
    host.run("status").expect(0)


def overdue(host):
    """Returns the snapshot before and the id of a change whose guardian was killed before its deadline passed."""
    before = snapshot()
    change_id = apply_confirm(host, "1s")
    guardian, = guardians()
    os.kill(guardian, signal.SIGKILL)
    guardians_end()
    wait_until(lambda: boottime_ms() > deadline_ms(change_id), "the deadline has passed")
    equal(read_key("net.core.somaxconn"), "5000", "a value without a guardian")
    return before, change_id


def test_guardian_is_killed_and_every_command_says_so(host):
    before, change_id = overdue(host)
    passed = "the deadline of change %s passed" % change_id
    for arguments in LOOKING:
        contains(host.run(*arguments).expect(0).err, passed, "kerntune restore " + change_id)
    document = host.run("--json", "list").expect(0).json()
    check("overdue" in [message["id"] for message in document["messages"]], "no message in JSON")
    contains(host.run("status").expect(1).out, "its deadline passed", "kerntune restore " + change_id)
    row, = host.run("--json", "status").expect(1).json()["changes"]
    equal([row["overdue"], row["guarded"]], [True, False], "status in JSON")
    contains(host.run("confirm").expect(1).err, "too late", "kerntune restore " + change_id)
    host.run("confirm", "--extend", "1m").expect(1)
    contains(host.run("apply", "-y", host.profile({"net.core.somaxconn": "6000"})).expect(6).err,
             "kerntune restore " + change_id)
    host.run("restore").expect(0)
    identical(before, "after restore")
    host.run("status").expect(0)
    for arguments in LOOKING:
        check(change_id not in host.run(*arguments).expect(0).err, "%s still warns" % arguments)


def test_guardian_is_killed_and_everybody_is_told(host):
    prefix = host.unprivileged()
    before, change_id = overdue(host)
    passed = "the deadline of change %s passed" % change_id
    for arguments in (["list"], ["diff", "tcp-baseline"]):
        contains(host.run(*arguments, prefix=prefix).expect(0).err, passed, "kerntune restore " + change_id)
    contains(host.run("history", prefix=prefix).expect(2).err, passed)
    contains(host.run("status", prefix=prefix).expect(1).out, "its deadline passed", "kerntune restore " + change_id)
    equal(host.run("--json", "status", prefix=prefix).expect(1).json()["overdue"], True, "status in JSON")
    host.run("restore").expect(0)
    identical(before, "after restore")
    check(change_id not in host.run("list", prefix=prefix).expect(0).err, "list still warns")


if __name__ == "__main__":
    harness.main(globals())
