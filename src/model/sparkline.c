/* SPDX-License-Identifier: MIT */
/* Bars of block elements. */
#include "model/sparkline.h"

#include <math.h>

static const char *const blocks[] = {
	"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
};
static const char *const ascii[] = { "_", ".", "-", "~", "=", "+", "*", "#" };
_Static_assert(COUNT_OF(blocks) == COUNT_OF(ascii), "the same heights");

void sparkline_clear(struct sparkline *line)
{
	*line = (struct sparkline){ .count = 0 };
}

void sparkline_add(struct sparkline *line, double value)
{
	line->values[line->next] = value;
	line->next = (line->next + 1) % SPARKLINE_VALUES;
	if (line->count < SPARKLINE_VALUES)
		line->count++;
}

/* The value so many before the newest. */
static double value_at(const struct sparkline *line, size_t age)
{
	return line->values[(line->next + SPARKLINE_VALUES - 1 - age) % SPARKLINE_VALUES];
}

/* Zero has the lowest bar to itself: little is more than nothing. */
static size_t height(double value, double highest)
{
	size_t highest_bar = COUNT_OF(blocks) - 1, bar;

	if (!(value > 0))
		return 0;
	bar = value < highest ? 1 + (size_t)(value / highest * (double)highest_bar) : highest_bar;
	return bar < highest_bar ? bar : highest_bar;
}

void sparkline_format(const struct sparkline *line, size_t width, bool is_ascii, struct strbuf *text)
{
	size_t shown = line->count < width ? line->count : width;
	double highest = 0;

	for (size_t i = 0; i < shown; i++)
		if (value_at(line, i) > highest)
			highest = value_at(line, i);
	for (size_t i = width; i-- > 0;) {
		if (i >= shown || isnan(value_at(line, i)))
			strbuf_add_char(text, ' ');
		else
			strbuf_add_text(text, (is_ascii ? ascii : blocks)[height(value_at(line, i), highest)]);
	}
}
