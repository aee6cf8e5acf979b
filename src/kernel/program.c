/* SPDX-License-Identifier: MIT */
/* fork(2) and fexecve(3). */
#define _GNU_SOURCE
#include "kernel/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
	EXIT_NOT_RUN = 127,
	CLOSE_RANGE_ON_EXEC = 4,	/* CLOSE_RANGE_CLOEXEC, since Linux 5.11 */
	DESCRIPTORS_USUAL = 1024,	/* as far as one looks before that */
};

int program_open(const char *path, struct program *ret_program, struct stat *ret_status)
{
	CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	/* Of the path and not of the descriptor, which faccessat(2) could not take for long: the mode says it as well. */
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111) || access(path, X_OK) < 0)
		return -EACCES;
	*ret_status = status;
	*ret_program = (struct program){ .fd = TAKE_FD(fd), .path = path };
	return 0;
}

void program_release(struct program *program)
{
	close_fd_(&program->fd);
}

/* A pipe that holds the input already, so that nobody has to wait for its reader. The end to read, or a negative
 * errno. */
static int fill_pipe(const char *input, size_t length)
{
	CLEANUP_FD int reader = -1;
	CLEANUP_FD int writer = -1;
	ssize_t count;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	/* Of the end to write only: the program shall find an ordinary file. */
	if (fcntl(writer, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	count = write(writer, input, length);
	if (count < 0 && errno != EAGAIN)
		return -errno;
	return (size_t)(count < 0 ? 0 : count) == length ? TAKE_FD(reader) : -EMSGSIZE;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ours are anyway; but whoever started us may have left some of theirs. */
static void close_on_exec_all(void)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_ON_EXEC) == 0)
		return;
	for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_USUAL; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Only what is safe after a fork. */
static _Noreturn void run(const struct program *program, int input_fd, const char *const environment[], int output_fd)
{
	char *const arguments[] = { (char *)program->path, NULL };

	(void)setpgid(0, 0);
	if (dup2(input_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
		dup2(output_fd, STDERR_FILENO) < 0 || chdir("/") < 0)
		_exit(EXIT_NOT_RUN);
	close_on_exec_all();
	/* An interpreter opens its script as /dev/fd/N. */
	(void)fcntl(program->fd, F_SETFD, 0);
	reset_signals();
	(void)fexecve(program->fd, arguments, (char *const *)environment);
	_exit(EXIT_NOT_RUN);
}

int program_start(const struct program *program, const char *input, size_t length, const char *const environment[],
	int output_fd, pid_t *ret_pid)
{
	CLEANUP_FD int input_fd = fill_pipe(input, length);
	pid_t child;

	if (input_fd < 0)
		return input_fd;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		run(program, input_fd, environment, output_fd);
	/* Both do it, since either may be first to need it. */
	(void)setpgid(child, child);
	*ret_pid = child;
	return 0;
}

int program_poll(pid_t pid, int *ret_status)
{
	pid_t ended;

	do
		ended = waitpid(pid, ret_status, WNOHANG);
	while (ended < 0 && errno == EINTR);
	return ended < 0 ? -errno : ended == pid;
}

void program_kill(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
}
