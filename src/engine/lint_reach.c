/* SPDX-License-Identifier: MIT */
/* Checks of what can cut a host off, for the engineer who sits at the other end of the line. */
#include "engine/lint_check.h"

#include <string.h>

/* apply takes no file for sysctl. */
static void hint_confirm(struct lint *lint, const char *before)
{
	lint_hint(lint, "%s%sapply it with --confirm 2m: then it is put back unless you confirm", before,
		lint_is_conf(lint) ? "write it into a profile, and " : "");
}

/* A setting for interfaces to come, or for the loopback interface, cuts nobody off. */
static bool is_about_links(const struct lint *lint)
{
	return !strstr(lint->setting->path, "/conf/default/") && !strstr(lint->setting->path, "/conf/lo/");
}

/* Whether the value is this one, and not so yet as far as known. */
static bool becomes(struct lint *lint, uint64_t value)
{
	uint64_t target, live;

	return lint_target_number(lint, 0, &target) && target == value &&
		!(lint_live_number(lint, lint->setting->path, 0, &live) && live == value);
}

void lint_reach_forwarding(struct lint *lint)
{
	uint64_t target, live;

	if (!is_about_links(lint) || !lint_target_number(lint, 0, &target) || target != 0 ||
		!lint_live_number(lint, lint->setting->path, 0, &live) || live == 0)
		return;
	lint_report(lint, "this host forwards now: containers, virtual machines and VPNs behind it are cut off");
	hint_confirm(lint, "");
}

void lint_becomes_router(struct lint *lint)
{
	bool is_v6 = strncmp(lint->setting->path, "net/ipv6/", 9) == 0;

	if (!becomes(lint, 1))
		return;
	lint_report(lint,
		is_v6 ? "a router ignores router advertisements: routes and addresses that this host has from them "
			"expire, unless accept_ra is 2"
		      : "this host becomes a router: what reaches it is passed on between all "
			"of its interfaces as far as the firewall allows");
	hint_confirm(lint, "");
}

void lint_reach_rp_filter(struct lint *lint)
{
	if (strstr(lint->setting->path, "/conf/lo/") || !becomes(lint, 1))
		return;
	lint_report(lint, "strict filtering drops what comes in on another interface than the answer goes out on: "
			  "with several "
			  "links, policy routing or a VPN this can cut the host off");
	hint_confirm(lint, "2 is the loose mode; ");
}

void lint_rp_filter_all(struct lint *lint)
{
	uint64_t target;

	if (!lint_target_number(lint, 0, &target) || target != 0)
		return;
	lint_report(lint, "the larger of conf.all and the interface counts: 0 here switches nothing off");
	lint_hint(lint, "set it for the interface");
}

void lint_reach_ipv6(struct lint *lint)
{
	bool is_disable = strstr(lint->setting->path, "/disable_ipv6") != NULL;

	if (!is_about_links(lint) || !becomes(lint, is_disable ? 1 : 0))
		return;
	lint_report(lint,
		is_disable ? "IPv6 addresses are removed at once: who has reached the host over IPv6 is cut off"
			   : "routes and addresses that the host has from router advertisements expire");
	/* The first is one-way, and so cannot wait for a confirmation. */
	if (is_disable)
		lint_hint(lint, "be sure to reach the host over IPv4, now and after a reboot");
	else
		hint_confirm(lint, "");
}

void lint_reach_ping(struct lint *lint)
{
	if (!becomes(lint, 1))
		return;
	lint_report(lint, "whoever watches the host by ping takes it for dead");
	lint_hint(lint, "leave it out: it hides nothing that a port scan would not show");
}
