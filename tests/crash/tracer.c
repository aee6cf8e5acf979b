/* SPDX-License-Identifier: MIT */
/* tracer - runs a program and lists, kills it at, or fails one of its system calls.
 *
 *	tracer [-c] list FILE PROGRAM [ARGUMENT]...	a line for each call: number, "changes" or "reads", name
 *	tracer [-c] kill N PROGRAM [ARGUMENT]...	SIGKILL on entering the N-th call, which is not carried out
 *	tracer [-c] fail N ERRNO PROGRAM [ARGUMENT]...	the N-th call is not carried out, and returns the error
 *
 * With -c it is not about the calls of the program but about those of its grandchild, the process that a daemon
 * leaves behind; the tracer then ends after both. Other children run on by themselves.
 *
 * Ends like the program: with its exit code, or 128 and the number of the signal. 125 when it cannot trace, 124 when
 * there were fewer than N calls.
 *
 * Every call of one process is counted, whatever its name, so that a number means the same in every mode. The layout
 * of the address space is not randomized, which would make the C library allocate differently. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __aarch64__
#include <elf.h>
#endif

enum { CANNOT_TRACE = 125, TOO_FEW_CALLS = 124 };

enum { BIRTHS_MAX = 16 };

enum mode { MODE_LIST, MODE_KILL, MODE_FAIL };

struct tracer {
	enum mode mode;
	bool is_about_grandchild;
	unsigned long number;		/* of the call that is meant */
	int error;			/* that it shall return */
	FILE *list;
	pid_t program, child, subject;	/* subject: whose calls are counted; 0 until it is there */
	struct birth {
		pid_t process;
		bool is_announced, is_stopped;
	} births[BIRTHS_MAX];
	unsigned long calls;		/* entered so far */
	bool is_inside, is_hit;
	int status;			/* of the program */
};

/* ---- what a call does ---- */

static const struct call {
	long number;
	const char *name;
	bool changes;			/* the state of the kernel, of a disk or of the process */
} calls[] = {
#define READS(name) { SYS_##name, #name, false }
#define CHANGES(name) { SYS_##name, #name, true }
	READS(openat), READS(openat2), READS(read), READS(close), READS(fcntl), READS(pread64), READS(fstat),
	READS(newfstatat), READS(statx), READS(getdents64), READS(readlinkat), READS(lseek), READS(mmap), READS(munmap),
	READS(mprotect), READS(brk), READS(execve), READS(getrandom), READS(ioctl), READS(prlimit64),
	READS(rt_sigaction), READS(rt_sigpending), READS(faccessat), READS(socket), READS(getsockopt), READS(ppoll),
	CHANGES(write), CHANGES(writev), CHANGES(fsync), CHANGES(fdatasync), CHANGES(renameat), CHANGES(renameat2),
	CHANGES(unlinkat), CHANGES(mkdirat), CHANGES(fchmod), CHANGES(ftruncate), CHANGES(flock), CHANGES(clone),
	CHANGES(clone3), CHANGES(wait4), CHANGES(setsid), CHANGES(chdir), CHANGES(prctl), CHANGES(pipe2),
	CHANGES(rt_sigprocmask), CHANGES(timerfd_create), CHANGES(timerfd_settime), CHANGES(inotify_init1),
	CHANGES(inotify_add_watch), CHANGES(dup3), CHANGES(exit_group),
#ifdef __x86_64__
	READS(poll), READS(access), READS(readlink), CHANGES(rename), CHANGES(unlink), CHANGES(mkdir), CHANGES(dup2),
	CHANGES(fork), CHANGES(vfork),
#endif
};

static const struct call *find_call(long number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

static bool opens_for_writing(unsigned long long flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

static unsigned long long flags_of_openat2(pid_t process, unsigned long long address)
{
	struct open_how how = { 0 };
	struct iovec local = { &how, sizeof(how) };
	struct iovec remote = { (void *)(size_t)address, sizeof(how) };

	return process_vm_readv(process, &local, 1, &remote, 1, 0) > 0 ? how.flags : O_RDWR;
}

static bool changes(pid_t process, const struct __ptrace_syscall_info *info)
{
	const struct call *call = find_call((long)info->entry.nr);

	switch ((long)info->entry.nr) {
	case SYS_openat:
		return opens_for_writing(info->entry.args[2]);
	case SYS_openat2:
		return opens_for_writing(flags_of_openat2(process, info->entry.args[2]));
	case SYS_fcntl:
		return info->entry.args[1] == F_SETLK || info->entry.args[1] == F_SETLKW;
	default:
		return call && call->changes;
	}
}

/* ---- what is done to it ---- */

#if defined(__x86_64__)
static int skip_call(pid_t process)
{
	return (int)ptrace(PTRACE_POKEUSER, process, offsetof(struct user_regs_struct, orig_rax), -1L);
}

static int set_result(pid_t process, long result)
{
	return (int)ptrace(PTRACE_POKEUSER, process, offsetof(struct user_regs_struct, rax), result);
}
#elif defined(__aarch64__)
static int skip_call(pid_t process)
{
	int none = -1;
	struct iovec data = { &none, sizeof(none) };

	return (int)ptrace(PTRACE_SETREGSET, process, (void *)NT_ARM_SYSTEM_CALL, &data);
}

static int set_result(pid_t process, long result)
{
	struct user_regs_struct registers;
	struct iovec data = { &registers, sizeof(registers) };

	if (ptrace(PTRACE_GETREGSET, process, (void *)NT_PRSTATUS, &data) < 0)
		return -1;
	registers.regs[0] = (unsigned long long)result;
	return (int)ptrace(PTRACE_SETREGSET, process, (void *)NT_PRSTATUS, &data);
}
#else
#error "the tracer knows x86-64 and arm64"
#endif

static void cannot(const char *what)
{
	fprintf(stderr, "tracer: %s: %s\n", what, strerror(errno));
	exit(CANNOT_TRACE);
}

static void list_call(const struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	const struct call *call = find_call((long)info->entry.nr);
	char number[32];

	snprintf(number, sizeof(number), "call-%lld", (long long)info->entry.nr);
	fprintf(tracer->list, "%lu %s %s\n", tracer->calls,
		changes(tracer->subject, info) ? "changes" : "reads", call ? call->name : number);
}

static void enter_call(struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	tracer->calls++;
	if (tracer->mode == MODE_LIST)
		list_call(tracer, info);
	if (tracer->mode == MODE_LIST || tracer->calls != tracer->number)
		return;
	tracer->is_hit = true;
	if (tracer->mode == MODE_KILL)
		(void)kill(tracer->subject, SIGKILL);
	else if (skip_call(tracer->subject) < 0)
		cannot("skipping a call");
}

static void leave_call(const struct tracer *tracer)
{
	if (tracer->mode == MODE_FAIL && tracer->calls == tracer->number &&
		set_result(tracer->subject, -tracer->error) < 0)
		cannot("setting a result");
}

static void at_call(struct tracer *tracer)
{
	struct __ptrace_syscall_info info;

	/* Gone already: killed by somebody else. */
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracer->subject, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(tracer, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(tracer);
}

/* ---- following ---- */

static void go_on(const struct tracer *tracer, pid_t process, int signal)
{
	(void)ptrace(process == tracer->subject ? PTRACE_SYSCALL : PTRACE_CONT, process, 0, (long)signal);
}

static struct birth *find_birth(struct tracer *tracer, pid_t process)
{
	for (size_t i = 0; i < BIRTHS_MAX; i++)
		if (tracer->births[i].process == process || tracer->births[i].process == 0) {
			tracer->births[i].process = process;
			return &tracer->births[i];
		}
	errno = ENOSPC;
	cannot("following so many processes");
	return NULL;
}

/* The parent's announcement and the new process's first stop come in either order, and what the process is must be
 * known before it goes on. */
static void go_on_when_known(struct tracer *tracer, const struct birth *birth)
{
	if (birth->is_announced && birth->is_stopped)
		go_on(tracer, birth->process, 0);
}

static void note_child(struct tracer *tracer, pid_t parent)
{
	struct birth *birth;
	unsigned long child;

	if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &child) < 0)
		return;
	if (parent == tracer->program)
		tracer->child = (pid_t)child;
	else if (parent == tracer->child)
		tracer->subject = (pid_t)child;
	birth = find_birth(tracer, (pid_t)child);
	birth->is_announced = true;
	go_on_when_known(tracer, birth);
}

static void at_first_stop(struct tracer *tracer, pid_t process)
{
	struct birth *birth = find_birth(tracer, process);

	birth->is_stopped = true;
	go_on_when_known(tracer, birth);
}

static bool is_first_stop(struct tracer *tracer, pid_t process)
{
	return process != tracer->program && !find_birth(tracer, process)->is_stopped;
}

static void at_stop(struct tracer *tracer, pid_t process, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (is_first_stop(tracer, process)) {
		at_first_stop(tracer, process);
		return;
	}
	if (signal == (SIGTRAP | 0x80)) {
		if (process == tracer->subject)
			at_call(tracer);
		signal = 0;
	} else if (event) {
		if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
			note_child(tracer, process);
		signal = 0;
	}
	go_on(tracer, process, signal);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void follow(struct tracer *tracer)
{
	pid_t process;
	int status;

	while ((process = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (process <= 0)
			continue;
		if (WIFSTOPPED(status))
			at_stop(tracer, process, status);
		else if (process == tracer->program)
			tracer->status = exit_status(status);
	}
}

static void start(struct tracer *tracer, char *argv[])
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	if (tracer->is_about_grandchild)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	tracer->program = fork();
	if (tracer->program < 0)
		cannot("fork");
	if (tracer->program == 0) {
		(void)personality(ADDR_NO_RANDOMIZE);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(CANNOT_TRACE);
		(void)raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(CANNOT_TRACE);
	}
	if (waitpid(tracer->program, &status, 0) < 0 || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, tracer->program, 0, options) < 0)
		cannot("tracing");
	tracer->subject = tracer->is_about_grandchild ? 0 : tracer->program;
	go_on(tracer, tracer->program, 0);
}

static int usage(void)
{
	fputs("usage: tracer [-c] list FILE|kill N|fail N ERRNO PROGRAM [ARGUMENT]...\n", stderr);
	return CANNOT_TRACE;
}

int main(int argc, char *argv[])
{
	struct tracer tracer = { .status = CANNOT_TRACE };

	if (argc > 1 && strcmp(argv[1], "-c") == 0) {
		tracer.is_about_grandchild = true;
		argc--;
		argv++;
	}
	if (argc < 4)
		return usage();
	if (strcmp(argv[1], "list") == 0) {
		tracer.list = fopen(argv[2], "we");
		if (!tracer.list)
			cannot(argv[2]);
		argv += 3;
	} else if (strcmp(argv[1], "kill") == 0) {
		tracer.mode = MODE_KILL;
		tracer.number = strtoul(argv[2], NULL, 10);
		argv += 3;
	} else if (strcmp(argv[1], "fail") == 0 && argc > 4) {
		tracer.mode = MODE_FAIL;
		tracer.number = strtoul(argv[2], NULL, 10);
		tracer.error = atoi(argv[3]);
		argv += 4;
	} else {
		return usage();
	}
	start(&tracer, argv);
	follow(&tracer);
	if (tracer.list && fclose(tracer.list) != 0)
		cannot("writing the list");
	return tracer.mode != MODE_LIST && !tracer.is_hit ? TOO_FEW_CALLS : tracer.status;
}
