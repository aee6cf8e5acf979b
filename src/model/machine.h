/* SPDX-License-Identifier: MIT */
/* machine.h - what computed values and checks may know of the machine: its facts, filled in by kernel/facts.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct machine {
	uint64_t ram_bytes;	/* MemTotal; 0: unknown */
	unsigned page_size;	/* bytes */
	unsigned cpus;		/* online; 0: unknown */
	bool in_netns;		/* in another network namespace than the host's own */
	const char *release;	/* of the kernel, such as "6.18.44"; "": unknown */
};
