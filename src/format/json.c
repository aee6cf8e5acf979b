/* SPDX-License-Identifier: MIT */
/* cJSON, fenced. */
#include "format/json.h"

#include "base/base64.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64 };

void json_init(void)
{
	cJSON_Hooks hooks = { .malloc_fn = memory_alloc, .free_fn = memory_free };

	cJSON_InitHooks(&hooks);
}

void json_begin(struct json *json)
{
	json->root = cJSON_CreateObject();
	json->failed = !json->root;
}

void json_release(struct json *json)
{
	cJSON_Delete(json->root);
	json->root = NULL;
}

/* cJSON escapes what JSON wants escaped; but DEL and U+0080 to U+009F move a terminal's cursor as well as ESC does.
 * They only stand in strings. */
static void add_printed(struct strbuf *text, const char *printed)
{
	const char *from = printed, *at = printed;

	while (*at) {
		bool is_del = *at == '\x7f', is_c1 = at[0] == '\xc2' && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0;

		if (!is_del && !is_c1) {
			at++;
			continue;
		}
		strbuf_add(text, from, (size_t)(at - from));
		strbuf_printf(text, "\\u%04x", is_del ? 0x7fU : (unsigned char)at[1]);
		from = at += is_del ? 1 : 2;
	}
	strbuf_add(text, from, (size_t)(at - from));
}

static int finish(struct json *json, struct strbuf *text, bool in_one_line)
{
	char *printed = json->failed ? NULL : in_one_line ? cJSON_PrintUnformatted(json->root) : cJSON_Print(json->root);

	json_release(json);
	if (!printed)
		return -ENOMEM;
	add_printed(text, printed);
	strbuf_add_char(text, '\n');
	memory_free(printed);
	return strbuf_check(text);
}

int json_finish(struct json *json, struct strbuf *text)
{
	return finish(json, text, false);
}

int json_finish_line(struct json *json, struct strbuf *text)
{
	return finish(json, text, true);
}

/* Hands the item over to the parent, or drops it. */
static cJSON *add_item(struct json *json, cJSON *parent, const char *name, cJSON *item)
{
	bool added = item && parent &&
		(name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item));

	if (added)
		return item;
	cJSON_Delete(item);
	json->failed = true;
	return NULL;
}

cJSON *json_add_object(struct json *json, cJSON *parent, const char *name)
{
	return add_item(json, parent, name, cJSON_CreateObject());
}

cJSON *json_add_array(struct json *json, cJSON *parent, const char *name)
{
	return add_item(json, parent, name, cJSON_CreateArray());
}

void json_add_integer(struct json *json, cJSON *parent, const char *name, long number)
{
	add_item(json, parent, name, cJSON_CreateNumber((double)number));
}

void json_add_number(struct json *json, cJSON *parent, const char *name, double number)
{
	char text[64];

	if (!isfinite(number)) {
		add_item(json, parent, name, cJSON_CreateNull());
		return;
	}
	/* cJSON prints 17 digits where 15 do not bring the number back: 0.30000000000000004. */
	snprintf(text, sizeof(text), "%.6f", number);
	add_item(json, parent, name, cJSON_CreateNumber(strtod(text, NULL)));
}

void json_add_boolean(struct json *json, cJSON *parent, const char *name, bool value)
{
	add_item(json, parent, name, cJSON_CreateBool(value));
}

static void add_repaired(struct json *json, cJSON *parent, const char *name, const char *text)
{
	CLEANUP_STRBUF struct strbuf repaired = STRBUF_INIT;
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t character;
		size_t size = utf8_decode(text, left, &character);

		if (size == 0)
			strbuf_add_text(&repaired, "\xef\xbf\xbd");
		else
			strbuf_add(&repaired, text, size);
		text += size ? size : 1;
		left -= size ? size : 1;
	}
	json->failed |= strbuf_check(&repaired) < 0;
	add_item(json, parent, name, cJSON_CreateString(repaired.bytes));
}

void json_add_string(struct json *json, cJSON *parent, const char *name, const char *text)
{
	if (!text)
		add_item(json, parent, name, cJSON_CreateNull());
	else if (utf8_is_valid(text, strlen(text)))
		add_item(json, parent, name, cJSON_CreateString(text));
	else
		add_repaired(json, parent, name, text);
}

void json_add_bytes(struct json *json, cJSON *parent, const char *name, struct value value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char longer[NAME_MAX_LENGTH];

	if (!value.bytes) {
		json_add_string(json, parent, name, NULL);
		return;
	}
	if (utf8_is_valid(value.bytes, value.length) && !memchr(value.bytes, '\0', value.length)) {
		strbuf_add(&text, value.bytes, value.length);
	} else {
		base64_encode(&text, value.bytes, value.length);
		snprintf(longer, sizeof(longer), "%s_base64", name);
		name = longer;
	}
	json->failed |= strbuf_check(&text) < 0;
	add_item(json, parent, name, cJSON_CreateString(text.bytes));
}

static bool has_duplicates(const cJSON *object)
{
	const cJSON *names[JSON_MEMBERS_MAX];
	size_t count = 0;
	const cJSON *child;

	cJSON_ArrayForEach(child, object) {
		if (count == COUNT_OF(names))
			return true;
		for (size_t i = 0; i < count; i++)
			if (strcmp(names[i]->string, child->string) == 0)
				return true;
		names[count++] = child;
	}
	return false;
}

/* cJSON limits its own nesting (CJSON_NESTING_LIMIT), and so this recursion. */
static bool is_sound(const cJSON *item)
{
	const cJSON *child;

	if (cJSON_IsObject(item) && has_duplicates(item))
		return false;
	cJSON_ArrayForEach(child, item)
		if (!is_sound(child))
			return false;
	return true;
}

/* cJSON ends a string at a NUL, and takes an escape without four digits for one: another value than a reader of the
 * file sees. */
static bool is_nul_escape(const char *text, size_t length)
{
	bool is_zero = true;

	if (length < 6 || text[0] != '\\' || text[1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return true;
		is_zero &= text[i] == '0';
	}
	return is_zero;
}

static bool holds_nul(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0' || is_nul_escape(text + i, length - i))
			return true;
		if (text[i] == '\\')
			i++;	/* what is escaped begins no escape */
	}
	return false;
}

cJSON *json_parse(const char *text, size_t length)
{
	const char *end = NULL;
	cJSON *root = holds_nul(text, length) ? NULL : cJSON_ParseWithLengthOpts(text, length, &end, false);

	/* require_null_terminated would look at the byte behind the text. */
	while (root && end < text + length && strchr(" \t\r\n", *end) && *end)
		end++;
	if (root && (end != text + length || !is_sound(root))) {
		cJSON_Delete(root);
		root = NULL;
	}
	return root;
}

const char *json_get_string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int json_get_bytes(struct arena *arena, const cJSON *object, const char *name, struct value *ret_value)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	const char *text = json_get_string(object, name);
	char longer[NAME_MAX_LENGTH];

	if (text)
		return value_copy(arena, value_of(text), ret_value);
	snprintf(longer, sizeof(longer), "%s_base64", name);
	text = json_get_string(object, longer);
	if (!text || !base64_decode(&bytes, text, strlen(text)))
		return 1;
	if (strbuf_check(&bytes) < 0)
		return -ENOMEM;
	return value_copy(arena, (struct value){ bytes.bytes, bytes.length }, ret_value);
}
