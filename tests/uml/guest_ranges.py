# SPDX-License-Identifier: MIT
"""In the guest of test_ranges.py: the catalogue's ranges, types and scopes against a kernel of our own, where nothing
belongs to somebody else. See ../netns/ranges.py."""

import guest
import harness
import ranges
from catalog import Catalog
from harness import check, equal

TOPS = ("fs", "kernel", "net", "user", "vm")
MODULES = ("ipv6", "nf_conntrack", "nf_defrag_ipv6", "br_netfilter")


def test_every_row_is_confirmed_or_says_why_not(host):
    for module in MODULES:
        guest.load_module(module)
    place = ranges.Place(Catalog(), TOPS, is_initial=True)
    before = guest.snapshot(*TOPS)
    findings = ranges.examine_all(place)
    moved = guest.differences(before, guest.snapshot(*TOPS))
    # Last, for no later test would find the kernel as it was.
    ranges.examine_latches(place, findings)
    for line in findings.lines():
        guest.say("# " + line)
    check(not moved, "after all ranges: not byte-identical:\n%s" % "\n".join(moved))
    check(not findings.mismatches, "the catalogue and the kernel differ:\n" + findings.complaints())
    equal(ranges.everything_judged(place, findings), [], "rows without a judgement, or with two")
    check(len(findings.confirmed) > 150, "only %d rows were confirmed" % len(findings.confirmed))


def run(job):
    guest.run_tests(globals(), job)
