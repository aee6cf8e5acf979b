/* SPDX-License-Identifier: MIT */
/* ports.h - sets of ports, as net/ipv4/ip_local_reserved_ports holds them.
 *
 * The text is what the kernel prints and takes (kernel/sysctl.c, proc_do_large_bitmap): ports and ranges with commas
 * and no blanks, "8080,9090-9099"; an empty text is the empty set. The kernel prints it sorted and merged, and so
 * does ports_print(). */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PORTS_COUNT = 65536, PORTS_WORDS = PORTS_COUNT / 64 };

struct ports {
	uint64_t words[PORTS_WORDS];
};

/* False when the text is not such a list. A newline at its end does not count. */
MUST_CHECK bool ports_parse(const char *text, size_t length, struct ports *ret_ports);
void ports_print(const struct ports *ports, struct strbuf *text);

bool ports_contain(const struct ports *ports, unsigned port);
void ports_add(struct ports *ports, unsigned first, unsigned last);
size_t ports_count(const struct ports *ports);

/* Both change the first set: what is in either, what is in both. */
void ports_unite(struct ports *ports, const struct ports *other);
void ports_intersect(struct ports *ports, const struct ports *other);
