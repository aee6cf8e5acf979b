/* SPDX-License-Identifier: MIT */
/* The catalogue: its look-ups, and that its rows agree with each other. */
#include "model/catalog.h"

#include "model/key.h"
#include "unit.h"

#include <string.h>

static bool lists(const char *const *paths, const char *path)
{
	for (size_t i = 0; paths[i]; i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

static void assert_sane_paths(const struct catalog_row *row, const char *const *paths)
{
	CLEANUP_ARENA struct arena arena;

	arena_init(&arena);
	assert_non_null(paths);
	for (size_t i = 0; paths[i]; i++) {
		const char *canonical = "";
		int r = key_parse(&arena, paths[i], strlen(paths[i]), &canonical);

		check_row(r == 0 && strcmp(canonical, paths[i]) == 0, "%s names %s", row->path, paths[i]);
		check_row(strcmp(row->path, paths[i]) != 0, "%s names itself", row->path);
	}
}

static void test_rows_are_sorted_and_sane(void **state)
{
	(void)state;
	assert_true(catalog_count > 100);
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);
		bool is_number = row->type >= VALUE_INT && row->type <= VALUE_ULONG;

		if (i > 0)
			check_row(strcmp(catalog_at(i - 1)->path, row->path) < 0, "%s out of order", row->path);
		assert_sane_paths(row, row->aliases);
		assert_sane_paths(row, row->siblings);
		assert_sane_paths(row, row->cascades);
		assert_sane_paths(row, row->after);
		assert_non_null(row->one_way_values);
		check_row(row->type != VALUE_UNKNOWN, "%s has no type", row->path);
		check_row(row->fields >= 1, "%s has no fields", row->path);
		check_row(is_number || !row->ordered, "%s is ordered without being a number", row->path);
		check_row(!row->ordered || row->fields > 1, "%s is ordered and has one field", row->path);
		check_row(row->rounding != ROUNDING_MULTIPLE || row->rounding_multiple > 0,
			"%s is a multiple of nothing", row->path);
		if (row->has_min && row->has_max)
			check_row(number_compare(row->min, row->max) <= 0, "%s has an empty range", row->path);
	}
}

static void test_aliases_and_siblings_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		for (size_t k = 0; row->aliases[k]; k++) {
			const struct catalog_row *other = catalog_find(row->aliases[k]);

			check_row(other && lists(other->aliases, row->path), "%s and %s", row->path,
				row->aliases[k]);
			check_row(other && other->type == row->type && other->fields == row->fields,
				"%s and %s differ in type", row->path, row->aliases[k]);
		}
		for (size_t k = 0; row->siblings[k]; k++) {
			const struct catalog_row *other = catalog_find(row->siblings[k]);

			check_row(other && lists(other->siblings, row->path), "%s and %s", row->path,
				row->siblings[k]);
		}
	}
}

/* Every other key that a row names has a row itself, or is a glob that covers one. */
static void test_named_keys_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		for (size_t k = 0; row->cascades[k]; k++)
			check_row(catalog_find(row->cascades[k]), "%s moves %s", row->path, row->cascades[k]);
		for (size_t k = 0; row->after[k]; k++)
			check_row(catalog_find(row->after[k]), "%s follows %s", row->path, row->after[k]);
	}
}

/* A row that must come after another one must not also be moved the other way round. */
static void test_after_has_no_mutual_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		for (size_t k = 0; row->after[k]; k++) {
			const struct catalog_row *other = catalog_find(row->after[k]);

			check_row(!other || !lists(other->after, row->path), "%s and %s wait for each other",
				row->path, row->after[k]);
		}
	}
}

static void test_find_prefers_the_exact_row(void **state)
{
	const struct catalog_row *row;

	(void)state;
	row = catalog_find("net/core/somaxconn");
	assert_non_null(row);
	assert_string_equal(row->path, "net/core/somaxconn");
	row = catalog_find("net/ipv4/conf/eth0.100/rp_filter");
	assert_non_null(row);
	assert_string_equal(row->path, "net/ipv4/conf/*/rp_filter");
	row = catalog_find("net/ipv4/conf/default/rp_filter");
	assert_non_null(row);
	assert_string_equal(row->path, "net/ipv4/conf/default/rp_filter");
	assert_null(catalog_find("net/core/no_such_key"));
	assert_null(catalog_find("net/ipv4/conf/rp_filter"));
	assert_null(catalog_find(""));
}

static void test_suggest(void **state)
{
	(void)state;
	assert_string_equal(catalog_suggest("net/core/somaxcon"), "net/core/somaxconn");
	assert_string_equal(catalog_suggest("net/ipv4/tcp_fin_timeuot"), "net/ipv4/tcp_fin_timeout");
	assert_null(catalog_suggest("net/core/nothing_like_it"));
}

static void test_one_way(void **state)
{
	(void)state;
	assert_true(catalog_is_one_way(catalog_find("vm/drop_caches"), value_of("3")));
	assert_true(catalog_is_one_way(catalog_find("kernel/modules_disabled"), value_of("1\n")));
	assert_true(catalog_is_one_way(catalog_find("kernel/modules_disabled"), value_of("0x1")));
	assert_false(catalog_is_one_way(catalog_find("kernel/modules_disabled"), value_of("0")));
	assert_false(catalog_is_one_way(catalog_find("net/core/somaxconn"), value_of("1")));
	assert_false(catalog_is_one_way(NULL, value_of("1")));
}

static void test_satisfied(void **state)
{
	const struct catalog_row *rounded = catalog_find("net/core/rps_sock_flow_entries");

	(void)state;
	assert_non_null(rounded);
	assert_true(catalog_satisfied(rounded, value_of("30000"), value_of("32768\n")));
	assert_false(catalog_satisfied(rounded, value_of("30000"), value_of("65536\n")));
	assert_false(catalog_satisfied(NULL, value_of("30000"), value_of("32768\n")));
	assert_true(catalog_satisfied(NULL, value_of("30000"), value_of("30000\n")));
	assert_true(catalog_satisfied(catalog_find("net/ipv4/tcp_rmem"), value_of("1 2 3"),
		value_of("1\t2\t3\n")));
	assert_int_equal(catalog_type(NULL), VALUE_UNKNOWN);
}

static void test_moves(void **state)
{
	const struct catalog_row *forward = catalog_find("net/ipv4/ip_forward");

	(void)state;
	assert_true(catalog_moves(forward, "net/ipv4/conf/eth0.100/forwarding"));
	assert_true(catalog_moves(forward, "net/ipv4/conf/all/accept_redirects"));
	assert_false(catalog_moves(forward, "net/ipv4/conf/eth0/accept_redirects"));
	assert_true(catalog_moves(catalog_find("vm/dirty_ratio"), "vm/dirty_bytes"));
	assert_true(catalog_moves(catalog_find("net/nf_conntrack_max"), "net/netfilter/nf_conntrack_max"));
	assert_false(catalog_moves(catalog_find("net/core/somaxconn"), "net/core/somaxconn"));
	assert_false(catalog_moves(NULL, "net/core/somaxconn"));
}

/* A key that bounds another one is a number like it, and no two bound or lock each other. */
static void test_bounds_and_locks(void **state)
{
	size_t bounds = 0, locks = 0;

	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);
		const struct catalog_row *bound = row->not_above ? catalog_find(row->not_above) : NULL;
		const struct catalog_row *lock = row->locked_by ? catalog_find(row->locked_by) : NULL;

		if (row->not_above) {
			bounds++;
			check_row(bound && bound != row, "%s is bounded by %s", row->path, row->not_above);
			check_row(!key_is_glob(row->not_above), "%s is bounded by a glob", row->path);
			check_row(bound->type >= VALUE_INT && bound->type <= VALUE_ULONG && row->type == bound->type,
				"%s and %s are not the same kind of number", row->path, row->not_above);
			check_row(!bound->not_above || strcmp(bound->not_above, row->path) != 0, "%s and %s",
				row->path, row->not_above);
			check_row(!lists(row->after, row->not_above) && !lists(bound->after, row->path),
				"%s has two orders with %s", row->path, row->not_above);
		}
		check_row((row->locked_by != NULL) == (row->locked_values && row->locked_values[0] != NULL),
			"%s is locked by no value", row->path);
		if (!row->locked_by)
			continue;
		locks++;
		check_row(lock && lock != row && !lock->locked_by, "%s is locked by %s", row->path, row->locked_by);
	}
	assert_true(bounds >= 5);
	assert_true(locks >= 1);
}

static void test_known_bounds_and_locks(void **state)
{
	static const char *const chains[][2] = {
		{ "net/ipv4/ip_unprivileged_port_start", "net/ipv4/ip_local_port_range" },
		{ "net/ipv4/neigh/default/gc_thresh1", "net/ipv4/neigh/default/gc_thresh2" },
		{ "net/ipv4/neigh/default/gc_thresh2", "net/ipv4/neigh/default/gc_thresh3" },
		{ "net/ipv6/neigh/default/gc_thresh1", "net/ipv6/neigh/default/gc_thresh2" },
		{ "net/ipv6/neigh/default/gc_thresh2", "net/ipv6/neigh/default/gc_thresh3" },
	};
	const struct catalog_row *rate = catalog_find("kernel/perf_event_max_sample_rate");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(chains); i++) {
		const struct catalog_row *row = catalog_find(chains[i][0]);

		check_row(row && row->not_above && strcmp(row->not_above, chains[i][1]) == 0, "%s", chains[i][0]);
	}
	assert_null(catalog_find("net/ipv4/neigh/default/gc_thresh3")->not_above);
	assert_non_null(rate);
	assert_string_equal(rate->locked_by, "kernel/perf_cpu_time_max_percent");
	assert_true(lists(rate->locked_values, "0") && lists(rate->locked_values, "100"));
	assert_null(rate->locked_values[2]);
}

/* What is lost belongs to a value that cannot be undone; the two words never stand alone. */
static void test_what_is_lost(void **state)
{
	static const char *const paths[] = { "net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/eth0/disable_ipv6" };

	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		check_row(!row->loses || (row->loses[0] && !row->one_way && row->one_way_values[0]),
			"%s loses something with no value", row->path);
		check_row(!row->is_action || row->one_way, "%s is an action that could be undone", row->path);
	}
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		const struct catalog_row *row = catalog_find(paths[i]);

		check_row(row && row->loses && strstr(row->loses, "addresses"), "%s loses nothing", paths[i]);
		assert_true(catalog_is_one_way(row, value_of("1")));
		assert_false(catalog_is_one_way(row, value_of("0\n")));
	}
	/* New interfaces only: nobody has an address yet. */
	assert_null(catalog_find("net/ipv6/conf/default/disable_ipv6")->loses);
	assert_false(catalog_is_one_way(catalog_find("net/ipv6/conf/default/disable_ipv6"), value_of("1")));
	assert_true(catalog_is_action(catalog_find("vm/compact_memory")));
	assert_false(catalog_is_action(catalog_find("kernel/modules_disabled")));
	assert_false(catalog_is_action(NULL));
}

/* A list is empty, or holds one item a line. */
static void assert_list(const char *path, const char *list)
{
	size_t length = strlen(list);

	check_row(!strstr(list, "\n\n") && list[0] != '\n', "%s has an empty item", path);
	check_row(length == 0 || list[length - 1] != '\n', "%s ends with a newline", path);
}

static void test_prose_is_sane(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);
		struct catalog_prose prose = catalog_prose(row);
		const char *const texts[] = { prose.summary, prose.unit, prose.normal, prose.advice };
		const char *const lists[] = { prose.changes, prose.caveats, prose.myths, prose.sources };

		for (size_t k = 0; k < COUNT_OF(texts); k++)
			check_row(texts[k] && !strchr(texts[k], '\n'), "%s: text %zu", row->path, k);
		for (size_t k = 0; k < COUNT_OF(lists); k++)
			assert_list(row->path, lists[k]);
		check_row(prose.summary[0] && prose.sources[0], "%s has no summary or no source", row->path);
	}
}

static void test_prose_of_nothing(void **state)
{
	struct catalog_prose prose = catalog_prose(NULL);

	(void)state;
	assert_string_equal(prose.summary, "");
	assert_string_equal(prose.unit, "");
	assert_string_equal(prose.normal, "");
	assert_string_equal(prose.changes, "");
	assert_string_equal(prose.caveats, "");
	assert_string_equal(prose.myths, "");
	assert_string_equal(prose.advice, "");
	assert_string_equal(prose.sources, "");
}

static void test_prose_of_a_row(void **state)
{
	struct catalog_prose prose = catalog_prose(catalog_find("net/core/somaxconn"));

	(void)state;
	assert_non_null(strstr(prose.summary, "listen"));
	assert_non_null(strstr(prose.normal, "4096"));
	assert_non_null(strstr(prose.changes, "\n5.4: "));
	assert_non_null(strstr(prose.sources, "net/socket.c"));
}

/* The same row is the same pointer, and its lists stay what they were. */
static void test_rows_are_constants(void **state)
{
	const struct catalog_row *forward = catalog_find("net/ipv4/ip_forward");
	const char *const *cascades = forward->cascades;

	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		assert_ptr_equal(catalog_find(row->path), row);
		assert_ptr_equal(catalog_at(i), row);
	}
	assert_ptr_equal(catalog_find("net/ipv4/ip_forward"), forward);
	assert_ptr_equal(forward->cascades, cascades);
	assert_string_equal(cascades[0], "net/ipv4/conf/*/forwarding");
	assert_string_equal(cascades[1], "net/ipv4/conf/all/accept_redirects");
	assert_null(cascades[2]);
}

static void test_versions(void **state)
{
	const struct catalog_row *recycle = catalog_find("net/ipv4/tcp_tw_recycle");
	const struct catalog_row *low_latency = catalog_find("net/ipv4/tcp_low_latency");

	(void)state;
	assert_non_null(recycle);
	assert_string_equal(recycle->until, "4.11");
	assert_null(recycle->no_effect_since);
	assert_non_null(low_latency);
	assert_string_equal(low_latency->no_effect_since, "4.14");
	assert_null(low_latency->until);
	assert_null(catalog_find("net/core/somaxconn")->no_effect_since);
}

/* Each topic of the quick reference has a few keys, each of them one key. */
static void test_topics(void **state)
{
	size_t counts[TOPIC_COUNT] = { 0 };

	(void)state;
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		counts[row->topic]++;
		check_row(row->topic == TOPIC_NONE || !strchr(row->path, '*'), "%s is many keys", row->path);
	}
	for (size_t i = TOPIC_NONE + 1; i < TOPIC_COUNT; i++)
		check_row(counts[i] >= 3 && counts[i] <= 12, "topic %zu has %zu keys", i, counts[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_sorted_and_sane),
		cmocka_unit_test(test_aliases_and_siblings_go_both_ways),
		cmocka_unit_test(test_named_keys_are_known),
		cmocka_unit_test(test_after_has_no_mutual_pairs),
		cmocka_unit_test(test_find_prefers_the_exact_row),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_satisfied),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_bounds_and_locks),
		cmocka_unit_test(test_known_bounds_and_locks),
		cmocka_unit_test(test_what_is_lost),
		cmocka_unit_test(test_prose_is_sane),
		cmocka_unit_test(test_prose_of_nothing),
		cmocka_unit_test(test_prose_of_a_row),
		cmocka_unit_test(test_rows_are_constants),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_topics),
	};

	return RUN_TESTS(tests);
}
