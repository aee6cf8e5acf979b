/* SPDX-License-Identifier: MIT */
/* What diagnose says about loss on the way and about data dropped for want of room. */
#include "engine/diagnose_check.h"
#include "unit.h"

#include <string.h>

static struct arena arena;
static struct diagnosis diagnosis;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	diagnosis = (struct diagnosis){ .arena = &arena, .seen = { .arena = &arena, .has_interval = true } };
	diagnosis.seen.changes.elapsed_ns = 2000000000;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define MOVE(counter, number) \
	(diagnosis.seen.changes.counter = (number), diagnosis.seen.changes.known.counter = true)
#define SET(counter, number) \
	(diagnosis.seen.now.counter = (number), diagnosis.seen.now.known.counter = true)

/* The only finding, or NULL when there is none. */
static const struct finding *judge(void)
{
	diagnosis.findings = (struct findings){ 0 };
	diagnose_traffic.run(&diagnosis);
	assert_false(diagnosis.failed);
	assert_in_range(diagnosis.findings.count, 0, 1);
	return diagnosis.findings.count ? diagnosis.findings.items[0] : NULL;
}

static bool advises(const struct finding *finding, const char *words)
{
	for (size_t i = 0; i < finding->advice_count; i++)
		if (strstr(finding->advice[i], words))
			return true;
	return false;
}

static void quiet_host(void **state)
{
	(void)state;
	assert_null(judge());
	MOVE(segments_out, 100000);
	MOVE(segments_retransmitted, 0);
	assert_null(judge());
}

static void loss_by_its_share(void **state)
{
	static const struct {
		int64_t sent, again, handshakes;
		int level;	/* -1: no finding */
	} rows[] = {
		{ 10000, 99, 0, -1 }, { 10000, 100, 0, FINDING_WARNING }, { 10000, 499, 0, FINDING_WARNING },
		{ 10000, 500, 0, FINDING_CRITICAL },
		/* Too few to mean something. */
		{ 999, 500, 0, -1 }, { 1000, 19, 0, -1 }, { 1000, 20, 0, FINDING_WARNING },
		/* Somebody does not answer: that is no loss. */
		{ 10000, 500, 450, -1 }, { 10000, 600, 450, FINDING_WARNING }, { 10000, 300, 400, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *finding;

		MOVE(segments_out, rows[i].sent);
		MOVE(segments_retransmitted, rows[i].again);
		MOVE(syn_retransmits, rows[i].handshakes);
		finding = judge();
		check_row((finding ? (int)finding->level : -1) == rows[i].level, "row %zu", i);
		if (finding) {
			assert_ptr_equal(finding->row, &finding_rows[FINDING_RETRANSMISSIONS]);
			assert_int_equal(finding->remedies_count, 0);
		}
	}
}

static void slow_readers_are_no_loss(void **state)
{
	(void)state;
	MOVE(windows_closed, 43);
	MOVE(prune_called, 3);
	MOVE(zero_window_drops, 2);
	assert_null(judge());
}

static void drops_want_a_buffer(void **state)
{
	const struct finding *finding;

	(void)state;
	MOVE(receive_pruned, 5);
	MOVE(receive_queue_drops, 4);	/* the same ones */
	finding = judge();
	assert_non_null(finding);
	assert_int_equal(finding->level, FINDING_WARNING);
	assert_string_equal(finding->text,
		"received data was dropped 5 times in 2 s because a buffer was full; it has to be sent again");
	assert_int_equal(finding->remedies_count, 1);
	assert_string_equal(finding->remedies[0].path, "net/ipv4/tcp_rmem");
	assert_string_equal(finding->profile, "bulk-transfer");
	assert_false(advises(finding, "reads too slowly"));
}

/* A tenth of a second is not "0 s". */
static void drops_in_a_short_interval(void **state)
{
	(void)state;
	MOVE(backlog_drops, 3);
	diagnosis.seen.changes.elapsed_ns = 100000000;
	assert_non_null(strstr(judge()->text, "dropped 3 times in 100 ms"));
}

static void drops_of_a_slow_reader(void **state)
{
	const struct finding *finding;

	(void)state;
	MOVE(receive_pruned, 1);
	MOVE(windows_closed, 9);
	finding = judge();
	assert_true(advises(finding, "reads too slowly"));
	assert_int_equal(finding->remedies_count, 0);
	assert_null(finding->profile);
}

static void drops_for_want_of_memory(void **state)
{
	const struct finding *finding;

	(void)state;
	MOVE(receive_queue_drops, 9);
	SET(tcp_memory_pages, 1000);
	SET(tcp_memory_pressure_pages, 1000);
	finding = judge();
	assert_int_equal(finding->remedies_count, 1);
	assert_string_equal(finding->remedies[0].path, "net/ipv4/tcp_mem");
	diagnosis.seen.in_netns = true;
	assert_int_equal(judge()->remedies_count, 0);
}

static void drops_at_a_busy_process(void **state)
{
	(void)state;
	MOVE(backlog_drops, 12);
	assert_true(advises(judge(), "while its process is inside a call"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(quiet_host),
		TEST(loss_by_its_share),
		TEST(slow_readers_are_no_loss),
		TEST(drops_want_a_buffer),
		TEST(drops_in_a_short_interval),
		TEST(drops_of_a_slow_reader),
		TEST(drops_for_want_of_memory),
		TEST(drops_at_a_busy_process),
	};

	return RUN_TESTS(tests);
}
