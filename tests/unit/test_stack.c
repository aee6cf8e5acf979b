/* SPDX-License-Identifier: MIT */
/* Changes one upon another: restored in any order, each key shows what the topmost of the rest gave it. */
#include "engine/stack.h"

#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

enum { CHANGES = 3, CHANGES_MAX = 5, KEYS = 3, ORDERS = 6, ROUNDS = 200 };

static const char *const keys[KEYS] = { "net/core/somaxconn", "net/ipv4/tcp_fin_timeout", "vm/swappiness" };
static const char *const names[KEYS] = { "net.core.somaxconn", "net.ipv4.tcp_fin_timeout", "vm.swappiness" };
static const char *const originals[KEYS] = { "4096", "60", "60" };
static const int orders[ORDERS][CHANGES] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
	{ 2, 1, 0 } };

/* What each change sets each key to; NULL: it is not about that key. */
struct stack_case {
	const char *targets[CHANGES_MAX][KEYS];
};

static const struct stack_case cases[] = {
	/* All of all. */
	{ { { "1000", "1000", "1" }, { "2000", "2000", "2" }, { "3000", "3000", "3" } } },
	/* Each of its own. */
	{ { { "1000", NULL, NULL }, { NULL, "2000", NULL }, { NULL, NULL, "3" } } },
	/* Overlapping in pairs. */
	{ { { "1000", "1000", NULL }, { NULL, "2000", "2" }, { "3000", NULL, "3" } } },
	/* The second asks for what the first has set already, the third for something else. */
	{ { { "1000", "1000", NULL }, { "1000", "2000", NULL }, { "3000", NULL, "3" } } },
	/* Back to the original in between, on purpose. */
	{ { { "1000", NULL, "1" }, { "4096", NULL, "2" }, { "3000", "3000", NULL } } },
	/* The third says what the first has said; the second is in between. */
	{ { { "1000", "1000", "1" }, { "2000", NULL, "2" }, { "1000", "1000", "3" } } },
	/* The same thing three times, but for one key each. */
	{ { { "1000", "7", NULL }, { "1000", NULL, "7" }, { "1000", "8", NULL } } },
};

/* Applies change `n` of the case; its id, or NULL where all that it asks for holds already. */
static const char *apply_one(struct fixture *fixture, const struct stack_case *stack, int n)
{
	char parameters[256] = "";
	size_t length = 0;

	for (size_t k = 0; k < KEYS; k++)
		if (stack->targets[n][k])
			length += (size_t)snprintf(parameters + length, sizeof(parameters) - length, "  %s: %s\n",
				names[k], stack->targets[n][k]);
	fixture->plan = (struct plan){ .count = 0 };
	fixture_plan(fixture, parameters);
	if (plan_summarize(&fixture->plan).change == 0)
		return NULL;
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	return fixture->applied.change->id;
}

static int choose(struct fixture *fixture, const char *id, struct change **ret_change)
{
	const char *problem = NULL;

	return restore_choose(&fixture->store, &fixture->arena, &fixture->host, id, false, ret_change, &problem);
}

static void restore(struct fixture *fixture, const char *id, enum restore_outcome expected)
{
	const struct undo undo = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	struct restore_result result;
	struct change *change;

	assert_int_equal(choose(fixture, id, &change), 0);
	assert_int_equal(restore_run(&undo, &fixture->store, CHANGE_BY_RESTORE, change, &result), 0);
	assert_int_equal(result.record_error, 0);
	assert_int_equal(result.outcome, expected);
}

static const char *expected_value(const struct stack_case *stack, const bool stands[CHANGES_MAX], size_t key)
{
	for (size_t n = CHANGES_MAX; n-- > 0;)
		if (stands[n] && stack->targets[n][key])
			return stack->targets[n][key];
	return originals[key];
}

static void check_keys(struct fixture *fixture, const struct stack_case *stack, const bool stands[CHANGES_MAX],
	size_t number, int order)
{
	for (size_t k = 0; k < KEYS; k++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		const char *expected = expected_value(stack, stands, k);
		char path[100];

		snprintf(path, sizeof(path), "proc/sys/%s", keys[k]);
		temp_dir_read(&fixture->kernel.dir, path, &text);
		check_row(strlen(expected) + 1 == text.length && memcmp(text.bytes, expected, text.length - 1) == 0,
			"case %zu, order %d: %s is %.*s instead of %s, with %d%d%d%d%d standing", number, order,
			keys[k], (int)text.length - 1, text.bytes, expected, stands[0], stands[1], stands[2],
			stands[3], stands[4]);
	}
}

static void test_any_order(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (int order = 0; order < ORDERS; order++) {
			bool stands[CHANGES_MAX] = { false };
			const char *ids[CHANGES];

			for (int n = 0; n < CHANGES; n++) {
				ids[n] = apply_one(fixture, &cases[i], n);
				stands[n] = true;
				check_keys(fixture, &cases[i], stands, i, order);
			}
			for (int n = 0; n < CHANGES; n++) {
				restore(fixture, ids[orders[order][n]], RESTORE_DONE);
				stands[orders[order][n]] = false;
				check_keys(fixture, &cases[i], stands, i, order);
			}
			fixture_assert_unchanged(fixture);
			fixture_begin_again(fixture);
		}
}

static unsigned long random_state = 1;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(random_state >> 33) % limit;
}

/* Few values, so that changes often ask for what another one has set, or for the original. */
static void draw_case(struct stack_case *stack)
{
	static const char *const values[KEYS][3] = {
		{ "1000", "2000", "4096" }, { "7", "8", "60" }, { "1", "2", "60" },
	};

	for (size_t n = 0; n < CHANGES_MAX; n++)
		for (size_t k = 0; k < KEYS; k++)
			stack->targets[n][k] = random_below(3) ? values[k][random_below(3)] : NULL;
	for (size_t n = 0; n < CHANGES_MAX; n++)
		stack->targets[n][n % KEYS] = values[n % KEYS][random_below(3)];
}

/* Changes come and go at random, until all have been and none is left. */
static void test_any_coming_and_going(void **state)
{
	struct fixture *fixture = *state;

	for (int round = 0; round < ROUNDS; round++) {
		bool stands[CHANGES_MAX] = { false };
		const char *ids[CHANGES_MAX];
		struct stack_case stack;
		int made = 0, left = 0;

		draw_case(&stack);
		while (made < CHANGES_MAX || left > 0) {
			int n = (int)random_below(CHANGES_MAX);

			if (made < CHANGES_MAX && (left == 0 || random_below(2))) {
				ids[made] = apply_one(fixture, &stack, made);
				stands[made] = ids[made] != NULL;
				left += stands[made++];
			} else if (n < made && stands[n]) {
				restore(fixture, ids[n], RESTORE_DONE);
				stands[n] = false;
				left--;
			}
			check_keys(fixture, &stack, stands, (size_t)round, -1);
		}
		fixture_assert_unchanged(fixture);
		fixture_begin_again(fixture);
	}
}

/* A restore in between, then a new change upon what is left. */
static void test_a_new_change_after_a_gap(void **state)
{
	static const struct stack_case stack = { { { "1000", NULL, NULL }, { "2000", NULL, NULL },
		{ "3000", NULL, NULL } } };

	for (int order = 0; order < 2; order++) {
		struct fixture *fixture = *state;
		const char *first = apply_one(fixture, &stack, 0), *second = apply_one(fixture, &stack, 1), *third;

		restore(fixture, first, RESTORE_DONE);
		fake_kernel_assert(&fixture->kernel, keys[0], "2000\n");
		third = apply_one(fixture, &stack, 2);
		restore(fixture, order ? third : second, RESTORE_DONE);
		fake_kernel_assert(&fixture->kernel, keys[0], order ? "2000\n" : "3000\n");
		restore(fixture, order ? second : third, RESTORE_DONE);
		fixture_assert_unchanged(fixture);
		fixture_begin_again(fixture);
	}
}

static const char *owner_of(struct fixture *fixture)
{
	return fixture_item(fixture, keys[0])->original_owner;
}

static void test_owners(void **state)
{
	static const struct stack_case stack = { { { "1000", NULL, NULL }, { "2000", NULL, NULL },
		{ "3000", NULL, NULL } } };
	struct fixture *fixture = *state;
	const char *first = apply_one(fixture, &stack, 0), *second;
	struct change *change;

	assert_null(owner_of(fixture));
	second = apply_one(fixture, &stack, 1);
	assert_string_equal(owner_of(fixture), first);
	/* Somebody else's write ends the chain: what comes upon it stands on nobody's value. */
	fake_kernel_set(&fixture->kernel, keys[0], "1234\n");
	(void)apply_one(fixture, &stack, 2);
	assert_null(owner_of(fixture));
	/* Those beneath are held by nobody of ours now, and what they find is foreign. */
	assert_int_equal(choose(fixture, first, &change), 0);
	assert_string_equal(change_find(change, keys[0])->held_by, second);
	assert_int_equal(choose(fixture, second, &change), 0);
	assert_null(change_find(change, keys[0])->held_by);
	restore(fixture, fixture->applied.change->id, RESTORE_DONE);
	fake_kernel_assert(&fixture->kernel, keys[0], "1234\n");
	restore(fixture, second, RESTORE_INCOMPLETE);
	fake_kernel_assert(&fixture->kernel, keys[0], "1234\n");
}

/* Of another network namespace or boot: not of this chain. */
static void test_changes_of_another_place_own_nothing(void **state)
{
	static const struct stack_case stack = { { { "1000", NULL, NULL }, { "2000", NULL, NULL },
		{ "3000", NULL, NULL } } };
	struct fixture *fixture = *state;
	const char *netns = fixture->host.netns, *boot = fixture->host.boot_id;

	fixture->host.netns = "4711";
	(void)apply_one(fixture, &stack, 0);
	fixture->host.netns = netns;
	(void)apply_one(fixture, &stack, 1);
	assert_null(owner_of(fixture));
	fixture->host.boot_id = "99999999-2222-3333-4444-555555555555";
	(void)apply_one(fixture, &stack, 2);
	assert_null(owner_of(fixture));
	fixture->host.boot_id = boot;
}

/* A change whose id is chosen, as if it had been written by hand. */
static void write_record(struct fixture *fixture, const char *id, const char *original, const char *ours,
	const char *owner)
{
	struct change_item item = { .path = keys[0], .role = CHANGE_STEP, .status = CHANGE_APPLIED,
		.original = value_of(original), .target = value_of(ours), .ours = value_of(ours), .intended = true,
		.completed = true, .original_owner = owner };
	const struct change change = { .id = id, .state = CHANGE_STANDING, .created = "2026-11-22T06:47:00Z",
		.host = fixture->host, .items = &item, .items_count = 1 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char path[100];

	assert_int_equal(record_json_write(&text, &change), 0);
	snprintf(path, sizeof(path), "var/lib/kerntune/changes/%s.json", id);
	temp_dir_write_bytes(&fixture->kernel.dir, path, text.bytes, text.length);
}

/* Owners that lead in a circle, to a younger one, to itself, or nowhere are believed no further. */
static void test_owners_that_were_edited(void **state)
{
	static const char *const first = "20261122T064700Z-0001", *const second = "20261122T064700Z-0002";
	static const char *const owners[][2] = {
		{ "20261122T064700Z-0002", "20261122T064700Z-0001" },
		{ "20261122T064700Z-0001", "20261122T064700Z-0002" },
		{ NULL, "20250101T000000Z-0000" },
		{ "20991122T064700Z-0000", "20991122T064700Z-0000" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		struct change *change;

		write_record(fixture, first, "4096\n", "1000\n", owners[i][0]);
		write_record(fixture, second, "1000\n", "2000\n", owners[i][1]);
		assert_int_equal(choose(fixture, first, &change), 0);
		assert_true(value_identical(change_find(change, keys[0])->original, value_of("4096\n")));
		assert_int_equal(choose(fixture, second, &change), 0);
		assert_true(value_identical(change_find(change, keys[0])->original, value_of("1000\n")));
		fixture_begin_again(fixture);
	}
}

/* The record beneath is gone or damaged: its value is all that is known. */
static void test_an_owner_that_cannot_be_read(void **state)
{
	static const struct stack_case stack = { { { "1000", NULL, NULL }, { "2000", NULL, NULL } } };

	for (int i = 0; i < 2; i++) {
		struct fixture *fixture = *state;
		const char *first = apply_one(fixture, &stack, 0), *second = apply_one(fixture, &stack, 1);
		char path[100];

		snprintf(path, sizeof(path), "var/lib/kerntune/changes/%s.json", first);
		if (i == 0)
			assert_int_equal(unlinkat(fixture->kernel.dir.fd, path, 0), 0);
		else
			temp_dir_write(&fixture->kernel.dir, path, "{");
		restore(fixture, second, RESTORE_DONE);
		fake_kernel_assert(&fixture->kernel, keys[0], "1000\n");
		fake_kernel_set(&fixture->kernel, keys[0], "4096\n");
		fixture_begin_again(fixture);
	}
}

/* What is not below net is one variable, from whatever network namespace it is changed; what is below net is not. */
static void test_chains_across_network_namespaces(void **state)
{
	static const struct stack_case both = { { { "1000", NULL, "1" }, { "2000", NULL, "2" } } };
	struct fixture *fixture = *state;
	const char *netns = fixture->host.netns, *older, *newer;
	struct change *change;

	older = apply_one(fixture, &both, 0);
	fixture->host.netns = "4026539999";
	newer = apply_one(fixture, &both, 1);
	change = fixture->applied.change;
	assert_string_equal(change_find(change, "vm/swappiness")->original_owner, older);
	assert_null(change_find(change, "net/core/somaxconn")->original_owner);

	fixture->host.netns = netns;
	assert_int_equal(choose(fixture, older, &change), 0);
	assert_string_equal(change_find(change, "vm/swappiness")->held_by, newer);
	assert_null(change_find(change, "net/core/somaxconn")->held_by);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_any_order),
		WITH_FIXTURE(test_any_coming_and_going),
		WITH_FIXTURE(test_a_new_change_after_a_gap),
		WITH_FIXTURE(test_owners),
		WITH_FIXTURE(test_changes_of_another_place_own_nothing),
		WITH_FIXTURE(test_owners_that_were_edited),
		WITH_FIXTURE(test_an_owner_that_cannot_be_read),
		WITH_FIXTURE(test_chains_across_network_namespaces),
	};

	return RUN_TESTS(tests);
}
