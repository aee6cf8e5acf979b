/* SPDX-License-Identifier: MIT */
/* finding_table.h - every finding of diagnose by its id: what it says, what it means, who can mend it.
 *
 * diagnose, watch and explain read this one table, and kerntune(8) is held against it by a test. The numbers and names
 * of a case are in struct finding (model/finding.h). */
#pragma once

#include "model/finding.h"

/* _(enumerator, id) in the order of the manual. The ids are part of the JSON contract. */
#define FINDINGS(_)                                                     \
	_(EPHEMERAL_PORTS, "ephemeral-ports")                           \
	_(TIME_WAIT_LIMIT, "time-wait-limit")                           \
	_(POOL_LEAK, "pool-leak")                                       \
	_(CLOSE_WAIT_LEAK, "close-wait-leak")                           \
	_(CLOSE_WAIT_STALLED, "close-wait-stalled")                     \
	_(FIN_WAIT2_PILEUP, "fin-wait2-pileup")                         \
	_(ACCEPT_QUEUE, "accept-queue")                                 \
	_(SYN_FLOOD, "syn-flood")                                       \
	_(SYN_BURST, "syn-burst")                                       \
	_(CONNTRACK_FULL, "conntrack-full")                             \
	_(FILE_HANDLES, "file-handles")                                 \
	_(DESCRIPTOR_LIMIT, "descriptor-limit")                         \
	_(TCP_MEMORY, "tcp-memory")                                     \
	_(ORPHANS, "orphans")                                           \
	_(RETRANSMISSIONS, "retransmissions")                           \
	_(RECEIVE_DROPS, "receive-drops")                               \
	_(RESET_SURGE, "reset-surge")                                   \
	/* notes: */                                                    \
	_(TIME_WAIT_HARMLESS, "time-wait-harmless")                     \
	_(TIME_WAIT_REUSABLE, "time-wait-reusable")                     \
	_(PORTS_HEADROOM, "ports-headroom")                             \
	_(CONNECTION_CHURN, "connection-churn")                         \
	_(CONNECTION_SURGE, "connection-surge")                         \
	_(ESTABLISHED_MANY, "established-many")                         \
	_(CLOSE_WAIT_YOUNG, "close-wait-young")                         \
	_(SYN_RECV_MANY, "syn-recv-many")                               \
	_(ACCEPT_QUEUE_PAST, "accept-queue-past")                       \
	_(LISTENER_OLD_LIMIT, "listener-old-limit")                     \
	_(OVERFLOWS_PAST, "overflows-past")                             \
	_(HOST_FIGURES, "host-figures")                                 \
	_(UNSEEN, "unseen")

#define FINDING_ENUMERATOR_(enumerator, id) FINDING_##enumerator,
enum finding_id { FINDINGS(FINDING_ENUMERATOR_) FINDING_COUNT };

enum { FINDING_PARAMETERS_MAX = 5 };

/* What relieves it, if the parameter is the trouble: the profile is asked for first with "kerntune diff". */
struct finding_row {
	const char *id;
	bool is_note;			/* it is never more than a note */
	bool sysctl_helps;		/* some parameter can relieve it; whether it would here, the finding says */
	const char *statement;		/* one line */
	const char *meaning;		/* a paragraph: what the kernel does, and what it is told by */
	const char *mend;		/* a paragraph: what to do, the best first */
	const char *levels;		/* from where it is a warning and critical, one line; "" for notes */
	const char *profile;		/* a shipped one, or NULL */
	const char *parameters[FINDING_PARAMETERS_MAX + 1];	/* paths */
	const char *source;		/* how it is known */
};

extern const struct finding_row finding_rows[FINDING_COUNT];

/* NULL when there is none. */
const struct finding_row *finding_row_find(const char *id);

/* The id that this is likely a slip of, or NULL. */
const char *finding_row_suggest(const char *id);
