# SPDX-License-Identifier: MIT
"""In the guest of test_systemd.py: systemd as PID 1, whose services guard changes that wait.

main() runs as init: it takes everything out of the system that this needs no part of, and becomes systemd. A service
then runs this file again, with the tests."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

import guest
import harness
from guest import Before
from harness import Skip, check, contains, equal, read_key, write_key

SYSTEMD = "/lib/systemd/systemd"
UNITS = "/etc/systemd/system"
JOB = "/etc/uml-test.json"
# All that the tests need; everything else that would start by default is taken out.
WANTED = {"systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald.service"}
KEYS = {"vm.swappiness": "33", "net.ipv4.tcp_fin_timeout": "31", "vm.dirty_bytes": "300000000"}

TARGET = """[Unit]
Requires=sysinit.target
After=sysinit.target
Wants=uml-test.service
"""
SERVICE = """[Unit]
Requires=sysinit.target
After=sysinit.target
[Service]
Type=oneshot
ExecStart=%s
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin
ExecStopPost=/bin/sh -c "echo o >/proc/sysrq-trigger"
TimeoutStartSec=infinity
"""


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def reduce_system():
    for name in os.listdir("/lib/systemd/system/sysinit.target.wants"):
        if name not in WANTED:
            os.unlink("/lib/systemd/system/sysinit.target.wants/" + name)
    for folder in ("local-fs.target.wants", "sockets.target.wants", "timers.target.wants", "basic.target.wants"):
        shutil.rmtree("/lib/systemd/system/" + folder, ignore_errors=True)
    shutil.rmtree("/lib/systemd/system-generators", ignore_errors=True)
    shutil.rmtree(UNITS, ignore_errors=True)
    os.makedirs(UNITS)
    write("/etc/fstab", "")
    write("/etc/machine-id", "00112233445566778899aabbccddeeff\n")
    # No journal of the host's, and none on a disk.
    shutil.rmtree("/var/log/journal", ignore_errors=True)


def start_systemd(job):
    """As init."""
    if not os.access(SYSTEMD, os.X_OK) or not os.access("/usr/bin/systemd-run", os.X_OK):
        guest.say("1..0 # SKIP systemd is not installed")
        guest.say("done")
        return
    reduce_system()
    command = [sys.executable, "-B", os.path.abspath(__file__)]
    write(JOB, json.dumps(job))
    write(UNITS + "/uml-test.target", TARGET)
    write(UNITS + "/uml-test.service", SERVICE % " ".join(shlex.quote(word) for word in command))
    os.execv(SYSTEMD, ["systemd", "--unit=uml-test.target", "--log-target=journal", "--show-status=no"])


# ---- asking systemd ----

def ask(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True).stdout


def units(change):
    """The service of a change, as long as systemd has it."""
    return [line for line in ask("systemctl", "list-units", "--all", "--no-pager", "--full", "--plain", "--no-legend",
                                 "kerntune-%s*" % change).splitlines() if line.strip()]


def guardian_pid(change):
    return int(ask("systemctl", "show", "--property=MainPID", "--value", "kerntune-%s.service" % change))


def journal(change):
    return [line for line in ask("journalctl", "--no-pager", "-o", "cat", "-t", "kerntune").splitlines()
            if change in line]


def wait_until(condition, what):
    """The test's own patience is the host's, which ends what hangs."""
    end = time.monotonic() + 60
    while not condition():
        check(time.monotonic() < end, "in a minute, it did not happen that " + what)
        time.sleep(0.02)


def guardian_processes():
    """Processes that guard, by name."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/comm" % name, "rb") as file:
                if file.read().strip() == b"kerntune-guard":
                    found.append(name)
        except OSError:
            pass
    return found


# ---- changes that wait ----

def record(change):
    with open("/var/lib/kerntune/changes/%s.json" % change) as file:
        return json.load(file)


def guardian_of(change):
    return record(change)["confirmation"]["guardian"]


def history_of(host, change):
    return host.run("--json", "history", change).expect(0).json()["change"]


def deadline_ms(change):
    return int(record(change)["confirmation"]["deadline_ms"])


def boottime_ms():
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000


def holds(values):
    return all(read_key(key) == value for key, value in values.items())


def apply(host, seconds, *prefix):
    """The id of a pending change of KEYS."""
    result = host.run("--json", "apply", "-y", "--confirm", "%ds" % seconds, host.profile(KEYS), prefix=prefix)
    document = result.expect(7).json()
    equal(document["outcome"], "pending", "outcome")
    check(holds(KEYS), "the values do not hold")
    return document["id"]


def wait_for_revert(change, before):
    """Watches the values as they go: nothing before the deadline, everything after it."""
    wait_until(lambda: read_key("vm.swappiness") == "60", "the values were put back")
    # Taken after they were seen: so they went no earlier than this, and it must not be before the deadline.
    check(boottime_ms() >= deadline_ms(change), "put back before the deadline")
    wait_until(lambda: record(change)["state"] == "undone", "the record was closed")
    before.check("after the deadline")


def wait_until_past(milliseconds):
    wait_until(lambda: boottime_ms() > milliseconds, "time passed")


def start():
    """Whatever a test before has left; and a pair whose other half is set, so that a sibling is to be brought back."""
    ask("systemctl", "stop", "kerntune-*.service")
    for key, value in {"vm.swappiness": "60", "net.ipv4.tcp_fin_timeout": "60", "vm.dirty_ratio": "23"}.items():
        write_key(key, value)
    return Before()


def test_put_back_at_the_deadline(host):
    before = start()
    change = apply(host, 3)
    equal(guardian_of(change), "systemd_service", "guardian")
    # Type=notify: systemd calls it running once it has said that it is ready.
    contains(" ".join(units(change)), "kerntune-%s.service" % change, " active running ")
    equal(guardian_processes(), [], "processes of guardians")
    equal(host.run("--json", "status").expect(1).json()["changes"][0]["guarded"], True, "guarded")
    wait_for_revert(change, before)
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")
    host.run("status").expect(0)
    wait_until(lambda: journal(change), "the journal told of it")
    contains(" ".join(journal(change)), "was not confirmed in time: 4 parameters put back")
    wait_until(lambda: not units(change), "systemd forgot the units")
    contains(host.run("confirm", change).expect(1).err, "too late")


def test_confirmed_and_left_alone(host):
    before = start()
    change = apply(host, 3)
    was_due = deadline_ms(change)
    host.run("confirm").expect(0)
    wait_until(lambda: not units(change), "the guardian of a confirmed change ended")
    wait_until_past(was_due)
    check(holds(KEYS), "a confirmed change was undone")
    equal(history_of(host, change)["state"], "standing", "state")
    equal(history_of(host, change)["finished_by"], "confirm", "finished by")
    equal(journal(change), [], "what the guardian said")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    before.check("after the restore")


def test_restored_before_the_deadline(host):
    before = start()
    change = apply(host, 3)
    was_due = deadline_ms(change)
    host.run("restore").expect(0)
    before.check("after the restore")
    write_key("vm.swappiness", "44")
    wait_until(lambda: not units(change), "the guardian of a restored change ended")
    wait_until_past(was_due)
    equal(read_key("vm.swappiness"), "44", "a value of somebody else's after the deadline")
    equal(history_of(host, change)["finished_by"], "restore", "finished by")
    write_key("vm.swappiness", "60")
    before.check("at the end")


def test_extended(host):
    before = start()
    change = apply(host, 2)
    first = deadline_ms(change)
    host.run("confirm", "--extend", "6s").expect(0)
    check(deadline_ms(change) > first, "the deadline did not move")
    wait_until_past(first)
    check(holds(KEYS), "put back at the deadline that was extended")
    wait_for_revert(change, before)
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")
    wait_until(lambda: not units(change), "systemd forgot the units")


def test_extended_and_confirmed(host):
    before = start()
    change = apply(host, 2)
    host.run("confirm", "--extend", "10m").expect(0)
    host.run("confirm").expect(0)
    wait_until(lambda: not units(change), "the guardian ended")
    check(holds(KEYS), "a confirmed change was undone")
    host.run("restore").expect(0)
    before.check("after the restore")


def test_shortened(host):
    """An extension may be shorter than what was left."""
    before = start()
    change = apply(host, 600)
    host.run("confirm", "--extend", "2s").expect(0)
    wait_for_revert(change, before)
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")


def test_guardian_killed_and_started_again(host):
    before = start()
    change = apply(host, 5)
    killed = guardian_pid(change)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: guardian_pid(change) not in (0, killed), "systemd started another guardian")
    wait_for_revert(change, before)
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")
    wait_until(lambda: not units(change), "systemd forgot the units")


def test_guardian_stopped_and_replaced(host):
    """Who stops the service is told that nobody guards the change; an extension starts another one."""
    before = start()
    change = apply(host, 600)
    ask("systemctl", "stop", "kerntune-%s.service" % change)
    equal(host.run("--json", "status").expect(1).json()["changes"][0]["guarded"], False, "guarded")
    contains(host.run("status").expect(1).out, "its guardian is gone")
    host.run("confirm", "--extend", "3s").expect(0)
    contains(" ".join(units(change)), "kerntune-%s.service" % change, " active running ")
    wait_for_revert(change, before)
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")


def test_killed_half_way(host):
    """An apply that is killed is undone at its deadline."""
    before = start()
    profile = host.profile(KEYS)
    number = harness.key_writes(host.writes("apply", "-y", "--confirm", "9m", profile, code=7))[1]
    host.run("restore").expect(0)
    result = host.interrupted("SIGKILL", number, "apply", "-y", "--confirm", "2s", profile)
    equal(result.code, -9, "exit code of an apply that was killed")
    change = host.run("--json", "history").expect(0).json()["changes"][0]["id"]
    wait_until(lambda: record(change)["state"] == "undone", "the interrupted change was undone")
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")
    before.check("after the deadline")
    host.run("status").expect(0)


def test_value_of_somebody_else_at_the_deadline(host):
    before = start()
    change = apply(host, 2)
    write_key("net.ipv4.tcp_fin_timeout", "99")
    wait_until(lambda: record(change)["state"] == "incomplete", "the guardian was through")
    equal(read_key("net.ipv4.tcp_fin_timeout"), "99", "the value of somebody else")
    host.run("status").expect(1)
    wait_until(lambda: journal(change), "the journal told of it")
    contains(" ".join(journal(change)), "1 left alone", "kerntune restore " + change)
    host.run("restore", "--force").expect(0)
    before.check("after a forced restore")
    wait_until(lambda: not units(change), "systemd forgot the units")


def test_from_a_session_that_is_killed(host):
    """A service that applies and whose processes are all killed at its end: the guardian is none of them."""
    before = start()
    profile = host.profile(KEYS)
    ask("systemd-run", "--quiet", "--unit=session", "--collect", "--property=KillMode=control-group", "--",
        *host.command("apply", "-y", "--confirm", "3s", profile))
    wait_until(lambda: "session.service" not in ask("systemctl", "list-units", "--all", "--plain", "--no-legend",
                                                    "session.service"), "the session ended")
    changes = host.run("--json", "status").expect(1).json()["changes"]
    equal([change["state"] for change in changes], ["pending"], "states")
    equal(guardian_of(changes[0]["id"]), "systemd_service", "guardian")
    wait_for_revert(changes[0]["id"], before)


def test_another_network_namespace_gets_a_process(host):
    before = start()
    unshare = shutil.which("unshare")
    if not unshare:
        raise Skip("unshare is missing")
    profile = host.profile({"net.ipv4.tcp_fin_timeout": "31"})
    script = ("%s --json apply -y --confirm 2s %s; echo $?; cat /proc/sys/net/ipv4/tcp_fin_timeout; "
              "while test $(cat /proc/sys/net/ipv4/tcp_fin_timeout) = 31; do :; done; "
              "cat /proc/sys/net/ipv4/tcp_fin_timeout" % (host.program, profile))
    text = ask(unshare, "-n", "sh", "-c", script)
    answer, _, rest = text.rpartition("}")
    change = json.loads(answer + "}")["id"]
    equal(rest.split(), ["7", "31", "60"], "exit code, and the value before and after the deadline")
    equal(guardian_of(change), "process", "guardian")
    equal(units(change), [], "services")
    wait_until(lambda: record(change)["state"] == "undone", "the record was closed")
    equal(history_of(host, change)["finished_by"], "guardian", "finished by")
    before.check("in the namespace of systemd")


def test_without_systemd_run_a_process_does_it(host):
    """A service manager that does not take the job is no reason to go without a guardian."""
    before = start()
    os.rename("/usr/bin/systemd-run", "/usr/bin/systemd-run-elsewhere")
    try:
        change = apply(host, 2)
    finally:
        os.rename("/usr/bin/systemd-run-elsewhere", "/usr/bin/systemd-run")
    equal(guardian_of(change), "process", "guardian")
    equal(len(guardian_processes()), 1, "processes of guardians")
    wait_for_revert(change, before)
    wait_until(lambda: journal(change), "the journal told of it")


def main():
    with open(JOB) as file:
        job = json.load(file)
    try:
        guest.run_tests(globals(), job)
    finally:
        guest.power_off()


if __name__ == "__main__":
    main()
