/* SPDX-License-Identifier: MIT */
/* watch.h - the figures of watch, tick after tick, and which of them are worth an alarm. Prints nothing.
 *
 * Calling sequence: watch_open() -> watch_set_limits() for those that are to be other than usual -> watch_tick() at
 * every tick -> values, lines, alarms, changes -> watch_release().
 *
 * A tick reads the counters (kernel/counters.h) and asks for the listeners (kernel/sockdiag.h), which does not depend
 * on the number of sockets. The states that no counter tells (CLOSE_WAIT, SYN_RECV, FIN_WAIT2 and so on) take a walk
 * over the kernel's table of connections, which all network namespaces share: WATCH_STATES_AUTO walks as often as that
 * takes no more than a hundredth of the time, and in between the last figures stand; ESTABLISHED and TIME_WAIT are then
 * computed from the counters of now. */
#pragma once

#include "base/rootdir.h"
#include "engine/finding_table.h"
#include "kernel/counters.h"
#include "model/alarm.h"
#include "model/baseline.h"
#include "model/listener.h"
#include "model/socket_counts.h"
#include "model/sparkline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum watch_states_when { WATCH_STATES_AUTO, WATCH_STATES_ALWAYS, WATCH_STATES_NEVER };

/* What is known at a tick, for the figures to be computed from. */
struct watch_sample {
	struct counters now;
	struct counter_rates rates;	/* nothing is known at the first tick */
	bool has_listeners;
	struct listener fullest;	/* whose accept queue has the least room left */
	double fill;			/* its queue / its backlog; NAN without a listener */
	struct listener dropping;	/* the one that lost most connections since the tick before */
	uint32_t dropped;		/* how many; 0: none, or not told */
	bool has_states;
	struct socket_counts states;	/* without ESTABLISHED, TIME_WAIT and LISTEN */
	uint64_t syn_recv_unanswered;	/* those of SYN_RECV whose SYN-ACK had to be sent again */
	bool has_syncookies;
	int syncookies;			/* net.ipv4.tcp_syncookies, looked at only when SYNs are dropped or answered by one */
	uint64_t close_wait_old;	/* those of CLOSE_WAIT whose peer said nothing for 60 s or longer */
	uint64_t close_wait_unread;	/* of those, such with more than one byte that nobody has read */
	struct baseline resets, segments_out, segments_retransmitted;
	double resets_multiple;		/* of what was usual before this tick */
};

enum watch_unit { WATCH_COUNT, WATCH_PER_SECOND, WATCH_SHARE, WATCH_MULTIPLE };

/* A row of the table. */
struct watch_figure {
	const char *name;	/* as in JSON and --threshold */
	const char *label;	/* as in the table on a terminal; NULL: not shown there, its alarm is */
	const char *field;	/* in a line of text; NULL: not there */
	enum watch_unit unit;
	double (*value)(const struct watch_sample *sample);	/* NAN: not known */
	struct alarm_limits limits;
	const char *finding;	/* the id of what an alarm means; NULL: no more than that a level was reached */
	const char *statement;	/* the same in words, for this figure; NULL likewise */
};

enum { WATCH_FIGURES_MAX = 40 };
extern const struct watch_figure watch_figures[];
extern const size_t watch_figures_count;

/* The index of the figure, or -1. */
int watch_figure_find(const char *name);

struct watch_change {
	size_t figure;
	enum alarm_state before;	/* it is not what it was; what it is now is in the alarm */
};

struct watch {
	const struct rootdir *root;
	struct counter_files files;
	enum watch_states_when states_when;
	uint64_t walked_ns, walk_cost_ns;	/* of the last walk: when, and what it took of a processor */
	uint64_t ticks;
	uint64_t cost_ns;		/* of a processor, for the last tick; a walk not included */
	bool has_walked;		/* at the last tick */
	/* The listeners of this tick and the one before, in turn: for what each lost in between. */
	struct arena arenas[2];
	struct listeners listeners[2];
	int listeners_error, states_error;	/* why they are not known, a negative errno; or 0 */
	struct watch_sample sample;
	struct alarm_limits limits[WATCH_FIGURES_MAX];
	double values[WATCH_FIGURES_MAX];
	struct sparkline lines[WATCH_FIGURES_MAX];
	struct alarm alarms[WATCH_FIGURES_MAX];
	char subjects[WATCH_FIGURES_MAX][LISTENER_TEXT_SIZE];	/* what an alarm is about; "": the host */
	struct watch_change changes[WATCH_FIGURES_MAX];	/* of the last tick */
	size_t changes_count;
};

/* It cannot fail: what is not there is not known. The root must stay. */
void watch_open(const struct rootdir *root, enum watch_states_when states_when, struct watch *ret_watch);
void watch_release(struct watch *watch);
#define CLEANUP_WATCH CLEANUP(watch_release)

/* A critical of INFINITY is never reached. The figure leaves a level at the same share of it as by the table, or
 * else at nine tenths. */
void watch_set_limits(struct watch *watch, size_t figure, double warning, double critical);
void watch_set_down_delay(struct watch *watch, uint64_t down_delay_ns);

/* 0 or -ENOMEM. */
MUST_CHECK int watch_tick(struct watch *watch);

/* An alarm as a finding, without what only diagnose finds out: who has to do with it and what to do. */
struct watch_finding {
	struct finding finding;
	struct figure figures[2];
	char text[256];
};

/* Of a figure whose alarm is raised, or has just ended: the level is then a note. It points into itself and the watch. */
void watch_describe(const struct watch *watch, size_t figure, struct watch_finding *ret_finding);

/* "12034", "118/s", "72 %", "14 x"; "-" for what is not known. */
enum { WATCH_VALUE_SIZE = 32 };
void watch_format(enum watch_unit unit, double value, char text[WATCH_VALUE_SIZE]);
