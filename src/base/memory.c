/* SPDX-License-Identifier: MIT */
/* The heap, with a switch for tests that makes the n-th allocation fail. */
#include "base/memory.h"

#include <stdlib.h>

/* The only mutable state of the program outside structs that are passed down. */
static struct {
	unsigned long countdown;	/* 0: no failure is wanted */
	unsigned long failures;
} fault;

static int allocation_must_fail(void)
{
	if (fault.countdown > 1)
		fault.countdown--;
	else if (fault.countdown == 1)
		return 1;
	return 0;
}

static void *counted(void *memory)
{
	if (!memory)
		fault.failures++;
	return memory;
}

void *memory_alloc(size_t size)
{
	return counted(allocation_must_fail() ? NULL : malloc(size));
}

void *memory_resize(void *memory, size_t size)
{
	return counted(allocation_must_fail() ? NULL : realloc(memory, size));
}

void memory_free(void *memory)
{
	free(memory);
}

void memory_fail_at(unsigned long countdown)
{
	fault.countdown = countdown;
	fault.failures = 0;
}

unsigned long memory_failures(void)
{
	return fault.failures;
}
