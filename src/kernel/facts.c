/* SPDX-License-Identifier: MIT */
/* Facts about the host. */
#define _GNU_SOURCE
#include "kernel/facts.h"

#include "base/fileio.h"
#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* asm-generic/socket.h, Linux 5.14 */
#endif

/* proc/stat has a counter for each interrupt, proc/self/smaps a page for each mapping. */
enum { FACT_SIZE_MAX = 4096, LISTING_SIZE_MAX = 16 << 20, PAGE_SIZE_USUAL = 4096 };

/* A tree of files may lack it, or have something else in its place. */
static bool is_missing(int negative_errno)
{
	return negative_errno == -ENOENT || negative_errno == -ENOTDIR || negative_errno == -EISDIR ||
		negative_errno == -ELOOP;
}

/* Memory or descriptors are short: it says nothing about the file. */
static bool is_shortage(int negative_errno)
{
	return negative_errno == -ENOMEM || negative_errno == -EMFILE || negative_errno == -ENFILE;
}

/* The first line of a file. 0 or a negative errno. */
static int read_line(const struct rootdir *root, struct arena *arena, const char *path, const char **ret_line)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = rootdir_open_path(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? fd : fileio_read(fd, FACT_SIZE_MAX, &text);

	if (r < 0)
		return r;
	*ret_line = arena_copy(arena, text.bytes, strcspn(text.bytes, "\n"));
	return *ret_line ? 0 : -ENOMEM;
}

/* What only informs, and need not be known. */
static int read_if_possible(const struct rootdir *root, struct arena *arena, const char *path, const char **ret_line)
{
	int r = read_line(root, arena, path, ret_line);

	if (r == 0 || is_shortage(r))
		return r;
	*ret_line = "";
	return 0;
}

/* A change whose boot nobody knows would pass for one of the next boot too: the system's own must be known. */
static int read_boot_id(const struct rootdir *root, struct arena *arena, const char **ret_boot_id)
{
	int r = read_line(root, arena, "proc/sys/kernel/random/boot_id", ret_boot_id);

	if (r == 0 || root->is_system || !is_missing(r))
		return r;
	*ret_boot_id = "";
	return 0;
}

/* proc/self/ns/net reads as net:[4026531840]. The link is read, not followed. A kernel may be without. */
static int read_netns(const struct rootdir *root, struct arena *arena, const char **ret_netns)
{
	CLEANUP_FD int dir = rootdir_open_path(root, "proc/self/ns", O_PATH | O_DIRECTORY);
	char text[64] = "";
	ssize_t length = dir < 0 ? dir : readlinkat(dir, "net", text, sizeof(text) - 1);
	int error = dir < 0 ? dir : -errno;

	*ret_netns = "";
	if (length < 0)
		return is_missing(error) || error == -EINVAL ? 0 : error;
	if (strncmp(text, "net:[", 5) != 0)
		return 0;
	*ret_netns = arena_copy(arena, text + 5, strspn(text + 5, "0123456789"));
	return *ret_netns ? 0 : -ENOMEM;
}

/* A socket knows the namespace that it was made in. Of a tree of files nobody knows. */
static int read_netns_cookie(const struct rootdir *root, struct arena *arena, const char **ret_cookie)
{
	CLEANUP_FD int fd = root->is_system ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	uint64_t cookie;
	socklen_t length = sizeof(cookie);

	*ret_cookie = "";
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) < 0)
		return 0;
	*ret_cookie = arena_printf(arena, "%" PRIu64, cookie);
	return *ret_cookie ? 0 : -ENOMEM;
}

int facts_host(const struct rootdir *root, struct arena *arena, struct host *ret_host)
{
	struct host host;
	int r = read_if_possible(root, arena, "proc/sys/kernel/hostname", &host.hostname);

	if (r == 0)
		r = read_if_possible(root, arena, "proc/sys/kernel/osrelease", &host.kernel);
	if (r == 0)
		r = read_boot_id(root, arena, &host.boot_id);
	if (r == 0)
		r = read_netns(root, arena, &host.netns);
	if (r == 0)
		r = read_netns_cookie(root, arena, &host.netns_cookie);
	if (r == 0)
		*ret_host = host;
	return r;
}

/* ---- the machine ---- */

/* Calls `take` with each line until it says that it has enough. Without the file there are no lines. 0 or a
 * shortage. */
static int for_each_line(const struct rootdir *root, const char *path, bool (*take)(const char *line, void *context),
	void *context)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = rootdir_open_path(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? fd : fileio_read(fd, LISTING_SIZE_MAX, &text);

	if (r < 0)
		return is_shortage(r) ? r : 0;
	for (const char *line = text.bytes; *line;) {
		const char *end = strchr(line, '\n');

		if (take(line, context) || !end)
			break;
		line = end + 1;
	}
	return 0;
}

/* "Name:    123 kB" as bytes. */
static bool take_kilobytes(const char *line, const char *name, uint64_t *bytes)
{
	size_t length = strlen(name);
	unsigned long long number;

	if (strncmp(line, name, length) != 0)
		return false;
	number = strtoull(line + length, NULL, 10);
	if (number <= UINT64_MAX / 1024)
		*bytes = number * 1024;
	return true;
}

static bool take_memory(const char *line, void *context)
{
	return take_kilobytes(line, "MemTotal:", context);
}

static bool take_page_size(const char *line, void *context)
{
	return take_kilobytes(line, "KernelPageSize:", context);
}

/* proc/stat: one line for all processors, then "cpu0", "cpu1", ...: those that are online. */
static bool take_processor(const char *line, void *context)
{
	unsigned *cpus = context;

	if (strncmp(line, "cpu", 3) != 0)
		return true;
	*cpus += line[3] >= '0' && line[3] <= '9';
	return false;
}

static int read_page_size(const struct rootdir *root, unsigned *ret_page_size)
{
	uint64_t size = 0;
	int r;

	if (root->is_system) {
		*ret_page_size = (unsigned)sysconf(_SC_PAGESIZE);
		return 0;
	}
	r = for_each_line(root, "proc/self/smaps", take_page_size, &size);
	/* 64 KiB is the largest that Linux has. */
	*ret_page_size = size >= PAGE_SIZE_USUAL && size <= 65536 ? (unsigned)size : PAGE_SIZE_USUAL;
	return r;
}

/* 0 or a shortage. */
static int exists(const struct rootdir *root, const char *path, bool *ret_exists)
{
	CLEANUP_FD int fd = rootdir_open_path(root, path, O_PATH);

	*ret_exists = fd >= 0;
	return is_shortage(fd) ? fd : 0;
}

/* Every namespace has the first key, the host's own the second one too. */
int facts_in_netns(const struct rootdir *root, bool *ret_in_netns)
{
	bool has_table, has_first_table;
	int r = exists(root, "proc/sys/net/core/somaxconn", &has_table);

	if (r == 0)
		r = exists(root, "proc/sys/net/core/dev_weight", &has_first_table);
	if (r == 0)
		*ret_in_netns = has_table && !has_first_table;
	return r;
}

int facts_machine(const struct rootdir *root, struct arena *arena, struct machine *ret_machine)
{
	struct machine machine = { 0 };
	int r = read_if_possible(root, arena, "proc/sys/kernel/osrelease", &machine.release);

	if (r == 0)
		r = for_each_line(root, "proc/meminfo", take_memory, &machine.ram_bytes);
	if (r == 0)
		r = for_each_line(root, "proc/stat", take_processor, &machine.cpus);
	if (r == 0)
		r = read_page_size(root, &machine.page_size);
	if (r == 0)
		r = facts_in_netns(root, &machine.in_netns);
	if (r == 0)
		*ret_machine = machine;
	return r;
}

/* ---- modules ---- */

/* A name that a line is looked through for. */
struct wanted {
	const char *name;	/* with "_" for "-" */
	bool found;
};

/* Whether the first `length` characters of the text are this module's name. */
static bool is_module(const char *text, size_t length, const char *name)
{
	if (strlen(name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((text[i] == '-' ? '_' : text[i]) != name[i])
			return false;
	return true;
}

/* proc/modules: "nf_conntrack 188416 1 nf_nat, Live 0x0000000000000000". */
static bool take_module(const char *line, void *context)
{
	struct wanted *wanted = context;

	wanted->found = is_module(line, strcspn(line, " \n"), wanted->name);
	return wanted->found;
}

/* modules.builtin: "kernel/net/ipv4/tcp_cubic.ko"; modules.dep: "kernel/net/sched/sch_fq.ko.xz: " and what it needs. */
static bool take_file(const char *line, void *context)
{
	struct wanted *wanted = context;
	const char *slash = memrchr(line, '/', strcspn(line, ":\n"));
	const char *name = slash ? slash + 1 : line;

	wanted->found = is_module(name, strcspn(name, ".:\n"), wanted->name);
	return wanted->found;
}

/* tcp_available_congestion_control: "reno bbr cubic". */
static bool take_congestion_control(const char *line, void *context)
{
	struct wanted *wanted = context;

	while (*line && *line != '\n' && !wanted->found) {
		size_t length = strcspn(line, " \n");

		wanted->found = length > 0 && is_module(line, length, wanted->name + strlen("tcp_"));
		line += length + (line[length] == ' ');
	}
	return true;
}

/* Some modules tell by their keys: built in without a list, or in a tree of files. */
static int has_key_of(const struct rootdir *root, struct arena *arena, const char *module, bool *ret_has)
{
	int r = 0;

	*ret_has = false;
	for (size_t i = 0; i < catalog_count && r == 0 && !*ret_has; i++) {
		const struct catalog_row *row = catalog_at(i);
		const char *path;

		if (!row->module || !is_module(row->module, strlen(row->module), module) || key_is_glob(row->path))
			continue;
		path = arena_printf(arena, "proc/sys/%s", row->path);
		r = path ? exists(root, path, ret_has) : -ENOMEM;
	}
	return r;
}

/* The name with "_" for "-". NULL when memory is short. */
static char *plain_name(struct arena *arena, const char *name)
{
	char *plain = arena_strdup(arena, name);

	for (char *c = plain; c && *c; c++)
		if (*c == '-')
			*c = '_';
	return plain;
}

/* Looks through a list of files below lib/modules/RELEASE. 0 or a shortage. */
static int look_among_files(const struct rootdir *root, struct arena *arena, const char *release, const char *list,
	struct wanted *wanted)
{
	const char *path;

	/* A release is one component of a path, or nobody knows what it is. */
	if (!release[0] || strchr(release, '/'))
		return 0;
	path = arena_printf(arena, "lib/modules/%s/%s", release, list);
	return path ? for_each_line(root, path, take_file, wanted) : -ENOMEM;
}

int facts_module(const struct rootdir *root, struct arena *arena, const char *release, const char *name,
	bool *ret_has)
{
	struct wanted wanted = { .name = plain_name(arena, name) };
	const char *path = arena_printf(arena, "sys/module/%s", wanted.name ? wanted.name : "");
	int r;

	if (!wanted.name || !path)
		return -ENOMEM;
	r = exists(root, path, &wanted.found);
	if (r == 0 && !wanted.found)
		r = for_each_line(root, "proc/modules", take_module, &wanted);
	if (r == 0 && !wanted.found)
		r = look_among_files(root, arena, release, "modules.builtin", &wanted);
	if (r == 0 && !wanted.found && strncmp(wanted.name, "tcp_", strlen("tcp_")) == 0)
		r = for_each_line(root, "proc/sys/net/ipv4/tcp_available_congestion_control", take_congestion_control,
			&wanted);
	if (r == 0 && !wanted.found)
		r = has_key_of(root, arena, wanted.name, &wanted.found);
	if (r == 0)
		*ret_has = wanted.found;
	return r;
}

int facts_loadable(const struct rootdir *root, struct arena *arena, const char *release, const char *name,
	bool *ret_can)
{
	struct wanted wanted = { .name = plain_name(arena, name) };
	int r = wanted.name ? facts_module(root, arena, release, name, &wanted.found) : -ENOMEM;

	if (r == 0 && !wanted.found)
		r = look_among_files(root, arena, release, "modules.dep", &wanted);
	if (r == 0)
		*ret_can = wanted.found;
	return r;
}

/* ---- for expressions ---- */

static int get_machine(void *context, const struct machine **ret_machine)
{
	struct facts *facts = context;
	int r = facts->has_machine ? 0 : facts_machine(facts->root, facts->arena, &facts->machine);

	if (r < 0)
		return r;
	facts->has_machine = true;
	*ret_machine = &facts->machine;
	return 0;
}

static int get_module(void *context, const char *name, bool *ret_has)
{
	struct facts *facts = context;
	const struct machine *machine;
	int r = get_machine(facts, &machine);

	return r < 0 ? r : facts_module(facts->root, facts->arena, machine->release, name, ret_has);
}

static int get_loadable(void *context, const char *name, bool *ret_can)
{
	struct facts *facts = context;
	const struct machine *machine;
	int r = get_machine(facts, &machine);

	return r < 0 ? r : facts_loadable(facts->root, facts->arena, machine->release, name, ret_can);
}

static int get_key(void *context, const char *key, bool *ret_has)
{
	struct facts *facts = context;
	const char *path = arena_printf(facts->arena, "proc/sys/%s", key);

	return path ? exists(facts->root, path, ret_has) : -ENOMEM;
}

void facts_init(struct facts *facts, const struct rootdir *root, struct arena *arena)
{
	*facts = (struct facts){ .root = root, .arena = arena };
}

struct fact_source facts_source(struct facts *facts)
{
	return (struct fact_source){ facts, get_machine, get_module, get_loadable, get_key };
}
