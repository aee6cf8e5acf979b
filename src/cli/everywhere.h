/* SPDX-License-Identifier: MIT */
/* everywhere.h - diagnose --all-netns: which network namespace of this host has the trouble. */
#pragma once

#include "cli/command.h"
#include "engine/diagnose.h"

/* An exit code. */
int everywhere_run(struct app *app, const struct diagnose_request *request);
