/* SPDX-License-Identifier: MIT */
/* version.h - kernel releases, and the versions that they are compared with.
 *
 * A release is what uname(2) tells: "6.18.44", "5.14.0-427.el9.x86_64", "6.1.0-31-amd64". Its version is the numbers at
 * the beginning, as far as they are joined by dots; what a distribution adds does not count. Compared number by
 * number, and a missing one is 0: "6.9" is less than "6.18" and equal to "6.9.0". */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

/* Whether the whole text is a version: one to four numbers of at most six digits, joined by dots. */
bool version_is_valid(const char *text);

/* Whether the text begins with a version, as a release does. */
bool version_is_release(const char *text);

/* Less than, equal to or greater than 0. Text without a version at its beginning counts as version 0. */
int version_compare(const char *a, const char *b);
