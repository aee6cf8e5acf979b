/* SPDX-License-Identifier: MIT */
/* TAP. */
#include "format/tap.h"

/* A description must not hold a "#", which begins a directive, nor a line break. */
static void add_description(struct strbuf *text, const char *bytes)
{
	for (; *bytes; bytes++) {
		if (*bytes == '#')
			strbuf_add_char(text, '\\');
		strbuf_add_char(text, (unsigned char)*bytes < 0x20 ? ' ' : *bytes);
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
