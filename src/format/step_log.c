/* SPDX-License-Identifier: MIT */
/* The step log. */
#include "format/step_log.h"

#include "base/base64.h"
#include "base/number.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void step_log_add_header(struct strbuf *text, const struct change *change)
{
	strbuf_printf(text, "kerntune-steps 1 %s %s\n", change->host.boot_id[0] ? change->host.boot_id : "-",
		change->id);
}

void step_log_add_intent(struct strbuf *text, size_t index)
{
	strbuf_printf(text, "intent %zu\n", index);
}

static void add_value_and_newline(struct strbuf *text, struct value value)
{
	if (value.bytes)
		base64_encode(text, value.bytes, value.length);
	else
		strbuf_add_char(text, '-');
	strbuf_add_char(text, '\n');
}

void step_log_add_outcome(struct strbuf *text, size_t index, const struct change_item *item)
{
	strbuf_printf(text, "outcome %zu %s %d ", index, change_status_name(item->status), item->error);
	add_value_and_newline(text, item->ours);
}

void step_log_add_moved(struct strbuf *text, size_t index, const struct change_item *item)
{
	strbuf_printf(text, "moved %zu ", index);
	add_value_and_newline(text, item->ours);
}

void step_log_add_stray(struct strbuf *text, size_t index)
{
	strbuf_printf(text, "stray %zu\n", index);
}

void step_log_mark_moved(struct change_item *item)
{
	item->moved_along = true;
	if (item->role != CHANGE_WATCHED)
		return;
	item->role = CHANGE_SIDE;
	item->status = CHANGE_APPLIED;
}

/* A whole line without its newline off the front; false at the end or at a line that was cut. */
static bool next_line(struct value *rest, struct value *ret_line)
{
	const char *end = rest->length ? memchr(rest->bytes, '\n', rest->length) : NULL;

	if (!end)
		return false;
	*ret_line = (struct value){ rest->bytes, (size_t)(end - rest->bytes) };
	rest->length -= ret_line->length + 1;
	rest->bytes = end + 1;
	return true;
}

static bool next_word(struct value *line, const char *word)
{
	struct value field;

	return value_next_field(line, &field) && value_identical(field, value_of(word));
}

static bool next_number(struct value *line, unsigned long limit, unsigned long *ret_number)
{
	struct value field;
	struct number number;

	if (!value_next_field(line, &field) || !value_field_number(field, &number) || number.negative ||
		number.magnitude > limit)
		return false;
	*ret_number = (unsigned long)number.magnitude;
	return true;
}

static bool next_status(struct value *line, enum change_status *ret_status)
{
	char name[32];
	struct value field;

	if (!value_next_field(line, &field) || field.length >= sizeof(name))
		return false;
	memcpy(name, field.bytes, field.length);
	name[field.length] = '\0';
	return change_status_parse(name, ret_status);
}

/* The last field: what is held now. */
static int read_value(struct arena *arena, struct value line, struct change_item *item)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct value field;

	if (!value_next_field(&line, &field))
		return 1;
	if (value_identical(field, value_of("-")))
		return 0;
	if (!base64_decode(&bytes, field.bytes, field.length))
		return 1;
	if (strbuf_check(&bytes) < 0)
		return -ENOMEM;
	return value_copy(arena, (struct value){ bytes.bytes, bytes.length }, &item->ours);
}

static int read_outcome(struct arena *arena, struct value line, struct change_item *item)
{
	unsigned long error;

	if (!next_status(&line, &item->status) || !next_number(&line, INT_MAX, &error))
		return 1;
	item->completed = true;
	item->error = (int)error;
	return read_value(arena, line, item);
}

static int read_line(struct arena *arena, struct value line, struct change *change)
{
	struct value verb;
	unsigned long index;

	if (change->items_count == 0 || !value_next_field(&line, &verb) ||
		!next_number(&line, change->items_count - 1, &index))
		return 1;
	if (value_identical(verb, value_of("intent"))) {
		change->items[index].intended = true;
		return 0;
	}
	if (value_identical(verb, value_of("outcome")))
		return read_outcome(arena, line, &change->items[index]);
	if (value_identical(verb, value_of("moved"))) {
		step_log_mark_moved(&change->items[index]);
		return read_value(arena, line, &change->items[index]);
	}
	if (!value_identical(verb, value_of("stray")))
		return 1;
	change->items[index].status = CHANGE_FOREIGN_CHANGED;
	return 0;
}

int step_log_read(struct arena *arena, const char *text, size_t length, struct change *change)
{
	struct value rest = { text, length }, line;
	struct change trial = *change;

	if (!next_line(&rest, &line) || !next_word(&line, "kerntune-steps") || !next_word(&line, "1") ||
		!next_word(&line, change->host.boot_id[0] ? change->host.boot_id : "-") ||
		!next_word(&line, change->id))
		return 1;

	/* On a copy: a log that stops making sense half-way must leave nothing behind. */
	trial.items = arena_alloc(arena, change->items_count * sizeof(*trial.items));
	if (!trial.items)
		return -ENOMEM;
	if (change->items_count)
		memcpy(trial.items, change->items, change->items_count * sizeof(*trial.items));
	while (next_line(&rest, &line)) {
		int r = read_line(arena, line, &trial);

		if (r != 0)
			return r;
	}
	change->items = trial.items;
	change->items_capacity = change->items_count;
	return 0;
}
