/* SPDX-License-Identifier: MIT */
/* baseline.h - what is usual for a figure: its mean over about the last minute.
 *
 * Weighted by time, the past fading exponentially; over less than a minute it is the plain mean. What interrupts the
 * usual should not become part of it at once: leave out the samples of which one has already said that they are
 * unusual.
 *
 * Calling sequence: baseline_clear() (or zero) -> baseline_add() with every sample. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BASELINE_SECONDS = 60 };

struct baseline {
	double mean;
	uint64_t covered_ns;	/* by samples, at most BASELINE_SECONDS */
};

void baseline_clear(struct baseline *baseline);

/* A figure that held for so long; NAN is left out. */
void baseline_add(struct baseline *baseline, double value, uint64_t elapsed_ns);

/* Enough has been seen to call it usual: half of that minute. */
bool baseline_is_ready(const struct baseline *baseline);

/* How many times the usual this is, where less than `least` counts as `least`, so that from nothing to little is no
 * multiple of anything. NAN while it is not ready. */
double baseline_multiple(const struct baseline *baseline, double value, double least);
