/* SPDX-License-Identifier: MIT */
/* A fading mean. */
#include "model/baseline.h"

#include <math.h>

static const uint64_t window_ns = BASELINE_SECONDS * UINT64_C(1000000000);

void baseline_clear(struct baseline *baseline)
{
	*baseline = (struct baseline){ .mean = 0 };
}

void baseline_add(struct baseline *baseline, double value, uint64_t elapsed_ns)
{
	if (isnan(value) || elapsed_ns == 0)
		return;
	if (elapsed_ns > window_ns)
		elapsed_ns = window_ns;
	baseline->covered_ns += elapsed_ns;
	if (baseline->covered_ns > window_ns)
		baseline->covered_ns = window_ns;
	baseline->mean += (value - baseline->mean) * ((double)elapsed_ns / (double)baseline->covered_ns);
}

bool baseline_is_ready(const struct baseline *baseline)
{
	return baseline->covered_ns >= window_ns / 2;
}

double baseline_multiple(const struct baseline *baseline, double value, double least)
{
	if (!baseline_is_ready(baseline))
		return NAN;
	return value / (baseline->mean > least ? baseline->mean : least);
}
