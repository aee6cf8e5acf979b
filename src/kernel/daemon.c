/* SPDX-License-Identifier: MIT */
/* Leaving a session. */
#define _GNU_SOURCE
#include "kernel/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static bool is_kept(const int kept[], size_t count, int fd)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

static int close_others(const int kept[], size_t count)
{
	CLEANUP_DIR DIR *listing = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!listing)
		return -errno;
	while ((entry = readdir(listing))) {
		int fd = atoi(entry->d_name);

		if (!is_kept(kept, count, fd) && fd != dirfd(listing))
			(void)close(fd);
	}
	return 0;
}

static int leave_terminal(void)
{
	CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	/* One of the three may have been closed, and be it. */
	if (null <= STDERR_FILENO)
		(void)TAKE_FD(null);
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process. */
static int detach(const int kept[], size_t count, int ready_fd)
{
	int all[8];
	size_t all_count = 0;

	if (count + 1 > COUNT_OF(all))
		return -EINVAL;
	while (all_count < count) {
		all[all_count] = kept[all_count];
		all_count++;
	}
	all[all_count++] = ready_fd;
	reset_signals();
	(void)prctl(PR_SET_NAME, "kerntune-guard");
	if (chdir("/") < 0)
		return -errno;
	return leave_terminal() < 0 || close_others(all, all_count) < 0 ? -EIO : 0;
}

static int wait_until_ready(pid_t child, int ready_fd)
{
	char byte;
	ssize_t count;
	int status;

	do
		count = read(ready_fd, &byte, 1);
	while (count < 0 && errno == EINTR);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return count == 1 ? 0 : -ECHILD;
}

int daemon_fork(const int kept[], size_t count, int *ret_ready_fd)
{
	CLEANUP_FD int reader = -1;
	CLEANUP_FD int writer = -1;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close_fd_(&writer);
		return wait_until_ready(child, reader);
	}
	/* A second fork: who leads no session can get no terminal, and init reaps who has no parent. */
	if (setsid() < 0 || (child = fork()) < 0)
		_exit(1);
	if (child > 0)
		_exit(0);
	if (detach(kept, count, writer) < 0)
		_exit(1);
	(void)TAKE_FD(reader);	/* closed with the others */
	*ret_ready_fd = TAKE_FD(writer);
	return 1;
}

int daemon_ready(int ready_fd)
{
	static const char ready[] = "READY=1";
	ssize_t count;

	do
		count = write(ready_fd, ready, strlen(ready));
	while (count < 0 && errno == EINTR);
	(void)close(ready_fd);
	return count == (ssize_t)strlen(ready) ? 0 : -EPIPE;
}
