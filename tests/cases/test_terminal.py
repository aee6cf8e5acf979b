# SPDX-License-Identifier: MIT
"""What only a terminal sees: tables that are fitted to its width, and the question that apply asks.

Argument: the program."""

import fcntl
import os
import pty
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
