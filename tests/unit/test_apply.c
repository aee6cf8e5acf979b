/* SPDX-License-Identifier: MIT */
/* Applying a plan: all of it, or nothing. */
#include "engine_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void test_everything_is_applied(void **state)
{
	struct fixture *fixture = *state;
	const struct change_item *item;

	fixture_plan(fixture,
		"  net.core.somaxconn: 65535\n"
		"  net.ipv4.tcp_rmem: [4096, 131072, 16777216]\n"
		"  net.ipv4.tcp_fin_timeout: 60\n"
		"  vm.swappiness: 10\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "65535\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/tcp_rmem", "4096\t131072\t16777216\n");
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "10\n");
	/* What holds already is recorded, but not written; and nothing is written twice. */
	assert_int_equal(fixture->kernel.writes, 3);
	assert_int_equal(fixture->applied.change->items_count, 4);
	assert_int_equal(fixture_item(fixture, "net/ipv4/tcp_fin_timeout")->status, CHANGE_UNCHANGED);
	item = fixture_item(fixture, "net/ipv4/tcp_rmem");
	assert_int_equal(item->status, CHANGE_APPLIED);
	assert_true(item->intended);
	assert_true(item->completed);
	assert_true(value_identical(item->original, value_of("4096\t131072\t6291456\n")));
	assert_true(value_identical(item->ours, value_of("4096\t131072\t16777216\n")));
	assert_null(fixture->applied.problem);
	assert_int_equal(fixture_state_on_disk(fixture, fixture->applied.change->id), CHANGE_STANDING);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/steps"));
	assert_true(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

/* The counters of before the first write are in the record, and what is not counted is not. */
static void test_counters_are_recorded(void **state)
{
	struct fixture *fixture = *state;
	const char *problem;
	struct change *change;

	temp_dir_add_dir(&fixture->kernel.dir, "proc/net", 0755);
	temp_dir_write(&fixture->kernel.dir, "proc/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 14\n");
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	assert_int_equal(record_load(&fixture->store, &fixture->arena, fixture->applied.change->id, &change, &problem), 0);
	assert_non_null(change->baseline);
	assert_int_equal(change->baseline->listen_overflows, 14);
	assert_true(change->baseline->known.listen_overflows);
	assert_false(change->baseline->known.conntrack_drops);
	assert_true(change->baseline->time_ns > 0);
}

static void test_without_counters_there_is_no_baseline(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 65535\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	assert_null(fixture->applied.change->baseline);
}

static void test_nothing_to_do(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 0x1000\n  net.ipv4.tcp_rmem: 4096 131072 6291456\n");
	assert_int_equal(fixture_apply(fixture), APPLY_NOTHING_TO_DO);
	assert_null(fixture->applied.change);
	assert_int_equal(fixture->kernel.writes, 0);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

/* No parameter is written before its original is in the record and its intent in the log. */
static void assert_announced(struct fake_kernel *kernel, const char *path)
{
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT;
	char intent[32];

	(void)path;
	temp_dir_read(&kernel->dir, "run/kerntune/steps", &log);
	snprintf(intent, sizeof(intent), "intent %zu\n", kernel->writes);
	assert_non_null(strstr(log.bytes, intent));
	assert_true(temp_dir_has(&kernel->dir, "run/kerntune/state"));
}

static void test_every_write_is_announced(void **state)
{
	struct fixture *fixture = *state;

	fixture->kernel.before_write = assert_announced;
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n  net.core.rmem_max: 300000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	assert_int_equal(fixture->kernel.writes, 3);
}

static void test_a_half_applied_vector_is_put_back(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/ipv4/tcp_rmem", fake_half_apply, "5000 87380 87381", "5000\t87380\t6291456\n" },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n  net.ipv4.tcp_rmem: 5000 87380 87381\n"
		"  vm.swappiness: 10\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	fixture_assert_unchanged(fixture);
	assert_string_equal(fixture->applied.culprit->path, "net/ipv4/tcp_rmem");
	assert_int_equal(fixture->applied.culprit->status, CHANGE_REJECTED);
	assert_int_equal(fixture->applied.culprit->error, EINVAL);
	assert_non_null(strstr(fixture->applied.problem, "net.ipv4.tcp_rmem"));
	assert_non_null(strstr(fixture->applied.problem, "5000 87380 87381"));
	assert_non_null(strstr(fixture->applied.problem, "Invalid argument"));
	assert_int_equal(fixture_item(fixture, "net/core/somaxconn")->status, CHANGE_ROLLED_BACK);
	assert_int_equal(fixture_item(fixture, "vm/swappiness")->status, CHANGE_NOT_TRIED);
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "vm/swappiness"), 0);
	assert_int_equal(fixture_state_on_disk(fixture, fixture->applied.change->id), CHANGE_UNDONE);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

/* For every k: the k-th step is refused, and every key is byte for byte what it was. */
static void test_a_failure_at_every_step(void **state)
{
	static const char *const paths[] = { "net/core/somaxconn", "net/core/rmem_max", "net/ipv4/tcp_rmem",
		"net/ipv4/ip_local_reserved_ports", "vm/swappiness" };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(paths); k++) {
		const struct fake_rule rules[] = { { paths[k], fake_refuse, NULL, NULL } };
		struct fixture fixture;

		fixture_make(&fixture);
		fake_kernel_set_rules(&fixture.kernel, rules, COUNT_OF(rules));
		fixture_plan(&fixture, "  net.core.somaxconn: 1\n  net.core.rmem_max: 300000\n"
			"  net.ipv4.tcp_rmem: 1 2 3\n"
			"  net.ipv4.ip_local_reserved_ports: 8080,9090-9099\n  vm.swappiness: 2\n");
		assert_int_equal(fixture_apply(&fixture), APPLY_ROLLED_BACK);
		assert_string_equal(fixture.applied.culprit->path, paths[k]);
		fixture_assert_unchanged(&fixture);
		fixture_remove(&fixture);
	}
}

static void test_undone_in_reverse_order(void **state)
{
	static const struct fake_rule rules[] = { { "vm/swappiness", fake_refuse, NULL, NULL } };
	static const char *const order[] = { "net/core/somaxconn", "net/core/rmem_max", "vm/swappiness",
		"net/core/rmem_max", "net/core/somaxconn" };
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  net.core.rmem_max: 300000\n  vm.swappiness: 2\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_int_equal(fixture->kernel.writes, COUNT_OF(order));
	for (size_t i = 0; i < COUNT_OF(order); i++)
		assert_string_equal(fixture->kernel.written[i], order[i]);
}

static void test_another_stored_value_is_a_failure(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/core/rmem_max", fake_store_other, "300000", "299999\n" },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  net.core.rmem_max: 300000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_int_equal(fixture->applied.culprit->status, CHANGE_REJECTED);
	assert_non_null(strstr(fixture->applied.problem, "stored 299999"));
	fixture_assert_unchanged(fixture);
}

static void test_a_known_rounding_is_adjusted(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/core/rps_sock_flow_entries", fake_store_other, "30000", "32768\n" },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.rps_sock_flow_entries: 30000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	assert_int_equal(fixture_item(fixture, "net/core/rps_sock_flow_entries")->status, CHANGE_ADJUSTED);
	assert_true(value_identical(fixture_item(fixture, "net/core/rps_sock_flow_entries")->ours,
		value_of("32768\n")));
	/* By the same rule it holds now. */
	fixture_plan(fixture, "  net.core.rps_sock_flow_entries: 30000\n");
	assert_int_equal(fixture->plan.rows[0].status, PLAN_SAME);
}

static void test_a_foreign_change_before_the_first_write_refuses(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	assert_int_equal(fixture_apply(fixture), APPLY_REFUSED);
	assert_int_equal(fixture->kernel.writes, 0);
	assert_int_equal(fixture->applied.culprit->status, CHANGE_FOREIGN_CHANGED);
	assert_non_null(strstr(fixture->applied.problem, "4096"));
	assert_non_null(strstr(fixture->applied.problem, "777"));
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "777\n");
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "60\n");
	assert_int_equal(fixture_state_on_disk(fixture, fixture->applied.change->id), CHANGE_UNDONE);
}

static void test_a_foreign_change_later_rolls_back(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	fake_kernel_set(&fixture->kernel, "vm/swappiness", "77\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_string_equal(fixture->applied.culprit->path, "vm/swappiness");
	assert_int_equal(fixture->applied.culprit->status, CHANGE_FOREIGN_CHANGED);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "4096\n");
	/* Theirs is left alone. */
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "77\n");
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "vm/swappiness"), 0);
}

static void test_another_spelling_is_no_foreign_change(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.ipv4.tcp_rmem: 1 2 3\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_rmem", "4096 131072  6291456\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
}

static void test_a_key_that_vanished(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(unlinkat(fixture->kernel.procsys.dir_fd, "vm/swappiness", 0), 0);
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "4096\n");
	assert_non_null(strstr(fixture->applied.problem, "vm.swappiness can no longer be read"));
}

static void test_a_later_step_that_moves_an_earlier_key(void **state)
{
	static const struct fake_rule rules[] = {
		{ "vm/swappiness", fake_move_other, "net/core/somaxconn", "4096" },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_string_equal(fixture->applied.culprit->path, "net/core/somaxconn");
	assert_non_null(strstr(fixture->applied.problem, "did not keep"));
	fixture_assert_unchanged(fixture);
}

static void test_side_effects_are_recorded(void **state)
{
	static const struct fake_rule rules[] = { { "net/ipv4/ip_forward", fake_forward, NULL, NULL } };
	struct fixture *fixture = *state;
	const struct change_item *item;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.ipv4.ip_forward: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	item = fixture_item(fixture, "net/ipv4/conf/eth0.100/forwarding");
	assert_int_equal(item->role, CHANGE_SIDE);
	assert_int_equal(item->status, CHANGE_APPLIED);
	assert_true(value_identical(item->original, value_of("0\n")));
	assert_true(value_identical(item->ours, value_of("1\n")));
	item = fixture_item(fixture, "net/ipv4/conf/all/accept_redirects");
	assert_true(value_identical(item->ours, value_of("0\n")));
}

static void test_side_effects_are_rolled_back(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/ipv4/ip_forward", fake_forward, NULL, NULL },
		{ "vm/swappiness", fake_refuse, NULL, NULL },
	};
	struct fixture *fixture = *state;

	fake_kernel_set(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "1\n");
	strbuf_clear(&fixture->before);
	fake_kernel_snapshot(&fixture->kernel, &fixture->before);
	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.ipv4.ip_forward: 1\n  vm.swappiness: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	fixture_assert_unchanged(fixture);
}

/* The plan asks for a child that its parent's write moves: the child is written after it. */
static void test_parent_and_child_in_one_plan(void **state)
{
	static const struct fake_rule rules[] = { { "net/ipv4/ip_forward", fake_forward, NULL, NULL } };
	struct fixture *fixture = *state;

	fake_kernel_set(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "1\n");
	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.ipv4.conf.eth0.forwarding: 0\n  net.ipv4.ip_forward: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "net/ipv4/ip_forward", "1\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "0\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0.100/forwarding", "1\n");
}

/* The same with a child that holds already when the plan is made. */
static void test_a_child_that_holds_until_its_parent_is_written(void **state)
{
	static const struct fake_rule rules[] = { { "net/ipv4/ip_forward", fake_forward, NULL, NULL } };
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.ipv4.conf.eth0.forwarding: 0\n  net.ipv4.ip_forward: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "net/ipv4/ip_forward", "1\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "0\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/default/forwarding", "1\n");
}

static void test_a_key_that_cannot_be_read_any_more(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n");
	fixture->kernel.unreadable = "net/core/somaxconn";
	assert_int_equal(fixture_apply(fixture), APPLY_REFUSED);
	assert_int_equal(fixture->kernel.writes, 0);
	fixture->kernel.unreadable = NULL;
	fixture_assert_unchanged(fixture);
}

static void become_unreadable(struct fake_kernel *kernel, const char *path)
{
	kernel->unreadable = strcmp(path, "net/core/somaxconn") == 0 ? "net/core/somaxconn" : NULL;
}

static void test_nothing_is_claimed_that_was_not_read_back(void **state)
{
	struct fixture *fixture = *state;

	fixture->kernel.after_write = become_unreadable;
	fixture_plan(fixture, "  vm.swappiness: 2\n  net.core.somaxconn: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_INCOMPLETE);
	assert_non_null(strstr(fixture->applied.problem, "cannot be read back"));
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "60\n");
	assert_int_equal(fixture_item(fixture, "net/core/somaxconn")->status, CHANGE_ROLLBACK_CONFLICT);
	assert_int_equal(fixture_state_on_disk(fixture, fixture->applied.change->id), CHANGE_INCOMPLETE);
}

/* Refused on the way back. */
static void test_an_incomplete_rollback_says_so(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/core/somaxconn", fake_refuse_value, "4096", NULL },
		{ "vm/swappiness", fake_refuse, NULL, NULL },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.rmem_max: 300000\n  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(fixture_apply(fixture), APPLY_INCOMPLETE);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "1\n");
	fake_kernel_assert(&fixture->kernel, "net/core/rmem_max", "212992\n");
	assert_int_equal(fixture_item(fixture, "net/core/somaxconn")->status, CHANGE_ROLLBACK_CONFLICT);
	assert_int_equal(fixture_item(fixture, "net/core/somaxconn")->error, EINVAL);
	assert_int_equal(fixture_item(fixture, "net/core/rmem_max")->status, CHANGE_ROLLED_BACK);
	assert_string_equal(fixture->applied.culprit->path, "vm/swappiness");
}

/* The log's descriptor goes bad before the second step. */
static int store_log_fd;

static void close_log_after_the_first_write(struct fake_kernel *kernel, const char *path)
{
	(void)path;
	if (kernel->writes == 1) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		assert_true(dup2(null, store_log_fd) >= 0);
		(void)close(null);
	}
}

static void find_log(struct fake_kernel *kernel, const char *path)
{
	struct fixture *fixture = (struct fixture *)kernel;

	(void)path;
	store_log_fd = fixture->store.log_fd;
}

static void test_a_step_that_cannot_be_announced_is_not_written(void **state)
{
	struct fixture *fixture = *state;

	assert_ptr_equal(&fixture->kernel, fixture);
	fixture->kernel.before_write = find_log;
	fixture->kernel.after_write = close_log_after_the_first_write;
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_non_null(strstr(fixture->applied.problem, "step log"));
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "vm/swappiness"), 0);
	fixture_assert_unchanged(fixture);
}

/* The record cannot be made: the directory is gone. */
static void test_without_a_record_nothing_is_written(void **state)
{
	struct fixture *fixture = *state;
	struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host };

	fixture_plan(fixture, "  net.core.somaxconn: 1\n");
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "var/lib/kerntune/changes", AT_REMOVEDIR), 0);
	assert_true(apply_run(&apply, &fixture->plan, &fixture->applied) < 0);
	assert_int_equal(fixture->kernel.writes, 0);
	fixture_assert_unchanged(fixture);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/steps"));
}

static void test_a_step_log_that_is_a_directory(void **state)
{
	struct fixture *fixture = *state;
	struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host };
	const char *const *ids;
	size_t count;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n");
	temp_dir_add_dir(&fixture->kernel.dir, "run/kerntune/steps", 0700);
	assert_true(apply_run(&apply, &fixture->plan, &fixture->applied) < 0);
	assert_int_equal(fixture->kernel.writes, 0);
	assert_int_equal(record_list(&fixture->store, &fixture->arena, &ids, &count), 0);
	assert_int_equal(count, 0);
}

static void raise_term(struct fake_kernel *kernel, const char *path)
{
	(void)path;
	if (kernel->writes == 1)
		(void)raise(SIGTERM);
}

static void test_a_signal_between_two_steps_undoes(void **state)
{
	struct fixture *fixture = *state;
	sigset_t set, before;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	fixture->kernel.after_write = raise_term;
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	assert_int_equal(sigwait(&set, &number), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(fixture->applied.signal, SIGTERM);
	assert_null(fixture->applied.culprit);
	fixture_assert_unchanged(fixture);
}

static void test_a_key_that_became_a_link_is_not_followed(void **state)
{
	struct fixture *fixture = *state;

	fixture_plan(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n");
	assert_int_equal(unlinkat(fixture->kernel.procsys.dir_fd, "vm/swappiness", 0), 0);
	temp_dir_add_link(&fixture->kernel.dir, "proc/sys/vm/swappiness", "../net/core/wmem_max");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "4096\n");
	fake_kernel_assert(&fixture->kernel, "net/core/wmem_max", "212992\n");
}

static void test_outcome_names_are_the_contract(void **state)
{
	(void)state;
	assert_string_equal(apply_outcome_name(APPLY_APPLIED), "applied");
	assert_string_equal(apply_outcome_name(APPLY_NOTHING_TO_DO), "nothing_to_do");
	assert_string_equal(apply_outcome_name(APPLY_REFUSED), "refused");
	assert_string_equal(apply_outcome_name(APPLY_ROLLED_BACK), "rolled_back");
	assert_string_equal(apply_outcome_name(APPLY_INCOMPLETE), "rollback_incomplete");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_everything_is_applied),
		WITH_FIXTURE(test_counters_are_recorded),
		WITH_FIXTURE(test_without_counters_there_is_no_baseline),
		WITH_FIXTURE(test_nothing_to_do),
		WITH_FIXTURE(test_every_write_is_announced),
		WITH_FIXTURE(test_a_half_applied_vector_is_put_back),
		cmocka_unit_test(test_a_failure_at_every_step),
		WITH_FIXTURE(test_undone_in_reverse_order),
		WITH_FIXTURE(test_another_stored_value_is_a_failure),
		WITH_FIXTURE(test_a_known_rounding_is_adjusted),
		WITH_FIXTURE(test_a_foreign_change_before_the_first_write_refuses),
		WITH_FIXTURE(test_a_foreign_change_later_rolls_back),
		WITH_FIXTURE(test_another_spelling_is_no_foreign_change),
		WITH_FIXTURE(test_a_key_that_vanished),
		WITH_FIXTURE(test_a_later_step_that_moves_an_earlier_key),
		WITH_FIXTURE(test_side_effects_are_recorded),
		WITH_FIXTURE(test_side_effects_are_rolled_back),
		WITH_FIXTURE(test_parent_and_child_in_one_plan),
		WITH_FIXTURE(test_a_child_that_holds_until_its_parent_is_written),
		WITH_FIXTURE(test_a_key_that_cannot_be_read_any_more),
		WITH_FIXTURE(test_nothing_is_claimed_that_was_not_read_back),
		WITH_FIXTURE(test_an_incomplete_rollback_says_so),
		WITH_FIXTURE(test_a_step_that_cannot_be_announced_is_not_written),
		WITH_FIXTURE(test_without_a_record_nothing_is_written),
		WITH_FIXTURE(test_a_step_log_that_is_a_directory),
		WITH_FIXTURE(test_a_signal_between_two_steps_undoes),
		WITH_FIXTURE(test_a_key_that_became_a_link_is_not_followed),
		cmocka_unit_test(test_outcome_names_are_the_contract),
	};

	return RUN_TESTS(tests);
}
