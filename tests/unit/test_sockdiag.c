/* SPDX-License-Identifier: MIT */
/* Listening sockets of this machine and of fake roots; netlink that does not answer. What it may answer is the matter
 * of test_sock_dump.c.
 *
 * socket() is this program's own, so that a test may put itself between kernel and kerntune. */
#define _GNU_SOURCE
#include "kernel/sockdiag.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int netlink_error;	/* of socket(), instead of a socket */

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && netlink_error) {
		errno = netlink_error;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* ---- this machine ---- */

/* A listening socket on the loopback; its address is filled in. -1 where there is no such family. */
static int listen_on(uint8_t family, int backlog, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	socklen_t length = family == AF_INET6 ? sizeof(*six) : sizeof(*four);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET6)
		six->sin6_addr = in6addr_loopback;
	else
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)address, length) < 0 || listen(fd, backlog) < 0)) {
		(void)close(fd);
		return -1;
	}
	if (fd >= 0)
		assert_int_equal(getsockname(fd, (struct sockaddr *)address, &length), 0);
	return fd;
}

static const struct listener *find_inode(const struct listeners *listeners, int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->items[i].inode == status.st_ino)
			return &listeners->items[i];
	return NULL;
}

static void list_system(struct arena *arena, struct listeners *listeners)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;

	assert_int_equal(rootdir_open("/", &root), 0);
	assert_int_equal(sockdiag_listeners(&root, arena, listeners), 0);
}

/* Not in every sandbox: then there is nothing to interfere with. */
static bool netlink_answers(void)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;

	arena_init(&arena);
	list_system(&arena, &listeners);
	if (!listeners.has_backlog)
		fprintf(stderr, "no NETLINK_SOCK_DIAG here\n");
	return listeners.has_backlog;
}

/* Both ways of asking know the socket; one connection waits in its queue. */
static void check_family(uint8_t family, bool has_netlink)
{
	CLEANUP_ARENA struct arena arena;
	struct sockaddr_storage address;
	CLEANUP_FD int fd = listen_on(family, 7, &address);
	CLEANUP_FD int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct listeners asked, read;
	const struct listener *a, *b;

	if (fd < 0) {
		fprintf(stderr, "no loopback of family %d here\n", family);
		return;
	}
	assert_int_equal(connect(client, (struct sockaddr *)&address, family == AF_INET6 ?
		sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)), 0);
	arena_init(&arena);
	list_system(&arena, &asked);
	netlink_error = EPROTONOSUPPORT;
	list_system(&arena, &read);
	netlink_error = 0;
	a = find_inode(&asked, fd);
	b = find_inode(&read, fd);
	assert_non_null(a);
	assert_non_null(b);
	assert_false(read.has_backlog);
	assert_int_equal(read.malformed, 0);
	assert_int_equal(asked.has_backlog, has_netlink);
	assert_int_equal(a->family, family);
	assert_int_equal(a->port, ntohs(((struct sockaddr_in *)&address)->sin_port));
	assert_int_equal(a->uid, getuid());
	assert_int_equal(a->queue, 1);
	assert_int_equal(a->backlog, has_netlink ? 7 : 0);
	assert_int_equal(a->has_drops, has_netlink);
	assert_int_equal(a->drops, 0);
	assert_false(b->has_drops);
	assert_memory_equal(a->address, family == AF_INET6 ? (const char *)&in6addr_loopback : "\x7f\0\0\1",
		family == AF_INET6 ? 16 : 4);
	assert_int_equal(b->family, a->family);
	assert_memory_equal(b->address, a->address, sizeof(a->address));
	assert_int_equal(b->port, a->port);
	assert_int_equal(b->uid, a->uid);
	assert_int_equal(b->queue, a->queue);
}

/* A queue that is full is one beyond its backlog; who comes then is dropped, and counted at this listener only. */
static void test_drops(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct sockaddr_storage address, other;
	CLEANUP_FD int full = listen_on(AF_INET, 0, &address);
	CLEANUP_FD int well = listen_on(AF_INET, 7, &other);
	CLEANUP_FD int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP_FD int second = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct listeners listeners;

	(void)state;
	if (full < 0 || !netlink_answers())
		return;
	assert_int_equal(connect(first, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
	/* Over the loopback the SYN has met the listener when connect() returns. */
	assert_int_equal(connect(second, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), -1);
	arena_init(&arena);
	list_system(&arena, &listeners);
	assert_true(find_inode(&listeners, full)->has_drops);
	assert_true(find_inode(&listeners, full)->drops >= 1);
	assert_int_equal(find_inode(&listeners, full)->queue, 1);
	assert_int_equal(find_inode(&listeners, full)->backlog, 0);
	assert_int_equal(find_inode(&listeners, well)->drops, 0);
}

static void test_netlink_and_tables_agree(void **state)
{
	bool has_netlink = netlink_answers();

	(void)state;
	check_family(AF_INET, has_netlink);
	check_family(AF_INET6, has_netlink);
}

/* ---- other roots ---- */

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define LINE(local, inode) "   0: " local " 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " \
	inode " 1 0000000000000000 100 0 0 10 0\n"
#define LINE6(local, inode) "   0: " local " 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 " \
	"00000000     0        0 " inode " 1 0000000000000000 100 0 0 10 0\n"

static int list_below(const struct temp_dir *dir, struct arena *arena, struct listeners *listeners)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;

	*listeners = (struct listeners){ .malformed = 99 };
	assert_int_equal(rootdir_open(dir->path, &root), 0);
	return sockdiag_listeners(&root, arena, listeners);
}

static void test_fake_root(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	assert_int_equal(list_below(&dir, &arena, &listeners), -ENOENT);
	assert_int_equal(listeners.malformed, 99);
	temp_dir_write(&dir, "proc/net/tcp6", TITLE LINE6("00000000000000000000000000000000:0050", "12"));
	assert_int_equal(list_below(&dir, &arena, &listeners), 0);
	assert_int_equal(listeners.count, 1);
	assert_int_equal(listeners.items[0].family, AF_INET6);
	temp_dir_write(&dir, "proc/net/tcp",
		TITLE LINE("00000000:1F90", "10") "nonsense\n" LINE("00000000:0050", "11"));
	assert_int_equal(list_below(&dir, &arena, &listeners), 0);
	assert_int_equal(listeners.count, 3);
	assert_int_equal(listeners.malformed, 1);
	assert_false(listeners.has_backlog);
	assert_int_equal(listeners.items[0].inode, 11);
	assert_int_equal(listeners.items[1].inode, 12);
	assert_int_equal(listeners.items[2].inode, 10);
	temp_dir_remove(&dir);
}

/* As in the real proc; and no link leads out of the root. */
static void test_links_below_the_root(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	struct temp_dir dir;
	int r;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	temp_dir_write(&dir, "proc/17/net/tcp", TITLE LINE("00000000:1F90", "10"));
	temp_dir_add_link(&dir, "proc/self", "17");
	temp_dir_add_link(&dir, "proc/net", "self/net");
	r = list_below(&dir, &arena, &listeners);
	/* Without openat2 a link is refused: base/fileio.h. */
	assert_true(old_kernel_is_running() ? r < 0 : r == 0 && listeners.count == 1);
	assert_int_equal(unlinkat(dir.fd, "proc/net", 0), 0);
	temp_dir_add_link(&dir, "proc/net", "/proc/self/../../../../../../../../../../proc/net");
	assert_true(list_below(&dir, &arena, &listeners) < 0);
	temp_dir_remove(&dir);
}

static void test_what_is_no_table(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	struct temp_dir dir;
	CLEANUP_FD int fd = -1;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	temp_dir_add_fifo(&dir, "proc/net/tcp");
	assert_int_equal(list_below(&dir, &arena, &listeners), -EINVAL);
	assert_int_equal(unlinkat(dir.fd, "proc/net/tcp", 0), 0);
	temp_dir_add_dir(&dir, "proc/net/tcp", 0755);
	assert_int_equal(list_below(&dir, &arena, &listeners), -EINVAL);
	assert_int_equal(unlinkat(dir.fd, "proc/net/tcp", AT_REMOVEDIR), 0);
	/* A hole of 300 MiB. */
	temp_dir_write(&dir, "proc/net/tcp", TITLE);
	fd = openat(dir.fd, "proc/net/tcp", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)300 * 1024 * 1024), 0);
	assert_int_equal(list_below(&dir, &arena, &listeners), -EFBIG);
	temp_dir_remove(&dir);
}

static void test_large_table(void **state)
{
	enum { LINES = 50000 };
	CLEANUP_ARENA struct arena arena;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct listeners listeners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	strbuf_add_text(&text, TITLE);
	for (unsigned i = 0; i < LINES; i++)
		strbuf_printf(&text, "%4u: 0100007F:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0"
			"        0 %u 1 0000000000000000 100 0 0 10 0\n", i, i, i % 100 ? "01" : "0A", i + 1);
	assert_int_equal(strbuf_check(&text), 0);
	temp_dir_write_bytes(&dir, "proc/net/tcp", text.bytes, text.length);
	assert_int_equal(list_below(&dir, &arena, &listeners), 0);
	assert_int_equal(listeners.count, LINES / 100);
	assert_int_equal(listeners.malformed, 0);
	for (size_t i = 0; i < listeners.count; i++)
		assert_int_equal(listeners.items[i].inode, i * 100 + 1);
	temp_dir_remove(&dir);
}

static void test_memory_failure(void **state)
{
	struct temp_dir dir;
	unsigned long failures, n = 0;

	(void)state;
	temp_dir_make(&dir);
	temp_dir_write(&dir, "proc/net/tcp", TITLE LINE("00000000:1F90", "10"));
	do {
		CLEANUP_ARENA struct arena arena;
		struct listeners listeners;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = list_below(&dir, &arena, &listeners);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	assert_true(n > 1);
	temp_dir_remove(&dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netlink_and_tables_agree),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_fake_root),
		cmocka_unit_test(test_links_below_the_root),
		cmocka_unit_test(test_what_is_no_table),
		cmocka_unit_test(test_large_table),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
