/* SPDX-License-Identifier: MIT */
/* Reading /proc/net/tcp and /proc/net/tcp6 in pieces. */
#include "kernel/tcp_table.h"

#include <netinet/tcp.h>
#include <string.h>

/* A text that is read from its front. */
struct cursor {
	const char *at, *end;
};

void tcp_table_begin(struct tcp_table *table, uint8_t family, struct arena *arena, struct listeners *listeners)
{
	*table = (struct tcp_table){ .arena = arena, .listeners = listeners, .family = family };
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Exactly so many hexadecimal digits, at most 8. */
static bool take_hex(struct cursor *text, unsigned digits, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (text->end - text->at < (ptrdiff_t)digits)
		return false;
	for (unsigned i = 0; i < digits; i++) {
		int value = digit_value(text->at[i]);

		if (value < 0)
			return false;
		number = number << 4 | (uint32_t)value;
	}
	text->at += digits;
	*ret_number = number;
	return true;
}

static bool take_decimal(struct cursor *text, uint32_t *ret_number)
{
	const char *start = text->at;
	uint64_t number = 0;

	while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && number <= UINT32_MAX)
		number = number * 10 + (uint64_t)(*text->at++ - '0');
	if (text->at == start || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool take_char(struct cursor *text, char wanted)
{
	if (text->at == text->end || *text->at != wanted)
		return false;
	text->at++;
	return true;
}

/* At least one. */
static bool take_blanks(struct cursor *text)
{
	const char *start = text->at;

	while (take_char(text, ' '))
		;
	return text->at > start;
}

/* A field that nobody asks for. */
static bool skip_field(struct cursor *text)
{
	const char *start = text->at;

	while (text->at < text->end && *text->at != ' ')
		text->at++;
	return text->at > start && take_blanks(text);
}

/* ADDRESS:PORT and the blank behind it. */
static bool take_endpoint(struct cursor *text, struct listener *listener)
{
	const unsigned words = listener->family == AF_INET6 ? 4 : 1;
	uint32_t word, port;

	for (unsigned i = 0; i < words; i++) {
		if (!take_hex(text, 8, &word))
			return false;
		memcpy(listener->address + 4 * i, &word, sizeof(word));
	}
	if (!take_char(text, ':') || !take_hex(text, 4, &port))
		return false;
	listener->port = (uint16_t)port;
	return take_blanks(text);
}

/* From the state on: tx_queue:rx_queue tr:when retransmits uid timeout inode. */
static bool take_figures(struct cursor *text, struct listener *listener)
{
	uint32_t unused;

	if (!take_hex(text, 8, &unused) || !take_char(text, ':') || !take_hex(text, 8, &listener->queue) ||
		!take_blanks(text) || !skip_field(text) || !skip_field(text) ||
		!take_decimal(text, &listener->uid) || !take_blanks(text) || !skip_field(text) ||
		!take_decimal(text, &listener->inode))
		return false;
	/* Of a number that was cut nobody knows; there are always more fields behind it. */
	return take_blanks(text);
}

/* 1 for a listening socket, 0 for another one, -1 for what is no such line. */
static int parse_line(struct cursor text, struct listener *listener)
{
	struct listener remote = { .family = listener->family };
	uint32_t number, state;

	(void)take_blanks(&text);
	if (!take_decimal(&text, &number) || !take_char(&text, ':') || !take_blanks(&text) ||
		!take_endpoint(&text, listener) || !take_endpoint(&text, &remote) ||
		!take_hex(&text, 2, &state) || !take_blanks(&text))
		return -1;
	if (state != TCP_LISTEN)
		return 0;
	return take_figures(&text, listener) ? 1 : -1;
}

static int finish_line(struct tcp_table *table)
{
	struct cursor text = { table->line, table->line + table->length };
	struct listener listener = { .family = table->family };
	int found = table->too_long ? -1 : parse_line(text, &listener);
	bool is_title = !table->past_title;

	table->length = 0;
	table->too_long = false;
	table->past_title = true;
	if (found > 0)
		return listeners_add(table->listeners, table->arena, &listener);
	if (found < 0 && !is_title)
		table->listeners->malformed++;
	return 0;
}

int tcp_table_feed(struct tcp_table *table, const char *bytes, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(bytes, '\n', length);
		size_t piece = newline ? (size_t)(newline - bytes) : length;

		if (piece > sizeof(table->line) - table->length)
			table->too_long = true;
		if (!table->too_long) {
			memcpy(table->line + table->length, bytes, piece);
			table->length += piece;
		}
		if (!newline)
			return 0;
		if (finish_line(table) < 0)
			return -ENOMEM;
		bytes += piece + 1;
		length -= piece + 1;
	}
	return 0;
}

int tcp_table_end(struct tcp_table *table)
{
	return table->length > 0 || table->too_long ? finish_line(table) : 0;
}
