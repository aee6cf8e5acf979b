# SPDX-License-Identifier: MIT
"""The completions, driven for real in each shell that is there."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

import docs

DIRECTORY = docs.SOURCE / 'completions'
PROFILES = sorted(path.stem for path in (docs.SOURCE / 'profiles').glob('*.yaml'))
WORDBREAKS = ' \t\n"\'><=;|&(:'


def syntax(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def type_into(shell, setup, keys, environment):
    """Types into an interactive shell on a terminal of its own; returns what the line had become."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.execvpe(shell[0], shell, {**os.environ, 'TERM': 'xterm', 'HISTFILE': '/dev/null', **environment})
        finally:
            os._exit(127)
    output = b''

    def expect(pattern, seconds=30):
        nonlocal output
        end = time.monotonic() + seconds
        while not re.search(pattern, output):
            if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f'no {pattern!r} in {output!r}')
            output += os.read(terminal, 65536)

    try:
        # The quotes keep the echo of the command from looking like its output.
        os.write(terminal, setup.encode() + b"; echo REA''DY\n")
        expect(rb'READY')
        os.write(terminal, keys.encode())
        # Read only when the completion is done. What the line has become is asked of the shell: the echo of what was
        # inserted may come in any form.
        os.write(terminal, b"\x01echo GO''T: \x05 :E''ND\n")
        expect(rb'GOT:.*:END')
        return re.search(rb'GOT: *(.*?) *:END', output).group(1).decode()
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


class Fixture(unittest.TestCase):
    """A root with one change record, and a link called kerntune to the program."""

    @classmethod
    def setUpClass(cls):
        cls.root = docs.FakeRoot().__enter__()
        result = cls.root.run('backup', 'net.core.*')
        assert result.returncode == 0, result.stderr
        cls.id = result.stdout.strip()
        cls.root.write('window.json', '{}\n')
        cls.root.write('99-tuning.conf', '# empty\n')
        cls.bin = tempfile.TemporaryDirectory(prefix='kerntune-docs.')
        os.symlink(docs.PROGRAM, f'{cls.bin.name}/kerntune')
        cls.environment = {'PATH': f'{cls.bin.name}:{os.environ["PATH"]}'}

    @classmethod
    def tearDownClass(cls):
        cls.root.__exit__()
        cls.bin.cleanup()

    def cases(self):
        """(words behind the program, what is offered for the last of them), for every shell."""
        everywhere = ['--root', str(self.root.path)]
        profiles = ['--profile-dir', str(docs.SOURCE / 'profiles')]
        keys = ['net.core.rmem_max', 'net.core.somaxconn', 'net.core.wmem_max']
        yield [''], docs.commands()
        yield ['dif'], ['diff']
        yield ['--ver'], ['--version', '--verbose']
        yield ['diff', '--'], [name for name in docs.options('diff') if name.startswith('--')]
        yield ['diff', '--exi'], ['--exit-code']
        yield [*everywhere, 'diagnose', '--after', ''], [self.id]
        yield ['restore', '--exi'], []
        yield [*profiles, 'diff', ''], PROFILES
        yield [*profiles, 'diff', 'incident-syn-flood', 'incident-t'], ['incident-time-wait']
        yield [*profiles, 'diff', '--', 'prox'], ['proxy']
        yield [*everywhere, 'restore', ''], [self.id]
        yield [f'--root={self.root.path}', 'history', self.id[:5]], [self.id]
        yield [*everywhere, 'diff', '--only', 'net.core.'], keys
        yield [*everywhere, 'diff', '--only', 'net/core/s'], ['net/core/somaxconn']
        yield [*everywhere, 'backup', 'net.ipv4.tcp_s'], ['net.ipv4.tcp_syncookies']
        yield ['explain', 'net.core.wmem_'], ['net.core.wmem_default', 'net.core.wmem_max']
        yield ['explain', 'net/ipv4/conf/all/rp_f'], ['net/ipv4/conf/all/rp_filter']
        yield ['explain', '--fu'], ['--full']
        yield ['explain', 'close-wait-'], ['close-wait-leak', 'close-wait-stalled', 'close-wait-young']
        yield ['verify', '--format', ''], [row[0] for row in docs.ask('format', 'verify')]
        yield ['show', '--format', 'y'], ['yaml']
        yield ['--color', 'a'], ['auto', 'always']
        yield ['diff', '--color', 'n'], ['never']
        yield ['--root', f'{self.root.path}/proc/s'], [f'{self.root.path}/proc/self', f'{self.root.path}/proc/sys']
        yield ['check', f'{docs.SOURCE}/profiles/tcp'], [f'{docs.SOURCE}/profiles/tcp-baseline.yaml']
        yield ['check', f'{self.root.path}/99'], [f'{self.root.path}/99-tuning.conf']
        yield ['diff', f'{self.root.path}/99'], []
        yield ['check', '--disable', 'tw-r'], ['tw-reuse', 'tw-reuse-without-timestamps', 'tw-recycle']
        yield ['apply', '--label', ''], []
        yield ['con'], ['confirm']
        yield ['confirm', '--ext'], ['--extend']
        yield [*everywhere, 'confirm', ''], [self.id]
        yield ['apply', f'{self.root.path}/win'], [f'{self.root.path}/window.json']
        yield ['plan', f'{self.root.path}/win'], []
        yield ['plan', '-o', f'{self.root.path}/win'], [f'{self.root.path}/window.json']


@unittest.skipUnless(shutil.which('bash'), 'needs bash')
class Bash(Fixture):
    FILE = DIRECTORY / 'kerntune.bash'

    def complete(self, words, wordbreaks=WORDBREAKS):
        """Calls the function as bash does; returns what it offers."""
        script = ('source "$1"; COMP_WORDBREAKS=$2; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
                  ' _kerntune kerntune "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; printf "%s\\n" "${COMPREPLY[@]}"')
        typed = []
        for word in words:      # what bash makes of the line
            typed.extend(part for part in (re.split('(=)', word) if '=' in wordbreaks else [word]))
        result = subprocess.run(['bash', '--norc', '-c', script, 'bash', self.FILE, wordbreaks, 'kerntune', *typed],
                                capture_output=True, text=True, env=dict(os.environ, **self.environment),
                                cwd=self.bin.name)
        self.assertEqual(result.stderr, '')
        return [line for line in result.stdout.splitlines() if line]

    def test_syntax(self):
        self.assertEqual(syntax('bash', '-n', self.FILE), (0, ''))

    def test_cases(self):
        for words, expected in self.cases():
            with self.subTest(words=words):
                self.assertEqual(self.complete(words), expected)

    def test_equals_sign(self):
        self.assertEqual(self.complete(['verify', '--format=j']), ['json', 'junit'])
        self.assertEqual(self.complete(['verify', '--format=']), [row[0] for row in docs.ask('format', 'verify')])
        self.assertEqual(self.complete(['verify', '--format=j'], ' \t\n'), ['--format=json', '--format=junit'])

    def test_typing(self):
        line = type_into(['bash', '--norc', '-i'], f'source {self.FILE}', 'kerntune hist\t', self.environment)
        self.assertEqual(line, 'kerntune history')


@unittest.skipUnless(shutil.which('zsh'), 'needs zsh')
class Zsh(Fixture):
    FILE = DIRECTORY / '_kerntune'

    def type(self, keys):
        setup = f'PS1=; unsetopt zle_bracketed_paste; fpath=({DIRECTORY} $fpath); autoload -Uz compinit; compinit -u -D'
        return type_into(['zsh', '-f', '-i'], setup, keys, self.environment)

    def test_syntax(self):
        self.assertEqual(syntax('zsh', '-n', self.FILE), (0, ''))
        self.assertTrue(self.FILE.read_text(encoding='utf-8').startswith('#compdef kerntune\n'))

    def test_typing(self):
        profiles, root = docs.SOURCE / 'profiles', self.root.path
        for keys, line in (
            ('kerntune hist\t', 'kerntune history'),
            ('kerntune diff --exi\t', 'kerntune diff --exit-code'),
            (f'kerntune --profile-dir {profiles} diff incident-t\t',
             f'kerntune --profile-dir {profiles} diff incident-time-wait'),
            (f'kerntune --root {root} restore 2\t', f'kerntune --root {root} restore {self.id}'),
            (f'kerntune --root={root} diff --only net.core.so\t',
             f'kerntune --root={root} diff --only net.core.somaxconn'),
            ('kerntune verify --format ju\t', 'kerntune verify --format junit'),
            ('kerntune verify --format=ju\t', 'kerntune verify --format=junit'),
            ('kerntune --color al\t', 'kerntune --color always'),
            (f'kerntune apply {root}/win\t', f'kerntune apply {root}/window.json'),
        ):
            with self.subTest(keys=keys):
                self.assertEqual(self.type(keys), line)


@unittest.skipUnless(shutil.which('fish'), 'needs fish')
class Fish(Fixture):
    FILE = DIRECTORY / 'kerntune.fish'

    def complete(self, words):
        """What "complete -C" prints, without the explanations."""
        with tempfile.TemporaryDirectory() as home:
            result = subprocess.run(['fish', '-N', '-c', 'source $argv[1]; complete -C $argv[2]', self.FILE,
                                     ' '.join(['kerntune', *words])], capture_output=True, text=True, cwd=home,
                                    env=dict(os.environ, HOME=home, **self.environment))
        self.assertEqual(result.stderr, '')
        return [line.split('\t')[0].rstrip('/') for line in result.stdout.splitlines()]

    def test_syntax(self):
        self.assertEqual(syntax('fish', '--no-execute', self.FILE), (0, ''))

    def test_cases(self):
        for words, expected in self.cases():
            with self.subTest(words=words):
                self.assertEqual(sorted(self.complete(words)), sorted(expected))

    def test_equals_sign(self):
        self.assertEqual(self.complete(['verify', '--format=j']), ['--format=json', '--format=junit'])

    def test_explanations(self):
        with tempfile.TemporaryDirectory() as home:
            result = subprocess.run(['fish', '-N', '-c', 'source $argv[1]; complete -C "kerntune dif"', self.FILE],
                                    capture_output=True, text=True, env=dict(os.environ, HOME=home, **self.environment))
        self.assertEqual(result.stdout, '\t'.join(docs.ask('commands')[0]) + '\n')


if __name__ == '__main__':
    docs.main()
