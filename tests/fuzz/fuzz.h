/* SPDX-License-Identifier: MIT */
/* fuzz.h - what every fuzz target has in common.
 *
 * A target is one file with LLVMFuzzerTestOneInput(). With -Dfuzz=true libFuzzer calls it; otherwise
 * replay_main.c does, with every file of the committed corpus. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(), never compiled out. */
#define REQUIRE(condition)                                                                        \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,         \
				#condition);                                                      \
			abort();                                                                  \
		}                                                                                 \
	} while (0)
