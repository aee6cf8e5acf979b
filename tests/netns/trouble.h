/* SPDX-License-Identifier: MIT */
/* trouble.h - what the kinds of make_trouble.c have in common.
 *
 * Each process of it plays one role: the owner of sockets, a listener, the peers, a flood. There are two namespaces: the
 * near one, in which the program was started and which the trouble is in, and the far one, which is its own and where
 * the peers live, so that the near one sees one end of each connection only. A veth pair joins them. Of the number N of
 * the pair (the first that is free):
 *
 *	10.N.128.1	fd00:0:N:1::1		the near end
 *	10.N.0.0/18	fd00:0:N::/64		far, all of it local there: destinations from .0.5 on
 *	10.N.64.0/18				routed to the far end, which drops it: whoever has these never answers
 *
 * A socket stays in the namespace in which it was made, and what accept(2) returns is in that of its listener. So one
 * process can hold both ends of a connection, and make many without a switch between processes. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { SERVICE_PORT = 8080 };	/* of all listeners */

/* ---- trouble_role.c ---- */

/* Says what was wrong, with the text of errno, and ends the process. */
void check(bool holds, const char *what);
/* The parameter of this name, which the kind must have. */
long number(const char *name);
const char *text(const char *name);
void set_parameters(char **words, const char *kind, const char *defaults);

/* A process with this name, as of comm and of the command line. It calls ready() when its state is reached, once; then
 * it holds it, and is killed at the end. */
void role(const char *name, void (*body)(long number), long argument);
void ready(void);
_Noreturn void hold(void);
/* Waits for all roles, and prints "NAME PID" for each. */
void await_roles(void);
void end_roles(void);
/* Keeps the strings of the command line for role() to write over. */
void keep_command_line(int argc, char **argv);

/* Asks until it holds; it gives up after a minute. */
void await(bool (*holds)(long argument), long argument, const char *what);
/* The pace of something that goes on: at most `rate` a second come through here. */
struct pace {
	int64_t began;
	long done;
};
void keep_pace(struct pace *pace, long rate);
int64_t now_ns(void);
void use_all_descriptors(void);

/* Of this process's namespace: "TcpExt SyncookiesSent" of proc/net/netstat and proc/net/snmp, "TCP tw" of sockstat. */
long counter(const char *group, const char *name);
long sockstat(const char *name);
void write_key(const char *path, const char *value);
void write_key_number(const char *path, long value);
long read_key(const char *path);

/* ---- trouble_link.c ---- */

enum side { NEAR, FAR };

struct end {
	struct sockaddr_storage address;
	socklen_t length;
	int family;
};

/* Refuses any namespace that is not known to be a throwaway one: what is made in the machine's stays there. */
void open_link(void);
void enter(enum side side);
/* The addresses; of the kind's parameter "family": 4, 6 or mapped. */
struct end destination(long index);
struct end here(void);
struct end loopback(void);
struct end anywhere(void);
in_addr_t far_client(long index), silent_address(long index), near_address(void);

int listen_at(enum side side, const struct end *at, int backlog);
int connect_from(enum side side, const struct end *to, int flags);
int accept_from(int listener);
int tcp_state(int fd);

/* ---- the kinds ---- */

void make_time_wait(void), make_established(void), make_close_wait(void), make_fin_wait2(void);
void make_accept_queue(void), make_syn_flood(void), make_descriptors(void), make_conntrack(void);
void make_loss(void), make_slow_reader(void), make_healthy(void), make_churn(void);
/* The raw half of make_syn_flood(). */
void send_syns(long number);
