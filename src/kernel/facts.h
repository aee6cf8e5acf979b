/* SPDX-License-Identifier: MIT */
/* facts.h - which host this is, from files below the root. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "model/host.h"

/* Hostname and kernel release from proc/sys/kernel, the boot id from proc/sys/kernel/random/boot_id,
 * the network namespace from the link proc/self/ns/net and, below the system's own root, its cookie from
 * a socket; what cannot be found out is "". 0 or a
 * negative errno: of memory, or where the system's boot or namespace could be known and cannot be read. */
MUST_CHECK int facts_host(const struct rootdir *root, struct arena *arena, struct host *ret_host);
