/* SPDX-License-Identifier: MIT */
/* Settings against live values. */
#define _GNU_SOURCE
#include "engine/planner.h"

#include "engine_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_statuses(void **state)
{
	struct fixture *fixture = *state;
	struct plan_summary summary;

	assert_int_equal(unlinkat(fixture->kernel.procsys.dir_fd, "net/core/wmem_max", 0), 0);
	temp_dir_add_dir(&fixture->kernel.dir, "proc/sys/net/core/wmem_max", 0755);
	temp_dir_set_mode(&fixture->kernel.dir, "proc/sys/vm/dirty_ratio", 0444);
	temp_dir_set_mode(&fixture->kernel.dir, "proc/sys/vm/dirty_background_ratio", 0444);
	/* Root may open it all the same; the mode is what counts. */
	fixture->kernel.procsys.mode = PROCSYS_READ_ONLY;
	fixture_plan(fixture,
		"  net.core.somaxconn: 0x1000\n"
		"  net.ipv4.tcp_rmem: 4096 131072 6291456\n"
		"  vm.swappiness: 10\n"
		"  net.core.no_such_key: {value: 1, optional: true}\n"
		"  net.ipv4.tcp_max_syn_backlog: 4096\n"
		"  net.core.wmem_max: 300000\n");
	assert_int_equal(fixture_row(fixture, "net/core/somaxconn")->status, PLAN_SAME);
	assert_int_equal(fixture_row(fixture, "net/ipv4/tcp_rmem")->status, PLAN_SAME);
	assert_int_equal(fixture_row(fixture, "vm/swappiness")->status, PLAN_CHANGE);
	assert_string_equal(fixture_row(fixture, "vm/swappiness")->live_text, "60");
	assert_string_equal(fixture_row(fixture, "vm/swappiness")->target_text, "10");
	assert_string_equal(fixture_row(fixture, "net/ipv4/tcp_rmem")->live_text, "4096 131072 6291456");
	assert_int_equal(fixture_row(fixture, "net/core/no_such_key")->status, PLAN_ABSENT);
	assert_true(fixture_row(fixture, "net/core/no_such_key")->tolerated);
	assert_int_equal(fixture_row(fixture, "net/ipv4/tcp_max_syn_backlog")->status, PLAN_ABSENT);
	assert_false(fixture_row(fixture, "net/ipv4/tcp_max_syn_backlog")->tolerated);
	assert_null(fixture_row(fixture, "net/ipv4/tcp_max_syn_backlog")->live_text);
	assert_int_equal(fixture_row(fixture, "net/core/wmem_max")->status, PLAN_UNREADABLE);
	summary = plan_summarize(&fixture->plan);
	assert_int_equal(summary.total, 6);
	assert_int_equal(summary.blocking, 2);
	assert_int_equal(fixture->kernel.writes, 0);
}

static void test_read_only_keys(void **state)
{
	struct fixture *fixture = *state;

	temp_dir_set_mode(&fixture->kernel.dir, "proc/sys/vm/dirty_ratio", 0444);
	temp_dir_set_mode(&fixture->kernel.dir, "proc/sys/net/core/rmem_max", 0444);
	temp_dir_set_mode(&fixture->kernel.dir, "proc/sys/vm/swappiness", 0444);
	fixture->kernel.procsys.is_plain_tree = true;
	fixture_plan(fixture, "  vm.dirty_ratio: 10\n  net.core.rmem_max: {value: 300000, optional: true}\n"
		"  vm.swappiness: 60\n");
	assert_int_equal(fixture_row(fixture, "vm/dirty_ratio")->status, PLAN_READ_ONLY);
	assert_false(fixture_row(fixture, "vm/dirty_ratio")->tolerated);
	assert_int_equal(fixture_row(fixture, "net/core/rmem_max")->status, PLAN_READ_ONLY);
	assert_true(fixture_row(fixture, "net/core/rmem_max")->tolerated);
	/* What holds already need not be writable. */
	assert_int_equal(fixture_row(fixture, "vm/swappiness")->status, PLAN_SAME);
}

/* A likely misspelling is an error even where it is optional. */
static void test_a_misspelling_is_never_tolerated(void **state)
{
	struct fixture *fixture = *state;
	const struct plan_row *row;

	fixture_plan(fixture, "  net.core.somaxcon: {value: 1, optional: true}\n"
		"  net.ipv4.tcp_no_metrics_save: {value: 1, optional: true}\n");
	row = fixture_row(fixture, "net/core/somaxcon");
	assert_false(row->tolerated);
	assert_int_equal(row->notes_count, 1);
	assert_string_equal(row->notes[0].id, "did-you-mean");
	assert_string_equal(row->notes[0].text, "did you mean net.core.somaxconn?");
	assert_true(fixture_row(fixture, "net/ipv4/tcp_no_metrics_save")->tolerated);
}

static void test_bounds(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture,
		"  net.core.rmem_max: {at_least: 200000}\n"
		"  net.core.wmem_max: {at_least: 300000}\n"
		"  vm.swappiness: {at_most: 60}\n"
		"  net.ipv4.tcp_rmem: {at_least: [8192, 65536, 16777216]}\n"
		"  net.ipv4.tcp_fin_timeout: {at_most: 30}\n");
	assert_int_equal(fixture_row(fixture, "net/core/rmem_max")->status, PLAN_SAME);
	assert_string_equal(fixture_row(fixture, "net/core/rmem_max")->target_text, "212992");
	assert_int_equal(fixture_row(fixture, "net/core/wmem_max")->status, PLAN_CHANGE);
	assert_string_equal(fixture_row(fixture, "net/core/wmem_max")->target_text, "300000");
	assert_int_equal(fixture_row(fixture, "vm/swappiness")->status, PLAN_SAME);
	assert_string_equal(fixture_row(fixture, "net/ipv4/tcp_rmem")->target_text, "8192 131072 16777216");
	assert_string_equal(fixture_row(fixture, "net/ipv4/tcp_fin_timeout")->target_text, "30");
}

static void test_a_bound_on_what_is_no_number(void **state)
{
	struct fixture *fixture = *state;

	fake_kernel_set(&fixture->kernel, "kernel/odd", "text\n");
	assert_int_equal(fixture_try_plan(fixture, "  kernel.odd: {at_least: 1}\n"), 1);
	assert_string_equal(fixture->diags.first->id, "not-comparable");
}

static void test_globs_expand_and_explicit_keys_win(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture,
		"  net.ipv4.conf.eth0/100.rp_filter: 1\n"
		"  net.ipv4.conf.*.rp_filter: 2\n");
	assert_int_equal(fixture->plan.count, 4);
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/eth0.100/rp_filter")->target_text, "1");
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/eth0/rp_filter")->target_text, "2");
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/all/rp_filter")->target_text, "2");
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/eth0.100/rp_filter")->key,
		"net.ipv4.conf.eth0/100.rp_filter");
}

static void test_the_later_glob_wins(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.ipv4.conf.*.rp_filter: 2\n  net.ipv4.conf.eth*.rp_filter: 1\n");
	assert_int_equal(fixture->plan.count, 4);
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/eth0/rp_filter")->target_text, "1");
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/all/rp_filter")->target_text, "2");
}

static void test_a_glob_without_a_match(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.ipv4.conf.*.no_such_key: 2\n");
	assert_int_equal(fixture->plan.count, 0);
	assert_int_equal(fixture->diags.warnings, 1);
	assert_string_equal(fixture->diags.first->id, "no-match");
}

/* What a glob means is checked against the catalogue once it is known. */
static void test_a_glob_is_validated_where_it_leads(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture_try_plan(fixture, "  net.core.somax*: 0\n"), 1);
	assert_string_equal(fixture->diags.first->id, "out-of-range");
}

static void test_only_and_skip(void **state)
{
	static const char *const only[] = { "net.*" }, *const skip[] = { "*.tcp_*" };
	struct fixture *fixture = *state;
	struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys,
		.filter = { .only = only, .only_count = 1, .skip = skip, .skip_count = 1 } };

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  net.ipv4.tcp_fin_timeout: 1\n  vm.swappiness: 1\n");
	assert_int_equal(fixture->plan.count, 3);
	assert_int_equal(planner_build(&planner, &fixture->selection, &fixture->plan), 0);
	assert_int_equal(fixture->plan.count, 1);
	assert_string_equal(fixture->plan.rows[0].path, "net/core/somaxconn");
}

static void test_rows_stand_in_the_order_of_writing(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.ipv4.conf.eth0.forwarding: 0\n  net.ipv4.ip_forward: 1\n"
		"  net.ipv4.tcp_tw_reuse: 1\n  net.ipv4.tcp_timestamps: 1\n");
	assert_string_equal(fixture->plan.rows[0].path, "net/ipv4/ip_forward");
	assert_string_equal(fixture->plan.rows[1].path, "net/ipv4/conf/eth0/forwarding");
	assert_string_equal(fixture->plan.rows[2].path, "net/ipv4/tcp_timestamps");
	assert_string_equal(fixture->plan.rows[3].path, "net/ipv4/tcp_tw_reuse");
}

static void test_notes(void **state)
{
	struct fixture *fixture = *state;
	const struct plan_row *row;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.dirty_bytes: 1000000\n  net.ipv4.ip_forward: 1\n");
	row = fixture_row(fixture, "net/core/somaxconn");
	assert_int_equal(row->notes_count, 1);
	assert_string_equal(row->notes[0].id, "restart-listeners");
	assert_string_equal(fixture_row(fixture, "vm/dirty_bytes")->notes[0].id, "side-effects");
	assert_string_equal(fixture_row(fixture, "net/ipv4/ip_forward")->notes[0].id, "side-effects");
}

static void test_suggestions(void **state)
{
	struct fixture *fixture = *state;
	struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys };

	fake_kernel_set(&fixture->kernel, "kernel/uncatalogued_key", "1\n");
	assert_string_equal(planner_suggest(&planner, "net/core/somaxcon"), "net.core.somaxconn");
	assert_string_equal(planner_suggest(&planner, "kernel/uncataloged_key"), "kernel.uncatalogued_key");
	assert_null(planner_suggest(&planner, "kernel/nothing_like_any"));
	assert_null(planner_suggest(&planner, "no_slash"));
}

static void test_what_when_leaves_out(void **state)
{
	struct fixture *fixture = *state;
	struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys,
		.filter = { .only = (const char *const[]){ "vm.*" }, .only_count = 1 } };

	fixture_plan(fixture, "  net.ipv4.conf.*.rp_filter: '${1 + 1}'\n"
		"  net.ipv4.conf.eth0.rp_filter: {value: 1, when: '${0}'}\n"
		"  vm.swappiness: {value: 1, when: '${0}'}\n");
	assert_non_null(fixture_row(fixture, "net/ipv4/conf/eth0.100/rp_filter"));
	assert_string_equal(fixture_row(fixture, "net/ipv4/conf/eth0.100/rp_filter")->target_text, "2");
	/* Not even the glob sets it. */
	for (size_t i = 0; i < fixture->plan.count; i++)
		assert_string_not_equal(fixture->plan.rows[i].path, "net/ipv4/conf/eth0/rp_filter");
	assert_int_equal(fixture->plan.left_out_count, 2);
	assert_string_equal(fixture->plan.left_out[0]->path, "net/ipv4/conf/eth0/rp_filter");

	assert_int_equal(planner_build(&planner, &fixture->selection, &fixture->plan), 0);
	assert_int_equal(fixture->plan.count, 0);
	assert_int_equal(fixture->plan.left_out_count, 1);
	assert_string_equal(fixture->plan.left_out[0]->path, "vm/swappiness");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_statuses),
		WITH_FIXTURE(test_read_only_keys),
		WITH_FIXTURE(test_a_misspelling_is_never_tolerated),
		WITH_FIXTURE(test_bounds),
		WITH_FIXTURE(test_a_bound_on_what_is_no_number),
		WITH_FIXTURE(test_globs_expand_and_explicit_keys_win),
		WITH_FIXTURE(test_the_later_glob_wins),
		WITH_FIXTURE(test_a_glob_without_a_match),
		WITH_FIXTURE(test_a_glob_is_validated_where_it_leads),
		WITH_FIXTURE(test_only_and_skip),
		WITH_FIXTURE(test_what_when_leaves_out),
		WITH_FIXTURE(test_rows_stand_in_the_order_of_writing),
		WITH_FIXTURE(test_notes),
		WITH_FIXTURE(test_suggestions),
	};

	return RUN_TESTS(tests);
}
