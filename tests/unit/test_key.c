/* SPDX-License-Identifier: MIT */
/* The names of parameters: one canonical form, and nothing that leads out of /proc/sys. */
#include "model/key.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int problem;		/* 0: `path` is expected */
		const char *path;
	} cases[] = {
		{ "net.core.somaxconn", 0, "net/core/somaxconn" },
		{ "net/core/somaxconn", 0, "net/core/somaxconn" },
		{ "somaxconn", 0, "somaxconn" },
		/* The first separator decides. */
		{ "net.ipv4.conf.eth0/100.forwarding", 0, "net/ipv4/conf/eth0.100/forwarding" },
		{ "net/ipv4/conf/eth0.100/forwarding", 0, "net/ipv4/conf/eth0.100/forwarding" },
		{ "net.ipv4/conf", 0, "net/ipv4.conf" },
		{ "net/ipv4.conf", 0, "net/ipv4.conf" },
		{ "kernel.printk_ratelimit", 0, "kernel/printk_ratelimit" },
		{ "fs.binfmt_misc.x-y_z:1", 0, "fs/binfmt_misc/x-y_z:1" },
		{ "net.ipv4.conf.*.rp_filter", 0, "net/ipv4/conf/*/rp_filter" },
		{ "net.ipv4.conf.eth?.rp_filter", 0, "net/ipv4/conf/eth?/rp_filter" },
		{ "net.ipv4.conf.[ew]th0.rp_filter", 0, "net/ipv4/conf/[ew]th0/rp_filter" },
		{ "net.ipv4.conf.\xc3\xa4.forwarding", 0, "net/ipv4/conf/\xc3\xa4/forwarding" },
		/* A name of dots alone is no "..". */
		{ "net/ipv4/conf/.../forwarding", 0, "net/ipv4/conf/.../forwarding" },
		{ "net/ipv4/conf/..a/forwarding", 0, "net/ipv4/conf/..a/forwarding" },

		{ "", KEY_EMPTY, NULL },
		{ "/etc/passwd", KEY_ABSOLUTE, NULL },
		{ "/proc/sys/net/core/somaxconn", KEY_ABSOLUTE, NULL },
		{ "/", KEY_ABSOLUTE, NULL },
		{ "//", KEY_ABSOLUTE, NULL },
		{ "../../etc/passwd", KEY_BAD_COMPONENT, NULL },
		{ "net/../../etc", KEY_BAD_COMPONENT, NULL },
		{ "net/core/../../../etc/passwd", KEY_BAD_COMPONENT, NULL },
		{ "net.//.//.etc", KEY_BAD_COMPONENT, NULL },	/* net/../../etc, dotted */
		{ "net/./core", KEY_BAD_COMPONENT, NULL },
		{ "net/core/.", KEY_BAD_COMPONENT, NULL },
		{ "net/core/..", KEY_BAD_COMPONENT, NULL },
		{ ".", KEY_BAD_COMPONENT, NULL },
		{ "..", KEY_BAD_COMPONENT, NULL },
		{ "...", KEY_BAD_COMPONENT, NULL },
		{ ".net", KEY_BAD_COMPONENT, NULL },
		{ "net.", KEY_BAD_COMPONENT, NULL },
		{ "net..core", KEY_BAD_COMPONENT, NULL },
		{ "net/", KEY_BAD_COMPONENT, NULL },
		{ "net//core", KEY_BAD_COMPONENT, NULL },
		{ "./net", KEY_BAD_COMPONENT, NULL },
		{ "net.core.so maxconn", KEY_BAD_CHARACTER, NULL },
		{ " net.core.somaxconn", KEY_BAD_CHARACTER, NULL },
		{ "net.core.somaxconn\n", KEY_BAD_CHARACTER, NULL },
		{ "net.core\tsomaxconn", KEY_BAD_CHARACTER, NULL },
		{ "net.core\x1b[31m", KEY_BAD_CHARACTER, NULL },
		{ "net.core.\x7f", KEY_BAD_CHARACTER, NULL },
		{ "net.core.\xff", KEY_BAD_CHARACTER, NULL },
		{ "net.core.\xe2\x80\xae", KEY_BAD_CHARACTER, NULL },	/* right-to-left override */
	};
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *path = "untouched";
		int r = key_parse(&arena, cases[i].text, strlen(cases[i].text), &path);

		check_row(r == cases[i].problem, "\"%s\" gives %d", cases[i].text, r);
		check_row(strcmp(path, r ? "untouched" : cases[i].path) == 0, "\"%s\" gives %s",
			cases[i].text, path);
		if (r) {
			assert_non_null(key_problem_text((enum key_problem)r));
			assert_non_null(key_problem_hint((enum key_problem)r));
		}
	}
}

static void test_length_and_nul(void **state)
{
	CLEANUP_ARENA struct arena arena;
	char text[KEY_LENGTH_MAX + 1];
	const char *path;

	(void)state;
	arena_init(&arena);
	memset(text, 'a', sizeof(text));
	assert_int_equal(key_parse(&arena, text, KEY_LENGTH_MAX, &path), 0);
	assert_int_equal(key_parse(&arena, text, KEY_LENGTH_MAX + 1, &path), KEY_TOO_LONG);
	assert_int_equal(key_parse(&arena, "net\0core", 8, &path), KEY_BAD_CHARACTER);
}

static void test_memory_failure(void **state)
{
	CLEANUP_ARENA struct arena arena;
	const char *path = NULL;

	(void)state;
	arena_init(&arena);
	memory_fail_at(1);
	assert_int_equal(key_parse(&arena, "net.core", 8, &path), -ENOMEM);
	assert_null(key_display(&arena, "net/core"));
	memory_fail_at(0);
	assert_null(path);
}

static void test_display(void **state)
{
	static const struct {
		const char *path, *shown;
	} cases[] = {
		{ "net/core/somaxconn", "net.core.somaxconn" },
		{ "net/ipv4/conf/eth0.100/forwarding", "net.ipv4.conf.eth0/100.forwarding" },
		{ "net/ipv4/conf/a.b.c/forwarding", "net.ipv4.conf.a/b/c.forwarding" },
		{ "net/ipv4/conf/*/forwarding", "net.ipv4.conf.*.forwarding" },
		{ "single", "single" },
		{ "a.b/c", "a.b/c" },		/* would not come back from the dotted form */
	};
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(key_display(&arena, cases[i].path), cases[i].shown);
}

/* Every path that key_parse() makes in its slash form is shown in a form that it takes back. */
static void test_display_comes_back(void **state)
{
	static const char *const parts[] = { "net", "a.b", "...", "*", "x", "eth0.100" };
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < 6 * 6 * 6; i++) {
		const char *text = arena_printf(&arena, "%s/%s/%s", parts[i % 6], parts[i / 6 % 6],
			parts[i / 36]);
		const char *path, *shown, *again;

		if (key_parse(&arena, text, strlen(text), &path) != 0)
			continue;
		shown = key_display(&arena, path);
		assert_non_null(shown);
		assert_int_equal(key_parse(&arena, shown, strlen(shown), &again), 0);
		check_row(strcmp(path, again) == 0, "%s is shown as %s and comes back as %s", path, shown,
			again);
	}
}

static void test_globs(void **state)
{
	static const struct {
		const char *glob, *path;
		bool matches;
	} cases[] = {
		{ "net/ipv4/conf/*/rp_filter", "net/ipv4/conf/eth0/rp_filter", true },
		{ "net/ipv4/conf/*/rp_filter", "net/ipv4/conf/eth0.100/rp_filter", true },
		{ "net/ipv4/conf/*/rp_filter", "net/ipv4/conf/eth0/x/rp_filter", false },
		{ "net/ipv4/*/rp_filter", "net/ipv4/conf/eth0/rp_filter", false },
		{ "net/*", "net/core/somaxconn", false },
		{ "net/ipv4/tcp_*mem", "net/ipv4/tcp_rmem", true },
		{ "net/ipv4/tcp_?mem", "net/ipv4/tcp_mem", false },
		{ "net/ipv4/tcp_[rw]mem", "net/ipv4/tcp_wmem", true },
		{ "net/ipv4/tcp_[rw]mem", "net/ipv4/tcp_xmem", false },
		{ "net/ipv4[/]tcp_mem", "net/ipv4/tcp_mem", false },
		{ "net/ipv4?tcp_mem", "net/ipv4/tcp_mem", false },
		{ "net/core/somaxconn", "net/core/somaxconn", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_row(key_matches(cases[i].glob, cases[i].path) == cases[i].matches, "%s against %s",
			cases[i].glob, cases[i].path);
	assert_true(key_is_glob("a/*"));
	assert_true(key_is_glob("a?"));
	assert_true(key_is_glob("[a]"));
	assert_false(key_is_glob("net/ipv4/conf/eth0.100/forwarding"));
}

static void test_selected(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool selected;
	} cases[] = {
		{ "net.*", "net/core/somaxconn", true },
		{ "net.*", "net/ipv4/conf/eth0.100/forwarding", true },
		{ "net/*", "net/core/somaxconn", true },
		{ "net.*", "vm/swappiness", false },
		{ "net.*", "netfoo/x", false },
		{ "*", "vm/swappiness", true },
		{ "*.somaxconn", "net/core/somaxconn", true },
		{ "net.core.somaxconn", "net/core/somaxconn", true },
		{ "net/core/somaxconn", "net/core/somaxconn", true },
		{ "net.core", "net/core/somaxconn", false },
		{ "net.ipv4.conf.eth0/100.*", "net/ipv4/conf/eth0.100/forwarding", true },
		{ "net/ipv4/conf/eth0.100/*", "net/ipv4/conf/eth0.100/forwarding", true },
		{ "", "vm/swappiness", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_row(key_selected(cases[i].pattern, cases[i].path) == cases[i].selected,
			"%s for %s", cases[i].pattern, cases[i].path);
}

static void test_sound_paths(void **state)
{
	static const char *const sound[] = { "a", "a/b", "net/ipv4/conf/\xff x*\x1b/forwarding", "a.b", "a/..." };
	static const char *const unsound[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b",
		"a/../../b" };
	char text[KEY_LENGTH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sound); i++)
		check_row(key_path_is_sound(sound[i]), "\"%s\" is refused", sound[i]);
	for (size_t i = 0; i < COUNT_OF(unsound); i++)
		check_row(!key_path_is_sound(unsound[i]), "\"%s\" is taken", unsound[i]);
	memset(text, 'a', sizeof(text));
	text[KEY_LENGTH_MAX + 1] = '\0';
	assert_false(key_path_is_sound(text));
	assert_false(key_selected("net.*", text));
	text[KEY_LENGTH_MAX] = '\0';
	assert_true(key_path_is_sound(text));
}

static void test_filter(void **state)
{
	static const char *const only[] = { "net.*", "vm.swappiness" }, *const skip[] = { "*.forwarding" };
	const struct key_filter both = { .only = only, .only_count = 2, .skip = skip, .skip_count = 1 };
	const struct key_filter all = { .only = NULL }, but = { .skip = skip, .skip_count = 1 };

	(void)state;
	assert_true(key_filter_selects(&all, "kernel/x"));
	assert_true(key_filter_selects(&both, "net/core/somaxconn"));
	assert_true(key_filter_selects(&both, "vm/swappiness"));
	assert_false(key_filter_selects(&both, "vm/dirty_ratio"));
	assert_false(key_filter_selects(&both, "net/ipv4/conf/eth0.100/forwarding"));
	assert_true(key_filter_selects(&but, "kernel/x"));
	assert_false(key_filter_selects(&but, "net/ipv4/conf/all/forwarding"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_length_and_nul),
		cmocka_unit_test(test_memory_failure),
		cmocka_unit_test(test_display),
		cmocka_unit_test(test_display_comes_back),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_selected),
		cmocka_unit_test(test_sound_paths),
		cmocka_unit_test(test_filter),
	};

	return RUN_TESTS(tests);
}
