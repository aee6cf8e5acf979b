/* SPDX-License-Identifier: MIT */
/* Side effects that nobody knew of. */
#include "engine/audit.h"

#include "engine_fixture.h"

#include <string.h>

#define STEP "net/core/somaxconn"
#define MOVED "net/core/rmem_max"
#define STRAY "vm/swappiness"

static const struct fake_rule moves_along[] = { { STEP, fake_move_other, MOVED, "4711" } };

/* A change with one step, as apply makes it. */
static struct change *make_change(struct fixture *fixture)
{
	struct change *change = arena_alloc(&fixture->arena, sizeof(*change));

	assert_non_null(change);
	change->host = fixture->host;
	change->items = arena_alloc(&fixture->arena, sizeof(*change->items));
	assert_non_null(change->items);
	change->items[0] = (struct change_item){ .path = STEP, .key = "net.core.somaxconn", .type = VALUE_INT,
		.original = value_of("4096\n"), .target = value_of("65535") };
	change->items_count = change->items_capacity = 1;
	assert_int_equal(audit_watch(&fixture->kernel.procsys, &fixture->arena, audit_host, change), 0);
	return change;
}

static void begin(struct fixture *fixture, struct audit *audit, struct change *change)
{
	*audit = (struct audit){ .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store };
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(audit_begin(audit, change), 0);
}

static struct change_item *find(const struct change *change, const char *path)
{
	struct change_item *item = change_find(change, path);

	if (!item)
		fail_msg("%s is not in the change", path);
	return item;
}

static struct change *load(struct fixture *fixture, const struct change *change)
{
	const char *problem;
	struct change *loaded;

	assert_int_equal(record_load(&fixture->store, &fixture->arena, change->id, &loaded, &problem), 0);
	return loaded;
}

static void test_all_of_net_and_vm_is_watched(void **state)
{
	struct fixture *fixture = *state;
	struct change *change;

	fake_kernel_set(&fixture->kernel, "net/core/no_such_key", "7\n");
	change = make_change(fixture);
	assert_int_equal(find(change, STEP)->role, CHANGE_STEP);
	for (size_t i = 1; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		check_row(strncmp(item->path, "net/", 4) == 0 || strncmp(item->path, "vm/", 3) == 0, "%s", item->path);
		check_row(strcmp(item->path, STEP) != 0, "the step is watched too");
		assert_int_equal(item->role, CHANGE_WATCHED);
		assert_int_equal(item->status, CHANGE_UNCHANGED);
		assert_non_null(item->key);
		assert_non_null(item->original.bytes);
	}
	assert_true(value_identical(find(change, STRAY)->original, value_of("60\n")));
	assert_int_equal(find(change, STRAY)->type, VALUE_INT);
	assert_int_equal(find(change, "net/core/no_such_key")->type, VALUE_UNKNOWN);
	assert_string_equal(find(change, "net/ipv4/conf/eth0.100/rp_filter")->key,
		"net.ipv4.conf.eth0/100.rp_filter");
}

static void test_what_moves_with_a_step_is_a_side_effect(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture), *loaded;
	struct audit audit;

	begin(fixture, &audit, change);
	assert_int_equal(audit_note_strays(&audit, change), 0);
	fake_kernel_set(&fixture->kernel, STEP, "65535\n");
	fake_kernel_set(&fixture->kernel, MOVED, "4711\n");
	assert_int_equal(audit_note_moved(&audit, change, 0), 0);
	/* Seen once, and not again before or after the next step. */
	assert_int_equal(audit_note_strays(&audit, change), 0);
	assert_int_equal(find(change, MOVED)->role, CHANGE_SIDE);
	assert_int_equal(find(change, MOVED)->status, CHANGE_APPLIED);
	assert_true(find(change, MOVED)->moved_along);
	assert_true(value_identical(find(change, MOVED)->ours, value_of("4711\n")));
	assert_false(find(change, STEP)->moved_along);
	assert_false(find(change, STRAY)->moved_along);

	/* Whoever finds the change interrupted knows it too. */
	loaded = load(fixture, change);
	assert_int_equal(find(loaded, MOVED)->role, CHANGE_SIDE);
	assert_true(value_identical(find(loaded, MOVED)->ours, value_of("4711\n")));
	assert_int_equal(find(loaded, STRAY)->role, CHANGE_WATCHED);

	audit_drop_unmoved(change);
	assert_int_equal(change->items_count, 2);
	assert_string_equal(change->items[0].path, STEP);
	assert_string_equal(change->items[1].path, MOVED);
}

static void test_what_moves_at_another_time_is_a_stray(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture), *loaded;
	struct audit audit;

	begin(fixture, &audit, change);
	fake_kernel_set(&fixture->kernel, STRAY, "1\n");
	assert_int_equal(audit_note_strays(&audit, change), 0);
	assert_int_equal(audit_note_moved(&audit, change, 0), 0);
	assert_int_equal(find(change, STRAY)->role, CHANGE_WATCHED);
	assert_int_equal(find(change, STRAY)->status, CHANGE_FOREIGN_CHANGED);
	assert_false(find(change, STRAY)->moved_along);
	loaded = load(fixture, change);
	assert_int_equal(find(loaded, STRAY)->status, CHANGE_FOREIGN_CHANGED);

	/* It is told, and nothing else of what was only watched. */
	audit_drop_unmoved(change);
	assert_int_equal(change->items_count, 2);
	assert_string_equal(change->items[1].path, STRAY);
}

/* An interface that goes takes its keys along: that is no value that moved. */
static void test_a_key_that_goes(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture);
	struct audit audit;

	begin(fixture, &audit, change);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "proc/sys/net/ipv4/conf/eth0/rp_filter", 0), 0);
	fixture->kernel.unreadable = STRAY;
	assert_int_equal(audit_note_strays(&audit, change), 0);
	assert_int_equal(audit_note_moved(&audit, change, 0), 0);
	fixture->kernel.unreadable = NULL;
	audit_drop_unmoved(change);
	assert_int_equal(change->items_count, 1);
}

/* ---- within an apply ---- */

static enum apply_outcome apply_audited(struct fixture *fixture)
{
	const struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host, .audited = audit_host };

	assert_int_equal(apply_run(&apply, &fixture->plan, &fixture->applied), 0);
	assert_int_equal(fixture->applied.record_error, 0);
	return fixture->applied.outcome;
}

static void restore(struct fixture *fixture)
{
	const struct undo options = { .force = false };
	struct restore_result result;
	struct change *change;

	fixture_restore(fixture, &options, &result, &change);
	assert_int_equal(result.outcome, RESTORE_DONE);
}

static void test_an_unknown_side_effect_is_undone(void **state)
{
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, moves_along, COUNT_OF(moves_along));
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n  net.ipv4.tcp_fin_timeout: 30\n");
	assert_int_equal(apply_audited(fixture), APPLY_APPLIED);
	assert_int_equal(fixture_item(fixture, MOVED)->role, CHANGE_SIDE);
	fake_kernel_assert(&fixture->kernel, MOVED, "4711\n");
	assert_int_equal(fixture->applied.change->items_count, 3);
	fake_kernel_set_rules(&fixture->kernel, NULL, 0);
	restore(fixture);
	fixture_assert_unchanged(fixture);
}

static void test_a_failed_step_undoes_its_unknown_side_effects(void **state)
{
	static const struct fake_rule rules[] = {
		{ STEP, fake_move_other, MOVED, "4711" },
		{ "net/ipv4/tcp_fin_timeout", fake_refuse, NULL, NULL },
	};
	struct fixture *fixture = *state;

	fake_kernel_set_rules(&fixture->kernel, rules, COUNT_OF(rules));
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n  net.ipv4.tcp_fin_timeout: 30\n");
	assert_int_equal(apply_audited(fixture), APPLY_ROLLED_BACK);
	fixture_assert_unchanged(fixture);
}

/* Changes a key when the last key is looked at for the second time since the first write: between two steps. */
static unsigned looks;

static void stray_between_steps(struct fake_kernel *kernel, const char *path)
{
	if (kernel->writes == 1 && strcmp(path, STRAY) == 0 && ++looks == 2)
		fake_kernel_set(kernel, STRAY, "1\n");
}

static void test_a_stray_is_told_and_left_alone(void **state)
{
	struct fixture *fixture = *state;

	looks = 0;
	fixture_plan(fixture, "  net.core.somaxconn: 65535\n  net.ipv4.tcp_fin_timeout: 30\n");
	fixture->kernel.before_read = stray_between_steps;
	assert_int_equal(apply_audited(fixture), APPLY_APPLIED);
	fixture->kernel.before_read = NULL;
	assert_int_equal(fixture_item(fixture, STRAY)->role, CHANGE_WATCHED);
	assert_int_equal(fixture_item(fixture, STRAY)->status, CHANGE_FOREIGN_CHANGED);
	restore(fixture);
	fake_kernel_assert(&fixture->kernel, STRAY, "1\n");
	fake_kernel_set(&fixture->kernel, STRAY, "60\n");
	fixture_assert_unchanged(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_all_of_net_and_vm_is_watched),
		WITH_FIXTURE(test_what_moves_with_a_step_is_a_side_effect),
		WITH_FIXTURE(test_what_moves_at_another_time_is_a_stray),
		WITH_FIXTURE(test_a_key_that_goes),
		WITH_FIXTURE(test_an_unknown_side_effect_is_undone),
		WITH_FIXTURE(test_a_failed_step_undoes_its_unknown_side_effects),
		WITH_FIXTURE(test_a_stray_is_told_and_left_alone),
	};

	return RUN_TESTS(tests);
}
