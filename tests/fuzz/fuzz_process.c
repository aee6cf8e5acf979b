/* SPDX-License-Identifier: MIT */
/* Fuzzes what a process says of itself: comm, cmdline, cgroup and limits in proc, of which the first two are whatever the
 * process likes. The input is the four files in this order, each but the last up to a byte 0xff. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "base/rootdir.h"
#include "base/utf8.h"
#include "kernel/descriptors.h"
#include "kernel/process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID = 42 };

static const char *const files[] = { "comm", "cmdline", "cgroup", "limits" };
static char top[64];
static int top_fd = -1, process_fd = -1;

static void remove_root(void)
{
	for (size_t i = 0; i < COUNT_OF(files); i++)
		(void)unlinkat(process_fd, files[i], 0);
	(void)unlinkat(process_fd, "fd", AT_REMOVEDIR);
	(void)unlinkat(top_fd, "proc/42", AT_REMOVEDIR);
	(void)unlinkat(top_fd, "proc", AT_REMOVEDIR);
	(void)rmdir(top);
}

/* In memory where there is such a place. */
static void make_root(void)
{
	snprintf(top, sizeof(top), "%s/kerntune-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir);
	REQUIRE(mkdtemp(top));
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(top_fd >= 0 && mkdirat(top_fd, "proc", 0700) == 0 && mkdirat(top_fd, "proc/42", 0700) == 0 &&
		mkdirat(top_fd, "proc/42/fd", 0700) == 0);
	process_fd = openat(top_fd, "proc/42", O_PATH | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(process_fd >= 0 && atexit(remove_root) == 0);
}

static void write_file(const char *name, const char *bytes, size_t length)
{
	int fd = openat(process_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

static size_t require_clean(const char *text)
{
	size_t length = strlen(text), characters = 0;

	while (length > 0) {
		uint32_t character;
		size_t size = utf8_decode(text, length, &character);

		REQUIRE(size > 0 && !utf8_is_unsafe(character));
		characters++;
		text += size;
		length -= size;
	}
	return characters;
}

static void check_names(void)
{
	CLEANUP_ARENA struct arena arena;
	struct process_names names = { .name = NULL };

	arena_init(&arena);
	REQUIRE(process_read_names(process_fd, &arena, &names) == 0);
	(void)require_clean(names.name);
	REQUIRE(require_clean(names.command) <= PROCESS_COMMAND_MAX);
	(void)require_clean(names.unit);
	REQUIRE(!strchr(names.unit, '/') && strcmp(names.unit, "..") != 0);
}

static void check_descriptors(void)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct descriptors descriptors = { .open = 0 };

	REQUIRE(rootdir_open(top, &root) == 0);
	REQUIRE(descriptors_of(&root, PID, &descriptors) == 0);
	REQUIRE(descriptors.open_known && descriptors.open == 0);
	REQUIRE(descriptors.limits_known || (descriptors.soft == 0 && descriptors.hard == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	if (process_fd < 0)
		make_root();
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		const char *mark = i + 1 < COUNT_OF(files) && at < end ? memchr(at, 0xff, (size_t)(end - at)) : NULL;
		size_t length = (size_t)((mark ? mark : end) - at);

		write_file(files[i], at, length);
		at = mark ? mark + 1 : end;
	}
	check_names();
	check_descriptors();
	return 0;
}
