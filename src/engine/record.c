/* SPDX-License-Identifier: MIT */
/* Change records on disk. */
#define _GNU_SOURCE
#include "engine/record.h"

#include "base/fileio.h"
#include "format/step_log.h"
#include "kernel/boottime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECORD_SUFFIX ".json"
#define LOCK_FILE "lock"
#define STEPS_FILE "steps"
#define STATE_FILE "state"

enum { LOCK_COMMAND = 0, LOCK_GUARDIAN = 1 };	/* bytes of the lock file */

enum {
	RECORD_SIZE_MAX = 64 * 1024 * 1024,
	RECORD_FILE_NAME_SIZE = 64,
};

/* ---- directories ---- */

/* A directory that belongs to the system, such as var/lib: made like any other when a root lacks it. */
static int open_system_dir(const struct rootdir *root, const char *parent, const char *name)
{
	char path[64];
	CLEANUP_FD int parent_fd = -1;
	int fd;

	strcpy(path, parent);
	if (parent[0])
		strcat(path, "/");
	strcat(path, name);
	fd = rootdir_open_path(root, path, O_RDONLY | O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;
	parent_fd = parent[0] ? rootdir_open_path(root, parent, O_PATH | O_DIRECTORY) : dup(root->fd);
	if (parent_fd < 0)
		return parent[0] ? parent_fd : -errno;
	if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return rootdir_open_path(root, path, O_RDONLY | O_DIRECTORY);
}

static int open_for_writing(const struct rootdir *root, struct record_store *store)
{
	CLEANUP_FD int var = open_system_dir(root, "", "var");
	CLEANUP_FD int lib = var < 0 ? -1 : open_system_dir(root, "var", "lib");
	CLEANUP_FD int state = lib < 0 ? -1 : fileio_make_dir_at(lib, "kerntune", 0700);
	CLEANUP_FD int run = -1;

	if (var < 0)
		return var;
	if (lib < 0)
		return lib;
	if (state < 0)
		return state;
	store->changes_fd = fileio_make_dir_at(state, "changes", 0700);
	if (store->changes_fd < 0)
		return store->changes_fd;
	run = open_system_dir(root, "", "run");
	if (run < 0)
		return run;
	store->run_fd = fileio_make_dir_at(run, "kerntune", 0755);
	return store->run_fd < 0 ? store->run_fd : 0;
}

static int open_for_reading(const struct rootdir *root, struct record_store *store)
{
	const int flags = O_RDONLY | O_DIRECTORY;

	store->run_fd = rootdir_open_path(root, "run/kerntune", flags);
	if (store->run_fd < 0 && store->run_fd != -ENOENT)
		return store->run_fd;
	store->changes_fd = rootdir_open_path(root, "var/lib/kerntune/changes", flags);
	if (store->changes_fd < 0 && store->changes_fd != -ENOENT)
		return store->changes_fd;
	return 0;
}

int record_store_open(const struct rootdir *root, enum record_mode mode, struct record_store *ret_store)
{
	return mode == RECORD_WRITE ? open_for_writing(root, ret_store) : open_for_reading(root, ret_store);
}

void record_store_release(struct record_store *store)
{
	close_fd_(&store->changes_fd);
	close_fd_(&store->run_fd);
	close_fd_(&store->lock_fd);
	close_fd_(&store->log_fd);
}

/* A record lock, not flock(2): it can be asked for without being taken for a moment. */
static int lock_byte(struct record_store *store, off_t byte, short type, enum record_patience patience)
{
	const struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	/* Opened once: closing any descriptor of the file would release every lock on it. */
	if (store->lock_fd < 0)
		store->lock_fd = openat(store->run_fd, LOCK_FILE,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return -errno;
	while (fcntl(store->lock_fd, patience == RECORD_WAIT ? F_SETLKW : F_SETLK, &lock) < 0)
		if (errno != EINTR)
			return errno == EACCES || errno == EAGAIN ? RECORD_LOCKED : -errno;
	return 0;
}

static bool is_byte_locked(const struct record_store *store, off_t byte)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	CLEANUP_FD int fd = store->run_fd < 0 ? -1 :
		openat(store->run_fd, LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int record_lock(struct record_store *store, enum record_patience patience)
{
	return lock_byte(store, LOCK_COMMAND, F_WRLCK, patience);
}

void record_unlock(struct record_store *store)
{
	const struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = LOCK_COMMAND,
		.l_len = 1 };

	(void)fcntl(store->lock_fd, F_SETLK, &lock);
}

bool record_is_locked(const struct record_store *store)
{
	return is_byte_locked(store, LOCK_COMMAND);
}

/* Shared, so that one guardian never waits for another: the older one may be waiting for whoever arms this one. */
int record_lock_guardian(struct record_store *store)
{
	return lock_byte(store, LOCK_GUARDIAN, F_RDLCK, RECORD_WAIT);
}

bool record_has_guardian(const struct record_store *store)
{
	return is_byte_locked(store, LOCK_GUARDIAN);
}

/* ---- writing ---- */

const char *record_timestamp(struct arena *arena)
{
	return record_timestamp_in(arena, 0);
}

const char *record_timestamp_in(struct arena *arena, unsigned long seconds)
{
	char text[sizeof("2026-11-22T06:47:00Z") + 8];
	time_t then = time(NULL) + (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&then, &utc) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return NULL;
	return arena_strdup(arena, text);
}

/* The one right after another in the order of names. 0, -ENOMEM, or -EOVERFLOW when there is none. */
static int next_id(struct arena *arena, const char *id, const char **ret_id)
{
	const char *dash = strchr(id, '-');
	unsigned long suffix = strtoul(dash + 1, NULL, 16);

	if (suffix == 0xffff)
		return -EOVERFLOW;
	*ret_id = arena_printf(arena, "%.*s-%04lx", (int)(dash - id), id, suffix + 1);
	return *ret_id ? 0 : -ENOMEM;
}

/* The order of ids tells which change is the newest, so none may sort before one that is there already:
 * several fit into a second, and clocks are set back. */
static int new_id(const struct record_store *store, struct arena *arena, const char **ret_id)
{
	char text[sizeof("20261122T064700Z") + 8];
	CLEANUP_ARENA struct arena listing;	/* a long history must not use up what was reserved */
	time_t now = time(NULL);
	const char *const *ids;
	const char *id;
	unsigned short suffix;
	struct tm utc;
	size_t count;
	int r;

	arena_init(&listing);
	r = record_list(store, &listing, &ids, &count);
	if (r < 0)
		return r;
	if (!gmtime_r(&now, &utc) || strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc) == 0)
		return -EOVERFLOW;
	if (getrandom(&suffix, sizeof(suffix), GRND_NONBLOCK) != sizeof(suffix))
		suffix = (unsigned short)getpid();
	/* The upper half is left for those that follow within the second. */
	id = arena_printf(arena, "%s-%04x", text, suffix & 0x7fffu);
	if (!id)
		return -ENOMEM;
	if (count && strcmp(id, ids[count - 1]) <= 0)
		return next_id(arena, ids[count - 1], ret_id);
	*ret_id = id;
	return 0;
}

static int replace_record(const struct record_store *store, const struct change *change, bool durable)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char file[RECORD_FILE_NAME_SIZE];
	int r = record_json_write(&text, change);

	if (r < 0)
		return r;
	if (text.length > RECORD_SIZE_MAX)
		return -EFBIG;
	strcpy(file, change->id);
	strcat(file, RECORD_SUFFIX);
	return fileio_replace_at(store->changes_fd, file, text.bytes, text.length, 0600, durable);
}

/* The change that everybody is told about after this one has moved on: one that is not settled before one that
 * stands, else the newest. NULL when all is over. */
static int find_notable(const struct record_store *store, struct arena *arena, struct change *change,
	struct change **ret_notable)
{
	/* Nothing was unsettled when apply began, or it would not have. */
	bool is_alone = change->state != CHANGE_UNDONE && change->finished_by == CHANGE_BY_APPLY;
	int r = 0;

	*ret_notable = change;
	if (is_alone || change_is_unsettled(change))
		return 0;
	r = record_newest(store, arena, &change->host, RECORD_ANYWHERE, change_is_unsettled, ret_notable);
	if (r != RECORD_NONE || change->state != CHANGE_UNDONE)
		return r < 0 ? r : 0;
	r = record_newest(store, arena, &change->host, RECORD_ANYWHERE, record_is_not_over, ret_notable);
	if (r == RECORD_NONE)
		*ret_notable = NULL;
	return r < 0 ? r : 0;
}

static int replace_notice(const struct record_store *store, struct arena *arena, struct change *change)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct change *notable;
	int r = find_notable(store, arena, change, &notable);

	if (r < 0)
		return r;
	if (!notable)
		return unlinkat(store->run_fd, STATE_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
	r = record_json_write_notice(&text, notable);
	if (r < 0)
		return r;
	return fileio_replace_at(store->run_fd, STATE_FILE, text.bytes, text.length, 0644, false);
}

static int open_log(struct record_store *store, const struct change *change)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	step_log_add_header(&text, change);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	store->log_fd = openat(store->run_fd, STEPS_FILE,
		O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->log_fd < 0)
		return -errno;
	return fileio_write_all(store->log_fd, text.bytes, text.length);
}

static int close_log(struct record_store *store)
{
	close_fd_(&store->log_fd);
	if (unlinkat(store->run_fd, STEPS_FILE, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static void remove_record(const struct record_store *store, const struct change *change)
{
	char file[RECORD_FILE_NAME_SIZE];

	strcpy(file, change->id);
	strcat(file, RECORD_SUFFIX);
	(void)unlinkat(store->changes_fd, file, 0);
}

int record_begin(struct record_store *store, struct arena *arena, struct change *change)
{
	int r = new_id(store, arena, &change->id);

	if (r < 0)
		return r;
	change->created = record_timestamp(arena);
	if (!change->created)
		return -ENOMEM;
	change->state = CHANGE_RECORDED;
	/* A backup has no steps, and must not touch the log of a change that was interrupted. */
	if (change->kind == CHANGE_BACKUP)
		return replace_record(store, change, true);

	r = open_log(store, change);
	if (r == 0)
		r = replace_record(store, change, true);
	if (r == 0)
		r = replace_notice(store, arena, change);
	if (r < 0) {
		remove_record(store, change);
		(void)close_log(store);
	}
	return r;
}

static int append_log(const struct record_store *store, const struct strbuf *line)
{
	int r = strbuf_check(line);

	return r < 0 ? r : fileio_write_all(store->log_fd, line->bytes, line->length);
}

int record_intent(struct record_store *store, struct change *change, size_t index)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	int r;

	step_log_add_intent(&line, index);
	r = append_log(store, &line);
	if (r < 0)
		return r;
	change->items[index].intended = true;
	change->state = CHANGE_APPLYING;
	return 0;
}

int record_outcome(struct record_store *store, struct change *change, size_t index)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	change->items[index].completed = true;
	step_log_add_outcome(&line, index, &change->items[index]);
	return append_log(store, &line);
}

int record_moved(struct record_store *store, struct change *change, size_t index)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	step_log_mark_moved(&change->items[index]);
	step_log_add_moved(&line, index, &change->items[index]);
	return append_log(store, &line);
}

int record_stray(struct record_store *store, struct change *change, size_t index)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	change->items[index].status = CHANGE_FOREIGN_CHANGED;
	step_log_add_stray(&line, index);
	return append_log(store, &line);
}

/* The notice first, which only informs: killed in between, everybody is warned in vain rather than nobody. */
int record_set_undoing(struct record_store *store, struct arena *arena, struct change *change)
{
	change->state = CHANGE_UNDOING;
	(void)replace_notice(store, arena, change);
	return replace_record(store, change, false);
}

int record_extend(struct record_store *store, struct arena *arena, struct change *change)
{
	int r = replace_record(store, change, false);

	if (r == 0)
		(void)replace_notice(store, arena, change);
	return r;
}

int record_finish(struct record_store *store, struct arena *arena, struct change *change,
	enum change_state state, enum change_actor actor)
{
	int r;

	change->state = state;
	change->finished_by = actor;
	change->finished = record_timestamp(arena);
	if (!change->finished)
		return -ENOMEM;
	/* The record first: were the log gone before it, a crash in between would lose the outcomes. */
	r = replace_record(store, change, false);
	if (r < 0 || change->kind == CHANGE_BACKUP)
		return r;
	(void)replace_notice(store, arena, change);
	(void)close_log(store);
	return 0;
}

/* ---- reading ---- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *id_of_file(struct arena *arena, const char *file)
{
	size_t length = strlen(file), suffix = strlen(RECORD_SUFFIX);
	char *id;

	if (length <= suffix || strcmp(file + length - suffix, RECORD_SUFFIX) != 0)
		return NULL;
	id = arena_copy(arena, file, length - suffix);
	return id && change_id_is_valid(id) ? id : NULL;
}

int record_list(const struct record_store *store, struct arena *arena, const char *const **ret_ids,
	size_t *ret_count)
{
	CLEANUP_DIR DIR *listing = NULL;
	const char **ids = NULL;
	size_t count = 0, capacity = 0;
	struct dirent *entry;
	int fd;

	*ret_ids = NULL;
	*ret_count = 0;
	if (store->changes_fd < 0)
		return 0;
	fd = openat(store->changes_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	listing = fdopendir(fd);
	if (!listing) {
		(void)close(fd);
		return -errno;
	}
	while ((entry = readdir(listing))) {
		const char *id = id_of_file(arena, entry->d_name);

		if (!id)
			continue;
		ids = arena_grow(arena, ids, count, &capacity, sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		ids[count++] = id;
	}
	if (count)
		qsort(ids, count, sizeof(*ids), compare_ids);
	*ret_ids = ids;
	*ret_count = count;
	return 0;
}

/* The log is made before the record and removed after it was completed: where it is missing, or is not this
 * change's, nobody knows how far the change came. Each step then counts as done, so that what holds our
 * value is put back, and anything else is for a person to look at. */
static void assume_done(struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		if (item->role != CHANGE_STEP)
			continue;
		item->intended = item->completed = true;
		item->status = CHANGE_APPLIED;
		item->ours = item->target;
	}
}

/* Adds what the step log knows. */
static int merge_log(const struct record_store *store, struct arena *arena, struct change *change)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int r = store->run_fd < 0 ? -ENOENT :
		fileio_read_at(store->run_fd, STEPS_FILE, RECORD_SIZE_MAX, &text);

	if (r == 0)
		r = step_log_read(arena, text.bytes, text.length, change);
	if (r == -ENOMEM)
		return r;
	if (r != 0)
		assume_done(change);
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended)
			change->state = CHANGE_APPLYING;
	return 0;
}

/* Replacing a finished record costs no sync, and some file systems keep the new name through a power cut without the
 * new content. An empty record that is older than this boot has lost nothing but history. */
static bool is_emptied_by_power_cut(const struct record_store *store, const char *file)
{
	struct timespec now;
	struct stat status;
	long long age_ms;

	if (fstatat(store->changes_fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	age_ms = (now.tv_sec - status.st_mtim.tv_sec) * 1000LL + (now.tv_nsec - status.st_mtim.tv_nsec) / 1000000;
	return age_ms > (long long)boottime_ms();
}

int record_load(const struct record_store *store, struct arena *arena, const char *id,
	struct change **ret_change, const char **ret_problem)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char file[RECORD_FILE_NAME_SIZE];
	int r;

	if (!change_id_is_valid(id) || store->changes_fd < 0)
		return RECORD_NONE;
	strcpy(file, id);
	strcat(file, RECORD_SUFFIX);
	r = fileio_read_at(store->changes_fd, file, RECORD_SIZE_MAX, &text);
	if (r == -ENOENT || (r == 0 && text.length == 0 && is_emptied_by_power_cut(store, file)))
		return RECORD_NONE;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_problem = r == -EFBIG || r == -EINVAL || r == -ELOOP ?
			"it is no regular file of a sensible size" : strerror(-r);
		return RECORD_BROKEN;
	}
	r = record_json_read(arena, text.bytes, text.length, id, ret_change, ret_problem);
	if (r != 0)
		return r < 0 ? r : RECORD_BROKEN;
	if ((*ret_change)->state == CHANGE_RECORDED && (*ret_change)->kind == CHANGE_APPLY)
		return merge_log(store, arena, *ret_change);
	return 0;
}

int record_walk(const struct record_store *store, struct arena *arena, struct record_walk *ret_walk)
{
	struct record_walk walk = { .store = store, .arena = arena };
	int r = record_list(store, arena, &walk.ids, &walk.left);

	*ret_walk = walk;
	return r;
}

int record_walk_next(struct record_walk *walk, struct change **ret_change, const char **ret_id,
	const char **ret_problem)
{
	int r = RECORD_NONE;

	/* One that was removed meanwhile is not there. */
	while (r == RECORD_NONE && walk->left > 0) {
		*ret_id = walk->ids[--walk->left];
		r = record_load(walk->store, walk->arena, *ret_id, ret_change, ret_problem);
	}
	return r;
}

/* Most records are history, and a long history must not slow every command down: the beginning of the text
 * tells. Quotes within a JSON text are escaped, so that what is looked for cannot stand in a label; a
 * record that was edited and looks different is simply read whole. */
static bool is_history_at_a_glance(const struct record_store *store, const char *id, const char *boot_id)
{
	static const char boot[] = "\"boot_id\":\t\"";
	char head[2048], file[RECORD_FILE_NAME_SIZE];
	CLEANUP_FD int fd = -1;
	const char *found;
	ssize_t length;

	strcpy(file, id);
	strcat(file, RECORD_SUFFIX);
	fd = fileio_open_beneath(store->changes_fd, file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	length = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);
	if (length < 0)
		return false;
	head[length] = '\0';
	if (strstr(head, "\t\"kind\":\t\"backup\"") || strstr(head, "\t\"state\":\t\"undone\""))
		return true;
	found = strstr(head, boot);
	if (!found)
		return false;
	found += strlen(boot);
	/* Whole, or it may be cut at the end of what was read. */
	if (!strchr(found, '"'))
		return false;
	return strncmp(found, boot_id, strlen(boot_id)) != 0 || found[strlen(boot_id)] != '"';
}

int record_walk_next_current(struct record_walk *walk, const struct host *host, struct change **ret_change,
	const char **ret_id, const char **ret_problem)
{
	while (walk->left > 0 && is_history_at_a_glance(walk->store, walk->ids[walk->left - 1], host->boot_id))
		walk->left--;
	return record_walk_next(walk, ret_change, ret_id, ret_problem);
}

int record_newest(const struct record_store *store, struct arena *arena, const struct host *host,
	enum record_place place, bool (*is_meant)(const struct change *change), struct change **ret_change)
{
	struct record_walk walk;
	const char *id, *problem;
	struct change *change;
	int r = record_walk(store, arena, &walk);

	if (r < 0)
		return r;
	while ((r = record_walk_next_current(&walk, host, &change, &id, &problem)) >= 0 && r != RECORD_NONE)
		if (r == 0 && change->kind == CHANGE_APPLY && is_meant(change) &&
			host_is_same_boot(&change->host, host) &&
			(place == RECORD_ANYWHERE || host_is_same_netns(&change->host, host))) {
			*ret_change = change;
			return 0;
		}
	return r;
}

bool record_is_not_over(const struct change *change)
{
	return change->state != CHANGE_UNDONE;
}

int record_load_notice(const struct record_store *store, struct arena *arena,
	struct record_notice *ret_notice)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int r;

	if (store->run_fd < 0)
		return RECORD_NONE;
	r = fileio_read_at(store->run_fd, STATE_FILE, 4096, &text);
	if (r == 0)
		r = record_json_read_notice(arena, text.bytes, text.length, ret_notice);
	return r == -ENOENT || r == 1 ? RECORD_NONE : r;
}

bool record_notice_is_unsettled(const struct record_notice *notice)
{
	const struct change change = { .state = notice->state };

	return change_is_unsettled(&change);
}

int record_mend_notice(const struct record_store *store, struct arena *arena)
{
	struct record_notice notice;
	struct change *change;
	const char *problem;
	int r = record_load_notice(store, arena, &notice);

	/* What stands has been settled by the last command, and its record was replaced before its notice. */
	if (r != 0 || !record_notice_is_unsettled(&notice))
		return r == -ENOMEM ? r : 0;
	r = record_load(store, arena, notice.id, &change, &problem);
	if (r == 0 && change->state != notice.state)
		r = replace_notice(store, arena, change);
	return r == -ENOMEM ? r : 0;
}
