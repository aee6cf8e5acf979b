/* SPDX-License-Identifier: MIT */
/* Parameters, processes, waiting and counters of make_trouble.c. */
#define _GNU_SOURCE
#include "trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROLES_MAX = 64, PARAMETERS_MAX = 16, PATIENCE_SECONDS = 60 };

static struct {
	struct {
		char name[32];
		pid_t pid;
	} roles[ROLES_MAX];
	int count, to_parent, from_children;
	char *command_line;
	size_t command_line_size;
} cast = { .to_parent = -1, .from_children = -1 };

static struct {
	char *name, *value;
} parameters[PARAMETERS_MAX];

void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "make_trouble: %s: %s\n", what, strerror(errno));
	if (cast.to_parent >= 0)
		(void)!write(cast.to_parent, "!", 1);
	exit(1);
}

/* ---- parameters ---- */

static char **find_parameter(const char *name, size_t length)
{
	for (int i = 0; i < PARAMETERS_MAX && parameters[i].name; i++) {
		if (strlen(parameters[i].name) == length && strncmp(parameters[i].name, name, length) == 0)
			return &parameters[i].value;
	}
	return NULL;
}

const char *text(const char *name)
{
	char **value = find_parameter(name, strlen(name));

	errno = ENOENT;
	check(value != NULL, name);
	return *value;
}

long number(const char *name)
{
	const char *value = text(name);
	char *end;
	long result = strtol(value, &end, 10);

	errno = EINVAL;
	check(*value != '\0' && *end == '\0' && result >= 0, name);
	return result;
}

void set_parameters(char **words, const char *kind, const char *defaults)
{
	char *all = strdup(defaults), *word;

	check(all != NULL, kind);
	for (int i = 0; i < PARAMETERS_MAX && (word = strtok(i ? NULL : all, " ")) != NULL; i++) {
		parameters[i].name = word;
		parameters[i].value = strchr(word, '=');
		*parameters[i].value++ = '\0';
	}
	for (; *words; words++) {
		size_t length = strcspn(*words, "=");
		char **value = find_parameter(*words, length);

		errno = EINVAL;
		check(value != NULL && (*words)[length] == '=', *words);
		*value = *words + length + 1;
	}
}

/* ---- processes ---- */

void keep_command_line(int argc, char **argv)
{
	char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;

	cast.command_line = argv[0];
	cast.command_line_size = (size_t)(end - argv[0]);
}

/* The words are kept as the parameters, so the child writes over a line that it no longer needs, not over them. */
static void take_name(const char *name)
{
	for (int i = 0; i < PARAMETERS_MAX && parameters[i].name; i++)
		parameters[i].value = strdup(parameters[i].value);
	check(prctl(PR_SET_NAME, name) == 0, "PR_SET_NAME");
	memset(cast.command_line, 0, cast.command_line_size);
	memccpy(cast.command_line, name, '\0', cast.command_line_size - 1);
}

void role(const char *name, void (*body)(long number), long argument)
{
	int ends[2];
	pid_t pid;

	if (cast.from_children < 0) {
		check(pipe2(ends, O_CLOEXEC) == 0, "pipe");
		cast.from_children = ends[0];
		cast.to_parent = ends[1];
	}
	errno = E2BIG;
	check(cast.count < ROLES_MAX, name);
	snprintf(cast.roles[cast.count].name, sizeof(cast.roles[cast.count].name), "%s", name);
	pid = fork();
	check(pid >= 0, "fork");
	if (pid > 0) {
		cast.roles[cast.count++].pid = pid;
		return;
	}
	check(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "PR_SET_PDEATHSIG");
	take_name(cast.roles[cast.count].name);
	close(cast.from_children);
	body(argument);
	hold();
}

void ready(void)
{
	check(write(cast.to_parent, ".", 1) == 1, "ready");
}

void hold(void)
{
	for (;;)
		pause();
}

void await_roles(void)
{
	char byte;

	for (int i = 0; i < cast.count; i++) {
		if (read(cast.from_children, &byte, 1) == 1 && byte == '.')
			continue;
		end_roles();
		exit(1);
	}
	for (int i = 0; i < cast.count; i++)
		printf("%s %d\n", cast.roles[i].name, (int)cast.roles[i].pid);
}

void end_roles(void)
{
	for (int i = 0; i < cast.count; i++)
		kill(cast.roles[i].pid, SIGKILL);
	for (int i = 0; i < cast.count; i++)
		waitpid(cast.roles[i].pid, NULL, 0);
}

void use_all_descriptors(void)
{
	struct rlimit files;

	check(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
	files.rlim_cur = files.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
}

/* ---- waiting ---- */

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void rest(int64_t nanoseconds)
{
	struct timespec time = { nanoseconds / 1000000000, nanoseconds % 1000000000 };

	nanosleep(&time, NULL);
}

void await(bool (*holds)(long argument), long argument, const char *what)
{
	int64_t end = now_ns() + (int64_t)PATIENCE_SECONDS * 1000000000;

	while (!holds(argument)) {
		if (now_ns() >= end) {
			fprintf(stderr, "make_trouble: in vain, with %ld sockets, %ld small ones, %ld of which overflowed, "
				"%ld retransmissions and %ld resets\n", sockstat("inuse"), sockstat("tw"),
				counter("TcpExt", "TCPTimeWaitOverflow"), counter("Tcp", "RetransSegs"),
				counter("Tcp", "EstabResets"));
			errno = ETIME;
			check(false, what);
		}
		rest(1000000);
	}
}

void keep_pace(struct pace *pace, long rate)
{
	int64_t due;

	if (pace->began == 0)
		pace->began = now_ns();
	due = pace->began + (int64_t)(1e9 * (double)pace->done++ / (double)rate) - now_ns();
	if (due > 0)
		rest(due);
	else if (due < -1000000000)
		pace->began -= due;	/* it was stopped for a while: that is not made up for */
}

/* ---- the kernel's figures ---- */

/* Names in one line that begins with the group, values in the next one. */
static bool find_in_pairs(const char *path, const char *group, const char *name, long *ret_value)
{
	char names[8192], values[8192], *name_state, *value_state;
	FILE *file = fopen(path, "re");
	bool is_found = false;

	check(file != NULL, path);
	while (!is_found && fgets(names, sizeof(names), file) && fgets(values, sizeof(values), file)) {
		char *word = strtok_r(names, " :\n", &name_state), *value = strtok_r(values, " :\n", &value_state);

		if (!word || strcmp(word, group) != 0)
			continue;
		while (word && value && strcmp(word, name) != 0) {
			word = strtok_r(NULL, " \n", &name_state);
			value = strtok_r(NULL, " \n", &value_state);
		}
		is_found = word && value;
		if (is_found)
			*ret_value = strtol(value, NULL, 10);
	}
	fclose(file);
	return is_found;
}

long counter(const char *group, const char *name)
{
	long value = 0;

	errno = ENOENT;
	check(find_in_pairs("/proc/net/netstat", group, name, &value) ||
		find_in_pairs("/proc/net/snmp", group, name, &value), name);
	return value;
}

long sockstat(const char *name)
{
	char line[256], *word, *state;
	FILE *file = fopen("/proc/net/sockstat", "re");
	long value = -1;

	check(file != NULL, "/proc/net/sockstat");
	while (value < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "TCP:", 4) != 0)
			continue;
		for (word = strtok_r(line, " \n", &state); word; word = strtok_r(NULL, " \n", &state)) {
			if (strcmp(word, name) != 0)
				continue;
			word = strtok_r(NULL, " \n", &state);
			value = word ? strtol(word, NULL, 10) : -1;
			break;
		}
	}
	fclose(file);
	errno = ENOENT;
	check(value >= 0, name);
	return value;
}

void write_key(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	check(fd >= 0, path);
	check(write(fd, value, strlen(value)) == (ssize_t)strlen(value), path);
	close(fd);
}

void write_key_number(const char *path, long value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%ld", value);
	write_key(path, digits);
}

long read_key(const char *path)
{
	char line[64] = "";
	FILE *file = fopen(path, "re");

	check(file != NULL && fgets(line, sizeof(line), file), path);
	fclose(file);
	return strtol(line, NULL, 10);
}
