/* SPDX-License-Identifier: MIT */
/* Changes one upon another. */
#include "engine/stack.h"

#include "model/catalog.h"

#include <errno.h>
#include <string.h>

/* Whether the change gave the key the value that it holds, or asked for the one that it held already. */
static bool holds(const struct change *change, const struct change_item *item)
{
	if (change->state == CHANGE_UNDONE || item->withdrawn || !item->ours.bytes)
		return false;
	return item->role == CHANGE_STEP || !value_equal(item->type, item->ours, item->original);
}

/* Whether the path means the same variable in both places: only what is below net is a network namespace's own. */
static bool is_same_place(const struct host *a, const struct host *b, const char *path)
{
	return host_is_same_boot(a, b) && (host_is_same_netns(a, b) || strncmp(path, "net/", strlen("net/")) != 0);
}

static bool is_same_variable(const struct change *a, const struct change *b, const char *path)
{
	return is_same_place(&a->host, &b->host, path);
}

/* The change's item of this variable, by this name or another one of it. */
static struct change_item *find_variable(const struct change *change, const char *path)
{
	const struct catalog_row *row = catalog_find(path);
	struct change_item *item = change_find(change, path);

	for (size_t i = 0; !item && row && row->aliases[i]; i++)
		item = change_find(change, row->aliases[i]);
	return item;
}

const struct change_item *stack_find_held(const struct change *change, const struct host *host, const char *path)
{
	const struct change_item *item = change->kind == CHANGE_APPLY && is_same_place(&change->host, host, path) ?
		find_variable(change, path) : NULL;

	return item && holds(change, item) ? item : NULL;
}

/* The next older change in the walk that may hold a key of this one. 0, RECORD_NONE, or a negative errno. */
static int next_relevant(struct record_walk *walk, const struct change *change, struct change **ret_other)
{
	const char *id, *problem;
	int r;

	do
		r = record_walk_next_current(walk, &change->host, ret_other, &id, &problem);
	while (r == RECORD_BROKEN || (r == 0 && ((*ret_other)->kind != CHANGE_APPLY ||
		!host_is_same_boot(&(*ret_other)->host, &change->host))));
	return r;
}

int stack_find_owners(const struct record_store *store, struct arena *arena, struct change *change)
{
	struct record_walk walk;
	struct change *other;
	int r = record_walk(store, arena, &walk);

	if (r < 0)
		return r;
	while ((r = next_relevant(&walk, change, &other)) == 0)
		for (size_t i = 0; i < change->items_count; i++) {
			struct change_item *item = &change->items[i];
			const struct change_item *beneath = item->original_owner ||
				!is_same_variable(other, change, item->path) ? NULL : find_variable(other, item->path);

			if (beneath && item->original.bytes && holds(other, beneath) &&
				value_equal(item->type, beneath->ours, item->original))
				item->original_owner = other->id;
		}
	return r == RECORD_NONE ? 0 : r;
}

/* Owners that were loaded already: one record is read once. */
struct owners {
	const struct record_store *store;
	struct arena *arena;
	struct change **changes;
	size_t count, capacity;
};

/* NULL in *ret_owner when its record is gone or does not read: then its value is all that is known. */
static int load_owner(struct owners *owners, const char *id, struct change **ret_owner)
{
	struct change *owner = NULL;
	struct change **grown;
	const char *problem;
	int r;

	for (size_t i = 0; i < owners->count; i++)
		if (strcmp(owners->changes[i]->id, id) == 0) {
			*ret_owner = owners->changes[i];
			return 0;
		}
	r = record_load(owners->store, owners->arena, id, &owner, &problem);
	if (r < 0)
		return r;
	*ret_owner = r == 0 ? owner : NULL;
	if (r != 0)
		return 0;
	grown = arena_grow(owners->arena, owners->changes, owners->count, &owners->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	owners->changes = grown;
	owners->changes[owners->count++] = owner;
	return 0;
}

/* Down the chain, over what was taken out. An owner is always older, so this ends; a record that says otherwise
 * was edited, and is believed no further. */
static int settle_item(struct owners *owners, const struct change *change, struct change_item *item)
{
	const char *above = change->id;

	while (item->original_owner && strcmp(item->original_owner, above) < 0) {
		const struct change_item *beneath;
		struct change *owner;
		int r = load_owner(owners, item->original_owner, &owner);

		if (r < 0)
			return r;
		beneath = owner && is_same_variable(owner, change, item->path) ? find_variable(owner, item->path) :
			NULL;
		if (!beneath || !beneath->original.bytes || holds(owner, beneath))
			return 0;
		above = owner->id;
		item->original = beneath->original;
		item->original_owner = beneath->original_owner;
	}
	return 0;
}

static int settle(struct owners *owners, struct change *change)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < change->items_count; i++)
		r = settle_item(owners, change, &change->items[i]);
	return r;
}

/* From the newest down: the last one that is found stands right above. */
static int find_holders(struct owners *owners, struct change *change)
{
	struct record_walk walk;
	struct change *other;
	int r = record_walk(owners->store, owners->arena, &walk);

	if (r < 0)
		return r;
	while ((r = next_relevant(&walk, change, &other)) == 0 && strcmp(other->id, change->id) > 0) {
		for (size_t i = 0; i < change->items_count; i++) {
			struct change_item *item = &change->items[i];
			struct change_item *above = find_variable(other, item->path);

			/* Whether it holds the key is told by what it found when it was made: before that is settled. */
			if (!above || !is_same_variable(other, change, item->path) || !holds(other, above))
				continue;
			r = settle_item(owners, other, above);
			if (r < 0)
				return r;
			if (above->original_owner && strcmp(above->original_owner, change->id) == 0)
				item->held_by = other->id;
		}
	}
	return r == RECORD_NONE ? 0 : r;
}

int stack_settle(const struct record_store *store, struct arena *arena, struct change *change)
{
	struct owners owners = { .store = store, .arena = arena };
	int r = find_holders(&owners, change);

	return r < 0 ? r : settle(&owners, change);
}
