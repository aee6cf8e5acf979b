# SPDX-License-Identifier: MIT
"""Runs one case file: a fake root directory, runs of kerntune in it, and what they must print and leave behind.

    run_case.py KERNTUNE FILE.case        exit 0 when it holds, 77 when it cannot be run here
    run_case.py --update KERNTUNE FILE    writes what the program printed into the file, to be reviewed

A case is a text file of directives, carried out in order. Lines before the first one are comments, and so are
lines that begin with "#" after a directive without a block. A block is every line up to the next "@" at the
beginning of a line; a line of a block that begins with "@" is written with "@@".

The root, below a fresh temporary directory; paths are relative to it:

    @key KEY VALUE          the file of a parameter: "@key net/core/somaxconn 4096"
    @profile NAME           block: etc/kerntune/profiles/NAME.yaml
    @file PATH              block: a text file
    @record ID              block: a change record without its checksum, which is added
    @bytes PATH TEXT        a file from a Python-like string with escapes, without a newline at the end
    @repeat PATH N TEXT     the same, N times; adds to a file that is there
    @sparse PATH SIZE       a file of SIZE bytes without content
    @dir PATH, @fifo PATH, @remove PATH, @mode PATH OCTAL, @link PATH TARGET
    @lock                   holds the lock of kerntune until the end of the case
    @requires root          skips the case elsewhere

Every root has the identity of a host: a name, a kernel release, a boot id, a network namespace. "ROOT" is the
directory itself and "OUTSIDE" a directory beside it, for files that nobody may touch; both words can be used in
paths, arguments, link targets and blocks.

A run and what is expected of it:

    @args ARGUMENTS         begins a run of "kerntune --root ROOT ARGUMENTS", in shell words
    @bare ARGUMENTS         the same without --root
    @stdin                  block
    @to PATH                standard output goes to this file of the system
    @without CALL           the system call CALL fails as if the kernel did not have it (needs strace)
    @exit N                 always required
    @stdout, @stderr        block; a stream without one must be empty
    @stdout-has, @stderr-has    block: lines that must appear somewhere
    @json                   block: must be contained in the JSON on standard output, lists as a whole
    @after PATH             block: the content of a file after the run
    @now KEY VALUE          a parameter after the run
    @gone PATH              does not exist after the run

Text is compared literally, but for blanks at the end of a line. Change ids become 20000101T000000Z-0001, -0002
and so on in the order of their appearance, in the arguments the other way round; times become
2000-01-01T00:00:00Z, digests fnv1a64:0, and an escape character <ESC>.

Held true of every run without being written down: nothing outside the root is touched; a run that does not
exit with 0, 1, 4, 7 or 128+n leaves every parameter as it was, and so does every command but apply and restore;
JSON, JUnit and TAP output is well formed; and the program gets by with 512 MiB of address space (not under the
sanitizers)."""

import fcntl
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

BLOCKS = {"profile", "file", "record", "stdin", "stdout", "stderr", "stdout-has", "stderr-has", "json", "after"}
EXPECTATIONS = {"stdin", "to", "without", "exit", "stdout", "stderr", "stdout-has", "stderr-has", "json",
                "after", "now", "gone"}
RUNS = {"args", "bare"}
SKIP = 77
PENDING = 7
ADDRESS_SPACE = 512 << 20
PATIENCE = 60
IDENTITY = {
    "proc/sys/kernel/hostname": "testhost\n",
    "proc/sys/kernel/osrelease": "6.1.0-test\n",
    "proc/meminfo": "MemTotal:       16384000 kB\n",
    "proc/stat": "cpu  1 1 1 1\ncpu0 1 1 1 1\ncpu1 1 1 1 1\ncpu2 1 1 1 1\ncpu3 1 1 1 1\n",
    "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555\n",
}
READ_ONLY_COMMANDS = {"diff", "verify", "list", "show", "check", "status", "history", "backup", "plan", "confirm",
                      "selftest", "explain", "diagnose"}


def digest(text):
    """As base/digest.h."""
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return "fnv1a64:%016x" % value


class Wrong(Exception):
    """The case does not hold."""


class CannotRun(Exception):
    """Something that the case needs is missing here."""


# ---- the file ----

class Directive:
    def __init__(self, name, argument, line):
        self.name, self.argument, self.line = name, argument, line
        self.block = [] if name in BLOCKS else None

    def text(self):
        return "".join(line + "\n" for line in self.block)


def parse(path):
    directives = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n")[:-1], 1):
            if line.startswith("@") and not line.startswith("@@"):
                name, _, argument = line[1:].partition(" ")
                directives.append(Directive(name, argument.strip(), number))
            elif directives and directives[-1].block is not None:
                directives[-1].block.append(line[1:] if line.startswith("@@") else line)
            elif line.strip() and not line.startswith("#"):
                raise Wrong("line %d: neither a directive nor a comment: %s" % (number, line))
    return directives


class Run:
    """A run and its expectations."""

    def __init__(self, directive):
        self.directive, self.expected = directive, {}

    def add(self, directive):
        self.expected.setdefault(directive.name, []).append(directive)

    def one(self, name):
        found = self.expected.get(name, [])
        if len(found) > 1:
            raise Wrong("line %d: @%s twice" % (found[1].line, name))
        return found[0] if found else None


def group(directives):
    """Expectations go to the run before them."""
    steps = []
    for directive in directives:
        if directive.name in RUNS:
            steps.append(Run(directive))
        elif directive.name in EXPECTATIONS:
            if not steps or not isinstance(steps[-1], Run):
                raise Wrong("line %d: @%s without a run" % (directive.line, directive.name))
            steps[-1].add(directive)
        else:
            steps.append(directive)
    return steps


# ---- comparing ----

def without_blanks_at_the_end(text):
    return "\n".join(line.rstrip() for line in text.split("\n"))


def compare_text(what, wanted, got):
    wanted, got = without_blanks_at_the_end(wanted), without_blanks_at_the_end(got)
    if wanted == got:
        return
    import difflib
    difference = difflib.unified_diff(wanted.split("\n"), got.split("\n"), "expected", "got", lineterm="")
    raise Wrong("%s differs:\n%s" % (what, "\n".join(difference)))


def compare_json(wanted, got, where="the JSON"):
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name, value in wanted.items():
            if name not in got:
                raise Wrong("%s has no \"%s\"" % (where, name))
            compare_json(value, got[name], "%s.%s" % (where, name))
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            raise Wrong("%s has %d elements, not %d: %s" % (where, len(got), len(wanted), json.dumps(got)))
        for index, (one, other) in enumerate(zip(wanted, got)):
            compare_json(one, other, "%s[%d]" % (where, index))
    elif wanted != got or type(wanted) is not type(got):
        raise Wrong("%s is %s, not %s" % (where, json.dumps(got), json.dumps(wanted)))


def refuse_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Wrong("a name stands twice in one object of the JSON: %s" % names)
    return dict(pairs)


def check_json(text, command, code):
    try:
        document = json.loads(text, object_pairs_hook=refuse_duplicates)
    except ValueError as error:
        raise Wrong("standard output is not one JSON object: %s\n%s" % (error, text))
    if document.get("schema") not in ("kerntune.%s/1" % command, "kerntune.error/1"):
        raise Wrong("\"schema\" is %r" % document.get("schema"))
    if code >= 2 and code != PENDING and document.get("error", {}).get("exit_code") != code:
        raise Wrong("exit code %d, but \"error\" is %r" % (code, document.get("error")))
    if not isinstance(document.get("messages"), list):
        raise Wrong("no list of \"messages\"")
    return document


def check_junit(text):
    try:
        suites = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        raise Wrong("standard output is not XML: %s\n%s" % (error, text))
    for suite in suites.iter("testsuite"):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
            count = len(list(suite.iter(tag)))
            if suite.get(attribute) != str(count):
                raise Wrong("%s is %s, but there are %d" % (attribute, suite.get(attribute), count))


def check_tap(text):
    lines = text.split("\n")
    results = [line for line in lines if re.match(r"(not )?ok \d+ - ", line)]
    if "1..%d" % len(results) not in lines:
        raise Wrong("the TAP plan does not announce %d results" % len(results))


# ---- carrying out ----

class Case:
    def __init__(self, program, path, directory):
        self.program, self.path = os.path.abspath(program), path
        self.root, self.outside = os.path.join(directory, "root"), os.path.join(directory, "outside")
        self.ids = []
        self.held = []
        os.mkdir(self.root)
        os.mkdir(self.outside)
        for name, text in IDENTITY.items():
            self.write(name, text)
        self.make_parent("proc/self/ns/net")
        os.symlink("net:[4026531840]", self.full("proc/self/ns/net"))

    # -- names and numbers that differ from run to run --

    def expand(self, text):
        for number, change in enumerate(self.ids, 1):
            text = text.replace("20000101T000000Z-%04d" % number, change)
        return text.replace("ROOT", self.root).replace("OUTSIDE", self.outside)

    def stable(self, text):
        for change in re.findall(r"\b2\d{7}T\d{6}Z-[0-9a-f]{4}\b", text):
            if change not in self.ids and not change.startswith("2000"):
                self.ids.append(change)
        for number, change in enumerate(self.ids, 1):
            text = text.replace(change, "20000101T000000Z-%04d" % number)
        text = re.sub(r"\b2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2000-01-01T00:00:00Z", text)
        text = re.sub(r"\bfnv1a64:[0-9a-f]{16}\b", "fnv1a64:0", text)
        text = text.replace("\x1b", "<ESC>")
        return text.replace(self.root, "ROOT").replace(self.outside, "OUTSIDE")

    # -- the root --

    def full(self, path):
        if path.startswith("OUTSIDE/"):
            return self.expand(path)
        return os.path.join(self.root, self.expand(path))

    def make_parent(self, path):
        os.makedirs(os.path.dirname(self.full(path)), exist_ok=True)

    def write(self, path, text, how="w"):
        self.make_parent(path)
        with open(self.full(path), how, encoding=None if "b" in how else "utf-8",
                  newline=None if "b" in how else "") as file:
            file.write(text)

    def do_key(self, directive):
        key, _, value = directive.argument.partition(" ")
        self.write("proc/sys/" + key, value + "\n")

    def do_profile(self, directive):
        self.write("etc/kerntune/profiles/%s.yaml" % directive.argument, self.expand(directive.text()))

    def do_file(self, directive):
        self.write(directive.argument, self.expand(directive.text()))

    def do_record(self, directive):
        body = self.expand(directive.text()).rstrip()
        if not body.endswith("}"):
            raise Wrong("a record ends with }")
        body = body[:-1]
        self.write("var/lib/kerntune/changes/%s.json" % directive.argument,
                   '%s,\n\t"checksum":\t"%s"\n}\n' % (body, digest(body)))

    def do_bytes(self, directive):
        path, _, text = directive.argument.partition(" ")
        self.write(path, unescape(text), "wb")

    def do_repeat(self, directive):
        path, count, text = directive.argument.split(" ", 2)
        self.write(path, unescape(text) * int(count), "ab")

    def do_sparse(self, directive):
        path, size = directive.argument.split()
        self.write(path, "")
        os.truncate(self.full(path), int(size))

    def do_dir(self, directive):
        os.makedirs(self.full(directive.argument), exist_ok=True)

    def do_fifo(self, directive):
        self.make_parent(directive.argument)
        os.mkfifo(self.full(directive.argument))

    def do_remove(self, directive):
        path = self.full(directive.argument)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def do_mode(self, directive):
        path, mode = directive.argument.split()
        os.chmod(self.full(path), int(mode, 8))

    def do_link(self, directive):
        path, target = directive.argument.split()
        self.make_parent(path)
        os.symlink(self.expand(target), self.full(path))

    def do_lock(self, directive):
        self.make_parent("run/kerntune/lock")
        self.held.append(open(self.full("run/kerntune/lock"), "w"))
        fcntl.lockf(self.held[-1], fcntl.LOCK_EX)

    def do_requires(self, directive):
        if directive.argument != "root":
            raise Wrong("line %d: @requires %s" % (directive.line, directive.argument))
        if os.geteuid() != 0:
            raise CannotRun("this is about what root does")

    # -- a run --

    def command(self, run):
        words = shlex.split(self.expand(run.directive.argument))
        if run.directive.name == "args":
            words = ["--root", self.root] + words
        prefix = shlex.split(os.environ.get("KERNTUNE_WRAPPER", ""))
        for directive in run.expected.get("without", []):
            prefix = tracer(directive.argument) + prefix
        return prefix + [self.program] + words

    def environment(self, run):
        names = ("PATH", "HOME", "TMPDIR")
        values = {name: os.environ[name] for name in names if name in os.environ}
        values["LC_ALL"] = "C.UTF-8"
        # A finding of a sanitizer must not pass for an exit code of the program.
        values["ASAN_OPTIONS"] = "exitcode=99:detect_leaks=%d" % ("without" not in run.expected)
        values["LSAN_OPTIONS"] = "exitcode=99"
        values["UBSAN_OPTIONS"] = "halt_on_error=1:exitcode=99:print_stacktrace=1"
        return values

    def execute(self, run):
        def prepare():
            if not os.environ.get("KERNTUNE_SANITIZED") and not os.environ.get("KERNTUNE_WRAPPER"):
                resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
            os.umask(0o022)

        stdin, target = run.one("stdin"), run.one("to")
        with open(self.expand(target.argument), "wb") if target else tempfile.TemporaryFile() as out:
            done = subprocess.run(self.command(run), input=(stdin.text() if stdin else "").encode(),
                                  stdout=out, stderr=subprocess.PIPE, cwd=self.root, timeout=PATIENCE,
                                  env=self.environment(run), preexec_fn=prepare)
            if target:
                return done.returncode, "", decode(done.stderr)
            out.seek(0)
            return done.returncode, decode(out.read()), decode(done.stderr)

    def run(self, run, update):
        words = [word for word in shlex.split(run.directive.argument)]
        command = next((word for word in words if word in READ_ONLY_COMMANDS | {"apply", "restore"}), None)
        parameters = tree(os.path.join(self.root, "proc")) if os.path.isdir(self.full("proc/sys")) else None
        outside = tree(self.outside)
        code, out, err = self.execute(run)
        out, err = self.stable(out), self.stable(err)
        if update:
            update(run, code, out, err)
            return
        try:
            self.judge(run, command, words, code, out, err)
            if tree(self.outside) != outside:
                raise Wrong("something outside the root was touched: %s" % (tree(self.outside),))
            may_change = command in ("apply", "restore") and (code in (0, 1, 4, PENDING) or code > 128)
            if parameters is not None and not may_change and tree(os.path.join(self.root, "proc")) != parameters:
                raise Wrong("parameters were changed, with exit code %d" % code)
        except Wrong as wrong:
            raise Wrong("%s:%d: %s: %s\n--- exit %s, stdout:\n%s--- stderr:\n%s" % (
                self.path, run.directive.line, run.directive.argument, wrong, code, out, err))

    def judge(self, run, command, words, code, out, err):
        wanted = run.one("exit")
        if not wanted:
            raise Wrong("the case does not say which exit code is expected")
        if code != int(wanted.argument):
            raise Wrong("exit code %d, not %s" % (code, wanted.argument))
        for name, got in (("stdout", out), ("stderr", err)):
            block, parts = run.one(name), run.one(name + "-has")
            if block:
                compare_text(name, block.text(), got)
            elif not parts and not (name == "stdout" and ("json" in run.expected or "to" in run.expected)):
                compare_text(name, "", got)
            for part in parts.block if parts else []:
                if part not in got:
                    raise Wrong("%s lacks: %s" % (name, part))
        if command == "apply" and {"-n", "--dry-run"} & set(words):
            command = "diff"
        if "to" in run.expected:
            pass
        elif "--json" in words or "json" in words:
            document = check_json(out, command, code)
            if "json" in run.expected:
                compare_json(json.loads(run.one("json").text()), document)
        elif "json" in run.expected:
            raise Wrong("@json of a run that was not asked for JSON")
        if "junit" in words and code in (0, 1):
            check_junit(out)
        if "tap" in words and code in (0, 1):
            check_tap(out)
        self.judge_files(run)

    def judge_files(self, run):
        for directive in run.expected.get("after", []):
            with open(self.full(directive.argument), encoding="utf-8") as file:
                compare_text(directive.argument, directive.text(), self.stable(file.read()))
        for directive in run.expected.get("now", []):
            key, _, value = directive.argument.partition(" ")
            with open(self.full("proc/sys/" + key), encoding="utf-8") as file:
                compare_text(key, value + "\n", file.read())
        for directive in run.expected.get("gone", []):
            if os.path.lexists(self.full(directive.argument)):
                raise Wrong("%s exists" % directive.argument)


def decode(raw):
    return raw.decode("utf-8", "backslashreplace")


def unescape(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def tracer(call):
    tool = shutil.which("strace")
    if not tool:
        raise CannotRun("strace is missing")
    if subprocess.run([tool, "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        raise CannotRun("tracing is not permitted")
    return [tool, "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
            "-e", "inject=%s:error=ENOSYS" % call]


def tree(top):
    """Everything below a directory, links not followed."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[path] = ("link", os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = (os.lstat(path).st_mode, file.read(1 << 21))
            else:
                found[path] = (os.lstat(path).st_mode,)
    return found


def run_case(program, path, update=None):
    with tempfile.TemporaryDirectory(prefix="kerntune-case.") as directory:
        case = Case(program, path, os.path.realpath(directory))
        steps = group(parse(path))
        if not any(isinstance(step, Run) for step in steps):
            raise Wrong("%s: no run" % path)
        for step in steps:
            if isinstance(step, Run):
                case.run(step, update)
            elif hasattr(case, "do_" + step.name):
                getattr(case, "do_" + step.name)(step)
            else:
                raise Wrong("%s:%d: unknown directive @%s" % (path, step.line, step.name))


# ---- updating ----

def expected_lines(run, code, out, err):
    lines = ["@exit %d" % code]
    for name, text in (("stdout", out), ("stderr", err)):
        if text and name + "-has" not in run.expected and not (name == "stdout" and "json" in run.expected):
            lines.append("@" + name)
            lines += [("@" + line if line.startswith("@") else line).rstrip() for line in text.split("\n")[:-1]]
    return lines


def update_file(program, path):
    """Replaces @exit, @stdout and @stderr behind each run by what came out; the rest stays as it is."""
    results = []
    run_case(program, path, lambda run, code, out, err: results.append((run, code, out, err)))
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    results = {run.directive.line: result for result in results for run in [result[0]]}
    kept, dropping, pending = [], False, None
    for number, line in enumerate(lines + ["@end"], 1):
        if line.startswith("@") and not line.startswith("@@"):
            name = line[1:].partition(" ")[0]
            dropping = name in ("exit", "stdout", "stderr")
            if pending and name not in ("exit", "stdout", "stderr", "to", "without", "stdin"):
                kept += expected_lines(*pending)
                pending = None
        if not dropping:
            kept.append(line)
        pending = results.get(number, pending)
    kept.pop()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(kept) + "\n")


def main(arguments):
    if arguments[:1] == ["--update"]:
        for path in arguments[2:]:
            update_file(arguments[1], path)
        return 0
    try:
        run_case(arguments[0], arguments[1])
    except CannotRun as reason:
        print(reason)
        return SKIP
    except Wrong as wrong:
        print(wrong)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
