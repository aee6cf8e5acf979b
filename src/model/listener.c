/* SPDX-License-Identifier: MIT */
/* Lists of listening sockets. */
#include "model/listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int listeners_add(struct listeners *listeners, struct arena *arena, const struct listener *listener)
{
	struct listener *grown = arena_grow(arena, listeners->items, listeners->count, &listeners->capacity,
		sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	listeners->items = grown;
	listeners->items[listeners->count++] = *listener;
	return 0;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_listeners(const void *left, const void *right)
{
	const struct listener *a = left, *b = right;
	int order = compare_numbers(a->port, b->port);

	if (order == 0)
		order = compare_numbers(a->family, b->family);
	if (order == 0)
		order = memcmp(a->address, b->address, sizeof(a->address));
	return order ? order : compare_numbers(a->inode, b->inode);
}

void listeners_sort(struct listeners *listeners)
{
	struct listener *items = listeners->items;
	size_t kept = 0;

	if (listeners->count > 0)
		qsort(items, listeners->count, sizeof(*items), compare_listeners);
	for (size_t i = 0; i < listeners->count; i++)
		if (i == 0 || items[i].inode == 0 || compare_listeners(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	listeners->count = kept;
}

const struct listener *listeners_find(const struct listeners *listeners, const struct listener *like)
{
	return listeners->count == 0 || like->inode == 0 ? NULL :
		bsearch(like, listeners->items, listeners->count, sizeof(*like), compare_listeners);
}

void listener_format(const struct listener *listener, char text[LISTENER_TEXT_SIZE])
{
	char address[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(listener->family, listener->address, address, sizeof(address));
	snprintf(text, LISTENER_TEXT_SIZE, listener->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
		(unsigned)listener->port);
}
