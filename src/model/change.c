/* SPDX-License-Identifier: MIT */
/* The words of a change record. */
#include "model/change.h"

#include <ctype.h>
#include <string.h>

static const char *const kind_names[] = {
	[CHANGE_APPLY] = "apply",
	[CHANGE_BACKUP] = "backup",
};

static const char *const state_names[] = {
	[CHANGE_RECORDED] = "recorded",
	[CHANGE_APPLYING] = "applying",
	[CHANGE_STANDING] = "standing",
	[CHANGE_PENDING] = "pending",
	[CHANGE_UNDOING] = "undoing",
	[CHANGE_UNDONE] = "undone",
	[CHANGE_INCOMPLETE] = "incomplete",
};

static const char *const role_names[] = {
	[CHANGE_STEP] = "step",
	[CHANGE_SIDE] = "side_effect",
	[CHANGE_WATCHED] = "watched",
};

static const char *const actor_names[] = {
	[CHANGE_BY_APPLY] = "apply",
	[CHANGE_BY_RESTORE] = "restore",
	[CHANGE_BY_CONFIRM] = "confirm",
	[CHANGE_BY_GUARDIAN] = "guardian",
};

static const char *const guardian_names[] = {
	[CHANGE_GUARDIAN_NONE] = "none",
	[CHANGE_GUARDIAN_PROCESS] = "process",
	[CHANGE_GUARDIAN_SERVICE] = "systemd_service",
};

static const char *const status_names[] = {
	[CHANGE_NOT_TRIED] = "not_tried",
	[CHANGE_UNCHANGED] = "unchanged",
	[CHANGE_APPLIED] = "applied",
	[CHANGE_ADJUSTED] = "adjusted",
	[CHANGE_REJECTED] = "rejected",
	[CHANGE_ABSENT] = "absent",
	[CHANGE_READ_ONLY] = "read_only",
	[CHANGE_FOREIGN_CHANGED] = "foreign_changed",
	[CHANGE_ROLLED_BACK] = "rolled_back",
	[CHANGE_ROLLBACK_CONFLICT] = "rollback_conflict",
	[CHANGE_RESTORED] = "restored",
	[CHANGE_CONFLICT] = "conflict",
};

/* The index of the word, or -1. */
static int find_name(const char *const names[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *change_kind_name(enum change_kind kind)
{
	return kind_names[kind];
}

const char *change_state_name(enum change_state state)
{
	return state_names[state];
}

const char *change_role_name(enum change_role role)
{
	return role_names[role];
}

const char *change_status_name(enum change_status status)
{
	return status_names[status];
}

const char *change_actor_name(enum change_actor actor)
{
	return actor_names[actor];
}

const char *change_guardian_name(enum change_guardian guardian)
{
	return guardian_names[guardian];
}

bool change_kind_parse(const char *name, enum change_kind *ret_kind)
{
	int index = find_name(kind_names, COUNT_OF(kind_names), name);

	if (index >= 0)
		*ret_kind = (enum change_kind)index;
	return index >= 0;
}

bool change_state_parse(const char *name, enum change_state *ret_state)
{
	int index = find_name(state_names, COUNT_OF(state_names), name);

	if (index >= 0)
		*ret_state = (enum change_state)index;
	return index >= 0;
}

bool change_role_parse(const char *name, enum change_role *ret_role)
{
	int index = find_name(role_names, COUNT_OF(role_names), name);

	if (index >= 0)
		*ret_role = (enum change_role)index;
	return index >= 0;
}

bool change_status_parse(const char *name, enum change_status *ret_status)
{
	int index = find_name(status_names, COUNT_OF(status_names), name);

	if (index >= 0)
		*ret_status = (enum change_status)index;
	return index >= 0;
}

bool change_actor_parse(const char *name, enum change_actor *ret_actor)
{
	int index = find_name(actor_names, COUNT_OF(actor_names), name);

	if (index >= 0)
		*ret_actor = (enum change_actor)index;
	return index >= 0;
}

bool change_guardian_parse(const char *name, enum change_guardian *ret_guardian)
{
	int index = find_name(guardian_names, COUNT_OF(guardian_names), name);

	if (index >= 0)
		*ret_guardian = (enum change_guardian)index;
	return index >= 0;
}

bool change_id_is_valid(const char *id)
{
	static const char shape[] = "ddddddddTddddddZ-xxxx";

	if (strlen(id) != strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++) {
		unsigned char c = (unsigned char)id[i];

		if (shape[i] == 'd' ? !isdigit(c) : shape[i] == 'x' ? !isxdigit(c) || isupper(c) :
			id[i] != shape[i])
			return false;
	}
	return true;
}

bool change_is_open(const struct change *change)
{
	return change->state == CHANGE_RECORDED || change->state == CHANGE_APPLYING ||
		change->state == CHANGE_UNDOING;
}

bool change_is_unsettled(const struct change *change)
{
	return change_is_open(change) || change->state == CHANGE_PENDING;
}

size_t change_count_steps(const struct change *change)
{
	size_t count = 0;

	for (size_t i = 0; i < change->items_count; i++)
		count += change->items[i].role == CHANGE_STEP &&
			(change->items[i].intended || change->kind == CHANGE_BACKUP);
	return count;
}

struct change_item *change_find(const struct change *change, const char *path)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (strcmp(change->items[i].path, path) == 0)
			return &change->items[i];
	return NULL;
}
