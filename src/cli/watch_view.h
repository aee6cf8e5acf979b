/* SPDX-License-Identifier: MIT */
/* watch_view.h - what watch shows, in its three shapes: lines of text, lines of JSON, and a screen that is redrawn.
 *
 * All of them write to a buffer; cmd_watch.c puts it out in one piece. A long run takes no more memory than a short
 * one: nothing here is allocated in app->arena. */
#pragma once

#include "cli/command.h"
#include "engine/watch.h"
#include "kernel/sysctl_writes.h"

#include <time.h>

enum {
	WATCH_WRITES_KEPT = 64,
	WATCH_NOTES_KEPT = 3,
	WATCH_NOTE_SIZE = 320,
};

/* A write to a parameter, and when we heard of it. */
struct watch_write {
	struct sysctl_write write;
	struct timespec when;
};

struct watch_view {
	struct app *app;
	const struct watch *watch;
	unsigned long interval_ms;
	struct timespec now;		/* of the tick */
	uint64_t missed;		/* ticks that were not made up for, since the one before */

	/* Parameters that were written. */
	bool sees_writes;
	const char *blindness;		/* why it does not, or what it does not see; NULL: nothing to say */
	struct watch_write writes[WATCH_WRITES_KEPT];	/* a ring */
	size_t writes_total, writes_new;	/* ever, and since the last line of JSON */
	size_t writes_lost;
	size_t writes_elsewhere;	/* likewise, of other network namespaces; among the kept ones only with -v */

	/* Messages, which a screen shows in itself. */
	char notes[WATCH_NOTES_KEPT][WATCH_NOTE_SIZE];	/* a ring */
	size_t notes_total;

	/* The screen. */
	bool is_screen, is_ascii;
	size_t columns, rows;
};

/* "2026-11-25T14:03:11Z", or with milliseconds where ticks are shorter than a second. */
enum { WATCH_TIME_SIZE = 32 };
void watch_time(const struct watch_view *view, const struct timespec *when, char text[WATCH_TIME_SIZE]);

/* Says something beside the figures: on stderr, or on the screen. */
void watch_note(struct watch_view *view, const char *format, ...) PRINTF_FORMAT(2, 3);

/* The write may hold anything; it comes out as one line of printable ASCII. */
enum { WATCH_WRITE_TEXT_SIZE = SYSCTL_PATH_SIZE + 2 * SYSCTL_VALUE_SIZE + SYSCTL_COMMAND_SIZE + 128 };
void watch_write_text(const struct sysctl_write *write, char text[WATCH_WRITE_TEXT_SIZE]);

/* One line of "TIME NAME=VALUE ...". */
void watch_add_line(const struct watch_view *view, struct strbuf *text);

/* One line of JSON, "kerntune.watch/1". 0 or -ENOMEM. */
MUST_CHECK int watch_add_json(struct watch_view *view, struct strbuf *text);

/* What --on-alert gets, "kerntune.alert/1": the finding, with when and what became of it. 0 or -ENOMEM. */
MUST_CHECK int watch_add_alert(const struct watch_view *view, const struct watch_change *change,
	const struct finding *finding, struct strbuf *text);

/* ---- the screen, watch_screen.c ---- */

/* A frame that covers what was there before, or with is_last one to be left behind. */
void watch_add_frame(const struct watch_view *view, bool is_last, struct strbuf *text);
