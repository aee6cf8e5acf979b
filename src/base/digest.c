/* SPDX-License-Identifier: MIT */
/* FNV-1a. */
#include "base/digest.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

void digest_format(const char *bytes, size_t length, char buffer[DIGEST_TEXT_SIZE])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	snprintf(buffer, DIGEST_TEXT_SIZE, "fnv1a64:%016" PRIx64, hash);
}
