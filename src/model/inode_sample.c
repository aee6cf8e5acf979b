/* SPDX-License-Identifier: MIT */
/* A sample of inodes by their hash. */
#include "model/inode_sample.h"

#include <errno.h>

/* Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4): the high bits are the good ones. */
static bool is_kept(uint32_t inode, unsigned shift)
{
	return shift == 0 || inode * UINT32_C(2654435769) >> (32 - shift) == 0;
}

static void thin_out(struct inode_sample *sample)
{
	size_t kept = 0;

	while (sample->count == INODE_SAMPLE_MAX && sample->shift < 31) {
		sample->shift++;
		kept = 0;
		for (size_t i = 0; i < sample->count; i++)
			if (is_kept(sample->inodes[i], sample->shift))
				sample->inodes[kept++] = sample->inodes[i];
		sample->count = kept;
	}
}

int inode_sample_add(struct inode_sample *sample, struct arena *arena, uint32_t inode)
{
	sample->seen++;
	if (inode == 0 || !is_kept(inode, sample->shift))
		return 0;
	if (!sample->inodes)
		sample->inodes = arena_alloc(arena, INODE_SAMPLE_MAX * sizeof(*sample->inodes));
	if (!sample->inodes)
		return -ENOMEM;
	if (sample->count == INODE_SAMPLE_MAX)
		thin_out(sample);
	if (sample->count < INODE_SAMPLE_MAX && is_kept(inode, sample->shift))
		sample->inodes[sample->count++] = inode;
	return 0;
}

void inode_sample_clear(struct inode_sample *sample)
{
	sample->count = 0;
	sample->seen = 0;
	sample->shift = 0;
}

uint64_t inode_sample_scale(const struct inode_sample *sample)
{
	return UINT64_C(1) << sample->shift;
}
