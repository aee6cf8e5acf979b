/* SPDX-License-Identifier: MIT */
/* Preloaded into the whole program: the KERNTUNE_FAIL_AT-th allocation and all later ones fail, wherever in the
 * program or its libraries they are made. What is behind a failure is not reached by the seam in base/memory.h. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static unsigned long allocations, fail_at;
static bool is_ready;

/* Looking up the next function may itself allocate: from here, and never freed. */
static char early[65536];
static size_t early_used;

static void *early_alloc(size_t size)
{
	void *memory = early + early_used;

	size = (size + 15) / 16 * 16;
	if (size > sizeof(early) - early_used)
		return NULL;
	early_used += size;
	return memory;
}

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

static void get_ready(void)
{
	const char *text = getenv("KERNTUNE_FAIL_AT");
	void *function;

	function = dlsym(RTLD_NEXT, "malloc");
	memcpy(&next_malloc, &function, sizeof(function));
	function = dlsym(RTLD_NEXT, "calloc");
	memcpy(&next_calloc, &function, sizeof(function));
	function = dlsym(RTLD_NEXT, "realloc");
	memcpy(&next_realloc, &function, sizeof(function));
	fail_at = text ? strtoul(text, NULL, 10) : 0;
	is_ready = true;
}

__attribute__((constructor)) static void begin(void)
{
	if (!is_ready)
		get_ready();
	/* What ran before the program is not its business. */
	allocations = 0;
}

static bool must_fail(void)
{
	if (fail_at == 0 || ++allocations < fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	if (!is_ready)
		return early_alloc(size);
	return must_fail() ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	/* The memory for early calls is zero and used once. */
	if (!is_ready)
		return early_alloc(count * size);
	return must_fail() ? NULL : next_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	if (!is_ready || is_early(memory))
		return NULL;
	return must_fail() ? NULL : next_realloc(memory, size);
}

/* Tells how far it came, so that the test knows when nothing failed any more. */
__attribute__((destructor)) static void end(void)
{
	static const char failed[] = "failed\n";
	const char *fd = getenv("KERNTUNE_FAIL_FD");

	if (fd && fail_at && allocations >= fail_at && write(atoi(fd), failed, sizeof(failed) - 1) < 0)
		return;
}
