/* SPDX-License-Identifier: MIT */
/* Base64 against RFC 4648, and what is not base64. */
#include "base/base64.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfd", "//79" },
	{ "\xfb\xef\xbe", "++++" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;

		base64_encode(&text, vectors[i].bytes, strlen(vectors[i].bytes));
		assert_string_equal(text.bytes, vectors[i].text);
		assert_true(base64_decode(&bytes, text.bytes, text.length));
		assert_string_equal(bytes.bytes, vectors[i].bytes);
	}
}

static void test_every_byte_at_every_length_comes_back(void **state)
{
	char original[256];

	(void)state;
	for (size_t i = 0; i < sizeof(original); i++)
		original[i] = (char)(i * 37);
	for (size_t length = 0; length <= sizeof(original); length++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;

		base64_encode(&text, original, length);
		assert_true(base64_decode(&bytes, text.bytes, text.length));
		assert_int_equal(bytes.length, length);
		assert_memory_equal(bytes.bytes, original, length);
	}
}

static void test_malformed(void **state)
{
	static const char *const malformed[] = {
		"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zm=v", "Zm9=Zm9v", "Zm9v\n", "Zm 9v===",
		"Zm9-", "Zm9_", "Zm9.", "Z\xc3\xa4g",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;

		check_row(!base64_decode(&bytes, malformed[i], strlen(malformed[i])), "\"%s\" was taken",
			malformed[i]);
	}
}

static void test_nul_is_not_base64(void **state)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;

	(void)state;
	assert_false(base64_decode(&bytes, "Zm9\0", 4));
	assert_false(base64_decode(&bytes, "\0\0\0\0", 4));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_byte_at_every_length_comes_back),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_nul_is_not_base64),
	};

	return RUN_TESTS(tests);
}
