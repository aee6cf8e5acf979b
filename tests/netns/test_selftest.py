# SPDX-License-Identifier: MIT
"""selftest: the proof that operators can run themselves. It must not touch the namespace that it is started in."""

import os
import shutil

import harness
from harness import check, contains, equal, identical, snapshot, write_key

TWO = {"net.core.somaxconn": "5000", "net.ipv4.tcp_fin_timeout": "31"}
RUNS = 1 + 2 * len(TWO)    # to the end; and each step refused, and done but reported as failed


class Untouched:
    """Nothing moves, no record is made, and no file is left."""

    def __init__(self, host):
        self.kept = {os.path.dirname(host.program), host.profiles}

    def __enter__(self):
        # Others use the one of the host.
        harness.hide("/tmp", self.kept)
        # Values of our own: the defaults of a fresh namespace would hide a write.
        write_key("net.core.somaxconn", "4001")
        write_key("net.ipv4.tcp_fin_timeout", "59")
        self.before, self.files = snapshot(), self.listing()

    def __exit__(self, kind, *_):
        if kind is None:
            identical(self.before, "after the self-test")
            equal([self.listing(), harness.record_ids()], [self.files, []], "files and records")

    @staticmethod
    def listing():
        return [sorted(os.listdir(folder)) for folder in ("/tmp", "/run", "/var/lib")]


def test_text(host):
    with Untouched(host):
        result = host.run("selftest", host.profile(TWO)).expect(0)
    contains(result.out, "test-1: 2 parameters, %d runs, byte-identical after each" % RUNS)
    contains(result.err, "Everything came back", os.uname().release)


def test_json(host):
    with Untouched(host):
        document = host.run("--json", "selftest", host.profile(TWO)).expect(0).json()
    equal(document["schema"], "kerntune.selftest/1", "schema")
    equal(document["identical"], True, "identical")
    check(document["host"]["netns"] != str(os.stat("/proc/self/ns/net").st_ino), "it ran in this namespace")
    profile, = document["profiles"]
    equal({name: profile[name] for name in ("profile", "parameters", "runs", "failures", "problem",
                                            "unknown_side_effects")},
          {"profile": "test-1", "parameters": 2, "runs": RUNS, "failures": 0, "problem": None,
           "unknown_side_effects": []}, "result")


def test_several_profiles_each_by_itself(host):
    """Two that disagree about a key are no mistake here; side effects are known."""
    first, second = host.profile(TWO), host.profile({"net.core.somaxconn": "6000", "net.ipv4.ip_forward": "1"})
    with Untouched(host):
        document = host.run("--json", "selftest", first, second).expect(0).json()
    equal([(row["profile"], row["runs"], row["unknown_side_effects"]) for row in document["profiles"]],
          [("test-1", RUNS, []), ("test-2", RUNS, [])], "profiles")


def test_keys_outside_of_net_are_left_out(host):
    """A network namespace does not hold them: they would be the host's."""
    with Untouched(host):
        document = host.run("--json", "selftest", host.profile({**TWO, "vm.swappiness": "10"})).expect(0).json()
    equal(document["profiles"][0]["parameters"], 2, "parameters")


def test_value_that_this_kernel_rejects(host):
    """An apply that cannot succeed is a finding; everything is back all the same."""
    with Untouched(host):
        profile = host.profile({**TWO, "net.ipv4.tcp_congestion_control": "nosuch_cc"})
        document = host.run("--json", "selftest", profile).expect(1).json()
        text = host.run("selftest", profile).expect(1)
    equal(document["identical"], False, "identical")
    contains(document["profiles"][0]["problem"], "nosuch_cc")
    contains(text.err, "Everything came back, but not every apply")


def test_nothing_to_test(host):
    """Nothing was proved, which is no yes."""
    with Untouched(host):
        host.run("selftest", host.profile({"vm.swappiness": "10"})).expect(1)


def test_wrong_arguments(host):
    profile = host.profile(TWO)
    with Untouched(host):
        host.run("selftest", "no-such-profile").expect(2)
        host.run("--root", "/", "selftest", profile).expect(2)
        host.run("--netns", "pid:1", "selftest", profile).expect(2)


def test_stopped_by_a_signal(host):
    with Untouched(host):
        log = os.path.join(host.work, "trace")
        prefix = host.strace(log, "trace=fsync", "inject=fsync:signal=SIGTERM:when=3")
        result = host.run("selftest", host.profile(TWO), prefix=prefix)
        equal(result.code, 143, "exit code")
        contains(result.err, "stopped by a signal")
        os.unlink(log)


def test_without_the_right_to_make_a_namespace(host):
    """Users may have the right by a user namespace of their own. Here even that is out of reach: the limit is one
    of a user namespace, not the host's."""
    if not shutil.which("unshare"):
        raise harness.Skip("unshare is missing")
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-c",
              "echo 0 >/proc/sys/user/max_net_namespaces || exit 98; exec \"$@\"", "sh"]
    if host.run("--version", prefix=prefix).code != 0:
        raise harness.Skip("no user namespace, or no limit in it")
    with Untouched(host):
        result = host.run("selftest", host.profile(TWO), prefix=prefix).expect(2)
    contains(result.err, "a network namespace of its own is not permitted here", "sudo")


def test_as_another_user(host):
    """By a user namespace, where the kernel lets everybody have one; else a clear error. Never half."""
    prefix = host.unprivileged()
    with Untouched(host):
        result = host.run("selftest", host.profile(TWO), prefix=prefix)
    check(result.code in (0, 2), "exit %d\n%s" % (result.code, result.err))
    contains(result.out + result.err, "byte-identical after each" if result.code == 0 else "not permitted here")


if __name__ == "__main__":
    harness.main(globals())
