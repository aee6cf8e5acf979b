/* SPDX-License-Identifier: MIT */
/* Prints what kernel/counters.h and kernel/descriptors.h find below a root, for test_counters.py.
 *
 *	list_counters ROOT		one sample: NAME SECTION FIELD VALUE, with "-" for "" and "?" for unknown
 *	list_counters ROOT change	waits for a line on standard input between two samples: NAME CHANGE RATE
 *	list_counters ROOT of PID	OPEN SOFT HARD of that process
 *
 * Exit 2 with the errno's text when it fails. */
#include "kernel/counters.h"
#include "kernel/descriptors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

static void print_sample(const struct counters *counters)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];

		printf("%s %s %s ", row->name, or_dash(row->section), row->field);
		if (counters->known_at[i])
			printf("%" PRIu64 "\n", counters->at[i]);
		else
			printf("?\n");
	}
}

static void print_changes(const struct counters *before, const struct counters *after)
{
	struct counter_changes changes;
	struct counter_rates rates;

	counters_change(before, after, &changes);
	counters_rate(&changes, &rates);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		if (changes.known_at[i])
			printf("%s %" PRId64 " %.9f\n", counter_rows[i].name, changes.at[i], rates.at[i]);
}

static int list(const struct rootdir *root, bool twice)
{
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters first, second;
	int r;

	counter_files_open(root, &files);
	r = counter_files_read(&files, &first);
	if (r < 0 || !twice) {
		if (r == 0)
			print_sample(&first);
		return r;
	}
	printf("ready\n");
	fflush(stdout);
	while (getchar() != '\n')
		;
	r = counter_files_read(&files, &second);
	if (r == 0)
		print_changes(&first, &second);
	return r;
}

static int print_number(bool known, uint64_t number, char end)
{
	return known ? printf("%" PRIu64 "%c", number, end) : printf("?%c", end);
}

static int list_descriptors(const struct rootdir *root, const char *pid)
{
	struct descriptors found;
	int r = descriptors_of(root, (pid_t)atoi(pid), &found);

	if (r < 0)
		return r;
	print_number(found.open_known, found.open, ' ');
	print_number(found.limits_known, found.soft, ' ');
	print_number(found.limits_known, found.hard, '\n');
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	int r = rootdir_open(argc > 1 ? argv[1] : "/", &root);

	if (r == 0)
		r = argc > 3 ? list_descriptors(&root, argv[3]) : list(&root, argc > 2);
	if (r < 0)
		fprintf(stderr, "list_counters: %s\n", strerror(-r));
	return r < 0 ? 2 : 0;
}
