/* SPDX-License-Identifier: MIT */
/* Many sockets in one state, for make_trouble.c. */
#define _GNU_SOURCE
#include "trouble.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A third of the usual 28,232 ports would be 9,410; a process that holds more than the half of its descriptors is
 * trouble of another kind. */
enum { PER_DESTINATION = 8000, PER_PROCESS = 4500, BACKLOG = 4096 };
enum { SHORT_OF_AGE_MS = 50 };
#define TIME_WAIT_NS INT64_C(60000000000)

static int listener;	/* of the far side: inherited by the process that accepts from it */

static long destinations_for(long count)
{
	long wanted = number("destinations");

	return wanted ? wanted : 1 + (count - 1) / PER_DESTINATION;
}

static void narrow_ports(void)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_local_port_range";
	long ports = number("ports");
	char range[32];

	if (!ports)
		return;
	enter(NEAR);
	snprintf(range, sizeof(range), "32768 %ld", 32767 + ports);
	write_key(path, range);
}

static int open_far_listener(void)
{
	struct end any = anywhere();

	return listen_at(FAR, &any, BACKLOG);
}

/* Takes all that comes, and keeps it open. */
static void accept_and_hold(long ignored)
{
	(void)ignored;
	use_all_descriptors();
	ready();
	for (;;)
		accept_from(listener);
}

/* ---- TIME_WAIT ---- */

static bool are_in_time_wait(long count)
{
	return sockstat("tw") >= count;
}

static int64_t began;

/* On a machine that is too slow for so many the first are gone before the last is made. */
static bool are_there_or_gone(long count)
{
	return are_in_time_wait(count) || now_ns() - began >= TIME_WAIT_NS;
}

/* Whoever closes first has it. */
static void close_first(const struct end *to)
{
	int fd = connect_from(NEAR, to, 0), peer = accept_from(listener);

	close(fd);
	close(peer);
}

static struct end time_wait_end(long index)
{
	return strcmp(text("to"), "loopback") == 0 ? loopback() : destination(index);
}

/* tcp_tw_reuse takes none that is younger than tcp_tw_reuse_delay, or 1 s before there was that (6.14). */
static void let_them_age(void)
{
	static const char path[] = "/proc/sys/net/ipv4/tcp_tw_reuse_delay";
	long ms = (access(path, R_OK) == 0 ? read_key(path) : 1000) + SHORT_OF_AGE_MS;
	struct timespec age = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&age, NULL);
}

static void be_a_client_that_closes(long ignored)
{
	long count = number("count"), destinations = destinations_for(count), limit = number("limit");
	long rate = number("rate");
	struct pace pace = { 0 };

	(void)ignored;
	began = now_ns();
	for (long i = 0; i < count; i++) {
		struct end to = time_wait_end(i % destinations);

		close_first(&to);
	}
	await(are_there_or_gone, limit && limit < count ? limit : count, "TIME_WAIT");
	write_key_number("/proc/sys/net/ipv4/tcp_tw_reuse", number("reuse"));
	if (number("reuse") == 1 || strcmp(text("to"), "loopback") == 0)
		let_them_age();
	ready();
	if (!rate)
		return;
	for (long i = 0;; i++) {
		struct end to = time_wait_end(i % destinations);

		keep_pace(&pace, rate);
		close_first(&to);
	}
}

void make_time_wait(void)
{
	struct end any = anywhere();
	long limit = number("limit");

	narrow_ports();
	listener = listen_at(strcmp(text("to"), "loopback") == 0 ? NEAR : FAR, &any, BACKLOG);
	enter(NEAR);
	/* None is to be taken again, and none to be missing, while they are made. */
	write_key("/proc/sys/net/ipv4/tcp_tw_reuse", "0");
	write_key_number("/proc/sys/net/ipv4/tcp_max_tw_buckets", limit ? limit : 1000000);
	role(text("name"), be_a_client_that_closes, 0);
}

/* ---- ESTABLISHED ---- */

static bool is_in_state(int fd, int state)
{
	return tcp_state(fd) == state;
}

static void await_states(const int *fds, long count, int state, const char *what)
{
	int64_t end = now_ns() + 60000000000;

	for (long i = 0; i < count; i++) {
		while (!is_in_state(fds[i], state)) {
			errno = ETIME;
			check(now_ns() < end, what);
			usleep(1000);
		}
	}
}

static void be_a_client_that_stays(long count)
{
	long destinations = destinations_for(number("count")), rate = number("rate");
	struct pace pace = { 0 };

	use_all_descriptors();
	close(listener);
	for (long i = 0; i < count || (rate && i < PER_PROCESS); i++) {
		struct end to = destination(i % destinations);

		if (i >= count)
			keep_pace(&pace, rate);
		connect_from(NEAR, &to, 0);
		if (i == count - 1)
			ready();
	}
}

void make_established(void)
{
	narrow_ports();
	listener = open_far_listener();
	for (long left = number("count"); left > 0; left -= PER_PROCESS) {
		long count = left < PER_PROCESS ? left : PER_PROCESS;

		role("peer", accept_and_hold, 0);
		role(text("name"), be_a_client_that_stays, count);
	}
}

/* ---- CLOSE_WAIT ---- */

/* The peer's end needs no process: it is closed. */
static int make_one_close_wait(const struct end *at, long unread)
{
	static const char bytes[65536];
	int peer = connect_from(FAR, at, 0), fd = accept_from(listener);

	check(unread <= (long)sizeof(bytes) && send(peer, bytes, (size_t)unread, 0) == unread, "unread");
	close(peer);
	return fd;
}

static bool has_unread(int fd, long unread)
{
	int found = 0;

	check(ioctl(fd, FIONREAD, &found) == 0, "FIONREAD");
	return found == unread;
}

static void be_a_server_that_does_not_close(long ignored)
{
	long count = number("count"), unread = number("unread"), lifetime = number("lifetime");
	int *fds = calloc((size_t)count + 1, sizeof(*fds));
	struct pace pace = { 0 };
	struct end at = here();

	(void)ignored;
	check(fds != NULL, "memory");
	use_all_descriptors();
	listener = listen_at(NEAR, &at, BACKLOG);
	for (long i = 0; i < count; i++)
		fds[i] = make_one_close_wait(&at, unread);
	await_states(fds, count, TCP_CLOSE_WAIT, "CLOSE_WAIT");
	errno = EIO;
	for (long i = 0; i < count; i++)
		check(has_unread(fds[i], unread), "unread");
	ready();
	if (!lifetime || !count)
		hold();
	for (long i = 0;; i = (i + 1) % count) {
		keep_pace(&pace, 1 + count * 1000 / lifetime);
		close(fds[i]);
		fds[i] = make_one_close_wait(&at, unread);
	}
}

void make_close_wait(void)
{
	role(text("name"), be_a_server_that_does_not_close, 0);
}

/* ---- FIN_WAIT2 ---- */

static void be_a_client_that_waits(long ignored)
{
	long count = number("count"), destinations = destinations_for(count);
	bool is_held = number("held") != 0;
	int *fds = calloc((size_t)count + 1, sizeof(*fds));

	(void)ignored;
	check(fds != NULL, "memory");
	use_all_descriptors();
	close(listener);
	for (long i = 0; i < count; i++) {
		struct end to = destination(i % destinations);

		fds[i] = connect_from(NEAR, &to, 0);
		check(shutdown(fds[i], SHUT_WR) == 0, "shutdown");
	}
	await_states(fds, count, TCP_FIN_WAIT2, "FIN_WAIT2");
	for (long i = 0; !is_held && i < count; i++)
		close(fds[i]);
	if (!is_held)
		await(are_in_time_wait, count, "FIN_WAIT2 without owners");
	ready();
}

void make_fin_wait2(void)
{
	listener = open_far_listener();
	role("peer", accept_and_hold, 0);
	role(text("name"), be_a_client_that_waits, 0);
}
