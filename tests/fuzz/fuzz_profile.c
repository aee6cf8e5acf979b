/* SPDX-License-Identifier: MIT */
/* Fuzzes the profile loader. The input is the text of fuzz.yaml; what loads without an error must come back
 * from its own YAML. */
#include "fuzz.h"

#include "base/utf8.h"
#include "format/profile_yaml.h"
#include "format/sysctl_conf.h"
#include "model/key.h"
#include "model/resolve.h"
#include "model/validate.h"

#include <string.h>

#define PROFILE_NAME "fuzz"

static size_t count_lines(const struct source *source)
{
	/* libyaml puts the end of a text without a last line feed on a line of its own. */
	size_t lines = 2;

	for (size_t i = 0; i < source->length; i++)
		lines += source->text[i] == '\n' || source->text[i] == '\r';
	return lines;
}

static void check_span(const struct span *span, size_t lines)
{
	REQUIRE(span->line <= lines);
	REQUIRE(span->line == 0 || (span->column > 0 && span->end_column > span->column));
}

/* What the renderer and the JSON output rely on. */
static void check_diags(const struct diags *diags, const struct source *source)
{
	size_t errors = 0, lines = count_lines(source);

	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		errors += diag->level == DIAG_ERROR;
		REQUIRE(diag->id && diag->id[0]);
		REQUIRE(diag->message && diag->message[0]);
		REQUIRE(utf8_is_valid(diag->message, strlen(diag->message)));
		REQUIRE(diag->span.source);
		check_span(&diag->span, lines);
		if (diag->also.source)
			check_span(&diag->also, lines);
	}
	/* Of a hostile number of mistakes only the first are kept. */
	REQUIRE(errors <= diags->errors);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_setting(struct arena *arena, const struct setting *setting)
{
	const char *path;

	REQUIRE(key_parse(arena, setting->path, strlen(setting->path), &path) == 0);
	REQUIRE(strcmp(path, setting->path) == 0);
	REQUIRE(!setting->fields == (setting->value.bytes != NULL));
	REQUIRE(!setting->fields == !setting->expression);
	if (setting->fields)
		return;
	REQUIRE(!memchr(setting->value.bytes, '\n', setting->value.length));
	REQUIRE(!memchr(setting->value.bytes, '\0', setting->value.length));
	REQUIRE(utf8_is_valid(setting->value.bytes, setting->value.length));
}

static void check_round_trip(struct arena *arena, const struct profile *profile,
	const struct setting *const settings[])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct variable **variables = arena_alloc(arena, (profile->variables_count + 1) * sizeof(*variables));
	const struct profile_text written = { .name = profile->name, .summary = profile->summary,
		.variables = variables, .variables_count = profile->variables_count,
		.settings = settings, .settings_count = profile->settings_count };
	struct source source = { .name = "written" };
	struct profile *again = NULL;
	struct diags diags;

	REQUIRE(variables);
	for (size_t i = 0; i < profile->variables_count; i++)
		variables[i] = &profile->variables[i];
	profile_yaml_write(&text, &written);
	REQUIRE(strbuf_check(&text) == 0);
	source.text = text.bytes;
	source.length = text.length;
	diags_init(&diags, arena);
	if (profile_yaml_read(arena, &source, profile->name, &diags, &again) != 0) {
		fprintf(stderr, "line %u: %s, in:\n%s", diags.first->span.line, diags.first->message,
			text.bytes);
		abort();
	}
	REQUIRE(same_text(again->summary, profile->summary));
	REQUIRE(again->settings_count == profile->settings_count);
	for (size_t i = 0; i < profile->settings_count; i++) {
		const struct setting *a = settings[i], *b = &again->settings[i];

		REQUIRE(strcmp(a->path, b->path) == 0);
		REQUIRE(a->rule == b->rule);
		REQUIRE(same_text(a->expression, b->expression));
		REQUIRE(a->fields ? a->fields_count == b->fields_count : value_identical(a->value, b->value));
		REQUIRE(same_text(a->when ? a->when->text : NULL, b->when ? b->when->text : NULL));
		REQUIRE(same_text(a->why, b->why));
		REQUIRE(a->optional == b->optional);
	}
}

static size_t count_literals(const struct profile *profile)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->settings_count; i++)
		count += !profile->settings[i].fields;
	return count;
}

static void check_profile(struct arena *arena, struct diags *diags, const struct profile *profile)
{
	const struct setting **settings;

	settings = arena_alloc(arena, profile->settings_count * sizeof(*settings));
	REQUIRE(settings);
	for (size_t i = 0; i < profile->settings_count; i++) {
		settings[i] = &profile->settings[i];
		check_setting(arena, settings[i]);
	}
	check_round_trip(arena, profile, settings);
	if (profile->settings_count == count_literals(profile))
		validate_together(diags, settings, profile->settings_count);
}

static int get_machine(void *context, const struct machine **ret_machine)
{
	static const struct machine machine = { .ram_bytes = 64ULL << 30, .page_size = 4096, .cpus = 16,
		.release = "6.18.44-1-amd64" };

	(void)context;
	*ret_machine = &machine;
	return 0;
}

static int get_name(void *context, const char *name, bool *ret_has)
{
	(void)context;
	*ret_has = strchr(name, 'e') != NULL;
	return 0;
}

/* What comes out has numbers everywhere, or errors. */
static void check_evaluated(struct arena *arena, const struct source *source, const struct profile *profile)
{
	const struct fact_source facts = { NULL, get_machine, get_name, get_name, get_name };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct resolved merged, evaluated;
	struct diags diags;
	int r;

	diags_init(&diags, arena);
	resolve_init(&merged, arena);
	REQUIRE(resolve_override(&merged, profile) == 0);
	REQUIRE(merged.count == profile->settings_count);
	r = resolve_evaluate(&merged, &diags, &facts, &evaluated);
	REQUIRE(r == 0 || r == 1);
	REQUIRE((r == 1) == (diags.errors > 0));
	check_diags(&diags, source);
	if (r == 1)
		return;
	REQUIRE(evaluated.count + evaluated.left_out_count == merged.count);
	for (size_t i = 0; i < evaluated.count; i++) {
		REQUIRE(evaluated.settings[i]->value.bytes);
		REQUIRE(resolve_find(&evaluated, evaluated.settings[i]->path) == i);
	}
	sysctl_conf_write(&text, profile->name, evaluated.settings, evaluated.count);
	REQUIRE(strbuf_check(&text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ARENA struct arena arena;
	struct source source = { .name = PROFILE_NAME ".yaml", .text = (const char *)data, .length = size };
	struct profile *profile = NULL;
	struct diags diags;
	int r;

	arena_init(&arena);
	diags_init(&diags, &arena);
	r = profile_yaml_read(&arena, &source, PROFILE_NAME, &diags, &profile);
	REQUIRE(r == 0 || r == 1);
	REQUIRE(profile);
	REQUIRE((r == 1) == (diags.errors > 0));
	if (r == 0) {
		check_profile(&arena, &diags, profile);
		check_evaluated(&arena, &source, profile);
	}
	check_diags(&diags, &source);
	return 0;
}
