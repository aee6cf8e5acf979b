/* SPDX-License-Identifier: MIT */
/* Makes real TCP sockets over the loopback, many and fast, and holds them until its input ends.
 *
 *	make_sockets KIND STATE COUNT [KIND STATE COUNT]...
 *
 * KIND is 4, 6 or mapped (IPv4 on sockets of AF_INET6). STATE is one of the rows of states[] below, which say what each
 * leaves behind. The servers listen on ports below 32768, one for each 10,000 connections of a state: with the default
 * range of local ports, the half of it that connect(2) finds quickly. Prints "ready" when all of it is there. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PORT = 20000, PER_PORT = 10000, BACKLOG = 4096 };

struct side {
	struct sockaddr_storage address;
	socklen_t length;
	int family, server;
};

static uint16_t next_port = FIRST_PORT;

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "make_sockets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set_address(struct side *side, const char *kind)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&side->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&side->address;

	memset(side, 0, sizeof(*side));
	side->family = strcmp(kind, "4") == 0 ? AF_INET : AF_INET6;
	side->length = side->family == AF_INET ? sizeof(*four) : sizeof(*six);
	side->address.ss_family = (sa_family_t)side->family;
	if (side->family == AF_INET) {
		four->sin_port = htons(next_port++);
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return;
	}
	six->sin6_port = htons(next_port++);
	check(inet_pton(AF_INET6, strcmp(kind, "6") == 0 ? "::1" : "::ffff:127.0.0.1", &six->sin6_addr) == 1, kind);
}

static void begin(struct side *side, const char *kind, int backlog)
{
	const int on = 1;

	set_address(side, kind);
	side->server = socket(side->family, SOCK_STREAM, 0);
	check(side->server >= 0, "socket");
	check(setsockopt(side->server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, "SO_REUSEADDR");
	check(bind(side->server, (struct sockaddr *)&side->address, side->length) == 0, "bind");
	check(listen(side->server, backlog) == 0, "listen");
}

static int connect_to(const struct side *side, int flags)
{
	int client = socket(side->family, SOCK_STREAM | flags, 0);

	check(client >= 0, "socket");
	check(connect(client, (const struct sockaddr *)&side->address, side->length) == 0 || errno == EINPROGRESS,
		"connect");
	return client;
}

static int accept_from(const struct side *side)
{
	int peer = accept(side->server, NULL, NULL);

	check(peer >= 0, "accept");
	return peer;
}

/* More than the peer, which does not read, has room for. */
static void fill(int fd)
{
	static const char bytes[65536];

	check(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
	while (send(fd, bytes, sizeof(bytes), 0) > 0)
		;
	check(errno == EAGAIN, "send");
}

static void make_time_wait(const struct side *side)
{
	int client = connect_to(side, 0), peer = accept_from(side);

	close(client);
	close(peer);
}

static void make_established(const struct side *side)
{
	(void)connect_to(side, 0);
	(void)accept_from(side);
}

static void make_close_wait(const struct side *side)
{
	(void)connect_to(side, 0);
	check(shutdown(accept_from(side), SHUT_WR) == 0, "shutdown");
}

static void make_fin_wait2_small(const struct side *side)
{
	(void)connect_to(side, 0);
	close(accept_from(side));
}

static void make_fin_wait1(const struct side *side)
{
	int client = connect_to(side, 0);

	(void)accept_from(side);
	fill(client);
	close(client);
}

static void make_last_ack(const struct side *side)
{
	int client = connect_to(side, 0);

	fill(client);
	check(shutdown(accept_from(side), SHUT_WR) == 0, "shutdown");
	close(client);
}

/* The server waits for data before it takes the third packet for the end of the handshake. */
static void make_syn_recv(const struct side *side)
{
	(void)connect_to(side, 0);
}

/* The server drops every SYN: its queue is full. */
static void make_syn_sent(const struct side *side)
{
	(void)connect_to(side, SOCK_NONBLOCK);
}

static void defer(const struct side *side)
{
	const int seconds = 100;

	check(setsockopt(side->server, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)) == 0,
		"TCP_DEFER_ACCEPT");
}

/* A backlog of 0 takes one. */
static void fill_queue(const struct side *side)
{
	(void)connect_to(side, 0);
}

static const struct state {
	const char *name;
	void (*make)(const struct side *side);
	void (*prepare)(const struct side *side);
	int backlog;
} states[] = {
	{ "time-wait", make_time_wait, NULL, BACKLOG },
	{ "established", make_established, NULL, BACKLOG },		/* both ends */
	{ "close-wait", make_close_wait, NULL, BACKLOG },		/* and as many FIN-WAIT-2 with an owner */
	{ "fin-wait-2-small", make_fin_wait2_small, NULL, BACKLOG },	/* without one, and as many CLOSE-WAIT */
	{ "fin-wait-1", make_fin_wait1, NULL, BACKLOG },		/* and as many ESTABLISHED that do not read */
	{ "last-ack", make_last_ack, NULL, BACKLOG },			/* and as many FIN-WAIT-2 that do not read */
	{ "syn-recv", make_syn_recv, defer, BACKLOG },			/* and as many ESTABLISHED */
	{ "syn-sent", make_syn_sent, fill_queue, 0 },			/* and a pair that is ESTABLISHED */
};

static void make(const char *kind, const char *name, long count)
{
	const struct state *state = states;
	struct side side;

	while (state < states + sizeof(states) / sizeof(*states) && strcmp(state->name, name) != 0)
		state++;
	errno = EINVAL;
	check(state < states + sizeof(states) / sizeof(*states), name);
	for (long i = 0; i < count; i++) {
		if (i % PER_PORT == 0) {
			begin(&side, kind, state->backlog);
			if (state->prepare)
				state->prepare(&side);
		}
		state->make(&side);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;
	char byte;

	check(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
	files.rlim_cur = files.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	for (int i = 1; i + 2 < argc; i += 3)
		make(argv[i], argv[i + 1], strtol(argv[i + 2], NULL, 10));
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
