/* SPDX-License-Identifier: MIT */
/* The log of what an apply has begun and finished. */
#include "format/step_log.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

#define ID "20261122T064700Z-7f3a"
#define BOOT "11111111-2222-3333-4444-555555555555"
#define HEADER "kerntune-steps 1 " BOOT " " ID "\n"

struct log_case {
	struct arena arena;
	struct change_item items[3];
	struct change change;
};

static void make(struct log_case *log)
{
	*log = (struct log_case){
		.items = { { .path = "a/a" }, { .path = "a/b" }, { .path = "a/c" } },
		.change = { .id = ID, .host = { .boot_id = BOOT } },
	};
	arena_init(&log->arena);
	log->change.items = log->items;
	log->change.items_count = COUNT_OF(log->items);
}

static int read_log(struct log_case *log, const char *text, size_t length)
{
	return step_log_read(&log->arena, text, length, &log->change);
}

static void test_round_trip(void **state)
{
	const struct change_item applied = { .status = CHANGE_APPLIED, .ours = { "1\t2\n", 4 } };
	const struct change_item refused = { .status = CHANGE_REJECTED, .error = EINVAL,
		.ours = { "\0\xff\n", 3 } };
	const struct change_item lost = { .status = CHANGE_REJECTED, .error = EIO };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct change_item *items;
	struct log_case log;

	(void)state;
	make(&log);
	step_log_add_header(&text, &log.change);
	step_log_add_intent(&text, 0);
	step_log_add_outcome(&text, 0, &applied);
	step_log_add_intent(&text, 1);
	step_log_add_outcome(&text, 1, &refused);
	step_log_add_intent(&text, 2);
	step_log_add_outcome(&text, 2, &lost);
	assert_int_equal(strbuf_check(&text), 0);
	assert_ptr_equal(strstr(text.bytes, HEADER "intent 0\noutcome 0 applied 0 MQkyCg==\n"), text.bytes);
	assert_int_equal(read_log(&log, text.bytes, text.length), 0);
	items = log.change.items;
	assert_true(items[0].intended && items[0].completed);
	assert_int_equal(items[0].status, CHANGE_APPLIED);
	assert_true(value_identical(items[0].ours, applied.ours));
	assert_int_equal(items[1].error, EINVAL);
	assert_true(value_identical(items[1].ours, refused.ours));
	assert_true(items[2].completed);
	assert_null(items[2].ours.bytes);
	assert_string_equal(items[1].path, "a/b");
	arena_release(&log.arena);
}

/* What an audit saw. A watched key that moved is a side effect from then on; a step and a known side effect stay what
 * they are. */
static void test_moved_and_stray(void **state)
{
	const struct change_item moved = { .ours = { "2\n", 2 } }, lost = { .ours = { NULL, 0 } };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct change_item *items;
	struct log_case log;

	(void)state;
	make(&log);
	log.items[0] = (struct change_item){ .path = "a/a", .role = CHANGE_WATCHED, .status = CHANGE_UNCHANGED };
	log.items[1] = (struct change_item){ .path = "a/b", .role = CHANGE_WATCHED, .status = CHANGE_UNCHANGED };
	log.items[2] = (struct change_item){ .path = "a/c", .role = CHANGE_SIDE, .status = CHANGE_UNCHANGED };
	step_log_add_header(&text, &log.change);
	step_log_add_moved(&text, 0, &moved);
	step_log_add_stray(&text, 1);
	step_log_add_moved(&text, 2, &lost);
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.bytes, HEADER "moved 0 Mgo=\nstray 1\nmoved 2 -\n");
	assert_int_equal(read_log(&log, text.bytes, text.length), 0);
	items = log.change.items;
	assert_true(items[0].moved_along && !items[1].moved_along && items[2].moved_along);
	assert_int_equal(items[0].role, CHANGE_SIDE);
	assert_int_equal(items[0].status, CHANGE_APPLIED);
	assert_true(value_identical(items[0].ours, moved.ours));
	assert_int_equal(items[1].role, CHANGE_WATCHED);
	assert_int_equal(items[1].status, CHANGE_FOREIGN_CHANGED);
	assert_null(items[1].ours.bytes);
	assert_int_equal(items[2].role, CHANGE_SIDE);
	assert_int_equal(items[2].status, CHANGE_UNCHANGED);
	assert_null(items[2].ours.bytes);
	arena_release(&log.arena);
}

/* It moved more than once: what it held last counts. */
static void test_the_last_move_counts(void **state)
{
	static const char text[] = HEADER "moved 1 MQo=\nmoved 1 Mgo=\n";
	struct log_case log;

	(void)state;
	make(&log);
	log.items[1].role = CHANGE_WATCHED;
	assert_int_equal(read_log(&log, text, strlen(text)), 0);
	assert_true(value_identical(log.change.items[1].ours, value_of("2\n")));
	arena_release(&log.arena);
}

static void test_mark_moved(void **state)
{
	struct change_item step = { .role = CHANGE_STEP, .status = CHANGE_NOT_TRIED };
	struct change_item watched = { .role = CHANGE_WATCHED, .status = CHANGE_UNCHANGED };

	(void)state;
	step_log_mark_moved(&step);
	step_log_mark_moved(&watched);
	assert_true(step.moved_along && watched.moved_along);
	assert_int_equal(step.role, CHANGE_STEP);
	assert_int_equal(step.status, CHANGE_NOT_TRIED);
	assert_int_equal(watched.role, CHANGE_SIDE);
	assert_int_equal(watched.status, CHANGE_APPLIED);
}

static void test_an_intent_alone(void **state)
{
	struct log_case log;

	(void)state;
	make(&log);
	assert_int_equal(read_log(&log, HEADER "intent 1\n", strlen(HEADER "intent 1\n")), 0);
	assert_false(log.change.items[0].intended);
	assert_true(log.change.items[1].intended);
	assert_false(log.change.items[1].completed);
	arena_release(&log.arena);
}

/* A crash cuts the last line at any byte: the lines before it count, it does not. */
static void test_a_cut_last_line_does_not_count(void **state)
{
	static const char text[] = HEADER "intent 0\noutcome 0 applied 0 MQkyCg==\nintent 1\n";
	size_t header = strlen(HEADER), first = strlen(HEADER "intent 0\n");
	size_t outcome = strlen(HEADER "intent 0\noutcome 0 applied 0 MQkyCg==\n");

	(void)state;
	for (size_t length = 0; length <= strlen(text); length++) {
		struct log_case log;
		int r;

		make(&log);
		r = read_log(&log, text, length);
		assert_int_equal(r, length < header ? 1 : 0);
		assert_int_equal(log.change.items[0].intended, length >= first);
		assert_int_equal(log.change.items[0].completed, length >= outcome);
		assert_int_equal(log.change.items[1].intended, length == strlen(text));
		arena_release(&log.arena);
	}
}

/* Each leaves the change untouched, as do a log of another boot and of another change. */
static void test_other_logs_and_garbage(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"kerntune-steps 1 " BOOT " 20261122T064700Z-0000\nintent 0\n",
		"kerntune-steps 1 99999999-2222-3333-4444-555555555555 " ID "\nintent 0\n",
		"kerntune-steps 2 " BOOT " " ID "\nintent 0\n",
		"kerntune 1 " BOOT " " ID "\nintent 0\n",
		"kerntune-steps 1 " BOOT "\nintent 0\n",
		HEADER "intent 0\nnonsense 0\n",
		HEADER "intent 0\nintent 3\n",
		HEADER "intent 0\nintent 99999999999999999999\n",
		HEADER "intent 0\nintent -1\n",
		HEADER "intent 0\nintent x\n",
		HEADER "intent 0\nintent\n",
		HEADER "intent 0\n\n",
		HEADER "intent 0\noutcome 0\n",
		HEADER "intent 0\noutcome 0 applied\n",
		HEADER "intent 0\noutcome 0 applied 0\n",
		HEADER "intent 0\noutcome 0 maybe 0 -\n",
		HEADER "intent 0\noutcome 0 applied x -\n",
		HEADER "intent 0\noutcome 0 applied -1 -\n",
		HEADER "intent 0\noutcome 0 applied 99999999999 -\n",
		HEADER "intent 0\noutcome 0 applied 0 !!!!\n",
		HEADER "intent 0\noutcome 0 applied 0 MQ\n",
		HEADER "intent 0\nmoved 0\n",
		HEADER "intent 0\nmoved 3 -\n",
		HEADER "intent 0\nmoved x -\n",
		HEADER "intent 0\nmoved 0 !!!!\n",
		HEADER "intent 0\nstray\n",
		HEADER "intent 0\nstray 3\n",
		HEADER "intent 0\nstray -1\n",
		HEADER "intent 0\nstrays 0\n",
		HEADER "intent 0\noutcome 0 a-status-name-of-more-than-thirty-two-bytes 0 -\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct log_case log;

		make(&log);
		check_row(read_log(&log, texts[i], strlen(texts[i])) == 1, "row %zu is taken", i);
		assert_ptr_equal(log.change.items, log.items);
		for (size_t k = 0; k < COUNT_OF(log.items); k++)
			check_row(!log.items[k].intended && !log.items[k].completed &&
				!log.items[k].moved_along && log.items[k].status == CHANGE_NOT_TRIED,
				"row %zu left something", i);
		arena_release(&log.arena);
	}
}

static void test_nul_bytes_are_garbage(void **state)
{
	static const char text[] = HEADER "intent 0\nint\0ent 1\n";
	struct log_case log;

	(void)state;
	make(&log);
	assert_int_equal(read_log(&log, text, sizeof(text) - 1), 1);
	assert_false(log.items[0].intended);
	arena_release(&log.arena);
}

static void test_a_host_without_boot_id(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct log_case log;

	(void)state;
	make(&log);
	log.change.host.boot_id = "";
	step_log_add_header(&text, &log.change);
	step_log_add_intent(&text, 2);
	assert_int_equal(read_log(&log, text.bytes, text.length), 0);
	assert_true(log.change.items[2].intended);
	arena_release(&log.arena);
}

static void test_a_change_without_items(void **state)
{
	struct log_case log;

	(void)state;
	make(&log);
	log.change.items_count = 0;
	assert_int_equal(read_log(&log, HEADER, strlen(HEADER)), 0);
	assert_int_equal(read_log(&log, HEADER "intent 0\n", strlen(HEADER "intent 0\n")), 1);
	arena_release(&log.arena);
}

static void test_memory_failure(void **state)
{
	static const char text[] = HEADER "intent 0\noutcome 0 applied 0 MQkyCg==\n";
	unsigned long failures, n = 0;

	(void)state;
	do {
		struct log_case log;
		int r;

		make(&log);
		memory_fail_at(++n);
		r = read_log(&log, text, strlen(text));
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
		assert_false(failures && log.change.items != log.items);
		arena_release(&log.arena);
	} while (failures);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_moved_and_stray),
		cmocka_unit_test(test_the_last_move_counts),
		cmocka_unit_test(test_mark_moved),
		cmocka_unit_test(test_an_intent_alone),
		cmocka_unit_test(test_a_cut_last_line_does_not_count),
		cmocka_unit_test(test_other_logs_and_garbage),
		cmocka_unit_test(test_nul_bytes_are_garbage),
		cmocka_unit_test(test_a_host_without_boot_id),
		cmocka_unit_test(test_a_change_without_items),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
