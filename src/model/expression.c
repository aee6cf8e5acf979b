/* SPDX-License-Identifier: MIT */
/* Integer expressions: a table of operators, a parser that climbs their precedence, an evaluator. */
#include "model/expression.h"

#include "base/number.h"
#include "base/similar.h"
#include "base/utf8.h"
#include "model/key.h"
#include "model/version.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum operator {
	OP_OR, OP_AND, OP_EQUAL, OP_UNEQUAL, OP_LESS, OP_LESS_EQUAL, OP_GREATER, OP_GREATER_EQUAL,
	OP_PLUS, OP_MINUS, OP_TIMES, OP_DIVIDE, OP_REMAINDER,
};

enum { PRECEDENCE_OR = 1, PRECEDENCE_AND, PRECEDENCE_COMPARE, PRECEDENCE_SUM, PRECEDENCE_PRODUCT };

/* Those of two characters first: the longest match counts. */
static const struct operator_row {
	const char *text;
	enum operator operator;
	unsigned precedence;
} operators[] = {
	{ "||", OP_OR, PRECEDENCE_OR },
	{ "&&", OP_AND, PRECEDENCE_AND },
	{ "==", OP_EQUAL, PRECEDENCE_COMPARE },
	{ "!=", OP_UNEQUAL, PRECEDENCE_COMPARE },
	{ "<=", OP_LESS_EQUAL, PRECEDENCE_COMPARE },
	{ ">=", OP_GREATER_EQUAL, PRECEDENCE_COMPARE },
	{ "<", OP_LESS, PRECEDENCE_COMPARE },
	{ ">", OP_GREATER, PRECEDENCE_COMPARE },
	{ "+", OP_PLUS, PRECEDENCE_SUM },
	{ "-", OP_MINUS, PRECEDENCE_SUM },
	{ "*", OP_TIMES, PRECEDENCE_PRODUCT },
	{ "/", OP_DIVIDE, PRECEDENCE_PRODUCT },
	{ "%", OP_REMAINDER, PRECEDENCE_PRODUCT },
};

/* What people write out of habit, and what is meant here. */
static const struct {
	const char *text, *hint;
} habits[] = {
	{ "=", "write == to compare; there is no assignment" },
	{ "&", "write && for \"and\"" },
	{ "|", "write || for \"or\"" },
	{ "?", "there is no \"? :\"; a comparison is 0 or 1, and min() and max() choose" },
	{ "\"", "put single quotes around versions and names, as in kernel >= '6.14'" },
	{ ".", "integers only: multiply first and divide then, as in ram_pages * 3 / 32" },
	{ "^", "there are no powers: write the product" },
	{ "$", "variables and facts stand by their names alone" },
	{ "'", "close the quote with another '" },
	{ "and", "write &&" },
	{ "or", "write ||" },
	{ "not", "write !" },
	{ "{", "variables and facts stand by their names alone; parentheses are ( and )" },
};

enum node_kind { NODE_NUMBER, NODE_NAME, NODE_TEXT, NODE_NEGATION, NODE_NOT, NODE_BINARY, NODE_CALL };

enum node_type { TYPE_INTEGER, TYPE_VERSION, TYPE_TEXT };

struct expression_node {
	enum node_kind kind;
	enum node_type type;
	size_t offset, length;		/* of the token in the scalar's text that an error points at */
	int64_t number;
	const char *text;		/* name or quoted text */
	const struct operator_row *operator;
	const struct function_row *function;
	struct expression_node *left, *right;	/* operands; the first argument is left */
	struct expression_node *next;		/* argument */
};

/* ---- names ---- */

enum fact { FACT_RAM_BYTES, FACT_RAM_PAGES, FACT_PAGE_SIZE, FACT_CPUS, FACT_IN_NETNS, FACT_KERNEL };

static const char *const fact_names[] = {
	[FACT_RAM_BYTES] = "ram_bytes",
	[FACT_RAM_PAGES] = "ram_pages",
	[FACT_PAGE_SIZE] = "page_size",
	[FACT_CPUS] = "cpus",
	[FACT_IN_NETNS] = "in_netns",
	[FACT_KERNEL] = "kernel",
};

/* Where an unknown one would be found. */
static const char *const fact_files[] = {
	[FACT_RAM_BYTES] = "proc/meminfo",
	[FACT_RAM_PAGES] = "proc/meminfo",
	[FACT_CPUS] = "proc/stat",
	[FACT_KERNEL] = "proc/sys/kernel/osrelease",
};

enum function { FUNCTION_MIN, FUNCTION_MAX, FUNCTION_MODULE, FUNCTION_LOADABLE, FUNCTION_EXISTS };

static const struct function_row {
	const char *name;
	enum function function;
	bool takes_text;	/* one quoted text; else two or more numbers */
	const char *example;
} functions[] = {
	{ "min", FUNCTION_MIN, false, "min(65536, cpus * 1024)" },
	{ "max", FUNCTION_MAX, false, "max(262144, ram_pages / 8)" },
	{ "module", FUNCTION_MODULE, true, "module('nf_conntrack')" },
	{ "loadable", FUNCTION_LOADABLE, true, "loadable('tcp_bbr')" },
	{ "exists", FUNCTION_EXISTS, true, "exists('net.core.somaxconn')" },
};

static const struct function_row *find_function(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

/* COUNT_OF(fact_names) when it is none. */
static size_t find_fact(const char *name)
{
	size_t i = 0;

	while (i < COUNT_OF(fact_names) && strcmp(fact_names[i], name) != 0)
		i++;
	return i;
}

bool variable_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= VARIABLE_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

bool variable_name_is_taken(const char *name)
{
	return find_function(name) || find_fact(name) < COUNT_OF(fact_names);
}

bool variable_admits(const struct variable *variable, int64_t value)
{
	return (!variable->has_min || value >= variable->min) && (!variable->has_max || value <= variable->max);
}

/* ---- places ---- */

/* Columns count characters: the further bytes of one do not. */
static bool is_character_start(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

static struct span place_of(const struct expression_scalar *scalar, size_t offset, size_t length)
{
	struct span span = scalar->span;

	if (scalar->text_column == 0)
		return span;
	span.column = scalar->text_column;
	for (size_t i = 0; i < offset; i++)
		span.column += is_character_start(scalar->text[i]);
	span.end_column = span.column;
	for (size_t i = offset; i < offset + length; i++)
		span.end_column += is_character_start(scalar->text[i]);
	/* At the end there is no character to underline. */
	if (span.end_column == span.column)
		span.end_column++;
	return span;
}

/* ---- tokens ---- */

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_TEXT, TOKEN_OPERATOR, TOKEN_OTHER };

struct token {
	enum token_kind kind;
	size_t offset, length;
	const struct operator_row *operator;
};

struct parser {
	struct arena *arena;
	struct diags *diags;
	const struct expression_scalar *scalar;
	size_t start;		/* behind "${" */
	struct token token;	/* the one to be looked at next */
	unsigned depth;
	bool failed;		/* reported, or out of memory: the first error ends the parsing */
};

PRINTF_FORMAT(4, 5)
static void fail(struct parser *parser, const char *id, const struct token *at, const char *format, ...)
{
	va_list arguments;
	const char *message;

	if (parser->failed)
		return;
	va_start(arguments, format);
	message = arena_vprintf(parser->arena, format, arguments);
	va_end(arguments);
	parser->failed = true;
	parser->diags->failed |= !message;
	if (message)
		diag_error(parser->diags, id, place_of(parser->scalar, at->offset, at->length), "%s", message);
}

static bool is_word(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
		(character >= '0' && character <= '9') || character == '_';
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* A character that begins no token: whole, so that a message that shows it stays UTF-8. */
static size_t character_length(const char *text, size_t left)
{
	uint32_t character;
	size_t length = utf8_decode(text, left, &character);

	return length ? length : 1;
}

static struct token scan(const struct parser *parser, size_t offset)
{
	const char *text = parser->scalar->text;
	size_t end = parser->scalar->length;
	struct token token = { .kind = TOKEN_END };

	while (offset < end && is_blank(text[offset]))
		offset++;
	token.offset = offset;
	if (offset == end || text[offset] == '}')
		return token;
	while (offset < end && is_word(text[offset]))
		offset++;
	token.length = offset - token.offset;
	if (token.length > 0) {
		token.kind = text[token.offset] >= '0' && text[token.offset] <= '9' ? TOKEN_NUMBER : TOKEN_NAME;
		return token;
	}
	if (text[offset] == '\'') {
		const char *quote = memchr(text + offset + 1, '\'', end - offset - 1);

		token.kind = quote ? TOKEN_TEXT : TOKEN_OTHER;
		token.length = quote ? (size_t)(quote - text) + 1 - offset : 1;
		return token;
	}
	for (size_t i = 0; i < COUNT_OF(operators) && !token.operator; i++)
		if (strncmp(operators[i].text, text + offset, strlen(operators[i].text)) == 0)
			token.operator = &operators[i];
	token.kind = token.operator ? TOKEN_OPERATOR : TOKEN_OTHER;
	token.length = token.operator ? strlen(token.operator->text) :
		character_length(text + offset, end - offset);
	return token;
}

static void advance(struct parser *parser)
{
	struct token *token = &parser->token;

	*token = scan(parser, token->offset + token->length);
	if (token->offset + token->length - parser->start <= EXPRESSION_LENGTH_MAX || parser->failed)
		return;
	fail(parser, "expression-too-long", &(struct token){ .offset = parser->start, .length = 1 },
		"the expression is longer than %d characters", EXPRESSION_LENGTH_MAX);
	diag_hint(parser->diags, "a value that needs so much is better written out");
	token->kind = TOKEN_END;
}

static bool token_is(const struct parser *parser, char character)
{
	return parser->token.kind == TOKEN_OTHER && parser->token.length == 1 &&
		parser->scalar->text[parser->token.offset] == character;
}

static const char *token_text(struct parser *parser, const struct token *token)
{
	const char *text = arena_copy(parser->arena, parser->scalar->text + token->offset, token->length);

	parser->diags->failed |= !text;
	parser->failed |= !text;
	return text ? text : "";
}

/* What stands there is not what belongs there. */
static void fail_expecting(struct parser *parser, const char *expected)
{
	const struct token token = parser->token;
	bool is_at_end = token.kind == TOKEN_END && token.offset == parser->scalar->length;
	const char *text = token_text(parser, &token);
	const char *hint = NULL;

	if (parser->failed)
		return;
	if (token.kind == TOKEN_END) {
		fail(parser, "expression-syntax", &token, "the expression ends where %s is expected", expected);
		diag_hint(parser->diags, is_at_end ? "close it with }" : "complete it");
		return;
	}
	fail(parser, "expression-syntax", &token, "\"%s\" stands where %s is expected", text, expected);
	for (size_t i = 0; i < COUNT_OF(habits) && !hint; i++)
		if (strcmp(habits[i].text, text) == 0)
			hint = habits[i].hint;
	diag_hint(parser->diags, "%s", hint ? hint : "kerntune-profile(5) tells what expressions are made of");
}

/* ---- syntax ---- */

static struct expression_node *node_new(struct parser *parser, enum node_kind kind, const struct token *token)
{
	struct expression_node *node = arena_alloc(parser->arena, sizeof(*node));

	if (!node) {
		parser->diags->failed = true;
		parser->failed = true;
		return NULL;
	}
	node->kind = kind;
	node->offset = token->offset;
	node->length = token->length;
	return node;
}

static struct expression_node *parse_expression(struct parser *parser, unsigned lowest);

/* All recursion that the text can deepen goes through here. */
static struct expression_node *parse_nested(struct parser *parser, unsigned lowest)
{
	struct expression_node *node;

	if (parser->failed)
		return NULL;
	if (parser->depth == EXPRESSION_DEPTH_MAX) {
		fail(parser, "expression-too-deep", &parser->token, "more than %d levels of nesting",
			EXPRESSION_DEPTH_MAX);
		diag_hint(parser->diags, "leave out parentheses and signs that change nothing");
		return NULL;
	}
	parser->depth++;
	node = parse_expression(parser, lowest);
	parser->depth--;
	return node;
}

static void expect_integer(struct parser *parser, const struct expression_node *node)
{
	const struct token at = { .offset = node->offset, .length = node->length };

	if (parser->failed || node->type == TYPE_INTEGER)
		return;
	if (node->type == TYPE_VERSION) {
		fail(parser, "expression-type", &at, "kernel is a version, not a number");
		diag_hint(parser->diags, "compare it with a quoted version, as in kernel >= '6.14'");
	} else {
		fail(parser, "expression-type", &at, "a quoted text is not a number");
		diag_hint(parser->diags, "quotes are for versions behind kernel, and for module(), loadable() and exists()");
	}
}

/* A minus sign that belongs to a literal lets the smallest number be written. */
static struct expression_node *parse_number(struct parser *parser, const struct token *sign)
{
	const struct token token = parser->token;
	struct expression_node *node = node_new(parser, NODE_NUMBER, &token);
	struct number number;

	if (!node)
		return NULL;
	if (!number_parse(parser->scalar->text + token.offset, token.length, &number)) {
		fail(parser, "not-a-number", &token, "\"%s\" is not a whole number that fits into 64 bits",
			token_text(parser, &token));
		diag_hint(parser->diags, "write it in decimal or with 0x, without a leading zero, unit or separators");
		return NULL;
	}
	if (number.magnitude > (uint64_t)INT64_MAX + (sign != NULL)) {
		fail(parser, "expression-overflow", &token, "%s%" PRIu64 " does not fit into 64 bits", sign ? "-" : "",
			number.magnitude);
		diag_hint(parser->diags, "the range is %" PRId64 " to %" PRId64, INT64_MIN, INT64_MAX);
		return NULL;
	}
	node->number = sign ? (int64_t)(0 - number.magnitude) : (int64_t)number.magnitude;
	advance(parser);
	return node;
}

/* The text between the quotes. */
static struct expression_node *parse_text(struct parser *parser)
{
	struct token token = parser->token;
	struct expression_node *node = node_new(parser, NODE_TEXT, &token);
	const struct token inner = { .offset = token.offset + 1, .length = token.length - 2 };

	if (!node)
		return NULL;
	node->type = TYPE_TEXT;
	node->text = token_text(parser, &inner);
	advance(parser);
	return node;
}

static bool is_module_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= 64 &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

/* What module(), loadable() and exists() take: turns a key into its path. */
static void check_text_argument(struct parser *parser, const struct function_row *function,
	struct expression_node *argument)
{
	const struct token at = { .offset = argument->offset, .length = argument->length };
	int problem;

	if (argument->type != TYPE_TEXT) {
		fail(parser, "expression-type", &at, "%s() takes a quoted name", function->name);
		diag_hint(parser->diags, "write it as in %s", function->example);
		return;
	}
	if (function->function != FUNCTION_EXISTS) {
		if (is_module_name(argument->text))
			return;
		fail(parser, "bad-module", &at, "\"%s\" cannot be the name of a module", argument->text);
		diag_hint(parser->diags, "letters, digits, \"_\" and \"-\", as in %s", function->example);
		return;
	}
	problem = key_parse(parser->arena, argument->text, strlen(argument->text), &argument->text);
	if (problem < 0) {
		parser->diags->failed = true;
		parser->failed = true;
	} else if (problem > 0) {
		fail(parser, "bad-key", &at, "key \"%s\" %s", argument->text,
			key_problem_text((enum key_problem)problem));
		diag_hint(parser->diags, "%s", key_problem_hint((enum key_problem)problem));
	} else if (key_is_glob(argument->text)) {
		fail(parser, "bad-key", &at, "exists() takes one key, not a pattern");
		diag_hint(parser->diags, "name one, as in %s", function->example);
	}
}

static void check_arguments(struct parser *parser, struct expression_node *call, size_t count)
{
	const struct token at = { .offset = call->offset, .length = call->length };
	const struct function_row *function = call->function;

	if (parser->failed)
		return;
	if (function->takes_text ? count != 1 : count < 2) {
		fail(parser, "wrong-arguments", &at, "%s() takes %s, not %zu", function->name,
			function->takes_text ? "one argument" : "two or more arguments", count);
		diag_hint(parser->diags, "write it as in %s", function->example);
		return;
	}
	for (struct expression_node *argument = call->left; argument && !parser->failed; argument = argument->next) {
		if (function->takes_text)
			check_text_argument(parser, function, argument);
		else
			expect_integer(parser, argument);
	}
}

/* Behind the opening parenthesis. */
static struct expression_node *parse_call(struct parser *parser, const struct token *name, const char *text)
{
	struct expression_node *call = node_new(parser, NODE_CALL, name);
	struct expression_node **link = call ? &call->left : NULL;
	const char *names[COUNT_OF(functions)];
	const char *best;
	size_t count = 0;

	if (!call || parser->failed)
		return NULL;
	call->function = find_function(text);
	if (!call->function) {
		for (size_t i = 0; i < COUNT_OF(functions); i++)
			names[i] = functions[i].name;
		best = similar_best(text, names, COUNT_OF(names));
		fail(parser, "unknown-function", name, "there is no function \"%s\"", text);
		if (best)
			diag_hint(parser->diags, "did you mean %s()?", best);
		else if (find_fact(text) < COUNT_OF(fact_names))
			diag_hint(parser->diags, "%s is a fact: write it without parentheses", text);
		else
			diag_hint(parser->diags, "there are min(), max(), module(), loadable() and exists()");
		return NULL;
	}
	for (; !token_is(parser, ')') || count; count++) {
		*link = parse_nested(parser, PRECEDENCE_OR);
		if (parser->failed)
			return NULL;
		link = &(*link)->next;
		if (!token_is(parser, ','))
			break;
		advance(parser);
	}
	count += call->left != NULL;
	if (!token_is(parser, ')')) {
		fail_expecting(parser, "\",\" or \")\"");
		return NULL;
	}
	advance(parser);
	check_arguments(parser, call, count);
	return call;
}

static struct expression_node *parse_name(struct parser *parser)
{
	const struct token token = parser->token;
	const char *text = token_text(parser, &token);
	struct expression_node *node;

	advance(parser);
	if (parser->failed)
		return NULL;
	if (token_is(parser, '(')) {
		advance(parser);
		return parse_call(parser, &token, text);
	}
	if (find_function(text)) {
		fail(parser, "expression-syntax", &token, "%s is a function", text);
		diag_hint(parser->diags, "write it as in %s", find_function(text)->example);
		return NULL;
	}
	node = node_new(parser, NODE_NAME, &token);
	if (!node)
		return NULL;
	node->text = text;
	if (find_fact(text) == FACT_KERNEL)
		node->type = TYPE_VERSION;
	return node;
}

static struct expression_node *parse_unary(struct parser *parser, enum node_kind kind)
{
	const struct token token = parser->token;
	struct expression_node *node;

	advance(parser);
	if (kind == NODE_NEGATION && parser->token.kind == TOKEN_NUMBER)
		return parse_number(parser, &token);
	node = node_new(parser, kind, &token);
	if (!node)
		return NULL;
	/* Binds more tightly than any operator. */
	node->left = parse_nested(parser, PRECEDENCE_PRODUCT + 1);
	if (!parser->failed)
		expect_integer(parser, node->left);
	return node;
}

static struct expression_node *parse_term(struct parser *parser)
{
	struct expression_node *node;

	if (parser->token.kind == TOKEN_NUMBER)
		return parse_number(parser, NULL);
	if (parser->token.kind == TOKEN_NAME)
		return parse_name(parser);
	if (parser->token.kind == TOKEN_TEXT)
		return parse_text(parser);
	if (parser->token.kind == TOKEN_OPERATOR && parser->token.operator->operator == OP_MINUS)
		return parse_unary(parser, NODE_NEGATION);
	if (token_is(parser, '!'))
		return parse_unary(parser, NODE_NOT);
	if (!token_is(parser, '(')) {
		fail_expecting(parser, "a number or a name");
		return NULL;
	}
	advance(parser);
	node = parse_nested(parser, PRECEDENCE_OR);
	if (parser->failed)
		return NULL;
	if (!token_is(parser, ')')) {
		fail_expecting(parser, "an operator or \")\"");
		return NULL;
	}
	advance(parser);
	return node;
}

/* What `kernel` is compared with. */
static void check_versions(struct parser *parser, const struct expression_node *text)
{
	const struct token at = { .offset = text->offset, .length = text->length };

	if (text->type != TYPE_TEXT) {
		fail(parser, "expression-type", &at, "kernel is a version, and is compared with quoted versions only");
		diag_hint(parser->diags, "write it as in kernel >= '6.14'");
	} else if (!version_is_valid(text->text)) {
		fail(parser, "bad-version", &at, "\"%s\" is not a version", text->text);
		diag_hint(parser->diags, "one to four numbers joined by dots, as in '6.14'");
	}
}

static void check_operands(struct parser *parser, const struct expression_node *node)
{
	const struct expression_node *left = node->left, *right = node->right;

	if (node->operator->precedence == PRECEDENCE_COMPARE &&
		(left->type == TYPE_VERSION || right->type == TYPE_VERSION)) {
		check_versions(parser, left->type == TYPE_VERSION ? right : left);
		return;
	}
	expect_integer(parser, left);
	expect_integer(parser, right);
}

static bool is_comparison(const struct token *token)
{
	return token->kind == TOKEN_OPERATOR && token->operator->precedence == PRECEDENCE_COMPARE;
}

static struct expression_node *parse_expression(struct parser *parser, unsigned lowest)
{
	struct expression_node *left = parse_term(parser);

	while (!parser->failed && parser->token.kind == TOKEN_OPERATOR &&
		parser->token.operator->precedence >= lowest) {
		const struct token token = parser->token;
		struct expression_node *node = node_new(parser, NODE_BINARY, &token);

		if (!node)
			return NULL;
		node->operator = token.operator;
		node->left = left;
		advance(parser);
		node->right = parse_expression(parser, token.operator->precedence + 1);
		if (parser->failed)
			return NULL;
		check_operands(parser, node);
		left = node;
		if (!parser->failed && is_comparison(&token) && is_comparison(&parser->token)) {
			fail(parser, "expression-syntax", &parser->token, "comparisons do not chain");
			diag_hint(parser->diags, "write a < b && b < c, or use parentheses");
		}
	}
	return parser->failed ? NULL : left;
}

/* The text on one line, without blanks at its ends. */
static const char *copy_text(struct arena *arena, const char *bytes, size_t length)
{
	char *text;

	for (; length > 0 && is_blank(bytes[0]); length--)
		bytes++;
	while (length > 0 && is_blank(bytes[length - 1]))
		length--;
	text = arena_copy(arena, bytes, length);
	for (char *c = text; c && *c; c++)
		if (is_blank(*c))
			*c = ' ';
	return text;
}

int expression_parse(struct arena *arena, struct diags *diags, const struct expression_scalar *scalar,
	size_t *offset, const struct expression **ret_expression)
{
	struct parser parser = { .arena = arena, .diags = diags, .scalar = scalar, .start = *offset + 2,
		.token = { .offset = *offset + 2 } };
	struct expression *expression = arena_alloc(arena, sizeof(*expression));

	if (!expression)
		return -ENOMEM;
	advance(&parser);
	expression->scalar = scalar;
	if (!parser.failed)
		expression->root = parse_expression(&parser, PRECEDENCE_OR);
	if (!parser.failed && (parser.token.kind != TOKEN_END || parser.token.offset == scalar->length))
		fail_expecting(&parser, "an operator or \"}\"");
	if (!parser.failed)
		expect_integer(&parser, expression->root);
	if (diags->failed)
		return -ENOMEM;
	if (parser.failed)
		return 1;

	expression->text = copy_text(arena, scalar->text + parser.start, parser.token.offset - parser.start);
	expression->span = place_of(scalar, *offset, parser.token.offset + 1 - *offset);
	if (!expression->text)
		return -ENOMEM;
	*offset = parser.token.offset + 1;
	*ret_expression = expression;
	return 0;
}

/* ---- names and values ---- */

/* One evaluation, or one check of the names. */
struct evaluation {
	const struct expression *expression;
	const struct expression_scope *scope;
	struct diags *diags;
};

static struct span node_span(const struct evaluation *evaluation, const struct expression_node *node)
{
	return place_of(evaluation->expression->scalar, node->offset, node->length);
}

static const struct variable *find_variable(const struct expression_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->variables_count; i++)
		if (strcmp(scope->variables[i]->name, name) == 0)
			return scope->variables[i];
	return NULL;
}

static void report_unknown_name(const struct evaluation *evaluation, const struct expression_node *node)
{
	const struct expression_scope *scope = evaluation->scope;
	const char *best = similar_best(node->text, fact_names, COUNT_OF(fact_names));

	for (size_t i = 0; i < scope->variables_count && !best; i++)
		if (similar_is_slip(node->text, scope->variables[i]->name))
			best = scope->variables[i]->name;
	diag_error(evaluation->diags, "unknown-name", node_span(evaluation, node),
		"\"%s\" is neither a variable nor a fact", node->text);
	if (best)
		diag_hint(evaluation->diags, "did you mean \"%s\"?", best);
	else
		diag_hint(evaluation->diags, "declare it below variables; the facts are ram_bytes, ram_pages, "
			"page_size, cpus, in_netns and kernel");
}

static bool check_names(const struct evaluation *evaluation, const struct expression_node *node)
{
	bool is_known = node->kind != NODE_NAME || find_fact(node->text) < COUNT_OF(fact_names) ||
		find_variable(evaluation->scope, node->text);

	if (!is_known)
		report_unknown_name(evaluation, node);
	if (node->left)
		is_known &= check_names(evaluation, node->left);
	if (node->right)
		is_known &= check_names(evaluation, node->right);
	if (node->next)
		is_known &= check_names(evaluation, node->next);
	return is_known;
}

bool expression_check_names(const struct expression *expression, const struct expression_scope *scope,
	struct diags *diags)
{
	const struct evaluation evaluation = { expression, scope, diags };

	return check_names(&evaluation, expression->root);
}

static int report_unknown_fact(const struct evaluation *evaluation, const struct expression_node *node,
	enum fact fact)
{
	diag_error(evaluation->diags, "unknown-fact", node_span(evaluation, node),
		"%s is not known here: %s is missing or says nothing", fact_names[fact], fact_files[fact]);
	diag_hint(evaluation->diags, "put the file below the root, or write the value itself");
	return 1;
}

static int evaluate_fact(const struct evaluation *evaluation, const struct expression_node *node, enum fact fact,
	int64_t *ret_value)
{
	const struct fact_source *facts = evaluation->scope->facts;
	const struct machine *machine;
	int r = facts->machine(facts->context, &machine);
	uint64_t value = 0;

	if (r < 0)
		return r;
	switch (fact) {
	case FACT_RAM_BYTES:
		value = machine->ram_bytes;
		break;
	case FACT_RAM_PAGES:
		value = machine->page_size ? machine->ram_bytes / machine->page_size : 0;
		break;
	case FACT_PAGE_SIZE:
		value = machine->page_size;
		break;
	case FACT_CPUS:
		value = machine->cpus;
		break;
	case FACT_IN_NETNS:
		*ret_value = machine->in_netns;
		return 0;
	case FACT_KERNEL:	/* stands in comparisons only */
		break;
	}
	if (value == 0 || value > INT64_MAX)
		return report_unknown_fact(evaluation, node, fact);
	*ret_value = (int64_t)value;
	return 0;
}

static int evaluate_name(const struct evaluation *evaluation, const struct expression_node *node,
	int64_t *ret_value)
{
	size_t fact = find_fact(node->text);

	if (fact < COUNT_OF(fact_names))
		return evaluate_fact(evaluation, node, (enum fact)fact, ret_value);
	*ret_value = find_variable(evaluation->scope, node->text)->value;
	return 0;
}

static int64_t compare(enum operator operator, int order)
{
	switch (operator) {
	case OP_EQUAL:
		return order == 0;
	case OP_UNEQUAL:
		return order != 0;
	case OP_LESS:
		return order < 0;
	case OP_LESS_EQUAL:
		return order <= 0;
	case OP_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int evaluate_version(const struct evaluation *evaluation, const struct expression_node *node,
	int64_t *ret_value)
{
	const struct expression_node *kernel = node->left->type == TYPE_VERSION ? node->left : node->right;
	const struct fact_source *facts = evaluation->scope->facts;
	const struct machine *machine;
	int r = facts->machine(facts->context, &machine);

	if (r < 0)
		return r;
	if (!version_is_release(machine->release))
		return report_unknown_fact(evaluation, kernel, FACT_KERNEL);
	*ret_value = compare(node->operator->operator, kernel == node->left ?
		version_compare(machine->release, node->right->text) :
		version_compare(node->left->text, machine->release));
	return 0;
}

static int report_arithmetic(const struct evaluation *evaluation, const struct expression_node *node, int64_t left,
	int64_t right)
{
	if (right == 0 && node->operator->precedence == PRECEDENCE_PRODUCT && node->operator->operator != OP_TIMES) {
		diag_error(evaluation->diags, "division-by-zero", node_span(evaluation, node),
			"%" PRId64 " %s 0 is a division by zero", left, node->operator->text);
		diag_hint(evaluation->diags, "put max(1, ...) around the divisor");
		return 1;
	}
	diag_error(evaluation->diags, "expression-overflow", node_span(evaluation, node),
		"%" PRId64 " %s %" PRId64 " does not fit into 64 bits", left, node->operator->text, right);
	diag_hint(evaluation->diags, "divide first, or bound the operands with min() and max()");
	return 1;
}

/* False when the result does not exist. */
static bool calculate(enum operator operator, int64_t left, int64_t right, int64_t *ret_value)
{
	switch (operator) {
	case OP_PLUS:
		return !__builtin_add_overflow(left, right, ret_value);
	case OP_MINUS:
		return !__builtin_sub_overflow(left, right, ret_value);
	case OP_TIMES:
		return !__builtin_mul_overflow(left, right, ret_value);
	case OP_DIVIDE:
	case OP_REMAINDER:
		/* The quotient of the smallest number and -1 traps even where only the remainder is asked for. */
		if (right == 0 || (left == INT64_MIN && right == -1))
			return false;
		*ret_value = operator == OP_DIVIDE ? left / right : left % right;
		return true;
	default:
		*ret_value = compare(operator, left < right ? -1 : left > right);
		return true;
	}
}

static int evaluate(const struct evaluation *evaluation, const struct expression_node *node, int64_t *ret_value);

static int evaluate_binary(const struct evaluation *evaluation, const struct expression_node *node,
	int64_t *ret_value)
{
	enum operator operator = node->operator->operator;
	int64_t left, right;
	int r;

	if (node->left->type == TYPE_VERSION || node->right->type == TYPE_VERSION)
		return evaluate_version(evaluation, node, ret_value);
	r = evaluate(evaluation, node->left, &left);
	if (r != 0)
		return r;
	if ((operator == OP_AND && left == 0) || (operator == OP_OR && left != 0)) {
		*ret_value = operator == OP_OR;
		return 0;
	}
	r = evaluate(evaluation, node->right, &right);
	if (r != 0)
		return r;
	if (operator == OP_AND || operator == OP_OR) {
		*ret_value = right != 0;
		return 0;
	}
	return calculate(operator, left, right, ret_value) ? 0 :
		report_arithmetic(evaluation, node, left, right);
}

static int evaluate_call(const struct evaluation *evaluation, const struct expression_node *node,
	int64_t *ret_value)
{
	const struct fact_source *facts = evaluation->scope->facts;
	enum function function = node->function->function;
	int64_t best = 0, value;
	bool has = false;
	int r = 0;

	if (function == FUNCTION_MODULE)
		r = facts->has_module(facts->context, node->left->text, &has);
	else if (function == FUNCTION_LOADABLE)
		r = facts->can_load(facts->context, node->left->text, &has);
	else if (function == FUNCTION_EXISTS)
		r = facts->has_key(facts->context, node->left->text, &has);
	for (const struct expression_node *argument = node->left;
		r == 0 && argument && !node->function->takes_text; argument = argument->next) {
		r = evaluate(evaluation, argument, &value);
		if (r == 0 && (argument == node->left || (function == FUNCTION_MIN ? value < best : value > best)))
			best = value;
	}
	if (r == 0)
		*ret_value = node->function->takes_text ? has : best;
	return r;
}

static int evaluate(const struct evaluation *evaluation, const struct expression_node *node, int64_t *ret_value)
{
	int r;

	switch (node->kind) {
	case NODE_NAME:
		return evaluate_name(evaluation, node, ret_value);
	case NODE_BINARY:
		return evaluate_binary(evaluation, node, ret_value);
	case NODE_CALL:
		return evaluate_call(evaluation, node, ret_value);
	case NODE_NEGATION:
	case NODE_NOT:
		r = evaluate(evaluation, node->left, ret_value);
		if (r != 0 || node->kind == NODE_NOT) {
			*ret_value = r == 0 && *ret_value == 0;
			return r;
		}
		if (!__builtin_sub_overflow((int64_t)0, *ret_value, ret_value))
			return 0;
		diag_error(evaluation->diags, "expression-overflow", node_span(evaluation, node),
			"-(%" PRId64 ") does not fit into 64 bits", INT64_MIN);
		diag_hint(evaluation->diags, "bound the operand with max()");
		return 1;
	default:
		*ret_value = node->number;
		return 0;
	}
}

int expression_evaluate(const struct expression *expression, const struct expression_scope *scope,
	struct diags *diags, int64_t *ret_value)
{
	const struct evaluation evaluation = { expression, scope, diags };
	int64_t value = 0;
	int r = evaluate(&evaluation, expression->root, &value);

	if (r == 0)
		*ret_value = value;
	return r;
}
