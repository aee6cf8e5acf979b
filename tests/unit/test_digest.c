/* SPDX-License-Identifier: MIT */
/* Fingerprints, against the published vectors of FNV-1a. */
#include "base/digest.h"

#include "base/cleanup.h"
#include "unit.h"

#include <string.h>

static void test_published_vectors(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{ "", "fnv1a64:cbf29ce484222325" },
		{ "a", "fnv1a64:af63dc4c8601ec8c" },
		{ "foobar", "fnv1a64:85944171f73967e8" },
	};
	char digest[DIGEST_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		digest_format(cases[i].text, strlen(cases[i].text), digest);
		assert_string_equal(digest, cases[i].digest);
	}
}

static void test_bytes_that_are_no_text(void **state)
{
	char one[DIGEST_TEXT_SIZE], other[DIGEST_TEXT_SIZE];

	(void)state;
	digest_format("a\0\xff", 3, one);
	digest_format("a\0\xfe", 3, other);
	assert_string_not_equal(one, other);
	digest_format("a", 1, other);
	assert_string_not_equal(one, other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_bytes_that_are_no_text),
	};

	return RUN_TESTS(tests);
}
