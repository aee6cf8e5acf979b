/* SPDX-License-Identifier: MIT */
/* Reading /proc/net/tcp and /proc/net/tcp6 in pieces. */
#include "kernel/tcp_table.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PIECE_SIZE = 16 * 1024,
	/* Of a file below another root, which may be anything. A line takes 150 bytes. */
	TABLE_SIZE_MAX = 256 * 1024 * 1024,
	MS_PER_TICK = 10,
};

/* A text that is read from its front. */
struct cursor {
	const char *at, *end;
};

void tcp_table_begin(struct tcp_table *table, uint8_t family, uint32_t states, tcp_table_fn *on_socket, void *context,
	size_t *malformed)
{
	*table = (struct tcp_table){
		.on_socket = on_socket, .context = context, .states = states, .malformed = malformed, .family = family,
	};
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
static bool take_endpoint(struct cursor *text, uint8_t family, uint8_t address[16], uint16_t *ret_port)
{
	const unsigned words = family == AF_INET6 ? 4 : 1;
	uint32_t word, port;

	for (unsigned i = 0; i < words; i++) {
		if (!take_hex(text, 8, &word))
			return false;
		memcpy(address + 4 * i, &word, sizeof(word));
	}
	if (!take_char(text, ':') || !take_hex(text, 4, &port))
		return false;
	*ret_port = (uint16_t)port;
	return take_blanks(text);
}

/* tr:when retransmits, each with a blank behind it. */
static bool take_timer(struct cursor *text, struct tcp_socket *socket)
{
	uint32_t timer, when, retries;

	if (!take_hex(text, 2, &timer) || !take_char(text, ':') || !take_hex(text, 8, &when) || !take_blanks(text) ||
		!take_hex(text, 8, &retries))
		return false;
	socket->timer = (uint8_t)timer;
	socket->expires_ms = when > UINT32_MAX / MS_PER_TICK ? UINT32_MAX : when * MS_PER_TICK;
	socket->retries = retries > UINT8_MAX ? UINT8_MAX : (uint8_t)retries;
	return take_blanks(text);
}

/* From the state on: tx_queue:rx_queue tr:when retransmits uid timeout inode. */
static bool take_figures(struct cursor *text, struct tcp_socket *socket)
{
	if (!take_hex(text, 8, &socket->send_queue) || !take_char(text, ':') ||
		!take_hex(text, 8, &socket->receive_queue) || !take_blanks(text) || !take_timer(text, socket) ||
		!take_decimal(text, &socket->uid) || !take_blanks(text) || !skip_field(text) ||
		!take_decimal(text, &socket->inode))
		return false;
	/* Of a number that was cut nobody knows; there are always more fields behind it. */
	return take_blanks(text);
}

/* 1 for a socket in one of the states, 0 for another one, -1 for what is no such line. */
static int parse_line(struct cursor text, uint32_t states, struct tcp_socket *socket)
{
	uint32_t number, state;

	(void)take_blanks(&text);
	if (!take_decimal(&text, &number) || !take_char(&text, ':') || !take_blanks(&text) ||
		!take_endpoint(&text, socket->family, socket->local, &socket->local_port) ||
		!take_endpoint(&text, socket->family, socket->remote, &socket->remote_port) ||
		!take_hex(&text, 2, &state) || !take_blanks(&text))
		return -1;
	if (state >= TCP_SOCKET_STATES || !(states & 1U << state))
		return 0;
	socket->state = (uint8_t)state;
	return take_figures(&text, socket) ? 1 : -1;
}

static int finish_line(struct tcp_table *table)
{
	struct cursor text = { table->line, table->line + table->length };
	struct tcp_socket socket = { .family = table->family };
	int found = table->too_long ? -1 : parse_line(text, table->states, &socket);
	bool is_title = !table->past_title;

	table->length = 0;
	table->too_long = false;
	table->past_title = true;
	if (found > 0)
		return table->on_socket(table->context, &socket);
	if (found < 0 && !is_title)
		++*table->malformed;
	return 0;
}

int tcp_table_feed(struct tcp_table *table, const char *bytes, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(bytes, '\n', length);
		size_t piece = newline ? (size_t)(newline - bytes) : length;
		int r;

		if (piece > sizeof(table->line) - table->length)
			table->too_long = true;
		if (!table->too_long) {
			memcpy(table->line + table->length, bytes, piece);
			table->length += piece;
		}
		if (!newline)
			return 0;
		r = finish_line(table);
		if (r)
			return r;
		bytes += piece + 1;
		length -= piece + 1;
	}
	return 0;
}

int tcp_table_end(struct tcp_table *table)
{
	return table->length > 0 || table->too_long ? finish_line(table) : 0;
}

static int read_pieces(int fd, off_t limit, struct tcp_table *table)
{
	char piece[PIECE_SIZE];
	off_t total = 0;

	for (;;) {
		ssize_t count = read(fd, piece, sizeof(piece));
		int r;

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return tcp_table_end(table);
		total += count;
		if (limit && total > limit)
			return -EFBIG;
		r = tcp_table_feed(table, piece, (size_t)count);
		if (r)
			return r;
	}
}

int tcp_table_read(struct tcp_table *table, const struct rootdir *root)
{
	CLEANUP_FD int fd = rootdir_open_path(root, table->family == AF_INET6 ? "proc/net/tcp6" : "proc/net/tcp",
		O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return read_pieces(fd, root->is_system ? 0 : TABLE_SIZE_MAX, table);
}
