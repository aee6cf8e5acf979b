/* SPDX-License-Identifier: MIT */
/* Looking for side effects that nobody knew of. */
#include "engine/audit.h"

#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>

const char *const audit_host[] = { "net", "vm", NULL };
const char *const audit_netns[] = { "net", NULL };

static bool is_among(const struct change *change, size_t count, const char *path)
{
	struct change first = { .items = change->items, .items_count = count };

	return change_find(&first, path) != NULL;
}

static int watch_key(struct procsys *procsys, struct arena *arena, struct change *change, const char *path)
{
	const struct catalog_row *row = catalog_find(path);
	struct change_item item = { .path = path, .role = CHANGE_WATCHED, .status = CHANGE_UNCHANGED,
		.type = catalog_type(row) };
	struct change_item *grown;
	int error, r;

	if (row && row->is_volatile)
		return 0;
	r = procsys_read(procsys, arena, path, &item.original, &error);
	if (r != 0)
		return r < 0 ? r : 0;
	item.key = key_display(arena, path);
	grown = arena_grow(arena, change->items, change->items_count, &change->items_capacity, sizeof(*grown));
	if (!item.key || !grown)
		return -ENOMEM;
	change->items = grown;
	change->items[change->items_count++] = item;
	return 0;
}

int audit_watch(struct procsys *procsys, struct arena *arena, const char *const *directories, struct change *change)
{
	struct procsys_paths paths = { 0 };
	size_t known = change->items_count;
	int r = 0;

	for (; r == 0 && *directories; directories++)
		r = procsys_walk(procsys, arena, *directories, &paths);
	for (size_t i = 0; r == 0 && i < paths.count; i++)
		if (!is_among(change, known, paths.paths[i]))
			r = watch_key(procsys, arena, change, paths.paths[i]);
	return r;
}

int audit_begin(struct audit *audit, const struct change *change)
{
	audit->last = arena_alloc(audit->arena, (change->items_count + 1) * sizeof(*audit->last));
	if (!audit->last)
		return -ENOMEM;
	for (size_t i = 0; i < change->items_count; i++)
		audit->last[i] = change->items[i].original;
	return 0;
}

/* Reads an item again. 0; 1 when it holds something else than at the last look, now in audit->last; -ENOMEM. What
 * cannot be read has gone with its interface, and that is no value that moved. */
static int look(struct audit *audit, struct arena *scratch, const struct change_item *item, struct value *last)
{
	struct value now;
	int error, r = procsys_read(audit->procsys, scratch, item->path, &now, &error);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!last->bytes || value_identical(now, *last))
		return 0;
	r = value_copy(audit->arena, now, last);
	return r < 0 ? r : 1;
}

int audit_note_strays(struct audit *audit, struct change *change)
{
	CLEANUP_ARENA struct arena scratch;
	int r = 0;

	arena_init(&scratch);
	for (size_t i = 0; r >= 0 && i < change->items_count; i++) {
		r = look(audit, &scratch, &change->items[i], &audit->last[i]);
		/* Steps and known side effects are compared with what is expected of them anyway. */
		if (r == 1 && change->items[i].role == CHANGE_WATCHED)
			r = record_stray(audit->store, change, i);
	}
	return r < 0 ? r : 0;
}

int audit_note_moved(struct audit *audit, struct change *change, size_t step)
{
	CLEANUP_ARENA struct arena scratch;
	int r = 0;

	arena_init(&scratch);
	for (size_t i = 0; r >= 0 && i < change->items_count; i++) {
		r = look(audit, &scratch, &change->items[i], &audit->last[i]);
		if (r != 1 || i == step)
			continue;
		change->items[i].ours = audit->last[i];
		r = record_moved(audit->store, change, i);
	}
	return r < 0 ? r : 0;
}

void audit_drop_unmoved(struct change *change)
{
	size_t kept = 0;

	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].role != CHANGE_WATCHED ||
			change->items[i].status == CHANGE_FOREIGN_CHANGED)
			change->items[kept++] = change->items[i];
	change->items_count = kept;
}
