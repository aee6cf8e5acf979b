/* SPDX-License-Identifier: MIT */
/* kerntune plan: save what apply would do, to be reviewed and done later. */
#include "base/fileio.h"
#include "cli/planned.h"
#include "cli/records.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "format/plan_json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int make_document(struct app *app, const struct plan *plan, struct strbuf *text)
{
	CLEANUP_JSON struct json json;
	const char *created = record_timestamp(app->arena);

	json_begin(&json);
	json_out_schema(&json, "plan");
	plan_json_add(&json, plan, &app->host, created);
	json_out_messages(&json, &app->diags);
	return created ? json_finish(&json, text) : -ENOMEM;
}

/* A file of that name is replaced as a whole; anything else of that name is left alone. The values may hold
 * secrets (a TCP Fast Open key): the file is the user's only. */
static int save(const char *path, const struct strbuf *text)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	CLEANUP_STRBUF struct strbuf directory = STRBUF_INIT;
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (slash)
		strbuf_add(&directory, path, (size_t)(slash - path) + 1);
	else
		strbuf_add_text(&directory, "./");
	if (strbuf_check(&directory) < 0)
		return -ENOMEM;
	fd = open(directory.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EEXIST;
	return fileio_replace_at(fd, name, text->bytes, text->length, 0600, true);
}

static int report(struct app *app, const struct plan *plan)
{
	struct plan_summary summary = plan_summarize(plan);
	int r = planned_print(app, plan, app->options.all);

	if (r != 0)
		return r;
	render_note(app, "Saved to %s: %zu parameter%s to change. Apply: %s", app->options.output, summary.change,
		summary.change == 1 ? "" : "s", records_command(app, "apply", app->options.output));
	return EXIT_HOLDS;
}

static int plan_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *output = app->options.output;
	struct plan plan;
	int r;

	if (output && !planned_names_plan(output))
		return app_fail(app, EXIT_INVALID, "usage", "a plan's name ends in .json, so that apply knows it: "
			"-o %s.json", output);
	r = planned_build(app, argc, argv, PROCSYS_READ_ONLY, &plan);
	if (r == 0)
		r = app_find_host(app);
	if (r == 0)
		r = planned_refuse_blocked(app, &plan);
	if (r == 0)
		r = planned_lint(app, &plan);
	/* What apply would refuse in any case is no plan. */
	if (r == 0)
		r = planned_refuse_errors(app, &plan, false);
	if (r != 0)
		return r;
	r = make_document(app, &plan, &text);
	if (r < 0)
		return app_fail_errno(app, r, "making the plan");
	if (output)
		r = save(output, &text);
	if (r < 0)
		return app_fail(app, EXIT_INVALID, "cannot-save", "%s cannot be written: %s", output,
			r == -EEXIST ? "something that is no regular file has this name" : strerror(-r));
	if (output && !app_format_is(app, "json"))
		return report(app, &plan);
	fwrite(text.bytes, 1, text.length, app->out);
	if (!app_format_is(app, "json"))
		render_diags(app);
	return EXIT_HOLDS;
}

const struct command cmd_plan = {
	.name = "plan",
	.arguments = "PROFILE...",
	.summary = "Save what apply would do, to review and do it later",
	.description = "Writes the plan to FILE, which must end in .json, or to the standard output:\n"
		"every parameter with the value that is there and the one that is to be. Changes\n"
		"nothing else and needs no root. \"kerntune apply FILE\" does exactly that, or\n"
		"refuses when the host has moved away from it.",
	.min_arguments = 1,
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_OUTPUT, OPTION_ALL, OPTION_ONLY, OPTION_SKIP, OPTION_SET,
		OPTION_END },
	.run = plan_command,
};
