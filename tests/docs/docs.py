# SPDX-License-Identifier: MIT
"""What the tests of the documentation share: the program, the sources, a fake root, and a reader for mdoc.

A test file ends with docs.main(). Arguments: the classes to run; without any, all. Exits with 77 when everything
was skipped. The environment has KERNTUNE (the program) and SOURCE (the top of the source tree)."""

import fcntl
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

SOURCE = pathlib.Path(os.environ.get('SOURCE') or pathlib.Path(__file__).resolve().parents[2])
PROGRAM = os.path.abspath(os.environ.get('KERNTUNE') or SOURCE / 'build' / 'src' / 'kerntune')


def read(path):
    return (SOURCE / path).read_text(encoding='utf-8')


def built(path):
    """A file of the build directory."""
    return pathlib.Path(PROGRAM).parents[1] / path


def run(*arguments, **options):
    """Runs kerntune; nothing comes from a terminal or from the user's environment."""
    environment = dict(os.environ, LC_ALL='C.UTF-8', NO_COLOR='1')
    return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=environment, timeout=60, **options)


def on_terminal(width, *arguments):
    """What kerntune prints on a terminal of so many columns."""
    terminal, output = pty.openpty()
    try:
        fcntl.ioctl(output, termios.TIOCSWINSZ, struct.pack('HHHH', 24, width, 0, 0))
        modes = termios.tcgetattr(output)
        modes[1] &= ~termios.OPOST      # no carriage returns
        termios.tcsetattr(output, termios.TCSANOW, modes)
        environment = dict(os.environ, LC_ALL='C.UTF-8', NO_COLOR='1')
        with subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                              env=environment) as process:
            os.close(output)
            output = -1
            text = b''
            while True:
                try:
                    part = os.read(terminal, 65536)
                except OSError:         # the other end is closed
                    break
                if not part:
                    break
                text += part
        return text.decode()
    finally:
        os.close(terminal)
        if output >= 0:
            os.close(output)


def ask(*arguments):
    """The rows of "kerntune __complete", split at the tabs."""
    result = run('__complete', *arguments)
    if result.returncode:
        raise AssertionError(f'__complete {arguments}: exit code {result.returncode}')
    return [line.split('\t') for line in result.stdout.splitlines()]


def commands():
    return [row[0] for row in ask('commands')]


def options(*command):
    """Of a command, or the global ones: a dictionary from name to what the argument is."""
    return {row[0]: row[1] for row in ask('options', *command)}


class FakeRoot:
    """A directory with as much of /proc as the tests need, for --root."""

    VALUES = {
        'net/core/somaxconn': '4096',
        'net/core/rmem_max': '212992',
        'net/core/wmem_max': '212992',
        'net/ipv4/tcp_fin_timeout': '60',
        'net/ipv4/tcp_rmem': '4096\t131072\t6291456',
        'net/ipv4/tcp_syncookies': '1',
        'net/ipv4/ip_local_port_range': '32768\t60999',
        'kernel/hostname': 'example',
        'kernel/osrelease': '6.1.0-example',
        'kernel/random/boot_id': '01234567-89ab-cdef-0123-456789abcdef',
    }

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix='kerntune-docs.')
        self.path = pathlib.Path(self.directory.name)
        for key, value in self.VALUES.items():
            self.write(f'proc/sys/{key}', value + '\n')
        self.write('proc/meminfo', 'MemTotal:       16384000 kB\n')
        self.write('proc/stat', 'cpu  1 0 1 1 0 0 0 0 0 0\ncpu0 1 0 1 1 0 0 0 0 0 0\n')
        os.makedirs(self.path / 'proc/self/ns')
        os.symlink('net:[4026531840]', self.path / 'proc/self/ns/net')
        return self

    def __exit__(self, *_):
        self.end_guardians()
        self.directory.cleanup()

    def end_guardians(self):
        """Of a test that failed with a change pending: they would wait for as long as they were told to."""
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if (process / 'comm').read_bytes() == b'kerntune-guard\n' and \
                        os.fsencode(self.path) in (process / 'cmdline').read_bytes().split(b'\0'):
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                pass    # it has ended meanwhile

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        return path

    def run(self, *arguments):
        return run('--root', self.path, '--profile-dir', SOURCE / 'profiles', *arguments)


class Page:
    """A man page in mdoc: its lines, by section and subsection."""

    def __init__(self, name):
        self.lines = read(f'man/{name}').splitlines()
        self.sections = {}
        self.subsections = {}
        section = subsection = None
        for line in self.lines:
            if line.startswith('.Sh '):
                section, subsection = line[4:], None
                self.sections[section] = []
            elif section is not None:
                if line.startswith('.Ss '):
                    subsection = line[4:]
                    self.subsections[section, subsection] = []
                self.sections[section].append(line)
                if subsection:
                    self.subsections[section, subsection].append(line)

    def names(self, section):
        """The titles of the subsections of a section."""
        return [key[1] for key in self.subsections if key[0] == section]


def marked(lines, macro, item=False):
    """The words that follow a macro, up to the next macro or the end of the line; `item`: in the tags of lists only."""
    words = []
    for line in lines:
        if not line.startswith('.') or (item and not line.startswith('.It ')):
            continue
        current = None
        for word in line[1:].split():
            if re.fullmatch(r'[A-Z][a-z]', word):
                current = word
            elif current == macro and re.match(r'\w|-', word):
                words.append(word)
    return words


def flags(lines, item=False):
    """The options that are marked as such: "--all", "-a"; "Fl any" is three of them."""
    found = set()
    for word in marked(lines, 'Fl', item):
        if word.startswith('-'):
            found.add('-' + word)
        else:
            found.update('-' + letter for letter in word)
    return found


def require_registered(module, loader):
    """A class that no line of meson.build names would never run."""
    registered = re.findall(r"\['(\w+\.py)', '(\w+)'\]", read('tests/docs/meson.build'))
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and loader.getTestCaseNames(value) and \
                (os.path.basename(module.__file__), name) not in registered:
            sys.exit(f'tests/docs/meson.build does not run {name} of {module.__file__}')


def main():
    suite = unittest.TestSuite()
    module = sys.modules['__main__']
    loader = unittest.defaultTestLoader
    require_registered(module, loader)
    suite.addTests(loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else
                   loader.loadTestsFromModule(module))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful() or not (result.testsRun or result.skipped):
        sys.exit(1)
    # Some versions of Python count a skipped test as run, some do not.
    sys.exit(77 if result.skipped and len(result.skipped) >= result.testsRun else 0)
