/* SPDX-License-Identifier: MIT */
/* A diagnosis for people and as JSON. */
#include "cli/diagnosed.h"

#include "base/number.h"
#include "cli/diagnosis.h"
#include "cli/observed.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <ctype.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>

enum { ALIKE_SHOWN = 10 };

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

void diagnosed_print_summary(struct app *app, const struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	size_t bad = findings_bad(&diagnosis->findings), notes = diagnosis->findings.count - bad;
	const char *tiers = tiers_text(app, seen), *cost;
	char walked[NUMBER_GROUPED_SIZE];

	if (app->options.quiet || app->options.no_legend)
		return;
	render_line(app, "%s%s%s.", plural(app, bad, "finding"), notes ? ", " : "",
		notes ? plural(app, notes, "note") : "");
	cost = arena_printf(app->arena, "Walked over %s socket%s%s; it took %.1f ms, %.1f ms of processor time (%s).",
		number_group(seen->sockets_walked, walked), seen->sockets_walked == 1 ? "" : "s", seen->is_moving ? ", which changed meanwhile" : "", seen->cost.wall_ms,
		seen->cost.cpu_ms, tiers ? tiers : "out of memory");
	render_paragraph(app, 0, "", cost ? cost : "out of memory");
}

/* How many of those before it are of the same kind and level: they come together. */
static size_t alike_before(const struct findings *findings, size_t index)
{
	const struct finding *finding = findings->items[index];
	size_t count = 0;

	while (count < index && findings->items[index - 1 - count]->row == finding->row &&
		findings->items[index - 1 - count]->level == finding->level)
		count++;
	return count;
}

static bool is_last_alike(const struct findings *findings, size_t index)
{
	return index + 1 == findings->count || alike_before(findings, index + 1) == 0;
}

/* Of hundreds of one kind, such as that of every listener of a hung process, the first tell it all. */
static int print_findings(struct app *app, const struct findings *findings)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->count; i++) {
		const struct finding *finding = findings->items[i];
		size_t before = alike_before(findings, i);

		if (app->options.quiet && finding->level == FINDING_NOTE)
			continue;
		if (before < ALIKE_SHOWN || app->options.verbose) {
			fputc('\n', app->out);
			r = diagnosis_print_finding(app, finding);
		} else if (is_last_alike(findings, i)) {
			render_line(app, "\n%zu more of %s: -v shows them.", before + 1 - ALIKE_SHOWN, finding->row->id);
		}
	}
	return r;
}

int diagnosed_print(struct app *app, const struct diagnosis *diagnosis)
{
	int r = diagnosis->seen.has_sockets ? print_states(app, &diagnosis->seen) : 0;

	if (r == 0 && (app->options.verbose || app->options.deep))
		r = observed_print(app, &diagnosis->seen);
	return r < 0 ? r : print_findings(app, &diagnosis->findings);
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

static void add_families(struct json *json, cJSON *parent, const struct observation *seen)
{
	cJSON *object;

	if (!seen->is_by_family)
		return;
	object = json_add_object(json, parent, "families");
	add_states(json, object, "ipv4", seen->counts.ipv4);
	add_states(json, object, "ipv6", seen->counts.ipv6);
	add_states(json, object, "mapped", seen->counts.mapped);
}

static void add_cost(struct json *json, cJSON *parent, const struct observation *seen)
{
	cJSON *object = json_add_object(json, parent, "cost");
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

int diagnosed_add(struct app *app, struct json *json, cJSON *object, const struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	int r;

	json_add_number(json, object, "interval_seconds",
		seen->has_interval ? (double)seen->changes.elapsed_ns / 1e9 : 0);
	if (seen->has_sockets) {
		add_states(json, object, "states", seen->states);
		json_add_boolean(json, object, "states_exact", !seen->is_moving);
		add_families(json, object, seen);
	}
	json_add_integer(json, object, "finding_count", (long)findings_bad(&diagnosis->findings));
	diagnosis_add_findings(json, object, "findings", &diagnosis->findings);
	r = observed_add_json(app, json, object, seen);
	if (r == 0)
		add_cost(json, object, seen);
	return r;
}
