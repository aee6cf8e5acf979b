# SPDX-License-Identifier: MIT
"""Every shipped profile, applied and restored, leaves every file below /proc/sys/net byte-identical."""

import harness
from harness import check, equal, identical, moved_since, snapshot

NET_ONLY = ("--only", "net.*")


def apply_and_restore(host, name):
    before = snapshot()
    host.run("diff", name, *NET_ONLY).expect(0)
    identical(before, "after diff")
    would_change = host.run("--json", "diff", name, *NET_ONLY).expect(0).json()["summary"]["change"]
    check(would_change > 0, "the profile changes nothing in a fresh namespace: this test shows nothing")
    host.run("verify", name, *NET_ONLY).expect(1)

    applied = host.run("--json", "apply", "-y", name, *NET_ONLY).expect(0).json()
    equal(applied["outcome"], "applied", "outcome")
    done = [row for row in applied["parameters"] if row["status"] in ("applied", "adjusted")]
    equal(len(done), would_change, "parameters applied")
    check(moved_since(before), "nothing was changed")
    host.run("verify", name, *NET_ONLY).expect(0)
    host.run("status").expect(0)

    host.run("restore").expect(0)
    identical(before, "after restore")
    host.run("verify", name, *NET_ONLY).expect(1)


def all_at_once(host):
    """Profiles that agree can be applied together; those that do not are refused before anything happens."""
    before = snapshot()
    result = host.run("apply", "-y", *host.shipped_profiles(), *NET_ONLY)
    check(result.code in (0, 2), "exit %d: %s" % (result.code, result.err))
    if result.code == 0:
        host.run("restore").expect(0)
    identical(before, "after all profiles")


def test_container_has_nothing_but_what_a_namespace_has_for_itself(host):
    diff = host.run("--json", "diff", "container").expect(0).json()
    keys = [row["key"] for row in diff["parameters"]]
    equal({row["status"] for row in diff["parameters"]} - {"same", "change"}, set(), "what cannot be written here")
    scopes = {row["key"]: row["scope"] for row in host.run("--json", "explain", *keys).expect(0).json()["parameters"]}
    equal(sorted(scopes), sorted(keys), "keys")
    equal(set(scopes.values()), {"netns"}, "scopes")


def test_all_profiles_at_once(host):
    all_at_once(host)


def test_cubic_is_left_to_the_host(host):
    """In another network namespace the kernel refuses what tcp_allowed_congestion_control does not name."""
    left_out = host.run("--json", "diff", "cubic").expect(0).json()["left_out"]
    equal([row["key"] for row in left_out], ["net.ipv4.tcp_congestion_control"], "left out")
    host.run("apply", "-y", "cubic").expect(0)


PARAMETRIZED = {"apply and restore": (apply_and_restore,
                                      lambda host: [name for name in host.shipped_profiles() if name != "cubic"])}

if __name__ == "__main__":
    harness.main(globals())
