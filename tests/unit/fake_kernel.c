/* SPDX-License-Identifier: MIT */
/* A kernel made of files. */
#define _GNU_SOURCE
#include "fake_kernel.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *path, *text;
} keys[] = {
	{ "kernel/hostname", "fakehost\n" },
	{ "kernel/osrelease", "6.18.44\n" },
	{ "kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n" },
	{ "net/core/somaxconn", "4096\n" },
	{ "net/core/rmem_max", "212992\n" },
	{ "net/core/wmem_max", "212992\n" },
	{ "net/core/rps_sock_flow_entries", "0\n" },
	{ "net/ipv4/ip_forward", "0\n" },
	{ "net/ipv4/ip_local_port_range", "32768\t60999\n" },
	{ "net/ipv4/ip_local_reserved_ports", "\n" },
	{ "net/ipv4/tcp_congestion_control", "cubic\n" },
	{ "net/ipv4/tcp_fin_timeout", "60\n" },
	{ "net/ipv4/tcp_rmem", "4096\t131072\t6291456\n" },
	{ "net/ipv4/tcp_timestamps", "1\n" },
	{ "net/ipv4/tcp_tw_reuse", "2\n" },
	{ "net/ipv4/conf/all/accept_redirects", "1\n" },
	{ "net/ipv4/conf/all/forwarding", "0\n" },
	{ "net/ipv4/conf/all/rp_filter", "0\n" },
	{ "net/ipv4/conf/default/forwarding", "0\n" },
	{ "net/ipv4/conf/default/rp_filter", "0\n" },
	{ "net/ipv4/conf/eth0/forwarding", "0\n" },
	{ "net/ipv4/conf/eth0/rp_filter", "0\n" },
	{ "net/ipv4/conf/eth0.100/forwarding", "0\n" },
	{ "net/ipv4/conf/eth0.100/rp_filter", "0\n" },
	{ "vm/dirty_background_bytes", "0\n" },
	{ "vm/dirty_background_ratio", "10\n" },
	{ "vm/dirty_bytes", "0\n" },
	{ "vm/dirty_ratio", "20\n" },
	{ "vm/swappiness", "60\n" },
};

/* ---- what happens to an opened key ---- */

static ssize_t store_bytes(int fd, const char *bytes, size_t size)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	return (ssize_t)size;
}

/* As the kernel prints it back: vectors of numbers with tabs. */
static ssize_t store(int fd, const char *bytes, size_t size)
{
	char text[256];

	if (size > sizeof(text))
		return store_bytes(fd, bytes, size);
	for (size_t i = 0; i < size; i++) {
		if (!strchr("0123456789 \t\n", bytes[i]))
			return store_bytes(fd, bytes, size);
		text[i] = bytes[i] == ' ' ? '\t' : bytes[i];
	}
	return store_bytes(fd, text, size);
}

static ssize_t play_write(void *context, const char *path, int fd, const void *bytes, size_t size)
{
	struct fake_kernel *kernel = context;
	ssize_t count = -2;

	if (kernel->before_write)
		kernel->before_write(kernel, path);
	if (kernel->writes < FAKE_WRITES_MAX)
		snprintf(kernel->written[kernel->writes], sizeof(kernel->written[0]), "%s", path);
	kernel->writes++;
	for (size_t i = 0; count == -2 && i < kernel->rules_count; i++)
		if (strcmp(kernel->rules[i].path, path) == 0)
			count = kernel->rules[i].write(kernel, &kernel->rules[i], fd, bytes, size);
	if (count == -2)
		count = store(fd, bytes, size);
	if (kernel->after_write) {
		int error = errno;

		kernel->after_write(kernel, path);
		errno = error;
	}
	return count;
}

static ssize_t play_read(void *context, const char *path, int fd, void *buffer, size_t size)
{
	struct fake_kernel *kernel = context;

	if (kernel->before_read)
		kernel->before_read(kernel, path);
	kernel->reads++;
	if (kernel->unreadable && strcmp(kernel->unreadable, path) == 0) {
		errno = EIO;
		return -1;
	}
	return read(fd, buffer, size);
}

void fake_kernel_make(struct fake_kernel *kernel)
{
	*kernel = (struct fake_kernel){ .root = ROOTDIR_INIT, .procsys = PROCSYS_INIT };
	temp_dir_make(&kernel->dir);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		fake_kernel_set(kernel, keys[i].path, keys[i].text);
	temp_dir_add_link(&kernel->dir, "proc/self/ns/net", "net:[4026531840]");
	assert_int_equal(rootdir_open(kernel->dir.path, &kernel->root), 0);
	assert_int_equal(procsys_open(&kernel->root, PROCSYS_READ_WRITE, &kernel->procsys), 0);
	kernel->procsys.is_plain_tree = false;
	kernel->procsys.ops = (struct procsys_ops){ .read = play_read, .write = play_write,
		.context = kernel };
}

void fake_kernel_remove(struct fake_kernel *kernel)
{
	procsys_release(&kernel->procsys);
	rootdir_release(&kernel->root);
	temp_dir_remove(&kernel->dir);
}

void fake_kernel_set_rules(struct fake_kernel *kernel, const struct fake_rule rules[], size_t count)
{
	kernel->rules = rules;
	kernel->rules_count = count;
}

void fake_kernel_set(const struct fake_kernel *kernel, const char *path, const char *text)
{
	char whole[300];

	snprintf(whole, sizeof(whole), "proc/sys/%s", path);
	temp_dir_write(&kernel->dir, whole, text);
}

void fake_kernel_assert(const struct fake_kernel *kernel, const char *path, const char *text)
{
	char whole[300];

	snprintf(whole, sizeof(whole), "proc/sys/%s", path);
	temp_dir_assert_file(&kernel->dir, whole, text);
}

size_t fake_kernel_writes_of(const struct fake_kernel *kernel, const char *path)
{
	size_t count = 0;

	for (size_t i = 0; i < kernel->writes && i < FAKE_WRITES_MAX; i++)
		count += strcmp(kernel->written[i], path) == 0;
	return count;
}

void fake_kernel_snapshot(struct fake_kernel *kernel, struct strbuf *text)
{
	struct procsys_paths paths = { 0 };
	CLEANUP_ARENA struct arena arena;

	arena_init(&arena);
	assert_int_equal(procsys_walk(&kernel->procsys, &arena, "", &paths), 0);
	assert_true(paths.count >= COUNT_OF(keys));
	for (size_t i = 0; i < paths.count; i++) {
		char whole[300];

		snprintf(whole, sizeof(whole), "proc/sys/%s", paths.paths[i]);
		strbuf_printf(text, "%s=", paths.paths[i]);
		temp_dir_read(&kernel->dir, whole, text);
	}
	assert_int_equal(strbuf_check(text), 0);
}

/* ---- rules ---- */

/* Whether the written text is this value, with its newline. */
static bool is_value(const char *bytes, size_t size, const char *value)
{
	return size == strlen(value) + 1 && memcmp(bytes, value, size - 1) == 0;
}

static ssize_t fail_with(int error)
{
	errno = error;
	return -1;
}

static void set_key(const struct fake_kernel *kernel, const char *path, const char *value)
{
	char text[256];

	snprintf(text, sizeof(text), "%s\n", value);
	fake_kernel_set(kernel, path, text);
}

ssize_t fake_refuse(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
	size_t size)
{
	(void)kernel;
	(void)rule;
	(void)fd;
	(void)bytes;
	(void)size;
	return fail_with(EINVAL);
}

ssize_t fake_refuse_value(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size)
{
	(void)kernel;
	return is_value(bytes, size, rule->argument) ? fail_with(EINVAL) : store(fd, bytes, size);
}

ssize_t fake_half_apply(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size)
{
	(void)kernel;
	if (!is_value(bytes, size, rule->argument))
		return store(fd, bytes, size);
	store_bytes(fd, rule->other, strlen(rule->other));
	return fail_with(EINVAL);
}

ssize_t fake_store_other(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size)
{
	(void)kernel;
	if (!is_value(bytes, size, rule->argument))
		return store(fd, bytes, size);
	store_bytes(fd, rule->other, strlen(rule->other));
	return (ssize_t)size;
}

ssize_t fake_move_other(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size)
{
	set_key(kernel, rule->argument, rule->other);
	return store(fd, bytes, size);
}

ssize_t fake_forward(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
	size_t size)
{
	static const char *const children[] = { "all", "default", "eth0", "eth0.100" };
	char now = 0;

	(void)rule;
	/* Only a write that changes the value is passed on. */
	if (pread(fd, &now, 1, 0) == 1 && now == bytes[0])
		return store(fd, bytes, size);
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		char path[100];

		snprintf(path, sizeof(path), "net/ipv4/conf/%s/forwarding", children[i]);
		set_key(kernel, path, bytes[0] == '0' ? "0" : "1");
	}
	set_key(kernel, "net/ipv4/ip_forward", bytes[0] == '0' ? "0" : "1");
	set_key(kernel, "net/ipv4/conf/all/accept_redirects", bytes[0] == '0' ? "1" : "0");
	return (ssize_t)size;
}

ssize_t fake_zero_sibling(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size)
{
	if (is_value(bytes, size, "0"))
		return fail_with(EINVAL);
	set_key(kernel, rule->argument, "0");
	return store(fd, bytes, size);
}
