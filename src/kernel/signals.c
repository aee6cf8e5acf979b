/* SPDX-License-Identifier: MIT */
/* Signals during a change. */
#define _GNU_SOURCE
#include "kernel/signals.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>

static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Job control would stop the program with the lock in its hand. */
static const int deferred[] = { SIGTSTP, SIGTTIN, SIGTTOU };

static void add_unless_ignored(sigset_t *set, const int numbers[], size_t count)
{
	struct sigaction action;

	/* One that was ignored on purpose (nohup, a background job) would become pending once blocked. */
	for (size_t i = 0; i < count; i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(set, numbers[i]);
}

void signals_hold(void)
{
	sigset_t set;

	sigemptyset(&set);
	add_unless_ignored(&set, held, sizeof(held) / sizeof(held[0]));
	add_unless_ignored(&set, deferred, sizeof(deferred) / sizeof(deferred[0]));
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int signals_pending(void)
{
	sigset_t set;

	if (sigpending(&set) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (sigismember(&set, held[i]) == 1)
			return held[i];
	return 0;
}

int signals_open(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	add_unless_ignored(&set, ending, COUNT_OF(ending));
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGCONT);
	/* Who ignores it gets no children to wait for. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

static bool take_continued(void)
{
	static const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	return sigtimedwait(&set, NULL, &now) == SIGCONT;
}

bool signals_stop_for_terminal(void)
{
	(void)take_continued();
	signal(SIGTTOU, SIG_DFL);
	/* To all of the job, as the terminal would. Whoever was stopped finds the signal that continued him. */
	(void)kill(0, SIGTTOU);
	return take_continued();
}
