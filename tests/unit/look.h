/* SPDX-License-Identifier: MIT */
/* look.h - an observation made by hand, for the checks of diagnose.
 *
 * Calling sequence: look_make() -> fill in look->seen, look_add() -> look_judge() -> look_find() -> look_remove(). To
 * begin with, the settings are the kernel's defaults but for tcp_tw_reuse, which is 0; all was looked at, and nothing
 * was there. */
#pragma once

#include "engine/diagnose_check.h"
#include "unit.h"

struct look {
	struct arena arena;
	struct diagnosis diagnosis;
	struct observation *seen;
	uint32_t next_inode;
};

enum { LOOK_USABLE_PORTS = 28232 };	/* 32768 to 60999 */

void look_make(struct look *look);
void look_remove(struct look *look);

/* For cmocka: *state is a struct look. */
int look_set_up(void **state);
int look_tear_down(void **state);
#define WITH_LOOK(test) cmocka_unit_test_setup_teardown(test, look_set_up, look_tear_down)

/* So many sockets in that state from source to address and port. */
struct look_sockets {
	const char *source, *address;	/* NULL: 10.0.0.1, 10.0.0.5 */
	uint16_t port;			/* 0: 5432 */
	uint8_t state;
	uint32_t count;
	uint32_t age_ms;		/* of TIME_WAIT; of ESTABLISHED, since the last data */
	bool held;			/* a process has it */
};

void look_add(struct look *look, struct look_sockets sockets);
/* The same as connections from address to the port here. */
void look_add_incoming(struct look *look, struct look_sockets sockets);
/* ESTABLISHED of the service on that port. */
void look_add_service(struct look *look, uint16_t port, uint32_t established);

/* Both samples: CurrEstab, and how often it was opened; a second lies between. */
void look_set_interval(struct look *look, uint64_t before, uint64_t after, uint64_t active, uint64_t passive);

/* Asks the check what it suspects, then for its findings; forgets those of before. */
void look_judge(struct look *look, const struct diagnose_check *check);

/* The only finding with that id, or NULL. */
const struct finding *look_find(const struct look *look, enum finding_id id);

/* The value of a figure; fails without it. */
double look_figure(const struct finding *finding, const char *name);
bool look_has_figure(const struct finding *finding, const char *name);

/* Whether it names that parameter. */
bool look_has_remedy(const struct finding *finding, const char *path);
