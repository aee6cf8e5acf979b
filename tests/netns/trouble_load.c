/* SPDX-License-Identifier: MIT */
/* Traffic, good and bad, for make_trouble.c. */
#define _GNU_SOURCE
#include "trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 4096, MESSAGE = 1000 };

static int listener;

static void set_option(int fd, int level, int name, int value)
{
	check(setsockopt(fd, level, name, &value, sizeof(value)) == 0, "setsockopt");
}

/* ---- loss ---- */

/* A filter of a socket is asked before TCP is: what it refuses has never come, and the sender sends it again. */
static void drop_some(int fd, long percent)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)((1ULL << 32) * (uint64_t)percent / 100), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(*program), .filter = program };

	check(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0, "SO_ATTACH_FILTER");
}

static void read_what_is_there(int fd)
{
	char bytes[65536];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static int64_t retransmitted(void)
{
	return counter("Tcp", "RetransSegs");
}

/* Both ends are here: the messages go out at a steady pace, and whatever came of them is read. */
static void be_a_sender(long ignored)
{
	static const char bytes[MESSAGE];
	long connections = number("connections"), rate = number("rate");
	int *fds = calloc((size_t)connections + 1, sizeof(*fds)), *peers = calloc((size_t)connections + 1, sizeof(*peers));
	struct end to = destination(0);
	struct pace pace = { 0 };
	bool is_ready = false;

	(void)ignored;
	check(fds && peers, "memory");
	for (long i = 0; i < connections; i++) {
		fds[i] = connect_from(NEAR, &to, 0);
		peers[i] = accept_from(listener);
		set_option(fds[i], IPPROTO_TCP, TCP_NODELAY, 1);
		drop_some(peers[i], number("percent"));
	}
	for (long i = 0;; i = (i + 1) % connections) {
		keep_pace(&pace, rate);
		check(send(fds[i], bytes, sizeof(bytes), MSG_DONTWAIT) >= 0 || errno == EAGAIN, "send");
		read_what_is_there(peers[i]);
		if (!is_ready && i == 0 && (number("percent") == 0 || retransmitted() > 10)) {
			is_ready = true;
			ready();
		}
	}
}

void make_loss(void)
{
	struct end any = anywhere();

	listener = listen_at(FAR, &any, BACKLOG);
	enter(NEAR);
	role(text("name"), be_a_sender, 0);
}

/* ---- a receiver without room ---- */

static long dropped(void)
{
	return counter("TcpExt", "TCPRcvQDrop") + counter("TcpExt", "RcvPruned") + counter("TcpExt", "TCPBacklogDrop");
}

/* The room was promised before it was taken away, so that the peer's data comes and is dropped. It would come again
 * only after longer and longer pauses; a new connection takes the place of an old one instead. */
static void shrink_one(int *fd, int *peer, const struct end *at)
{
	static const char bytes[65536];

	if (*fd)
		close(*fd);
	if (*peer)
		close(*peer);
	*peer = connect_from(FAR, at, 0);
	*fd = accept_from(listener);
	set_option(*peer, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(*fd, SOL_SOCKET, SO_RCVBUF, 1);
	for (int i = 0; i < 40; i++)
		check(send(*peer, bytes, MESSAGE, MSG_DONTWAIT) > 0 || errno == EAGAIN, "send");
}

static void be_a_slow_reader(long ignored)
{
	long connections = number("connections"), rate = number("rate");
	int *fds = calloc((size_t)connections + 1, sizeof(*fds)), *peers = calloc((size_t)connections + 1, sizeof(*peers));
	struct end at = here();
	struct pace pace = { 0 };
	bool is_ready = false;

	(void)ignored;
	check(fds && peers, "memory");
	listener = listen_at(NEAR, &at, BACKLOG);
	for (long i = 0;; i = (i + 1) % connections) {
		keep_pace(&pace, rate);
		shrink_one(&fds[i], &peers[i], &at);
		enter(NEAR);
		if (!is_ready && i == connections - 1) {
			errno = EIO;
			check(dropped() > 0, "nothing was dropped");
			is_ready = true;
			ready();
		}
	}
}

void make_slow_reader(void)
{
	role(text("name"), be_a_slow_reader, 0);
}

/* ---- a busy host ---- */

static void exchange(int fd, int peer)
{
	char bytes[512] = "";

	check(send(fd, bytes, 200, 0) == 200 && recv(peer, bytes, sizeof(bytes), 0) > 0, "a request");
	check(send(peer, bytes, sizeof(bytes), 0) > 0 && recv(fd, bytes, sizeof(bytes), 0) > 0, "a response");
}

enum ending { NEAR_FIRST, FAR_FIRST, RESET, ENDINGS };

static void use_once(const struct end *to, enum ending ending)
{
	const struct linger now = { .l_onoff = 1 };
	int fd = connect_from(NEAR, to, 0), peer = accept_from(listener);

	exchange(fd, peer);
	if (ending == RESET)
		check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0, "SO_LINGER");
	close(ending == FAR_FIRST ? peer : fd);
	close(ending == FAR_FIRST ? fd : peer);
}

/* Connections come and go, and a pool of them stays and is used. */
static void be_a_busy_client(long ignored)
{
	long destinations = number("destinations"), pooled = number("established"), rate = number("rate");
	int *fds = calloc((size_t)pooled + 1, sizeof(*fds)), *peers = calloc((size_t)pooled + 1, sizeof(*peers));
	struct pace pace = { 0 };

	(void)ignored;
	check(fds && peers, "memory");
	use_all_descriptors();
	for (long i = 0; i < pooled; i++) {
		struct end to = destination(i % destinations);

		fds[i] = connect_from(NEAR, &to, 0);
		peers[i] = accept_from(listener);
	}
	for (long i = 0;; i++) {
		struct end to = destination(i % destinations);

		keep_pace(&pace, rate);
		use_once(&to, i % 2 ? NEAR_FIRST : FAR_FIRST);
		if (pooled)
			exchange(fds[i % pooled], peers[i % pooled]);
		if (i == rate)
			ready();
	}
}

/* The other way round: clients come, are served and go. Each of them closes first. */
static void be_a_busy_server(long ignored)
{
	long stay = number("established"), rate = number("rate");
	int *fds = calloc((size_t)stay + 1, sizeof(*fds)), *peers = calloc((size_t)stay + 1, sizeof(*peers));
	struct end at = here();
	struct pace pace = { 0 };

	(void)ignored;
	check(fds && peers, "memory");
	use_all_descriptors();
	listener = listen_at(NEAR, &at, BACKLOG);
	for (long i = 0; i < stay; i++) {
		peers[i] = connect_from(FAR, &at, 0);
		fds[i] = accept_from(listener);
	}
	for (long i = 0;; i++) {
		int peer = connect_from(FAR, &at, 0), fd = accept_from(listener);

		keep_pace(&pace, rate);
		exchange(peer, fd);
		close(peer);
		close(fd);
		if (stay)
			exchange(peers[i % stay], fds[i % stay]);
		if (i == rate)
			ready();
	}
}

void make_healthy(void)
{
	struct end any = anywhere();

	role(text("server"), be_a_busy_server, 0);
	listener = listen_at(FAR, &any, BACKLOG);
	enter(NEAR);
	role(text("name"), be_a_busy_client, 0);
}

/* ---- churn ---- */

/* As fast as it goes, and without an end. Of three connections one leaves a TIME_WAIT here. */
static void be_fast(long process)
{
	struct end any = anywhere();

	((struct sockaddr_in *)&any.address)->sin_port = htons((uint16_t)(SERVICE_PORT + 1 + process));
	listener = listen_at(FAR, &any, BACKLOG);
	for (long i = 0;; i++) {
		struct end to = destination(i % number("destinations"));

		((struct sockaddr_in *)&to.address)->sin_port = htons((uint16_t)(SERVICE_PORT + 1 + process));
		use_once(&to, (enum ending)(i % ENDINGS));
		if (i == 1000)
			ready();
	}
}

void make_churn(void)
{
	for (long i = 0; i < number("processes"); i++)
		role(text("name"), be_fast, i);
}
