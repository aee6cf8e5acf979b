/* SPDX-License-Identifier: MIT */
/* observed.h - what a look at TCP saw beside its findings: listeners, destinations, services. For diagnose. */
#pragma once

#include "cli/command.h"
#include "engine/observation.h"

/* Three tables on stdout, each with an empty line before it: all listeners; of destinations and services those with the
 * most sockets. What was not looked at, or is not there, is left out. 0 or -ENOMEM. */
MUST_CHECK int observed_print(struct app *app, const struct observation *seen);

/* "listeners", "destinations", "services" and the bounds of the latter two: what kerntune(8) describes. 0 or -ENOMEM. */
MUST_CHECK int observed_add_json(struct app *app, struct json *json, cJSON *parent, const struct observation *seen);
