/* SPDX-License-Identifier: MIT */
/* Names for findings. */
#include "model/finding.h"

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {
		[FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_CRITICAL] = "critical",
	};

	return names[level];
}

const char *actor_kind_name(enum actor_kind kind)
{
	static const char *const names[] = {
		[ACTOR_PROCESS] = "process",
		[ACTOR_LISTENER] = "listener",
		[ACTOR_DESTINATION] = "destination",
		[ACTOR_PEER] = "peer",
	};

	return names[kind];
}

size_t findings_bad(const struct findings *findings)
{
	size_t bad = 0;

	for (size_t i = 0; i < findings->count; i++)
		bad += findings->items[i]->level > FINDING_NOTE;
	return bad;
}
