/* SPDX-License-Identifier: MIT */
/* The list of diagnostics. */
#include "base/diag.h"

#include "base/memory.h"
#include "unit.h"

static const struct source source = { .name = "p.yaml", .text = "a: b\n", .length = 5 };
static const struct span place = { .source = &source, .line = 1, .column = 4, .end_column = 5 };
static const struct span other = { .source = &source, .line = 1, .column = 1, .end_column = 2 };

static void test_order_and_parts(void **state)
{
	CLEANUP_ARENA struct arena arena;
	const struct diag *diag;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	assert_int_equal(diags_verdict(&diags), 0);
	diag_also(&diags, other, "of nothing");
	diag_hint(&diags, "for nothing");
	assert_null(diags.first);

	diag_warning(&diags, "odd", span_file(&source), "odd %s", "thing");
	assert_int_equal(diags_verdict(&diags), 0);
	diag_error(&diags, "wrong", place, "wrong %d", 1);
	diag_also(&diags, other, "see %s", "here");
	diag_hint(&diags, "do %s", "this");
	diag_error(&diags, "placeless", span_none(), "no place");
	assert_int_equal(diags_verdict(&diags), 1);
	assert_int_equal(diags.errors, 2);
	assert_int_equal(diags.warnings, 1);

	diag = diags.first;
	assert_int_equal(diag->level, DIAG_WARNING);
	assert_string_equal(diag->id, "odd");
	assert_string_equal(diag->message, "odd thing");
	assert_int_equal(diag->span.line, 0);
	assert_null(diag->hint);
	diag = diag->next;
	assert_string_equal(diag->message, "wrong 1");
	assert_int_equal(diag->span.column, 4);
	assert_string_equal(diag->also_message, "see here");
	assert_int_equal(diag->also.column, 1);
	assert_string_equal(diag->hint, "do this");
	diag = diag->next;
	assert_null(diag->span.source);
	assert_null(diag->also.source);
	assert_ptr_equal(diag, diags.newest);
	assert_null(diag->next);
}

static struct span at(const struct source *where, unsigned line, unsigned column)
{
	return (struct span){ .source = where, .line = line, .column = column, .end_column = column + 1 };
}

/* Found in any order, shown in the order of the file; what comes from another source stays where it was. */
static void test_one_source_is_in_the_order_of_its_lines(void **state)
{
	static const struct source second = { .name = "q.yaml" };
	static const char *const expected[] = { "1:2", "3:1", "q 1:1", "3:9", "7:1" };
	CLEANUP_ARENA struct arena arena;
	const struct diag *diag;
	struct diags diags;
	unsigned number = 0;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	diag_error(&diags, "x", at(&source, 3, 1), "3:1");
	diag_error(&diags, "x", at(&second, 1, 1), "q 1:1");
	diag_error(&diags, "x", at(&source, 7, 1), "7:1");
	diag_error(&diags, "x", at(&source, 3, 9), "3:9");
	diag_error(&diags, "x", at(&source, 1, 2), "1:2");
	/* It goes to the newest, wherever that stands. */
	diag_hint(&diags, "of 1:2");
	for (diag = diags.first; diag; diag = diag->next)
		assert_string_equal(diag->message, expected[number++]);
	assert_int_equal(number, COUNT_OF(expected));
	assert_string_equal(diags.first->hint, "of 1:2");
}

static void test_a_flood_is_counted_and_not_kept(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct diags diags;
	const struct diag *last = NULL;
	size_t kept = 0;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	for (unsigned i = 0; i < 100000; i++) {
		diag_error(&diags, "flood", place, "number %u", i);
		diag_hint(&diags, "hint %u", i);
	}
	for (const struct diag *diag = diags.first; diag; diag = diag->next) {
		kept++;
		last = diag;
	}
	assert_int_equal(diags.errors, 100000);
	assert_int_equal(kept, 100);
	assert_string_equal(last->message, "number 99");
	assert_string_equal(last->hint, "hint 99");
	/* What comes behind them goes to none of them. */
	assert_null(diags.newest);
	assert_int_equal(diags_verdict(&diags), 1);
	/* A flood of one level leaves room for the others. */
	diag_note(&diags, "note", place, "note");
	assert_int_equal(diags.newest->level, DIAG_NOTE);
	assert_int_equal(diags.notes, 1);
}

static void test_levels_basis_and_muting(void **state)
{
	static const char *const muted[] = { "other", "loud" };
	CLEANUP_ARENA struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	diags.muted = muted;
	diags.muted_count = COUNT_OF(muted);
	diag_note(&diags, "quiet", place, "a note");
	diag_basis(&diags, "RFC 793");
	diag_error(&diags, "loud", place, "muted");
	diag_hint(&diags, "for nobody");
	diag_basis(&diags, "for nobody");
	assert_int_equal(diags.errors, 0);
	assert_int_equal(diags.notes, 1);
	assert_null(diags.first->next);
	assert_null(diags.first->hint);
	assert_string_equal(diags.first->basis, "RFC 793");
	assert_int_equal(diags_verdict(&diags), 0);
	assert_string_equal(diag_level_name(DIAG_NOTE), "note");
	assert_string_equal(diag_level_name(DIAG_WARNING), "warning");
	assert_string_equal(diag_level_name(DIAG_ERROR), "error");
}

static void test_memory_failure_is_the_verdict(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	memory_fail_at(1);
	diag_warning(&diags, "lost", place, "lost");
	diag_hint(&diags, "lost too");
	memory_fail_at(0);
	assert_null(diags.first);
	assert_int_equal(diags_verdict(&diags), -ENOMEM);
}

/* A file is checked in several passes and read from top to bottom; other files keep their turn. */
static void test_order_of_lines(void **state)
{
	static const struct source a = { .name = "a" }, b = { .name = "b" };
	static const struct span spans[] = {
		{ &a, 5, 1, 2 }, { &a, 2, 7, 8 }, { &b, 1, 1, 2 }, { &a, 2, 3, 4 }, { .source = &a },
	};
	static const char *const expected[] = { "3", "1", "0", "2", "4" };
	CLEANUP_ARENA struct arena arena;
	struct diags diags;
	size_t i = 0;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	for (size_t k = 0; k < COUNT_OF(spans); k++) {
		diag_error(&diags, "x", spans[k], "%zu", k);
		diag_hint(&diags, "hint %zu", k);
	}
	for (const struct diag *diag = diags.first; diag; diag = diag->next, i++) {
		assert_string_equal(diag->message, expected[i]);
		assert_string_equal(diag->hint + 5, expected[i]);
	}
	assert_int_equal(i, COUNT_OF(spans));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_parts),
		cmocka_unit_test(test_one_source_is_in_the_order_of_its_lines),
		cmocka_unit_test(test_a_flood_is_counted_and_not_kept),
		cmocka_unit_test(test_levels_basis_and_muting),
		cmocka_unit_test(test_memory_failure_is_the_verdict),
		cmocka_unit_test(test_order_of_lines),
	};

	return RUN_TESTS(tests);
}
