/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of saved plans. What reads must be writable, and read again the same. */
#include "fuzz.h"

#include "format/plan_json.h"
#include "model/key.h"

#include <ctype.h>
#include <string.h>

static void check_sound(const struct saved_plan *plan)
{
	REQUIRE(plan->created);
	REQUIRE(plan->host.hostname && plan->host.kernel && plan->host.boot_id && plan->host.netns &&
		plan->host.netns_cookie);
	for (size_t i = 0; i < plan->profiles_count; i++)
		REQUIRE(plan->names[i] && plan->digests[i]);
	for (size_t i = 0; i < plan->profile.settings_count; i++) {
		const struct setting *setting = &plan->profile.settings[i];

		REQUIRE(key_path_is_sound(setting->path) && !key_is_glob(setting->path));
		REQUIRE(plan_status_name(plan->rows[i].status));
		REQUIRE(setting->rule == SETTING_VALUE && setting->profile == &plan->profile);
		REQUIRE(setting->key_span.source && setting->key_span.source->name);
		REQUIRE(setting->value.length > 0);
		/* A line feed would be a second write. */
		for (size_t k = 0; k < setting->value.length; k++)
			REQUIRE(!iscntrl((unsigned char)setting->value.bytes[k]));
	}
}

/* The kernel prints a newline behind every value, and plans are saved without it. */
static struct value add_newline(struct arena *arena, struct value value)
{
	char *bytes = arena_alloc(arena, value.length + 1);

	REQUIRE(bytes);
	memcpy(bytes, value.bytes, value.length);
	bytes[value.length] = '\n';
	return (struct value){ bytes, value.length + 1 };
}

/* As the planner would have made it. */
static struct plan make_plan(struct arena *arena, const struct saved_plan *saved)
{
	struct plan plan = { .profiles = saved->names, .digests = saved->digests,
		.profiles_count = saved->profiles_count };

	plan.rows = arena_alloc(arena, (saved->profile.settings_count + 1) * sizeof(*plan.rows));
	REQUIRE(plan.rows);
	for (size_t i = 0; i < saved->profile.settings_count; i++) {
		const struct setting *setting = &saved->profile.settings[i];
		struct value expected = saved->rows[i].expected;

		plan.rows[plan.count++] = (struct plan_row){
			.path = setting->path,
			.key = key_display(arena, setting->path),
			.setting = setting,
			.catalog = catalog_find(setting->path),
			.status = saved->rows[i].status,
			.live = expected.bytes ? add_newline(arena, expected) : expected,
			.target = setting->value,
		};
		REQUIRE(plan.rows[i].key);
	}
	return plan;
}

static void write_plan(struct arena *arena, const struct saved_plan *saved, struct strbuf *text)
{
	const struct plan plan = make_plan(arena, saved);
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_add_string(&json, json.root, "schema", "kerntune.plan/1");
	plan_json_add(&json, &plan, &saved->host, saved->created);
	REQUIRE(json_finish(&json, text) == 0);
}

static void read_again(struct arena *arena, const struct strbuf *text, struct saved_plan *ret_plan)
{
	const struct source source = { .name = "again.json", .text = text->bytes, .length = text->length };
	const char *problem = NULL;

	if (plan_json_read(arena, &source, ret_plan, &problem) != 0) {
		fprintf(stderr, "%s, in:\n%s", problem ? problem : "no memory", text->bytes);
		abort();
	}
}

/* The same to the kernel, or at least to people: what no kernel would take loses the blanks around it. */
static bool same_meaning(struct arena *arena, const char *path, struct value a, struct value b)
{
	enum value_type type = catalog_type(catalog_find(path));
	const char *one, *other;

	if (!a.bytes || !b.bytes)
		return a.bytes == b.bytes;
	if (value_equal(type, a, b))
		return true;
	one = value_display(arena, type, a);
	other = value_display(arena, type, b);
	REQUIRE(one && other);
	return strcmp(one, other) == 0;
}

/* Text for people is made UTF-8 on the way, and values are written as people read them: the same in meaning the first
 * time, and to the byte from then on. */
static void require_same(struct arena *arena, const struct saved_plan *a, const struct saved_plan *b)
{
	REQUIRE(a->profiles_count == b->profiles_count);
	REQUIRE(a->profile.settings_count == b->profile.settings_count);
	for (size_t i = 0; i < a->profile.settings_count; i++) {
		const struct setting *one = &a->profile.settings[i], *other = &b->profile.settings[i];

		REQUIRE(strcmp(one->path, other->path) == 0);
		REQUIRE(one->optional == other->optional);
		REQUIRE((one->why != NULL) == (other->why != NULL));
		REQUIRE(one->key_span.line == other->key_span.line);
		REQUIRE(a->rows[i].status == b->rows[i].status);
		REQUIRE(same_meaning(arena, one->path, one->value, other->value));
		REQUIRE(same_meaning(arena, one->path, a->rows[i].expected, b->rows[i].expected));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_STRBUF struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	const struct source source = { .name = "fuzz.json", .text = (const char *)data, .length = size };
	struct saved_plan plan, again;
	CLEANUP_ARENA struct arena arena;
	const char *problem = NULL;
	int r;

	arena_init(&arena);
	json_init();
	r = plan_json_read(&arena, &source, &plan, &problem);
	REQUIRE(r == 0 || (r == 1 && problem && problem[0]));
	if (r == 1)
		return 0;
	check_sound(&plan);
	write_plan(&arena, &plan, &first);
	read_again(&arena, &first, &again);
	check_sound(&again);
	require_same(&arena, &plan, &again);
	write_plan(&arena, &again, &second);
	REQUIRE(strcmp(first.bytes, second.bytes) == 0);
	return 0;
}
