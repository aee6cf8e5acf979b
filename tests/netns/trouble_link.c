/* SPDX-License-Identifier: MIT */
/* The two namespaces of make_trouble.c, the addresses in them, and their sockets: see trouble.h. */
#define _GNU_SOURCE
#include "trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINKS_MAX = 64 };

static struct {
	int fds[2];
	enum side entered;
	int number;
	bool has_ipv6;
} world;

void enter(enum side side)
{
	if (world.entered == side)
		return;
	check(setns(world.fds[side], CLONE_NEWNET) == 0, "setns");
	world.entered = side;
}

/* Lines for "ip -batch" in that namespace. */
__attribute__((format(printf, 2, 3)))
static void run_ip(enum side side, const char *format, ...)
{
	int ends[2], status;
	va_list arguments;
	pid_t pid;

	check(pipe(ends) == 0, "pipe");
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) {
		enter(side);
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
		execlp("ip", "ip", "-batch", "-", NULL);
		check(false, "ip");
	}
	close(ends[0]);
	va_start(arguments, format);
	vdprintf(ends[1], format, arguments);
	va_end(arguments);
	close(ends[1]);
	errno = EIO;
	check(waitpid(pid, &status, 0) == pid && status == 0, "ip -batch");
}

/* The namespace of that process, or 0 when this one may not know it. */
static ino_t namespace_of(long pid)
{
	char path[64];
	struct stat found;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	return stat(path, &found) == 0 ? found.st_ino : 0;
}

static long parent_of(long pid)
{
	char path[64], line[512] = "";
	const char *end;
	FILE *file;
	long parent = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file)) {
		end = strrchr(line, ')');
		if (end && strlen(end) > 4)
			parent = strtol(end + 4, NULL, 10);
	}
	if (file)
		fclose(file);
	return parent;
}

/* That unshare(1), ip-netns(8) or a test made it: whoever asked for it is still in another one. */
static bool was_made_by_an_ancestor(ino_t ours)
{
	for (long pid = parent_of(getpid()); pid > 0; pid = parent_of(pid)) {
		ino_t theirs = namespace_of(pid);

		if (theirs != 0 && theirs != ours)
			return true;
	}
	return false;
}

/* In a user namespace the kernel itself keeps the machine's parameters from this process. */
static bool is_in_user_namespace(void)
{
	unsigned long first = 0, outside = 0, count = 0;
	FILE *file = fopen("/proc/self/uid_map", "re");
	bool is_known = file && fscanf(file, "%lu %lu %lu", &first, &outside, &count) == 3;

	if (file)
		fclose(file);
	return is_known && (first != 0 || outside != 0 || count != UINT32_MAX);
}

static bool has_other_interfaces(void)
{
	struct ifaddrs *all, *each;
	bool found = false;

	check(getifaddrs(&all) == 0, "getifaddrs");
	for (each = all; each && !found; each = each->ifa_next)
		found = each->ifa_flags & IFF_UP && strcmp(each->ifa_name, "lo") != 0 &&
			strncmp(each->ifa_name, "trouble", 7) != 0;
	freeifaddrs(all);
	return found;
}

/* What may not be known speaks against it: process 1 can be closed to root too. */
static void refuse_the_machine(void)
{
	ino_t ours = namespace_of(getpid());

	errno = EPERM;
	check(ours != 0 && ours != namespace_of(1) && !has_other_interfaces() &&
		(was_made_by_an_ancestor(ours) || is_in_user_namespace()),
		"this may be the machine's own namespace: run it below \"unshare -n\"");
}

static void set_up_ipv4(int n)
{
	run_ip(FAR, "address add 10.%d.128.2/30 dev far\nroute add local 10.%d.0.0/18 dev lo\n", n, n);
	run_ip(NEAR, "address add 10.%d.128.1/30 dev trouble%d\nroute add 10.%d.0.0/17 via 10.%d.128.2\n", n, n, n, n);
}

static void set_up_ipv6(int n)
{
	world.has_ipv6 = access("/proc/sys/net/ipv6/conf", F_OK) == 0;
	if (!world.has_ipv6)
		return;
	run_ip(FAR, "address add fd00:0:%x:1::2/64 dev far nodad\nroute add local fd00:0:%x::/64 dev lo\n", n, n);
	run_ip(NEAR, "address add fd00:0:%x:1::1/64 dev trouble%d nodad\n"
		"route add fd00:0:%x::/64 via fd00:0:%x:1::2\n", n, n, n, n);
}

void open_link(void)
{
	char name[IF_NAMESIZE];

	refuse_the_machine();
	do
		snprintf(name, sizeof(name), "trouble%d", world.number);
	while (if_nametoindex(name) != 0 && ++world.number < LINKS_MAX);
	errno = EBUSY;
	check(world.number < LINKS_MAX, "links");
	world.fds[NEAR] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	check(world.fds[NEAR] >= 0 && unshare(CLONE_NEWNET) == 0, "unshare");
	world.fds[FAR] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	check(world.fds[FAR] >= 0, "/proc/self/ns/net");
	world.entered = FAR;
	/* ip finds the far namespace as that of this process. */
	run_ip(NEAR, "link set lo up\nlink add %s type veth peer name far netns %d\nlink set %s up\n", name,
		(int)getpid(), name);
	run_ip(FAR, "link set lo up\nlink set far up\n");
	set_up_ipv4(world.number);
	set_up_ipv6(world.number);
	write_key("/proc/sys/net/ipv4/ip_local_port_range", "10000 65535");
	enter(NEAR);
}

/* ---- addresses ---- */

static in_addr_t ipv4(uint32_t third_and_fourth)
{
	return htonl(10U << 24 | (uint32_t)world.number << 16 | third_and_fourth);
}

in_addr_t near_address(void)
{
	return ipv4(128 << 8 | 1);
}

in_addr_t far_client(long index)
{
	return ipv4(1 << 8 | (uint32_t)(1 + index % 250));
}

in_addr_t silent_address(long index)
{
	return ipv4(64 << 8 | (uint32_t)(index % (64 << 8)));
}

static struct end make_end(in_addr_t four, const char *six)
{
	struct end end = { .family = AF_INET };
	struct sockaddr_in *in = (struct sockaddr_in *)&end.address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&end.address;
	const char *family = text("family");

	if (strcmp(family, "4") == 0) {
		*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(SERVICE_PORT),
			.sin_addr.s_addr = four };
		end.length = sizeof(*in);
		return end;
	}
	errno = EAFNOSUPPORT;
	check(world.has_ipv6, "family");
	end.family = AF_INET6;
	end.length = sizeof(*in6);
	*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(SERVICE_PORT) };
	if (strcmp(family, "mapped") == 0) {
		in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
		memcpy(&in6->sin6_addr.s6_addr[12], &four, sizeof(four));
		return end;
	}
	errno = EINVAL;
	check(strcmp(family, "6") == 0, "family");
	check(inet_pton(AF_INET6, six, &in6->sin6_addr) == 1, six);
	return end;
}

struct end destination(long index)
{
	uint32_t last = (uint32_t)(5 + index % 200 + (index / 200 << 8));
	char six[INET6_ADDRSTRLEN];

	snprintf(six, sizeof(six), "fd00:0:%x::%x", world.number, last);
	return make_end(ipv4(last), six);
}

struct end here(void)
{
	char six[INET6_ADDRSTRLEN];

	snprintf(six, sizeof(six), "fd00:0:%x:1::1", world.number);
	return make_end(near_address(), six);
}

struct end loopback(void)
{
	return make_end(htonl(INADDR_LOOPBACK), "::1");
}

struct end anywhere(void)
{
	return make_end(htonl(INADDR_ANY), "::");
}

/* ---- sockets ---- */

int listen_at(enum side side, const struct end *at, int backlog)
{
	const int on = 1;
	int fd;

	enter(side);
	fd = socket(at->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd >= 0, "socket");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, "SO_REUSEADDR");
	check(bind(fd, (const struct sockaddr *)&at->address, at->length) == 0, "bind");
	check(listen(fd, backlog) == 0, "listen");
	return fd;
}

int connect_from(enum side side, const struct end *to, int flags)
{
	int fd;

	enter(side);
	fd = socket(to->family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	check(fd >= 0, "socket");
	check(connect(fd, (const struct sockaddr *)&to->address, to->length) == 0 || errno == EINPROGRESS, "connect");
	return fd;
}

int accept_from(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	check(fd >= 0, "accept");
	return fd;
}

int tcp_state(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0, "TCP_INFO");
	return info.tcpi_state;
}
