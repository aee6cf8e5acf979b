/* SPDX-License-Identifier: MIT */
/* Local ports that a destination takes. */
#include "engine/port_use.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum { DEFAULT_REUSE_DELAY_MS = 1000 };	/* where there is no tcp_tw_reuse_delay, before 6.14: a second */

static bool is_loopback(const struct destination *destination)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (destination->family == AF_INET6)
		return memcmp(destination->address, loopback6, 16) == 0 || memcmp(destination->source, loopback6, 16) == 0;
	return destination->address[0] == 127 || destination->source[0] == 127;
}

bool port_use_recycles(const struct tcp_settings *settings, const struct destination *destination)
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

uint64_t port_use_taken(const struct tcp_settings *settings, const struct destination *destination)
{
	uint64_t taken = destination->seen;

	if (port_use_recycles(settings, destination))
		taken = taken - destination->states[TCP_TIME_WAIT] + too_young(settings, destination);
	return taken;
}

double port_use_close_rate(const struct destination *destination)
{
	return (double)destination->time_wait_ages[0] / DESTINATION_AGE_SECONDS;
}
