/* SPDX-License-Identifier: MIT */
/* Checks of the range of local ports against what listens, or is likely to. */
#include "engine/lint_check.h"

#include "kernel/owners.h"
#include "kernel/sockdiag.h"
#include "model/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RANGE "net/ipv4/ip_local_port_range"
#define RESERVED "net/ipv4/ip_local_reserved_ports"

/* The kernel's default range: what listens inside of it has most often got its port from there. */
enum { DEFAULT_FIRST = 32768, DEFAULT_LAST = 60999, NAMED_MAX = 4 };

/* Kubernetes' --service-node-port-range. */
enum { NODEPORT_FIRST = 30000, NODEPORT_LAST = 32767, KUBERNETES_MAX = 8 };

/* Well known, above 1023 and below where people usually begin a widened range. */
static const struct {
	unsigned port;
	const char *name;
} services[] = {
	{ 3306, "MySQL" }, { 5432, "PostgreSQL" }, { 6379, "Redis" }, { 8080, "HTTP" }, { 1433, "SQL Server" },
	{ 1521, "Oracle" }, { 2049, "NFS" }, { 2181, "ZooKeeper" }, { 2379, "etcd" }, { 5672, "AMQP" },
	{ 6443, "Kubernetes" }, { 8443, "HTTPS" }, { 9090, "Prometheus" }, { 9092, "Kafka" }, { 9200, "Elasticsearch" },
};

struct range {
	uint64_t first, last;
};

static bool target_range(struct lint *lint, struct range *ret_range)
{
	return lint_target_number(lint, 0, &ret_range->first) && lint_target_number(lint, 1, &ret_range->last) &&
		ret_range->last < PORTS_COUNT;
}

static bool holds(struct range range, unsigned port)
{
	return port >= range.first && port <= range.last;
}

/* The ports that will be reserved; with `all` also those that a fixed value of the settings would throw away. */
static void find_reserved(struct lint *lint, bool all, struct ports *ret_ports)
{
	const struct setting *setting = lint_setting(lint, RESERVED);
	struct ports own;
	struct value live;
	bool keeps_live = !setting || all || setting->rule == SETTING_AT_LEAST;

	memset(ret_ports, 0, sizeof(*ret_ports));
	if (keeps_live && lint_live(lint, RESERVED, &live) && !ports_parse(live.bytes, live.length, ret_ports))
		memset(ret_ports, 0, sizeof(*ret_ports));
	if (setting && setting->rule != SETTING_AT_MOST &&
		ports_parse(setting->value.bytes, setting->value.length, &own))
		ports_unite(ret_ports, &own);
}

/* The line that reserves these ports besides all others. */
static void hint_reserved(struct lint *lint, const struct ports *more)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct setting *setting = lint_setting(lint, RESERVED);
	struct ports ports;

	find_reserved(lint, true, &ports);
	ports_unite(&ports, more);
	ports_print(&ports, &text);
	if (strbuf_check(&text) < 0) {
		lint->diags->failed = true;
		return;
	}
	lint_hint(lint, "%s: %s", setting ? "make the list of reserved ports" : "add the line",
		lint_line(lint, RESERVED, text.bytes));
}

/* ---- in general ---- */

void lint_port_services(struct lint *lint)
{
	const char *words[COUNT_OF(services)];
	struct ports reserved;
	struct range range;
	size_t count = 0;

	if (!target_range(lint, &range))
		return;
	find_reserved(lint, false, &reserved);
	for (size_t i = 0; i < COUNT_OF(services) && count < NAMED_MAX; i++) {
		if (!holds(range, services[i].port) || ports_contain(&reserved, services[i].port))
			continue;
		words[count] = arena_printf(lint->arena, "%u (%s)", services[i].port, services[i].name);
		lint->diags->failed |= !words[count];
		if (words[count])
			count++;
	}
	if (count == 0)
		return;
	lint_report(lint,
		"the range %u to %u swallows ports that services listen on, such as %s: an outgoing connection "
		"takes "
		"one, and the service cannot start",
		(unsigned)range.first, (unsigned)range.last, lint_listed(lint, words, count));
	lint_hint(lint,
		"begin at 10240, or reserve the ports of this host's services in net.ipv4.ip_local_reserved_ports");
}

/* ---- on this host ---- */

static const struct listeners *listeners_here(struct lint *lint)
{
	struct listeners *listeners;
	int r;

	if (lint->asked_for_listeners)
		return lint->listeners;
	lint->asked_for_listeners = true;
	listeners = arena_alloc(lint->arena, sizeof(*listeners));
	r = listeners ? sockdiag_listeners(lint->root, lint->arena, listeners) : -ENOMEM;
	lint->diags->failed |= r == -ENOMEM;
	lint->listeners = r < 0 ? NULL : listeners;
	return lint->listeners;
}

/* Of a port that the running range holds too and that lies in the default range, nobody knows whether it was chosen
 * or given: it has been as safe so far as it will be. */
static bool is_swallowed(const struct ports *reserved, struct range range, const struct range *live, unsigned port)
{
	bool is_old = live && holds(*live, port) && port >= DEFAULT_FIRST && port <= DEFAULT_LAST;

	return holds(range, port) && !is_old && !ports_contain(reserved, port);
}

/* Those that would be swallowed, one for each port. False: none, as far as known. */
static bool find_swallowed(struct lint *lint, struct range range, struct listeners *ret_swallowed)
{
	const struct listeners *all = listeners_here(lint);
	struct ports reserved;
	struct range live;
	bool knows_live = lint_live_number(lint, RANGE, 0, &live.first) && lint_live_number(lint, RANGE, 1, &live.last);

	if (!all)
		return false;
	find_reserved(lint, false, &reserved);
	for (size_t i = 0; i < all->count; i++) {
		unsigned port = all->items[i].port;

		/* They are sorted by port. */
		if (is_swallowed(&reserved, range, knows_live ? &live : NULL, port) &&
			(i == 0 || all->items[i - 1].port != port))
			lint->diags->failed |= listeners_add(ret_swallowed, lint->arena, &all->items[i]) < 0;
	}
	return ret_swallowed->count > 0;
}

static const char *describe(struct lint *lint, const struct listener *listener, const struct owners *owners)
{
	const struct owner *owner = owners ? owners_get(owners, listener->inode) : NULL;
	const char *text = owner && owner->pid ?
		arena_printf(lint->arena, "%u (%s, pid %d)", (unsigned)listener->port,
			owner->name[0] ? owner->name : "unknown", (int)owner->pid) :
		arena_printf(lint->arena, "%u", (unsigned)listener->port);

	lint->diags->failed |= !text;
	return text ? text : "";
}

static void report_listeners(struct lint *lint, struct range range, const struct listeners *listeners)
{
	uint32_t inodes[NAMED_MAX];
	const char *words[NAMED_MAX + 1];
	size_t named = listeners->count < NAMED_MAX ? listeners->count : NAMED_MAX, count;
	struct owners owners;
	bool has_owners;

	for (size_t i = 0; i < named; i++)
		inodes[i] = listeners->items[i].inode;
	/* Without privilege, or below a root of plain files, the port alone must do. */
	has_owners = owners_find(lint->root, lint->arena, inodes, named, &owners) == 0;
	for (count = 0; count < named; count++)
		words[count] = describe(lint, &listeners->items[count], has_owners ? &owners : NULL);
	if (listeners->count > named) {
		words[count] = arena_printf(lint->arena, "%zu more", listeners->count - named);
		lint->diags->failed |= !words[count];
		if (words[count])
			count++;
	}
	lint_report(lint,
		"the range %u to %u swallows port%s %s, where this host listens: an outgoing connection can take "
		"%s, "
		"and then the service cannot start again",
		(unsigned)range.first, (unsigned)range.last, listeners->count == 1 ? "" : "s",
		lint_listed(lint, words, count), listeners->count == 1 ? "it" : "one");
}

void lint_port_listeners(struct lint *lint)
{
	struct listeners listeners = { 0 };
	struct ports ports = { 0 };
	struct range range;

	if (!target_range(lint, &range) || !find_swallowed(lint, range, &listeners))
		return;
	report_listeners(lint, range, &listeners);
	for (size_t i = 0; i < listeners.count; i++)
		ports_add(&ports, listeners.items[i].port, listeners.items[i].port);
	hint_reserved(lint, &ports);
}

/* Programs of Kubernetes with listeners of their own on every node: 10250, 10249, 10256. In most of its modes
 * kube-proxy does not listen on the NodePorts themselves. */
static bool is_kubernetes_node(struct lint *lint)
{
	static const char *const names[] = { "kubelet", "kube-proxy", "k3s-server", "k3s-agent" };
	const struct listeners *all = listeners_here(lint);
	uint32_t inodes[KUBERNETES_MAX];
	struct owners owners;
	size_t count = 0;

	for (size_t i = 0; all && i < all->count && count < KUBERNETES_MAX; i++)
		if (all->items[i].port == 10250 || all->items[i].port == 10249 || all->items[i].port == 10256)
			inodes[count++] = all->items[i].inode;
	if (count == 0 || owners_find(lint->root, lint->arena, inodes, count, &owners) < 0)
		return false;
	for (size_t i = 0; i < owners.count; i++)
		for (size_t k = 0; k < COUNT_OF(names); k++)
			if (owners.items[i].pid && strcmp(owners.items[i].name, names[k]) == 0)
				return true;
	return false;
}

void lint_port_nodeports(struct lint *lint)
{
	struct ports reserved, open = { 0 };
	struct range range;

	if (!target_range(lint, &range) || range.first > NODEPORT_LAST || range.last < NODEPORT_FIRST)
		return;
	find_reserved(lint, false, &reserved);
	for (unsigned port = NODEPORT_FIRST; port <= NODEPORT_LAST; port++)
		if (holds(range, port) && !ports_contain(&reserved, port))
			ports_add(&open, port, port);
	if (ports_count(&open) == 0 || !is_kubernetes_node(lint))
		return;
	lint_report(lint,
		"the range %u to %u takes in the NodePorts of Kubernetes, 30000 to 32767, which runs on this host",
		(unsigned)range.first, (unsigned)range.last);
	hint_reserved(lint, &open);
}

/* ---- what the kernel refuses, and what a write throws away ---- */

void lint_port_privileged(struct lint *lint)
{
	static const char start_path[] = "net/ipv4/ip_unprivileged_port_start";
	const struct setting *setting = lint_setting(lint, start_path);
	uint64_t start;
	struct range range;

	if (!target_range(lint, &range) || !lint_number(lint, start_path, 0, &start) || range.first >= start)
		return;
	lint_report(lint, "the kernel refuses a range that begins below ip_unprivileged_port_start, which is %u",
		(unsigned)start);
	if (setting)
		lint_also(lint, setting, "set here");
	lint_hint(lint, "begin at %u", (unsigned)start);
}

void lint_reserved_dropped(struct lint *lint)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct ports own, lost;
	struct value live;

	if (lint->setting->rule != SETTING_VALUE || !lint->target.bytes || !lint_live(lint, RESERVED, &live) ||
		!ports_parse(live.bytes, live.length, &lost) ||
		!ports_parse(lint->target.bytes, lint->target.length, &own))
		return;
	for (size_t i = 0; i < PORTS_WORDS; i++)
		lost.words[i] &= ~own.words[i];
	if (ports_count(&lost) == 0)
		return;
	ports_print(&lost, &text);
	if (strbuf_check(&text) < 0) {
		lint->diags->failed = true;
		return;
	}
	lint_report(lint, "this replaces the list, and no longer reserves %s", text.bytes);
	hint_reserved(lint, &lost);
}
