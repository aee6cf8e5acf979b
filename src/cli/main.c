/* SPDX-License-Identifier: MIT */
/* The kerntune program: context, dispatch, exit code. */
#define _GNU_SOURCE
#include "cli/command.h"
#include "cli/notice.h"
#include "cli/render.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A closed standard descriptor would be given to the next file that is opened. */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(EXIT_INVALID);
}

/* Before the options are parsed: a mistake in them is reported in JSON too. */
static bool asks_for_json(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--format=json") == 0 ||
			(strcmp(argv[i], "--format") == 0 && i + 1 < argc && strcmp(argv[i + 1], "json") == 0))
			return true;
	return false;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (; *words; words += strspn(words, " ")) {
		size_t next = strcspn(words, " ");

		if (next == length && strncmp(words, word, length) == 0)
			return true;
		words += next;
	}
	return false;
}

static bool wants_color(const char *when, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(fd) && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
}

/* Asked once: a long output has thousands of paragraphs. */
static size_t terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int usage_error(struct app *app, const char *problem)
{
	return app_fail(app, EXIT_INVALID, "usage", "%s\nTry \"kerntune %s%s--help\".",
		problem ? problem : "out of memory", app->command ? app->command->name : "",
		app->command ? " " : "");
}

/* Options that must fit together, once all are known. */
static int check_options(struct app *app, int argc)
{
	const struct command *command = app->command;
	struct options *options = &app->options;

	if (options->color && !has_word("auto always never", options->color))
		return usage_error(app, "--color takes auto, always or never");
	if (options->json && options->format && strcmp(options->format, "json") != 0)
		return usage_error(app, "--json and another --format exclude each other");
	if (options->json)
		options->format = "json";
	if (options->format && !has_word(command->formats, options->format))
		return usage_error(app, arena_printf(app->arena, "\"%s\" has no format \"%s\": it has %s",
			command->name, options->format, command->formats));
	if (argc < command->min_arguments && !options->list_checks)
		return usage_error(app, arena_printf(app->arena, "\"%s\" needs an argument: kerntune %s %s",
			command->name, command->name, command->arguments));
	if (command->max_arguments >= 0 && argc > command->max_arguments)
		return usage_error(app, arena_printf(app->arena, "\"%s\" takes %s", command->name,
			command->max_arguments ? "one argument" : "no arguments"));
	return 0;
}

static int find_command(struct app *app, const char *name)
{
	const char *meant;

	app->command = command_find(name);
	if (app->command)
		return 0;
	meant = command_suggest(name);
	return usage_error(app, meant ?
		arena_printf(app->arena, "there is no command \"%s\": did you mean \"%s\"?", name, meant) :
		arena_printf(app->arena, "there is no command \"%s\"", name));
}

static int open_root(struct app *app)
{
	const char *path = app->options.root ? app->options.root : "/";
	int r = path[0] ? rootdir_open(path, &app->root) : -ENOENT;

	if (r < 0)
		return app_fail(app, EXIT_INVALID, "bad-root", "--root \"%s\": %s", path, strerror(-r));
	if (!app->options.netns)
		return 0;
	r = netns_enter(&app->root, app->options.netns);
	if (r < 0)
		return app_fail(app, EXIT_INVALID, "bad-netns", "--netns \"%s\": %s", app->options.netns,
			strerror(-r));
	return 0;
}

static int print_version(struct app *app)
{
	fprintf(app->out, "kerntune %s\n", KERNTUNE_VERSION);
	return EXIT_HOLDS;
}

static int run_command(struct app *app, int argc, char *argv[])
{
	const char *problem;
	int index, r;

	/* argv[0] is the command's name here. */
	r = options_parse(app->arena, argc, argv, app->command->options, false, &app->options, &index,
		&problem);
	if (r != 0)
		return usage_error(app, problem);
	if (app->options.version)
		return print_version(app);
	if (app->options.help) {
		command_print_usage(app->out, app->command);
		return EXIT_HOLDS;
	}
	argc -= index;
	argv += index;
	r = check_options(app, argc);
	if (r != 0)
		return r;
	app->width = terminal_width(STDOUT_FILENO);
	app->color_out = wants_color(app->options.color, STDOUT_FILENO);
	app->color_err = wants_color(app->options.color, STDERR_FILENO);
	r = open_root(app);
	if (r != 0)
		return r;
	if (!app->command->settles)
		notice_warn(app);
	return app->command->run(app, argc, argv);
}

/* What people type who do not know the program yet: "kerntune help" and "kerntune help COMMAND". */
static int print_help(struct app *app, const char *name)
{
	int r = name ? find_command(app, name) : 0;

	if (r != 0)
		return r;
	if (name)
		command_print_usage(app->out, app->command);
	else
		command_print_help(app->out);
	return EXIT_HOLDS;
}

static int run(struct app *app, int argc, char *argv[])
{
	const char *problem;
	int index, r;

	app->options.json = asks_for_json(argc, argv);
	r = options_parse(app->arena, argc, argv, NULL, true, &app->options, &index, &problem);
	if (r != 0)
		return usage_error(app, problem);
	if (app->options.version)
		return print_version(app);
	if (app->options.help)
		return print_help(app, NULL);
	if (index >= argc) {
		if (app->options.json)
			return usage_error(app, "no command");
		command_print_help(app->err);
		return EXIT_INVALID;
	}
	if (strcmp(argv[index], "help") == 0)
		return print_help(app, argv[index + 1]);
	r = find_command(app, argv[index]);
	return r ? r : run_command(app, argc - index, argv + index);
}

/* What was printed must have arrived; but the exit code of a change tells of the change. */
static int flush_output(const struct app *app, int code)
{
	bool failed = fflush(app->out) != 0 || ferror(app->out);

	if (!failed || code > EXIT_NO)
		return code;
	fprintf(app->err, "kerntune: error: writing the output: %s\n", strerror(errno));
	return app->command && app->command->changes ? code : EXIT_INVALID;
}

int main(int argc, char *argv[])
{
	struct arena arena;
	struct app app = { .arena = &arena, .root = ROOTDIR_INIT, .procsys = PROCSYS_INIT };
	int code;

	open_standard_descriptors();
	json_init();
	arena_init(&arena);
	diags_init(&app.diags, &arena);
	app.out = stdout;
	app.err = stderr;
	code = flush_output(&app, run(&app, argc, argv));
	procsys_release(&app.procsys);
	rootdir_release(&app.root);
	arena_release(&arena);
	return code;
}
