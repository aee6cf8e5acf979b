/* SPDX-License-Identifier: MIT */
/* Reading the files of counters. */
#define _GNU_SOURCE
#include "kernel/counters.h"

#include "base/fileio.h"
#include "kernel/counter_text.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* A line of 160 characters for each of 8192 processors, the most that Linux is built for. */
enum { TEXT_SIZE_MAX = 2 << 20 };

static const char *const paths[COUNTER_FILE_COUNT] = {
	[COUNTER_NETSTAT] = "proc/net/netstat",
	[COUNTER_SNMP] = "proc/net/snmp",
	[COUNTER_SOCKSTAT] = "proc/net/sockstat",
	[COUNTER_SOCKSTAT6] = "proc/net/sockstat6",
	[COUNTER_SOFTNET] = "proc/net/softnet_stat",
	[COUNTER_CONNTRACK] = "proc/net/stat/nf_conntrack",
	[COUNTER_CONNTRACK_COUNT] = "proc/sys/net/netfilter/nf_conntrack_count",
	[COUNTER_CONNTRACK_MAX] = "proc/sys/net/netfilter/nf_conntrack_max",
	[COUNTER_CONNTRACK_BUCKETS] = "proc/sys/net/netfilter/nf_conntrack_buckets",
	[COUNTER_TW_MAX] = "proc/sys/net/ipv4/tcp_max_tw_buckets",
	[COUNTER_ORPHAN_MAX] = "proc/sys/net/ipv4/tcp_max_orphans",
	[COUNTER_TCP_MEM] = "proc/sys/net/ipv4/tcp_mem",
	[COUNTER_FILE_NR] = "proc/sys/fs/file-nr",
};

const char *counter_file_path(enum counter_file file)
{
	return paths[file];
}

static int open_file(const struct rootdir *root, enum counter_file file)
{
	return rootdir_open_path(root, paths[file], O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

void counter_files_open(const struct rootdir *root, struct counter_files *ret_files)
{
	*ret_files = (struct counter_files){ .root = root };
	strbuf_init(&ret_files->text);
	for (int i = 0; i < COUNTER_FILE_COUNT; i++) {
		int fd = open_file(root, (enum counter_file)i);

		ret_files->fds[i] = fd < 0 ? -1 : fd;
		ret_files->errors[i] = fd < 0 ? fd : 0;
	}
}

void counter_files_release(struct counter_files *files)
{
	for (int i = 0; i < COUNTER_FILE_COUNT; i++)
		close_fd_(&files->fds[i]);
	strbuf_release(&files->text);
}

/* From its beginning, whatever was read before. 0 or a negative errno. */
static int read_file(struct counter_files *files, enum counter_file file)
{
	if (files->fds[file] < 0) {
		int fd = open_file(files->root, file);

		if (fd < 0)
			return fd;
		files->fds[file] = fd;
	} else if (lseek(files->fds[file], 0, SEEK_SET) < 0) {
		return -errno;
	}
	strbuf_clear(&files->text);
	return fileio_read(files->fds[file], TEXT_SIZE_MAX, &files->text);
}

int counter_files_read(struct counter_files *files, struct counters *ret_counters)
{
	struct counters counters = { 0 };
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	counters.time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	for (int i = 0; i < COUNTER_FILE_COUNT; i++) {
		enum counter_file file = (enum counter_file)i;
		int r = read_file(files, file);

		files->errors[i] = r;
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			close_fd_(&files->fds[i]);
		else
			counter_text_parse(file, files->text.bytes, files->text.length, &counters);
	}
	*ret_counters = counters;
	return 0;
}
