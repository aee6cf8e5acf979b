# SPDX-License-Identifier: MIT
"""In the guest of test_global_keys.py: parameters that exist once per kernel, on a kernel of our own.

Before.check() compares every parameter of fs, kernel, net and vm by its bytes."""

import os
import signal

import guest
from guest import Before
from harness import Skip, check, contains, equal, key_path, key_writes, read_key, write_key

# One half, the other, and two values for each.
PAIRS = (
    ("vm.dirty_ratio", ("23", "31"), "vm.dirty_bytes", ("300000000", "400000000")),
    ("vm.dirty_background_ratio", ("7", "9"), "vm.dirty_background_bytes", ("90000000", "80000000")),
    ("vm.overcommit_ratio", ("61", "62"), "vm.overcommit_kbytes", ("500000", "600000")),
)
SINGLE = {"fs.file-max": "123456", "fs.nr_open": "2000064", "kernel.pid_max": "77777"}


def require(*keys):
    for key in keys:
        if not os.path.exists(key_path(key)):
            raise Skip("this kernel has no %s" % key)


def there_and_back(host, values, *options):
    """Applies the values, which must all hold then, and restores."""
    before = Before()
    profile = host.profile(values)
    document = host.run("--json", "apply", "-y", *options, profile).expect(0).json()
    equal(document["outcome"], "applied", "outcome")
    for key, value in values.items():
        equal(read_key(key), value, key)
    host.run("verify", profile).expect(0)
    host.run("status").expect(0)
    equal(host.run("--json", "restore").expect(0).json()["outcome"], "rolled_back", "outcome of the restore")
    before.check("after the restore")
    host.run("status").expect(0)


# ---- siblings ----

def halves(pair):
    """Either half that may be set at first, with its value, and either that may then be asked for."""
    ratio, (ratio_first, ratio_asked), size, (size_first, size_asked) = pair
    return [(first, asked) for first in ((ratio, ratio_first), (size, size_first))
            for asked in ((ratio, ratio_asked), (size, size_asked))]


def there_and_back_with_sibling(host, first, asked, other):
    write_key(*first)
    there_and_back(host, dict([asked]))
    equal(read_key(first[0]), first[1], "the half that was set")
    if first[0] == asked[0]:
        equal(read_key(other), "0", "the half that was not set")


def test_each_half_with_each_half_set(host):
    for pair in PAIRS:
        for first, asked in halves(pair):
            there_and_back_with_sibling(host, first, asked, pair[2] if asked[0] == pair[0] else pair[0])


def test_the_half_that_is_zeroed_is_told(host):
    for ratio, (first, _), size, (asked, _) in PAIRS:
        write_key(ratio, first)
        document = host.run("--json", "apply", "-y", host.profile({size: asked})).expect(0).json()
        equal([(row["key"], row["before"], row["after"]) for row in document["side_effects"]], [(ratio, first, "0")],
              "side effects")
        host.run("restore").expect(0)


def test_pairs_crosswise_in_one_change(host):
    for index in range(2):
        for pair in PAIRS:
            write_key(*((pair[0], pair[1][0]), (pair[2], pair[3][0]))[index])
        there_and_back(host, dict(((pair[2], pair[3][1]), (pair[0], pair[1][1]))[index] for pair in PAIRS))


def test_both_halves_in_one_profile_are_refused(host):
    for ratio, values, size, sizes in PAIRS:
        before = Before()
        result = host.run("--json", "apply", "-y", host.profile({ratio: values[1], size: sizes[1]})).expect(2)
        equal([message["id"] for message in result.json()["messages"]], ["exclusive-keys"], "messages")
        before.check("after the refusal")


def test_changes_upon_each_other_restored_from_below(host):
    """Ratio, then bytes, then ratio again; the one in the middle is taken out first."""
    for ratio, values, size, sizes in PAIRS:
        write_key(ratio, "50")
        before = Before()
        ids = [host.run("--json", "apply", "-y", host.profile(dict([asked]))).expect(0).json()["id"]
               for asked in ((ratio, values[0]), (size, sizes[0]), (ratio, values[1]))]
        host.run("restore", ids[1]).expect(0)
        equal((read_key(ratio), read_key(size)), (values[1], "0"), "with the middle one taken out")
        host.run("restore", ids[0]).expect(0)
        equal((read_key(ratio), read_key(size)), (values[1], "0"), "with the topmost left")
        host.run("restore", ids[2]).expect(0)
        before.check("after all three")


# ---- the others ----

def test_single_global_keys(host):
    for key, value in SINGLE.items():
        there_and_back(host, {key: value})
    there_and_back(host, SINGLE)


def test_everything_audited(host):
    """What the audit sees beyond the catalogue is put back too, and does not come from our own steps."""
    write_key("vm.dirty_ratio", "23")
    write_key("vm.overcommit_kbytes", "500000")
    there_and_back(host, {**SINGLE, "vm.dirty_bytes": "300000000", "vm.overcommit_ratio": "44"}, "--audit")


def test_killed_at_each_write(host):
    write_key("vm.dirty_ratio", "23")
    write_key("vm.dirty_background_bytes", "90000000")
    write_key("vm.overcommit_ratio", "61")
    before = Before()
    profile = host.profile({**SINGLE, "vm.dirty_bytes": "300000000", "vm.dirty_background_ratio": "8",
                            "vm.overcommit_kbytes": "600000"})
    numbers = key_writes(host.writes("apply", "-y", profile))
    equal(len(numbers), 6, "writes to parameters")
    host.run("restore").expect(0)
    before.check("before the first kill")
    # On entering the write: it has not happened. On entering the one after it: it has, and that is not yet known.
    for number in sorted({point for number in numbers for point in (number, number + 1)}):
        result = host.interrupted("SIGKILL", number, "apply", "-y", profile)
        equal(result.code, -signal.SIGKILL, "exit code of an apply killed at write %d" % number)
        host.run("status").expect(1)
        host.run("apply", "-y", profile).expect(6)
        host.run("restore").expect(0)
        before.check("killed at write %d, then restored" % number)
    host.run("apply", "-y", profile).expect(0)
    for number in key_writes(host.writes("restore", "-y")):
        host.run("apply", "-y", profile).expect(0)
        equal(host.interrupted("SIGKILL", number, "restore").code, -signal.SIGKILL, "exit code of the restore")
        host.run("restore").expect(0)
        before.check("a restore killed at write %d, then finished" % number)


# ---- order ----

def written(host, *arguments):
    """The parameters in the order in which a run writes them."""
    return [path[len("/proc/sys/"):].replace("/", ".") for path in host.writes(*arguments)
            if path.startswith("/proc/sys/")]


def check_order(host, start, target, order):
    """Written one after the other in this order, and put back in the reverse one."""
    for key, value in start.items():
        write_key(key, value)
    before = Before()
    profile = host.profile(target)
    equal(written(host, "apply", "-y", profile), order, "order of an apply")
    host.run("verify", profile).expect(0)
    equal(written(host, "restore"), order[::-1], "order of the restore")
    before.check("after the restore")


def test_neighbour_thresholds(host):
    keys = ["net.ipv4.neigh.default.gc_thresh%d" % number for number in (1, 2, 3)]
    small, large = dict(zip(keys, ("128", "512", "1024"))), dict(zip(keys, ("2048", "4096", "8192")))
    check_order(host, small, large, keys[::-1])
    check_order(host, large, small, keys)
    for key, value in small.items():
        write_key(key, value)


def test_real_time_share_and_its_period(host):
    """The kernel refuses a share that is longer than its period, whichever of the two is written; and where tasks can
    be grouped, a ratio of less than 95 per cent too."""
    share, period = "kernel.sched_rt_runtime_us", "kernel.sched_rt_period_us"
    require(share, period)
    even, longer = {period: "1000000", share: "1000000"}, {period: "1040000", share: "1030000"}
    shorter = {period: "1000000", share: "990000"}
    check_order(host, even, longer, [period, share])
    # In the profile the other way round.
    check_order(host, even, dict(reversed(longer.items())), [period, share])
    check_order(host, longer, shorter, [share, period])
    check_order(host, longer, dict(reversed(shorter.items())), [share, period])


def test_sampling_rate_and_what_locks_it(host):
    rate, percent = "kernel.perf_event_max_sample_rate", "kernel.perf_cpu_time_max_percent"
    require(rate, percent)
    write_key(percent, "25")
    there_and_back(host, {percent: "100", rate: "50000"})
    write_key(percent, "0")
    there_and_back(host, {rate: "50000", percent: "25"})


# ---- modules ----

def test_connection_tracking(host):
    if not guest.load_module("nf_conntrack"):
        raise Skip("nf_conntrack cannot be loaded")
    there_and_back(host, {"net.netfilter.nf_conntrack_max": "54321"})
    there_and_back(host, {"net.nf_conntrack_max": "54322"})
    there_and_back(host, {"net.netfilter.nf_conntrack_buckets": "16384", "net.netfilter.nf_conntrack_max": "65536"})


def test_congestion_control_from_a_module(host):
    if not guest.load_module("tcp_bbr"):
        raise Skip("tcp_bbr cannot be loaded")
    there_and_back(host, {"net.ipv4.tcp_congestion_control": "bbr"})


def test_ipv6_forwarding(host):
    if not guest.load_module("ipv6"):
        raise Skip("ipv6 cannot be loaded")
    there_and_back(host, {"net.ipv6.conf.all.forwarding": "1"})
    write_key("net.ipv6.conf.lo.forwarding", "1")
    there_and_back(host, {"net.ipv6.conf.all.forwarding": "1", "net.ipv6.neigh.default.gc_thresh3": "2000"})
    # The kernel's answer to the write is 1, however long the value.
    write_key("net.ipv6.conf.lo.forwarding", "10")
    there_and_back(host, {"net.ipv6.conf.all.forwarding": "1"})


# ---- one-way keys; last, for nothing brings them back ----

def test_values_that_can_be_left_again(host):
    for key, value in (("kernel.yama.ptrace_scope", "2"), ("kernel.unprivileged_bpf_disabled", "2")):
        if os.path.exists(key_path(key)):
            there_and_back(host, {key: value})


ONE_WAY = (("kernel.unprivileged_bpf_disabled", "1"), ("kernel.kexec_load_disabled", "1"),
           ("kernel.yama.ptrace_scope", "3"), ("kernel.modules_disabled", "1"))


def one_way(host, key, value):
    before = Before()
    profile = host.profile({"vm.swappiness": "33", key: value})
    for options in ((), ("--confirm", "1m"), ("--irreversible", "--confirm", "1m")):
        contains(host.run("apply", "-y", *options, profile).expect(5).err, key, "nothing was changed")
        before.check("refused with %s" % (options,))
        equal(host.run("--json", "history").expect(0).json()["changes"], [], "changes")
    host.run("apply", "-y", "--irreversible", profile).expect(0)
    equal(read_key(key), value, key)
    contains(host.run("restore").expect(4).err, key)
    equal((read_key(key), read_key("vm.swappiness")), (value, before.values["vm/swappiness"].decode().strip()),
          "after a restore")
    check(host.run("status").code == 1, "status is content though a key could not be put back")


def test_keys_without_a_way_back(host):
    there = [pair for pair in ONE_WAY if os.path.exists(key_path(pair[0])) and read_key(pair[0]) != pair[1]]
    check(len(there) >= 2, "only %r" % there)
    for key, value in there:
        one_way(host, key, value)
        guest.forget_all()


def run(job):
    guest.run_tests(globals(), job)
