/* SPDX-License-Identifier: MIT */
/* observe.h - looks at TCP on this host, as deep as is asked for or needed, and judges nothing.
 *
 * Calling sequence: observe_open() -> observe_counters() and observe_listeners(), and after the interval both again ->
 * observe_sockets() -> observe_owners() and observe_processes() as far as a check asks -> observe_close(). What was seen
 * lies in the arena and stays.
 *
 * What it costs on the machine where it was measured (Linux 6.18): counters 0.08 ms; listeners 0.03 ms; sockets 0.08 us
 * for each of the host, whichever namespace it is in, and 0.2 us for each that is handed over; owners up to 4 us for
 * each descriptor of the host; processes 6 us each. */
#pragma once

#include "base/rootdir.h"
#include "engine/observation.h"
#include "kernel/counters.h"
#include "kernel/procsys.h"
#include "model/socket_sample.h"

struct observe {
	const struct rootdir *root;	/* borrowed, as the next */
	struct procsys *procsys;
	struct observation *seen;
	struct counter_files files;
	struct listening_ports ports;
	struct service *services;
	bool with_destinations, everywhere;
	struct socket_sample close_waits, established;	/* to be looked at again: the walk does not tell of idleness */
	uint32_t *source_networks;	/* a bitmap: linear counting */
	bool failed;			/* memory was short while sockets came in */
};

void observe_open(struct observe *observe, const struct rootdir *root, struct procsys *procsys, struct arena *arena,
	struct observation *ret_seen);
void observe_close(struct observe *observe);
#define CLEANUP_OBSERVE CLEANUP(observe_close)

/* Tier 0. The second call makes it an interval. The settings are read with the first. 0 or -ENOMEM. */
MUST_CHECK int observe_counters(struct observe *observe);

/* Tier 1; likewise. 0 or a negative errno. */
MUST_CHECK int observe_listeners(struct observe *observe);

/* Both. 0 or a negative errno. */
MUST_CHECK int observe_sample(struct observe *observe);

/* Goes on in the network namespace that this process is in by now: the files are opened anew. The procsys must be of it
 * too. */
void observe_move(struct observe *observe, struct procsys *procsys);

/* Tier 2 and, with destinations, 3. Without them ESTABLISHED and TIME_WAIT are not walked through but told by the
 * counters, which is exact on a quiet host (is_moving tells when it was not). 0 or a negative errno. */
MUST_CHECK int observe_sockets(struct observe *observe, bool with_destinations);

/* Asks to have owners looked for; the inodes must stay. -ENOMEM or 0. */
MUST_CHECK int observe_suspect(struct observation *seen, enum suspect_kind kind, uint32_t key, const uint32_t inodes[],
	size_t count, uint64_t scale);

/* Tier 4: finds the holders of all suspects in one walk. `exact` takes no short cuts. 0 or a negative errno. */
MUST_CHECK int observe_owners(struct observe *observe, bool exact);

/* Finds the processes near their limit of descriptors; in a network namespace of a container those of other ones only
 * when asked for. 0 or a negative errno. */
MUST_CHECK int observe_processes(struct observe *observe, bool everywhere);
