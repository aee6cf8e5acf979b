/* SPDX-License-Identifier: MIT */
/* Finding keys by name, glob, directory and word, and what is known about them. */
#include "engine/explain.h"

#include "engine_fixture.h"

#include <string.h>

static struct machine machine;

static void begin(struct fixture *fixture, struct explain *explain)
{
	*explain = (struct explain){ .arena = &fixture->arena, .root = &fixture->kernel.root,
		.procsys = &fixture->kernel.procsys, .machine = &machine };
}

static const struct subject *find_one(struct explain *explain, const char *argument)
{
	struct explain_match match;

	check_row(explain_find(explain, argument, &match) == 0, "%s: nothing found", argument);
	check_row(match.count == 1, "%s: %zu found", argument, match.count);
	return &explain->subjects[match.first];
}

static const struct {
	const char *argument, *path;
} names[] = {
	{ "net.core.somaxconn", "net/core/somaxconn" },
	{ "net/core/somaxconn", "net/core/somaxconn" },
	{ "/proc/sys/net/core/somaxconn", "net/core/somaxconn" },
	{ "somaxconn", "net/core/somaxconn" },
	{ "SOMAXCONN", "net/core/somaxconn" },
	{ "net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter" },
	{ "net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0.100/rp_filter" },
	{ "net.ipv4.tcp_tw_recycle", "net/ipv4/tcp_tw_recycle" },
	{ "net.core.somaxc*", "net/core/somaxconn" },
	{ "rp_filter", "net/ipv4/conf/*/rp_filter" },
	{ "custom.knob", "custom/knob" },
	{ "custom", "custom/knob" },
	{ "custom.*", "custom/knob" },
};

static void test_names(void **state)
{
	struct fixture *fixture = *state;

	fake_kernel_set(&fixture->kernel, "custom/knob", "1\n");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct subject *subject;
		struct explain explain;

		begin(fixture, &explain);
		subject = find_one(&explain, names[i].argument);
		check_row(strcmp(subject->path, names[i].path) == 0, "%s: %s", names[i].argument, subject->path);
		check_row(subject->is_pattern == (strchr(subject->path, '*') != NULL), "%s: is_pattern", names[i].argument);
	}
}

static const char *const nothing[] = { "", "..", "net.core.somaxcon", "net.core.no_such_key", "net..core",
	"*.*.*.*.*.*.x", "no such words", "/etc/passwd", "." };

static void test_nothing(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(nothing); i++) {
		struct explain_match match;
		struct explain explain;

		begin(fixture, &explain);
		check_row(explain_find(&explain, nothing[i], &match) == EXPLAIN_NOTHING && match.count == 0 && match.problem &&
			match.hint, "\"%s\" is something", nothing[i]);
	}
}

/* Sorted, each key once, and no pattern beside the keys that it stands for. */
static void test_globs(void **state)
{
	struct fixture *fixture = *state;
	struct explain_match match;
	struct explain explain;
	size_t live = 0;

	begin(fixture, &explain);
	assert_int_equal(explain_find(&explain, "net.ipv4.conf.*.rp_filter", &match), 0);
	assert_true(match.is_search);
	assert_int_equal(match.count, 4);
	for (size_t i = 0; i < match.count; i++)
		assert_false(explain.subjects[i].is_pattern);

	begin(fixture, &explain);
	assert_int_equal(explain_find(&explain, "net.core.*", &match), 0);
	assert_int_equal(explain_read(&explain), 0);
	for (size_t i = 0; i < match.count; i++) {
		if (i > 0)
			assert_true(strcmp(explain.subjects[i - 1].path, explain.subjects[i].path) < 0);
		live += explain.subjects[i].status == SUBJECT_PRESENT;
	}
	assert_int_equal(live, 4);
	assert_true(match.count > live);
}

/* All of the catalogue, each row once. */
static void test_whole_catalogue(void **state)
{
	struct fixture *fixture = *state;
	struct explain_match match;
	struct explain explain;

	begin(fixture, &explain);
	assert_int_equal(explain_find(&explain, "*", &match), 0);
	assert_int_equal(match.count, catalog_count);
	for (size_t i = 0; i < catalog_count; i++)
		assert_ptr_equal(explain.subjects[i].catalog, catalog_at(i));
}

/* Arguments keep their order, and each has its own part of the subjects. */
static void test_several(void **state)
{
	struct fixture *fixture = *state;
	struct explain_match first, second;
	struct explain explain;

	begin(fixture, &explain);
	assert_int_equal(explain_find(&explain, "vm.swappiness", &first), 0);
	assert_int_equal(explain_find(&explain, "net.core.somaxconn", &second), 0);
	assert_int_equal(first.first, 0);
	assert_int_equal(second.first, 1);
	assert_string_equal(explain.subjects[0].key, "vm.swappiness");
	assert_string_equal(explain.subjects[1].key, "net.core.somaxconn");
}

static const struct absent_case {
	const char *key, *why;
	struct machine machine;
} absents[] = {
	{ "net.ipv4.tcp_tw_reuse_delay", "it came with Linux 6.14, and this is 6.1.0", { .release = "6.1.0" } },
	{ "net.ipv4.tcp_tw_reuse_delay", NULL, { .release = "6.14" } },
	{ "net.ipv4.tcp_tw_reuse_delay", NULL, { .release = "" } },
	{ "net.ipv4.tcp_tw_recycle", "Linux 4.11 was the last to have it", { .release = "6.1.0" } },
	{ "net.ipv4.tcp_tw_recycle", NULL, { .release = "4.10" } },
	{ "net.core.dev_weight", "only the host's own network namespace has it", { .release = "6.1.0", .in_netns = true } },
	{ "net.core.dev_weight", NULL, { .release = "6.1.0" } },
	{ "net.netfilter.nf_conntrack_max", "it needs the module nf_conntrack, which is not loaded",
		{ .release = "6.1.0" } },
	{ "net.ipv4.conf.eth9.rp_filter", "there is no eth9", { .release = "6.1.0" } },
};

static void test_why_absent(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(absents); i++) {
		const struct subject *subject;
		struct explain explain;

		begin(fixture, &explain);
		explain.machine = &absents[i].machine;
		subject = find_one(&explain, absents[i].key);
		assert_int_equal(explain_read(&explain), 0);
		assert_int_equal(subject->status, SUBJECT_ABSENT);
		assert_false(subject->is_writable);
		if (absents[i].why)
			check_row(subject->why_absent && strcmp(subject->why_absent, absents[i].why) == 0, "%s: %s",
				absents[i].key, subject->why_absent);
		else
			check_row(!subject->why_absent, "%s: %s", absents[i].key, subject->why_absent);
	}
}

static void test_read(void **state)
{
	struct fixture *fixture = *state;
	struct explain_match match;
	struct explain explain;
	size_t reads;

	begin(fixture, &explain);
	assert_int_equal(explain_find(&explain, "net.ipv4.tcp_rmem", &match), 0);
	assert_int_equal(explain_find(&explain, "rp_filter", &match), 0);
	assert_int_equal(explain_find(&explain, "vm.dirty_ratio", &match), 0);
	fixture->kernel.unreadable = "vm/dirty_ratio";
	reads = fixture->kernel.reads;
	assert_int_equal(explain_read(&explain), 0);
	assert_string_equal(explain.subjects[0].live_text, "4096 131072 6291456");
	assert_true(explain.subjects[0].is_writable);
	assert_string_equal(explain.subjects[1].live_text, "all 0, default 0");
	assert_int_equal(explain.subjects[2].status, SUBJECT_UNREADABLE);
	assert_null(explain.subjects[2].live_text);
	assert_int_equal(fixture->kernel.reads - reads, 4);
	assert_int_equal(fixture->kernel.writes, 0);
}

/* An action is not read: that may start it. */
static void test_action(void **state)
{
	struct fixture *fixture = *state;
	const struct subject *subject;
	struct explain explain;
	size_t reads;

	fake_kernel_set(&fixture->kernel, "net/ipv4/route/flush", "0\n");
	begin(fixture, &explain);
	subject = find_one(&explain, "net.ipv4.route.flush");
	reads = fixture->kernel.reads;
	assert_int_equal(explain_read(&explain), 0);
	assert_int_equal(subject->status, SUBJECT_PRESENT);
	assert_null(subject->live_text);
	assert_int_equal(fixture->kernel.reads, reads);
}

static void test_topics(void **state)
{
	struct fixture *fixture = *state;
	struct explain explain;

	begin(fixture, &explain);
	assert_int_equal(explain_topics(&explain), 0);
	assert_true(explain.count > 20);
	for (size_t i = 1; i < explain.count; i++)
		assert_true(explain.subjects[i - 1].catalog->topic <= explain.subjects[i].catalog->topic);
}

/* Profiles see only the keys that are asked about; what is wrong with one of them is one warning. */
static void test_uses(void **state)
{
	struct fixture *fixture = *state;
	const struct subject *subject;
	struct explain explain;
	struct diags diags;
	size_t reads;

	fixture_add_profile(fixture, "base", "parameters:\n  net.core.somaxconn: {at_least: 1024}\n  vm.swappiness: 1\n");
	fixture_add_profile(fixture, "child", "extends: [base]\nparameters:\n  net.ipv4.conf.*.rp_filter: 1\n");
	fixture_add_profile(fixture, "broken", "parameters:\n  net.core.somaxconn: x\n");
	fixture_open_library(fixture);
	diags_init(&diags, &fixture->arena);
	begin(fixture, &explain);
	subject = find_one(&explain, "net.core.somaxconn");
	assert_int_equal(explain_read(&explain), 0);
	reads = fixture->kernel.reads;
	assert_int_equal(explain_uses(&explain, &fixture->library, &diags), 0);
	assert_int_equal(fixture->kernel.reads - reads, 2);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(diags.warnings, 1);
	assert_string_equal(diags.first->id, "invalid-profile");
	assert_int_equal(subject->uses_count, 2);
	assert_string_equal(subject->uses[0].profile, "base");
	assert_string_equal(subject->uses[1].profile, "child");
	assert_string_equal(subject->uses[1].row->setting->profile->name, "base");
	assert_int_equal(subject->uses[1].row->status, PLAN_SAME);

	begin(fixture, &explain);
	subject = find_one(&explain, "net.ipv4.conf.eth0.rp_filter");
	assert_int_equal(explain_read(&explain), 0);
	assert_int_equal(explain_uses(&explain, &fixture->library, &diags), 0);
	assert_int_equal(subject->uses_count, 1);
	assert_int_equal(subject->uses[0].row->status, PLAN_CHANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_names),
		WITH_FIXTURE(test_nothing),
		WITH_FIXTURE(test_globs),
		WITH_FIXTURE(test_whole_catalogue),
		WITH_FIXTURE(test_several),
		WITH_FIXTURE(test_why_absent),
		WITH_FIXTURE(test_read),
		WITH_FIXTURE(test_action),
		WITH_FIXTURE(test_topics),
		WITH_FIXTURE(test_uses),
	};

	machine = (struct machine){ .release = "6.18.44" };
	return RUN_TESTS(tests);
}
