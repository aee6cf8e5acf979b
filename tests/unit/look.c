/* SPDX-License-Identifier: MIT */
/* An observation made by hand. */
#include "look.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

void look_make(struct look *look)
{
	memset(look, 0, sizeof(*look));
	arena_init(&look->arena);
	look->seen = &look->diagnosis.seen;
	look->diagnosis.arena = look->seen->arena = &look->arena;
	look->next_inode = 1000;
	look->seen->has_listeners = look->seen->has_sockets = look->seen->has_destinations = true;
	look->seen->listeners.has_backlog = true;
	look->seen->settings.port_first = 32768;
	look->seen->settings.port_last = 60999;
	look->seen->settings.tw_reuse_delay_ms = 1000;
	look->seen->settings.timestamps = 1;
	memset(&look->seen->settings.known, true, sizeof(look->seen->settings.known));
	assert_int_equal(destinations_init(&look->seen->destinations, &look->arena, DESTINATIONS_MAX, 1), 0);
	assert_int_equal(destinations_init(&look->seen->visitors, &look->arena, DESTINATIONS_MAX, 1), 0);
}

void look_remove(struct look *look)
{
	arena_release(&look->arena);
}

int look_set_up(void **state)
{
	struct look *look = malloc(sizeof(*look));

	if (!look)
		return -1;
	look_make(look);
	*state = look;
	return 0;
}

int look_tear_down(void **state)
{
	look_remove(*state);
	free(*state);
	return 0;
}

static struct tcp_socket make_socket(const struct look_sockets *sockets)
{
	const char *source = sockets->source ? sockets->source : "10.0.0.1";
	const char *address = sockets->address ? sockets->address : "10.0.0.5";
	struct tcp_socket socket = {
		.family = strchr(address, ':') ? AF_INET6 : AF_INET, .state = sockets->state,
		.remote_port = sockets->port ? sockets->port : 5432,
	};

	assert_int_equal(inet_pton(socket.family, source, socket.local), 1);
	assert_int_equal(inet_pton(socket.family, address, socket.remote), 1);
	if (sockets->state == TCP_TIME_WAIT)
		socket.expires_ms = TIME_WAIT_SECONDS * 1000 - sockets->age_ms;
	else
		socket.known = TCP_SOCKET_HAS_INFO;
	socket.info.last_data_sent_ms = socket.info.last_data_received_ms = sockets->age_ms;
	return socket;
}

static void add_to(struct look *look, struct destinations *table, struct tcp_socket socket,
	const struct look_sockets *sockets)
{
	for (uint32_t i = 0; i < sockets->count; i++) {
		socket.inode = sockets->held ? look->next_inode++ : 0;
		assert_int_equal(destinations_count(table, &socket), 0);
		/* Of few sockets, all are looked at again. */
		destinations_sample_idle(table, &socket);
	}
	look->seen->states[sockets->state] += sockets->count;
}

void look_add(struct look *look, struct look_sockets sockets)
{
	add_to(look, &look->seen->destinations, make_socket(&sockets), &sockets);
}

void look_add_incoming(struct look *look, struct look_sockets sockets)
{
	struct tcp_socket socket = make_socket(&sockets), visitor;

	socket.local_port = socket.remote_port;
	observation_visitor(&socket, &visitor);
	add_to(look, &look->seen->visitors, visitor, &sockets);
}

void look_add_service(struct look *look, uint16_t port, uint32_t established)
{
	size_t count = look->seen->services_count;
	struct service *services = arena_alloc(&look->arena, (count + 1) * sizeof(*services));

	assert_non_null(services);
	if (count > 0)
		memcpy(services, look->seen->services, count * sizeof(*services));
	services[count] = (struct service){ .port = port, .states = { [TCP_ESTABLISHED] = established } };
	look->seen->services = services;
	look->seen->services_count = count + 1;
}

void look_set_interval(struct look *look, uint64_t before, uint64_t after, uint64_t active, uint64_t passive)
{
	struct observation *seen = look->seen;

	seen->has_interval = true;
	memset(&seen->before, 0, sizeof(seen->before));
	seen->before.known.established = seen->before.known.active_opens = seen->before.known.passive_opens = true;
	seen->now = seen->before;
	seen->now.time_ns = 1000000000;
	seen->before.established = before;
	seen->now.established = after;
	seen->now.active_opens = active;
	seen->now.passive_opens = passive;
	counters_change(&seen->before, &seen->now, &seen->changes);
	counters_rate(&seen->changes, &seen->rates);
}

void look_judge(struct look *look, const struct diagnose_check *check)
{
	struct observation *seen = look->seen;

	assert_int_equal(destinations_rank(&seen->destinations, &look->arena, &seen->ranked), 0);
	assert_int_equal(destinations_rank(&seen->visitors, &look->arena, &seen->ranked_visitors), 0);
	look->diagnosis.findings = (struct findings){ 0 };
	if (check->suspect)
		check->suspect(&look->diagnosis);
	check->run(&look->diagnosis);
	assert_false(look->diagnosis.failed);
}

const struct finding *look_find(const struct look *look, enum finding_id id)
{
	const struct findings *findings = &look->diagnosis.findings;
	const struct finding *found = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i]->row != &finding_rows[id])
			continue;
		assert_null(found);
		found = findings->items[i];
	}
	return found;
}

static const struct figure *find_figure(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->figures_count; i++)
		if (strcmp(finding->figures[i].name, name) == 0)
			return &finding->figures[i];
	return NULL;
}

double look_figure(const struct finding *finding, const char *name)
{
	const struct figure *figure = find_figure(finding, name);

	check_row(figure, "%s has no figure %s", finding->row->id, name);
	return figure ? figure->value : 0;
}

bool look_has_figure(const struct finding *finding, const char *name)
{
	return find_figure(finding, name);
}

bool look_has_remedy(const struct finding *finding, const char *path)
{
	for (size_t i = 0; i < finding->remedies_count; i++)
		if (strcmp(finding->remedies[i].path, path) == 0)
			return true;
	return false;
}
