/* SPDX-License-Identifier: MIT */
/* Merging profiles into one list of settings. */
#include "model/resolve.h"

#include "base/memory.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const struct source source = { .name = "test.yaml" };

struct pair {
	const char *path, *value;
};

/* A profile of at most eight settings; `setting` is its storage. */
static struct profile make_profile(const char *name, struct setting *settings, const struct pair pairs[],
	size_t count)
{
	for (size_t i = 0; i < count; i++)
		settings[i] = (struct setting){
			.path = pairs[i].path,
			.value = value_of(pairs[i].value),
			.value_span = { .source = &source, .line = (unsigned)i + 1, .column = 1 },
		};
	return (struct profile){ .name = name, .settings = settings, .settings_count = count };
}

static const struct setting *find(const struct resolved *resolved, const char *path)
{
	size_t index = resolve_find(resolved, path);

	return index == RESOLVE_NOT_FOUND ? NULL : resolved->settings[index];
}

static const struct pair base_pairs[] = {
	{ "net/core/somaxconn", "1" }, { "vm/swappiness", "10" }, { "kernel/a", "a" },
};
static const struct pair middle_pairs[] = {
	{ "vm/swappiness", "20" }, { "net/ipv4/tcp_rmem", "1 2 3" },
};

static void test_later_definitions_win_in_place(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct setting base_settings[8], middle_settings[8];
	struct profile base = make_profile("base", base_settings, base_pairs, COUNT_OF(base_pairs));
	struct profile middle = make_profile("middle", middle_settings, middle_pairs,
		COUNT_OF(middle_pairs));
	struct resolved resolved;

	(void)state;
	arena_init(&arena);
	resolve_init(&resolved, &arena);
	assert_int_equal(resolve_override(&resolved, &base), 0);
	assert_int_equal(resolve_override(&resolved, &middle), 0);
	assert_int_equal(resolved.count, 4);
	assert_string_equal(resolved.settings[0]->path, "net/core/somaxconn");
	assert_string_equal(resolved.settings[1]->path, "vm/swappiness");
	assert_string_equal(resolved.settings[1]->value.bytes, "20");
	assert_string_equal(resolved.settings[3]->path, "net/ipv4/tcp_rmem");
	assert_ptr_equal(find(&resolved, "vm/swappiness"), &middle_settings[0]);
	assert_null(find(&resolved, "vm/swappines"));
	assert_null(find(&resolved, ""));

	/* The same ancestor a second time, as in a diamond, brings its values back: the caller decides. */
	assert_int_equal(resolve_override(&resolved, &base), 0);
	assert_int_equal(resolved.count, 4);
	assert_ptr_equal(find(&resolved, "vm/swappiness"), &base_settings[1]);
}

/* Joins one setting with another one of the same key; the number of errors. */
static size_t join_pair(const struct setting *a, const struct setting *b)
{
	CLEANUP_ARENA struct arena arena;
	struct profile one = { .name = "one", .settings = (struct setting *)a, .settings_count = 1 };
	struct profile two = { .name = "two", .settings = (struct setting *)b, .settings_count = 1 };
	struct resolved first, second, joined;
	struct diags diags;

	arena_init(&arena);
	diags_init(&diags, &arena);
	resolve_init(&first, &arena);
	resolve_init(&second, &arena);
	resolve_init(&joined, &arena);
	assert_int_equal(resolve_override(&first, &one), 0);
	assert_int_equal(resolve_override(&second, &two), 0);
	assert_int_equal(resolve_join(&joined, &diags, &first), 0);
	assert_int_equal(resolve_join(&joined, &diags, &second), 0);
	return diags.errors;
}

static void test_agreement(void **state)
{
	static const struct {
		const char *path, *a, *b;
		enum setting_rule b_rule;
		bool agrees;
	} cases[] = {
		{ "net/core/somaxconn", "16", "16", SETTING_VALUE, true },
		{ "net/core/somaxconn", "16", "0x10", SETTING_VALUE, true },
		{ "net/core/somaxconn", "16", "17", SETTING_VALUE, false },
		{ "net/core/somaxconn", "16", "16", SETTING_AT_LEAST, false },
		{ "net/ipv4/tcp_congestion_control", "bbr", "cubic", SETTING_VALUE, false },
		{ "net/ipv4/ip_local_reserved_ports", "1,2", "1-2", SETTING_VALUE, true },
		{ "no/such/key", "a  b", "a b", SETTING_VALUE, true },
	};
	static const struct profile profile = { .name = "p" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct setting a = { .path = cases[i].path, .value = value_of(cases[i].a),
			.profile = &profile };
		struct setting b = { .path = cases[i].path, .value = value_of(cases[i].b),
			.rule = cases[i].b_rule, .profile = &profile };

		check_row(join_pair(&a, &b) == !cases[i].agrees, "row %zu", i);
	}
}

static void test_join_reports_disagreement(void **state)
{
	static const struct pair one_pairs[] = { { "net/core/somaxconn", "16" }, { "vm/swappiness", "1" } };
	static const struct pair two_pairs[] = { { "vm/swappiness", "2" }, { "net/core/somaxconn", "0x10" },
		{ "kernel/b", "b" } };
	CLEANUP_ARENA struct arena arena;
	struct setting one_settings[8], two_settings[8];
	struct profile one = make_profile("one", one_settings, one_pairs, COUNT_OF(one_pairs));
	struct profile two = make_profile("two", two_settings, two_pairs, COUNT_OF(two_pairs));
	struct resolved first, second, joined;
	struct diags diags;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(one_pairs); i++)
		one_settings[i].profile = &one;
	for (size_t i = 0; i < COUNT_OF(two_pairs); i++)
		two_settings[i].profile = &two;
	arena_init(&arena);
	diags_init(&diags, &arena);
	resolve_init(&first, &arena);
	resolve_init(&second, &arena);
	resolve_init(&joined, &arena);
	assert_int_equal(resolve_override(&first, &one), 0);
	assert_int_equal(resolve_override(&second, &two), 0);
	assert_int_equal(resolve_join(&joined, &diags, &first), 0);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(resolve_join(&joined, &diags, &second), 0);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->id, "profiles-disagree");
	assert_non_null(strstr(diags.first->message, "one and two disagree about vm.swappiness"));
	assert_int_equal(diags.first->span.line, 1);
	assert_int_equal(diags.first->also.line, 2);
	assert_non_null(diags.first->hint);
	assert_int_equal(joined.count, 3);
	/* The first definition stays, so that a report goes on with one of the two. */
	assert_ptr_equal(find(&joined, "vm/swappiness"), &one_settings[1]);
}

static void test_many_keys_stay_findable(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct resolved resolved;
	enum { COUNT = 1000 };
	struct setting *settings;
	struct profile profile = { .name = "many", .settings_count = COUNT };

	(void)state;
	arena_init(&arena);
	settings = arena_alloc(&arena, COUNT * sizeof(*settings));
	assert_non_null(settings);
	for (size_t i = 0; i < COUNT; i++)
		settings[i].path = arena_printf(&arena, "net/key%zu", i * 7919 % COUNT);
	profile.settings = settings;
	resolve_init(&resolved, &arena);
	assert_int_equal(resolve_override(&resolved, &profile), 0);
	assert_int_equal(resolved.count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_ptr_equal(resolved.settings[i], &settings[i]);
		assert_ptr_equal(find(&resolved, settings[i].path), &settings[i]);
	}
	for (size_t i = 1; i < COUNT; i++)
		assert_true(strcmp(resolved.settings[resolved.by_path[i - 1]]->path,
			resolved.settings[resolved.by_path[i]]->path) < 0);
}

static void test_memory_failure(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct setting settings[8];
	struct profile base = make_profile("base", settings, base_pairs, COUNT_OF(base_pairs));
	struct resolved resolved;

	(void)state;
	arena_init(&arena);
	resolve_init(&resolved, &arena);
	memory_fail_at(1);
	assert_int_equal(resolve_override(&resolved, &base), -ENOMEM);
	memory_fail_at(0);
	assert_int_equal(resolved.count, 0);
	assert_int_equal(resolve_override(&resolved, &base), 0);
	assert_int_equal(resolved.count, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_later_definitions_win_in_place),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_join_reports_disagreement),
		cmocka_unit_test(test_many_keys_stay_findable),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
