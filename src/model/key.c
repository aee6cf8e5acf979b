/* SPDX-License-Identifier: MIT */
/* Parsing, showing and matching of parameter names. */
#include "model/key.h"

#include "base/utf8.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

static const struct {
	const char *text, *hint;
} problems[] = {
	[KEY_EMPTY] = { "is empty", "write a name such as net.core.somaxconn" },
	[KEY_TOO_LONG] = { "is too long to be the name of a parameter",
		"write a name such as net.core.somaxconn" },
	[KEY_BAD_CHARACTER] = { "has a character that no parameter name has",
		"names hold no blanks and no control characters" },
	[KEY_ABSOLUTE] = { "begins with a slash", "write it below /proc/sys, as in net.core.somaxconn" },
	[KEY_BAD_COMPONENT] = { "has an empty, \".\" or \"..\" component",
		"write it below /proc/sys, as in net.core.somaxconn; "
		"in the dotted form a dot inside a name is a slash, as in net.ipv4.conf.eth0/100.forwarding" },
};

const char *key_problem_text(enum key_problem problem)
{
	return problems[problem].text;
}

const char *key_problem_hint(enum key_problem problem)
{
	return problems[problem].hint;
}

static void swap_separators(char *text)
{
	for (; *text; text++) {
		if (*text == '.')
			*text = '/';
		else if (*text == '/')
			*text = '.';
	}
}

static int check_characters(const char *text, size_t length)
{
	uint32_t character;

	while (length > 0) {
		size_t size = utf8_decode(text, length, &character);

		if (size == 0 || character == ' ' || utf8_is_unsafe(character))
			return KEY_BAD_CHARACTER;
		text += size;
		length -= size;
	}
	return 0;
}

static int check_components(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))))
			return KEY_BAD_COMPONENT;
		if (path[length] == '\0')
			return 0;
		path += length + 1;
	}
}

int key_parse(struct arena *arena, const char *text, size_t length, const char **ret_path)
{
	char *path;
	int r;

	if (length == 0)
		return KEY_EMPTY;
	if (length > KEY_LENGTH_MAX)
		return KEY_TOO_LONG;
	r = check_characters(text, length);
	if (r)
		return r;
	if (text[0] == '/')
		return KEY_ABSOLUTE;

	path = arena_copy(arena, text, length);
	if (!path)
		return -ENOMEM;
	if (path[strcspn(path, "./")] == '.')
		swap_separators(path);
	r = check_components(path);
	if (r)
		return r;
	*ret_path = path;
	return 0;
}

/* A dot before the first slash would become the first separator: such a path stays as it is. */
static bool has_dotted_form(const char *path)
{
	return path[strcspn(path, "./")] != '.';
}

const char *key_display(struct arena *arena, const char *path)
{
	char *text;

	if (!has_dotted_form(path))
		return path;
	text = arena_strdup(arena, path);
	if (text)
		swap_separators(text);
	return text;
}

bool key_is_glob(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

bool key_matches(const char *glob, const char *path)
{
	return fnmatch(glob, path, FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

bool key_path_is_sound(const char *path)
{
	return strlen(path) <= KEY_LENGTH_MAX && check_components(path) == 0;
}

bool key_selected(const char *pattern, const char *path)
{
	char dotted[KEY_LENGTH_MAX + 1];

	if (fnmatch(pattern, path, FNM_NOESCAPE) == 0)
		return true;
	if (strlen(path) > KEY_LENGTH_MAX)
		return false;
	strcpy(dotted, path);
	if (has_dotted_form(path))
		swap_separators(dotted);
	return fnmatch(pattern, dotted, FNM_NOESCAPE) == 0;
}

bool key_filter_selects(const struct key_filter *filter, const char *path)
{
	bool selected = filter->only_count == 0;

	for (size_t i = 0; i < filter->only_count; i++)
		selected |= key_selected(filter->only[i], path);
	for (size_t i = 0; i < filter->skip_count; i++)
		selected &= !key_selected(filter->skip[i], path);
	return selected;
}
