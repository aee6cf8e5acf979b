#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn catalog.ini into the C table that catalog.h declares. Usage: catalog_generate.py IN OUT"""
import configparser
import re
import sys

TYPES = {"int", "uint", "long", "ulong", "string", "names", "portlist", "cpumask"}
SCOPES = {"netns", "global", "host"}
EFFECTS = {"now", "connections", "listen", "sockets", "interfaces"}
ROUNDINGS = {"pow2", "jiffies", "bool"}
LISTS = {"alias": "aliases", "siblings": "siblings", "cascades": "cascades", "after": "after"}
COLUMNS = {"type", "fields", "min", "max", "ordered", "scope", "since", "until", "module", "rounding",
           "one_way", "loses", "volatile", "not_above", "locked_by", "effect", *LISTS}
PATH = re.compile(r"[a-z0-9_*.-]+(/[A-Za-z0-9_*.-]+)+")


class Mistake(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Mistake(text)


def quote(text):
    require(not set(text) & set('"\\\n'), f"a string with a quote or a backslash: {text!r}")
    return f'"{text}"'


def string_or_null(text):
    return quote(text) if text else "NULL"


def string_list(words):
    return "(const char *const[]){ " + ", ".join([*map(quote, words), "NULL"]) + " }"


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


def row(path, section):
    require(PATH.fullmatch(path), "the section's name is not a path")
    unknown = set(section) - COLUMNS
    require(not unknown, f"unknown column {', '.join(sorted(unknown))}")
    require("type" in section, "no type")
    fields = [f".path = {quote(path)}",
              f".type = VALUE_{choice(section['type'], TYPES, 'type')}",
              f".fields = {int(section.get('fields', '1'))}"]
    for bound in ("min", "max"):
        if bound in section:
            fields += [f".has_{bound} = true", f".{bound} = {number(section[bound])}"]
    if "min" in section and "max" in section:
        require(int(section["min"]) <= int(section["max"]), "min is above max")
    if "ordered" in section:
        require(section["ordered"] == "yes", "ordered is yes or left out")
        fields.append(".ordered = true")
    if "scope" in section:
        fields.append(f".scope = SCOPE_{choice(section['scope'], SCOPES, 'scope')}")
    for name in ("since", "until", "module"):
        fields.append(f".{name} = {string_or_null(section.get(name))}")
    for column, member in LISTS.items():
        fields.append(f".{member} = {string_list(paths(section.get(column, '')))}")
    if "not_above" in section:
        fields.append(f".not_above = {quote(*paths(section['not_above']))}")
    locked_by, *locked_values = section.get("locked_by", "").split() or [""]
    if locked_by:
        require(locked_values, "locked_by names no values")
        fields.append(f".locked_by = {quote(*paths(locked_by))}")
    fields.append(f".locked_values = {string_list(locked_values)}")
    rounding = section.get("rounding")
    if rounding and rounding.startswith("multiple:"):
        fields += [".rounding = ROUNDING_MULTIPLE", f".rounding_multiple = {int(rounding[9:])}"]
    elif rounding:
        fields.append(f".rounding = ROUNDING_{choice(rounding, ROUNDINGS, 'rounding')}")
    one_way = section.get("one_way", "").split()
    if one_way in (["always"], ["action"]):
        fields.append(".one_way = true")
        if one_way == ["action"]:
            fields.append(".is_action = true")
        one_way = []
    if "loses" in section:
        require("one_way" in section, "loses without one_way")
        fields.append(f".loses = {quote(section['loses'])}")
    if "volatile" in section:
        require(section["volatile"] == "yes", "volatile is yes or left out")
        fields.append(".is_volatile = true")
    fields.append(f".one_way_values = {string_list(one_way)}")
    if "effect" in section:
        fields.append(f".effect = EFFECT_{choice(section['effect'], EFFECTS, 'effect')}")
    return "\t{ " + ",\n\t  ".join(fields) + " },\n"


def main(source, target):
    catalog = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",),
                                        default_section="")
    catalog.read_string(open(source, encoding="utf-8").read(), source)
    rows = []
    names = sorted(catalog.sections(), key=lambda name: name.encode())
    globs = [str(index) for index, path in enumerate(names) if "*" in path]
    for path in names:
        try:
            rows.append(row(path, catalog[path]))
        except (Mistake, ValueError) as mistake:
            sys.exit(f"{source}: [{path}]: {mistake}")
    with open(target, "w", encoding="utf-8") as out:
        out.write('/* Generated from catalog.ini by catalog_generate.py: edit that file. */\n'
                  '#include "model/catalog.h"\n\n'
                  "const struct catalog_row catalog_rows[] = {\n" + "".join(rows) + "};\n\n"
                  "const size_t catalog_count = sizeof(catalog_rows) / sizeof(catalog_rows[0]);\n\n"
                  "const unsigned short catalog_globs[] = { " + ", ".join(globs) + " };\n\n"
                  "const size_t catalog_globs_count = sizeof(catalog_globs) / sizeof(catalog_globs[0]);\n")


main(*sys.argv[1:])
