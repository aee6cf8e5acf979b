#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn catalog.ini into the tables that catalog_table.h declares. Usage: catalog_generate.py IN OUT"""
import configparser
import re
import sys

TYPES = {"int", "uint", "long", "ulong", "string", "names", "portlist", "cpumask"}
SCOPES = {"netns", "global", "host", "ipc", "uts", "pid", "user"}
EFFECTS = {"now", "connections", "listen", "sockets", "interfaces"}
TOPICS = {"accept", "connect", "buffers", "timeouts", "security", "conntrack", "memory", "files"}
ROUNDINGS = {"pow2", "jiffies", "bool"}
PATH_LISTS = {"alias": "aliases", "siblings": "siblings", "cascades": "cascades", "after": "after"}
VERSIONS = {"since": "since", "until": "until", "no_effect": "no_effect_since"}
# In the order of enum catalog_prose_column.
PROSE = ["summary", "unit", "default", "changed", "caveat", "myth", "advice", "source"]
PROSE_LISTS = {"changed", "caveat", "myth", "source"}
COLUMNS = {"type", "fields", "min", "max", "ordered", "scope", "module", "rounding", "one_way", "loses", "volatile",
           "not_above", "locked_by", "effect", "topic", "like", *PATH_LISTS, *VERSIONS, *PROSE}
PATH = re.compile(r"[a-z0-9_*.-]+(/[A-Za-z0-9_*.-]+)+")
VERSION = re.compile(r"[2-9]\.[0-9]{1,2}(\.[0-9]{1,3})?")
CHANGE = re.compile(r"(\S+): \S")
MODULE = re.compile(r"[a-z0-9_]+")
SUMMARY_LENGTH = 100
FIRST_KERNEL = (3, 10)


class Mistake(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Mistake(text)


def quote(text):
    require(text.isascii() and text.isprintable(), f"something other than printable ASCII: {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Text:
    """All strings in one block, each once, with a NUL behind it. A place in it costs no relocation at start-up."""

    def __init__(self):
        self.places = {"": 0}
        self.lines = ['"\\0"']
        self.length = 1

    def place(self, text):
        if text not in self.places:
            lines = text.split("\n")
            self.lines += [quote(line)[:-1] + '\\n"' for line in lines[:-1]] + [quote(lines[-1])[:-1] + '\\0"']
            self.places[text] = self.length
            self.length += len(text) + 1
        return self.places[text]


class Lists:
    """All lists of strings in one array of places, each once, with a 0 behind it; the list at 0 is empty."""

    def __init__(self, text):
        self.text = text
        self.starts = {(): 0}
        self.places = [0]

    def start(self, words):
        words = tuple(words)
        if words not in self.starts:
            self.starts[words] = len(self.places)
            self.places += [*map(self.text.place, words), 0]
        return self.starts[words]


def version(text):
    require(VERSION.fullmatch(text), f"not a kernel version: {text}")
    return tuple(map(int, text.split(".")))


def number(text):
    value = int(text)
    return f"{{ {'true' if value < 0 else 'false'}, UINT64_C({abs(value)}) }}"


def paths(text):
    words = text.split()
    for word in words:
        require(PATH.fullmatch(word), f"not a path: {word}")
    return words


def choice(text, choices, what):
    require(text in choices, f"{what} {text!r} is none of {', '.join(sorted(choices))}")
    return text.upper()


def switch(section, column):
    require(section.get(column, "yes") == "yes", f"{column} is yes or left out")
    return [f".{'is_volatile' if column == 'volatile' else column} = true"] if column in section else []


def items(value):
    """The items of a list: each begins with "- " and may go on in the lines below. Without "- " it is one item."""
    lines = [line for line in value.split("\n") if line]
    if not lines or not lines[0].startswith("- "):
        return [" ".join(lines)] if lines else []
    found = []
    for line in lines:
        if line.startswith("- "):
            found.append(line[2:].strip())
        else:
            found[-1] += " " + line
    return found


def check_changes(changes):
    before = (0, 0)
    for change in changes:
        match = CHANGE.match(change)
        require(match, f"a change does not begin with a version and a colon: {change}")
        after = version(match[1])
        require(before <= after, f"the changes are not in the order of their versions: {change}")
        before = after


def prose(section):
    """The texts of one section, in the order of PROSE, and with the items of a list one a line."""
    texts = {column: items(section.get(column, "")) for column in PROSE}
    for column in PROSE:
        require(column not in section or texts[column], f"{column} is empty")
        require(all(texts[column]), f"{column} has an empty item")
        require(column in PROSE_LISTS or len(texts[column]) < 2, f"{column} is a text, not a list")
    check_changes(texts["changed"])
    summary = "".join(texts["summary"])
    require(summary, "no summary")
    require(len(summary) <= SUMMARY_LENGTH, f"the summary is longer than {SUMMARY_LENGTH} characters")
    require(not summary.endswith("."), "the summary ends with a full stop")
    require(texts["source"], "no source")
    return ["\n".join(texts[column]) for column in PROSE]


def check_versions(section):
    known = {column: version(section[column]) for column in VERSIONS if column in section}
    require(known.get("since", (0,)) <= known.get("until", (99,)), "until is before since")
    require(known.get("since", (0,)) <= known.get("no_effect", (99,)), "no_effect is before since")
    require(known.get("since", (99,)) >= FIRST_KERNEL, "since is left out for what the oldest kernel has")


def bounds(section):
    fields = []
    for bound in ("min", "max"):
        if bound in section:
            fields += [f".has_{bound} = true", f".{bound} = {number(section[bound])}"]
    if "min" in section and "max" in section:
        require(int(section["min"]) <= int(section["max"]), "min is above max")
    return fields


def lock(section, text, lists):
    if "locked_by" not in section:
        return []
    key, *values = section["locked_by"].split()
    require(values, "locked_by names no values")
    return [f".locked_by = {text.place(*paths(key))}", f".locked_values = {lists.start(values)}"]


def rounding(section):
    kind = section.get("rounding")
    if not kind:
        return []
    if kind.startswith("multiple:"):
        return [".rounding = ROUNDING_MULTIPLE", f".rounding_multiple = {int(kind[9:])}"]
    return [f".rounding = ROUNDING_{choice(kind, ROUNDINGS, 'rounding')}"]


def one_way(section, text, lists):
    words = section.get("one_way", "").split()
    require("one_way" in section or "loses" not in section, "loses without one_way")
    fields = [f".loses = {text.place(section['loses'])}"] if "loses" in section else []
    if words == ["action"]:
        return fields + [".one_way = true", ".is_action = true"]
    if words == ["always"]:
        return fields + [".one_way = true"]
    return fields + ([f".one_way_values = {lists.start(words)}"] if words else [])


def row(path, section, text, lists):
    require(PATH.fullmatch(path), "the section's name is not a path")
    unknown = set(section) - COLUMNS
    require(not unknown, f"unknown column {', '.join(sorted(unknown))}")
    require("type" in section, "no type")
    check_versions(section)
    fields = [f".path = {text.place(path)}",
              f".type = VALUE_{choice(section['type'], TYPES, 'type')}",
              f".fields = {int(section.get('fields', '1'))}",
              *bounds(section), *switch(section, "ordered"), *switch(section, "volatile")]
    if "scope" in section:
        fields.append(f".scope = SCOPE_{choice(section['scope'], SCOPES, 'scope')}")
    for column, member in VERSIONS.items():
        if column in section:
            fields.append(f".{member} = {text.place(section[column])}")
    if "module" in section:
        require(MODULE.fullmatch(section["module"]), "not the name of a module")
        fields.append(f".module = {text.place(section['module'])}")
    for column, member in PATH_LISTS.items():
        if column in section:
            fields.append(f".{member} = {lists.start(paths(section[column]))}")
    if "not_above" in section:
        fields.append(f".not_above = {text.place(*paths(section['not_above']))}")
    fields += [*lock(section, text, lists), *rounding(section), *one_way(section, text, lists)]
    if "effect" in section:
        fields.append(f".effect = EFFECT_{choice(section['effect'], EFFECTS, 'effect')}")
    if "topic" in section:
        fields.append(f".topic = TOPIC_{choice(section['topic'], TOPICS, 'topic')}")
    return "\t{ " + ",\n\t  ".join(fields) + " },\n"


def prose_row(_, section, text, __):
    return "\t{ " + ", ".join(str(text.place(column)) for column in prose(section)) + " },\n"


def each(sections, make, text, lists):
    rows = []
    for path, section in sections.items():
        try:
            rows.append(make(path, section, text, lists))
        except (Mistake, ValueError) as mistake:
            raise Mistake(f"[{path}]: {mistake}") from None
    return "".join(rows)


def take_likes(sections):
    """Fills the prose that a section leaves out from the one that it is like."""
    for path, section in sections.items():
        if "like" not in section:
            continue
        model = sections.get(section["like"])
        require(model is not None, f"[{path}]: like names no section: {section['like']}")
        require("like" not in model, f"[{path}]: like names a section that is like another one")
        for column in PROSE:
            if column in model:
                section.setdefault(column, model[column])


def read(source):
    catalog = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",),
                                        default_section="", empty_lines_in_values=False)
    with open(source, encoding="utf-8") as file:
        catalog.read_string(file.read(), source)
    return {path: dict(catalog[path]) for path in sorted(catalog.sections(), key=str.encode)}


def generate(sections):
    take_likes(sections)
    text = Text()
    lists = Lists(text)
    for path in sections:
        text.place(path)    # side by side, for those who search
    rows = each(sections, row, text, lists)
    prose_rows = each(sections, prose_row, text, lists)
    globs = ", ".join(str(index) for index, path in enumerate(sections) if "*" in path)
    places = ", ".join(map(str, lists.places))
    return ('/* Generated from catalog.ini by catalog_generate.py: edit that file. */\n'
            '#include "model/catalog_table.h"\n\n'
            '#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n'
            "const char catalog_text[] =\n\t" + "\n\t".join(text.lines) + ";\n\n"
            f"const uint32_t catalog_lists[] = {{ {places} }};\n"
            f"const char *catalog_lists_unpacked[{len(lists.places)}];\n\n"
            "const struct catalog_packed catalog_packed[] = {\n" + rows + "};\n"
            f"struct catalog_row catalog_rows_unpacked[{len(sections)}];\n\n"
            "const uint32_t catalog_prose_places[][PROSE_COLUMNS] = {\n" + prose_rows + "};\n\n"
            f"const size_t catalog_count = {len(sections)};\n\n"
            f"const unsigned short catalog_globs[] = {{ {globs} }};\n"
            "const size_t catalog_globs_count = sizeof(catalog_globs) / sizeof(catalog_globs[0]);\n")


def main(source, target):
    try:
        table = generate(read(source))
    except Mistake as mistake:
        sys.exit(f"{source}: {mistake}")
    except (configparser.Error, UnicodeDecodeError) as error:
        sys.exit(f"{source}: {error}")
    with open(target, "w", encoding="utf-8") as out:
        out.write(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
