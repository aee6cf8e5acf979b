/* SPDX-License-Identifier: MIT */
/* Looking at TCP: counters, listeners, sockets, owners. */
#define _GNU_SOURCE
#include "engine/observe.h"

#include "kernel/descriptors.h"
#include "kernel/facts.h"
#include "kernel/owners.h"
#include "kernel/process.h"
#include "kernel/sock_dump.h"
#include "kernel/sockdiag.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

enum {
	/* With fewer a process is not asked for its limit, which costs more than the count: one of 46 and above is found
	 * in any case. */
	DESCRIPTORS_FEW = 32,
	VISITORS_MAX = 1024,
	CLOSING_MAX = 256,
	/* Sockets to be looked at again, 2 us each: of CLOSE_WAIT all, as long as their number decides. */
	CLOSE_WAITS_ASKED = 1024,
	ESTABLISHED_ASKED = 256,
	PARTED_MIN = 50000,	/* sockets; from there on a second walk takes less than it saves */
	HOLDERS_ASKED_MAX = 8,	/* for their descriptors, of each suspect */
	/* What the counters can answer for. */
	SUBTRACTED_STATES = 1 << TCP_ESTABLISHED | 1 << TCP_TIME_WAIT,
	/* Bits of the bitmap that counts networks: tells up to some 50,000 apart. */
	NETWORKS_BITS = 14,
};

/* ---- what it costs ---- */

static double clock_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

struct stopwatch {
	double wall_ms, cpu_ms;
};

static struct stopwatch stopwatch_start(void)
{
	return (struct stopwatch){ clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_PROCESS_CPUTIME_ID) };
}

static void stopwatch_stop(struct stopwatch start, struct observation *seen, enum observation_tier tier)
{
	struct observation_cost *cost = &seen->cost;

	cost->wall_ms += clock_ms(CLOCK_MONOTONIC) - start.wall_ms;
	cost->cpu_ms += clock_ms(CLOCK_PROCESS_CPUTIME_ID) - start.cpu_ms;
	cost->did[tier] = true;
}

void observe_open(struct observe *observe, const struct rootdir *root, struct procsys *procsys, struct arena *arena,
	struct observation *ret_seen)
{
	*ret_seen = (struct observation){ .arena = arena };
	*observe = (struct observe){
		.root = root, .procsys = procsys, .seen = ret_seen,
		.close_waits.capacity = CLOSE_WAITS_ASKED, .established.capacity = ESTABLISHED_ASKED,
	};
	counter_files_open(root, &observe->files);
}

void observe_close(struct observe *observe)
{
	counter_files_release(&observe->files);
}

/* ---- tier 0 ---- */

static int read_value(struct observe *observe, const char *path, struct value *ret_value)
{
	int error, r = procsys_read(observe->procsys, observe->seen->arena, path, ret_value, &error);

	if (r == 0)
		*ret_value = value_trimmed(*ret_value);
	return r;
}

static bool field_number(struct value value, size_t field, uint64_t *ret_number)
{
	struct value word;
	struct number number;

	for (size_t i = 0; i <= field; i++)
		if (!value_next_field(&value, &word))
			return false;
	if (!number_parse(word.bytes, word.length, &number) || number.negative)
		return false;
	*ret_number = number.magnitude;
	return true;
}

static int read_settings(struct observe *observe)
{
	struct tcp_settings *settings = &observe->seen->settings;
	struct value value;
	const char *last = "";
	int r = 0;

	/* Fields of one file stand side by side in the list, so that each file is read once. */
#define READ_SETTING(member, path, field)                                                         \
	if (strcmp(last, path) != 0)                                                              \
		r = read_value(observe, path, &value);                                            \
	if (r < 0)                                                                                \
		return r;                                                                         \
	last = path;                                                                              \
	settings->known.member = r == 0 && field_number(value, field, &settings->member);
	TCP_SETTINGS(READ_SETTING)
#undef READ_SETTING
	r = read_value(observe, "net/ipv4/ip_local_reserved_ports", &value);
	if (r < 0)
		return r;
	if (r != 0 || !ports_parse(value.bytes, value.length, &settings->reserved))
		memset(&settings->reserved, 0, sizeof(settings->reserved));
	return 0;
}

static int find_place(struct observe *observe)
{
	struct machine machine;
	int r = facts_machine(observe->root, observe->seen->arena, &machine);

	if (r < 0)
		return r;
	observe->seen->in_netns = machine.in_netns;
	observe->seen->ram_bytes = machine.ram_bytes;
	observe->seen->page_size = machine.page_size;
	return 0;
}

int observe_counters(struct observe *observe)
{
	struct observation *seen = observe->seen;
	struct stopwatch start = stopwatch_start();
	bool is_first = !seen->cost.did[TIER_COUNTERS];
	int r = counter_files_read(&observe->files, &seen->now);

	if (r == 0 && is_first) {
		seen->before = seen->now;
		r = read_settings(observe);
		if (r == 0)
			r = find_place(observe);
	} else if (r == 0) {
		seen->has_interval = true;
		counters_change(&seen->before, &seen->now, &seen->changes);
		counters_rate(&seen->changes, &seen->rates);
	}
	stopwatch_stop(start, seen, TIER_COUNTERS);
	return r;
}

/* ---- tier 1 ---- */

int observe_listeners(struct observe *observe)
{
	struct observation *seen = observe->seen;
	struct stopwatch start = stopwatch_start();
	struct listeners listeners;
	int r = sockdiag_listeners(observe->root, seen->arena, &listeners);

	if (r == 0) {
		if (seen->has_listeners)
			seen->listeners_before = seen->listeners;
		seen->listeners = listeners;
		seen->has_listeners = true;
		listening_ports_of(&listeners, &observe->ports);
	}
	stopwatch_stop(start, seen, TIER_LISTENERS);
	return r;
}

int observe_sample(struct observe *observe)
{
	int r = observe_counters(observe);

	return r < 0 ? r : observe_listeners(observe);
}

void observe_move(struct observe *observe, struct procsys *procsys)
{
	counter_files_release(&observe->files);
	counter_files_open(observe->root, &observe->files);
	observe->procsys = procsys;
}

/* ---- tiers 2 and 3: one socket ---- */

static struct service *service_of(struct observe *observe, uint16_t port)
{
	return (struct service *)observation_service(observe->seen, port);
}

/* How long, only a look at the single socket tells: see look_again(). */
static int take_close_wait(struct observe *observe, const struct tcp_socket *socket)
{
	observe->seen->close_waits.unread_bytes += socket->receive_queue;
	return socket_sample_add(&observe->close_waits, observe->seen->arena, socket);
}

static int sort_close_wait(struct observe *observe, const struct tcp_socket *socket, uint64_t scale)
{
	struct close_waits *waits = &observe->seen->close_waits;
	enum close_wait_age age = CLOSE_WAIT_YOUNG;
	/* In the text tables, and of other kernels, the FIN counts as a byte. */
	bool has_unread = socket->receive_queue > 1;

	if (!(socket->known & TCP_SOCKET_HAS_INFO))
		waits->ages_unknown += scale;
	else if (socket->info.last_ack_received_ms >= CLOSE_WAIT_OLD_MS)
		age = CLOSE_WAIT_OLD;
	else if (socket->info.last_ack_received_ms >= CLOSE_WAIT_MIDDLE_MS)
		age = CLOSE_WAIT_MIDDLE;
	if (socket->info.last_ack_received_ms > waits->oldest_ms)
		waits->oldest_ms = socket->info.last_ack_received_ms;
	waits->counts[age][has_unread] += scale;
	if (socket->inode == 0)
		waits->unaccepted[age][has_unread] += scale;
	return inode_sample_add(&waits->samples[age][has_unread], observe->seen->arena, socket->inode);
}

/* The network of the peer, /24 or /64, as a bit: how many are set says about how many there are (linear counting:
 * Whang, Vander-Zanden, Taylor, 1990). */
static void take_network(struct observe *observe, const struct tcp_socket *socket)
{
	uint64_t network = 0;
	uint32_t bit;

	memcpy(&network, socket->remote, socket->family == AF_INET6 ? 8 : 3);
	bit = (uint32_t)(network * UINT64_C(0x9e3779b97f4a7c15) >> (64 - NETWORKS_BITS));
	observe->source_networks[bit / 32] |= UINT32_C(1) << bit % 32;
}

static void take_half_open(struct observe *observe, const struct tcp_socket *socket)
{
	struct service *service = service_of(observe, socket->local_port);

	observe->seen->half_open.unanswered += socket->retries > 0;
	if (service)
		service->unanswered += socket->retries > 0;
	take_network(observe, socket);
}

static int take_incoming(struct observe *observe, const struct tcp_socket *socket)
{
	struct service *service = service_of(observe, socket->local_port);
	struct tcp_socket visitor;

	if (service)
		service->states[socket->state]++;
	if (!observe->with_destinations || socket->state == TCP_LISTEN || socket->state == TCP_SYN_RECV)
		return 0;
	observation_visitor(socket, &visitor);
	return destinations_count(&observe->seen->visitors, &visitor);
}

static int take_outgoing(struct observe *observe, const struct tcp_socket *socket)
{
	int r = destinations_count(&observe->seen->destinations, socket);

	if (r == 0 && socket->state == TCP_ESTABLISHED)
		r = socket_sample_add(&observe->established, observe->seen->arena, socket);
	return r;
}

static int take_closing(struct observe *observe, const struct tcp_socket *socket, bool is_incoming)
{
	struct tcp_socket visitor;

	if (!is_incoming)
		return destinations_count(&observe->seen->closing, socket);
	observation_visitor(socket, &visitor);
	return destinations_count(&observe->seen->closing, &visitor);
}

static int take_socket(void *context, const struct tcp_socket *socket)
{
	struct observe *observe = context;
	bool is_incoming = tcp_socket_is_incoming(socket, &observe->ports);
	int r = 0;

	socket_counts_add(&observe->seen->counts, socket);
	if (is_incoming)
		r = take_incoming(observe, socket);
	else if (observe->with_destinations)
		r = take_outgoing(observe, socket);
	if (r < 0)
		return r;
	switch (socket->state) {
	case TCP_CLOSE_WAIT:
		r = take_close_wait(observe, socket);
		return r < 0 ? r : take_closing(observe, socket, is_incoming);
	case TCP_FIN_WAIT2:
		if (socket->inode)
			r = inode_sample_add(&observe->seen->fin_waits, observe->seen->arena, socket->inode);
		return r < 0 ? r : take_closing(observe, socket, is_incoming);
	case TCP_SYN_RECV:
		take_half_open(observe, socket);
		return 0;
	default:
		return 0;
	}
}

/* ---- tiers 2 and 3: all of them ---- */

static void begin_sockets(void *context)
{
	struct observe *observe = context;
	struct observation *seen = observe->seen;
	struct close_waits *waits = &seen->close_waits;

	socket_counts_clear(&seen->counts);
	for (size_t i = 0; i < seen->services_count; i++)
		observe->services[i] = (struct service){ .port = observe->services[i].port };
	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++) {
			waits->counts[age][unread] = waits->unaccepted[age][unread] = 0;
			inode_sample_clear(&waits->samples[age][unread]);
		}
	waits->unread_bytes = waits->ages_unknown = waits->oldest_ms = 0;
	socket_sample_clear(&observe->close_waits);
	socket_sample_clear(&observe->established);
	inode_sample_clear(&seen->fin_waits);
	seen->half_open = (struct half_open){ 0 };
	memset(observe->source_networks, 0, (1 << NETWORKS_BITS) / 8);
	destinations_clear(&seen->closing);
	if (!observe->with_destinations)
		return;
	destinations_clear(&seen->destinations);
	destinations_clear(&seen->visitors);
}

/* One for each port: the listeners are sorted by it. */
static int make_services(struct observe *observe)
{
	struct observation *seen = observe->seen;
	const struct listeners *listeners = &seen->listeners;
	size_t count = 0;

	observe->services = arena_alloc(seen->arena, (listeners->count + 1) * sizeof(*observe->services));
	if (!observe->services)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count; i++)
		if (count == 0 || observe->services[count - 1].port != listeners->items[i].port)
			observe->services[count++].port = listeners->items[i].port;
	seen->services = observe->services;
	seen->services_count = count;
	return 0;
}

static int make_tables(struct observe *observe)
{
	struct observation *seen = observe->seen;
	uint64_t seed = 0;
	int r;

	/* That the tables are fast rests on it, not that they are right. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)clock_ms(CLOCK_MONOTONIC);
	observe->source_networks = arena_alloc(seen->arena, (1 << NETWORKS_BITS) / 8);
	if (!observe->source_networks)
		return -ENOMEM;
	r = destinations_init(&seen->closing, seen->arena, CLOSING_MAX, seed);
	if (r == 0 && observe->with_destinations)
		r = destinations_init(&seen->destinations, seen->arena, DESTINATIONS_MAX, seed);
	if (r == 0 && observe->with_destinations)
		r = destinations_init(&seen->visitors, seen->arena, VISITORS_MAX, seed);
	return r;
}

static int rank_tables(struct observe *observe)
{
	struct observation *seen = observe->seen;
	int r = destinations_rank(&seen->closing, seen->arena, &seen->ranked_closing);

	if (r == 0 && observe->with_destinations)
		r = destinations_rank(&seen->destinations, seen->arena, &seen->ranked);
	if (r == 0 && observe->with_destinations)
		r = destinations_rank(&seen->visitors, seen->arena, &seen->ranked_visitors);
	return r;
}

/* Linear counting: of m bits, z that stay clear mean m ln(m / z) networks. */
static uint64_t count_networks(const uint32_t *bitmap)
{
	const uint64_t bits = UINT64_C(1) << NETWORKS_BITS;
	uint64_t clear = bits;
	double estimate = 0;

	for (size_t i = 0; i < bits / 32; i++)
		clear -= (uint64_t)__builtin_popcount(bitmap[i]);
	/* The harmonic sum is that logarithm for whole numbers, and needs no libm. */
	for (uint64_t left = clear ? clear : 1; left < bits; left++)
		estimate += (double)bits / (double)(left + 1);
	return (uint64_t)(estimate + 0.5);
}

static uint64_t minus(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

static bool moved(uint64_t before, uint64_t after)
{
	uint64_t change = before > after ? before - after : after - before;

	return change > 1 && change * 100 > before;
}

/* CurrEstab is ESTABLISHED and CLOSE_WAIT; `tw` is TIME_WAIT and the small sockets of FIN_WAIT2. */
static int subtract(struct observe *observe)
{
	struct observation *seen = observe->seen;
	struct counters after;
	int r = counter_files_read(&observe->files, &after);

	if (r < 0)
		return r;
	seen->states[TCP_ESTABLISHED] = minus(after.established, seen->states[TCP_CLOSE_WAIT]);
	seen->states[TCP_TIME_WAIT] = minus(after.tcp_time_waits, seen->counts.fin_wait2_small);
	seen->is_moving = moved(seen->now.established, after.established) ||
		moved(seen->now.tcp_time_waits, after.tcp_time_waits);
	return 0;
}

/* ---- single sockets again ---- */

/* Without netlink nothing more is known of them than before, and *ret_is_answered is false. 0 or -ENOMEM. */
static int look_again(struct observe *observe, struct socket_sample *sample, bool *ret_is_answered)
{
	int r = sock_dump_look_up(observe->root, sample->sockets, sample->count, TCP_SOCKET_HAS_INFO);

	*ret_is_answered = r == 0;
	return r == -ENOMEM ? r : 0;
}

/* Closed since the walk: it leaks no more, and how long it waited matters to nobody. */
static bool is_over(const struct tcp_socket *socket, bool is_answered)
{
	return socket->state != TCP_CLOSE_WAIT || (is_answered && !(socket->known & TCP_SOCKET_HAS_INFO));
}

static int sort_close_waits(struct observe *observe)
{
	struct socket_sample *sample = &observe->close_waits;
	struct close_waits *waits = &observe->seen->close_waits;
	uint64_t scale = socket_sample_scale(sample);
	bool is_answered;
	int r = look_again(observe, sample, &is_answered);

	for (size_t i = 0; r == 0 && i < sample->count; i++)
		if (!is_over(&sample->sockets[i], is_answered))
			r = sort_close_wait(observe, &sample->sockets[i], scale);
	for (int age = 0; age < CLOSE_WAIT_AGES; age++)
		for (int unread = 0; unread < 2; unread++)
			waits->samples[age][unread].shift = sample->shift;
	return r;
}

/* Whether it is worth to find out what is idle. */
static bool has_many_established(const struct observation *seen)
{
	for (size_t i = 0; i < seen->destinations.count; i++) {
		if (seen->ranked[i]->seen < DESTINATION_IDLE_MIN)
			return false;
		if (seen->ranked[i]->states[TCP_ESTABLISHED] >= DESTINATION_IDLE_MIN)
			return true;
	}
	return false;
}

static int find_idle(struct observe *observe)
{
	struct socket_sample *sample = &observe->established;
	bool is_answered;
	int r = has_many_established(observe->seen) ? look_again(observe, sample, &is_answered) : 0;

	for (size_t i = 0; r == 0 && i < sample->count; i++)
		destinations_sample_idle(&observe->seen->destinations, &sample->sockets[i]);
	return r;
}

/* Where to part the walk: connections that were opened here, which are what there may be hundreds of thousands of, have
 * local ports all over the range. Few sockets, or states of which there are few, are not worth it. */
static uint16_t parted_at(const struct observation *seen, uint32_t states)
{
	const struct tcp_settings *settings = &seen->settings;
	uint64_t sockets = seen->now.tcp_sockets + seen->now.tcp6_sockets + seen->now.tcp_time_waits;

	if (!(states & SUBTRACTED_STATES) || sockets < PARTED_MIN || tcp_settings_usable_ports(settings) == 0)
		return 0;
	return (uint16_t)((settings->port_first + settings->port_last) / 2);
}

static int walk(struct observe *observe, uint32_t states)
{
	struct observation *seen = observe->seen;
	const struct sock_dump_query query = { .states = states, .parted_at = parted_at(seen, states) };
	const struct sock_dump_sink sink = { begin_sockets, take_socket, observe };
	struct sock_dump_result result;
	int r = sock_dump(observe->root, &query, &sink, &result);

	if (r < 0)
		return r;
	seen->sockets_walked = result.sockets;
	seen->malformed = result.malformed;
	seen->is_moving = result.is_disturbed;
	for (unsigned state = 1; state < TCP_SOCKET_STATES; state++)
		seen->states[state] = socket_counts_of(&seen->counts, state);
	seen->half_open.distinct_sources = count_networks(observe->source_networks);
	return rank_tables(observe);
}

int observe_sockets(struct observe *observe, bool with_destinations)
{
	struct observation *seen = observe->seen;
	struct stopwatch start = stopwatch_start();
	/* Without the counters there is nothing to subtract from. */
	bool subtracts = !with_destinations && seen->now.known.established && seen->now.known.tcp_time_waits;
	int r;

	observe->with_destinations = with_destinations;
	r = make_services(observe);
	if (r == 0)
		r = make_tables(observe);
	if (r == 0)
		r = walk(observe, TCP_SOCKET_ALL_STATES & ~(subtracts ? (uint32_t)SUBTRACTED_STATES : 0));
	if (r == 0 && subtracts)
		r = subtract(observe);
	if (r == 0 && with_destinations)
		r = sort_close_waits(observe);
	if (r == 0 && with_destinations)
		r = find_idle(observe);
	if (r < 0)
		return r;
	seen->has_sockets = true;
	seen->is_by_family = !subtracts;
	seen->has_destinations = with_destinations;
	stopwatch_stop(start, seen, TIER_SOCKETS);
	seen->cost.did[TIER_DESTINATIONS] = with_destinations;
	return 0;
}

/* ---- tier 4 ---- */

int observe_suspect(struct observation *seen, enum suspect_kind kind, uint32_t key, const uint32_t inodes[], size_t count,
	uint64_t scale)
{
	struct suspect *grown = arena_grow(seen->arena, seen->suspects, seen->suspects_count, &seen->suspects_capacity,
		sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	seen->suspects = grown;
	grown[seen->suspects_count++] = (struct suspect){
		.kind = kind, .key = key, .inodes = inodes, .inodes_count = count, .scale = scale,
	};
	return 0;
}

/* A sample stands for all of them. Several processes that hold one socket share it; of several sockets each may have
 * its own. */
static struct actor actor_of(const struct holder *holder, const struct holders *holders, uint64_t scale)
{
	return (struct actor){
		.kind = ACTOR_PROCESS, .pid = holder->pid, .name = holder->name, .command = holder->command,
		.unit = holder->unit, .processes = holders->sockets == 1 ? holders->processes : 0,
		.count = holder->sockets * scale,
		.is_estimate = holder->is_estimate || scale > 1,
	};
}

static int take_holders(struct observation *seen, struct suspect *suspect, const struct holders *holders)
{
	struct actor *actors = arena_alloc(seen->arena, (holders->count + 1) * sizeof(*actors));

	if (!actors)
		return -ENOMEM;
	for (size_t i = 0; i < holders->count; i++)
		actors[i] = actor_of(&holders->items[i], holders, suspect->scale);
	suspect->holders = actors;
	suspect->holders_count = holders->count;
	suspect->missing = holders->missing;
	return 0;
}

/* One walk answers for so many. */
static int look_for_owners(struct observe *observe, size_t first, size_t count, bool exact)
{
	struct observation *seen = observe->seen;
	struct socket_group groups[OWNERS_GROUPS_MAX] = { 0 };
	struct group_owners owners;
	int r;

	for (size_t i = 0; i < count; i++)
		groups[i] = (struct socket_group){ seen->suspects[first + i].inodes, seen->suspects[first + i].inodes_count };
	r = owners_find_groups(observe->root, seen->arena, groups, count, exact, &owners);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = take_holders(seen, &seen->suspects[first + i], &owners.items[i]);
	if (r == 0 && owners.hidden > seen->hidden)
		seen->hidden = owners.hidden;
	return r;
}

/* How many descriptors the heaviest holders have open: sockets that are not closed end with EMFILE. */
static int find_descriptors(struct observation *seen, const struct rootdir *root)
{
	for (size_t i = 0; i < seen->suspects_count; i++) {
		struct actor *holders = (struct actor *)seen->suspects[i].holders;

		for (size_t k = 0; k < seen->suspects[i].holders_count && k < HOLDERS_ASKED_MAX; k++) {
			struct descriptors descriptors;
			int r = descriptors_of(root, holders[k].pid, &descriptors);

			if (r == -ENOMEM)
				return r;
			if (r < 0 || !descriptors.open_known || !descriptors.limits_known ||
				descriptors.soft == DESCRIPTORS_UNLIMITED)
				continue;
			holders[k].descriptors = descriptors.open;
			holders[k].descriptors_max = descriptors.soft;
		}
	}
	return 0;
}

int observe_owners(struct observe *observe, bool exact)
{
	struct observation *seen = observe->seen;
	struct stopwatch start = stopwatch_start();
	int r = 0;

	for (size_t first = 0; r == 0 && first < seen->suspects_count; first += OWNERS_GROUPS_MAX) {
		size_t left = seen->suspects_count - first;

		r = look_for_owners(observe, first, left < OWNERS_GROUPS_MAX ? left : OWNERS_GROUPS_MAX, exact);
	}
	if (r == 0)
		r = find_descriptors(seen, observe->root);
	seen->has_owners = r == 0;
	stopwatch_stop(start, seen, TIER_OWNERS);
	return r;
}

/* ---- processes ---- */

static pid_t pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && *end == '\0' && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* From where its descriptors are worth a word: engine/diagnose_limits.c has the levels. 0 is a sandbox (sshd), which is
 * to open nothing more. */
static bool is_near(const struct descriptors *descriptors)
{
	return descriptors->open_known && descriptors->limits_known && descriptors->soft > 0 &&
		descriptors->soft != DESCRIPTORS_UNLIMITED &&
		(double)descriptors->open >= NEAR_LIMIT_SHARE * (double)descriptors->soft;
}

static int open_process(const struct rootdir *root, const char *process)
{
	char path[sizeof("proc/") + NAME_MAX];

	snprintf(path, sizeof(path), "proc/%s", process);
	return rootdir_open_path(root, path, O_PATH | O_DIRECTORY);
}

/* Of a container, other processes are in reach where it shares proc with the host: those are not its trouble. */
static bool is_elsewhere(const struct observe *observe, int process_fd)
{
	CLEANUP_FD int self_fd = -1;
	struct stat theirs, ours;

	if (observe->everywhere || !observe->seen->in_netns || !observe->root->is_system)
		return false;
	self_fd = open_process(observe->root, "self");
	return self_fd >= 0 && fstatat(self_fd, "ns/net", &ours, 0) == 0 &&
		fstatat(process_fd, "ns/net", &theirs, 0) == 0 &&
		(theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

static int add_near(struct observe *observe, pid_t pid, int process_fd, const struct descriptors *descriptors)
{
	struct observation *seen = observe->seen;
	struct near_limit *grown = arena_grow(seen->arena, seen->near_limits, seen->near_limits_count,
		&seen->near_limits_capacity, sizeof(*grown));
	struct process_names names;
	int r;

	if (!grown)
		return -ENOMEM;
	seen->near_limits = grown;
	r = process_read_names(process_fd, seen->arena, &names);
	if (r < 0)
		return r;
	grown[seen->near_limits_count++] = (struct near_limit){
		.pid = pid, .name = names.name, .command = names.command, .unit = names.unit,
		.open = descriptors->open, .soft = descriptors->soft, .hard = descriptors->hard,
	};
	return 0;
}

/* Whether the host is so short of files that who holds them is to be told. */
static bool is_short_of_files(const struct counters *now)
{
	return now->known.files && now->known.files_max &&
		(double)now->files >= FILES_HIGH_SHARE * (double)now->files_max;
}

/* Keeps those with the most, in order. */
static void add_opener(struct observation *seen, pid_t pid, uint64_t open)
{
	size_t at = seen->openers_count;

	if (at == OPENERS_MAX && seen->openers[--at].open >= open)
		return;
	for (; at > 0 && seen->openers[at - 1].open < open; at--)
		seen->openers[at] = seen->openers[at - 1];
	seen->openers[at] = (struct near_limit){ .pid = pid, .name = "", .command = "", .unit = "", .open = open };
	seen->openers_count += seen->openers_count < OPENERS_MAX;
}

/* Of those kept, names and limits. */
static int know_openers(struct observe *observe)
{
	struct observation *seen = observe->seen;
	int r = 0;

	for (size_t i = 0; r != -ENOMEM && i < seen->openers_count; i++) {
		struct near_limit *opener = &seen->openers[i];
		struct descriptors descriptors = { 0 };
		struct process_names names = { "", "", "" };
		CLEANUP_FD int fd = -1;
		char name[24];

		snprintf(name, sizeof(name), "%lld", (long long)opener->pid);
		fd = open_process(observe->root, name);
		if (fd < 0)
			continue;
		r = process_read_names(fd, seen->arena, &names);
		if (r == 0)
			r = descriptors_of(observe->root, opener->pid, &descriptors);
		*opener = (struct near_limit){ opener->pid, names.name, names.command, names.unit, opener->open,
			descriptors.soft, descriptors.hard };
	}
	return r == -ENOMEM ? r : 0;
}

/* 0 or -ENOMEM: what has ended meanwhile, or is not to be known, is left out. One stat(2) says how many are open, and
 * for most processes that is all. */
static int look_at_process(struct observe *observe, int proc_fd, bool is_told, const char *name)
{
	pid_t pid = pid_of(name);
	struct descriptors descriptors;
	CLEANUP_FD int fd = -1;
	int r = 0;

	if (pid == 0 || (is_told && descriptors_open(proc_fd, pid, &descriptors.open) < 0))
		return 0;
	if (!is_told || descriptors.open >= DESCRIPTORS_FEW)
		r = descriptors_of(observe->root, pid, &descriptors);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (is_short_of_files(&observe->seen->now) && (is_told || descriptors.open_known))
		add_opener(observe->seen, pid, descriptors.open);
	if ((is_told && descriptors.open < DESCRIPTORS_FEW) || !is_near(&descriptors))
		return 0;
	fd = open_process(observe->root, name);
	if (fd < 0 || is_elsewhere(observe, fd))
		return fd == -ENOMEM ? fd : 0;
	return add_near(observe, pid, fd, &descriptors);
}

static int walk_processes(struct observe *observe)
{
	CLEANUP_FD int fd = rootdir_open_path(observe->root, "proc", O_RDONLY | O_DIRECTORY);
	CLEANUP_DIR DIR *proc = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool is_told;
	int r = 0;

	if (!proc)
		return 0;
	(void)TAKE_FD(fd);
	/* Below another root a name may lead anywhere. */
	is_told = observe->root->is_system && descriptors_are_told(dirfd(proc));
	while (r == 0 && (entry = readdir(proc)))
		r = look_at_process(observe, dirfd(proc), is_told, entry->d_name);
	observe->seen->has_processes = r == 0;
	return r;
}

static int compare_near(const void *left, const void *right)
{
	const struct near_limit *a = left, *b = right;
	double share_a = (double)a->open / (double)a->soft, share_b = (double)b->open / (double)b->soft;

	if (share_a != share_b)
		return share_a < share_b ? 1 : -1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

int observe_processes(struct observe *observe, bool everywhere)
{
	struct observation *seen = observe->seen;
	struct stopwatch start = stopwatch_start();
	bool has_owners = seen->cost.did[TIER_OWNERS];
	int r;

	observe->everywhere = everywhere;
	r = walk_processes(observe);
	if (seen->near_limits_count > 1)
		qsort(seen->near_limits, seen->near_limits_count, sizeof(*seen->near_limits), compare_near);
	if (r == 0)
		r = know_openers(observe);
	stopwatch_stop(start, seen, TIER_OWNERS);
	/* It asks for no owner. */
	seen->cost.did[TIER_OWNERS] = has_owners;
	return r;
}
