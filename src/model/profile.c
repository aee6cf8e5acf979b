/* SPDX-License-Identifier: MIT */
/* Small facts about profiles. */
#include "model/profile.h"

#include <string.h>

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
