# SPDX-License-Identifier: MIT
"""The JSON Schema for editors agrees with the program that reads the profiles.

The corpus, tests/docs/corpus, has one profile for each thing to be right or wrong about:

  good         both take it
  bad          both refuse it; the first line is "# ID at PLACE: reason", with the id of kerntune's (first) error and
               the path of the schema's
  loader_only  kerntune refuses it, the schema cannot see why: "# ID: reason"
  schema_only  the schema refuses it, kerntune takes it: "# reason"
  computed     the same groups, of variables, conditions and expressions
"""

import copy
import json
import os
import re
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError:
    # The python3 that comes first is not always the one that the distribution has packages for.
    if os.environ.get('KERNTUNE_TEST_PYTHON') or not os.access('/usr/bin/python3', os.X_OK):
        print('needs jsonschema and yaml for Python')
        sys.exit(77)
    os.environ['KERNTUNE_TEST_PYTHON'] = '/usr/bin/python3'
    os.execv('/usr/bin/python3', ['/usr/bin/python3', '-B', *sys.argv])

import docs

SCHEMA = json.loads(docs.read('integrations/kerntune-profile.schema.json'))
CORPUS = docs.SOURCE / 'tests/docs/corpus'
# 2020-12 came with version 4.0 of the module.
DRAFTS = {name: getattr(jsonschema, name) for name in ('Draft7Validator', 'Draft202012Validator')
          if hasattr(jsonschema, name)}

ANNOTATIONS = {'$schema', '$comment', 'title', 'description', 'examples', 'default', 'patternErrorMessage'}
# What means the same in draft-07 and in 2020-12. Left out are, above all, "items" with a list, "dependencies",
# "$defs", "prefixItems" and "unevaluatedProperties"; "definitions" is reached by pointer, which works in both.
CONSTRAINTS = {
    '$ref', 'type', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'items', 'minItems', 'maxItems',
    'properties', 'required', 'propertyNames', 'additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then',
    'else',
}


class EditorLoader(yaml.SafeLoader):
    """YAML as an editor decodes it, by the core schema of YAML 1.2, which is yaml-language-server's default. PyYAML
    itself is of YAML 1.1, where "on" is a truth value, 010 is 8 and 1_000 is a number: in 1.2 these are text, 10 and
    text. There are no merge keys either."""

    yaml_implicit_resolvers = {}

    def construct_object(self, node, deep=False):
        if isinstance(node, yaml.MappingNode):
            # Names in JSON are text, whatever a key looks like.
            return {key.value: self.construct_object(value, True) for key, value in node.value}
        return super().construct_object(node, deep)


def core_int(loader, node):
    text = node.value
    return int(text[2:], {'0o': 8, '0x': 16}[text[:2]]) if text[:2] in ('0o', '0x') else int(text, 10)


def core_float(loader, node):
    text = node.value.lower()
    return float(text.replace('.inf', 'inf').replace('.nan', 'nan'))


for kind, pattern, constructor in (
        ('null', r'~|null|Null|NULL|', lambda loader, node: None),
        ('bool', r'true|True|TRUE|false|False|FALSE', lambda loader, node: node.value.lower() == 'true'),
        ('int', r'[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+', core_int),
        ('float', r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|'
         r'\.(?:nan|NaN|NAN)', core_float)):
    EditorLoader.add_implicit_resolver(f'tag:yaml.org,2002:{kind}', re.compile(rf'(?:{pattern})\Z'), None)
    EditorLoader.add_constructor(f'tag:yaml.org,2002:{kind}', constructor)


def decode(text):
    """The documents of a file."""
    return list(yaml.load_all(text, EditorLoader))


def search(pattern, text):
    """By the rules of JSON Schema, where "$" is the end and nothing else; in Python it also stands before a newline."""
    return re.search(re.sub(r'(?<!\\)\$', r'\\Z', pattern), text)


def check_pattern(validator, pattern, instance, schema):
    if isinstance(instance, str) and not search(pattern, instance):
        yield jsonschema.ValidationError(f'{instance!r} does not match {pattern!r}')


def validators(schema=SCHEMA):
    return {name: jsonschema.validators.extend(draft, {'pattern': check_pattern})(schema)
            for name, draft in DRAFTS.items()}


def corpus(group):
    files = sorted((CORPUS / group).glob('*.yaml'))
    if not files:
        raise AssertionError(f'nothing in {group}')
    return files


def first_line(path):
    return path.read_text(encoding='utf-8').split('\n', 1)[0]


def loader_errors(root, path):
    """The ids of kerntune's errors, in order."""
    result = root.run('check', '--json', '--profile-dir', CORPUS / 'good', path)
    output = json.loads(result.stdout)
    errors = [message['id'] for message in output['messages'] if message['level'] == 'error']
    if (result.returncode == 2) != bool(errors) or result.returncode not in (0, 2):
        raise AssertionError(f'{path}: exit code {result.returncode}, {errors}')
    return errors


def subschemas(schema, place=()):
    """Each schema within, with its place."""
    yield place, schema
    for keyword, value in schema.items():
        if keyword in ('properties', 'definitions'):
            children = {(keyword, name): child for name, child in value.items()}
        elif keyword in ('allOf', 'anyOf', 'oneOf'):
            children = {(keyword, i): child for i, child in enumerate(value)}
        elif keyword in ('items', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'):
            children = {(keyword,): value} if isinstance(value, dict) else {}
        else:
            children = {}
        for step, child in children.items():
            yield from subschemas(child, place + step)


class Agreement(unittest.TestCase):
    def refusals(self, path):
        """The places that the schema objects to; the drafts agree about them."""
        documents = decode(path.read_text(encoding='utf-8')) or [None]
        found = {name: sorted({' '.join(map(str, error.absolute_path)) or 'top'
                               for document in documents for error in validator.iter_errors(document)})
                 for name, validator in validators().items()}
        self.assertEqual(len(set(map(str, found.values()))), 1, found)
        return next(iter(found.values()))

    def check_good(self, root, paths):
        for path in paths:
            with self.subTest(path=path.name):
                self.assertEqual(loader_errors(root, path), [])
                self.assertEqual(self.refusals(path), [])

    def check_bad(self, root, paths):
        for path in paths:
            with self.subTest(path=path.name):
                match = re.fullmatch(r'# ([a-z0-9-]+) at ([^:]+): .+', first_line(path))
                self.assertTrue(match, 'the first line says why')
                self.assertEqual(loader_errors(root, path)[:1], [match[1]])
                self.assertEqual(self.refusals(path), [match[2]])

    def check_loader_only(self, root, paths):
        for path in paths:
            with self.subTest(path=path.name):
                match = re.fullmatch(r'# ([a-z0-9-]+): .+', first_line(path))
                self.assertTrue(match, 'the first line says why')
                self.assertEqual(loader_errors(root, path)[:1], [match[1]])
                self.assertEqual(self.refusals(path), [])

    def test_good(self):
        with docs.FakeRoot() as root:
            self.check_good(root, corpus('good') + sorted((docs.SOURCE / 'profiles').glob('*.yaml')))

    def test_bad(self):
        with docs.FakeRoot() as root:
            self.check_bad(root, corpus('bad'))

    def test_loader_only(self):
        with docs.FakeRoot() as root:
            self.check_loader_only(root, corpus('loader_only'))

    def test_schema_only(self):
        with docs.FakeRoot() as root:
            for path in corpus('schema_only'):
                with self.subTest(path=path.name):
                    self.assertRegex(first_line(path), r'^# [A-Z].+\.$')
                    self.assertEqual(loader_errors(root, path), [])
                    self.assertNotEqual(self.refusals(path), [])

    def test_computed(self):
        with docs.FakeRoot() as root:
            self.check_good(root, corpus('computed/good'))
            self.check_bad(root, corpus('computed/bad'))
            self.check_loader_only(root, corpus('computed/loader_only'))

    def test_too_long(self):
        """loader_only, but too large to keep: the schema cannot count the bytes of a file."""
        with docs.FakeRoot() as root:
            path = root.write('long.yaml', 'profile: long\n' + '# a line of 32 letters and more\n' * 32768)
            self.assertEqual((loader_errors(root, path), self.refusals(path)), (['too-large'], []))

    def test_what_show_writes(self):
        with docs.FakeRoot() as root:
            for profile in (docs.SOURCE / 'profiles').glob('*.yaml'):
                shown = root.run('show', '--format', 'yaml', profile.stem)
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertEqual(self.refusals(root.write('shown.yaml', shown.stdout)), [], profile.stem)

    def test_fields(self):
        """The program names the fields that it knows where one is unknown; the schema has the same."""
        levels = {
            'unknown: x': SCHEMA['properties'],
            'variables: {load: {default: 1, unknown: x}}': SCHEMA['definitions']['variable']['properties'],
            'parameters: {net.core.somaxconn: {unknown: x}}': SCHEMA['definitions']['long_form']['properties'],
        }
        with docs.FakeRoot() as root:
            for text, fields in levels.items():
                result = root.run('check', root.write('fields.yaml', f'profile: fields\n{text}\n'))
                known = re.search(r'hint: known here: (.+)', result.stdout)
                self.assertTrue(known, result.stdout)
                self.assertEqual(set(known[1].split(', ')), set(fields), text)


class Form(unittest.TestCase):
    def test_drafts(self):
        """Valid by both, and so is each of the schema's own examples and defaults."""
        for name, draft in DRAFTS.items():
            draft.check_schema(SCHEMA)
            for place, schema in subschemas(SCHEMA):
                for example in schema.get('examples', []) + [schema[word] for word in ('default',) if word in schema]:
                    within = dict(schema, definitions=SCHEMA['definitions'])
                    errors = list(validators(within)[name].iter_errors(example))
                    self.assertEqual(errors, [], (name, place))
        if len(DRAFTS) < 2:
            self.skipTest('this jsonschema does not know 2020-12')

    def test_common_keywords_only(self):
        for place, schema in subschemas(SCHEMA):
            with self.subTest(place=place):
                self.assertLessEqual(set(schema) - {'definitions'}, ANNOTATIONS | CONSTRAINTS)
                self.assertTrue('definitions' not in schema or place == ())
                # draft-07 ignores what stands beside $ref, and 2020-12 does not.
                self.assertTrue('$ref' not in schema or len(schema) == 1)
                self.assertTrue('$ref' not in schema or
                                schema['$ref'].removeprefix('#/definitions/') in SCHEMA['definitions'])
                self.assertNotIsInstance(schema.get('items'), list)
                self.assertTrue('patternErrorMessage' not in schema or 'pattern' in schema)
                self.assertTrue('pattern' not in schema or 'patternErrorMessage' in schema)

    def test_portable_patterns(self):
        """Python's and ECMAScript's regular expressions, with and without Unicode mode, agree about what is used here:
        no classes such as \\w, no look-behind, no inline flags, and a backslash before special characters only."""
        for place, schema in subschemas(SCHEMA):
            pattern = schema.get('pattern')
            if pattern is None:
                continue
            with self.subTest(place=place):
                self.assertTrue(pattern.startswith('^'))
                re.compile(pattern)
                for escape in re.findall(r'\\(u[0-9a-f]{4}|.)', pattern):
                    self.assertRegex(escape, r'^(?:u[0-9a-f]{4}|[tnr.$+{}])$')
                for group in re.findall(r'(?<!\\)\(\?(..?)', pattern):
                    self.assertRegex(group, r'^[:!=]')

    def test_every_field_is_explained(self):
        count = 0
        for place, schema in subschemas(SCHEMA):
            # Those of "kernel.printk_devkmsg" are explained where every parameter's are.
            if len(place) < 2 or place[-2] != 'properties' or 'printk' in place[-1] or 'on_off_parameter' in place:
                continue
            count += 1
            with self.subTest(place=place):
                for annotation in ('title', 'description', 'examples'):
                    self.assertTrue(schema.get(annotation), annotation)
                self.assertRegex(schema['description'], r'[.]$')
        self.assertGreaterEqual(count, 17)

    def test_no_definition_is_unused(self):
        used = {schema['$ref'].rsplit('/', 1)[1] for _, schema in subschemas(SCHEMA) if '$ref' in schema}
        self.assertEqual(used, set(SCHEMA['definitions']))

    def test_corpus_covers_the_schema(self):
        """Each constraint refuses or admits something in the corpus: without it, one verdict at least is another."""
        documents = [decode(path.read_text(encoding='utf-8')) or [None]
                     for group in GROUPS for path in corpus(group)]
        draft = jsonschema.validators.extend(DRAFTS['Draft7Validator'], {'pattern': check_pattern})

        def verdicts(schema):
            validator = draft(schema)
            for document in documents:
                yield all(validator.is_valid(part) for part in document)

        whole = list(verdicts(SCHEMA))
        for place, schema in subschemas(SCHEMA):
            for keyword in set(schema) & CONSTRAINTS - {'properties'}:
                altered = copy.deepcopy(SCHEMA)
                within = altered
                for step in place:
                    within = within[step]
                del within[keyword]
                with self.subTest(place=place, keyword=keyword):
                    self.assertTrue(any(a != b for a, b in zip(whole, verdicts(altered))), 'no file tests this')


GROUPS = ('good', 'bad', 'loader_only', 'schema_only', 'computed/good', 'computed/bad', 'computed/loader_only')

if __name__ == '__main__':
    docs.main()
