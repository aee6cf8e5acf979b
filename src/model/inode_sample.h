/* SPDX-License-Identifier: MIT */
/* inode_sample.h - sockets whose owner may be asked for, of however many there are in a fixed size.
 *
 * As long as there is room, all are kept. Then only those stay whose inode, multiplied into a hash, ends with a zero
 * bit, later two of them, and so on: a sample that does not depend on the order in which they come, in which each kept
 * one stands for inode_sample_scale() of those seen. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { INODE_SAMPLE_MAX = 1024 };

struct inode_sample {
	uint32_t *inodes;	/* made when the first one comes; INODE_SAMPLE_MAX */
	size_t count;
	uint64_t seen;
	unsigned shift;		/* 0: all are kept */
};

/* An inode of 0, which no process has, is counted as seen and not kept. 0 or -ENOMEM. */
MUST_CHECK int inode_sample_add(struct inode_sample *sample, struct arena *arena, uint32_t inode);

/* Begins anew and keeps the memory. */
void inode_sample_clear(struct inode_sample *sample);

uint64_t inode_sample_scale(const struct inode_sample *sample);
