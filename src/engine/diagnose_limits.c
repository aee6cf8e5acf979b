/* SPDX-License-Identifier: MIT */
/* Limits of the kernel and of processes: tracked connections, open files, TCP's memory, orphans.
 *
 * A limit is judged by how much of it is taken, and by the counters of what was refused at it. Orphans, TCP's memory
 * and open files are of the whole host, also when they are read in a container; there the limits of the first two
 * cannot be read (tcp_mem and tcp_max_orphans are in the host's namespace only), so that there is only a note. */
#include "engine/diagnose_check.h"

#include "kernel/descriptors.h"

#include <string.h>
#include <unistd.h>

#define CONNTRACK_WARNING 0.75
#define CONNTRACK_CRITICAL 0.9
#define FILES_CRITICAL 0.9
#define DESCRIPTORS_CRITICAL 0.9	/* the warnings: NEAR_LIMIT_SHARE, FILES_HIGH_SHARE */
#define MEMORY_CRITICAL 0.9
#define ORPHANS_WARNING 0.25
#define ORPHANS_CRITICAL 0.5

enum {
	/* A table that grows by less in the interval may as well be breathing. */
	GROWTH_LEAST = 100,
	TIME_TO_FULL_MOST = 86400,
	/* Each entry stands in the hash table twice, once for each direction. */
	CHAIN_LONG = 8,
	CLOSE_WAITS_TELLING = 100,
};

static bool rose(bool is_known, int64_t change)
{
	return is_known && change > 0;
}

/* ---- conntrack ---- */

static uint64_t rise(bool is_known, int64_t change)
{
	return rose(is_known, change) ? (uint64_t)change : 0;
}

/* Packets that found no room. When two packets make the same entry at once, as the two queries of a resolver from one
 * socket do, the loser counts as dropped too, however empty the table is; but also as not inserted, and so does one that
 * met a long chain (nf_ct_resolve_clash() and __nf_conntrack_confirm() in net/netfilter/nf_conntrack_core.c). */
static bool finds_no_room(const struct counter_changes *changes)
{
	uint64_t failures = rise(changes->known.conntrack_insert_failures, changes->conntrack_insert_failures);
	uint64_t long_chains = rise(changes->known.conntrack_chains_long, changes->conntrack_chains_long);
	uint64_t clashes = failures > long_chains ? failures - long_chains : 0;

	return rise(changes->known.conntrack_drops, changes->conntrack_drops) > clashes;
}

/* What was refused in the interval. */
struct refusals {
	bool drops, early_drops, long_chains;
};

static struct refusals conntrack_refusals(const struct observation *seen)
{
	const struct counter_changes *changes = &seen->changes;

	return (struct refusals){
		.drops = finds_no_room(changes),
		.early_drops = rose(changes->known.conntrack_early_drops, changes->conntrack_early_drops),
		.long_chains = rose(changes->known.conntrack_chains_long, changes->conntrack_chains_long),
	};
}

/* Seconds until the table is full at the rate of the interval; 0 when that means nothing. */
static double seconds_to_full(const struct observation *seen)
{
	const struct counters *now = &seen->now;
	double seconds;

	if (!seen->changes.known.conntrack_count || seen->changes.conntrack_count < GROWTH_LEAST ||
		now->conntrack_count >= now->conntrack_max)
		return 0;
	seconds = (double)(now->conntrack_max - now->conntrack_count) / seen->rates.conntrack_count;
	return seconds < TIME_TO_FULL_MOST ? seconds : 0;
}

static double chain_length(const struct counters *now)
{
	return 2 * diagnose_share(now->conntrack_count, now->conntrack_buckets);
}

static void conntrack_figures(struct diagnosis *diagnosis, struct finding *finding, double to_full)
{
	const struct observation *seen = &diagnosis->seen;

	diagnose_figure(diagnosis, finding, "entries", (double)seen->now.conntrack_count, "connections");
	diagnose_figure(diagnosis, finding, "limit", (double)seen->now.conntrack_max, "connections");
	diagnose_figure(diagnosis, finding, "share",
		diagnose_share(seen->now.conntrack_count, seen->now.conntrack_max), "ratio");
	if (to_full > 0)
		diagnose_figure(diagnosis, finding, "time_to_full", to_full, "s");
	if (seen->changes.known.conntrack_drops)
		diagnose_figure(diagnosis, finding, "drops_per_second", seen->rates.conntrack_drops, "1/s");
	if (seen->changes.known.conntrack_early_drops)
		diagnose_figure(diagnosis, finding, "early_drops_per_second", seen->rates.conntrack_early_drops, "1/s");
	if (rose(seen->changes.known.conntrack_insert_failures, seen->changes.conntrack_insert_failures))
		diagnose_figure(diagnosis, finding, "insert_failures_per_second", seen->rates.conntrack_insert_failures,
			"1/s");
	if (seen->now.known.conntrack_buckets)
		diagnose_figure(diagnosis, finding, "chain_length", chain_length(&seen->now), "entries");
}

static void relieve_conntrack(struct diagnosis *diagnosis, struct finding *finding, struct refusals refused)
{
	const struct observation *seen = &diagnosis->seen;
	const struct counters *now = &seen->now;
	bool is_short = diagnose_share(now->conntrack_count, now->conntrack_max) >= CONNTRACK_WARNING || refused.drops ||
		refused.early_drops;

	diagnose_advise(diagnosis, finding,
		"traffic that needs no tracking is best not tracked: a rule \"notrack\" in the raw table for the port of the "
		"service, both ways, where neither NAT nor stateful rules need it");
	if (seen->in_netns)
		diagnose_advise(diagnosis, finding,
			"nf_conntrack_max and the buckets are the host's and read-only in this namespace: set them on the "
			"host; the entries counted here are this namespace's own, and their timeouts are set here");
	if (!seen->in_netns && is_short)
		diagnose_remedy(diagnosis, finding, "net/netfilter/nf_conntrack_max",
			"%s or more, as the memory allows (0.4 KiB for each entry): drops stop",
			diagnose_number(diagnosis, 2 * now->conntrack_max));
	if (!seen->in_netns && (refused.long_chains || (now->known.conntrack_buckets &&
		chain_length(now) > CHAIN_LONG)))
		diagnose_remedy(diagnosis, finding, "net/netfilter/nf_conntrack_buckets",
			"half of nf_conntrack_max, so that a look-up passes few entries; entries are then not refused for a "
			"long chain");
	if (is_short)
		diagnose_remedy(diagnosis, finding, "net/netfilter/nf_conntrack_tcp_timeout_established",
			"86400: connections that vanished without a FIN go after a day instead of five; concerns entries "
			"that see traffic from now on");
	if (is_short)
		diagnose_advise(diagnosis, finding,
			"what fills it says \"conntrack -L -o extended\" or proc/net/nf_conntrack; the size for a load: kerntune "
			"diff --set new_connections_per_second=N %s", finding->row->profile);
	if (finding->remedies_count > 0)
		diagnose_profile(finding);
}

/* With nf_conntrack_max 0 there is no limit (__nf_conntrack_alloc()). */
static void check_conntrack(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	const struct counters *now = &seen->now;
	double share = diagnose_share(now->conntrack_count, now->conntrack_max), to_full;
	struct refusals refused = conntrack_refusals(seen);
	bool refuses = refused.drops || refused.early_drops || refused.long_chains;
	const char *what = "";
	struct finding *finding;

	if (!now->known.conntrack_count || !now->known.conntrack_max || (share < CONNTRACK_WARNING && !refuses))
		return;
	to_full = seconds_to_full(seen);
	if (refused.drops)
		what = "; new connections are dropped";
	else if (refused.early_drops)
		what = "; old entries are thrown out for new ones";
	else if (refused.long_chains)
		what = "; new ones are refused because too many share a bucket";
	else if (to_full > 0)
		what = diagnose_text(diagnosis, "; full in %s as it grows now", diagnose_duration(diagnosis, to_full));
	finding = diagnose_report(diagnosis, FINDING_CONNTRACK_FULL,
		refuses || share >= CONNTRACK_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%s%s connections are tracked%s", diagnose_number(diagnosis, now->conntrack_count), now->conntrack_max ?
			diagnose_text(diagnosis, " of at most %s", diagnose_number(diagnosis, now->conntrack_max)) : "", what);
	conntrack_figures(diagnosis, finding, to_full);
	relieve_conntrack(diagnosis, finding, refused);
}

/* ---- open files ---- */

static struct actor process_actor(const struct near_limit *process)
{
	return (struct actor){ .kind = ACTOR_PROCESS, .name = process->name, .pid = process->pid,
		.command = process->command, .unit = process->unit, .descriptors = process->open,
		.descriptors_max = process->soft == DESCRIPTORS_UNLIMITED ? 0 : process->soft };
}

static void check_files(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	double share = diagnose_share(seen->now.files, seen->now.files_max);
	struct finding *finding;

	if (!seen->now.known.files || !seen->now.known.files_max || share < FILES_HIGH_SHARE)
		return;
	finding = diagnose_report(diagnosis, FINDING_FILE_HANDLES,
		share >= FILES_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%s of %s files are open on this host; beyond it, open() and accept() fail with ENFILE for all but root",
		diagnose_number(diagnosis, seen->now.files), diagnose_number(diagnosis, seen->now.files_max));
	diagnose_figure(diagnosis, finding, "files", (double)seen->now.files, "files");
	diagnose_figure(diagnosis, finding, "limit", (double)seen->now.files_max, "files");
	diagnose_figure(diagnosis, finding, "share", share, "ratio");
	for (size_t i = 0; i < seen->openers_count; i++) {
		const struct actor actor = process_actor(&seen->openers[i]);

		diagnose_process_actor(diagnosis, finding, &actor);
	}
	diagnose_advise(diagnosis, finding,
		"first see whether one process leaks descriptors: those with the most are named here where they can be seen");
	diagnose_remedy(diagnosis, finding, "fs/file-max",
		"%s or more: room for all processes together; each open file takes some 256 bytes of the kernel's memory%s",
		diagnose_number(diagnosis, 2 * seen->now.files_max), seen->in_netns ? "; set on the host, for it is not the "
			"container's" : "");
	diagnose_profile(finding);
}

/* ---- descriptors of one process ---- */

/* Old CLOSE_WAIT sockets of the same process: its descriptors leak. */
static uint64_t old_close_waits(const struct observation *seen, pid_t pid)
{
	uint64_t count = 0;

	for (size_t i = 0; i < seen->suspects_count; i++) {
		const struct suspect *suspect = &seen->suspects[i];

		if (suspect->kind != SUSPECT_CLOSE_WAIT || suspect->key / 2 == CLOSE_WAIT_YOUNG)
			continue;
		for (size_t k = 0; k < suspect->holders_count; k++)
			if (suspect->holders[k].pid == pid)
				count += suspect->holders[k].count;
	}
	return count;
}

static void relieve_descriptors(struct diagnosis *diagnosis, struct finding *finding, const struct near_limit *process)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;
	uint64_t leaked = old_close_waits(&diagnosis->seen, process->pid);
	const char *wanted = diagnose_text(diagnosis, "%llu", (unsigned long long)(2 * process->soft));

	if (leaked >= CLOSE_WAITS_TELLING)
		diagnose_advise(diagnosis, finding,
			"%s of them are connections that the peer closed long ago (CLOSE_WAIT): a leak, which a higher limit only "
			"postpones", diagnose_number(diagnosis, leaked));
	if (strstr(process->unit, ".service"))
		diagnose_advise(diagnosis, finding,
			"systemctl edit %s: \"[Service] LimitNOFILE=%s\", then restart it", process->unit, wanted);
	else
		diagnose_advise(diagnosis, finding,
			"LimitNOFILE=%s in its unit, or \"ulimit -n %s\" where it is started, then restart it; of the running "
			"process: prlimit --pid %d --nofile=%s", wanted, wanted, (int)process->pid, wanted);
	diagnose_advise(diagnosis, finding,
		"some programs set their own: nginx worker_rlimit_nofile and worker_connections, haproxy ulimit-n and maxconn, "
		"MySQL open_files_limit, Redis maxclients");
	if (settings->known.nr_open && process->hard >= settings->nr_open && 2 * process->soft > settings->nr_open) {
		diagnose_remedy(diagnosis, finding, "fs/nr_open",
			"%s or more: no limit of a process can be set above it", wanted);
		diagnose_profile(finding);
	}
}

/* Workers of one program on one limit: prefork. */
static bool is_sibling(const struct near_limit *a, const struct near_limit *b)
{
	return a->name[0] && strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0 && a->soft == b->soft;
}

/* With siblings the one that is nearest to the limit stands for them. */
static void report_descriptors(struct diagnosis *diagnosis, const struct near_limit *process, size_t siblings)
{
	double share = diagnose_share(process->open, process->soft);
	const struct actor actor = process_actor(process);
	struct finding *finding = diagnose_report(diagnosis, FINDING_DESCRIPTOR_LIMIT,
		share >= DESCRIPTORS_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%s of its %s descriptors are open; at the limit accept(), connect() and open() fail with EMFILE%s%s",
		diagnose_number(diagnosis, process->open), diagnose_number(diagnosis, process->soft),
		process->hard > process->soft && process->hard != DESCRIPTORS_UNLIMITED ?
			diagnose_text(diagnosis, "; it may raise the limit itself, up to %s",
				diagnose_number(diagnosis, process->hard)) : "",
		siblings == 0 ? "" : diagnose_text(diagnosis, "; %zu more of its processes are near it too", siblings));

	diagnose_subject(diagnosis, finding, "%s", diagnose_process(diagnosis, &actor));
	diagnose_figure(diagnosis, finding, "descriptors", (double)process->open, "descriptors");
	diagnose_figure(diagnosis, finding, "soft_limit", (double)process->soft, "descriptors");
	if (process->hard != DESCRIPTORS_UNLIMITED)
		diagnose_figure(diagnosis, finding, "hard_limit", (double)process->hard, "descriptors");
	diagnose_figure(diagnosis, finding, "share", share, "ratio");
	diagnose_process_actor(diagnosis, finding, &actor);
	relieve_descriptors(diagnosis, finding, process);
}

/* ---- TCP's memory ---- */

static const char *pages_text(struct diagnosis *diagnosis, uint64_t pages)
{
	uint64_t page_size = diagnosis->seen.page_size ? diagnosis->seen.page_size : (uint64_t)sysconf(_SC_PAGESIZE);

	return diagnose_text(diagnosis, "%s MiB", diagnose_number(diagnosis, (pages * page_size + (1 << 19)) >> 20));
}

/* Whether orphans, rather than memory, are what connections are dropped for: both count as TCPAbortOnMemory. */
static bool has_too_many_orphans(const struct observation *seen)
{
	return seen->now.known.tcp_orphans && seen->now.known.tcp_orphans_max &&
		diagnose_share(seen->now.tcp_orphans, seen->now.tcp_orphans_max) >= ORPHANS_WARNING;
}

static void check_memory(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	const struct counters *now = &seen->now;
	bool is_known = now->known.tcp_memory_pages && now->known.tcp_memory_pressure_pages &&
		now->known.tcp_memory_max_pages;
	bool aborts = rose(seen->changes.known.aborts_on_memory, seen->changes.aborts_on_memory) &&
		!has_too_many_orphans(seen);
	bool presses = rose(seen->changes.known.memory_pressures, seen->changes.memory_pressures);
	bool is_high = is_known && now->tcp_memory_pages >= now->tcp_memory_pressure_pages;
	bool is_full = is_known &&
		(double)now->tcp_memory_pages >= MEMORY_CRITICAL * (double)now->tcp_memory_max_pages;
	struct finding *finding;

	if (!is_high && !is_full && !aborts && !presses)
		return;
	finding = diagnose_report(diagnosis, FINDING_TCP_MEMORY, is_full || aborts ? FINDING_CRITICAL : FINDING_WARNING,
		"TCP holds %s for its buffers%s%s%s",
		now->known.tcp_memory_pages ? pages_text(diagnosis, now->tcp_memory_pages) : "memory",
		is_known ? diagnose_text(diagnosis, "; it saves from %s on and gets no more than %s",
			pages_text(diagnosis, now->tcp_memory_pressure_pages),
			pages_text(diagnosis, now->tcp_memory_max_pages)) : "",
		presses ? "; it came under pressure" : "", aborts ? "; connections are dropped for it" : "");
	if (now->known.tcp_memory_pages)
		diagnose_figure(diagnosis, finding, "memory", (double)now->tcp_memory_pages, "pages");
	if (is_known) {
		diagnose_figure(diagnosis, finding, "pressure", (double)now->tcp_memory_pressure_pages, "pages");
		diagnose_figure(diagnosis, finding, "limit", (double)now->tcp_memory_max_pages, "pages");
	}
	if (seen->changes.known.memory_pressures)
		diagnose_figure(diagnosis, finding, "pressures_per_second", seen->rates.memory_pressures, "1/s");
	if (seen->changes.known.aborts_on_memory)
		diagnose_figure(diagnosis, finding, "aborts_per_second", seen->rates.aborts_on_memory, "1/s");
	diagnose_advise(diagnosis, finding,
		"find who lets data pile up: \"ss -tmn\" shows the buffers of each socket, Recv-Q what a process does not read, "
		"Send-Q what a peer does not take");
	if (seen->in_netns)
		diagnose_advise(diagnosis, finding, "the memory and its limit, tcp_mem, are the host's: raise it there");
	else
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_mem",
			"pages, up to some 3/16 of the memory: pressure and drops stop, and that much is lost to everything else");
	if (finding->remedies_count > 0)
		diagnose_profile(finding);
}

/* ---- orphans ---- */

static void check_orphans(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	const struct counters *now = &seen->now;
	double share = diagnose_share(now->tcp_orphans, now->tcp_orphans_max);
	bool aborts = rose(seen->changes.known.aborts_on_memory, seen->changes.aborts_on_memory);
	struct finding *finding;

	if (!now->known.tcp_orphans || !now->known.tcp_orphans_max || share < ORPHANS_WARNING)
		return;
	finding = diagnose_report(diagnosis, FINDING_ORPHANS,
		aborts || share >= ORPHANS_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%s of at most %s connections were closed here and still wait for the peer%s",
		diagnose_number(diagnosis, now->tcp_orphans), diagnose_number(diagnosis, now->tcp_orphans_max),
		aborts ? "; some are reset with their last data unsent" :
			"; the slowest are reset from a quarter of the limit on");
	diagnose_figure(diagnosis, finding, "orphans", (double)now->tcp_orphans, "sockets");
	diagnose_figure(diagnosis, finding, "limit", (double)now->tcp_orphans_max, "sockets");
	diagnose_figure(diagnosis, finding, "share", share, "ratio");
	if (seen->changes.known.aborts_on_memory)
		diagnose_figure(diagnosis, finding, "aborts_per_second", seen->rates.aborts_on_memory, "1/s");
	diagnose_advise(diagnosis, finding,
		"their peers vanished or do not read what was sent: \"ss -tanoe state fin-wait-1 state last-ack state closing\" "
		"shows whom; a proxy's timeout toward slow clients is the usual place to mend it");
	if (seen->in_netns) {
		diagnose_advise(diagnosis, finding, "the orphans and their limit, tcp_max_orphans, are the host's");
		return;
	}
	diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_max_orphans",
		"%s or more: fewer are reset; each can hold 64 KiB and more that cannot be swapped",
		diagnose_number(diagnosis, 2 * now->tcp_orphans_max));
	diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_orphan_retries",
		"3: those whose peer is gone are given up after seconds instead of minutes");
	diagnose_profile(finding);
}

/* ---- in a container: what is the host's ---- */

/* The kernel's own choice, as the limits themselves cannot be read: TCP is under pressure from a sixteenth of the
 * memory on (tcp_init_mem()), and an orphan is allowed for each 256 KiB of it, up to 262144 (tcp_init()). */
static void note_host(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	const struct counters *now = &seen->now;
	uint64_t ram_pages = seen->page_size ? seen->ram_bytes / seen->page_size : 0, orphans_max = seen->ram_bytes >> 18;
	bool has_memory, has_orphans;
	struct finding *finding;

	if (!seen->in_netns || ram_pages == 0)
		return;
	if (orphans_max > 262144)
		orphans_max = 262144;
	has_memory = now->known.tcp_memory_pages && !now->known.tcp_memory_max_pages &&
		now->tcp_memory_pages >= ram_pages / 16;
	has_orphans = now->known.tcp_orphans && !now->known.tcp_orphans_max &&
		diagnose_share(now->tcp_orphans, orphans_max) >= ORPHANS_WARNING;
	if (!has_memory && !has_orphans)
		return;
	finding = diagnose_report(diagnosis, FINDING_HOST_FIGURES, FINDING_NOTE,
		"of the whole host, not of this container: %s%s%s; look at it on the host, where the limits can be seen",
		has_orphans ? diagnose_text(diagnosis, "%s orphans", diagnose_number(diagnosis, now->tcp_orphans)) : "",
		has_orphans && has_memory ? ", " : "",
		has_memory ? diagnose_text(diagnosis, "%s for TCP's buffers",
			pages_text(diagnosis, now->tcp_memory_pages)) : "");
	if (has_orphans)
		diagnose_figure(diagnosis, finding, "orphans", (double)now->tcp_orphans, "sockets");
	if (has_memory)
		diagnose_figure(diagnosis, finding, "memory", (double)now->tcp_memory_pages, "pages");
}

/* ---- what was lost before ---- */

static const struct {
	const char *counter, *text;
} losses[] = {
	{ "listen_overflows", "SYNs and ACKs met a full accept queue (ListenOverflows)" },
	{ "time_wait_overflows", "sockets skipped TIME_WAIT (TCPTimeWaitOverflow)" },
	{ "aborts_on_memory", "connections were dropped for memory or orphans (TCPAbortOnMemory)" },
	{ "conntrack_drops", "packets met a full table of tracked connections (drop)" },
	{ "conntrack_early_drops", "tracked connections were thrown out for new ones (early_drop)" },
};

/* The total, unless it moves now: then a finding tells. */
static uint64_t past_losses(const struct observation *seen, size_t row)
{
	int at = counter_find(losses[row].counter);

	return at < 0 || rose(seen->changes.known_at[at], seen->changes.at[at]) ? 0 : seen->now.at[at];
}

static void note_past(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	const char *text = "";
	struct finding *finding;

	for (size_t i = 0; i < COUNT_OF(losses); i++)
		if (past_losses(seen, i) > 0)
			text = diagnose_text(diagnosis, "%s%s%s %s", text, text[0] ? "; " : "",
				diagnose_number(diagnosis, past_losses(seen, i)), losses[i].text);
	if (!text[0])
		return;
	finding = diagnose_report(diagnosis, FINDING_OVERFLOWS_PAST, FINDING_NOTE, "since the %s began, %s%s",
		seen->in_netns ? "namespace" : "host", text, seen->has_interval ? "; none now" :
			"; whether it goes on, a look with an interval tells");
	for (size_t i = 0; i < COUNT_OF(losses); i++)
		if (past_losses(seen, i) > 0)
			diagnose_figure(diagnosis, finding, losses[i].counter, (double)past_losses(seen, i), "count");
}

static void check_descriptors(struct diagnosis *diagnosis)
{
	const struct near_limit *near = diagnosis->seen.near_limits;
	size_t count = diagnosis->seen.near_limits_count;

	for (size_t i = 0; i < count; i++) {
		bool is_told = false;
		size_t siblings = 0;

		for (size_t k = 0; k < i && !is_told; k++)
			is_told = is_sibling(&near[k], &near[i]);
		for (size_t k = i + 1; k < count && !is_told; k++)
			siblings += is_sibling(&near[i], &near[k]);
		if (!is_told)
			report_descriptors(diagnosis, &near[i], siblings);
	}
}

static void run_limits(struct diagnosis *diagnosis)
{
	check_conntrack(diagnosis);
	check_files(diagnosis);
	check_descriptors(diagnosis);
	check_memory(diagnosis);
	check_orphans(diagnosis);
	note_host(diagnosis);
	note_past(diagnosis);
}

const struct diagnose_check diagnose_limits = { NULL, run_limits };
