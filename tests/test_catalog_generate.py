#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What catalog_generate.py refuses, and how it says so. Usage: test_catalog_generate.py GENERATOR"""
import pathlib
import subprocess
import sys
import tempfile

GOOD = """
[net/core/somaxconn]
type = int
summary = Longest queue of connections
    waiting for accept()
changed =
    - 3.13: one
    - 5.4: two, which
      goes on
    - 5.4: three
caveat = only one, with "quotes" and a \\ in it
source = net/socket.c

[net/core/other]
type = int
like = net/core/somaxconn
caveat = its own
"""

# What is put in place of a line of the good file, and what is said about it.
BAD = [
    ("type = int\nsummary", "summary", "[net/core/somaxconn]: no type"),
    ("type = int\nsummary", "type = float\nsummary", "type 'float' is none of"),
    ("source = net", "sources = net", "[net/core/somaxconn]: unknown column sources"),
    ("summary = Longest queue of connections\n    waiting for accept()\n", "", "[net/core/other]: no summary"),
    ("accept()", "accept() " + 100 * "x", "longer than 100 characters"),
    ("accept()", "accept().", "full stop"),
    ("- 3.13: one", "- 3.13 one", "does not begin with a version and a colon: 3.13 one"),
    ("- 3.13: one", "- soon: one", "not a kernel version: soon"),
    ("- 3.13: one", "- 5.5: one", "not in the order of their versions: 5.4"),
    ("- 3.13: one", "-", "does not begin with a version"),
    ("net/socket.c", "", "source is empty"),
    ("source = net/socket.c", "", "[net/core/other]: no source"),
    ("its own", "\xe4", "something other than printable ASCII"),
    ("its own", "its own\nsince = 4", "not a kernel version: 4"),
    ("its own", "its own\nsince = 4.4\nuntil = 4.3", "until is before since"),
    ("its own", "its own\nsince = 4.4\nno_effect = 4.3", "no_effect is before since"),
    ("its own", "its own\nsince = 2.6.32", "since is left out"),
    ("its own", "its own\nmodule = a b", "not the name of a module"),
    ("its own", "its own\nmin = 2\nmax = 1", "[net/core/other]: min is above max"),
    ("its own", "its own\nalias = nothing", "not a path: nothing"),
    ("its own", "its own\nadvice =\n - one\n - two", "advice is a text, not a list"),
    ("its own", "its own\ncaveat = twice", "option 'caveat' in section 'net/core/other' already exists"),
    ("[net/core/other]", "[net/core/somaxconn]", "section 'net/core/somaxconn' already exists"),
    ("like = net/core/somaxconn", "like = net/core/nothing", "[net/core/other]: like names no section"),
    ("like = net/core/somaxconn", "like = net/core/other", "like names a section that is like another one"),
]


def generate(text):
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "catalog.ini"
        target = pathlib.Path(directory) / "catalog.c"
        source.write_text(text, encoding="utf-8")
        run = subprocess.run([sys.executable, sys.argv[1], source, target], capture_output=True, text=True, check=False)
        return run.returncode, run.stderr.replace(directory + "/", ""), target.read_text() if target.exists() else ""


def check(condition, text):
    if not condition:
        sys.exit(text)


def main():
    code, error, table = generate(GOOD)
    check(code == 0, error)
    for expected in ('"Longest queue of connections waiting for accept()\\0"', '"3.13: one\\n"',
                     '"5.4: two, which goes on\\n"', '"5.4: three\\0"',
                     '"only one, with \\"quotes\\" and a \\\\ in it\\0"', '"its own\\0"'):
        check(table.count(expected) == 1, f"{expected} stands {table.count(expected)} times in\n{table}")
    for old, new, expected in BAD:
        check(old in GOOD, f"not in the good file: {old}")
        code, error, table = generate(GOOD.replace(old, new, 1))
        check(code == 1 and not table, f"accepted: {new}")
        check(error.startswith("catalog.ini: "), f"not the file's name first: {error}")
        check(expected in error, f"{new!r}: expected {expected!r}, got {error}")
    print(f"{len(BAD)} mistakes are refused")


main()
