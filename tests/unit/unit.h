/* SPDX-License-Identifier: MIT */
/* unit.h - cmocka, with what it wants included before it, and a check that names the row of a table. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Fails with a text of its own, which says which row of a table it was. */
#define check_row(condition, ...)                                                                 \
	do {                                                                                      \
		if (!(condition))                                                                 \
			fail_msg(__VA_ARGS__);                                                    \
	} while (0)

/* A group that fails makes the program fail, whatever the number of its failures. */
#define RUN_TESTS(tests) (cmocka_run_group_tests((tests), NULL, NULL) != 0)
