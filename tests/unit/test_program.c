/* SPDX-License-Identifier: MIT */
/* Programs of the user's: what they get, and what they cannot do to us. */
#define _GNU_SOURCE
#include "kernel/program.h"

#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const environment[] = { "PATH=/usr/bin:/bin", "KERNTUNE_LEVEL=critical", NULL };

static void write_script(const struct temp_dir *dir, const char *name, mode_t mode, const char *text)
{
	temp_dir_write(dir, name, text);
	temp_dir_set_mode(dir, name, mode);
}

static int open_program(const struct temp_dir *dir, const char *name, struct program *program)
{
	static char path[512];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	return program_open(path, program, &status);
}

static int wait_for(pid_t pid)
{
	int status, r;

	while ((r = program_poll(pid, &status)) == 0)
		usleep(1000);
	assert_int_equal(r, 1);
	return status;
}

/* Runs it, and returns all that it said. */
static char *run(const struct temp_dir *dir, const char *name, const char *input, int *ret_status)
{
	CLEANUP_PROGRAM struct program program = PROGRAM_INIT;
	static char said[4096];
	ssize_t length;
	int out[2];
	pid_t pid;

	assert_int_equal(open_program(dir, name, &program), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(program_start(&program, input, strlen(input), environment, out[1], &pid), 0);
	close(out[1]);
	*ret_status = wait_for(pid);
	length = read(out[0], said, sizeof(said) - 1);
	assert_true(length >= 0);
	said[length] = '\0';
	close(out[0]);
	return said;
}

static void test_what_it_gets(void **state)
{
	CLEANUP(temp_dir_remove) struct temp_dir dir;
	int status;

	(void)state;
	temp_dir_make(&dir);
	signal(SIGPIPE, SIG_IGN);
	write_script(&dir, "says", 0700, "#!/bin/sh\n"
		"cat; pwd; env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort\n"
		"[ $(cut -d' ' -f5 /proc/self/stat) = $$ ] && echo its own group\n"
		"grep -E '^Sig(Blk|Ign)' /proc/self/status\n"
		"ls /proc/self/fd | grep -c .\n"	/* 0 1 2, the script, that of ls */
		"echo complains >&2; exit 3\n");
	assert_string_equal(run(&dir, "says", "{\"id\": 1}\n", &status), "{\"id\": 1}\n/\n"
		"KERNTUNE_LEVEL=critical\nPATH=/usr/bin:/bin\nits own group\n"
		"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n5\ncomplains\n");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	signal(SIGPIPE, SIG_DFL);
}

static void test_what_is_refused(void **state)
{
	CLEANUP(temp_dir_remove) struct temp_dir dir;
	struct program program = PROGRAM_INIT;

	(void)state;
	temp_dir_make(&dir);
	write_script(&dir, "data", 0600, "#!/bin/sh\n");
	temp_dir_add_dir(&dir, "folder", 0755);
	temp_dir_add_fifo(&dir, "fifo");
	assert_int_equal(open_program(&dir, "nowhere", &program), -ENOENT);
	assert_int_equal(open_program(&dir, "data", &program), -EACCES);
	assert_int_equal(open_program(&dir, "folder", &program), -EACCES);
	assert_int_equal(open_program(&dir, "fifo", &program), -EACCES);
	assert_int_equal(program.fd, -1);
}

/* What was looked at is what runs. */
static void test_the_path_may_change_hands(void **state)
{
	CLEANUP(temp_dir_remove) struct temp_dir dir;
	CLEANUP_PROGRAM struct program program = PROGRAM_INIT;
	pid_t pid;

	(void)state;
	temp_dir_make(&dir);
	/* valgrind starts programs in its own way: by the path of the descriptor, and it ends where that fails. */
	if (old_kernel_is_running())
		return;
	write_script(&dir, "first", 0700, "#!/bin/sh\nexit 4\n");
	write_script(&dir, "second", 0700, "#!/bin/sh\nexit 5\n");
	assert_int_equal(open_program(&dir, "first", &program), 0);
	assert_int_equal(renameat(dir.fd, "second", dir.fd, "first"), 0);
	assert_int_equal(program_start(&program, "", 0, environment, STDERR_FILENO, &pid), 0);
	assert_int_equal(WEXITSTATUS(wait_for(pid)), 4);
}

static void test_no_program(void **state)
{
	CLEANUP(temp_dir_remove) struct temp_dir dir;
	int status;

	(void)state;
	temp_dir_make(&dir);
	/* As above. */
	if (old_kernel_is_running())
		return;
	write_script(&dir, "broken", 0700, "#!/no/such/interpreter\n");
	run(&dir, "broken", "", &status);
	assert_int_equal(WEXITSTATUS(status), 127);
}

/* It reads nothing and never ends, and so does what it has started. */
static void test_a_stuck_program(void **state)
{
	CLEANUP(temp_dir_remove) struct temp_dir dir;
	CLEANUP_PROGRAM struct program program = PROGRAM_INIT;
	static char much[60000], too_much[2 << 20];
	int status, out[2];
	pid_t pid;
	char byte;

	(void)state;
	temp_dir_make(&dir);
	write_script(&dir, "stuck", 0700, "#!/bin/sh\nsleep 1000 &\nsleep 1000\n");
	assert_int_equal(open_program(&dir, "stuck", &program), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(program_start(&program, too_much, sizeof(too_much), environment, out[1], &pid), -EMSGSIZE);
	assert_int_equal(program_start(&program, much, sizeof(much), environment, out[1], &pid), 0);
	close(out[1]);
	assert_int_equal(program_poll(pid, &status), 0);
	program_kill(pid);
	assert_true(WIFSIGNALED(wait_for(pid)));
	/* Nobody is left who could write. */
	assert_int_equal(read(out[0], &byte, 1), 0);
	close(out[0]);
	assert_int_equal(program_poll(pid, &status), -ECHILD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_gets),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_the_path_may_change_hands),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_a_stuck_program),
	};

	return RUN_TESTS(tests);
}
