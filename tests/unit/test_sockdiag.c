/* SPDX-License-Identifier: MIT */
/* Listening sockets of this machine and of fake roots; netlink that answers oddly, and that does not answer.
 *
 * socket() and recvmsg() are this program's own, so that a test may put itself between kernel and kerntune. */
#define _GNU_SOURCE
#include "kernel/sockdiag.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What becomes of a call of recvmsg(). */
enum happening {
	AS_USUAL,
	INTERRUPTED,	/* EINTR */
	OVERRUN,	/* ENOBUFS */
	DISTURBED,	/* the kernel says that the dump is not consistent */
	FOREIGN,	/* a datagram of another process comes in between */
	CUT,		/* the kernel says that the buffer was too small */
	SHORTENED,	/* the last bytes are missing */
};

static int netlink_error;	/* of socket(), instead of a socket */
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
	return happening == SHORTENED ? count - 4 : count;
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
	receptions = 0;
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
	assert_memory_equal(a->address, family == AF_INET6 ? (const char *)&in6addr_loopback : "\x7f\0\0\1",
		family == AF_INET6 ? 16 : 4);
	assert_int_equal(b->family, a->family);
	assert_memory_equal(b->address, a->address, sizeof(a->address));
	assert_int_equal(b->port, a->port);
	assert_int_equal(b->uid, a->uid);
	assert_int_equal(b->queue, a->queue);
}

static void test_netlink_and_tables_agree(void **state)
{
	bool has_netlink = netlink_answers();

	(void)state;
	check_family(AF_INET, has_netlink);
	check_family(AF_INET6, has_netlink);
}

static void run_script(const enum happening script[], size_t length, size_t least_receptions, bool has_backlog)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	struct sockaddr_storage address;
	CLEANUP_FD int fd = listen_on(AF_INET, 7, &address);

	arena_init(&arena);
	happenings = script;
	happenings_left = length;
	list_system(&arena, &listeners);
	assert_int_equal(happenings_left, 0);
	assert_true(receptions >= least_receptions);
	assert_int_equal(listeners.has_backlog, has_backlog);
	assert_true(fd < 0 || find_inode(&listeners, fd));
	for (size_t i = 1; i < listeners.count; i++)
		assert_int_not_equal(listeners.items[i].inode, listeners.items[i - 1].inode);
}

static void test_oddities_of_netlink(void **state)
{
	static const enum happening interrupted[] = { INTERRUPTED, INTERRUPTED, AS_USUAL, INTERRUPTED };
	static const enum happening overrun[] = { OVERRUN, AS_USUAL, OVERRUN };
	static const enum happening disturbed[] = { DISTURBED, AS_USUAL, DISTURBED, DISTURBED };
	static const enum happening foreign[] = { FOREIGN, AS_USUAL, FOREIGN, FOREIGN };
	static const enum happening always[] = { DISTURBED, DISTURBED, DISTURBED, DISTURBED, DISTURBED, DISTURBED,
		DISTURBED, DISTURBED };
	static const enum happening cut[] = { CUT }, shortened[] = { SHORTENED };

	(void)state;
	if (!netlink_answers())
		return;
	run_script(interrupted, COUNT_OF(interrupted), 5, true);
	run_script(overrun, COUNT_OF(overrun), 5, true);
	run_script(disturbed, COUNT_OF(disturbed), 6, true);
	run_script(foreign, COUNT_OF(foreign), 5, true);
	/* Then the tables must do. */
	run_script(always, COUNT_OF(always), 8, false);
	run_script(cut, COUNT_OF(cut), 1, false);
	run_script(shortened, COUNT_OF(shortened), 1, false);
}

/* ---- datagrams ---- */

struct datagram {
	struct nlmsghdr header;
	union {
		struct inet_diag_msg socket;
		int32_t error;
	} body;
};

static const struct sockdiag_request request = { .sequence = 3, .port_id = 77, .family = AF_INET };

static struct datagram make_socket(void)
{
	return (struct datagram){
		.header = { .nlmsg_len = sizeof(struct datagram), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = 3, .nlmsg_pid = 77 },
		.body.socket = { .idiag_family = AF_INET, .idiag_state = TCP_LISTEN,
			.id = { .idiag_sport = htons(8080), .idiag_src = { htonl(INADDR_LOOPBACK) }, .idiag_if = 4 },
			.idiag_uid = 5, .idiag_inode = 6, .idiag_rqueue = 7, .idiag_wqueue = 8 },
	};
}

static struct datagram make_verdict(uint16_t type, int32_t error)
{
	struct datagram datagram = make_socket();

	datagram.header.nlmsg_type = type;
	datagram.header.nlmsg_len = sizeof(struct nlmsghdr) + sizeof(error);
	datagram.body.error = error;
	return datagram;
}

static int read_datagram(const struct datagram *datagram, size_t length, struct arena *arena,
	struct listeners *listeners)
{
	*listeners = (struct listeners){ .items = NULL };
	return sockdiag_read_datagram(&request, datagram, length, arena, listeners);
}

static void test_datagrams(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct datagram datagrams[2] = { make_socket(), make_socket() };
	struct listeners listeners;
	char text[LISTENER_TEXT_SIZE];

	(void)state;
	arena_init(&arena);
	assert_int_equal(read_datagram(datagrams, sizeof(datagrams[0]), &arena, &listeners), 1);
	assert_int_equal(listeners.count, 1);
	listener_format(&listeners.items[0], text);
	assert_string_equal(text, "127.0.0.1:8080");
	assert_int_equal(listeners.items[0].interface, 4);
	assert_int_equal(listeners.items[0].uid, 5);
	assert_int_equal(listeners.items[0].inode, 6);
	assert_int_equal(listeners.items[0].queue, 7);
	assert_int_equal(listeners.items[0].backlog, 8);

	datagrams[1] = make_verdict(NLMSG_DONE, 0);
	assert_int_equal(read_datagram(datagrams, sizeof(datagrams), &arena, &listeners), 0);
	assert_int_equal(listeners.count, 1);
	/* What is not asked for is not believed either. */
	datagrams[0].body.socket.idiag_state = TCP_ESTABLISHED;
	assert_int_equal(read_datagram(datagrams, sizeof(datagrams), &arena, &listeners), 0);
	assert_int_equal(listeners.count, 0);
	datagrams[0] = make_socket();
	datagrams[0].body.socket.idiag_family = AF_INET6;
	assert_int_equal(read_datagram(datagrams, sizeof(datagrams), &arena, &listeners), 0);
	assert_int_equal(listeners.count, 0);
	datagrams[0].header.nlmsg_type = NLMSG_MIN_TYPE;
	assert_int_equal(read_datagram(datagrams, sizeof(datagrams), &arena, &listeners), 0);
	assert_int_equal(listeners.count, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		uint16_t type;
		int32_t error;
		int expected;
	} rows[] = {
		{ NLMSG_ERROR, -EPERM, -EPERM },
		{ NLMSG_ERROR, -ENOENT, -ENOENT },
		{ NLMSG_ERROR, 0, -EBADMSG },	/* nobody asked for an acknowledgement */
		{ NLMSG_ERROR, EPERM, -EBADMSG },
		{ NLMSG_ERROR, INT32_MIN, -EBADMSG },
		{ NLMSG_DONE, 0, 0 },
		{ NLMSG_DONE, -ENOENT, -ENOENT },
		{ NLMSG_DONE, INT32_MIN, -EBADMSG },
		{ NLMSG_OVERRUN, 0, -ENOBUFS },
		{ NLMSG_NOOP, 0, 1 },
	};
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct datagram datagram = make_verdict(rows[i].type, rows[i].error);
		int r = read_datagram(&datagram, datagram.header.nlmsg_len, &arena, &listeners);

		check_row(r == rows[i].expected, "row %zu: %d", i, r);
	}
}

static void test_hostile_datagrams(void **state)
{
	static const uint32_t lengths[] = { 0, 1, sizeof(struct nlmsghdr) - 1, sizeof(struct datagram) + 1, 0x7fffffff,
		0x80000000, UINT32_MAX - 3, UINT32_MAX };
	CLEANUP_ARENA struct arena arena;
	struct datagram datagram;
	struct listeners listeners;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		datagram = make_socket();
		datagram.header.nlmsg_len = lengths[i];
		check_row(read_datagram(&datagram, sizeof(datagram), &arena, &listeners) == -EBADMSG, "length %u",
			lengths[i]);
	}
	/* Whole to netlink, but too short for what it is to be. */
	for (uint32_t length = sizeof(struct nlmsghdr); length < sizeof(datagram); length++) {
		datagram = make_socket();
		datagram.header.nlmsg_len = length;
		check_row(read_datagram(&datagram, length, &arena, &listeners) == -EBADMSG, "length %u", length);
	}
	for (size_t length = 1; length < sizeof(datagram); length++) {
		datagram = make_socket();
		check_row(read_datagram(&datagram, length, &arena, &listeners) == -EBADMSG, "cut at %zu", length);
	}
	datagram = make_socket();
	datagram.header.nlmsg_seq++;
	assert_int_equal(read_datagram(&datagram, sizeof(datagram), &arena, &listeners), -EPROTO);
	datagram = make_socket();
	datagram.header.nlmsg_pid++;
	assert_int_equal(read_datagram(&datagram, sizeof(datagram), &arena, &listeners), -EPROTO);
	datagram = make_verdict(NLMSG_ERROR, 0);
	datagram.header.nlmsg_len = sizeof(datagram.header);
	assert_int_equal(read_datagram(&datagram, sizeof(datagram.header), &arena, &listeners), -EBADMSG);
	datagram.header.nlmsg_type = NLMSG_DONE;
	assert_int_equal(read_datagram(&datagram, sizeof(datagram.header), &arena, &listeners), 0);
	datagram.header.nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(read_datagram(&datagram, sizeof(datagram.header), &arena, &listeners), -EAGAIN);
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
		cmocka_unit_test(test_oddities_of_netlink),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hostile_datagrams),
		cmocka_unit_test(test_fake_root),
		cmocka_unit_test(test_links_below_the_root),
		cmocka_unit_test(test_what_is_no_table),
		cmocka_unit_test(test_large_table),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
