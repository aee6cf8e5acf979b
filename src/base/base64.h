/* SPDX-License-Identifier: MIT */
/* base64.h - bytes as text (RFC 4648, with padding). */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>

void base64_encode(struct strbuf *text, const char *bytes, size_t length);

/* Adds the decoded bytes; false when the text is not base64. */
MUST_CHECK bool base64_decode(struct strbuf *bytes, const char *text, size_t length);
