/* SPDX-License-Identifier: MIT */
/* Bump allocation from blocks that are freed together. */
#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
	arena->blocks = NULL;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		memory_free(block);
	}
}

static struct arena_block *block_new(struct arena *arena, size_t size)
{
	struct arena_block *block;

	/* The build says 1 under the address sanitizer: it then sees every allocation for itself. */
	if (size < ARENA_BLOCK_SIZE)
		size = ARENA_BLOCK_SIZE;
	if (size > PTRDIFF_MAX - sizeof(*block))
		return NULL;
	block = memory_alloc(sizeof(*block) + size);
	if (!block)
		return NULL;

	block->used = 0;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *memory;

	if (size > SIZE_MAX - alignment)
		return NULL;
	size = (size + alignment - 1) / alignment * alignment;
	if (!block || block->size - block->used < size)
		block = block_new(arena, size);
	if (!block)
		return NULL;

	memory = block->bytes + block->used;
	block->used += size;
	return memset(memory, 0, size);
}

int arena_reserve(struct arena *arena, size_t size)
{
	if (arena->blocks && arena->blocks->size - arena->blocks->used >= size)
		return 0;
	return block_new(arena, size) ? 0 : -ENOMEM;
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t element_size)
{
	size_t wanted = *capacity ? *capacity * 2 : 8;
	void *grown;

	if (count < *capacity)
		return array;
	if (wanted > SIZE_MAX / element_size)
		return NULL;
	grown = arena_alloc(arena, wanted * element_size);
	if (!grown)
		return NULL;

	if (count)
		memcpy(grown, array, count * element_size);
	*capacity = wanted;
	return grown;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = length < SIZE_MAX ? arena_alloc(arena, length + 1) : NULL;

	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, arguments);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}
