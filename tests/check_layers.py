#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read every #include below src/ and fail on one that points upward. Usage: check_layers.py SRC"""
import pathlib
import re
import sys

# What each layer may include besides itself; format and kernel never see each other.
MAY_SEE = {
    "base": set(),
    "model": {"base"},
    "format": {"model", "base"},
    "kernel": {"model", "base"},
    "engine": {"format", "kernel", "model", "base"},
    "cli": {"engine", "format", "kernel", "model", "base"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def mistakes(source):
    for file in sorted(source.rglob("*.[ch]")):
        layer = file.relative_to(source).parts[0]
        if layer not in MAY_SEE:
            yield f"{file}: the folder is none of {', '.join(MAY_SEE)}"
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            parts = match[1].split("/")
            if len(parts) != 2:
                yield f"{file}:{number}: \"{match[1]}\" does not name its folder"
            elif parts[0] != layer and parts[0] not in MAY_SEE[layer]:
                yield f"{file}:{number}: {layer} must not include {match[1]}"


def self_test():
    """A check that finds nothing must be able to find something."""
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory)
        for layer, include in (("base", "model/key.h"), ("format", "kernel/procsys.h"), ("cli", "key.h")):
            (source / layer).mkdir()
            (source / layer / "x.c").write_text(f'#include "{include}"\n')
        found = list(mistakes(source))
        if len(found) != 3:
            sys.exit(f"the check itself is broken: {found}")


self_test()
src = pathlib.Path(sys.argv[1])
found = list(mistakes(src))
print("\n".join(found) or f"{len(list(src.rglob('*.[ch]')))} files, every include points down")
sys.exit(bool(found))
