/* SPDX-License-Identifier: MIT */
/* junit.h - a verified plan as JUnit XML: one test case per parameter.
 *
 * The subset that GitLab, Jenkins and the usual actions read: testsuite, testcase, failure, skipped. A key
 * that is absent or read-only and declared optional is "skipped". */
#pragma once

#include "base/strbuf.h"
#include "model/host.h"
#include "model/plan.h"

void junit_write(struct strbuf *text, const struct plan *plan, const struct host *host);
