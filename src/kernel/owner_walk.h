/* SPDX-License-Identifier: MIT */
/* owner_walk.h - the walk over proc/PID/fd, in parts; for owners.c and owner_probe.c only.
 *
 * Sockets asked for are rows, sorted by inode; a socket in two groups has two. What is known of each process is a bit
 * for each row, so that a socket which it holds by several descriptors, or that is seen again in a later round, counts
 * once, and a tally for each group. */
#pragma once

#include "kernel/owners.h"

struct owner_row {
	uint32_t inode, group;
};

/* Sockets of a group in a process: `first` nobody had been seen to hold, `again` somebody had. */
struct owner_tally {
	uint32_t first, again;
	uint32_t first_in_sample, again_in_sample;	/* those that the even sample has hit */
};

struct owner_process {
	pid_t pid;
	uint64_t *held;			/* a bit for each row */
	struct owner_tally *tallies;	/* one for each group */
	/* Of a big one: */
	uint64_t open;			/* descriptors, when it was listed */
	uint64_t numbers;		/* all of them are below this power of two */
	uint64_t next;			/* the step that the probing has come to */
	uint64_t seen, seen_in_sample;	/* descriptors that were there */
	bool in_sample;			/* it is past the first numbers */
	bool is_done;			/* nothing is left to be looked at: all was, it has ended, or it may not be */
};

struct owner_walk {
	struct arena *arena;
	struct owner_row *rows;
	size_t row_count;
	uint64_t *found;		/* a bit for each row that anybody holds */
	struct holders *groups;
	size_t group_count;
	size_t holders_max;		/* to be kept for each group */
	bool exact;
	int proc_fd;
	bool is_sized;			/* the size of proc/PID/fd is the number of descriptors (Linux 6.2) */
	size_t hidden, looked_at;
	struct owner_process *bigs;
	size_t big_count, big_capacity;
};

/* A process of which nothing is known yet. 0 or -ENOMEM. */
MUST_CHECK int owner_walk_add_process(const struct owner_walk *walk, struct owner_process *process);

/* Opens proc/PID, with O_PATH, and proc/PID/fd. */
MUST_CHECK int owner_walk_open(const struct owner_walk *walk, const char *name, int *ret_process, int *ret_descriptors);

/* Whether a descriptor of that name is there, 1 or 0, noting which socket it is; or -EACCES. */
MUST_CHECK int owner_walk_look(struct owner_walk *walk, struct owner_process *process, int descriptors_fd,
	const char *name);

/* What is left of an errno that may have come because a process ended (0), or will not be looked into (0, counted). */
MUST_CHECK int owner_walk_judge(struct owner_walk *walk, int error);

/* Adds a process to those of a group; its names are read, from process_fd unless that is -1, when it is among the
 * heaviest. 0 or -ENOMEM. */
MUST_CHECK int owner_walk_add_holder(const struct owner_walk *walk, size_t group, const struct holder *holder,
	int process_fd);

/* Remembers a process that is too big to be looked at in full. 1, 0 when it must be all the same (too many of them, or
 * a table so sparse that probes would not hit), or a negative errno. */
MUST_CHECK int owner_probe_add(struct owner_walk *walk, pid_t pid, int process_fd, uint64_t open, uint64_t numbers);

/* Probes the processes that were added, and adds them to the groups of which they hold sockets. */
MUST_CHECK int owner_probe_run(struct owner_walk *walk);
