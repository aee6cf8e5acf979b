/* SPDX-License-Identifier: MIT */
/* notice.h - what every command says as long as a change of this host is not settled.
 *
 * From /run/kerntune/state, which everybody may read. */
#pragma once

#include "cli/command.h"

/* Adds a warning for a change that was interrupted, or whose deadline has passed without its guardian undoing it. A
 * state that cannot be read is no reason not to go on. */
void notice_warn(struct app *app);
