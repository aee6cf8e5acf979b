/* SPDX-License-Identifier: MIT */
/* Signals that wait until a change is done. */
#define _GNU_SOURCE
#include "kernel/signals.h"

#include "base/cleanup.h"
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

/* Runs in a process of its own, for holding is for the rest of a process's life. */
static int in_child(int (*run)(int number), int number)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		/* In the background of a shell without job control, or below nohup, some come ignored. */
		(void)signal(number, SIG_DFL);
		_exit(run(number));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int holds(int number)
{
	signals_hold();
	if (signals_pending() != 0 || raise(number) != 0)
		return 1;
	return signals_pending() == number ? 0 : 2;
}

static int holds_an_ignored_one(int number)
{
	signal(number, SIG_IGN);
	signals_hold();
	return raise(number) != 0 || signals_pending() != 0;
}

/* A stopped process would keep the lock; waitpid() would wait for it for ever. */
static int is_not_stopped_by(int number)
{
	sigset_t pending;

	signals_hold();
	if (raise(number) != 0 || signals_pending() != 0 || sigpending(&pending) < 0)
		return 1;
	return sigismember(&pending, number) == 1 ? 0 : 2;
}

static int survives_pipe(int number)
{
	int ends[2];

	signals_hold();
	if (pipe(ends) < 0)
		return 1;
	close(ends[0]);
	return write(ends[1], "x", 1) == -1 && number == SIGPIPE ? 0 : 2;
}

/* Exit 0: it is told of, once. */
static int is_told_of(int number)
{
	int fd = signals_open();

	if (fd < 0 || signals_next(fd) != 0 || raise(number) != 0)
		return 1;
	return signals_next(fd) == number && signals_next(fd) == 0 ? 0 : 2;
}

static int is_told_of_an_ignored_one(int number)
{
	int fd;

	signal(number, SIG_IGN);
	fd = signals_open();
	return fd < 0 || raise(number) != 0 || signals_next(fd) != 0;
}

static int tells_of_children_that_were_ignored(int number)
{
	int fd, status;
	pid_t child;

	signal(number, SIG_IGN);
	fd = signals_open();
	child = fork();
	if (child == 0)
		_exit(5);
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 5)
		return 1;
	return signals_next(fd) == SIGCHLD ? 0 : 2;
}

static void test_told_of(void **state)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	static const int others[] = { SIGWINCH, SIGCHLD };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ending); i++) {
		assert_int_equal(in_child(is_told_of, ending[i]), 0);
		assert_int_equal(in_child(is_told_of_an_ignored_one, ending[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(in_child(is_told_of, others[i]), 0);
	assert_int_equal(in_child(tells_of_children_that_were_ignored, SIGCHLD), 0);
}

static void test_held_and_seen(void **state)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		assert_int_equal(in_child(holds, numbers[i]), 0);
		assert_int_equal(in_child(holds_an_ignored_one, numbers[i]), 0);
	}
	assert_int_equal(in_child(is_not_stopped_by, SIGTSTP), 0);
	assert_int_equal(in_child(is_not_stopped_by, SIGTTIN), 0);
	assert_int_equal(in_child(is_not_stopped_by, SIGTTOU), 0);
	assert_int_equal(in_child(holds, SIGKILL), 128 + SIGKILL);
	assert_int_equal(in_child(survives_pipe, SIGPIPE), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_and_seen),
		cmocka_unit_test(test_told_of),
	};

	return RUN_TESTS(tests);
}
