/* SPDX-License-Identifier: MIT */
/* Owner and mode. */
#include "engine/trust.h"

#include <unistd.h>

bool trust_accepts(struct diags *diags, const struct trust_words *words, const struct stat *status, bool is_system,
	const struct source *source)
{
	if (geteuid() != 0)
		return true;
	if (is_system && (status->st_uid != 0 || (status->st_mode & (S_IWGRP | S_IWOTH)))) {
		diag_error(diags, words->unsafe_id, span_file(source),
			"a %s in a system directory must belong to root and be writable for root only", words->noun);
		diag_hint(diags, "chown root:root and chmod 0644 it, after reading it");
		return false;
	}
	if (status->st_mode & S_IWOTH) {
		diag_error(diags, words->unsafe_id, span_file(source),
			"everybody can write this %s: it will not be used by root", words->noun);
		diag_hint(diags, "chmod o-w it, after reading it");
		return false;
	}
	if (!is_system && status->st_uid != 0 && status->st_uid != getuid())
		diag_warning(diags, words->foreign_id, span_file(source),
			"this %s belongs to another user (uid %ld), who can change it at any time", words->noun,
			(long)status->st_uid);
	return true;
}
