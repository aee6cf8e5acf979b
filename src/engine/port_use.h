/* SPDX-License-Identifier: MIT */
/* port_use.h - how many local ports a destination takes, for the checks and for the tables of diagnose.
 *
 * connect(2) needs a port that no other socket with the same source, destination and destination port has. A port in
 * TIME_WAIT is to be had again where tcp_tw_reuse allows it (tcp_twsk_unique() in net/ipv4/tcp_ipv4.c): 1, or 2 and
 * either end is a loopback address; older than tcp_tw_reuse_delay; and with timestamps, which the peer has to use as
 * well: that is not seen, and taken to be so. */
#pragma once

#include "engine/observation.h"

/* What a wide ip_local_port_range is: that of the shipped profiles. */
enum { PORTS_WIDE_FIRST = 10240, PORTS_WIDE_LAST = 65535 };

/* Whether connect() takes a port that is in TIME_WAIT toward this destination again. */
bool port_use_recycles(const struct tcp_settings *settings, const struct destination *destination);

/* Ports that are not to be had now, at least: what the table may have missed of it is not in there. */
uint64_t port_use_taken(const struct tcp_settings *settings, const struct destination *destination);

/* Connections that were closed a second, this side first, within the last ten: from the ages of those in TIME_WAIT, which
 * needs no second sample. Those whose port was taken again since are not seen. */
double port_use_close_rate(const struct destination *destination);
