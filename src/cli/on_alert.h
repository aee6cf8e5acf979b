/* SPDX-License-Identifier: MIT */
/* on_alert.h - the executable that --on-alert names, run whenever an alarm changes.
 *
 * Calling sequence: on_alert_init() -> on_alert_open() -> on_alert_run() with every change, on_alert_reap() at every
 * tick and SIGCHLD -> on_alert_release(), which lets go on what still runs.
 *
 * For each figure one runs at a time, so that what it hears of comes in order; while it does, the newest change waits,
 * and one that was waiting already is dropped with a message. One that runs for longer than ON_ALERT_SECONDS is
 * killed. The ticks wait for nothing of that. */
#pragma once

#include "cli/watch_view.h"
#include "kernel/program.h"

enum { ON_ALERT_SECONDS = 60 };

struct on_alert_slot {
	pid_t pid;			/* 0: none runs */
	uint64_t started_ns;
	bool is_killed;
	bool has_waiting;
	enum alarm_state waiting_state;
	struct strbuf waiting;		/* its input */
};

struct on_alert {
	struct program program;		/* fd -1: none was named */
	struct watch_view *view;	/* for its messages */
	struct on_alert_slot slots[WATCH_FIGURES_MAX];
};

void on_alert_init(struct watch_view *view, struct on_alert *ret_on_alert);

/* path NULL: nothing will be run. 0, or an exit code after the message. */
MUST_CHECK int on_alert_open(struct on_alert *on_alert, const char *path);
void on_alert_release(struct on_alert *on_alert);
#define CLEANUP_ON_ALERT CLEANUP(on_alert_release)

/* With that on its standard input. */
void on_alert_run(struct on_alert *on_alert, size_t figure, const struct strbuf *input, uint64_t now_ns);
/* Whether one has yet to be reaped. */
bool on_alert_runs(const struct on_alert *on_alert);
void on_alert_reap(struct on_alert *on_alert, uint64_t now_ns);
