# SPDX-License-Identifier: MIT
"""--help of the program and of each command."""

import re
import unittest

import docs


class Help(unittest.TestCase):
    def listed(self, text):
        """The options that a help text lists, short and long."""
        found = set()
        for short, long in re.findall(r'^  (?:(-\w),|   ) (--[a-z-]+)', text, re.MULTILINE):
            found.update({short, long} - {''})
        return found

    def check(self, expected_options, *arguments):
        result = docs.run(*arguments, '--help')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        for line in result.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertEqual(self.listed(result.stdout), set(expected_options))
        return result.stdout

    def test_program(self):
        text = self.check(docs.options())
        order = [text.index(f'\n  {command} ') for command in docs.commands()]
        self.assertEqual(order, sorted(order))
        self.assertEqual(docs.commands()[:3], ['diff', 'apply', 'restore'])
        self.assertNotIn('__complete', text)

    def test_commands(self):
        for command in docs.commands():
            with self.subTest(command=command):
                text = self.check(docs.options(command), command)
                formats = ' '.join(row[0] for row in docs.ask('format', command))
                self.assertIn(f'\nFormats: {formats}\n', text)
                self.assertEqual(docs.run(command, '-h').stdout, text)

    def test_without_a_command(self):
        result = docs.run()
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertIn('Usage: kerntune', result.stderr)

    def test_version(self):
        version = re.search(r"version: '([^']+)'", docs.read('meson.build')).group(1)
        for arguments in (['--version'], ['diff', '--version']):
            self.assertEqual(docs.run(*arguments).stdout, f'kerntune {version}\n')
        self.assertIn(f'\n## {version}', docs.read('CHANGELOG.md'))


if __name__ == '__main__':
    docs.main()
