# SPDX-License-Identifier: MIT
"""The whole program with an allocator that fails from the N-th call on, for every N until nothing fails any more.

    test_oom.py KERNTUNE OOM_LIBRARY GROUP

Whatever N is: a documented exit code, no death by a signal, and the parameters are as they were or as the profile
asks for. An exit code of 0 means that they are; after every other one a single restore puts everything back."""

import os
import shutil
import subprocess
import sys
import tempfile

PARAMETERS = {
    "net/core/somaxconn": ("4096\n", "65535\n"),
    "net/ipv4/tcp_fin_timeout": ("60\n", "30\n"),
    "net/ipv4/tcp_rmem": ("4096\t131072\t6291456\n", "4096 131072 16777216\n"),
    "net/ipv4/ip_forward": ("0\n", "1\n"),
    "net/ipv4/conf/all/forwarding": ("0\n", None),
    "net/ipv4/conf/lo/forwarding": ("0\n", None),
    "kernel/hostname": ("testhost\n", None),
    "kernel/osrelease": ("6.1.0-test\n", None),
    "kernel/random/boot_id": ("11111111-2222-3333-4444-555555555555\n", None),
}
DOCUMENTED = {
    "check": {0, 2},
    "diff": {0, 2},
    "list": {0, 2},
    "explain": {0, 2},
    "verify": {1, 2},
    "apply": {0, 2, 3, 4},
    "restore": {0, 2, 4},
    "diagnose": {0, 2},
    "watch": {0, 2},
}
BASE = """profile: base
parameters:
  net.ipv4.tcp_fin_timeout: 60
"""
PROFILE = """profile: demo
summary: every kind of node
extends: [base]
parameters:
  net.core.somaxconn: {value: 65535, why: a reason}
  net.ipv4.tcp_fin_timeout: 30
  net.ipv4.tcp_r?em: [4096, 131072, 16777216]
  net.ipv4.ip_forward: 1
  net.ipv4.tcp_nosuch: {value: 1, optional: true}
"""
# With one finding after the other, a listener and its owner included.
CONF = """net.core.somaxcon = 1
net.core.somaxconn = 1024
net.core.somaxconn = 2048
net.ipv4.tcp_fin_timeout = 15
net.ipv4.ip_local_port_range = 1024 65535
net.ipv4.tcp_mem = 786432 1048576 1572864
net.netfilter.nf_conntrack_max = 2000000
net.ipv4.tcp_rmem = 3 2 1
"""
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0 100 0 0 10 0
"""
# Something of all that a diagnosis tells: a destination that takes all ports, with owner, and descriptors that run out.
TROUBLE = {
    "proc/net/tcp": TCP + "".join(
        "   %d: 0100000A:%04X 0500000A:1538 %02X 00000000:00000000 00:00000000 00000000     0        0 %d 1\n" % (
            number, 40000 + number, 1 + number % 8, 777 + number) for number in range(1, 11)),
    "proc/sys/net/ipv4/ip_local_port_range": "40001\t40010\n",
    "proc/net/netstat": "TcpExt: ListenOverflows TCPAbortOnMemory\nTcpExt: 7 1\n",
    "proc/net/snmp": "Tcp: ActiveOpens CurrEstab OutSegs RetransSegs\nTcp: 1 7 100 3\n",
    "proc/net/sockstat": "TCP: inuse 11 orphan 1 tw 1 alloc 12 mem 3\n",
    "proc/sys/fs/file-nr": "950\t0\t1000\n",
    "proc/4242/cmdline": "nginx\0-g\0",
    "proc/4242/cgroup": "0::/system.slice/nginx.service\n",
    "proc/4242/limits": "Max open files            2                    2                    files\n",
}
LIMIT = 20000


class Tree:
    """A small root, and the program without the profiles of its build tree."""

    def __init__(self, directory, program):
        self.program = os.path.join(directory, "kerntune")
        shutil.copy(program, self.program)
        self.root = os.path.join(directory, "root")
        self.pristine = os.path.join(directory, "pristine")
        for key, (original, _) in PARAMETERS.items():
            self.write("proc/sys/" + key, original)
        self.write("etc/kerntune/profiles/base.yaml", BASE)
        self.write("etc/kerntune/profiles/demo.yaml", PROFILE)
        self.write("proc/net/tcp", TCP)
        self.write("proc/4242/comm", "nginx\n")
        os.mkdir(os.path.join(self.root, "proc/4242/fd"))
        os.symlink("socket:[777]", os.path.join(self.root, "proc/4242/fd/3"))
        self.conf = os.path.join(directory, "tuning.conf")
        with open(self.conf, "w") as file:
            file.write(CONF)
        shutil.copytree(self.root, self.pristine, symlinks=True)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as file:
            file.write(text)

    def add_trouble(self):
        for path, text in TROUBLE.items():
            self.write(path, text)
        os.symlink("socket:[778]", os.path.join(self.root, "proc/4242/fd/4"))
        shutil.rmtree(self.pristine)
        shutil.copytree(self.root, self.pristine, symlinks=True)

    def renew(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.pristine, self.root, symlinks=True)

    def read(self, key):
        with open(os.path.join(self.root, "proc/sys", key)) as file:
            return file.read()

    def state(self):
        values = {key: self.read(key) for key in PARAMETERS}
        if all(values[key] == original for key, (original, _) in PARAMETERS.items()):
            return "unchanged"
        if all(values[key] == (target or original) for key, (original, target) in PARAMETERS.items()):
            return "applied"
        return "mixed: %r" % values


def run(tree, arguments, library=None, fail_at=0):
    """Returns exit code, whether an allocation failed, and what was printed."""
    reader, writer = os.pipe()
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    if library:
        environment.update(LD_PRELOAD=library, KERNTUNE_FAIL_AT=str(fail_at), KERNTUNE_FAIL_FD=str(writer))
    root = [] if "--root" in arguments else ["--root", tree.root]
    done = subprocess.run([tree.program, *root, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                          pass_fds=[writer], timeout=60)
    os.close(writer)
    with open(reader, "rb") as pipe:
        failed = b"failed" in pipe.read()
    return done.returncode, failed, done.stdout.decode(errors="replace")


def fail(arguments, number, code, state, text):
    sys.exit("%s with allocation %d failing: exit %d, parameters %s\n%s" % (
        " ".join(arguments), number, code, state, text))


def judge(tree, arguments, number, code, text):
    command = next(word for word in arguments if word in DOCUMENTED)
    state = tree.state()
    if code not in DOCUMENTED[command]:
        fail(arguments, number, code, state, text)
    if command == "apply":
        wanted = ("applied",) if code == 0 else ("unchanged",) if code in (2, 3) else ("unchanged", "applied")
        if state not in wanted:
            fail(arguments, number, code, state, text)
        run(tree, ["restore"])
    elif command == "restore":
        if code == 0 and state != "unchanged":
            fail(arguments, number, code, state, text)
        run(tree, ["restore"])
    elif "--after" in arguments:
        run(tree, ["restore"])
    if tree.state() != "unchanged":
        fail(arguments, number, code, "not back after restore: " + tree.state(), text)


def exhaust(tree, library, arguments, before=None, sparse=False):
    """Every allocation in turn; sparse: after the first 20 ever fewer of them."""
    number, numbers = 0, 0
    while True:
        number += 1 + (number // 20 if sparse else 0)
        if before or "apply" in arguments:
            tree.renew()
        if before:
            run(tree, before)
        code, failed, text = run(tree, arguments, library, number)
        numbers += failed
        judge(tree, arguments, number, code, text)
        if not failed:
            break
        if number >= LIMIT:
            sys.exit("%s still allocates after %d" % (" ".join(arguments), LIMIT))
    if numbers == 0:
        sys.exit("%s: nothing failed: is the library loaded?" % " ".join(arguments))
    print("%s: %d allocations that failed" % (" ".join(arguments), numbers))


GROUPS = {
    "diff": [["diff", "demo"], ["--json", "diff", "demo"], ["verify", "--format", "junit", "demo"], ["list"]],
    "check": [["check", "demo"], ["check", "CONF"], ["--json", "check", "CONF"], ["check", "--list-checks"]],
    "explain": [["explain", "--full", "net.ipv4.*", "somaxconn", "kernel.hostname"], ["explain", "-v", "--full", "tcp_"],
                ["explain"], ["--json", "explain", "net.ipv4.tcp_fin_timeout"]],
    "apply": [["apply", "-y", "demo"]],
    "apply-json": [["--json", "apply", "-y", "demo"]],
    "restore": [["restore"]],
    "diagnose": [["diagnose", "--once", "--deep"], ["--json", "diagnose", "--once", "--deep"],
                 ["diagnose", "--interval", "10ms"], ["--root", "/", "--json", "diagnose", "--once"]],
    "diagnose-after": [["diagnose", "--once", "--after", "last"], ["--json", "diagnose", "--once", "--after", "last"]],
    "watch": [["watch", "--count", "1", "--interval", "10ms"], ["--json", "watch", "--count", "1", "--interval", "10ms"],
              ["--root", "/", "watch", "--count", "1", "--interval", "10ms"]],
}


def main(program, library, group):
    with tempfile.TemporaryDirectory(prefix="kerntune-oom.") as directory:
        tree = Tree(directory, program)
        if group in ("diagnose", "diagnose-after", "watch"):
            tree.add_trouble()
        for arguments in GROUPS[group]:
            arguments = [tree.conf if word == "CONF" else word for word in arguments]
            before = ["apply", "-y", "demo"] if group in ("restore", "diagnose-after") else None
            # What --after reads is read by others too; a watch of this machine begins with all its parameters.
            sparse = "--after" in arguments or ("--root" in arguments and "watch" in arguments)
            exhaust(tree, os.path.abspath(library), arguments, before, sparse)


if __name__ == "__main__":
    main(*sys.argv[1:])
