/* SPDX-License-Identifier: MIT */
/* Lists of listening sockets: order, duplicates and how they are written. */
#include "model/listener.h"

#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

static struct listener make(uint8_t family, const char *address, uint16_t port, uint32_t inode)
{
	struct listener listener = { .family = family, .port = port, .inode = inode };

	assert_int_equal(inet_pton(family, address, listener.address), 1);
	return listener;
}

static void assert_text(const struct listener *listener, const char *expected)
{
	char text[LISTENER_TEXT_SIZE];

	listener_format(listener, text);
	assert_string_equal(text, expected);
}

static void test_formats(void **state)
{
	const struct listener any = make(AF_INET, "0.0.0.0", 8080, 1);
	const struct listener local = make(AF_INET6, "::1", 9090, 1);
	const struct listener longest = make(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", 65535, 1);

	(void)state;
	assert_text(&any, "0.0.0.0:8080");
	assert_text(&local, "[::1]:9090");
	assert_text(&longest, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static void test_sorts_and_keeps_each_once(void **state)
{
	static const char *const expected[] = { "127.0.0.1:80", "127.0.0.2:80", "127.0.0.2:80", "127.0.0.3:80",
		"127.0.0.3:80", "[::1]:80", "0.0.0.0:443" };
	const struct listener unsorted[] = {
		make(AF_INET, "0.0.0.0", 443, 1),
		make(AF_INET6, "::1", 80, 2),
		make(AF_INET, "127.0.0.2", 80, 4),	/* SO_REUSEPORT: another socket of the same address */
		make(AF_INET, "127.0.0.3", 80, 0),	/* without an inode nobody can tell them apart */
		make(AF_INET, "127.0.0.1", 80, 5),
		make(AF_INET6, "::1", 80, 2),		/* the same again */
		make(AF_INET, "127.0.0.2", 80, 3),
		make(AF_INET, "127.0.0.3", 80, 0),
	};
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners = { .items = NULL };

	(void)state;
	arena_init(&arena);
	listeners_sort(&listeners);
	assert_int_equal(listeners.count, 0);
	for (size_t i = 0; i < COUNT_OF(unsorted); i++)
		assert_int_equal(listeners_add(&listeners, &arena, &unsorted[i]), 0);
	listeners_sort(&listeners);
	assert_int_equal(listeners.count, COUNT_OF(expected));
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_text(&listeners.items[i], expected[i]);
	assert_int_equal(listeners.items[1].inode, 3);
	assert_int_equal(listeners.items[2].inode, 4);
	assert_ptr_equal(listeners_find(&listeners, &unsorted[2]), &listeners.items[2]);
	assert_null(listeners_find(&listeners, &unsorted[3]));	/* without an inode */
	listeners.count = 2;
	assert_null(listeners_find(&listeners, &unsorted[2]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_sorts_and_keeps_each_once),
	};

	return RUN_TESTS(tests);
}
