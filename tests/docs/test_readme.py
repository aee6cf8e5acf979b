# SPDX-License-Identifier: MIT
"""The README, and the command lines shown anywhere, agree with the program."""

import json
import os
import re
import shlex
import subprocess
import unittest

import docs


def blocks(text):
    """The fenced blocks."""
    return re.findall(r'^```\w*\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)


def command_lines(text):
    """What is typed, from "kerntune" on: "$ kerntune ...", also behind sudo; as words."""
    for line in text.splitlines():
        match = re.match(r'\s*(?:\.Dl )?\$ (?:id=\$\()?(?:sudo )?(kerntune .*)', line)
        if match:
            typed = match.group(1).rstrip(')')
            yield shlex.split(re.split(r' [|>] ', typed)[0], comments=True)[1:]


class Readme(unittest.TestCase):
    text = docs.read('README.md')

    def test_quickstart_comes_first(self):
        first = blocks(self.text)[0]
        self.assertEqual([line.split('#')[0].strip() for line in first.splitlines()],
                         ['./quickstart', './quickstart test'])
        self.assertLess(self.text.index('```'), self.text.index('\n## '))
        self.assertTrue((docs.SOURCE / 'quickstart').exists())

    def test_profiles_table(self):
        rows = dict(re.findall(r'^\| `([a-z-]+)` \| (\d+) \|', self.text, re.MULTILINE))
        with docs.FakeRoot() as root:
            root.write('proc/sys/net/core/dev_weight', '64\n')
            root.write('proc/modules', ''.join(f'{name} 1 0 - Live 0x0\n' for name in
                                               ('nf_conntrack', 'tcp_bbr', 'sch_fq')))
            listed = json.loads(root.run('list', '--json').stdout)['profiles']
        self.assertEqual(rows, {row['name']: str(row['parameter_count']) for row in listed})

    def test_exit_codes(self):
        enum = re.findall(r'^\s*EXIT_(\w+) = (\d+)', docs.read('src/cli/exit_code.h'), re.MULTILINE)
        expected = ['128+n' if name == 'SIGNAL' else number for name, number in enum]
        self.assertEqual(re.findall(r'^\| (\d+|128\+n) \|', self.text, re.MULTILINE), expected)

    def test_layout(self):
        layout = [line for block in blocks(self.text) for line in block.splitlines() if re.match(r'[\w/]+/ ', line)]
        self.assertGreater(len(layout), 8)
        for line in layout:
            self.assertTrue((docs.SOURCE / line.split()[0]).is_dir(), line)

    def test_the_profile_shown_passes(self):
        shown = [block for block in blocks(self.text) if block.startswith('profile: ')]
        self.assertTrue(shown)
        with docs.FakeRoot() as root:
            for block in shown:
                result = root.run('check', root.write(f'{block.split()[1]}.yaml', block))
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_tour(self):
        """The three flows print what is shown; only the ids differ."""
        def ids_hidden(text):
            text = re.sub(r'--root \S+ ', '', text)
            return re.sub(r'\d{8}T\d{6}Z-[0-9a-f]{4}', 'ID', text)

        shown = {match.group(1): match.group(2) for match in
                 re.finditer(r'^```\n\$ (?:sudo )?kerntune ([^\n]*)\n(.*?)^```$', self.text, re.MULTILINE | re.DOTALL)}
        with docs.FakeRoot() as root:
            for key, value in (('ipv4/tcp_timestamps', '1'), ('ipv4/tcp_tw_reuse', '2'),
                               ('ipv4/ip_local_reserved_ports', ''),
                               ('ipv4/tcp_max_tw_buckets', '131072'),
                               ('netfilter/nf_conntrack_tcp_timeout_time_wait', '120')):
                root.write(f'proc/sys/net/{key}', value + '\n')
            for line, code in (('diff incident-time-wait', 0), ('apply --yes incident-time-wait', 0), ('restore', 4)):
                if line == 'restore':
                    root.write('proc/sys/net/ipv4/tcp_fin_timeout', '20\n')
                result = subprocess.run([docs.PROGRAM, '--root', root.path, '--profile-dir', docs.SOURCE / 'profiles',
                                         *line.split()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=dict(os.environ, LC_ALL='C.UTF-8'))
                self.assertEqual(result.returncode, code, result.stdout)
                self.assertEqual(ids_hidden(result.stdout), ids_hidden(shown[line]))

    def test_plan_and_deadline(self):
        """What is shown of saved plans and of --confirm; only ids, times and the place of the profile differ."""
        def hidden(text):
            text = re.sub(r'--root \S+ ', '', text)
            text = re.sub(r'\d{8}T\d{6}Z-[0-9a-f]{4}', 'ID', text)
            text = re.sub(r'\d{4}-\d\d-\d\dT[\d:]+Z', 'TIME', text)
            return re.sub(r'/\S+/(?=incident-time-wait.yaml)', '', text)

        shown = dict(re.findall(r'^```\n\$ (?:sudo )?kerntune ([^\n]*)\n(.*?)^```$', self.text,
                                re.MULTILINE | re.DOTALL))
        with docs.FakeRoot() as root:
            for key, value in (('tcp_timestamps', '1'), ('tcp_tw_reuse', '2'), ('ip_local_reserved_ports', ''),
                               ('tcp_max_tw_buckets', '131072')):
                root.write(f'proc/sys/net/ipv4/{key}', value + '\n')
            root.write('proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait', '120\n')
            for line, code, timeout in (('plan -o plan.json incident-time-wait', 0, 60),
                                        ('apply --yes plan.json', 5, 20),
                                        ('apply --yes --confirm 2m plan.json', 7, 60), ('confirm', 0, 15)):
                root.write('proc/sys/net/ipv4/tcp_fin_timeout', f'{timeout}\n')
                result = subprocess.run([docs.PROGRAM, '--root', root.path, '--profile-dir', docs.SOURCE / 'profiles',
                                         *line.split()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, cwd=root.path,
                                        env=dict(os.environ, LC_ALL='C.UTF-8'))
                self.assertEqual(result.returncode, code, result.stdout)
                self.assertEqual(hidden(result.stdout), hidden(shown[line]))

    def test_check(self):
        """What is shown of check is printed, with the rest left out."""
        shown = re.search(r'^```\n\$ kerntune check 99-tcp-tuning.conf\n(.*?)^```$', self.text,
                          re.MULTILINE | re.DOTALL).group(1)
        with docs.FakeRoot() as root:
            root.write('99-tcp-tuning.conf', docs.read('tests/data/99-tcp-tuning.conf'))
            result = subprocess.run([docs.PROGRAM, '--root', root.path, 'check', '99-tcp-tuning.conf'],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True, cwd=root.path, env=dict(os.environ, LC_ALL='C.UTF-8'))
        self.assertEqual(result.returncode, 0, result.stdout)
        parts = [part for part in shown.split('...\n') if part]
        self.assertGreaterEqual(len(parts), 5)
        for part in parts:
            self.assertIn(part, result.stdout)

    def test_diagnose(self):
        """What is shown is printed for such sockets, whose description by the text tables is told besides."""
        shown = re.search(r'^```\n\$ kerntune diagnose\n(.*?)^```$', self.text, re.MULTILINE | re.DOTALL).group(1)
        waiting, young = int(re.search(r'TIME_WAIT (\d+)', shown).group(1)), int(
            re.search(r'(\d+) connections a second', shown).group(1)) * 10
        lines = ['  sl  local_address rem_address   st\n']
        for i in range(waiting):
            left = 5500 if i < young else 4500      # hundredths of a second of the 60 of TIME_WAIT
            lines.append(f'{i}: 0180000A:{32768 + i:04X} 0500000A:1F90 06 00000000:00000000 03:{left:08X} 00000000'
                         '     0        0 0 3 \n')
        with docs.FakeRoot() as root:
            root.write('proc/net/tcp', ''.join(lines))
            root.write('proc/sys/net/ipv4/tcp_tw_reuse', '2\n')
            root.write('proc/sys/net/ipv4/tcp_timestamps', '1\n')
            result = root.run('diagnose', '--once')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(shown, re.sub(r' +\n', '\n', result.stdout))

    def test_findings_and_their_profiles(self):
        rows = json.loads(docs.run('--json', 'explain', *(row[0] for row in docs.ask('finding'))).stdout)['findings']
        self.assertEqual(re.findall(r'^\| `([a-z0-9-]+)` \| (.*) \| `([a-z-]+)` \| `(kerntune diff .*)` \|$', self.text,
                                    re.MULTILINE),
                         [(row['id'], row['statement'], row['profile'], f'kerntune diff {row["profile"]}')
                          for row in rows if row['profile']])
        none = re.search(r'^No sysctl mends (.*?):', self.text, re.MULTILINE | re.DOTALL).group(1)
        self.assertEqual(re.findall('`(.*?)`', none),
                         [row['id'] for row in rows if not row['is_note'] and not row['sysctl_helps']])

    def test_nothing_of_the_machine_it_was_written_on(self):
        self.assertIsNone(re.search(r'/work/|/home/|/root/|/tmp/', self.text))


class CommandLines(unittest.TestCase):
    def check(self, words):
        result = docs.run(*words, '--help')
        self.assertEqual(result.returncode, 0, f'{words}: {result.stderr}')
        command = next(word for word in words if word in docs.commands())
        known = docs.options(command)
        arguments, skip = [], False
        for word in words[words.index(command) + 1:]:
            if skip:
                skip = False
            elif word.startswith('-'):
                skip = '=' not in word and known.get(word, '-') != '-'
            else:
                arguments.append(word)
        usage = re.match(r'Usage: kerntune \w+ \[OPTION\]\.\.\. ?(.*)', result.stdout).group(1)
        if not usage.startswith('[') and usage:
            self.assertTrue(arguments, words)
        if not usage.endswith('...') and not usage.endswith('...]'):
            self.assertLessEqual(len(arguments), 1 if usage else 0, words)
        if usage.startswith('PROFILE'):
            profiles = {row[0] for row in docs.ask('profile')}
            for argument in arguments:
                is_plan = 'PLAN' in usage and argument.endswith('.json')
                self.assertTrue(argument in profiles or argument.endswith('.yaml') or is_plan, words)

    def test_command_lines(self):
        for name, least in (('README.md', 8), ('man/kerntune.8', 8)):
            lines = list(command_lines(docs.read(name)))
            self.assertGreaterEqual(len(lines), least, name)
            for words in lines:
                with self.subTest(file=name, words=words):
                    self.check(words)

    def test_commands_in_the_text(self):
        for name in ('README.md', 'CHANGELOG.md'):
            for line in re.findall(r'`(?:sudo )?kerntune ([^`]+)`', docs.read(name)):
                with self.subTest(file=name, line=line):
                    words = shlex.split(line)
                    self.assertIn(words[0], docs.commands())
                    self.assertLessEqual({word for word in words if word.startswith('-')},
                                         set(docs.options(words[0])))


if __name__ == '__main__':
    docs.main()
