/* SPDX-License-Identifier: MIT */
/* Checks of the connection tracking. */
#include "engine/lint_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS "net/netfilter/nf_conntrack_buckets"
#define ESTABLISHED "net/netfilter/nf_conntrack_tcp_timeout_established"
#define KEEPALIVE "net/ipv4/tcp_keepalive_time"

/* The kernel's own ratio is 1 since 5.15 and was 4 before; with the module's option hashsize it is 8. ENTRY_BYTES:
 * the slab object with its usual extensions. BUCKET_STEP: a page of pointers. */
enum { ENTRIES_PER_BUCKET_GOOD = 4, ENTRIES_PER_BUCKET_MAX = 8, ENTRY_BYTES = 400, BUCKET_STEP = 512 };

/* nf_conntrack_hash_resize() rounds up to whole pages. */
static void hint_buckets(struct lint *lint, uint64_t max)
{
	char buckets[32];

	snprintf(buckets, sizeof(buckets), "%" PRIu64, (max + BUCKET_STEP - 1) / BUCKET_STEP * BUCKET_STEP);
	if (lint_release_before(lint, "4.8"))
		lint_hint(lint, "before 4.8: options nf_conntrack hashsize=%s, below /etc/modprobe.d", buckets);
	else
		lint_hint(lint, "%s: %s", lint_setting(lint, BUCKETS) ? "make the line" : "add a line",
			lint_line(lint, BUCKETS, buckets));
}

void lint_conntrack_buckets(struct lint *lint)
{
	uint64_t max, buckets;

	if (lint_setting(lint, BUCKETS) || !lint_target_number(lint, 0, &max) || max == 0)
		return;
	/* In a container neither of the two can be set, and that is told. */
	if (lint_is_unwritable(lint))
		return;
	if (!lint_live_number(lint, BUCKETS, 0, &buckets)) {
		lint_report(lint, "nf_conntrack_max without nf_conntrack_buckets: the hash table keeps the size "
				  "that the kernel "
				  "chose, and its chains grow with the number of entries");
	} else if (buckets > 0 && max / ENTRIES_PER_BUCKET_GOOD > buckets) {
		lint_report(lint,
			"nf_conntrack_max without nf_conntrack_buckets: the hash table keeps its %" PRIu64
			" buckets, "
			"each with a chain of about %" PRIu64 " entries when full",
			buckets, (max + buckets / 2) / buckets);
	} else {
		return;
	}
	hint_buckets(lint, max);
}

void lint_conntrack_overfull(struct lint *lint)
{
	const struct setting *setting = lint_setting(lint, BUCKETS);
	uint64_t max, buckets;

	if (!setting || !lint_target_number(lint, 0, &max) || !lint_number(lint, BUCKETS, 0, &buckets) ||
		buckets == 0 || max / ENTRIES_PER_BUCKET_MAX <= buckets)
		return;
	lint_report(lint,
		"nf_conntrack_max is %" PRIu64
		" times the buckets of the hash table: long chains slow every packet down",
		max / buckets);
	lint_also(lint, setting, "set here");
	hint_buckets(lint, max);
}

void lint_conntrack_memory(struct lint *lint)
{
	uint64_t max;

	if (!lint_target_number(lint, 0, &max) || lint_machine(lint)->ram_bytes == 0 ||
		max <= lint_machine(lint)->ram_bytes / 8 / ENTRY_BYTES || max > UINT64_MAX / ENTRY_BYTES)
		return;
	lint_report(lint, "a full table takes about %s of the %s of this machine, and cannot be swapped",
		lint_size(lint, max * ENTRY_BYTES), lint_size(lint, lint_machine(lint)->ram_bytes));
	lint_hint(lint,
		"take what is used at peak (nf_conntrack_count) times 4; not tracking a port at all costs nothing");
}

void lint_conntrack_time_wait(struct lint *lint)
{
	uint64_t seconds;

	if (!lint_target_number(lint, 0, &seconds) || seconds >= 60)
		return;
	lint_report(lint,
		"this forgets the firewall's entry of a closed connection while both ends remember it for 60 s; it "
		"does not shorten TIME_WAIT of sockets");
	lint_hint(lint, "60 or more");
}

void lint_conntrack_established(struct lint *lint)
{
	uint64_t seconds;

	if (!lint_target_number(lint, 0, &seconds) || seconds >= 7440)
		return;
	lint_report(lint,
		"connections that are idle for %" PRIu64
		" s are forgotten, and then hang, where the firewall or NAT lets "
		"only known ones pass; RFC 5382 asks for 7440 s at least",
		seconds);
	lint_hint(lint, "7440 or more; 86400 is a day");
}

/* Reported at the lifetime of the entries, or at the keepalive time where only that is set. */
void lint_conntrack_keepalive(struct lint *lint)
{
	const struct setting *setting = lint_setting(lint, KEEPALIVE);
	bool is_keepalive = strcmp(lint->setting->path, KEEPALIVE) == 0;
	uint64_t seconds, keepalive;

	if ((is_keepalive && lint_setting(lint, ESTABLISHED)) || !lint_number(lint, ESTABLISHED, 0, &seconds) ||
		!lint_number(lint, KEEPALIVE, 0, &keepalive) || seconds > keepalive)
		return;
	lint_report(lint,
		"entries go after %" PRIu64 " s, before the first keepalive probe at %" PRIu64
		" s could refresh them",
		seconds, keepalive);
	if (setting && !is_keepalive)
		lint_also(lint, setting, "set here");
	lint_hint(lint, is_keepalive ? "let it be less than nf_conntrack_tcp_timeout_established" :
		"let the entries live longer than tcp_keepalive_time");
}
