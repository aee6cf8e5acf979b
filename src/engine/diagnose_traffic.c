/* SPDX-License-Identifier: MIT */
/* Segments that get lost on the way, and data that is dropped here for want of room.
 *
 * A receiver that reads slowly loses nothing: it closes its window, and the sender waits (TCPToZeroWindowAdv; measured:
 * of five slow readers over loopback none made the kernel drop a byte, and one had its buffer tidied, PruneCalled).
 * Data is dropped where it comes in spite of that: many small segments, each of which takes more memory than it has
 * data, out of order, or while TCP's memory is short. So only drops are a finding. */
#include "engine/diagnose_check.h"

#define LOSS_WARNING 0.01
#define LOSS_CRITICAL 0.05

enum {
	/* With fewer, a ratio says nothing. */
	SEGMENTS_LEAST = 1000,
	RETRANSMITS_LEAST = 20,
};

static uint64_t rise(bool is_known, int64_t change)
{
	return is_known && change > 0 ? (uint64_t)change : 0;
}

#define RISE(seen, counter) rise((seen)->changes.known.counter, (seen)->changes.counter)

/* ---- loss on the way ---- */

/* SYNs and SYN-ACKs that were sent again count in RetransSegs too, and tell of somebody who does not answer, not of
 * loss. */
static uint64_t data_retransmits(const struct observation *seen)
{
	uint64_t all = RISE(seen, segments_retransmitted), handshakes = RISE(seen, syn_retransmits);

	return all > handshakes ? all - handshakes : 0;
}

static void retransmission_figures(struct diagnosis *diagnosis, struct finding *finding, double ratio)
{
	const struct observation *seen = &diagnosis->seen;

	diagnose_figure(diagnosis, finding, "ratio", ratio, "ratio");
	diagnose_figure(diagnosis, finding, "segments_per_second", seen->rates.segments_out, "1/s");
	diagnose_figure(diagnosis, finding, "retransmitted", (double)data_retransmits(seen), "segments");
	if (seen->changes.known.syn_retransmits)
		diagnose_figure(diagnosis, finding, "handshakes_retransmitted", (double)RISE(seen, syn_retransmits),
			"segments");
	if (seen->changes.known.timeouts)
		diagnose_figure(diagnosis, finding, "timeouts", (double)RISE(seen, timeouts), "count");
	if (seen->changes.known.softnet_drops)
		diagnose_figure(diagnosis, finding, "softnet_drops", (double)RISE(seen, softnet_drops), "packets");
}

static void check_retransmissions(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t sent = RISE(seen, segments_out), again = data_retransmits(seen);
	double ratio = diagnose_share(again, sent);
	struct finding *finding;

	if (sent < SEGMENTS_LEAST || again < RETRANSMITS_LEAST || ratio < LOSS_WARNING)
		return;
	finding = diagnose_report(diagnosis, FINDING_RETRANSMISSIONS,
		ratio >= LOSS_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%.1f %% of what was sent had to be sent again: %s of %s segments", ratio * 100,
		diagnose_number(diagnosis, again), diagnose_number(diagnosis, sent));
	retransmission_figures(diagnosis, finding, ratio);
	diagnose_advise(diagnosis, finding,
		"find where it gets lost: \"ss -tin\" shows retrans for each peer; if they share a link, \"ip -s link\" and "
		"\"ethtool -S\" show its drops and errors, a ping of full size with -M do its MTU");
	diagnose_advise(diagnosis, finding,
		"a rate limit on the way (a policer, tc, the quota of a cloud instance) drops what exceeds it: send less, or "
		"shape it here");
	if (RISE(seen, softnet_drops) > 0)
		diagnose_advise(diagnosis, finding,
			"this host also drops what it receives (softnet): spread it over processors (RSS, RPS), or raise "
			"net.core.netdev_max_backlog on the host");
}

/* ---- drops for want of room ---- */

/* What finds no room counts twice: when tidying the buffer does not help (RcvPruned, tcp_prune_queue()), and as it is
 * dropped for that (TCPRcvQDrop, TCPOFODrop, which kernels before 4.16 have not). */
static uint64_t receive_drops(const struct observation *seen)
{
	uint64_t tidied = RISE(seen, receive_pruned);
	uint64_t dropped = RISE(seen, receive_queue_drops) + RISE(seen, out_of_order_drops);

	return (tidied > dropped ? tidied : dropped) + RISE(seen, out_of_order_pruned) + RISE(seen, backlog_drops);
}

static void receive_figures(struct diagnosis *diagnosis, struct finding *finding)
{
	const struct observation *seen = &diagnosis->seen;
	const struct {
		const char *name;
		uint64_t rise;
	} figures[] = {
		{ "receive_pruned", RISE(seen, receive_pruned) },
		{ "out_of_order_pruned", RISE(seen, out_of_order_pruned) },
		{ "receive_queue_drops", RISE(seen, receive_queue_drops) },
		{ "out_of_order_drops", RISE(seen, out_of_order_drops) },
		{ "backlog_drops", RISE(seen, backlog_drops) },
		{ "zero_window_drops", RISE(seen, zero_window_drops) },
		{ "windows_closed", RISE(seen, windows_closed) },
		{ "prune_called", RISE(seen, prune_called) },
	};

	for (size_t i = 0; i < COUNT_OF(figures); i++)
		if (figures[i].rise > 0)
			diagnose_figure(diagnosis, finding, figures[i].name, (double)figures[i].rise, "count");
}

static bool is_short_of_memory(const struct observation *seen)
{
	return RISE(seen, memory_pressures) > 0 || (seen->now.known.tcp_memory_pages &&
		seen->now.known.tcp_memory_pressure_pages &&
		seen->now.tcp_memory_pages >= seen->now.tcp_memory_pressure_pages);
}

static void relieve_receive(struct diagnosis *diagnosis, struct finding *finding)
{
	const struct observation *seen = &diagnosis->seen;

	if (RISE(seen, windows_closed) > 0)
		diagnose_advise(diagnosis, finding,
			"windows were closed as well: a process reads too slowly, and a larger buffer only delays that. \"ss -tn\" "
			"shows whose Recv-Q is long");
	if (RISE(seen, backlog_drops) > 0)
		diagnose_advise(diagnosis, finding,
			"the backlog of a socket is what comes while its process is inside a call on it: a busy processor, or "
			"a burst larger than its buffers");
	if (is_short_of_memory(seen) && seen->in_netns)
		diagnose_advise(diagnosis, finding, "TCP is short of memory, which tcp_mem bounds on the host");
	else if (is_short_of_memory(seen))
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_mem",
			"pages: TCP as a whole is short of memory, and no buffer can grow");
	else if (RISE(seen, windows_closed) == 0)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_rmem",
			"a larger maximum, the third number, where the program does not set SO_RCVBUF: buffers grow up to it, and "
			"data is no longer dropped");
	diagnose_advise(diagnosis, finding,
		"a program that sets SO_RCVBUF has a fixed buffer, at most net.core.rmem_max, which no tcp_rmem enlarges");
	if (finding->remedies_count > 0)
		diagnose_profile(finding);
}

static void check_receive(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t drops = receive_drops(seen);
	struct finding *finding;

	if (drops == 0)
		return;
	finding = diagnose_report(diagnosis, FINDING_RECEIVE_DROPS, FINDING_WARNING,
		"received data was dropped %s time%s in %s because a buffer was full; it has to be sent again",
		diagnose_number(diagnosis, drops), drops == 1 ? "" : "s",
		diagnose_duration(diagnosis, (double)seen->changes.elapsed_ns / 1e9));
	receive_figures(diagnosis, finding);
	relieve_receive(diagnosis, finding);
}

static void run_traffic(struct diagnosis *diagnosis)
{
	check_retransmissions(diagnosis);
	check_receive(diagnosis);
}

const struct diagnose_check diagnose_traffic = { NULL, run_traffic };
