/* SPDX-License-Identifier: MIT */
/* Fuzzes the readers of change records. The input is a record, optionally followed by NUL and a step log. A record with
 * a checksum is read as it is, and once more with the right one: no mutation would find that. */
#include "fuzz.h"

#include "base/digest.h"
#include "format/json.h"
#include "format/record_json.h"
#include "format/step_log.h"
#include "model/catalog.h"
#include "model/key.h"

#include <string.h>

#define SOME_ID "20261122T064700Z-7f3a"
#define CHECKSUM_MEMBER ",\n\t\"checksum\":\t\""

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

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_item(const struct change_item *a, const struct change_item *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->key, b->key) == 0 && a->role == b->role &&
		a->type == b->type && a->status == b->status && a->error == b->error &&
		a->intended == b->intended && a->completed == b->completed &&
		a->moved_along == b->moved_along && a->withdrawn == b->withdrawn &&
		same_text(a->original_owner, b->original_owner) &&
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
	for (size_t i = 0; change->baseline && i < COUNTER_COUNT; i++)
		REQUIRE(change->baseline->known_at[i] || change->baseline->at[i] == 0);
	REQUIRE(change->confirmation.guardian == CHANGE_GUARDIAN_NONE || change->confirmation.deadline);
	REQUIRE(change->confirmation.guardian != CHANGE_GUARDIAN_NONE || change->state != CHANGE_PENDING);
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		REQUIRE(key_path_is_sound(item->path));
		REQUIRE(item->original.bytes || catalog_find(item->path)->one_way);
		REQUIRE(item->target.bytes || item->role != CHANGE_STEP || change->kind == CHANGE_BACKUP);
		REQUIRE(!item->original_owner || change_id_is_valid(item->original_owner));
		REQUIRE(change_find(change, item->path) == item);
	}
}

static bool same_baseline(const struct counters *a, const struct counters *b)
{
	if (!a || !b)
		return a == b;
	return a->time_ns == b->time_ns && memcmp(a->at, b->at, sizeof(a->at)) == 0 &&
		memcmp(a->known_at, b->known_at, sizeof(a->known_at)) == 0;
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
	REQUIRE(same_baseline(change->baseline, again->baseline));
	REQUIRE(change->kind == again->kind && change->state == again->state);
	REQUIRE(!change->finished || change->finished_by == again->finished_by);
	REQUIRE(change->confirmation.guardian == again->confirmation.guardian);
	if (change->confirmation.guardian != CHANGE_GUARDIAN_NONE)
		REQUIRE(change->confirmation.seconds == again->confirmation.seconds &&
			change->confirmation.deadline_ms == again->confirmation.deadline_ms);
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
	REQUIRE((notice.deadline != NULL) == (change->confirmation.guardian != CHANGE_GUARDIAN_NONE));
}

/* The lines that make of the item before the log the one after it. */
static void write_item_log(struct strbuf *text, size_t index, const struct change_item *before,
	const struct change_item *after)
{
	if (after->moved_along && after->role != CHANGE_WATCHED && !same_item(before, after))
		step_log_add_moved(text, index, after);
	if (after->intended)
		step_log_add_intent(text, index);
	if (after->completed)
		step_log_add_outcome(text, index, after);
	else if (after->status == CHANGE_FOREIGN_CHANGED)
		step_log_add_stray(text, index);
}

/* Written again from what was read, it says the same. */
static void check_log_round_trip(struct arena *arena, const struct change *change, struct change *blank)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	step_log_add_header(&text, change);
	for (size_t i = 0; i < change->items_count; i++)
		write_item_log(&text, i, &blank->items[i], &change->items[i]);
	REQUIRE(strbuf_check(&text) == 0);
	REQUIRE(step_log_read(arena, text.bytes, text.length, blank) == 0);
	require_same_items(change, blank);
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

static void check_record(struct arena *arena, const char *text, size_t length, const char *log, size_t log_length)
{
	struct change *change = NULL;
	const char *problem = NULL;
	int r = record_json_read(arena, text, length, find_id(arena, text, length), &change, &problem);

	REQUIRE(r == 0 || (r == 1 && problem && problem[0]));
	if (r == 1)
		return;
	check_sound(change);
	check_record_round_trip(arena, change);
	check_notice_round_trip(arena, change);
	if (log)
		check_log(arena, log, log_length, change);
}

/* The last place in the text where a checksum could begin, or NULL. */
static const char *find_checksum(const char *text, size_t length)
{
	const size_t size = strlen(CHECKSUM_MEMBER);

	for (size_t at = length < size ? 0 : length - size + 1; at-- > 0;)
		if (memcmp(text + at, CHECKSUM_MEMBER, size) == 0)
			return text + at;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_STRBUF struct strbuf mended = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	const char *text = (const char *)data;
	const char *end = size ? memchr(text, '\0', size) : NULL;
	size_t length = end ? (size_t)(end - text) : size;
	const char *log = end ? end + 1 : NULL, *checksum = find_checksum(text, length);
	char digest[DIGEST_TEXT_SIZE];
	struct record_notice notice;
	int r;

	arena_init(&arena);
	json_init();
	r = record_json_read_notice(&arena, text, length, &notice);
	REQUIRE(r == 0 || r == 1);
	check_record(&arena, text, length, log, log ? size - length - 1 : 0);
	if (!checksum)
		return 0;
	digest_format(text, (size_t)(checksum - text), digest);
	strbuf_add(&mended, text, (size_t)(checksum - text));
	strbuf_printf(&mended, "%s%s\"\n}\n", CHECKSUM_MEMBER, digest);
	REQUIRE(strbuf_check(&mended) == 0);
	check_record(&arena, mended.bytes, mended.length, log, log ? size - length - 1 : 0);
	return 0;
}
