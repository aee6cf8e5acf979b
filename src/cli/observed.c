/* SPDX-License-Identifier: MIT */
/* Listeners, destinations and services, as tables and as JSON. */
#include "cli/observed.h"

#include "cli/render.h"
#include "engine/port_use.h"
#include "model/finding.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>

enum { PEERS_SHOWN = 3 };

/* ---- words for both ---- */

struct address_text {
	char text[INET6_ADDRSTRLEN];
};

static struct address_text address_of(uint8_t family, const uint8_t address[16])
{
	struct address_text text = { "" };

	(void)inet_ntop(family, address, text.text, sizeof(text.text));
	return text;
}

static const char *number_text(struct app *app, uint64_t number)
{
	return arena_printf(app->arena, "%" PRIu64, number);
}

/* The process with the most of these sockets; NULL: nobody asked, or nobody is to be seen. */
static const struct actor *holder_of(const struct observation *seen, enum suspect_kind kind, uint32_t key)
{
	const struct suspect *suspect = observation_suspect(seen, kind, key);

	return suspect && suspect->holders_count > 0 ? &suspect->holders[0] : NULL;
}

static const char *holder_text(struct app *app, const struct actor *holder)
{
	if (!holder)
		return "";
	return arena_printf(app->arena, "%s, pid %d%s%s", holder->name[0] ? holder->name : "unknown", (int)holder->pid,
		holder->unit[0] ? ", " : "", holder->unit);
}

/* Whether the owner of any of that kind is known: otherwise there is no column for it. */
static bool has_holders(const struct observation *seen, enum suspect_kind kind)
{
	for (size_t i = 0; i < seen->suspects_count; i++)
		if (seen->suspects[i].kind == kind && seen->suspects[i].holders_count > 0)
			return true;
	return false;
}

static uint64_t sockets_of(const struct service *service)
{
	uint64_t sum = 0;

	for (size_t state = 0; state < TCP_SOCKET_STATES; state++)
		sum += state == TCP_LISTEN ? 0 : service->states[state];
	return sum;
}

/* The next of the peers of a port, the heaviest first; from *at on, which it moves. */
static const struct destination *next_peer(const struct observation *seen, uint16_t port, size_t *at)
{
	while (*at < seen->visitors.count) {
		const struct destination *visitor = seen->ranked_visitors[(*at)++];

		if (visitor->port == port)
			return visitor;
	}
	return NULL;
}

/* ---- as text ---- */

static int print_listeners(struct app *app, const struct observation *seen)
{
	static const struct column columns[] = {
		{ "LISTENER", false }, { "QUEUE", false }, { "BACKLOG", false }, { "DROPS", false },
		{ "OWNER", true },
	};
	struct table *table;

	if (seen->listeners.count == 0)
		return 0;
	fputc('\n', app->out);
	table = table_new(app, columns, COUNT_OF(columns) - !has_holders(seen, SUSPECT_LISTENER));
	for (size_t i = 0; i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];
		char name[LISTENER_TEXT_SIZE];

		listener_format(listener, name);
		table_add(table, (const struct cell[]){ { arena_printf(app->arena, "%s", name), STYLE_PLAIN },
			{ number_text(app, listener->queue), STYLE_PLAIN },
			{ seen->listeners.has_backlog ? number_text(app, listener->backlog) : NULL, STYLE_PLAIN },
			{ listener->has_drops ? number_text(app, listener->drops) : NULL, STYLE_PLAIN },
			{ holder_text(app, holder_of(seen, SUSPECT_LISTENER, listener->inode)), STYLE_FAINT } });
	}
	return table_print(table);
}

static void add_destination_row(struct app *app, struct table *table, const struct observation *seen, size_t rank,
	uint64_t usable)
{
	const struct destination *destination = seen->ranked[rank];
	uint64_t taken = port_use_taken(&seen->settings, destination);
	const char *to = arena_printf(app->arena, destination->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		address_of(destination->family, destination->address).text, (unsigned)destination->port);

	table_add(table, (const struct cell[]){ { to, STYLE_PLAIN },
		{ arena_printf(app->arena, "%s", address_of(destination->family, destination->source).text), STYLE_PLAIN },
		{ number_text(app, destination->seen), STYLE_PLAIN },
		{ number_text(app, destination->states[TCP_ESTABLISHED]), STYLE_PLAIN },
		{ number_text(app, destination->states[TCP_TIME_WAIT]), STYLE_PLAIN },
		{ arena_printf(app->arena, "%.0f", port_use_close_rate(destination)), STYLE_PLAIN },
		{ usable ? arena_printf(app->arena, "%.0f %%", (double)taken * 100 / (double)usable) : NULL, STYLE_PLAIN },
		{ holder_text(app, holder_of(seen, SUSPECT_DESTINATION, (uint32_t)rank)), STYLE_FAINT } });
}

static int print_destinations(struct app *app, const struct observation *seen)
{
	static const struct column columns[] = {
		{ "DESTINATION", false }, { "SOURCE", false }, { "SOCKETS", false }, { "OPEN", false },
		{ "TIME_WAIT", false }, { "CLOSED/S", false }, { "PORTS", false }, { "OWNER", true },
	};
	uint64_t usable = tcp_settings_usable_ports(&seen->settings);
	uint64_t error = destinations_unlisted_max(&seen->destinations);
	struct table *table;
	int r;

	if (!seen->has_destinations || seen->destinations.count == 0)
		return 0;
	fputc('\n', app->out);
	table = table_new(app, columns, COUNT_OF(columns) - !has_holders(seen, SUSPECT_DESTINATION));
	for (size_t i = 0; i < seen->destinations.count && i < DESTINATIONS_SHOWN; i++)
		add_destination_row(app, table, seen, i, usable);
	r = table_print(table);
	if (r == 0 && error > 0 && !app->options.no_legend)
		render_line(app, "There are more destinations than the table holds: any may have up to %" PRIu64
			" sockets more.", error);
	return r;
}

/* "10.0.0.9 (3000), 10.0.0.10 (12)". */
static const char *peers_text(struct app *app, const struct observation *seen, uint16_t port)
{
	const struct destination *peer;
	const char *text = "";
	size_t at = 0;

	for (size_t i = 0; text && i < PEERS_SHOWN && (peer = next_peer(seen, port, &at)); i++)
		text = arena_printf(app->arena, "%s%s%s (%" PRIu32 ")", text, i ? ", " : "",
			address_of(peer->family, peer->address).text, peer->seen);
	return text;
}

static int print_services(struct app *app, const struct observation *seen)
{
	static const struct column columns[] = {
		{ "PORT", false }, { "SOCKETS", false }, { "OPEN", false }, { "TIME_WAIT", false },
		{ "CLOSE_WAIT", false }, { "MOST FROM", true },
	};
	const struct service **ranked;
	struct table *table;

	if (!seen->has_destinations || seen->services_count == 0)
		return 0;
	if (observation_rank_services(seen, app->arena, &ranked) < 0)
		return -ENOMEM;
	fputc('\n', app->out);
	table = table_new(app, columns, COUNT_OF(columns));
	for (size_t i = 0; i < seen->services_count && i < SERVICES_SHOWN; i++)
		table_add(table, (const struct cell[]){ { number_text(app, ranked[i]->port), STYLE_PLAIN },
			{ number_text(app, sockets_of(ranked[i])), STYLE_PLAIN },
			{ number_text(app, ranked[i]->states[TCP_ESTABLISHED]), STYLE_PLAIN },
			{ number_text(app, ranked[i]->states[TCP_TIME_WAIT]), STYLE_PLAIN },
			{ number_text(app, ranked[i]->states[TCP_CLOSE_WAIT]), STYLE_PLAIN },
			{ peers_text(app, seen, ranked[i]->port), STYLE_FAINT } });
	return table_print(table);
}

int observed_print(struct app *app, const struct observation *seen)
{
	int r = print_listeners(app, seen);

	if (r == 0)
		r = print_destinations(app, seen);
	return r < 0 ? r : print_services(app, seen);
}

/* ---- as JSON ---- */

/* "states" without those that no socket is in. */
static void add_states(struct json *json, cJSON *parent, const uint32_t states[TCP_SOCKET_STATES])
{
	cJSON *object = json_add_object(json, parent, "states");

	for (unsigned state = 1; state < TCP_SOCKET_STATES; state++) {
		const char *name = tcp_state_name(state);
		char lower[16] = "";

		for (size_t i = 0; name[i] && i < sizeof(lower) - 1; i++)
			lower[i] = (char)tolower((unsigned char)name[i]);
		if (states[state] > 0)
			json_add_integer(json, object, lower, (long)states[state]);
	}
}

static void add_states_toward(struct json *json, cJSON *parent, const struct destination *destination)
{
	uint32_t states[TCP_SOCKET_STATES];

	for (unsigned state = 0; state < TCP_SOCKET_STATES; state++)
		states[state] = destination->states[state];
	add_states(json, parent, states);
}

static void add_owner(struct json *json, cJSON *parent, const struct actor *holder)
{
	cJSON *object;

	if (!holder) {
		json_add_string(json, parent, "owner", NULL);
		return;
	}
	object = json_add_object(json, parent, "owner");
	json_add_string(json, object, "name", holder->name);
	json_add_integer(json, object, "pid", holder->pid);
	json_add_string(json, object, "unit", holder->unit[0] ? holder->unit : NULL);
	json_add_integer(json, object, "processes", (long)holder->processes);
}

static void add_listener(struct json *json, cJSON *array, const struct observation *seen,
	const struct listener *listener)
{
	cJSON *object = json_add_object(json, array, NULL);

	json_add_string(json, object, "address", address_of(listener->family, listener->address).text);
	json_add_integer(json, object, "port", listener->port);
	json_add_integer(json, object, "queue", (long)listener->queue);
	if (seen->listeners.has_backlog)
		json_add_integer(json, object, "backlog", (long)listener->backlog);
	else
		json_add_string(json, object, "backlog", NULL);
	if (listener->has_drops)
		json_add_integer(json, object, "drops", (long)listener->drops);
	else
		json_add_string(json, object, "drops", NULL);
	add_owner(json, object, holder_of(seen, SUSPECT_LISTENER, listener->inode));
}

static void add_destination(struct json *json, cJSON *array, const struct observation *seen, size_t rank,
	uint64_t usable)
{
	const struct destination *destination = seen->ranked[rank];
	cJSON *object = json_add_object(json, array, NULL);
	uint64_t taken = port_use_taken(&seen->settings, destination);

	json_add_string(json, object, "source", address_of(destination->family, destination->source).text);
	json_add_string(json, object, "address", address_of(destination->family, destination->address).text);
	json_add_integer(json, object, "port", destination->port);
	json_add_integer(json, object, "sockets", (long)destination->seen);
	json_add_integer(json, object, "missed", (long)destination->missed);
	add_states_toward(json, object, destination);
	json_add_integer(json, object, "idle", (long)destination_idle(destination));
	json_add_number(json, object, "closed_per_second", port_use_close_rate(destination));
	json_add_integer(json, object, "ports_used", (long)taken);
	json_add_number(json, object, "share", usable ? (double)taken / (double)usable : 0);
	add_owner(json, object, holder_of(seen, SUSPECT_DESTINATION, (uint32_t)rank));
}

static void add_service(struct json *json, cJSON *array, const struct observation *seen, const struct service *service)
{
	cJSON *object = json_add_object(json, array, NULL), *peers;
	const struct destination *peer;
	size_t at = 0;

	json_add_integer(json, object, "port", service->port);
	json_add_integer(json, object, "sockets", (long)sockets_of(service));
	add_states(json, object, service->states);
	peers = json_add_array(json, object, "peers");
	for (size_t i = 0; i < PEERS_SHOWN && (peer = next_peer(seen, service->port, &at)); i++) {
		cJSON *element = json_add_object(json, peers, NULL);

		json_add_string(json, element, "address", address_of(peer->family, peer->address).text);
		json_add_integer(json, element, "sockets", (long)peer->seen);
		json_add_integer(json, element, "missed", (long)peer->missed);
		add_states_toward(json, element, peer);
	}
}

int observed_add_json(struct app *app, struct json *json, cJSON *parent, const struct observation *seen)
{
	uint64_t usable = tcp_settings_usable_ports(&seen->settings);
	const struct service **ranked;
	cJSON *array;

	array = json_add_array(json, parent, "listeners");
	for (size_t i = 0; i < seen->listeners.count; i++)
		add_listener(json, array, seen, &seen->listeners.items[i]);
	if (!seen->has_destinations)
		return 0;
	if (observation_rank_services(seen, app->arena, &ranked) < 0)
		return -ENOMEM;
	json_add_integer(json, parent, "ports_usable", (long)usable);
	array = json_add_array(json, parent, "destinations");
	for (size_t i = 0; i < seen->destinations.count && i < DESTINATIONS_SHOWN; i++)
		add_destination(json, array, seen, i, usable);
	json_add_integer(json, parent, "destinations_error", (long)destinations_unlisted_max(&seen->destinations));
	array = json_add_array(json, parent, "services");
	for (size_t i = 0; i < seen->services_count && i < SERVICES_SHOWN; i++)
		add_service(json, array, seen, ranked[i]);
	json_add_integer(json, parent, "peers_error", (long)destinations_unlisted_max(&seen->visitors));
	return 0;
}
