/* SPDX-License-Identifier: MIT */
/* Who set a key: changes of kerntune, the kernel command line, or nobody that is known. */
#include "engine/provenance.h"

#include "engine_fixture.h"

#include <string.h>

static struct machine machine;

static void find(struct fixture *fixture, const char *path, const char *live, struct provenance_answer *answer)
{
	struct provenance provenance;
	struct value value = { 0 };

	assert_int_equal(provenance_init(&provenance, &fixture->arena, &fixture->diags, &fixture->kernel.root,
		&fixture->host, &machine), 0);
	assert_false(provenance.changes_are_hidden);
	if (live)
		value = value_of(live);
	provenance_find(&provenance, path, value, answer);
}

static void test_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct provenance_answer answer;

	find(fixture, "vm/swappiness", "60\n", &answer);
	assert_int_equal(answer.count, 0);
}

static void test_changes(void **state)
{
	struct fixture *fixture = *state;
	struct provenance_answer answer;
	struct restore_result result;
	struct change *change;
	const char *first;

	fixture_plan(fixture, "  net.core.somaxconn: 5000\n  vm.swappiness: 10\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	first = fixture->applied.change->id;
	find(fixture, "net/core/somaxconn", "5000\n", &answer);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.setters[0].kind, PROVENANCE_CHANGE);
	assert_true(answer.setters[0].holds);
	assert_string_equal(answer.setters[0].change->id, first);
	assert_string_equal(answer.setters[0].item->path, "net/core/somaxconn");

	/* Somebody else has written it since; or nobody can read it. */
	find(fixture, "net/core/somaxconn", "6000\n", &answer);
	assert_int_equal(answer.count, 1);
	assert_false(answer.setters[0].holds);
	find(fixture, "net/core/somaxconn", NULL, &answer);
	assert_false(answer.setters[0].holds);

	/* The newest counts. */
	fixture->plan = (struct plan){ .count = 0 };
	fixture_plan(fixture, "  net.core.somaxconn: 7000\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	find(fixture, "net/core/somaxconn", "7000\n", &answer);
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.setters[0].change->id, fixture->applied.change->id);
	find(fixture, "vm/swappiness", "10\n", &answer);
	assert_string_equal(answer.setters[0].change->id, first);

	/* What was undone holds nothing. */
	fixture_restore(fixture, &(struct undo){ .arena = &fixture->arena, .procsys = &fixture->kernel.procsys },
		&result, &change);
	find(fixture, "net/core/somaxconn", "5000\n", &answer);
	assert_string_equal(answer.setters[0].change->id, first);
}

/* Below net, a change of another network namespace is about another variable; elsewhere it is not. */
static void test_other_namespace(void **state)
{
	struct fixture *fixture = *state;
	struct provenance_answer answer;

	fixture_plan(fixture, "  net.core.somaxconn: 5000\n  vm.swappiness: 10\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fixture->host.netns = "1";
	find(fixture, "net/core/somaxconn", "5000\n", &answer);
	assert_int_equal(answer.count, 0);
	find(fixture, "vm/swappiness", "10\n", &answer);
	assert_int_equal(answer.count, 1);
	fixture->host.boot_id = "22222222-2222-3333-4444-555555555555";
	find(fixture, "vm/swappiness", "10\n", &answer);
	assert_int_equal(answer.count, 0);
}

static const struct word_case {
	const char *line, *path, *live;
	const char *word;	/* NULL: nothing is said about the key */
	const char *value;	/* NULL: it is absent because of that */
	bool holds;
	const char *release;	/* NULL: a new one */
	bool in_netns;
} words[] = {
	{ "sysctl.vm.swappiness=10", "vm/swappiness", "10\n", "sysctl.vm.swappiness=10", "10", true, NULL, false },
	{ "sysctl/vm/swappiness=10", "vm/swappiness", "60\n", "sysctl/vm/swappiness=10", "10", false, NULL, false },
	{ "sysctl.vm/swappiness=0xa", "vm/swappiness", "10\n", "sysctl.vm/swappiness=0xa", "0xa", true, NULL, false },
	{ "sysctl.net.ipv4.tcp_rmem=\"1 2 3\"", "net/ipv4/tcp_rmem", "1\t2\t3\n",
		"sysctl.net.ipv4.tcp_rmem=\"1 2 3\"", "1 2 3", true, NULL, false },
	{ "sysctl.vm.swappiness=10 sysctl.vm.swappiness=20", "vm/swappiness", "20\n", "sysctl.vm.swappiness=20", "20",
		true, NULL, false },
	{ "sysctl.vm.swappiness", "vm/swappiness", "60\n", NULL, NULL, false, NULL, false },
	{ "sysctl.vm.swappiness=", "vm/swappiness", "60\n", NULL, NULL, false, NULL, false },
	{ "sysctl.vm.swappiness=10", "vm/swappiness", "10\n", NULL, NULL, false, "5.4.0-1", false },
	{ "sysctl.vm.swappiness=10", "vm/swappiness", "10\n", "sysctl.vm.swappiness=10", "10", true, "5.8", false },
	{ "sysctl.vm.swappiness=10", "vm/swap", "10\n", NULL, NULL, false, NULL, false },
	{ "sysctl.vm.swap=10", "vm/swappiness", "10\n", NULL, NULL, false, NULL, false },
	{ "sysctlXvm.swappiness=10", "vm/swappiness", "10\n", NULL, NULL, false, NULL, false },
	{ "-- sysctl.vm.swappiness=10", "vm/swappiness", "10\n", NULL, NULL, false, NULL, false },
	/* A network namespace begins with its own values; what is the host's is still the host's. */
	{ "sysctl.net.core.somaxconn=10", "net/core/somaxconn", "10\n", NULL, NULL, false, NULL, true },
	{ "sysctl.net.core.rmem_max=10", "net/core/rmem_max", "10\n", "sysctl.net.core.rmem_max=10", "10", true, NULL,
		true },
	{ "sysctl.vm.swappiness=10", "vm/swappiness", "10\n", "sysctl.vm.swappiness=10", "10", true, NULL, true },
	/* Words that are older than that. */
	{ "panic=30", "kernel/panic", "30\n", "panic=30", "30", true, "4.19", false },
	{ "panic-on-warn=1", "kernel/panic_on_warn", "1\n", "panic-on-warn=1", "1", true, NULL, false },
	{ "panic=30", "kernel/panic_on_warn", "30\n", NULL, NULL, false, NULL, false },
	/* The kernel rounds it up. */
	{ "sysctl.net.core.rps_sock_flow_entries=1000", "net/core/rps_sock_flow_entries", "1024\n",
		"sysctl.net.core.rps_sock_flow_entries=1000", "1000", true, NULL, false },
	{ "oops=panic", "kernel/panic_on_oops", "1\n", "oops=panic", "1", true, NULL, false },
	{ "oops=other", "kernel/panic_on_oops", "1\n", NULL, NULL, false, NULL, false },
	{ "norandmaps", "kernel/randomize_va_space", "2\n", "norandmaps", "0", false, NULL, false },
	{ "hugepages=64", "vm/nr_hugepages", "64\n", "hugepages=64", "64", true, NULL, false },
	{ "hugepagesz=1G hugepages=4", "vm/nr_hugepages", "4\n", NULL, NULL, false, NULL, false },
	{ "hugepages=64 hugepagesz=1G hugepages=4", "vm/nr_hugepages", "64\n", "hugepages=64", "64", true, NULL, false },
	{ "ipv6.disable=1", "net/ipv6/conf/all/forwarding", NULL, "ipv6.disable=1", NULL, true, NULL, false },
	{ "ipv6.disable=0", "net/ipv6/conf/all/forwarding", NULL, NULL, NULL, false, NULL, false },
	{ "ipv6.disable=1", "net/ipv4/ip_forward", "0\n", NULL, NULL, false, NULL, false },
	{ "ipv6.disable_ipv6=1", "net/ipv6/conf/default/disable_ipv6", "1\n", "ipv6.disable_ipv6=1", "1", true, NULL,
		false },
};

static void test_words(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const struct word_case *row = &words[i];
		struct provenance_answer answer;

		machine = (struct machine){ .release = row->release ? row->release : "6.18.44", .in_netns = row->in_netns };
		temp_dir_write(&fixture->kernel.dir, "proc/cmdline", row->line);
		find(fixture, row->path, row->live, &answer);
		check_row(answer.count == (row->word != NULL), "%s: %zu answers", row->line, answer.count);
		if (!row->word)
			continue;
		check_row(answer.setters[0].kind == PROVENANCE_BOOT && strcmp(answer.setters[0].word, row->word) == 0,
			"%s: %s", row->line, answer.setters[0].word);
		check_row(answer.setters[0].holds == row->holds, "%s: holds is wrong", row->line);
		check_row(row->value ? value_identical(answer.setters[0].value, value_of(row->value)) :
			!answer.setters[0].value.bytes, "%s: the value", row->line);
	}
	machine = (struct machine){ .release = "6.18.44" };
}

/* Both, the change first. */
static void test_both(void **state)
{
	struct fixture *fixture = *state;
	struct provenance_answer answer;

	temp_dir_write(&fixture->kernel.dir, "proc/cmdline", "sysctl.vm.swappiness=60\n");
	fixture_plan(fixture, "  vm.swappiness: 10\n");
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	find(fixture, "vm/swappiness", "10\n", &answer);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.setters[0].kind, PROVENANCE_CHANGE);
	assert_true(answer.setters[0].holds);
	assert_int_equal(answer.setters[1].kind, PROVENANCE_BOOT);
	assert_false(answer.setters[1].holds);
}

/* A record that does not read is passed over with a warning. */
static void test_broken_record(void **state)
{
	struct fixture *fixture = *state;
	struct provenance_answer answer;

	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/20260101T000000Z-0001.json", "{}");
	find(fixture, "vm/swappiness", "60\n", &answer);
	assert_int_equal(answer.count, 0);
	assert_int_equal(fixture->diags.warnings, 1);
	assert_string_equal(fixture->diags.first->id, "broken-record");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_nobody),
		WITH_FIXTURE(test_changes),
		WITH_FIXTURE(test_other_namespace),
		WITH_FIXTURE(test_words),
		WITH_FIXTURE(test_both),
		WITH_FIXTURE(test_broken_record),
	};

	machine = (struct machine){ .release = "6.18.44" };
	return RUN_TESTS(tests);
}
