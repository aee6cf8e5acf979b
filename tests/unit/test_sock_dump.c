/* SPDX-License-Identifier: MIT */
/* Dumps of all TCP sockets: of this machine and of fake roots; netlink that answers oddly, and that does not answer.
 *
 * socket() and recvmsg() are this program's own, so that a test may put itself between kernel and kerntune. */
#define _GNU_SOURCE
#include "kernel/sock_dump.h"

#include "temp_dir.h"
#include "unit.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What becomes of a call of recvmsg(). */
enum happening {
	AS_USUAL,
	INTERRUPTED,	/* EINTR */
	OVERRUN,	/* ENOBUFS */
	DISTURBED,	/* the kernel says that the dump is not consistent */
	FOREIGN,	/* a datagram of another process comes in between */
	CUT,		/* the kernel says that the buffer was too small */
	SHORTENED,	/* the last bytes are missing */
	REFUSED,	/* the kernel does not know such a request */
};

static int netlink_error;	/* of socket(), instead of a socket */
static int refused_type = -1;	/* of requests, and so of answers: each of these is refused */
static const enum happening *happenings;
static size_t happenings_left, receptions;

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && netlink_error) {
		errno = netlink_error;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

static size_t refuse(struct nlmsghdr *header)
{
	const int32_t error = -EINVAL;

	header->nlmsg_type = NLMSG_ERROR;
	header->nlmsg_len = sizeof(*header) + sizeof(error);
	memcpy(header + 1, &error, sizeof(error));
	return header->nlmsg_len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	enum happening happening = happenings_left > 0 ? happenings_left--, *happenings++ : AS_USUAL;
	struct nlmsghdr *header = message->msg_iov->iov_base;
	ssize_t count;

	receptions++;
	if (happening == INTERRUPTED || happening == OVERRUN) {
		errno = happening == INTERRUPTED ? EINTR : ENOBUFS;
		return -1;
	}
	if (happening == FOREIGN) {
		memset(header, 0xff, 64);
		*(struct sockaddr_nl *)message->msg_name =
			(struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = 4711 };
		return 64;
	}
	count = syscall(SYS_recvmsg, fd, message, flags);
	if (happening == DISTURBED)
		header->nlmsg_flags |= NLM_F_DUMP_INTR;
	if (happening == CUT)
		message->msg_flags |= MSG_TRUNC;
	if (happening == REFUSED || header->nlmsg_type == refused_type)
		return (ssize_t)refuse(header);
	return happening == SHORTENED ? count - 4 : count;
}

/* ---- a sink ---- */

struct found {
	struct tcp_socket items[2000];
	size_t count, begins;
	size_t fails_at;	/* add() fails there; 0 for never */
};

static struct found found;

static void begin(void *context)
{
	struct found *into = context;

	into->count = 0;
	into->begins++;
}

static int add(void *context, const struct tcp_socket *socket)
{
	struct found *into = context;

	if (into->fails_at && into->count + 1 == into->fails_at)
		return -EDQUOT;
	if (into->count < COUNT_OF(into->items))
		into->items[into->count] = *socket;
	into->count++;
	return 0;
}

static const struct sock_dump_sink sink = { begin, add, &found };

static int dump_below(const char *path, uint32_t states, uint8_t wanted, struct sock_dump_result *result)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	const struct sock_dump_query query = { .states = states, .wanted = wanted };

	assert_int_equal(rootdir_open(path, &root), 0);
	found.count = found.begins = receptions = 0;
	return sock_dump(&root, &query, &sink, result);
}

static void dump_system(uint8_t wanted, struct sock_dump_result *result)
{
	assert_int_equal(dump_below("/", TCP_SOCKET_ALL_STATES, wanted, result), 0);
	assert_int_equal(result->sockets, found.count);
	assert_int_equal(result->attempts, found.begins);
}

static const struct tcp_socket *find_fd(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	for (size_t i = 0; i < found.count && i < COUNT_OF(found.items); i++)
		if (found.items[i].inode == status.st_ino)
			return &found.items[i];
	return NULL;
}

/* Not in every sandbox: then there is nothing to interfere with. */
static bool netlink_answers(void)
{
	struct sock_dump_result result;

	dump_system(0, &result);
	if (result.source != SOCK_DUMP_BOTH)
		fprintf(stderr, "no NETLINK_SOCK_DIAG here\n");
	return result.source == SOCK_DUMP_BOTH;
}

/* ---- this machine ---- */

struct pair {
	int server, client, peer;
	uint16_t port;
};

/* A connection over the loopback of which the client sent three bytes; -1 where there is no such family. */
static int pair_make(uint8_t family, const char *address, struct pair *pair)
{
	struct sockaddr_storage storage = { .ss_family = family };
	struct sockaddr_in *four = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
	socklen_t length = family == AF_INET6 ? sizeof(*six) : sizeof(*four);

	*pair = (struct pair){ -1, -1, -1, 0 };
	assert_int_equal(inet_pton(family, address, family == AF_INET6 ? (void *)&six->sin6_addr :
		(void *)&four->sin_addr), 1);
	pair->server = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair->server < 0 || bind(pair->server, (struct sockaddr *)&storage, length) < 0)
		return -1;
	assert_int_equal(listen(pair->server, 7), 0);
	assert_int_equal(getsockname(pair->server, (struct sockaddr *)&storage, &length), 0);
	pair->port = ntohs(four->sin_port);
	pair->client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(pair->client, (struct sockaddr *)&storage, length), 0);
	pair->peer = accept4(pair->server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair->peer >= 0);
	assert_int_equal(write(pair->client, "abc", 3), 3);
	return 0;
}

static void pair_release(struct pair *pair)
{
	(void)close(pair->peer);
	(void)close(pair->client);
	(void)close(pair->server);
}

static void check_pair(const struct pair *pair, uint8_t family, bool is_mapped, const char *address, bool is_text)
{
	const struct tcp_socket *server = find_fd(pair->server), *peer = find_fd(pair->peer);
	uint8_t bytes[16] = { 0 };

	assert_int_equal(inet_pton(family, address, bytes), 1);
	assert_non_null(server);
	assert_non_null(peer);
	assert_non_null(find_fd(pair->client));
	assert_int_equal(server->state, TCP_LISTEN);
	assert_int_equal(server->local_port, pair->port);
	assert_int_equal(server->remote_port, 0);
	assert_int_equal(server->send_queue, is_text ? 0 : 7);
	assert_int_equal(peer->state, TCP_ESTABLISHED);
	assert_int_equal(peer->family, family);
	assert_int_equal(peer->is_mapped, is_mapped);
	assert_memory_equal(peer->local, bytes, 16);
	assert_memory_equal(peer->remote, bytes, 16);
	assert_int_equal(peer->local_port, pair->port);
	assert_int_equal(peer->remote_port, find_fd(pair->client)->local_port);
	assert_int_equal(peer->receive_queue, 3);
	assert_int_equal(peer->uid, getuid());
}

static void check_family(uint8_t asked, const char *address, uint8_t family, const char *expected)
{
	struct sock_dump_result result;
	struct pair pair;

	if (pair_make(asked, address, &pair) < 0) {
		fprintf(stderr, "no %s here\n", address);
		return;
	}
	dump_system(0, &result);
	check_pair(&pair, family, asked != family, expected, result.source == SOCK_DUMP_TABLES);
	refused_type = TCPDIAG_GETSOCK;
	dump_system(0, &result);
	assert_int_not_equal(result.source, SOCK_DUMP_BOTH);
	check_pair(&pair, family, asked != family, expected, result.source == SOCK_DUMP_TABLES);
	refused_type = -1;
	netlink_error = EPROTONOSUPPORT;
	dump_system(0, &result);
	assert_int_equal(result.source, SOCK_DUMP_TABLES);
	check_pair(&pair, family, asked != family, expected, true);
	netlink_error = 0;
	pair_release(&pair);
}

static void test_all_ways_agree(void **state)
{
	(void)state;
	check_family(AF_INET, "127.0.0.1", AF_INET, "127.0.0.1");
	check_family(AF_INET6, "::1", AF_INET6, "::1");
	check_family(AF_INET6, "::ffff:127.0.0.1", AF_INET, "127.0.0.1");
}

static void test_optional_figures(void **state)
{
	const uint8_t both = TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY;
	struct sock_dump_result result;
	struct pair pair;
	const struct tcp_socket *peer;

	(void)state;
	if (!netlink_answers() || pair_make(AF_INET, "127.0.0.1", &pair) < 0)
		return;
	dump_system(both, &result);
	peer = find_fd(pair.peer);
	assert_non_null(peer);
	assert_int_equal(peer->known, both);
	assert_true(peer->memory.receive_limit > 0);
	assert_true(peer->memory.received > 0);
	assert_true(peer->info.last_ack_received_ms < 600000);
	assert_int_equal(find_fd(pair.server)->known, both);

	/* The other request has its bits elsewhere. */
	refused_type = TCPDIAG_GETSOCK;
	dump_system(TCP_SOCKET_HAS_INFO, &result);
	refused_type = -1;
	assert_int_equal(result.source, SOCK_DUMP_BY_FAMILY);
	assert_int_equal(find_fd(pair.peer)->known, TCP_SOCKET_HAS_INFO);
	dump_system(TCP_SOCKET_HAS_MEMORY, &result);
	assert_int_equal(find_fd(pair.peer)->known, TCP_SOCKET_HAS_MEMORY);
	pair_release(&pair);
}

static void run_script(const enum happening script[], size_t length, enum sock_dump_source source, unsigned attempts,
	bool is_disturbed)
{
	struct sock_dump_result result;
	struct pair pair;

	assert_int_equal(pair_make(AF_INET, "127.0.0.1", &pair), 0);
	happenings = script;
	happenings_left = length;
	dump_system(0, &result);
	assert_int_equal(happenings_left, 0);
	assert_int_equal(result.source, source);
	assert_int_equal(result.attempts, attempts);
	assert_int_equal(result.is_disturbed, is_disturbed);
	assert_int_equal(result.malformed, 0);
	check_pair(&pair, AF_INET, false, "127.0.0.1", source == SOCK_DUMP_TABLES);
	pair_release(&pair);
}

#define RUN_SCRIPT(source, attempts, is_disturbed, ...)                                           \
	do {                                                                                      \
		static const enum happening script[] = { __VA_ARGS__ };                           \
                                                                                                  \
		run_script(script, COUNT_OF(script), source, attempts, is_disturbed);             \
	} while (0)

/* Each datagram of a machine with few sockets holds a whole dump, or its end. */
static void test_oddities_of_netlink(void **state)
{
	(void)state;
	if (!netlink_answers())
		return;
	RUN_SCRIPT(SOCK_DUMP_BOTH, 1, false, INTERRUPTED, INTERRUPTED, AS_USUAL);
	RUN_SCRIPT(SOCK_DUMP_BOTH, 1, false, FOREIGN, FOREIGN);
	RUN_SCRIPT(SOCK_DUMP_BOTH, 2, false, OVERRUN);
	RUN_SCRIPT(SOCK_DUMP_BOTH, 3, false, OVERRUN, OVERRUN);
	/* The first source is given up then. */
	RUN_SCRIPT(SOCK_DUMP_BY_FAMILY, 4, false, OVERRUN, OVERRUN, OVERRUN);
	RUN_SCRIPT(SOCK_DUMP_BY_FAMILY, 2, false, REFUSED);
	RUN_SCRIPT(SOCK_DUMP_BY_FAMILY, 2, false, CUT);
	RUN_SCRIPT(SOCK_DUMP_BY_FAMILY, 2, false, SHORTENED);
	RUN_SCRIPT(SOCK_DUMP_TABLES, 3, false, REFUSED, REFUSED);
	RUN_SCRIPT(SOCK_DUMP_TABLES, 3, false, REFUSED, CUT);
}

/* How many datagrams a dump takes is the machine's: every one of an attempt says it. */
static void test_disturbed_dumps(void **state)
{
	static enum happening script[256];
	struct sock_dump_result result;
	size_t datagrams;

	(void)state;
	if (!netlink_answers())
		return;
	datagrams = receptions;
	assert_true(datagrams < COUNT_OF(script) / 4);
	/* One alone is enough, wherever it comes. */
	for (size_t i = 0; i < datagrams; i++) {
		memset(script, 0, sizeof(script));
		script[i] = DISTURBED;
		happenings = script;
		happenings_left = COUNT_OF(script);
		dump_system(0, &result);
		assert_int_equal(result.attempts, 2);
		assert_false(result.is_disturbed);
	}
	for (size_t i = 0; i < COUNT_OF(script); i++)
		script[i] = DISTURBED;
	happenings = script;
	happenings_left = COUNT_OF(script);
	dump_system(0, &result);
	happenings_left = 0;
	assert_int_equal(result.attempts, 3);
	assert_int_equal(result.source, SOCK_DUMP_BOTH);
	assert_true(result.is_disturbed);
	assert_true(found.count > 0);
}

static void test_what_the_sink_says(void **state)
{
	struct sock_dump_result result = { .attempts = 99 };
	struct pair pair;

	(void)state;
	if (pair_make(AF_INET, "127.0.0.1", &pair) < 0)
		return;
	found.fails_at = 2;
	for (int way = 0; way < 3; way++) {
		refused_type = way == 1 ? TCPDIAG_GETSOCK : -1;
		netlink_error = way == 2 ? EPROTONOSUPPORT : 0;
		assert_int_equal(dump_below("/", TCP_SOCKET_ALL_STATES, 0, &result), -EDQUOT);
		assert_int_equal(found.count, 1);
		assert_int_equal(result.attempts, 99);
	}
	found.fails_at = 0;
	refused_type = -1;
	netlink_error = 0;
	pair_release(&pair);
}

static void test_queries(void **state)
{
	static const uint32_t wrong[] = { 0, 1, 1U << TCP_SOCKET_STATES, 1U << 13, UINT32_MAX };
	struct sock_dump_result result;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		check_row(dump_below("/", wrong[i], 0, &result) == -EINVAL && found.begins == 0, "row %zu", i);
	assert_int_equal(dump_below("/", 1U << TCP_LISTEN, 0, &result), 0);
	for (size_t i = 0; i < found.count && i < COUNT_OF(found.items); i++)
		assert_int_equal(found.items[i].state, TCP_LISTEN);
}

/* ---- datagrams ---- */

struct datagram {
	struct nlmsghdr header;
	struct inet_diag_msg socket;
	unsigned char attributes[512];
};

static const struct sock_dump_query all = { .states = TCP_SOCKET_ALL_STATES,
	.wanted = TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY | TCP_SOCKET_HAS_CGROUP };

static void make_socket(struct datagram *datagram)
{
	*datagram = (struct datagram){
		.header = { .nlmsg_len = sizeof(datagram->header) + sizeof(datagram->socket),
			.nlmsg_type = TCPDIAG_GETSOCK, .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = 3, .nlmsg_pid = 77 },
		.socket = { .idiag_family = AF_INET, .idiag_state = TCP_TIME_WAIT, .idiag_timer = 3, .idiag_retrans = 2,
			.id = { .idiag_sport = htons(40000), .idiag_dport = htons(5432),
				.idiag_src = { htonl(0x0a000001) }, .idiag_dst = { htonl(0x0a000002) },
				.idiag_if = 4 },
			.idiag_expires = 45000, .idiag_uid = 5, .idiag_inode = 6, .idiag_rqueue = 7,
			.idiag_wqueue = 8 },
	};
}

static void put_attribute(struct datagram *datagram, uint16_t type, const void *bytes, uint16_t length)
{
	char *at = (char *)datagram + datagram->header.nlmsg_len;
	const struct nlattr attribute = { .nla_len = (uint16_t)(sizeof(attribute) + length), .nla_type = type };

	assert_true(at + sizeof(attribute) + length <= (char *)(datagram + 1));
	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + sizeof(attribute), bytes, length);
	datagram->header.nlmsg_len += NLMSG_ALIGN(attribute.nla_len);
}

static int read_as(uint8_t family, const struct sock_dump_query *query, const void *bytes, size_t length)
{
	struct sock_dump_step step = {
		.sequence = 3, .port_id = 77, .type = TCPDIAG_GETSOCK, .family = family, .query = query, .sink = &sink,
	};
	int r;

	found.count = 0;
	r = sock_dump_read_datagram(&step, bytes, length);
	assert_int_equal(step.sockets, found.count);
	return r;
}

static int read_one(const struct datagram *datagram)
{
	return read_as(AF_UNSPEC, &all, datagram, datagram->header.nlmsg_len);
}

static void test_datagrams(void **state)
{
	struct datagram datagram;
	const struct tcp_socket *socket = &found.items[0];

	(void)state;
	make_socket(&datagram);
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(found.count, 1);
	assert_int_equal(socket->family, AF_INET);
	assert_int_equal(socket->state, TCP_TIME_WAIT);
	assert_int_equal(socket->timer, TCP_TIMER_TIME_WAIT);
	assert_int_equal(socket->retries, 2);
	assert_int_equal(socket->known, 0);
	assert_int_equal(socket->local_port, 40000);
	assert_int_equal(socket->remote_port, 5432);
	assert_memory_equal(socket->local, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(socket->remote, "\x0a\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(socket->expires_ms, 45000);
	assert_int_equal(socket->uid, 5);
	assert_int_equal(socket->inode, 6);
	assert_int_equal(socket->receive_queue, 7);
	assert_int_equal(socket->send_queue, 8);
	assert_int_equal(socket->interface, 4);

	/* An overdue timer. */
	datagram.socket.idiag_expires = (uint32_t)-4;
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(socket->expires_ms, 0);
}

static void test_what_is_not_asked_for(void **state)
{
	static const struct sock_dump_query listening = { .states = 1U << TCP_LISTEN };
	static const uint8_t states[] = { 0, 12, 13, 31, 32, 33, 64, UINT8_MAX };
	struct datagram datagram;

	(void)state;
	make_socket(&datagram);
	assert_int_equal(read_as(AF_INET, &all, &datagram, datagram.header.nlmsg_len), 1);
	assert_int_equal(found.count, 1);
	assert_int_equal(read_as(AF_INET6, &all, &datagram, datagram.header.nlmsg_len), 1);
	assert_int_equal(found.count, 0);
	assert_int_equal(read_as(AF_UNSPEC, &listening, &datagram, datagram.header.nlmsg_len), 1);
	assert_int_equal(found.count, 0);
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		datagram.socket.idiag_state = states[i];
		assert_int_equal(read_one(&datagram), 1);
		check_row(found.count == 0, "row %zu", i);
	}
	make_socket(&datagram);
	datagram.socket.idiag_family = AF_UNIX;
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(found.count, 0);
	make_socket(&datagram);
	datagram.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(found.count, 0);
}

static void test_attributes(void **state)
{
	const struct tcp_info info = { .tcpi_last_data_sent = 1, .tcpi_last_data_recv = 2, .tcpi_last_ack_recv = 3,
		.tcpi_rtt = 4, .tcpi_total_retrans = 5 };
	const uint32_t memory[SK_MEMINFO_VARS + 1] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 };
	const uint64_t cgroup = UINT64_C(0x123456789a);
	const struct sock_dump_query nothing = { .states = TCP_SOCKET_ALL_STATES };
	const size_t least = offsetof(struct tcp_info, tcpi_total_retrans) + 4;
	struct datagram datagram;
	const struct tcp_socket *socket = &found.items[0];
	unsigned char larger[sizeof(info) + 64] = { 0 };

	(void)state;
	memcpy(larger, &info, sizeof(info));
	make_socket(&datagram);
	put_attribute(&datagram, INET_DIAG_SHUTDOWN, "\3", 1);
	put_attribute(&datagram, INET_DIAG_INFO, larger, sizeof(larger));
	put_attribute(&datagram, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	put_attribute(&datagram, 21, &cgroup, sizeof(cgroup));
	put_attribute(&datagram, 4711, &cgroup, sizeof(cgroup));
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(socket->known, all.wanted);
	assert_int_equal(socket->info.last_data_sent_ms, 1);
	assert_int_equal(socket->info.last_data_received_ms, 2);
	assert_int_equal(socket->info.last_ack_received_ms, 3);
	assert_int_equal(socket->info.rtt_us, 4);
	assert_int_equal(socket->info.retransmits, 5);
	assert_int_equal(socket->memory.received, 10);
	assert_int_equal(socket->memory.receive_limit, 11);
	assert_int_equal(socket->memory.sent, 12);
	assert_int_equal(socket->memory.send_limit, 13);
	assert_int_equal(socket->memory.backlog, 17);
	assert_int_equal(socket->memory.drops, 18);
	assert_true(socket->cgroup == cgroup);
	assert_int_equal(read_as(AF_UNSPEC, &nothing, &datagram, datagram.header.nlmsg_len), 1);
	assert_int_equal(socket->known, 0);

	/* Of older kernels, as short as they ever were; and shorter. */
	make_socket(&datagram);
	put_attribute(&datagram, INET_DIAG_INFO, larger, (uint16_t)least);
	put_attribute(&datagram, INET_DIAG_SKMEMINFO, memory, 4 * sizeof(uint32_t));
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(socket->known, TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY);
	assert_int_equal(socket->info.retransmits, 5);
	assert_int_equal(socket->memory.send_limit, 13);
	assert_int_equal(socket->memory.drops, 0);
	make_socket(&datagram);
	put_attribute(&datagram, INET_DIAG_INFO, larger, (uint16_t)(least - 1));
	put_attribute(&datagram, INET_DIAG_SKMEMINFO, memory, 4 * sizeof(uint32_t) - 1);
	put_attribute(&datagram, 21, &cgroup, sizeof(cgroup) - 1);
	assert_int_equal(read_one(&datagram), 1);
	assert_int_equal(found.count, 1);
	assert_int_equal(socket->known, 0);
}

static void test_hostile_attributes(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 3, 13, 0x7fff, 0x8000, 0xfffd, 0xffff };
	struct datagram datagram;
	struct nlattr *attribute = (struct nlattr *)datagram.attributes;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		make_socket(&datagram);
		put_attribute(&datagram, 21, "12345678", 8);
		attribute->nla_len = lengths[i];
		check_row(read_one(&datagram) == -EBADMSG && found.count == 0, "length %u", lengths[i]);
	}
}

static void test_hostile_datagrams(void **state)
{
	static const uint32_t lengths[] = { 0, 1, sizeof(struct nlmsghdr) - 1, sizeof(struct datagram) + 1, 0x7fffffff,
		0x80000000, UINT32_MAX - 3, UINT32_MAX };
	const uint32_t whole = sizeof(struct nlmsghdr) + sizeof(struct inet_diag_msg);
	struct datagram datagram;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		make_socket(&datagram);
		datagram.header.nlmsg_len = lengths[i];
		check_row(read_as(AF_UNSPEC, &all, &datagram, sizeof(datagram)) == -EBADMSG, "length %u", lengths[i]);
	}
	/* Whole to netlink, but too short for what it is to be; and cut. */
	for (uint32_t length = sizeof(struct nlmsghdr); length < whole; length++) {
		make_socket(&datagram);
		datagram.header.nlmsg_len = length;
		check_row(read_one(&datagram) == -EBADMSG, "length %u", length);
	}
	for (size_t length = 1; length < whole; length++) {
		make_socket(&datagram);
		check_row(read_as(AF_UNSPEC, &all, &datagram, length) == -EBADMSG, "cut at %zu", length);
		assert_int_equal(found.count, 0);
	}
	make_socket(&datagram);
	datagram.header.nlmsg_seq++;
	assert_int_equal(read_one(&datagram), -EPROTO);
	make_socket(&datagram);
	datagram.header.nlmsg_pid++;
	assert_int_equal(read_one(&datagram), -EPROTO);
	make_socket(&datagram);
	datagram.header.nlmsg_type = NLMSG_OVERRUN;
	assert_int_equal(read_one(&datagram), -ENOBUFS);
	make_socket(&datagram);
	datagram.header.nlmsg_type = NLMSG_DONE;
	datagram.socket.idiag_family = datagram.socket.idiag_state = 0;
	datagram.socket.idiag_timer = datagram.socket.idiag_retrans = 0;
	assert_int_equal(read_one(&datagram), 0);
}

/* ---- other roots ---- */

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define LINE(ports, st, figures) "   0: 0100007F:" ports " 0200007F:1538 " st " " figures " 3 0000000000000000\n"
#define MAPPED(port) "   0: 0000000000000000FFFF00000100007F:" port " 0000000000000000FFFF00000200007F:1538 08 " \
	"00000000:00000001 00:00000000 00000000  1000        0 4321 1 0000000000000000 20 4 30 10 -1\n"

static void test_fake_root(void **state)
{
	const struct tcp_socket *socket = found.items;
	struct sock_dump_result result = { .attempts = 99 };
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(dump_below(dir.path, TCP_SOCKET_ALL_STATES, 0, &result), -ENOENT);
	assert_int_equal(result.attempts, 99);
	temp_dir_write(&dir, "proc/net/tcp", TITLE
		LINE("9C40", "06", "00000000:00000000 03:00000EA6 00000000     0        0 0")
		"nonsense\n"
		LINE("9C41", "01", "00000010:00000020 02:00000001 00000000  1000        0 1234")
		LINE("9C42", "0C", "00000000:00000000 01:00000064 00000003     0        0 0"));
	temp_dir_write(&dir, "proc/net/tcp6", TITLE MAPPED("9C43"));
	assert_int_equal(dump_below(dir.path, TCP_SOCKET_ALL_STATES, all.wanted, &result), 0);
	assert_int_equal(receptions, 0);
	assert_int_equal(result.source, SOCK_DUMP_TABLES);
	assert_int_equal(result.sockets, 3);
	assert_int_equal(result.malformed, 1);
	assert_int_equal(found.count, 3);
	assert_int_equal(socket[0].state, TCP_TIME_WAIT);
	assert_int_equal(socket[0].timer, TCP_TIMER_TIME_WAIT);
	assert_int_equal(socket[0].expires_ms, 37500);
	assert_int_equal(socket[0].remote_port, 5432);
	assert_int_equal(socket[1].state, TCP_ESTABLISHED);
	assert_int_equal(socket[1].send_queue, 16);
	assert_int_equal(socket[1].receive_queue, 32);
	assert_int_equal(socket[1].inode, 1234);
	assert_int_equal(socket[1].known, 0);
	assert_int_equal(socket[2].state, TCP_CLOSE_WAIT);
	assert_int_equal(socket[2].local_port, 40003);
	if (htonl(1) != 1) {
		assert_int_equal(socket[2].family, AF_INET);
		assert_true(socket[2].is_mapped);
		assert_memory_equal(socket[2].local, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	}
	assert_int_equal(dump_below(dir.path, 1U << TCP_CLOSE_WAIT, 0, &result), 0);
	assert_int_equal(found.count, 1);
	found.fails_at = 3;
	assert_int_equal(dump_below(dir.path, TCP_SOCKET_ALL_STATES, 0, &result), -EDQUOT);
	found.fails_at = 0;
	temp_dir_remove(&dir);
}

static void test_what_is_no_table(void **state)
{
	struct sock_dump_result result;
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	temp_dir_write(&dir, "proc/net/tcp", TITLE);
	temp_dir_add_fifo(&dir, "proc/net/tcp6");
	assert_int_equal(dump_below(dir.path, TCP_SOCKET_ALL_STATES, 0, &result), -EINVAL);
	temp_dir_remove(&dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways_agree),
		cmocka_unit_test(test_optional_figures),
		cmocka_unit_test(test_oddities_of_netlink),
		cmocka_unit_test(test_disturbed_dumps),
		cmocka_unit_test(test_what_the_sink_says),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_what_is_not_asked_for),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_hostile_attributes),
		cmocka_unit_test(test_hostile_datagrams),
		cmocka_unit_test(test_fake_root),
		cmocka_unit_test(test_what_is_no_table),
	};

	return RUN_TESTS(tests);
}
