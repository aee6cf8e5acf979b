/* SPDX-License-Identifier: MIT */
/* Listeners in trouble, and a process near its limit, for make_trouble.c. */
#define _GNU_SOURCE
#include "trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SOMAXCONN_PATH "/proc/sys/net/core/somaxconn"

static int listener;

static struct tcp_info queue_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0, "TCP_INFO");
	return info;	/* tcpi_unacked is the queue and tcpi_sacked its limit */
}

static int listen_here(long backlog)
{
	struct end at = here();

	return listen_at(NEAR, &at, backlog ? (int)backlog : INT_MAX);
}

/* ---- the accept queue ---- */

static bool is_queue_as_long_as_it_gets(long connects)
{
	struct tcp_info info = queue_of(listener);

	return info.tcpi_unacked >= connects || info.tcpi_unacked > info.tcpi_sacked;
}

static bool has_overflowed(long ignored)
{
	(void)ignored;
	return counter("TcpExt", "ListenOverflows") > 0;
}

/* Accepts nothing; with "drain", all that comes once the queue has overflowed. */
static void be_a_server_that_does_not_accept(long ignored)
{
	(void)ignored;
	await(is_queue_as_long_as_it_gets, number("connects"), "the accept queue");
	if (number("drain"))
		await(has_overflowed, 0, "ListenOverflows");
	ready();
	while (number("drain"))
		accept_from(listener);
}

static bool is_connected(long fd)
{
	return tcp_state((int)fd) == TCP_ESTABLISHED;
}

static void be_clients_that_connect(long ignored)
{
	long connects = number("connects"), rate = number("rate");
	int *fds = calloc((size_t)connects + 1, sizeof(*fds));
	struct end to = here();
	struct pace pace = { 0 };

	(void)ignored;
	check(fds != NULL, "memory");
	use_all_descriptors();
	close(listener);
	for (long i = 0; i < connects; i++)
		fds[i] = connect_from(FAR, &to, SOCK_NONBLOCK);
	/* Whoever was turned away comes again after 1 s, 3 s, and so on. */
	for (long i = 0; number("drain") && i < connects; i++)
		await(is_connected, fds[i], "connections that were turned away");
	ready();
	while (rate) {
		keep_pace(&pace, rate);
		close(connect_from(FAR, &to, SOCK_NONBLOCK));
	}
}

void make_accept_queue(void)
{
	long somaxconn = number("somaxconn"), raised = number("raised");

	if (somaxconn)
		write_key_number(SOMAXCONN_PATH, somaxconn);
	listener = listen_here(number("backlog"));
	if (raised)
		write_key_number(SOMAXCONN_PATH, raised);
	role(text("name"), be_a_server_that_does_not_accept, 0);
	role("client", be_clients_that_connect, 0);
	close(listener);
}

/* ---- floods ---- */

static bool has_felt_it(long ignored)
{
	(void)ignored;
	if (number("cookies") == 0)
		return counter("TcpExt", "ListenDrops") > 0 || counter("TcpExt", "TCPReqQFullDrop") > 0;
	return counter("TcpExt", number("answer") ? "SyncookiesRecv" : "SyncookiesSent") > 0;
}

/* Reads to the end of what each client sends, and closes. */
static void be_a_server_that_serves(long ignored)
{
	char bytes[512];

	(void)ignored;
	for (;;) {
		int fd = accept_from(listener);

		while (read(fd, bytes, sizeof(bytes)) > 0)
			;
		close(fd);
	}
}

static void watch_the_flood(long ignored)
{
	(void)ignored;
	close(listener);
	await(has_felt_it, 0, "a full SYN queue");
	ready();
}

/* What accepts is never ready: it is so at once. */
static void serve(long ignored)
{
	ready();
	be_a_server_that_serves(ignored);
}

/* Whoever holds the listener as well would be taken for one who serves it. */
static void flood(long ignored)
{
	close(listener);
	send_syns(ignored);
}

void make_syn_flood(void)
{
	errno = EAFNOSUPPORT;
	check(strcmp(text("family"), "4") == 0, "family");
	write_key_number("/proc/sys/net/ipv4/tcp_syncookies", number("cookies"));
	/* What the clients leave unanswered when they end would be the machine's orphans for minutes. */
	write_key("/proc/sys/net/ipv4/tcp_orphan_retries", "1");
	listener = listen_here(number("backlog"));
	role(text("name"), serve, 0);
	role("flood", flood, 0);
	role("watch", watch_the_flood, 0);
	close(listener);
}

/* ---- descriptors ---- */

static void open_many(long ignored)
{
	struct rlimit files;
	long count = number("open");

	(void)ignored;
	check(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
	files.rlim_cur = (rlim_t)number("limit");
	check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	for (long fd = 0; fd < count; fd++)
		check(fcntl((int)fd, F_GETFD) >= 0 || dup2(STDERR_FILENO, (int)fd) >= 0, "open");
	ready();
}

void make_descriptors(void)
{
	role(text("name"), open_many, 0);
}
