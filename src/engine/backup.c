/* SPDX-License-Identifier: MIT */
/* Taking a backup. */
#include "engine/backup.h"

#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>

static int add_key(const struct backup *backup, struct change *change, const char *path)
{
	struct change_item *item = &change->items[change->items_count];
	int error, r;

	*item = (struct change_item){ .path = path, .role = CHANGE_STEP, .status = CHANGE_UNCHANGED };
	r = procsys_read(backup->procsys, backup->arena, path, &item->original, &error);
	if (r != 0)
		return r < 0 ? r : 0;
	item->key = key_display(backup->arena, path);
	item->type = catalog_type(catalog_find(path));
	if (!item->key)
		return -ENOMEM;
	change->items_count++;
	return 0;
}

int backup_run(const struct backup *backup, const struct procsys_paths *paths, struct change **ret_change)
{
	struct change *change = arena_alloc(backup->arena, sizeof(*change));
	int r;

	if (!change)
		return -ENOMEM;
	change->kind = CHANGE_BACKUP;
	change->label = backup->label;
	change->host = *backup->host;
	change->items = arena_alloc(backup->arena, paths->count * sizeof(*change->items));
	if (!change->items)
		return -ENOMEM;
	for (size_t i = 0; i < paths->count; i++) {
		r = add_key(backup, change, paths->paths[i]);
		if (r < 0)
			return r;
	}
	*ret_change = change;
	if (change->items_count == 0)
		return 0;
	r = record_begin(backup->store, backup->arena, change);
	return r < 0 ? r : record_finish(backup->store, backup->arena, change, CHANGE_STANDING,
		CHANGE_BY_APPLY);
}
