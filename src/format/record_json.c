/* SPDX-License-Identifier: MIT */
/* Change records in JSON. */
#include "format/record_json.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/number.h"
#include "format/json_out.h"
#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_SCHEMA "kerntune.change/1"
#define CHECKSUM_MEMBER ",\n\t\"checksum\":\t\""
#define STATE_SCHEMA "kerntune.state/1"

static void write_item(struct json *json, cJSON *items, const struct change_item *item)
{
	cJSON *object = json_add_object(json, items, NULL);

	json_add_bytes(json, object, "path", value_of(item->path));
	json_add_string(json, object, "role", change_role_name(item->role));
	json_add_string(json, object, "status", change_status_name(item->status));
	if (item->original.bytes)
		json_add_bytes(json, object, "original", item->original);
	if (item->original_owner)
		json_add_string(json, object, "original_owner", item->original_owner);
	if (item->target.bytes)
		json_add_bytes(json, object, "target", item->target);
	if (item->ours.bytes)
		json_add_bytes(json, object, "ours", item->ours);
	json_add_boolean(json, object, "intended", item->intended);
	json_add_boolean(json, object, "completed", item->completed);
	if (item->moved_along)
		json_add_boolean(json, object, "moved_along", true);
	if (item->withdrawn)
		json_add_boolean(json, object, "withdrawn", true);
	if (item->error)
		json_add_integer(json, object, "errno", item->error);
}

/* In milliseconds since the boot; as text, for cJSON's numbers are doubles. */
static void write_deadline(struct json *json, cJSON *object, const struct change_confirmation *confirmation)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", confirmation->deadline_ms);
	json_add_string(json, object, "deadline_ms", text);
	json_add_string(json, object, "deadline", confirmation->deadline);
}

static void write_confirmation(struct json *json, const struct change_confirmation *confirmation)
{
	cJSON *object;

	if (confirmation->guardian == CHANGE_GUARDIAN_NONE)
		return;
	object = json_add_object(json, json->root, "confirmation");
	json_add_string(json, object, "guardian", change_guardian_name(confirmation->guardian));
	json_add_integer(json, object, "seconds", (long)confirmation->seconds);
	write_deadline(json, object, confirmation);
}

/* As text, for cJSON's numbers are doubles. */
static void write_number(struct json *json, cJSON *object, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	json_add_string(json, object, name, text);
}

/* A list, for there are more counters than an object may have members. */
static void write_baseline(struct json *json, const struct counters *baseline)
{
	cJSON *object, *list;

	if (!baseline)
		return;
	object = json_add_object(json, json->root, "baseline");
	write_number(json, object, "time_ns", baseline->time_ns);
	list = json_add_array(json, object, "counters");
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		cJSON *counter;

		if (!baseline->known_at[i])
			continue;
		counter = json_add_object(json, list, NULL);
		json_add_string(json, counter, "name", counter_rows[i].name);
		write_number(json, counter, "value", baseline->at[i]);
	}
}

/* In the place of the end of the object, which json_finish() wrote. */
static int add_checksum(struct strbuf *text)
{
	static const char end[] = "\n}\n";
	char digest[DIGEST_TEXT_SIZE];

	if (text->length < strlen(end))
		return -ENOMEM;
	text->length -= strlen(end);
	digest_format(text->bytes, text->length, digest);
	strbuf_printf(text, "%s%s\"%s", CHECKSUM_MEMBER, digest, end);
	return strbuf_check(text);
}

int record_json_write(struct strbuf *text, const struct change *change)
{
	CLEANUP_JSON struct json json;
	cJSON *profiles, *items;

	json_begin(&json);
	json_add_string(&json, json.root, "schema", RECORD_SCHEMA);
	json_add_string(&json, json.root, "id", change->id);
	json_add_string(&json, json.root, "kind", change_kind_name(change->kind));
	json_add_string(&json, json.root, "state", change_state_name(change->state));
	json_add_string(&json, json.root, "created", change->created);
	json_add_string(&json, json.root, "finished", change->finished);
	if (change->finished)
		json_add_string(&json, json.root, "finished_by", change_actor_name(change->finished_by));
	json_add_string(&json, json.root, "label", change->label);
	json_out_host_with_cookie(&json, &change->host);
	write_confirmation(&json, &change->confirmation);
	write_baseline(&json, change->baseline);
	profiles = json_add_array(&json, json.root, "profiles");
	for (size_t i = 0; i < change->profiles_count; i++) {
		cJSON *profile = json_add_object(&json, profiles, NULL);

		json_add_string(&json, profile, "name", change->profiles[i].name);
		json_add_string(&json, profile, "digest", change->profiles[i].digest);
	}
	items = json_add_array(&json, json.root, "items");
	for (size_t i = 0; i < change->items_count; i++)
		write_item(&json, items, &change->items[i]);
	return json_finish(&json, text) < 0 ? -ENOMEM : add_checksum(text);
}

/* Reading stops at the first thing that is wrong and says what it was. */
struct record_reader {
	struct arena *arena;
	struct change *change;
	const char *problem;
	bool out_of_memory;
};

static bool fail(struct record_reader *reader, const char *problem)
{
	if (!reader->problem)
		reader->problem = problem;
	return false;
}

static bool read_string(struct record_reader *reader, const cJSON *object, const char *name, bool may_lack,
	const char **ret_text)
{
	const char *text = json_get_string(object, name);
	const char *copy;

	if (!text && may_lack)
		return true;
	if (!text)
		return fail(reader, arena_printf(reader->arena, "\"%s\" is missing or no text", name));
	copy = arena_strdup(reader->arena, text);
	reader->out_of_memory |= !copy;
	*ret_text = copy;
	return copy != NULL;
}

/* A word of one of the fixed lists in model/change.h. */
#define READ_WORD(reader, object, name, parse, ret_word)                                          \
	(json_get_string((object), (name)) && parse(json_get_string((object), (name)), (ret_word)) ? \
		true : fail((reader), "\"" name "\" is missing or unknown"))

static bool read_value(struct record_reader *reader, const cJSON *object, const char *name, bool may_lack,
	struct value *ret_value)
{
	int r = json_get_bytes(reader->arena, object, name, ret_value);

	if (r == -ENOMEM)
		reader->out_of_memory = true;
	if (r == 1 && !may_lack)
		return fail(reader, arena_printf(reader->arena, "\"%s\" is missing or malformed", name));
	return r >= 0;
}

/* Any byte may stand in the name of an interface, and so in a path. */
static bool read_path(struct record_reader *reader, const cJSON *object, struct change_item *item)
{
	struct value path;

	if (!read_value(reader, object, "path", false, &path))
		return false;
	if (strlen(path.bytes) != path.length || !key_path_is_sound(path.bytes))
		return fail(reader, "\"path\" is not the path of a parameter");
	item->path = path.bytes;
	item->key = key_display(reader->arena, path.bytes);
	item->type = catalog_type(catalog_find(path.bytes));
	reader->out_of_memory |= !item->key;
	return item->key != NULL;
}

/* An action has no value that could be read, and a secret that was never set neither. */
static bool must_have_original(const struct change_item *item)
{
	const struct catalog_row *row = catalog_find(item->path);

	return !row || !row->one_way;
}

static bool read_owner(struct record_reader *reader, const cJSON *object, struct change_item *item)
{
	if (!read_string(reader, object, "original_owner", true, &item->original_owner))
		return false;
	return !item->original_owner || change_id_is_valid(item->original_owner) ||
		fail(reader, "\"original_owner\" is no id");
}

static bool read_item(struct record_reader *reader, const cJSON *object, struct change_item *item)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(object, "errno");

	item->intended = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "intended"));
	item->completed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "completed"));
	item->moved_along = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "moved_along"));
	item->withdrawn = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "withdrawn"));
	item->error = cJSON_IsNumber(error) ? error->valueint : 0;
	return read_path(reader, object, item) &&
		READ_WORD(reader, object, "role", change_role_parse, &item->role) &&
		READ_WORD(reader, object, "status", change_status_parse, &item->status) &&
		read_value(reader, object, "original", !must_have_original(item), &item->original) &&
		read_owner(reader, object, item) &&
		read_value(reader, object, "target", true, &item->target) &&
		read_value(reader, object, "ours", true, &item->ours) &&
		(item->role != CHANGE_STEP || item->target.bytes ||
			reader->change->kind == CHANGE_BACKUP ||
			fail(reader, "a step has no \"target\""));
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted rather than searched: a backup of a host with many interfaces holds tens of thousands. */
static bool check_duplicates(struct record_reader *reader)
{
	const struct change *change = reader->change;
	const char **paths = arena_alloc(reader->arena, (change->items_count + 1) * sizeof(*paths));

	if (!paths) {
		reader->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < change->items_count; i++)
		paths[i] = change->items[i].path;
	qsort(paths, change->items_count, sizeof(*paths), compare_paths);
	for (size_t i = 1; i < change->items_count; i++)
		if (strcmp(paths[i - 1], paths[i]) == 0)
			return fail(reader, "a parameter stands in it twice");
	return true;
}

static bool read_items(struct record_reader *reader, const cJSON *items)
{
	struct change *change = reader->change;
	const cJSON *object;

	if (!cJSON_IsArray(items))
		return fail(reader, "\"items\" is missing or no list");
	cJSON_ArrayForEach(object, items) {
		struct change_item item = { 0 };
		struct change_item *grown;

		if (!read_item(reader, object, &item))
			return false;
		grown = arena_grow(reader->arena, change->items, change->items_count,
			&change->items_capacity, sizeof(*grown));
		if (!grown) {
			reader->out_of_memory = true;
			return false;
		}
		change->items = grown;
		change->items[change->items_count++] = item;
	}
	return check_duplicates(reader);
}

static bool read_profiles(struct record_reader *reader, const cJSON *profiles)
{
	struct change *change = reader->change;
	size_t count = (size_t)cJSON_GetArraySize(profiles);
	const cJSON *object;

	if (!cJSON_IsArray(profiles))
		return fail(reader, "\"profiles\" is missing or no list");
	change->profiles = arena_alloc(reader->arena, count * sizeof(*change->profiles));
	if (!change->profiles) {
		reader->out_of_memory = true;
		return false;
	}
	cJSON_ArrayForEach(object, profiles) {
		struct change_profile *profile = &change->profiles[change->profiles_count];

		if (!read_string(reader, object, "name", false, &profile->name) ||
			!read_string(reader, object, "digest", false, &profile->digest))
			return false;
		change->profiles_count++;
	}
	return true;
}

static bool read_host(struct record_reader *reader, const cJSON *object, struct host *host)
{
	host->netns_cookie = "";
	return read_string(reader, object, "hostname", false, &host->hostname) &&
		read_string(reader, object, "kernel", false, &host->kernel) &&
		read_string(reader, object, "boot_id", false, &host->boot_id) &&
		read_string(reader, object, "netns", false, &host->netns) &&
		read_string(reader, object, "netns_cookie", true, &host->netns_cookie);
}

static bool read_number(const cJSON *object, const char *name, uint64_t *ret_number)
{
	const char *text = json_get_string(object, name);
	struct number number;

	if (!text || !number_parse(text, strlen(text), &number) || number.negative)
		return false;
	*ret_number = number.magnitude;
	return true;
}

static bool read_deadline(const cJSON *object, unsigned long long *ret_deadline_ms)
{
	uint64_t number;

	if (!read_number(object, "deadline_ms", &number))
		return false;
	*ret_deadline_ms = number;
	return true;
}

/* A later version may have counters that this one does not know. */
static bool read_baseline(struct record_reader *reader, const cJSON *object)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "counters"), *counter;
	struct counters *baseline;

	if (!object)
		return true;
	baseline = arena_alloc(reader->arena, sizeof(*baseline));
	reader->out_of_memory |= !baseline;
	if (!baseline)
		return false;
	if (!cJSON_IsArray(list) || !read_number(object, "time_ns", &baseline->time_ns))
		return fail(reader, "\"baseline\" is malformed");
	cJSON_ArrayForEach(counter, list) {
		const char *name = json_get_string(counter, "name");
		int at = name ? counter_find(name) : -1;

		if (!name || (at >= 0 && !read_number(counter, "value", &baseline->at[at])))
			return fail(reader, "\"baseline\" has a malformed counter");
		if (at >= 0)
			baseline->known_at[at] = true;
	}
	reader->change->baseline = baseline;
	return true;
}

static bool read_confirmation(struct record_reader *reader, const cJSON *object,
	struct change_confirmation *confirmation)
{
	const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(object, "seconds");

	if (!object)
		return true;
	confirmation->seconds = cJSON_IsNumber(seconds) && seconds->valueint > 0 ?
		(unsigned long)seconds->valueint : 0;
	return READ_WORD(reader, object, "guardian", change_guardian_parse, &confirmation->guardian) &&
		(read_deadline(object, &confirmation->deadline_ms) ||
			fail(reader, "\"deadline_ms\" is missing or no number")) &&
		read_string(reader, object, "deadline", false, &confirmation->deadline);
}

/* A change can only wait for a confirmation that it says something about. */
static bool check_pending(struct record_reader *reader)
{
	const struct change *change = reader->change;

	return change->state != CHANGE_PENDING || change->confirmation.guardian != CHANGE_GUARDIAN_NONE ||
		fail(reader, "it is pending without a \"confirmation\"");
}

static bool read_record(struct record_reader *reader, const cJSON *root, const char *id)
{
	const char *schema = json_get_string(root, "schema");
	struct change *change = reader->change;

	if (!schema || strcmp(schema, RECORD_SCHEMA) != 0)
		return fail(reader, "\"schema\" is not \"" RECORD_SCHEMA "\"");
	if (!read_string(reader, root, "id", false, &change->id))
		return false;
	if (strcmp(change->id, id) != 0 || !change_id_is_valid(id))
		return fail(reader, "\"id\" is not the one in the file's name");
	return READ_WORD(reader, root, "kind", change_kind_parse, &change->kind) &&
		READ_WORD(reader, root, "state", change_state_parse, &change->state) &&
		read_string(reader, root, "created", false, &change->created) &&
		read_string(reader, root, "finished", true, &change->finished) &&
		(!json_get_string(root, "finished_by") ||
			READ_WORD(reader, root, "finished_by", change_actor_parse, &change->finished_by)) &&
		read_string(reader, root, "label", true, &change->label) &&
		read_host(reader, cJSON_GetObjectItemCaseSensitive(root, "host"), &change->host) &&
		read_confirmation(reader, cJSON_GetObjectItemCaseSensitive(root, "confirmation"),
			&change->confirmation) &&
		check_pending(reader) &&
		read_baseline(reader, cJSON_GetObjectItemCaseSensitive(root, "baseline")) &&
		read_profiles(reader, cJSON_GetObjectItemCaseSensitive(root, "profiles")) &&
		read_items(reader, cJSON_GetObjectItemCaseSensitive(root, "items"));
}

/* Whether the checksum is that of the text before it. */
static bool is_intact(const char *text, size_t length, const char *checksum)
{
	const size_t tail = strlen(CHECKSUM_MEMBER) + strlen(checksum) + strlen("\"\n}\n");
	char digest[DIGEST_TEXT_SIZE];

	if (length < tail || memcmp(text + length - tail, CHECKSUM_MEMBER, strlen(CHECKSUM_MEMBER)) != 0)
		return false;
	digest_format(text, length - tail, digest);
	return strcmp(digest, checksum) == 0;
}

int record_json_read(struct arena *arena, const char *text, size_t length, const char *id,
	struct change **ret_change, const char **ret_problem)
{
	unsigned long failures = memory_failures();
	CLEANUP_JSON_ROOT cJSON *root = json_parse(text, length);
	struct record_reader reader = { .arena = arena,
		.change = arena_alloc(arena, sizeof(*reader.change)) };
	const char *checksum;

	/* A record that could not be read for want of memory is not a broken one. */
	if (memory_failures() != failures)
		return -ENOMEM;
	if (!root) {
		*ret_problem = "it is not JSON: torn, truncated or edited by hand";
		return 1;
	}
	checksum = json_get_string(root, "checksum");
	if (checksum && !is_intact(text, length, checksum)) {
		*ret_problem = "its checksum is wrong: it was damaged or edited by hand";
		return 1;
	}
	if (read_record(&reader, root, id)) {
		*ret_change = reader.change;
		if (!checksum)
			*ret_problem = "it has no checksum: it was edited by hand";
		return checksum == NULL;
	}
	if (reader.out_of_memory || !reader.problem)
		return -ENOMEM;
	*ret_problem = reader.problem;
	return 1;
}

int record_json_write_notice(struct strbuf *text, const struct change *change)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_add_string(&json, json.root, "schema", STATE_SCHEMA);
	json_add_string(&json, json.root, "id", change->id);
	json_add_string(&json, json.root, "state", change_state_name(change->state));
	json_add_string(&json, json.root, "boot_id", change->host.boot_id);
	if (change->confirmation.guardian != CHANGE_GUARDIAN_NONE)
		write_deadline(&json, json.root, &change->confirmation);
	return json_finish(&json, text);
}

int record_json_read_notice(struct arena *arena, const char *text, size_t length,
	struct record_notice *ret_notice)
{
	unsigned long failures = memory_failures();
	CLEANUP_JSON_ROOT cJSON *root = json_parse(text, length);
	struct change change = { 0 };
	struct record_reader reader = { .arena = arena, .change = &change };
	const char *schema = json_get_string(root, "schema");
	struct record_notice notice = { .deadline = NULL };

	if (memory_failures() != failures)
		return -ENOMEM;
	if (!schema || strcmp(schema, STATE_SCHEMA) != 0 ||
		!read_string(&reader, root, "id", false, &notice.id) || !change_id_is_valid(notice.id) ||
		!READ_WORD(&reader, root, "state", change_state_parse, &notice.state) ||
		!read_string(&reader, root, "boot_id", false, &notice.boot_id) ||
		!read_string(&reader, root, "deadline", true, &notice.deadline) ||
		(notice.deadline && !read_deadline(root, &notice.deadline_ms)))
		return reader.out_of_memory ? -ENOMEM : 1;
	*ret_notice = notice;
	return 0;
}
