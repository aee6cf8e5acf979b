/* SPDX-License-Identifier: MIT */
/* Questions to an observation. */
#include "engine/observation.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

const char *observation_tier_name(enum observation_tier tier)
{
	static const char *const names[TIER_COUNT] = {
		[TIER_COUNTERS] = "counters",
		[TIER_LISTENERS] = "listeners",
		[TIER_SOCKETS] = "sockets",
		[TIER_DESTINATIONS] = "destinations",
		[TIER_OWNERS] = "owners",
	};

	return names[tier];
}

uint64_t tcp_settings_usable_ports(const struct tcp_settings *settings)
{
	struct ports usable = { 0 };
	size_t reserved;

	if (!settings->known.port_first || !settings->known.port_last || settings->port_first == 0 ||
		settings->port_last >= PORTS_COUNT || settings->port_first > settings->port_last)
		return 0;
	ports_add(&usable, (unsigned)settings->port_first, (unsigned)settings->port_last);
	reserved = ports_count(&usable);
	ports_intersect(&usable, &settings->reserved);
	return reserved - ports_count(&usable);
}

void observation_visitor(const struct tcp_socket *socket, struct tcp_socket *ret_visitor)
{
	*ret_visitor = *socket;
	ret_visitor->remote_port = socket->local_port;
	memset(ret_visitor->local, 0, sizeof(ret_visitor->local));
}

bool observation_is_visitor(const struct destination *destination)
{
	static const uint8_t zero[16];

	return memcmp(destination->source, zero, sizeof(zero)) == 0;
}

static int compare_services(const void *key, const void *element)
{
	uint16_t port = *(const uint16_t *)key;
	const struct service *service = element;

	return (port > service->port) - (port < service->port);
}

const struct service *observation_service(const struct observation *observation, uint16_t port)
{
	return observation->services_count == 0 ? NULL :
		bsearch(&port, observation->services, observation->services_count, sizeof(*observation->services),
			compare_services);
}

static uint64_t sockets_of(const struct service *service)
{
	uint64_t sum = 0;

	for (size_t state = 0; state < TCP_SOCKET_STATES; state++)
		sum += service->states[state];
	return sum;
}

static int compare_busy(const void *left, const void *right)
{
	const struct service *a = *(const struct service *const *)left, *b = *(const struct service *const *)right;
	uint32_t a_open = a->states[TCP_ESTABLISHED], b_open = b->states[TCP_ESTABLISHED];
	int order = (a_open < b_open) - (a_open > b_open);

	if (order == 0)
		order = (sockets_of(a) < sockets_of(b)) - (sockets_of(a) > sockets_of(b));
	return order ? order : (a->port > b->port) - (a->port < b->port);
}

int observation_rank_services(const struct observation *observation, struct arena *arena,
	const struct service ***ret_ranked)
{
	const struct service **ranked = arena_alloc(arena, (observation->services_count + 1) * sizeof(*ranked));

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < observation->services_count; i++)
		ranked[i] = &observation->services[i];
	qsort(ranked, observation->services_count, sizeof(*ranked), compare_busy);
	*ret_ranked = ranked;
	return 0;
}

const struct suspect *observation_suspect(const struct observation *observation, enum suspect_kind kind, uint32_t key)
{
	for (size_t i = 0; i < observation->suspects_count; i++)
		if (observation->suspects[i].kind == kind && observation->suspects[i].key == key)
			return &observation->suspects[i];
	return NULL;
}
