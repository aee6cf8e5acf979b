/* SPDX-License-Identifier: MIT */
/* kerntune diagnose: what is wrong with TCP on this host, who causes it, and whether a sysctl will help. */
#include "cli/aftermath.h"
#include "cli/diagnosis.h"
#include "cli/observed.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>

enum { INTERVAL_MS = 1000 };

/* What checklists have as an alarm; the findings judge by better measures. */
static const struct {
	unsigned state;
	uint64_t warning, critical;	/* critical 0: no second one */
} usual[] = {
	{ TCP_TIME_WAIT, 50000, 100000 },
	{ TCP_CLOSE_WAIT, 100, 1000 },
	{ TCP_SYN_RECV, 1000, 0 },
	{ TCP_FIN_WAIT2, 500, 0 },
};

/* In the order of a connection's life. */
static const unsigned char states[] = { TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1,
	TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSING, TCP_CLOSE };

/* ---- as text ---- */

static const char *usual_text(struct app *app, unsigned state, uint64_t count)
{
	for (size_t i = 0; i < COUNT_OF(usual); i++) {
		uint64_t limit = usual[i].critical && count >= usual[i].critical ? usual[i].critical : usual[i].warning;

		if (usual[i].state == state && count >= limit)
			return arena_printf(app->arena, "over the %" PRIu64 " of the usual checklists", limit);
	}
	return "";
}

static const char *number_text(struct app *app, uint64_t number)
{
	return arena_printf(app->arena, "%" PRIu64, number);
}

static int print_states(struct app *app, const struct observation *seen)
{
	static const struct column columns[] = {
		{ "STATE", false }, { "SOCKETS", false }, { "IPV4", false }, { "IPV6", false }, { "REMARK", true },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		unsigned state = states[i];

		if (seen->states[state] == 0 && !app->options.all && !app->options.verbose)
			continue;
		table_add(table, (const struct cell[]){ { tcp_state_name(state), STYLE_PLAIN },
			{ number_text(app, seen->states[state]), STYLE_PLAIN },
			{ seen->is_by_family ? number_text(app, seen->counts.ipv4[state]) : "-", STYLE_FAINT },
			{ seen->is_by_family ? number_text(app, seen->counts.ipv6[state]) : "-", STYLE_FAINT },
			{ usual_text(app, state, seen->states[state]), STYLE_FAINT } });
	}
	return table_print(table);
}

static const char *tiers_text(struct app *app, const struct observation *seen)
{
	const char *text = "";

	for (int tier = 0; text && tier < TIER_COUNT; tier++)
		if (seen->cost.did[tier])
			text = arena_printf(app->arena, "%s%s%s", text, text[0] ? ", " : "",
				observation_tier_name((enum observation_tier)tier));
	return text;
}

/* "No finding", "1 finding", "2 findings". */
static const char *plural(struct app *app, size_t count, const char *word)
{
	return count == 0 ? arena_printf(app->arena, "No %s", word) :
		arena_printf(app->arena, "%zu %s%s", count, word, count == 1 ? "" : "s");
}

static void print_summary(struct app *app, const struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	size_t bad = findings_bad(&diagnosis->findings), notes = diagnosis->findings.count - bad;
	const char *tiers = tiers_text(app, seen), *cost;

	if (app->options.quiet || app->options.no_legend)
		return;
	render_line(app, "%s%s%s.", plural(app, bad, "finding"), notes ? ", " : "",
		notes ? plural(app, notes, "note") : "");
	cost = arena_printf(app->arena, "Walked over %" PRIu64 " sockets%s; it took %.1f ms, %.1f ms of processor time (%s).",
		seen->sockets_walked, seen->is_moving ? ", which changed meanwhile" : "", seen->cost.wall_ms,
		seen->cost.cpu_ms, tiers ? tiers : "out of memory");
	render_paragraph(app, 0, "", cost ? cost : "out of memory");
}

static int print_text(struct app *app, const struct diagnosis *diagnosis, const struct effects *effects)
{
	const struct findings *findings = &diagnosis->findings;
	int r = effects ? aftermath_print(app, effects) : 0;

	if (r == 0)
		r = print_states(app, &diagnosis->seen);
	if (r == 0 && (app->options.verbose || app->options.deep))
		r = observed_print(app, &diagnosis->seen);
	for (size_t i = 0; r == 0 && i < findings->count; i++) {
		if (app->options.quiet && findings->items[i]->level == FINDING_NOTE)
			continue;
		fputc('\n', app->out);
		r = diagnosis_print_finding(app, findings->items[i]);
	}
	if (r < 0)
		return app_fail_errno(app, r, "printing the diagnosis");
	if (!app->options.quiet && !app->options.no_legend)
		fputc('\n', app->out);
	print_summary(app, diagnosis);
	return 0;
}

/* ---- as JSON ---- */

/* "ESTABLISHED" to "established". */
static void lower(const char *name, char text[16])
{
	size_t i;

	for (i = 0; name[i] && i < 15; i++)
		text[i] = (char)tolower((unsigned char)name[i]);
	text[i] = '\0';
}

static void add_states(struct json *json, cJSON *parent, const char *name, const uint64_t counts[TCP_SOCKET_STATES])
{
	cJSON *object = json_add_object(json, parent, name);

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		char state[16];

		lower(tcp_state_name(states[i]), state);
		json_add_integer(json, object, state, (long)counts[states[i]]);
	}
}

static void add_families(struct json *json, const struct observation *seen)
{
	cJSON *object;

	if (!seen->is_by_family)
		return;
	object = json_add_object(json, json->root, "families");
	add_states(json, object, "ipv4", seen->counts.ipv4);
	add_states(json, object, "ipv6", seen->counts.ipv6);
	add_states(json, object, "mapped", seen->counts.mapped);
}

static void add_cost(struct json *json, const struct observation *seen)
{
	cJSON *object = json_add_object(json, json->root, "cost");
	const char *names[TIER_COUNT];
	size_t count = 0;

	for (int tier = 0; tier < TIER_COUNT; tier++)
		if (seen->cost.did[tier])
			names[count++] = observation_tier_name((enum observation_tier)tier);
	json_add_integer(json, object, "sockets", (long)seen->sockets_walked);
	json_add_number(json, object, "wall_ms", seen->cost.wall_ms);
	json_add_number(json, object, "cpu_ms", seen->cost.cpu_ms);
	json_out_names(json, object, "tiers", names, count);
}

static int print_json(struct app *app, const struct diagnosis *diagnosis, const struct effects *effects, int code)
{
	const struct observation *seen = &diagnosis->seen;
	CLEANUP_JSON struct json json;
	size_t bad = findings_bad(&diagnosis->findings);
	int r;

	json_begin(&json);
	json_out_schema(&json, "diagnose");
	json_out_host(&json, &app->host);
	json_add_number(&json, json.root, "interval_seconds",
		seen->has_interval ? (double)seen->changes.elapsed_ns / 1e9 : 0);
	if (effects)
		aftermath_add(&json, json.root, effects);
	add_states(&json, json.root, "states", seen->states);
	json_add_boolean(&json, json.root, "states_exact", !seen->is_moving);
	add_families(&json, seen);
	json_add_integer(&json, json.root, "finding_count", (long)bad);
	diagnosis_add_findings(&json, json.root, "findings", &diagnosis->findings);
	r = observed_add_json(app, &json, seen);
	if (r < 0)
		return app_fail_errno(app, r, "printing the diagnosis");
	add_cost(&json, seen);
	return app_finish_json(app, &json, code);
}

/* ---- the command ---- */

static int check_arguments(struct app *app)
{
	const struct options *options = &app->options;

	if (options->once && options->interval)
		return app_fail(app, EXIT_INVALID, "usage", "--once has no --interval: leave out one of them");
	if (options->counts && options->deep)
		return app_fail(app, EXIT_INVALID, "usage", "--counts and --deep exclude each other");
	return 0;
}

static int diagnose_run(struct app *app, int argc, char *argv[])
{
	struct diagnosis *diagnosis = arena_alloc(app->arena, sizeof(*diagnosis));
	struct diagnose_request request = {
		.root = &app->root, .procsys = &app->procsys, .counts_only = app->options.counts, .deep = app->options.deep,
	};
	struct effects effects = { 0 };
	struct change *change = NULL;
	bool is_bad;
	int code, r;

	(void)argc;
	(void)argv;
	r = diagnosis ? check_arguments(app) : app_fail_errno(app, -ENOMEM, "diagnosing");
	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_ONLY);
	if (r == 0 && (app->options.after || app_format_is(app, "json")))
		r = app_find_host(app);
	if (r == 0 && app->options.after)
		r = aftermath_choose(app, app->options.after, &change);
	if (r != 0)
		return r;
	if (!app->options.once)
		request.interval_ns = (app->options.interval ? app->options.interval : INTERVAL_MS) * UINT64_C(1000000);
	r = diagnose(&request, app->arena, diagnosis);
	if (r == 0 && change)
		r = effects_judge(app->arena, &app->procsys, change, &diagnosis->seen, &effects);
	if (r < 0)
		return app_fail_errno(app, r, "looking at the sockets");
	is_bad = findings_bad(&diagnosis->findings) || effects_bad(&effects);
	code = app->options.exit_code && is_bad ? EXIT_NO : EXIT_HOLDS;
	if (app_format_is(app, "json"))
		return print_json(app, diagnosis, change ? &effects : NULL, code);
	r = print_text(app, diagnosis, change ? &effects : NULL);
	return r ? r : code;
}

const struct command cmd_diagnose = {
	.name = "diagnose",
	.arguments = "",
	.summary = "Say what is wrong with TCP, and what helps",
	.description = "Looks at counters, listeners, sockets and their owners, and says what is wrong,\n"
		"who causes it, and whether a parameter helps. Writes nothing, needs no root.\n"
		"Rates come from two samples.",
	.max_arguments = 0,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_ONCE, OPTION_INTERVAL, OPTION_COUNTS, OPTION_DEEP, OPTION_AFTER,
		OPTION_EXIT_CODE, OPTION_ALL, OPTION_END },
	.run = diagnose_run,
};
