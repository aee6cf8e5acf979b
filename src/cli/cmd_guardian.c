/* SPDX-License-Identifier: MIT */
/* kerntune __guardian ID: the service of systemd's that guards a change. */
#include "cli/command.h"
#include "engine/guardian.h"
#include "kernel/systemd.h"

#include <errno.h>

static int guardian_command(struct app *app, int argc, char *argv[])
{
	struct guardian guardian = { .root = &app->root, .procsys = &app->procsys };
	int r = app_open_procsys(app, PROCSYS_READ_WRITE);
	int ready_fd;

	(void)argc;
	if (r != 0)
		return r;
	/* By hand there is nobody to be told. */
	ready_fd = systemd_notify_open();
	r = ready_fd < 0 && ready_fd != -ENOTCONN ? ready_fd : guardian_watch(&guardian, argv[0], ready_fd);
	return r < 0 ? app_fail_errno(app, r, "guarding a change") : EXIT_HOLDS;
}

const struct command cmd_guardian = {
	.name = "__guardian",
	.arguments = "ID",
	.summary = "Undo a change at its deadline",
	.min_arguments = 1,
	.max_arguments = 1,
	.is_hidden = true,
	.changes = true,
	.settles = true,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_END },
	.run = guardian_command,
};
