/* SPDX-License-Identifier: MIT */
/* Undoing what nobody confirms. Guardians run here in this process, and as processes of their own. */
#define _GNU_SOURCE
#include "engine/guardian.h"

#include "engine_fixture.h"
#include "kernel/boottime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOUR = 3600, PATIENCE_MS = 120 * 1000 };

#define KEY "net/core/somaxconn"
#define PARAMETERS "  net.core.somaxconn: 65535\n  vm.swappiness: 10\n"

static struct guardian make_guardian(struct fixture *fixture, unsigned long seconds)
{
	return (struct guardian){ .root = &fixture->kernel.root, .procsys = &fixture->kernel.procsys,
		.seconds = seconds };
}

static void test_deadlines(void **state)
{
	struct fixture *fixture = *state;
	struct guardian guardian = make_guardian(fixture, HOUR);
	struct change_confirmation confirmation = { .guardian = CHANGE_GUARDIAN_NONE };
	unsigned long long before = boottime_ms(), after;

	assert_int_equal(guardian_plan(&guardian, &fixture->arena, &confirmation), 0);
	after = boottime_ms();
	/* systemd's timers are the system's, and this is a tree of files. */
	assert_int_equal(confirmation.guardian, CHANGE_GUARDIAN_PROCESS);
	assert_int_equal(confirmation.seconds, HOUR);
	assert_true(confirmation.deadline_ms >= before + HOUR * 1000ULL);
	assert_true(confirmation.deadline_ms <= after + HOUR * 1000ULL);
	assert_true(strcmp(record_timestamp(&fixture->arena), confirmation.deadline) < 0);
	assert_false(guardian_is_overdue(confirmation.deadline_ms));
	assert_true(guardian_is_overdue(boottime_ms()));
	assert_true(guardian_is_overdue(0));

	confirmation.seconds = 2 * HOUR;
	assert_int_equal(guardian_set_deadline(&fixture->arena, &confirmation), 0);
	assert_true(confirmation.deadline_ms >= before + 2 * HOUR * 1000ULL);
}

/* ---- in this process ---- */

/* A change that was applied and waits, with a deadline that has passed. */
static struct change *make_pending(struct fixture *fixture)
{
	struct change *change;

	fixture_plan(fixture, PARAMETERS);
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	change = fixture->applied.change;
	change->confirmation = (struct change_confirmation){ CHANGE_GUARDIAN_PROCESS, 1, 1, "2026-11-22T06:49:00Z" };
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_PENDING, CHANGE_BY_APPLY), 0);
	return change;
}

static struct change *load(struct fixture *fixture, const char *id)
{
	const char *problem;
	struct change *change;

	assert_int_equal(record_load(&fixture->store, &fixture->arena, id, &change, &problem), 0);
	return change;
}

/* The locks of the fixture go with the guardian's store: it is the same process. */
static void watch(struct fixture *fixture, const char *id, int ready_fd)
{
	struct guardian guardian = make_guardian(fixture, 1);

	assert_int_equal(guardian_watch(&guardian, id, ready_fd), 0);
	fixture_reopen_store(fixture);
}

static void test_an_overdue_change_is_undone(void **state)
{
	struct fixture *fixture = *state;
	const char *id = make_pending(fixture)->id;
	const struct change *change;
	char message[16];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	watch(fixture, id, ends[1]);
	assert_int_equal(read(ends[0], message, sizeof(message)), strlen("READY=1"));
	/* It was closed behind that. */
	assert_int_equal(read(ends[0], message, sizeof(message)), 0);
	assert_int_equal(close(ends[0]), 0);
	fixture_assert_unchanged(fixture);
	change = load(fixture, id);
	assert_int_equal(change->state, CHANGE_UNDONE);
	assert_int_equal(change->finished_by, CHANGE_BY_GUARDIAN);
}

static void test_a_foreign_change_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	const char *id = make_pending(fixture)->id;
	const struct change *change;

	fake_kernel_set(&fixture->kernel, KEY, "1234\n");
	watch(fixture, id, -1);
	fake_kernel_assert(&fixture->kernel, KEY, "1234\n");
	fake_kernel_assert(&fixture->kernel, "vm/swappiness", "60\n");
	change = load(fixture, id);
	assert_int_equal(change->state, CHANGE_INCOMPLETE);
	assert_int_equal(change->finished_by, CHANGE_BY_GUARDIAN);
}

/* Killed half-way, with the guardian armed already: the first step is known, the second is not. */
static void test_an_interrupted_change_is_undone_too(void **state)
{
	struct fixture *fixture = *state;
	struct change *change;

	change = make_pending(fixture);
	change->items[1].intended = change->items[1].completed = false;
	change->items[0].intended = change->items[0].completed = false;
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(record_intent(&fixture->store, change, 0), 0);
	assert_int_equal(record_outcome(&fixture->store, change, 0), 0);
	assert_int_equal(record_intent(&fixture->store, change, 1), 0);
	fixture_reopen_store(fixture);
	watch(fixture, change->id, -1);
	fixture_assert_unchanged(fixture);
	assert_int_equal(load(fixture, change->id)->state, CHANGE_UNDONE);
}

static void test_nothing_to_guard(void **state)
{
	static const enum change_state settled[] = { CHANGE_STANDING, CHANGE_UNDONE, CHANGE_INCOMPLETE };
	struct fixture *fixture = *state;
	struct change *change = make_pending(fixture);

	for (size_t i = 0; i < COUNT_OF(settled); i++) {
		assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, settled[i],
			CHANGE_BY_CONFIRM), 0);
		watch(fixture, change->id, -1);
		fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
		assert_int_equal(load(fixture, change->id)->state, settled[i]);
	}
	watch(fixture, "20200101T000000Z-0000", -1);
	watch(fixture, "../../etc/passwd", -1);
}

/* One that is not armed yet gives up, and says nothing: apply then writes nothing. One that is armed would try again, as
 * whoever damaged the record may mend it. */
static void test_a_damaged_record_is_guarded_by_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct guardian guardian = make_guardian(fixture, 1);
	struct change *change = make_pending(fixture);
	char path[100], byte;
	int ends[2];

	snprintf(path, sizeof(path), "var/lib/kerntune/changes/%s.json", change->id);
	temp_dir_write(&fixture->kernel.dir, path, "{");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(guardian_watch(&guardian, change->id, ends[1]), -EBADMSG);
	fixture_reopen_store(fixture);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(close(ends[0]), 0);
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
}

/* Of another boot its values are history, of another network namespace another's. */
static void test_a_change_of_another_place(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_pending(fixture);
	const struct host host = change->host;

	change->host.boot_id = "99999999-2222-3333-4444-555555555555";
	assert_int_equal(record_extend(&fixture->store, &fixture->arena, change), 0);
	watch(fixture, change->id, -1);
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
	change->host = host;
	change->host.netns = "4711";
	assert_int_equal(record_extend(&fixture->store, &fixture->arena, change), 0);
	watch(fixture, change->id, -1);
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
	assert_int_equal(load(fixture, change->id)->state, CHANGE_PENDING);
}

/* ---- as a process of its own ---- */

static int try_to_apply(struct fixture *fixture, const struct guardian *guardian)
{
	const struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host, .guardian = guardian };

	fixture_plan(fixture, PARAMETERS);
	return apply_run(&apply, &fixture->plan, &fixture->applied);
}

/* A pending change, with its guardian at work; the lock is free, as after the command has ended. */
static struct change *apply_guarded(struct fixture *fixture, unsigned long seconds)
{
	struct guardian guardian = make_guardian(fixture, seconds);

	assert_int_equal(try_to_apply(fixture, &guardian), 0);
	assert_int_equal(fixture->applied.outcome, APPLY_PENDING);
	assert_int_equal(fixture->applied.change->confirmation.guardian, CHANGE_GUARDIAN_PROCESS);
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
	record_store_release(&fixture->store);
	return fixture->applied.change;
}

static bool has_guardian(struct fixture *fixture)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;

	assert_int_equal(record_store_open(&fixture->kernel.root, RECORD_READ, &store), 0);
	return record_has_guardian(&store);
}

/* Until the guardian has ended, which is when all that it does is done. */
static void wait_for_the_end(struct fixture *fixture)
{
	unsigned long long limit = boottime_ms() + PATIENCE_MS;

	while (has_guardian(fixture)) {
		assert_true(boottime_ms() < limit);
		(void)poll(NULL, 0, 5);
	}
	fixture->store = (struct record_store)RECORD_STORE_INIT;
	fixture_reopen_store(fixture);
}

static void test_the_deadline_comes(void **state)
{
	struct fixture *fixture = *state;
	const char *id = apply_guarded(fixture, 1)->id;
	const struct change *change;

	wait_for_the_end(fixture);
	fixture_assert_unchanged(fixture);
	change = load(fixture, id);
	assert_int_equal(change->state, CHANGE_UNDONE);
	assert_int_equal(change->finished_by, CHANGE_BY_GUARDIAN);
	/* Never before it. */
	assert_true(guardian_is_overdue(change->confirmation.deadline_ms));
}

/* It hears of every change of the record, and need not wait for the deadline it knows. */
static void test_confirming_ends_it(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = apply_guarded(fixture, HOUR);

	assert_true(has_guardian(fixture));
	fixture->store = (struct record_store)RECORD_STORE_INIT;
	fixture_reopen_store(fixture);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_STANDING,
		CHANGE_BY_CONFIRM), 0);
	record_store_release(&fixture->store);
	wait_for_the_end(fixture);
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
	assert_int_equal(load(fixture, change->id)->finished_by, CHANGE_BY_CONFIRM);
}

static void test_the_deadline_moves(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = apply_guarded(fixture, HOUR);

	assert_true(has_guardian(fixture));
	fixture->store = (struct record_store)RECORD_STORE_INIT;
	fixture_reopen_store(fixture);
	change->confirmation.deadline_ms = boottime_ms();
	assert_int_equal(record_extend(&fixture->store, &fixture->arena, change), 0);
	/* Decided under the lock: as long as somebody holds it, nothing happens. */
	fake_kernel_assert(&fixture->kernel, KEY, "65535\n");
	record_store_release(&fixture->store);
	wait_for_the_end(fixture);
	fixture_assert_unchanged(fixture);
	assert_int_equal(load(fixture, change->id)->finished_by, CHANGE_BY_GUARDIAN);
}

/* One that cannot be armed: nothing is written, and the record is no open one. */
static void test_a_guardian_that_does_not_start(void **state)
{
	struct fixture *fixture = *state;
	struct fake_kernel other;
	struct guardian guardian;
	const char *problem;
	struct change *change;

	/* Where it looks there is no such change. */
	fake_kernel_make(&other);
	guardian = (struct guardian){ .root = &other.root, .procsys = &other.procsys, .seconds = HOUR };
	assert_int_equal(try_to_apply(fixture, &guardian), -ECHILD);
	assert_int_equal(fixture->kernel.writes, 0);
	fixture_assert_unchanged(fixture);
	assert_int_equal(restore_find_unsettled(&fixture->store, &fixture->arena, &fixture->host, &change, &problem),
		RESTORE_NONE);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
	fake_kernel_remove(&other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_deadlines),
		WITH_FIXTURE(test_an_overdue_change_is_undone),
		WITH_FIXTURE(test_a_foreign_change_is_left_alone),
		WITH_FIXTURE(test_an_interrupted_change_is_undone_too),
		WITH_FIXTURE(test_nothing_to_guard),
		WITH_FIXTURE(test_a_damaged_record_is_guarded_by_nobody),
		WITH_FIXTURE(test_a_change_of_another_place),
		WITH_FIXTURE(test_the_deadline_comes),
		WITH_FIXTURE(test_confirming_ends_it),
		WITH_FIXTURE(test_the_deadline_moves),
		WITH_FIXTURE(test_a_guardian_that_does_not_start),
	};

	return RUN_TESTS(tests);
}
