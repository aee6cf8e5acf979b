# SPDX-License-Identifier: MIT
"""The init of a user-mode kernel: makes a writable system out of the host's read-only files, then runs a scenario.

Everything here happens inside the guest, whose kernel parameters are its own: see machine.py."""

import ctypes
import errno
import importlib
import json
import os
import platform
import shutil
import signal
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "netns")]
import harness
from harness import Failure, Skip

MODULES = "/usr/lib/uml/modules"
# No function of the C library; the two machines that user-mode kernels run on.
FINIT_MODULE = 313 if platform.machine() == "x86_64" else 350
MS_NOSUID, MS_NODEV, MS_MOVE = 2, 4, 8192
STATE_DIRECTORIES = ("/var/lib/kerntune", "/run/kerntune")
# What moves by itself.
RESTLESS = ("fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/dentry-state", "kernel/ns_last_pid", "kernel/random/",
            "kernel/pty/nr", "fs/aio-nr", "fs/quota/", "kernel/spl/", "net/netfilter/nf_conntrack_count")

libc = ctypes.CDLL(None, use_errno=True)
console = None


def say(line):
    """To the host; one write, so that the kernel's own messages do not come in between."""
    global console
    if console is None:
        console = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY)
    os.write(console, ("@%s\n" % line).encode(errors="replace"))


def power_off():
    with open("/proc/sysrq-trigger", "w") as file:
        file.write("o")
    while True:
        signal.pause()


# ---- making a system ----

def mount(source, target, kind, flags=0, data=None):
    if libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags),
                  data.encode() if data else None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, "mounting %s on %s: %s" % (source, target, os.strerror(error)))


def unmount(target):
    if libc.umount2(target.encode(), 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, "unmounting %s: %s" % (target, os.strerror(error)))


def dependencies(name):
    """The files of a module, what it needs first; empty where it is built in or unknown."""
    top = os.path.join(MODULES, platform.release())
    with open(os.path.join(top, "modules.dep")) as file:
        for line in file:
            module, _, needed = line.partition(":")
            if os.path.basename(module) == name + ".ko":
                return [os.path.join(top, path) for path in [*reversed(needed.split()), module]]
    return []


def load_module(name, options=""):
    """Whether it is there now. The tools for it may be missing, so the call is made by hand."""
    files = dependencies(name)
    for path in files:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        words = options if os.path.basename(path) == name + ".ko" else ""
        result = libc.syscall(ctypes.c_long(FINIT_MODULE), fd, words.encode(), 0)
        os.close(fd)
        if result != 0 and ctypes.get_errno() != errno.EEXIST:
            return False
    return bool(files)


def make_root():
    """An overlay over all of the host's files, with the usual mounts, as the new root."""
    mount("proc", "/proc", "proc")
    mount("tmpfs", "/run", "tmpfs")
    load_module("overlay")
    for name in ("upper", "work", "root"):
        os.mkdir("/run/" + name)
    mount("overlay", "/run/root", "overlay", 0, "lowerdir=/,upperdir=/run/upper,workdir=/run/work")
    os.chdir("/run/root")
    for name in ("proc", "sys", "dev", "run", "var/lib"):
        os.makedirs(name, exist_ok=True)
    mount("proc", "proc", "proc")
    mount("sysfs", "sys", "sysfs")
    mount("devtmpfs", "dev", "devtmpfs")
    mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    mount(".", "/", None, MS_MOVE)
    os.chroot(".")
    os.chdir("/")
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"


def forget_all():
    for directory in STATE_DIRECTORIES:
        shutil.rmtree(directory, ignore_errors=True)


# ---- the kernel's parameters ----

def snapshot(*tops):
    """The bytes of every readable file below these folders of /proc/sys, but for what moves by itself."""
    values = {}
    for top in tops:
        for folder, _, names in os.walk("/proc/sys/" + top):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), "/proc/sys")
                if not path.startswith(RESTLESS):
                    values[path] = harness.read_raw("/proc/sys/" + path)
    return values


def differences(before, after):
    return ["%s: %r is now %r" % (key, before.get(key), after.get(key))
            for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]


class Before:
    """All parameters as they were, compared by their bytes."""

    def __init__(self):
        self.values = snapshot("fs", "kernel", "net", "vm")

    def check(self, what):
        moved = differences(self.values, snapshot("fs", "kernel", "net", "vm"))
        harness.check(not moved, "%s: not byte-identical:\n%s" % (what, "\n".join(moved)))


# ---- running the tests of a scenario file ----

def run_test(test, host):
    """The status of one test, and what there is to say about it."""
    forget_all()
    shutil.rmtree(host.work, ignore_errors=True)
    os.makedirs(host.work)
    try:
        test(host)
    except Skip as reason:
        return "ok", " # SKIP %s" % reason, ""
    except Failure as failure:
        return "not ok", "", "%s\n%s" % (failure, "".join(traceback.format_tb(failure.__traceback__)))
    except Exception:
        return "not ok", "", traceback.format_exc()
    return "ok", "", ""


def run_tests(definitions, job):
    """Like harness.main(), on this kernel as a whole."""
    host = harness.Host(job["program"], job["profiles"])
    tests = [(name[5:].replace("_", " "), value) for name, value in definitions.items() if name.startswith("test_")]
    say("1..%d" % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        status, directive, text = run_test(test, host)
        say("%s %d - %s%s" % (status, number, name, directive))
        for line in text.splitlines():
            say("# " + line)
    say("done")


def hello(_):
    say("hello")


def main():
    job = json.loads(sys.argv[1])
    try:
        make_root()
        module, _, function = job["scenario"].rpartition(".")
        getattr(sys.modules[__name__] if module == "guest" else importlib.import_module(module), function)(job)
    except BaseException:
        for line in traceback.format_exc().splitlines():
            say("# " + line)
    power_off()


if __name__ == "__main__":
    sys.modules["guest"] = sys.modules[__name__]
    main()
