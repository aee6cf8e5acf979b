/* SPDX-License-Identifier: MIT */
/* Local ports toward destinations.
 *
 * connect(2) needs a port that no other socket with the same source, destination and destination port has. It tries the
 * ports of one parity first, and is fast until half of the range is taken; from then on every call walks over the taken
 * half (__inet_hash_connect(); measured on 6.18: 15 us at 25 %, 26 us at 50 %, 3.9 ms at 60 %). */
#include "engine/diagnose_check.h"
#include "engine/port_use.h"

#include <netinet/tcp.h>

#define PORTS_NOTE 0.4
#define PORTS_WARNING 0.5
#define PORTS_CRITICAL 0.8
#define LIMIT_WARNING 0.75
#define LIMIT_CRITICAL 0.95

enum { TIME_WAIT_MANY = 10000 };	/* from where people ask about it */

/* ---- what is said ---- */

static const char *route_text(struct diagnosis *diagnosis, const struct destination *destination)
{
	return diagnose_text(diagnosis, "%s to %s",
		diagnose_address(diagnosis, destination->family, destination->source),
		diagnose_endpoint(diagnosis, destination->family, destination->address, destination->port));
}

/* Some hosts have a wide range with another beginning or end: that is no trouble. */
static bool range_is_narrow(const struct tcp_settings *settings)
{
	uint64_t wide = PORTS_WIDE_LAST - PORTS_WIDE_FIRST + 1;

	return (settings->port_last - settings->port_first + 1) * 10 < wide * 9;
}

static void advise_ports(struct diagnosis *diagnosis, struct finding *finding, const struct destination *destination)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;
	/* Those that connect() takes again are not what is short. */
	bool is_waiting = !port_use_recycles(settings, destination) &&
		destination->states[TCP_TIME_WAIT] * UINT64_C(2) > destination->seen;

	if (is_waiting)
		diagnose_advise(diagnosis, finding,
			"first let the client keep its connections: nginx \"upstream { keepalive N; }\" with "
			"proxy_http_version 1.1 and an empty Connection header, a connection pool of the HTTP or database "
			"client; or let the server close first, which moves the TIME_WAIT to where ports do not run out");
	else
		diagnose_advise(diagnosis, finding,
			"most of these connections are open: share them (pipelining, HTTP/2, a smaller pool), or close the "
			"idle ones");
	if (is_waiting && settings->known.timestamps && settings->timestamps == 0)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_timestamps",
			"1: without timestamps tcp_tw_reuse does nothing. It is for connections made from then on");
	if (is_waiting && settings->known.tw_reuse && settings->tw_reuse != 1)
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_tw_reuse",
			"1: connect() takes a port again after a second instead of 60; TWRecycled rises");
	if (range_is_narrow(settings))
		diagnose_remedy(diagnosis, finding, "net/ipv4/ip_local_port_range",
			"%d %d: %s ports toward each destination instead of %s; reserve the ports of services first "
			"(ip_local_reserved_ports)", PORTS_WIDE_FIRST, PORTS_WIDE_LAST,
			diagnose_number(diagnosis, PORTS_WIDE_LAST - PORTS_WIDE_FIRST + 1),
			diagnose_number(diagnosis, tcp_settings_usable_ports(settings)));
	diagnose_advise(diagnosis, finding,
		"a second address on either side doubles the ports: several backends or ports of the destination, or "
		"several source addresses (nginx proxy_bind, IP_BIND_ADDRESS_NO_PORT with bind())");
	if (finding->remedies_count > 0)
		diagnose_profile(finding);
}

static void figures_of(struct diagnosis *diagnosis, struct finding *finding, const struct destination *destination,
	uint64_t taken, uint64_t usable)
{
	diagnose_figure(diagnosis, finding, "ports_used", (double)taken, "ports");
	diagnose_figure(diagnosis, finding, "ports_usable", (double)usable, "ports");
	diagnose_figure(diagnosis, finding, "share", diagnose_share(taken, usable), "ratio");
	diagnose_figure(diagnosis, finding, "established", destination->states[TCP_ESTABLISHED], "sockets");
	diagnose_figure(diagnosis, finding, "time_wait", destination->states[TCP_TIME_WAIT], "sockets");
	diagnose_figure(diagnosis, finding, "closed_per_second", port_use_close_rate(destination), "1/s");
}

/* With this rate TIME_WAIT settles at rate times 60 seconds; if that is more than there are ports, they run out. Not where
 * their ports are taken again. */
static void tell_end(struct diagnosis *diagnosis, struct finding *finding, const struct destination *destination,
	uint64_t taken, uint64_t usable)
{
	double rate = port_use_close_rate(destination), leaving = destination->time_wait_ages[DESTINATION_AGES - 1];
	double growth = rate - leaving / DESTINATION_AGE_SECONDS, left;

	if (taken >= usable || growth <= 0 || port_use_recycles(&diagnosis->seen.settings, destination) ||
		rate * TIME_WAIT_SECONDS + destination->states[TCP_ESTABLISHED] < (double)usable)
		return;
	left = (double)(usable - taken) / growth;
	diagnose_figure(diagnosis, finding, "seconds_left", left, "s");
	diagnose_advise(diagnosis, finding, "at this rate the last port is taken in %s", diagnose_duration(diagnosis, left));
}

static void report_ports(struct diagnosis *diagnosis, const struct destination *destination, uint32_t rank,
	uint64_t usable)
{
	uint64_t taken = port_use_taken(&diagnosis->seen.settings, destination);
	double share = diagnose_share(taken, usable);
	enum finding_level level = share >= PORTS_CRITICAL ? FINDING_CRITICAL :
		share >= PORTS_WARNING ? FINDING_WARNING : FINDING_NOTE;
	struct finding *finding = diagnose_report(diagnosis,
		level == FINDING_NOTE ? FINDING_PORTS_HEADROOM : FINDING_EPHEMERAL_PORTS, level,
		"%s of %s local ports toward it are taken (%.0f %%): %s in TIME_WAIT, %s ESTABLISHED%s",
		diagnose_number(diagnosis, taken), diagnose_number(diagnosis, usable), share * 100,
		diagnose_number(diagnosis, destination->states[TCP_TIME_WAIT]),
		diagnose_number(diagnosis, destination->states[TCP_ESTABLISHED]),
		level == FINDING_NOTE ? "; from half on connect() gets slow" :
		taken >= usable ? "; connect() fails with EADDRNOTAVAIL" :
		"; every connect() searches for milliseconds instead of microseconds, and with the last port it fails "
		"with EADDRNOTAVAIL");

	diagnose_subject(diagnosis, finding, "%s", route_text(diagnosis, destination));
	figures_of(diagnosis, finding, destination, taken, usable);
	diagnose_actor(diagnosis, finding, ACTOR_DESTINATION,
		diagnose_endpoint(diagnosis, destination->family, destination->address, destination->port),
		destination->seen);
	diagnose_holders(diagnosis, finding,
		observation_suspect(&diagnosis->seen, SUSPECT_DESTINATION, rank), 3);
	tell_end(diagnosis, finding, destination, taken, usable);
	if (level != FINDING_NOTE)
		advise_ports(diagnosis, finding, destination);
}

/* The heaviest destination is the first; the others can only have fewer, what may have been missed of them included. */
static bool may_reach(const struct destination *destination, double share, uint64_t usable)
{
	return (double)destination->seen + destination->missed >= share * (double)usable;
}

static void check_destinations(struct diagnosis *diagnosis, uint64_t usable)
{
	const struct observation *seen = &diagnosis->seen;

	for (size_t i = 0; i < seen->destinations.count; i++) {
		const struct destination *destination = seen->ranked[i];

		if (!may_reach(destination, PORTS_NOTE, usable))
			break;
		if ((double)port_use_taken(&seen->settings, destination) >= PORTS_NOTE * (double)usable)
			report_ports(diagnosis, destination, (uint32_t)i, usable);
	}
}

static void suspect_ports(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t usable = tcp_settings_usable_ports(&seen->settings);

	for (size_t i = 0; usable && seen->has_destinations && i < seen->destinations.count; i++) {
		if (!may_reach(seen->ranked[i], PORTS_NOTE, usable))
			break;
		if ((double)port_use_taken(&seen->settings, seen->ranked[i]) >= PORTS_NOTE * (double)usable)
			diagnose_suspect_destination(diagnosis, (uint32_t)i);
	}
}

/* ---- TIME_WAIT as such ---- */

/* Whether there was something to say. */
static bool check_time_wait_limit(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	double share = diagnose_share(seen->now.tcp_time_waits, seen->now.tcp_time_waits_max);
	bool overflows = seen->changes.known.time_wait_overflows && seen->changes.time_wait_overflows > 0;
	struct finding *finding;

	if (!seen->now.known.tcp_time_waits || !seen->now.known.tcp_time_waits_max || (share < LIMIT_WARNING && !overflows))
		return false;
	finding = diagnose_report(diagnosis, FINDING_TIME_WAIT_LIMIT,
		overflows || share >= LIMIT_CRITICAL ? FINDING_CRITICAL : FINDING_WARNING,
		"%s of at most %s sockets wait (TIME_WAIT, and FIN_WAIT2 without a process)%s",
		diagnose_number(diagnosis, seen->now.tcp_time_waits),
		diagnose_number(diagnosis, seen->now.tcp_time_waits_max),
		overflows ? "; others are closed without TIME_WAIT, so that a late segment can reach the next connection on "
			"the port" : "; beyond it, sockets are closed without TIME_WAIT");
	diagnose_figure(diagnosis, finding, "time_waits", (double)seen->now.tcp_time_waits, "sockets");
	diagnose_figure(diagnosis, finding, "limit", (double)seen->now.tcp_time_waits_max, "sockets");
	diagnose_figure(diagnosis, finding, "share", share, "ratio");
	if (seen->changes.known.time_wait_overflows)
		diagnose_figure(diagnosis, finding, "overflows_per_second", seen->rates.time_wait_overflows, "1/s");
	diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_max_tw_buckets",
		"a higher limit; each takes some 256 bytes of the kernel's memory");
	diagnose_profile(finding);
	diagnose_advise(diagnosis, finding,
		"keep connections open (keep-alive, pools): then there is less to wait for");
	return true;
}

static void note_time_wait(struct diagnosis *diagnosis, uint64_t usable)
{
	const struct observation *seen = &diagnosis->seen;
	const struct destination *busiest = seen->destinations.count ? seen->ranked[0] : NULL;
	uint64_t taken = busiest ? port_use_taken(&seen->settings, busiest) : 0;
	/* They look as if the ports ran out, however few there are. */
	bool is_reusable = busiest && (double)busiest->seen >= PORTS_NOTE * (double)usable;
	struct finding *finding;

	if ((seen->states[TCP_TIME_WAIT] < TIME_WAIT_MANY && !is_reusable) || (double)taken >= PORTS_NOTE * (double)usable)
		return;
	if (is_reusable)
		finding = diagnose_report(diagnosis, FINDING_TIME_WAIT_REUSABLE, FINDING_NOTE,
			"%s TIME_WAIT; %s ports toward %s, but tcp_tw_reuse lets connect() take them again: leave it",
			diagnose_number(diagnosis, seen->states[TCP_TIME_WAIT]), diagnose_number(diagnosis, busiest->seen),
			diagnose_endpoint(diagnosis, busiest->family, busiest->address, busiest->port));
	else if (busiest)
		finding = diagnose_report(diagnosis, FINDING_TIME_WAIT_HARMLESS, FINDING_NOTE,
			"%s TIME_WAIT, %.0f %% of the ports toward the busiest destination (%s): leave it",
			diagnose_number(diagnosis, seen->states[TCP_TIME_WAIT]), diagnose_share(taken, usable) * 100,
			diagnose_endpoint(diagnosis, busiest->family, busiest->address, busiest->port));
	else
		finding = diagnose_report(diagnosis, FINDING_TIME_WAIT_HARMLESS, FINDING_NOTE,
			"%s TIME_WAIT, all of connections that came in, which take no local ports: leave it",
			diagnose_number(diagnosis, seen->states[TCP_TIME_WAIT]));
	diagnose_figure(diagnosis, finding, "time_wait", (double)seen->states[TCP_TIME_WAIT], "sockets");
	diagnose_figure(diagnosis, finding, "share", diagnose_share(taken, usable), "ratio");
}

static void run_ports(struct diagnosis *diagnosis)
{
	uint64_t usable = tcp_settings_usable_ports(&diagnosis->seen.settings);
	bool is_limited = check_time_wait_limit(diagnosis);

	if (!diagnosis->seen.has_destinations || usable == 0)
		return;
	check_destinations(diagnosis, usable);
	if (!is_limited)
		note_time_wait(diagnosis, usable);
}

const struct diagnose_check diagnose_ports = { suspect_ports, run_ports };
