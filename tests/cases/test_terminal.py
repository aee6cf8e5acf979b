# SPDX-License-Identifier: MIT
"""What only a terminal sees: tables that are fitted to its width, and the question that apply asks.

Argument: the program."""

import fcntl
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

PROGRAM = sys.argv[1]
QUESTION = b"[y/N] "
PROFILE = """profile: wide
parameters:
  net.ipv4.tcp_wmem: 4096 16384 16777216
  net.ipv4.ip_local_reserved_ports: 11211,15672,25672,27017
  net.ipv4.tcp_notsent_lowat: 131072
  net.netfilter.nf_conntrack_tcp_timeout_established: 86400
"""
VALUES = {"net/ipv4/tcp_wmem": "4096 16384 4194304", "net/ipv4/ip_local_reserved_ports": "",
          "net/ipv4/tcp_notsent_lowat": "4294967295",
          "net/netfilter/nf_conntrack_tcp_timeout_established": "432000"}


# A shell with one job: does what it is told on descriptor 3, a letter each, and answers on 4.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
os.setpgid(job, job)
while order := os.read(3, 1):
    if order == b"f":       # the job gets the terminal,
        os.tcsetpgrp(0, job)
    elif order == b"b":     # or we,
        os.tcsetpgrp(0, os.getpgrp())
    elif order == b"c":     # and goes on
        os.kill(job, signal.SIGCONT)
    elif order == b"t":
        os.kill(job, signal.SIGTERM)
    elif order == b"s":
        os.kill(job, signal.SIGSTOP)
    status = os.waitpid(job, os.WUNTRACED)[1] if order == b"w" else 0
    os.write(4, b"%d %d\\n" % (os.WSTOPSIG(status) if os.WIFSTOPPED(status) else 0, status))
"""


class OnTerminal(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.TemporaryDirectory(prefix="kerntune-terminal.")
        self.write("etc/kerntune/profiles/wide.yaml", PROFILE)
        for key, value in VALUES.items():
            self.write("proc/sys/" + key, value + "\n")

    def tearDown(self):
        self.root.cleanup()

    def path(self, name):
        return os.path.join(self.root.name, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_on(self, width, *arguments, answer=None):
        """The exit code and the output of a run with all of its streams on a terminal of so many columns."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        command = [PROGRAM, "--root", self.root.name, "--color", "never", *arguments]
        with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            text = b""
            try:
                while part := os.read(master, 65536):
                    text += part
                    if answer and QUESTION in text:
                        os.write(master, answer)
                        answer = None
            except OSError:     # the other end is closed
                pass
            os.close(master)
        return process.returncode, text.decode().replace("\r\n", "\n")

    def test_no_number_is_broken(self):
        """A value that is too wide for its column goes on in the next line, between two numbers."""
        words = {word for value in VALUES.values() for word in value.split()} | \
            {"16777216", "131072", "86400", "27017"}
        for width in range(60, 121):
            with self.subTest(width=width):
                code, text = self.run_on(width, "diff", "wide")
                self.assertEqual(code, 0, text)
                table = text.partition("\n\n")[0]
                self.assertLessEqual(words, set(table.replace(",", " ").split()), text)

    def test_the_quick_reference_has_one_line_for_each(self):
        for width in (40, 80, 132):
            with self.subTest(width=width):
                code, text = self.run_on(width, "explain")
                self.assertEqual(code, 0, text)
                lines = text.splitlines()
                self.assertLessEqual(max(len(line) for line in lines if not line.startswith("PARAMETER")), max(width, 58))
                keys = [line.split()[0] for line in lines if line.startswith(("net.", "vm.", "fs.", "kernel."))]
                self.assertEqual(len(keys), len(set(keys)))
                self.assertGreater(len(keys), 30)
                # Titles of topics, blank lines and the hint at the end: no summary goes on in a line of its own.
                self.assertLess(len(lines) - len(keys), 24, text)

    def test_a_value_wraps_before_the_table_overflows(self):
        """A list of ports is one word, until it must go on in the next line."""
        for width in (80, 95):
            _, text = self.run_on(width, "diff", "wide")
            self.assertLessEqual(max(map(len, text.splitlines())), width, text)
            self.assertEqual("11211,15672,25672,27017" in text, width == 95, text)

    def test_question(self):
        for answer, says in ((b"n\n", "[y/N] n\nkerntune: error: declined"),
                             (b"\n", "[y/N] \nkerntune: error: declined"),
                             (b"\x04", "[y/N] \nkerntune: error: declined")):
            code, text = self.run_on(100, "apply", "wide", answer=answer)
            self.assertEqual(code, 5, text)
            self.assertIn(says, text)
        code, text = self.run_on(100, "apply", "wide", answer=b"y\n")
        self.assertEqual(code, 0, text)
        with open(self.path("proc/sys/net/ipv4/tcp_notsent_lowat"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "131072\n")


class Live(OnTerminal):
    """watch: a table that is redrawn in place."""

    ENTER, LEAVE, HOME = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l", b"\x1b[H"

    def setUp(self):
        super().setUp()
        self.write("proc/net/snmp", "Tcp: CurrEstab\nTcp: 1234\n")
        self.write("proc/net/sockstat", "TCP: inuse 5 orphan 3 tw 800 alloc 9 mem 50\n")
        self.write("proc/sys/net/ipv4/tcp_max_tw_buckets", "1000\n")
        self.write("proc/sys/kernel/hostname", "\x1b[2Jhost\n")

    def start(self, width, height, *arguments, **environment):
        self.master, slave = pty.openpty()
        self.resize(width, height)
        command = [PROGRAM, "--root", self.root.name, "watch", "--interval", "20ms", *arguments]
        variables = {"TERM": "xterm", "LC_ALL": "C", "PATH": os.environ["PATH"], **environment}
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=variables,
                                   start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, slave)
        self.text = b""
        return process, slave

    def resize(self, width, height):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read_until(self, condition):
        while not condition(self.text):
            part = os.read(self.master, 65536)
            self.assertTrue(part)
            self.text += part

    def frames(self):
        """Those that are whole, each as its lines, without colours."""
        parts = self.text.split(self.HOME)[1:-1]
        plain = [re.sub(rb"\x1b\[(?:\d*m|K)", b"", part.split(b"\x1b[J")[0]).decode() for part in parts]
        for frame in plain:
            self.assertNotIn("\x1b", frame)
            self.assertTrue(frame.endswith("\r\n"), repr(frame))
        return [frame.split("\r\n")[:-1] for frame in plain]

    def end(self, process, with_what=b"\x03"):
        os.write(self.master, with_what)
        self.assertEqual(process.wait(), 0)
        self.read_until(lambda text: text.count(self.LEAVE) == text.count(self.ENTER) and
                        text.partition(self.LEAVE)[2].endswith(b"\n"))

    def test_frames(self):
        for width, height in ((100, 30), (80, 24), (50, 12), (30, 8), (12, 3), (5, 1), (300, 100)):
            with self.subTest(width=width, height=height):
                process, _ = self.start(width, height)
                self.read_until(lambda text: text.count(self.HOME) > 5)
                self.end(process)
                self.assertTrue(self.text.startswith(self.ENTER))
                for frame in self.frames():
                    self.assertLessEqual(len(frame), max(height - 1, 1), frame)
                    self.assertLessEqual(max(map(len, frame)), width, frame)

    def test_content(self):
        process, _ = self.start(100, 40, "--threshold", "established=1:1000")
        self.read_until(lambda text: text.count(self.HOME) > 5)
        self.end(process, b"q")
        frame = "\n".join(self.frames()[-1])
        self.assertIn("?[2Jhost", frame)
        self.assertIn("critical threshold  1234 for 0 s: established", frame)
        self.assertRegex(frame, r"ESTABLISHED +1234 +#+\n")
        self.assertRegex(frame, r"of tcp_max_tw_buckets +80 % +#+\n")
        self.assertIn("proc/sys is no procfs here", frame)
        # The last table stays behind, without anything that moves the cursor.
        left = self.text.rpartition(self.LEAVE)[2].decode()
        self.assertNotIn("\x1b", re.sub(r"\x1b\[\d*m", "", left))
        self.assertRegex(re.sub(r"\x1b\[\d*m", "", left), r"ESTABLISHED +1234 +#+\r\n")

    def test_bars(self):
        for locale, bar in (("C.UTF-8", "\u2588"), ("C", "#")):
            process, _ = self.start(100, 40, LC_ALL=locale)
            self.read_until(lambda text: text.count(self.HOME) > 4)
            self.end(process)
            self.assertRegex("\n".join(self.frames()[-1]), f"ESTABLISHED +1234 +{bar}+\n")

    def test_resize(self):
        process, _ = self.start(100, 40)
        self.read_until(lambda text: text.count(self.HOME) > 3)
        self.resize(40, 10)
        self.text = b""
        self.read_until(lambda text: text.count(self.HOME) > 3)
        self.end_of_resized(process)

    def end_of_resized(self, process):
        os.write(self.master, b"q")
        self.assertEqual(process.wait(), 0)
        for frame in self.frames()[1:]:     # one may have been on its way
            self.assertLessEqual(len(frame), 9)
            self.assertLessEqual(max(map(len, frame)), 40)

    def test_the_terminal_is_given_back(self):
        for how in (b"\x03", b"q"):
            process, slave = self.start(80, 24)
            self.read_until(lambda text: text.count(self.HOME) > 1)
            quiet = termios.tcgetattr(slave)[3]
            self.assertFalse(quiet & (termios.ECHO | termios.ICANON))
            self.end(process, how)
            self.assertTrue(termios.tcgetattr(slave)[3] & termios.ECHO)
            self.assertTrue(termios.tcgetattr(slave)[3] & termios.ICANON)

    def test_stopped_and_continued(self):
        process, slave = self.start(80, 24)
        self.read_until(lambda text: text.count(self.HOME) > 1)
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        self.assertTrue(termios.tcgetattr(slave)[3] & termios.ECHO)
        self.read_until(lambda text: self.LEAVE in text)
        self.text = b""
        process.send_signal(signal.SIGCONT)
        self.read_until(lambda text: self.ENTER in text and text.count(self.HOME) > 1)
        self.end(process)

    def test_an_error_is_not_hidden(self):
        """It is said on the screen that stays, and what is not known is said on this one."""
        # A sanitizer that looks for leaks in the end cannot without descriptors.
        process, _ = self.start(100, 40, ASAN_OPTIONS="detect_leaks=0")
        self.read_until(lambda text: text.count(self.HOME) > 1)
        self.assertIn("note: the queues of listeners are not known: ", "\n".join(self.frames()[0]))
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (0, hard))    # poll(2) takes no more than that
        self.assertEqual(process.wait(), 2)
        self.read_until(lambda text: b"Invalid argument" in text)
        self.assertGreater(self.text.find(b"waiting: Invalid argument"), self.text.rfind(self.LEAVE))
        self.assertIn(self.LEAVE, self.text)

    def start_job(self):
        """A shell on the terminal, and the program in its background."""
        orders, self.orders = os.pipe()
        self.answers, answers = os.pipe()
        self.master, self.slave = pty.openpty()
        slave = self.slave
        self.resize(80, 24)

        def become_shell():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (orders, answers)]
            for fd, wanted in zip(high, (3, 4)):
                os.dup2(fd, wanted)
        process = subprocess.Popen(
            [sys.executable, "-c", SHELL, PROGRAM, "--root", self.root.name, "watch", "--interval", "20ms"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=become_shell, close_fds=False,
            env={"TERM": "xterm", "LC_ALL": "C", "PATH": os.environ["PATH"]})
        os.close(orders)
        os.close(answers)
        for fd in (self.master, slave, self.orders, self.answers):
            self.addCleanup(os.close, fd)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.text = b""

    def order(self, letters):
        """What the last of them was answered: by which signal the job was stopped, and its status."""
        for letter in letters:
            os.write(self.orders, letter.encode())
            answer = b""
            while not answer.endswith(b"\n"):
                answer += os.read(self.answers, 1)
        return tuple(map(int, answer.split()))

    def drawn(self):
        """How often it has taken the terminal so far."""
        marker = b"<marker>"
        os.write(self.slave, marker)
        self.read_until(lambda text: text.endswith(marker))
        return self.text.count(self.ENTER)

    def test_in_the_background(self):
        """It does not draw over the shell, but is stopped as by the terminal, and its keys work once it is in front."""
        self.start_job()
        self.assertEqual(self.order("w")[0], signal.SIGTTOU)
        self.assertEqual(self.drawn(), 0)
        self.order("fc")
        self.read_until(lambda text: text.count(self.HOME) > 1)
        os.write(self.master, b"\x1a")
        self.assertEqual(self.order("w")[0], signal.SIGSTOP)
        self.assertEqual(self.drawn(), 1)
        self.assertEqual(self.order("bcw")[0], signal.SIGTTOU)
        self.assertEqual(self.drawn(), 1)
        self.order("fc")
        self.read_until(lambda text: text.count(self.ENTER) == 2 and self.HOME in text.rpartition(self.ENTER)[2])
        os.write(self.master, b"q")
        self.assertEqual(self.order("w"), (0, 0))

    def test_ended_in_the_background(self):
        """Who is told to end while he waits for the terminal does, and writes no escape to it."""
        self.start_job()
        self.assertEqual(self.order("w")[0], signal.SIGTTOU)
        self.assertEqual(self.order("tcw"), (0, 0))
        self.assertEqual(self.drawn(), 0)

    def test_taken_back_after_a_stop_from_elsewhere(self):
        """SIGSTOP cannot be answered: the shell has made the terminal its own meanwhile."""
        self.start_job()
        self.order("wfc")
        self.read_until(lambda text: text.count(self.HOME) > 1)
        self.assertEqual(self.order("sw")[0], signal.SIGSTOP)
        attributes = termios.tcgetattr(self.slave)
        attributes[3] |= termios.ECHO | termios.ICANON
        self.order("b")
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        self.order("f")
        self.order("c")
        self.read_until(lambda text: text.count(self.ENTER) == 2 and self.HOME in text.rpartition(self.ENTER)[2])
        self.assertFalse(termios.tcgetattr(self.slave)[3] & termios.ECHO)
        os.write(self.master, b"q")
        self.assertEqual(self.order("w"), (0, 0))
        self.assertTrue(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def test_no_escapes_where_there_are_none(self):
        process, _ = self.start(80, 24, "--count", "2", TERM="dumb")
        self.assertEqual(process.wait(), 0)
        self.read_until(lambda text: text.count(b"ESTAB=") == 2)
        self.assertNotIn(b"\x1b", self.text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
