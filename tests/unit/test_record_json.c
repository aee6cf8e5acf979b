/* SPDX-License-Identifier: MIT */
/* Change records: whole and sound, or refused. */
#include "format/record_json.h"

#include "base/memory.h"
#include "format/json.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define ID "20261122T064700Z-7f3a"

static struct change_item items[] = {
	{ .path = "net/core/somaxconn", .role = CHANGE_STEP, .status = CHANGE_APPLIED,
	  .original = { "4096\n", 5 }, .target = { "65535", 5 }, .ours = { "65535\n", 6 }, .intended = true,
	  .completed = true },
	{ .path = "net/ipv4/conf/eth0.100/forwarding", .role = CHANGE_SIDE, .status = CHANGE_UNCHANGED,
	  .original = { "0\n", 2 } },
	{ .path = "kernel/binary", .role = CHANGE_STEP, .status = CHANGE_REJECTED,
	  .original = { "\0\xff\n", 3 }, .target = { "a\0b", 3 }, .ours = { "\xc3", 1 }, .intended = true,
	  .error = 22 },
	{ .path = "kernel/empty", .role = CHANGE_STEP, .status = CHANGE_NOT_TRIED, .original = { "", 0 },
	  .target = { "", 0 } },
	{ .path = "kernel/text", .role = CHANGE_STEP, .status = CHANGE_ADJUSTED,
	  .original = { "\"quoted\"\t\\ \xc3\xa4\x1b\n", 16 }, .target = { "x", 1 } },
	/* Any byte may stand in the name of an interface. */
	{ .path = "net/ipv4/conf/\xff*/forwarding", .role = CHANGE_SIDE, .status = CHANGE_UNCHANGED,
	  .original = { "0\n", 2 } },
};
static struct change_profile profiles[] = { { "api-gateway", "fnv1a64:0123456789abcdef" } };
static struct change sample = {
	.id = ID,
	.kind = CHANGE_APPLY,
	.state = CHANGE_RECORDED,
	.created = "2026-11-22T06:47:00Z",
	.label = "a \"label\"",
	.host = { "host", "6.18.44", "11111111-2222-3333-4444-555555555555", "4026531840", "17" },
	.profiles = profiles,
	.profiles_count = COUNT_OF(profiles),
	.items = items,
	.items_count = COUNT_OF(items),
};

static int set_up(void **state)
{
	(void)state;
	json_init();
	items[4].original.length = strlen(items[4].original.bytes);
	return 0;
}

static void write_sample(struct strbuf *text)
{
	assert_int_equal(record_json_write(text, &sample), 0);
}

static void assert_same_value(struct value a, struct value b)
{
	assert_int_equal(a.bytes != NULL, b.bytes != NULL);
	assert_int_equal(a.length, b.length);
	if (a.length)
		assert_memory_equal(a.bytes, b.bytes, a.length);
}

static void assert_is_sample(const struct change *change)
{
	assert_string_equal(change->id, sample.id);
	assert_int_equal(change->kind, sample.kind);
	assert_int_equal(change->state, sample.state);
	assert_string_equal(change->created, sample.created);
	assert_null(change->finished);
	assert_string_equal(change->label, sample.label);
	assert_string_equal(change->host.hostname, sample.host.hostname);
	assert_string_equal(change->host.kernel, sample.host.kernel);
	assert_string_equal(change->host.boot_id, sample.host.boot_id);
	assert_string_equal(change->host.netns, sample.host.netns);
	assert_string_equal(change->host.netns_cookie, sample.host.netns_cookie);
	assert_int_equal(change->profiles_count, 1);
	assert_string_equal(change->profiles[0].name, profiles[0].name);
	assert_string_equal(change->profiles[0].digest, profiles[0].digest);
	assert_int_equal(change->items_count, COUNT_OF(items));
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		const struct change_item *item = &change->items[i];

		assert_string_equal(item->path, items[i].path);
		assert_int_equal(item->role, items[i].role);
		assert_int_equal(item->status, items[i].status);
		assert_same_value(item->original, items[i].original);
		assert_same_value(item->target, items[i].target);
		assert_same_value(item->ours, items[i].ours);
		assert_int_equal(item->intended, items[i].intended);
		assert_int_equal(item->completed, items[i].completed);
		assert_int_equal(item->error, items[i].error);
	}
	assert_string_equal(change->items[1].key, "net.ipv4.conf.eth0/100.forwarding");
	assert_int_equal(change->items[0].type, VALUE_INT);
	assert_int_equal(change->items[3].type, VALUE_UNKNOWN);
}

static void test_round_trip(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	const char *problem;
	struct change *change;

	(void)state;
	arena_init(&arena);
	write_sample(&text);
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 0);
	assert_is_sample(change);
}

/* The kernel's bytes and a target of none are different from an empty one. */
static void test_an_empty_value_is_not_a_missing_one(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_sample(&text);
	assert_non_null(strstr(text.bytes, "\"original_base64\""));
	assert_non_null(strstr(text.bytes, "\"target\":\t\"\""));
}

static void test_a_cut_at_every_byte_is_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_sample(&text);
	assert_int_equal(text.bytes[text.length - 1], '\n');
	/* Without the newline behind it the object is whole. */
	for (size_t length = 0; length < text.length - 1; length++) {
		CLEANUP_ARENA struct arena arena;
		char *cut;
		const char *problem = NULL;
		struct change *change = NULL;
		int r;

		arena_init(&arena);
		/* In memory of its own size, so that a sanitizer sees a read behind it. */
		cut = memory_alloc(length ? length : 1);
		assert_non_null(cut);
		memcpy(cut, text.bytes, length);
		r = record_json_read(&arena, cut, length, ID, &change, &problem);
		memory_free(cut);
		check_row(r == 1 && problem && !change, "cut at %zu gives %d", length, r);
	}
}

/* As a person would write it, or after the line with the checksum was taken out. */
static void drop_checksum(struct strbuf *text)
{
	char *at = strstr(text->bytes, ",\n\t\"checksum\"");

	assert_non_null(at);
	text->length = (size_t)(at - text->bytes);
	strbuf_add_text(text, "\n}\n");
}

static void test_every_damage_shows_in_the_checksum(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t summed;

	(void)state;
	write_sample(&text);
	assert_non_null(strstr(text.bytes, ",\n\t\"checksum\""));
	summed = (size_t)(strstr(text.bytes, ",\n\t\"checksum\"") - text.bytes);
	for (size_t i = 0; i < summed; i++) {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct change *change = NULL;

		arena_init(&arena);
		text.bytes[i] ^= 1;
		check_row(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem) == 1 && problem,
			"byte %zu", i);
		text.bytes[i] ^= 1;
	}
}

/* Without a checksum, every single byte replaced: taken or refused, but never a crash, and never another path or
 * id. */
static void test_every_damaged_byte_is_survived(void **state)
{
	static const char replacements[] = { '\0', '"', '\\', '{', '\x80', '/', '.', '0' };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_sample(&text);
	drop_checksum(&text);
	for (size_t i = 0; i < text.length; i++) {
		char kept = text.bytes[i];

		for (size_t k = 0; k < COUNT_OF(replacements); k++) {
			CLEANUP_ARENA struct arena arena;
			const char *problem = NULL;
			struct change *change = NULL;
			int r;

			arena_init(&arena);
			text.bytes[i] = replacements[k];
			r = record_json_read(&arena, text.bytes, text.length, ID, &change, &problem);
			assert_true(r == 0 ? change && strcmp(change->id, ID) == 0 : r == 1 && problem);
			for (size_t n = 0; r == 0 && n < change->items_count; n++)
				assert_true(change->items[n].path[0] != '/' &&
					!strstr(change->items[n].path, "../"));
		}
		text.bytes[i] = kept;
	}
}

/* One replacement in the text of the sample makes it refused; the reason names what is wrong. */
static void test_unsound_records_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *reason;
	} cases[] = {
		{ "kerntune.change/1", "kerntune.change/2", "\"schema\"" },
		{ "kerntune.change/1", "kerntune.state/1", "\"schema\"" },
		{ "\"schema\"", "\"scheme\"", "\"schema\"" },
		{ ID, "20261122T064700Z-7f3b", "\"id\"" },
		{ "\"id\"", "\"ID\"", "\"id\"" },
		{ "\"apply\"", "\"aply\"", "\"kind\"" },
		{ "\"recorded\"", "\"done\"", "\"state\"" },
		{ "\"recorded\"", "7", "\"state\"" },
		{ "\"created\"", "\"kreated\"", "\"created\"" },
		{ "\"boot_id\"", "\"bootid\"", "\"boot_id\"" },
		{ "\"host\"", "\"hosts\"", "" },
		{ "\"items\"", "\"itens\"", "\"items\"" },
		{ "\"profiles\"", "\"profile\"", "\"profiles\"" },
		{ "\"digest\"", "\"digests\"", "\"digest\"" },
		{ "net/core/somaxconn", "../x", "\"path\"" },
		{ "net/core/somaxconn", "/etc/passwd", "\"path\"" },
		{ "net/core/somaxconn", "net/../../etc", "\"path\"" },
		{ "net/core/somaxconn", "net/core/", "\"path\"" },
		{ "net/core/somaxconn", "net//core", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path_base64\":\t\"YQBi\"", "\"path\"" },
		{ "net/core/somaxconn", "", "\"path\"" },
		{ "net/core/somaxconn", "kernel/empty", "twice" },
		{ "\"side_effect\"", "\"sidekick\"", "\"role\"" },
		{ "\"applied\"", "\"maybe\"", "\"status\"" },
		{ "\"original\"", "\"originals\"", "\"original\"" },
		{ "\"original_base64\":\t\"AP8K\"", "\"original_base64\":\t\"AP8\"", "\"original\"" },
		{ "\"original_base64\":\t\"AP8K\"", "\"original_base64\":\t7", "\"original\"" },
		{ "\"target\":\t\"65535\"", "\"tarjet\":\t\"65535\"", "\"target\"" },
		{ "\"created\"", "\"id\"", "JSON" },
		{ "\"role\"", "\"path\"", "JSON" },
	};
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_sample(&text);
	drop_checksum(&text);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf changed = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *at = strstr(text.bytes, cases[i].from), *problem = NULL;
		struct change *change = NULL;
		int r;

		check_row(at, "row %zu: %s is not there", i, cases[i].from);
		arena_init(&arena);
		strbuf_add(&changed, text.bytes, (size_t)(at - text.bytes));
		strbuf_add_text(&changed, cases[i].to);
		strbuf_add_text(&changed, at + strlen(cases[i].from));
		r = record_json_read(&arena, changed.bytes, changed.length, ID, &change, &problem);
		check_row(r == 1 && !change && problem, "row %zu gives %d", i, r);
		check_row(strstr(problem, cases[i].reason), "row %zu: %s", i, problem);
	}
}

static void test_not_a_record_at_all(void **state)
{
	static const char *const texts[] = { "", "\n", "null", "[]", "{}", "7", "\"x\"", "{\"schema\": 1}",
		"not json", "{}{}", "{} x" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct change *change;

		arena_init(&arena);
		check_row(record_json_read(&arena, texts[i], strlen(texts[i]), ID, &change, &problem) == 1 &&
			problem, "\"%s\"", texts[i]);
	}
}

static void test_the_id_must_be_the_file_s(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	const char *problem;
	struct change *change;

	(void)state;
	arena_init(&arena);
	write_sample(&text);
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, "20261122T064700Z-0000", &change,
		&problem), 1);
}

static void test_trailing_text_is_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	const char *problem;
	struct change *change;

	(void)state;
	arena_init(&arena);
	write_sample(&text);
	strbuf_add_text(&text, "{}");
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 1);
}

static void test_a_backup_needs_no_targets(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct change_item item = { .path = "vm/swappiness", .role = CHANGE_STEP,
		.status = CHANGE_UNCHANGED, .original = { "60\n", 3 } };
	struct change backup = sample, *change;
	const char *problem;

	(void)state;
	arena_init(&arena);
	backup.kind = CHANGE_BACKUP;
	backup.items = &item;
	backup.items_count = 1;
	backup.label = NULL;
	backup.finished = "2026-11-22T06:47:01Z";
	assert_int_equal(record_json_write(&text, &backup), 0);
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 0);
	assert_int_equal(change->kind, CHANGE_BACKUP);
	assert_string_equal(change->finished, "2026-11-22T06:47:01Z");
	assert_null(change->label);
	assert_null(change->items[0].target.bytes);
}

/* ---- what confirming, stacking and auditing brought ---- */

#define OLDER "20261121T064700Z-0001"

static struct change_item pending_items[] = {
	{ .path = "net/core/somaxconn", .role = CHANGE_STEP, .status = CHANGE_APPLIED, .original = { "1024\n", 5 },
	  .original_owner = OLDER, .target = { "65535", 5 }, .ours = { "65535\n", 6 }, .intended = true,
	  .completed = true, .withdrawn = true },
	{ .path = "net/core/rmem_max", .role = CHANGE_WATCHED, .status = CHANGE_FOREIGN_CHANGED,
	  .original = { "1\n", 2 } },
	{ .path = "net/core/wmem_max", .role = CHANGE_SIDE, .status = CHANGE_APPLIED, .original = { "1\n", 2 },
	  .ours = { "2\n", 2 }, .moved_along = true },
	/* A file that can only be written has no value to begin with. */
	{ .path = "vm/compact_memory", .role = CHANGE_STEP, .status = CHANGE_APPLIED, .target = { "1", 1 },
	  .intended = true, .completed = true },
};

static struct change make_pending(void)
{
	struct change change = sample;

	change.state = CHANGE_PENDING;
	change.finished = "2026-11-22T06:47:01Z";
	change.finished_by = CHANGE_BY_CONFIRM;
	change.confirmation = (struct change_confirmation){ CHANGE_GUARDIAN_SERVICE, 120, 0xffffffffffffffffULL,
		"2026-11-22T06:49:00Z" };
	change.items = pending_items;
	change.items_count = COUNT_OF(pending_items);
	return change;
}

static void test_a_baseline_comes_back(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct counters baseline = { .time_ns = 0xfffffffffffffff1ULL };
	struct change given = sample, *change;
	const char *problem;

	(void)state;
	arena_init(&arena);
	baseline.listen_overflows = 0xffffffffffffffffULL;
	baseline.known.listen_overflows = baseline.known.tcp_orphans = true;
	given.baseline = &baseline;
	assert_int_equal(record_json_write(&text, &given), 0);
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 0);
	assert_non_null(change->baseline);
	assert_memory_equal(change->baseline, &baseline, sizeof(baseline));
}

/* What is wrong in it makes the record unsound; what this version does not know is passed over. */
static void test_odd_baselines(void **state)
{
	static const struct {
		const char *from, *to;
		bool is_sound;
	} cases[] = {
		{ "\"time_ns\"", "\"time\"", false },
		{ "\"17\"", "17", false },
		{ "\"17\"", "\"-17\"", false },
		{ "\"17\"", "\"18446744073709551616\"", false },
		{ "\"listen_overflows\"", "\"of_tomorrow\"", true },
		{ "\"listen_overflows\"", "7", false },
		{ "\"name\"", "\"names\"", false },
		{ "\"counters\"", "\"countess\"", false },
	};
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct counters baseline = { .time_ns = 5 };
	struct change given = sample;

	(void)state;
	baseline.listen_overflows = 17;
	baseline.known.listen_overflows = true;
	given.baseline = &baseline;
	given.host.netns_cookie = "1";
	assert_int_equal(record_json_write(&text, &given), 0);
	drop_checksum(&text);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf changed = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *at = strstr(text.bytes, cases[i].from), *problem = NULL;
		struct change *change;

		arena_init(&arena);
		check_row(at != NULL, "case %zu", i);
		strbuf_printf(&changed, "%.*s%s%s", (int)(at - text.bytes), text.bytes, cases[i].to,
			at + strlen(cases[i].from));
		assert_int_equal(strbuf_check(&changed), 0);
		/* Without its checksum the sound one is told to be edited, and nothing else. */
		assert_int_equal(record_json_read(&arena, changed.bytes, changed.length, ID, &change, &problem), 1);
		check_row((strstr(problem, "baseline") == NULL) == cases[i].is_sound, "case %zu: %s", i, problem);
	}
}

static void test_a_pending_change_comes_back(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct change pending = make_pending(), *change;
	const char *problem;

	(void)state;
	arena_init(&arena);
	assert_int_equal(record_json_write(&text, &pending), 0);
	assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 0);
	assert_int_equal(change->state, CHANGE_PENDING);
	assert_int_equal(change->finished_by, CHANGE_BY_CONFIRM);
	assert_int_equal(change->confirmation.guardian, CHANGE_GUARDIAN_SERVICE);
	assert_int_equal(change->confirmation.seconds, 120);
	assert_true(change->confirmation.deadline_ms == 0xffffffffffffffffULL);
	assert_string_equal(change->confirmation.deadline, "2026-11-22T06:49:00Z");
	assert_int_equal(change->items_count, COUNT_OF(pending_items));
	for (size_t i = 0; i < COUNT_OF(pending_items); i++) {
		const struct change_item *item = &change->items[i], *given = &pending_items[i];

		assert_int_equal(item->role, given->role);
		assert_int_equal(item->status, given->status);
		assert_int_equal(item->moved_along, given->moved_along);
		assert_int_equal(item->withdrawn, given->withdrawn);
		assert_int_equal(item->original_owner != NULL, given->original_owner != NULL);
		assert_same_value(item->original, given->original);
		assert_same_value(item->ours, given->ours);
	}
	assert_string_equal(change->items[0].original_owner, OLDER);
}

/* Who finished it: every word there is, and none before it is finished. */
static void test_who_finished_it(void **state)
{
	(void)state;
	for (int actor = CHANGE_BY_APPLY; actor <= CHANGE_BY_GUARDIAN; actor++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		struct change given = make_pending(), *change;
		const char *problem;

		arena_init(&arena);
		given.finished_by = (enum change_actor)actor;
		assert_int_equal(record_json_write(&text, &given), 0);
		assert_int_equal(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem), 0);
		assert_int_equal(change->finished_by, actor);
		given.finished = NULL;
		strbuf_clear(&text);
		assert_int_equal(record_json_write(&text, &given), 0);
		assert_null(strstr(text.bytes, "finished_by"));
	}
}

/* What is not so is not written: records of changes without all this look as before. */
static void test_fields_that_say_nothing_are_left_out(void **state)
{
	static const char *const names[] = { "confirmation", "original_owner", "withdrawn", "moved_along",
		"finished_by" };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_sample(&text);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		check_row(!strstr(text.bytes, names[i]), "\"%s\" stands in it", names[i]);
}

static void test_unsound_pending_records_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *reason;
	} cases[] = {
		{ "\"confirmation\"", "\"konfirmation\"", "\"confirmation\"" },
		{ "\"systemd_service\"", "\"none\"", "\"confirmation\"" },
		{ "\"systemd_service\"", "\"somebody\"", "\"guardian\"" },
		{ "\"guardian\"", "\"gardian\"", "\"guardian\"" },
		{ "\"18446744073709551615\"", "\"18446744073709551616\"", "\"deadline_ms\"" },
		{ "\"18446744073709551615\"", "\"-1\"", "\"deadline_ms\"" },
		{ "\"18446744073709551615\"", "\"soon\"", "\"deadline_ms\"" },
		{ "\"18446744073709551615\"", "17", "\"deadline_ms\"" },
		{ "\"deadline_ms\"", "\"deadline_s\"", "\"deadline_ms\"" },
		{ "\"deadline\"", "\"deadlines\"", "\"deadline\"" },
		{ "\"finished_by\":\t\"confirm\"", "\"finished_by\":\t\"nobody\"", "\"finished_by\"" },
		{ OLDER, "20261121T064700Z-1", "\"original_owner\"" },
		{ OLDER, "../../../../etc/passwd", "\"original_owner\"" },
		{ "\"watched\"", "\"seen\"", "\"role\"" },
		/* Only what cannot be undone may lack its original. */
		{ "vm/compact_memory", "vm/swappiness", "\"original\"" },
	};
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct change pending = make_pending();

	(void)state;
	assert_int_equal(record_json_write(&text, &pending), 0);
	drop_checksum(&text);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf changed = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *at = strstr(text.bytes, cases[i].from), *problem = NULL;
		struct change *change = NULL;

		check_row(at, "row %zu: %s is not there", i, cases[i].from);
		arena_init(&arena);
		strbuf_add(&changed, text.bytes, (size_t)(at - text.bytes));
		strbuf_add_text(&changed, cases[i].to);
		strbuf_add_text(&changed, at + strlen(cases[i].from));
		check_row(record_json_read(&arena, changed.bytes, changed.length, ID, &change, &problem) == 1 &&
			!change && problem, "row %zu is taken", i);
		check_row(strstr(problem, cases[i].reason), "row %zu: %s", i, problem);
	}
}

/* The checksum is the last member, of all that stands before it; elsewhere, or with another value, it is wrong. */
static void test_checksums_in_other_places(void **state)
{
	static const char *const tails[] = {
		",\n\t\"checksum\":\t\"fnv1a64:0000000000000000\"\n}\n",
		",\n\t\"checksum\":\t\"\"\n}\n",
		",\n\t\"checksum\":\t\"x\",\n\t\"more\":\t1\n}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct change *change = NULL;

		arena_init(&arena);
		write_sample(&text);
		text.length = (size_t)(strstr(text.bytes, ",\n\t\"checksum\"") - text.bytes);
		strbuf_add_text(&text, tails[i]);
		check_row(record_json_read(&arena, text.bytes, text.length, ID, &change, &problem) == 1 &&
			strstr(problem, "checksum"), "row %zu: %s", i, problem ? problem : "taken");
	}
}

static void test_state_file(void **state)
{
	static const char *const bad[] = { "", "{}", "{\"schema\": \"kerntune.state/1\"}",
#define NOTICE(schema, id, state, more) "{\"schema\": \"kerntune." schema "/1\", \"id\": \"" id "\", \"state\": \"" \
	state "\"" more "}"
#define BOOT ", \"boot_id\": \"b\""
		NOTICE("state", "../x", "standing", BOOT), NOTICE("state", ID, "x", BOOT),
		NOTICE("change", ID, "standing", BOOT), NOTICE("state", ID, "standing", ""),
		NOTICE("state", ID, "pending", BOOT ", \"deadline\": \"2026-11-22T06:49:00Z\""),
		NOTICE("state", ID, "pending", BOOT
			", \"deadline\": \"2026-11-22T06:49:00Z\", \"deadline_ms\": \"-1\"") };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct change pending = sample;
	struct record_notice notice;

	(void)state;
	arena_init(&arena);
	assert_int_equal(record_json_write_notice(&text, &sample), 0);
	assert_null(strstr(text.bytes, "somaxconn"));
	assert_int_equal(record_json_read_notice(&arena, text.bytes, text.length, &notice), 0);
	assert_string_equal(notice.id, ID);
	assert_int_equal(notice.state, CHANGE_RECORDED);
	assert_string_equal(notice.boot_id, sample.host.boot_id);
	assert_null(notice.deadline);

	pending.state = CHANGE_PENDING;
	pending.confirmation = (struct change_confirmation){ CHANGE_GUARDIAN_PROCESS, 120, 1ULL << 60,
		"2026-11-22T06:49:00Z" };
	strbuf_clear(&text);
	assert_int_equal(record_json_write_notice(&text, &pending), 0);
	assert_int_equal(record_json_read_notice(&arena, text.bytes, text.length, &notice), 0);
	assert_string_equal(notice.deadline, "2026-11-22T06:49:00Z");
	assert_true(notice.deadline_ms == 1ULL << 60);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_row(record_json_read_notice(&arena, bad[i], strlen(bad[i]), &notice) == 1, "%s", bad[i]);
}

static void test_memory_failures(void **state)
{
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;
	unsigned long failures, n = 0;

	(void)state;
	write_sample(&whole);
	do {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		int r;

		memory_fail_at(++n);
		r = record_json_write(&text, &sample);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(r == (failures ? -ENOMEM : 0), "writing with %lu gives %d", n, r);
	} while (failures);
	n = 0;
	do {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct change *change = NULL;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = record_json_read(&arena, whole.bytes, whole.length, ID, &change, &problem);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(failures ? r != 0 && !change : r == 0, "reading with %lu gives %d", n, r);
	} while (failures);
	print_message("%lu allocations while reading\n", n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_an_empty_value_is_not_a_missing_one),
		cmocka_unit_test(test_a_cut_at_every_byte_is_refused),
		cmocka_unit_test(test_every_damage_shows_in_the_checksum),
		cmocka_unit_test(test_every_damaged_byte_is_survived),
		cmocka_unit_test(test_unsound_records_are_refused),
		cmocka_unit_test(test_not_a_record_at_all),
		cmocka_unit_test(test_the_id_must_be_the_file_s),
		cmocka_unit_test(test_trailing_text_is_refused),
		cmocka_unit_test(test_a_backup_needs_no_targets),
		cmocka_unit_test(test_a_baseline_comes_back),
		cmocka_unit_test(test_odd_baselines),
		cmocka_unit_test(test_a_pending_change_comes_back),
		cmocka_unit_test(test_who_finished_it),
		cmocka_unit_test(test_fields_that_say_nothing_are_left_out),
		cmocka_unit_test(test_unsound_pending_records_are_refused),
		cmocka_unit_test(test_checksums_in_other_places),
		cmocka_unit_test(test_state_file),
		cmocka_unit_test(test_memory_failures),
	};

	return cmocka_run_group_tests(tests, set_up, NULL) != 0;
}
