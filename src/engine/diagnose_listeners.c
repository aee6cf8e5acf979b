/* SPDX-License-Identifier: MIT */
/* Accept queues.
 *
 * A connection whose handshake is complete waits in the queue of its listener until accept(2) takes it. The queue is
 * full when more than sk_max_ack_backlog wait (sk_acceptq_is_full() in include/net/sock.h), which listen(2) has set to
 * min(its argument, somaxconn) and nothing changes later. What comes then is dropped, SYN or final ACK; the client
 * tries again after a second, and each try counts. */
#include "engine/diagnose_check.h"

#include <ctype.h>
#include <string.h>

#define QUEUE_WARNING 0.7

enum {
	NOTES_MAX = 8,		/* of one kind, unless all are asked for */
	HOLDERS_MAX = 3,
	/* Nobody needs more: what fills such a queue is that it is not emptied. */
	BACKLOG_ENOUGH = 32768,
};

/* ---- judging one ---- */

static bool is_high(const struct listener *listener)
{
	return listener->queue > 0 && listener->queue >= QUEUE_WARNING * listener->backlog;
}

static bool is_full(const struct listener *listener)
{
	return listener->queue > listener->backlog;
}

/* What it lost in the interval, whatever for. */
static uint64_t lost(const struct observation *seen, const struct listener *listener)
{
	const struct listener *before;

	if (!seen->has_interval || !listener->has_drops || listener->drops == 0)
		return 0;
	before = listeners_find(&seen->listeners_before, listener);
	return before ? (uint32_t)(listener->drops - before->drops) : listener->drops;
}

/* A listener loses SYNs for other reasons as well (a flood without cookies). Those of a high queue are taken for
 * overflows; what is left of the host's overflows can be of the others. */
static uint64_t overflows_left(const struct observation *seen)
{
	uint64_t all = seen->changes.known.listen_overflows ? (uint64_t)seen->changes.listen_overflows : UINT64_MAX;

	for (size_t i = 0; i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];
		uint64_t part = is_high(listener) ? lost(seen, listener) : 0;

		all -= part < all ? part : all;
	}
	return all;
}

/* Also in the sample before, if there is one: a short queue is full now and then for the time of one accept(). */
static bool stays_high(const struct observation *seen, const struct listener *listener)
{
	const struct listener *before = seen->has_interval ? listeners_find(&seen->listeners_before, listener) : listener;

	return is_high(listener) && before && is_high(before);
}

/* True and a level when there is something to be said of its queue. */
static bool judge(const struct observation *seen, const struct listener *listener, uint64_t left,
	enum finding_level *ret_level)
{
	uint64_t dropped = lost(seen, listener);
	bool has_overflown = seen->changes.known.listen_overflows && seen->changes.listen_overflows > 0;
	/* Where the kernel does not count by listener, a full one explains it. */
	bool overflows = (dropped > 0 && (is_high(listener) || left > 0)) || (is_full(listener) && has_overflown);

	*ret_level = overflows || is_full(listener) ? FINDING_CRITICAL : FINDING_WARNING;
	return overflows || stays_high(seen, listener);
}

static bool can_judge(const struct observation *seen)
{
	return seen->has_listeners && seen->listeners.has_backlog;
}

void diagnose_troubled_ports(const struct observation *seen, struct ports *ret_ports)
{
	uint64_t left = can_judge(seen) ? overflows_left(seen) : 0;
	enum finding_level level;

	memset(ret_ports, 0, sizeof(*ret_ports));
	for (size_t i = 0; can_judge(seen) && i < seen->listeners.count; i++)
		if (judge(seen, &seen->listeners.items[i], left, &level))
			ports_add(ret_ports, seen->listeners.items[i].port, seen->listeners.items[i].port);
}

/* ---- those that share an address (SO_REUSEPORT) ---- */

struct group {
	const struct listener *first;
	size_t count;
	size_t troubled;
	const struct listener *worst;	/* of the troubled */
	enum finding_level level;
	uint64_t dropped;		/* in the interval, by the troubled */
	uint64_t drops;			/* ever, by all */
};

static bool have_one_address(const struct listener *a, const struct listener *b)
{
	return a->port == b->port && a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* The worse level, then the fuller queue. */
static bool is_worse(const struct group *group, const struct listener *listener, enum finding_level level)
{
	if (!group->worst || level != group->level)
		return !group->worst || level > group->level;
	return (uint64_t)listener->queue * (group->worst->backlog + UINT64_C(1)) >
		(uint64_t)group->worst->queue * (listener->backlog + UINT64_C(1));
}

static void judge_group(const struct observation *seen, uint64_t left, size_t first, struct group *ret_group)
{
	struct group group = { .first = &seen->listeners.items[first] };

	for (size_t i = first; i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];
		enum finding_level level;

		if (!have_one_address(group.first, listener))
			break;
		group.count++;
		group.drops += listener->drops;
		if (!judge(seen, listener, left, &level))
			continue;
		group.troubled++;
		group.dropped += lost(seen, listener);
		if (is_worse(&group, listener, level))
			group.worst = listener;
		if (level > group.level)
			group.level = level;
	}
	*ret_group = group;
}

/* ---- which number limits it ---- */

/* How an application is told its backlog, by the name of its process, and what it is otherwise. */
static const struct {
	const char *name, *text;
} applications[] = {
	{ "nginx", "nginx: listen ... backlog=N (511)" },
	{ "haproxy", "HAProxy: backlog N in the frontend or the defaults (otherwise its maxconn)" },
	{ "java", "Tomcat: acceptCount=\"N\" (100), of Spring Boot server.tomcat.accept-count; Jetty: acceptQueueSize; "
		"new ServerSocket(port, N) (50)" },
	{ "node", "Node: server.listen({ port, backlog: N }) (511)" },
	{ "gunicorn", "gunicorn: --backlog N (2048)" },
	{ "uvicorn", "uvicorn: --backlog N (2048)" },
	{ "python", "Python: socket.listen(N), request_queue_size of socketserver (5); gunicorn and uvicorn: "
		"--backlog N" },
	{ "apache2", "Apache: ListenBacklog N (511)" },
	{ "httpd", "Apache: ListenBacklog N (511)" },
	{ "redis-server", "Redis: tcp-backlog N (511)" },
	{ "php-fpm", "PHP-FPM: listen.backlog = N (511)" },
	{ "mysqld", "MySQL: back_log = N" },
	{ "mariadbd", "MariaDB: back_log = N" },
	{ "postgres", "PostgreSQL: twice its max_connections" },
	{ "envoy", "Envoy: tcp_backlog_size of the listener (128)" },
	{ "systemd", "systemd: Backlog=N in the socket unit" },
};

/* "python3.11", "php-fpm8.2", "gunicorn: worker"; but node_exporter is not node, nor is systemd-resolved systemd. */
static bool is_called(const char *name, const char *program)
{
	size_t length = strlen(program);

	return strncmp(name, program, length) == 0 && name[length] != '-' && name[length] != '_' &&
		!isalpha((unsigned char)name[length]);
}

static const char *application_text(const struct suspect *suspect)
{
	const char *name = suspect && suspect->holders_count > 0 ? suspect->holders[0].name : "";

	for (size_t i = 0; i < COUNT_OF(applications); i++)
		if (is_called(name, applications[i].name))
			return applications[i].text;
	return "nginx: listen ... backlog=N; HAProxy: backlog N; Tomcat: acceptCount; Node: "
		"server.listen({ backlog: N }); gunicorn: --backlog N; Go takes somaxconn when it starts";
}

/* The defaults of somaxconn until 5.4 and since. */
static bool is_old_limit(const struct listener *listener, const struct tcp_settings *settings)
{
	return settings->known.somaxconn && listener->backlog < settings->somaxconn &&
		(listener->backlog == 128 || listener->backlog == 4096);
}

static void advise_own_backlog(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener,
	const struct suspect *suspect)
{
	diagnose_advise(diagnosis, finding,
		"the length of the queue is the application's own number: it called listen() with %u%s; "
		"net.core.somaxconn (%s) does not limit it. To make it longer, raise that number (%s) and restart "
		"or reload it",
		(unsigned)listener->backlog,
		is_old_limit(listener, &diagnosis->seen.settings) ?
		", or it has not been restarted since somaxconn was raised: then a restart is enough" : "",
		diagnose_number(diagnosis, diagnosis->seen.settings.somaxconn), application_text(suspect));
}

static void advise_somaxconn(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener,
	const struct suspect *suspect)
{
	bool was_lowered = listener->backlog > diagnosis->seen.settings.somaxconn;

	if (was_lowered)
		diagnose_advise(diagnosis, finding,
			"do not just restart it: net.core.somaxconn is less (%s) than the queue has now (%u), and "
			"would limit it", diagnose_number(diagnosis, diagnosis->seen.settings.somaxconn),
			(unsigned)listener->backlog);
	else
		diagnose_advise(diagnosis, finding,
			"the length of the queue is that of net.core.somaxconn (%u). The application may have asked "
			"for just as many (its configuration says it, or strace -f -e trace=listen when it starts): "
			"then raise both (%s)", (unsigned)listener->backlog, application_text(suspect));
	diagnose_remedy(diagnosis, finding, "net/core/somaxconn",
		"a higher one is the limit of queues made from then on: this one stays as it is until the application "
		"is restarted, or reloads so that it calls listen() again");
	diagnose_profile(finding);
}

void diagnose_advise_backlog(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;
	const struct suspect *suspect = observation_suspect(&diagnosis->seen, SUSPECT_LISTENER, listener->inode);

	if (!settings->known.somaxconn)
		return;
	if (listener->backlog >= BACKLOG_ENOUGH)
		diagnose_advise(diagnosis, finding, "a longer queue is no cure: %u is more than enough",
			(unsigned)listener->backlog);
	else if (listener->backlog < settings->somaxconn)
		advise_own_backlog(diagnosis, finding, listener, suspect);
	else
		advise_somaxconn(diagnosis, finding, listener, suspect);
}

/* ---- what is said ---- */

const char *diagnose_listener(struct diagnosis *diagnosis, const struct listener *listener)
{
	return diagnose_endpoint(diagnosis, listener->family, listener->address, listener->port);
}

static double interval_seconds(const struct observation *seen)
{
	return (double)seen->changes.elapsed_ns / 1e9;
}

/* PassiveOpens counts connections that enter an accept queue: without any, a full queue gave none away. */
static bool accepted_nothing(const struct observation *seen, const struct listener *listener)
{
	const struct listener *before = listeners_find(&seen->listeners_before, listener);

	return before && is_full(before) && is_full(listener) && lost(seen, listener) > 0 &&
		seen->changes.known.passive_opens && seen->changes.passive_opens == 0;
}

static const char *dropped_text(struct diagnosis *diagnosis, const struct group *group)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t all = seen->changes.known.listen_overflows ? (uint64_t)seen->changes.listen_overflows : 0;
	const char *share = "";

	if (group->dropped == 0)
		return "";
	if (all > group->dropped)
		share = diagnose_text(diagnosis, ", of %s on this host", diagnose_number(diagnosis, all));
	return diagnose_text(diagnosis, ". %s tries to connect were dropped in %s%s%s",
		diagnose_number(diagnosis, group->dropped), diagnose_interval(diagnosis), share,
		accepted_nothing(seen, group->worst) ? ", and nothing was accepted" : "");
}

static const char *queue_text(struct diagnosis *diagnosis, const struct listener *listener)
{
	if (is_full(listener))
		return diagnose_text(diagnosis, "the queue is full: %s connection%s for accept(), and its limit is %s; "
			"whoever comes now is dropped", diagnose_number(diagnosis, listener->queue),
			listener->queue == 1 ? " waits" : "s wait", diagnose_number(diagnosis, listener->backlog));
	if (is_high(listener))
		return diagnose_text(diagnosis, "%s of at most %s connections wait for accept(); with the queue full, "
			"whoever comes is dropped", diagnose_number(diagnosis, listener->queue),
			diagnose_number(diagnosis, listener->backlog));
	return diagnose_text(diagnosis, "the queue, of at most %s connections, was full for a time; now %s wait%s",
		diagnose_number(diagnosis, listener->backlog), diagnose_number(diagnosis, listener->queue),
		listener->queue == 1 ? "s" : "");
}

static bool holds_already(const struct finding *finding, const struct actor *holder)
{
	for (size_t i = 0; i < finding->actors_count; i++)
		if (finding->actors[i].kind == ACTOR_PROCESS && finding->actors[i].pid == holder->pid)
			return true;
	return false;
}

void diagnose_listener_holders(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener)
{
	const struct suspect *suspect = observation_suspect(&diagnosis->seen, SUSPECT_LISTENER, listener->inode);

	for (size_t i = 0; suspect && i < suspect->holders_count && i < HOLDERS_MAX; i++) {
		struct actor holder = suspect->holders[i];
		struct suspect one = { .holders = &holder, .holders_count = 1 };

		/* That it is one listener goes without saying. */
		holder.count = 0;
		if (!holds_already(finding, &holder))
			diagnose_holders(diagnosis, finding, &one, 1);
	}
}

static void add_holders(struct diagnosis *diagnosis, struct finding *finding, const struct group *group, uint64_t left)
{
	enum finding_level level;

	diagnose_listener_holders(diagnosis, finding, group->worst);
	for (size_t i = 0; i < group->count && finding->actors_count <= HOLDERS_MAX; i++)
		if (judge(&diagnosis->seen, &group->first[i], left, &level))
			diagnose_listener_holders(diagnosis, finding, &group->first[i]);
}

static void advise_application(struct diagnosis *diagnosis, struct finding *finding, const struct group *group)
{
	if (group->troubled < group->count)
		diagnose_advise(diagnosis, finding,
			"the others on this address have room, but the kernel spreads connections by a hash, so that "
			"those meant for this one are lost: look for what the one process that does not accept is "
			"busy with");
	if (is_full(group->worst))
		diagnose_advise(diagnosis, finding,
			"see first what the process does instead of accept(): a stack dump (jstack, py-spy dump, gdb "
			"-p, SIGQUIT to a Go or Java program), its processor time, its own limit of connections, and "
			"whether it is out of descriptors. If it hangs, a longer queue only lets more clients wait");
	else
		diagnose_advise(diagnosis, finding,
			"let it accept faster: more workers or threads, several listeners with SO_REUSEPORT, nothing "
			"slow between accept() and the next accept(). A longer queue only buys time: it helps against "
			"bursts");
}

static void report_queue(struct diagnosis *diagnosis, const struct group *group, uint64_t left)
{
	const struct listener *worst = group->worst;
	const char *name = diagnose_listener(diagnosis, worst);
	const char *which = group->count == 1 ? "" : diagnose_text(diagnosis,
		group->troubled == 1 ? "%zu of %zu listeners on this address does not keep up: " :
		"%zu of %zu listeners on this address do not keep up; in the worst, ", group->troubled, group->count);
	struct finding *finding = diagnose_report(diagnosis, FINDING_ACCEPT_QUEUE, group->level, "%s%s%s", which,
		queue_text(diagnosis, worst), dropped_text(diagnosis, group));

	diagnose_subject(diagnosis, finding, "%s", name);
	diagnose_figure(diagnosis, finding, "queue", worst->queue, "sockets");
	diagnose_figure(diagnosis, finding, "backlog", worst->backlog, "sockets");
	diagnose_figure(diagnosis, finding, "share", diagnose_share(worst->queue, worst->backlog), "ratio");
	if (diagnosis->seen.has_interval && worst->has_drops)
		diagnose_figure(diagnosis, finding, "dropped_per_second",
			(double)group->dropped / interval_seconds(&diagnosis->seen), "1/s");
	if (worst->has_drops)
		diagnose_figure(diagnosis, finding, "dropped_ever", (double)group->drops, "segments");
	if (group->count > 1) {
		diagnose_figure(diagnosis, finding, "listeners", (double)group->count, "sockets");
		diagnose_figure(diagnosis, finding, "listeners_troubled", (double)group->troubled, "sockets");
	}
	diagnose_actor(diagnosis, finding, ACTOR_LISTENER, name, 0);
	add_holders(diagnosis, finding, group, left);
	advise_application(diagnosis, finding, group);
	diagnose_advise_backlog(diagnosis, finding, worst);
}

static void note_past(struct diagnosis *diagnosis, const struct group *group)
{
	struct finding *finding = diagnose_report(diagnosis, FINDING_ACCEPT_QUEUE_PAST, FINDING_NOTE,
		"it has lost %s tries to connect since it began to listen, %s; %s wait%s now, and %s may",
		diagnose_number(diagnosis, group->drops),
		diagnosis->seen.has_interval ? "none of them just now" : "when is not known",
		diagnose_number(diagnosis, group->first->queue), group->first->queue == 1 ? "s" : "",
		diagnose_number(diagnosis, group->first->backlog));
	const char *name = diagnose_listener(diagnosis, group->first);

	diagnose_subject(diagnosis, finding, "%s", name);
	diagnose_figure(diagnosis, finding, "dropped_ever", (double)group->drops, "segments");
	diagnose_figure(diagnosis, finding, "queue", group->first->queue, "sockets");
	diagnose_figure(diagnosis, finding, "backlog", group->first->backlog, "sockets");
	diagnose_actor(diagnosis, finding, ACTOR_LISTENER, name, 0);
	diagnose_listener_holders(diagnosis, finding, group->first);
}

/* Where the listener is not known: old kernels, and where the tables of proc have to do. */
static void report_overflows(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct finding *finding;

	if (!seen->changes.known.listen_overflows || seen->changes.listen_overflows == 0)
		return;
	finding = diagnose_report(diagnosis, FINDING_ACCEPT_QUEUE, FINDING_CRITICAL,
		"%s tries to connect were dropped in %s because a queue was full; at which listener could not be seen",
		diagnose_number(diagnosis, (uint64_t)seen->changes.listen_overflows), diagnose_interval(diagnosis));
	diagnose_figure(diagnosis, finding, "dropped_per_second", seen->rates.listen_overflows, "1/s");
	diagnose_advise(diagnosis, finding,
		"compare Recv-Q (waiting) with Send-Q (limit) in \"ss -ltn\", and see what the process of the full "
		"one does instead of accept()");
}

/* ---- limits of another time ---- */

static bool is_worth_a_note(const struct diagnosis *diagnosis, const struct group *group)
{
	return group->troubled == 0 && is_old_limit(group->first, &diagnosis->seen.settings) &&
		(group->drops > 0 || diagnosis->deep);
}

static struct finding *note_old_limit(struct diagnosis *diagnosis, const struct listener *first, size_t count)
{
	uint64_t somaxconn = diagnosis->seen.settings.somaxconn;
	const char *text = "no longer than a default of net.core.somaxconn";
	const char *now = diagnose_number(diagnosis, somaxconn);
	const char *why = "that is the application's own number, or it has not been restarted since somaxconn was "
		"raised";
	struct finding *finding;

	if (count == 1) {
		finding = diagnose_report(diagnosis, FINDING_LISTENER_OLD_LIMIT, FINDING_NOTE,
			"its queue is %s (%u), which is %s now. Either %s", text, (unsigned)first->backlog, now, why);
		diagnose_subject(diagnosis, finding, "%s", diagnose_listener(diagnosis, first));
	} else {
		finding = diagnose_report(diagnosis, FINDING_LISTENER_OLD_LIMIT, FINDING_NOTE,
			"the queues of %zu listeners are %s (128 or 4096), which is %s now. Either %s", count, text,
			now, why);
	}
	diagnose_figure(diagnosis, finding, "listeners", (double)count, "sockets");
	diagnose_figure(diagnosis, finding, "somaxconn", (double)somaxconn, "sockets");
	return finding;
}

static void note_old_limits(struct diagnosis *diagnosis, const struct group groups[], size_t count)
{
	struct finding *finding = NULL;
	size_t noted = 0, listed = 0;

	for (size_t i = 0; i < count; i++)
		noted += is_worth_a_note(diagnosis, &groups[i]);
	for (size_t i = 0; i < count && (listed < NOTES_MAX || diagnosis->deep); i++) {
		const struct listener *listener = groups[i].first;

		if (!is_worth_a_note(diagnosis, &groups[i]))
			continue;
		if (!finding)
			finding = note_old_limit(diagnosis, listener, noted);
		diagnose_actor(diagnosis, finding, ACTOR_LISTENER, diagnose_listener(diagnosis, listener), 0);
		diagnose_listener_holders(diagnosis, finding, listener);
		listed++;
	}
}

/* ---- all of them ---- */

static void note_pasts(struct diagnosis *diagnosis, const struct group groups[], size_t count)
{
	size_t noted = 0;

	for (size_t i = 0; i < count && (noted < NOTES_MAX || diagnosis->deep); i++) {
		bool was_full = groups[i].drops > 0 && groups[i].troubled == 0 && groups[i].dropped == 0;

		/* A flood drops as well. */
		if (!was_full || lost(&diagnosis->seen, groups[i].first) > 0)
			continue;
		note_past(diagnosis, &groups[i]);
		noted++;
	}
}

static void run_listeners(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct group *groups;
	uint64_t left;
	size_t count = 0, reported = 0;
	bool knows_drops = can_judge(seen);

	groups = arena_alloc(diagnosis->arena, (seen->listeners.count + 1) * sizeof(*groups));
	diagnosis->failed |= !groups;
	left = can_judge(seen) ? overflows_left(seen) : 0;
	for (size_t i = 0; groups && can_judge(seen) && i < seen->listeners.count; i += groups[count++].count) {
		judge_group(seen, left, i, &groups[count]);
		knows_drops &= groups[count].first->has_drops;
		if (groups[count].troubled == 0)
			continue;
		report_queue(diagnosis, &groups[count], left);
		reported++;
	}
	if (!knows_drops && reported == 0)
		report_overflows(diagnosis);
	if (!groups)
		return;
	note_pasts(diagnosis, groups, count);
	note_old_limits(diagnosis, groups, count);
}

void diagnose_suspect_listener(struct diagnosis *diagnosis, const struct listener *listener)
{
	if (listener->inode && !observation_suspect(&diagnosis->seen, SUSPECT_LISTENER, listener->inode))
		diagnose_suspect(diagnosis, SUSPECT_LISTENER, listener->inode, &listener->inode, 1, 1);
}

static void suspect_listeners(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t left = can_judge(seen) ? overflows_left(seen) : 0;
	enum finding_level level;

	for (size_t i = 0; can_judge(seen) && i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];
		bool is_old = is_old_limit(listener, &seen->settings) && (listener->drops > 0 || diagnosis->deep);

		if (is_old || judge(seen, listener, left, &level))
			diagnose_suspect_listener(diagnosis, listener);
	}
}

const struct diagnose_check diagnose_listeners = { suspect_listeners, run_listeners };
