/* SPDX-License-Identifier: MIT */
/* All network namespaces, twice. */
#include "engine/diagnose_all.h"

#include "engine/observe.h"
#include "kernel/netns.h"

#include <errno.h>
#include <stdlib.h>

/* Below these, no check of sockets finds anything: CLOSE_WAIT is a part of CurrEstab, and FIN_WAIT2 of the rest. Of
 * SYN_RECV no level is told; those that are not answered show when their SYN-ACK is sent again. */
enum { ESTABLISHED_MIN = 100, OTHERS_MIN = 500 };

#define PORTS_SHARE 0.25
#define QUEUE_SHARE 0.7

struct visit {
	const struct diagnose_request *request;
	struct netns_diagnosis *of;
	int own_fd;		/* our own namespace, which has no other sure name while we are elsewhere */
	struct observe observe;
	bool is_open;
};

static bool has_full_queue(const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listeners->has_backlog && listener->queue > 0 &&
			(double)listener->queue >= QUEUE_SHARE * (double)listener->backlog)
			return true;
	}
	return false;
}

static bool drops_or_waits(const struct counter_changes *changes)
{
	return changes->listen_overflows > 0 || changes->listen_drops > 0 || changes->syncookies_sent > 0 ||
		changes->request_queue_cookies > 0 || changes->request_queue_drops > 0 || changes->syn_retransmits > 0;
}

bool diagnose_all_needs_sockets(const struct diagnose_request *request, const struct observation *seen)
{
	const struct counters *now = &seen->now;
	uint64_t others = now->tcp_sockets + now->tcp6_sockets + now->tcp_time_waits;
	uint64_t usable = tcp_settings_usable_ports(&seen->settings);

	if (request->deep || request->counts_only || !now->known.established || !now->known.tcp_time_waits)
		return true;
	others = others > now->established ? others - now->established : 0;
	return now->established >= ESTABLISHED_MIN || others >= OTHERS_MIN || has_full_queue(&seen->listeners) ||
		drops_or_waits(&seen->changes) ||
		(double)(now->established + now->tcp_time_waits) > PORTS_SHARE * (double)usable;
}

/* Unprivileged, there is no way back and no need for one: nothing else could be entered. */
static int enter_own(const struct visit *visit)
{
	int r = netns_return(visit->own_fd);

	return r == -EPERM ? 0 : r;
}

/* What is to be looked at here. Processes, whatever namespace they are in, and the number of open files are the host's:
 * they are told once, with our own namespace. */
static int finish(struct visit *visit)
{
	struct diagnose_request request = *visit->request;
	struct diagnosis *diagnosis = &visit->of->diagnosis;
	bool is_own = visit->of->place->is_own;

	request.processes = is_own ? DIAGNOSE_PROCESSES_ALL : DIAGNOSE_PROCESSES_NONE;
	diagnosis->seen.now.known.files &= is_own;
	if (is_own || diagnose_all_needs_sockets(&request, &diagnosis->seen))
		return diagnose_finish(&request, &visit->observe, diagnosis);
	return diagnose_judge(diagnosis);
}

/* Its first reading, or the second one with what follows. Nothing stays open in between: there may be thousands. */
static int look(struct visit *visit, struct arena *arena, bool is_last)
{
	CLEANUP_PROCSYS struct procsys procsys = PROCSYS_INIT;
	struct diagnosis *diagnosis = &visit->of->diagnosis;
	const struct rootdir *root = visit->request->root;
	int r = visit->of->place->is_own ? enter_own(visit) : netns_place_enter(root, visit->of->place);

	if (r == 0)
		r = procsys_open(root, PROCSYS_READ_ONLY, &procsys);
	if (r < 0)
		return r;
	diagnosis->procsys = &procsys;
	if (visit->is_open) {
		observe_move(&visit->observe, &procsys);
	} else {
		*diagnosis = (struct diagnosis){ .arena = arena, .procsys = &procsys, .deep = visit->request->deep };
		observe_open(&visit->observe, root, &procsys, arena, &diagnosis->seen);
		visit->is_open = true;
	}
	r = observe_sample(&visit->observe);
	if (r == 0 && is_last)
		r = finish(visit);
	observe_close(&visit->observe);
	diagnosis->procsys = NULL;
	return r;
}

/* A namespace that has gone, or may not be entered, is no failure of the others. */
static int look_at_all(struct visit visits[], size_t count, struct arena *arena, bool is_last)
{
	for (size_t i = 0; i < count; i++) {
		int r = visits[i].of->error ? 0 : look(&visits[i], arena, is_last);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			visits[i].of->error = r;
	}
	return 0;
}

static size_t critical(const struct findings *findings)
{
	size_t count = 0;

	while (count < findings->count && findings->items[count]->level == FINDING_CRITICAL)
		count++;
	return count;
}

static int compare(const void *left, const void *right)
{
	const struct netns_diagnosis *a = left, *b = right;
	size_t a_critical = critical(&a->diagnosis.findings), b_critical = critical(&b->diagnosis.findings);
	size_t a_bad = findings_bad(&a->diagnosis.findings), b_bad = findings_bad(&b->diagnosis.findings);

	if (a_critical != b_critical)
		return a_critical < b_critical ? 1 : -1;
	if (a_bad != b_bad)
		return a_bad < b_bad ? 1 : -1;
	/* The order of the list. */
	return (a->place > b->place) - (a->place < b->place);
}

int diagnose_all(const struct diagnose_request *request, struct arena *arena, struct netns_diagnoses *ret_diagnoses)
{
	CLEANUP_FD int own_fd = netns_open_own(request->root);
	struct netns_places places;
	struct netns_diagnosis *items;
	struct visit *visits;
	int r = own_fd < 0 ? own_fd : netns_list(request->root, arena, &places);

	if (r < 0)
		return r;
	items = arena_alloc(arena, places.count * sizeof(*items));
	visits = arena_alloc(arena, places.count * sizeof(*visits));
	if (!items || !visits)
		return -ENOMEM;
	for (size_t i = 0; i < places.count; i++) {
		items[i].place = &places.items[i];
		visits[i] = (struct visit){ .request = request, .of = &items[i], .own_fd = own_fd };
	}
	r = look_at_all(visits, places.count, arena, request->interval_ns == 0);
	if (r == 0 && request->interval_ns) {
		diagnose_wait(request->interval_ns);
		r = look_at_all(visits, places.count, arena, true);
	}
	if (r == 0)
		r = enter_own(&visits[0]);
	if (r < 0)
		return r;
	qsort(items, places.count, sizeof(*items), compare);
	*ret_diagnoses = (struct netns_diagnoses){ .items = items, .count = places.count, .hidden = places.hidden };
	return 0;
}
