/* SPDX-License-Identifier: MIT */
/* Connections that one side has closed and the other has not: CLOSE_WAIT here, FIN_WAIT2 toward the peer.
 *
 * A socket stays in CLOSE_WAIT until its process calls close(); the kernel has no timer for that, and no parameter. How
 * many there are does not tell a leak from a busy server; how old they are does. Keepalive does not end it either: once
 * the peer has forgotten the connection it answers a probe with RST, and the socket is closed, but its descriptor stays
 * (tcp_reset() in net/ipv4/tcp_input.c; measured). */
#include "engine/diagnose_check.h"

#include <netinet/tcp.h>
#include <string.h>

enum {
	/* Of one owner. */
	OLD_WARNING = 100, OLD_CRITICAL = 1000,
	NOT_YOUNG_WARNING = 1000,	/* of those that are middle-aged or old */
	CLOSE_WAITS_MANY = 100,		/* worth a word */
	FIN_WAITS_WARNING = 500,
	OWNERS_MAX = 64,
	ACTORS_MAX = 3, PEERS_MAX = 5,
};

/* ---- who holds how many CLOSE_WAIT ---- */

/* One process, or several of the same name and unit. */
struct owner {
	struct actor actor;	/* the heaviest of them; no name and pid 0: not known */
	size_t pids;
	uint64_t counts[CLOSE_WAIT_AGES][2];
	bool is_done;
};

struct owners {
	struct owner items[OWNERS_MAX];
	size_t count;
};

static uint32_t key_of(int age, int unread)
{
	return (uint32_t)(2 * age + unread);
}

static const struct suspect *suspect_of(const struct observation *seen, int age, int unread)
{
	return observation_suspect(seen, SUSPECT_CLOSE_WAIT, key_of(age, unread));
}

static uint64_t count_of(const struct owner *owner, enum close_wait_age from)
{
	uint64_t count = 0;

	for (int age = (int)from; age < CLOSE_WAIT_AGES; age++)
		count += owner->counts[age][0] + owner->counts[age][1];
	return count;
}

static bool level_of(const struct owner *owner, enum finding_level *ret_level)
{
	uint64_t old = count_of(owner, CLOSE_WAIT_OLD), not_young = count_of(owner, CLOSE_WAIT_MIDDLE);

	if (old < OLD_WARNING && not_young < NOT_YOUNG_WARNING)
		return false;
	*ret_level = old >= OLD_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING;
	return true;
}

/* NULL when there are too many. */
static struct owner *owner_of(struct owners *owners, const struct actor *holder)
{
	for (size_t i = 0; i < owners->count; i++)
		if (owners->items[i].actor.pid == holder->pid)
			return &owners->items[i];
	if (owners->count == OWNERS_MAX)
		return NULL;
	owners->items[owners->count] = (struct owner){ .actor = *holder, .pids = 1 };
	owners->items[owners->count].actor.count = 0;
	return &owners->items[owners->count++];
}

static void add_holders(struct owners *owners, const struct suspect *suspect, int age, int unread)
{
	for (size_t i = 0; suspect && i < suspect->holders_count; i++) {
		const struct actor *holder = &suspect->holders[i];
		struct owner *owner = owner_of(owners, holder);

		if (!owner)
			continue;
		owner->counts[age][unread] += holder->count;
		owner->actor.count += holder->count;
		owner->actor.is_estimate |= holder->is_estimate;
	}
}

static void add_counts(struct owner *to, const struct owner *from)
{
	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++)
			to->counts[age][unread] += from->counts[age][unread];
}

/* Sockets that a process shares with its children would count for each of them. */
static void fold_sharers(struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		for (size_t k = i + 1; k < owners->count; k++) {
			struct owner *owner = &owners->items[i], *sharer = &owners->items[k];

			if (owner->is_done || sharer->is_done ||
				memcmp(owner->counts, sharer->counts, sizeof(owner->counts)) != 0)
				continue;
			sharer->is_done = true;
			owner->actor.processes = (owner->actor.processes ? owner->actor.processes : 1) + 1;
		}
}

/* Whether the holders together have more than there are. */
static bool is_shared(const struct observation *seen, const struct owners *owners)
{
	uint64_t all = 0, held = 0;

	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		all += seen->close_waits.counts[age][0] + seen->close_waits.counts[age][1];
	for (size_t i = 0; i < owners->count; i++)
		held += owners->items[i].actor.count;
	return held > all + all / 10;
}

/* Those that wait for accept() are nobody's. */
static uint64_t accepted(const struct close_waits *waits, int age, int unread)
{
	return waits->counts[age][unread] - waits->unaccepted[age][unread];
}

/* Those whose owner is not known. */
static struct owner unknown_owner(const struct observation *seen)
{
	struct owner unknown = { .actor = { .name = "", .unit = "" } };

	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++) {
			const struct suspect *suspect = suspect_of(seen, age, unread);

			unknown.counts[age][unread] = seen->has_owners && suspect ? suspect->missing * suspect->scale :
				accepted(&seen->close_waits, age, unread);
			unknown.actor.is_estimate |= inode_sample_scale(&seen->close_waits.samples[age][unread]) > 1;
		}
	return unknown;
}

static void find_owners(const struct observation *seen, struct owners *ret_owners)
{
	ret_owners->count = 0;
	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++)
			add_holders(ret_owners, suspect_of(seen, age, unread), age, unread);
	if (is_shared(seen, ret_owners))
		fold_sharers(ret_owners);
}

/* ---- what is said of CLOSE_WAIT ---- */

static bool is_stalled(const struct owner *owner)
{
	uint64_t unread = owner->counts[CLOSE_WAIT_MIDDLE][1] + owner->counts[CLOSE_WAIT_OLD][1];

	return unread * 2 > count_of(owner, CLOSE_WAIT_MIDDLE);
}

static uint64_t all_of(const struct observation *seen, enum close_wait_age from)
{
	uint64_t count = 0;

	for (int age = (int)from; age < CLOSE_WAIT_AGES; age++)
		count += seen->close_waits.counts[age][0] + seen->close_waits.counts[age][1];
	return count;
}

/* Whether nearly all that is old is this owner's, so that what is known of all is true of it. */
static bool has_nearly_all(const struct observation *seen, const struct owner *owner)
{
	return count_of(owner, CLOSE_WAIT_MIDDLE) * 10 >= all_of(seen, CLOSE_WAIT_MIDDLE) * 9;
}

static const char *oldest_text(struct diagnosis *diagnosis, const struct owner *owner)
{
	const struct observation *seen = &diagnosis->seen;

	if (!has_nearly_all(seen, owner) || seen->close_waits.oldest_ms < CLOSE_WAIT_OLD_MS)
		return "";
	return diagnose_text(diagnosis, ", the oldest for %s at least",
		diagnose_duration(diagnosis, seen->close_waits.oldest_ms / 1000.0));
}

static const char *owner_text(struct diagnosis *diagnosis, const struct owner *owner)
{
	if (owner->pids == 0)
		return "";
	if (owner->pids == 1)
		return diagnose_process(diagnosis, &owner->actor);
	return diagnose_text(diagnosis, "%zu processes called %s%s%s", owner->pids, owner->actor.name,
		owner->actor.unit[0] ? " of " : "", owner->actor.unit);
}

static struct finding *report_close_waits(struct diagnosis *diagnosis, const struct owner *owner,
	enum finding_level level)
{
	bool stalled = is_stalled(owner), is_old = count_of(owner, CLOSE_WAIT_OLD) >= OLD_WARNING;
	enum close_wait_age age = is_old ? CLOSE_WAIT_OLD : CLOSE_WAIT_MIDDLE;
	const char *unseen = owner->pids > 0 ? "" : diagnosis->seen.has_owners ?
		". Whose they are could not be seen: ask as root, on the host itself" :
		". Whose they are was not looked for";
	struct finding *finding = diagnose_report(diagnosis,
		stalled ? FINDING_CLOSE_WAIT_STALLED : FINDING_CLOSE_WAIT_LEAK, level,
		"%s%s connection%s that the peer has closed %s not closed here (CLOSE_WAIT) for more than %s%s; %s%s",
		owner->actor.is_estimate ? "about " : "", diagnose_number(diagnosis, count_of(owner, age)),
		count_of(owner, age) == 1 ? "" : "s", count_of(owner, age) == 1 ? "is" : "are",
		is_old ? "a minute" : "10 s", oldest_text(diagnosis, owner), stalled ?
		"most hold data that was not read: the process hangs, or cannot keep up" :
		"there is nothing left to read in most: the process has forgotten to close them", unseen);

	diagnose_subject(diagnosis, finding, "%s", owner_text(diagnosis, owner));
	return finding;
}

static void add_figures(struct diagnosis *diagnosis, struct finding *finding, const struct owner *owner)
{
	const struct observation *seen = &diagnosis->seen;

	diagnose_figure(diagnosis, finding, "close_wait", (double)count_of(owner, CLOSE_WAIT_YOUNG), "sockets");
	diagnose_figure(diagnosis, finding, "older_than_10_s", (double)count_of(owner, CLOSE_WAIT_MIDDLE), "sockets");
	diagnose_figure(diagnosis, finding, "older_than_60_s", (double)count_of(owner, CLOSE_WAIT_OLD), "sockets");
	diagnose_figure(diagnosis, finding, "with_unread_data", (double)(owner->counts[CLOSE_WAIT_YOUNG][1] +
		owner->counts[CLOSE_WAIT_MIDDLE][1] + owner->counts[CLOSE_WAIT_OLD][1]), "sockets");
	if (has_nearly_all(seen, owner)) {
		diagnose_figure(diagnosis, finding, "oldest", seen->close_waits.oldest_ms / 1000.0, "s");
		diagnose_figure(diagnosis, finding, "unread", (double)seen->close_waits.unread_bytes, "bytes");
	}
	if (owner->actor.descriptors_max) {
		diagnose_figure(diagnosis, finding, "descriptors", (double)owner->actor.descriptors, "descriptors");
		diagnose_figure(diagnosis, finding, "descriptors_limit", (double)owner->actor.descriptors_max,
			"descriptors");
	}
}

static void add_actor(struct diagnosis *diagnosis, struct finding *finding, const struct actor *actor)
{
	struct suspect one = { .holders = actor, .holders_count = 1 };

	diagnose_holders(diagnosis, finding, &one, 1);
}

/* The service or destination, and the peers, that most of those in this state are of. */
static void add_peers(struct diagnosis *diagnosis, struct finding *finding, unsigned state)
{
	const struct observation *seen = &diagnosis->seen;
	size_t added = 0;

	for (size_t i = 0; i < seen->closing.count && added < PEERS_MAX; i++) {
		const struct destination *peer = seen->ranked_closing[i];
		bool is_visitor = observation_is_visitor(peer);

		if (peer->states[state] == 0)
			continue;
		diagnose_actor(diagnosis, finding, is_visitor ? ACTOR_PEER : ACTOR_DESTINATION, is_visitor ?
			diagnose_text(diagnosis, "%s at port %u here",
				diagnose_address(diagnosis, peer->family, peer->address), (unsigned)peer->port) :
			diagnose_endpoint(diagnosis, peer->family, peer->address, peer->port), peer->states[state]);
		added++;
	}
}

static void advise_leak(struct diagnosis *diagnosis, struct finding *finding)
{
	diagnose_advise(diagnosis, finding,
		"mend the program: it must close a connection when a read says end of file (0 bytes), and on every "
		"path that ends in an error. Java: try-with-resources; Go: defer resp.Body.Close(); Python: with, or "
		"response.close(); connection pools: a maximum lifetime, and a check before they lend one out");
}

static void advise_stalled(struct diagnosis *diagnosis, struct finding *finding)
{
	diagnose_advise(diagnosis, finding,
		"see what its threads wait for: a stack dump (jstack, py-spy dump, gdb -p, SIGQUIT to a Go or Java "
		"program), its processor time, a lock, a database or another service that does not answer. Then "
		"timeouts on what it waits for, and more workers");
}

static void advise_close_waits(struct diagnosis *diagnosis, struct finding *finding, const struct owner *owner)
{
	if (finding->row == &finding_rows[FINDING_CLOSE_WAIT_STALLED])
		advise_stalled(diagnosis, finding);
	else
		advise_leak(diagnosis, finding);
	diagnose_advise(diagnosis, finding,
		"which they are: ss -tnp state close-wait%s", owner->actor.pid == 0 ? "" :
		diagnose_text(diagnosis, ", and ls -l /proc/%d/fd", (int)owner->actor.pid));
	diagnose_advise(diagnosis, finding,
		"a restart frees them now. Nothing else does: the kernel has no time limit for CLOSE_WAIT, and "
		"keepalive at most makes closed sockets of them, whose descriptors stay open%s",
		owner->actor.descriptors_max == 0 ? "" : diagnose_text(diagnosis, " (it has %s of %s)",
			diagnose_number(diagnosis, owner->actor.descriptors),
			diagnose_number(diagnosis, owner->actor.descriptors_max)));
}

static void finish_close_waits(struct diagnosis *diagnosis, struct finding *finding, const struct owner *owner)
{
	add_figures(diagnosis, finding, owner);
	if (has_nearly_all(&diagnosis->seen, owner))
		add_peers(diagnosis, finding, TCP_CLOSE_WAIT);
	advise_close_waits(diagnosis, finding, owner);
}

/* ---- CLOSE_WAIT, owner by owner ---- */

/* How many findings. */
static size_t check_each(struct diagnosis *diagnosis, struct owners *owners)
{
	size_t reported = 0;

	for (size_t i = 0; i < owners->count; i++) {
		struct owner *owner = &owners->items[i];
		enum finding_level level;
		struct finding *finding;

		if (owner->is_done || !level_of(owner, &level))
			continue;
		finding = report_close_waits(diagnosis, owner, level);
		add_actor(diagnosis, finding, &owner->actor);
		finish_close_waits(diagnosis, finding, owner);
		owner->is_done = true;
		reported++;
	}
	return reported;
}

static bool are_alike(const struct owner *a, const struct owner *b)
{
	return a->actor.name[0] && strcmp(a->actor.name, b->actor.name) == 0 &&
		strcmp(a->actor.unit, b->actor.unit) == 0;
}

static bool is_nothing(const struct owner *owner)
{
	return count_of(owner, CLOSE_WAIT_YOUNG) == 0;
}

/* Only the heaviest holders are told of. Where these are all of one program, the others are taken for the same. */
static void take_all(const struct observation *seen, struct owner *owner)
{
	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++) {
			uint64_t all = accepted(&seen->close_waits, age, unread);

			if (all <= owner->counts[age][unread])
				continue;
			owner->counts[age][unread] = all;
			owner->actor.is_estimate = true;
		}
}

/* Workers of one program, each of which holds too few to be told of. */
static size_t check_workers(struct diagnosis *diagnosis, struct owners *owners, const struct owner *unknown)
{
	size_t reported = 0;

	for (size_t i = 0; i < owners->count; i++) {
		struct owner sum = owners->items[i];
		size_t members[ACTORS_MAX] = { i }, shown = 1;
		enum finding_level level;
		struct finding *finding;

		if (sum.is_done)
			continue;
		for (size_t k = i + 1; k < owners->count; k++) {
			if (owners->items[k].is_done || !are_alike(&sum, &owners->items[k]))
				continue;
			owners->items[k].is_done = true;
			add_counts(&sum, &owners->items[k]);
			sum.pids++;
			if (shown < ACTORS_MAX)
				members[shown++] = k;
		}
		if (sum.pids == owners->count && is_nothing(unknown))
			take_all(&diagnosis->seen, &sum);
		if (!level_of(&sum, &level))
			continue;
		finding = report_close_waits(diagnosis, &sum, level);
		for (size_t k = 0; k < shown; k++)
			add_actor(diagnosis, finding, &owners->items[members[k]].actor);
		finish_close_waits(diagnosis, finding, &sum);
		reported++;
	}
	return reported;
}

static size_t check_unknown(struct diagnosis *diagnosis, const struct owner *unknown)
{
	enum finding_level level;

	if (!level_of(unknown, &level))
		return 0;
	finish_close_waits(diagnosis, report_close_waits(diagnosis, unknown, level), unknown);
	return 1;
}

/* The one in whose queue most wait. */
static const struct listener *listener_of_unaccepted(const struct observation *seen)
{
	const struct listener *found = NULL;

	for (size_t i = 0; i < seen->listeners.count; i++)
		if (seen->listeners.items[i].queue > 0 && (!found || seen->listeners.items[i].queue > found->queue))
			found = &seen->listeners.items[i];
	return found;
}

/* Clients that have given up before anybody accepted them. The queue of their listener need not be full. */
static size_t check_unaccepted(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct owner nobody = { .actor = { .name = "", .unit = "" } };
	const struct listener *listener;
	enum finding_level level;
	struct finding *finding;
	struct ports troubled;

	memcpy(nobody.counts, seen->close_waits.unaccepted, sizeof(nobody.counts));
	if (!level_of(&nobody, &level))
		return 0;
	listener = listener_of_unaccepted(seen);
	/* Then it is told there. */
	diagnose_troubled_ports(seen, &troubled);
	if (listener && ports_contain(&troubled, listener->port))
		return 0;
	finding = diagnose_report(diagnosis, FINDING_CLOSE_WAIT_STALLED, level,
		"%s connections whose clients have given up (CLOSE_WAIT) still wait for accept(), for more than %s: "
		"the process does not accept", diagnose_number(diagnosis, count_of(&nobody, CLOSE_WAIT_MIDDLE)),
		count_of(&nobody, CLOSE_WAIT_OLD) >= OLD_WARNING ? "a minute" : "10 s");
	if (listener) {
		diagnose_subject(diagnosis, finding, "%s", diagnose_listener(diagnosis, listener));
		diagnose_actor(diagnosis, finding, ACTOR_LISTENER, diagnose_listener(diagnosis, listener), 0);
		diagnose_listener_holders(diagnosis, finding, listener);
	}
	add_figures(diagnosis, finding, &nobody);
	add_peers(diagnosis, finding, TCP_CLOSE_WAIT);
	advise_stalled(diagnosis, finding);
	return 1;
}

static void note_close_waits(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t all = seen->states[TCP_CLOSE_WAIT], old = all_of(seen, CLOSE_WAIT_OLD);
	bool has_looked = seen->has_destinations, knows_ages = has_looked && seen->close_waits.ages_unknown == 0;
	struct finding *finding;

	if (all < CLOSE_WAITS_MANY)
		return;
	finding = diagnose_report(diagnosis, FINDING_CLOSE_WAIT_YOUNG, FINDING_NOTE,
		"%s connections wait to be closed here (CLOSE_WAIT), %s", diagnose_number(diagnosis, all),
		!has_looked ? "for how long was not asked for (--counts)" :
		!knows_ages ? "for how long is not known without netlink: look whether the number grows" :
		old == 0 ? "none for more than a minute, as a busy server has them: leave it. Those that "
			"are still there in a minute are a leak" :
		diagnose_text(diagnosis, "%s for more than a minute, fewer than %d of any program: no leak, as yet",
			diagnose_number(diagnosis, old), OLD_WARNING));
	diagnose_figure(diagnosis, finding, "close_wait", (double)all, "sockets");
	if (knows_ages) {
		diagnose_figure(diagnosis, finding, "older_than_10_s", (double)all_of(seen, CLOSE_WAIT_MIDDLE),
			"sockets");
		diagnose_figure(diagnosis, finding, "older_than_60_s", (double)old, "sockets");
	}
	add_peers(diagnosis, finding, TCP_CLOSE_WAIT);
}

static void check_close_waits(struct diagnosis *diagnosis)
{
	struct owners *owners = arena_alloc(diagnosis->arena, sizeof(*owners));
	struct owner unknown;
	size_t reported;

	diagnosis->failed |= !owners;
	if (!owners)
		return;
	find_owners(&diagnosis->seen, owners);
	unknown = unknown_owner(&diagnosis->seen);
	reported = check_each(diagnosis, owners);
	reported += check_workers(diagnosis, owners, &unknown);
	reported += check_unknown(diagnosis, &unknown);
	reported += check_unaccepted(diagnosis);
	if (reported == 0)
		note_close_waits(diagnosis);
}

/* ---- FIN_WAIT2 ---- */

static void advise_held(struct diagnosis *diagnosis, struct finding *finding, uint64_t held)
{
	if (held == 0)
		return;
	diagnose_advise(diagnosis, finding,
		"of the %s that a process here holds, it has only said that it will send no more (shutdown()), and it "
		"waits for the peer without a limit. It should close() them, or give up after a time (a read timeout, "
		"SO_KEEPALIVE for peers that are gone). No parameter ends these", diagnose_number(diagnosis, held));
}

static void advise_small(struct diagnosis *diagnosis, struct finding *finding, uint64_t small)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;

	if (small == 0)
		return;
	diagnose_advise(diagnosis, finding,
		"the %s that no process holds are ended by the kernel, each after tcp_fin_timeout%s. They take 256 "
		"bytes each, a local port toward that peer, and a place among tcp_max_tw_buckets",
		diagnose_number(diagnosis, small),
		settings->known.fin_timeout ? diagnose_text(diagnosis, " (%s s)",
			diagnose_number(diagnosis, settings->fin_timeout)) : "");
	if (small < FIN_WAITS_WARNING || !settings->known.fin_timeout || settings->fin_timeout <= 15)
		return;
	diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_fin_timeout",
		"15: those that are closed from then on are gone after 15 s; those that wait now keep their time");
	diagnose_profile(finding);
}

static void check_fin_waits(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t all = seen->states[TCP_FIN_WAIT2], small = seen->counts.fin_wait2_small;
	uint64_t held = all > small ? all - small : 0;
	struct finding *finding;

	if (all < FIN_WAITS_WARNING)
		return;
	finding = diagnose_report(diagnosis, FINDING_FIN_WAIT2_PILEUP, FINDING_WARNING,
		"%s connections that were closed here wait for their peers to close as well (FIN_WAIT2)%s",
		diagnose_number(diagnosis, all), held == 0 ? "; no process here holds them any more" :
		small == 0 ? "; a process here still holds them" : diagnose_text(diagnosis,
			": a process here still holds %s, and none %s", diagnose_number(diagnosis, held),
			diagnose_number(diagnosis, small)));
	diagnose_figure(diagnosis, finding, "fin_wait2", (double)all, "sockets");
	diagnose_figure(diagnosis, finding, "held", (double)held, "sockets");
	diagnose_figure(diagnosis, finding, "orphaned", (double)small, "sockets");
	diagnose_holders(diagnosis, finding, observation_suspect(seen, SUSPECT_FIN_WAIT2, 0), ACTORS_MAX);
	add_peers(diagnosis, finding, TCP_FIN_WAIT2);
	diagnose_advise(diagnosis, finding,
		"look at the peers: there these connections are in CLOSE_WAIT, and a program does not close them "
		"(kerntune diagnose says which), or the peer is gone");
	advise_held(diagnosis, finding, held);
	advise_small(diagnosis, finding, small);
}

/* ---- all of them ---- */

static void run_states(struct diagnosis *diagnosis)
{
	if (!diagnosis->seen.has_sockets)
		return;
	check_close_waits(diagnosis);
	check_fin_waits(diagnosis);
}

static void suspect_sample(struct diagnosis *diagnosis, enum suspect_kind kind, uint32_t key,
	const struct inode_sample *sample)
{
	if (sample->count > 0)
		diagnose_suspect(diagnosis, kind, key, sample->inodes, sample->count, inode_sample_scale(sample));
}

static void suspect_states(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	bool is_likely = all_of(seen, CLOSE_WAIT_OLD) >= OLD_WARNING ||
		all_of(seen, CLOSE_WAIT_MIDDLE) >= NOT_YOUNG_WARNING;
	struct owner nobody = { .actor = { .name = "", .unit = "" } };
	enum finding_level level;

	for (int age = 0; is_likely && age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++)
			suspect_sample(diagnosis, SUSPECT_CLOSE_WAIT, key_of(age, unread),
				&seen->close_waits.samples[age][unread]);
	memcpy(nobody.counts, seen->close_waits.unaccepted, sizeof(nobody.counts));
	if (level_of(&nobody, &level) && listener_of_unaccepted(seen))
		diagnose_suspect_listener(diagnosis, listener_of_unaccepted(seen));
	if (seen->states[TCP_FIN_WAIT2] >= FIN_WAITS_WARNING)
		suspect_sample(diagnosis, SUSPECT_FIN_WAIT2, 0, &seen->fin_waits);
}

const struct diagnose_check diagnose_states = { suspect_states, run_states };
