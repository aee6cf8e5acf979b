/* SPDX-License-Identifier: MIT */
/* diagnosis_fixture.h - an observation to be filled in by hand, and what a check says about it. */
#pragma once

#include "engine/diagnose_check.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>

static struct arena arena;
static struct diagnosis diagnosis;
static struct observation *const seen = &diagnosis.seen;

/* The settings of a current kernel. */
static inline int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	diagnosis = (struct diagnosis){ .arena = &arena, .seen = { .arena = &arena } };
	seen->settings.somaxconn = seen->settings.syn_backlog = 4096;
	seen->settings.syncookies = seen->settings.timestamps = 1;
	seen->settings.synack_retries = 5;
	seen->settings.fin_timeout = 60;
	seen->settings.known.somaxconn = seen->settings.known.syn_backlog = seen->settings.known.syncookies = true;
	seen->settings.known.timestamps = seen->settings.known.synack_retries = seen->settings.known.fin_timeout = true;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* Between rows of a table. */
static inline void begin_anew(void)
{
	(void)tear_down(NULL);
	(void)set_up(NULL);
}

/* It moved by so much in a second. */
#define MOVE(counter, number)                                                                           \
	(seen->has_interval = true, seen->changes.elapsed_ns = 1000000000,                              \
		seen->changes.counter = (number), seen->changes.known.counter = true,                   \
		seen->rates.counter = (number), seen->rates.known.counter = true)

/* On 127.0.0.1 or ::1. */
static inline struct listener *add_listener(struct listeners *listeners, uint8_t family, uint16_t port, uint32_t inode,
	uint32_t queue, uint32_t backlog)
{
	struct listener listener = {
		.family = family, .port = port, .inode = inode, .queue = queue, .backlog = backlog, .has_drops = true,
	};

	if (family == AF_INET6)
		listener.address[15] = 1;
	else
		memcpy(listener.address, "\x7f\0\0\1", 4);
	assert_int_equal(listeners_add(listeners, &arena, &listener), 0);
	listeners->has_backlog = seen->has_listeners = true;
	return &listeners->items[listeners->count - 1];
}

/* Of one kind, or NULL when there is none; at most one may be. */
static inline const struct finding *find(enum finding_id id)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < diagnosis.findings.count; i++)
		if (diagnosis.findings.items[i]->row == &finding_rows[id]) {
			assert_null(found);
			found = diagnosis.findings.items[i];
		}
	return found;
}

static inline void run(const struct diagnose_check *check)
{
	diagnosis.findings = (struct findings){ 0 };
	check->run(&diagnosis);
	assert_false(diagnosis.failed);
}

static inline double figure_of(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->figures_count; i++)
		if (strcmp(finding->figures[i].name, name) == 0)
			return finding->figures[i].value;
	fail_msg("%s has no figure %s", finding->row->id, name);
	return 0;
}

static inline bool advises(const struct finding *finding, const char *words)
{
	for (size_t i = 0; i < finding->advice_count; i++)
		if (strstr(finding->advice[i], words))
			return true;
	return false;
}

static inline const struct remedy *remedy_of(const struct finding *finding, const char *path)
{
	for (size_t i = 0; i < finding->remedies_count; i++)
		if (strcmp(finding->remedies[i].path, path) == 0)
			return &finding->remedies[i];
	return NULL;
}

/* The answer to whose they are. */
static inline void answer(enum suspect_kind kind, uint32_t key, const struct actor *holders, size_t count)
{
	for (size_t i = 0; i < seen->suspects_count; i++)
		if (seen->suspects[i].kind == kind && seen->suspects[i].key == key) {
			seen->suspects[i].holders = holders;
			seen->suspects[i].holders_count = count;
			seen->has_owners = true;
			return;
		}
	fail_msg("no suspect %d, %u", (int)kind, (unsigned)key);
}

static inline struct actor process(pid_t pid, const char *name, const char *unit, uint64_t count)
{
	return (struct actor){ .kind = ACTOR_PROCESS, .pid = pid, .name = name, .unit = unit, .command = "",
		.count = count };
}
