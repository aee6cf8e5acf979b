/* SPDX-License-Identifier: MIT */
/* systemd-run. */
#define _GNU_SOURCE
#include "kernel/systemd.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

bool systemd_is_in_charge(void)
{
	struct stat ours, its;

	return access("/run/systemd/system", F_OK) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
		stat("/proc/1/ns/net", &its) == 0 && ours.st_ino == its.st_ino && ours.st_dev == its.st_dev;
}

static int spawn_and_wait(const char *path, const char *const argv[])
{
	/* Nothing of the caller's environment, nor of its signal mask. */
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int status, error;
	pid_t child;

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
		error = posix_spawn(&child, path, &files, &attributes, (char *const *)argv,
			(char *const *)environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (error != 0)
		return -error;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int systemd_start_timer(const char *unit, unsigned long seconds, const char *const arguments[])
{
	char program[PATH_MAX], unit_option[128], time_option[64];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *argv[8 + SYSTEMD_ARGUMENTS_MAX + 1] = { "systemd-run", "--quiet", unit_option, time_option,
		/* The default lets a timer be a minute late. */
		"--timer-property=AccuracySec=100ms", "--", program };
	size_t count = 7;

	if (length < 0)
		return -errno;
	program[length] = '\0';
	snprintf(unit_option, sizeof(unit_option), "--unit=%s", unit);
	snprintf(time_option, sizeof(time_option), "--on-active=%lus", seconds);
	for (size_t i = 0; arguments[i]; i++) {
		if (i == SYSTEMD_ARGUMENTS_MAX)
			return -EINVAL;
		argv[count++] = arguments[i];
	}
	return spawn_and_wait("/usr/bin/systemd-run", argv);
}
