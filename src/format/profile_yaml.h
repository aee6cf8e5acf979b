/* SPDX-License-Identifier: MIT */
/* profile_yaml.h - profile files: YAML to struct profile, and settings to YAML.
 *
 * The format is described in kerntune-profile(5). Reading collects every mistake it can find in one run;
 * a profile with errors is still returned as far as it is sound, so that its keys can be checked too,
 * but the caller must not use it for anything else. */
#pragma once

#include "base/diag.h"
#include "base/strbuf.h"
#include "model/profile.h"

/* Reads the text of `source`. `name` is what the "profile" field must say: the file's name without ".yaml".
 * 0, 1 after errors in the diagnostics, -ENOMEM; *ret_profile is set unless memory ran out. */
MUST_CHECK int profile_yaml_read(struct arena *arena, const struct source *source, const char *name,
	struct diags *diags, struct profile **ret_profile);

/* Writes a profile of these settings that profile_yaml_read() takes back: computed values and conditions as
 * expressions, every variable with the value in force for its default. */
struct profile_text {
	const char *name, *summary;		/* summary may be NULL */
	const struct variable *const *variables;
	size_t variables_count;
	const struct setting *const *settings;
	size_t settings_count;
};

void profile_yaml_write(struct strbuf *text, const struct profile_text *profile);
