/* SPDX-License-Identifier: MIT */
/* Every allocation of loading, planning, applying and restoring made to fail in turn.
 *
 * From the n-th allocation on, none succeeds: what must be finished then must have its memory already. */
#include "base/memory.h"
#include "engine_fixture.h"

#include <string.h>

static const char base_text[] =
	"summary: the base\n"
	"parameters:\n"
	"  net.core.somaxconn: {value: 65535, why: a longer accept queue}\n"
	"  net.ipv4.tcp_rmem: [4096, 131072, 16777216]\n"
	"  net.ipv4.conf.*.rp_filter: 2\n";
static const char child_text[] =
	"extends: [base]\n"
	"variables:\n"
	"  backlog: {default: 1024, unit: sockets, summary: what is enough}\n"
	"parameters:\n"
	"  net.core.somaxconn:\n"
	"    value: \"${max(backlog, 5)}\"\n"
	"    when: \"${kernel >= '5.4' && exists('net.core.somaxconn') && !module('no_such_module')}\"\n"
	"  net.ipv4.tcp_fin_timeout: {value: 1, when: \"${0}\"}\n"
	"  net.core.rmem_max: {at_least: 16777216}\n"
	"  net.ipv4.ip_local_reserved_ports: \"8080,9090-9099\"\n"
	"  net.ipv4.ip_forward: 1\n"
	"  vm.dirty_bytes: 1000000\n"
	"  net.ipv4.no_such_key: {value: 1, optional: true}\n";
/* The key that fails. */
static const char last_text[] = "extends: [child]\nparameters:\n  vm.swappiness: 10\n";

static const struct fake_rule rules[] = {
	{ "net/ipv4/ip_forward", fake_forward, NULL, NULL },
	{ "vm/dirty_bytes", fake_zero_sibling, "vm/dirty_ratio", NULL },
	{ "vm/dirty_ratio", fake_zero_sibling, "vm/dirty_bytes", NULL },
	{ "vm/swappiness", fake_half_apply, "10", "11\n" },
};

static void add_profiles(struct fixture *fixture)
{
	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_add_profile(fixture, "base", base_text);
	fixture_add_profile(fixture, "child", child_text);
	fixture_add_profile(fixture, "last", last_text);
}

/* Loads, resolves and plans; the verdict. */
static int make_plan(struct fixture *fixture, const char *name)
{
	const char *const names[] = { name };
	struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys };
	int r = library_select(&fixture->library, names, 1, &fixture->selection);

	return r ? r : planner_build(&planner, &fixture->selection, &fixture->plan);
}

static void test_loading_and_planning(void **state)
{
	struct fixture *fixture = *state;
	unsigned long failures, n = 0;

	do {
		int r;

		fixture_begin_again(fixture);
		/* An arena of its own block, so that its growth is among the allocations. */
		fixture_open_library(fixture);
		memory_fail_at(++n);
		r = make_plan(fixture, "child");
		failures = memory_failures();
		memory_fail_at(0);
		if (failures)
			check_row(r == -ENOMEM || (r == 1 && fixture->diags.errors > 0),
				"the %lu-th allocation gives %d", n, r);
		else
			assert_int_equal(r, 0);
		assert_int_equal(fixture->kernel.writes, 0);
	} while (failures);
	fixture_assert_unchanged(fixture);
	print_message("loading and planning: %lu allocations failed in turn\n", n - 1);
	assert_true(n > 5);
}

static void assert_targets_hold(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->plan.count; i++) {
		const struct plan_row *row = &fixture->plan.rows[i];
		struct value now;
		int error;

		if (row->status != PLAN_CHANGE && row->status != PLAN_SAME)
			continue;
		assert_int_equal(procsys_read(&fixture->kernel.procsys, &fixture->arena, row->path, &now,
			&error), 0);
		check_row(catalog_satisfied(row->catalog, row->target, now), "%s does not hold", row->path);
	}
}

/* The record on disk must know of anything that was left behind, and one command must finish it. */
static void assert_recoverable(struct fixture *fixture)
{
	const struct undo plainly = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	struct restore_result result;
	struct change *change;
	const char *problem;
	int r;

	fixture_reopen_store(fixture);
	r = restore_choose(&fixture->store, &fixture->arena, &fixture->host, NULL, false, &change, &problem);
	if (r == RESTORE_NONE)
		return;
	assert_int_equal(r, 0);
	assert_int_equal(restore_run(&plainly, &fixture->store, CHANGE_BY_RESTORE, change, &result), 0);
	assert_int_equal(result.outcome, RESTORE_DONE);
}

/* Applies with the n-th allocation failing; whether any failed. */
static bool try_apply(struct fixture *fixture, const char *profile, unsigned long n)
{
	struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host };
	struct apply_result result = { .outcome = APPLY_NOTHING_TO_DO };
	unsigned long failures;
	int r;

	fixture_begin_again(fixture);
	fixture_open_library(fixture);
	assert_int_equal(make_plan(fixture, profile), 0);
	memory_fail_at(n);
	r = apply_run(&apply, &fixture->plan, &result);
	failures = memory_failures();
	memory_fail_at(0);

	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(fixture->kernel.writes, 0);
		fixture_assert_unchanged(fixture);
	} else if (result.outcome == APPLY_APPLIED) {
		assert_targets_hold(fixture);
	} else {
		check_row(result.outcome == APPLY_ROLLED_BACK, "the %lu-th allocation: %s, %s", n,
			apply_outcome_name(result.outcome), result.problem ? result.problem : "");
		fixture_assert_unchanged(fixture);
	}
	check_row(failures || result.record_error == 0, "without a failure the record is complete");
	if (strcmp(profile, "child") == 0 && !failures)
		assert_int_equal(result.outcome, APPLY_APPLIED);
	return failures > 0;
}

static bool try_apply_and_recover(struct fixture *fixture, const char *profile, unsigned long n)
{
	bool failed = try_apply(fixture, profile, n);

	assert_recoverable(fixture);
	fixture_assert_unchanged(fixture);
	return failed;
}

static void test_an_apply_that_succeeds(void **state)
{
	unsigned long n = 0;

	while (try_apply_and_recover(*state, "child", ++n))
		;
	print_message("apply: %lu allocations failed in turn\n", n - 1);
	assert_true(n > 20);
}

static void test_an_apply_that_rolls_back(void **state)
{
	unsigned long n = 0;

	while (try_apply_and_recover(*state, "last", ++n))
		;
	print_message("apply with a rollback: %lu allocations failed in turn\n", n - 1);
	assert_true(n > 20);
}

/* The target is long where the original was empty: the memory for reading back must be there all the same. */
static void test_an_apply_of_a_long_value(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_STRBUF struct strbuf parameters = STRBUF_INIT;
	struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host };
	unsigned long failures, n = 0;

	strbuf_add_text(&parameters, "  net.ipv4.ip_local_reserved_ports: \"1");
	for (unsigned port = 3; port < 60000; port += 2)
		strbuf_printf(&parameters, ",%u", port);
	strbuf_add_text(&parameters, "\"\n  vm.swappiness: 10\n");
	assert_int_equal(strbuf_check(&parameters), 0);
	do {
		struct apply_result result = { .outcome = APPLY_NOTHING_TO_DO };
		int r;

		fixture_begin_again(fixture);
		fixture_plan(fixture, parameters.bytes);
		/* The later ones are in finishing, where a failure matters least: fewer of them. */
		n += n < 200 ? 1 : 397;
		memory_fail_at(n);
		r = apply_run(&apply, &fixture->plan, &result);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(r < 0 || result.outcome == APPLY_ROLLED_BACK, "the %lu-th allocation: %s, %s", n,
			apply_outcome_name(result.outcome), result.problem ? result.problem : "");
		fixture_assert_unchanged(fixture);
	} while (failures);
	print_message("apply of a long value: allocations up to the %lu-th failed\n", n);
}

static void test_a_restore(void **state)
{
	struct fixture *fixture = *state;
	struct undo undo = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	unsigned long failures, n = 0;

	do {
		struct restore_result result = { .outcome = RESTORE_DONE };
		struct change *change = NULL;
		const char *problem = NULL;
		int r;

		fixture_begin_again(fixture);
		fixture_open_library(fixture);
		assert_int_equal(make_plan(fixture, "child"), 0);
		assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
		memory_fail_at(++n);
		r = restore_choose(&fixture->store, &fixture->arena, &fixture->host, NULL, false, &change,
			&problem);
		if (r == 0)
			r = restore_run(&undo, &fixture->store, CHANGE_BY_RESTORE, change, &result);
		failures = memory_failures();
		memory_fail_at(0);
		if (r == 0 && result.outcome == RESTORE_DONE)
			fixture_assert_unchanged(fixture);
		else
			check_row(failures, "restore gives %d, %d", r, (int)result.outcome);
		/* Whatever it came to: a second one has memory and finishes. */
		assert_recoverable(fixture);
		fixture_assert_unchanged(fixture);
	} while (failures);
	print_message("restore: %lu allocations failed in turn\n", n - 1);
}

static int set_up(void **state)
{
	int r = fixture_set_up(state);

	add_profiles(*state);
	return r;
}

int main(void)
{
#define WITH_PROFILES(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)
	static const struct CMUnitTest tests[] = {
		WITH_PROFILES(test_loading_and_planning),
		WITH_PROFILES(test_an_apply_that_succeeds),
		WITH_PROFILES(test_an_apply_that_rolls_back),
		WITH_PROFILES(test_an_apply_of_a_long_value),
		WITH_PROFILES(test_a_restore),
	};

	return RUN_TESTS(tests);
}
