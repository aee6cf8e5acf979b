/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of netlink datagrams. The kernel sends them, but a reader that trusts a length trusts everything. */
#include "fuzz.h"

#include "kernel/sockdiag.h"

#include <errno.h>
#include <string.h>

enum { SOCKET_SIZE = 88 };	/* the headers of netlink and of a socket */

static void check(uint8_t family, const void *datagram, size_t size)
{
	const struct sockdiag_request request = { .sequence = 3, .port_id = 77, .family = family };
	struct listeners listeners = { .items = NULL };
	CLEANUP_ARENA struct arena arena;
	int r;

	arena_init(&arena);
	r = sockdiag_read_datagram(&request, datagram, size, &arena, &listeners);
	REQUIRE(r == 0 || r == 1 || (r < 0 && r >= -4095));
	REQUIRE(r != -ENOMEM);
	REQUIRE(listeners.count <= size / SOCKET_SIZE);
	REQUIRE(size > 0 || r == 1);
	for (size_t i = 0; i < listeners.count; i++)
		REQUIRE(listeners.items[i].family == family);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Aligned as the buffer of the program is, and no byte more than there is. */
	void *datagram = malloc(size ? size : 1);

	if (!datagram)
		return 0;
	memcpy(datagram, data, size);
	check(AF_INET, datagram, size);
	check(AF_INET6, datagram, size);
	free(datagram);
	return 0;
}
