/* SPDX-License-Identifier: MIT */
/* Change records and the kernel command line, asked about one key. */
#include "engine/provenance.h"

#include "engine/record.h"
#include "engine/stack.h"
#include "model/catalog.h"
#include "model/key.h"
#include "model/version.h"

#include <errno.h>
#include <string.h>

/* ---- changes ---- */

static int add_change(struct provenance *provenance, struct change *change)
{
	struct change **grown = arena_grow(provenance->arena, provenance->changes, provenance->changes_count,
		&provenance->changes_capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	provenance->changes = grown;
	provenance->changes[provenance->changes_count++] = change;
	return 0;
}

static int read_changes(struct provenance *provenance, struct diags *diags, const struct rootdir *root)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const char *id, *problem;
	struct record_walk walk;
	struct change *change;
	int r = record_store_open(root, RECORD_READ, &store);

	if (r == 0)
		r = record_walk(&store, provenance->arena, &walk);
	if (r == -EACCES) {
		provenance->changes_are_hidden = true;
		return 0;
	}
	while (r == 0) {
		r = record_walk_next_current(&walk, provenance->host, &change, &id, &problem);
		if (r == 0) {
			r = add_change(provenance, change);
		} else if (r == RECORD_BROKEN) {
			diag_warning(diags, "broken-record", span_none(),
				"the record of change %s cannot be used: %s", id, problem);
			r = 0;
		}
	}
	return r == RECORD_NONE ? 0 : r;
}

/* The newest that holds the key: its value is the one to be there. */
static void find_change(const struct provenance *provenance, const char *path, struct value live,
	struct provenance_answer *answer)
{
	for (size_t i = 0; i < provenance->changes_count; i++) {
		const struct change *change = provenance->changes[i];
		const struct change_item *item = stack_find_held(change, provenance->host, path);

		if (!item)
			continue;
		answer->setters[answer->count++] = (struct provenance_setter){
			.kind = PROVENANCE_CHANGE,
			.value = item->ours,
			.holds = live.bytes && value_equal(item->type, item->ours, live),
			.change = change,
			.item = item,
		};
		return;
	}
}

/* ---- the command line ---- */

/* Words other than "sysctl.KEY=VALUE" that set a key; a row without a value passes the word's own on. */
static const struct boot_word {
	const char *name, *only;	/* only: the word counts with this value alone */
	const char *pattern;		/* of the keys that it sets, as for key_selected() */
	const char *value;		/* "": it takes the key away */
} boot_words[] = {
	/* fs/proc/proc_sysctl.c: sysctl_aliases, 5.8 and later; before, each its own __setup() to the same end. */
	{ "hardlockup_all_cpu_backtrace", NULL, "kernel/hardlockup_all_cpu_backtrace", NULL },
	{ "hung_task_panic", NULL, "kernel/hung_task_panic", NULL },
	{ "numa_zonelist_order", NULL, "vm/numa_zonelist_order", NULL },
	{ "softlockup_all_cpu_backtrace", NULL, "kernel/softlockup_all_cpu_backtrace", NULL },
	/* kernel/panic.c: core_param(panic), core_param(panic_on_warn), oops_setup(). */
	{ "panic", NULL, "kernel/panic", NULL },
	{ "panic_on_warn", NULL, "kernel/panic_on_warn", NULL },
	{ "oops", "panic", "kernel/panic_on_oops", "1" },
	/* mm/memory.c: disable_randmaps(). */
	{ "norandmaps", NULL, "kernel/randomize_va_space", "0" },
	/* mm/hugetlb.c: hugepages_setup(); see is_about_another_size(). */
	{ "hugepages", NULL, "vm/nr_hugepages", NULL },
	/* net/ipv6/af_inet6.c: module_param_named(disable_ipv6), (autoconf), (disable); addrconf_init_net() puts the first
	 * two into "default" only. */
	{ "ipv6.disable_ipv6", NULL, "net/ipv6/conf/default/disable_ipv6", NULL },
	{ "ipv6.autoconf", NULL, "net/ipv6/conf/default/autoconf", NULL },
	{ "ipv6.disable", "1", "net/ipv6/*", "" },
	/* net/netfilter/nf_conntrack_proto.c: module_param_call(hashsize). */
	{ "nf_conntrack.hashsize", NULL, "net/netfilter/nf_conntrack_buckets", NULL },
};

/* proc_sysctl.c, process_sysctl_arg(): "sysctl." or "sysctl/", then the key, in which every dot is a separator. */
static bool names_key(const char *name, const char *path)
{
	if (strncmp(name, "sysctl", 6) != 0 || (name[6] != '.' && name[6] != '/'))
		return false;
	name += 7;
	while (*name && (*name == *path || (*name == '.' && *path == '/'))) {
		name++;
		path++;
	}
	return *name == '\0' && *path == '\0';
}

/* kernel/params.c, parameq(): "-" and "_" are the same in the name of a parameter. */
static bool is_same_name(const char *a, const char *b)
{
	while (*a && (*a == *b || ((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))) {
		a++;
		b++;
	}
	return *a == *b;
}

/* "hugepagesz=1G hugepages=4" is about the size named last before it. */
static bool is_about_another_size(const struct bootline *bootline, size_t index)
{
	if (strcmp(bootline->words[index].name, "hugepages") != 0)
		return false;
	for (size_t i = 0; i < index; i++)
		if (strcmp(bootline->words[i].name, "hugepagesz") == 0)
			return true;
	return false;
}

/* What a word says about the key; NULL when nothing. */
static const char *find_value(const struct provenance *provenance, size_t index, const char *path)
{
	const struct bootline_word *word = &provenance->bootline.words[index];
	const char *release = provenance->machine->release;
	const char *own = word->value && word->value[0] ? word->value : NULL;

	/* Since 5.8; older kernels pass the word to init. */
	if (names_key(word->name, path))
		return version_is_release(release) && version_compare(release, "5.8") < 0 ? NULL : own;
	for (size_t i = 0; i < COUNT_OF(boot_words); i++) {
		const struct boot_word *row = &boot_words[i];

		if (!is_same_name(row->name, word->name) || !key_selected(row->pattern, path) ||
			(row->only && (!word->value || strcmp(row->only, word->value) != 0)) ||
			is_about_another_size(&provenance->bootline, index))
			continue;
		return row->value ? row->value : own;
	}
	return NULL;
}

/* The kernel sets the host's own namespaces: a child network namespace has begun with other values. */
static bool is_out_of_reach(const struct provenance *provenance, const char *path)
{
	const struct catalog_row *row = catalog_find(path);

	return provenance->machine->in_netns && strncmp(path, "net/", 4) == 0 &&
		!(row && (row->scope == SCOPE_GLOBAL || row->scope == SCOPE_HOST));
}

/* The last word about a key wins: they are carried out in order. */
static void find_word(const struct provenance *provenance, const char *path, struct value live,
	struct provenance_answer *answer)
{
	if (is_out_of_reach(provenance, path))
		return;
	for (size_t i = provenance->bootline.count; i-- > 0;) {
		const char *value = find_value(provenance, i, path);
		struct provenance_setter setter = { .kind = PROVENANCE_BOOT };

		if (!value)
			continue;
		setter.word = provenance->bootline.words[i].text;
		if (value[0])
			setter.value = value_of(value);
		setter.holds = value[0] ? live.bytes && catalog_satisfied(catalog_find(path), setter.value, live) :
			!live.bytes;
		answer->setters[answer->count++] = setter;
		return;
	}
}

int provenance_init(struct provenance *provenance, struct arena *arena, struct diags *diags,
	const struct rootdir *root, const struct host *host, const struct machine *machine)
{
	int r;

	*provenance = (struct provenance){ .arena = arena, .host = host, .machine = machine };
	r = read_changes(provenance, diags, root);
	return r < 0 ? r : bootline_read(root, arena, &provenance->bootline);
}

void provenance_find(const struct provenance *provenance, const char *path, struct value live,
	struct provenance_answer *ret_answer)
{
	*ret_answer = (struct provenance_answer){ .count = 0 };
	find_change(provenance, path, live, ret_answer);
	find_word(provenance, path, live, ret_answer);
}
