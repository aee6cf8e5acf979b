/* SPDX-License-Identifier: MIT */
/* The four forms of counters as text. */
#include "kernel/counter_text.h"

#include <string.h>

/* A text that is read from its front, or a part of one. */
struct piece {
	const char *at, *end;
};

enum { ROW_NONE = -1 };

enum form { FORM_TITLED, FORM_LABELLED, FORM_COLUMNS, FORM_NUMBERS };

/* The titles of what has none of its own. */
static const struct {
	uint8_t form;
	const char *titles;
} forms[COUNTER_FILE_COUNT] = {
	[COUNTER_NETSTAT] = { FORM_TITLED, NULL },
	[COUNTER_SNMP] = { FORM_TITLED, NULL },
	[COUNTER_SOCKSTAT] = { FORM_LABELLED, NULL },
	[COUNTER_SOCKSTAT6] = { FORM_LABELLED, NULL },
	[COUNTER_SOFTNET] = { FORM_COLUMNS, "processed dropped time_squeeze" },
	[COUNTER_CONNTRACK] = { FORM_COLUMNS, NULL },
	[COUNTER_CONNTRACK_COUNT] = { FORM_NUMBERS, "count" },
	[COUNTER_CONNTRACK_MAX] = { FORM_NUMBERS, "max" },
	[COUNTER_CONNTRACK_BUCKETS] = { FORM_NUMBERS, "buckets" },
	[COUNTER_TW_MAX] = { FORM_NUMBERS, "max" },
	[COUNTER_ORPHAN_MAX] = { FORM_NUMBERS, "max" },
	[COUNTER_TCP_MEM] = { FORM_NUMBERS, "low pressure high" },
	[COUNTER_FILE_NR] = { FORM_NUMBERS, "allocated unused max" },
};

/* ---- pieces ---- */

static struct piece piece_of(const char *text)
{
	return (struct piece){ text, text + strlen(text) };
}

static size_t length_of(struct piece piece)
{
	return (size_t)(piece.end - piece.at);
}

static bool is_equal(struct piece a, struct piece b)
{
	return length_of(a) == length_of(b) && memcmp(a.at, b.at, length_of(a)) == 0;
}

/* The next whole line, without its newline. Of one without a newline, nobody knows where it was cut. */
static bool take_line(struct piece *text, struct piece *line)
{
	const char *newline = text->at < text->end ? memchr(text->at, '\n', length_of(*text)) : NULL;

	if (!newline)
		return false;
	*line = (struct piece){ text->at, newline };
	text->at = newline + 1;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of a line. */
static bool take_word(struct piece *line, struct piece *word)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	word->at = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	word->end = line->at;
	return word->at < word->end;
}

/* "TcpExt:" at the front of a line, without the colon. */
static bool take_section(struct piece *line, struct piece *section)
{
	if (!take_word(line, section) || section->end[-1] != ':')
		return false;
	section->end--;
	return true;
}

/* ---- numbers ---- */

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* All of the word, of at least one digit. */
static bool parse_number(struct piece word, unsigned base, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (word.at == word.end)
		return false;
	for (; word.at < word.end; word.at++) {
		int value = digit_value(*word.at);

		if (value < 0 || value >= (int)base || number > UINT64_MAX / base)
			return false;
		number *= base;
		if (number > UINT64_MAX - (unsigned)value)
			return false;
		number += (unsigned)value;
	}
	*ret_number = number;
	return true;
}

/* A gauge as the kernel may print it: "-1", or 2^64-1, or on 32 bits 2^32-1, is a sum that was caught below zero.
 * Limits have a file of their own and may be that large. */
static bool parse_gauge(struct piece word, bool is_sum, uint64_t *ret_number)
{
	bool negative = *word.at == '-';
	uint64_t number;

	word.at += negative;
	if (!parse_number(word, 10, &number))
		return false;
	if (is_sum && (sizeof(long) == 4 ? number > INT32_MAX : number > INT64_MAX))
		negative = true;
	*ret_number = negative ? 0 : number;
	return true;
}

/* ---- rows ---- */

/* The rows of one section of one file stand side by side: from `first` up to `end`. */
struct section {
	int first, end;
	int next;	/* the one that follows the last that was found: there the next will mostly be */
};

/* Without such a section it is empty. */
static struct section find_section(enum counter_file file, struct piece name)
{
	struct section section = { 0 };

	while (section.first < COUNTER_COUNT) {
		const struct counter_row *row = &counter_rows[section.first];
		struct piece its_name = { row->section, row->section + row->section_length };

		if (row->file == file && is_equal(name, its_name))
			break;
		section.first++;
	}
	section.end = section.first;
	while (section.end < COUNTER_COUNT && counter_rows[section.end].file == file &&
		strcmp(counter_rows[section.end].section, counter_rows[section.first].section) == 0)
		section.end++;
	section.next = section.first;
	return section;
}

static bool is_field(int row, struct piece name)
{
	const struct counter_row *counter = &counter_rows[row];

	return counter->field_length == length_of(name) && memcmp(counter->field, name.at, length_of(name)) == 0;
}

static int find_field(struct section *section, struct piece name)
{
	int row = section->next;

	if (row >= section->end || !is_field(row, name))
		for (row = section->first; row < section->end && !is_field(row, name); row++)
			;
	if (row == section->end)
		return ROW_NONE;
	section->next = row + 1;
	return row;
}

static void set(struct counters *counters, int row, struct piece word)
{
	const struct counter_row *counter = &counter_rows[row];
	bool is_sum = counter->file <= COUNTER_SOCKSTAT6;

	if (counters->known_at[row])
		return;
	counters->known_at[row] = counter->kind == COUNTER_GAUGE ? parse_gauge(word, is_sum, &counters->at[row]) :
		parse_number(word, 10, &counters->at[row]);
}

/* ---- forms ---- */

static void parse_values(struct section section, struct piece titles, struct piece values, struct counters *counters)
{
	struct piece title, value;

	if (section.first == section.end)
		return;
	while (take_word(&titles, &title) && take_word(&values, &value)) {
		int row = find_field(&section, title);

		if (row != ROW_NONE)
			set(counters, row, value);
	}
}

/* A line of titles and one of values belong together when they begin with the same word and nothing is between. */
static void parse_titled(enum counter_file file, struct piece text, struct counters *counters)
{
	struct piece line, name, titles = { text.at, text.at }, section = titles;

	while (take_line(&text, &line)) {
		if (!take_section(&line, &name)) {
			section.end = section.at;
		} else if (length_of(section) > 0 && is_equal(name, section)) {
			parse_values(find_section(file, name), titles, line, counters);
			section.end = section.at;
		} else {
			section = name;
			titles = line;
		}
	}
}

static void parse_labelled(enum counter_file file, struct piece text, struct counters *counters)
{
	struct piece line, name, title, value;

	while (take_line(&text, &line)) {
		struct section section;

		if (!take_section(&line, &name))
			continue;
		section = find_section(file, name);
		while (take_word(&line, &title) && take_word(&line, &value)) {
			int row = find_field(&section, title);

			if (row != ROW_NONE)
				set(counters, row, value);
		}
	}
}

/* The row of each column, or ROW_NONE. Columns beyond are not looked at; the kernel has 17 at most. */
enum { COLUMNS_MAX = 64 };

struct columns {
	int rows[COLUMNS_MAX];
	size_t count;
};

static void read_titles(enum counter_file file, struct piece titles, struct columns *columns)
{
	struct section section = find_section(file, piece_of(""));
	struct piece title;
	bool taken[COUNTER_COUNT] = { false };

	columns->count = 0;
	while (columns->count < COLUMNS_MAX && take_word(&titles, &title)) {
		int row = find_field(&section, title);

		if (row != ROW_NONE && taken[row])
			row = ROW_NONE;
		if (row != ROW_NONE)
			taken[row] = true;
		columns->rows[columns->count++] = row;
	}
}

/* Adds one line to the sums; what is no number makes its sum unknown for good. */
static void add_line(const struct columns *columns, struct piece line, struct counters *counters)
{
	for (size_t i = 0; i < columns->count; i++) {
		int row = columns->rows[i];
		struct piece word = line;
		uint64_t number = 0;
		bool good = take_word(&line, &word) && row != ROW_NONE && parse_number(word, 16, &number);

		if (row == ROW_NONE)
			continue;
		if (!good || number > UINT32_MAX)
			counters->known_at[row] = false;
		else
			counters->at[row] += number;
	}
}

static void parse_columns(enum counter_file file, struct piece text, struct counters *counters)
{
	struct piece line, titles;
	struct columns columns;
	bool any = false;

	if (forms[file].titles)
		titles = piece_of(forms[file].titles);
	else if (!take_line(&text, &titles))
		return;
	read_titles(file, titles, &columns);
	while (take_line(&text, &line)) {
		for (size_t i = 0; i < columns.count && !any; i++)
			if (columns.rows[i] != ROW_NONE)
				counters->known_at[columns.rows[i]] = true;
		any = true;
		add_line(&columns, line, counters);
	}
	/* Something behind the last newline: a processor was cut off. */
	for (size_t i = 0; i < columns.count; i++) {
		int row = columns.rows[i];

		if (row == ROW_NONE)
			continue;
		counters->known_at[row] &= text.at == text.end;
		if (!counters->known_at[row])
			counters->at[row] = 0;
	}
}

static void parse_numbers(enum counter_file file, struct piece text, struct counters *counters)
{
	struct piece line;

	if (take_line(&text, &line))
		parse_values(find_section(file, piece_of("")), piece_of(forms[file].titles), line, counters);
}

void counter_text_parse(enum counter_file file, const char *text, size_t length, struct counters *counters)
{
	static void (*const parse[])(enum counter_file, struct piece, struct counters *) = {
		[FORM_TITLED] = parse_titled,
		[FORM_LABELLED] = parse_labelled,
		[FORM_COLUMNS] = parse_columns,
		[FORM_NUMBERS] = parse_numbers,
	};

	parse[forms[file].form](file, (struct piece){ text, text + length }, counters);
}
