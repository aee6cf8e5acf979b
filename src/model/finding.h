/* SPDX-License-Identifier: MIT */
/* finding.h - a verdict about TCP on this host, as a value: what is so, how bad, by whose doing, and what to do.
 *
 * engine/diagnose.h makes findings, engine/finding_table.h says what each id means, cli/diagnosis.h shows them.
 * Everything that one points to lives in the arena of whoever made it. Text may hold names of processes; those are
 * clean (kernel/owners.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A note is no finding: it says why something that looks bad is not, or what could not be seen. */
enum finding_level { FINDING_NOTE, FINDING_WARNING, FINDING_CRITICAL };

/* A number that the verdict rests on. */
struct figure {
	const char *name;	/* part of the JSON contract: "time_wait" */
	double value;
	const char *unit;	/* "sockets", "ports", "1/s", "s", "bytes", "ratio", ... */
};

enum actor_kind { ACTOR_PROCESS, ACTOR_LISTENER, ACTOR_DESTINATION, ACTOR_PEER };

/* Who or what has to do with it. */
struct actor {
	enum actor_kind kind;
	const char *name;	/* "nginx"; of the others the address: "10.0.0.5:5432" */
	pid_t pid;		/* of a process; 0: none */
	const char *command, *unit;	/* of a process; "" when not known */
	size_t processes;	/* that share it: prefork; 0 when not asked */
	uint64_t count;		/* of sockets; 0: not counted */
	bool is_estimate;	/* count is inferred, not counted */
	uint64_t descriptors, descriptors_max;	/* of a process: open, and its soft limit; max 0: not known */
};

/* A parameter that relieves it. */
struct remedy {
	const char *path;	/* canonical: "net/ipv4/tcp_tw_reuse" */
	const char *live;	/* what is in force, or NULL when not known */
	const char *effect;	/* what raising, lowering or setting it would change */
};

struct finding_row;

struct finding {
	const struct finding_row *row;
	enum finding_level level;
	const char *subject;	/* "10.0.0.1 to 10.0.0.5:5432", "0.0.0.0:8080", "java (pid 812)"; "" for all of the host */
	const char *text;	/* one or two sentences with the numbers in them */
	struct figure *figures;
	size_t figures_count, figures_capacity;
	struct actor *actors;
	size_t actors_count, actors_capacity;
	const char **advice;	/* what to do, the best first */
	size_t advice_count, advice_capacity;
	struct remedy *remedies;	/* none: no parameter helps, or none has to be changed */
	size_t remedies_count, remedies_capacity;
	const char *profile;	/* a shipped one that sets them, or NULL */
	const char *rules;	/* text to be pasted, such as a rule set for nft; or NULL */
};

struct findings {
	struct finding **items;	/* the worst first */
	size_t count, capacity;
};

/* "note", "warning", "critical": part of the JSON contract. */
const char *finding_level_name(enum finding_level level);
/* "process", "listener", "destination", "peer": likewise. */
const char *actor_kind_name(enum actor_kind kind);

/* How many are warnings or critical. */
size_t findings_bad(const struct findings *findings);
