# SPDX-License-Identifier: MIT
"""The catalogue's ranges, types and scopes below net against this kernel, row by row: see ranges.py."""

import os
import subprocess

import harness
import ranges
from catalog import Catalog
from harness import Skip, add_veth, check, equal


def a_place():
    """With interfaces that have an address and one that has none, where they can be made; else with lo alone."""
    if add_veth("v0", "v1"):
        for words in ("addr add 192.0.2.1/24 dev v0", "addr add 2001:db8::1/64 dev v0", "link set lo up",
                      "link set v0 up"):
            subprocess.run(["ip", *words.split()], check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
    return ranges.Place(Catalog(), ("net",))


def test_every_row_is_confirmed_or_says_why_not(host):
    place = a_place()
    before = harness.snapshot()
    findings = ranges.examine_all(place)
    harness.identical(before, "after all ranges")
    ranges.examine_latches(place, findings)
    print("\n".join(findings.lines()))
    check(not findings.mismatches, "the catalogue and the kernel differ:\n" + findings.complaints())
    equal(ranges.everything_judged(place, findings), [], "rows without a judgement, or with two")
    if place.is_tried:
        check(len(findings.confirmed) > 100, "only %d rows were confirmed" % len(findings.confirmed))


# ---- the test of the test ----

def falsified(row, column, value):
    """What is found about one row, with the catalogue changed in one place. None where nothing can be said about an
    absent file."""
    catalog = Catalog()
    if value is None:
        del catalog.rows[row][column]
    else:
        catalog.rows[row][column] = value
    findings = ranges.Findings()
    place = ranges.Place(catalog, ("net",))
    if place.in_user_namespace and not place.of(row):
        return None
    ranges.examine(place, findings, row)
    if not place.is_tried:
        raise Skip("on kernels that nobody has tried a difference is no mistake")
    return findings


# The row, the column, what it is made to say, and the column that must be complained about.
FALSE = (
    ("net/ipv4/tcp_syn_retries", "max", "200", "max"),
    ("net/ipv4/tcp_syn_retries", "max", "100", "max"),
    ("net/ipv4/tcp_syn_retries", "min", "0", "min"),
    ("net/ipv4/tcp_tw_reuse", "min", "-1", "min"),
    ("net/core/somaxconn", "max", "65535", "max"),
    ("net/core/somaxconn", "scope", "host", "scope"),
    ("net/core/somaxconn", "scope", "global", "scope"),
    ("net/core/rmem_max", "scope", "netns", "scope"),
    ("net/core/rmem_max", "scope", "global", "scope"),
    ("net/core/netdev_budget", "scope", "netns", "since"),
    ("net/ipv4/tcp_fin_timeout", "since", "99.1", "since"),
    ("net/ipv4/tcp_fin_timeout", "until", "4.11", "until"),
    ("net/ipv4/tcp_tw_recycle", "until", None, "since"),
    ("net/ipv4/tcp_rmem", "fields", "2", "max"),
    ("net/ipv4/ip_local_port_range", "ordered", None, "ordered"),
    ("net/ipv4/ip_local_port_range", "max", "60000", "max"),
    ("net/ipv6/route/gc_min_interval_ms", "rounding", None, "rounding"),
    ("net/ipv4/ip_forward", "alias", "net/ipv4/ip_nonlocal_bind", "alias"),
    ("net/ipv4/ip_local_reserved_ports", "type", "cpumask", "type"),
)


def test_a_false_catalogue_is_found_out(host):
    a_place()
    before = harness.snapshot()
    for row, column, value, blamed in FALSE:
        findings = falsified(row, column, value)
        if not findings:
            continue
        check(blamed in findings.columns(row), "%s with %s = %s: %r" % (row, column, value, findings.mismatches))
        check(row not in findings.confirmed, "%s with %s = %s is confirmed" % (row, column, value))
    harness.identical(before, "after all mistakes")


def test_a_cascade_kept_quiet_is_not_put_back(host):
    """Packets are computed from bytes: what moved along cannot come back by itself."""
    a_place()
    before = harness.snapshot()
    falsified("net/ipv4/neigh/*/unres_qlen", "cascades", None)
    interfaces = set(os.listdir(harness.NET + "/ipv4/neigh")) - {"default"}
    equal(harness.moved_since(before), {"net/ipv4/neigh/%s/unres_qlen_bytes" % name for name in interfaces}, "moved")


def test_a_row_as_it_is_is_confirmed(host):
    place = a_place()
    for row in sorted({row for row, *_ in FALSE}):
        findings = ranges.Findings()
        ranges.examine(place, findings, row)
        equal(findings.mismatches, [], row)
        equal(len(findings.confirmed) + len(findings.unconfirmed), 1, row)


def test_statements_that_say_nothing_are_found_out(host):
    place, findings = a_place(), ranges.Findings()
    known = (("net/core/somaxconn", 1, None), ("net/core/no_such_key", 0, None), ("net/core/optmem_max", 0, None))
    statements, ranges.known.KERNEL = ranges.known.KERNEL, tuple(
        ranges.known.state(paths, low, high, "false") for paths, low, high in known)
    ranges.check_statements(place, findings)
    ranges.known.KERNEL = statements
    equal([name for name, *_ in findings.mismatches], ["net/core/somaxconn", "net/core/no_such_key"], "complaints")


def test_unknown_kernels_are_given_the_benefit_of_the_doubt(host):
    place = a_place()
    place.is_tried = False
    place.catalog.rows["net/ipv4/tcp_syn_retries"]["max"] = "200"
    findings = ranges.Findings()
    ranges.examine(place, findings, "net/ipv4/tcp_syn_retries")
    equal((findings.mismatches, list(findings.unconfirmed), findings.confirmed),
          ([], ["net/ipv4/tcp_syn_retries"], set()), "findings")


if __name__ == "__main__":
    harness.main(globals())
