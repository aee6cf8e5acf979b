/* SPDX-License-Identifier: MIT */
/* Makes real TCP trouble in a network namespace, and holds it until its input ends: for test_diagnose.py, and by hand.
 *
 *	make_trouble KIND [NAME=VALUE]...
 *
 * The kinds and their parameters with what they are by default are the rows of kinds[] below; without arguments it
 * prints them. It needs a namespace of its own, never the machine's, the right over it, and ip(8):
 *
 *	unshare -n sh -c 'build/tests/netns/make_trouble close-wait count=150 & sleep 90; build/src/kerntune diagnose'
 *
 * or, in another terminal while one runs: nsenter -n -t PID ss -tan. Several can run in one namespace: see trouble.h.
 * When all of it is there it prints "NAME PID" for each process that plays a role in it, and "ready". */
#define _GNU_SOURCE
#include "trouble.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
	const char *name;
	void (*make)(void);
	const char *parameters, *text;
} kinds[] = {
	{ "time-wait", make_time_wait,
		"family=4 count=10000 destinations=0 ports=0 limit=0 to=far reuse=2 rate=0 name=client",
		"TIME_WAIT, nobody's by now, of which each is there for a minute; destinations=0: so many that none has more than 8,000. ports: of "
		"ip_local_port_range; limit: tcp_max_tw_buckets; to=loopback: 127.0.0.1 or ::1; reuse: tcp_tw_reuse; rate: "
		"goes on with so many a second" },
	{ "established", make_established, "family=4 count=1000 destinations=0 ports=0 rate=0 name=client",
		"ESTABLISHED, outgoing, held by a process for each 4,500; ports and destinations as above; rate: each "
		"process goes on with so many a second, up to 4,500" },
	{ "close-wait", make_close_wait, "family=4 count=150 unread=0 lifetime=0 name=server",
		"CLOSE_WAIT of a server; unread: bytes in each; lifetime: closes each after so many ms, and has new ones" },
	{ "fin-wait-2", make_fin_wait2, "family=4 count=600 destinations=3 held=1 ports=0 name=client",
		"FIN_WAIT2 whose peers do not close; held=0: closed by their process, and gone after tcp_fin_timeout" },
	{ "accept-queue", make_accept_queue,
		"family=4 backlog=5 connects=20 somaxconn=0 raised=0 drain=0 rate=0 name=server",
		"a listener that accepts nothing; backlog=0: as much as there is. somaxconn: set before listen(2); raised: "
		"set after it; drain=1: accepts it all once it has overflowed; rate: so many more try each second" },
	{ "syn-flood", make_syn_flood, "family=4 backlog=64 rate=2000 cookies=1 answer=0 name=server",
		"SYNs from 16,384 addresses; cookies: tcp_syncookies; answer: they complete the handshake after so many ms, "
		"and close" },
	{ "conntrack", make_conntrack, "family=4 percent=80 rate=0 name=client",
		"UDP flows, of nf_conntrack_max; rate: goes on with so many a second" },
	{ "descriptors", make_descriptors, "limit=256 open=240 name=server",
		"a process with so many descriptors open" },
	{ "loss", make_loss, "family=4 percent=10 connections=20 rate=1000 name=sender",
		"segments that are lost, of so many messages a second" },
	{ "slow-reader", make_slow_reader, "family=4 connections=50 rate=50 name=reader",
		"data for which there is no room" },
	{ "healthy", make_healthy, "family=4 rate=1000 destinations=20 established=300 name=client server=server",
		"so many requests a second out and in, each on a connection of its own, and as many on those that stay" },
	{ "churn", make_churn, "family=4 processes=2 destinations=100 name=client",
		"connections as fast as it goes" },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	errno = EINVAL;
	check(false, name);
	return NULL;
}

static int print_kinds(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		printf("%s %s\n\t%s\n", kinds[i].name, kinds[i].parameters, kinds[i].text);
	return 2;
}

int main(int argc, char **argv)
{
	const struct kind *kind;
	char byte;

	if (argc < 2)
		return print_kinds();
	kind = find_kind(argv[1]);
	set_parameters(argv + 2, kind->name, kind->parameters);
	keep_command_line(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	open_link();
	kind->make();
	await_roles();
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	end_roles();
	return 0;
}
