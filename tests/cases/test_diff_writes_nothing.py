# SPDX-License-Identifier: MIT
"""Traces "kerntune diff", "verify" and "list" on the host itself, as an ordinary user, and looks at every system
call: none opens anything for writing, makes, renames, removes or changes a file, or writes to anything but standard
output and standard error.

    test_diff_writes_nothing.py KERNTUNE PROFILE_DIRECTORY"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
SKIP = 77

# Everything that changes a file system, whatever its arguments.
FORBIDDEN = re.compile(r"^(creat|rename\w*|link(at)?|symlink(at)?|unlink(at)?|mkdir(at)?|rmdir|mknod(at)?|\w*chmod\w*"
                       r"|\w*chown\w*|truncate\w*|ftruncate\w*|fallocate|utime\w*|futimesat|\w*setxattr"
                       r"|\w*removexattr|mount|umount2?|pwrite\w*|writev|sendfile\w*|splice|copy_file_range"
                       r"|io_uring\w*|setns|unshare|ptrace|kill|fork|vfork|execveat|fsync|fdatasync|sync\w*)$")
OPENS = re.compile(r"^(open|openat|openat2)$")
FOR_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")


def judge(line):
    """What is wrong with one line of the trace, or nothing."""
    found = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
    if not found:
        return None
    call, rest = found.groups()
    if FORBIDDEN.match(call):
        return call
    if OPENS.match(call) and FOR_WRITING.search(rest):
        return "opens for writing"
    if call == "write" and not re.match(r"[12][,<]", rest):
        return "writes to a file"
    if call == "mmap" and "PROT_WRITE" in rest and "MAP_SHARED" in rest:
        return "maps a file for writing"
    return None


def check_the_judge():
    """A test that cannot fail shows nothing."""
    for line in ('openat(3, "x", O_RDWR|O_CLOEXEC) = 4', 'openat2(3, "x", {flags=O_WRONLY}, 24) = 4',
                 '12 rename("a", "b") = 0', 'write(3, "x", 1) = 1', 'mkdirat(4, "x", 0700) = 0',
                 'fchmodat(AT_FDCWD, "x", 0600) = 0', 'unlink("x") = -1 ENOENT'):
        if not judge(line):
            sys.exit("this would not have been noticed: " + line)
    for line in ('openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3', 'write(1, "x", 1) = 1',
                 '+++ exited with 0 +++', 'write(2</dev/null>, "x", 1) = 1'):
        if judge(line):
            sys.exit("this is no offence: " + line)


def become_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def may_run(program, user):
    """Whether the ordinary user may reach the program: a checkout below /root is closed to others."""
    try:
        return subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=user).returncode == 0
    except PermissionError:
        return False


def trace(tool, program, arguments, user, expected):
    with tempfile.TemporaryDirectory(prefix="kerntune-trace.") as directory:
        os.chmod(directory, 0o777)
        log = os.path.join(directory, "log")
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run([tool, "-f", "-o", log, program, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                              preexec_fn=user, universal_newlines=True)
        if done.returncode not in expected:
            sys.exit("%s: exit %d\n%s%s" % (arguments, done.returncode, done.stdout, done.stderr))
        with open(log) as file:
            lines = file.read().splitlines()
    if not any("openat" in line and "proc/sys" in line for line in lines):
        sys.exit("%s: the trace shows no sign of reading /proc/sys" % arguments)
    offences = ["%s: %s" % (problem, line) for problem, line in ((judge(line), line) for line in lines) if problem]
    if offences:
        sys.exit("%s:\n%s" % (arguments, "\n".join(offences)))
    print("%s: %d system calls" % (" ".join(arguments), len(lines)))


def main(program, profiles):
    check_the_judge()
    program = os.path.abspath(program)
    tool = shutil.which("strace")
    if not tool:
        print("strace is missing")
        return SKIP
    user = become_nobody if may_run(program, become_nobody) else (lambda: None)
    if subprocess.run([tool, "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL,
                      preexec_fn=user).returncode != 0:
        print("tracing is not permitted")
        return SKIP
    options = ["--profile-dir", os.path.abspath(profiles)]
    for arguments, expected in ((["diff", "high-concurrency"], {0}), (["--json", "diff", "--all", "proxy"], {0}),
                                (["apply", "-n", "tcp-baseline"], {0}), (["verify", "api-gateway"], {0, 1}),
                                (["list"], {0})):
        trace(tool, program, options + arguments, user, expected)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
