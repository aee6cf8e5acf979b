# SPDX-License-Identifier: MIT
"""The live figures: ticks, alarms on real listeners, programs that are told, and who writes parameters."""
import fcntl
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import harness
from harness import check, contains, equal

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z ESTAB=(\d+) TIME_WAIT=(\d+) CLOSE_WAIT=(-|\d+) "
                  r"SYN_RECV=(-|\d+) FIN_WAIT2=(-|\d+)(?: ALERTS=(\S+))?$")
KEY = "net.ipv4.tcp_fin_timeout"
PATH = "net/ipv4/tcp_fin_timeout"


def loopback_up():
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket() as handle:
        request = struct.pack("16sh14x", b"lo", IFF_UP)
        fcntl.ioctl(handle, SIOCSIFFLAGS, request)


class Watch:
    """A run that goes on until it is told to end, or its count is reached."""
    def __init__(self, host, *arguments, interval="20ms", prefix=()):
        self.host = host
        self.process = host.start("watch", "--json", "--interval", interval, *arguments, prefix=prefix)
        self.ticks = []

    def tick(self):
        line = self.process.stdout.readline()
        check(line, "it ended: %s" % self.process.stderr.read() if not line else "")
        self.ticks.append(json.loads(line))
        return self.ticks[-1]

    def until(self, condition, what):
        """The first tick, from the next on, of which the condition holds."""
        def found():
            tick = self.tick()
            return tick if condition(tick) else None
        return harness.wait_until(found, what)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.host.finish(self.process)


def levels(tick):
    return {alert["id"]: alert["level"] for alert in tick["alerts"]}


def full_listener(port=8080, backlog=2):
    """A listener whose accept queue is full, and its clients."""
    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen(backlog)
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(backlog + 1)]
    return server, clients


def write_program(host, text, mode=0o755, name="program"):
    path = os.path.join(host.work, name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, mode)
    return path


# ---- ticks ----

def test_lines(host):
    result = host.run("watch", "--count", "3", "--interval", "10ms").expect(0)
    lines = result.out.splitlines()
    equal(len(lines), 3, "lines")
    for line in lines:
        check(LINE.match(line), line)
    check(re.match(r"\S+\.\d{3}Z ", lines[0]), "no milliseconds: " + lines[0])
    one = host.run("watch", "--count", "1").expect(0).out
    check(re.match(r"\S+:\d\dZ ", one), "milliseconds: " + one)


def test_objects(host):
    result = host.run("watch", "--json", "--count", "4", "--interval", "10ms").expect(0)
    ticks = [json.loads(line) for line in result.out.splitlines()]
    equal([tick["tick"] for tick in ticks], [1, 2, 3, 4], "ticks")
    equal({tick["schema"] for tick in ticks}, {"kerntune.watch/1"}, "schema")
    equal(sorted(tick["time"] for tick in ticks), [tick["time"] for tick in ticks], "times")
    equal(ticks[0]["figures"]["opened"], None, "a rate with one sample")
    equal(ticks[1]["figures"]["opened"], 0, "a rate with two")
    equal(set(ticks[0]["figures"]), set(ticks[3]["figures"]), "figures")
    equal([tick["alerts"] for tick in ticks], [[]] * 4, "alarms of an idle namespace")


def test_states(host):
    """Exact, with the connections that no counter tells; and not told where they are not asked for."""
    loopback_up()
    server = socket.create_server(("127.0.0.1", 8080), backlog=50)
    clients, accepted = [], []
    for _ in range(9):
        clients.append(socket.create_connection(("127.0.0.1", 8080)))
        accepted.append(server.accept()[0])
    for client in clients[:4]:
        client.shutdown(socket.SHUT_WR)     # CLOSE_WAIT here, FIN_WAIT2 there
    for when, known in (("always", True), ("auto", True), ("never", False)):
        line = host.run("watch", "--count", "1", "--states", when).expect(0).out
        counts = LINE.match(line).groups()[:5]
        equal(counts, ("10", "0", "4", "0", "4") if known else ("14", "0", "-", "-", "-"), "states " + when)


def test_a_reader_that_goes_away(host):
    watch = Watch(host)
    watch.tick()
    watch.process.stdout.close()
    equal(watch.process.wait(), 0, "exit code")
    equal(re.sub("kerntune: note: .*\n", "", watch.process.stderr.read()), "", "complaints")


def test_signals(host):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        watch = Watch(host, interval="1h")
        watch.tick()
        watch.end(number).expect(0)


def test_a_reader_that_reads_no_more(host):
    """It ends when told to, although it cannot get rid of its output."""
    watch = Watch(host, interval="10ms")
    watch.tick()
    writer = os.open("/proc/self/fd/%d" % watch.process.stdout.fileno(), os.O_WRONLY | os.O_NONBLOCK)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        pass
    os.close(writer)

    def is_waiting():
        """In write(2) to its output, or in poll(2) of less than the loop has."""
        try:
            with open("/proc/%d/syscall" % watch.process.pid) as file:
                words = file.read().split()
        except OSError:
            raise harness.Skip("this kernel does not tell in which system call a process is")
        return len(words) > 3 and (words[1] == "0x1" or words[2] == "0x2")
    harness.wait_until(is_waiting, "the pipe is full")
    watch.process.terminate()
    equal(watch.process.wait(), 0, "exit code")
    host.finish(watch.process)


def test_another_namespace(host):
    """--netns: its sockets, not ours."""
    loopback_up()
    server, clients = full_listener()
    other = os.fork()
    if other == 0:
        harness.libc.unshare(harness.CLONE_NEWNET)
        signal.pause()
    try:
        ours = os.stat("/proc/self/ns/net").st_ino
        harness.wait_until(lambda: os.stat("/proc/%d/ns/net" % other).st_ino != ours, "it has left")
        line = host.run("--netns", "pid:%d" % other, "watch", "--count", "1").expect(0).out
        check(" ESTAB=0 " in line and "ALERTS" not in line, line)
        check(" ESTAB=6 " in host.run("watch", "--count", "1").expect(0).out, "ours")
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    del server, clients


# ---- alarms ----

def test_a_full_accept_queue(host):
    loopback_up()
    watch = Watch(host, "--down-delay", "50ms")
    equal(watch.tick()["alerts"], [], "alarms at first")
    server, clients = full_listener()
    tick = watch.until(lambda tick: tick["alerts"], "an alarm is raised")
    equal(levels(tick), {"accept-queue": "critical"}, "alarms")
    equal(tick["alerts"][0]["subject"], "127.0.0.1:8080", "subject")
    equal(tick["changes"], [{"id": "accept-queue", "figure": "accept_queue", "before": "clear", "now": "critical"}],
          "changes")
    equal(watch.tick()["changes"], [], "changes, one tick later")
    accepted = [server.accept()[0] for _ in clients]
    tick = watch.until(lambda tick: not tick["alerts"], "it is over")
    equal([(change["before"], change["now"]) for change in tick["changes"]], [("critical", "clear")], "changes")
    for earlier in watch.ticks[-3:-1]:
        equal(levels(earlier), {"accept-queue": "critical"}, "the alarm, while it has been low for too short")
    watch.end().expect(0)
    del accepted


def test_overflows(host):
    """The SYNs that a full queue drops; another queue is fuller still, but drops nothing."""
    loopback_up()
    bystander = full_listener(port=7070, backlog=1)
    watch = Watch(host)
    watch.tick()
    server, clients = full_listener()
    late = socket.socket()
    late.setblocking(False)
    check(late.connect_ex(("127.0.0.1", 8080)) != 0, "it found room")
    tick = watch.until(lambda tick: "listen_overflows" in [c["figure"] for c in tick["changes"]], "it was dropped")
    alert, = [alert for alert in tick["alerts"] if alert["evidence"][0]["name"] == "listen_overflows"]
    equal((alert["id"], alert["level"], alert["subject"]), ("accept-queue", "critical", "127.0.0.1:8080"), "alarm")
    watch.end().expect(0)
    del server, clients, bystander


def test_thresholds(host):
    loopback_up()
    server = socket.create_server(("127.0.0.1", 8080))
    clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
    for given, level in (("6", "warning"), ("2:6", "critical"), ("7", None), ("2:7", "warning")):
        watch = Watch(host, "--threshold", "established=" + given)
        tick = watch.tick()
        # A warning has an up-delay, a critical level of this figure has none.
        if level == "warning":
            tick = watch.until(lambda tick: tick["alerts"], "there is an alarm")
        equal(levels(tick), {"threshold": level} if level else {}, "established=" + given)
        watch.end().expect(0)
    del server, clients


def test_wrong_options(host):
    for arguments, message in (
            (["--threshold", "nothing=1"], 'there is no figure "nothing"'),
            (["--threshold", "established"], '"established" is none'),
            (["--threshold", "established=0"], '"established=0" is none'),
            (["--threshold", "established=5:4"], '"established=5:4" is none'),
            (["--threshold", "conntrack_fill=80"], '"conntrack_fill=80" is none'),
            (["--threshold", "established=5%"], '"established=5%" is none'),
            (["--threshold", "established=inf"], '"established=inf" is none'),
            (["--threshold", "established=1.2.3"], '"established=1.2.3" is none'),
            (["--threshold", "established=1:"], '"established=1:" is none'),
            (["--states", "sometimes"], "--states takes auto, always or never"),
            (["--count", "0"], "--count takes a number from 1 to"),
            (["--count", "-1"], "--count takes a number from 1 to"),
            (["--interval", "9ms"], "--interval takes 10 ms at least"),
            (["--on-alert", "/nowhere"], 'No such file or directory'),
            (["--on-alert", "/etc"], "it is no file that may be executed"),
            (["--on-alert", "/etc/passwd"], "it is no file that may be executed")):
        result = host.run("watch", "--count", "1", *arguments).expect(2)
        contains(result.err, message)
        equal(result.out, "", "output")


# ---- programs ----

def test_a_program_is_told(host):
    loopback_up()
    out = os.path.join(host.work, "told")
    path = write_program(host, 'echo "$KERNTUNE_FIGURE $KERNTUNE_LEVEL $(cat)" >> %s\n' % out)
    watch = Watch(host, "--down-delay", "20ms", "--on-alert", path)
    watch.tick()
    server, clients = full_listener()
    watch.until(lambda tick: tick["alerts"], "an alarm is raised")
    accepted = [server.accept()[0] for _ in clients]
    watch.until(lambda tick: not tick["alerts"], "it is over")

    def told():
        watch.tick()    # one that waited for the other is begun by a tick
        if not os.path.exists(out):
            return None
        with open(out) as file:
            lines = file.read().splitlines()
        return lines if len(lines) == 2 else None
    raised, over = harness.wait_until(told, "the program was told twice")
    watch.end().expect(0)
    figure, level, text = raised.split(" ", 2)
    equal((figure, level), ("accept_queue", "critical"), "environment")
    document = json.loads(text)
    equal([document[name] for name in ("schema", "figure", "before", "now", "value")],
          ["kerntune.alert/1", "accept_queue", "clear", "critical", 1.5], "what it was told")
    equal([document["finding"][name] for name in ("id", "level", "subject")],
          ["accept-queue", "critical", "127.0.0.1:8080"], "finding")
    figure, level, text = over.split(" ", 2)
    equal((figure, level), ("accept_queue", "clear"), "environment")
    document = json.loads(text)
    equal((document["before"], document["now"]), ("critical", "clear"), "what it was told")
    equal(document["finding"]["subject"], "127.0.0.1:8080", "subject of what is over")
    del accepted


def test_a_program_is_told_of_the_right_listener(host):
    """The one that dropped, and not another whose queue is fuller."""
    loopback_up()
    out = os.path.join(host.work, "told")
    path = write_program(host, 'cat > %s.$KERNTUNE_FIGURE.new && mv %s.$KERNTUNE_FIGURE.new %s.$KERNTUNE_FIGURE\n' %
                         (out, out, out))
    bystander = full_listener(port=7070, backlog=1)
    watch = Watch(host, "--on-alert", path)
    watch.tick()
    server, clients = full_listener()
    late = socket.socket()
    late.setblocking(False)
    late.connect_ex(("127.0.0.1", 8080))
    told = out + ".listen_overflows"
    harness.wait_until(lambda: watch.tick() and os.path.exists(told), "the program was told")
    watch.end().expect(0)
    with open(told) as file:
        finding = json.load(file)["finding"]
    equal(finding["subject"], "127.0.0.1:8080", "subject")
    check(finding["who"], "who it is was not looked for")
    del server, clients, bystander


def test_a_program_that_hangs(host):
    """The ticks go on, what comes meanwhile waits or is dropped, and the end does not wait for it."""
    loopback_up()
    pid_file = os.path.join(host.work, "pid")
    path = write_program(host, "echo $$ >> %s\nexec sleep 1000\n" % pid_file)
    watch = Watch(host, "--down-delay", "1ms", "--threshold", "accept_queue=0.5:0.9", "--on-alert", path)
    watch.tick()
    changes = 0
    while changes < 6:
        server, clients = full_listener()
        changes += len(watch.until(lambda tick: tick["alerts"], "an alarm is raised")["changes"])
        server.close()
        for client in clients:
            client.close()
        changes += len(watch.until(lambda tick: not tick["alerts"], "it is over")["changes"])
    harness.wait_until(lambda: os.path.exists(pid_file) and os.path.getsize(pid_file), "the program runs")
    watch.process.terminate()
    equal(watch.process.wait(), 0, "exit code")
    # Until then it holds our end of the standard error.
    with open(pid_file) as file:
        pid, = file.read().split()
    os.kill(int(pid), signal.SIGKILL)
    contains(host.finish(watch.process).err,
             "--on-alert still runs for accept_queue, and is not told that it was clear")


def test_a_program_that_fails(host):
    loopback_up()
    watch = Watch(host, "--on-alert", write_program(host, "exit 3\n"))
    watch.tick()
    server, clients = full_listener()
    watch.until(lambda tick: tick["alerts"], "an alarm is raised")
    line = watch.process.stderr.readline()
    while "--on-alert" not in line:
        check(line, "nothing was said of it")
        line = watch.process.stderr.readline()
    equal(line, "kerntune: warning: --on-alert exited with 3 for accept_queue\n", "message")
    watch.end().expect(0)
    del server, clients


def test_a_program_that_anybody_may_write(host):
    if os.geteuid() != 0:
        raise harness.Skip("not root")
    path = write_program(host, "exit 0\n", 0o757)
    result = host.run("watch", "--count", "1", "--on-alert", path).expect(2)
    contains(result.err, "everybody can write this program", "will not be run")


# ---- who writes ----

def start_seeing(host, *arguments):
    watch = Watch(host, *arguments)
    if not watch.tick()["writes_seen"]:
        watch.end()
        raise harness.Skip("fanotify is not permitted here")
    return watch


def written(watch, elsewhere=False):
    """The first write to the key that the tests write, from the next tick on."""
    def seen(tick):
        return [w for w in tick["writes"] if w["path"] == PATH and w["elsewhere"] == elsewhere]
    return seen(watch.until(seen, "a write is seen"))[0]


def test_writes(host):
    watch = start_seeing(host)
    before = harness.read_key(KEY)
    harness.write_key(KEY, "33")
    write = written(watch)
    with open("/proc/self/comm") as comm:
        name = comm.read().strip()
    equal([write[field] for field in ("before", "after", "pid", "command")], [before, "33", os.getpid(), name], "write")
    harness.write_key(KEY, "44")
    write = written(watch)
    equal((write["before"], write["after"]), ("33", "44"), "the next one")
    harness.write_key("net.ipv4.tcp_wmem", "4096 16385 4194305")
    tick = watch.until(lambda tick: [w for w in tick["writes"] if w["path"] == "net/ipv4/tcp_wmem" and
                                     not w["elsewhere"]], "a vector is seen")
    contains(json.dumps(tick["writes"]), '"after": "4096 16385 4194305"')
    watch.end().expect(0)


def test_writes_as_text(host):
    start_seeing(host).end()
    before = harness.read_key(KEY)
    process = host.start("watch", "--interval", "1h")
    process.stdout.readline()
    equal(process.stderr.readline(), "kerntune: note: writes to parameters through another procfs mount, as of "
          "containers, are not seen\n", "what it cannot see")
    harness.write_key(KEY, "33")
    line = process.stderr.readline()
    check(re.match(r"kerntune: wrote %s %s -> 33 by pid %d \(.+\)$" % (re.escape(KEY), before, os.getpid()), line), line)
    harness.write_key(KEY, "33")
    contains(process.stderr.readline(), "33 -> 33 ", ", no change")
    process.terminate()
    host.finish(process).expect(0)


def test_writes_elsewhere(host):
    """In another mount namespace it is the same key; in another network namespace another one; and with a procfs of
    its own it is not seen, which is what the manual says."""
    watch = start_seeing(host, "--verbose")
    unshare = ["unshare", "-m"]
    write = "echo %%d > %s" % harness.key_path(KEY)
    subprocess.run([*unshare, "sh", "-c", write % 31], check=True)
    equal(written(watch)["after"], "31", "from another mount namespace")
    subprocess.run([*unshare, "-n", "sh", "-c", write % 32], check=True)
    there = written(watch, elsewhere=True)
    while there["after"] != "32":   # somebody else's tests may run beside
        there = written(watch, elsewhere=True)
    check(sum(tick["writes_elsewhere"] for tick in watch.ticks) > 0, "they were not counted")
    equal(there["before"], None, "what was there before, elsewhere")
    equal(harness.read_key(KEY), "31", "ours")
    subprocess.run([*unshare, "sh", "-c", "mount -t proc proc /proc && " + write % 33], check=True)
    harness.write_key(KEY, "34")
    equal(written(watch)["after"], "34", "what is seen next")
    watch.end().expect(0)


def test_lost_writes(host):
    """Those for which no descriptor was left: it says so, and invents no value before for the next."""
    watch = start_seeing(host)
    harness.write_key(KEY, "33")
    equal(written(watch)["after"], "33", "the first")
    soft, hard = resource.prlimit(watch.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(watch.process.pid, resource.RLIMIT_NOFILE, (8, hard))
    harness.write_key(KEY, "44")
    watch.until(lambda tick: tick["writes_left_out"], "it is lost")
    resource.prlimit(watch.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    harness.write_key(KEY, "55")
    write = written(watch)
    check((write["before"], write["after"]) in ((None, "55"), ("44", "55")), write)
    harness.write_key(KEY, "66")
    write = written(watch)
    equal((write["before"], write["after"]), ("55", "66"), "the next one")
    watch.end().expect(0)


def test_many_writes_on_a_screen(host):
    """Who writes without a pause does not make it draw without one, and the last write is drawn nevertheless."""
    start_seeing(host).end()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen([host.program, "watch", "--interval", "1h"], stdin=slave, stdout=slave, stderr=slave,
                               env=dict(os.environ, TERM="xterm"), start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    text = b""
    while b"no alarm" not in text:
        text += os.read(master, 65536)
    began = time.monotonic()
    for value in range(20, 60):
        harness.write_key(KEY, str(value))
        # The next one when this one is drawn, if it is drawn at once.
        if select.select([master], [], [], 0.02)[0]:
            text += os.read(master, 65536)
    while b"-> 59 " not in text:
        text += os.read(master, 65536)
    frames = text.count(b"\x1b[H")
    check(frames <= 3 + (time.monotonic() - began) * 10, "%d frames" % frames)
    os.write(master, b"q")
    equal(process.wait(), 0, "exit code")
    os.close(master)
    os.close(slave)


def test_refused_writes_are_not_told(host):
    watch = start_seeing(host)
    try:
        harness.write_key(KEY, "x")
    except OSError:
        pass
    harness.write_key(KEY, "35")
    equal(written(watch)["after"], "35", "what is seen first")
    watch.end().expect(0)


def test_unprivileged(host):
    prefix = host.unprivileged()
    watch = Watch(host, prefix=prefix)
    tick = watch.tick()
    equal(tick["writes_seen"], False, "seeing who writes")
    equal(tick["figures"]["established"], 0, "figures")
    contains(watch.end().expect(0).err, "who writes parameters is told to root only")


if __name__ == "__main__":
    harness.main(globals())
