/* SPDX-License-Identifier: MIT */
/* JUnit XML. */
#include "format/junit.h"

#include "base/utf8.h"

#include <string.h>

/* Attribute text; what XML 1.0 cannot hold becomes a question mark. */
static void add_escaped(struct strbuf *text, const char *bytes)
{
	size_t left = strlen(bytes);

	while (left > 0) {
		uint32_t character;
		size_t size = utf8_decode(bytes, left, &character);

		if (size == 0 || utf8_is_unsafe(character))
			strbuf_add_char(text, '?');
		else if (character == '&')
			strbuf_add_text(text, "&amp;");
		else if (character == '<')
			strbuf_add_text(text, "&lt;");
		else if (character == '>')
			strbuf_add_text(text, "&gt;");
		else if (character == '"')
			strbuf_add_text(text, "&quot;");
		else
			strbuf_add(text, bytes, size);
		bytes += size ? size : 1;
		left -= size ? size : 1;
	}
}

static void add_attribute(struct strbuf *text, const char *name, const char *value)
{
	strbuf_printf(text, " %s=\"", name);
	add_escaped(text, value);
	strbuf_add_char(text, '"');
}

static void add_case(struct strbuf *text, const struct plan_row *row)
{
	CLEANUP_STRBUF struct strbuf class = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	strbuf_printf(&class, "kerntune.%s", row->setting->profile->name);
	strbuf_add_text(text, "    <testcase");
	add_attribute(text, "classname", class.bytes);
	add_attribute(text, "name", row->key);
	if (row->status == PLAN_SAME) {
		strbuf_add_text(text, "/>\n");
		return;
	}
	if (row->live_text)
		strbuf_printf(&message, "expected %s, found %s", row->target_text, row->live_text);
	else
		strbuf_printf(&message, "expected %s, but the key is %s", row->target_text,
			plan_status_name(row->status));
	text->failed |= message.failed || class.failed;
	strbuf_printf(text, ">\n      <%s", row->tolerated ? "skipped" : "failure");
	add_attribute(text, "message", message.bytes);
	strbuf_add_char(text, '>');
	add_escaped(text, message.bytes);
	strbuf_printf(text, "</%s>\n    </testcase>\n", row->tolerated ? "skipped" : "failure");
}

void junit_write(struct strbuf *text, const struct plan *plan, const struct host *host)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
	size_t failures = 0, skipped = 0;

	for (size_t i = 0; i < plan->count; i++) {
		failures += !plan_row_holds(&plan->rows[i]);
		skipped += plan->rows[i].tolerated;
	}
	for (size_t i = 0; i < plan->profiles_count; i++)
		strbuf_printf(&name, "%s%s", i ? "+" : "", plan->profiles[i]);
	strbuf_printf(&name, "@%s", host->hostname);
	text->failed |= name.failed;

	strbuf_add_text(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	add_attribute(text, "name", name.bytes);
	strbuf_printf(text, " tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" errors=\"0\">\n", plan->count,
		failures, skipped);
	for (size_t i = 0; i < plan->count; i++)
		add_case(text, &plan->rows[i]);
	strbuf_add_text(text, "  </testsuite>\n</testsuites>\n");
}
