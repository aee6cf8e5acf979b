/* SPDX-License-Identifier: MIT */
/* tap.h - a verified plan in the Test Anything Protocol, version 13. */
#pragma once

#include "base/strbuf.h"
#include "model/plan.h"

void tap_write(struct strbuf *text, const struct plan *plan);
