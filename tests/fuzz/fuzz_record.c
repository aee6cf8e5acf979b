/* SPDX-License-Identifier: MIT */
/* Fuzzes the readers of change records. The input is a record, optionally followed by NUL and a step log. */
#include "fuzz.h"

#include "format/json.h"
#include "format/record_json.h"
#include "format/step_log.h"
#include "model/key.h"

#include <string.h>

#define SOME_ID "20261122T064700Z-7f3a"

/* The id that the text itself names: a reader only takes a record under its own id. */
static const char *find_id(struct arena *arena, const char *text, size_t length)
{
	CLEANUP_JSON_ROOT cJSON *root = json_parse(text, length);
	const char *id = json_get_string(root, "id");

	id = arena_strdup(arena, id && change_id_is_valid(id) ? id : SOME_ID);
	REQUIRE(id);
	return id;
}

static bool same_bytes(struct value a, struct value b)
{
	return (a.bytes != NULL) == (b.bytes != NULL) && value_identical(a, b);
}

static bool same_item(const struct change_item *a, const struct change_item *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->key, b->key) == 0 && a->role == b->role &&
		a->type == b->type && a->status == b->status && a->error == b->error &&
		a->intended == b->intended && a->completed == b->completed &&
		same_bytes(a->original, b->original) && same_bytes(a->target, b->target) &&
		same_bytes(a->ours, b->ours);
}

static void require_same_items(const struct change *a, const struct change *b)
{
	REQUIRE(a->items_count == b->items_count);
	for (size_t i = 0; i < a->items_count; i++)
		REQUIRE(same_item(&a->items[i], &b->items[i]));
}

static void check_sound(const struct change *change)
{
	REQUIRE(change_id_is_valid(change->id));
	REQUIRE(change->created);
	REQUIRE(change->host.hostname && change->host.kernel && change->host.boot_id && change->host.netns);
	REQUIRE(change_state_name(change->state) && change_kind_name(change->kind));
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		REQUIRE(key_path_is_sound(item->path));
		REQUIRE(item->original.bytes);
		REQUIRE(change_find(change, item->path) == item);
	}
}

static void check_record_round_trip(struct arena *arena, const struct change *change)
{
	CLEANUP_STRBUF struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct change *again = NULL;
	const char *problem = NULL;
	int r;

	REQUIRE(record_json_write(&first, change) == 0);
	r = record_json_read(arena, first.bytes, first.length, change->id, &again, &problem);
	if (r != 0) {
		fprintf(stderr, "%s, in:\n%s", problem, first.bytes);
		abort();
	}
	require_same_items(change, again);
	REQUIRE(change->kind == again->kind && change->state == again->state);
	REQUIRE(record_json_write(&second, again) == 0);
	REQUIRE(strcmp(first.bytes, second.bytes) == 0);
}

static void check_notice_round_trip(struct arena *arena, const struct change *change)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct record_notice notice;

	REQUIRE(record_json_write_notice(&text, change) == 0);
	REQUIRE(record_json_read_notice(arena, text.bytes, text.length, &notice) == 0);
	REQUIRE(strcmp(notice.id, change->id) == 0 && notice.state == change->state);
}

/* Written again from what was read, it says the same. */
static void check_log_round_trip(struct arena *arena, const struct change *change, struct change *blank)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	step_log_add_header(&text, change);
	for (size_t i = 0; i < change->items_count; i++) {
		if (change->items[i].intended)
			step_log_add_intent(&text, i);
		if (change->items[i].completed)
			step_log_add_outcome(&text, i, &change->items[i]);
	}
	REQUIRE(strbuf_check(&text) == 0);
	REQUIRE(step_log_read(arena, text.bytes, text.length, blank) == 0);
	for (size_t i = 0; i < change->items_count; i++) {
		REQUIRE(change->items[i].intended == blank->items[i].intended);
		REQUIRE(change->items[i].completed == blank->items[i].completed);
		if (change->items[i].completed)
			REQUIRE(same_item(&change->items[i], &blank->items[i]));
	}
}

static void check_log(struct arena *arena, const char *log, size_t length, struct change *change)
{
	struct change before = *change, blank = *change;
	int r = step_log_read(arena, log, length, change);

	REQUIRE(r == 0 || r == 1);
	REQUIRE(change->items_count == before.items_count);
	if (r == 1)
		REQUIRE(change->items == before.items);
	/* A header holds its ids as words: with blanks in them there is no log to write. */
	else if (!strpbrk(change->host.boot_id, " \t\n"))
		check_log_round_trip(arena, change, &blank);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ARENA struct arena arena;
	const char *text = (const char *)data, *problem = NULL;
	const char *log = size ? memchr(text, '\0', size) : NULL;
	size_t length = log ? (size_t)(log - text) : size;
	struct change *change = NULL;
	struct record_notice notice;
	const char *id;
	int r;

	arena_init(&arena);
	json_init();
	id = find_id(&arena, text, length);
	r = record_json_read_notice(&arena, text, length, &notice);
	REQUIRE(r == 0 || r == 1);
	r = record_json_read(&arena, text, length, id, &change, &problem);
	REQUIRE(r == 0 || (r == 1 && problem && problem[0]));
	if (r == 1)
		return 0;
	check_sound(change);
	check_record_round_trip(&arena, change);
	check_notice_round_trip(&arena, change);
	if (log)
		check_log(&arena, log + 1, size - length - 1, change);
	return 0;
}
