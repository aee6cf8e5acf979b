/* SPDX-License-Identifier: MIT */
/* Prints what kernel/sock_dump.h finds below a root, for test_sockets.py and the benchmark.
 *
 *	dump_sockets ROOT WHAT [without-netlink | without-threads]
 *
 * The first line is "SOURCE SOCKETS MALFORMED DISTURBED PEAK", the last being the most memory that this
 * process ever had resident, in KiB. Then, for WHAT
 *	counts		a line for each state: NAME IPV4 MAPPED IPV6; and "small N"
 *	states:MASK	the same, of these states only
 *	parted:PORT	the same as counts, by two walks side by side, parted at that port
 *	broken:COUNT	ends such a dump after so many sockets with an error of its own, and says "broken N": how many
 *			were handed over after that
 *	destinations	"outgoing N", "incoming N", "unlisted N"; then SOURCE ADDRESS PORT SEEN MISSED TIME_WAIT
 *			ESTABLISHED YOUNG for each, the heaviest first; YOUNG is the number of TIME_WAIT younger than 10 s
 *	list		STATE LOCAL REMOTE RECEIVE-QUEUE SEND-QUEUE UID INODE TIMER KNOWN for each, and "mapped"
 *	again		the same, but found without anything optional, and then looked up one by one; the last one is made
 *			up and does not exist
 * Given the third argument, this process has no netlink, or can have no second thread. Exit 2 with the errno's text when it fails. */
#include "sandbox.h"

#include "kernel/sock_dump.h"
#include "kernel/sockdiag.h"
#include "model/destinations.h"
#include "model/socket_counts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINT_SIZE = INET6_ADDRSTRLEN + 16 };

static void begin_counts(void *context)
{
	socket_counts_clear(context);
}

static int add_count(void *context, const struct tcp_socket *socket)
{
	socket_counts_add(context, socket);
	return 0;
}

/* ru_maxrss would be that of the process that started this one. */
static long peak_memory(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long peak = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &peak) == 1)
			break;
	if (file)
		(void)fclose(file);
	return peak;
}

static void print_head(const struct sock_dump_result *result)
{
	static const char *const sources[] = { "both", "by-family", "tables" };

	printf("%s %llu %zu %d %ld\n", sources[result->source], (unsigned long long)result->sockets, result->malformed,
		result->is_disturbed, peak_memory());
}

static int print_counts(const struct rootdir *root, uint32_t states, uint16_t parted_at)
{
	struct socket_counts counts;
	const struct sock_dump_query query = { .states = states, .parted_at = parted_at };
	const struct sock_dump_sink sink = { begin_counts, add_count, &counts };
	struct sock_dump_result result;
	int r = sock_dump(root, &query, &sink, &result);

	if (r < 0)
		return r;
	print_head(&result);
	for (unsigned state = 1; state < TCP_SOCKET_STATES; state++)
		printf("%s %llu %llu %llu\n", tcp_state_name(state), (unsigned long long)counts.ipv4[state],
			(unsigned long long)counts.mapped[state], (unsigned long long)counts.ipv6[state]);
	printf("small %llu\n", (unsigned long long)counts.fin_wait2_small);
	return 0;
}

static int add_until_zero(void *context, const struct tcp_socket *socket)
{
	long *left = context;

	(void)socket;
	return --*left == 0 ? -ECANCELED : 0;
}

static void begin_nothing(void *context)
{
	(void)context;
}

static int print_broken(const struct rootdir *root, long count)
{
	const struct sock_dump_query query = { .states = TCP_SOCKET_ALL_STATES, .parted_at = 40000 };
	const struct sock_dump_sink sink = { begin_nothing, add_until_zero, &count };
	struct sock_dump_result result;
	int r = sock_dump(root, &query, &sink, &result);

	if (r != -ECANCELED)
		return r < 0 ? r : -EPROTO;
	printf("both 0 0 0 0\nbroken %ld\n", -count);
	return 0;
}

struct grouping {
	struct destinations destinations;
	struct listening_ports ports;
};

static void begin_grouping(void *context)
{
	struct grouping *grouping = context;

	destinations_clear(&grouping->destinations);
}

static int add_grouping(void *context, const struct tcp_socket *socket)
{
	struct grouping *grouping = context;

	return destinations_add(&grouping->destinations, socket, &grouping->ports);
}

static int print_ranked(const struct destinations *destinations, struct arena *arena)
{
	const struct destination **ranked;
	int r = destinations_rank(destinations, arena, &ranked);

	if (r < 0)
		return r;
	printf("outgoing %llu\nincoming %llu\nunlisted %llu\n", (unsigned long long)destinations->total,
		(unsigned long long)destinations->incoming,
		(unsigned long long)destinations_unlisted_max(destinations));
	for (size_t i = 0; i < destinations->count; i++) {
		char source[INET6_ADDRSTRLEN] = "", address[INET6_ADDRSTRLEN] = "";

		inet_ntop(ranked[i]->family, ranked[i]->source, source, sizeof(source));
		inet_ntop(ranked[i]->family, ranked[i]->address, address, sizeof(address));
		printf("%s %s %u %u %u %u %u %u\n", source, address, ranked[i]->port, ranked[i]->seen,
			ranked[i]->missed, ranked[i]->states[TCP_TIME_WAIT], ranked[i]->states[TCP_ESTABLISHED],
			ranked[i]->time_wait_ages[0]);
	}
	return 0;
}

static int print_destinations(const struct rootdir *root, struct arena *arena)
{
	struct grouping *grouping = arena_alloc(arena, sizeof(*grouping));
	const struct sock_dump_query query = { .states = TCP_SOCKET_ALL_STATES };
	const struct sock_dump_sink sink = { begin_grouping, add_grouping, grouping };
	struct sock_dump_result result;
	struct listeners listeners;
	int r = grouping ? sockdiag_listeners(root, arena, &listeners) : -ENOMEM;

	if (r == 0)
		r = destinations_init(&grouping->destinations, arena, DESTINATIONS_MAX, 0x6b65726e);
	if (r < 0)
		return r;
	listening_ports_of(&listeners, &grouping->ports);
	r = sock_dump(root, &query, &sink, &result);
	if (r < 0)
		return r;
	print_head(&result);
	return print_ranked(&grouping->destinations, arena);
}

static void begin_list(void *context)
{
	(void)context;
}

static const char *format_endpoint(uint8_t family, const uint8_t *address, uint16_t port, char text[ENDPOINT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, address, host, sizeof(host));
	snprintf(text, ENDPOINT_SIZE, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
	return text;
}

static int print_socket(void *context, const struct tcp_socket *socket)
{
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE];

	(void)context;
	printf("%s %s %s %u %u %u %u %u %u%s\n", tcp_state_name(socket->state),
		format_endpoint(socket->family, socket->local, socket->local_port, local),
		format_endpoint(socket->family, socket->remote, socket->remote_port, remote), socket->receive_queue,
		socket->send_queue, socket->uid, socket->inode, socket->timer, socket->known,
		socket->is_mapped ? " mapped" : "");
	return 0;
}

static int print_list(const struct rootdir *root)
{
	const struct sock_dump_query query = {
		.states = TCP_SOCKET_ALL_STATES,
		.wanted = TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY | TCP_SOCKET_HAS_CGROUP,
	};
	const struct sock_dump_sink sink = { begin_list, print_socket, NULL };
	struct sock_dump_result result;
	int r = sock_dump(root, &query, &sink, &result);

	if (r == 0)
		print_head(&result);
	return r;
}

struct collection {
	struct arena *arena;
	struct tcp_socket *sockets;
	size_t count, capacity;
};

static void begin_collection(void *context)
{
	((struct collection *)context)->count = 0;
}

static int add_to_collection(void *context, const struct tcp_socket *socket)
{
	struct collection *collection = context;
	struct tcp_socket *grown = arena_grow(collection->arena, collection->sockets, collection->count,
		&collection->capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	collection->sockets = grown;
	grown[collection->count++] = *socket;
	return 0;
}

static int print_again(const struct rootdir *root, struct arena *arena)
{
	static const struct tcp_socket nobody = {
		.family = AF_INET, .state = TCP_ESTABLISHED, .local = { 10, 9, 8, 7 }, .remote = { 10, 9, 8, 6 },
		.local_port = 1, .remote_port = 2, .known = TCP_SOCKET_HAS_INFO,
	};
	struct collection collection = { .arena = arena };
	const struct sock_dump_query query = { .states = TCP_SOCKET_ALL_STATES };
	const struct sock_dump_sink sink = { begin_collection, add_to_collection, &collection };
	struct sock_dump_result result;
	int r = sock_dump(root, &query, &sink, &result);

	if (r == 0)
		r = add_to_collection(&collection, &nobody);
	if (r == 0)
		r = sock_dump_look_up(root, collection.sockets, collection.count,
			TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY | TCP_SOCKET_HAS_CGROUP);
	if (r < 0)
		return r;
	for (size_t i = 0; i < collection.count; i++)
		(void)print_socket(NULL, &collection.sockets[i]);
	result.sockets++;
	print_head(&result);
	return 0;
}

static int print_what(const char *path, const char *what, struct arena *arena)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	int r = rootdir_open(path, &root);

	if (r < 0)
		return r;
	if (strcmp(what, "destinations") == 0)
		return print_destinations(&root, arena);
	if (strcmp(what, "list") == 0)
		return print_list(&root);
	if (strcmp(what, "again") == 0)
		return print_again(&root, arena);
	if (strncmp(what, "states:", 7) == 0)
		return print_counts(&root, (uint32_t)strtoul(what + 7, NULL, 0), 0);
	if (strncmp(what, "parted:", 7) == 0)
		return print_counts(&root, TCP_SOCKET_ALL_STATES, (uint16_t)strtoul(what + 7, NULL, 0));
	if (strncmp(what, "broken:", 7) == 0)
		return print_broken(&root, strtol(what + 7, NULL, 0));
	return print_counts(&root, TCP_SOCKET_ALL_STATES, 0);
}

int main(int argc, char **argv)
{
	CLEANUP_ARENA struct arena arena;
	int r = argc < 4 ? 0 : strcmp(argv[3], "without-threads") == 0 ? forbid_threads() : forbid_netlink();

	arena_init(&arena);
	if (r == 0)
		r = argc > 2 ? print_what(argv[1], argv[2], &arena) : -EINVAL;
	if (r < 0)
		fprintf(stderr, "dump_sockets: %s\n", strerror(-r));
	return r < 0 ? 2 : 0;
}
