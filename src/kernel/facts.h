/* SPDX-License-Identifier: MIT */
/* facts.h - which host this is, from files below the root. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "model/expression.h"
#include "model/host.h"
#include "model/machine.h"

/* Hostname and kernel release from proc/sys/kernel, the boot id from proc/sys/kernel/random/boot_id,
 * the network namespace from the link proc/self/ns/net and, below the system's own root, its cookie from
 * a socket; what cannot be found out is "". 0 or a negative errno: where memory or descriptors are short, or the
 * system's boot or namespace could be known and cannot be read. */
MUST_CHECK int facts_host(const struct rootdir *root, struct arena *arena, struct host *ret_host);

/* What computed values and checks know of the machine: memory from proc/meminfo, processors from proc/stat, the release
 * as above. The page size is this process's own, and below another root that of proc/self/smaps, or else 4096. What cannot be
 * found out is 0, "" or false. 0, or a negative errno where memory or descriptors are short. */
MUST_CHECK int facts_machine(const struct rootdir *root, struct arena *arena, struct machine *ret_machine);

/* The last of these alone. A network namespace that is not the host's own has net/core/somaxconn and lacks
 * net/core/dev_weight (net/core/sysctl_net_core.c: one table for each namespace, one for the first alone). 0, or a
 * negative errno where memory or descriptors are short. */
MUST_CHECK int facts_in_netns(const struct rootdir *root, bool *ret_in_netns);

/* Whether the kernel has the module: it is loaded (sys/module, proc/modules), built in (modules.builtin below
 * lib/modules/RELEASE), a key is there that the catalogue says comes with it, or it is tcp_NAME and
 * net/ipv4/tcp_available_congestion_control has NAME. "-" and "_" are the same in a module's name
 * (kernel/module/main.c). 0 or a negative errno as above. */
MUST_CHECK int facts_module(const struct rootdir *root, struct arena *arena, const char *release, const char *name,
	bool *ret_has);

/* The same, or it lies below lib/modules/RELEASE to be loaded (modules.dep), as the kernel itself does with congestion
 * controls and queueing disciplines that are asked for. */
MUST_CHECK int facts_loadable(const struct rootdir *root, struct arena *arena, const char *release, const char *name,
	bool *ret_can);

/* Facts for expressions, found out when they are asked for and kept.
 *
 * Calling sequence: facts_init() -> facts_source(), as often as needed; the facts must stay where they are. */
struct facts {
	const struct rootdir *root;
	struct arena *arena;
	struct machine machine;
	bool has_machine;
};

void facts_init(struct facts *facts, const struct rootdir *root, struct arena *arena);
struct fact_source facts_source(struct facts *facts);
