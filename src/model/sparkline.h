/* SPDX-License-Identifier: MIT */
/* sparkline.h - the last values of a figure as a line of bars, one character each.
 *
 * The bars go from zero to the highest value that is shown, so that a figure that hardly moves looks like one. A value
 * that is not known (NAN) leaves a blank. Figures are not negative; what is below zero is shown as zero.
 *
 * Calling sequence: sparkline_clear() (or zero) -> sparkline_add() with every sample -> sparkline_format(). */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { SPARKLINE_VALUES = 60 };

struct sparkline {
	double values[SPARKLINE_VALUES];	/* a ring */
	size_t next, count;
};

void sparkline_clear(struct sparkline *line);
void sparkline_add(struct sparkline *line, double value);

/* Adds exactly `width` characters to the text, the newest on the right: block elements (U+2581 to U+2588, three bytes
 * each), or with is_ascii such as every terminal has. */
void sparkline_format(const struct sparkline *line, size_t width, bool is_ascii, struct strbuf *text);
