/* SPDX-License-Identifier: MIT */
/* Times whole processes against each other, interleaved, so that whatever the machine does besides hits all of
 * them alike.
 *
 *	bench [-n ROUNDS] [-w WARM-UP-ROUNDS] [-b BEFORE] NAME COMMAND [NAME COMMAND]...
 *
 * Every round runs each command once, in turn, beginning with another one each time. COMMAND is a path and
 * arguments, separated by blanks; it gets /dev/null for its three descriptors. BEFORE runs ahead of each
 * of them and is not timed. The times include starting the process and waiting for it.
 *
 * Prints the median, the least and the greatest time of each command, how the first command compares with it (the
 * ratio of their medians, and the median of the ratios of each round), and the most memory that it had in RAM: of a
 * script, that of its biggest process, and never less than this program has itself. Times are never judged: exit 0,
 * or 2 when a command fails. */
#include "base/cleanup.h"

#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { SIDES_MAX = 8, WORDS_MAX = 32, ROUNDS_MAX = 10000 };

struct command {
	char *words[WORDS_MAX + 1];
};

struct side {
	const char *name;
	struct command command;
	double *seconds;	/* one for each round */
	long memory_kb;
};

struct bench {
	struct command before;
	bool has_before;
	struct side sides[SIDES_MAX];
	size_t sides_count;
	size_t rounds, warm_up;
	posix_spawn_file_actions_t to_null;
};

extern char **environ;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Cuts the text into words, in place. */
static bool command_split(struct command *command, char *text)
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX)
			return false;
		command->words[count++] = word;
	}
	command->words[count] = NULL;
	return count > 0;
}

/* The seconds that it took, or a negative number when it failed. */
static double command_run(const struct bench *bench, const struct command *command, long *memory_kb)
{
	double start = now(), end;
	struct rusage usage;
	int status, r;
	pid_t pid;

	r = posix_spawn(&pid, command->words[0], &bench->to_null, NULL, command->words, environ);
	if (r != 0) {
		fprintf(stderr, "%s: %s\n", command->words[0], strerror(r));
		return -1;
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return -1;
	end = now();
	if (usage.ru_maxrss > *memory_kb)
		*memory_kb = usage.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "%s failed: %s %d\n", command->words[0],
			WIFEXITED(status) ? "exit" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return -1;
	}
	return end - start;
}

static bool run_round(struct bench *bench, size_t round, bool counts)
{
	for (size_t i = 0; i < bench->sides_count; i++) {
		struct side *side = &bench->sides[(round + i) % bench->sides_count];
		double seconds;
		long unused = 0;

		if (bench->has_before && command_run(bench, &bench->before, &unused) < 0)
			return false;
		seconds = command_run(bench, &side->command, &side->memory_kb);
		if (seconds < 0)
			return false;
		if (counts)
			side->seconds[round] = seconds;
	}
	return true;
}

static int compare_doubles(const void *a, const void *b)
{
	double a_value = *(const double *)a, b_value = *(const double *)b;

	return (a_value > b_value) - (a_value < b_value);
}

/* Sorts the numbers. */
static double median(double numbers[], size_t count)
{
	qsort(numbers, count, sizeof(*numbers), compare_doubles);
	return count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

static void report(struct bench *bench, double scratch[])
{
	double ratios[SIDES_MAX], first = 0;

	for (size_t i = 0; i < bench->sides_count; i++) {
		for (size_t k = 0; k < bench->rounds; k++)
			scratch[k] = bench->sides[0].seconds[k] / bench->sides[i].seconds[k];
		ratios[i] = median(scratch, bench->rounds);
	}
	printf("%zu rounds; times in milliseconds; ratios: %s divided by the other\n", bench->rounds,
		bench->sides[0].name);
	printf("%-32s %8s %8s %8s %11s %10s %8s\n", "", "median", "min", "max", "of medians", "of rounds", "KB");
	for (size_t i = 0; i < bench->sides_count; i++) {
		double *seconds = bench->sides[i].seconds;
		double middle = median(seconds, bench->rounds);

		if (i == 0)
			first = middle;
		printf("%-32s %8.3f %8.3f %8.3f %11.2f %10.2f %8ld\n", bench->sides[i].name, middle * 1e3,
			seconds[0] * 1e3, seconds[bench->rounds - 1] * 1e3, first / middle, ratios[i], bench->sides[i].memory_kb);
	}
}

static int usage(void)
{
	fputs("usage: bench [-n ROUNDS] [-w WARM-UP-ROUNDS] [-b BEFORE] NAME COMMAND [NAME COMMAND]...\n",
		stderr);
	return 2;
}

static bool parse_arguments(struct bench *bench, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:w:b:")) != -1) {
		if (option == 'n')
			bench->rounds = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			bench->warm_up = strtoul(optarg, NULL, 10);
		else if (option == 'b')
			bench->has_before = command_split(&bench->before, optarg);
		else
			return false;
	}
	if (bench->rounds == 0 || bench->rounds > ROUNDS_MAX)
		return false;
	for (; optind + 1 < argc && bench->sides_count < SIDES_MAX; optind += 2) {
		struct side *side = &bench->sides[bench->sides_count++];

		side->name = argv[optind];
		if (!command_split(&side->command, argv[optind + 1]))
			return false;
	}
	return bench->sides_count > 0 && optind == argc;
}

int main(int argc, char **argv)
{
	static struct bench bench = { .rounds = 200, .warm_up = 10 };
	static double seconds[SIDES_MAX + 1][ROUNDS_MAX];

	if (!parse_arguments(&bench, argc, argv))
		return usage();
	for (size_t i = 0; i < bench.sides_count; i++)
		bench.sides[i].seconds = seconds[i];
	if (posix_spawn_file_actions_init(&bench.to_null) != 0 ||
		posix_spawn_file_actions_addopen(&bench.to_null, 0, "/dev/null", O_RDWR, 0) != 0 ||
		posix_spawn_file_actions_adddup2(&bench.to_null, 0, 1) != 0 ||
		posix_spawn_file_actions_adddup2(&bench.to_null, 0, 2) != 0)
		return 2;

	for (size_t round = 0; round < bench.warm_up; round++)
		if (!run_round(&bench, round, false))
			return 2;
	for (size_t round = 0; round < bench.rounds; round++)
		if (!run_round(&bench, round, true))
			return 2;
	report(&bench, seconds[SIDES_MAX]);
	posix_spawn_file_actions_destroy(&bench.to_null);
	return 0;
}
