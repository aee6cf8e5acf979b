/* SPDX-License-Identifier: MIT */
/* profile.h - what one profile file says, before it is merged with the profiles it extends.
 *
 * A pure value in an arena, made by format/profile_yaml.h. Every part that can be wrong keeps the place
 * where it stands in the file. */
#pragma once

#include "base/diag.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>

enum setting_rule {
	SETTING_VALUE,		/* exactly this value */
	SETTING_AT_LEAST,	/* raise only, field by field */
	SETTING_AT_MOST,	/* lower only, field by field */
};

struct profile;

struct setting {
	const char *path;	/* canonical key, see model/key.h; may be a glob */
	enum setting_rule rule;
	struct value value;	/* the fields of a vector are separated by one blank */
	const char *why;	/* NULL when the file gives no reason */
	bool optional;		/* absent or not writable here is no error */
	struct span key_span, value_span;
	const struct profile *profile;	/* where it was defined */
};

struct profile_reference {
	const char *name;
	struct span span;
};

struct profile {
	const char *name, *summary;
	struct source source;
	const char *digest;	/* of the file's bytes, see base/digest.h */
	struct profile_reference *extends;
	size_t extends_count;
	struct setting *settings;
	size_t settings_count;
};

/* The field's name in the file: "value", "at_least", "at_most". */
const char *setting_rule_name(enum setting_rule rule);

/* Whether the name can be a profile's: letters, digits, ".", "_" and "-", no leading dot or dash. */
bool profile_name_is_valid(const char *name);
