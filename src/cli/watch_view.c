/* SPDX-License-Identifier: MIT */
/* Lines of text and of JSON. */
#define _GNU_SOURCE
#include "cli/watch_view.h"

#include "cli/diagnosis.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void watch_time(const struct watch_view *view, const struct timespec *when, char text[WATCH_TIME_SIZE])
{
	struct tm utc;
	size_t length = 0;

	if (gmtime_r(&when->tv_sec, &utc))
		length = strftime(text, WATCH_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	if (view->interval_ms % 1000)
		length += (size_t)snprintf(text + length, WATCH_TIME_SIZE - length, ".%03ld", when->tv_nsec / 1000000);
	snprintf(text + length, WATCH_TIME_SIZE - length, "Z");
}

void watch_note(struct watch_view *view, const char *format, ...)
{
	char *text = view->notes[view->notes_total % WATCH_NOTES_KEPT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, WATCH_NOTE_SIZE, format, arguments);
	va_end(arguments);
	view->notes_total++;
	if (!view->is_screen && !view->app->options.quiet)
		fprintf(view->app->err, "kerntune: %s\n", text);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void watch_write_text(const struct sysctl_write *write, char text[WATCH_WRITE_TEXT_SIZE])
{
	char key[SYSCTL_PATH_SIZE], who[SYSCTL_COMMAND_SIZE + 32];

	/* As key_display() has it, without its memory. */
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = write->path[i] == '/' ? '.' : write->path[i] == '.' ? '/' : write->path[i];
	if (write->pid)
		snprintf(who, sizeof(who), "pid %ld (%s)", (long)write->pid,
			write->command[0] ? write->command : "already gone");
	else
		snprintf(who, sizeof(who), "a process outside this PID namespace");
	snprintf(text, WATCH_WRITE_TEXT_SIZE, "%s %s -> %s by %s%s%s", key, write->has_before ? write->before : "?",
		write->has_after ? write->after : "?", who,
		write->has_before && write->has_after && strcmp(write->before, write->after) == 0 ? ", no change" : "",
		write->is_elsewhere ? ", in another namespace" : "");
	make_printable(text);
}

/* ---- a line of text ---- */

/* Of several figures that mean the same, the worst; false when one before this one was it. */
static bool is_worst(const struct watch *watch, size_t figure)
{
	const char *finding = watch_figures[figure].finding;

	for (size_t i = 0; i < watch_figures_count && finding; i++)
		if (i != figure && watch_figures[i].finding && strcmp(watch_figures[i].finding, finding) == 0 &&
			(watch->alarms[i].state > watch->alarms[figure].state ||
				(watch->alarms[i].state == watch->alarms[figure].state && i < figure)))
			return false;
	return true;
}

static void add_alerts(const struct watch *watch, struct strbuf *text)
{
	const char *separator = " ALERTS=";

	for (size_t i = 0; i < watch_figures_count; i++) {
		const struct watch_figure *row = &watch_figures[i];

		if (watch->alarms[i].state == ALARM_CLEAR || !is_worst(watch, i))
			continue;
		strbuf_printf(text, "%s%s:%s", separator, row->finding ? row->finding : row->name,
			alarm_state_name(watch->alarms[i].state));
		separator = ",";
	}
}

void watch_add_line(const struct watch_view *view, struct strbuf *text)
{
	const struct watch *watch = view->watch;
	char time[WATCH_TIME_SIZE];

	watch_time(view, &view->now, time);
	strbuf_add_text(text, time);
	for (size_t i = 0; i < watch_figures_count; i++)
		if (watch_figures[i].field && isnan(watch->values[i]))
			strbuf_printf(text, " %s=-", watch_figures[i].field);
		else if (watch_figures[i].field)
			strbuf_printf(text, " %s=%.0f", watch_figures[i].field, watch->values[i]);
	add_alerts(watch, text);
	strbuf_add_char(text, '\n');
}

/* ---- a line of JSON ---- */

static void add_write(const struct watch_view *view, struct json *json, cJSON *array, const struct watch_write *seen)
{
	const struct sysctl_write *write = &seen->write;
	cJSON *object = json_add_object(json, array, NULL);
	char time[WATCH_TIME_SIZE];

	watch_time(view, &seen->when, time);
	json_add_string(json, object, "time", time);
	json_add_string(json, object, "path", write->path);
	json_add_string(json, object, "before", write->has_before ? write->before : NULL);
	json_add_string(json, object, "after", write->has_after ? write->after : NULL);
	json_add_integer(json, object, "pid", (long)write->pid);
	json_add_string(json, object, "command", write->command[0] ? write->command : NULL);
	json_add_boolean(json, object, "elsewhere", write->is_elsewhere);
}

static void add_writes(struct watch_view *view, struct json *json)
{
	size_t kept = view->writes_new < WATCH_WRITES_KEPT ? view->writes_new : WATCH_WRITES_KEPT;
	cJSON *array = json_add_array(json, json->root, "writes");

	for (size_t i = view->writes_total - kept; i < view->writes_total; i++)
		add_write(view, json, array, &view->writes[i % WATCH_WRITES_KEPT]);
	json_add_integer(json, json->root, "writes_left_out", (long)(view->writes_new - kept + view->writes_lost));
	json_add_integer(json, json->root, "writes_elsewhere", (long)view->writes_elsewhere);
	json_add_boolean(json, json->root, "writes_seen", view->sees_writes);
	view->writes_new = view->writes_lost = view->writes_elsewhere = 0;
}

static void add_change(const struct watch *watch, struct json *json, cJSON *array, const struct watch_change *change)
{
	cJSON *object = json_add_object(json, array, NULL);
	struct watch_finding found;

	watch_describe(watch, change->figure, &found);
	json_add_string(json, object, "id", found.finding.row->id);
	json_add_string(json, object, "figure", watch_figures[change->figure].name);
	json_add_string(json, object, "before", alarm_state_name(change->before));
	json_add_string(json, object, "now", alarm_state_name(watch->alarms[change->figure].state));
}

int watch_add_json(struct watch_view *view, struct strbuf *text)
{
	const struct watch *watch = view->watch;
	CLEANUP_JSON struct json json;
	char time[WATCH_TIME_SIZE];
	cJSON *node;

	json_begin(&json);
	json_out_schema(&json, "watch");
	watch_time(view, &view->now, time);
	json_add_string(&json, json.root, "time", time);
	json_add_integer(&json, json.root, "tick", (long)watch->ticks);
	json_add_integer(&json, json.root, "missed", (long)view->missed);
	json_add_integer(&json, json.root, "cost_us", (long)(watch->cost_ns / 1000));
	json_add_boolean(&json, json.root, "states_counted", watch->has_walked);
	node = json_add_object(&json, json.root, "figures");
	for (size_t i = 0; i < watch_figures_count; i++)
		json_add_number(&json, node, watch_figures[i].name, watch->values[i]);
	node = json_add_array(&json, json.root, "alerts");
	for (size_t i = 0; i < watch_figures_count; i++) {
		struct watch_finding found;

		if (watch->alarms[i].state == ALARM_CLEAR)
			continue;
		watch_describe(watch, i, &found);
		diagnosis_add_finding(&json, json_add_object(&json, node, NULL), &found.finding);
	}
	node = json_add_array(&json, json.root, "changes");
	for (size_t i = 0; i < watch->changes_count; i++)
		add_change(watch, &json, node, &watch->changes[i]);
	add_writes(view, &json);
	return json_finish_line(&json, text);
}

int watch_add_alert(const struct watch_view *view, const struct watch_change *change, const struct finding *finding,
	struct strbuf *text)
{
	CLEANUP_JSON struct json json;
	char time[WATCH_TIME_SIZE];

	json_begin(&json);
	json_out_schema(&json, "alert");
	watch_time(view, &view->now, time);
	json_add_string(&json, json.root, "time", time);
	json_add_string(&json, json.root, "host", view->app->host.hostname);
	json_add_string(&json, json.root, "figure", watch_figures[change->figure].name);
	json_add_string(&json, json.root, "before", alarm_state_name(change->before));
	json_add_string(&json, json.root, "now", alarm_state_name(view->watch->alarms[change->figure].state));
	json_add_number(&json, json.root, "value", view->watch->values[change->figure]);
	diagnosis_add_finding(&json, json_add_object(&json, json.root, "finding"), finding);
	return json_finish_line(&json, text);
}
