/* SPDX-License-Identifier: MIT */
/* Half-open connections: a SYN flood, or clients that are real.
 *
 * SYN_RECV of a listener is limited by its backlog, min(listen(), somaxconn), and with tcp_syncookies 0 by three
 * quarters of tcp_max_syn_backlog besides (tcp_conn_request() in net/ipv4/tcp_input.c; measured on 6.18: with cookies
 * tcp_max_syn_backlog changes nothing). When it is full, the kernel answers with cookies, which take no memory, or
 * drops.
 *
 * Whether the senders are real shows in two ways: those that wait had their SYN-ACK sent again after a second because
 * nobody answered it, and a cookie comes back or does not. */
#include "engine/diagnose_check.h"

#include <netinet/tcp.h>
#include <string.h>

#define QUEUE_FULL 0.7
/* Of those that wait, and of the cookies that were sent. */
#define UNANSWERED_FLOOD 0.5
#define UNANSWERED_REAL 0.2
#define RETURNED_FLOOD 0.2
#define RETURNED_REAL 0.5

enum {
	PRESSURE_PER_SECOND = 1,	/* SYNs that met a full queue */
	/* Of fewer half-open connections, or cookies, nothing can be said. */
	WAITING_LEAST = 16,
	COOKIES_LEAST = 10,
	WAITING_MANY = 1000,
	LISTENERS_SHOWN = 4,
	PORTS_SHOWN = 16,
	SYNACK_RETRIES_FEW = 2,
};

/* ---- the queue of a port ---- */

struct queue {
	uint16_t port;
	uint64_t waiting, unanswered;
	uint64_t limit;		/* 0: not known */
	double share;
};

static uint64_t limit_of(const struct tcp_settings *settings, const struct listener *listener)
{
	uint64_t limit = listener->backlog, without_cookies = settings->syn_backlog / 4 * 3;

	if (settings->known.syncookies && settings->syncookies == 0 && settings->known.syn_backlog &&
		without_cookies < limit)
		limit = without_cookies;
	return limit;
}

/* The highest of its addresses, each with all the listeners that share it (SO_REUSEPORT): which address the half-open
 * connections are of, is not told. */
static uint64_t limit_of_port(const struct observation *seen, uint16_t port)
{
	const struct listener *last = NULL;
	uint64_t limit = 0, sum = 0;

	for (size_t i = 0; seen->listeners.has_backlog && i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];

		if (listener->port != port)
			continue;
		if (!last || last->family != listener->family ||
			memcmp(last->address, listener->address, sizeof(last->address)) != 0)
			sum = 0;
		sum += limit_of(&seen->settings, listener);
		limit = sum > limit ? sum : limit;
		last = listener;
	}
	return limit;
}

static struct queue queue_of(const struct observation *seen, const struct service *service)
{
	struct queue queue = {
		.port = service->port, .waiting = service->states[TCP_SYN_RECV], .unanswered = service->unanswered,
	};

	if (queue.waiting > 0)
		queue.limit = limit_of_port(seen, service->port);
	queue.share = diagnose_share(queue.waiting, queue.limit);
	return queue;
}

static bool is_full(const struct queue *queue, const struct ports *troubled)
{
	return queue->waiting >= WAITING_LEAST && queue->share >= QUEUE_FULL &&
		!ports_contain(troubled, queue->port);
}

/* ---- all of the host ---- */

/* With tcp_syncookies 2 everybody gets a cookie, always. */
static bool always_sends_cookies(const struct observation *seen)
{
	return seen->settings.known.syncookies && seen->settings.syncookies == 2;
}

static bool has_cookies(const struct observation *seen)
{
	return seen->settings.known.syncookies && seen->settings.syncookies != 0;
}

/* SYNs a second that met a full queue; without cookies they are dropped, and not all of them are counted apart. */
static double pressure(const struct observation *seen)
{
	double rate = seen->rates.request_queue_cookies + seen->rates.request_queue_drops;
	double drops = seen->rates.listen_drops - seen->rates.listen_overflows;

	if (always_sends_cookies(seen))
		return 0;
	return !has_cookies(seen) && drops > rate ? drops : rate;
}

static bool knows_cookies(const struct observation *seen)
{
	return seen->changes.known.syncookies_sent && seen->changes.known.syncookies_received &&
		seen->changes.syncookies_sent >= COOKIES_LEAST;
}

static double cookies_returned(const struct observation *seen)
{
	return diagnose_share((uint64_t)seen->changes.syncookies_received, (uint64_t)seen->changes.syncookies_sent);
}

static bool cookies_are_lost(const struct observation *seen)
{
	return knows_cookies(seen) && cookies_returned(seen) <= RETURNED_FLOOD;
}

/* ---- who sends ---- */

enum senders { SENDERS_FORGED, SENDERS_REAL, SENDERS_UNSURE };

static enum senders senders_of(const struct observation *seen, const struct queue *queue)
{
	bool has_waiting = queue->waiting >= WAITING_LEAST;
	double unanswered = diagnose_share(queue->unanswered, queue->waiting), returned = cookies_returned(seen);

	if (has_waiting && unanswered >= UNANSWERED_FLOOD)
		return SENDERS_FORGED;
	/* Addresses that exist answer a SYN-ACK that they did not ask for with RST, and leave the queue. */
	if (knows_cookies(seen))
		return returned <= RETURNED_FLOOD ? SENDERS_FORGED :
			returned >= RETURNED_REAL ? SENDERS_REAL : SENDERS_UNSURE;
	/* In its first second a flood looks like that as well. */
	return has_waiting && unanswered <= UNANSWERED_REAL && seen->has_interval ? SENDERS_REAL : SENDERS_UNSURE;
}

/* ---- what is said ---- */

static const char *cookies_text(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;

	if (!knows_cookies(seen))
		return "";
	return diagnose_text(diagnosis, "; of %s cookies that were sent meanwhile %s came back",
		diagnose_number(diagnosis, (uint64_t)seen->changes.syncookies_sent),
		diagnose_number(diagnosis, (uint64_t)seen->changes.syncookies_received));
}

static const char *unanswered_text(struct diagnosis *diagnosis, const struct queue *queue)
{
	if (queue->unanswered == 0)
		return "none of them for longer than a second";
	if (queue->unanswered == queue->waiting)
		return "none of their senders has answered within a second";
	return diagnose_text(diagnosis, "the senders of %s have not answered within a second",
		diagnose_number(diagnosis, queue->unanswered));
}

static const char *waiting_text(struct diagnosis *diagnosis, const struct queue *queue)
{
	if (queue->waiting == 0)
		return diagnose_text(diagnosis, "%s SYNs a second meet a full queue%s",
			diagnose_number(diagnosis, (uint64_t)(pressure(&diagnosis->seen) + 0.5)),
			cookies_text(diagnosis));
	return diagnose_text(diagnosis, "%s half-open connections wait%s; %s%s",
		diagnose_number(diagnosis, queue->waiting),
		queue->limit == 0 ? "" : diagnose_text(diagnosis, ", and the queue holds %s",
			diagnose_number(diagnosis, queue->limit)),
		unanswered_text(diagnosis, queue), cookies_text(diagnosis));
}

static void add_figures(struct diagnosis *diagnosis, struct finding *finding, const struct queue *queue)
{
	const struct observation *seen = &diagnosis->seen;

	diagnose_figure(diagnosis, finding, "syn_recv", (double)queue->waiting, "sockets");
	if (queue->limit > 0) {
		diagnose_figure(diagnosis, finding, "limit", (double)queue->limit, "sockets");
		diagnose_figure(diagnosis, finding, "share", queue->share, "ratio");
	}
	diagnose_figure(diagnosis, finding, "unanswered", (double)queue->unanswered, "sockets");
	if (seen->has_sockets)
		diagnose_figure(diagnosis, finding, "source_networks", (double)seen->half_open.distinct_sources,
			"networks");
	if (!seen->has_interval)
		return;
	diagnose_figure(diagnosis, finding, "queue_full_per_second", pressure(seen), "1/s");
	diagnose_figure(diagnosis, finding, "cookies_sent_per_second", seen->rates.syncookies_sent, "1/s");
	diagnose_figure(diagnosis, finding, "cookies_received_per_second", seen->rates.syncookies_received, "1/s");
	diagnose_figure(diagnosis, finding, "cookies_failed_per_second", seen->rates.syncookies_failed, "1/s");
}

/* The listeners of the port: the first, which stands for them, is what is returned. */
static const struct listener *add_listeners(struct diagnosis *diagnosis, struct finding *finding,
	const struct queue *queue)
{
	const struct observation *seen = &diagnosis->seen;
	const struct listener *first = NULL, *last = NULL;
	size_t shown = 0;

	for (size_t i = 0; i < seen->listeners.count && shown < LISTENERS_SHOWN; i++) {
		const struct listener *listener = &seen->listeners.items[i];

		if (queue->port == 0 || listener->port != queue->port)
			continue;
		if (!last || last->family != listener->family ||
			memcmp(last->address, listener->address, sizeof(last->address)) != 0) {
			diagnose_actor(diagnosis, finding, ACTOR_LISTENER, diagnose_listener(diagnosis, listener), 0);
			shown++;
		}
		first = first ? first : listener;
		last = listener;
	}
	if (first)
		diagnose_listener_holders(diagnosis, finding, first);
	return first;
}

static const char *subject_text(struct diagnosis *diagnosis, const struct queue *queue, const struct listener *listener)
{
	if (!listener)
		return queue->port ? diagnose_text(diagnosis, "port %u", (unsigned)queue->port) : "";
	return diagnose_listener(diagnosis, listener);
}

/* ---- a flood ---- */

static const char *ports_text(struct diagnosis *diagnosis, const struct queue *queue)
{
	const struct observation *seen = &diagnosis->seen;
	const char *text = "";
	uint16_t last = 0;
	size_t count = 0;

	if (queue->port)
		return diagnose_text(diagnosis, "%u", (unsigned)queue->port);
	for (size_t i = 0; i < seen->listeners.count && count < PORTS_SHOWN; i++) {
		uint16_t port = seen->listeners.items[i].port;

		if (port == last)
			continue;
		text = diagnose_text(diagnosis, "%s%s%u", text, text[0] ? ", " : "", (unsigned)port);
		last = port;
		count++;
	}
	return text[0] ? text : "80, 443";
}

/* Checked with nft 1.0.6. A set that is full lets newcomers pass. */
static void add_rules(struct diagnosis *diagnosis, struct finding *finding, const struct queue *queue)
{
	finding->rules = diagnose_text(diagnosis,
		"# At most 20 new connections a second from each network of senders (/24, /64).\n"
		"# Take it away again with: nft delete table inet kerntune_syn\n"
		"table inet kerntune_syn\n"
		"delete table inet kerntune_syn\n"
		"table inet kerntune_syn {\n"
		"\tset senders4 { type ipv4_addr; flags dynamic; timeout 1m; size 65535; }\n"
		"\tset senders6 { type ipv6_addr; flags dynamic; timeout 1m; size 65535; }\n"
		"\tchain prerouting {\n"
		"\t\t# before connection tracking\n"
		"\t\ttype filter hook prerouting priority -310; policy accept;\n"
		"\t\ttcp dport != { %s } accept\n"
		"\t\ttcp flags & (fin | syn | rst | ack) != syn accept\n"
		"\t\tupdate @senders4 { ip saddr & 255.255.255.0 limit rate over 20/second burst 100 packets } "
		"counter drop\n"
		"\t\tupdate @senders6 { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over 20/second "
		"burst 100 packets } counter drop\n"
		"\t}\n"
		"}\n", ports_text(diagnosis, queue));
}

/* Each wait is twice as long as the one before, up to TCP_RTO_MAX (reqsk_timer_handler()). */
static unsigned seconds_until_given_up(uint64_t retries)
{
	enum { LONGEST = 120 };
	unsigned sum = 0;

	for (uint64_t i = 0; i <= retries && i <= UINT8_MAX; i++)
		sum += i < 7 ? 1U << i : LONGEST;
	return sum;
}

static void remedy_flood(struct diagnosis *diagnosis, struct finding *finding)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;

	if (settings->known.syncookies && settings->syncookies == 0)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_syncookies",
			"1, first of all: with a full queue SYNs are answered with cookies, which take no memory, and "
			"real clients get in. It acts at once");
	if (settings->known.synack_retries && settings->synack_retries > SYNACK_RETRIES_FEW)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_synack_retries",
			"2: half-open connections are given up after 7 s instead of %u, those that wait now as "
			"well; put it back afterwards", seconds_until_given_up(settings->synack_retries));
	if (settings->known.timestamps && settings->timestamps == 0)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_timestamps",
			"1: without them a connection made from a cookie has no window scaling and no SACK");
	if (finding->remedies_count > 0)
		diagnose_profile(finding);
}

/* Of those that wait, and so never more than the queue holds. */
static bool are_spread(const struct observation *seen)
{
	return seen->half_open.distinct_sources >= WAITING_LEAST &&
		seen->half_open.distinct_sources * 2 >= seen->states[TCP_SYN_RECV];
}

static void advise_flood(struct diagnosis *diagnosis, struct finding *finding, const struct queue *queue)
{
	const struct observation *seen = &diagnosis->seen;

	if (has_cookies(seen))
		diagnose_advise(diagnosis, finding,
			"cookies are on: real clients still get in, and tcp_max_syn_backlog does nothing (since 4.3). "
			"Leave both");
	if (are_spread(seen))
		diagnose_advise(diagnosis, finding,
			"hardly two of those that wait are from one network (/24, /64): the addresses are forged, and "
			"a limit by sender, as in the rules below, may catch few. Then let the provider or a "
			"scrubbing service filter, or put SYNPROXY in front, which answers with cookies before the "
			"listener and connection tracking see anything");
	else
		diagnose_advise(diagnosis, finding,
			"limit new connections by sender with the rules below%s; SYNPROXY, which answers before the "
			"listener sees anything, is the next step, and a filter at the provider if the line is full",
			seen->half_open.distinct_sources == 0 ? "" : diagnose_text(diagnosis,
				" (those that wait come from %s network%s, /24 or /64)",
				diagnose_number(diagnosis, seen->half_open.distinct_sources),
				seen->half_open.distinct_sources == 1 ? "" : "s"));
	diagnose_advise(diagnosis, finding,
		"a longer backlog does not help: forged SYNs fill any queue");
	remedy_flood(diagnosis, finding);
	add_rules(diagnosis, finding, queue);
}

static void report_flood(struct diagnosis *diagnosis, const struct queue *queue)
{
	struct finding *finding = diagnose_report(diagnosis, FINDING_SYN_FLOOD, FINDING_CRITICAL,
		"%s: a flood, the senders do not answer", waiting_text(diagnosis, queue));

	add_figures(diagnosis, finding, queue);
	diagnose_subject(diagnosis, finding, "%s",
		subject_text(diagnosis, queue, add_listeners(diagnosis, finding, queue)));
	advise_flood(diagnosis, finding, queue);
}

/* ---- real clients ---- */

static void advise_burst(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener)
{
	const struct observation *seen = &diagnosis->seen;

	diagnose_advise(diagnosis, finding,
		has_cookies(seen) ?
		"the backlog is too short for so many clients at a time (their number in a second, times the seconds "
		"of a round trip, must fit). Cookies carry those that do not fit; tcp_max_syn_backlog does nothing "
		"while cookies are on" :
		"the backlog is too short for so many clients at a time (their number in a second, times the seconds "
		"of a round trip, must fit)");
	if (listener)
		diagnose_advise_backlog(diagnosis, finding, listener);
	diagnose_advise(diagnosis, finding,
		"fewer handshakes: keep-alive and connection pools at the clients, or at the load balancer in front");
}

static void report_burst(struct diagnosis *diagnosis, const struct queue *queue, bool is_sure)
{
	struct finding *finding = diagnose_report(diagnosis, FINDING_SYN_BURST, FINDING_WARNING, "%s: %s",
		waiting_text(diagnosis, queue), is_sure ? "clients that are real, more than the queue holds" :
		"whether the clients are real is not clear yet");
	const struct listener *listener = add_listeners(diagnosis, finding, queue);

	add_figures(diagnosis, finding, queue);
	diagnose_subject(diagnosis, finding, "%s", subject_text(diagnosis, queue, listener));
	if (!is_sure)
		diagnose_advise(diagnosis, finding,
			"look again in some seconds%s: if most of them still do not answer, it is a flood",
			diagnosis->seen.has_interval ? "" : ", without --once");
	advise_burst(diagnosis, finding, listener);
}

static void report(struct diagnosis *diagnosis, const struct queue *queue)
{
	enum senders senders = senders_of(&diagnosis->seen, queue);

	if (senders == SENDERS_FORGED)
		report_flood(diagnosis, queue);
	else
		report_burst(diagnosis, queue, senders == SENDERS_REAL);
}

/* ---- all of them ---- */

/* The fullest; *ret_is_explained: a full accept queue has to do with what was seen. */
static struct queue busiest(const struct observation *seen, const struct ports *troubled, bool *ret_is_explained)
{
	struct queue found = { .port = 0 };

	*ret_is_explained = false;
	for (size_t i = 0; i < seen->services_count; i++) {
		struct queue queue = queue_of(seen, &seen->services[i]);

		if (ports_contain(troubled, queue.port))
			*ret_is_explained = true;
		else if (queue.waiting > 0 && queue.share >= found.share)
			found = queue;
	}
	*ret_is_explained |= !seen->has_sockets && ports_count(troubled) > 0;
	return found;
}

/* Queues that were full a moment ago, or that only the counters tell of. */
static size_t check_pressure(struct diagnosis *diagnosis, const struct ports *troubled)
{
	const struct observation *seen = &diagnosis->seen;
	bool is_explained;
	struct queue queue;

	if (pressure(seen) <= PRESSURE_PER_SECOND)
		return 0;
	queue = busiest(seen, troubled, &is_explained);
	/* With a full accept queue a listener drops SYNs instead of sending cookies (tcp_conn_request()): if many are sent
	 * and none comes back, another listener is flooded, perhaps at another address with the same port. */
	if (is_explained && queue.waiting < WAITING_LEAST && !cookies_are_lost(seen))
		return 0;
	report(diagnosis, &queue);
	return 1;
}

/* Every SYN gets a cookie, and nothing waits: only how many come back says something. */
static size_t check_always_cookies(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct queue none = { .port = 0 };

	if (!always_sends_cookies(seen) || !cookies_are_lost(seen) || seen->rates.syncookies_sent <= COOKIES_LEAST)
		return 0;
	report_flood(diagnosis, &none);
	return 1;
}

static void note_many(struct diagnosis *diagnosis, const struct ports *troubled)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t waiting = seen->states[TCP_SYN_RECV];
	struct finding *finding;
	bool is_explained;

	if (waiting < WAITING_MANY)
		return;
	(void)busiest(seen, troubled, &is_explained);
	if (is_explained)
		return;
	finding = diagnose_report(diagnosis, FINDING_SYN_RECV_MANY, FINDING_NOTE,
		"%s half-open connections (SYN_RECV) from some %s networks, and there is room for them; %s did not "
		"answer within a second", diagnose_number(diagnosis, waiting),
		diagnose_number(diagnosis, seen->half_open.distinct_sources),
		diagnose_number(diagnosis, seen->half_open.unanswered));
	diagnose_figure(diagnosis, finding, "syn_recv", (double)waiting, "sockets");
	diagnose_figure(diagnosis, finding, "unanswered", (double)seen->half_open.unanswered, "sockets");
	diagnose_figure(diagnosis, finding, "source_networks", (double)seen->half_open.distinct_sources, "networks");
}

static void run_syn(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct ports troubled;
	size_t reported = 0;

	diagnose_troubled_ports(seen, &troubled);
	for (size_t i = 0; seen->has_sockets && i < seen->services_count; i++) {
		struct queue queue = queue_of(seen, &seen->services[i]);

		if (!is_full(&queue, &troubled))
			continue;
		report(diagnosis, &queue);
		reported++;
	}
	if (reported == 0)
		reported += check_pressure(diagnosis, &troubled);
	if (reported == 0)
		reported += check_always_cookies(diagnosis);
	if (reported == 0)
		note_many(diagnosis, &troubled);
}

static void suspect_port(struct diagnosis *diagnosis, uint16_t port)
{
	const struct listeners *listeners = &diagnosis->seen.listeners;

	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->items[i].port == port) {
			diagnose_suspect_listener(diagnosis, &listeners->items[i]);
			return;
		}
}

static void suspect_syn(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct ports troubled;
	bool is_explained;

	diagnose_troubled_ports(seen, &troubled);
	for (size_t i = 0; i < seen->services_count; i++) {
		struct queue queue = queue_of(seen, &seen->services[i]);

		if (is_full(&queue, &troubled))
			suspect_port(diagnosis, queue.port);
	}
	if (pressure(seen) > PRESSURE_PER_SECOND)
		suspect_port(diagnosis, busiest(seen, &troubled, &is_explained).port);
}

const struct diagnose_check diagnose_syn = { suspect_syn, run_syn };
