/* SPDX-License-Identifier: MIT */
/* Counting and ordering a plan. */
#include "model/plan.h"

#include "unit.h"

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
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_names_are_the_contract),
	};

	return RUN_TESTS(tests);
}
