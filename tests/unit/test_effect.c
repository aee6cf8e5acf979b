/* SPDX-License-Identifier: MIT */
/* Whether a change did what it was meant to. */
#include "engine/effect.h"
#include "engine_fixture.h"
#include "model/catalog.h"

#include <stdio.h>
#include <netinet/tcp.h>
#include <string.h>

static struct arena arena;
static struct counters baseline;
static struct observation seen;
static struct change_item item;
static struct change change;
static struct effects effects;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	baseline = (struct counters){ .time_ns = 1000000000 };
	seen = (struct observation){ .arena = &arena, .now = { .time_ns = 61000000000 } };
	change = (struct change){ .id = "20261122T064700Z-7f3a", .state = CHANGE_STANDING, .baseline = &baseline,
		.items = &item, .items_count = 1 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define COUNT(counter, before, after)                                                             \
	(baseline.counter = (before), baseline.known.counter = true, seen.now.counter = (after),  \
		seen.now.known.counter = true)
#define RATE(counter, rate) (seen.rates.counter = (rate), seen.rates.known.counter = true)

static void set(const char *path, const char *before, const char *after)
{
	item = (struct change_item){ .path = path, .key = path, .role = CHANGE_STEP, .status = CHANGE_APPLIED,
		.type = catalog_type(catalog_find(path)), .original = value_of(before), .target = value_of(after),
		.ours = value_of(after), .intended = true, .completed = true };
}

static const struct effect *judge(const char *counter)
{
	assert_int_equal(effects_judge(&arena, NULL, &change, &seen, &effects), 0);
	for (size_t i = 0; i < effects.count; i++)
		if (!counter ? !effects.items[i].row : effects.items[i].row &&
			strcmp(effects.items[i].row->counter, counter) == 0)
			return &effects.items[i];
	fail_msg("%s is not told", counter ? counter : "nothing");
	return NULL;
}

static void assert_verdict(const char *counter, enum effect_verdict verdict)
{
	const struct effect *effect = judge(counter);

	if (effect->verdict != verdict)
		fail_msg("%s: %s, %s", counter ? counter : "none", effect_verdict_name(effect->verdict), effect->text);
}

static void the_table_names_what_there_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < effect_rows_count; i++) {
		const struct effect_row *row = &effect_rows[i];
		int counter = counter_find(row->counter), against = row->against ? counter_find(row->against) : -1;

		check_row(catalog_find(row->path) != NULL, "%s", row->path);
		check_row(counter >= 0 && (!row->against || against >= 0), "%s: %s", row->path, row->counter);
		/* Totals stop or rise and are measured by a total; levels fall. */
		check_row((counter_rows[counter].kind == COUNTER_TOTAL) ==
			(row->kind == EFFECT_STOPS || row->kind == EFFECT_RISES), "%s: %s", row->path, row->counter);
		check_row((row->against != NULL) == (row->kind == EFFECT_STOPS || row->kind == EFFECT_FILL), "%s", row->path);
		check_row(!row->against || counter_rows[against].kind == counter_rows[counter].kind, "%s", row->path);
	}
}

static void losses_that_stop(void **state)
{
	static const struct {
		uint64_t before, after, taken_before, taken_after;
		double rate;	/* below 0: one look only */
		unsigned seconds;
		enum effect_verdict verdict;
	} rows[] = {
		/* One in ten was lost: after thirty more, three were to be expected. */
		{ 100, 100, 1000, 1030, 0, 60, EFFECT_WORKED },
		{ 100, 100, 1000, 1029, 0, 60, EFFECT_TOO_EARLY },
		{ 100, 100, 1000, 1029, -1, 599, EFFECT_TOO_EARLY },
		/* However rare it was, ten minutes with connections are enough; without any they are not. */
		{ 1, 1, 1000000, 1000001, 0, 600, EFFECT_WORKED },
		{ 1, 1, 1000000, 1000000, 0, 600, EFFECT_TOO_EARLY },
		{ 0, 0, 1000, 5000, 0, 6000, EFFECT_TOO_EARLY },
		{ 100, 150, 1000, 1500, 5, 60, EFFECT_DID_NOT_HELP },
		{ 100, 150, 1000, 1500, -1, 60, EFFECT_DID_NOT_HELP },
		{ 100, 150, 1000, 1500, 0, 60, EFFECT_TOO_EARLY },
		/* A tenth of what was to be expected is as good as none, unless it goes on. */
		{ 100, 105, 1000, 1500, 0, 60, EFFECT_WORKED },
		{ 100, 105, 1000, 1500, -1, 60, EFFECT_WORKED },
		{ 100, 105, 1000, 1500, 5, 60, EFFECT_DID_NOT_HELP },
		{ 0, 5, 1000, 1500, 5, 60, EFFECT_DID_NOT_HELP },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct effect *effect;

		set_up(state);
		set("net/core/somaxconn", "4096\n", "8192\n");
		seen.now.time_ns = baseline.time_ns + UINT64_C(1000000000) * rows[i].seconds;
		COUNT(listen_overflows, rows[i].before, rows[i].after);
		COUNT(passive_opens, rows[i].taken_before, rows[i].taken_after);
		if (rows[i].rate >= 0)
			RATE(listen_overflows, rows[i].rate);
		effect = judge("listen_overflows");
		check_row(effect->verdict == rows[i].verdict, "row %zu: %s, %s", i, effect_verdict_name(effect->verdict),
			effect->text);
		assert_int_equal(effects_bad(&effects), rows[i].verdict == EFFECT_DID_NOT_HELP);
		assert_true(effects.seconds == rows[i].seconds);
		tear_down(state);
	}
	set_up(state);
}

static void the_listener_that_kept_its_backlog(void **state)
{
	struct listener listeners[] = {
		{ .family = AF_INET, .port = 80, .queue = 3, .backlog = 511 },
		{ .family = AF_INET, .address = { 127, 0, 0, 1 }, .port = 8080, .queue = 129, .backlog = 128 },
		/* Full, but as long as it may be. */
		{ .family = AF_INET, .port = 9090, .queue = 8193, .backlog = 8192 },
	};

	(void)state;
	set("net/core/somaxconn", "4096\n", "8192\n");
	COUNT(listen_overflows, 100, 150);
	COUNT(passive_opens, 1000, 1500);
	assert_non_null(strstr(judge("listen_overflows")->text, "was it restarted?"));
	seen.settings.somaxconn = 8192;
	seen.listeners = (struct listeners){ .items = listeners, .count = COUNT_OF(listeners), .has_backlog = true };
	seen.has_listeners = true;
	assert_non_null(strstr(judge("listen_overflows")->text, "127.0.0.1:8080 still has a backlog of 128"));
}

static void what_rises(void **state)
{
	(void)state;
	set("net/ipv4/tcp_tw_reuse", "2\n", "1\n");
	COUNT(time_waits_reused, 5, 5);
	assert_verdict("time_waits_reused", EFFECT_TOO_EARLY);
	COUNT(time_waits_reused, 5, 6);
	assert_verdict("time_waits_reused", EFFECT_WORKED);
	COUNT(time_waits_reused, 5, 5);
	seen.settings.known.timestamps = true;
	assert_verdict("time_waits_reused", EFFECT_DID_NOT_HELP);
	assert_non_null(strstr(judge("time_waits_reused")->text, "tcp_timestamps is 0"));
}

static void what_falls(void **state)
{
	(void)state;
	set("net/ipv4/tcp_fin_timeout", "60\n", "15\n");
	COUNT(tcp_time_waits, 999, 999);
	assert_verdict("tcp_time_waits", EFFECT_TOO_EARLY);
	COUNT(tcp_time_waits, 10000, 9001);
	assert_verdict("tcp_time_waits", EFFECT_TOO_EARLY);
	COUNT(tcp_time_waits, 10000, 9000);
	assert_verdict("tcp_time_waits", EFFECT_WORKED);
	COUNT(tcp_time_waits, 10000, 20000);
	seen.now.time_ns = UINT64_C(121000000000);
	assert_verdict("tcp_time_waits", EFFECT_DID_NOT_HELP);
	seen.has_sockets = true;
	seen.counts.fin_wait2_small = 15000;
	seen.states[TCP_TIME_WAIT] = 5000;
	assert_verdict("tcp_time_waits", EFFECT_DID_NOT_HELP);
	/* The parameter is not about these. */
	seen.counts.fin_wait2_small = 40;
	seen.states[TCP_TIME_WAIT] = 19960;
	assert_verdict("tcp_time_waits", EFFECT_CANNOT_TELL);
}

static void what_fills(void **state)
{
	(void)state;
	set("net/netfilter/nf_conntrack_max", "1000\n", "4000\n");
	COUNT(conntrack_count, 950, 960);
	COUNT(conntrack_max, 1000, 4000);
	assert_verdict("conntrack_count", EFFECT_WORKED);
	assert_true(judge("conntrack_count")->since == 0.24);
	assert_verdict("conntrack_drops", EFFECT_CANNOT_TELL);
	COUNT(conntrack_drops, 17, 17);
	COUNT(segments_in, 100, 100000);
	assert_verdict("conntrack_drops", EFFECT_WORKED);
	COUNT(conntrack_count, 950, 3900);
	seen.now.time_ns = UINT64_C(121000000000);
	assert_verdict("conntrack_count", EFFECT_DID_NOT_HELP);
	COUNT(conntrack_count, 100, 600);
	assert_verdict("conntrack_count", EFFECT_TOO_EARLY);
}

static void what_cannot_be_told(void **state)
{
	(void)state;
	set("net/core/somaxconn", "4096\n", "8192\n");
	assert_string_equal(judge("listen_overflows")->text, "this kernel does not count it here");
	COUNT(listen_overflows, 1000, 3);
	assert_string_equal(judge("listen_overflows")->text, "the counter has begun anew since the change");
	assert_verdict("listen_overflows", EFFECT_CANNOT_TELL);
	change.baseline = NULL;
	assert_string_equal(judge("listen_overflows")->text, "the record has no counters of before the change");
	assert_true(effects.seconds == 0);
	set("net/ipv4/tcp_rfc1337", "0\n", "1\n");
	assert_verdict(NULL, EFFECT_CANNOT_TELL);
}

/* One that went the other way has another purpose; one that was not written has no effect. */
static void what_was_not_meant(void **state)
{
	(void)state;
	COUNT(listen_overflows, 100, 150);
	set("net/core/somaxconn", "8192\n", "4096\n");
	assert_null(judge(NULL)->row);
	set("net/ipv4/tcp_rmem", "4096\t131072\t6291456\n", "4096\t131072\t33554432\n");
	assert_verdict("receive_pruned", EFFECT_CANNOT_TELL);
	item.withdrawn = true;
	assert_int_equal(effects_judge(&arena, NULL, &change, &seen, &effects), 0);
	assert_int_equal(effects.count, 0);
	item.withdrawn = item.intended = false;
	assert_int_equal(effects_judge(&arena, NULL, &change, &seen, &effects), 0);
	assert_int_equal(effects.count, 0);
}

static void a_value_that_somebody_else_set(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 65535\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	baseline = (struct counters){ .time_ns = 1 };
	seen = (struct observation){ .now = { .time_ns = 2 } };
	fixture->applied.change->baseline = &baseline;
	assert_int_equal(effects_judge(&fixture->arena, &fixture->kernel.procsys, fixture->applied.change, &seen,
		&effects), 0);
	assert_string_equal(effects.items[0].text, "this kernel does not count it here");
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "1\n");
	assert_int_equal(effects_judge(&fixture->arena, &fixture->kernel.procsys, fixture->applied.change, &seen,
		&effects), 0);
	assert_string_equal(effects.items[0].text, "somebody has set another value since");
}

static int choose(struct fixture *fixture, const char *id)
{
	const char *problem = NULL;
	struct change *chosen;

	return effects_choose(&fixture->store, &fixture->arena, &fixture->host, id, &chosen, &problem);
}

static void the_change_that_is_meant(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result restored;
	struct change *undone;
	const char *id;

	assert_int_equal(choose(fixture, "last"), EFFECTS_NO_CHANGE);
	assert_int_equal(choose(fixture, "2"), EFFECTS_NO_CHANGE);
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	id = fixture->applied.change->id;
	assert_int_equal(choose(fixture, "last"), 0);
	assert_int_equal(choose(fixture, id), 0);
	assert_int_equal(choose(fixture, "2"), 0);
	assert_int_equal(choose(fixture, ""), EFFECTS_NO_CHANGE);
	assert_int_equal(choose(fixture, "3"), EFFECTS_NO_CHANGE);
	fixture->host.netns = "1";
	assert_int_equal(choose(fixture, id), EFFECTS_OTHER_NETNS);
	fixture->host.boot_id = "another";
	assert_int_equal(choose(fixture, id), EFFECTS_OTHER_BOOT);
	fixture->host = fixture->applied.change->host;
	fixture_restore(fixture, &(struct undo){ 0 }, &restored, &undone);
	assert_int_equal(choose(fixture, id), EFFECTS_NOT_STANDING);
	assert_int_equal(choose(fixture, "last"), EFFECTS_NO_CHANGE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_names_what_there_is),
		TEST(losses_that_stop),
		TEST(the_listener_that_kept_its_backlog),
		TEST(what_rises),
		TEST(what_falls),
		TEST(what_fills),
		TEST(what_cannot_be_told),
		TEST(what_was_not_meant),
		WITH_FIXTURE(a_value_that_somebody_else_set),
		WITH_FIXTURE(the_change_that_is_meant),
	};

	return RUN_TESTS(tests);
}
