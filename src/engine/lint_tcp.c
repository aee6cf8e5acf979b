/* SPDX-License-Identifier: MIT */
/* Checks of what TCP makes of a value. */
#include "engine/lint_check.h"

#include <inttypes.h>
#include <string.h>

#define TIMESTAMPS "net/ipv4/tcp_timestamps"
#define SYNCOOKIES "net/ipv4/tcp_syncookies"

/* ---- TIME_WAIT and what is taken for it ---- */

void lint_fin_timeout(struct lint *lint)
{
	uint64_t seconds;

	if (!lint_target_number(lint, 0, &seconds) || seconds >= 60)
		return;
	lint_report(lint,
		"tcp_fin_timeout does not shorten TIME_WAIT, which lasts 60 s whatever is set: it is how long a "
		"closed socket waits in FIN_WAIT_2 for the other side to close");
	lint_hint(lint, "leave it at 60, unless sockets pile up in FIN_WAIT_2 (ss -tan state fin-wait-2)");
}

void lint_fin_timeout_doubled(struct lint *lint)
{
	uint64_t seconds;

	if (!lint_target_number(lint, 0, &seconds) || seconds <= 60 || seconds >= 120)
		return;
	lint_report(lint, "from 61 to 119 the kernel waits twice what is above 60: %" PRIu64 " means %" PRIu64 " s",
		seconds, 2 * (seconds - 60));
	lint_hint(lint, "write at most 60, or at least 120");
}

void lint_tw_reuse(struct lint *lint)
{
	uint64_t mode;

	if (!lint_target_number(lint, 0, &mode) || mode != 1)
		return;
	lint_report(lint,
		"tcp_tw_reuse is for outgoing connections, and needs timestamps at both ends: connect() may take "
		"over a port that has been in TIME_WAIT for a second; it does nothing for accepted connections, "
		"and "
		"the number of sockets in TIME_WAIT does not fall");
	lint_hint(lint, "keep it where this host opens many connections to few addresses; elsewhere leave it out");
}

void lint_tw_reuse_without_timestamps(struct lint *lint)
{
	const struct setting *timestamps = lint_setting(lint, TIMESTAMPS);
	uint64_t mode, state;

	if (!lint_target_number(lint, 0, &mode) || mode == 0 || !lint_number(lint, TIMESTAMPS, 0, &state) || state != 0)
		return;
	lint_report(lint, "tcp_tw_reuse does nothing while tcp_timestamps is 0");
	if (timestamps)
		lint_also(lint, timestamps, "switched off here");
	lint_hint(lint, "%s", lint_line(lint, TIMESTAMPS, "1"));
}

void lint_tw_recycle(struct lint *lint)
{
	uint64_t mode;

	if (!lint_target_number(lint, 0, &mode) || mode == 0)
		return;
	lint_report(lint,
		"tcp_tw_recycle drops connections of clients behind NAT, and since 4.10 of any client; it was "
		"removed in 4.12");
	lint_hint(lint, "leave it out");
}

void lint_tw_buckets_lowered(struct lint *lint)
{
	uint64_t target, live;

	if (!lint_target_number(lint, 0, &target) || !lint_live_number(lint, lint->setting->path, 0, &live) ||
		target >= live)
		return;
	lint_report(lint,
		"this lowers tcp_max_tw_buckets from %" PRIu64
		": beyond it TIME_WAIT is cut short, and late segments "
		"can reach a new connection; the memory saved is 256 bytes each",
		live);
	lint_hint(lint, "leave it, or raise it: the kernel's documentation says not to lower it");
}

/* ---- accepting ---- */

void lint_syn_backlog(struct lint *lint)
{
	const struct setting *cookies = lint_setting(lint, SYNCOOKIES);
	uint64_t mode;

	if (lint_release_before(lint, "4.3") || !lint_number(lint, SYNCOOKIES, 0, &mode) || mode == 0)
		return;
	lint_report(lint, "tcp_max_syn_backlog is not consulted while tcp_syncookies is on: half-open connections "
			  "are limited "
			  "by the listener's backlog, which somaxconn bounds");
	if (cookies)
		lint_also(lint, cookies, "switched on here");
	lint_hint(lint, "raise the backlog of the program and net.core.somaxconn instead");
}

void lint_syncookies_off(struct lint *lint)
{
	uint64_t mode;

	if (!lint_target_number(lint, 0, &mode) || mode != 0)
		return;
	lint_report(lint, "without SYN cookies a flood of SYNs keeps honest clients out");
	lint_hint(lint, "%s", lint_line(lint, SYNCOOKIES, "1"));
}

void lint_syncookies_always(struct lint *lint)
{
	uint64_t mode;

	if (!lint_target_number(lint, 0, &mode) || mode != 2)
		return;
	lint_report(lint,
		"2 sends cookies always, which is for tests: connections lose options such as window scaling where "
		"timestamps are missing");
	lint_hint(lint, "%s", lint_line(lint, SYNCOOKIES, "1"));
}

/* The last SYN goes out after 2^n - 1 seconds and is waited for until twice that. */
static uint64_t retry_seconds(uint64_t retries)
{
	return (UINT64_C(2) << retries) - 1;
}

void lint_syn_retries(struct lint *lint)
{
	uint64_t retries;

	if (!lint_target_number(lint, 0, &retries) || retries >= 3)
		return;
	lint_report(lint, "connect() gives up after %" PRIu64 " s: a few lost packets look like an outage",
		retry_seconds(retries));
	lint_hint(lint, "3 or more (the default is 6); a connect timeout of the program is the better way");
}

void lint_synack_retries(struct lint *lint)
{
	uint64_t retries;

	if (!lint_target_number(lint, 0, &retries) || retries >= 3)
		return;
	lint_report(lint,
		"a half-open connection is given up after %" PRIu64 " s: clients on bad links fail to connect",
		retry_seconds(retries));
	lint_hint(lint, "3 or more (the default is 5); against floods tcp_syncookies helps");
}

/* ---- options on the wire ---- */

static bool switches_off(struct lint *lint)
{
	uint64_t mode;

	return lint_target_number(lint, 0, &mode) && mode == 0;
}

void lint_timestamps_off(struct lint *lint)
{
	if (!switches_off(lint))
		return;
	lint_report(lint,
		"without timestamps there is no tcp_tw_reuse, no protection against old segments on fast links, "
		"and SYN cookies lose window scaling and SACK; what it saves is 12 bytes a packet");
	lint_hint(lint, "%s", lint_line(lint, TIMESTAMPS, "1"));
}

void lint_window_scaling_off(struct lint *lint)
{
	if (!switches_off(lint))
		return;
	lint_report(lint, "without window scaling a connection carries at most 64 KiB per round trip");
	lint_hint(lint, "%s", lint_line(lint, lint->setting->path, "1"));
}

void lint_sack_off(struct lint *lint)
{
	if (!switches_off(lint))
		return;
	lint_report(lint, "without selective acknowledgements a few lost packets cost many to be sent again");
	lint_hint(lint, "%s", lint_line(lint, lint->setting->path, "1"));
}

/* ---- keepalive ---- */

/* Reported at the interval, or at the number where only that is set. */
void lint_keepalive_impatient(struct lint *lint)
{
	static const char interval[] = "net/ipv4/tcp_keepalive_intvl", probes[] = "net/ipv4/tcp_keepalive_probes";
	uint64_t seconds, count;

	if (strcmp(lint->setting->path, probes) == 0 && lint_setting(lint, interval))
		return;
	if (!lint_number(lint, interval, 0, &seconds) || !lint_number(lint, probes, 0, &count) || seconds > 60 ||
		count > 60 || seconds * count >= 60)
		return;
	lint_report(lint,
		"keepalive gives a connection up after %" PRIu64 " probes in %" PRIu64
		" s: an outage of that length cuts "
		"every idle connection that uses it",
		count, seconds * count);
	lint_hint(lint, "let tcp_keepalive_intvl times tcp_keepalive_probes be a minute or more");
}

/* ---- queueing disciplines ---- */

void lint_bbr_without_pacing(struct lint *lint)
{
	static const char qdisc_path[] = "net/core/default_qdisc";
	const struct setting *setting = lint_setting(lint, qdisc_path);
	struct value qdisc;

	if (!lint->target.bytes || !value_equal(VALUE_STRING, lint->target, value_of("bbr")) ||
		!lint_release_before(lint, "4.13"))
		return;
	if (setting)
		qdisc = setting->value;
	else if (!lint_live(lint, qdisc_path, &qdisc))
		return;
	if (value_equal(VALUE_STRING, value_trimmed(qdisc), value_of("fq")))
		return;
	lint_report(lint, "before Linux 4.13 bbr relies on the qdisc fq for pacing");
	lint_hint(lint, "%s", lint_line(lint, qdisc_path, "fq"));
}

void lint_noqueue(struct lint *lint)
{
	if (!lint->target.bytes || !value_equal(VALUE_STRING, lint->target, value_of("noqueue")))
		return;
	lint_report(lint, "noqueue drops what an interface cannot send at once: it is for virtual interfaces");
	lint_hint(lint, "fq for servers, fq_codel for routers");
}
