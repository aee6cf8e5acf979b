/* SPDX-License-Identifier: MIT */
/* Outgoing sockets by destination, in a table of fixed size.
 *
 * The entries come in pieces that never move, and are found through a chained hash table. Which one is lightest is only
 * asked for once the table is full. From then on there is a heap of them, ordered by what each weighed when it was
 * last looked at: an entry that grows is not moved, so that counting stays cheap. A weight in the heap is therefore
 * never more than the true one, and when that of the root is the true one, no other entry can be lighter. Each
 * correction of a root is paid for by an increment before it. */
#include "model/destinations.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADS_BITS = 13,	/* two chains for each entry */
	HEADS_COUNT = 1 << HEADS_BITS,
	PIECE_SIZE = 128,
	PIECES_MAX = DESTINATIONS_MAX / PIECE_SIZE,
	NO_ENTRY = UINT16_MAX,
};

struct destination_entry {
	struct destination destination;
	uint16_t next, head;
};

struct destination_key {
	uint32_t weight;	/* at most that of the entry */
	uint16_t entry;
};

/* ---- which way a socket goes ---- */

static bool is_unspecified(const struct listener *listener)
{
	static const uint8_t zero[16];

	return memcmp(listener->address, zero, sizeof(zero)) == 0;
}

void listening_ports_of(const struct listeners *listeners, struct listening_ports *ret_ports)
{
	memset(ret_ports, 0, sizeof(*ret_ports));
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];
		struct tcp_socket socket = { .family = listener->family };

		memcpy(socket.local, listener->address, sizeof(socket.local));
		tcp_socket_unmap(&socket);
		if (socket.family == AF_INET || is_unspecified(listener))
			ports_add(&ret_ports->ipv4, listener->port, listener->port);
		if (socket.family == AF_INET6)
			ports_add(&ret_ports->ipv6, listener->port, listener->port);
	}
}

bool tcp_socket_is_incoming(const struct tcp_socket *socket, const struct listening_ports *ports)
{
	if (socket->state == TCP_LISTEN || socket->state == TCP_SYN_RECV)
		return true;
	return ports_contain(socket->family == AF_INET6 ? &ports->ipv6 : &ports->ipv4, socket->local_port);
}

/* ---- the hash table ---- */

static struct destination_entry *entry_at(const struct destinations *destinations, size_t index)
{
	return &destinations->pieces[index / PIECE_SIZE][index % PIECE_SIZE];
}

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);

	word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
	return word ^ word >> 31;
}

/* Pair-multiply-shift (Thorup: High Speed Hashing for Integers and Strings, 2015, section 3): whatever the keys are,
 * two of them fall together no more often than by chance over the random words. */
static uint16_t head_of(const struct destinations *destinations, const struct tcp_socket *socket)
{
	const uint64_t *random = destinations->random;
	uint32_t words[DESTINATION_WORDS] = { socket->remote_port, socket->family };
	uint64_t hash = random[DESTINATION_WORDS];

	memcpy(words + 2, socket->local, 16);
	memcpy(words + 6, socket->remote, 16);
	for (size_t i = 0; i < DESTINATION_WORDS; i += 2)
		hash += (random[i] + words[i + 1]) * (random[i + 1] + words[i]);
	return (uint16_t)(hash >> (64 - HEADS_BITS));
}

static bool is_of(const struct destination *destination, const struct tcp_socket *socket)
{
	return destination->port == socket->remote_port && destination->family == socket->family &&
		memcmp(destination->address, socket->remote, sizeof(destination->address)) == 0 &&
		memcmp(destination->source, socket->local, sizeof(destination->source)) == 0;
}

static struct destination_entry *find(const struct destinations *destinations, const struct tcp_socket *socket,
	uint16_t head)
{
	for (uint16_t i = destinations->heads[head]; i != NO_ENTRY; i = entry_at(destinations, i)->next)
		if (is_of(&entry_at(destinations, i)->destination, socket))
			return entry_at(destinations, i);
	return NULL;
}

static void link_entry(struct destinations *destinations, uint16_t index, uint16_t head)
{
	struct destination_entry *entry = entry_at(destinations, index);

	entry->head = head;
	entry->next = destinations->heads[head];
	destinations->heads[head] = index;
}

static void unlink_entry(struct destinations *destinations, uint16_t index)
{
	struct destination_entry *entry = entry_at(destinations, index);
	uint16_t *link = &destinations->heads[entry->head];

	while (*link != index)
		link = &entry_at(destinations, *link)->next;
	*link = entry->next;
}

/* ---- the lightest entry ---- */

static uint32_t weigh(const struct destinations *destinations, size_t index)
{
	const struct destination *destination = &entry_at(destinations, index)->destination;
	uint64_t weight = (uint64_t)destination->seen + destination->missed;

	return weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
}

static void sift_down(struct destinations *destinations, size_t at)
{
	struct destination_key *heap = destinations->heap, key = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < destinations->capacity) {
		if (child + 1 < destinations->capacity && heap[child + 1].weight < heap[child].weight)
			child++;
		if (heap[child].weight >= key.weight)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = key;
}

/* -ENOMEM or 0. */
static int heap_make(struct destinations *destinations)
{
	if (!destinations->heap)
		destinations->heap = arena_alloc(destinations->arena,
			destinations->capacity * sizeof(*destinations->heap));
	if (!destinations->heap)
		return -ENOMEM;
	for (size_t i = 0; i < destinations->capacity; i++)
		destinations->heap[i] = (struct destination_key){ weigh(destinations, i), (uint16_t)i };
	for (size_t i = destinations->capacity / 2; i > 0; i--)
		sift_down(destinations, i - 1);
	destinations->is_full = true;
	return 0;
}

/* The root of the heap, with its true weight. */
static uint16_t find_lightest(struct destinations *destinations)
{
	for (;;) {
		struct destination_key *root = &destinations->heap[0];
		uint32_t weight = weigh(destinations, root->entry);

		if (weight == root->weight)
			return root->entry;
		root->weight = weight;
		sift_down(destinations, 0);
	}
}

/* ---- the table ---- */

int destinations_init(struct destinations *destinations, struct arena *arena, size_t capacity, uint64_t seed)
{
	*destinations = (struct destinations){ .arena = arena, .capacity = capacity };
	for (size_t i = 0; i < COUNT_OF(destinations->random); i++)
		destinations->random[i] = next_random(&seed);
	destinations->pieces = arena_alloc(arena, PIECES_MAX * sizeof(*destinations->pieces));
	destinations->heads = arena_alloc(arena, HEADS_COUNT * sizeof(*destinations->heads));
	if (!destinations->pieces || !destinations->heads)
		return -ENOMEM;
	destinations_clear(destinations);
	return 0;
}

void destinations_clear(struct destinations *destinations)
{
	destinations->count = 0;
	destinations->total = 0;
	destinations->incoming = 0;
	destinations->is_full = false;
	destinations->last = NULL;
	memset(destinations->heads, 0xff, HEADS_COUNT * sizeof(*destinations->heads));
}

/* An entry that nobody uses yet, or that of the lightest destination, whose weight is what may be missed from then. */
static int take_entry(struct destinations *destinations, uint16_t *ret_index, uint32_t *ret_missed)
{
	size_t piece = destinations->count / PIECE_SIZE;

	if (destinations->count == destinations->capacity) {
		if (!destinations->is_full && heap_make(destinations) < 0)
			return -ENOMEM;
		*ret_index = find_lightest(destinations);
		*ret_missed = weigh(destinations, *ret_index);
		unlink_entry(destinations, *ret_index);
		return 0;
	}
	if (!destinations->pieces[piece])
		destinations->pieces[piece] = arena_alloc(destinations->arena,
			PIECE_SIZE * sizeof(struct destination_entry));
	if (!destinations->pieces[piece])
		return -ENOMEM;
	*ret_index = (uint16_t)destinations->count++;
	*ret_missed = 0;
	return 0;
}

static int add_entry(struct destinations *destinations, const struct tcp_socket *socket, uint16_t head,
	struct destination_entry **ret_entry)
{
	struct destination_entry *entry;
	uint32_t missed;
	uint16_t index;
	int r = take_entry(destinations, &index, &missed);

	if (r < 0)
		return r;
	entry = entry_at(destinations, index);
	entry->destination = (struct destination){
		.family = socket->family, .port = socket->remote_port, .missed = missed,
	};
	memcpy(entry->destination.source, socket->local, sizeof(socket->local));
	memcpy(entry->destination.address, socket->remote, sizeof(socket->remote));
	link_entry(destinations, index, head);
	*ret_entry = entry;
	return 0;
}

static void count(uint16_t *counter)
{
	*counter += *counter < UINT16_MAX;
}

static void count_age(struct destination *destination, const struct tcp_socket *socket)
{
	const uint32_t whole_ms = TIME_WAIT_SECONDS * 1000;
	/* The timer is set a little later than the socket was closed. */
	uint32_t left_ms = socket->expires_ms < whole_ms ? socket->expires_ms : whole_ms;
	uint32_t slot = (whole_ms - left_ms) / (DESTINATION_AGE_SECONDS * 1000);

	count(&destination->time_wait_ages[slot < DESTINATION_AGES ? slot : DESTINATION_AGES - 1]);
}

static void count_state(struct destination *destination, const struct tcp_socket *socket)
{
	destination->seen++;
	count(&destination->states[socket->state]);
	if (socket->state == TCP_TIME_WAIT)
		count_age(destination, socket);
	if (socket->inode)
		destination->inodes[destination->seen % DESTINATION_INODES] = socket->inode;
}

int destinations_count(struct destinations *destinations, const struct tcp_socket *socket)
{
	struct destination_entry *entry;
	uint16_t head;

	if (socket->state >= TCP_SOCKET_STATES)
		return 0;
	entry = destinations->last;
	if (!entry || !is_of(&entry->destination, socket)) {
		head = head_of(destinations, socket);
		entry = find(destinations, socket, head);
		if (!entry && add_entry(destinations, socket, head, &entry) < 0)
			return -ENOMEM;
		destinations->last = entry;
	}
	destinations->total++;
	count_state(&entry->destination, socket);
	return 0;
}

void destinations_sample_idle(struct destinations *destinations, const struct tcp_socket *socket)
{
	struct destination_entry *entry = find(destinations, socket, head_of(destinations, socket));

	if (!entry || socket->state != TCP_ESTABLISHED || !(socket->known & TCP_SOCKET_HAS_INFO))
		return;
	entry->destination.sampled++;
	entry->destination.sampled_idle += socket->info.last_data_sent_ms >= DESTINATION_IDLE_MS &&
		socket->info.last_data_received_ms >= DESTINATION_IDLE_MS;
}

uint32_t destination_idle(const struct destination *destination)
{
	if (destination->sampled < DESTINATION_SAMPLED_MIN)
		return 0;
	return (uint32_t)((uint64_t)destination->states[TCP_ESTABLISHED] * destination->sampled_idle /
		destination->sampled);
}

int destinations_add(struct destinations *destinations, const struct tcp_socket *socket,
	const struct listening_ports *ports)
{
	if (socket->state < TCP_SOCKET_STATES && tcp_socket_is_incoming(socket, ports)) {
		destinations->incoming++;
		return 0;
	}
	return destinations_count(destinations, socket);
}

uint64_t destinations_unlisted_max(const struct destinations *destinations)
{
	uint32_t least = UINT32_MAX;

	if (!destinations->is_full)
		return 0;
	for (size_t i = 0; i < destinations->count; i++)
		if (weigh(destinations, i) < least)
			least = weigh(destinations, i);
	return least;
}

static int compare_ranks(const void *left, const void *right)
{
	const struct destination *a = *(const struct destination *const *)left;
	const struct destination *b = *(const struct destination *const *)right;
	uint64_t a_weight = (uint64_t)a->seen + a->missed, b_weight = (uint64_t)b->seen + b->missed;
	int order = (a_weight < b_weight) - (a_weight > b_weight);

	if (order == 0)
		order = (a->family > b->family) - (a->family < b->family);
	if (order == 0)
		order = memcmp(a->address, b->address, sizeof(a->address));
	if (order == 0)
		order = (a->port > b->port) - (a->port < b->port);
	return order ? order : memcmp(a->source, b->source, sizeof(a->source));
}

int destinations_rank(const struct destinations *destinations, struct arena *arena,
	const struct destination ***ret_ranked)
{
	const struct destination **ranked = arena_alloc(arena, (destinations->count + 1) * sizeof(*ranked));

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < destinations->count; i++)
		ranked[i] = &entry_at(destinations, i)->destination;
	qsort(ranked, destinations->count, sizeof(*ranked), compare_ranks);
	*ret_ranked = ranked;
	return 0;
}
