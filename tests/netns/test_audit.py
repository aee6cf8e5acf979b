# SPDX-License-Identifier: MIT
"""apply --audit: what moves with a step is found and undone, though nobody knew of it; what moves at another time is
reported and left alone."""

import os

import harness
from harness import MS_BIND, act_while_stopped, check, contains, equal, identical, key_path, key_writes, mount, \
    moved_since, read_key, snapshot, write_key

TWO = {"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"}
OTHER, OTHER_PATH = "net.ipv4.tcp_keepalive_time", "net/ipv4/tcp_keepalive_time"


def move_other():
    write_key(OTHER, "601")


def with_a_step(host, *arguments):
    """OTHER moves while the first key is written: to the program that is the kernel's doing."""
    options = ["-e", "trace=write", "-e", "inject=write:signal=SIGSTOP:when=1", "-P", key_path("net.core.somaxconn")]
    return act_while_stopped(host, options, move_other, *arguments)


def between_the_steps(host, *arguments):
    """OTHER moves when it has been recorded, and no step has begun."""
    options = ["-e", "trace=fsync", "-e", "inject=fsync:signal=SIGSTOP:when=1"]
    return act_while_stopped(host, options, move_other, *arguments)


def apply(host, *arguments, parameters=None):
    return ["--json", "apply", "-y", *arguments, host.profile(parameters or TWO)]


# ---- with a step ----

def test_two_names_of_one_variable(host):
    """Something that the catalogue cannot know, made by a mount: one file shows what another one is written."""
    alias = "net.ipv4.tcp_retries2"
    before = snapshot()
    mount(key_path("net.ipv4.tcp_fin_timeout"), key_path(alias), None, MS_BIND)
    mounted = snapshot()
    original = read_key(alias)
    document = host.run(*apply(host, "--audit")).expect(0).json()
    equal([(row["key"], row["before"], row["after"]) for row in document["side_effects"]], [(alias, original, "31")],
          "side effects")
    equal(document["moved_otherwise"], [], "moved otherwise")
    contains(host.run("history", document["id"]).expect(0).out, alias, "(side effect)")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    identical(mounted, "after restore")
    # Without --audit nobody looks.
    equal(host.run(*apply(host)).expect(0).json()["side_effects"], [], "side effects without --audit")
    host.run("restore").expect(0)
    equal(harness.libc.umount2(key_path(alias).encode(), 0), 0, "umount2")
    identical(before, "after all")


def test_moved_with_a_step(host):
    before = snapshot()
    document = with_a_step(host, *apply(host, "--audit")).expect(0).json()
    row, = document["side_effects"]
    equal([row["key"], row["before"], row["after"], row["status"]],
          [OTHER, before[OTHER_PATH].decode().strip(), "601", "applied"], "side effect")
    equal(document["moved_otherwise"], [], "moved otherwise")
    roles = {item["path"]: item["role"] for item in harness.record(document["id"])["items"]}
    equal(roles, {"net/core/somaxconn": "step", "net/ipv4/tcp_fin_timeout": "step", OTHER_PATH: "side_effect"},
          "what the record keeps")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_moved_with_a_step_and_by_somebody_else_later(host):
    before = snapshot()
    with_a_step(host, *apply(host, "--audit")).expect(0)
    write_key(OTHER, "602")
    contains(host.run("restore").expect(4).err, OTHER, "ours 601, now 602")
    equal(moved_since(before), {OTHER_PATH}, "what is not back")
    host.run("restore", "--force").expect(0)
    identical(before, "after --force")


def test_moved_with_a_step_of_a_failed_apply(host):
    before = snapshot()
    document = with_a_step(host, *apply(host, "--audit", parameters={
        **TWO, "net.ipv4.tcp_congestion_control": "nosuch_cc"})).expect(3).json()
    equal(document["outcome"], "rolled_back", "outcome")
    identical(before, "after the failed apply")


def test_moved_with_a_step_of_a_killed_apply(host):
    """The step log knows of it."""
    before = snapshot()
    profile = host.profile(TWO)
    writes = host.writes("apply", "-y", "--audit", profile)
    host.run("restore").expect(0)
    identical(before, "after the first restore")
    log = os.path.join(host.work, "trace")
    last = key_writes(writes)[-1]
    process = host.start("apply", "-y", "--audit", profile, prefix=host.strace(
        log, "trace=write", "inject=write:signal=SIGKILL:when=%d" % (last + 1)))
    host.finish(process)
    check(harness.moved_since(before), "nothing was changed before the kill")
    move_other()
    contains(host.run("status").expect(1).out, "INTERRUPTED")
    # The kill came around a write: whatever else moved in that moment may be its doing.
    host.run("restore").expect(0)
    identical(before, "after restore")


# ---- at another time ----

def test_moved_otherwise(host):
    before = snapshot()
    document = between_the_steps(host, *apply(host, "--audit")).expect(0).json()
    equal(document["side_effects"], [], "side effects")
    contains(str(document["moved_otherwise"]), OTHER)
    contains(host.run("history", document["id"]).expect(0).out, OTHER, "(moved otherwise)")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    equal(read_key(OTHER), "601", "the value of somebody else")
    equal(moved_since(before), {OTHER_PATH}, "what differs in the end")
    host.run("status").expect(0)


def test_moved_otherwise_in_words(host):
    result = between_the_steps(host, "apply", "-y", "--audit", host.profile(TWO)).expect(0)
    contains(result.err, OTHER + " moved meanwhile, but not with a step: left alone.", "Changed 2 parameters")
    check(OTHER not in result.out, "it stands among what was changed:\n" + result.out)


def test_moved_otherwise_and_a_failed_apply(host):
    before = snapshot()
    document = between_the_steps(host, *apply(host, "--audit", parameters={
        **TWO, "net.ipv4.tcp_congestion_control": "nosuch_cc"})).expect(3).json()
    contains(str(document["moved_otherwise"]), OTHER)
    equal(moved_since(before), {OTHER_PATH}, "what differs in the end")
    host.run("status").expect(0)


# ---- what is known ----

def known_side_effects(host, parameters):
    """With and without --audit the same comes out: the catalogue knows all that moves, and no more."""
    before = snapshot()
    plain = host.run(*apply(host, parameters=parameters)).expect(0).json()
    after = snapshot()
    host.run("restore").expect(0)
    identical(before, "after restore")
    audited = host.run(*apply(host, "--audit", parameters=parameters)).expect(0).json()
    identical(after, "after the audited apply")
    equal([audited["side_effects"], audited["moved_otherwise"]], [plain["side_effects"], []], "side effects")
    check(plain["side_effects"], "no side effects: this shows nothing")
    host.run("restore").expect(0)
    identical(before, "after the second restore")


def test_forwarding(host):
    write_key("net.ipv4.conf.lo.forwarding", "1")
    known_side_effects(host, {"net.ipv4.ip_forward": "1", "net.core.somaxconn": "5000"})


def test_settings_of_all_interfaces(host):
    harness.add_veth("kt0", "kt1")
    known_side_effects(host, {"net.ipv4.conf.all.rp_filter": "2", "net.ipv4.conf.default.rp_filter": "1"})


def test_two_units_of_one_variable(host):
    key = "net.ipv4.neigh.lo.base_reachable_time_ms"
    if not os.path.exists(key_path(key)):
        raise harness.Skip("no such key here")
    known_side_effects(host, {key: "20000"})


def test_audit_with_a_deadline(host):
    before = snapshot()
    profile = host.profile({**TWO, "net.ipv4.ip_forward": "1"})
    host.run("apply", "-y", "--audit", "--confirm", "1s", profile).expect(7)
    harness.guardians_end()
    identical(before, "after the deadline")


if __name__ == "__main__":
    harness.main(globals())
