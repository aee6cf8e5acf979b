/* SPDX-License-Identifier: MIT */
/* profile.h - what one profile file says, before it is merged with the profiles it extends.
 *
 * A pure value in an arena, made by format/profile_yaml.h. Every part that can be wrong keeps the place
 * where it stands in the file. */
#pragma once

#include "base/diag.h"
#include "model/expression.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>

enum setting_rule {
	SETTING_VALUE,		/* exactly this value */
	SETTING_AT_LEAST,	/* raise only, field by field */
	SETTING_AT_MOST,	/* lower only, field by field */
};

struct profile;

/* One field of a computed value. */
struct setting_field {
	const char *literal;			/* NULL where there is an expression */
	const struct expression *expression;
	struct span span;
};

struct setting {
	const char *path;	/* canonical key, see model/key.h; may be a glob */
	enum setting_rule rule;
	struct value value;	/* the fields of a vector are separated by one blank; NULL bytes while a computed one
				 * is not evaluated (model/resolve.h) */
	const char *expression;			/* a computed value's text, "${a} ${b * 2}"; NULL for a literal one */
	const struct setting_field *fields;	/* of a computed value */
	size_t fields_count;
	const struct expression *when;		/* NULL: always */
	const char *why;	/* NULL when the file gives no reason */
	bool optional;		/* absent or not writable here is no error */
	struct span key_span, value_span;
	const struct profile *profile;	/* where it was defined */
	const struct setting *otherwise;	/* where `when` does not hold: what was extended says; see resolve.h */
	const struct setting *passed_over;	/* of what counts in the place of one that does not hold: that one */
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
	struct variable *variables;
	size_t variables_count;
	struct setting *settings;
	size_t settings_count;
};

/* Of one file, and of all that are merged. */
enum { VARIABLES_MAX = 100 };

/* Without settings yet, and with a copy of the name; the source stays the caller's. NULL when memory is short. */
struct profile *profile_new(struct arena *arena, const struct source *source, const char *name);

/* The field's name in the file: "value", "at_least", "at_most". */
const char *setting_rule_name(enum setting_rule rule);

/* Whether the name can be a profile's: letters, digits, ".", "_" and "-", no leading dot or dash. */
bool profile_name_is_valid(const char *name);
