/* SPDX-License-Identifier: MIT */
/* YAML as a tree with places, and everything in YAML that a profile must not use. */
#include "format/yaml_tree.h"

#include "base/strbuf.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

struct parsing {
	struct arena arena;
	struct diags diags;
	struct source source;
	struct yaml_node *root;
	int outcome;
};

static void parse_bytes(struct parsing *parsing, const char *text, size_t length)
{
	*parsing = (struct parsing){ .source = { .name = "test.yaml", .text = text, .length = length } };
	arena_init(&parsing->arena);
	diags_init(&parsing->diags, &parsing->arena);
	parsing->outcome = yaml_tree_parse(&parsing->arena, &parsing->source, &parsing->diags,
		&parsing->root);
	assert_true(parsing->outcome >= 0);
	assert_int_equal(parsing->outcome > 0, parsing->diags.errors > 0);
}

static void parse(struct parsing *parsing, const char *text)
{
	parse_bytes(parsing, text, strlen(text));
}

/* The tree on one line: scalars (quoted ones in quotes) with their places, [..] and {key: ..}. */
static void show(struct strbuf *text, const struct yaml_node *node)
{
	const char *quote = node->is_plain ? "" : "'";

	if (node->kind == YAML_SCALAR) {
		strbuf_printf(text, "%s%s%s@%u:%u", quote, node->text, quote, node->span.line,
			node->span.column);
		return;
	}
	strbuf_add_char(text, node->kind == YAML_SEQUENCE ? '[' : '{');
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		if (child != node->first)
			strbuf_add_text(text, ", ");
		if (child->key)
			strbuf_printf(text, "%s: ", child->key->text);
		show(text, child);
	}
	strbuf_add_char(text, node->kind == YAML_SEQUENCE ? ']' : '}');
}

static void test_trees(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "a: b\n", "{a: b@1:4}" },
		{ "a: b", "{a: b@1:4}" },
		{ "\xef\xbb\xbf" "a: b\n", "{a: b@1:4}" },
		{ "a: b\r\nc: d\r\n", "{a: b@1:4, c: d@2:4}" },
		{ "a: [1, 'x', \"y z\"]\n", "{a: [1@1:5, 'x'@1:8, 'y z'@1:13]}" },
		{ "a:\n  - 1\n  -\n    - 2\n", "{a: [1@2:5, [2@4:7]]}" },
		{ "a: {b: 1, c: {}}\nd: []\n", "{a: {b: 1@1:8, c: {}}, d: []}" },
		{ "# only\na:   # comment\n  b: 010\n", "{a: {b: 010@3:6}}" },
		{ "a: |\n  two\n  lines\n", "{a: 'two\nlines\n'@1:4}" },
		{ "a: on\nb: ~\nc:\n", "{a: on@1:4, b: ~@2:4, c: @3:3}" },
		{ "\xc3\xa4: \xe4\xb8\xad, x\n", "{\xc3\xa4: \xe4\xb8\xad, x@1:4}" },
		{ "a:\tb\n", "{a: b@1:4}" },
		{ "a: \"\\u00e4\\t\"\n", "{a: '\xc3\xa4\t'@1:4}" },
		{ "\"<<\": 1\n", "{<<: 1@1:7}" },
		{ "- x\n", "[x@1:3]" },
		{ "x\n", "x@1:1" },
		{ "---\na: b\n...\n", "{a: b@2:4}" },
		{ "%YAML 1.1\n---\na: b\n", "{a: b@3:4}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;
		struct parsing parsing;

		parse(&parsing, cases[i].text);
		check_row(parsing.outcome == 0 && parsing.root, "row %zu: %s", i,
			parsing.diags.first ? parsing.diags.first->message : "no tree");
		show(&shown, parsing.root);
		check_row(strcmp(shown.bytes, cases[i].shown) == 0, "row %zu: %s", i, shown.bytes);
		arena_release(&parsing.arena);
	}
}

static void test_nothing_is_no_tree(void **state)
{
	static const char *const texts[] = { "", "\n", "# comment\n", "\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct parsing parsing;

		parse(&parsing, texts[i]);
		assert_int_equal(parsing.outcome, 0);
		assert_null(parsing.root);
		arena_release(&parsing.arena);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *id;
		unsigned line, column;
	} cases[] = {
		{ "a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1 },
		{ "a: {b: 1, b: 2}\n", "duplicate-key", 1, 11 },
		{ "a: 1\n\"a\": 2\n", "duplicate-key", 2, 1 },
		{ "a: &x 1\n", "anchor", 1, 4 },
		{ "a: &x [1]\n", "anchor", 1, 4 },
		{ "a: &x {b: 1}\n", "anchor", 1, 4 },
		{ "a: *x\n", "anchor", 1, 4 },
		{ "<<: {a: 1}\n", "merge-key", 1, 1 },
		{ "a: !!int 1\n", "tag", 1, 4 },
		{ "a: !x [1]\n", "tag", 1, 4 },
		{ "a: !x {b: 1}\n", "tag", 1, 4 },
		{ "a: ! x\n", "tag", 1, 4 },
		{ "a: 1\n---\nb: 2\n", "second-document", 2, 1 },
		{ "--- a\n--- b\n", "second-document", 2, 1 },
		{ "[a]: 1\n", "bad-key", 1, 1 },
		{ "{a: 1}: 2\n", "bad-key", 1, 1 },
		{ "a: \x01\n", "control-character", 1, 4 },
		{ "a: \x7f\n", "control-character", 1, 4 },
		{ "a: \xc2\x85\n", "control-character", 1, 4 },
		{ "a: \x1b[31m\n", "control-character", 1, 4 },
		{ "a: b\rc: d\n", "control-character", 1, 5 },
		{ "a: x\xe2\x80\xae\n", "control-character", 1, 5 },
		{ "\xc3\xa4\xc3\xa4: \xef\xbb\xbf\n", "control-character", 1, 5 },
		{ "a: \"\\x01\"\n", "control-character", 1, 4 },
		{ "a: \"\\e[31m\"\n", "control-character", 1, 4 },
		{ "a: \"\\0\"\n", "control-character", 1, 4 },
		{ "a: \"\\u202e\"\n", "control-character", 1, 4 },
		{ "\"\\0\": b\n", "control-character", 1, 1 },
		{ "a: b\nc: \xff\n", "invalid-utf8", 2, 4 },
		{ "a: \xc0\x80\n", "invalid-utf8", 1, 4 },
		{ "a: \xed\xa0\x80\n", "invalid-utf8", 1, 4 },
		{ "\xff\xfe" "a\n", "invalid-utf8", 1, 1 },
		{ "a: [1, 2\n", "yaml-syntax", 2, 1 },
		{ "a: b: c\n", "yaml-syntax", 1, 5 },
		{ "\ta: b\n", "yaml-syntax", 1, 1 },
		{ "a: 'x\n", "yaml-syntax", 2, 1 },
		{ "a: @x\n", "yaml-syntax", 1, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct parsing parsing;
		const struct diag *diag;

		parse(&parsing, cases[i].text);
		diag = parsing.diags.first;
		check_row(diag && strcmp(diag->id, cases[i].id) == 0, "row %zu is %s", i, diag ? diag->id : "taken");
		check_row(parsing.diags.errors == 1, "row %zu has %zu errors", i, parsing.diags.errors);
		check_row(diag->span.line == cases[i].line && diag->span.column == cases[i].column,
			"row %zu is at %u:%u", i, diag->span.line, diag->span.column);
		arena_release(&parsing.arena);
	}
}

static void test_nul_bytes(void **state)
{
	struct parsing parsing;

	(void)state;
	parse_bytes(&parsing, "a: b\0c\n", 7);
	assert_string_equal(parsing.diags.first->id, "control-character");
	assert_int_equal(parsing.diags.first->span.column, 5);
	assert_int_equal(parsing.outcome, YAML_TREE_CUT_SHORT);
	arena_release(&parsing.arena);
}

static void test_a_duplicate_names_the_first_and_is_left_out(void **state)
{
	CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;
	struct parsing parsing;

	(void)state;
	parse(&parsing, "a: 1\nb: 2\na: 3\na: 4\nc: 5\n");
	assert_int_equal(parsing.outcome, YAML_TREE_MISTAKES);
	assert_int_equal(parsing.diags.errors, 2);
	assert_int_equal(parsing.diags.first->also.line, 1);
	assert_int_equal(parsing.diags.newest->span.line, 4);
	assert_int_equal(parsing.diags.newest->also.line, 1);
	show(&shown, parsing.root);
	assert_string_equal(shown.bytes, "{a: 1@1:4, b: 2@2:4, c: 5@5:4}");
	assert_int_equal(parsing.root->count, 3);
	arena_release(&parsing.arena);
}

static void test_size_limit(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct parsing parsing;

	(void)state;
	strbuf_add_text(&text, "a: b\n");
	while (text.length < YAML_TREE_SIZE_MAX)
		strbuf_add_char(&text, text.length % 80 ? '#' : '\n');
	text.bytes[5] = '\n';
	text.bytes[6] = '#';
	assert_int_equal(strbuf_check(&text), 0);
	parse_bytes(&parsing, text.bytes, YAML_TREE_SIZE_MAX);
	assert_int_equal(parsing.outcome, 0);
	arena_release(&parsing.arena);
	parse_bytes(&parsing, text.bytes, YAML_TREE_SIZE_MAX + 1);
	assert_int_equal(parsing.outcome, YAML_TREE_CUT_SHORT);
	assert_string_equal(parsing.diags.first->id, "too-large");
	assert_int_equal(parsing.diags.first->span.line, 0);
	assert_null(parsing.root);
	arena_release(&parsing.arena);
}

static void test_depth_limit(void **state)
{
	static const char *const openings[] = { "[", "{a: ", "- " };
	static const size_t depths[] = { YAML_TREE_DEPTH_MAX, YAML_TREE_DEPTH_MAX + 1, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(openings); i++) {
		for (size_t k = 0; k < COUNT_OF(depths); k++) {
			CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
			struct parsing parsing;

			for (size_t n = 0; n < depths[k]; n++)
				strbuf_add_text(&text, openings[i]);
			strbuf_add_char(&text, 'x');
			for (size_t n = 0; n < depths[k] && openings[i][0] != '-'; n++)
				strbuf_add_char(&text, openings[i][0] == '[' ? ']' : '}');
			assert_int_equal(strbuf_check(&text), 0);
			parse_bytes(&parsing, text.bytes, text.length);
			if (depths[k] == YAML_TREE_DEPTH_MAX) {
				check_row(parsing.outcome == 0, "\"%s\": %s", openings[i],
					parsing.diags.first ? parsing.diags.first->message : "");
			} else {
				assert_int_equal(parsing.outcome, YAML_TREE_CUT_SHORT);
				assert_string_equal(parsing.diags.first->id, "too-deep");
				assert_int_equal(parsing.diags.errors, 1);
				assert_int_equal(parsing.diags.first->span.column,
					1 + YAML_TREE_DEPTH_MAX * strlen(openings[i]));
			}
			arena_release(&parsing.arena);
		}
	}
}

static void test_many_keys(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct parsing parsing;

	(void)state;
	for (unsigned i = 0; i < 50000; i++)
		strbuf_printf(&text, "k%u: 1\n", i % 40000);
	assert_int_equal(strbuf_check(&text), 0);
	parse_bytes(&parsing, text.bytes, text.length);
	assert_int_equal(parsing.diags.errors, 10000);
	assert_int_equal(parsing.root->count, 40000);
	arena_release(&parsing.arena);
}

/* A text that is cut anywhere is a tree or a list of errors, and nothing worse. */
static void test_every_cut(void **state)
{
	static const char text[] = "a: &x [1, {b: \"\\u00e4\"}]\nc:\n  - *x\n  - |\n    d\n<<: {e: !f g}\n---\nh: i\n";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct parsing parsing;

		parse_bytes(&parsing, text, length);
		arena_release(&parsing.arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_nothing_is_no_tree),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_a_duplicate_names_the_first_and_is_left_out),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_depth_limit),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_every_cut),
	};

	return RUN_TESTS(tests);
}
