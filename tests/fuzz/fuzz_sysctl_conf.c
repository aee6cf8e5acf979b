/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of sysctl.conf. What it reads must be sound, and come back from what the writer makes of it. */
#include "fuzz.h"

#include "base/utf8.h"
#include "format/sysctl_conf.h"
#include "model/key.h"
#include "model/validate.h"

#include <string.h>

static void check_span(const struct span *span, size_t lines)
{
	REQUIRE(span->line > 0 && span->line <= lines);
	REQUIRE(span->column > 0 && span->end_column > span->column);
}

static void check_diags(const struct diags *diags, const struct source *source)
{
	size_t errors = 0, lines = 1;

	for (size_t i = 0; i < source->length; i++)
		lines += source->text[i] == '\n';
	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		errors += diag->level == DIAG_ERROR;
		REQUIRE(diag->id && diag->id[0]);
		REQUIRE(diag->message && diag->message[0]);
		REQUIRE(utf8_is_valid(diag->message, strlen(diag->message)));
		check_span(&diag->span, lines);
		if (diag->also.source)
			check_span(&diag->also, lines);
	}
	REQUIRE(errors <= diags->errors);
}

static void check_setting(struct arena *arena, const struct setting *setting)
{
	const char *path;

	REQUIRE(setting->path && setting->rule == SETTING_VALUE);
	REQUIRE(key_parse(arena, setting->path, strlen(setting->path), &path) == 0);
	REQUIRE(strcmp(path, setting->path) == 0);
	REQUIRE(setting->value.bytes && strlen(setting->value.bytes) == setting->value.length);
	REQUIRE(!strpbrk(setting->value.bytes, "\r\n"));
	REQUIRE(utf8_is_valid(setting->value.bytes, setting->value.length));
}

static void check_round_trip(struct arena *arena, const struct profile *profile,
	const struct setting *const settings[])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct source source = { .name = "written" };
	struct profile *again = NULL;
	struct diags diags;

	sysctl_conf_write(&text, profile->name, settings, profile->settings_count);
	REQUIRE(strbuf_check(&text) == 0);
	source.text = text.bytes;
	source.length = text.length;
	diags_init(&diags, arena);
	REQUIRE(sysctl_conf_read(arena, &source, profile->name, &diags, &again) >= 0);
	REQUIRE(again->settings_count == profile->settings_count);
	for (size_t i = 0; i < profile->settings_count; i++) {
		const struct setting *a = settings[i], *b = &again->settings[i];

		REQUIRE(strcmp(a->path, b->path) == 0);
		REQUIRE(value_identical(a->value, b->value));
		REQUIRE(a->optional == b->optional);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ARENA struct arena arena;
	struct source source = { .name = "fuzz.conf", .text = (const char *)data, .length = size };
	const struct setting **settings;
	struct profile *profile = NULL;
	struct diags diags;
	int r;

	arena_init(&arena);
	diags_init(&diags, &arena);
	r = sysctl_conf_read(&arena, &source, "fuzz", &diags, &profile);
	REQUIRE(r == (diags.errors > 0));
	check_diags(&diags, &source);
	settings = arena_alloc(&arena, profile->settings_count * sizeof(*settings));
	REQUIRE(settings);
	for (size_t i = 0; i < profile->settings_count; i++) {
		settings[i] = &profile->settings[i];
		check_setting(&arena, settings[i]);
	}
	check_round_trip(&arena, profile, settings);
	validate_together(&diags, settings, profile->settings_count);
	return 0;
}
