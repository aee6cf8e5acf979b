/* SPDX-License-Identifier: MIT */
/* Connections by service and peer: pools that are missing, too small or leak, surges, and what could not be seen. */
#include "engine/diagnose_check.h"
#include "engine/port_use.h"

#include <netinet/tcp.h>

#define LEAK_IDLE 0.9
#define SURGE_SHARE 0.2

enum {
	CHURN_PER_SECOND = 50,	/* closed toward one destination: fewer are no trouble */
	/* By Little's law a connection lives for open / rate. One that serves a single call lives as long as that call. */
	CHURN_CALL_SECONDS = 1,
	CHURN_SHORT_SECONDS = DESTINATION_AGE_SECONDS,
	CHURN_SHOWN = 3,
	LEAK_MIN = 500,
	SURGE_MIN = 500,
	SURGE_DOUBLING_MIN = 100,
	SURGE_OPEN_MIN = 1000,	/* a host that has just begun grows fast */
	MANY_ESTABLISHED = 10000,
	PLACES_SHOWN = 3,
};

static const char *endpoint_of(struct diagnosis *diagnosis, const struct destination *destination)
{
	return diagnose_endpoint(diagnosis, destination->family, destination->address, destination->port);
}

static const char *peer_of(struct diagnosis *diagnosis, const struct destination *visitor)
{
	return diagnose_address(diagnosis, visitor->family, visitor->address);
}

/* ---- pool-leak ---- */

static bool leaks(const struct destination *destination)
{
	uint32_t established = destination->states[TCP_ESTABLISHED];

	return established >= LEAK_MIN && (double)destination_idle(destination) >= LEAK_IDLE * (double)established;
}

static void suspect_services(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;

	for (size_t i = 0; seen->has_destinations && i < seen->destinations.count; i++)
		if (leaks(seen->ranked[i]))
			diagnose_suspect_destination(diagnosis, (uint32_t)i);
}

static void report_leak(struct diagnosis *diagnosis, const struct destination *destination, uint32_t rank)
{
	const struct suspect *suspect = observation_suspect(&diagnosis->seen, SUSPECT_DESTINATION, rank);
	uint32_t established = destination->states[TCP_ESTABLISHED];
	struct finding *finding = diagnose_report(diagnosis, FINDING_POOL_LEAK, FINDING_WARNING,
		"%s connections to it are open, and %s%s of them have carried no data for 10 minutes or more: they are not "
		"used, and may have been forgotten%s%s",
		diagnose_number(diagnosis, established), destination->sampled < established ? "about " : "",
		diagnose_number(diagnosis, destination_idle(destination)),
		suspect && suspect->holders_count ? " by " : "",
		suspect && suspect->holders_count ? diagnose_process(diagnosis, &suspect->holders[0]) : "");

	diagnose_subject(diagnosis, finding, "%s", endpoint_of(diagnosis, destination));
	diagnose_figure(diagnosis, finding, "established", established, "sockets");
	diagnose_figure(diagnosis, finding, "idle", destination_idle(destination), "sockets");
	diagnose_figure(diagnosis, finding, "share", diagnose_share(destination_idle(destination), established), "ratio");
	diagnose_actor(diagnosis, finding, ACTOR_DESTINATION, endpoint_of(diagnosis, destination), destination->seen);
	diagnose_holders(diagnosis, finding, suspect, 3);
	diagnose_advise(diagnosis, finding,
		"give connections back on every path, errors included: try-with-resources in Java, defer in Go, with in "
		"Python; a pool's own leak detection names the place (HikariCP leakDetectionThreshold)");
	diagnose_advise(diagnosis, finding,
		"bound the pool and let it close what is idle: maximumPoolSize and idleTimeout, Go SetMaxOpenConns and "
		"SetConnMaxIdleTime, IdleConnTimeout of an http.Transport; nginx keepalive_timeout");
	diagnose_advise(diagnosis, finding,
		"SO_KEEPALIVE only finds peers that are gone: it closes no connection whose peer answers");
}

static void check_leaks(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;

	for (size_t i = 0; i < seen->destinations.count; i++)
		if (leaks(seen->ranked[i]))
			report_leak(diagnosis, seen->ranked[i], (uint32_t)i);
}

/* ---- connection-churn ---- */

/* The destinations, or peers, whose connections live shortly; the busiest first. */
struct churn {
	const struct destination *busiest[CHURN_SHOWN];
	size_t count;
	double rate;		/* of all of them */
	uint64_t open;
};

/* A burst that is over is none. */
static bool is_going_on(const struct observation *seen, const struct destination *destination, bool incoming)
{
	double opens = incoming ? seen->rates.passive_opens : seen->rates.active_opens;

	if (incoming ? seen->rates.known.passive_opens : seen->rates.known.active_opens)
		return opens * 2 >= port_use_close_rate(destination);
	return destination->time_wait_ages[1] * 2 >= destination->time_wait_ages[0];
}

static bool is_churning(const struct observation *seen, const struct destination *destination, bool incoming)
{
	double rate = port_use_close_rate(destination);

	return rate >= CHURN_PER_SECOND && destination->states[TCP_ESTABLISHED] <= rate * CHURN_SHORT_SECONDS &&
		is_going_on(seen, destination, incoming);
}

static void add_churn(struct churn *churn, const struct destination *destination)
{
	size_t at = churn->count < CHURN_SHOWN ? churn->count : CHURN_SHOWN;

	churn->rate += port_use_close_rate(destination);
	churn->open += destination->states[TCP_ESTABLISHED];
	churn->count++;
	for (; at > 0 && port_use_close_rate(churn->busiest[at - 1]) < port_use_close_rate(destination); at--)
		if (at < CHURN_SHOWN)
			churn->busiest[at] = churn->busiest[at - 1];
	if (at < CHURN_SHOWN)
		churn->busiest[at] = destination;
}

static const char *churn_place(struct diagnosis *diagnosis, const struct destination *destination, bool incoming)
{
	return incoming ? diagnose_text(diagnosis, "%s to port %u here", peer_of(diagnosis, destination),
		(unsigned)destination->port) : endpoint_of(diagnosis, destination);
}

/* The line between a call for each connection, and a pool that keeps too few. */
static const char *churn_reason(const struct destination *destination)
{
	return destination->states[TCP_ESTABLISHED] <= port_use_close_rate(destination) * CHURN_CALL_SECONDS ?
		"there is no pool, or no keep-alive" :
		"the pool keeps too few, or each connection serves one call of some seconds";
}

/* The same advice is not given twice. */
static bool has_advised(const struct diagnosis *diagnosis, enum finding_id id)
{
	for (size_t i = 0; i < diagnosis->findings.count; i++)
		if (diagnosis->findings.items[i]->row == &finding_rows[id])
			return true;
	return false;
}

static void report_churn(struct diagnosis *diagnosis, const struct churn *churn, bool incoming)
{
	const struct destination *busiest = churn->busiest[0];
	uint32_t open = busiest->states[TCP_ESTABLISHED];
	double rate = port_use_close_rate(busiest);
	struct finding *finding = diagnose_report(diagnosis, FINDING_CONNECTION_CHURN, FINDING_NOTE,
		"%.0f connections a second are closed by this host as soon as they were used, %s open: %s%s", rate,
		open == 0 ? "none is" : open == 1 ? "one is" : diagnose_text(diagnosis, "%s are",
			diagnose_number(diagnosis, open)), churn_reason(busiest),
		churn->count > 1 ? diagnose_text(diagnosis, "; with %zu more %s it is %.0f a second", churn->count - 1,
			incoming ? "peers" : "destinations", churn->rate) : "");

	diagnose_subject(diagnosis, finding, incoming ? "from %s" : "%s", churn_place(diagnosis, busiest, incoming));
	diagnose_figure(diagnosis, finding, "closed_per_second", rate, "1/s");
	diagnose_figure(diagnosis, finding, "established", busiest->states[TCP_ESTABLISHED], "sockets");
	diagnose_figure(diagnosis, finding, "closed_per_second_all", churn->rate, "1/s");
	for (size_t i = 0; i < churn->count && i < CHURN_SHOWN; i++)
		diagnose_actor(diagnosis, finding, incoming ? ACTOR_PEER : ACTOR_DESTINATION,
			churn_place(diagnosis, churn->busiest[i], incoming), churn->busiest[i]->seen);
	if (incoming)
		diagnose_advise(diagnosis, finding,
			"let this service keep connections (its keep-alive time-out and requests per connection), and the "
			"client ask for it: nginx in front needs \"upstream { keepalive N; }\", proxy_http_version 1.1 and "
			"an empty Connection header");
	else if (!has_advised(diagnosis, FINDING_EPHEMERAL_PORTS))
		diagnose_advise(diagnosis, finding,
			"keep connections in the client: nginx \"upstream { keepalive N; }\" with proxy_http_version 1.1 and "
			"an empty Connection header; a pool that keeps as many as are in use at once (Go "
			"MaxIdleConnsPerHost is 2 unless set)");
}

static void check_churn(struct diagnosis *diagnosis, const struct destinations *table,
	const struct destination *const *ranked, bool incoming)
{
	struct churn churn = { .count = 0 };

	for (size_t i = 0; i < table->count; i++)
		if (is_churning(&diagnosis->seen, ranked[i], incoming))
			add_churn(&churn, ranked[i]);
	if (churn.count > 0)
		report_churn(diagnosis, &churn, incoming);
}

/* ---- where connections go: services and destinations, by ESTABLISHED ---- */

struct place {
	uint64_t established;
	const struct service *service;		/* or */
	const struct destination *destination;
};

static void add_place(struct place places[PLACES_SHOWN], struct place place)
{
	for (size_t i = 0; i < PLACES_SHOWN; i++)
		if (place.established > places[i].established) {
			struct place lighter = places[i];

			places[i] = place;
			place = lighter;
		}
}

static void find_places(const struct observation *seen, struct place places[PLACES_SHOWN])
{
	for (size_t i = 0; i < PLACES_SHOWN; i++)
		places[i] = (struct place){ 0 };
	for (size_t i = 0; i < seen->services_count; i++)
		add_place(places, (struct place){ .established = seen->services[i].states[TCP_ESTABLISHED],
			.service = &seen->services[i] });
	for (size_t i = 0; i < seen->destinations.count; i++)
		add_place(places, (struct place){ .established = seen->ranked[i]->states[TCP_ESTABLISHED],
			.destination = seen->ranked[i] });
}

/* The one peer that has half of a service's connections or more: a proxy, or the pool of one client. NULL: none. */
static const struct destination *main_peer(const struct observation *seen, const struct service *service)
{
	for (size_t i = 0; i < seen->visitors.count; i++) {
		const struct destination *visitor = seen->ranked_visitors[i];

		if (visitor->port == service->port && visitor->states[TCP_ESTABLISHED] > 0 &&
			(uint64_t)visitor->states[TCP_ESTABLISHED] * 2 >= service->states[TCP_ESTABLISHED])
			return visitor;
	}
	return NULL;
}

static const char *place_text(struct diagnosis *diagnosis, const struct place *place)
{
	const char *number = diagnose_number(diagnosis, place->established);
	const struct destination *peer;

	if (place->destination)
		return diagnose_text(diagnosis, "%s to %s", number, endpoint_of(diagnosis, place->destination));
	peer = main_peer(&diagnosis->seen, place->service);
	if (!peer)
		return diagnose_text(diagnosis, "%s at port %u", number, (unsigned)place->service->port);
	return diagnose_text(diagnosis, "%s at port %u, of which one peer, %s, has %s", number,
		(unsigned)place->service->port, peer_of(diagnosis, peer),
		diagnose_number(diagnosis, peer->states[TCP_ESTABLISHED]));
}

static void add_place_actors(struct diagnosis *diagnosis, struct finding *finding, const struct place *place)
{
	const struct destination *peer;

	if (place->destination) {
		diagnose_actor(diagnosis, finding, ACTOR_DESTINATION, endpoint_of(diagnosis, place->destination),
			place->established);
		return;
	}
	diagnose_actor(diagnosis, finding, ACTOR_LISTENER,
		diagnose_text(diagnosis, "port %u", (unsigned)place->service->port), place->established);
	peer = main_peer(&diagnosis->seen, place->service);
	if (peer)
		diagnose_actor(diagnosis, finding, ACTOR_PEER,
			diagnose_text(diagnosis, "%s to port %u here", peer_of(diagnosis, peer), (unsigned)peer->port),
			peer->states[TCP_ESTABLISHED]);
}

/* "9,000 at port 8080; 2,500 to 10.0.0.5:5432"; "" when it was not looked at. */
static const char *places_text(struct diagnosis *diagnosis, const struct place places[PLACES_SHOWN])
{
	const char *text = "";

	for (size_t i = 0; i < PLACES_SHOWN && places[i].established > 0; i++)
		text = diagnose_text(diagnosis, "%s%s%s", text, text[0] ? "; " : "", place_text(diagnosis, &places[i]));
	return text;
}

/* ---- established-many ---- */

static void note_established(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	struct place places[PLACES_SHOWN];
	struct finding *finding;
	const char *text;

	if (!seen->has_destinations || seen->states[TCP_ESTABLISHED] < MANY_ESTABLISHED)
		return;
	find_places(seen, places);
	text = places_text(diagnosis, places);
	finding = diagnose_report(diagnosis, FINDING_ESTABLISHED_MANY, FINDING_NOTE, "%s ESTABLISHED%s%s",
		diagnose_number(diagnosis, seen->states[TCP_ESTABLISHED]), text[0] ? ": " : "", text);
	diagnose_figure(diagnosis, finding, "established", (double)seen->states[TCP_ESTABLISHED], "sockets");
	for (size_t i = 0; i < PLACES_SHOWN && places[i].established > 0; i++)
		add_place_actors(diagnosis, finding, &places[i]);
}

/* ---- connection-surge ---- */

/* CurrEstab grew by a fifth within the interval, or doubles within a minute as most of what is opened stays. */
static bool surges(const struct observation *seen)
{
	uint64_t before = seen->before.established;
	int64_t grew = seen->changes.established, opens = seen->changes.active_opens + seen->changes.passive_opens;

	if (!seen->has_interval || !seen->changes.known.established || grew <= 0)
		return false;
	if (grew >= SURGE_MIN && (double)grew >= SURGE_SHARE * (double)before)
		return true;
	return grew >= SURGE_DOUBLING_MIN && seen->now.established >= SURGE_OPEN_MIN &&
		seen->rates.established * 60 >= (double)before && grew * 2 >= opens;
}

static void note_surge(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	bool comes_in = seen->changes.passive_opens > seen->changes.active_opens;
	struct place places[PLACES_SHOWN];
	struct finding *finding;
	const char *text = "";

	if (!surges(seen))
		return;
	find_places(seen, places);
	if (seen->has_destinations)
		text = places_text(diagnosis, places);
	finding = diagnose_report(diagnosis, FINDING_CONNECTION_SURGE, FINDING_NOTE,
		"%s more connections within %s, from %s to %s, mostly %s%s%s",
		diagnose_number(diagnosis, (uint64_t)seen->changes.established), diagnose_interval(diagnosis),
		diagnose_number(diagnosis, seen->before.established),
		diagnose_number(diagnosis, seen->now.established), comes_in ? "incoming" : "outgoing",
		text[0] ? "; now open: " : "", text);
	diagnose_figure(diagnosis, finding, "growth", (double)seen->changes.established, "sockets");
	diagnose_figure(diagnosis, finding, "growth_per_second", seen->rates.established, "1/s");
	diagnose_figure(diagnosis, finding, "active_opens_per_second", seen->rates.active_opens, "1/s");
	diagnose_figure(diagnosis, finding, "passive_opens_per_second", seen->rates.passive_opens, "1/s");
	for (size_t i = 0; seen->has_destinations && i < PLACES_SHOWN && places[i].established > 0; i++)
		add_place_actors(diagnosis, finding, &places[i]);
	diagnose_advise(diagnosis, finding,
		"if nothing was deployed and no more users came: clients that lost their connections come back all at once, "
		"or repeat what is slow; let them wait longer each time, by a random part");
}

/* ---- unseen ---- */

/* Sockets that a finding is about and whose owner was not found. */
static uint64_t ownerless(const struct observation *seen)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < seen->suspects_count; i++) {
		const struct suspect *suspect = &seen->suspects[i];
		uint64_t all = suspect->inodes_count * suspect->scale, found = 0;

		for (size_t k = 0; k < suspect->holders_count; k++)
			found += suspect->holders[k].count;
		missing += all > found ? all - found : 0;
	}
	return missing;
}

static void note_hidden(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;
	uint64_t missing = seen->has_owners && seen->hidden > 0 ? ownerless(seen) : 0;
	struct finding *finding;

	if (missing == 0)
		return;
	finding = diagnose_report(diagnosis, FINDING_UNSEEN, FINDING_NOTE,
		"the owner of %s socket%s is not known: this user may not look into %s process%s, of other users or other "
		"containers", diagnose_number(diagnosis, missing), missing == 1 ? "" : "s",
		diagnose_number(diagnosis, seen->hidden), seen->hidden == 1 ? "" : "es");
	diagnose_subject(diagnosis, finding, "owners");
	diagnose_figure(diagnosis, finding, "sockets", (double)missing, "sockets");
	diagnose_figure(diagnosis, finding, "hidden_processes", (double)seen->hidden, "processes");
	diagnose_advise(diagnosis, finding,
		"ask again as root, on the host itself: sudo kerntune diagnose; everything else is complete");
}

static void note_text_tables(struct diagnosis *diagnosis)
{
	const struct listeners *listeners = &diagnosis->seen.listeners;
	struct finding *finding;

	if (!diagnosis->seen.has_listeners || listeners->has_backlog || listeners->count == 0)
		return;
	finding = diagnose_report(diagnosis, FINDING_UNSEEN, FINDING_NOTE,
		"the sockets were read from proc/net/tcp, which holds neither the backlog of a listener nor how long a "
		"connection has been idle: accept-queue, close-wait-leak and pool-leak cannot be told");
	diagnose_subject(diagnosis, finding, "sock_diag");
	diagnose_advise(diagnosis, finding,
		"on a live host the kernel or a sandbox refuses sock_diag(7): modprobe tcp_diag, or allow AF_NETLINK "
		"(seccomp, RestrictAddressFamilies=)");
}

static void note_malformed(struct diagnosis *diagnosis)
{
	size_t lines = diagnosis->seen.malformed;
	struct finding *finding;

	if (lines == 0)
		return;
	finding = diagnose_report(diagnosis, FINDING_UNSEEN, FINDING_NOTE,
		"%zu line%s of proc/net/tcp and tcp6 could not be understood, and %s left out of all numbers", lines,
		lines == 1 ? "" : "s", lines == 1 ? "is" : "are");
	diagnose_subject(diagnosis, finding, "proc/net/tcp");
	diagnose_figure(diagnosis, finding, "malformed_lines", (double)lines, "lines");
}

static void run_services(struct diagnosis *diagnosis)
{
	const struct observation *seen = &diagnosis->seen;

	if (seen->has_destinations) {
		check_leaks(diagnosis);
		check_churn(diagnosis, &seen->destinations, seen->ranked, false);
		check_churn(diagnosis, &seen->visitors, seen->ranked_visitors, true);
	}
	note_surge(diagnosis);
	note_established(diagnosis);
	note_hidden(diagnosis);
	note_text_tables(diagnosis);
	note_malformed(diagnosis);
}

const struct diagnose_check diagnose_services = { suspect_services, run_services };
