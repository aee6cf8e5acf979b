# SPDX-License-Identifier: MIT
"""Keys that cannot be undone, or whose value returns but not what it took away: only with --irreversible, and
never together with --confirm."""

import os
import subprocess

import harness
from harness import check, contains, equal, identical, read_key, snapshot, write_key

HARMLESS = {"net.core.somaxconn": "5000"}
SECRET = "2001:0db8:0000:0000:0000:0000:0000:0001"
ONE_WAY = {
    "stable_secret": ({"net.ipv6.conf.default.stable_secret": SECRET}, "cannot be undone without a reboot"),
    "disable_ipv6": ({"net.ipv6.conf.lo.disable_ipv6": "1"}, "static IPv6 addresses and routes"),
    "disable_ipv6 of all": ({"net.ipv6.conf.all.disable_ipv6": "1"}, "static IPv6 addresses and routes"),
    "addr_gen_mode": ({"net.ipv6.conf.lo.addr_gen_mode": "3"}, "cannot be undone without a reboot"),
    "flush": ({"net.ipv4.route.flush": "1"}, "is an action and cannot be undone"),
}


def one_way(host, name):
    parameters, reason = ONE_WAY[name]
    key, value = next(iter(parameters.items()))
    if not os.path.exists(harness.key_path(key)):
        raise harness.Skip("%s does not exist here" % key)
    before = snapshot()
    profile = host.profile({**HARMLESS, **parameters})
    contains(host.run("apply", "-y", profile).expect(5).err, key, reason, "--irreversible")
    for arguments in (["--confirm", "1m"], ["--irreversible", "--confirm", "1m"]):
        contains(host.run("apply", "-y", *arguments, profile).expect(5).err, key, "cannot wait for a confirmation")
    equal(host.run("--json", "apply", "-y", profile).expect(5).json()["error"]["id"], "one-way", "error in JSON")
    identical(before, "after the refusals")
    equal([harness.record_ids(), harness.guardians()], [[], []], "records and guardians")
    # A plan can be made of it, and is refused in the same way.
    host.run("plan", profile, "-o", "/run/test/plan.json").expect(0)
    host.run("apply", "-y", "/run/test/plan.json").expect(5)

    document = host.run("--json", "apply", "-y", "--irreversible", profile).expect(0).json()
    equal(document["outcome"], "applied", "outcome")
    rows = {row["key"]: row["status"] for row in document["parameters"]}
    equal([rows[key], read_key("net.core.somaxconn")], ["applied", "5000"], "what was done")
    if os.access(harness.key_path(key), os.R_OK) and os.stat(harness.key_path(key)).st_mode & 0o444:
        equal(read_key(key), value, "value of " + key)


def test_harmless_value_of_a_one_way_key(host):
    """Only the values that take something away are refused."""
    key = "net.ipv6.conf.lo.disable_ipv6"
    if not os.path.exists(harness.key_path(key)):
        raise harness.Skip("no IPv6 here")
    write_key(key, "1")
    before = snapshot()
    host.run("apply", "-y", "--confirm", "1m", host.profile({key: "0"})).expect(7)
    equal(read_key(key), "0", "disable_ipv6")
    host.run("restore").expect(0)
    harness.guardians_end()
    identical(before, "after restore")


def test_value_that_holds_already(host):
    """Nothing is written, so nothing is lost."""
    key = "net.ipv6.conf.lo.disable_ipv6"
    if not os.path.exists(harness.key_path(key)):
        raise harness.Skip("no IPv6 here")
    write_key(key, "1")
    before = snapshot()
    host.run("apply", "-y", host.profile({**HARMLESS, key: "1"})).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def addresses(name):
    """The lines of /proc/net/if_inet6 of an interface."""
    with open("/proc/net/if_inet6") as file:
        return [line.split()[0] for line in file if line.split()[-1] == name]


def test_static_addresses_are_lost(host):
    """Why it is refused: the value is restored, and the address is not."""
    key = "net.ipv6.conf.kt0.disable_ipv6"
    if not harness.add_veth("kt0", "kt1") or not os.path.exists(harness.key_path(key)):
        raise harness.Skip("no veth interfaces with IPv6 here")
    for arguments in (["link", "set", "kt0", "up"], ["-6", "addr", "add", "2001:db8::1/64", "dev", "kt0", "nodad"]):
        subprocess.run(["ip", *arguments], check=True, env={**os.environ, "PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
    static = "20010db8000000000000000000000001"
    check(static in addresses("kt0"), "the address was not added")
    profile = host.profile({key: "1"})
    host.run("apply", "-y", profile).expect(5)
    check(static in addresses("kt0"), "a refused apply took the address")
    host.run("apply", "-y", "--irreversible", profile).expect(0)
    host.run("restore").expect(0)
    equal(read_key(key), "0", "disable_ipv6 after restore")
    check(static not in addresses("kt0"), "the kernel keeps static addresses here: the key need not be refused")


PARAMETRIZED = {"only with --irreversible:": (one_way, lambda host: list(ONE_WAY))}

if __name__ == "__main__":
    harness.main(globals())
