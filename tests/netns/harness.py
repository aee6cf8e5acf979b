# SPDX-License-Identifier: MIT
"""Runs the real program on the real /proc/sys/net, in a network namespace of each test's own.

A test file defines functions test_NAME(host) and ends with harness.main(globals()). Every function runs in a
child process with a fresh network namespace and a private mount namespace in which /run and /var/lib are empty
tmpfs, so that neither the host's parameters nor its change records are in reach. The result is TAP; where the
namespaces are not permitted, everything is skipped.

The program is only ever run with keys below net, which the network namespace owns."""

import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
SIOCSIFNAME = 0x8923
NET = "/proc/sys/net"
STATE = "/var/lib/kerntune"
LOCK = "/run/kerntune/lock"

libc = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """The namespaces that every test needs cannot be had."""


class Skip(Exception):
    """This one test lacks something here."""


class Failure(Exception):
    pass


# ---- judging ----

def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(got, wanted, what):
    check(got == wanted, "%s: expected %r, got %r" % (what, wanted, got))


def contains(text, *parts):
    for part in parts:
        check(part in text, "%r is not in:\n%s" % (part, text))


def snapshot(top=NET):
    """The bytes of every readable file below /proc/sys/net, and the error of the others."""
    values = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            values[os.path.relpath(path, "/proc/sys")] = read_raw(path)
    check(len(values) > 100, "only %d files below %s" % (len(values), top))
    return values


def read_raw(path):
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        return error.errno
    try:
        return os.read(fd, 1 << 20)
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


def identical(before, what):
    after = snapshot()
    moved = ["%s: %r is now %r" % (key, before.get(key), after.get(key))
             for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    check(not moved, "%s: not byte-identical:\n%s" % (what, "\n".join(moved)))


def moved_since(before):
    after = snapshot()
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


# ---- the kernel, by hand ----

def key_path(key):
    """A dotted key without interface names that hold dots."""
    return "/proc/sys/" + key.replace(".", "/")


def read_key(key):
    return read_raw(key_path(key)).decode().strip().replace("\t", " ")


def write_key(key, value):
    fd = os.open(key_path(key), os.O_WRONLY)
    try:
        return os.write(fd, (value + "\n").encode())
    finally:
        os.close(fd)


def rename_interface(old, new):
    """An interface with any name wanted, without a module or a tool: a fresh namespace has "lo", down."""
    import fcntl
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCSIFNAME, struct.pack("16s16s", os.fsencode(old), os.fsencode(new)))


def add_veth(name, peer):
    """Whether the pair could be added."""
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ip:
        return False
    return subprocess.run([ip, "link", "add", name, "type", "veth", "peer", "name", peer],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


# ---- waiting ----

PATIENCE = 60    # seconds until a test gives up; nothing is judged by it


def wait_until(condition, what):
    """Returns what the condition came to."""
    end = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        check(time.monotonic() < end, "waited in vain until " + what)
        time.sleep(0.002)


def boottime_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000


# ---- records and guardians ----

def record_ids():
    folder = STATE + "/changes"
    return sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json")) if os.path.isdir(folder) else []


def record(change_id):
    with open("%s/changes/%s.json" % (STATE, change_id)) as file:
        return json.load(file)


def deadline_ms(change_id):
    return int(record(change_id)["confirmation"]["deadline_ms"])


def is_guardian_of(namespace, pid):
    try:
        # Bytes: a process, of another test's for one, may call itself anything.
        with open("/proc/%s/comm" % pid, "rb") as comm:
            return comm.read().strip() == b"kerntune-guard" and os.stat("/proc/%s/ns/net" % pid).st_ino == namespace
    except OSError:
        return False    # it has ended meanwhile


def guardians():
    """The processes that guard changes of this network namespace."""
    namespace = os.stat("/proc/self/ns/net").st_ino
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and is_guardian_of(namespace, name)]


def kill_guardians():
    """They outlive the program that started them, and would outlive the test."""
    for pid in guardians():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass    # it has ended meanwhile


def guardians_end():
    wait_until(lambda: not guardians(), "no guardian is left")


# ---- the program ----

class Result:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Failure("no JSON from %s:\n%s%s" % (self.command, self.out, self.err))

    def expect(self, code):
        check(self.code == code, "%s: expected exit %s, got %s\n%s%s" % (
            " ".join(self.command), code, self.code, self.out, self.err))
        return self


class Host:
    def __init__(self, program, profiles):
        self.program, self.profiles = os.path.realpath(program), os.path.realpath(profiles)
        self.work = "/run/test"
        self.profile_count = 0

    def environment(self, traced):
        values = {key: value for key, value in os.environ.items()
                  if not key.startswith(("LC_", "KERNTUNE")) and key not in ("LANG", "NO_COLOR", "COLUMNS")}
        values["LC_ALL"] = "C"
        # A sanitizer's finding must not pass for an exit code of the program; leaks cannot be looked for
        # under a tracer.
        values["ASAN_OPTIONS"] = "exitcode=99:detect_leaks=%d" % (not traced)
        values["LSAN_OPTIONS"] = "exitcode=99"
        values["UBSAN_OPTIONS"] = "halt_on_error=1:exitcode=99:print_stacktrace=1"
        return values

    def command(self, *arguments):
        return [self.program, "--profile-dir", self.profiles, *arguments]

    def unprivileged(self):
        """The prefix that runs the program as a user without any right, who may read the profiles of the test."""
        tool = shutil.which("setpriv")
        if not tool:
            raise Skip("setpriv is missing")
        prefix = [tool, "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chmod(self.work, 0o755)
        if self.run("--version", prefix=prefix).code != 0:
            raise Skip("another user cannot run the program here")
        # A checkout below /root is closed to others.
        readable = os.path.join(self.work, "profiles")
        if self.profiles != readable:
            shutil.copytree(self.profiles, readable)
            self.profiles = readable
        return prefix

    def start(self, *arguments, prefix=()):
        return subprocess.Popen([*prefix, self.program, "--profile-dir", self.profiles, *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(bool(prefix)), universal_newlines=True)

    def finish(self, process):
        out, err = process.communicate()
        return Result(process.args, process.returncode, out, err)

    def run(self, *arguments, prefix=()):
        return self.finish(self.start(*arguments, prefix=prefix))

    def profile(self, parameters, name=None):
        """Writes a profile of these lines below "parameters:" or of this mapping, and returns its path."""
        self.profile_count += 1
        name = name or "test-%d" % self.profile_count
        path = os.path.join(self.work, name + ".yaml")
        if isinstance(parameters, dict):
            parameters = "".join('  "%s": "%s"\n' % item for item in parameters.items())
        with open(path, "w") as file:
            file.write("profile: %s\nparameters:\n%s" % (name, parameters))
        return path

    def shipped_profiles(self):
        names = sorted(name[:-5] for name in os.listdir(self.profiles) if name.endswith(".yaml"))
        check(names, "no profiles in %s" % self.profiles)
        return names

    # -- with strace --

    def strace(self, log, *expressions):
        tool = shutil.which("strace")
        if not tool:
            raise Skip("strace is missing")
        prefix = [tool, "-qq", "-y", "-o", log]
        for expression in expressions:
            prefix += ["-e", expression]
        probe = subprocess.run([tool, "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            raise Skip("tracing is not permitted")
        return prefix

    def writes(self, *arguments, code=0):
        """What each write(2) of a run went to, in order: the numbers for strace's "when" are 1 more than
        the indices."""
        log = os.path.join(self.work, "trace")
        self.run(*arguments, prefix=self.strace(log, "trace=write")).expect(code)
        with open(log) as file:
            return re.findall(r"^write\(\d+<([^>]*)>", file.read(), re.MULTILINE)

    def interrupted(self, signal, when, *arguments):
        """A run that gets the signal on entering its when-th write."""
        log = os.path.join(self.work, "trace")
        prefix = self.strace(log, "trace=write", "inject=write:signal=%s:when=%d" % (signal, when))
        return self.run(*arguments, prefix=prefix)


def act_while_stopped(host, options, act, *arguments):
    """A run under strace with these options, which stop it once with SIGSTOP: there the test acts."""
    log = os.path.join(host.work, "stopped")
    process = host.start(*arguments, prefix=[*host.strace(log), "-f", *options])

    def stopped():
        check(process.poll() is None, "it was not stopped: %s" % " ".join(process.args))
        try:
            with open(log) as file:
                return re.search(r"^(\d+) +--- stopped by SIGSTOP ---$", file.read(), re.MULTILINE)
        except FileNotFoundError:
            return None

    number = int(wait_until(stopped, "it is stopped").group(1))
    act()
    os.kill(number, signal.SIGCONT)
    result = host.finish(process)
    os.unlink(log)
    return result


def key_writes(destinations):
    """The numbers of those writes that went to a parameter."""
    return [number for number, path in enumerate(destinations, 1) if path.startswith("/proc/sys/")]


# ---- namespaces ----

def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise NotPermitted("%s: %s" % (name, os.strerror(error)))


def mount(source, target, kind, flags, data=None):
    call("mount", source.encode(), target.encode(), kind.encode() if kind else None,
         ctypes.c_ulong(flags), data.encode() if data else None)


def write_map(name, text):
    with open("/proc/self/" + name, "w") as file:
        file.write(text)


def unshare_all():
    user, group = os.geteuid(), os.getegid()
    if user == 0 and libc.unshare(CLONE_NEWNET | CLONE_NEWNS) == 0:
        return
    call("unshare", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
    try:
        write_map("setgroups", "deny")
        write_map("uid_map", "0 %d 1" % user)
        write_map("gid_map", "0 %d 1" % group)
    except OSError as error:
        raise NotPermitted("mapping the user: %s" % error)


def hide(directory, kept):
    """An empty tmpfs over the directory, in which what is kept stays reachable under its path."""
    inside = [path for path in kept if path.startswith(directory + "/")]
    held = [(path, os.open(path, os.O_PATH)) for path in inside]
    mount("tmpfs", directory, "tmpfs", 0)
    for path, fd in held:
        os.makedirs(path, exist_ok=True)
        mount("/proc/self/fd/%d" % fd, path, None, MS_BIND | MS_REC)
        os.close(fd)


def keep_mounts_private():
    """What is mounted from here on must reach nobody else."""
    try:
        mount("none", "/", None, MS_REC | MS_PRIVATE)
    except NotPermitted:
        # In a chroot the root may be no mount point; then nothing may be shared to begin with.
        with open("/proc/self/mountinfo") as mounts:
            if any(" shared:" in line for line in mounts):
                raise


def enter(host):
    outside = os.stat("/proc/self/ns/net").st_ino
    try:
        unshare_all()
        keep_mounts_private()
        kept = {os.path.dirname(host.program), host.profiles}
        for directory in ("/run", "/var/lib"):
            hide(directory, kept)
        os.mkdir(host.work, 0o700)
        # The proof that nothing written from here on is the host's.
        if os.stat("/proc/self/ns/net").st_ino == outside:
            raise NotPermitted("still in the namespace of the host")
        if not os.access(NET + "/ipv4/tcp_fin_timeout", os.W_OK):
            raise NotPermitted("/proc/sys/net is read-only here")
    except OSError as error:
        raise NotPermitted(str(error))


# ---- running the tests of a file ----

NOT_PERMITTED, SKIPPED, FAILED = 77, 78, 1


class Broken(BaseException):
    """The test is to end, for it took too long or somebody wants to stop it."""


def break_off(number, _):
    signal.signal(number, signal.SIG_IGN)
    raise Broken("signal %d" % number)


def run_child(test, host):
    try:
        enter(host)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, break_off)
        try:
            test(host)
        finally:
            kill_guardians()
    except Broken as reason:
        print("broken off: %s" % reason)
        return FAILED
    except NotPermitted as reason:
        print(reason)
        return NOT_PERMITTED
    except Skip as reason:
        print(reason)
        return SKIPPED
    except Failure as failure:
        print(failure)
        print("".join(traceback.format_tb(failure.__traceback__)))
        return FAILED
    except Exception:
        print(traceback.format_exc())
        return FAILED
    return 0


def start_test(test, host):
    """Returns what finish_test() needs."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        status = run_child(test, host)
        sys.stdout.flush()
        os._exit(status)
    os.close(writer)
    return child, reader


def finish_test(begun):
    """Returns the status and what the test printed."""
    child, reader = begun
    with open(reader, errors="replace") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else FAILED, text


def run_test(test, host):
    return finish_test(start_test(test, host))


def take_signals():
    """In the background of a shell without job control, or below nohup, some come ignored, and children inherit that."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def main(definitions):
    take_signals()
    host = Host(sys.argv[1], sys.argv[2])
    tests = [(name[5:].replace("_", " "), value) for name, value in definitions.items()
             if name.startswith("test_")]
    # One test for each item of a list that is only known here.
    for name, (function, items) in definitions.get("PARAMETRIZED", {}).items():
        tests += [("%s %s" % (name, item), lambda host, function=function, item=item: function(host, item))
                  for item in items(host)]
    status, text = run_test(lambda host: None, host)
    if status == NOT_PERMITTED:
        print("1..0 # SKIP no network namespace of our own: %s" % text.strip())
        return
    # Tests that do little but wait: these begin first, and run beside the others.
    begun = {test: start_test(test, host) for test in definitions.get("SLOW", ())}
    lines, failed = [], False
    for number, (name, test) in enumerate(tests, 1):
        status, text = finish_test(begun[test]) if test in begun else run_test(test, host)
        if status == SKIPPED:
            lines.append("ok %d - %s # SKIP %s" % (number, name, text.strip()))
            continue
        lines.append("%sok %d - %s" % ("" if status == 0 else "not ", number, name))
        failed |= status != 0
        lines += ["# " + line for line in text.splitlines()]
    print("1..%d" % len(tests))
    print("\n".join(lines))
    sys.exit(1 if failed else 0)
