/* SPDX-License-Identifier: MIT */
/* The small files of a process in proc. */
#define _GNU_SOURCE
#include "kernel/process.h"

#include "base/fileio.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

enum {
	COMM_SIZE_MAX = 256,		/* the kernel's workers have up to 64 bytes, everybody else 15 */
	COMMAND_SIZE_MAX = 4 * PROCESS_COMMAND_MAX + 1,		/* more than is shown, in any alphabet */
	CGROUP_SIZE_MAX = 64 * 1024,	/* a dozen hierarchies, each a path */
};

/* A copy that may be printed, of at most so many characters. */
static const char *clean(struct arena *arena, const char *bytes, size_t length, size_t limit)
{
	static const char dots[] = "...";
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t characters = 0, cut = 0;

	while (length > 0) {
		uint32_t character;
		size_t size = utf8_decode(bytes, length, &character);

		if (characters++ == limit) {
			text.length = cut;
			strbuf_add_text(&text, dots);
			break;
		}
		if (size == 0 || utf8_is_unsafe(character))
			strbuf_add_char(&text, '?');
		else
			strbuf_add(&text, bytes, size);
		if (characters + strlen(dots) <= limit)
			cut = text.length;
		bytes += size ? size : 1;
		length -= size ? size : 1;
	}
	return strbuf_check(&text) < 0 ? NULL : arena_copy(arena, text.bytes, text.length);
}

/* A small file of the process, or the start of a longer one; nothing when it cannot be read. 0 or -ENOMEM. */
static int read_small(int process_fd, const char *file, size_t limit, struct strbuf *text)
{
	int r = fileio_read_at(process_fd, file, limit, text);

	if (r < 0 && r != -EFBIG)
		strbuf_clear(text);
	return r == -ENOMEM ? r : 0;
}

static const char *read_name(int process_fd, struct arena *arena)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (read_small(process_fd, "comm", COMM_SIZE_MAX, &text) < 0)
		return NULL;
	if (text.length > 0 && text.bytes[text.length - 1] == '\n')
		text.length--;
	return clean(arena, text.bytes, text.length, COMM_SIZE_MAX);
}

/* Each argument ends with a NUL; a process that writes a title of its own there leaves many behind it. */
static const char *read_command(int process_fd, struct arena *arena)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (read_small(process_fd, "cmdline", COMMAND_SIZE_MAX, &text) < 0)
		return NULL;
	for (size_t i = 0; i < text.length; i++)
		if (text.bytes[i] == '\0')
			text.bytes[i] = ' ';
	while (text.length > 0 && text.bytes[text.length - 1] == ' ')
		text.length--;
	return clean(arena, text.bytes, text.length, PROCESS_COMMAND_MAX);
}

/* Whether it is the hierarchy that systemd keeps: "0::PATH", or "N:name=systemd:PATH" (cgroups(7)). */
static const char *find_cgroup(const char *line, size_t length)
{
	const char *list = memchr(line, ':', length), *path;

	if (!list)
		return NULL;
	list++;
	path = memchr(list, ':', length - (size_t)(list - line));
	if (!path)
		return NULL;
	if (path == list || ((size_t)(path - list) == strlen("name=systemd") &&
		memcmp(list, "name=systemd", strlen("name=systemd")) == 0))
		return path + 1;
	return NULL;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t size = strlen(end);

	return length > size && memcmp(text + length - size, end, size) == 0;
}

static bool is_unit(const char *component, size_t size)
{
	return ends_with(component, size, ".service") || ends_with(component, size, ".scope");
}

/* Outside the cgroup namespace of the reader, a path begins with "/..". */
static bool is_any(const char *component, size_t size)
{
	return size > 0 && !(size == 2 && memcmp(component, "..", 2) == 0);
}

/* The last component of the path that is fit; units have groups of their own below them. Its length, or 0. */
static size_t find_component(const char *path, size_t length, bool (*is_fit)(const char *component, size_t size),
	const char **ret_component)
{
	while (length > 0) {
		const char *slash = memrchr(path, '/', length);
		const char *component = slash ? slash + 1 : path;
		size_t size = length - (size_t)(component - path);

		if (is_fit(component, size)) {
			*ret_component = component;
			return size;
		}
		length = slash ? (size_t)(slash - path) : 0;
	}
	return 0;
}

static const char *read_unit(int process_fd, struct arena *arena)
{
	bool (*const fits[])(const char *component, size_t size) = { is_unit, is_any };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *line, *newline;

	if (read_small(process_fd, "cgroup", CGROUP_SIZE_MAX, &text) < 0)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(fits); i++)
		for (line = text.bytes; (newline = strchr(line, '\n')); line = newline + 1) {
			const char *path = find_cgroup(line, (size_t)(newline - line)), *component = NULL;
			size_t size = path ? find_component(path, (size_t)(newline - path), fits[i], &component) : 0;

			if (size > 0)
				return clean(arena, component, size, SIZE_MAX);
		}
	return "";
}

int process_read_names(int process_fd, struct arena *arena, struct process_names *ret_names)
{
	struct process_names names = { .name = read_name(process_fd, arena) };

	if (names.name)
		names.command = read_command(process_fd, arena);
	if (names.command)
		names.unit = read_unit(process_fd, arena);
	if (!names.unit)
		return -ENOMEM;
	*ret_names = names;
	return 0;
}
