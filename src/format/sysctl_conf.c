/* SPDX-License-Identifier: MIT */
/* sysctl.d syntax. */
#include "format/sysctl_conf.h"

#include <string.h>

/* In the dotted form unless a component holds a dot. */
static void add_key(struct strbuf *text, const char *path)
{
	bool has_dot = strchr(path, '.') != NULL;

	for (; *path; path++)
		strbuf_add_char(text, *path == '/' && !has_dot ? '.' : *path);
}

void sysctl_conf_write(struct strbuf *text, const char *title, const struct setting *const settings[],
	size_t count)
{
	strbuf_printf(text, "# %s, written by kerntune\n", title);
	for (size_t i = 0; i < count; i++) {
		const struct setting *setting = settings[i];

		strbuf_add_char(text, '\n');
		if (setting->why)
			strbuf_printf(text, "# %s\n", setting->why);
		if (setting->rule != SETTING_VALUE)
			strbuf_printf(text, "# %s: the profile leaves a %s value alone, this file does not\n",
				setting_rule_name(setting->rule),
				setting->rule == SETTING_AT_LEAST ? "larger" : "smaller");
		/* The dash: a key that is missing here is no error. */
		if (setting->optional)
			strbuf_add_char(text, '-');
		add_key(text, setting->path);
		strbuf_printf(text, " = %s\n", setting->value.bytes);
	}
}
