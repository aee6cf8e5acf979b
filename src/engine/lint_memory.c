/* SPDX-License-Identifier: MIT */
/* Checks of buffers and limits against each other and against the memory of this machine. */
#include "engine/lint_check.h"

#include <inttypes.h>
#include <string.h>

#define RMEM_MAX "net/core/rmem_max"
#define WMEM_MAX "net/core/wmem_max"

/* ---- tcp_mem ---- */

/* False when the setting is no vector of three numbers of pages, or the bytes would not fit. */
static bool target_bytes(struct lint *lint, uint64_t bytes[3])
{
	for (size_t i = 0; i < 3; i++) {
		if (!lint_target_number(lint, i, &bytes[i]) || bytes[i] > UINT64_MAX / lint_machine(lint)->page_size)
			return false;
		bytes[i] *= lint_machine(lint)->page_size;
	}
	return true;
}

/* "3, 4 and 6 GiB", or each with its own unit. */
static const char *three_sizes(struct lint *lint, const uint64_t bytes[3])
{
	const char *words[3], *unit[3], *text;

	for (size_t i = 0; i < 3; i++) {
		words[i] = lint_size(lint, bytes[i]);
		unit[i] = strchr(words[i], ' ');
	}
	if (unit[0] && unit[1] && unit[2] && strcmp(unit[0], unit[2]) == 0 && strcmp(unit[1], unit[2]) == 0) {
		text = arena_printf(lint->arena, "%.*s, %.*s and %s", (int)(unit[0] - words[0]), words[0],
			(int)(unit[1] - words[1]), words[1], words[2]);
		lint->diags->failed |= !text;
		return text ? text : "";
	}
	return lint_listed(lint, words, 3);
}

void lint_tcp_mem_fixed(struct lint *lint)
{
	uint64_t bytes[3], ram = lint_machine(lint)->ram_bytes;

	/* What is computed from the facts of the machine is not fixed. */
	if (lint->setting->expression || !target_bytes(lint, bytes))
		return;
	if (ram)
		lint_report(lint, "tcp_mem counts pages: this is %s whatever memory the machine has, which is %s here",
			three_sizes(lint, bytes), lint_size(lint, ram));
	else
		lint_report(lint, "tcp_mem counts pages: this is %s whatever memory the machine has",
			three_sizes(lint, bytes));
	lint_hint(lint, "leave it out: at boot the kernel takes about 5, 6 and 9 %% of the memory");
}

void lint_tcp_mem_budget(struct lint *lint)
{
	uint64_t bytes[3], ram = lint_machine(lint)->ram_bytes;

	if (ram == 0 || !target_bytes(lint, bytes) || bytes[2] <= ram / 3)
		return;
	lint_report(lint, "TCP may take %s of the %s of this machine before it is held back", lint_size(lint, bytes[2]),
		lint_size(lint, ram));
	lint_hint(lint, "leave it out: at boot the kernel takes about 9 %% of the memory as the limit");
}

void lint_tcp_mem_lowered(struct lint *lint)
{
	uint64_t bytes[3], live;

	if (!target_bytes(lint, bytes) || !lint_live_number(lint, lint->setting->path, 2, &live) ||
		live > UINT64_MAX / lint_machine(lint)->page_size || bytes[2] >= live * lint_machine(lint)->page_size)
		return;
	lint_report(lint, "this lowers the limit for all TCP sockets from %s to %s",
		lint_size(lint, live * lint_machine(lint)->page_size), lint_size(lint, bytes[2]));
	lint_hint(lint, "leave it out");
}

/* ---- buffers of sockets ---- */

void lint_buffer_default(struct lint *lint)
{
	bool is_receive = strcmp(lint->setting->path, "net/core/rmem_default") == 0;
	uint64_t bytes;

	/* What it has always been on 64-bit machines: 256 packets of 256 bytes. */
	if (!lint_target_number(lint, 0, &bytes) || bytes <= 212992)
		return;
	lint_report(lint,
		"%s costs memory per socket, up to %s for each UDP, UNIX and netlink socket, and does not raise "
		"TCP's "
		"limits: a TCP socket begins with the second field of %s",
		is_receive ? "rmem_default" : "wmem_default", lint_size(lint, bytes),
		is_receive ? "tcp_rmem" : "tcp_wmem");
	lint_hint(lint, "leave it at 212992; programs that need more ask for it, up to %s",
		is_receive ? "rmem_max" : "wmem_max");
}

void lint_buffer_default_above_max(struct lint *lint)
{
	const char *path = strcmp(lint->setting->path, "net/core/rmem_default") == 0 ? RMEM_MAX : WMEM_MAX;
	const struct setting *setting = lint_setting(lint, path);
	uint64_t bytes, max;

	if (!lint_target_number(lint, 0, &bytes) || !lint_number(lint, path, 0, &max) || bytes <= max)
		return;
	lint_report(lint,
		"above %s, which is %" PRIu64 ": a program that asks for a buffer gets less than one that does not",
		lint_shown(lint, path), max);
	if (setting)
		lint_also(lint, setting, "set here");
	lint_hint(lint, "let the default be at most the maximum");
}

/* Only where one file sets both, as if they belonged together. */
void lint_buffer_unrelated(struct lint *lint)
{
	bool is_receive = strcmp(lint->setting->path, "net/ipv4/tcp_rmem") == 0;
	const char *path = is_receive ? RMEM_MAX : WMEM_MAX;
	const struct setting *setting = lint_setting(lint, path);
	uint64_t bytes, max;

	if (!setting || !lint_target_number(lint, 2, &bytes) || !lint_number(lint, path, 0, &max) || bytes <= max)
		return;
	lint_report(lint,
		"the third field is above %s, and is not limited by it: that is for programs that set their "
		"buffers "
		"themselves",
		is_receive ? "rmem_max" : "wmem_max");
	lint_also(lint, setting, "set here");
	lint_hint(lint, "nothing to mend: the two need not match");
}

/* By default the largest buffer is a 128th of the memory. */
void lint_buffer_budget(struct lint *lint)
{
	bool is_vector = strncmp(lint->setting->path, "net/ipv4/", 9) == 0;
	uint64_t bytes, ram = lint_machine(lint)->ram_bytes;

	if (!lint_target_number(lint, is_vector ? 2 : 0, &bytes) || ram == 0 || bytes <= ram / 64)
		return;
	lint_report(lint, "one socket may take %s of the %s of this machine", lint_size(lint, bytes),
		lint_size(lint, ram));
	lint_hint(lint, "the kernel takes a 128th of the memory at most");
}

static bool lowers(struct lint *lint, size_t field, uint64_t *ret_live)
{
	uint64_t target;

	return lint_target_number(lint, field, &target) &&
	       lint_live_number(lint, lint->setting->path, field, ret_live) && target < *ret_live;
}

/* The first field of a vector is a minimum under memory pressure: nothing to miss. */
void lint_buffer_lowered(struct lint *lint)
{
	bool is_vector = strncmp(lint->setting->path, "net/ipv4/", 9) == 0;
	bool second = is_vector && lowers(lint, 1, &(uint64_t){ 0 });
	bool third = is_vector && lowers(lint, 2, &(uint64_t){ 0 });
	const char *shown;
	struct value live;

	if (!(is_vector ? second || third : lowers(lint, 0, &(uint64_t){ 0 })) ||
		!lint_live(lint, lint->setting->path, &live))
		return;
	shown = value_display(lint->arena, VALUE_LONG, live);
	lint->diags->failed |= !shown;
	lint_report(lint, "this lowers %s%s, which is %s now",
		!is_vector        ? ""
		: second && third ? "the second and third fields of "
		: second          ? "the second field of "
				  : "the third field of ",
		lint_key(lint), shown ? shown : "");
	lint_hint(lint, "defaults have grown: leave it out, or use at_least in a profile");
}

/* ---- files ---- */

void lint_file_max_lowered(struct lint *lint)
{
	uint64_t live;

	if (!lowers(lint, 0, &live))
		return;
	lint_report(lint,
		"this lowers fs.file-max from %" PRIu64
		"%s; and \"Too many open files\" is the limit of one program, "
		"RLIMIT_NOFILE",
		live, live == INT64_MAX ? ", the largest number, which systemd sets at boot" : "");
	lint_hint(lint, "leave it out");
}

void lint_nr_open_lowered(struct lint *lint)
{
	uint64_t live;

	if (!lowers(lint, 0, &live))
		return;
	lint_report(lint,
		"this lowers fs.nr_open from %" PRIu64
		": where a hard limit for open files above it is in use, setrlimit() "
		"fails, and logins with it",
		live);
	lint_hint(lint, "leave it out: it raises nobody's limit, LimitNOFILE= of the service does");
}

void lint_nr_open_above_file_max(struct lint *lint)
{
	const struct setting *setting = lint_setting(lint, "fs/file-max");
	uint64_t one, all;

	if (!setting || !lint_target_number(lint, 0, &one) || !lint_number(lint, "fs/file-max", 0, &all) || one <= all)
		return;
	lint_report(lint, "one program may open more files than fs.file-max allows for all of them, %" PRIu64, all);
	lint_also(lint, setting, "set here");
	lint_hint(lint, "leave fs.file-max out");
}
