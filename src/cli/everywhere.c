/* SPDX-License-Identifier: MIT */
/* Diagnoses of all network namespaces: those with findings in full, the others in a table. */
#include "cli/everywhere.h"

#include "cli/diagnosed.h"
#include "cli/render.h"
#include "engine/diagnose_all.h"
#include "format/json_out.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static size_t count_bad(const struct netns_diagnoses *all)
{
	size_t bad = 0;

	for (size_t i = 0; i < all->count; i++)
		bad += findings_bad(&all->items[i].diagnosis.findings);
	return bad;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- as text ---- */

static const char *place_text(struct app *app, const struct netns_place *place)
{
	const char *own = place->is_own ? ", this one" : "";
	const char *text = place->processes == 0 ?
		arena_printf(app->arena, "%s (no process is in it%s)", place->netns, own) :
		arena_printf(app->arena, "%s (%zu process%s, such as %s, pid %d%s)", place->netns, place->processes,
			place->processes == 1 ? "" : "es", place->process[0] ? place->process : "unknown", (int)place->pid, own);

	return text ? text : "out of memory";
}

/* Every namespace has a line, so that one that could not be looked at is not taken for a healthy one. */
static int print_table(struct app *app, const struct netns_diagnoses *all)
{
	static const struct column columns[] = {
		{ "NAMESPACE", true }, { "FINDINGS", false }, { "ESTABLISHED", false }, { "TIME_WAIT", false },
		{ "LISTENERS", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	for (size_t i = 0; i < all->count; i++) {
		const struct netns_diagnosis *one = &all->items[i];
		const struct observation *seen = &one->diagnosis.seen;
		size_t bad = findings_bad(&one->diagnosis.findings);

		if (one->error) {
			table_add(table, (const struct cell[]){ { place_text(app, one->place), STYLE_PLAIN },
				{ strerror(-one->error), STYLE_CHANGE }, { NULL, STYLE_FAINT }, { NULL, STYLE_FAINT },
				{ NULL, STYLE_FAINT } });
			continue;
		}
		table_add(table, (const struct cell[]){ { place_text(app, one->place), STYLE_PLAIN },
			{ arena_printf(app->arena, "%zu", bad), bad ? STYLE_BAD : STYLE_GOOD },
			{ arena_printf(app->arena, "%" PRIu64, seen->now.established), STYLE_PLAIN },
			{ arena_printf(app->arena, "%" PRIu64, seen->now.tcp_time_waits), STYLE_PLAIN },
			{ arena_printf(app->arena, "%zu", seen->listeners.count), STYLE_PLAIN } });
	}
	return table_print(table);
}

static int print_text(struct app *app, const struct netns_diagnoses *all)
{
	size_t bad = count_bad(all);
	int r = print_table(app, all);

	for (size_t i = 0; r == 0 && i < all->count; i++) {
		const struct netns_diagnosis *one = &all->items[i];

		/* All of them with -v. */
		if (one->error || (findings_bad(&one->diagnosis.findings) == 0 && !app->options.verbose))
			continue;
		fputc('\n', app->out);
		render_heading(app, STYLE_GOOD, "namespace", "%s", place_text(app, one->place));
		r = diagnosed_print(app, &one->diagnosis);
	}
	if (r < 0)
		return app_fail_errno(app, r, "printing the diagnosis");
	if (app->options.quiet || app->options.no_legend)
		return 0;
	render_line(app, "\n%zu finding%s in %zu network namespace%s.", bad, plural(bad), all->count,
		plural(all->count));
	if (all->hidden)
		render_line(app, "The namespaces of %zu process%s could not be seen: run it as root, on the host itself.",
			all->hidden, all->hidden == 1 ? "" : "es");
	return 0;
}

/* ---- as JSON ---- */

static int add_place(struct app *app, struct json *json, cJSON *object, const struct netns_diagnosis *one)
{
	const struct netns_place *place = one->place;

	json_add_string(json, object, "netns", place->netns);
	json_add_string(json, object, "inode", arena_printf(app->arena, "%" PRIu64, place->inode));
	json_add_boolean(json, object, "is_own", place->is_own);
	json_add_string(json, object, "process", place->process[0] ? place->process : NULL);
	json_add_integer(json, object, "pid", place->pid);
	json_add_integer(json, object, "processes", (long)place->processes);
	if (!one->error)
		return diagnosed_add(app, json, object, &one->diagnosis);
	json_add_string(json, object, "problem", strerror(-one->error));
	return 0;
}

static int print_json(struct app *app, const struct netns_diagnoses *all, int code)
{
	CLEANUP_JSON struct json json;
	cJSON *array;
	int r = 0;

	json_begin(&json);
	json_out_schema(&json, "diagnose");
	json_out_host(&json, &app->host);
	json_add_integer(&json, json.root, "finding_count", (long)count_bad(all));
	json_add_integer(&json, json.root, "hidden_processes", (long)all->hidden);
	array = json_add_array(&json, json.root, "namespaces");
	for (size_t i = 0; r == 0 && i < all->count; i++)
		r = add_place(app, &json, json_add_object(&json, array, NULL), &all->items[i]);
	return r < 0 ? app_fail_errno(app, r, "printing the diagnosis") : app_finish_json(app, &json, code);
}

int everywhere_run(struct app *app, const struct diagnose_request *request)
{
	struct netns_diagnoses all;
	int code, r = diagnose_all(request, app->arena, &all);

	if (r < 0)
		return app_fail_errno(app, r, "looking into the network namespaces");
	code = app->options.exit_code && count_bad(&all) ? EXIT_NO : EXIT_HOLDS;
	if (app_format_is(app, "json"))
		return print_json(app, &all, code);
	r = print_text(app, &all);
	return r ? r : code;
}
