# SPDX-License-Identifier: MIT
"""In the guest of test_ranges.py: the catalogue's ranges, types and scopes against a kernel of our own, where nothing
belongs to somebody else. See ../netns/ranges.py."""

import re

import guest
import harness
import ranges
from catalog import Catalog
from harness import check, equal

TOPS = ("fs", "kernel", "net", "user", "vm")
MODULES = ("ipv6", "nf_conntrack", "nf_defrag_ipv6", "br_netfilter")


# A later change that the stable kernels have too.
OTHER_DEFAULTS = {"net/ipv6/route/max_size"}


def expected_defaults(catalog, name, release):
    """The default of the row and of the older kernels that it names: {"": value}, or by "all" and the others. Empty
    where it is no number."""
    row = catalog.rows[name]
    text = (row if "default" in row else catalog.rows[row.get("like", name)]).get("default", "")
    pair = re.match(r"(-?\d+) for interfaces, (-?\d+) for conf/all", text)
    if pair:
        return {"": pair[1], "all": pair[2]}
    number = re.match(r"(-?\d+(?: -?\d+)*)(?: \((?:(-?[\d ]+) before (\d+\.\d+))?|;|$)", text)
    if not number:
        return {}
    is_older = number[3] and ranges.version(release) < ranges.version(number[3])
    return {"": number[2] if is_older else number[1]}


def test_defaults_are_those_that_are_told(host):
    """Of a kernel where nothing has been set yet."""
    catalog, compared, wrong = Catalog(), 0, []
    for module in MODULES:
        guest.load_module(module)
    place = ranges.Place(catalog, TOPS, is_initial=True)
    for name in place.rows():
        for path in place.of(name):
            expected = expected_defaults(catalog, name, place.release)
            value = ranges.read(path)
            if not expected or isinstance(value, int) or path in OTHER_DEFAULTS or "/lo/" in path:
                continue
            compared += 1
            told = expected.get("all" if "/all/" in path else "", expected[""])
            if value.split() != told.split():
                wrong.append("%s is %r, told is %r" % (path, value, told))
    check(not wrong, "\n".join(wrong))
    check(compared > 200, "only %d were compared" % compared)


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
