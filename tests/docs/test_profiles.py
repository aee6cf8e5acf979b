# SPDX-License-Identifier: MIT
"""The shipped profiles, and the licence line of every file."""

import json
import os
import re
import subprocess
import unittest

import docs

NAMES = sorted(path.stem for path in (docs.SOURCE / 'profiles').glob('*.yaml'))


class Profiles(unittest.TestCase):
    def test_all_are_installed(self):
        body = re.search(r'profiles = \[(.*?)\]', docs.read('profiles/meson.build'), re.DOTALL).group(1)
        self.assertEqual(sorted(re.findall(r"'([^']+)'", body)), NAMES)

    def test_all_are_listed(self):
        self.assertLessEqual(set(NAMES), {row[0] for row in docs.ask('profile')})

    def test_editors_find_the_schema(self):
        """The first lines name it by a path that is right here and where everything is installed."""
        installed = {os.path.realpath(source): target for source, target in
                     json.loads(docs.built('meson-info/intro-installed.json').read_text(encoding='utf-8')).items()}
        for name in NAMES:
            with self.subTest(profile=name):
                lines = re.findall(r'^# yaml-language-server: \$schema=(\S+)$', docs.read(f'profiles/{name}.yaml'), re.M)
                self.assertEqual(len(lines), 1)
                profile = docs.SOURCE / 'profiles' / f'{name}.yaml'
                schema = os.path.realpath(profile.parent / lines[0])
                self.assertTrue(os.path.isfile(schema), schema)
                beside = os.path.dirname(installed[os.path.realpath(profile)])
                self.assertEqual(installed[schema], os.path.normpath(os.path.join(beside, lines[0])))

    def test_check(self):
        for name in NAMES:
            result = docs.run('check', docs.SOURCE / 'profiles' / f'{name}.yaml')
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_reasons_and_summaries(self):
        for name in NAMES:
            profile = json.loads(docs.run('show', '--json', docs.SOURCE / 'profiles' / f'{name}.yaml').stdout)
            with self.subTest(profile=name):
                self.assertTrue(profile['summary'])
                self.assertLessEqual(len(profile['summary']), 70)
                self.assertEqual([entry['key'] for entry in profile['parameters'] if not entry['why']], [])

    def test_what_show_writes_is_a_profile(self):
        with docs.FakeRoot() as root:
            for name in NAMES:
                text = root.run('show', '--format', 'yaml', name).stdout
                result = root.run('check', root.write(f'{name}.yaml', text))
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_high_concurrency_answers_the_configuration_it_mends(self):
        """Each line that people paste is either a parameter or named among those left out, and nothing harmful is in."""
        pasted = dict(re.findall(r'^(\S+) = (.*)$', docs.read('tests/data/99-tcp-tuning.conf'), re.MULTILINE))
        self.assertEqual(len(pasted), 29)
        resolved = {entry['key']: entry for entry in
                    json.loads(docs.run('show', '--json', 'high-concurrency').stdout)['parameters']}
        comments = ' '.join(re.findall(r'^#(.*)$', docs.read('profiles/high-concurrency.yaml'), re.MULTILINE))
        for key, value in pasted.items():
            with self.subTest(key=key):
                if key not in resolved:
                    self.assertIn(key.rsplit('.', 1)[1], comments)
                elif resolved[key]['rule'] == 'value' and resolved[key]['value'] != value:
                    self.assertIn('original', resolved[key]['why'])

    def test_nothing_harmful(self):
        for name in NAMES:
            profile = json.loads(docs.run('show', '--json', docs.SOURCE / 'profiles' / f'{name}.yaml').stdout)
            values = {entry['key']: entry['value'] for entry in profile['parameters']}
            with self.subTest(profile=name):
                for key in ('net.ipv4.tcp_tw_recycle', 'net.core.rmem_default', 'net.core.wmem_default'):
                    self.assertNotIn(key, values)
                self.assertEqual(values.get('net.ipv4.tcp_timestamps', '1'), '1')
                # Never a constant: it is a share of the memory.
                for entry in profile['parameters']:
                    if entry['key'] == 'net.ipv4.tcp_mem':
                        self.assertIn('ram_pages', entry['expression'])
                if 'net.ipv4.ip_local_port_range' in values:
                    self.assertGreaterEqual(int(values['net.ipv4.ip_local_port_range'].split()[0]), 10240)
                if name != 'high-concurrency':
                    self.assertEqual([key for key in values if key.startswith('fs.')], [])


class Licence(unittest.TestCase):
    def test_spdx_lines(self):
        if (docs.SOURCE / '.git').exists():
            listing = subprocess.run(['git', '-c', 'safe.directory=*', 'ls-files'], cwd=docs.SOURCE,
                                     capture_output=True, text=True, check=True).stdout
            paths = [docs.SOURCE / line for line in listing.splitlines()]
        else:
            paths = [path for path in docs.SOURCE.rglob('*') if path.is_file()]
        kinds = {'.c', '.h', '.py', '.sh', '.build', '.yaml', '.bash', '.fish', '.8', '.5', '.ini'}
        for path in paths:
            relative = path.relative_to(docs.SOURCE)
            if relative.parts[0] not in ('src', 'profiles', 'integrations', 'man', 'completions', 'tests') or not path.exists():
                continue
            # Test data is what it is, down to the byte.
            if path.suffix not in kinds or {'data', 'corpus', 'corpora'} & set(relative.parts):
                continue
            head = path.read_text(encoding='utf-8', errors='replace').splitlines()[:3]
            self.assertTrue(any('SPDX-License-Identifier: MIT' in line for line in head), relative)


if __name__ == '__main__':
    docs.main()
