/* SPDX-License-Identifier: MIT */
/* sysctl_conf.h - sysctl.conf and sysctl.d(5), both ways.
 *
 * Reading follows what systemd-sysctl and procps agree on (sysctl-semantics 1.2): one assignment a line, the first
 * "=" divides it, blanks around both sides do not count; a line is a comment when its first character is "#" or
 * ";", and there are no comments behind a value, no quotes and no continued lines; "-" before the key means that
 * a failure is no error (here: optional), and without "=" that globs leave the key out, which is no setting.
 * Of several lines with one key the last one counts. What the two tools do not take, or take for something
 * else than was likely meant, is reported, and the rest of the file is read nevertheless.
 *
 * Writing: keys whose names hold a dot are written with slashes, which systemd-sysctl and procps both take;
 * reasons become comments on lines of their own, for neither knows comments behind a value. "at_least" and
 * "at_most" have no counterpart there and are written as the value, with a comment that says so. */
#pragma once

#include "base/strbuf.h"
#include "model/profile.h"

/* A file of that size is a mistake. */
enum { SYSCTL_CONF_SIZE_MAX = 1024 * 1024 };

/* Makes a profile of the text, with `name`. Every setting has the places of its key and its value. Values are
 * checked against the catalogue (model/validate.h). 0; 1 with errors in the diagnostics, and the profile holds what
 * could be read; -ENOMEM. The source's text and name must outlive the profile. */
MUST_CHECK int sysctl_conf_read(struct arena *arena, const struct source *source, const char *name,
	struct diags *diags, struct profile **ret_profile);

void sysctl_conf_write(struct strbuf *text, const char *title, const struct setting *const settings[],
	size_t count);
