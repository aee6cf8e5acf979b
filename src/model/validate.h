/* SPDX-License-Identifier: MIT */
/* validate.h - settings against the catalogue, before anything is written.
 *
 * Reports type, range, order and number of fields of a value that the catalogue knows, and settings of one
 * list that contradict each other: two names of one variable, or siblings that zero each other. What
 * the catalogue does not know, the kernel is left to judge. */
#pragma once

#include "base/diag.h"
#include "model/profile.h"

/* Reports errors about one setting. */
void validate_setting(struct diags *diags, const struct setting *setting);

/* Reports clashes within one merged list. */
void validate_together(struct diags *diags, const struct setting *const settings[], size_t count);
