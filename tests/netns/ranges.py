# SPDX-License-Identifier: MIT
"""Compares ranges, types and scopes of the catalogue with a running kernel, by writing to it.

    place = Place(catalog, tops)                 what can be seen here, and a namespace beside it
    findings = examine_all(place)                the parameters are afterwards as they were before
    examine_latches(place, findings)             what no write brings back; last

Every row of the catalogue below `tops` ends in findings.confirmed, in findings.unconfirmed with the reason, or in
findings.mismatches. The kernel's own range is the catalogue's unless known_ranges.py says otherwise; both of its ends
must be accepted and read back as the row's type and rounding say, and the next number beyond must not be."""

import ctypes
import glob
import gzip
import os

import harness
import known_ranges as known
from catalog import matches

NUMERIC = tuple(known.TYPES)
PASSES = 4
RATES = (100, 128, 200, 250, 256, 300, 500, 512, 1000, 1024)


def version(text):
    """The numbers that a release begins with."""
    numbers = []
    for part in text.split("-")[0].split("."):
        digits = part[:len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def writable(path):
    """Whether it can be opened for writing; that alone writes nothing."""
    try:
        os.close(os.open("/proc/sys/" + path, os.O_WRONLY))
    except OSError:
        return False
    return True


def read(path):
    """The text without its newline, or the number of an error."""
    value = harness.read_raw("/proc/sys/" + path)
    return value.decode(errors="replace").rstrip("\n") if isinstance(value, bytes) else value


def write(path, text):
    """None, or why it was not taken. A short count is a refusal of the rest; but the handlers that pass a value on to
    the interfaces (net.ipv6.conf.all.forwarding) returned 1 in 6.1, whatever was written."""
    data = (text + "\n").encode()
    try:
        fd = os.open("/proc/sys/" + path, os.O_WRONLY)
    except OSError as error:
        return error.strerror
    try:
        count = os.write(fd, data)
    except OSError as error:
        return error.strerror
    finally:
        os.close(fd)
    return None if count == len(data) or (count == 1 and read(path) == text) else "cut off"


# ---- where we are ----

def configuration(release):
    """The kernel's own account of how it was built; empty where it gives none."""
    for path, opener in (("/proc/config.gz", gzip.open), ("/boot/config-" + release, open)):
        try:
            with opener(path, "rt") as file:
                return dict(line.strip().split("=", 1) for line in file if "=" in line and line[0] != "#")
        except OSError:
            pass
    return {}


def in_user_namespace():
    """Of its own, that is: not every user is mapped."""
    with open("/proc/self/uid_map") as file:
        return file.read().split() != ["0", "0", str(known.UINT_MAX)]


def tick_rate():
    """HZ, by the longest time in seconds that an int of ticks holds."""
    path = "net/ipv4/tcp_keepalive_intvl"
    before = read(path)
    rates = [rate for rate in RATES if write(path, str(known.INT_MAX // rate)) is None]
    write(path, before)
    harness.check(rates, "no rate of ticks fits")
    return rates[0]


class Sibling:
    """Another network namespace, fresh; within "with" the process is in it."""

    def __init__(self):
        self.ours = os.open("/proc/self/ns/net", os.O_RDONLY)
        harness.call("unshare", harness.CLONE_NEWNET)
        self.theirs = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.enter(self.ours)

    def enter(self, fd):
        harness.call("setns", ctypes.c_int(fd), ctypes.c_int(harness.CLONE_NEWNET))

    def __enter__(self):
        self.enter(self.theirs)

    def __exit__(self, *_):
        self.enter(self.ours)


class Place:
    def __init__(self, catalog, tops, is_initial=False):
        self.catalog, self.tops, self.is_initial = catalog, tops, is_initial
        self.release = os.uname().release
        self.version = version(self.release)
        self.is_tried = self.version[:2] in known.TRIED
        self.config = configuration(self.release)
        self.in_user_namespace = in_user_namespace()
        self.hz = tick_rate()
        self.paths = [os.path.relpath(path, "/proc/sys") for top in tops
                      for path in glob.glob("/proc/sys/%s/**" % top, recursive=True) if os.path.isfile(path)]
        self.about = {}
        for path in self.paths:
            self.about.setdefault(catalog.name(path), []).append(path)
        self.bounded = {}
        for name in catalog.rows.sections():
            self.bounded.setdefault(catalog.rows[name].get("not_above"), []).append(name)
        self.sibling = Sibling()

    def rows(self):
        return [name for name in self.catalog.rows.sections() if name.split("/")[0] in self.tops]

    def of(self, name):
        """The paths here that the row speaks about."""
        return self.about.get(name, [])

    def scope(self, name):
        before, scope = known.SCOPE_BEFORE.get(name, ((0,), None))
        return scope if self.version < before else self.catalog.rows[name].get("scope")

    def statement(self, name):
        """The most exact one about the row, or None."""
        found = [(text.count("*"), statement.release is None, statement)
                 for statement in known.KERNEL if statement.release in (None, self.version[:2])
                 for text in statement.paths if covers(text, name)]
        return min(found, key=lambda item: item[:2])[2] if found else None


def covers(pattern, name):
    """As in the catalogue, and a * at the end of a word stands for the rest of the word."""
    if pattern.endswith("*") and not pattern.endswith("/*"):
        return name.startswith(pattern[:-1]) and "/" not in name[len(pattern) - 1:]
    return matches(pattern, name)


class Findings:
    def __init__(self):
        self.confirmed, self.unconfirmed, self.mismatches, self.found = set(), {}, [], []

    def mismatch(self, name, column, says, does):
        self.mismatches.append((name, column, "the catalogue says %s; the kernel: %s" % (says, does)))

    def differs(self, place, name, column, says, does):
        """A mismatch, unless nobody has tried this kernel before."""
        if place.is_tried:
            self.mismatch(name, column, says, does)
        else:
            self.unconfirmed.setdefault(name, "differs on this kernel, which is not one of those tried: %s" % column)

    def columns(self, name):
        return {column for other, column, _ in self.mismatches if other == name}

    def lines(self):
        """For the reader of a test's output."""
        reasons = {}
        for name, reason in sorted(self.unconfirmed.items()):
            reasons.setdefault(reason, []).append(name)
        yield "%d rows confirmed, %d unconfirmed:" % (len(self.confirmed), len(self.unconfirmed))
        for reason, names in sorted(reasons.items()):
            yield "  %s: %s" % (reason, " ".join(names))
        for name, text in self.found:
            yield "  %s: %s" % (name, text)

    def complaints(self):
        """One for each column of a row: a * stands for many paths."""
        first = {(name, column): text for name, column, text in reversed(self.mismatches)}
        return "\n".join("%s: %s: %s" % (*place, text) for place, text in reversed(first.items()))


# ---- keeping what was there ----

class Kept:
    """The values of these paths, put back at the end of "with"."""

    def __init__(self, place, findings, name, paths):
        self.place, self.findings, self.name = place, findings, name
        self.before = {path: read(path) for path in paths}

    def __enter__(self):
        return self

    def moved(self):
        return [path for path, value in self.before.items() if isinstance(value, str) and read(path) != value]

    def make_room(self):
        """Two that bound each other may each refuse what the other was: the lower one goes out of the way."""
        for path in self.before:
            row = self.place.catalog.row(path)
            if "not_above" in row:
                write(path, row["min"])

    def __exit__(self, *_):
        for number in range(PASSES):
            moved = self.moved()
            if not moved:
                return
            if number > 0:
                self.make_room()
            for path in moved:
                write(path, self.before[path])
        for path in self.moved():
            self.findings.mismatch(self.name, "put back", "nothing", "%s stays %r after %r" % (
                path, read(path), self.before[path]))


def partners(place, path):
    """Those it is compared with by the kernel: the bound, and those that it bounds."""
    bound = place.catalog.row(path).get("not_above")
    return bound if place.of(bound) else None, [name for name in place.bounded.get(path, []) if place.of(name)]


def touched(place, path):
    bound, bounded = partners(place, path)
    globs = [word for column in ("alias", "siblings", "cascades")
             for word in place.catalog.row(path).get(column, "").split()]
    moving = [other for other in place.paths if other != path and any(matches(word, other) for word in globs)]
    return [path, *moving, *([bound] if bound else []), *bounded]


def loosen(place, path):
    """Gives it all of its range: partners to the other end of theirs."""
    row = place.catalog.row(path)
    bound, bounded = partners(place, path)
    for other in bounded:
        write(other, place.catalog.row(other)["min"])
    if bound:
        write(path, row["min"])
        other = place.catalog.row(bound)
        write(bound, " ".join([other.get("max", str(known.INT_MAX))] * int(other.get("fields", "1"))))


# ---- numbers ----

def is_rounded(rounding, written, stored):
    """The rules of value_is_rounded()."""
    if rounding == "bool":
        return stored == (written != 0)
    if rounding is None or written < 0 or stored < 0:
        return False
    if rounding == "pow2":
        return stored >= written and stored & (stored - 1) == 0 and (stored // 2 < written or stored <= 4096)
    if rounding == "jiffies":
        return stored == 0 if written == 0 else abs(stored - written) < 10
    multiple = int(rounding.partition(":")[2])
    return stored >= written and stored % multiple == 0 and stored - written < multiple


class Numbers:
    """The experiment with one numeric path."""

    def __init__(self, place, findings, name, path):
        self.place, self.findings, self.name, self.path = place, findings, name, path
        row = self.row = place.catalog.rows[name]
        self.fields = int(row.get("fields", "1"))
        low, high = known.TYPES[row["type"]]
        self.low, self.high = int(row.get("min", low)), int(row.get("max", high))
        statement = place.statement(name)
        self.kernel_low = self.end(statement and statement.low, self.low)
        self.kernel_high = self.end(statement and statement.high, self.high)
        self.safe_low, self.safe_high, self.harm = known.HARMFUL.get(name, (None, None, None))
        self.one_way = {int(word) for word in row.get("one_way", "").split()}
        self.before, self.is_isolated = read(path), False

    def end(self, stated, catalogued):
        if stated is None:
            return catalogued
        return stated(self.place) if callable(stated) else stated

    def try_words(self, words):
        """What was stored, or None when it was refused, and the reason."""
        error = write(self.path, " ".join(map(str, words)))
        if error:
            return None, error
        text = read(self.path)
        try:
            stored = [int(word) for word in text.split()]
        except (AttributeError, ValueError):
            return None, "reads as %r" % text
        return (stored, None) if len(stored) == self.fields else (None, "reads as %r" % text)

    def vector(self, index, number):
        """The number in its field, with as much room for it as the order leaves."""
        least, most = max(self.low, self.kernel_least), min(self.high, self.kernel_most)
        return [least] * index + [number] + [most] * (self.fields - index - 1)

    def holds(self, words, stored):
        return all(a == b or is_rounded(self.row.get("rounding"), a, b) for a, b in zip(words, stored))

    def takes(self, index, number):
        words = self.vector(index, number)
        stored, _ = self.try_words(words)
        return stored is not None and (self.name in known.STORED_OTHERWISE or self.holds(words, stored))

    def locate(self, end, outside, inside):
        """The end of the kernel's range that lies in between, by halving."""
        column = "min" if end is self.kernel_low else "max"
        if self.takes(0, outside) and outside != inside:
            self.findings.differs(self.place, self.name, column, "%d is refused" % outside, "takes it")
            return outside
        if not self.takes(0, inside):
            self.findings.differs(self.place, self.name, column, "%d is taken" % inside, "refuses it")
            return inside
        while abs(inside - outside) > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if self.takes(0, middle) else (inside, middle)
        self.findings.found.append((self.path, "%s %d" % (column, inside)))
        return inside

    def find_ends(self):
        self.kernel_least, self.kernel_most = self.kernel_low, self.kernel_high
        if isinstance(self.kernel_low, known.Between):
            self.kernel_least = self.kernel_low.high
            self.kernel_most = self.high
            self.kernel_least = self.locate(self.kernel_low, self.kernel_low.low, self.kernel_low.high)
        if isinstance(self.kernel_high, known.Between):
            self.kernel_most = self.kernel_high.low
            self.kernel_most = self.locate(self.kernel_high, self.kernel_high.high, self.kernel_high.low)

    def numbers(self):
        """Those that must be taken."""
        least, most = self.kernel_least, self.kernel_most
        low, high = max(self.low, least), min(self.high, most)
        numbers = {least, most, low, high}
        if self.name not in known.ONLY_ENDS and self.name not in known.STORED_OTHERWISE:
            numbers |= {min(low + 1, high), (low + high) // 2, max(high - 1, low)}
        numbers -= self.one_way | known.CONDITIONAL.get(self.name, (set(),))[0]
        if self.safe_low is None:
            return sorted(numbers)
        safe = {number for number in numbers if self.safe_low <= number <= self.safe_high}
        if safe != numbers:
            self.findings.unconfirmed[self.name] = "only tried from %d to %d: %s" % (
                self.safe_low, self.safe_high, self.harm)
        return sorted(safe | {self.safe_low, self.safe_high})

    def column(self, number):
        return "min" if number <= (self.low + self.high) // 2 else "max"

    def check_taken(self, index, number):
        words = self.vector(index, number)
        stored, error = self.try_words(words)
        if stored is None:
            self.findings.differs(self.place, self.name, self.column(number), "%s to %s" % (self.low, self.high),
                                  "%s: %s: %s" % (self.path, " ".join(map(str, words)), error))
        elif self.name not in known.STORED_OTHERWISE and not self.holds(words, stored):
            self.findings.differs(self.place, self.name, "rounding", self.row.get("rounding", "none"),
                                  "%s: %s is stored as %s" % (self.path, words, stored))
        else:
            self.check_aliases()
            self.check_isolation()

    def check_aliases(self):
        for alias in self.row.get("alias", "").split():
            if alias in self.place.paths and read(alias) != read(self.path):
                self.findings.mismatch(self.name, "alias", alias, "it reads %r, not %r" % (
                    read(alias), read(self.path)))

    def check_isolation(self):
        """Once: entering a namespace takes its time."""
        if not self.is_isolated:
            self.is_isolated = check_isolation(self.place, self.findings, self.name, self.path, self.before)

    def check_refused(self, index, number):
        """Outside of what the kernel is said to take."""
        if not self.takes(index, number):
            return
        column = "min" if number < self.kernel_least else "max"
        self.findings.differs(self.place, self.name, column, "%s to %s" % (self.low, self.high),
                              "%s takes %d; narrow on purpose? then say so in known_ranges.py" % (self.path, number))

    def check_vector(self):
        """Fewer and more numbers than it has, and numbers that decrease."""
        least = max(self.low, self.kernel_least)
        most = min(self.high, self.kernel_most)
        full = [most] * self.fields
        self.try_words(full)
        short, error = self.try_words([least])
        if short != [least] + full[1:]:
            self.findings.differs(self.place, self.name, "fields", "the others are kept", "%s %s" % (short, error))
        if write(self.path, " ".join(map(str, full + [most]))) is None:
            self.findings.differs(self.place, self.name, "fields", self.fields, "takes one more")
        self.try_words(full)
        decreasing = [least + 5] * (self.fields - 1) + [least]
        stored, _ = self.try_words(decreasing)
        does = "refused" if stored is None else "stored" if stored == decreasing else " ".join(map(str, stored))
        if does != known.DECREASING.get(self.name):
            self.findings.differs(self.place, self.name, "ordered", known.DECREASING.get(self.name, "nothing known"),
                                  "%s: %s" % (decreasing, does))
        if does == "refused" and "ordered" not in self.row:
            self.findings.differs(self.place, self.name, "ordered", "any order", "%s: refused" % decreasing)

    def run(self):
        loosen(self.place, self.path)
        self.find_ends()
        for number in self.numbers():
            for index in range(self.fields):
                self.check_taken(index, number)
        for number in (self.kernel_least - 1, self.kernel_most + 1) * (self.name not in known.STORED_OTHERWISE):
            for index in range(self.fields):
                self.check_refused(index, number)
        # Some handlers lost the error (net.ipv6.conf.*.disable_ipv6 in 6.1), but nothing is stored.
        now = read(self.path)
        write(self.path, "x")
        if read(self.path) != now:
            self.findings.differs(self.place, self.name, "type", self.row["type"], "takes a letter")
        if self.fields > 1:
            self.check_vector()


# ---- texts ----

def examine_text(place, findings, name, path):
    probes = known.TEXTS.get(name) or known.TEXTS.get(place.catalog.rows[name]["type"])
    if not probes:
        findings.differs(place, name, "type", place.catalog.rows[name]["type"], "no text to try is known; give "
                         "known_ranges.TEXTS some")
        return
    try_texts(place, findings, name, path, probes)


def try_texts(place, findings, name, path, probes):
    before = read(path)
    for text, stored in probes.taken:
        error = write(path, text)
        now = read(path) if stored is not None else None
        if error or (now != stored and not is_mask(place, name, now, stored)):
            findings.differs(place, name, "type", "%r reads as %r" % (text, stored), "%s, reads %r" % (error, now))
        elif stored is not None and now != before:
            check_isolation(place, findings, name, path, before)
    for text in probes.refused:
        if write(path, text) is None:
            findings.differs(place, name, "type", "%r is refused" % text, "takes it")


def is_mask(place, name, now, stored):
    return place.catalog.rows[name]["type"] == "cpumask" and isinstance(now, str) and \
        now.replace(",", "").lstrip("0") == stored.lstrip("0")


# ---- scopes ----

def check_scope(place, findings, name, path):
    """Whether the files are there, and writable, where the scope says so."""
    scope, below_net = place.scope(name), path.startswith("net/")
    here = writable(path)
    with place.sibling:
        there, is_there = writable(path), os.path.exists("/proc/sys/" + path)
    is_common = path.startswith(("net/core/", "net/unix/")) or "/lo/" in path or "/all/" in path or \
        "/default/" in path or len(path.split("/")) == 3
    can_be_written = name not in known.READ_ONLY_EVERYWHERE
    expected_here = can_be_written and (place.is_initial or scope == "netns" or not below_net)
    if here != expected_here:
        findings.differs(place, name, "scope", scope, "%s can%s be written here" % (path, "" if here else "not"))
    if not below_net or not is_common:
        return
    expected = {"netns": (True, can_be_written), "host": (True, False), "global": (False, False)}.get(scope)
    if (is_there, there) != expected:
        findings.differs(place, name, "scope", scope, "in another namespace %s is %s" % (
            path, "writable" if there else "read-only" if is_there else "absent"))


def check_isolation(place, findings, name, path, before):
    """After a write: another namespace has kept a value of its own, or has the same one. False when nothing was
    written that would show."""
    now, scope = read(path), place.scope(name)
    if now == before:
        return False
    with place.sibling:
        theirs = read(path)
    if isinstance(theirs, int):
        return True    # absent or unreadable there, which check_scope() has judged; or an interface that is only here
    if scope == "netns" and theirs != place.fresh:
        findings.mismatch(name, "scope", scope, "%s moved to %r in another namespace too" % (path, theirs))
    if scope != "netns" and theirs != now:
        findings.mismatch(name, "scope", scope, "%s is %r in another namespace, %r here" % (path, theirs, now))
    return True


# ---- rows ----

def why_absent(place, findings, name):
    """The reason why there is no file, or None with a mismatch reported."""
    row = place.catalog.rows[name]
    if "since" in row and place.version < version(row["since"]):
        return "since %s" % row["since"]
    if "until" in row and place.version[:2] > version(row["until"])[:2]:
        return "until %s" % row["until"]
    if not place.is_initial and name.startswith("net/") and place.scope(name) == "global":
        return "one for the host, and not seen from this namespace"
    if place.in_user_namespace:
        return "absent, and this is a user namespace, from which some are hidden"
    if "module" in row:
        return "needs the module %s" % row["module"]
    symbol = next((symbol for prefix, symbol in known.CONFIGURED if name.startswith(prefix)), None)
    if symbol and place.config and "CONFIG_" + symbol not in place.config:
        return "built without CONFIG_%s" % symbol
    if symbol and not place.config:
        return "absent, perhaps for want of CONFIG_%s: the kernel does not tell its configuration" % symbol
    findings.differs(place, name, "since", row.get("since", "always there"), "there is no such file")
    return None


def examine(place, findings, name):
    """One row, on all paths that it speaks about."""
    row, paths, count = place.catalog.rows[name], place.of(name), len(findings.mismatches)
    if name in known.UNTRIED and paths:
        findings.unconfirmed[name] = known.UNTRIED[name]
        return
    if name in known.GROUPS and place.in_user_namespace:
        findings.unconfirmed[name] = known.GROUPS[name]
        return
    if not paths:
        reason = why_absent(place, findings, name)
        if reason:
            findings.unconfirmed[name] = reason
        return
    if "since" in row and place.version[:len(version(row["since"]))] < version(row["since"]) and \
            known.BACKPORTED.get(name) != place.version[:2]:
        findings.differs(place, name, "since", row["since"], "%s has it" % place.release)
    if "until" in row and place.version[:2] > version(row["until"])[:2]:
        findings.differs(place, name, "until", row["until"], "%s has it" % place.release)
    for path in paths:
        check_scope(place, findings, name, path)
        if path not in known.DEAD and writable(path) and not is_latch(row):
            with Kept(place, findings, name, touched(place, path)):
                examine_path(place, findings, name, path)
    if not place.is_initial and name.startswith("net/") and place.scope(name) != "netns":
        findings.unconfirmed[name] = "read-only in this namespace"
    elif len(findings.mismatches) == count and name not in findings.unconfirmed and not is_latch(row):
        findings.confirmed.add(name)


def examine_path(place, findings, name, path):
    with place.sibling:
        place.fresh = read(path)
    if place.catalog.rows[name]["type"] in NUMERIC:
        Numbers(place, findings, name, path).run()
    else:
        examine_text(place, findings, name, path)


def is_latch(row):
    return row.get("one_way") in ("always", "action")


def examine_all(place):
    findings = Findings()
    for name in place.rows():
        examine(place, findings, name)
    check_statements(place, findings)
    return findings


def examine_latches(place, findings):
    """What cannot be put back."""
    for name in place.rows():
        row, count = place.catalog.rows[name], len(findings.mismatches)
        paths = [path for path in place.of(name) if path not in known.DEAD and writable(path)]
        if not paths or "one_way" not in row or name in known.UNTRIED:
            continue
        for path in paths:
            examine_latch(place, findings, name, path)
        if len(findings.mismatches) > count:
            findings.confirmed.discard(name)
        elif name not in findings.unconfirmed:
            findings.confirmed.add(name)


def examine_latch(place, findings, name, path):
    row, before = place.catalog.rows[name], read(path)
    with place.sibling:
        place.fresh = read(path)
    if is_latch(row):
        if name not in known.LATCHES:
            findings.differs(place, name, "one_way", row["one_way"], "no text to try is known; give "
                             "known_ranges.LATCHES some")
        else:
            try_texts(place, findings, name, path, known.LATCHES[name])
        return
    for number in row["one_way"].split():
        error = write(path, number)
        if error or read(path) != number:
            findings.differs(place, name, "one_way", number, "%s: %s, reads %r" % (path, error, read(path)))
        # Below net, what is lost is not the value; see "loses".
        elif path.startswith("kernel/") and write(path, before) is None and read(path) == before:
            findings.differs(place, name, "one_way", number, "%s went back to %s" % (path, before))


# ---- the tables ----

def check_statements(place, findings):
    """Statements about no row, or that only repeat the catalogue."""
    rows = place.catalog.rows
    for statement in known.KERNEL:
        for text in statement.paths:
            about = [name for name in rows.sections() if covers(text, name)]
            if not about:
                findings.mismatch(text, "known_ranges.KERNEL", "nothing", "the statement is about no row")
            elif all(repeats(rows[name], statement) for name in about):
                findings.mismatch(text, "known_ranges.KERNEL", "the same", "the statement is not needed")
    for table in ("HARMFUL", "ONLY_ENDS", "CONDITIONAL", "UNTRIED", "GROUPS", "SCOPE_BEFORE", "BACKPORTED",
                  "READ_ONLY_EVERYWHERE", "DECREASING", "STORED_OTHERWISE", "LATCHES"):
        for name in getattr(known, table):
            if name not in rows:
                findings.mismatch(name, "known_ranges." + table, "nothing", "the entry is about no row")


def repeats(row, statement):
    if row["type"] not in NUMERIC:
        return True
    for column, stated, limit in zip(("min", "max"), (statement.low, statement.high), known.TYPES[row["type"]]):
        if stated is None:
            continue
        # What depends on the machine may be the same on this one.
        if callable(stated) or isinstance(stated, known.Between) or stated != int(row.get(column, limit)):
            return False
    return True


def everything_judged(place, findings):
    """The rows for which there is neither a confirmation nor a reason nor a mismatch, and those with two of them."""
    wrong = {name for name, _, _ in findings.mismatches}
    return [name for name in place.rows()
            if (name in findings.confirmed) + (name in findings.unconfirmed) + (name in wrong) != 1]
