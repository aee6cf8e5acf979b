/* SPDX-License-Identifier: MIT */
/* The kernel command line. */
#include "kernel/bootline.h"

#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* COMMAND_LINE_SIZE is 2048 or 4096 in most architectures; boot configuration may be appended. */
enum { LINE_SIZE_MAX = 64 * 1024 };

static bool is_blank(char character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}

/* The length of the word that the text begins with, quoted blanks included. */
static size_t word_length(const char *text)
{
	bool is_quoted = false;
	size_t length = 0;

	for (; text[length] && (is_quoted || !is_blank(text[length])); length++)
		if (text[length] == '"')
			is_quoted = !is_quoted;
	return length;
}

/* Takes quotes around the text off, in place. The closing one may be missing. */
static char *unquote(char *text)
{
	size_t length = strlen(text);

	if (text[0] != '"')
		return text;
	if (length > 1 && text[length - 1] == '"')
		text[length - 1] = '\0';
	return text + 1;
}

static int add_word(struct arena *arena, struct bootline *bootline, const char *text, size_t length)
{
	struct bootline_word *grown = arena_grow(arena, bootline->words, bootline->count, &bootline->capacity,
		sizeof(*grown));
	char *whole = arena_copy(arena, text, length), *copy = arena_copy(arena, text, length);
	char *name, *equals;

	if (!grown || !whole || !copy)
		return -ENOMEM;
	name = unquote(copy);
	equals = name[0] ? strchr(name + 1, '=') : NULL;
	if (equals)
		*equals = '\0';
	bootline->words = grown;
	bootline->words[bootline->count++] = (struct bootline_word){
		.name = name, .value = equals ? unquote(equals + 1) : NULL, .text = whole };
	return 0;
}

int bootline_parse(struct arena *arena, const char *text, struct bootline *ret_bootline)
{
	struct bootline bootline = { 0 };

	for (;;) {
		size_t length;
		int r;

		while (is_blank(*text))
			text++;
		length = word_length(text);
		if (length == 0 || (length == 2 && strncmp(text, "--", 2) == 0))
			break;
		r = add_word(arena, &bootline, text, length);
		if (r < 0)
			return r;
		text += length;
	}
	*ret_bootline = bootline;
	return 0;
}

int bootline_read(const struct rootdir *root, struct arena *arena, struct bootline *ret_bootline)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = rootdir_open_path(root, "proc/cmdline", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? fd : fileio_read(fd, LINE_SIZE_MAX, &text);

	if (r == -ENOMEM)
		return r;
	return bootline_parse(arena, r < 0 ? "" : text.bytes, ret_bootline);
}
