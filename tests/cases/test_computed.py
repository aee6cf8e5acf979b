# SPDX-License-Identifier: MIT
"""The shipped profiles on machines of every size and under every declared load: values that the kernel would take,
in order, and no arithmetic that fails.

Arguments: the program and the directory of the profiles. COMPUTED_ROUNDS sets how many machines are tried."""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PROFILES = sys.argv[1:3]
ROUNDS = int(os.environ.get('COMPUTED_ROUNDS', '12'))
SEED = int(os.environ.get('COMPUTED_SEED', '1'))
MIB, GIB = 1 << 20, 1 << 30
NAMES = sorted(path.stem for path in pathlib.Path(PROFILES).glob('*.yaml'))
NAMED_VALUES = {'net.ipv4.tcp_congestion_control', 'net.core.default_qdisc', 'net.ipv4.ip_local_reserved_ports'}


class Machine:
    """A tree of files with the facts of a machine and the modules that it has loaded."""

    def __init__(self, ram, cpus=4, page=4096, modules=('nf_conntrack', 'tcp_bbr', 'sch_fq'), release='6.12.9'):
        self.directory = tempfile.TemporaryDirectory(prefix='kerntune-computed.')
        self.page = page
        self.write('proc/meminfo', 'MemTotal: %d kB\n' % (ram // 1024))
        self.write('proc/stat', 'cpu  1\n' + ''.join('cpu%d 1\n' % number for number in range(cpus)))
        self.write('proc/self/smaps', 'KernelPageSize: %d kB\n' % (page // 1024))
        self.write('proc/modules', ''.join('%s 16384 0 - Live 0x0\n' % name for name in modules))
        self.write('proc/sys/kernel/osrelease', release + '\n')
        self.write('proc/sys/net/core/somaxconn', '4096\n')
        self.write('proc/sys/net/core/dev_weight', '64\n')

    def write(self, name, text):
        path = os.path.join(self.directory.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text)

    def run(self, *arguments):
        return subprocess.run([PROGRAM, '--root', self.directory.name, '--profile-dir', PROFILES, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def show(self, profile, load=()):
        """From key to value, as the profile is computed here."""
        sets = [word for name, value in load for word in ('--set', '%s=%d' % (name, value))]
        result = self.run('--json', 'show', *sets, profile)
        if result.returncode:
            raise AssertionError('%s %s: %s' % (profile, sets, result.stdout + result.stderr))
        document = json.loads(result.stdout)
        return document, {row['key']: row['value'] for row in document['parameters']}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


def numbers(value):
    return [int(word) for word in value.split()]


class Computed(unittest.TestCase):
    def check_values(self, profile, values, what):
        for key, value in values.items():
            if key in NAMED_VALUES:
                continue
            fields = numbers(value)
            self.assertEqual(fields, sorted(fields), '%s: %s of %s' % (what, key, profile))
            self.assertTrue(all(0 <= field < 1 << 63 for field in fields), '%s: %s of %s' % (what, key, profile))

    def test_a_small_and_a_large_machine_differ_sensibly(self):
        with Machine(GIB) as small, Machine(256 * GIB, cpus=64) as large:
            for profile, key in (('high-concurrency', 'net.ipv4.tcp_mem'), ('bulk-transfer', 'net.ipv4.tcp_mem'),
                                 ('high-concurrency', 'net.netfilter.nf_conntrack_max'),
                                 ('high-concurrency', 'net.netfilter.nf_conntrack_buckets'),
                                 ('high-concurrency', 'net.ipv4.tcp_rmem'), ('bulk-transfer', 'net.ipv4.tcp_wmem'),
                                 ('proxy', 'net.ipv4.tcp_rmem')):
                with self.subTest(profile=profile, key=key):
                    few, many = (numbers(machine.show(profile)[1][key]) for machine in (small, large))
                    self.assertEqual(few, sorted(few))
                    self.assertEqual(many, sorted(many))
                    self.assertLess(few[-1], many[-1])
            # Three thirty-seconds, an eighth and three sixteenths of the pages of 4 KiB.
            self.assertEqual(numbers(small.show('high-concurrency')[1]['net.ipv4.tcp_mem']),
                             [24576, 32768, 49152])
            self.assertEqual(numbers(large.show('high-concurrency')[1]['net.ipv4.tcp_mem']),
                             [6291456, 8388608, 12582912])

    def test_no_profile_asks_for_more_of_a_small_machine_than_check_grants(self):
        with Machine(GIB) as machine:
            for profile in NAMES:
                with self.subTest(profile=profile):
                    document = json.loads(machine.run('--json', 'check', profile).stdout)
                    self.assertEqual([message['text'] for message in document['messages']
                                      if message.get('id') == 'buffer-budget'], [])

    def test_declared_load(self):
        with Machine(64 * GIB) as machine:
            key = 'net.core.somaxconn'
            values = [int(machine.show('api-gateway', [('new_connections_per_second', rate)])[1][key])
                      for rate in (1, 2000, 10000, 1000000)]
            self.assertEqual(values, sorted(values))
            self.assertEqual(values[0], 4096)
            self.assertEqual(values[-1], 65535)
            self.assertLess(values[0], values[2])

    def test_conntrack_in_step_and_within_memory(self):
        for ram in (GIB, 8 * GIB, 512 * GIB):
            with Machine(ram) as machine:
                for profile in ('api-gateway', 'high-concurrency', 'proxy'):
                    values = machine.show(profile)[1]
                    entries = int(values['net.netfilter.nf_conntrack_max'])
                    buckets = int(values['net.netfilter.nf_conntrack_buckets'])
                    self.assertTrue(1 <= entries / buckets <= 4, (profile, entries, buckets))
                    self.assertLessEqual(entries * 400, max(ram // 10, 65536 * 400))

    def test_left_out_without_the_module(self):
        with Machine(8 * GIB, modules=()) as machine:
            for profile in NAMES:
                values = machine.show(profile)[1]
                if not profile.startswith('incident'):
                    self.assertEqual([key for key in values if key.startswith('net.netfilter.')], [], profile)
            self.assertEqual(machine.show('bulk-transfer')[1]['net.ipv4.tcp_congestion_control'], 'cubic')
        with Machine(8 * GIB) as machine:
            self.assertEqual(machine.show('bulk-transfer')[1]['net.ipv4.tcp_congestion_control'], 'bbr')
            self.assertEqual(machine.show('bulk-transfer')[1]['net.core.default_qdisc'], 'fq')

    def test_any_machine_any_load(self):
        chance = random.Random(SEED)
        for number in range(ROUNDS):
            ram = int(2 ** chance.uniform(26, 45))
            machine = Machine(ram, chance.choice((1, 2, 4, 96, 1024)), chance.choice((4096, 16384, 65536)),
                              chance.choice(((), ('nf_conntrack',), ('nf_conntrack', 'tcp_bbr', 'sch_fq'))),
                              chance.choice(('3.10.0-1160.el7.x86_64', '5.15.0', '6.18.44', '7.1.5')))
            with machine:
                for profile in NAMES:
                    variables = machine.show(profile)[0].get('variables', [])
                    load = [(row['name'], self.pick(chance, row)) for row in variables]
                    what = 'seed %d, round %d, %d bytes, %s' % (SEED, number, ram, load)
                    self.check_values(profile, machine.show(profile, load)[1], what)

    @staticmethod
    def pick(chance, variable):
        low, high = int(variable['min']), int(variable['max'])
        return chance.choice((low, high, int(low * (high / low) ** chance.random())))

    def test_beyond_the_bounds(self):
        with Machine(8 * GIB) as machine:
            for profile in NAMES:
                for row in machine.show(profile)[0].get('variables', []):
                    for value in (int(row['min']) - 1, int(row['max']) + 1):
                        result = machine.run('show', '--set', '%s=%d' % (row['name'], value), profile)
                        self.assertEqual(result.returncode, 2, (profile, row['name'], value))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
