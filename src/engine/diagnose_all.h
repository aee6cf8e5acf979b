/* SPDX-License-Identifier: MIT */
/* diagnose_all.h - a diagnosis of every network namespace of this host.
 *
 * The counters and listeners of each are read twice, with one wait for all of them in between. The sockets are walked
 * through only in our own, and where those leave it open whether there is a finding: the kernel has one table for all
 * namespaces, so that each walk costs as much as one of the whole host. Processes near their limit of descriptors, of
 * whichever namespace, and the open files of the host are told once, with our own. */
#pragma once

#include "engine/diagnose.h"
#include "kernel/netns_list.h"

struct netns_diagnosis {
	const struct netns_place *place;
	int error;			/* why it could not be looked at, a negative errno; or 0 */
	struct diagnosis diagnosis;
};

struct netns_diagnoses {
	struct netns_diagnosis *items;	/* the worst first */
	size_t count;
	size_t hidden;			/* processes whose namespace this user may not see */
};

/* Whether the counters and listeners leave something open; without counters everything is. */
bool diagnose_all_needs_sockets(const struct diagnose_request *request, const struct observation *seen);

/* Enters one after the other, and in the end its own again. request->procsys is not used. 0 or a negative errno. */
MUST_CHECK int diagnose_all(const struct diagnose_request *request, struct arena *arena,
	struct netns_diagnoses *ret_diagnoses);
