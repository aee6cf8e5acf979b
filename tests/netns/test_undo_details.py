# SPDX-License-Identifier: MIT
"""The corners of undoing: cascades, interruptions, what somebody else writes in between, disks, namespaces."""

import os
import re
import shutil
import signal
import subprocess
import time

import harness
from harness import CLONE_NEWNET, check, contains, equal, identical, key_path, moved_since, read_key, snapshot, \
    write_key

MS_RDONLY, MS_REMOUNT = 1, 32
IP_FORWARD = "net.ipv4.ip_forward"
FORWARD = {IP_FORWARD: "1"}
THREE = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_keepalive_time": "601",
}


# ---- signals at the write of one key ----

def at_write_of(host, key, name, log):
    return host.strace(log, "trace=write", "inject=write:signal=%s:when=1" % name) + ["-P", key_path(key)]


def signalled(host, key, name, *arguments):
    """A run that gets the signal on entering its first write of the key. A SIGKILL comes before the write is
    done, any other one after it."""
    return host.run(*arguments, prefix=at_write_of(host, key, name, os.path.join(host.work, "trace")))


def with_a_foreign_write(host, at, key, value, *arguments):
    """A run that stands still right after its write of one key while somebody else writes another one."""
    log = os.path.join(host.work, "stopped")
    open(log, "w").close()
    process = host.start(*arguments, prefix=at_write_of(host, at, "SIGSTOP", log) + ["-f"])
    stopped, end = None, time.monotonic() + 30
    while not stopped and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
        with open(log) as file:
            stopped = re.search(r"^(\d+) +--- stopped by SIGSTOP ---$", file.read(), re.MULTILINE)
    if not stopped:
        process.kill()
        raise harness.Failure("it was not stopped at %s" % at)
    write_key(key, value)
    os.kill(int(stopped.group(1)), signal.SIGCONT)
    return host.finish(process)


# ---- names of interfaces ----

def ip_forward_with_an_interface(host, name):
    """Undoing ip_forward takes its own value from the interface: it must be put back under its very name."""
    write_key("net.ipv4.conf.lo.forwarding", "1")
    try:
        harness.rename_interface("lo", name)
    except OSError as error:
        raise harness.Skip("the kernel does not take this name: %s" % error)
    before = snapshot()
    equal(before.get("net/ipv4/conf/%s/forwarding" % name), b"1\n", "forwarding of the interface")
    profile = host.profile(FORWARD)
    for form in ((), ("--json",)):
        host.run(*form, "apply", "-y", profile).expect(0)
        equal(read_key(IP_FORWARD), "1", "ip_forward")
        host.run(*form, "status").expect(0)
        host.run(*form, "history").expect(0)
        host.run(*form, "restore").expect(0)
        identical(before, "after restore")
    # Out of an unfinished record too, which names it and knows no more of it than its original.
    equal(signalled(host, IP_FORWARD, "SIGTERM", "apply", "-y", profile).code, 143, "exit code")
    identical(before, "after SIGTERM")
    host.run("status").expect(0)


def test_interface_that_looks_like_a_pattern(host):
    ip_forward_with_an_interface(host, "wan[1]")


def test_interface_whose_name_is_not_utf_8(host):
    ip_forward_with_an_interface(host, os.fsdecode(b"w\xff0"))


# ---- cascades ----

def forwarding_with_an_interface_of_its_own(host):
    """ip_forward 0, forwarding of kt0 1: applying ip_forward moves all but kt0, undoing it moves kt0.
    Returns the snapshot before and the profile."""
    if not harness.add_veth("kt0", "kt1"):
        raise harness.Skip("no veth interfaces here")
    write_key(KT0, "1")
    equal(read_key(IP_FORWARD), "0", "ip_forward")
    return snapshot(), host.profile(FORWARD)


KT0, KT1 = "net.ipv4.conf.kt0.forwarding", "net.ipv4.conf.kt1.forwarding"


def interrupt_restore(host, profile, name):
    """Stops a restore when ip_forward is back, and kt0 is not."""
    host.run("apply", "-y", profile).expect(0)
    if name == "SIGKILL":
        code = signalled(host, KT0, name, "restore").code
        check(code in (128 + signal.SIGKILL, -signal.SIGKILL), "exit code %d" % code)
    else:
        signalled(host, IP_FORWARD, name, "restore").expect(143)
    equal([read_key(IP_FORWARD), read_key(KT0)], ["0", "0"], "ip_forward and kt0, half-way")
    contains(host.run("status").expect(1).out, "INTERRUPTED")


def cascade_after_restore_stopped_by(host, name):
    before, profile = forwarding_with_an_interface_of_its_own(host)
    interrupt_restore(host, profile, name)
    host.run("restore").expect(0)
    identical(before, "after the second restore")
    host.run("status").expect(0)


def only_after_restore_stopped_by(host, name):
    before, profile = forwarding_with_an_interface_of_its_own(host)
    interrupt_restore(host, profile, name)
    half_way = snapshot()
    host.run("restore", "--only", IP_FORWARD).expect(0)
    identical(half_way, "restoring ip_forward only, which was back already")
    host.run("status").expect(1)
    host.run("restore").expect(0)
    identical(before, "after the plain restore")
    host.run("status").expect(0)


def test_only_moves_no_other_key(host):
    """kt0 (1) and kt1 (1, was 0) stay what they are while ip_forward goes back."""
    before, profile = forwarding_with_an_interface_of_its_own(host)
    host.run("apply", "-y", profile).expect(0)
    host.run("restore", "--only", IP_FORWARD).expect(0)
    equal([read_key(key) for key in (IP_FORWARD, KT0, KT1)], ["0", "1", "1"], "ip_forward, kt0, kt1")
    host.run("restore").expect(0)
    identical(before, "after the plain restore")
    host.run("status").expect(0)


def test_signal_in_the_last_step_undoes_everything(host):
    before, profile = forwarding_with_an_interface_of_its_own(host)
    contains(signalled(host, IP_FORWARD, "SIGTERM", "apply", "-y", profile).expect(143).err,
             "stopped by signal 15", "Everything was put back")
    identical(before, "after SIGTERM in the only step")
    profile = host.profile({**THREE, **FORWARD})
    steps = [row["path"] for row in host.run("--json", "diff", profile).expect(0).json()["parameters"]]
    last = steps[-1].replace("/", ".")
    signalled(host, last, "SIGTERM", "apply", "-y", profile).expect(143)
    identical(before, "after SIGTERM in the last step")
    host.run("status").expect(0)


def test_side_effect_that_did_not_happen(host):
    """An interface with an address and a value of its own does not follow conf.default: what becomes of it later
    is no drift, and not undone."""
    if not harness.add_veth("kt0", "kt1"):
        raise harness.Skip("no veth interfaces here")
    subprocess.run([shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"), "address", "add", "192.0.2.1/24",
                    "dev", "kt0"], check=True)
    default, own = "net.ipv4.conf.default.send_redirects", "net.ipv4.conf.kt0.send_redirects"
    write_key(default, "1")
    write_key(own, "1")
    before = snapshot()
    host.run("apply", "-y", host.profile({default: "0"})).expect(0)
    equal([read_key(default), read_key(own)], ["0", "1"], "default and kt0 after apply")
    write_key(own, "0")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    equal([read_key(default), read_key(own)], ["1", "0"], "default and kt0 after restore")
    equal(moved_since(before), {"net/ipv4/conf/kt0/send_redirects"}, "what differs in the end")
    host.run("status").expect(0)


# ---- somebody else writes during an apply ----

def test_foreign_write_of_an_applied_key_during_an_apply(host):
    before = snapshot()
    keys = list(THREE)
    for form in ((), ("--json",)):
        result = with_a_foreign_write(host, keys[2], keys[0], "7000", *form, "apply", "-y",
                                      host.profile(THREE)).expect(4)
        contains(result.out + result.err, keys[0])
        equal(read_key(keys[0]), "7000", "the foreign value")
        equal(moved_since(before), {"net/core/somaxconn"}, "what is not back")
        host.run("status").expect(1)
        host.run("restore", "--force").expect(0)
        identical(before, "after --force")


def test_foreign_write_before_a_step_that_is_refused(host):
    before = snapshot()
    profile = host.profile({**THREE, "net.ipv4.tcp_congestion_control": "nosuch_cc"})
    with_a_foreign_write(host, "net.ipv4.tcp_congestion_control", "net.core.somaxconn", "7000",
                         "apply", "-y", profile).expect(4)
    equal(read_key("net.core.somaxconn"), "7000", "the foreign value")
    equal(moved_since(before), {"net/core/somaxconn"}, "what is not back")


def foreign_write_of_a_key_that_held(host, parameters, held):
    """It is as much of the plan as those that are written."""
    before = snapshot()
    steps = [key for key in parameters if key != held]
    check(len(steps) == 2, "not two steps")
    result = with_a_foreign_write(host, steps[-1], held, "17", "apply", "-y", host.profile(parameters)).expect(3)
    contains(result.err, held)
    equal(read_key(held), "17", "the foreign value")
    equal(moved_since(before), {held.replace(".", "/")}, "what is not back")
    host.run("status").expect(0)


def test_foreign_write_of_a_key_that_held_before_the_steps(host):
    held = "net.ipv4.tcp_fin_timeout"
    foreign_write_of_a_key_that_held(host, {held: read_key(held), **{key: value for key, value in THREE.items()
                                                                     if key != held}}, held)


def test_foreign_write_of_a_key_that_held_behind_the_steps(host):
    held = "net.ipv4.tcp_fin_timeout"
    foreign_write_of_a_key_that_held(host, {**{key: value for key, value in THREE.items() if key != held},
                                            held: read_key(held)}, held)


# ---- disks ----

def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass


def restore_without_a_record(host, break_disk, mend_disk):
    before = snapshot()
    profile = host.profile({**THREE, **FORWARD})
    for form in ((), ("--json",)):
        host.run("apply", "-y", profile).expect(0)
        break_disk()
        result = host.run(*form, "restore").expect(0)
        if form:
            contains(json_text(result.json()["messages"]), "record-not-updated")
            equal(result.json()["outcome"], "rolled_back", "outcome")
        else:
            contains(result.err, "warning", "could not be updated")
        identical(before, "after the restore")
        mend_disk()
        host.run("restore").expect(0)
        identical(before, "after the restore that closed it")
        host.run("status").expect(0)
        equal(host.run("--json", "restore").expect(0).json()["outcome"], "nothing_to_do", "one more restore")


def json_text(messages):
    return " ".join("%s" % message for message in messages)


def test_restore_on_a_full_disk(host):
    os.mkdir(harness.STATE, 0o700)
    harness.call("mount", b"tmpfs", harness.STATE.encode(), b"tmpfs", 0, b"size=128k,mode=700")
    filler = harness.STATE + "/filler"
    restore_without_a_record(host, lambda: fill(filler), lambda: os.unlink(filler))


def test_restore_on_a_read_only_disk(host):
    def remount(flags):
        harness.call("mount", b"none", b"/var/lib", None, harness.ctypes.c_ulong(MS_REMOUNT | flags), None)
    restore_without_a_record(host, lambda: remount(MS_RDONLY), lambda: remount(0))


# ---- two network namespaces that share their records ----

def two_namespaces():
    """What switches to either; the first is the one we are in."""
    handles = [os.open("/proc/self/ns/net", os.O_RDONLY)]
    harness.call("unshare", CLONE_NEWNET)
    handles.append(os.open("/proc/self/ns/net", os.O_RDONLY))

    def switch(handle):
        harness.call("setns", handle, CLONE_NEWNET)
    switch(handles[0])
    return [lambda handle=handle: switch(handle) for handle in handles]


def test_restore_prefers_the_change_of_its_own_namespace(host):
    first, second = two_namespaces()
    befores = []
    for switch, value in ((first, "5000"), (second, "6000")):
        switch()
        befores.append(snapshot())
        host.run("apply", "-y", host.profile({"net.core.somaxconn": value})).expect(0)
    first()
    equal(read_key("net.core.somaxconn"), "5000", "the value in the first")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    identical(befores[0], "the first after its restore")
    second()
    equal(read_key("net.core.somaxconn"), "6000", "the value in the second")
    host.run("status").expect(0)
    host.run("restore").expect(0)
    identical(befores[1], "the second after its restore")


def test_interrupted_change_of_another_namespace(host):
    first, second = two_namespaces()
    before = snapshot()
    profile = host.profile(THREE)
    code = signalled(host, list(THREE)[1], "SIGKILL", "apply", "-y", profile).code
    check(code in (128 + signal.SIGKILL, -signal.SIGKILL), "exit code %d" % code)
    equal(moved_since(before), {"net/core/somaxconn"}, "what was changed before the kill")
    second()
    before_second = snapshot()
    contains(host.run("apply", "-y", profile).expect(6).err, "was interrupted")
    contains(host.run("status").expect(1).out, "INTERRUPTED", "in network namespace")
    document = host.run("--json", "status").expect(1).json()
    equal([change["interrupted"] for change in document["changes"]], [True], "interrupted in JSON")
    contains(host.run("restore").expect(5).err, "another network namespace")
    identical(before_second, "the second all along")
    first()
    host.run("restore").expect(0)
    identical(before, "the first after its restore")
    second()
    host.run("status").expect(0)
    host.run("apply", "-y", profile).expect(0)


# ---- patterns ----

def test_only_that_selects_nothing(host):
    before = snapshot()
    profile = host.profile(THREE)
    nothing = ("--only", "net.ipv6.*")
    for arguments in (("apply", "-y"), ("apply", "-n"), ("verify",), ("diff",)):
        contains(host.run(*arguments, *nothing, profile).expect(2).err, "none of the 3")
        error = host.run("--json", *arguments, *nothing, profile).expect(2).json()["error"]
        equal([error["id"], error["exit_code"]], ["no-match", 2], "error")
    identical(before, "before the apply")
    host.run("apply", "-y", profile).expect(0)
    standing = snapshot()
    for arguments in (("restore",), ("restore", "-n")):
        contains(host.run(*arguments, *nothing).expect(2).err, "none of the 3")
    equal(host.run("--json", "restore", *nothing).expect(2).json()["error"]["id"], "no-match", "error")
    identical(standing, "after the refused restore")
    host.run("restore").expect(0)
    identical(before, "after restore")


PARAMETRIZED = {
    "cascade after restore stopped by": (cascade_after_restore_stopped_by, lambda host: ["SIGTERM", "SIGKILL"]),
    "only after restore stopped by": (only_after_restore_stopped_by, lambda host: ["SIGTERM", "SIGKILL"]),
}

if __name__ == "__main__":
    harness.main(globals())
