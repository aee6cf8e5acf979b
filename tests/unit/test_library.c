/* SPDX-License-Identifier: MIT */
/* Finding profiles, and which of them may be trusted. */
#define _GNU_SOURCE
#include "engine/library.h"

#include "engine_fixture.h"
#include "old_kernel.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(const struct fixture *fixture, const char *path, const char *text)
{
	temp_dir_write(&fixture->kernel.dir, path, text);
}

static const struct profile *load(struct fixture *fixture, const char *argument)
{
	const struct profile *profile = NULL;

	if (library_load(&fixture->library, argument, &profile) != 0)
		fail_msg("%s", fixture->diags.first->message);
	return profile;
}

/* The id of the first diagnostic of a load that must fail. */
static const char *load_error(struct fixture *fixture, const char *argument)
{
	const struct profile *profile = NULL;

	fixture_open_library(fixture);
	assert_int_equal(library_load(&fixture->library, argument, &profile), 1);
	assert_int_equal(fixture->diags.errors, 1);
	return fixture->diags.first->id;
}

/* The path of a file in the fixture's tree, as a command-line argument. */
static const char *file(struct fixture *fixture, const char *path)
{
	return arena_printf(&fixture->arena, "%s/%s", fixture->kernel.dir.path, path);
}

static void test_search_order(void **state)
{
	static const char *const dirs[] = { "profiles", "etc/kerntune/profiles",
		"usr/local/share/kerntune/profiles" };
	struct fixture *fixture = *state;

	/* The last one first: each then takes the place of the one before. */
	for (size_t i = COUNT_OF(dirs); i-- > 0;) {
		char path[100];

		snprintf(path, sizeof(path), "%s/p.yaml", dirs[i]);
		add(fixture, path, arena_printf(&fixture->arena, "profile: p\nsummary: %s\n", dirs[i]));
		fixture_open_library(fixture);
		assert_string_equal(load(fixture, "p")->summary, dirs[i]);
	}
}

static void test_names_are_sorted_and_unique(void **state)
{
	static const char *const expected[] = { "a", "b", "c" };
	struct fixture *fixture = *state;
	const char *const *names;
	size_t count;

	add(fixture, "profiles/b.yaml", "");
	add(fixture, "profiles/c.yaml", "");
	add(fixture, "etc/kerntune/profiles/b.yaml", "");
	add(fixture, "etc/kerntune/profiles/a.yaml", "");
	add(fixture, "profiles/.hidden.yaml", "");
	add(fixture, "profiles/not a name.yaml", "");
	add(fixture, "profiles/.yaml", "");
	add(fixture, "profiles/notes.txt", "");
	fixture_open_library(fixture);
	assert_int_equal(library_names(&fixture->library, &names, &count), 0);
	assert_int_equal(count, COUNT_OF(expected));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(names[i], expected[i]);
}

static void test_an_argument_that_is_a_file(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "elsewhere/p.yaml", "profile: p\n");
	fixture_open_library(fixture);
	assert_string_equal(load(fixture, file(fixture, "elsewhere/p.yaml"))->name, "p");
	assert_string_equal(load_error(fixture, file(fixture, "elsewhere/q.yaml")), "unreadable");
	assert_string_equal(load_error(fixture, "no-such-file.yaml"), "unreadable");
}

static void test_unknown_names_get_a_suggestion(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "profiles/api-gateway.yaml", "profile: api-gateway\n");
	assert_string_equal(load_error(fixture, "api-gatway"), "unknown-profile");
	assert_string_equal(fixture->diags.first->hint, "did you mean \"api-gateway\"?");
	assert_string_equal(load_error(fixture, "nothing-like-it"), "unknown-profile");
	assert_non_null(strstr(fixture->diags.first->hint, "kerntune list"));
	assert_string_equal(load_error(fixture, "."), "unknown-profile");
	assert_string_equal(load_error(fixture, ""), "unknown-profile");
}

static void test_what_is_no_regular_file(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	temp_dir_add_fifo(&fixture->kernel.dir, "profiles/fifo.yaml");
	assert_string_equal(load_error(fixture, "fifo"), "not-a-file");
	assert_string_equal(load_error(fixture, file(fixture, "profiles/fifo.yaml")), "not-a-file");
	temp_dir_add_dir(&fixture->kernel.dir, "profiles/dir.yaml", 0755);
	assert_string_equal(load_error(fixture, "dir"), "not-a-file");
	assert_string_equal(load_error(fixture, "/dev/null"), "not-a-file");

	/* A hole of a gibibyte: refused before it is read. */
	add(fixture, "profiles/huge.yaml", "");
	fd = openat(fixture->kernel.dir.fd, "profiles/huge.yaml", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 1024L * 1024 * 1024), 0);
	(void)close(fd);
	assert_string_equal(load_error(fixture, "huge"), "too-large");
}

/* What root would apply must not be writable for somebody else. */
static void test_trust(void **state)
{
	static const struct {
		const char *dir;
		mode_t mode;
		bool foreign;
		const char *id;		/* of the first diagnostic; NULL: none */
		bool refused;
	} cases[] = {
		{ "profiles", 0644, false, NULL, false },
		{ "profiles", 0664, false, NULL, false },
		{ "profiles", 0666, false, "unsafe-profile", true },
		{ "profiles", 0602, false, "unsafe-profile", true },
		{ "profiles", 0644, true, "foreign-profile", false },
		{ "etc/kerntune/profiles", 0644, false, NULL, false },
		{ "etc/kerntune/profiles", 0600, false, NULL, false },
		{ "etc/kerntune/profiles", 0664, false, "unsafe-profile", true },
		{ "etc/kerntune/profiles", 0646, false, "unsafe-profile", true },
		{ "etc/kerntune/profiles", 0644, true, "unsafe-profile", true },
		{ "usr/local/share/kerntune/profiles", 0664, false, "unsafe-profile", true },
		{ "usr/local/share/kerntune/profiles", 0644, true, "unsafe-profile", true },
	};

	(void)state;
	if (geteuid() != 0) {
		print_message("not root: the rules for root are not tried\n");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct profile *profile = NULL;
		struct fixture fixture;
		char path[100];
		int r;

		fixture_make(&fixture);
		snprintf(path, sizeof(path), "%s/p.yaml", cases[i].dir);
		add(&fixture, path, "profile: p\n");
		temp_dir_set_mode(&fixture.kernel.dir, path, cases[i].mode);
		if (cases[i].foreign)
			assert_int_equal(fchownat(fixture.kernel.dir.fd, path, 65534, 65534, 0), 0);
		fixture_open_library(&fixture);
		r = library_load(&fixture.library, "p", &profile);
		check_row(r == cases[i].refused && (profile == NULL) == cases[i].refused, "row %zu gives %d",
			i, r);
		check_row(cases[i].id ? fixture.diags.first &&
			strcmp(fixture.diags.first->id, cases[i].id) == 0 : !fixture.diags.first, "row %zu: %s", i,
			fixture.diags.first ? fixture.diags.first->id : "no diagnostic");
		fixture_remove(&fixture);
	}
}

static void test_links_in_a_root_stay_inside(void **state)
{
	struct fixture *fixture = *state;

	temp_dir_add_link(&fixture->kernel.dir, "etc/kerntune/profiles/p.yaml", "/proc/self/environ");
	/* There links are refused altogether. */
	if (old_kernel_is_running()) {
		assert_string_equal(load_error(fixture, "p"), "unreadable");
		return;
	}
	assert_string_equal(load_error(fixture, "p"), "unknown-profile");
	add(fixture, "srv/q.yaml", "profile: q\nsummary: inside\n");
	temp_dir_add_link(&fixture->kernel.dir, "etc/kerntune/profiles/q.yaml", "/srv/q.yaml");
	fixture_open_library(fixture);
	assert_string_equal(load(fixture, "q")->summary, "inside");
}

/* ---- selections ---- */

static int select_one(struct fixture *fixture, const char *name)
{
	const char *const names[] = { name };

	fixture_open_library(fixture);
	return library_select(&fixture->library, names, 1, &fixture->selection);
}

static const char *selected(const struct fixture *fixture, const char *path)
{
	const struct resolved *settings = &fixture->selection.settings;
	size_t index = resolve_find(settings, path);

	return index == RESOLVE_NOT_FOUND ? NULL : settings->settings[index]->value.bytes;
}

static void test_extends(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {net.core.somaxconn: 1, vm.swappiness: 1}\n");
	fixture_add_profile(fixture, "other", "parameters: {vm.swappiness: 2, net.core.rmem_max: 300000}\n");
	fixture_add_profile(fixture, "top", "summary: the top\nextends: [base, other]\n"
		"parameters: {net.core.rmem_max: 400000}\n");
	assert_int_equal(select_one(fixture, "top"), 0);
	assert_string_equal(selected(fixture, "net/core/somaxconn"), "1");
	assert_string_equal(selected(fixture, "vm/swappiness"), "2");
	assert_string_equal(selected(fixture, "net/core/rmem_max"), "400000");
	assert_int_equal(fixture->selection.count, 1);
	assert_string_equal(fixture->selection.names[0], "top");
	assert_string_equal(fixture->selection.summary, "the top");
	assert_int_equal(fixture->selection.settings.settings[0]->key_span.line, 2);
	assert_non_null(strstr(fixture->selection.settings.settings[0]->key_span.source->name, "base.yaml"));
}

/* Each parent comes with all that it extends, in order: a later definition wins, also the one of a common
 * ancestor that an earlier parent had overridden. */
static void test_a_diamond(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {net.core.somaxconn: 1, vm.swappiness: 1}\n");
	fixture_add_profile(fixture, "left", "extends: base\nparameters: {net.core.somaxconn: 2}\n");
	fixture_add_profile(fixture, "right", "extends: base\nparameters: {vm.swappiness: 3}\n");
	fixture_add_profile(fixture, "top", "extends: [left, right]\n");
	assert_int_equal(select_one(fixture, "top"), 0);
	assert_string_equal(selected(fixture, "net/core/somaxconn"), "1");
	assert_string_equal(selected(fixture, "vm/swappiness"), "3");
}

/* Thirty profiles that each name the next one twice must not take 2^30 steps. */
static void test_many_diamonds(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 30; i++)
		fixture_add_profile(fixture, arena_printf(&fixture->arena, "p%u", i),
			arena_printf(&fixture->arena, "extends: [p%u, p%u]\n", i + 1, i + 1));
	fixture_add_profile(fixture, "p30", "parameters: {vm.swappiness: 1}\n");
	assert_int_equal(select_one(fixture, "p0"), 1);
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(fixture->diags.first->id, "chain-too-long");
	assert_int_equal(select_one(fixture, "p25"), 0);
	assert_string_equal(selected(fixture, "vm/swappiness"), "1");
}

/* Neither must one large file that is named over and over, nor files that together have too many variables. */
static void test_much_to_merge(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char name[20];

	strbuf_add_text(&text, "parameters:\n");
	for (unsigned i = 0; i < 2000; i++)
		strbuf_printf(&text, "  a/b%u: {value: 1, when: \"${1}\"}\n", i);
	fixture_add_profile(fixture, "large", text.bytes);
	strbuf_clear(&text);
	strbuf_add_text(&text, "extends: [large");
	for (unsigned i = 0; i < 600; i++)
		strbuf_add_text(&text, ", large");
	strbuf_add_text(&text, "]\n");
	fixture_add_profile(fixture, "often", text.bytes);
	assert_int_equal(select_one(fixture, "often"), 1);
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(fixture->diags.first->id, "chain-too-long");

	strbuf_clear(&text);
	strbuf_add_text(&text, "extends: [v0");
	for (unsigned i = 0; i < 5; i++) {
		CLEANUP_STRBUF struct strbuf variables = STRBUF_INIT;

		strbuf_add_text(&variables, "variables:\n");
		for (unsigned k = 0; k < 60; k++)
			strbuf_printf(&variables, "  v%u_%u: {default: 1}\n", i, k);
		snprintf(name, sizeof(name), "v%u", i);
		fixture_add_profile(fixture, name, variables.bytes);
		strbuf_printf(&text, ", v%u", i);
	}
	strbuf_add_text(&text, "]\n");
	fixture_add_profile(fixture, "many", text.bytes);
	assert_int_equal(select_one(fixture, "many"), 1);
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(fixture->diags.first->id, "too-many-variables");
}

/* A name is wrong also where what stands above it holds. */
static void test_names_of_what_is_passed_over(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {vm.swappiness: \"${nothing}\"}\n");
	fixture_add_profile(fixture, "top",
		"extends: base\nparameters: {vm.swappiness: {value: 1, when: \"${1}\"}}\n");
	assert_int_equal(select_one(fixture, "top"), 1);
	assert_string_equal(fixture->diags.first->id, "unknown-name");
}

static void test_cycles(void **state)
{
	static const char *const names[] = { "a", "b", "c", "own" };
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "a", "extends: b\n");
	fixture_add_profile(fixture, "b", "extends: [c]\n");
	fixture_add_profile(fixture, "c", "extends: a\n");
	fixture_add_profile(fixture, "own", "extends: own\n");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(select_one(fixture, names[i]), 1);
		assert_string_equal(fixture->diags.first->id, "extends-cycle");
		assert_int_equal(fixture->diags.first->span.line, 2);
	}
	assert_non_null(strstr(fixture->diags.first->message, "own extends own"));
}

static void test_a_missing_parent_is_reported_where_it_is_named(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {}\n");
	fixture_add_profile(fixture, "top", "extends: [bsae]\n");
	assert_int_equal(select_one(fixture, "top"), 1);
	assert_string_equal(fixture->diags.first->id, "unknown-profile");
	assert_int_equal(fixture->diags.first->span.line, 2);
	assert_int_equal(fixture->diags.first->span.column, 11);
	assert_string_equal(fixture->diags.first->hint, "did you mean \"base\"?");
}

static void test_a_chain_has_an_end(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 40; i++)
		fixture_add_profile(fixture, arena_printf(&fixture->arena, "p%u", i),
			arena_printf(&fixture->arena, "extends: p%u\n", i + 1));
	fixture_add_profile(fixture, "p40", "");
	assert_int_equal(select_one(fixture, "p0"), 1);
	assert_string_equal(fixture->diags.first->id, "chain-too-long");
}

static void test_two_profiles_that_disagree(void **state)
{
	static const char *const names[] = { "one", "two" };
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "one", "parameters: {vm.swappiness: 1}\n");
	fixture_add_profile(fixture, "two", "parameters: {vm.swappiness: 2}\n");
	fixture_open_library(fixture);
	assert_int_equal(library_select(&fixture->library, names, 2, &fixture->selection), 1);
	assert_string_equal(fixture->diags.first->id, "profiles-disagree");
	fixture_add_profile(fixture, "two", "parameters: {vm.swappiness: 0x1, net.core.somaxconn: 5}\n");
	fixture_open_library(fixture);
	assert_int_equal(library_select(&fixture->library, names, 2, &fixture->selection), 0);
	assert_int_equal(fixture->selection.count, 2);
	assert_int_equal(fixture->selection.settings.count, 2);
}

static void test_clashes_across_profiles(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {vm.dirty_ratio: 10}\n");
	fixture_add_profile(fixture, "top", "extends: base\nparameters: {vm.dirty_bytes: 1000000}\n");
	assert_int_equal(select_one(fixture, "top"), 1);
	assert_string_equal(fixture->diags.first->id, "exclusive-keys");
	assert_non_null(strstr(fixture->diags.first->also.source->name, "base.yaml"));
}

/* ---- computed values ---- */

/* Selects with these words of --set, and checks that all were used; the verdict. */
static int select_with(struct fixture *fixture, const char *name, const char *const words[], size_t count)
{
	const char *const names[] = { name };
	int r;

	fixture_open_library(fixture);
	r = library_set(&fixture->library, words, count);
	if (r == 0)
		r = library_select(&fixture->library, names, 1, &fixture->selection);
	return r == 0 ? library_check_set(&fixture->library) : r;
}

static const char computed_base[] =
	"variables:\n"
	"  load: {default: 10, min: 1, max: 1000}\n"
	"  other: {default: 1}\n"
	"parameters:\n"
	"  net.core.somaxconn: '${load * 2}'\n"
	"  net.ipv4.tcp_rmem: ['${load}', '${load + other}', 5000]\n"
	"  net.core.rmem_max: {value: 300000, when: '${load > 500}'}\n";

static void test_values_are_computed(void **state)
{
	struct fixture *fixture = *state;
	const char *const set[] = { "load=600", "other=5" };

	fixture_add_profile(fixture, "base", computed_base);
	/* The later definition of a variable wins, also for the expressions of an ancestor. */
	fixture_add_profile(fixture, "top", "extends: base\nvariables:\n  other: {default: 7}\n  mine: {default: 3}\n"
		"parameters: {vm.swappiness: '${mine * other}'}\n");
	assert_int_equal(select_one(fixture, "top"), 0);
	assert_string_equal(selected(fixture, "net/core/somaxconn"), "20");
	assert_string_equal(selected(fixture, "net/ipv4/tcp_rmem"), "10 17 5000");
	assert_string_equal(selected(fixture, "vm/swappiness"), "21");
	assert_null(selected(fixture, "net/core/rmem_max"));
	assert_int_equal(fixture->selection.settings.left_out_count, 1);
	assert_string_equal(fixture->selection.settings.left_out[0].setting->path, "net/core/rmem_max");
	assert_int_equal(fixture->selection.variables_count, 3);
	/* Nothing asked for a fact. */
	assert_false(fixture->library.facts.has_machine);

	assert_int_equal(select_with(fixture, "base", set, 2), 0);
	assert_string_equal(selected(fixture, "net/core/somaxconn"), "1200");
	assert_string_equal(selected(fixture, "net/ipv4/tcp_rmem"), "600 605 5000");
}

static void test_what_is_left_out_stays_left_out(void **state)
{
	static const char *const names[] = { "top", "second" };
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", "parameters: {net.core.rmem_max: 5000, vm.swappiness: 1}\n");
	fixture_add_profile(fixture, "top", "extends: base\n"
		"parameters: {net.core.somaxconn: {value: 6, when: '${0}'}, "
		"net.core.rmem_max: {value: 6000, when: '${0}'}, vm.swappiness: {value: 2, when: '${1}'}}\n");
	fixture_add_profile(fixture, "second", "parameters: {net.core.somaxconn: 7}\n");
	assert_int_equal(select_one(fixture, "top"), 0);
	assert_null(selected(fixture, "net/core/somaxconn"));
	/* What it would have replaced stays. */
	assert_string_equal(selected(fixture, "net/core/rmem_max"), "5000");
	assert_string_equal(selected(fixture, "vm/swappiness"), "2");
	/* Another profile of the command line has its own say. */
	fixture_open_library(fixture);
	assert_int_equal(library_select(&fixture->library, names, 2, &fixture->selection), 0);
	assert_string_equal(selected(fixture, "net/core/somaxconn"), "7");
}

static void test_mistakes_of_computed_values(void **state)
{
	static const struct {
		const char *parameters, *id;
		unsigned line, column;
	} rows[] = {
		{ "  vm.swappiness: '${nothing}'\n", "unknown-name", 3, 21 },
		{ "  vm.swappiness: {value: '${nothing}', when: '${0}'}\n", "unknown-name", 3, 29 },
		{ "  vm.swappiness: '${1 / 0}'\n", "division-by-zero", 3, 23 },
		{ "  vm.swappiness: '${cpus}'\n", "unknown-fact", 3, 21 },
		{ "  vm.swappiness: '${201}'\n", "out-of-range", 3, 19 },
		{ "  net.ipv4.tcp_rmem: [4096, '${-1}', 5000]\n", "out-of-range", 3, 30 },
		{ "  net.ipv4.tcp_rmem: '${5} ${6}'\n", "wrong-field-count", 3, 22 },
		{ "  net.ipv4.tcp_rmem: ['${7}', '${6}', 8]\n", "wrong-order", 3, 22 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct diag *diag;

		fixture_add_profile(fixture, "p", arena_printf(&fixture->arena, "parameters:\n%s", rows[i].parameters));
		assert_int_equal(select_one(fixture, "p"), 1);
		for (diag = fixture->diags.first; diag && strcmp(diag->id, rows[i].id) != 0; diag = diag->next)
			;
		check_row(diag && diag->span.line == rows[i].line && diag->span.column == rows[i].column,
			"row %zu: %s at %u:%u", i, fixture->diags.first->id, fixture->diags.first->span.line,
			fixture->diags.first->span.column);
	}
}

static void test_set(void **state)
{
	static const struct {
		const char *word, *id, *hint;
	} rows[] = {
		{ "load", "bad-set", "" }, { "=5", "bad-set", "" }, { "Load=5", "bad-set", "" },
		{ "load=", "not-a-number", "" }, { "load=5k", "not-a-number", "" }, { "load=010", "not-a-number", "" },
		{ "load=9223372036854775808", "not-a-number", "" },
		{ "load=0", "out-of-range", "1 to 1000" }, { "load=1001", "out-of-range", "1 to 1000" },
		{ "laod=5", "unknown-variable", "did you mean load?" },
		{ "nothing=5", "unknown-variable", "load, other" },
	};
	static const char *const twice[] = { "load=5", "load=5" };
	struct fixture *fixture = *state;

	fixture_add_profile(fixture, "base", computed_base);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct diag *diag;

		assert_int_equal(select_with(fixture, "base", &rows[i].word, 1), 1);
		diag = fixture->diags.first;
		check_row(strcmp(diag->id, rows[i].id) == 0 && strstr(diag->hint, rows[i].hint), "%s: %s: %s",
			rows[i].word, diag->id, diag->hint);
	}
	assert_int_equal(select_with(fixture, "base", twice, 2), 1);
	assert_string_equal(fixture->diags.first->id, "bad-set");
	fixture_add_profile(fixture, "plain", "parameters: {vm.swappiness: 1}\n");
	assert_int_equal(select_with(fixture, "plain", twice, 1), 1);
	assert_string_equal(fixture->diags.first->hint, "nothing here declares variables");
}

static void test_too_many_variables_of_a_chain(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_add_text(&text, "variables:\n");
	for (int i = 0; i < VARIABLES_MAX; i++)
		strbuf_printf(&text, "  v%d: {default: 1}\n", i);
	fixture_add_profile(fixture, "base", text.bytes);
	fixture_add_profile(fixture, "same", "extends: base\nvariables: {v1: {default: 2}}\n");
	fixture_add_profile(fixture, "more", "extends: base\nvariables: {w: {default: 2}}\n");
	assert_int_equal(select_one(fixture, "same"), 0);
	assert_int_equal(select_one(fixture, "more"), 1);
	assert_string_equal(fixture->diags.first->id, "too-many-variables");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_search_order),
		WITH_FIXTURE(test_names_are_sorted_and_unique),
		WITH_FIXTURE(test_an_argument_that_is_a_file),
		WITH_FIXTURE(test_unknown_names_get_a_suggestion),
		WITH_FIXTURE(test_what_is_no_regular_file),
		cmocka_unit_test(test_trust),
		WITH_FIXTURE(test_links_in_a_root_stay_inside),
		WITH_FIXTURE(test_extends),
		WITH_FIXTURE(test_a_diamond),
		WITH_FIXTURE(test_many_diamonds),
		WITH_FIXTURE(test_much_to_merge),
		WITH_FIXTURE(test_names_of_what_is_passed_over),
		WITH_FIXTURE(test_cycles),
		WITH_FIXTURE(test_a_missing_parent_is_reported_where_it_is_named),
		WITH_FIXTURE(test_a_chain_has_an_end),
		WITH_FIXTURE(test_two_profiles_that_disagree),
		WITH_FIXTURE(test_clashes_across_profiles),
		WITH_FIXTURE(test_values_are_computed),
		WITH_FIXTURE(test_what_is_left_out_stays_left_out),
		WITH_FIXTURE(test_mistakes_of_computed_values),
		WITH_FIXTURE(test_set),
		WITH_FIXTURE(test_too_many_variables_of_a_chain),
	};

	return RUN_TESTS(tests);
}
