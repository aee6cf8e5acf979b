/* SPDX-License-Identifier: MIT */
/* diagnose_check.h - what the checks of diagnose are made of; only for engine/diagnose*.c.
 *
 * A check has up to two functions. `suspect` may ask for the owners of sockets, before the one walk that finds them;
 * `run` looks at diagnosis->seen and reports: diagnose_report() -> diagnose_subject(), diagnose_figure(),
 * diagnose_holders(), diagnose_advise(), diagnose_remedy(), diagnose_profile(). What was not looked at, or is not known,
 * is not judged. Memory that is short is noticed by the driver: none of these functions returns NULL. */
#pragma once

#include "engine/diagnose.h"

struct diagnose_check {
	void (*suspect)(struct diagnosis *diagnosis);	/* or NULL */
	void (*run)(struct diagnosis *diagnosis);
};

/* The text is one or two sentences with the numbers in them, without a full stop at the end. */
struct finding *diagnose_report(struct diagnosis *diagnosis, enum finding_id id, enum finding_level level,
	const char *format, ...) PRINTF_FORMAT(4, 5);
void diagnose_subject(struct diagnosis *diagnosis, struct finding *finding, const char *format, ...)
	PRINTF_FORMAT(3, 4);
void diagnose_figure(struct diagnosis *diagnosis, struct finding *finding, const char *name, double value,
	const char *unit);
void diagnose_advise(struct diagnosis *diagnosis, struct finding *finding, const char *format, ...)
	PRINTF_FORMAT(3, 4);

/* A parameter that relieves it here, with what it would change. */
void diagnose_remedy(struct diagnosis *diagnosis, struct finding *finding, const char *path, const char *format, ...)
	PRINTF_FORMAT(4, 5);

/* The profile of the table's row. Only where a remedy is named. */
void diagnose_profile(struct finding *finding);

/* A listener, destination or peer. */
void diagnose_actor(struct diagnosis *diagnosis, struct finding *finding, enum actor_kind kind, const char *name,
	uint64_t count);

/* A process that is known otherwise than by a suspect. */
void diagnose_process_actor(struct diagnosis *diagnosis, struct finding *finding, const struct actor *actor);

/* The processes that hold the sockets of a suspect, the heaviest first, at most `most`; none when it is NULL or was not
 * looked for. */
void diagnose_holders(struct diagnosis *diagnosis, struct finding *finding, const struct suspect *suspect, size_t most);

void diagnose_suspect(struct diagnosis *diagnosis, enum suspect_kind kind, uint32_t key, const uint32_t inodes[],
	size_t count, uint64_t scale);

/* The owners of the outgoing destination of that rank, as far as a process holds sockets toward it; once, however many
 * checks ask. */
void diagnose_suspect_destination(struct diagnosis *diagnosis, uint32_t rank);

/* Never NULL. */
const char *diagnose_text(struct diagnosis *diagnosis, const char *format, ...) PRINTF_FORMAT(2, 3);
const char *diagnose_address(struct diagnosis *diagnosis, uint8_t family, const uint8_t address[16]);
const char *diagnose_endpoint(struct diagnosis *diagnosis, uint8_t family, const uint8_t address[16], uint16_t port);

/* "java (pid 812, app.service)". */
const char *diagnose_process(struct diagnosis *diagnosis, const struct actor *actor);

/* "28,232": as people read it. */
const char *diagnose_number(struct diagnosis *diagnosis, uint64_t number);
const char *diagnose_duration(struct diagnosis *diagnosis, double seconds);

/* How long it was between the two samples: "1.0 s", "200 ms". */
const char *diagnose_interval(struct diagnosis *diagnosis);

/* part of whole, 0 to 1 and beyond; 0 when the whole is 0. */
double diagnose_share(uint64_t part, uint64_t whole);

/* ---- of listeners: diagnose_listeners.c, for that of half-open connections ---- */

/* The ports on which the accept queue of a listener is a finding: there half-open connections cannot become whole. */
void diagnose_troubled_ports(const struct observation *seen, struct ports *ret_ports);

/* Asks for its owner, once. */
void diagnose_suspect_listener(struct diagnosis *diagnosis, const struct listener *listener);
void diagnose_listener_holders(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener);
const char *diagnose_listener(struct diagnosis *diagnosis, const struct listener *listener);

/* Which number limits its queues, and how to raise it: somaxconn, with the profile, or the application's own. */
void diagnose_advise_backlog(struct diagnosis *diagnosis, struct finding *finding, const struct listener *listener);

/* ---- the checks, by file ---- */

extern const struct diagnose_check diagnose_ports;	/* local ports toward destinations; the limit of TIME_WAIT */
extern const struct diagnose_check diagnose_services;	/* connections by service and peer: pools, churn, surges */
extern const struct diagnose_check diagnose_states;	/* CLOSE_WAIT, FIN_WAIT2 */
extern const struct diagnose_check diagnose_listeners;	/* accept queues */
extern const struct diagnose_check diagnose_syn;	/* half-open connections */
extern const struct diagnose_check diagnose_limits;	/* conntrack, files, descriptors, memory, orphans */
extern const struct diagnose_check diagnose_traffic;	/* loss */
