/* SPDX-License-Identifier: MIT */
/* sysctl_conf.h - settings as a file for sysctl.d(5).
 *
 * Keys whose names hold a dot are written with slashes, which systemd-sysctl and procps both take; reasons
 * become comments on lines of their own, for neither knows comments behind a value. "at_least" and
 * "at_most" have no counterpart there and are written as the value, with a comment that says so. */
#pragma once

#include "base/strbuf.h"
#include "model/profile.h"

void sysctl_conf_write(struct strbuf *text, const char *title, const struct setting *const settings[],
	size_t count);
