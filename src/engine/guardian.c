/* SPDX-License-Identifier: MIT */
/* Keeping a deadline. */
#define _GNU_SOURCE
#include "engine/guardian.h"

#include "engine/record.h"
#include "engine/restore.h"
#include "kernel/boottime.h"
#include "kernel/daemon.h"
#include "kernel/facts.h"
#include "kernel/signals.h"
#include "kernel/systemd.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

bool guardian_is_overdue(unsigned long long deadline_ms)
{
	return boottime_ms() >= deadline_ms;
}

/* ---- arming ---- */

int guardian_set_deadline(struct arena *arena, struct change_confirmation *confirmation)
{
	const char *deadline = record_timestamp_in(arena, confirmation->seconds);

	if (!deadline)
		return -ENOMEM;
	confirmation->deadline_ms = boottime_ms() + confirmation->seconds * 1000ULL;
	confirmation->deadline = deadline;
	return 0;
}

int guardian_plan(const struct guardian *guardian, struct arena *arena,
	struct change_confirmation *ret_confirmation)
{
	struct change_confirmation confirmation = {
		.guardian = guardian->root->is_system && systemd_is_in_charge() ? CHANGE_GUARDIAN_SERVICE :
			CHANGE_GUARDIAN_PROCESS,
		.seconds = guardian->seconds,
	};
	int r = guardian_set_deadline(arena, &confirmation);

	if (r == 0)
		*ret_confirmation = confirmation;
	return r;
}

static int arm_service(const struct change *change)
{
	const char *const arguments[] = { "__guardian", change->id, NULL };
	char unit[64];

	snprintf(unit, sizeof(unit), "kerntune-%s", change->id);
	return systemd_start_service(unit, arguments);
}

static int arm_process(const struct guardian *guardian, const struct change *change)
{
	const int kept[] = { guardian->root->fd, guardian->procsys->dir_fd };
	int ready_fd;
	int r = daemon_fork(kept, COUNT_OF(kept), &ready_fd);

	if (r <= 0)
		return r;
	r = guardian_watch(guardian, change->id, ready_fd);
	_exit(r < 0);
}

int guardian_arm(const struct guardian *guardian, struct change *change)
{
	int r;

	if (change->confirmation.guardian == CHANGE_GUARDIAN_SERVICE && arm_service(change) == 0)
		return 0;
	/* A service manager that does not take the job is no reason to go without. */
	change->confirmation.guardian = CHANGE_GUARDIAN_PROCESS;
	r = arm_process(guardian, change);
	return r < 0 && r != -ENOMEM ? -ECHILD : r;
}

/* ---- watching ---- */

enum { RETRY_MS = 5000 };

struct watch {
	const struct guardian *guardian;
	struct record_store store;
	const char *id;
	int timer_fd;
	int inotify_fd;		/* tells of every record that is replaced; -1: only the deadline counts */
};

static void watch_release(struct watch *watch)
{
	record_store_release(&watch->store);
	close_fd_(&watch->timer_fd);
	close_fd_(&watch->inotify_fd);
}

static int watch_open(struct watch *watch)
{
	char path[64];
	int r = record_store_open(watch->guardian->root, RECORD_WRITE, &watch->store);

	if (r == 0)
		r = record_lock_guardian(&watch->store);
	if (r < 0)
		return r;
	watch->timer_fd = boottime_timer_open();
	if (watch->timer_fd < 0)
		return watch->timer_fd;
	/* Without it (there is a limit per user), a change that is confirmed is noticed only at its deadline. */
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", watch->store.changes_fd);
	if (watch->inotify_fd >= 0 && inotify_add_watch(watch->inotify_fd, path, IN_MOVED_TO) < 0)
		close_fd_(&watch->inotify_fd);
	return 0;
}

/* 1 when the deadline has come, 0 when a record was replaced, or a negative errno. */
static int wait_for_news(const struct watch *watch)
{
	struct pollfd fds[] = { { .fd = watch->timer_fd, .events = POLLIN },
		{ .fd = watch->inotify_fd, .events = POLLIN } };
	char events[4096];

	while (poll(fds, COUNT_OF(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	if (fds[1].revents)
		(void)!read(watch->inotify_fd, events, sizeof(events));
	return fds[0].revents != 0;
}

/* The system log is the system's: not that of a tree of files. */
static void log_line(const struct watch *watch, int priority, const char *format, ...) PRINTF_FORMAT(3, 4);

static void log_line(const struct watch *watch, int priority, const char *format, ...)
{
	va_list arguments;

	if (!watch->guardian->root->is_system)
		return;
	va_start(arguments, format);
	vsyslog(LOG_DAEMON | priority, format, arguments);
	va_end(arguments);
}

/* Whether there is something left to guard, and until when. 0 when there is not, 1, or a negative errno. */
static int read_record(const struct watch *watch, struct arena *arena, unsigned long long *ret_deadline_ms)
{
	const char *problem;
	struct change *change;
	int r = record_load(&watch->store, arena, watch->id, &change, &problem);

	if (r == RECORD_BROKEN) {
		log_line(watch, LOG_ERR, "the record of change %s cannot be used: %s", watch->id, problem);
		return -EBADMSG;
	}
	if (r != 0)
		return r < 0 ? r : 0;
	*ret_deadline_ms = change->confirmation.deadline_ms;
	return change_is_unsettled(change);
}

static void log_result(const struct watch *watch, const struct restore_result *result)
{
	const struct undo_result *undone = &result->undone;

	if (result->outcome == RESTORE_DONE)
		log_line(watch, LOG_WARNING, "change %s was not confirmed in time: %zu parameters put back",
			watch->id, undone->restored);
	else
		log_line(watch, LOG_ERR, "change %s was not confirmed in time: %zu parameters put back, "
			"%zu left alone, %zu failed; look at it, then: kerntune restore %s", watch->id,
			undone->restored, undone->conflicts, undone->failures, watch->id);
}

static int revert(struct watch *watch, struct arena *arena)
{
	const struct undo undo = { .arena = arena, .procsys = watch->guardian->procsys };
	struct restore_result result;
	const char *problem = "";
	struct change *change;
	struct host host;
	int r = facts_host(watch->guardian->root, arena, &host);

	if (r == 0)
		r = restore_choose_overdue(&watch->store, arena, &host, watch->id, &change, &problem);
	if (r == 0) {
		signals_hold();
		r = restore_run(&undo, &watch->store, CHANGE_BY_GUARDIAN, change, &result);
	}
	if (r == 0)
		log_result(watch, &result);
	else
		log_line(watch, LOG_ERR, "change %s was not confirmed in time, and could not be undone: %s",
			watch->id, r < 0 ? strerror(-r) : problem);
	return r < 0 ? r : 0;
}

/* The deadline has come: decided under the lock, with the record as it is then. 0 when all is done, 1 to wait on. */
static int decide(struct watch *watch)
{
	CLEANUP_ARENA struct arena arena;
	unsigned long long deadline_ms;
	int r = record_lock(&watch->store, RECORD_WAIT);

	if (r < 0)
		return r;
	arena_init(&arena);
	r = read_record(watch, &arena, &deadline_ms);
	if (r == 1 && guardian_is_overdue(deadline_ms))
		r = revert(watch, &arena);
	record_unlock(&watch->store);
	return r;
}

/* 0 when there is nothing to wait for any more, 1 at the deadline, or a negative errno. */
static int wait_for_deadline(struct watch *watch, int *ready_fd)
{
	for (;;) {
		CLEANUP_ARENA struct arena arena;
		unsigned long long deadline_ms;
		int r;

		arena_init(&arena);
		r = read_record(watch, &arena, &deadline_ms);
		if (r != 1)
			return r;
		r = boottime_timer_set(watch->timer_fd, deadline_ms);
		if (r == 0 && *ready_fd >= 0)
			r = daemon_ready(TAKE_FD(*ready_fd));
		if (r == 0)
			r = wait_for_news(watch);
		if (r != 0)
			return r;
	}
}

int guardian_watch(const struct guardian *guardian, const char *id, int ready_fd)
{
	CLEANUP(watch_release) struct watch watch = { .guardian = guardian, .store = RECORD_STORE_INIT, .id = id,
		.timer_fd = -1, .inotify_fd = -1 };
	CLEANUP_FD int ready = ready_fd;
	int r = watch_open(&watch);

	openlog("kerntune", LOG_PID, LOG_DAEMON);
	if (r < 0)
		return r;
	for (;;) {
		r = wait_for_deadline(&watch, &ready);
		if (r == 1)
			r = decide(&watch);
		/* Who has not said yet that it is armed may give up; afterwards, what fails now is tried again. */
		if (r == 0 || (r < 0 && ready >= 0))
			return r;
		if (r < 0)
			(void)poll(NULL, 0, RETRY_MS);
	}
}
