/* SPDX-License-Identifier: MIT */
/* systemd-run. */
#define _GNU_SOURCE
#include "kernel/systemd.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* How long systemd-run may take: a service manager that hangs must not hang a change. */
enum { PATIENCE_MS = 10000, PIPE_FD = 3 };

/* How the kernel marks the path of a program whose file is gone (proc(5)). */
#define DELETED " (deleted)"

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_ino == second.st_ino &&
		first.st_dev == second.st_dev;
}

bool systemd_is_in_charge(void)
{
	return access("/run/systemd/system", F_OK) == 0 && is_same_file("/proc/self/ns/net", "/proc/1/ns/net") &&
		is_same_file("/proc/self/ns/mnt", "/proc/1/ns/mnt") && is_same_file("/proc/self/root", "/proc/1/root");
}

/* Waits for the end of a process that alone holds the other end of a pipe. 0 or a negative errno. */
static int wait_for_end(pid_t child, int pipe_fd)
{
	struct pollfd end = { .fd = pipe_fd, .events = POLLIN };
	int status, ready;

	do
		ready = poll(&end, 1, PATIENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (ready <= 0)
		return -ETIMEDOUT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int spawn_and_wait(const char *path, const char *const argv[])
{
	/* Nothing of the caller's environment, nor of its signal mask. */
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	CLEANUP_FD int reader = -1;
	CLEANUP_FD int writer = -1;
	sigset_t none;
	int ends[2], error;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	sigemptyset(&none);
	error = posix_spawnattr_setsigmask(&attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	for (int fd = 0; error == 0 && fd <= STDERR_FILENO; fd++)
		error = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, writer, writer > PIPE_FD ? PIPE_FD : PIPE_FD + 1);
	if (error == 0)
		error = posix_spawn(&child, path, &files, &attributes, (char *const *)argv,
			(char *const *)environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (error != 0)
		return -error;
	close_fd_(&writer);
	return wait_for_end(child, reader);
}

int systemd_start_service(const char *unit, const char *const arguments[])
{
	char program[PATH_MAX], unit_option[128];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	/* --collect: one that failed for good must not keep its name from the next. */
	const char *argv[8 + SYSTEMD_ARGUMENTS_MAX + 1] = { "systemd-run", "--quiet", "--collect", unit_option,
		"--property=Type=notify", "--property=Restart=on-failure", "--", program };
	size_t count = 8;

	if (length < 0)
		return -errno;
	program[length] = '\0';
	/* Replaced since it was started: what has its path now is another program, or none. */
	if (length > (ssize_t)strlen(DELETED) && strcmp(program + length - strlen(DELETED), DELETED) == 0)
		return -ENOENT;
	snprintf(unit_option, sizeof(unit_option), "--unit=%s", unit);
	for (size_t i = 0; arguments[i]; i++) {
		if (i == SYSTEMD_ARGUMENTS_MAX)
			return -EINVAL;
		argv[count++] = arguments[i];
	}
	return spawn_and_wait("/usr/bin/systemd-run", argv);
}

int systemd_notify_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	CLEANUP_FD int fd = -1;

	if (length == 0)
		return -ENOTCONN;
	if (length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);
	/* An abstract name, unix(7): no file, and no end but its length. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return -errno;
	return TAKE_FD(fd);
}
