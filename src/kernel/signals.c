/* SPDX-License-Identifier: MIT */
/* Signals during a change. */
#define _GNU_SOURCE
#include "kernel/signals.h"

#include <stddef.h>

static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void signals_hold(void)
{
	struct sigaction action;
	sigset_t set;

	/* One that was ignored on purpose (nohup, a background job) would become pending once blocked. */
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (sigaction(held[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, held[i]);
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
