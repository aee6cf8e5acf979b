/* SPDX-License-Identifier: MIT */
/* TAP. */
#include "format/tap.h"

#include "base/utf8.h"

#include <string.h>

/* A description must not hold a "#", which begins a directive, nor a line break. */
static void add_description(struct strbuf *text, const char *bytes)
{
	size_t left = strlen(bytes);

	while (left > 0) {
		uint32_t character;
		size_t size = utf8_decode(bytes, left, &character);

		if (size == 0 || utf8_is_unsafe(character)) {
			strbuf_add_char(text, size && strchr("\t\n", *bytes) ? ' ' : '?');
		} else {
			if (*bytes == '#')
				strbuf_add_char(text, '\\');
			strbuf_add(text, bytes, size);
		}
		bytes += size ? size : 1;
		left -= size ? size : 1;
	}
}

void tap_write(struct strbuf *text, const struct plan *plan)
{
	strbuf_printf(text, "TAP version 13\n1..%zu\n", plan->count);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];

		strbuf_printf(text, "%sok %zu - ", plan_row_holds(row) ? "" : "not ", i + 1);
		add_description(text, row->key);
		if (row->tolerated)
			strbuf_printf(text, " # SKIP %s here", plan_status_name(row->status));
		strbuf_add_char(text, '\n');
		if (plan_row_holds(row))
			continue;
		strbuf_add_text(text, "# expected ");
		add_description(text, row->target_text);
		strbuf_add_text(text, row->live_text ? ", found " : ", but the key is ");
		add_description(text, row->live_text ? row->live_text : plan_status_name(row->status));
		strbuf_add_char(text, '\n');
	}
}
