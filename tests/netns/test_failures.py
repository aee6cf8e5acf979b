# SPDX-License-Identifier: MIT
"""An apply that the kernel stops half-way puts everything back and says what happened."""

import errno
import os

import harness
from harness import contains, equal, identical, read_key, snapshot, write_key

FIVE = {
    "net.core.somaxconn": "5000",
    "net.ipv4.tcp_fin_timeout": "31",
    "net.ipv4.tcp_congestion_control": "nosuch_cc",
    "net.ipv4.tcp_keepalive_time": "601",
    "net.ipv4.tcp_rmem": "4096 131073 6291456",
}


def test_rejected_value_in_the_middle_text(host):
    before = snapshot()
    result = host.run("apply", "-y", host.profile(FIVE)).expect(3)
    identical(before, "after the failed apply")
    contains(result.err, "net.ipv4.tcp_congestion_control", "nosuch_cc", os.strerror(errno.ENOENT),
             "Everything was put back", "2 parameters undone", "2 never tried")
    contains(result.out, "rejected", "rolled_back", "not_tried")
    # Nothing stands, and nothing is left open.
    contains(host.run("status").expect(0).out, "No change")
    equal(host.run("--json", "restore").expect(0).json()["outcome"], "nothing_to_do", "restore")


def test_rejected_value_in_the_middle_json(host):
    before = snapshot()
    document = host.run("--json", "apply", "-y", host.profile(FIVE)).expect(3).json()
    identical(before, "after the failed apply")
    equal(document["outcome"], "rolled_back", "outcome")
    equal(document["error"]["exit_code"], 3, "exit code in the error")
    contains(document["error"]["text"], "net.ipv4.tcp_congestion_control", "nosuch_cc",
             os.strerror(errno.ENOENT))
    rows = {row["key"]: row for row in document["parameters"]}
    equal([rows[key]["status"] for key in FIVE],
          ["rolled_back", "rolled_back", "rejected", "not_tried", "not_tried"], "statuses")
    equal(rows["net.ipv4.tcp_congestion_control"]["errno"], errno.ENOENT, "errno")
    equal(rows["net.ipv4.tcp_congestion_control"]["target"], "nosuch_cc", "target")
    for key, row in rows.items():
        equal(row["before"], read_key(key), "before of " + key)
    history = host.run("--json", "history", document["id"]).expect(0).json()["change"]
    equal(history["state"], "undone", "state in the history")


def test_refused_with_the_first_key(host):
    before = snapshot()
    result = host.run("apply", "-y", host.profile({"net.ipv4.tcp_congestion_control": "nosuch_cc",
                                                   "net.core.somaxconn": "5000"})).expect(3)
    identical(before, "after the failed apply")
    contains(result.err, "nosuch_cc")


HALF_APPLIED = "5000 87380 0"


def half_applied_by_hand():
    """The kernel changes two fields of tcp_rmem and then refuses the third."""
    original = read_key("net.ipv4.tcp_rmem")
    try:
        write_key("net.ipv4.tcp_rmem", HALF_APPLIED)
    except OSError as error:
        equal(error.errno, errno.EINVAL, "errno of the vector")
    else:
        raise harness.Failure("the kernel took %s" % HALF_APPLIED)
    now = read_key("net.ipv4.tcp_rmem")
    equal(now.split()[:2], HALF_APPLIED.split()[:2], "the fields before the refused one")
    equal(now.split()[2], original.split()[2], "the refused field")
    write_key("net.ipv4.tcp_rmem", original)


def test_catalogue_refuses_such_a_vector(host):
    before = snapshot()
    half_applied_by_hand()
    identical(before, "after the vector by hand")
    for key in ("net.ipv4.tcp_rmem", "net/ipv4/tcp_rmem", "net.ipv4.tcp_rme[m]", "net.ipv?.tcp_rmem"):
        result = host.run("apply", "-y", host.profile({key: HALF_APPLIED})).expect(2)
        contains(result.err, "below the minimum 1 for net.ipv4.tcp_rmem")
        identical(before, "after " + key)


def tree_with_the_kernels_vector(host, key):
    """A root whose proc/sys is a plain tree, but for one file that is the kernel's tcp_rmem under a name that
    no catalogue knows: the way to the kernel for a vector that kerntune would otherwise refuse."""
    root = os.path.join(host.work, "root")
    for path, text in (("proc/sys/net/core/somaxconn", "4096\n"), ("proc/sys/net/core/last", "1\n"),
                       ("proc/sys/" + key.replace(".", "/"), "")):
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as file:
            file.write(text)
    harness.mount("/proc/sys/net/ipv4/tcp_rmem", full, None, harness.MS_BIND)
    return root


def test_half_applied_vector_is_put_back_whole(host):
    before = snapshot()
    half_applied_by_hand()
    key = "net.test.vector"
    root = tree_with_the_kernels_vector(host, key)
    profile = host.profile({"net.core.somaxconn": "5000", key: HALF_APPLIED, "net.core.last": "2"})
    document = host.run("--json", "--root", root, "apply", "-y", profile).expect(3).json()
    identical(before, "after the failed apply")
    rows = {row["key"]: row for row in document["parameters"]}
    equal(rows[key]["status"], "rejected", "status of the vector")
    equal(rows[key]["errno"], errno.EINVAL, "errno of the vector")
    # It was really half-applied: the record keeps what was read back after the refusal.
    change = host.run("--json", "--root", root, "history", document["id"]).expect(0).json()["change"]
    stored = {row["key"]: row["after"] for row in change["parameters"]}
    equal(stored[key].split()[:2], HALF_APPLIED.split()[:2], "read back after the refusal")
    equal(rows[key]["after"], rows[key]["before"], "what stands in the end")
    equal(rows["net.core.somaxconn"]["status"], "rolled_back", "status of the step before")
    equal(rows["net.core.last"]["status"], "not_tried", "status of the step after")
    with open(os.path.join(root, "proc/sys/net/core/somaxconn")) as file:
        equal(file.read(), "4096\n", "the step before")


if __name__ == "__main__":
    harness.main(globals())
