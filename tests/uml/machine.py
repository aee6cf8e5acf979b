# SPDX-License-Identifier: MIT
"""Boots user-mode kernels for the lane "uml".

Such a kernel sees this machine's files read-only. Its init is guest.py, which puts an overlay over all of them and
calls a function of a scenario file; what that says with guest.say() arrives here line by line. A disk is a file of
this machine. The kernel, all of its processes included, is a process group: killing that cuts its power."""

import atexit
import json
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "@"
# A guest that says nothing for so long hangs; no step of any takes a tenth of it.
PATIENCE_SECONDS = 180


class CannotBoot(Exception):
    """There is no user-mode kernel here, or it does not run."""


class Failure(Exception):
    pass


def tool(name):
    path = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        raise CannotBoot("%s is missing" % name)
    return path


class Machine:
    """One boot of a kernel: the guest runs `scenario` with the arguments, which may be anything that JSON knows."""

    running = set()

    def __init__(self, program, profiles, scenario, *arguments, disk=None, memory="256M"):
        self.work = tempfile.mkdtemp(prefix="kerntune-uml-")
        self.console = []
        self.pending = b""
        init = self.write_init({"program": os.path.realpath(program), "profiles": os.path.realpath(profiles),
                                "scenario": scenario, "arguments": arguments})
        command = [tool("linux.uml"), "mem=" + memory, "rootfstype=hostfs", "rootflags=/", "ro", "init=" + init,
                   "con=null", "con0=null,fd:1", "uml_dir=" + self.work + "/", "quiet"]
        if disk:
            command.append("ubd0=" + disk)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        Machine.running.add(self)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def write_init(self, job):
        """A script, since the kernel's command line is no place for arguments."""
        path = os.path.join(self.work, "init")
        with open(path, "w") as file:
            file.write("#!/bin/sh\nexec %s -B %s %s\n" % (shlex.quote(sys.executable), shlex.quote(
                os.path.join(HERE, "guest.py")), shlex.quote(json.dumps(job))))
        os.chmod(path, 0o755)
        return path

    def read_lines(self, timeout):
        """More lines of the console, or None at its end. TimeoutError when nothing comes."""
        if not self.selector.select(max(timeout, 0)):
            raise TimeoutError
        chunk = os.read(self.process.stdout.fileno(), 65536)
        if not chunk:
            return None
        *lines, self.pending = (self.pending + chunk).split(b"\n")
        lines = [line.decode(errors="replace").rstrip("\r") for line in lines]
        self.console += lines
        return [line[line.index(MARK) + 1:] for line in lines if MARK in line]

    def said(self):
        """What the guest says, line by line, until its kernel ends."""
        while True:
            try:
                lines = self.read_lines(PATIENCE_SECONDS)
            except TimeoutError:
                raise Failure("the guest hangs:\n%s" % self.tail())
            if lines is None:
                return
            yield from lines

    def said_for(self, seconds):
        """What it says within the time; for who is about to cut its power."""
        end = time.monotonic() + seconds
        said = []
        while True:
            try:
                lines = self.read_lines(end - time.monotonic())
            except TimeoutError:
                return said
            if lines is None:
                raise Failure("the kernel ended by itself:\n%s" % self.tail())
            said += lines

    def tail(self):
        return "\n".join(self.console[-40:])

    def cut_power(self):
        """Everything at once; returns what had been said by then and was not yet read."""
        os.killpg(self.process.pid, signal.SIGKILL)
        said = list(self.said())
        self.close()
        return said

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.selector.close()
        self.process.stdout.close()
        shutil.rmtree(self.work, ignore_errors=True)
        Machine.running.discard(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@atexit.register
def close_all():
    for machine in list(Machine.running):
        machine.close()


def require_kernel(program, profiles):
    """Boots once; CannotBoot tells why the tests are to be skipped."""
    with Machine(program, profiles, "guest.hello") as machine:
        try:
            if "hello" in machine.said():
                return
        except Failure:
            pass
        raise CannotBoot("the user-mode kernel does not boot here: %s" % " | ".join(machine.console[-4:]))


def main(run):
    """Calls run(program, profiles), which prints TAP and returns whether all is well."""
    program, profiles = sys.argv[1:3]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        require_kernel(program, profiles)
    except CannotBoot as reason:
        print("1..0 # SKIP %s" % reason)
        return
    try:
        good = run(program, profiles)
    except CannotBoot as reason:
        print("1..0 # SKIP %s" % reason)
        return
    except Failure as failure:
        print("Bail out! %s" % str(failure).replace("\n", "\n# "))
        print("".join("# %s\n" % line for line in traceback.format_exc().splitlines()))
        good = False
    sys.exit(0 if good else 1)


def pass_on(program, profiles, scenario, memory="256M"):
    """Runs a scenario that prints TAP itself."""
    failed, is_done = False, False
    with Machine(program, profiles, scenario, memory=memory) as machine:
        for line in machine.said():
            if line == "done":
                is_done = True
                break
            print(line, flush=True)
            failed |= line.startswith("not ok")
        if not is_done:
            raise Failure("the guest ended before its tests did:\n%s" % machine.tail())
    return not failed
