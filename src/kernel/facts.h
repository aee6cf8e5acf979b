/* SPDX-License-Identifier: MIT */
/* facts.h - which host this is, from files below the root. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "model/host.h"
#include "model/machine.h"

/* Hostname and kernel release from proc/sys/kernel, the boot id from proc/sys/kernel/random/boot_id,
 * the network namespace from the link proc/self/ns/net and, below the system's own root, its cookie from
 * a socket; what cannot be found out is "". 0 or a
 * negative errno: of memory, or where the system's boot or namespace could be known and cannot be read. */
MUST_CHECK int facts_host(const struct rootdir *root, struct arena *arena, struct host *ret_host);

/* What computed values and checks know of the machine: memory from proc/meminfo, processors from proc/stat, the release
 * as above. The page size is this process's own, and below another root that of proc/self/smaps, or else 4096. A
 * network namespace that is not the host's own has net/core/somaxconn and lacks net/core/dev_weight
 * (net/core/sysctl_net_core.c: one table for each namespace, one for the first alone). What cannot be found out
 * is 0, "" or false. 0 or -ENOMEM. */
MUST_CHECK int facts_machine(const struct rootdir *root, struct arena *arena, struct machine *ret_machine);
