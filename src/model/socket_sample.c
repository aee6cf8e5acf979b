/* SPDX-License-Identifier: MIT */
/* A sample of sockets by their hash. */
#include "model/socket_sample.h"

#include <errno.h>

/* Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4): the high bits are the good ones. */
static bool is_kept(const struct tcp_socket *socket, unsigned shift)
{
	uint64_t key = (uint64_t)socket->inode << 32 | (uint32_t)socket->local_port << 16 | socket->remote_port;

	return shift == 0 || key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - shift) == 0;
}

static void thin_out(struct socket_sample *sample)
{
	while (sample->count == sample->capacity && sample->shift < 63) {
		size_t kept = 0;

		sample->shift++;
		for (size_t i = 0; i < sample->count; i++)
			if (is_kept(&sample->sockets[i], sample->shift))
				sample->sockets[kept++] = sample->sockets[i];
		sample->count = kept;
	}
}

int socket_sample_add(struct socket_sample *sample, struct arena *arena, const struct tcp_socket *socket)
{
	sample->seen++;
	if (!is_kept(socket, sample->shift))
		return 0;
	if (!sample->sockets)
		sample->sockets = arena_alloc(arena, sample->capacity * sizeof(*sample->sockets));
	if (!sample->sockets)
		return -ENOMEM;
	if (sample->count == sample->capacity)
		thin_out(sample);
	if (sample->count < sample->capacity && is_kept(socket, sample->shift))
		sample->sockets[sample->count++] = *socket;
	return 0;
}

void socket_sample_clear(struct socket_sample *sample)
{
	sample->count = 0;
	sample->seen = 0;
	sample->shift = 0;
}

uint64_t socket_sample_scale(const struct socket_sample *sample)
{
	return UINT64_C(1) << sample->shift;
}
