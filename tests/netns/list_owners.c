/* SPDX-License-Identifier: MIT */
/* Prints what owners_find_groups() of kernel/owners.h finds below /, for test_owners.py.
 *
 *	list_owners quick|exact < GROUPS
 *
 * Each line of the input is a group: its inodes. The first line of the output is "HIDDEN LOOKED_AT"; then for each
 * group "SOCKETS MISSING PROCESSES", and behind it " PID:COUNT", with a "~" for an estimate, for each holder. Exit 2
 * with the errno's text when it fails. */
#define _GNU_SOURCE
#include "kernel/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INODES_MAX = 65536 };

static uint32_t inodes[INODES_MAX];
static struct socket_group groups[OWNERS_GROUPS_MAX];

static size_t read_groups(void)
{
	size_t count = 0, used = 0;
	char *line = NULL;
	size_t capacity = 0;

	while (count < OWNERS_GROUPS_MAX && getline(&line, &capacity, stdin) > 0) {
		const char *word;
		char *rest = line;

		groups[count].inodes = &inodes[used];
		while (used < INODES_MAX && (word = strsep(&rest, " \n")))
			if (*word) {
				inodes[used++] = (uint32_t)strtoul(word, NULL, 10);
				groups[count].count++;
			}
		count++;
	}
	free(line);
	return count;
}

static void print_all(const struct group_owners *owners)
{
	printf("%zu %zu\n", owners->hidden, owners->looked_at);
	for (size_t i = 0; i < owners->count; i++) {
		const struct holders *holders = &owners->items[i];

		printf("%zu %zu %zu", holders->sockets, holders->missing, holders->processes);
		for (size_t k = 0; k < holders->count; k++)
			printf(" %d:%zu%s", (int)holders->items[k].pid, holders->items[k].sockets,
				holders->items[k].is_estimate ? "~" : "");
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	size_t count = read_groups();
	int r = rootdir_open("/", &root);

	arena_init(&arena);
	if (r == 0)
		r = owners_find_groups(&root, &arena, groups, count, argc > 1 && strcmp(argv[1], "exact") == 0,
			&owners);
	if (r == 0)
		print_all(&owners);
	else
		fprintf(stderr, "list_owners: %s\n", strerror(-r));
	return r < 0 ? 2 : 0;
}
