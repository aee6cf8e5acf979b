/* SPDX-License-Identifier: MIT */
/* A process that outlives its caller. Each test forks one, which tells over a pipe that it keeps what it found itself
 * to be. */
#define _GNU_SOURCE
#include "kernel/daemon.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct findings {
	pid_t pid, session;
	bool ignores_hup, ignores_pipe, defaults_term, blocks_nothing;
	bool has_null[3], has_other, has_kept;
	char directory[PATH_MAX];
};

static bool is_null(int fd)
{
	struct stat ours, null;

	return fstat(fd, &ours) == 0 && stat("/dev/null", &null) == 0 && ours.st_rdev == null.st_rdev &&
		S_ISCHR(ours.st_mode);
}

static bool has_handler(int number, void (*handler)(int))
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == handler;
}

static bool blocks_nothing(void)
{
	sigset_t mask;

	if (sigprocmask(SIG_SETMASK, NULL, &mask) < 0)
		return false;
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&mask, number) == 1)
			return false;
	return true;
}

static void look_around(struct findings *findings, int kept, int other)
{
	memset(findings, 0, sizeof(*findings));
	findings->pid = getpid();
	findings->session = getsid(0);
	findings->ignores_hup = has_handler(SIGHUP, SIG_IGN);
	findings->ignores_pipe = has_handler(SIGPIPE, SIG_IGN);
	findings->defaults_term = has_handler(SIGTERM, SIG_DFL);
	findings->blocks_nothing = blocks_nothing();
	for (int fd = 0; fd < 3; fd++)
		findings->has_null[fd] = is_null(fd);
	findings->has_kept = fcntl(kept, F_GETFD) >= 0;
	findings->has_other = fcntl(other, F_GETFD) >= 0;
	if (!getcwd(findings->directory, sizeof(findings->directory)))
		findings->directory[0] = '\0';
}

static void receive(int fd, void *bytes, size_t size)
{
	char *at = bytes;

	while (size > 0) {
		ssize_t count = read(fd, at, size);

		assert_true(count > 0);
		at += count;
		size -= (size_t)count;
	}
}

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void test_what_it_is(void **state)
{
	struct findings findings;
	int ends[2], other[2], ready = -1;
	sigset_t term, before;
	int r;

	(void)state;
	make_pipe(ends);
	make_pipe(other);
	/* What the caller holds back or ignores is none of the daemon's business. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &term, &before), 0);
	r = daemon_fork(&ends[1], 1, &ready);
	if (r == 1) {
		look_around(&findings, ends[1], other[0]);
		_exit(daemon_ready(ready) < 0 ||
			write(ends[1], &findings, sizeof(findings)) != (ssize_t)sizeof(findings));
	}
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(r, 0);
	assert_int_equal(close(ends[1]), 0);
	receive(ends[0], &findings, sizeof(findings));
	assert_true(findings.session != getsid(0));
	/* No leader: so it can get no terminal. */
	assert_true(findings.session != findings.pid);
	assert_true(findings.ignores_hup && findings.ignores_pipe);
	assert_true(findings.defaults_term && findings.blocks_nothing);
	for (int fd = 0; fd < 3; fd++)
		assert_true(findings.has_null[fd]);
	assert_true(findings.has_kept);
	assert_false(findings.has_other);
	assert_string_equal(findings.directory, "/");
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(other[0]), 0);
	assert_int_equal(close(other[1]), 0);
}

/* SIGHUP does not end it, and SIGTERM does: the end of the pipe tells. */
static void test_which_signals_end_it(void **state)
{
	struct pollfd pollfd;
	pid_t daemon_pid;
	int ends[2], ready = -1;
	int r;

	(void)state;
	make_pipe(ends);
	r = daemon_fork(&ends[1], 1, &ready);
	if (r == 1) {
		pid_t self = getpid();

		if (daemon_ready(ready) < 0 || raise(SIGHUP) != 0 || write(ends[1], &self, sizeof(self)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(r, 0);
	assert_int_equal(close(ends[1]), 0);
	receive(ends[0], &daemon_pid, sizeof(daemon_pid));
	pollfd = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	assert_int_equal(kill(daemon_pid, SIGTERM), 0);
	assert_int_equal(read(ends[0], &ready, 1), 0);
	assert_int_equal(close(ends[0]), 0);
}

static void test_one_that_ends_before_it_is_ready(void **state)
{
	int ready = 4711;
	int r = daemon_fork(NULL, 0, &ready);

	(void)state;
	if (r == 1)
		_exit(0);
	assert_int_equal(r, -ECHILD);
	assert_int_equal(ready, 4711);
}

static void test_too_many_to_keep(void **state)
{
	static const int kept[] = { 0, 1, 2, 0, 1, 2, 0, 1 };
	int ready = -1;
	int r = daemon_fork(kept, COUNT_OF(kept), &ready);

	(void)state;
	if (r == 1)
		_exit(0);
	assert_int_equal(r, -ECHILD);
}

static void test_a_caller_that_is_gone(void **state)
{
	int ends[2];

	(void)state;
	make_pipe(ends);
	assert_int_equal(close(ends[0]), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(daemon_ready(ends[1]), -EPIPE);
	signal(SIGPIPE, SIG_DFL);
	/* It is closed all the same. */
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_is),
		cmocka_unit_test(test_which_signals_end_it),
		cmocka_unit_test(test_one_that_ends_before_it_is_ready),
		cmocka_unit_test(test_too_many_to_keep),
		cmocka_unit_test(test_a_caller_that_is_gone),
	};

	return RUN_TESTS(tests);
}
