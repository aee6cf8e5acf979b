# SPDX-License-Identifier: MIT
"""Every key below net that can be written is written, and what moves along must stand in the catalogue.

The other half of "apply --audit": that finds on one host what the catalogue lacks, this on the build machine."""

import os
import resource

import harness
from catalog import Catalog
from harness import Skip, add_veth, check

PASSES = 3


def writable_keys():
    for folder, _, names in os.walk(harness.NET):
        for name in names:
            path = os.path.join(folder, name)
            if os.stat(path).st_mode & 0o444 and os.stat(path).st_mode & 0o222:
                yield os.path.relpath(path, "/proc/sys")


class Reader:
    """Keeps the keys open: millions of reads."""

    def __init__(self, keys):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * len(keys) + 64)), hard))
        self.fds = {key: os.open("/proc/sys/" + key, os.O_RDONLY) for key in keys}

    def read(self, key):
        try:
            return os.pread(self.fds[key], 65536, 0)
        except OSError as error:
            return error.errno

    def read_all(self):
        return {key: self.read(key) for key in self.fds}

    def differing(self, before):
        """Those that had a value and have another one now."""
        return [key for key, value in before.items() if isinstance(value, bytes) and self.read(key) != value]


def write_raw(path, value):
    fd = os.open("/proc/sys/" + path, os.O_WRONLY)
    try:
        os.write(fd, value)
    except OSError:
        pass    # refused; what moved all the same is seen
    finally:
        os.close(fd)


def other_values(value):
    """A larger, a switched and a smaller one; none for what is no number."""
    words = value.decode(errors="replace").split()
    if not words or not all(word.lstrip("-").isdigit() for word in words):
        return []
    numbers = [int(word) for word in words]
    candidates = [[number + 1 for number in numbers], [0 if number else 1 for number in numbers],
                  [max(number // 2, 1) for number in numbers]]
    return list(dict.fromkeys("\t".join(map(str, candidate)).encode() + b"\n" for candidate in candidates))


def prepare():
    """Interfaces with an address and without one: conf/default reaches only some of them."""
    if not add_veth("v0", "v1"):
        raise Skip("no pair of interfaces can be made here")
    catalog = Catalog()
    keys = [key for key in sorted(writable_keys()) if "volatile" not in catalog.row(key)]
    check(len(keys) > 300, "only %d keys" % len(keys))
    return catalog, Reader(keys)


def put_back(first, reader, before):
    for _ in range(PASSES):
        moved = reader.differing(before)
        if not moved:
            return
        for key in sorted(moved, key=lambda other: other != first):
            write_raw(key, before[key])


def test_what_moves_along_is_catalogued(host):
    catalog, reader = prepare()
    before, unknown, moved = reader.read_all(), set(), 0
    for key in list(before):
        for value in other_values(before[key]) if isinstance(before[key], bytes) else []:
            write_raw(key, value)
            others = [other for other in reader.differing(before) if other != key]
            moved += len(others)
            unknown.update((key, other) for other in others if not catalog.moves(key, other))
            put_back(key, reader, before)
        # What no write brings back must not count for the next key.
        for other in reader.differing(before):
            before[other] = reader.read(other)
    print("%d keys, %d movements" % (len(before), moved))
    check(moved > 100, "only %d keys moved with another: the experiment sees nothing" % moved)
    check(not unknown, "moves along, and the catalogue does not know:\n%s" % "\n".join(
        "%s -> %s" % pair for pair in sorted(unknown)))


if __name__ == "__main__":
    harness.main(globals())
