# SPDX-License-Identifier: MIT
"""The man pages say what the program has, and nothing else.

    test_man.py --update-findings     writes the list of FINDINGS in kerntune.8 anew, from the program's table
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import unittest

import docs

PAGES = ('kerntune.8', 'kerntune-profile.5', 'kerntune-profiles.7')


def words_of_table(path, table):
    """The strings of a C table of names."""
    body = re.search(table + r'\[[^\]]*\] = \{(.*?)\};', docs.read(path), re.DOTALL).group(1)
    return re.findall(r'"([^"]+)"', body)


class Commands(unittest.TestCase):
    page = docs.Page('kerntune.8')

    def test_each_command_has_its_section(self):
        self.assertEqual(self.page.names('COMMANDS'), docs.commands())

    def test_synopsis_names_the_commands(self):
        self.assertEqual(docs.marked(self.page.sections['SYNOPSIS'], 'Cm'), docs.commands())

    def test_global_options(self):
        self.assertEqual(docs.flags(self.page.sections['GLOBAL OPTIONS'], item=True), set(docs.options()))

    def test_options_of_each_command(self):
        common = set(docs.options())
        for command in docs.commands():
            with self.subTest(command=command):
                lines = self.page.subsections['COMMANDS', command]
                own = set(docs.options(command)) - common
                self.assertEqual(docs.flags(lines, item=True), own)
                # The text may also speak of a global one.
                self.assertLessEqual(docs.flags(lines), own | common)

    def test_no_option_is_invented(self):
        known = set(docs.options()).union(*(docs.options(command) for command in docs.commands()))
        for name in PAGES:
            self.assertLessEqual(docs.flags(docs.Page(name).lines), known, name)

    def test_formats(self):
        for command in docs.commands():
            formats = {row[0] for row in docs.ask('format', command)} - {'table', 'json'}
            text = '\n'.join(self.page.subsections['COMMANDS', command])
            for name in formats:
                self.assertIn(f'.Ql {name}', text, command)

    def test_checks(self):
        lines = self.page.subsections['COMMANDS', 'check']
        begin = next(i for i, line in enumerate(lines) if line == 'These are the checks:')
        listed = [line.split(None, 2)[2] for line in lines[begin:] if line.startswith('.It Cm ')]
        texts = [lines[i + 1] for i in range(begin, len(lines)) if lines[i].startswith('.It Cm ')]
        checks = json.loads(docs.run('--json', 'check', '--list-checks').stdout)['checks']
        self.assertGreater(len(checks), 50)
        self.assertEqual(listed, [check['id'] for check in checks])
        self.assertEqual(texts, [f'{check["level"]}: {check["statement"]}' for check in checks])

    def test_environment(self):
        used = set()
        for path in (docs.SOURCE / 'src').rglob('*.c'):
            used.update(re.findall(r'getenv\("(\w+)"\)', path.read_text(encoding='utf-8')))
        self.assertEqual(set(docs.marked(self.page.sections['ENVIRONMENT'], 'Ev', item=True)), used)

    def test_exit_codes(self):
        enum = re.findall(r'^\s*EXIT_(\w+) = (\d+)', docs.read('src/cli/exit_code.h'), re.MULTILINE)
        expected = {'128+n' if name == 'SIGNAL' else number for name, number in enum}
        lines = self.page.sections['EXIT STATUS']
        self.assertEqual({line.split()[1] for line in lines if line.startswith('.It ')}, expected)


class Explain(unittest.TestCase):
    """The explanation that is shown is real."""

    page = docs.Page('kerntune.8')

    def test_example(self):
        lines = self.page.subsections['COMMANDS', 'explain']
        block = lines[lines.index('.Bd -literal') + 1:lines.index('.Ed')]
        self.assertEqual(block[0], '$ kerntune explain net.core.somaxconn')
        with docs.FakeRoot() as root:
            text = docs.on_terminal(72, '--root', root.path, '--profile-dir', docs.SOURCE / 'profiles', 'explain',
                                    'net.core.somaxconn')
        self.assertEqual([line.replace('\\e', '\\') for line in block[1:]], text.splitlines())


def as_mdoc(text):
    """A paragraph, each sentence on a line of its own."""
    lines = []
    for sentence in re.split(r'(?<=[.:]) (?=[A-Z"])|(?<=\.) ', text.replace('\\', '\\e')):
        lines += textwrap.wrap(sentence, 118, break_on_hyphens=False, break_long_words=False)
    return lines


def sentence(text):
    return text[0].upper() + text[1:] + '.'


def findings():
    ids = [row[0] for row in docs.ask('finding')]
    return json.loads(docs.run('--json', 'explain', *ids).stdout)['findings']


def findings_list():
    """The list in the section FINDINGS, as it is to be."""
    lines = ['.Bl -tag -width Ds']
    for row in findings():
        lines += [f'.It Cm {row["id"]}', *as_mdoc(sentence(row['statement']))]
        lines += as_mdoc(f'Levels: {row["levels"]}.') if row['levels'] else []
        for text in filter(None, (row['meaning'], row['mend'])):
            lines += ['.Pp', *as_mdoc(text)]
        keys = ', '.join(parameter['key'] for parameter in row['parameters'])
        if row['profile']:
            lines += ['.Pp', *as_mdoc(f'Parameters: {keys}.'), f'.Dl $ kerntune diff {row["profile"]}']
        elif row['sysctl_helps']:
            lines += ['.Pp', *as_mdoc(f'Parameters: {keys}.')]
        elif not row['is_note']:
            lines += ['.Pp', 'No sysctl mends this.']
    return [*lines, '.El']


class Findings(unittest.TestCase):
    """What the findings of diagnose mean."""

    page = docs.Page('kerntune.8')

    def test_list(self):
        section = self.page.sections['FINDINGS']
        self.assertEqual(section[section.index('.Bl -tag -width Ds'):], findings_list(),
                         'test_man.py --update-findings writes it anew')

    def test_nothing_is_left_out(self):
        rows = findings()
        self.assertGreater(len(rows), 25)
        for row in rows:
            for name in ('statement', 'meaning', 'mend', 'source'):
                self.assertTrue(row[name], f'{row["id"]}: {name}')
            self.assertNotRegex(row['meaning'] + row['mend'], r'\s\s|\s$|^\s|[^.:?]$', row['id'])

    def test_profiles_set_what_they_are_named_for(self):
        with docs.FakeRoot() as root:
            root.write('proc/modules', 'nf_conntrack 1 0 - Live 0x0\n')
            for row in findings():
                if row['profile']:
                    shown = json.loads(root.run('--json', 'show', row['profile']).stdout)
                    keys = {parameter['key'] for parameter in shown['parameters']}
                    self.assertLessEqual({parameter['key'] for parameter in row['parameters']}, keys, row['id'])

    def update(self):
        text = docs.read('man/kerntune.8')
        begin = text.index('.Bl -tag', text.index('.Sh FINDINGS'))
        (docs.SOURCE / 'man/kerntune.8').write_text(
            text[:begin] + '\n'.join(findings_list()) + text[text.index('\n.Sh', begin):], encoding='utf-8')


class Json(unittest.TestCase):
    """Fields and words of the JSON output."""

    page = docs.Page('kerntune.8')

    def sections(self, command):
        """The fields documented in the subsections that name the command."""
        found = set()
        for title in self.page.names('JSON OUTPUT'):
            if command in title.split(' and '):
                found.update(docs.marked(self.page.subsections['JSON OUTPUT', title], 'Va'))
        return found

    def fields(self, command):
        """All that a command may print. A change has the same fields in "status" as in "history"."""
        also = self.sections({'status': 'history', 'watch': 'diagnose'}[command]) if command in ('status', 'watch') else set()
        return self.sections('Every command') | self.sections(command) | also

    def collect(self, value, found):
        if isinstance(value, dict):
            found.update(value)
            for child in value.values():
                self.collect(child, found)
        elif isinstance(value, list):
            for child in value:
                self.collect(child, found)

    def write_trouble(self, root):
        """Connections toward a destination that take all ports, in every state, and the process that holds them."""
        def line(number, local, remote, state, inode):
            return f'{number}: {local} {remote} {state:02X} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n'

        here, there = '0100000A', '0500000A:1538'
        rows = [line(0, '00000000:0050', '00000000:0000', 10, 4000)]
        rows += [line(state, f'{here}:{40000 + state:04X}', there, state, 4000 + state) for state in range(1, 12)
                 if state not in (3, 10)]
        rows += [line(20, f'{here}:0050', '0900000A:C000', 1, 4020), line(21, f'{here}:0050', '0900000A:C001', 3, 0)]
        root.write('proc/net/tcp', '  sl  local_address rem_address   st\n' + ''.join(rows))
        root.write('proc/sys/net/ipv4/ip_local_port_range', '40001\t40011\n')
        root.write('proc/812/comm', 'java\n')
        root.write('proc/812/limits', 'Limit                     Soft Limit           Hard Limit           Units     \n'
                   'Max open files            12                   12                   files     \n')
        root.write('proc/812/cgroup', '0::/system.slice/app.service\n')
        os.makedirs(root.path / 'proc/812/fd')
        for number in range(12):
            os.symlink(f'socket:[{4000 + number}]', root.path / f'proc/812/fd/{number}')

    def outputs(self):
        """(arguments, exit code, object) of runs that together print every field."""
        with docs.FakeRoot() as root:
            profile = root.write('web.yaml', 'profile: web\nsummary: test\nparameters:\n'
                                 '  net.core.somaxconn: {value: 16384, why: a reason}\n'
                                 '  net.core.rmem_max: {at_least: 4194304}\n')
            computed = root.write('computed.yaml', 'profile: computed\nvariables: {load: {default: 5}}\nparameters:\n'
                                  '  net.core.somaxconn: "${load * 1000}"\n'
                                  '  net.core.rmem_max: {value: 4194304, when: "${0}"}\n')
            broken = root.write('broken.yaml', 'profile: broken\nparameters:\n  net.core.somaxconn: 1\n'
                                '  net.core.somaxconn: 2\n')

            def one(code, *arguments):
                result = root.run('--json', *arguments)
                self.assertEqual(result.returncode, code, f'{arguments}: {result.stdout}{result.stderr}')
                return arguments, code, json.loads(result.stdout)

            yield one(0, 'diff', profile)
            root.write('proc/sys/net/ipv4/tcp_timestamps', '1\n')
            yield one(0, 'diff', root.write('off.yaml', 'profile: off\nparameters:\n  net.ipv4.tcp_timestamps: 0\n'))
            yield one(1, 'verify', profile)
            yield one(0, 'list')
            yield one(0, 'show', profile)
            yield one(0, 'diff', computed)
            yield one(0, 'show', '--set', 'load=6', computed)
            yield one(0, 'plan', computed)
            yield one(2, 'check', broken)
            yield one(0, 'check', '--list-checks')
            yield one(2, 'apply', profile)
            yield one(0, 'apply', '-n', profile)
            yield one(0, 'apply', '-y', '--label', 'a remark', profile)
            yield one(0, 'apply', '-y', profile)
            yield one(0, 'status')
            root.write('proc/sys/net/core/somaxconn', '1234\n')
            yield one(1, 'status')
            yield one(0, 'restore', '-n')
            yield one(4, 'restore')
            yield one(0, 'restore', '--force')
            yield one(0, 'restore')
            yield one(0, 'plan', profile)
            yield one(7, 'apply', '-y', '--confirm', '1h', profile)
            yield one(1, 'status')
            yield one(0, 'confirm', '--extend', '2h')
            older = one(0, 'confirm')
            yield older
            yield one(1, 'confirm')
            newer = root.write('newer.yaml', 'profile: newer\nparameters:\n  net.core.somaxconn: 20000\n')
            yield one(0, 'apply', '-y', newer)
            yield one(0, 'restore', older[2]['id'])
            yield one(0, 'restore')
            yield one(2, 'restore', '20000101T000000Z-0000')
            backup = one(0, 'backup', 'net.core.*')
            yield backup
            yield one(0, 'history')
            yield one(0, 'history', backup[2]['id'])
            root.write('proc/cmdline', 'sysctl.net.core.rmem_max=4194304\n')
            yield one(0, 'apply', '-y', profile)
            yield one(0, 'explain', 'net.core.rmem_max', 'accept-queue')
            yield one(2, 'frobnicate')
            self.write_trouble(root)
            yield one(0, 'diagnose', '--once', '--deep')
            root.write('proc/net/snmp', 'Tcp: CurrEstab\nTcp: 7\n')
            yield one(0, 'watch', '--count', '1', '--threshold', 'established=1:2')
            root.run('restore')
            yield one(0, 'apply', '-y', profile)
            yield one(0, 'diagnose', '--once', '--after', 'last')
        result = docs.run('--json', 'diagnose', '--once', '--all-netns')
        self.assertEqual(result.returncode, 0, result.stderr)
        yield ('diagnose',), 0, json.loads(result.stdout)
        result = docs.run('--json', 'selftest', 'incident-syn-flood')
        yield ('selftest',), result.returncode, json.loads(result.stdout)

    def test_fields(self):
        printed, unknown = {}, {'watch'}     # nothing there leads to a finding, and nobody writes
        elsewhere = {'rules', 'problem'}    # a flood takes rates; a namespace that goes takes luck
        for arguments, code, output in self.outputs():
            command = re.fullmatch(r'kerntune\.(\w+)/1', output['schema']).group(1)
            found = set()
            self.collect(output, found)
            with self.subTest(arguments=arguments):
                self.assertLessEqual({name.removesuffix('_base64') for name in found}, self.fields(command))
            printed.setdefault(command, set()).update(found)
            if arguments == ('selftest',) and code == 2 and output['error']['id'] == 'no-privilege':
                unknown.add('selftest')     # it cannot run here
        # The other way round: nothing is documented that no run has printed.
        for title in self.page.names('JSON OUTPUT'):
            if title in unknown:
                continue
            of = printed if title == 'Every command' else title.split(' and ')
            documented = set(docs.marked(self.page.subsections['JSON OUTPUT', title], 'Va'))
            self.assertEqual(documented - set().union(*(printed[command] for command in of)) - elsewhere, set(), title)

    def test_fields_in_the_sources(self):
        """Also those that no run on a fake root prints."""
        documented = set(docs.marked(self.page.sections['JSON OUTPUT'], 'Va'))
        calls = r'(?:json_add_\w+|json_out_names|add_(?:value|text|items|paths|number))\([^"();]*?"(\w+)"'
        paths = [docs.SOURCE / 'src/format/json_out.c', *(docs.SOURCE / 'src/cli').glob('*.c')]
        for path in paths:
            for name in re.findall(calls, path.read_text(encoding='utf-8')):
                self.assertIn(name, documented, path)

    def test_words(self):
        documented = set(docs.marked(self.page.sections['JSON OUTPUT'], 'Cm'))
        words = [
            *words_of_table('src/model/change.c', 'kind_names'),
            *words_of_table('src/model/change.c', 'state_names'),
            *words_of_table('src/model/change.c', 'role_names'),
            *words_of_table('src/model/change.c', 'status_names'),
            *words_of_table('src/model/change.c', 'actor_names'),
            *words_of_table('src/model/plan.c', 'names'),
            *words_of_table('src/model/profile.c', 'names'),
            *words_of_table('src/engine/apply.c', 'names'),
        ]
        self.assertGreater(len(words), 30)
        self.assertEqual([word for word in words if word not in documented], [])


class ShippedPage(unittest.TestCase):
    page = docs.Page('kerntune-profiles.7')

    def test_each_profile_has_its_section(self):
        names = self.page.names('PROFILES')
        self.assertEqual(names, sorted(path.stem for path in (docs.SOURCE / 'profiles').glob('*.yaml')))

    def test_for_whom_for_whom_not_and_what_it_costs(self):
        for (section, name), lines in self.page.subsections.items():
            text = ' '.join(lines)
            if section == 'PROFILES' and name != 'cubic':
                self.assertIn('Not for', text, name)
                self.assertRegex(text, r'cost|MiB', name)
        for path in (docs.SOURCE / 'profiles').glob('*.yaml'):
            comments = ' '.join(line for line in path.read_text(encoding='utf-8').splitlines() if line.startswith('#'))
            for words in ('For whom:', 'Not for whom:', 'What it costs:'):
                self.assertIn(words, comments, path.name)

    def test_variables_and_their_defaults(self):
        with docs.FakeRoot() as root:
            for (section, name), lines in self.page.subsections.items():
                shown = json.loads(root.run('show', '--json', name).stdout)
                wanted = {(row['name'], row['default']) for row in shown.get('variables', [])}
                told = set(re.findall(r'^\.Va (\w+)\n\((\d+)\)', '\n'.join(lines), re.MULTILINE))
                self.assertEqual(told, wanted, name)


class ProfilePage(unittest.TestCase):
    """kerntune-profile(5): fields, examples, the shipped profiles."""

    page = docs.Page('kerntune-profile.5')

    def fields(self, table):
        body = re.search(table + r'\[\] = \{(.*?)\};', docs.read('src/format/profile_yaml.c'), re.DOTALL).group(1)
        return set(re.findall(r'\{ "(\w+)"', body))

    def test_fields(self):
        for section, table in (('FIELDS OF A PROFILE', 'profile_fields'), ('FIELDS OF A PARAMETER', 'setting_fields')):
            self.assertEqual(set(docs.marked(self.page.sections[section], 'Cm', item=True)), self.fields(table))
        self.assertEqual(set(docs.marked(self.page.subsections['COMPUTED VALUES', 'Variables'], 'Cm', item=True)),
                         self.fields('variable_fields'))

    def test_examples_pass(self):
        blocks, block = [], None
        for line in self.page.lines:
            if line.startswith('.Bd -literal'):
                block = []
            elif line.startswith('.Ed'):
                blocks.append(block)
                block = None
            elif block is not None:
                block.append(line.replace('\\e', '\\'))
        examples = [block for block in blocks if block[0].startswith('profile: ')]
        self.assertGreaterEqual(len(examples), 5)
        with docs.FakeRoot() as root:
            for example in examples:
                name = example[0].split()[1]
                path = root.write(f'{name}.yaml', '\n'.join(example) + '\n')
                result = root.run('check', path)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_words_of_expressions(self):
        lines = self.page.subsections['COMPUTED VALUES', 'Expressions']
        source = docs.read('src/model/expression.c')
        functions = re.search(r' functions\[\] = \{(.*?)\n\};', source, re.DOTALL).group(1)
        self.assertEqual({line.split()[2] for line in lines if line.startswith('.It Fn ')},
                         set(re.findall(r'\{ "(\w+)"', functions)))
        self.assertEqual(set(docs.marked(lines, 'Va', item=True)),
                         set(words_of_table('src/model/expression.c', 'fact_names')))
        operators = re.search(r' operators\[\] = \{(.*?)\n\};', source, re.DOTALL).group(1)
        documented = {word for line in lines if line.startswith('.It Ic ') for word in line.split()[2:]}
        self.assertEqual(documented - {'\\&!', '\\&(', '\\&)'}, set(re.findall(r'\{ "([^"]+)"', operators)))

    def test_output_of_the_computed_example(self):
        lines = self.page.sections['COMPUTED VALUES']
        first = lines.index('profile: gateway')
        example = lines[first:lines.index('.Ed', first)]
        first = next(i for i, line in enumerate(lines) if line.startswith('$ kerntune '))
        command, output = lines[first].split()[2:], lines[first + 1:lines.index('.Ed', first)]
        with docs.FakeRoot() as root:
            root.write('etc/kerntune/profiles/gateway.yaml', '\n'.join(example) + '\n')
            root.write('proc/sys/net/ipv4/tcp_mem', '47988\t63984\t95976\n')
            root.write('proc/sys/net/netfilter/nf_conntrack_max', '65536\n')
            root.write('proc/sys/net/netfilter/nf_conntrack_buckets', '65536\n')
            root.write('proc/meminfo', 'MemTotal: 4096000 kB\n')
            self.assertEqual(root.run(*command).stdout.splitlines(), output)


@unittest.skipUnless(shutil.which('mandoc'), 'needs mandoc')
class Mandoc(unittest.TestCase):
    def test_lint(self):
        for name in PAGES:
            result = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', docs.SOURCE / 'man' / name],
                                    capture_output=True, text=True)
            self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ''))


@unittest.skipUnless(shutil.which('man'), 'needs man')
class Man(unittest.TestCase):
    def test_no_warnings(self):
        for name in PAGES:
            result = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', docs.SOURCE / 'man' / name],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if 'groff' in result.stderr and 'not found' in result.stderr:
                self.skipTest('needs groff')
            self.assertEqual(result.stderr, '')


if __name__ == '__main__':
    if sys.argv[1:] == ['--update-findings']:
        Findings().update()
    else:
        docs.main()
