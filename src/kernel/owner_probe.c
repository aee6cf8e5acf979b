/* SPDX-License-Identifier: MIT */
/* Finding what big processes hold without looking at all of their descriptors.
 *
 * The numbers of a process are visited in an order of which every beginning is an even sample: first 0 to 63, then the
 * multiples of an odd constant, modulo a power of two above all numbers (a Weyl sequence). Each number comes once, so
 * that going on to the end is the full walk. The constant was searched for: after up to 2,048 steps, no interval of
 * numbers has had 6 visits more or less than its share, for all powers from 2^11 to 2^20. Since it is one for all, two
 * processes of one fork(2), whose descriptors have the same numbers, are asked for the same ones, even if the table of
 * one is twice as large: what they share is seen to be shared, and is not taken for two halves. */
#define _GNU_SOURCE
#include "kernel/owner_walk.h"

#include "base/fileio.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP UINT64_C(0x175e9377)

enum {
	BIGS_MAX = 256,
	FIRST_NUMBERS = 64,
	PROBES_MIN = 64,		/* in a round */
	PROBES_FIRST_MAX = 256,		/* in the first round, if all processes together remain below the next */
	PROBES_MAX = 2048,		/* of all processes, and */
	PROBES_EACH_MAX = 512,		/* of each on average, for a better share than a single hit gives */
	HITS_WANTED = 16,		/* of several processes, for that */
	SPARSE = 16,			/* numbers for each descriptor, beyond which probes hit nothing */
	MISSING_PART = 8,		/* an eighth may have been closed meanwhile */
	WEIGHT_SCALE = 16,
	STATUS_SIZE_MAX = 64 * 1024,
};

/* "FDSize:\t65536\n": the size of the table of descriptors (fs/proc/array.c), which does not shrink. 0: not known. */
static uint64_t read_table_size(int process_fd)
{
	static const char label[] = "\nFDSize:\t";
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *found = fileio_read_at(process_fd, "status", STATUS_SIZE_MAX, &text) < 0 ? NULL :
		strstr(text.bytes, label);

	return found ? strtoull(found + strlen(label), NULL, 10) : 0;
}

static uint64_t power_above(uint64_t numbers)
{
	uint64_t power = 2 * FIRST_NUMBERS;

	while (power < numbers)
		power *= 2;
	return power;
}

int owner_probe_add(struct owner_walk *walk, pid_t pid, int process_fd, uint64_t open, uint64_t numbers)
{
	struct owner_process big = { .pid = pid, .open = open }, *bigs;
	int r;

	if (walk->is_sized)
		numbers = read_table_size(process_fd);
	if (walk->big_count == BIGS_MAX || numbers < open || numbers / SPARSE > open)
		return 0;
	big.numbers = power_above(numbers);
	r = owner_walk_add_process(walk, &big);
	if (r < 0)
		return r;
	bigs = arena_grow(walk->arena, walk->bigs, walk->big_count, &walk->big_capacity, sizeof(*bigs));
	if (!bigs)
		return -ENOMEM;
	walk->bigs = bigs;
	walk->bigs[walk->big_count++] = big;
	return 1;
}

/* ---- probing ---- */

/* The number of the next step; false when all were visited. */
static bool take_number(struct owner_process *big, uint64_t *ret_number)
{
	while (big->next < FIRST_NUMBERS + big->numbers) {
		uint64_t step = big->next++;
		uint64_t number = step < FIRST_NUMBERS ? step : (step - FIRST_NUMBERS) * STEP & (big->numbers - 1);

		big->in_sample = step >= FIRST_NUMBERS;
		if (big->in_sample && number < FIRST_NUMBERS)
			continue;
		*ret_number = number;
		return true;
	}
	big->is_done = true;
	return false;
}

static int probe_open(struct owner_walk *walk, struct owner_process *big, int fd, size_t probes)
{
	uint64_t number;

	while (probes > 0 && take_number(big, &number)) {
		char name[NUMBER_TEXT_SIZE];
		int r;

		snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
		r = owner_walk_look(walk, big, fd, name);
		if (r < 0)
			return r;
		probes -= (size_t)r;
		big->seen += (uint64_t)r;
		big->seen_in_sample += (uint64_t)(r && big->in_sample);
	}
	return 0;
}

/* Looks at so many more descriptors of the process. */
static int probe(struct owner_walk *walk, struct owner_process *big, size_t probes)
{
	CLEANUP_FD int process_fd = -1;
	CLEANUP_FD int fd = -1;
	char name[NUMBER_TEXT_SIZE];
	int r;

	snprintf(name, sizeof(name), "%lld", (long long)big->pid);
	r = owner_walk_open(walk, name, &process_fd, &fd);
	if (r == 0)
		r = probe_open(walk, big, fd, probes);
	if (r < 0)
		big->is_done = true;
	return r < 0 ? owner_walk_judge(walk, -r) : 0;
}

static int probe_each(struct owner_walk *walk, size_t probes)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < walk->big_count; i++)
		if (!walk->bigs[i].is_done)
			r = probe(walk, &walk->bigs[i], probes);
	return r;
}

/* ---- when to end ---- */

static size_t count_open(const struct owner_walk *walk)
{
	size_t count = 0;

	for (size_t i = 0; i < walk->big_count; i++)
		count += !walk->bigs[i].is_done;
	return count;
}

/* Sockets of the group that were first seen in processes of which something is left to look at. */
static uint64_t count_hits(const struct owner_walk *walk, size_t group)
{
	uint64_t hits = 0;

	for (size_t i = 0; i < walk->big_count; i++)
		if (!walk->bigs[i].is_done)
			hits += walk->bigs[i].tallies[group].first;
	return hits;
}

static bool is_settled(const struct owner_walk *walk, size_t group, size_t open, bool is_thorough)
{
	const struct holders *holders = &walk->groups[group];
	uint64_t hits = count_hits(walk, group);

	if (holders->missing == 0 || hits >= HITS_WANTED)
		return true;
	if (hits > 0)
		return open == 1 || is_thorough;
	return is_thorough && holders->missing <= holders->sockets / MISSING_PART;
}

static bool is_enough(const struct owner_walk *walk)
{
	size_t open = count_open(walk);
	uint64_t probes = 0;
	bool is_thorough;

	for (size_t i = 0; i < walk->big_count; i++)
		probes += walk->bigs[i].seen;
	is_thorough = probes >= PROBES_MAX || probes >= PROBES_EACH_MAX * open;
	for (size_t i = 0; open > 0 && i < walk->group_count; i++)
		if (!is_settled(walk, i, open, is_thorough))
			return false;
	return true;
}

/* ---- what follows from it ---- */

/* So many were hit in the sample: how many more there are among what was not looked at, times a scale. */
static uint64_t extrapolate(const struct owner_process *big, uint64_t hits, uint64_t scale)
{
	if (big->is_done || big->seen_in_sample == 0 || big->open <= big->seen)
		return 0;
	return hits * scale * (big->open - big->seen) / big->seen_in_sample;
}

/* How much of what is missing is likely to be with this process; a hit among the first numbers alone is little. */
static uint64_t weigh(const struct owner_process *big, size_t group)
{
	const struct owner_tally *tally = &big->tallies[group];

	return big->is_done ? 0 : extrapolate(big, tally->first_in_sample, WEIGHT_SCALE) + (tally->first > 0);
}

static uint64_t weigh_all(const struct owner_walk *walk, size_t group)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < walk->big_count; i++)
		weight += weigh(&walk->bigs[i], group);
	return weight;
}

static int add_big(const struct owner_walk *walk, size_t group, const struct owner_process *big,
	const struct holder *holder)
{
	CLEANUP_FD int process_fd = -1;
	CLEANUP_FD int fd = -1;
	char name[NUMBER_TEXT_SIZE];

	snprintf(name, sizeof(name), "%lld", (long long)big->pid);
	(void)!owner_walk_open(walk, name, &process_fd, &fd);
	return owner_walk_add_holder(walk, group, holder, process_fd);
}

/* Shares what is missing of a group among those that were hit, so that the shares add up to it. */
static int conclude(const struct owner_walk *walk, size_t group)
{
	struct holders *holders = &walk->groups[group];
	uint64_t weights = weigh_all(walk, group), missing = weights > 0 ? holders->missing : 0;
	bool is_only = count_open(walk) == 1 && walk->hidden == 0;
	int r = 0;

	holders->missing -= missing;
	for (size_t i = 0; r == 0 && i < walk->big_count; i++) {
		const struct owner_process *big = &walk->bigs[i];
		const struct owner_tally *tally = &big->tallies[group];
		uint64_t weight = weigh(big, group), share = weight > 0 ? missing * weight / weights : 0;
		uint64_t sockets = tally->first + share + tally->again + extrapolate(big, tally->again_in_sample, 1);
		struct holder holder = { .pid = big->pid };

		missing -= share;
		weights -= weight;
		holder.sockets = sockets < holders->sockets ? sockets : holders->sockets;
		holder.is_estimate = !big->is_done && !(is_only && tally->again == 0) &&
			tally->first + tally->again < holders->sockets;
		if (holder.sockets > 0)
			r = add_big(walk, group, big, &holder);
	}
	return r;
}

/* Small tables first: their sample is the denser one, and holds whatever that of a larger one hits there. */
static int compare_tables(const void *left, const void *right)
{
	const struct owner_process *a = left, *b = right;

	if (a->numbers != b->numbers)
		return a->numbers < b->numbers ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

int owner_probe_run(struct owner_walk *walk)
{
	size_t first = walk->big_count ? PROBES_MAX / walk->big_count : 0;
	int r;

	if (walk->big_count > 0)
		qsort(walk->bigs, walk->big_count, sizeof(*walk->bigs), compare_tables);
	if (first < PROBES_MIN)
		first = PROBES_MIN;
	r = probe_each(walk, first < PROBES_FIRST_MAX ? first : PROBES_FIRST_MAX);
	while (r == 0 && !is_enough(walk))
		r = probe_each(walk, PROBES_MIN);
	for (size_t i = 0; r == 0 && i < walk->group_count; i++)
		r = conclude(walk, i);
	return r;
}
