/* SPDX-License-Identifier: MIT */
/* Fuzzes the expressions. The input is the text of a scalar that begins with an expression; what parses must mean the
 * same when it is written again, and evaluate to the same twice. */
#include "fuzz.h"

#include "base/utf8.h"
#include "model/expression.h"
#include "model/key.h"

#include <string.h>

static int get_machine(void *context, const struct machine **ret_machine)
{
	static const struct machine machine = { .ram_bytes = 64ULL << 30, .page_size = 4096, .cpus = 16,
		.release = "6.18.44-1-amd64" };

	*(unsigned *)context += 1;
	*ret_machine = &machine;
	return 0;
}

/* Whatever has an "e" in its name is there. The name becomes a part of a path. */
static int get_name(void *context, const char *name, bool *ret_has)
{
	*(unsigned *)context += 1;
	REQUIRE(utf8_is_valid(name, strlen(name)) && key_path_is_sound(name));
	*ret_has = strchr(name, 'e') != NULL;
	return 0;
}

struct outcome {
	int r;
	int64_t value;
	unsigned asked;
};

static struct outcome evaluate(struct arena *arena, const struct expression *expression)
{
	static const struct variable a = { .name = "a", .value = 3 }, b = { .name = "b", .value = INT64_MIN },
		zero = { .name = "zero" };
	static const struct variable *const variables[] = { &a, &b, &zero };
	struct outcome outcome = { .r = 1 };
	const struct fact_source facts = { &outcome.asked, get_machine, get_name, get_name, get_name };
	const struct expression_scope scope = { variables, COUNT_OF(variables), &facts };
	struct diags diags;

	diags_init(&diags, arena);
	if (expression_check_names(expression, &scope, &diags))
		outcome.r = expression_evaluate(expression, &scope, &diags, &outcome.value);
	REQUIRE(outcome.r == 0 || outcome.r == 1);
	REQUIRE((outcome.r == 1) == (diags.errors > 0));
	for (const struct diag *diag = diags.first; diag; diag = diag->next) {
		REQUIRE(diag->hint && utf8_is_valid(diag->message, strlen(diag->message)));
		REQUIRE(diag->span.column >= expression->span.column && diag->span.end_column > diag->span.column);
		REQUIRE(diag->span.end_column <= expression->span.end_column);
	}
	return outcome;
}

static const struct expression *parse(struct arena *arena, struct diags *diags, const struct source *source,
	const char *text, size_t *offset)
{
	struct expression_scalar *scalar = arena_alloc(arena, sizeof(*scalar));
	const struct expression *expression = NULL;
	int r;

	REQUIRE(scalar);
	*scalar = (struct expression_scalar){ .text = text, .length = strlen(text), .span = { source, 1, 1, 2 },
		.text_column = 1 };
	r = expression_parse(arena, diags, scalar, offset, &expression);
	REQUIRE(r == 0 || r == 1);
	REQUIRE((r == 0) == (expression != NULL));
	REQUIRE((r == 1) == (diags->errors == 1));
	if (r == 1)
		REQUIRE(diags->first->hint && utf8_is_valid(diags->first->message, strlen(diags->first->message)));
	return expression;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct source source = { .name = "fuzz.yaml" };
	CLEANUP_ARENA struct arena arena;
	const struct expression *expression, *again;
	struct outcome first, second;
	size_t offset = 0, end = 0;
	struct diags diags;
	char *text;

	arena_init(&arena);
	/* The YAML reader lets nothing else through. */
	if (!utf8_is_valid((const char *)data, size) || memchr(data, '\0', size))
		return 0;
	diags_init(&diags, &arena);
	text = arena_printf(&arena, "${%.*s", (int)size, (const char *)data);
	REQUIRE(text);
	expression = parse(&arena, &diags, &source, text, &offset);
	if (!expression)
		return 0;
	REQUIRE(offset >= 3 && offset <= strlen(text) && text[offset - 1] == '}');
	REQUIRE(!strpbrk(expression->text, "\n\t\r"));

	text = arena_printf(&arena, "${%s}", expression->text);
	REQUIRE(text);
	again = parse(&arena, &diags, &source, text, &end);
	REQUIRE(again && end == strlen(text));
	REQUIRE(strcmp(again->text, expression->text) == 0);
	first = evaluate(&arena, expression);
	second = evaluate(&arena, again);
	REQUIRE(first.r == second.r && first.value == second.value && first.asked == second.asked);
	return 0;
}
