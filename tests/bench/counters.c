/* SPDX-License-Identifier: MIT */
/* What one tick of counters costs: the time of the processor, in this process and in the kernel on its behalf, of
 * reading all files and reading what they say; and of the latter alone. */
#define _GNU_SOURCE
#include "base/fileio.h"
#include "kernel/counter_text.h"
#include "kernel/counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

enum { TICKS = 20000 };

static double cpu_us(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int measure_ticks(const struct rootdir *root)
{
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters first, last;
	double start;
	int r;

	counter_files_open(root, &files);
	r = counter_files_read(&files, &first);
	start = cpu_us();
	for (int i = 0; i < TICKS && r == 0; i++)
		r = counter_files_read(&files, &last);
	printf("%-44s %8.2f us of CPU\n", "a tick: read and parse all files", (cpu_us() - start) / TICKS);
	return r;
}

static int measure_file(const struct rootdir *root, enum counter_file file)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = rootdir_open_path(root, counter_file_path(file), O_RDONLY);
	struct counters counters;
	double start, read_us;
	int r = 0;

	if (fd < 0) {
		printf("  %-42s is not there\n", counter_file_path(file));
		return 0;
	}
	start = cpu_us();
	for (int i = 0; i < TICKS && r == 0; i++) {
		strbuf_clear(&text);
		(void)lseek(fd, 0, SEEK_SET);
		r = fileio_read(fd, 1 << 20, &text);
	}
	read_us = cpu_us() - start;
	start = cpu_us();
	for (int i = 0; i < TICKS; i++) {
		counters = (struct counters){ 0 };
		counter_text_parse(file, text.bytes, text.length, &counters);
	}
	printf("  %-42s %8.2f read, %6.2f parsed\n", counter_file_path(file), read_us / TICKS,
		(cpu_us() - start) / TICKS);
	return r;
}

int main(void)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	int r = rootdir_open("/", &root);

	if (r == 0)
		r = measure_ticks(&root);
	for (int i = 0; i < COUNTER_FILE_COUNT && r == 0; i++)
		r = measure_file(&root, (enum counter_file)i);
	return r < 0;
}
