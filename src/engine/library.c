/* SPDX-License-Identifier: MIT */
/* Profiles on disk. */
#define _GNU_SOURCE
#include "engine/library.h"

#include "base/fileio.h"
#include "base/number.h"
#include "base/similar.h"
#include "engine/trust.h"
#include "format/profile_yaml.h"
#include "format/sysctl_conf.h"
#include "format/yaml_tree.h"
#include "model/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILE_SUFFIX ".yaml"
#define CONF_SUFFIX ".conf"
enum { CHAIN_MAX = 32, MERGES_MAX = 1000, MERGED_SETTINGS_MAX = 1000000 };

/* ---- where to look ---- */

static int add_directory(struct library *library, struct library_directory directory)
{
	struct library_directory *grown = arena_grow(library->arena, library->directories,
		library->directories_count, &library->directories_capacity, sizeof(*grown));

	if (!grown || !directory.path || !directory.shown)
		return -ENOMEM;
	library->directories = grown;
	library->directories[library->directories_count++] = directory;
	return 0;
}

static int add_system_directory(struct library *library, const char *root_path, const char *path)
{
	const char *slash = root_path[strlen(root_path) - 1] == '/' ? "" : "/";

	for (size_t i = 0; i < library->directories_count; i++)
		if (library->directories[i].is_below_root && strcmp(library->directories[i].path, path) == 0)
			return 0;
	return add_directory(library, (struct library_directory){
		.path = path,
		.shown = arena_printf(library->arena, "%s%s%s", root_path, slash, path),
		.is_below_root = true,
		.is_system = strncmp(path, "etc/", 4) == 0 || strncmp(path, "usr/", 4) == 0,
	});
}

/* A descriptor or a negative errno. */
static int open_directory(const struct library *library, const struct library_directory *directory)
{
	int fd;

	if (directory->is_below_root)
		return rootdir_open_path(library->root, directory->path, O_RDONLY | O_DIRECTORY);
	fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* One that a person names must be there: with a slip in it, another profile of the name would be found. */
static int add_given_directory(struct library *library, const char *path)
{
	const struct library_directory directory = { .path = path, .shown = path };
	CLEANUP_FD int fd = open_directory(library, &directory);

	if (fd < 0) {
		diag_error(library->diags, "no-directory", span_none(), "--profile-dir %s: %s", path, strerror(-fd));
		diag_hint(library->diags, "name a directory that holds profiles");
		return 1;
	}
	return add_directory(library, directory);
}

/* The build writes the path of the repository's profiles into a file beside the program. */
static int add_build_directory(struct library *library)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = -1;
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - sizeof(".profiles"));
	const char *path;

	if (length <= 0)
		return 0;
	strcpy(program + length, ".profiles");
	fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fileio_read(fd, sizeof(program), &text) < 0)
		return 0;
	path = arena_copy(library->arena, text.bytes, strcspn(text.bytes, "\n"));
	return add_directory(library, (struct library_directory){ .path = path, .shown = path });
}

int library_init(struct library *library, struct arena *arena, struct diags *diags,
	const struct rootdir *root, const struct library_options *options)
{
	static const char *const system_paths[] = {
		"etc/kerntune/profiles",
		"usr/local/share/kerntune/profiles",
		&KERNTUNE_PROFILE_DIR[1],	/* absolute; here below the root */
	};
	int r = 0;

	*library = (struct library){ .arena = arena, .diags = diags, .root = root };
	facts_init(&library->facts, root, arena);
	for (size_t i = 0; r == 0 && i < options->profile_dirs_count; i++)
		r = add_given_directory(library, options->profile_dirs[i]);
	for (size_t i = 0; r == 0 && i < COUNT_OF(system_paths); i++)
		r = add_system_directory(library, options->root_path, system_paths[i]);
	return r != 0 ? r : add_build_directory(library);
}

/* ---- one file ---- */

static const struct trust_words trust_words = { "profile", "unsafe-profile", "foreign-profile" };

static bool is_profile_file(const struct library *library, const struct stat *status,
	const struct source *source)
{
	const char *what = S_ISDIR(status->st_mode) ? "a directory" : S_ISFIFO(status->st_mode) ? "a FIFO" :
		S_ISREG(status->st_mode) ? NULL : "a device or socket";

	if (what) {
		diag_error(library->diags, "not-a-file", span_file(source), "this is %s, not a profile", what);
		diag_hint(library->diags, "name a regular file");
		return false;
	}
	if (status->st_size > YAML_TREE_SIZE_MAX) {
		diag_error(library->diags, "too-large", span_file(source), "larger than %d bytes",
			YAML_TREE_SIZE_MAX);
		diag_hint(library->diags, "a profile of that size is a mistake; split it and use extends");
		return false;
	}
	return true;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

bool library_is_conf(const char *argument)
{
	return has_suffix(argument, CONF_SUFFIX);
}

/* The suffix of its path tells what a file is. */
static int parse_profile(struct library *library, const struct source *source, const char *name,
	const struct profile **ret_profile)
{
	struct profile *profile = NULL;
	int r;

	if (!library_is_conf(source->name)) {
		r = profile_yaml_read(library->arena, source, name, library->diags, &profile);
	} else if (library->for_check) {
		r = sysctl_conf_read(library->arena, source, name, library->diags, &profile);
	} else {
		diag_error(library->diags, "not-a-profile", span_file(source),
			"this is a file for sysctl, not a profile");
		diag_hint(library->diags, "\"kerntune check\" reads it; write its values into a profile to apply them");
		return library->diags->failed ? -ENOMEM : 1;
	}
	if (r >= 0)
		*ret_profile = profile;
	return r;
}

/* Reads an opened profile. Takes no ownership of the descriptor. */
static int read_profile(struct library *library, int fd, const char *shown, const char *name,
	bool is_system, const struct profile **ret_profile)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct source *source = arena_alloc(library->arena, sizeof(*source));
	struct stat status;
	int r;

	if (!source)
		return -ENOMEM;
	source->name = shown;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!is_profile_file(library, &status, source) ||
		!trust_accepts(library->diags, &trust_words, &status, is_system, source))
		return library->diags->failed ? -ENOMEM : 1;
	else
		r = fileio_read(fd, YAML_TREE_SIZE_MAX, &text);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		diag_error(library->diags, "unreadable", span_file(source), "cannot be read: %s", strerror(-r));
		return library->diags->failed ? -ENOMEM : 1;
	}
	source->text = arena_copy(library->arena, text.bytes, text.length);
	source->length = text.length;
	if (!source->text)
		return -ENOMEM;
	return parse_profile(library, source, name, ret_profile);
}

static int load_file(struct library *library, const char *path, const struct profile **ret_profile)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t length = strlen(base);
	const char *name;

	if (fd < 0) {
		struct source *source = arena_alloc(library->arena, sizeof(*source));

		if (!source)
			return -ENOMEM;
		source->name = path;
		diag_error(library->diags, "unreadable", span_file(source), "cannot be opened: %s",
			strerror(errno));
		if (strchr(path, '/') && errno == ENOENT)
			diag_hint(library->diags, "an argument with a slash is a file; a profile's name has none");
		return library->diags->failed ? -ENOMEM : 1;
	}
	if (has_suffix(base, PROFILE_SUFFIX) || has_suffix(base, CONF_SUFFIX))
		length -= strlen(PROFILE_SUFFIX);	/* both are as long */
	name = arena_copy(library->arena, base, length);
	return name ? read_profile(library, fd, path, name, false, ret_profile) : -ENOMEM;
}

/* ---- by name ---- */

static const char *has_profile_suffix(struct arena *arena, const char *file)
{
	return has_suffix(file, PROFILE_SUFFIX) ? arena_copy(arena, file, strlen(file) - strlen(PROFILE_SUFFIX)) : NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int library_names(struct library *library, const char *const **ret_names, size_t *ret_count)
{
	const char **names = NULL;
	size_t count = 0, capacity = 0, unique = 0;

	for (size_t i = 0; i < library->directories_count; i++) {
		int fd = open_directory(library, &library->directories[i]);
		CLEANUP_DIR DIR *listing = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *entry;

		if (fd >= 0 && !listing)
			(void)close(fd);
		while (listing && (entry = readdir(listing))) {
			const char *name = has_profile_suffix(library->arena, entry->d_name);

			if (!name || !profile_name_is_valid(name))
				continue;
			names = arena_grow(library->arena, names, count, &capacity, sizeof(*names));
			if (!names)
				return -ENOMEM;
			names[count++] = name;
		}
	}
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++)
		if (unique == 0 || strcmp(names[unique - 1], names[i]) != 0)
			names[unique++] = names[i];
	*ret_names = names;
	*ret_count = unique;
	return 0;
}

static int report_unknown_profile(struct library *library, const char *name, struct span span)
{
	const char *const *names;
	size_t count;
	const char *best;
	int r = library_names(library, &names, &count);

	if (r < 0)
		return r;
	best = similar_best(name, names, count);
	diag_error(library->diags, "unknown-profile", span, "there is no profile \"%s\"", name);
	if (best)
		diag_hint(library->diags, "did you mean \"%s\"?", best);
	else
		diag_hint(library->diags, "\"kerntune list\" shows the profiles; a file is named with a slash, "
			"as in ./%s.yaml", name);
	return library->diags->failed ? -ENOMEM : 1;
}

/* A file in one of the directories; below the root a link is followed as there, too. A descriptor or a negative
 * errno. */
static int open_file_in(const struct library *library, const struct library_directory *directory,
	const char *file)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	const char *path = arena_printf(library->arena, "%s/%s", directory->path, file);
	int fd;

	if (!path)
		return -ENOMEM;
	if (directory->is_below_root)
		return rootdir_open_path(library->root, path, flags);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Opens NAME.yaml in the first directory that has it. A descriptor, or -ENOENT. */
static int open_named(const struct library *library, const char *name,
	const struct library_directory **ret_directory, const char **ret_shown)
{
	char file[80];

	strcpy(file, name);
	strcat(file, PROFILE_SUFFIX);
	for (size_t i = 0; i < library->directories_count; i++) {
		const struct library_directory *directory = &library->directories[i];
		CLEANUP_FD int dir = open_directory(library, directory);
		int fd = dir < 0 ? -ENOENT : open_file_in(library, directory, file);

		/* A profile that is there but closed to this user must not be passed over silently. */
		if (fd == -ENOENT)
			continue;
		*ret_directory = directory;
		*ret_shown = arena_printf(library->arena, "%s/%s", directory->shown, file);
		return fd;
	}
	return -ENOENT;
}

static int load_named(struct library *library, const char *name, struct span span,
	const struct profile **ret_profile)
{
	const struct library_directory *directory = NULL;
	struct library_entry *entry;
	const char *shown = NULL;
	CLEANUP_FD int fd = -1;

	for (entry = library->loaded; entry; entry = entry->next) {
		if (strcmp(entry->name, name) != 0)
			continue;
		*ret_profile = entry->profile;
		return entry->verdict;
	}
	fd = profile_name_is_valid(name) ? open_named(library, name, &directory, &shown) : -ENOENT;
	if (fd < 0 && !directory)
		return report_unknown_profile(library, name, span);
	entry = arena_alloc(library->arena, sizeof(*entry));
	if (!shown || !entry)
		return -ENOMEM;
	if (fd < 0) {
		diag_error(library->diags, "unreadable", span, "%s cannot be opened: %s", shown, strerror(-fd));
		return library->diags->failed ? -ENOMEM : 1;
	}

	entry->name = name;
	entry->verdict = read_profile(library, fd, shown, name, directory->is_system, &entry->profile);
	if (entry->verdict < 0)
		return entry->verdict;
	entry->next = library->loaded;
	library->loaded = entry;
	*ret_profile = entry->profile;
	return entry->verdict;
}

int library_load(struct library *library, const char *argument, const struct profile **ret_profile)
{
	if (strchr(argument, '/') || has_suffix(argument, PROFILE_SUFFIX) || has_suffix(argument, CONF_SUFFIX))
		return load_file(library, argument, ret_profile);
	return load_named(library, argument, span_none(), ret_profile);
}

/* ---- chains ---- */

/* The profiles that are being merged, from the one on the command line down. */
struct chain {
	const struct profile *profiles[CHAIN_MAX];
	size_t count;
};

static bool report_cycle(const struct library *library, const struct chain *chain,
	const struct profile_reference *reference)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	size_t first = 0;

	while (first < chain->count && strcmp(chain->profiles[first]->name, reference->name) != 0)
		first++;
	if (first == chain->count && chain->count < CHAIN_MAX)
		return false;
	if (first == chain->count) {
		diag_error(library->diags, "chain-too-long", reference->span,
			"more than %d profiles extend each other", CHAIN_MAX);
		return true;
	}
	for (size_t i = first; i < chain->count; i++)
		strbuf_printf(&path, "%s extends ", chain->profiles[i]->name);
	strbuf_add_text(&path, reference->name);
	library->diags->failed |= strbuf_check(&path) < 0;
	diag_error(library->diags, "extends-cycle", reference->span, "profiles extend each other in a circle: %s",
		path.bytes);
	diag_hint(library->diags, "remove one of these extends");
	return true;
}

/* Profiles that extend each other in many ways multiply: thirty files can make a billion merges. */
static bool is_too_much(const struct library *library, const struct resolved *resolved)
{
	return library->merges > MERGES_MAX || library->merged_settings > MERGED_SETTINGS_MAX ||
		resolved->variables_count > VARIABLES_MAX;
}

static int merge(struct library *library, struct chain *chain, const struct profile *profile,
	struct resolved *resolved)
{
	int verdict = 0, r;

	library->merges++;
	library->merged_settings += profile->settings_count;
	if (is_too_much(library, resolved)) {
		diag_error(library->diags, "chain-too-long", span_file(&profile->source),
			"the profiles that this one extends are merged more than %d times, or have more than %d "
			"parameters together", MERGES_MAX, MERGED_SETTINGS_MAX);
		diag_hint(library->diags, "extend each profile once");
		return 1;
	}
	chain->profiles[chain->count++] = profile;
	for (size_t i = 0; i < profile->extends_count; i++) {
		const struct profile_reference *reference = &profile->extends[i];
		const struct profile *parent;

		if (report_cycle(library, chain, reference)) {
			verdict = 1;
			continue;
		}
		r = load_named(library, reference->name, reference->span, &parent);
		if (r == 0)
			r = merge(library, chain, parent, resolved);
		if (r < 0 || is_too_much(library, resolved))
			return r;
		verdict |= r;
	}
	chain->count--;
	r = resolve_override(resolved, profile);
	if (r == 0 && resolved->variables_count > VARIABLES_MAX) {
		diag_error(library->diags, "too-many-variables", span_file(&profile->source),
			"together with the profiles it extends, it has more than %d variables", VARIABLES_MAX);
		diag_hint(library->diags, "nobody sets so many: write numbers");
		return 1;
	}
	return r < 0 ? r : verdict;
}

/* ---- variables ---- */

static const struct library_assignment *find_assignment(const struct library *library, const char *name)
{
	for (size_t i = 0; i < library->assignments_count; i++)
		if (strcmp(library->assignments[i].name, name) == 0)
			return &library->assignments[i];
	return NULL;
}

static int add_assignment(struct library *library, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *name = arena_copy(library->arena, word, length);
	const char *text = word + length + (word[length] == '=');
	int64_t value = 0;

	if (!name)
		return -ENOMEM;
	if (word[length] == '\0' || !variable_name_is_valid(name)) {
		diag_error(library->diags, "bad-set", span_none(), "--set takes NAME=NUMBER, not \"%s\"", word);
		diag_hint(library->diags, "\"kerntune show PROFILE\" tells the variables");
	} else if (find_assignment(library, name)) {
		diag_error(library->diags, "bad-set", span_none(), "--set gives %s twice", name);
		diag_hint(library->diags, "keep one of the two");
	} else if (!number_parse_int64(text, strlen(text), &value)) {
		diag_error(library->diags, "not-a-number", span_none(),
			"--set %s: \"%s\" is not a whole number of at most 64 bits", name, text);
		diag_hint(library->diags, "write it in decimal, without a leading zero, unit or separators");
	} else {
		library->assignments[library->assignments_count++] =
			(struct library_assignment){ .name = name, .value = value };
	}
	return 0;
}

int library_set(struct library *library, const char *const words[], size_t count)
{
	library->assignments = arena_alloc(library->arena, (count + 1) * sizeof(*library->assignments));
	if (!library->assignments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (add_assignment(library, words[i]) < 0)
			return -ENOMEM;
	return diags_verdict(library->diags);
}

/* Remembers which variables there are, once each. */
static int note_variables(struct library *library, const struct resolved *resolved)
{
	for (size_t i = 0; i < resolved->variables_count; i++) {
		const char *name = resolved->variables[i]->name;
		const char **grown;
		size_t k = 0;

		while (k < library->variables_count && strcmp(library->variables[k], name) != 0)
			k++;
		if (k < library->variables_count)
			continue;
		grown = arena_grow(library->arena, library->variables, library->variables_count,
			&library->variables_capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		library->variables = grown;
		library->variables[library->variables_count++] = name;
	}
	return 0;
}

static void report_bounds(const struct library *library, const struct library_assignment *assignment,
	const struct variable *variable)
{
	bool is_below = variable->has_min && assignment->value < variable->min;

	diag_error(library->diags, "out-of-range", span_none(), "--set %s=%" PRId64 " is %s %" PRId64 " of profile %s",
		assignment->name, assignment->value, is_below ? "below the minimum" : "above the maximum",
		is_below ? variable->min : variable->max, variable->profile->name);
	diag_also(library->diags, variable->name_span, "its bounds are declared here");
	if (variable->has_min && variable->has_max)
		diag_hint(library->diags, "the range is %" PRId64 " to %" PRId64, variable->min, variable->max);
}

/* Every profile that declares a variable gets the value. 0, 1 or -ENOMEM. */
static int assign(struct library *library, struct resolved *resolved)
{
	int verdict = 0;

	if (library->assignments_count && note_variables(library, resolved) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < library->assignments_count; i++) {
		struct library_assignment *assignment = &library->assignments[i];
		const struct variable *variable;
		int r = resolve_set(resolved, assignment->name, assignment->value, &variable);

		if (r < 0)
			return r;
		assignment->is_used |= r != 1;
		if (r == 2) {
			report_bounds(library, assignment, variable);
			verdict = 1;
		}
	}
	return verdict;
}

int library_check_set(struct library *library)
{
	CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
	int verdict = 0;

	for (size_t i = 0; i < library->variables_count; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", library->variables[i]);
	for (size_t i = 0; i < library->assignments_count; i++) {
		const char *name = library->assignments[i].name;
		const char *best = similar_best(name, library->variables, library->variables_count);

		if (library->assignments[i].is_used)
			continue;
		verdict = 1;
		diag_error(library->diags, "unknown-variable", span_none(), "--set %s: no such variable", name);
		if (best)
			diag_hint(library->diags, "did you mean %s? There are: %s", best, list.bytes);
		else if (library->variables_count)
			diag_hint(library->diags, "there are: %s", list.bytes);
		else
			diag_hint(library->diags, "nothing here declares variables");
	}
	return strbuf_check(&list) < 0 || library->diags->failed ? -ENOMEM : verdict;
}

/* One argument's settings, with numbers for all expressions. */
static int resolve_argument(struct library *library, const struct profile *profile, struct resolved *ret_resolved)
{
	const struct fact_source facts = facts_source(&library->facts);
	struct chain chain = { .count = 0 };
	struct resolved merged;
	int r;

	library->merges = 0;
	library->merged_settings = 0;
	resolve_init(&merged, library->arena);
	r = merge(library, &chain, profile, &merged);
	if (r == 0)
		r = assign(library, &merged);
	return r ? r : resolve_evaluate(&merged, library->diags, &facts, ret_resolved);
}

int library_select(struct library *library, const char *const arguments[], size_t count,
	struct selection *ret_selection)
{
	const char **names = arena_alloc(library->arena, count * sizeof(*names));
	const char **digests = arena_alloc(library->arena, count * sizeof(*digests));
	struct selection selection = { .names = names, .digests = digests };
	int verdict = 0;

	if (!names || !digests)
		return -ENOMEM;
	resolve_init(&selection.settings, library->arena);
	for (size_t i = 0; i < count; i++) {
		const struct profile *profile = NULL;
		struct resolved own;
		int r = library_load(library, arguments[i], &profile);

		if (r == 1 && library->for_check && profile && library_is_conf(arguments[i])) {
			verdict = 1;
			r = 0;
		}
		if (r == 0) {
			r = resolve_argument(library, profile, &own);
			names[selection.count] = profile->name;
			digests[selection.count++] = profile->digest;
			if (!selection.summary)
				selection.summary = profile->summary;
		}
		if (r == 0 && i == 0) {
			selection.variables = own.variables;
			selection.variables_count = own.variables_count;
		}
		if (r == 0)
			r = resolve_join(&selection.settings, library->diags, &own);
		if (r < 0)
			return r;
		verdict |= r;
	}
	if (verdict == 0)
		validate_together(library->diags, selection.settings.settings, selection.settings.count);
	*ret_selection = selection;
	return verdict ? 1 : diags_verdict(library->diags);
}
