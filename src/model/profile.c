/* SPDX-License-Identifier: MIT */
/* Small facts about profiles. */
#include "model/profile.h"

#include "base/digest.h"

#include <string.h>

struct profile *profile_new(struct arena *arena, const struct source *source, const char *name)
{
	struct profile *profile = arena_alloc(arena, sizeof(*profile));
	char digest[DIGEST_TEXT_SIZE];

	if (!profile)
		return NULL;
	digest_format(source->text, source->length, digest);
	profile->source = *source;
	profile->name = arena_strdup(arena, name);
	profile->digest = arena_strdup(arena, digest);
	return profile->name && profile->digest ? profile : NULL;
}

const char *setting_rule_name(enum setting_rule rule)
{
	static const char *const names[] = {
		[SETTING_VALUE] = "value",
		[SETTING_AT_LEAST] = "at_least",
		[SETTING_AT_MOST] = "at_most",
	};

	return names[rule];
}

bool profile_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(name);

	return length > 0 && length <= 64 && strspn(name, letters) == length && name[0] != '.' &&
		name[0] != '-';
}
