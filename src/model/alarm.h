/* SPDX-License-Identifier: MIT */
/* alarm.h - when a figure is worth an alarm, and when that is over.
 *
 * An alarm has two levels. A level is entered when the figure has stood at or above its `enter` for the level's up-delay,
 * and left when it has stood below its `leave` for the down-delay: between the two nothing changes, so that a figure
 * that hovers about a limit raises one alarm and not a hundred. Who is critical falls to warning first, if the figure
 * is not low enough for neither; both in one step, if it is.
 *
 * Calling sequence: alarm_clear() (or ALARM_INIT) -> alarm_update() with every sample -> state, since_ns.
 *
 * Pure: the time is given in, and only goes forward; one that goes back counts as standing still. A figure that is
 * not known (NAN) neither enters anything nor keeps it: what has gone away (a module, a listener) alarms nobody. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum alarm_state { ALARM_CLEAR, ALARM_WARNING, ALARM_CRITICAL };
enum { ALARM_LEVELS = ALARM_CRITICAL };	/* the states that can be entered: level L is at [L - 1] */

struct alarm_level {
	double enter, leave;	/* leave is at most enter; an enter of INFINITY is never reached */
	uint64_t up_delay_ns;	/* 0: with the first sample */
};

struct alarm_limits {
	struct alarm_level levels[ALARM_LEVELS];	/* the second at least as high as the first */
	uint64_t down_delay_ns;
};

struct alarm {
	enum alarm_state state;
	uint64_t since_ns;	/* when that state was entered; of one that was never left, 0 */
	uint64_t now_ns;	/* of the newest sample */
	struct {
		bool is_high, is_low;		/* in the newest sample: reached, below */
		uint64_t high_ns, low_ns;	/* since when without a break */
	} seen[ALARM_LEVELS];
};

#define ALARM_INIT { .state = ALARM_CLEAR }

void alarm_clear(struct alarm *alarm);

/* Returns whether the state changed. */
bool alarm_update(struct alarm *alarm, const struct alarm_limits *limits, double value, uint64_t now_ns);

/* "clear", "warning", "critical": part of the JSON contract. */
const char *alarm_state_name(enum alarm_state state);
