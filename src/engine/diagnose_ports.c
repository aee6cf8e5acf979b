/* SPDX-License-Identifier: MIT */
/* Local ports toward destinations.
 *
 * connect(2) needs a port that no other socket with the same source, destination and destination port has. It tries the
 * ports of one parity first, and is fast until half of the range is taken; from then on every call walks over the taken
 * half (__inet_hash_connect(); measured on 6.18: 15 us at 25 %, 26 us at 50 %, 3.9 ms at 60 %). */
#include "engine/diagnose_check.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define PORTS_NOTE 0.4
#define PORTS_WARNING 0.5
#define PORTS_CRITICAL 0.8
#define LIMIT_WARNING 0.75
#define LIMIT_CRITICAL 0.95

enum {
	TIME_WAIT_MANY = 10000,		/* from where people ask about it */
	DEFAULT_REUSE_DELAY_MS = 1000,	/* where there is no tcp_tw_reuse_delay, before 6.14: a second */
};

/* ---- how many ports a destination takes ---- */

static bool is_loopback(const struct destination *destination)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (destination->family == AF_INET6)
		return memcmp(destination->address, loopback6, 16) == 0 || memcmp(destination->source, loopback6, 16) == 0;
	return destination->address[0] == 127 || destination->source[0] == 127;
}

/* Whether connect() takes a port that is in TIME_WAIT toward this destination again (tcp_twsk_unique()). */
static bool reuses(const struct tcp_settings *settings, const struct destination *destination)
{
	if (!settings->known.tw_reuse || (settings->known.timestamps && settings->timestamps == 0))
		return false;
	return settings->tw_reuse == 1 || (settings->tw_reuse == 2 && is_loopback(destination));
}

/* Of those in TIME_WAIT, the ones that are still too young for that; a part of the first age slot. */
static uint64_t too_young(const struct tcp_settings *settings, const struct destination *destination)
{
	uint64_t delay_ms = settings->known.tw_reuse_delay_ms ? settings->tw_reuse_delay_ms : DEFAULT_REUSE_DELAY_MS;
	const uint64_t slot_ms = DESTINATION_AGE_SECONDS * 1000;
	uint64_t young = 0;

	for (size_t i = 0; i < DESTINATION_AGES && delay_ms > 0; i++) {
		uint64_t part = delay_ms < slot_ms ? delay_ms : slot_ms;

		young += destination->time_wait_ages[i] * part / slot_ms;
		delay_ms -= part;
	}
	return young;
}

/* Ports that are not to be had now, the error of the table included. */
static uint64_t ports_taken(const struct tcp_settings *settings, const struct destination *destination)
{
	uint64_t taken = destination->seen;

	if (reuses(settings, destination))
		taken = taken - destination->states[TCP_TIME_WAIT] + too_young(settings, destination);
	return taken;
}

/* Connections closed a second, from the ages of those in TIME_WAIT: no second sample is needed. */
static double close_rate(const struct destination *destination)
{
	return (double)destination->time_wait_ages[0] / DESTINATION_AGE_SECONDS;
}

/* ---- what is said ---- */

static const char *route_text(struct diagnosis *diagnosis, const struct destination *destination)
{
	return diagnose_text(diagnosis, "%s to %s",
		diagnose_address(diagnosis, destination->family, destination->source),
		diagnose_endpoint(diagnosis, destination->family, destination->address, destination->port));
}

static void advise_ports(struct diagnosis *diagnosis, struct finding *finding, const struct destination *destination)
{
	const struct tcp_settings *settings = &diagnosis->seen.settings;
	bool is_waiting = destination->states[TCP_TIME_WAIT] * 2 > destination->seen;

	if (is_waiting)
		diagnose_advise(diagnosis, finding,
			"first let the client keep its connections: nginx \"upstream { keepalive N; }\" with "
			"proxy_http_version 1.1 and an empty Connection header, a connection pool of the HTTP or database "
			"client; or let the server close first, which moves the TIME_WAIT to where ports do not run out");
	else
		diagnose_advise(diagnosis, finding,
			"most of these connections are open: share them (pipelining, HTTP/2, a smaller pool), or close the "
			"idle ones");
	if (is_waiting && settings->known.tw_reuse && settings->tw_reuse != 1) {
		if (settings->known.timestamps && settings->timestamps == 0)
			diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_timestamps",
				"1: without timestamps tcp_tw_reuse does nothing");
		diagnose_remedy(diagnosis, finding, "net/ipv4/tcp_tw_reuse",
			"1: connect() takes a port again after a second instead of 60; TWRecycled rises");
	}
	if (settings->port_first > 10240)
		diagnose_remedy(diagnosis, finding, "net/ipv4/ip_local_port_range",
			"10240 65535: %u ports toward each destination instead of %s; reserve the ports of services "
			"first (ip_local_reserved_ports)", 65535 - 10240 + 1,
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
	diagnose_figure(diagnosis, finding, "closed_per_second", close_rate(destination), "1/s");
}

/* With this rate TIME_WAIT settles at rate times 60 seconds; if that is more than there are ports, they run out. */
static void tell_end(struct diagnosis *diagnosis, struct finding *finding, const struct destination *destination,
	uint64_t taken, uint64_t usable)
{
	double rate = close_rate(destination), leaving = destination->time_wait_ages[DESTINATION_AGES - 1];
	double growth = rate - leaving / DESTINATION_AGE_SECONDS, left;

	if (taken >= usable || growth <= 0 ||
		rate * TIME_WAIT_SECONDS + destination->states[TCP_ESTABLISHED] < (double)usable)
		return;
	left = (double)(usable - taken) / growth;
	diagnose_figure(diagnosis, finding, "seconds_left", left, "s");
	diagnose_advise(diagnosis, finding, "at this rate the last port is taken in %s", diagnose_duration(diagnosis, left));
}

static void report_ports(struct diagnosis *diagnosis, const struct destination *destination, uint32_t rank,
	uint64_t usable)
{
	uint64_t taken = ports_taken(&diagnosis->seen.settings, destination);
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
	if (level == FINDING_NOTE)
		return;
	tell_end(diagnosis, finding, destination, taken, usable);
	advise_ports(diagnosis, finding, destination);
}

/* The heaviest destination is the first; the others can only have fewer. */
static void check_destinations(struct diagnosis *diagnosis, uint64_t usable)
{
	const struct observation *seen = &diagnosis->seen;

	for (size_t i = 0; i < seen->destinations.count; i++) {
		const struct destination *destination = seen->ranked[i];

		if ((double)destination->seen < PORTS_NOTE * (double)usable)
			break;
		if ((double)ports_taken(&seen->settings, destination) >= PORTS_NOTE * (double)usable)
			report_ports(diagnosis, destination, (uint32_t)i, usable);
	}
}

static void suspect_ports(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t usable = tcp_settings_usable_ports(&seen->settings);

	for (size_t i = 0; usable && seen->has_destinations && i < seen->destinations.count; i++) {
		const struct destination *destination = seen->ranked[i];
		size_t count = 0;

		if ((double)destination->seen < PORTS_WARNING * (double)usable)
			break;
		while (count < DESTINATION_INODES && destination->inodes[count])
			count++;
		if (count > 0)
			diagnose_suspect(diagnosis, SUSPECT_DESTINATION, (uint32_t)i, destination->inodes, count, 1);
	}
}

/* ---- TIME_WAIT as such ---- */

static void check_time_wait_limit(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	double share = diagnose_share(seen->now.tcp_time_waits, seen->now.tcp_time_waits_max);
	bool overflows = seen->changes.known.time_wait_overflows && seen->changes.time_wait_overflows > 0;
	struct finding *finding;

	if (!seen->now.known.tcp_time_waits || !seen->now.known.tcp_time_waits_max || (share < LIMIT_WARNING && !overflows))
		return;
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
}

static void note_time_wait(struct diagnosis *diagnosis, uint64_t usable)
{
	const struct observation *seen = &diagnosis->seen;
	const struct destination *busiest = seen->destinations.count ? seen->ranked[0] : NULL;
	uint64_t taken = busiest ? ports_taken(&seen->settings, busiest) : 0;
	struct finding *finding;

	if (seen->states[TCP_TIME_WAIT] < TIME_WAIT_MANY || (double)taken >= PORTS_NOTE * (double)usable)
		return;
	if (busiest && (double)busiest->seen >= PORTS_NOTE * (double)usable)
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

	check_time_wait_limit(diagnosis);
	if (!diagnosis->seen.has_destinations || usable == 0)
		return;
	check_destinations(diagnosis, usable);
	note_time_wait(diagnosis, usable);
}

const struct diagnose_check diagnose_ports = { suspect_ports, run_ports };
