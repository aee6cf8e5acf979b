/* SPDX-License-Identifier: MIT */
/* Fuzzes key_parse() and what works on keys. The input is two keys, separated by a line feed. */
#include "fuzz.h"

#include "base/utf8.h"
#include "model/catalog.h"
#include "model/key.h"

#include <string.h>

static void require_canonical(const char *path)
{
	REQUIRE(path[0] != '/');
	REQUIRE(strlen(path) <= KEY_LENGTH_MAX);
	REQUIRE(utf8_is_valid(path, strlen(path)));
	for (const char *component = path;; component += strcspn(component, "/") + 1) {
		size_t length = strcspn(component, "/");

		REQUIRE(length > 0);
		REQUIRE(!(length == 1 && component[0] == '.'));
		REQUIRE(!(length == 2 && component[0] == '.' && component[1] == '.'));
		if (component[length] == '\0')
			return;
	}
}

static const char *parse(struct arena *arena, const char *text, size_t length)
{
	const char *path = NULL;
	int problem = key_parse(arena, text, length, &path);

	REQUIRE(problem >= 0);
	REQUIRE((problem == 0) == (path != NULL));
	if (problem) {
		REQUIRE(key_problem_text((enum key_problem)problem));
		REQUIRE(key_problem_hint((enum key_problem)problem));
	}
	return path;
}

static const char *check_key(struct arena *arena, const char *text, size_t length)
{
	const char *path = parse(arena, text, length);
	const char *shown, *again;

	if (!path)
		return NULL;
	require_canonical(path);
	REQUIRE(key_path_is_sound(path));

	shown = key_display(arena, path);
	REQUIRE(shown);
	again = parse(arena, shown, strlen(shown));
	REQUIRE(again && strcmp(again, path) == 0);
	again = parse(arena, path, strlen(path));
	REQUIRE(again && strcmp(again, path) == 0);

	if (!key_is_glob(path)) {
		REQUIRE(key_matches(path, path));
		REQUIRE(key_selected(path, path));
		REQUIRE(key_selected(shown, path));
	}
	(void)catalog_find(path);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ARENA struct arena arena;
	const char *text = (const char *)data;
	const char *end = size ? memchr(text, '\n', size) : NULL;
	size_t length = end ? (size_t)(end - text) : size;
	const char *first, *second = NULL;

	arena_init(&arena);
	first = check_key(&arena, text, length);
	if (end)
		second = check_key(&arena, end + 1, size - length - 1);
	if (first && second) {
		if (!key_is_glob(first))
			REQUIRE(key_matches(first, second) == (strcmp(first, second) == 0));
		if (key_matches(first, second))
			REQUIRE(key_selected(first, second));
	}
	return 0;
}
