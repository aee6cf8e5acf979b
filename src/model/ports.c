/* SPDX-License-Identifier: MIT */
/* Sets of ports. */
#include "model/ports.h"

#include <string.h>

struct cursor {
	const char *text;
	size_t length;
};

/* Takes a decimal port off the front; false when there is none or it is above 65535. */
static bool next_port(struct cursor *rest, unsigned *ret_port)
{
	unsigned port = 0;
	size_t i = 0;

	for (; i < rest->length && rest->text[i] >= '0' && rest->text[i] <= '9'; i++) {
		port = port * 10 + (unsigned)(rest->text[i] - '0');
		if (port >= PORTS_COUNT)
			return false;
	}
	rest->text += i;
	rest->length -= i;
	*ret_port = port;
	return i > 0;
}

static bool next_is(struct cursor *rest, char character)
{
	if (rest->length == 0 || rest->text[0] != character)
		return false;
	rest->text++;
	rest->length--;
	return true;
}

bool ports_parse(const char *text, size_t length, struct ports *ret_ports)
{
	struct cursor rest = { text, length };
	unsigned first, last;

	memset(ret_ports, 0, sizeof(*ret_ports));
	if (length > 0 && text[length - 1] == '\n')
		rest.length--;
	if (rest.length == 0)
		return true;
	do {
		if (!next_port(&rest, &first))
			return false;
		last = first;
		if (next_is(&rest, '-') && (!next_port(&rest, &last) || last < first))
			return false;
		ports_add(ret_ports, first, last);
	} while (next_is(&rest, ','));
	return rest.length == 0;
}

void ports_print(const struct ports *ports, struct strbuf *text)
{
	bool is_first = true;

	for (unsigned port = 0; port < PORTS_COUNT; port++) {
		unsigned last = port;

		if (!ports_contain(ports, port))
			continue;
		while (ports_contain(ports, last + 1))
			last++;
		strbuf_printf(text, last > port ? "%s%u-%u" : "%s%u", is_first ? "" : ",", port, last);
		is_first = false;
		port = last;
	}
}

bool ports_contain(const struct ports *ports, unsigned port)
{
	return port < PORTS_COUNT && (ports->words[port / 64] >> (port % 64) & 1);
}

void ports_add(struct ports *ports, unsigned first, unsigned last)
{
	for (unsigned port = first; port <= last && port < PORTS_COUNT; port++)
		ports->words[port / 64] |= UINT64_C(1) << (port % 64);
}

size_t ports_count(const struct ports *ports)
{
	size_t count = 0;

	for (size_t i = 0; i < PORTS_WORDS; i++)
		count += (size_t)__builtin_popcountll(ports->words[i]);
	return count;
}

void ports_unite(struct ports *ports, const struct ports *other)
{
	for (size_t i = 0; i < PORTS_WORDS; i++)
		ports->words[i] |= other->words[i];
}

void ports_intersect(struct ports *ports, const struct ports *other)
{
	for (size_t i = 0; i < PORTS_WORDS; i++)
		ports->words[i] &= other->words[i];
}
