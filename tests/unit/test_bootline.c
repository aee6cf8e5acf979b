/* SPDX-License-Identifier: MIT */
/* Words of the kernel command line. */
#include "kernel/bootline.h"

#include "fake_kernel.h"
#include "unit.h"

#include <string.h>

static const struct {
	const char *line;
	struct bootline_word words[4];
} lines[] = {
	{ "", { { 0 } } },
	{ "  \n", { { 0 } } },
	{ "quiet ro\n", { { "quiet", NULL, "quiet" }, { "ro", NULL, "ro" } } },
	{ "a=1\tb= c==d", { { "a", "1", "a=1" }, { "b", "", "b=" }, { "c", "=d", "c==d" } } },
	{ "v=\"1 2\" w", { { "v", "1 2", "v=\"1 2\"" }, { "w", NULL, "w" } } },
	{ "\"v=1 2\" w", { { "v", "1 2", "\"v=1 2\"" }, { "w", NULL, "w" } } },
	{ "v=\"1 2", { { "v", "1 2", "v=\"1 2" } } },
	{ "\"", { { "", NULL, "\"" } } },
	{ "=x", { { "=x", NULL, "=x" } } },
	{ "a -- b=1", { { "a", NULL, "a" } } },
	{ "a --b", { { "a", NULL, "a" }, { "--b", NULL, "--b" } } },
};

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		CLEANUP_ARENA struct arena arena;
		struct bootline bootline;
		size_t count = 0;

		arena_init(&arena);
		assert_int_equal(bootline_parse(&arena, lines[i].line, &bootline), 0);
		for (; count < COUNT_OF(lines[i].words) && lines[i].words[count].text; count++) {
			const struct bootline_word *expected = &lines[i].words[count];
			const struct bootline_word *word = &bootline.words[count];

			check_row(count < bootline.count && is_same_text(word->name, expected->name) &&
				is_same_text(word->value, expected->value) && is_same_text(word->text, expected->text),
				"\"%s\": word %zu", lines[i].line, count);
		}
		check_row(count == bootline.count, "\"%s\": %zu words", lines[i].line, bootline.count);
	}
}

static void test_file(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct fake_kernel kernel;
	struct bootline bootline;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(bootline_read(&kernel.root, &arena, &bootline), 0);
	assert_int_equal(bootline.count, 0);
	temp_dir_write(&kernel.dir, "proc/cmdline", "ro sysctl.vm.swappiness=10\n");
	assert_int_equal(bootline_read(&kernel.root, &arena, &bootline), 0);
	assert_int_equal(bootline.count, 2);
	assert_string_equal(bootline.words[1].name, "sysctl.vm.swappiness");
	fake_kernel_remove(&kernel);
}

/* A directory or a FIFO in its place is as good as nothing. */
static void test_no_file(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct fake_kernel kernel;
	struct bootline bootline;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	temp_dir_add_dir(&kernel.dir, "proc/cmdline", 0755);
	assert_int_equal(bootline_read(&kernel.root, &arena, &bootline), 0);
	assert_int_equal(bootline.count, 0);
	fake_kernel_remove(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_file),
	};

	return RUN_TESTS(tests);
}
