/* SPDX-License-Identifier: MIT */
/* Counting and ordering a plan. */
#include "model/plan.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 8 };

static void make_plan(struct plan *plan, struct plan_row *rows, const char *const paths[])
{
	*plan = (struct plan){ .rows = rows };
	for (; plan->count < ROWS_MAX && paths[plan->count]; plan->count++)
		rows[plan->count] = (struct plan_row){
			.path = paths[plan->count], .catalog = catalog_find(paths[plan->count]) };
}

static void test_order(void **state)
{
	static const struct {
		const char *given[ROWS_MAX], *expected[ROWS_MAX];
	} cases[] = {
		{ { "net/core/somaxconn", "vm/swappiness" }, { "net/core/somaxconn", "vm/swappiness" } },
		/* after */
		{ { "net/ipv4/ip_local_port_range", "net/core/somaxconn", "net/ipv4/ip_local_reserved_ports" },
		  { "net/core/somaxconn", "net/ipv4/ip_local_reserved_ports",
		    "net/ipv4/ip_local_port_range" } },
		{ { "net/ipv4/tcp_tw_reuse", "net/ipv4/tcp_timestamps" },
		  { "net/ipv4/tcp_timestamps", "net/ipv4/tcp_tw_reuse" } },
		/* What ip_forward would overwrite comes after it. */
		{ { "net/ipv4/conf/eth0/forwarding", "net/ipv4/conf/default/forwarding",
		    "net/ipv4/ip_forward" },
		  { "net/ipv4/ip_forward", "net/ipv4/conf/default/forwarding",
		    "net/ipv4/conf/eth0/forwarding" } },
		{ { "net/ipv4/conf/all/accept_redirects", "net/ipv4/ip_forward" },
		  { "net/ipv4/ip_forward", "net/ipv4/conf/all/accept_redirects" } },
		/* default before the interfaces that it is passed on to */
		{ { "net/ipv4/conf/eth0/rp_filter", "net/ipv4/conf/default/rp_filter" },
		  { "net/ipv4/conf/default/rp_filter", "net/ipv4/conf/eth0/rp_filter" } },
		/* The catalogue does not know these. */
		{ { "z/z", "a/a" }, { "z/z", "a/a" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct plan_row rows[ROWS_MAX];
		struct plan plan;

		make_plan(&plan, rows, cases[i].given);
		plan_order(&plan);
		for (size_t k = 0; k < plan.count; k++)
			check_row(strcmp(rows[k].path, cases[i].expected[k]) == 0, "row %zu has %s at %zu", i,
				rows[k].path, k);
	}
}

/* Catalogue rows that wait for each other, which the real one must not have. */
static void test_a_cycle_ends(void **state)
{
	static const char *const after_a[] = { "c", NULL }, *const after_b[] = { "a", NULL };
	static const char *const after_c[] = { "b", NULL }, *const none[] = { NULL };
	const struct catalog_row catalog[] = {
		{ .path = "a", .after = after_a, .cascades = none },
		{ .path = "b", .after = after_b, .cascades = none },
		{ .path = "c", .after = after_c, .cascades = none },
	};
	struct plan_row rows[] = {
		{ .path = "a", .catalog = &catalog[0] },
		{ .path = "b", .catalog = &catalog[1] },
		{ .path = "c", .catalog = &catalog[2] },
	};
	struct plan plan = { .rows = rows, .count = COUNT_OF(rows) };
	unsigned seen = 0;

	(void)state;
	plan_order(&plan);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		seen |= 1u << (rows[i].path[0] - 'a');
	assert_int_equal(seen, 7);
	plan.count = 0;
	plan_order(&plan);
}

/* Both are catalogued as moving each other's kind; ordering them must end and lose nothing. */
static void test_aliases_that_cascade_into_each_other_end(void **state)
{
	static const char *const paths[ROWS_MAX] = { "net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding",
		"net/ipv4/conf/eth0/forwarding" };
	struct plan_row rows[ROWS_MAX];
	struct plan plan;

	(void)state;
	make_plan(&plan, rows, paths);
	plan_order(&plan);
	assert_int_equal(plan.count, 3);
	assert_string_equal(rows[2].path, "net/ipv4/conf/eth0/forwarding");
}

/* ---- rules that depend on the values ---- */

struct valued_row {
	const char *path, *live, *target;
	enum plan_status status;
};

static void make_valued_plan(struct plan *plan, struct plan_row *rows, const struct valued_row given[], size_t count)
{
	*plan = (struct plan){ .rows = rows, .count = count };
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct plan_row){
			.path = given[i].path,
			.catalog = catalog_find(given[i].path),
			.status = given[i].status,
			.live = given[i].live ? value_of(given[i].live) : (struct value){ .bytes = NULL },
			.target = value_of(given[i].target),
		};
}

#define PORTS "net/ipv4/ip_local_port_range"
#define FIRST_FREE "net/ipv4/ip_unprivileged_port_start"
#define RATE "kernel/perf_event_max_sample_rate"
#define PERCENT "kernel/perf_cpu_time_max_percent"
#define SWAP "vm/swappiness"
#define THRESH(n) "net/ipv4/neigh/default/gc_thresh" #n

/* Each case is given in both orders, with a row that nothing is known of in between. */
static void test_two_keys_that_depend_on_each_other(void **state)
{
	static const struct {
		struct valued_row first, second;	/* as they must be written */
	} cases[] = {
		/* not_above, upwards: the higher one makes room. */
		{ { PORTS, "32768\t60999\n", "40000 60999", PLAN_CHANGE },
		  { FIRST_FREE, "1024\n", "35000", PLAN_CHANGE } },
		/* Downwards: the lower one goes first. */
		{ { FIRST_FREE, "35000\n", "1024", PLAN_CHANGE },
		  { PORTS, "40000\t60999\n", "2000 60999", PLAN_CHANGE } },
		/* Where both ways work, the higher one goes first, also where it sinks or stops at the very edge. */
		{ { PORTS, "40000\t60999\n", "2000 60999", PLAN_CHANGE },
		  { FIRST_FREE, "1024\n", "80", PLAN_CHANGE } },
		{ { PORTS, "40000\t60999\n", "1024 60999", PLAN_CHANGE },
		  { FIRST_FREE, "1024\n", "80", PLAN_CHANGE } },
		{ { THRESH(2), "512\n", "4096", PLAN_CHANGE }, { THRESH(1), "128\n", "2048", PLAN_CHANGE } },
		{ { THRESH(1), "2048\n", "128", PLAN_CHANGE }, { THRESH(2), "4096\n", "512", PLAN_CHANGE } },
		/* locked_by: opened first ... */
		{ { PERCENT, "0\n", "25", PLAN_CHANGE }, { RATE, "100000\n", "50000", PLAN_CHANGE } },
		{ { PERCENT, "100\n", "25", PLAN_CHANGE }, { RATE, "100000\n", "50000", PLAN_CHANGE } },
		/* ... and locked last. */
		{ { RATE, "100000\n", "50000", PLAN_CHANGE }, { PERCENT, "25\n", "0", PLAN_CHANGE } },
		{ { RATE, "100000\n", "50000", PLAN_CHANGE }, { PERCENT, "25\n", "100", PLAN_CHANGE } },
		{ { RATE, "100000\n", "50000", PLAN_CHANGE }, { PERCENT, "25\n", "0x64", PLAN_CHANGE } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases) * 2; i++) {
		const struct valued_row *first = &cases[i / 2].first, *second = &cases[i / 2].second;
		const struct valued_row between = { SWAP, "60\n", "10", PLAN_CHANGE };
		const struct valued_row given[] = { i % 2 ? *second : *first, between, i % 2 ? *first : *second };
		struct plan_row rows[ROWS_MAX];
		size_t places[2] = { 0, 0 };
		struct plan plan;

		make_valued_plan(&plan, rows, given, COUNT_OF(given));
		plan_order(&plan);
		for (size_t k = 0; k < plan.count; k++) {
			places[0] = strcmp(rows[k].path, first->path) == 0 ? k : places[0];
			places[1] = strcmp(rows[k].path, second->path) == 0 ? k : places[1];
		}
		check_row(places[0] < places[1], "row %zu: %s comes after %s", i / 2, first->path, second->path);
	}
}

/* Then they stay as they were given. */
static void test_values_that_do_not_matter_move_nothing(void **state)
{
	static const struct valued_row cases[][2] = {
		/* Only one of them changes. */
		{ { FIRST_FREE, "1024\n", "35000", PLAN_CHANGE },
		  { PORTS, "40000\t60999\n", "40000 60999", PLAN_SAME } },
		{ { PORTS, "40000\t60999\n", "2000 60999", PLAN_CHANGE }, { FIRST_FREE, "1024\n", "1024", PLAN_SAME } },
		{ { RATE, "100000\n", "50000", PLAN_CHANGE }, { PERCENT, "0\n", "0", PLAN_SAME } },
		{ { FIRST_FREE, "1024\n", "35000", PLAN_CHANGE }, { PORTS, NULL, "40000 60999", PLAN_ABSENT } },
		/* Neither locked before nor after. */
		{ { RATE, "100000\n", "50000", PLAN_CHANGE }, { PERCENT, "25\n", "50", PLAN_CHANGE } },
		{ { PERCENT, "25\n", "50", PLAN_CHANGE }, { RATE, "100000\n", "50000", PLAN_CHANGE } },
		/* Bounded only by the one in between, which is not in the plan. */
		{ { THRESH(1), "128\n", "64", PLAN_CHANGE }, { THRESH(3), "1024\n", "2048", PLAN_CHANGE } },
		{ { THRESH(3), "1024\n", "2048", PLAN_CHANGE }, { THRESH(1), "128\n", "64", PLAN_CHANGE } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct plan_row rows[ROWS_MAX];
		struct plan plan;

		make_valued_plan(&plan, rows, cases[i], COUNT_OF(cases[i]));
		plan_order(&plan);
		check_row(strcmp(rows[0].path, cases[i][0].path) == 0, "row %zu is moved", i);
	}
}

/* ---- a kernel that keeps keys in order, and random plans ---- */

enum { CHAIN_MAX = 3 };

/* Lowest first: the kernel refuses every write after which one would exceed the next. */
struct chain {
	const char *paths[CHAIN_MAX];
	size_t count;
	unsigned highest;
};

static unsigned long random_state = 1;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(random_state >> 33) % limit;
}

/* Few distinct numbers, so that equal ones and edges come often. */
static void draw_ordered(const struct chain *chain, unsigned numbers[CHAIN_MAX])
{
	unsigned limit = random_below(2) ? 6 : chain->highest;

	for (size_t i = 0; i < chain->count; i++) {
		unsigned number = 1 + random_below(limit);
		size_t at = i;

		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
	}
}

static size_t place_in(const struct chain *chain, const char *path)
{
	for (size_t i = 0; i < chain->count; i++)
		if (strcmp(chain->paths[i], path) == 0)
			return i;
	return chain->count;
}

static bool is_in_order(const struct chain *chain, const unsigned numbers[CHAIN_MAX])
{
	for (size_t i = 1; i < chain->count; i++)
		if (numbers[i - 1] > numbers[i])
			return false;
	return true;
}

/* A random plan for the chain, its rows shuffled; then the writes in the order that was found, and the way back in
 * the opposite one, which is how they are undone. */
static void check_chain(const struct chain *chain)
{
	unsigned live[CHAIN_MAX], target[CHAIN_MAX], now[CHAIN_MAX];
	char live_text[CHAIN_MAX][16], target_text[CHAIN_MAX][16];
	struct valued_row given[CHAIN_MAX];
	struct plan_row rows[ROWS_MAX];
	struct plan plan;

	draw_ordered(chain, live);
	draw_ordered(chain, target);
	for (size_t i = 0; i < chain->count; i++) {
		size_t other = random_below((unsigned)i + 1);

		snprintf(live_text[i], sizeof(live_text[i]), "%u\n", live[i]);
		snprintf(target_text[i], sizeof(target_text[i]), "%u", target[i]);
		given[i] = given[other];
		given[other] = (struct valued_row){ chain->paths[i], live_text[i], target_text[i],
			live[i] == target[i] ? PLAN_SAME : PLAN_CHANGE };
	}
	make_valued_plan(&plan, rows, given, chain->count);
	plan_order(&plan);
	memcpy(now, live, sizeof(now));
	for (size_t k = 0; k < plan.count; k++) {
		size_t i = place_in(chain, rows[k].path);

		now[i] = target[i];
		check_row(is_in_order(chain, now), "%s from %u to %u is refused as write %zu", rows[k].path, live[i],
			target[i], k);
	}
	assert_memory_equal(now, target, chain->count * sizeof(now[0]));
	for (size_t k = plan.count; k-- > 0;) {
		size_t i = place_in(chain, rows[k].path);

		now[i] = live[i];
		check_row(is_in_order(chain, now), "%s back from %u to %u is refused", rows[k].path, target[i], live[i]);
	}
}

static void test_an_ordered_kernel_refuses_nothing(void **state)
{
	static const struct chain chains[] = {
		{ { FIRST_FREE, PORTS }, 2, 65535 },
		{ { THRESH(1), THRESH(2), THRESH(3) }, 3, 100000 },
		{ { "net/ipv6/neigh/default/gc_thresh1", "net/ipv6/neigh/default/gc_thresh2",
		    "net/ipv6/neigh/default/gc_thresh3" }, 3, 100000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(chains); i++)
		for (unsigned n = 0; n < 20000; n++)
			check_chain(&chains[i]);
}

/* Whatever the catalogue bounds, alone with its bound. */
static void test_every_bound_of_the_catalogue(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct chain chain = { { catalog_at(i)->path, catalog_at(i)->not_above }, 2, 1000 };

		if (!catalog_at(i)->not_above)
			continue;
		count++;
		for (unsigned n = 0; n < 1000; n++)
			check_chain(&chain);
	}
	assert_true(count >= 5);
}

static void test_summary(void **state)
{
	struct plan_row rows[] = {
		{ .status = PLAN_SAME },
		{ .status = PLAN_SAME },
		{ .status = PLAN_CHANGE },
		{ .status = PLAN_ABSENT, .tolerated = true },
		{ .status = PLAN_ABSENT },
		{ .status = PLAN_READ_ONLY, .tolerated = true },
		{ .status = PLAN_READ_ONLY },
		{ .status = PLAN_UNREADABLE },
	};
	struct plan plan = { .rows = rows, .count = COUNT_OF(rows) };
	struct plan_summary summary = plan_summarize(&plan);

	(void)state;
	assert_int_equal(summary.total, 8);
	assert_int_equal(summary.same, 2);
	assert_int_equal(summary.change, 1);
	assert_int_equal(summary.absent, 2);
	assert_int_equal(summary.read_only, 2);
	assert_int_equal(summary.unreadable, 1);
	assert_int_equal(summary.blocking, 3);
	assert_true(plan_row_holds(&rows[0]));
	assert_false(plan_row_holds(&rows[2]));
	assert_true(plan_row_holds(&rows[3]));
	assert_false(plan_row_holds(&rows[4]));
}

static void test_names_are_the_contract(void **state)
{
	(void)state;
	assert_string_equal(plan_status_name(PLAN_SAME), "same");
	assert_string_equal(plan_status_name(PLAN_CHANGE), "change");
	assert_string_equal(plan_status_name(PLAN_ABSENT), "absent");
	assert_string_equal(plan_status_name(PLAN_READ_ONLY), "read_only");
	assert_string_equal(plan_status_name(PLAN_UNREADABLE), "unreadable");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_a_cycle_ends),
		cmocka_unit_test(test_aliases_that_cascade_into_each_other_end),
		cmocka_unit_test(test_two_keys_that_depend_on_each_other),
		cmocka_unit_test(test_values_that_do_not_matter_move_nothing),
		cmocka_unit_test(test_an_ordered_kernel_refuses_nothing),
		cmocka_unit_test(test_every_bound_of_the_catalogue),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_names_are_the_contract),
	};

	return RUN_TESTS(tests);
}
