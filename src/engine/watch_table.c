/* SPDX-License-Identifier: MIT */
/* What watch watches: one row for each figure, with the levels of its alarm. */
#include "engine/watch.h"

#include "base/cleanup.h"

#include <math.h>
#include <netinet/tcp.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* ---- figures that are a counter ---- */

#define GAUGE(member)                                                                             \
	static double member(const struct watch_sample *sample)                                   \
	{                                                                                         \
		return sample->now.known.member ? (double)sample->now.member : NAN;               \
	}
#define RATE(member)                                                                              \
	static double member(const struct watch_sample *sample)                                   \
	{                                                                                         \
		return sample->rates.known.member ? sample->rates.member : NAN;                   \
	}
/* A level against its limit. */
#define SHARE(name, member, limit)                                                                \
	static double name(const struct watch_sample *sample)                                     \
	{                                                                                         \
		bool known = sample->now.known.member && sample->now.known.limit;                 \
                                                                                                  \
		return known && sample->now.limit > 0 ?                                           \
			(double)sample->now.member / (double)sample->now.limit : NAN;             \
	}

RATE(active_opens)
RATE(passive_opens)
RATE(attempt_failures)
RATE(listen_overflows)
RATE(time_wait_overflows)
RATE(aborts_on_memory)
GAUGE(tcp_orphans)
GAUGE(tcp_memory_pages)
GAUGE(conntrack_count)
GAUGE(files)
SHARE(time_wait_fill, tcp_time_waits, tcp_time_waits_max)
SHARE(orphans_fill, tcp_orphans, tcp_orphans_max)
SHARE(memory_of_pressure, tcp_memory_pages, tcp_memory_pressure_pages)
SHARE(memory_of_max, tcp_memory_pages, tcp_memory_max_pages)
SHARE(conntrack_fill, conntrack_count, conntrack_max)
SHARE(files_fill, files, files_max)

/* ---- figures that are put together ---- */

static double state(const struct watch_sample *sample, unsigned number)
{
	return sample->has_states ? (double)socket_counts_of(&sample->states, number) : NAN;
}

/* What is not known adds nothing: CurrEstab is known before CLOSE_WAIT is. */
static double less(double whole, double part)
{
	return isnan(part) ? whole : whole > part ? whole - part : whole * 0;
}

static double established(const struct watch_sample *sample)
{
	return sample->now.known.established ?
		less((double)sample->now.established, state(sample, TCP_CLOSE_WAIT)) : NAN;
}

static double time_wait(const struct watch_sample *sample)
{
	return sample->now.known.tcp_time_waits ? less((double)sample->now.tcp_time_waits,
		sample->has_states ? (double)sample->states.fin_wait2_small : NAN) : NAN;
}

static double close_wait(const struct watch_sample *sample)
{
	return state(sample, TCP_CLOSE_WAIT);
}

static double syn_recv(const struct watch_sample *sample)
{
	return state(sample, TCP_SYN_RECV);
}

static double fin_wait2(const struct watch_sample *sample)
{
	return state(sample, TCP_FIN_WAIT2);
}

/* A process that forgets to close leaves nothing unread; one that hangs does. */
static double close_wait_leaked(const struct watch_sample *sample)
{
	if (!sample->has_states)
		return NAN;
	return 2 * sample->close_wait_unread > sample->close_wait_old ? 0 : (double)sample->close_wait_old;
}

static double close_wait_stalled(const struct watch_sample *sample)
{
	if (!sample->has_states)
		return NAN;
	return 2 * sample->close_wait_unread > sample->close_wait_old ? (double)sample->close_wait_old : 0;
}

static double accept_queue(const struct watch_sample *sample)
{
	return sample->fill;
}

/* Of kernels that count only one of some, that one. */
static double sum(const struct watch_sample *sample, const int counters[], size_t count)
{
	double total = 0;
	bool is_known = false;

	for (size_t i = 0; i < count; i++) {
		is_known |= sample->rates.known_at[counters[i]];
		total += sample->rates.at[counters[i]];
	}
	return is_known ? total : NAN;
}

#define INDEX(member) (int)((offsetof(struct counters, member) - offsetof(struct counters, at)) / sizeof(uint64_t))

/* tcp_conn_request() in net/ipv4/tcp_input.c: with tcp_syncookies 2 every SYN is answered by a cookie, and counted as
 * one that met a full queue; with 0, those beyond three quarters of tcp_max_syn_backlog are dropped without being
 * counted apart. */
static double syn_queue_full(const struct watch_sample *sample)
{
	static const int counters[] = { INDEX(request_queue_cookies), INDEX(request_queue_drops) };
	double full = sum(sample, counters, COUNT_OF(counters));
	double drops = sample->rates.listen_drops - sample->rates.listen_overflows;

	if (isnan(full) || !sample->has_syncookies)
		return full;
	return sample->syncookies == 2 ? 0 : sample->syncookies == 0 && drops > full ? drops : full;
}

enum { WAITING_LEAST = 16 };	/* of fewer half-open connections nothing can be said */

/* Real clients send their cookie back; where there are no cookies, they answer the first SYN-ACK. */
static bool is_answered(const struct watch_sample *sample)
{
	uint64_t waiting = sample->has_states ? socket_counts_of(&sample->states, TCP_SYN_RECV) : 0;

	if (sample->rates.syncookies_sent > 0)
		return sample->rates.syncookies_received >= sample->rates.syncookies_sent / 2;
	return waiting < WAITING_LEAST || 2 * sample->syn_recv_unanswered < waiting;
}

static double syn_flood(const struct watch_sample *sample)
{
	return is_answered(sample) ? syn_queue_full(sample) * 0 : syn_queue_full(sample);
}

static double syn_burst(const struct watch_sample *sample)
{
	return is_answered(sample) ? syn_queue_full(sample) : syn_queue_full(sample) * 0;
}

static double conntrack_drops(const struct watch_sample *sample)
{
	static const int counters[] = { INDEX(conntrack_drops), INDEX(conntrack_early_drops) };

	return sum(sample, counters, COUNT_OF(counters));
}

static double receive_drops(const struct watch_sample *sample)
{
	static const int counters[] = { INDEX(receive_pruned), INDEX(out_of_order_pruned), INDEX(receive_queue_drops),
		INDEX(backlog_drops) };

	return sum(sample, counters, COUNT_OF(counters));
}

/* Of the last minute, once that was a thousand segments. */
static double retransmissions(const struct watch_sample *sample)
{
	double out = sample->segments_out.mean, seconds = (double)sample->segments_out.covered_ns / 1e9;

	return out * seconds >= 1000 ? sample->segments_retransmitted.mean / out : NAN;
}

static double resets(const struct watch_sample *sample)
{
	static const int counters[] = { INDEX(established_resets), INDEX(resets_out) };

	return sum(sample, counters, COUNT_OF(counters));
}

static double resets_multiple(const struct watch_sample *sample)
{
	return sample->resets_multiple;
}

/* ---- the table ---- */

/* Least that is not nothing; and the least queue beyond its backlog, which is at most 65535. */
#define ANY 1e-9
#define FULL (1 + 1e-5)
#define NEVER { .enter = INFINITY, .leave = INFINITY }
#define NO_LIMITS { .levels = { NEVER, NEVER }, .down_delay_ns = 10 * SECOND }
#define LEVELS(warning, warning_leave, critical, critical_leave)                                  \
	{ .levels = { { warning, warning_leave, 2 * SECOND }, { critical, critical_leave, 0 } },  \
		.down_delay_ns = 10 * SECOND }
#define WARNS(enter, leave) { .levels = { { enter, leave, 2 * SECOND }, NEVER }, .down_delay_ns = 10 * SECOND }
/* What should not happen at all. Where it does once, it is told for a while. */
#define HAPPENS { .levels = { { ANY, ANY, 0 }, { ANY, ANY, 0 } }, .down_delay_ns = 30 * SECOND }

const struct watch_figure watch_figures[] = {
	{ "established", "ESTABLISHED", "ESTAB", WATCH_COUNT, established, NO_LIMITS, NULL, NULL },
	{ "time_wait", "TIME_WAIT", "TIME_WAIT", WATCH_COUNT, time_wait, NO_LIMITS, NULL, NULL },
	{ "close_wait", "CLOSE_WAIT", "CLOSE_WAIT", WATCH_COUNT, close_wait, NO_LIMITS, NULL, NULL },
	{ "syn_recv", "SYN_RECV", "SYN_RECV", WATCH_COUNT, syn_recv, NO_LIMITS, NULL, NULL },
	{ "fin_wait2", "FIN_WAIT2", "FIN_WAIT2", WATCH_COUNT, fin_wait2, WARNS(500, 400), "fin-wait2-pileup",
		"many connections wait in FIN_WAIT2 for their peer to close" },
	{ "close_wait_leaked", NULL, NULL, WATCH_COUNT, close_wait_leaked, LEVELS(100, 80, 1000, 800), "close-wait-leak",
		"connections that the peer closed over 60 s ago were never closed here" },
	{ "close_wait_stalled", NULL, NULL, WATCH_COUNT, close_wait_stalled, LEVELS(100, 80, 1000, 800),
		"close-wait-stalled", "connections that the peer closed over 60 s ago still have unread data" },
	{ "opened", "opened from here", NULL, WATCH_PER_SECOND, active_opens, NO_LIMITS, NULL, NULL },
	{ "accepted", "accepted here", NULL, WATCH_PER_SECOND, passive_opens, NO_LIMITS, NULL, NULL },
	{ "failed", "failed to open", NULL, WATCH_PER_SECOND, attempt_failures, NO_LIMITS, NULL, NULL },
	{ "resets", "resets", NULL, WATCH_PER_SECOND, resets, NO_LIMITS, NULL, NULL },
	{ "resets_multiple", NULL, NULL, WATCH_MULTIPLE, resets_multiple, WARNS(10, 3), "reset-surge",
		"connections are reset many times as often as in the minute before" },
	{ "retransmissions", "retransmitted, 1 min", NULL, WATCH_SHARE, retransmissions, LEVELS(0.01, 0.008, 0.05, 0.04),
		"retransmissions", "many segments must be sent again" },
	{ "accept_queue", "fullest accept queue", NULL, WATCH_SHARE, accept_queue, LEVELS(0.7, 0.5, FULL, 0.9),
		"accept-queue", "an accept queue fills up: the process does not accept fast enough" },
	{ "listen_overflows", "accept queue overflows", NULL, WATCH_PER_SECOND, listen_overflows, HAPPENS, "accept-queue",
		"connections are dropped because an accept queue is full" },
	{ "syn_queue_full", "SYNs beyond the queue", NULL, WATCH_PER_SECOND, syn_queue_full, NO_LIMITS, NULL, NULL },
	{ "syn_flood", NULL, NULL, WATCH_PER_SECOND, syn_flood,
		/* The answers to the first cookies take a round trip. */
		{ .levels = { { 1, 0.1, 2 * SECOND }, { 1, 0.1, 2 * SECOND } }, .down_delay_ns = 10 * SECOND }, "syn-flood",
		"a queue of half-open connections is full, and their senders do not answer" },
	{ "syn_burst", NULL, NULL, WATCH_PER_SECOND, syn_burst, WARNS(1, 0.1), "syn-burst",
		"a queue of half-open connections is full of clients that do answer" },
	{ "receive_drops", "received data dropped", NULL, WATCH_PER_SECOND, receive_drops,
		{ .levels = { { ANY, ANY, 0 }, NEVER }, .down_delay_ns = 30 * SECOND }, "receive-drops",
		"received data is dropped for want of receive buffer" },
	{ "time_wait_fill", "of tcp_max_tw_buckets", NULL, WATCH_SHARE, time_wait_fill, LEVELS(0.75, 0.7, 0.95, 0.9),
		"time-wait-limit", "TIME_WAIT comes near tcp_max_tw_buckets" },
	{ "time_wait_overflows", NULL, NULL, WATCH_PER_SECOND, time_wait_overflows, HAPPENS, "time-wait-limit",
		"connections skip TIME_WAIT because of tcp_max_tw_buckets" },
	{ "conntrack", "conntrack entries", NULL, WATCH_COUNT, conntrack_count, NO_LIMITS, NULL, NULL },
	{ "conntrack_fill", "of nf_conntrack_max", NULL, WATCH_SHARE, conntrack_fill, LEVELS(0.75, 0.7, 0.9, 0.85),
		"conntrack-full", "the table of tracked connections fills up" },
	{ "conntrack_drops", NULL, NULL, WATCH_PER_SECOND, conntrack_drops, HAPPENS, "conntrack-full",
		"packets are dropped because the table of tracked connections is full" },
	{ "files", "open files", NULL, WATCH_COUNT, files, NO_LIMITS, NULL, NULL },
	{ "files_fill", "of fs.file-max", NULL, WATCH_SHARE, files_fill, LEVELS(0.7, 0.65, 0.9, 0.85), "file-handles",
		"the host runs out of file handles" },
	{ "tcp_memory_pages", "TCP memory, pages", NULL, WATCH_COUNT, tcp_memory_pages, NO_LIMITS, NULL, NULL },
	{ "tcp_memory_pressure", "of tcp_mem pressure", NULL, WATCH_SHARE, memory_of_pressure, WARNS(1, 0.95), "tcp-memory",
		"TCP is under memory pressure" },
	{ "tcp_memory_fill", NULL, NULL, WATCH_SHARE, memory_of_max,
		{ .levels = { { 0.9, 0.85, 0 }, { 0.9, 0.85, 0 } }, .down_delay_ns = 10 * SECOND }, "tcp-memory",
		"TCP has nearly all the memory that tcp_mem gives it" },
	{ "aborts_on_memory", NULL, NULL, WATCH_PER_SECOND, aborts_on_memory, HAPPENS, "tcp-memory",
		"connections are dropped for want of memory or for too many orphans" },
	{ "orphans", "orphans", NULL, WATCH_COUNT, tcp_orphans, NO_LIMITS, NULL, NULL },
	{ "orphans_fill", NULL, NULL, WATCH_SHARE, orphans_fill, LEVELS(0.25, 0.2, 0.5, 0.45), "orphans",
		"many closed connections still have data to send" },
};
const size_t watch_figures_count = COUNT_OF(watch_figures);
_Static_assert(COUNT_OF(watch_figures) <= WATCH_FIGURES_MAX, "room for all");

int watch_figure_find(const char *name)
{
	for (size_t i = 0; i < watch_figures_count; i++)
		if (strcmp(watch_figures[i].name, name) == 0)
			return (int)i;
	return -1;
}
