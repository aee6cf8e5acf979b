# SPDX-License-Identifier: MIT
"""The catalogue as the tests read it: the file itself, not what the build makes of it."""

import configparser
import os

CATALOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "model", "catalog.ini")


def matches(glob, path):
    mine, other = glob.split("/"), path.split("/")
    return len(mine) == len(other) and all(a in ("*", b) for a, b in zip(mine, other))


class Catalog:
    def __init__(self, text=None):
        self.rows = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",),
                                              default_section="")
        if text is None:
            with open(CATALOG) as file:
                text = file.read()
        self.rows.read_string(text)
        self.globs = [name for name in self.rows.sections() if "*" in name]

    def name(self, path):
        """Of the section that speaks about the path, or None."""
        return path if path in self.rows else next((glob for glob in self.globs if matches(glob, path)), None)

    def row(self, path):
        name = self.name(path)
        return self.rows[name] if name else {}

    def moves(self, path, other):
        row = self.row(path)
        return any(matches(glob, other) for column in ("alias", "siblings", "cascades")
                   for glob in row.get(column, "").split())
