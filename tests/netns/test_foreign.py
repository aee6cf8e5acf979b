# SPDX-License-Identifier: MIT
"""What somebody else changed after an apply is reported and left alone, unless forced."""

import harness
from harness import check, contains, equal, identical, read_key, snapshot, write_key

TEN = {
    "net.core.somaxconn": "5000",
    "net.ipv4.ip_default_ttl": "63",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_keepalive_intvl": "31",
    "net.ipv4.tcp_keepalive_probes": "8",
    "net.ipv4.tcp_keepalive_time": "601",
    "net.ipv4.tcp_retries1": "4",
    "net.ipv4.tcp_rmem": "4096 131073 6291457",
    "net.ipv4.tcp_syn_retries": "4",
    "net.ipv4.tcp_wmem": "4096 16385 4194305",
}
THREE = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_wmem": "4096 16385 4194305",
}


def applied_with_a_foreign_change(host):
    """Returns the snapshot before, the original of the key that was changed, and the profile."""
    before = snapshot()
    original = read_key("net.ipv4.tcp_fin_timeout")
    profile = host.profile(THREE)
    host.run("apply", "-y", profile).expect(0)
    write_key("net.ipv4.tcp_fin_timeout", "17")
    return before, original, profile


def test_foreign_change_is_left_alone_text(host):
    before, original, _ = applied_with_a_foreign_change(host)
    contains(host.run("status").expect(1).out,
             "drifted: net.ipv4.tcp_fin_timeout: original %s, ours 31, now 17" % original)
    preview = host.run("restore", "-n").expect(0)
    contains(preview.err, "2 parameters would be restored, 1 left alone")
    equal(read_key("net.core.somaxconn"), "5000", "somaxconn after the preview")

    result = host.run("restore").expect(4)
    contains(result.err, "net.ipv4.tcp_fin_timeout was changed by somebody else",
             "original %s, ours 31, now 17" % original)
    equal(read_key("net.ipv4.tcp_fin_timeout"), "17", "the foreign value")
    equal(harness.moved_since(before), {"net/ipv4/tcp_fin_timeout"}, "what is not back")
    host.run("status").expect(1)

    host.run("restore", "--force").expect(0)
    identical(before, "after --force")
    host.run("status").expect(0)


def test_foreign_change_is_left_alone_json(host):
    before, original, _ = applied_with_a_foreign_change(host)
    document = host.run("--json", "restore").expect(4).json()
    equal(document["outcome"], "rollback_incomplete", "outcome")
    rows = {row["key"]: row for row in document["parameters"]}
    equal({key: rows[key]["status"] for key in THREE},
          {"net.core.somaxconn": "restored", "net.ipv4.tcp_fin_timeout": "conflict",
           "net.ipv4.tcp_wmem": "restored"}, "statuses")
    conflict = rows["net.ipv4.tcp_fin_timeout"]
    equal([conflict["original"], conflict["ours"], conflict["now"]], [original, "31", "17"], "values")
    document = host.run("--json", "restore", "--force").expect(0).json()
    equal(document["outcome"], "rolled_back", "outcome of --force")
    identical(before, "after --force")


def test_foreign_change_back_to_the_original(host):
    """Somebody restored it already: nothing to complain about."""
    before, original, _ = applied_with_a_foreign_change(host)
    write_key("net.ipv4.tcp_fin_timeout", original)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_restore_of_one_key_only(host):
    before, original, _ = applied_with_a_foreign_change(host)
    host.run("restore", "--only", "net.core.*").expect(0)
    equal(harness.moved_since(before), {"net/ipv4/tcp_fin_timeout", "net/ipv4/tcp_wmem"}, "what still stands")
    write_key("net.ipv4.tcp_fin_timeout", "31")
    host.run("restore").expect(0)
    identical(before, "after the rest")


def third_of_ten_is_changed(host):
    """Returns the snapshot before, the originals, and the key that somebody else has changed."""
    before = snapshot()
    originals = {key: read_key(key) for key in TEN}
    check(all(originals[key] != value for key, value in TEN.items()), "a key holds its target: %r" % originals)
    host.run("apply", "-y", host.profile(TEN)).expect(0)
    third = list(TEN)[2]
    write_key(third, "17")
    return before, originals, third


def nine_are_back(before, originals, third):
    equal({key: read_key(key) for key in TEN}, {**originals, third: "17"}, "values")
    equal(harness.moved_since(before), {third.replace(".", "/")}, "what is not back")


def test_third_of_ten_in_words(host):
    before, originals, third = third_of_ten_is_changed(host)
    result = host.run("restore").expect(4)
    nine_are_back(before, originals, third)
    contains(result.err, "%s was changed by somebody else and left alone: original %s, ours 31, now 17"
             % (third, originals[third]), "--force")
    rows = {line.split()[0]: line.split() for line in result.out.splitlines()[1:]}
    equal(sorted(rows), sorted(TEN), "rows of the table")
    equal(rows[third], [third, originals[third], "31", "17", "conflict"], "the row of the third")
    equal({row[-1] for key, row in rows.items() if key != third}, {"restored"}, "the other rows")
    # As often as it is tried, until somebody decides.
    host.run("restore").expect(4)
    nine_are_back(before, originals, third)
    host.run("restore", "--force").expect(0)
    identical(before, "after --force")
    host.run("status").expect(0)


def test_third_of_ten_in_json(host):
    before, originals, third = third_of_ten_is_changed(host)
    document = host.run("--json", "restore").expect(4).json()
    nine_are_back(before, originals, third)
    equal([document["outcome"], document["error"]["exit_code"]], ["rollback_incomplete", 4], "outcome")
    rows = {row["key"]: row for row in document["parameters"]}
    equal({key: rows[key]["status"] for key in TEN}, {**dict.fromkeys(TEN, "restored"), third: "conflict"},
          "statuses")
    equal([rows[third]["original"], rows[third]["ours"], rows[third]["now"]], [originals[third], "31", "17"],
          "the three values")
    document = host.run("--json", "restore", "--force").expect(0).json()
    equal(document["outcome"], "rolled_back", "outcome of --force")
    identical(before, "after --force")


def test_third_of_ten_while_the_tenth_fails(host):
    """The same, undone by the apply itself: what somebody else wrote after our step is left alone, and named."""
    before = snapshot()
    originals = {key: read_key(key) for key in TEN}
    third, refused = list(TEN)[2], "net.ipv4.tcp_congestion_control"
    options = ["-e", "trace=write", "-e", "inject=write:signal=SIGSTOP:when=1", "-P", harness.key_path(refused)]
    result = harness.act_while_stopped(host, options, lambda: write_key(third, "17"), "--json", "apply", "-y",
                                       host.profile({**TEN, refused: "nosuch_cc"})).expect(4)
    nine_are_back(before, originals, third)
    document = result.json()
    equal(document["outcome"], "rollback_incomplete", "outcome")
    rows = {row["key"]: row["status"] for row in document["parameters"]}
    equal(rows, {**dict.fromkeys(TEN, "rolled_back"), third: "rollback_conflict", refused: "rejected"}, "statuses")
    contains(host.run("restore").expect(4).err, "original %s, ours 31, now 17" % originals[third])
    host.run("restore", "--force").expect(0)
    identical(before, "after --force")


def test_third_of_ten_while_the_tenth_fails_in_words(host):
    third, refused = list(TEN)[2], "net.ipv4.tcp_congestion_control"
    original = read_key(third)
    options = ["-e", "trace=write", "-e", "inject=write:signal=SIGSTOP:when=1", "-P", harness.key_path(refused)]
    result = harness.act_while_stopped(host, options, lambda: write_key(third, "17"), "apply", "-y",
                                       host.profile({**TEN, refused: "nosuch_cc"})).expect(4)
    contains(result.err, "%s was changed by somebody else and left alone: original %s, ours 31, now 17"
             % (third, original), "kerntune restore ")


def test_two_stacked_changes_come_off_newest_first(host):
    before = snapshot()
    first = host.profile({"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"})
    second = host.profile({"net.core.somaxconn": "6000", "net.ipv4.tcp_keepalive_time": "601"})
    host.run("apply", "-y", first).expect(0)
    between = snapshot()
    host.run("apply", "-y", second).expect(0)
    host.run("status").expect(0)
    host.run("restore").expect(0)
    identical(between, "after the newer change is undone")
    host.run("verify", first).expect(0)
    host.run("restore").expect(0)
    identical(before, "after both are undone")
    equal(host.run("--json", "restore").expect(0).json()["outcome"], "nothing_to_do", "a third restore")


def test_older_of_two_changes_comes_out_from_under_the_newer_one(host):
    before = snapshot()
    first = host.run("--json", "apply", "-y", host.profile({"net.core.somaxconn": "5000"})).json()["id"]
    second = host.run("--json", "apply", "-y", host.profile({"net.core.somaxconn": "6000"})).json()["id"]
    result = host.run("restore", first).expect(0)
    contains(result.err, "net.core.somaxconn stays as the newer change %s has set it" % second)
    equal(read_key("net.core.somaxconn"), "6000", "the newer change's value")
    host.run("status").expect(0)
    host.run("restore", second).expect(0)
    identical(before, "after both")


if __name__ == "__main__":
    harness.main(globals())
