/* SPDX-License-Identifier: MIT */
/* json.h - building and reading JSON with cJSON.
 *
 * Building: json_begin() -> json_add_*() -> json_finish(), which prints and releases. Errors are sticky:
 * the add functions return NULL or nothing, take a NULL parent, and json_finish() tells -ENOMEM.
 *
 * Kernel values always travel as strings (cJSON's numbers are doubles). Bytes that are not UTF-8, or that
 * hold a NUL, stand under the name with "_base64" behind it instead. Text for people that is not UTF-8
 * gets U+FFFD in the place of each offending byte. */
#pragma once

#include "base/strbuf.h"
#include "model/value.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct json {
	cJSON *root;
	bool failed;
};

/* Makes cJSON use base/memory.h; once, before anything else here. */
void json_init(void);

void json_begin(struct json *json);
MUST_CHECK int json_finish(struct json *json, struct strbuf *text);
/* The same in one line. */
MUST_CHECK int json_finish_line(struct json *json, struct strbuf *text);
void json_release(struct json *json);
#define CLEANUP_JSON CLEANUP(json_release)

/* With a NULL name the new element goes to the end of an array. */
cJSON *json_add_object(struct json *json, cJSON *parent, const char *name);
cJSON *json_add_array(struct json *json, cJSON *parent, const char *name);
void json_add_string(struct json *json, cJSON *parent, const char *name, const char *text);
void json_add_integer(struct json *json, cJSON *parent, const char *name, long number);
/* A measured number: rounded to 6 decimals, so that it reads as what it is; null for what is none (NAN). */
void json_add_number(struct json *json, cJSON *parent, const char *name, double number);
void json_add_boolean(struct json *json, cJSON *parent, const char *name, bool value);
void json_add_bytes(struct json *json, cJSON *parent, const char *name, struct value value);

/* Parses a whole text; the root, or NULL when it is not one JSON value with nothing behind it, when an
 * object holds a name twice or more than JSON_MEMBERS_MAX names, when a string holds a NUL, or when memory is
 * short. */
enum { JSON_MEMBERS_MAX = 64 };
MUST_CHECK cJSON *json_parse(const char *text, size_t length);

static inline void json_free_(cJSON **root)
{
	cJSON_Delete(*root);
	*root = NULL;
}
#define CLEANUP_JSON_ROOT CLEANUP(json_free_)

/* The member's string, or NULL when it is missing or no string. */
const char *json_get_string(const cJSON *object, const char *name);

/* The counterpart of json_add_bytes(): 0 with the bytes in the arena, 1 when there are none under this
 * name or they are malformed, -ENOMEM. */
MUST_CHECK int json_get_bytes(struct arena *arena, const cJSON *object, const char *name,
	struct value *ret_value);
