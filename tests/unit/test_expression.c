/* SPDX-License-Identifier: MIT */
/* Expressions: what they come to, where each mistake is reported, and random ones against 128-bit arithmetic. */
#include "model/expression.h"

#include "unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The scalar begins at this column of line 7. */
enum { LINE = 7, COLUMN = 21 };

struct world {
	struct machine machine;
	unsigned asked;		/* how often a fact was */
	int error;		/* what the facts fail with */
};

static int get_machine(void *context, const struct machine **ret_machine)
{
	struct world *world = context;

	world->asked++;
	*ret_machine = &world->machine;
	return world->error;
}

static int get_module(void *context, const char *name, bool *ret_has)
{
	struct world *world = context;

	world->asked++;
	*ret_has = strcmp(name, "nf_conntrack") == 0;
	return world->error;
}

static int get_loadable(void *context, const char *name, bool *ret_can)
{
	int r = get_module(context, name, ret_can);

	*ret_can |= strcmp(name, "tcp_bbr") == 0;
	return r;
}

static int get_key(void *context, const char *path, bool *ret_has)
{
	struct world *world = context;

	world->asked++;
	*ret_has = strcmp(path, "net/ipv4/conf/eth0.100/rp_filter") == 0;
	return world->error;
}

static const struct world usual = {
	.machine = { .ram_bytes = 8192UL << 20, .page_size = 4096, .cpus = 4, .in_netns = true,
		.release = "6.18.44-1" },
};

/* One expression, parsed and evaluated. */
struct attempt {
	struct arena arena;
	struct diags diags;
	struct source source;
	struct expression_scalar scalar;
	const struct expression *expression;
	struct world world;
	int r;
	size_t offset;
	int64_t value;
};

static void evaluate(struct attempt *attempt)
{
	static const struct variable connections = { .name = "connections", .value = 2000 };
	static const struct variable zero = { .name = "zero", .value = 0 };
	static const struct variable *const variables[] = { &connections, &zero };
	const struct fact_source facts = { &attempt->world, get_machine, get_module, get_loadable, get_key };
	const struct expression_scope scope = { variables, COUNT_OF(variables), &facts };

	if (expression_check_names(attempt->expression, &scope, &attempt->diags))
		attempt->r = expression_evaluate(attempt->expression, &scope, &attempt->diags, &attempt->value);
	else
		attempt->r = 1;
}

/* `text` is what stands between the braces, or a whole scalar that begins with them. */
static void try_in(struct attempt *attempt, const char *text, struct world world, unsigned column)
{
	*attempt = (struct attempt){ .source = { .name = "test.yaml" }, .world = world, .value = 12345 };
	arena_init(&attempt->arena);
	diags_init(&attempt->diags, &attempt->arena);
	if (strncmp(text, "${", 2) != 0)
		text = arena_printf(&attempt->arena, "${%s}", text);
	assert_non_null(text);
	attempt->scalar = (struct expression_scalar){ .text = text, .length = strlen(text), .text_column = column,
		.span = { &attempt->source, LINE, COLUMN - 1, COLUMN + 2 } };
	attempt->r = expression_parse(&attempt->arena, &attempt->diags, &attempt->scalar, &attempt->offset,
		&attempt->expression);
	if (attempt->r == 0)
		evaluate(attempt);
	assert_int_equal(attempt->r == 1, attempt->diags.errors == 1);
}

static void try(struct attempt *attempt, const char *text)
{
	try_in(attempt, text, usual, COLUMN);
}

static void release(struct attempt *attempt)
{
	arena_release(&attempt->arena);
}

static void test_what_they_come_to(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{ "0", 0 }, { "42", 42 }, { "0x1F", 31 }, { "  7 ", 7 }, { "(7)", 7 }, { "-7", -7 }, { "- 7", -7 },
		{ "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
		{ "1 + 2 * 3", 7 }, { "(1 + 2) * 3", 9 }, { "10 - 3 - 2", 5 }, { "100 / 5 / 2", 10 },
		{ "7 / 2", 3 }, { "-7 / 2", -3 }, { "7 % 3", 1 }, { "-7 % 3", -1 }, { "7 % -3", 1 },
		{ "2-1", 1 }, { "2--1", 3 }, { "2 - -1", 3 }, { "-(3)", -3 }, { "- -3", 3 }, { "!-3", 0 },
		{ "1 < 2", 1 }, { "2 < 2", 0 }, { "2 <= 2", 1 }, { "2 > 1", 1 }, { "2 >= 3", 0 }, { "2 == 2", 1 },
		{ "2 != 2", 0 }, { "(1 < 2) < 3", 1 }, { "1 == (2 < 3)", 1 },
		{ "!0", 1 }, { "!5", 0 }, { "!!5", 1 }, { "!0 + 1", 2 }, { "!0 == 1", 1 },
		{ "0 || 0", 0 }, { "0 || 3", 1 }, { "2 && 3", 1 }, { "2 && 0", 0 }, { "1 || 0 && 0", 1 },
		{ "1 + 1 == 2 && 3 * 2 > 5", 1 },
		{ "0 && 1 / 0", 0 }, { "1 || 1 / 0", 1 }, { "zero > 0 && ram_bytes / zero > 1", 0 },
		{ "min(3, 1, 2)", 1 }, { "max(3, 1, 2)", 3 }, { "min(-1, 1)", -1 }, { "max(-2, -1)", -1 },
		{ "max(1, min(5, connections))", 5 }, { "max(262144, connections * 120)", 262144 },
		{ "ram_bytes", 8192L << 20 }, { "ram_pages", 2 << 20 }, { "ram_pages * 3 / 32", 196608 },
		{ "page_size", 4096 }, { "cpus", 4 }, { "in_netns", 1 }, { "connections", 2000 },
		{ "loadable('nf_conntrack')", 1 }, { "loadable('tcp_bbr')", 1 }, { "loadable('bbr')", 0 },
		{ "module('nf_conntrack')", 1 }, { "module('tcp_bbr')", 0 }, { "module('bbr')", 0 }, { "!module('bbr')", 1 },
		{ "exists('net.ipv4.conf.eth0/100.rp_filter')", 1 }, { "exists('vm/swappiness')", 0 },
		{ "kernel >= '6.14'", 1 }, { "kernel >= '6.9'", 1 }, { "kernel < '6.9'", 0 },
		{ "kernel == '6.18.44'", 1 },
		{ "kernel != '6'", 1 }, { "'6.9' <= kernel", 1 }, { "'7' < kernel", 0 }, { "'7' > kernel", 1 },
		{ "(kernel) > '6'", 1 }, { "1\n+\t1", 2 },
		{ "${1} ${2}", 1 }, { "${exists('a}b')}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct attempt attempt;

		try(&attempt, rows[i].text);
		/* The first of several. */
		if (attempt.r == 1 || strncmp(rows[i].text, "${1}", 4) == 0)
			check_row(attempt.r == 0 && attempt.offset == 4, "%s: %s", rows[i].text,
				attempt.diags.first ? attempt.diags.first->message : "not the first");
		else
			assert_int_equal(attempt.offset, attempt.scalar.length);
		check_row(attempt.value == rows[i].value, "%s gives %" PRId64, rows[i].text, attempt.value);
		release(&attempt);
	}
}

static void test_where_mistakes_are_reported(void **state)
{
	static const struct {
		const char *text, *id;
		unsigned offset, length;	/* behind "${" */
	} rows[] = {
		{ "", "expression-syntax", 0, 1 }, { "  ", "expression-syntax", 2, 1 },
		{ "1 +", "expression-syntax", 3, 1 },
		{ "1 2", "expression-syntax", 2, 1 }, { "1 + * 2", "expression-syntax", 4, 1 },
		{ "(1", "expression-syntax", 2, 1 }, { "1)", "expression-syntax", 1, 1 },
		{ "()", "expression-syntax", 1, 1 },
		{ "a = 1", "expression-syntax", 2, 1 }, { "1 & 2", "expression-syntax", 2, 1 },
		{ "1 ? 2 : 3", "expression-syntax", 2, 1 },
		{ "1.5", "expression-syntax", 1, 1 }, { "1 < 2 < 3", "expression-syntax", 6, 1 },
		{ "1 == 2 != 3", "expression-syntax", 7, 2 }, { "1 < 2 == 1", "expression-syntax", 6, 2 },
		{ "kernel >= \"6.14\"", "expression-syntax", 10, 1 }, { "module('x", "expression-syntax", 7, 1 },
		{ "1 and 2", "expression-syntax", 2, 3 }, { "1 + é", "expression-syntax", 4, 1 },
		{ "+1", "expression-syntax", 0, 1 },
		{ "!=1", "expression-syntax", 0, 2 }, { "min", "expression-syntax", 0, 3 },
		{ "max(1,)", "expression-syntax", 6, 1 },
		{ "max(1 2)", "expression-syntax", 6, 1 }, { "${ram_bytes", "expression-syntax", 9, 1 },
		{ "${cpus", "expression-syntax", 4, 1 },
		{ "010", "not-a-number", 0, 3 }, { "1 + 16k", "not-a-number", 4, 3 },
		{ "1_000", "not-a-number", 0, 5 },
		{ "99999999999999999999", "not-a-number", 0, 20 }, { "0x", "not-a-number", 0, 2 },
		{ "1 + conections", "unknown-name", 4, 10 }, { "0 && nothing", "unknown-name", 5, 7 },
		{ "max(1, 2, nothing)", "unknown-name", 10, 7 }, { "CPUS", "unknown-name", 0, 4 },
		{ "mim(1, 2)", "unknown-function", 0, 3 }, { "cpus()", "unknown-function", 0, 4 },
		{ "min()", "wrong-arguments", 0, 3 }, { "1 + max(2)", "wrong-arguments", 4, 3 },
		{ "module()", "wrong-arguments", 0, 6 }, { "exists('a', 'b')", "wrong-arguments", 0, 6 },
		{ "kernel", "expression-type", 0, 6 }, { "kernel + 1", "expression-type", 0, 6 },
		{ "kernel >= 6", "expression-type", 10, 1 },
		{ "6 < kernel", "expression-type", 0, 1 }, { "kernel == kernel", "expression-type", 10, 6 },
		{ "-kernel", "expression-type", 1, 6 },
		{ "'6.14'", "expression-type", 0, 6 }, { "'é' < '7'", "expression-type", 0, 3 },
		{ "1 == '7'", "expression-type", 5, 3 },
		{ "!'x'", "expression-type", 1, 3 }, { "max(1, 'x')", "expression-type", 7, 3 },
		{ "kernel && 1", "expression-type", 0, 6 },
		{ "module(cpus)", "expression-type", 7, 4 }, { "exists(1)", "expression-type", 7, 1 },
		{ "loadable('a/b')", "bad-module", 9, 5 }, { "loadable(1)", "expression-type", 9, 1 },
		{ "module('a/b')", "bad-module", 7, 5 }, { "module('')", "bad-module", 7, 2 },
		{ "exists('../x')", "bad-key", 7, 6 },
		{ "exists('net.*.x')", "bad-key", 7, 9 }, { "kernel > '6.x'", "bad-version", 9, 5 },
		{ "1 / 0", "division-by-zero", 2, 1 }, { "1 % zero", "division-by-zero", 2, 1 },
		{ "9223372036854775807 + 1", "expression-overflow", 20, 1 },
		{ "ram_bytes * ram_bytes", "expression-overflow", 10, 1 },
		{ "-9223372036854775808 - 1", "expression-overflow", 21, 1 },
		{ "-9223372036854775808 / -1", "expression-overflow", 21, 1 },
		{ "-9223372036854775808 % -1", "expression-overflow", 21, 1 },
		{ "-(-9223372036854775808)", "expression-overflow", 0, 1 },
		{ "9223372036854775808", "expression-overflow", 0, 19 },
		{ "-9223372036854775809", "expression-overflow", 1, 19 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct attempt attempt;
		const struct diag *diag;

		try(&attempt, rows[i].text);
		diag = attempt.diags.first;
		check_row(attempt.r == 1 && diag, "%s is taken", rows[i].text);
		check_row(strcmp(diag->id, rows[i].id) == 0, "%s: %s: %s", rows[i].text, diag->id, diag->message);
		check_row(diag->span.line == LINE && diag->span.column == COLUMN + 2 + rows[i].offset &&
			diag->span.end_column == diag->span.column + rows[i].length, "%s: %s at %u to %u", rows[i].text,
			diag->message, diag->span.column - COLUMN - 2, diag->span.end_column - COLUMN - 2);
		check_row(diag->hint != NULL, "%s: no hint", rows[i].text);
		assert_int_equal(attempt.value, 12345);
		release(&attempt);
	}
}

static void test_hints(void **state)
{
	static const struct {
		const char *text, *hint;
	} rows[] = {
		{ "conections", "did you mean \"connections\"?" }, { "ram_byte", "did you mean \"ram_bytes\"?" },
		{ "modul('x')", "did you mean module()?" },
		{ "cpus()", "cpus is a fact: write it without parentheses" },
		{ "1 = 2", "write == to compare; there is no assignment" }, { "1 or 2", "write ||" },
		{ "${1", "close it with }" }, { "1 + ", "complete it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct attempt attempt;

		try(&attempt, rows[i].text);
		check_row(attempt.diags.first && strcmp(attempt.diags.first->hint, rows[i].hint) == 0, "%s: %s",
			rows[i].text, attempt.diags.first ? attempt.diags.first->hint : "taken");
		release(&attempt);
	}
}

static void test_an_unknown_place_is_that_of_the_scalar(void **state)
{
	struct attempt attempt;

	(void)state;
	try_in(&attempt, "1 + nothing", usual, 0);
	assert_int_equal(attempt.diags.first->span.column, COLUMN - 1);
	assert_int_equal(attempt.diags.first->span.end_column, COLUMN + 2);
	release(&attempt);
	/* Characters count, not bytes. */
	try(&attempt, "exists('\xc3\xa9\xc3\xa9') + nothing");
	assert_int_equal(attempt.diags.first->span.column, COLUMN + 2 + 15);
	release(&attempt);
	try(&attempt, " cpus * 2 ");
	assert_int_equal(attempt.expression->span.column, COLUMN);
	assert_int_equal(attempt.expression->span.end_column, COLUMN + 13);
	assert_string_equal(attempt.expression->text, "cpus * 2");
	release(&attempt);
	try(&attempt, "\ncpus\n* 2\n");
	assert_string_equal(attempt.expression->text, "cpus * 2");
	release(&attempt);
}

static void test_unknown_facts(void **state)
{
	static const struct world nothing = { .machine = { .release = "" } };
	static const char *const facts[] = { "ram_bytes", "ram_pages", "page_size", "cpus", "kernel > '6'" };
	struct attempt attempt;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(facts); i++) {
		try_in(&attempt, facts[i], nothing, COLUMN);
		check_row(attempt.r == 1 && strcmp(attempt.diags.first->id, "unknown-fact") == 0, "%s", facts[i]);
		release(&attempt);
	}
	try_in(&attempt, "in_netns || 0 && cpus", nothing, COLUMN);
	assert_int_equal(attempt.r, 0);
	assert_int_equal(attempt.value, 0);
	release(&attempt);
	/* More memory than a signed number holds. */
	try_in(&attempt, "ram_bytes", (struct world){ .machine = { .ram_bytes = UINT64_MAX, .release = "" } }, COLUMN);
	assert_int_equal(attempt.r, 1);
	release(&attempt);
}

static void test_facts_are_asked_for_when_used(void **state)
{
	static const char *const uses[] = { "cpus", "kernel > '6'", "module('x')", "exists('x')" };
	struct attempt attempt;

	(void)state;
	try(&attempt, "connections * 2 + (0 && cpus) + (0 && module('x'))");
	assert_int_equal(attempt.r, 0);
	assert_int_equal(attempt.world.asked, 0);
	release(&attempt);
	for (size_t i = 0; i < COUNT_OF(uses); i++) {
		struct world failing = usual;

		failing.error = -EIO;
		try_in(&attempt, uses[i], failing, COLUMN);
		assert_int_equal(attempt.r, -EIO);
		assert_int_equal(attempt.world.asked, 1);
		assert_int_equal(attempt.value, 12345);
		release(&attempt);
	}
}

/* `count` times `open`, then the middle, then `count` times `close`. */
static char *nest(const char *open, const char *middle, const char *close, size_t count)
{
	size_t opening = strlen(open), closing = strlen(close), length = strlen(middle);
	char *text = malloc(length + (opening + closing) * count + 1);
	char *end = text;

	assert_non_null(text);
	for (size_t i = 0; i < count; i++, end += opening)
		memcpy(end, open, opening);
	memcpy(end, middle, length);
	end += length;
	for (size_t i = 0; i < count; i++, end += closing)
		memcpy(end, close, closing);
	*end = '\0';
	return text;
}

static void check_nested(const char *open, const char *close, size_t count, const char *id)
{
	char *text = nest(open, "1", close, count);
	struct attempt attempt;

	try(&attempt, text);
	if (id)
		check_row(attempt.r == 1 && strcmp(attempt.diags.first->id, id) == 0, "%zu times %s", count, open);
	else
		check_row(attempt.r == 0, "%zu times %s: %s", count, open, attempt.diags.first->message);
	assert_string_equal(id ? attempt.diags.first->hint : "", id ? attempt.diags.newest->hint : "");
	release(&attempt);
	free(text);
}

static void test_limits(void **state)
{
	static const struct {
		const char *open, *close;
	} rows[] = { { "(", ")" }, { "- ", "" }, { "!", "" }, { "max(0, ", ")" }, { "1 + (", ")" }, { "-(", ")" } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t levels = rows[i].open[0] == '-' && rows[i].open[1] == '(' ? 2 : 1;

		check_nested(rows[i].open, rows[i].close, EXPRESSION_DEPTH_MAX / levels, NULL);
		/* The sign before a literal is a part of it. */
		check_nested(rows[i].open, rows[i].close, EXPRESSION_DEPTH_MAX / levels + 2, "expression-too-deep");
		check_nested(rows[i].open, rows[i].close, 100000, "expression-too-deep");
	}
	/* Not nested, however long. */
	check_nested("1 + ", "", 249, NULL);
	check_nested("1 + ", "", 250, "expression-too-long");
	check_nested("1||", "", 100000, "expression-too-long");
	check_nested(" ", "", 1000, "expression-too-long");
}

static void test_names_of_variables(void **state)
{
	static const char *const good[] = { "a", "new_connections_per_second", "a1", "a_", "minimum" };
	static const char *const bad[] = { "", "A", "1a", "_a", "a-b", "a b", "\xc3\xa9", "a.b",
		"a23456789012345678901234567890123456789012345678901234567890123456789" };
	static const char *const taken[] = { "ram_bytes", "ram_pages", "page_size", "cpus", "in_netns", "kernel", "min",
		"max", "module", "loadable", "exists" };
	const struct variable bounded = { .has_min = true, .min = 1, .has_max = true, .max = 9 };
	const struct variable unbounded = { .name = "any" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		check_row(variable_name_is_valid(good[i]) && !variable_name_is_taken(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_row(!variable_name_is_valid(bad[i]), "%s", bad[i]);
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		check_row(variable_name_is_taken(taken[i]), "%s", taken[i]);
	assert_false(variable_admits(&bounded, 0));
	assert_true(variable_admits(&bounded, 1) && variable_admits(&bounded, 9));
	assert_false(variable_admits(&bounded, 10));
	assert_true(variable_admits(&unbounded, INT64_MIN) && variable_admits(&unbounded, INT64_MAX));
}

/* ---- random expressions ---- */

__extension__ typedef __int128 wide;

static uint64_t random_state = 20240229;

static unsigned draw(unsigned below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(random_state >> 33) % below;
}

/* What a random expression comes to, by arithmetic that does not overflow. */
struct expected {
	bool fails;
	wide value;
};

static int64_t draw_number(void)
{
	static const int64_t edges[] = { 0, 1, 2, 3, 7, 1000, INT32_MAX, INT64_MAX, INT64_MAX - 1, 1LL << 32,
		3037000499LL };

	return draw(3) ? edges[draw(COUNT_OF(edges))] : (int64_t)draw(100000);
}

static struct expected settle(wide value)
{
	return (struct expected){ .fails = value < INT64_MIN || value > INT64_MAX, .value = value };
}

static struct expected combine(unsigned operator, struct expected left, struct expected right)
{
	wide a = left.value, b = right.value;

	if (left.fails)
		return left;
	if (operator == 0 && a != 0)
		return settle(1);
	if (operator == 1 && a == 0)
		return settle(0);
	if (right.fails)
		return right;
	switch (operator) {
	case 0:
		return settle(b != 0);
	case 1:
		return settle(b != 0);
	case 2:
		return settle(a == b);
	case 3:
		return settle(a <= b);
	case 4:
		return settle(a > b);
	case 5:
		return settle(a + b);
	case 6:
		return settle(a - b);
	case 7:
		return settle(a * b);
	case 8:
		return b == 0 ? (struct expected){ .fails = true } : settle(a / b);
	default:
		/* The remainder is refused where the quotient does not fit. */
		return b == 0 || settle(a / b).fails ? (struct expected){ .fails = true } : settle(a % b);
	}
}

/* Writes a random expression that binds at least as tightly as `lowest`, and says what it comes to. */
static struct expected generate(char *text, unsigned lowest, unsigned depth)
{
	static const struct {
		const char *text;
		unsigned precedence;
	} operators[] = { { "||", 1 }, { "&&", 2 }, { "==", 3 }, { "<=", 3 }, { ">", 3 }, { "+", 4 }, { "-", 4 },
		{ "*", 5 }, { "/", 5 }, { "%", 5 } };
	unsigned operator = draw(COUNT_OF(operators)), precedence = operators[operator].precedence;
	struct expected left, right;

	if (depth == 0 || draw(5) == 0) {
		int64_t number = draw_number();

		sprintf(text + strlen(text), draw(4) ? "%" PRId64 : "0x%" PRIx64, number);
		return settle(number);
	}
	if (draw(8) == 0) {
		bool is_not = draw(2);

		strcat(text, is_not ? "!" : "- ");
		left = generate(text, 6, depth - 1);
		if (!left.fails)
			left = settle(is_not ? left.value == 0 : -left.value);
		return left;
	}
	if (draw(8) == 0) {
		bool is_min = draw(2);

		strcat(text, is_min ? "min(" : "max(");
		left = generate(text, 1, depth - 1);
		strcat(text, draw(2) ? "," : " , ");
		right = generate(text, 1, depth - 1);
		strcat(text, ")");
		if (left.fails || right.fails)
			return (struct expected){ .fails = true };
		return (left.value < right.value) == is_min ? left : right;
	}
	if (precedence < lowest) {
		strcat(text, "(");
		left = generate(text, 1, depth - 1);
		strcat(text, ")");
		return left;
	}
	/* Those of one level group to the left; comparisons do not group at all. */
	left = generate(text, precedence == 3 ? 4 : precedence, depth - 1);
	sprintf(text + strlen(text), draw(2) ? "%s" : " %s ", operators[operator].text);
	right = generate(text, precedence + 1, depth - 1);
	return combine(operator, left, right);
}

static void test_random_expressions_against_wide_arithmetic(void **state)
{
	static char text[1 << 16];
	unsigned computed = 0, failed = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct expected expected;
		struct attempt attempt;

		text[0] = '\0';
		expected = generate(text, 1, 1 + i % 6);
		if (strlen(text) >= EXPRESSION_LENGTH_MAX)
			continue;
		try(&attempt, text);
		check_row(attempt.r == expected.fails, "%s: %s", text,
			attempt.diags.first ? attempt.diags.first->message : "computed");
		check_row(expected.fails || attempt.value == expected.value, "%s gives %" PRId64 ", not %" PRId64, text,
			attempt.value, (int64_t)expected.value);
		computed += attempt.r == 0;
		failed += attempt.r == 1;
		release(&attempt);
	}
	print_message("%u computed, %u refused\n", computed, failed);
	assert_true(computed > 1000 && failed > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_they_come_to),
		cmocka_unit_test(test_where_mistakes_are_reported),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_an_unknown_place_is_that_of_the_scalar),
		cmocka_unit_test(test_unknown_facts),
		cmocka_unit_test(test_facts_are_asked_for_when_used),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names_of_variables),
		cmocka_unit_test(test_random_expressions_against_wide_arithmetic),
	};

	return RUN_TESTS(tests);
}
