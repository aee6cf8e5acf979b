# SPDX-License-Identifier: MIT
"""What the kernel changes along with a key is recorded and restored too."""

import harness
from harness import check, contains, equal, identical, read_key, snapshot, write_key

IP_FORWARD = {"net.ipv4.ip_forward": "1"}


def interfaces_with_values_of_their_own(names):
    """Values that switching ip_forward on and off again would not bring back."""
    write_key("net.ipv4.conf.all.accept_redirects", "0")
    write_key("net.ipv4.conf.default.forwarding", "1")
    for name in names:
        for key, value in (("forwarding", "1"), ("accept_redirects", "0"), ("rp_filter", "2")):
            write_key("net.ipv4.conf.%s.%s" % (name, key), value)


def ip_forward_and_back(host, names):
    interfaces_with_values_of_their_own(names)
    before = snapshot()

    # By hand it is not put back: this is what the record is for.
    write_key("net.ipv4.ip_forward", "1")
    write_key("net.ipv4.ip_forward", "0")
    check(harness.moved_since(before), "the kernel has no side effects here: this test shows nothing")
    interfaces_with_values_of_their_own(names)
    identical(before, "after the values were written again")

    profile = host.profile(IP_FORWARD)
    document = host.run("--json", "apply", "-y", profile).expect(0).json()
    equal(read_key("net.ipv4.ip_forward"), "1", "ip_forward")
    moved = {row["path"]: (row["before"], row["after"]) for row in document["side_effects"]}
    equal({path: tuple(value.decode().strip() for value in (before[path], harness.read_raw("/proc/sys/" + path)))
           for path in harness.moved_since(before) - {"net/ipv4/ip_forward"}}, moved, "side effects")
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_ip_forward_with_the_loopback(host):
    ip_forward_and_back(host, ["lo"])


def test_ip_forward_with_a_pair_of_interfaces(host):
    if not harness.add_veth("kt0", "kt1"):
        raise harness.Skip("no veth interfaces here")
    ip_forward_and_back(host, ["lo", "kt0"])


def test_ip_forward_switched_off(host):
    write_key("net.ipv4.ip_forward", "1")
    write_key("net.ipv4.conf.lo.forwarding", "0")
    write_key("net.ipv4.conf.all.accept_redirects", "1")
    before = snapshot()
    host.run("apply", "-y", host.profile({"net.ipv4.ip_forward": "0"})).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_ip_forward_and_a_rejected_value(host):
    interfaces_with_values_of_their_own(["lo"])
    before = snapshot()
    profile = host.profile({**IP_FORWARD, "net.ipv4.tcp_congestion_control": "nosuch_cc"})
    host.run("apply", "-y", profile).expect(3)
    identical(before, "after the failed apply")


def test_explicit_interface_wins_over_the_side_effect(host):
    """forwarding of one interface is part of the plan, and comes after ip_forward wherever it stands."""
    write_key("net.ipv4.conf.lo.forwarding", "1")
    before = snapshot()
    profile = host.profile({"net.ipv4.conf.lo.forwarding": "0", **IP_FORWARD})
    host.run("apply", "-y", profile).expect(0)
    equal([read_key("net.ipv4.ip_forward"), read_key("net.ipv4.conf.lo.forwarding")], ["1", "0"], "values")
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_side_effect_that_the_plan_did_not_expect(host):
    """lo holds its value when the plan is made, but ip_forward moves it: noticed, and undone."""
    before = snapshot()
    equal(read_key("net.ipv4.conf.lo.forwarding"), "0", "forwarding of lo")
    profile = host.profile({**IP_FORWARD, "net.ipv4.conf.lo.forwarding": "0"})
    result = host.run("apply", "-y", profile)
    if result.code == 0:
        host.run("verify", profile).expect(0)
        host.run("restore").expect(0)
    else:
        result.expect(3)
        contains(result.err, "net.ipv4.conf.lo.forwarding")
    identical(before, "in the end")


def test_ipv6_forwarding(host):
    before = snapshot()
    if "net/ipv6/conf/all/forwarding" not in before:
        raise harness.Skip("no IPv6 here")
    write_key("net.ipv6.conf.lo.forwarding", "1")
    before = snapshot()
    host.run("apply", "-y", host.profile({"net.ipv6.conf.all.forwarding": "1"})).expect(0)
    check("net/ipv6/conf/default/forwarding" in harness.moved_since(before), "no side effects")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_default_and_interfaces_without_an_address(host):
    """conf.default.X is copied to interfaces that have no address and were never written."""
    if not harness.add_veth("kt0", "kt1"):
        raise harness.Skip("no veth interfaces here")
    before = snapshot()
    host.run("apply", "-y", host.profile({"net.ipv4.conf.default.rp_filter": "2",
                                          "net.ipv4.conf.default.log_martians": "1"})).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


if __name__ == "__main__":
    harness.main(globals())
