/* SPDX-License-Identifier: MIT */
/* The order of a diagnosis, and what its checks share. */
#define _GNU_SOURCE
#include "engine/diagnose_check.h"

#include "base/number.h"
#include "engine/observe.h"
#include "model/catalog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct diagnose_check *const checks[] = {
	&diagnose_ports,
	&diagnose_services,
	&diagnose_states,
	&diagnose_listeners,
	&diagnose_syn,
	&diagnose_limits,
	&diagnose_traffic,
};

/* ---- findings ---- */

struct finding *diagnose_report(struct diagnosis *diagnosis, enum finding_id id, enum finding_level level,
	const char *format, ...)
{
	struct findings *findings = &diagnosis->findings;
	struct finding **grown = arena_grow(diagnosis->arena, findings->items, findings->count, &findings->capacity,
		sizeof(*grown));
	struct finding *finding = arena_alloc(diagnosis->arena, sizeof(*finding));
	va_list arguments;

	if (!grown || !finding) {
		diagnosis->failed = true;
		diagnosis->spare = (struct finding){ .row = &finding_rows[id], .subject = "", .text = "" };
		return &diagnosis->spare;
	}
	*finding = (struct finding){ .row = &finding_rows[id], .level = level, .subject = "" };
	va_start(arguments, format);
	finding->text = arena_vprintf(diagnosis->arena, format, arguments);
	va_end(arguments);
	diagnosis->failed |= !finding->text;
	findings->items = grown;
	findings->items[findings->count++] = finding;
	return finding;
}

PRINTF_FORMAT(2, 0)
static const char *make_text(struct diagnosis *diagnosis, const char *format, va_list arguments)
{
	const char *text = arena_vprintf(diagnosis->arena, format, arguments);

	diagnosis->failed |= !text;
	return text ? text : "";
}

const char *diagnose_text(struct diagnosis *diagnosis, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = make_text(diagnosis, format, arguments);
	va_end(arguments);
	return text;
}

void diagnose_subject(struct diagnosis *diagnosis, struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->subject = make_text(diagnosis, format, arguments);
	va_end(arguments);
}

/* Room for one more, or NULL. */
static void *add_element(struct diagnosis *diagnosis, void *array, size_t count, size_t *capacity, size_t size)
{
	void *grown = arena_grow(diagnosis->arena, array, count, capacity, size);

	diagnosis->failed |= !grown;
	return grown;
}

void diagnose_figure(struct diagnosis *diagnosis, struct finding *finding, const char *name, double value,
	const char *unit)
{
	struct figure *grown = add_element(diagnosis, finding->figures, finding->figures_count,
		&finding->figures_capacity, sizeof(*grown));

	if (!grown)
		return;
	finding->figures = grown;
	finding->figures[finding->figures_count++] = (struct figure){ name, value, unit };
}

void diagnose_advise(struct diagnosis *diagnosis, struct finding *finding, const char *format, ...)
{
	const char **grown = add_element(diagnosis, finding->advice, finding->advice_count, &finding->advice_capacity,
		sizeof(*grown));
	va_list arguments;

	if (!grown)
		return;
	finding->advice = grown;
	va_start(arguments, format);
	finding->advice[finding->advice_count++] = make_text(diagnosis, format, arguments);
	va_end(arguments);
}

static const char *live_text(struct diagnosis *diagnosis, const char *path)
{
	struct value value;
	const char *text;
	int error, r;

	if (!diagnosis->procsys)
		return NULL;
	r = procsys_read(diagnosis->procsys, diagnosis->arena, path, &value, &error);
	diagnosis->failed |= r == -ENOMEM;
	if (r != 0)
		return NULL;
	text = value_display(diagnosis->arena, catalog_type(catalog_find(path)), value);
	diagnosis->failed |= !text;
	return text;
}

void diagnose_remedy(struct diagnosis *diagnosis, struct finding *finding, const char *path, const char *format, ...)
{
	struct remedy *grown = add_element(diagnosis, finding->remedies, finding->remedies_count,
		&finding->remedies_capacity, sizeof(*grown));
	va_list arguments;

	if (!grown)
		return;
	finding->remedies = grown;
	va_start(arguments, format);
	finding->remedies[finding->remedies_count++] = (struct remedy){
		.path = path, .live = live_text(diagnosis, path), .effect = make_text(diagnosis, format, arguments),
	};
	va_end(arguments);
}

void diagnose_profile(struct finding *finding)
{
	finding->profile = finding->row->profile;
}

static void add_actor(struct diagnosis *diagnosis, struct finding *finding, const struct actor *actor)
{
	struct actor *grown = add_element(diagnosis, finding->actors, finding->actors_count, &finding->actors_capacity,
		sizeof(*grown));

	if (!grown)
		return;
	finding->actors = grown;
	finding->actors[finding->actors_count++] = *actor;
}

void diagnose_actor(struct diagnosis *diagnosis, struct finding *finding, enum actor_kind kind, const char *name,
	uint64_t count)
{
	add_actor(diagnosis, finding, &(struct actor){ .kind = kind, .name = name, .command = "", .unit = "",
		.count = count });
}

void diagnose_process_actor(struct diagnosis *diagnosis, struct finding *finding, const struct actor *actor)
{
	add_actor(diagnosis, finding, actor);
}

void diagnose_holders(struct diagnosis *diagnosis, struct finding *finding, const struct suspect *suspect, size_t most)
{
	for (size_t i = 0; suspect && i < suspect->holders_count && i < most; i++)
		add_actor(diagnosis, finding, &suspect->holders[i]);
}

void diagnose_suspect(struct diagnosis *diagnosis, enum suspect_kind kind, uint32_t key, const uint32_t inodes[],
	size_t count, uint64_t scale)
{
	if (observe_suspect(&diagnosis->seen, kind, key, inodes, count, scale) < 0)
		diagnosis->failed = true;
}

void diagnose_suspect_destination(struct diagnosis *diagnosis, uint32_t rank)
{
	const struct destination *destination = diagnosis->seen.ranked[rank];
	uint32_t *inodes;
	size_t count = 0;

	if (observation_suspect(&diagnosis->seen, SUSPECT_DESTINATION, rank))
		return;
	inodes = arena_alloc(diagnosis->arena, sizeof(destination->inodes));
	diagnosis->failed |= !inodes;
	/* Most of them may be in TIME_WAIT, which nobody holds: there are gaps. */
	for (size_t i = 0; inodes && i < DESTINATION_INODES; i++)
		if (destination->inodes[i])
			inodes[count++] = destination->inodes[i];
	if (count > 0)
		diagnose_suspect(diagnosis, SUSPECT_DESTINATION, rank, inodes, count, 1);
}

/* ---- words ---- */

const char *diagnose_address(struct diagnosis *diagnosis, uint8_t family, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(family, address, text, sizeof(text));
	return diagnose_text(diagnosis, "%s", text);
}

const char *diagnose_endpoint(struct diagnosis *diagnosis, uint8_t family, const uint8_t address[16], uint16_t port)
{
	const char *text = diagnose_address(diagnosis, family, address);

	return diagnose_text(diagnosis, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, (unsigned)port);
}

const char *diagnose_process(struct diagnosis *diagnosis, const struct actor *actor)
{
	const char *name = actor->name[0] ? actor->name : "a process";

	if (actor->unit[0])
		return diagnose_text(diagnosis, "%s (pid %d, %s)", name, (int)actor->pid, actor->unit);
	return diagnose_text(diagnosis, "%s (pid %d)", name, (int)actor->pid);
}

const char *diagnose_number(struct diagnosis *diagnosis, uint64_t number)
{
	char text[NUMBER_GROUPED_SIZE];

	return diagnose_text(diagnosis, "%s", number_group(number, text));
}

const char *diagnose_duration(struct diagnosis *diagnosis, double seconds)
{
	if (seconds < 1)
		return diagnose_text(diagnosis, "%.0f ms", seconds * 1000);
	if (seconds < 120)
		return diagnose_text(diagnosis, "%.0f s", seconds);
	if (seconds < 7200)
		return diagnose_text(diagnosis, "%.0f min", seconds / 60);
	if (seconds < 172800)
		return diagnose_text(diagnosis, "%.0f h", seconds / 3600);
	return diagnose_text(diagnosis, "%.0f days", seconds / 86400);
}

const char *diagnose_interval(struct diagnosis *diagnosis)
{
	double seconds = (double)diagnosis->seen.changes.elapsed_ns / 1e9;

	return seconds < 1 ? diagnose_duration(diagnosis, seconds) : diagnose_text(diagnosis, "%.1f s", seconds);
}

double diagnose_share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* ---- the order of it ---- */

/* Whoever asks to look deep wants to know the owner of all that is shown. */
static void suspect_the_rest(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;

	for (size_t i = 0; i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];

		if (listener->inode && !observation_suspect(seen, SUSPECT_LISTENER, listener->inode))
			diagnose_suspect(diagnosis, SUSPECT_LISTENER, listener->inode, &listener->inode, 1, 1);
	}
	for (size_t i = 0; seen->has_destinations && i < seen->destinations.count && i < DESTINATIONS_SHOWN; i++)
		diagnose_suspect_destination(diagnosis, (uint32_t)i);
}

int diagnose_suspects(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (checks[i]->suspect)
			checks[i]->suspect(diagnosis);
	if (diagnosis->deep)
		suspect_the_rest(diagnosis);
	return diagnosis->failed ? -ENOMEM : 0;
}

/* Keeps the order of those of one level: the checks report the heaviest first. */
static void sort_findings(struct findings *findings)
{
	for (size_t i = 1; i < findings->count; i++) {
		struct finding *finding = findings->items[i];
		size_t at = i;

		for (; at > 0 && findings->items[at - 1]->level < finding->level; at--)
			findings->items[at] = findings->items[at - 1];
		findings->items[at] = finding;
	}
}

int diagnose_judge(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		checks[i]->run(diagnosis);
	sort_findings(&diagnosis->findings);
	return diagnosis->failed ? -ENOMEM : 0;
}

void diagnose_wait(uint64_t nanoseconds)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	nanoseconds += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(nanoseconds / 1000000000);
	until.tv_nsec = (long)(nanoseconds % 1000000000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Owners only of what a check is suspicious of. */
static int look_closer(const struct diagnose_request *request, struct observe *observe, struct diagnosis *diagnosis)
{
	int r = diagnose_suspects(diagnosis);

	if (r == 0 && diagnosis->seen.suspects_count > 0)
		r = observe_owners(observe, diagnosis->deep);
	if (r < 0 || request->processes == DIAGNOSE_PROCESSES_NONE)
		return r;
	return observe_processes(observe, request->processes == DIAGNOSE_PROCESSES_ALL);
}

int diagnose_finish(const struct diagnose_request *request, struct observe *observe, struct diagnosis *diagnosis)
{
	int r = observe_sockets(observe, !request->counts_only);

	if (r == 0 && !request->counts_only)
		r = look_closer(request, observe, diagnosis);
	return r < 0 ? r : diagnose_judge(diagnosis);
}

int diagnose(const struct diagnose_request *request, struct arena *arena, struct diagnosis *ret_diagnosis)
{
	CLEANUP_OBSERVE struct observe observe;
	int r;

	*ret_diagnosis = (struct diagnosis){ .arena = arena, .procsys = request->procsys, .deep = request->deep };
	observe_open(&observe, request->root, request->procsys, arena, &ret_diagnosis->seen);
	r = observe_sample(&observe);
	if (r == 0 && request->interval_ns) {
		diagnose_wait(request->interval_ns);
		r = observe_sample(&observe);
	}
	return r < 0 ? r : diagnose_finish(request, &observe, ret_diagnosis);
}
