# SPDX-License-Identifier: MIT
"""plan -o FILE and apply FILE: exactly what was reviewed, or nothing."""

import json
import os
import re

import harness
from harness import check, contains, equal, identical, read_key, snapshot, write_key

THREE = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_wmem": "4096 16385 4194305",
}
PLAN = "/run/test/change.json"


def saved(host, parameters=None):
    """Saves a plan and returns it as it can be reviewed."""
    host.run("plan", host.profile(parameters or THREE), "-o", PLAN).expect(0)
    with open(PLAN) as file:
        return json.load(file)


def write_plan(text):
    with open(PLAN, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


# ---- saving ----

def test_review(host):
    before = snapshot()
    profile = host.profile(THREE)
    result = host.run("plan", profile, "-o", PLAN).expect(0)
    contains(result.out, "net.core.somaxconn", "3 to change")
    contains(result.err, "kerntune apply " + PLAN)
    identical(before, "after planning")
    equal(harness.record_ids(), [], "records of planning")
    equal(os.stat(PLAN).st_mode & 0o777, 0o600, "mode of the plan")
    with open(PLAN) as file:
        text = file.read()
    plan = json.loads(text)
    equal(plan["schema"], "kerntune.plan/1", "schema")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", plan["created"]), "created: %s" % plan["created"])
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot_id = file.read().strip()
    host_of_plan = plan["host"]
    equal([host_of_plan["kernel"], host_of_plan["boot_id"], host_of_plan["netns"]],
          [os.uname().release, boot_id, str(os.stat("/proc/self/ns/net").st_ino)], "host")
    equal([(row["name"], row["digest"][:8]) for row in plan["profiles"]],
          [(os.path.basename(profile)[:-5], "fnv1a64:")], "profiles")
    equal([(row["key"], row["status"], row["expected"], row["target"]) for row in plan["parameters"]],
          [(key, "change", read_key(key), value) for key, value in THREE.items()], "parameters")
    equal([(row["origin"]["file"], row["origin"]["line"]) for row in plan["parameters"]],
          [(profile, 3), (profile, 4), (profile, 5)], "origins")
    # The same on the standard output, but for the time.
    printed = host.run("plan", profile).expect(0).json()
    equal({**printed, "created": ""}, {**plan, "created": ""}, "the printed plan")
    equal(host.run("--json", "plan", profile, "-o", PLAN).expect(0).json()["schema"], "kerntune.plan/1", "JSON")


def test_digest_follows_the_profile(host):
    first = saved(host)["profiles"][0]["digest"]
    second = saved(host, {**THREE, "net.core.somaxconn": "5001"})["profiles"][0]["digest"]
    check(first != second, "two profiles with the digest %s" % first)


def test_places_that_cannot_be_written(host):
    profile = host.profile(THREE)
    os.mkdir("/run/test/folder.json")
    os.symlink("/run/test/elsewhere", "/run/test/link.json")
    os.mkfifo("/run/test/fifo.json")
    for path, word in (("/run/test/folder.json", "Is a directory"), ("/run/test/link.json", "no regular file"),
                       ("/run/test/fifo.json", "no regular file"), ("/run/test/nowhere/a.json", "No such file"),
                       ("/run/test/plan.txt", "ends in .json"), ("/run/test/.json/", "ends in .json"),
                       ("/proc/sys/net/core/a.json", "cannot be written")):
        contains(host.run("plan", profile, "-o", path).expect(2).err, word)
    check(not os.path.exists("/run/test/elsewhere"), "written through the link")
    equal(sorted(os.listdir("/run/test")), ["fifo.json", "folder.json", "link.json", os.path.basename(profile)],
          "files that are left")


def test_full_disk_keeps_the_old_plan(host):
    old = saved(host)
    os.mkdir("/run/test/small")
    harness.mount("tmpfs", "/run/test/small", "tmpfs", 0, "size=4k")
    small = "/run/test/small/change.json"
    with open(small, "w") as file:
        file.write("x" * 4096)
    contains(host.run("plan", host.profile(THREE), "-o", small).expect(2).err, "No space left")
    equal([os.listdir("/run/test/small"), os.stat(small).st_size], [["change.json"], 4096], "the old file")
    check(old["parameters"], "an empty plan")


def test_planning_needs_no_root(host):
    prefix = host.unprivileged()
    before = snapshot()
    profile = host.profile(THREE)
    os.mkdir("/run/test/theirs")
    os.chown("/run/test/theirs", 65534, 65534)
    path = "/run/test/theirs/change.json"
    host.run("plan", profile, "-o", path, prefix=prefix).expect(0)
    contains(host.run("plan", profile, "-o", "/run/test/change.json", prefix=prefix).expect(2).err,
             "Permission denied")
    contains(host.run("apply", "-y", path, prefix=prefix).expect(2).err, "not enough privilege")
    identical(before, "planned without rights")
    # Root may carry it out, and is told whose it is.
    contains(host.run("apply", "-y", path).expect(0).err, "belongs to another user")
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


# ---- applying ----

def test_apply_and_apply_again(host):
    before = snapshot()
    plan = saved(host)
    document = host.run("--json", "apply", "-y", PLAN).expect(0).json()
    equal({row["key"]: (row["before"], row["after"]) for row in document["parameters"]},
          {row["key"]: (row["expected"], row["target"]) for row in plan["parameters"]}, "what was done")
    equal(document["profiles"], [plan["profiles"][0]["name"]], "profiles")
    change = harness.record(document["id"])
    equal(change["profiles"], plan["profiles"], "profiles and digests in the record")
    # What it asks for holds: there is nothing to refuse.
    equal(host.run("--json", "apply", "-y", PLAN).expect(0).json()["outcome"], "nothing_to_do", "once more")
    host.run("restore").expect(0)
    identical(before, "after restore")
    host.run("apply", "-y", PLAN).expect(0)
    host.run("restore").expect(0)
    identical(before, "after a second round")


def test_profile_is_not_looked_at_again(host):
    profile = host.profile(THREE)
    host.run("plan", profile, "-o", PLAN).expect(0)
    os.unlink(profile)
    host.run("apply", "-y", PLAN).expect(0)
    equal(read_key("net.core.somaxconn"), "5000", "somaxconn")


def test_a_key_that_moved(host):
    write_key("net.core.somaxconn", "4000")
    saved(host)
    write_key("net.core.somaxconn", "4001")
    before = snapshot()
    result = host.run("apply", "-y", PLAN).expect(5)
    contains(result.err, "net.core.somaxconn was 4000 when the plan was made and is 4001 now", "nothing was changed")
    document = host.run("--json", "apply", "-y", PLAN).expect(5).json()
    equal([document["outcome"], document["error"]["id"]], ["refused", "stale-plan"], "JSON")
    contains(document["messages"][0]["text"], "net.core.somaxconn was 4000", "is 4001 now")
    identical(before, "after the refusals")
    equal(harness.record_ids(), [], "records")
    # One key is where the plan wants it, but not where the plan found it.
    write_key("net.core.somaxconn", "5000")
    host.run("apply", "-y", PLAN).expect(5)
    write_key("net.core.somaxconn", "4000")
    host.run("apply", "-y", PLAN).expect(0)


def test_a_key_that_held_and_moved(host):
    """It was right when the plan was made: what the plan would not have written is not written."""
    write_key("net.core.somaxconn", "5000")
    saved(host)
    write_key("net.core.somaxconn", "4001")
    before = snapshot()
    contains(host.run("apply", "-y", PLAN).expect(5).err, "net.core.somaxconn was 5000", "is 4001 now")
    identical(before, "after the refusal")


def test_everything_holds_already(host):
    for key, value in THREE.items():
        write_key(key, value)
    before = snapshot()
    plan = saved(host)
    equal([row["status"] for row in plan["parameters"]], ["same"] * 3, "statuses")
    equal(host.run("--json", "apply", "-y", PLAN).expect(0).json()["outcome"], "nothing_to_do", "outcome")
    identical(before, "after apply")


def test_other_host(host):
    plan = saved(host)
    before = snapshot()
    for member, value, word in (("kernel", "2.6.32", "another kernel: 2.6.32"),
                                ("boot_id", "00000000-0000-0000-0000-000000000000", "another boot"),
                                ("netns", "4026531840", "another network namespace"),
                                ("netns_cookie", "999999999", "another network namespace"),
                                ("hostname", "elsewhere", "another host: elsewhere")):
        write_plan(json.dumps({**plan, "host": {**plan["host"], member: value}}))
        contains(host.run("apply", "-y", PLAN).expect(5).err, word, "nothing was changed")
        identical(before, "after a plan for another " + member)
    equal(harness.record_ids(), [], "records")


def test_pending_and_filters(host):
    before = snapshot()
    saved(host)
    for option in ("--only", "--skip"):
        contains(host.run("apply", "-y", PLAN, option, "net.core.*").expect(2).err, "as it is")
    contains(host.run("apply", "-y", PLAN, host.profile(THREE)).expect(2).err, "a saved plan stands alone")
    contains(host.run("apply", PLAN).expect(2).err, "--yes")
    identical(before, "after the refusals")
    host.run("apply", "-n", PLAN).expect(0)
    identical(before, "after the dry run")
    host.run("apply", "-y", "--confirm", "1m", PLAN).expect(7)
    contains(host.run("apply", "-y", PLAN).expect(6).err, "kerntune confirm")
    host.run("restore").expect(0)
    harness.guardians_end()
    identical(before, "after restore")


# ---- hostile files ----

def edited(plan, index, **members):
    rows = [dict(row) for row in plan["parameters"]]
    rows[index].update(members)
    return {**plan, "parameters": rows}


def without(plan, member):
    return {key: value for key, value in plan.items() if key != member}


def damaged(plan):
    """What stands in the file, by a name."""
    text = json.dumps(plan)
    row = plan["parameters"][0]
    yield "empty", ""
    yield "not JSON", "profile: x\n"
    yield "binary", bytes(range(256))
    yield "a list", "[]"
    yield "a number", "7"
    yield "no members", "{}"
    for share in (0.2, 0.5, 0.9):
        yield "torn at %s" % share, text[:int(len(text) * share)]
    yield "torn by a byte", text[:-1]
    yield "something behind it", text + "{}"
    yield "a member twice", text[:-1] + ', "parameters": []}'
    yield "a member of a parameter twice", text.replace('"target": ', '"target": "9", "target": ', 1)
    yield "a parameter twice", json.dumps({**plan, "parameters": [row] + plan["parameters"]})
    yield "deeply nested", "[" * 100000
    yield "NUL within", text.replace("5000", "5000\\u0000")
    yield "a record", json.dumps({**plan, "schema": "kerntune.change/1"})
    yield "a later schema", json.dumps({**plan, "schema": "kerntune.plan/2"})
    for member in ("schema", "created", "host", "profiles", "parameters"):
        yield "no " + member, json.dumps(without(plan, member))
        yield member + " is a number", json.dumps({**plan, member: 1})
        yield member + " is null", json.dumps({**plan, member: None})
    for value in (5000, None, True, [], {}, "", "5000\n9", "x", "-1", "9" * 400, {"base64": "%%"}):
        yield "target %r" % (value,), json.dumps(edited(plan, 0, target=value))
    for path in ("../kernel/x", "/net/core/somaxconn", "net/../kernel/x", "net//core", "", "net/core/*", 1, None):
        yield "path %r" % (path,), json.dumps(edited(plan, 0, path=path))
    yield "unknown status", json.dumps(edited(plan, 0, status="maybe"))
    yield "no origin", json.dumps(edited(plan, 0, origin=None))


def test_damaged_files(host):
    plan = saved(host)
    before = snapshot()
    count = 0
    for what, text in damaged(plan):
        write_plan(text)
        result = host.run("apply", "-y", PLAN)
        check(result.code == 2 and "error:" in result.err and len(result.err) < 4000,
              "%s: exit %d\n%s" % (what, result.code, result.err))
        count += 1
    identical(before, "after %d damaged plans" % count)
    equal(harness.record_ids(), [], "records")
    document = host.run("--json", "apply", "-y", PLAN).expect(2).json()
    equal(document["error"]["id"], "invalid-plan", "error in JSON")


def test_files_that_are_not_used(host):
    plan = json.dumps(saved(host))
    before = snapshot()

    def refused(what, *words):
        contains(host.run("apply", "-y", PLAN).expect(2).err, *words)
        identical(before, what)
        os.unlink(PLAN)

    os.chmod(PLAN, 0o666)
    refused("a file that everybody can write", "everybody can write this plan")
    os.mkfifo(PLAN)
    refused("a FIFO", "no regular file")
    os.symlink("/run/test/nowhere.json", PLAN)
    refused("a link to nothing", "No such file")
    os.symlink("/dev/zero", PLAN)
    refused("a link to a device", "no regular file")
    write_plan(plan)
    os.truncate(PLAN, 1 << 40)
    refused("a huge file", "cannot be read")
    write_plan(plan[:-1] + " " * (1 << 20) + "x")
    refused("not JSON, far behind", "it is not JSON")
    os.mkdir(PLAN)
    contains(host.run("apply", "-y", PLAN).expect(2).err, "no regular file")
    os.rmdir(PLAN)
    contains(host.run("apply", "-y", PLAN).expect(2).err, "No such file")
    # A link to a sound plan is one.
    with open("/run/test/real", "w") as file:
        file.write(plan)
    os.symlink("/run/test/real", PLAN)
    host.run("apply", "-y", PLAN).expect(0)


if __name__ == "__main__":
    harness.main(globals())
