/* SPDX-License-Identifier: MIT */
/* cmd_diff.h - the dry run, which apply -n shares. */
#pragma once

#include "cli/command.h"

int diff_run(struct app *app, int argc, char *argv[]);
