# SPDX-License-Identifier: MIT
"""SIGKILL at every system call of an apply, a restore, a confirm and the guardian."""

import crash
from crash import Before, State, bench_keys, check_restorable, start_over, strike_all
from harness import check, equal, read_key


def record(host):
    changes = host.run("--json", "history").expect(0).json()["changes"]
    equal(len(changes), 1, "changes")
    return changes[0]


def test_apply_of_31_keys(host):
    before, profile = Before(), host.profile(bench_keys())

    def prepare():
        start_over(host)

    strike_all(host, "apply", ["apply", "-y", profile], prepare, lambda _: check_restorable(host, before, profile))
    before.check("at the end")


def test_apply_with_existing_directories_and_a_change_beneath(host):
    """The other path through the records: nothing is to be made, and another change is the owner of three keys."""
    keys = bench_keys()
    before, profile = Before(), host.profile(keys)
    beneath = host.profile({key: keys[key] for key in list(keys)[:2]} | {"net.ipv4.tcp_fin_timeout": "33"})
    host.run("apply", "-y", beneath).expect(0)
    middle, state = Before(), State(keys)

    def judge(_):
        crash.check_records_read(host)
        if any(change["state"] != "undone" for change in host.run("--json", "history").json()["changes"][:-1]):
            host.run("restore").expect(0)
        middle.check("after one restore")
        host.run("status").expect(0)

    strike_all(host, "apply upon another", ["apply", "-y", profile], state.restore, judge)
    state.restore()
    host.run("restore").expect(0)
    before.check("after the change beneath")


def test_audited_apply(host):
    keys = dict(list(bench_keys().items())[:4])
    before, profile = Before(), host.profile(keys)

    def prepare():
        start_over(host)

    # Thousands of reads between the steps: one within each run of them, whatever the form.
    is_long, crash.IS_LONG = crash.IS_LONG, False
    strike_all(host, "audited apply", ["apply", "-y", "--audit", profile], prepare,
               lambda _: check_restorable(host, before, profile))
    crash.IS_LONG = is_long


def test_restore(host):
    keys = bench_keys()
    before, profile = Before(), host.profile(keys)
    host.run("apply", "-y", profile).expect(0)
    state = State(keys)
    strike_all(host, "restore", ["restore"], state.restore, lambda _: check_restorable(host, before, profile))


# ---- commit-confirm ----

def pending(host, profile, time):
    """A change that waits for its confirmation, and whose guardian is dead."""
    host.run("apply", "-y", "--confirm", time, profile).expect(7)
    crash.kill_guardians()


def test_confirm(host):
    keys = bench_keys()
    before, profile = Before(), host.profile(keys)
    pending(host, profile, "1h")
    state = State(keys)

    def judge(_):
        host.run("verify", profile).expect(0)
        check(record(host)["state"] in ("pending", "standing"), "neither pending nor standing")
        check_restorable(host, before, profile)

    strike_all(host, "confirm", ["confirm"], state.restore, judge)
    strike_all(host, "confirm --extend", ["confirm", "--extend", "2h"], state.restore, judge)


def wait_until_overdue(host):
    while not host.run("--json", "status").json()["changes"][0]["overdue"]:
        pass


def test_guardian_at_the_deadline(host):
    """The guardian's own command, which is what its process and systemd's timer run, once the deadline is past."""
    keys = bench_keys()
    before, profile = Before(), host.profile(keys)
    pending(host, profile, "1s")
    wait_until_overdue(host)
    state = State(keys)
    guardian = ["__guardian", record(host)["id"]]
    strike_all(host, "guardian", guardian, state.restore, lambda _: check_restorable(host, before, profile))
    state.restore()
    host.run(*guardian).expect(0)
    before.check("after the guardian")


def test_arming_the_guardian(host):
    """Killed while it is being armed, its caller writes nothing; afterwards the change waits, unguarded."""
    keys = dict(list(bench_keys().items())[:3])
    before, profile = Before(), host.profile(keys)

    def prepare():
        start_over(host)

    def judge(result):
        crash.kill_guardians()
        check(result.code in (2, 7, crash.TOO_FEW), "apply ended with %d: %s" % (result.code, result.err))
        if result.code == 2:
            before.check("without a guardian")
        check_restorable(host, before, profile)

    # With a deadline that is near: a guardian that is not killed is followed to its end.
    prepare()
    calls = crash.calls_of(host, "apply", "-y", "--confirm", "1s", profile, child=True, code=7)
    waits = next(call.number for call in calls if call.name in ("poll", "ppoll"))
    points = crash.chosen([call for call in calls if call.number <= waits])
    for call in points:
        prepare()
        judge(crash.trace(host, ["kill", str(call.number)], "apply", "-y", "--confirm", "1s", profile, child=True))
    print("arming the guardian: %d kill points of %d system calls" % (len(points), waits))
    prepare()


def test_apply_that_armed_a_guardian(host):
    """Killed with its guardian alive: the one at work is found interrupted, and restore does not wait for the other."""
    keys = dict(list(bench_keys().items())[:8])
    before, profile = Before(), host.profile(keys)

    def prepare():
        start_over(host)

    strike_all(host, "apply --confirm", ["apply", "-y", "--confirm", "1h", profile], prepare,
               lambda _: check_restorable(host, before, profile), code=7)
    prepare()


if __name__ == "__main__":
    crash.main(globals())
