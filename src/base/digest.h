/* SPDX-License-Identifier: MIT */
/* digest.h - a short fingerprint of a text, to notice that it changed.
 *
 * FNV-1a, 64 bits (draft-eastlake-fnv): against accidents, not against an adversary; who can forge a profile
 * that root applies has already won. */
#pragma once

#include <stddef.h>

enum { DIGEST_TEXT_SIZE = 32 };

/* Writes "fnv1a64:" and 16 hexadecimal digits. */
void digest_format(const char *bytes, size_t length, char buffer[DIGEST_TEXT_SIZE]);
