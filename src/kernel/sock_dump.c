/* SPDX-License-Identifier: MIT */
/* Dumps of TCP sockets over netlink, or from the tables below proc/net. */
#define _GNU_SOURCE
#include "kernel/sock_dump.h"

#include "kernel/diag_netlink.h"
#include "kernel/diag_reader.h"
#include "kernel/tcp_table.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdalign.h>
#include <string.h>

enum {
	/* Each may cost a tenth of a second on a host with many sockets. */
	ATTEMPTS_MAX = 3,
	/* Of INET_DIAG_CGROUP_ID (5.8), which older headers lack. */
	ATTRIBUTE_CGROUP_ID = 21,
};

/* ---- one socket ---- */

static uint32_t word_at(const uint32_t *words, size_t count, size_t index)
{
	return index < count ? words[index] : 0;
}

/* Any version of struct tcp_info: it has only ever grown at its end. */
static void read_info(const struct nlattr *attribute, struct tcp_socket *socket)
{
	size_t length = mnl_attr_get_payload_len(attribute);
	struct tcp_info info = { .tcpi_state = 0 };

	/* The last of the fields below was there before sock_diag was. */
	if (length < offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(info.tcpi_total_retrans))
		return;
	memcpy(&info, mnl_attr_get_payload(attribute), length < sizeof(info) ? length : sizeof(info));
	socket->info = (struct tcp_socket_info){
		.last_data_sent_ms = info.tcpi_last_data_sent, .last_data_received_ms = info.tcpi_last_data_recv,
		.last_ack_received_ms = info.tcpi_last_ack_recv, .rtt_us = info.tcpi_rtt,
		.retransmits = info.tcpi_total_retrans,
	};
	socket->known |= TCP_SOCKET_HAS_INFO;
}

/* Words in the order of SK_MEMINFO_*; the backlog came with 2.6.37 and the drops with 4.6. */
static void read_memory(const struct nlattr *attribute, struct tcp_socket *socket)
{
	uint32_t words[SK_MEMINFO_VARS];
	size_t count = mnl_attr_get_payload_len(attribute) / sizeof(words[0]);

	if (count <= SK_MEMINFO_SNDBUF)
		return;
	if (count > COUNT_OF(words))
		count = COUNT_OF(words);
	memcpy(words, mnl_attr_get_payload(attribute), count * sizeof(words[0]));
	socket->memory = (struct tcp_socket_memory){
		.received = words[SK_MEMINFO_RMEM_ALLOC], .receive_limit = words[SK_MEMINFO_RCVBUF],
		.sent = words[SK_MEMINFO_WMEM_ALLOC], .send_limit = words[SK_MEMINFO_SNDBUF],
		.backlog = word_at(words, count, SK_MEMINFO_BACKLOG), .has_drops = count > SK_MEMINFO_DROPS,
		.drops = word_at(words, count, SK_MEMINFO_DROPS),
	};
	socket->known |= TCP_SOCKET_HAS_MEMORY;
}

static void read_cgroup(const struct nlattr *attribute, struct tcp_socket *socket)
{
	if (mnl_attr_get_payload_len(attribute) < sizeof(socket->cgroup))
		return;
	memcpy(&socket->cgroup, mnl_attr_get_payload(attribute), sizeof(socket->cgroup));
	socket->known |= TCP_SOCKET_HAS_CGROUP;
}

static const struct {
	uint16_t type;		/* INET_DIAG_* */
	uint8_t known;
	void (*read)(const struct nlattr *attribute, struct tcp_socket *socket);
} attributes[] = {
	{ INET_DIAG_INFO, TCP_SOCKET_HAS_INFO, read_info },
	{ INET_DIAG_SKMEMINFO, TCP_SOCKET_HAS_MEMORY, read_memory },
	{ ATTRIBUTE_CGROUP_ID, TCP_SOCKET_HAS_CGROUP, read_cgroup },	/* comes without asking */
};

static void read_attribute(const struct nlattr *attribute, uint8_t wanted, struct tcp_socket *socket)
{
	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		if (mnl_attr_get_type(attribute) == attributes[i].type && (wanted & attributes[i].known))
			attributes[i].read(attribute, socket);
}

/* -EBADMSG when they do not fill what is left of the message. */
static int read_attributes(const struct nlmsghdr *header, uint8_t wanted, struct tcp_socket *socket)
{
	const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(header, sizeof(struct inet_diag_msg));
	const char *end = (const char *)header + header->nlmsg_len;

	while (end - (const char *)attribute >= (ptrdiff_t)sizeof(*attribute)) {
		if (attribute->nla_len < sizeof(*attribute) || attribute->nla_len > end - (const char *)attribute)
			return -EBADMSG;
		read_attribute(attribute, wanted, socket);
		attribute = mnl_attr_next(attribute);
	}
	return 0;
}

/* The kernel subtracts without regard to a timer that is overdue. */
static uint32_t read_expires(uint32_t expires)
{
	return expires > INT32_MAX ? 0 : expires;
}

/* Field by field: this is done for every socket of the host, and the optional figures are most of the struct. */
static void read_socket(const struct inet_diag_msg *message, struct tcp_socket *socket)
{
	size_t address_size = message->idiag_family == AF_INET6 ? 16 : 4;

	socket->family = message->idiag_family;
	socket->is_mapped = false;
	socket->state = message->idiag_state;
	socket->timer = message->idiag_timer;
	socket->retries = message->idiag_retrans;
	socket->known = 0;
	socket->local_port = ntohs(message->id.idiag_sport);
	socket->remote_port = ntohs(message->id.idiag_dport);
	memset(socket->local, 0, sizeof(socket->local));
	memset(socket->remote, 0, sizeof(socket->remote));
	memcpy(socket->local, message->id.idiag_src, address_size);
	memcpy(socket->remote, message->id.idiag_dst, address_size);
	socket->expires_ms = read_expires(message->idiag_expires);
	socket->receive_queue = message->idiag_rqueue;
	socket->send_queue = message->idiag_wqueue;
	socket->uid = message->idiag_uid;
	socket->inode = message->idiag_inode;
	socket->interface = message->id.idiag_if;
	if (socket->family == AF_INET6)
		tcp_socket_unmap(socket);
}

static bool is_wanted(const struct sock_dump_step *step, const struct inet_diag_msg *message)
{
	if (message->idiag_family != AF_INET && message->idiag_family != AF_INET6)
		return false;
	if (step->family != AF_UNSPEC && message->idiag_family != step->family)
		return false;
	return message->idiag_state < TCP_SOCKET_STATES && (step->query->states & 1U << message->idiag_state);
}

static int hand_over(struct sock_dump_step *step, const struct tcp_socket *socket)
{
	int r = step->sink->add(step->sink->context, socket);

	step->sockets++;
	step->sink_error = r;
	return r;
}

static int on_message(void *context, const struct nlmsghdr *header)
{
	struct sock_dump_step *step = context;
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	struct tcp_socket *socket = &step->socket;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return -EBADMSG;
	if (!is_wanted(step, message))
		return 0;
	read_socket(message, socket);
	if (step->query->wanted) {
		int r;

		socket->info = (struct tcp_socket_info){ 0 };
		socket->memory = (struct tcp_socket_memory){ 0 };
		socket->cgroup = 0;
		r = read_attributes(header, step->query->wanted, socket);
		if (r < 0)
			return r;
	}
	return hand_over(step, socket);
}

int sock_dump_read_datagram(struct sock_dump_step *step, const void *bytes, size_t length)
{
	const struct diag_answer answer = {
		.sequence = step->sequence, .port_id = step->port_id, .type = step->type,
	};

	return diag_netlink_read(&answer, bytes, length, on_message, step, &step->is_interrupted);
}

/* ---- netlink ---- */

static uint8_t extensions(uint8_t wanted)
{
	return (uint8_t)((wanted & TCP_SOCKET_HAS_INFO ? 1 << (INET_DIAG_INFO - 1) : 0) |
		(wanted & TCP_SOCKET_HAS_MEMORY ? 1 << (INET_DIAG_SKMEMINFO - 1) : 0));
}

enum port_part { PORTS_ALL, PORTS_BELOW, PORTS_FROM };

/* A program for inet_diag_bc_run() (net/ipv4/inet_diag.c): one comparison, then its operand; it accepts at its very end and
 * refuses 4 bytes beyond it. */
static void put_ports(struct nlmsghdr *header, enum port_part part, uint16_t port)
{
	const struct inet_diag_bc_op program[] = {
		{ .code = part == PORTS_BELOW ? INET_DIAG_BC_S_LE : INET_DIAG_BC_S_GE, .yes = 8, .no = 12 },
		{ .no = (uint16_t)(part == PORTS_BELOW ? port - 1 : port) },
	};

	if (part != PORTS_ALL)
		mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, sizeof(program), program);
}

static int send_request(int fd, const struct sock_dump_step *step, enum port_part part)
{
	alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = step->type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = step->sequence;
	if (step->type == TCPDIAG_GETSOCK) {
		/* Whatever the family is, it is not looked at. */
		struct inet_diag_req *query = mnl_nlmsg_put_extra_header(header, sizeof(*query));

		query->idiag_family = AF_INET;
		query->idiag_ext = extensions(step->query->wanted);
		query->idiag_states = step->query->states;
	} else {
		struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(header, sizeof(*query));

		query->sdiag_family = step->family;
		query->sdiag_protocol = IPPROTO_TCP;
		query->idiag_ext = extensions(step->query->wanted);
		query->idiag_states = step->query->states;
	}
	put_ports(header, part, step->query->parted_at);
	return diag_netlink_send(fd, header);
}

static int walk(int fd, struct sock_dump_step *step)
{
	alignas(struct nlmsghdr) char buffer[DIAG_DATAGRAM_SIZE];
	int r = send_request(fd, step, PORTS_ALL);

	if (r < 0)
		return r;
	do {
		r = diag_netlink_receive(fd, buffer, sizeof(buffer));
		if (r >= 0)
			r = sock_dump_read_datagram(step, buffer, (size_t)r);
	} while (r > 0);
	return r;
}

/* ---- two walks at once ---- */

static bool has_two_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) >= 2;
}

/* What the thread has received so far; with `wait` to its end. 1 when more is to come, 0 at the end, or a negative errno. */
static int read_other(struct diag_reader *reader, struct sock_dump_step *step, bool wait)
{
	const void *bytes;
	int r = 1;

	while (r > 0) {
		int length = diag_reader_take(reader, wait, &bytes);

		if (length == 0)
			return 1;
		r = length < 0 ? length : sock_dump_read_datagram(step, bytes, (size_t)length);
	}
	return r;
}

/* Our own part, with that of the thread in between, which else would run out of buffers. */
static int read_both(int fd, struct diag_reader *reader, struct sock_dump_step steps[2])
{
	alignas(struct nlmsghdr) char buffer[DIAG_DATAGRAM_SIZE];
	int own = 1, other = 1;

	while (own > 0 && other >= 0) {
		own = diag_netlink_receive(fd, buffer, sizeof(buffer));
		if (own >= 0)
			own = sock_dump_read_datagram(&steps[0], buffer, (size_t)own);
		if (own >= 0 && other > 0)
			other = read_other(reader, &steps[1], false);
	}
	if (own == 0 && other > 0)
		other = read_other(reader, &steps[1], true);
	return own < 0 ? own : other;
}

/* As walk(); -EAGAIN when there can be no thread. */
static int walk_parted(struct sock_dump_step *step)
{
	struct sock_dump_step steps[2] = { *step, *step };
	CLEANUP_FD int below = diag_netlink_open(&steps[0].port_id);
	CLEANUP_FD int from = below < 0 ? below : diag_netlink_open(&steps[1].port_id);
	struct diag_reader reader;
	int r = from < 0 ? from : send_request(below, &steps[0], PORTS_BELOW);

	if (r == 0)
		r = send_request(from, &steps[1], PORTS_FROM);
	if (r == 0)
		r = diag_reader_start(&reader, from);
	if (r < 0)
		return r;
	r = read_both(below, &reader, steps);
	diag_reader_stop(&reader);
	step->sockets = steps[0].sockets + steps[1].sockets;
	step->is_interrupted = steps[0].is_interrupted || steps[1].is_interrupted;
	step->sink_error = steps[0].sink_error ? steps[0].sink_error : steps[1].sink_error;
	return r;
}

/* ---- one dump ---- */

/* The walks of one dump. */
static const struct walk_row {
	enum sock_dump_source source;
	uint16_t type;
	uint8_t family;
} walks[] = {
	{ SOCK_DUMP_BOTH, TCPDIAG_GETSOCK, AF_UNSPEC },
	{ SOCK_DUMP_BY_FAMILY, SOCK_DIAG_BY_FAMILY, AF_INET },
	{ SOCK_DUMP_BY_FAMILY, SOCK_DIAG_BY_FAMILY, AF_INET6 },
};

/* A socket for one attempt: what a broken dump has left in it goes with it. */
static int attempt(enum sock_dump_source source, struct sock_dump_step *step)
{
	CLEANUP_FD int fd = diag_netlink_open(&step->port_id);
	int r = fd < 0 ? fd : 0;

	for (size_t i = 0; i < COUNT_OF(walks) && r == 0; i++) {
		if (walks[i].source != source)
			continue;
		step->sequence++;
		step->type = walks[i].type;
		step->family = walks[i].family;
		r = -EAGAIN;
		if (source == SOCK_DUMP_BOTH && step->query->parted_at && has_two_processors())
			r = walk_parted(step);
		if (r == -EAGAIN)
			r = walk(fd, step);
	}
	return r;
}

/* What one source has to say; *result is filled in when it says it. */
static int read_netlink(enum sock_dump_source source, struct sock_dump_step *step, struct sock_dump_result *result)
{
	int r = -ENOBUFS;

	for (int i = 0; i < ATTEMPTS_MAX && (r == -ENOBUFS || (r == 0 && step->is_interrupted)); i++) {
		step->sink->begin(step->sink->context);
		step->sockets = 0;
		step->is_interrupted = false;
		result->attempts++;
		r = attempt(source, step);
		if (step->sink_error)
			return r;
	}
	if (r < 0)
		return r;
	result->source = source;
	result->sockets = step->sockets;
	result->is_disturbed = step->is_interrupted;
	return 0;
}

/* ---- text ---- */

static int on_line(void *context, const struct tcp_socket *line)
{
	struct tcp_socket socket = *line;

	tcp_socket_unmap(&socket);
	return hand_over(context, &socket);
}

static int read_tables(const struct rootdir *root, struct sock_dump_step *step, struct sock_dump_result *result)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	size_t missing = 0, malformed = 0;

	step->sink->begin(step->sink->context);
	step->sockets = 0;
	result->attempts++;
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct tcp_table table;
		int r;

		tcp_table_begin(&table, families[i], step->query->states, on_line, step, &malformed);
		r = tcp_table_read(&table, root);
		if (r < 0 && (step->sink_error || r != -ENOENT))
			return r;
		missing += r == -ENOENT;
	}
	if (missing == COUNT_OF(families))
		return -ENOENT;
	result->source = SOCK_DUMP_TABLES;
	result->sockets = step->sockets;
	result->malformed = malformed;
	return 0;
}

int sock_dump(const struct rootdir *root, const struct sock_dump_query *query, const struct sock_dump_sink *sink,
	struct sock_dump_result *ret_result)
{
	struct sock_dump_step step = { .query = query, .sink = sink };
	struct sock_dump_result result = { .attempts = 0 };
	int asked = -EPROTONOSUPPORT, r;

	if (!query->states || (query->states & ~(uint32_t)TCP_SOCKET_ALL_STATES))
		return -EINVAL;
	if (root->is_system)
		asked = read_netlink(SOCK_DUMP_BOTH, &step, &result);
	if (root->is_system && asked < 0 && !step.sink_error)
		asked = read_netlink(SOCK_DUMP_BY_FAMILY, &step, &result);
	r = asked;
	if (asked < 0 && !step.sink_error) {
		r = read_tables(root, &step, &result);
		/* Netlink's errno says why the tables were needed at all. */
		if (r < 0 && !step.sink_error && root->is_system)
			r = asked;
	}
	if (r < 0)
		return r;
	*ret_result = result;
	return 0;
}

/* ---- single sockets ---- */

enum { BATCH = 32, REQUEST_SIZE = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct inet_diag_req_v2)) };

/* Some of the sockets, whose answers are waited for together; the sequence number is the place. */
struct batch {
	struct tcp_socket *sockets;
	size_t count, answered;
	uint8_t wanted;
	bool has_answer[BATCH];
};

static int send_batch(int fd, const struct batch *batch)
{
	alignas(struct nlmsghdr) char bytes[BATCH * REQUEST_SIZE] = { 0 };

	for (size_t i = 0; i < batch->count; i++) {
		const struct tcp_socket *socket = &batch->sockets[i];
		struct nlmsghdr *header = mnl_nlmsg_put_header(bytes + i * REQUEST_SIZE);
		struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(header, sizeof(*query));

		header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		header->nlmsg_flags = NLM_F_REQUEST;
		header->nlmsg_seq = (uint32_t)i + 1;
		query->sdiag_family = socket->family;
		query->sdiag_protocol = IPPROTO_TCP;
		query->idiag_ext = extensions(batch->wanted);
		query->id.idiag_sport = htons(socket->local_port);
		query->id.idiag_dport = htons(socket->remote_port);
		query->id.idiag_if = socket->interface;
		memcpy(query->id.idiag_src, socket->local, sizeof(socket->local));
		memcpy(query->id.idiag_dst, socket->remote, sizeof(socket->remote));
		query->id.idiag_cookie[0] = query->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	}
	return diag_netlink_send_bytes(fd, bytes, batch->count * REQUEST_SIZE);
}

static int replace(void *context, const struct tcp_socket *socket)
{
	*(struct tcp_socket *)context = *socket;
	return 0;
}

static void begin_nothing(void *context)
{
	(void)context;
}

static int read_answer(struct batch *batch, uint32_t port_id, const void *bytes, size_t length)
{
	const struct sock_dump_query query = { .states = TCP_SOCKET_ALL_STATES, .wanted = batch->wanted };
	struct sock_dump_sink sink = { begin_nothing, replace, NULL };
	struct sock_dump_step step = { .port_id = port_id, .type = SOCK_DIAG_BY_FAMILY, .query = &query, .sink = &sink };
	const struct nlmsghdr *header = bytes;
	size_t place;
	int r;

	if (length < sizeof(*header) || header->nlmsg_seq == 0 || header->nlmsg_seq > batch->count ||
		batch->has_answer[header->nlmsg_seq - 1])
		return -EPROTO;
	place = header->nlmsg_seq - 1;
	sink.context = &batch->sockets[place];
	step.sequence = header->nlmsg_seq;
	batch->sockets[place].known &= (uint8_t)~batch->wanted;
	r = sock_dump_read_datagram(&step, bytes, length);
	if (r < 0 && r != -ENOENT)
		return r;
	batch->has_answer[place] = true;
	batch->answered++;
	return 0;
}

int sock_dump_look_up(const struct rootdir *root, struct tcp_socket sockets[], size_t count, uint8_t wanted)
{
	alignas(struct nlmsghdr) char buffer[DIAG_DATAGRAM_SIZE];
	uint32_t port_id;
	CLEANUP_FD int fd = root->is_system ? diag_netlink_open(&port_id) : -EPROTONOSUPPORT;
	int r = fd < 0 ? fd : 0;

	for (size_t at = 0; r == 0 && at < count; at += BATCH) {
		struct batch batch = {
			.sockets = sockets + at, .count = count - at < BATCH ? count - at : BATCH, .wanted = wanted,
		};

		r = send_batch(fd, &batch);
		while (r == 0 && batch.answered < batch.count) {
			r = diag_netlink_receive(fd, buffer, sizeof(buffer));
			if (r >= 0)
				r = read_answer(&batch, port_id, buffer, (size_t)r);
		}
	}
	return r;
}
