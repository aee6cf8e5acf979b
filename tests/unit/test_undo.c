/* SPDX-License-Identifier: MIT */
/* Putting originals back: original, ours, now. */
#include "engine_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct undo plainly = { .force = false };

static void apply_two(struct fixture *fixture)
{
	fixture_plan(fixture, "  net.core.somaxconn: 1\n  net.ipv4.tcp_rmem: [1, 2, 3]\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fixture->kernel.writes = 0;
}

static void test_everything_is_put_back(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_int_equal(result.undone.restored, 2);
	assert_int_equal(result.undone.left, 0);
	fixture_assert_unchanged(fixture);
	assert_int_equal(fixture->kernel.writes, 2);
	assert_int_equal(change_find(change, "net/core/somaxconn")->undo_status, CHANGE_RESTORED);
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_UNDONE);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

static void test_a_foreign_change_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	const struct change_item *item;
	struct change *change;

	apply_two(fixture);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	assert_int_equal(result.undone.conflicts, 1);
	assert_int_equal(result.undone.restored, 1);
	assert_int_equal(result.undone.left, 1);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "777\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "net/core/somaxconn"), 0);
	item = change_find(change, "net/core/somaxconn");
	assert_int_equal(item->undo_status, CHANGE_CONFLICT);
	assert_true(value_identical(item->original, value_of("4096\n")));
	assert_true(value_identical(item->ours, value_of("1\n")));
	assert_true(value_identical(item->now, value_of("777\n")));
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_INCOMPLETE);
}

static void test_force_overrides(void **state)
{
	const struct undo forced = { .force = true };
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	fixture_restore(fixture, &forced, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
}

/* The conflict can be settled by a second restore. */
static void test_force_after_a_conflict(void **state)
{
	const struct undo forced = { .force = true };
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	fixture_restore(fixture, &forced, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_UNDONE);
}

static void test_somebody_else_put_it_back_already(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "4096\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_int_equal(change_find(change, "net/core/somaxconn")->undo_status, CHANGE_UNCHANGED);
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "net/core/somaxconn"), 0);
	fixture_assert_unchanged(fixture);
}

static void test_only_some_keys(void **state)
{
	static const char *const only[] = { "net.core.*" };
	const struct undo some = { .filter = { .only = only, .only_count = 1 } };
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fixture_restore(fixture, &some, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_int_equal(result.undone.restored, 1);
	assert_int_equal(result.undone.left, 1);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "4096\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/tcp_rmem", "1\t2\t3\n");
	/* The rest of the change stands, and can be restored later. */
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_STANDING);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
}

static void test_a_key_that_vanished(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	fixture_plan(fixture, "  net.ipv4.conf.eth0.rp_filter: 1\n  net.core.somaxconn: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	assert_int_equal(unlinkat(fixture->kernel.procsys.dir_fd, "net/ipv4/conf/eth0/rp_filter", 0), 0);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_int_equal(change_find(change, "net/ipv4/conf/eth0/rp_filter")->undo_status, CHANGE_ABSENT);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "4096\n");
}

static void test_a_refused_original_is_a_failure(void **state)
{
	static const struct fake_rule rules[] = {
		{ "net/core/somaxconn", fake_refuse_value, "4096", NULL },
	};
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	apply_two(fixture);
	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	assert_int_equal(result.undone.failures, 1);
	assert_int_equal(change_find(change, "net/core/somaxconn")->undo_status, CHANGE_ROLLBACK_CONFLICT);
	assert_int_equal(change_find(change, "net/core/somaxconn")->undo_error, EINVAL);
	/* Tried again in each pass: another key might have had to move first. Never without end. */
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "net/core/somaxconn"), 3);
	fake_kernel_assert(&fixture->kernel, "net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
}

/* ---- siblings ---- */

static const struct fake_rule dirty_rules[] = {
	{ "vm/dirty_bytes", fake_zero_sibling, "vm/dirty_ratio", NULL },
	{ "vm/dirty_ratio", fake_zero_sibling, "vm/dirty_bytes", NULL },
};

static void test_a_sibling_s_zero_is_never_written(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	fake_kernel_set_rules(&fixture->kernel, dirty_rules, COUNT_OF(dirty_rules));
	fixture_plan(fixture, "  vm.dirty_bytes: 1000000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "vm/dirty_ratio", "0\n");
	assert_int_equal(fixture_item(fixture, "vm/dirty_ratio")->role, CHANGE_SIDE);
	fixture->kernel.writes = 0;
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
	assert_int_equal(fake_kernel_writes_of(&fixture->kernel, "vm/dirty_bytes"), 0);
	assert_int_equal(fixture->kernel.writes, 1);
}

static void test_a_sibling_in_a_rolled_back_apply(void **state)
{
	static const struct fake_rule rules[] = {
		{ "vm/dirty_bytes", fake_zero_sibling, "vm/dirty_ratio", NULL },
		{ "vm/dirty_ratio", fake_zero_sibling, "vm/dirty_bytes", NULL },
		{ "vm/swappiness", fake_refuse, NULL, NULL },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  vm.dirty_bytes: 1000000\n  vm.swappiness: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_ROLLED_BACK);
	fixture_assert_unchanged(fixture);
}

/* The background ratio may be 0 and is then zero together with its other half. */
static ssize_t zero_both(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
	size_t size)
{
	fake_kernel_set(kernel, rule->argument, "0\n");
	assert_int_equal(ftruncate(fd, 0), 0);
	return pwrite(fd, bytes, size, 0);
}

/* Both halves zero is a state that no single write brings back: it is reported, not claimed. */
static void test_two_zeros_are_not_claimed(void **state)
{
	static const struct fake_rule rules[] = {
		{ "vm/dirty_background_bytes", fake_zero_sibling, "vm/dirty_background_ratio", NULL },
		{ "vm/dirty_background_ratio", zero_both, "vm/dirty_background_bytes", NULL },
	};
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	fake_kernel_set(&fixture->kernel, "vm/dirty_background_ratio", "0\n");
	strbuf_clear(&fixture->before);
	fake_kernel_snapshot(&fixture->kernel, &fixture->before);
	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  vm.dirty_background_bytes: 1000000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	assert_int_equal(change_find(change, "vm/dirty_background_bytes")->undo_status,
		CHANGE_ROLLBACK_CONFLICT);
}

/* ---- keys that move each other ---- */

static const struct fake_rule forward_rules[] = { { "net/ipv4/ip_forward", fake_forward, NULL, NULL } };

static void test_children_are_put_back_after_their_parent(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	fake_kernel_set(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "1\n");
	strbuf_clear(&fixture->before);
	fake_kernel_snapshot(&fixture->kernel, &fixture->before);
	fake_kernel_set_rules(&fixture->kernel, forward_rules, COUNT_OF(forward_rules));
	fixture_plan(fixture, "  net.ipv4.ip_forward: 1\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	/* Writing the parent back takes eth0 along, which was 1 before. */
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
}

static void test_a_foreign_value_moved_by_our_write_is_moved_back(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	fake_kernel_set_rules(&fixture->kernel, forward_rules, COUNT_OF(forward_rules));
	fake_kernel_set(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "1\n");
	fixture_plan(fixture, "  net.ipv4.ip_forward: 1\n  net.ipv4.conf.eth0.forwarding: 0\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "0\n");
	/* Neither the original (1) nor ours (0). */
	fake_kernel_set(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "2\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	assert_int_equal(result.undone.conflicts, 1);
	fake_kernel_assert(&fixture->kernel, "net/ipv4/ip_forward", "0\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0/forwarding", "2\n");
	fake_kernel_assert(&fixture->kernel, "net/ipv4/conf/eth0.100/forwarding", "0\n");
}

/* ---- interrupted ---- */

/* As a killed process leaves it: nobody holds the lock, the log ends where it ended. */
static void interrupt(struct fixture *fixture, const char *parameters, const char *log_lines)
{
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT;
	struct change *change = arena_alloc(&fixture->arena, sizeof(*change));

	fixture_plan(fixture, parameters);
	assert_non_null(change);
	change->host = fixture->host;
	change->items = arena_alloc(&fixture->arena, fixture->plan.count * sizeof(*change->items));
	for (size_t i = 0; i < fixture->plan.count; i++)
		change->items[change->items_count++] = (struct change_item){
			.path = fixture->plan.rows[i].path, .key = fixture->plan.rows[i].key,
			.original = fixture->plan.rows[i].live, .target = fixture->plan.rows[i].target };
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	temp_dir_read(&fixture->kernel.dir, "run/kerntune/steps", &log);
	strbuf_add_text(&log, log_lines);
	temp_dir_write_bytes(&fixture->kernel.dir, "run/kerntune/steps", log.bytes, log.length);
	fixture_reopen_store(fixture);
}

static void test_an_intent_without_outcome_is_put_back_whatever_is_there(void **state)
{
	static const char *const found[] = { "4096\n", "1\n", "777\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(found); i++) {
		struct restore_result result;
		struct change *change;
		struct fixture fixture;

		fixture_make(&fixture);
		interrupt(&fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n", "intent 0\n");
		fake_kernel_set(&fixture.kernel, "net/core/somaxconn", found[i]);
		fake_kernel_set(&fixture.kernel, "vm/swappiness", "33\n");
		fixture_restore(&fixture, &plainly, &result, &change);
		assert_int_equal(result.outcome, RESTORE_DONE);
		fake_kernel_assert(&fixture.kernel, "net/core/somaxconn", "4096\n");
		/* Never begun: somebody else's, and not ours to touch. */
		fake_kernel_assert(&fixture.kernel, "vm/swappiness", "33\n");
		assert_int_equal(fixture_state_on_disk(&fixture, change->id), CHANGE_UNDONE);
		fixture_remove(&fixture);
	}
}

static void test_an_interrupted_step_with_an_outcome_is_three_way(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	/* "1\n" was read back. */
	interrupt(fixture, "  net.core.somaxconn: 1\n  vm.swappiness: 2\n",
		"intent 0\noutcome 0 applied 0 MQo=\nintent 1\n");
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	fake_kernel_set(&fixture->kernel, "vm/swappiness", "2\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INCOMPLETE);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "777\n");
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "60\n");
}

static void test_nothing_begun_is_nothing_to_undo(void **state)
{
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;

	interrupt(fixture, "  net.core.somaxconn: 1\n", "");
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_int_equal(fixture->kernel.writes, 0);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "777\n");
}

static void raise_hup(struct fake_kernel *kernel, const char *path)
{
	(void)path;
	if (kernel->writes == 1)
		(void)raise(SIGHUP);
}

static void test_a_signal_stops_a_restore_that_is_run_again(void **state)
{
	const struct undo stopping = { .stops_at_signal = true };
	struct fixture *fixture = *state;
	struct restore_result result;
	struct change *change;
	sigset_t set, before;
	int number;

	apply_two(fixture);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	fixture->kernel.after_write = raise_hup;
	fixture_restore(fixture, &stopping, &result, &change);
	assert_int_equal(result.outcome, RESTORE_INTERRUPTED);
	assert_int_equal(sigwait(&set, &number), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(fixture->kernel.writes, 1);
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_UNDOING);

	fixture->kernel.after_write = NULL;
	fixture_reopen_store(fixture);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_UNDONE);
}

/* ---- looking only ---- */

static void test_examine_writes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct undo undo = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	struct undo_result result;

	apply_two(fixture);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "777\n");
	assert_int_equal(undo_examine(&undo, fixture->applied.change, &result), 0);
	assert_int_equal(result.restored, 1);
	assert_int_equal(result.conflicts, 1);
	assert_int_equal(fixture->kernel.writes, 0);
	assert_int_equal(fixture_state_on_disk(fixture, fixture->applied.change->id), CHANGE_STANDING);
	undo.force = true;
	assert_int_equal(undo_examine(&undo, fixture->applied.change, &result), 0);
	assert_int_equal(result.restored, 2);
}

/* A port list longer than a page, which was empty before. */
static void test_a_long_value_comes_and_goes(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_STRBUF struct strbuf parameters = STRBUF_INIT;
	struct restore_result result;
	struct change *change;

	strbuf_add_text(&parameters, "  net.ipv4.ip_local_reserved_ports: \"1");
	for (unsigned port = 3; port < 8000; port += 2)
		strbuf_printf(&parameters, ",%u", port);
	strbuf_add_text(&parameters, "\"\n");
	assert_int_equal(strbuf_check(&parameters), 0);
	fixture_plan(fixture, parameters.bytes);
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fixture_restore(fixture, &plainly, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
	fixture_assert_unchanged(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_everything_is_put_back),
		WITH_FIXTURE(test_a_foreign_change_is_left_alone),
		WITH_FIXTURE(test_force_overrides),
		WITH_FIXTURE(test_force_after_a_conflict),
		WITH_FIXTURE(test_somebody_else_put_it_back_already),
		WITH_FIXTURE(test_only_some_keys),
		WITH_FIXTURE(test_a_key_that_vanished),
		WITH_FIXTURE(test_a_refused_original_is_a_failure),
		WITH_FIXTURE(test_a_sibling_s_zero_is_never_written),
		WITH_FIXTURE(test_a_sibling_in_a_rolled_back_apply),
		WITH_FIXTURE(test_two_zeros_are_not_claimed),
		WITH_FIXTURE(test_children_are_put_back_after_their_parent),
		WITH_FIXTURE(test_a_foreign_value_moved_by_our_write_is_moved_back),
		cmocka_unit_test(test_an_intent_without_outcome_is_put_back_whatever_is_there),
		WITH_FIXTURE(test_an_interrupted_step_with_an_outcome_is_three_way),
		WITH_FIXTURE(test_nothing_begun_is_nothing_to_undo),
		WITH_FIXTURE(test_a_signal_stops_a_restore_that_is_run_again),
		WITH_FIXTURE(test_examine_writes_nothing),
		WITH_FIXTURE(test_a_long_value_comes_and_goes),
	};

	return RUN_TESTS(tests);
}
