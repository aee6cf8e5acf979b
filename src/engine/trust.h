/* SPDX-License-Identifier: MIT */
/* trust.h - whose files root acts upon: checked on the opened descriptor. */
#pragma once

#include "base/diag.h"

#include <stdbool.h>
#include <sys/stat.h>

/* What the file is, for messages: "profile", and the ids "unsafe-profile" and "foreign-profile". */
struct trust_words {
	const char *noun, *unsafe_id, *foreign_id;
};

/* For root only: one in a system directory must belong to root and be writable for nobody else; any other is refused
 * when the world can write it, with a warning when it belongs to neither root nor the caller. False when it is
 * refused, with the error in the diagnostics. */
bool trust_accepts(struct diags *diags, const struct trust_words *words, const struct stat *status, bool is_system,
	const struct source *source);
