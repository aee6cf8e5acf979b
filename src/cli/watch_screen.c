/* SPDX-License-Identifier: MIT */
/* The live table: one frame, fitted to the terminal. */
#define _GNU_SOURCE
#include "cli/watch_view.h"

#include "cli/render.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum {
	LABEL_WIDTH = 23,
	VALUE_WIDTH = 11,
	BARS_LEAST = 8,		/* fewer say nothing */
	LINE_SIZE = 1024,
	WRITES_SHOWN = 5,
};

/* A frame in the making. Every line goes through put(), which cuts it to the terminal's width. */
struct frame {
	const struct watch_view *view;
	struct strbuf *text;
	bool is_last;
	size_t lines, lines_max;
};

static bool has_room(const struct frame *frame)
{
	return frame->is_last || frame->lines < frame->lines_max;
}

static void end_line(struct frame *frame)
{
	strbuf_add_char(frame->text, '\n');
	frame->lines++;
}

/* The beginning of a line: clears what was there before, for at the end a full line would lose its last character. Only
 * ASCII is let through, so that characters are columns, and nothing moves the cursor. */
static void put(struct frame *frame, enum cell_style style, const char *format, ...) PRINTF_FORMAT(3, 4);
static void put(struct frame *frame, enum cell_style style, const char *format, ...)
{
	const char *color = frame->view->app->color_out ? render_style(style) : "";
	char line[LINE_SIZE];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	length = strlen(line);
	if (length > frame->view->columns)
		length = frame->view->columns;
	for (size_t i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	if (!frame->is_last)
		strbuf_add_text(frame->text, "\033[K");
	strbuf_add_text(frame->text, color);
	strbuf_add(frame->text, line, length);
	if (color[0])
		strbuf_add_text(frame->text, "\033[0m");
}

#define PUT_LINE(frame, style, ...)                                                               \
	do {                                                                                      \
		if (has_room(frame)) {                                                            \
			put(frame, style, __VA_ARGS__);                                     \
			end_line(frame);                                                          \
		}                                                                                 \
	} while (0)

static enum cell_style alarm_style(enum alarm_state state)
{
	return state == ALARM_CRITICAL ? STYLE_BAD : state == ALARM_WARNING ? STYLE_CHANGE : STYLE_PLAIN;
}

/* ---- its parts ---- */

static void put_head(struct frame *frame)
{
	const struct watch_view *view = frame->view;
	char time[WATCH_TIME_SIZE];

	watch_time(view, &view->now, time);
	PUT_LINE(frame, STYLE_PLAIN, "kerntune watch  %s  %s  every %g s  tick %llu, %.2f ms", view->app->host.hostname, time,
		(double)view->interval_ms / 1000, (unsigned long long)view->watch->ticks,
		(double)view->watch->cost_ns / 1e6);
}

static const char *statement(size_t figure)
{
	return watch_figures[figure].statement ? watch_figures[figure].statement : watch_figures[figure].name;
}

static void put_alerts(struct frame *frame)
{
	const struct watch *watch = frame->view->watch;
	size_t count = 0;

	for (int level = ALARM_CRITICAL; level > ALARM_CLEAR; level--)
		for (size_t i = 0; i < watch_figures_count; i++) {
			uint64_t seconds = (watch->sample.now.time_ns - watch->alarms[i].since_ns) / 1000000000;
			struct watch_finding found;
			char value[WATCH_VALUE_SIZE];

			if ((int)watch->alarms[i].state != level)
				continue;
			watch_describe(watch, i, &found);
			watch_format(watch_figures[i].unit, watch->values[i], value);
			/* What a narrow terminal cuts off is what one knows already. */
			PUT_LINE(frame, alarm_style(watch->alarms[i].state), "%s %s%s%s  %s for %llu s: %s",
				alarm_state_name(watch->alarms[i].state), found.finding.row->id,
				found.finding.subject[0] ? " " : "", found.finding.subject, value,
				(unsigned long long)seconds, statement(i));
			count++;
		}
	if (count == 0)
		PUT_LINE(frame, STYLE_GOOD, "no alarm");
}

static size_t bars_width(const struct frame *frame)
{
	size_t columns = frame->view->columns, taken = LABEL_WIDTH + VALUE_WIDTH + 2;

	if (columns < taken + BARS_LEAST)
		return 0;
	return columns - taken < SPARKLINE_VALUES ? columns - taken : SPARKLINE_VALUES;
}

static void put_figure(struct frame *frame, size_t figure)
{
	const struct watch *watch = frame->view->watch;
	size_t bars = bars_width(frame), columns = frame->view->columns;
	/* A narrow terminal takes from the label first. */
	int label = columns >= LABEL_WIDTH + VALUE_WIDTH ? LABEL_WIDTH :
		columns > VALUE_WIDTH ? (int)columns - VALUE_WIDTH : 0;
	char value[WATCH_VALUE_SIZE];

	watch_format(watch_figures[figure].unit, watch->values[figure], value);
	put(frame, alarm_style(watch->alarms[figure].state), "%-*.*s%*s", label, label, watch_figures[figure].label,
		VALUE_WIDTH, value);
	if (bars > 0) {
		strbuf_add_text(frame->text, "  ");
		sparkline_format(&watch->lines[figure], bars, frame->view->is_ascii, frame->text);
	}
	end_line(frame);
}

static void put_legend(struct frame *frame)
{
	PUT_LINE(frame, STYLE_FAINT, "%-*s%*s%s", LABEL_WIDTH, "FIGURE", VALUE_WIDTH, "NOW",
		bars_width(frame) ? "  BEFORE" : "");
}

/* What this kernel or namespace does not know at all has no row. */
static bool is_shown(const struct watch *watch, size_t figure)
{
	const struct sparkline *line = &watch->lines[figure];

	if (!watch_figures[figure].label)
		return false;
	for (size_t i = 0; i < line->count; i++)
		if (!isnan(line->values[i]))
			return true;
	/* Rates are known from the second tick on. */
	return watch->ticks < 2 && watch_figures[figure].unit == WATCH_PER_SECOND;
}

static void put_figures(struct frame *frame, size_t lines_below)
{
	const struct watch *watch = frame->view->watch;
	size_t left = 0;

	for (size_t i = 0; i < watch_figures_count; i++)
		left += is_shown(watch, i);
	for (size_t i = 0; i < watch_figures_count; i++) {
		size_t room = frame->lines_max > frame->lines + lines_below ? frame->lines_max - frame->lines - lines_below : 0;

		if (!is_shown(watch, i))
			continue;
		if (!frame->is_last && (room == 0 || (room == 1 && left > 1))) {
			PUT_LINE(frame, STYLE_FAINT, "%zu more figures", left);
			return;
		}
		put_figure(frame, i);
		left--;
	}
}

static size_t writes_shown(const struct watch_view *view)
{
	return view->writes_total < WRITES_SHOWN ? view->writes_total : WRITES_SHOWN;
}

static void put_writes(struct frame *frame)
{
	const struct watch_view *view = frame->view;
	char text[WATCH_WRITE_TEXT_SIZE], time[WATCH_TIME_SIZE];

	for (size_t i = view->writes_total - writes_shown(view); i < view->writes_total; i++) {
		const struct watch_write *seen = &view->writes[i % WATCH_WRITES_KEPT];

		watch_time(view, &seen->when, time);
		watch_write_text(&seen->write, text);
		/* The time of the day says enough. */
		PUT_LINE(frame, STYLE_CHANGE, "%.8s wrote %s", strlen(time) > 11 ? time + 11 : time, text);
	}
}

static size_t notes_shown(const struct watch_view *view)
{
	return view->notes_total < WATCH_NOTES_KEPT ? view->notes_total : WATCH_NOTES_KEPT;
}

static void put_notes(struct frame *frame)
{
	const struct watch_view *view = frame->view;

	for (size_t i = view->notes_total - notes_shown(view); i < view->notes_total; i++)
		PUT_LINE(frame, STYLE_FAINT, "%s", view->notes[i % WATCH_NOTES_KEPT]);
}

void watch_add_frame(const struct watch_view *view, bool is_last, struct strbuf *text)
{
	struct frame frame = { .view = view, .text = text, .is_last = is_last,
		/* The last row stays empty: a line feed on it would scroll. */
		.lines_max = view->rows > 1 ? view->rows - 1 : 1 };

	if (!is_last)
		strbuf_add_text(text, "\033[H");
	put_head(&frame);
	put_alerts(&frame);
	PUT_LINE(&frame, STYLE_PLAIN, "%s", "");
	if (!view->app->options.no_legend)
		put_legend(&frame);
	put_figures(&frame, writes_shown(view) + notes_shown(view));
	put_writes(&frame);
	put_notes(&frame);
	if (!is_last)
		strbuf_add_text(text, "\033[J");
}
