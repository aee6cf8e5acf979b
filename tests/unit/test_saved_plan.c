/* SPDX-License-Identifier: MIT */
/* Saved plans that are to be carried out: the file, the parameters in it, and the host. */
#include "engine/saved_plan.h"

#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

#define PARAMETERS                                                                                \
	"  net.core.somaxconn: 65535\n"                                                           \
	"  net.ipv4.tcp_rmem: [4096, 131072, 16777216]\n"                                         \
	"  net.ipv4.tcp_fin_timeout: 60\n"                                                        \
	"  net.ipv4.tcp_migrate_req: {value: 1, optional: true}\n"

static const char *plan_path(struct fixture *fixture)
{
	const char *path = arena_printf(&fixture->arena, "%s/plan.json", fixture->kernel.dir.path);

	assert_non_null(path);
	return path;
}

/* Plans these parameters and saves that. */
static void save(struct fixture *fixture, const char *parameters)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_JSON struct json json;

	fixture_plan(fixture, parameters);
	json_begin(&json);
	json_add_string(&json, json.root, "schema", "kerntune.plan/1");
	plan_json_add(&json, &fixture->plan, &fixture->host, "2026-11-22T06:47:00Z");
	assert_int_equal(json_finish(&json, &text), 0);
	temp_dir_write_bytes(&fixture->kernel.dir, "plan.json", text.bytes, text.length);
	temp_dir_set_mode(&fixture->kernel.dir, "plan.json", 0600);
}

static void replace_in_plan(struct fixture *fixture, const char *from, const char *to)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, changed = STRBUF_INIT;
	const char *at;

	temp_dir_read(&fixture->kernel.dir, "plan.json", &text);
	at = strstr(text.bytes, from);
	check_row(at, "%s is not in the plan", from);
	strbuf_add(&changed, text.bytes, (size_t)(at - text.bytes));
	strbuf_add_text(&changed, to);
	strbuf_add_text(&changed, at + strlen(from));
	temp_dir_write_bytes(&fixture->kernel.dir, "plan.json", changed.bytes, changed.length);
}

/* As far as it comes: the verdict. */
static int carry_out(struct fixture *fixture)
{
	const struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys };
	struct selection selection;
	struct saved_plan saved;
	int r;

	diags_init(&fixture->diags, &fixture->arena);
	r = saved_plan_load(&fixture->arena, &fixture->diags, plan_path(fixture), &saved);
	if (r == 0)
		r = saved_plan_select(&saved, &fixture->arena, &fixture->diags, &selection);
	if (r == 0)
		r = planner_build(&planner, &selection, &fixture->plan);
	if (r == 0)
		r = saved_plan_check(&saved, &fixture->arena, &fixture->diags, &fixture->host, &fixture->plan);
	return r;
}

/* One error of this kind whose text names all of these. */
static void assert_refused(struct fixture *fixture, const char *id, const char *const words[])
{
	const struct diag *diag;

	assert_int_equal(carry_out(fixture), 1);
	diag = fixture->diags.first;
	assert_non_null(diag);
	assert_string_equal(diag->id, id);
	assert_null(diag->next);
	for (size_t i = 0; words[i]; i++)
		check_row(strstr(diag->message, words[i]), "no \"%s\" in: %s", words[i], diag->message);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_an_unchanged_host(void **state)
{
	struct fixture *fixture = *state;
	struct plan_summary before, after;

	save(fixture, PARAMETERS);
	before = plan_summarize(&fixture->plan);
	assert_int_equal(carry_out(fixture), 0);
	assert_int_equal(fixture->diags.errors, 0);
	after = plan_summarize(&fixture->plan);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_string_equal(fixture->plan.profiles[0], "test");
	assert_int_equal(strncmp(fixture->plan.digests[0], "fnv1a64:", 8), 0);
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "65535\n");
	/* Done once, it is stale. */
	assert_int_equal(carry_out(fixture), 1);
}

/* The key, the value then, the value now. */
static void test_a_value_that_moved(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, PARAMETERS);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "1234\n");
	assert_refused(fixture, "stale-plan", WORDS("net.core.somaxconn", "4096", "1234"));
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "4096\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_rmem", "4096\t131072\t1\n");
	assert_refused(fixture, "stale-plan", WORDS("net.ipv4.tcp_rmem", "4096 131072 6291456", "4096 131072 1"));
	/* Also one that was right and would not have been written; and one that somebody has set already. */
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_fin_timeout", "30\n");
	assert_refused(fixture, "stale-plan", WORDS("net.ipv4.tcp_fin_timeout", "60", "30"));
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_fin_timeout", "60\n");
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "65535\n");
	assert_refused(fixture, "stale-plan", WORDS("net.core.somaxconn", "4096", "65535"));
	/* Written otherwise, it is the same. */
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "0x1000\n");
	assert_int_equal(carry_out(fixture), 0);
}

static void test_every_parameter_that_moved_is_named(void **state)
{
	struct fixture *fixture = *state;
	size_t count = 0;

	save(fixture, PARAMETERS);
	fake_kernel_set(&fixture->kernel, "net/core/somaxconn", "1\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_fin_timeout", "30\n");
	assert_int_equal(carry_out(fixture), 1);
	for (const struct diag *diag = fixture->diags.first; diag; diag = diag->next)
		count += strcmp(diag->id, "stale-plan") == 0;
	assert_int_equal(count, 2);
}

static void test_keys_that_come_and_go(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, PARAMETERS);
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_migrate_req", "0\n");
	assert_refused(fixture, "stale-plan", WORDS("net.ipv4.tcp_migrate_req", "absent", "there"));
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "proc/sys/net/ipv4/tcp_migrate_req", 0), 0);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "proc/sys/net/core/somaxconn", 0), 0);
	assert_refused(fixture, "stale-plan", WORDS("net.core.somaxconn", "there", "absent"));
}

static void test_another_host(void **state)
{
	struct fixture *fixture = *state;
	const struct host host = fixture->host;

	save(fixture, PARAMETERS);
	fixture->host.hostname = "elsewhere";
	assert_refused(fixture, "stale-plan", WORDS("host", "fakehost", "elsewhere"));
	fixture->host = host;
	fixture->host.kernel = "6.18.45";
	assert_refused(fixture, "stale-plan", WORDS("kernel", "6.18.44", "6.18.45"));
	fixture->host = host;
	fixture->host.boot_id = "99999999-2222-3333-4444-555555555555";
	assert_refused(fixture, "stale-plan", WORDS("boot", "11111111-", "99999999-"));
	fixture->host = host;
	fixture->host.netns = "4711";
	assert_refused(fixture, "stale-plan", WORDS("network namespace", "4026531840", "4711"));
	fixture->host = host;
	assert_int_equal(carry_out(fixture), 0);
}

/* A plan is a file that people edit: what is in it is checked like a profile. */
static void test_edited_plans(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, PARAMETERS);
	replace_in_plan(fixture, "\"65535\"", "\"65536000000\"");
	assert_int_equal(carry_out(fixture), 1);
	assert_int_equal(fixture->diags.errors, 1);
	save(fixture, PARAMETERS);
	replace_in_plan(fixture, "\"path\":\t\"net/ipv4/tcp_fin_timeout\"", "\"path\":\t\"net/core/somaxconn\"");
	assert_refused(fixture, "invalid-plan", WORDS("twice"));
	save(fixture, PARAMETERS);
	replace_in_plan(fixture, "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"../../etc/passwd\"");
	assert_refused(fixture, "invalid-plan", WORDS("\"path\""));
	/* Another value that is allowed: what was reviewed is up to who edits it. */
	save(fixture, PARAMETERS);
	replace_in_plan(fixture, "\"65535\"", "\"32768\"");
	assert_int_equal(carry_out(fixture), 0);
	assert_true(value_identical(fixture_row(fixture, "net/core/somaxconn")->target, value_of("32768")));
}

static void test_files_that_are_no_plan(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "profile: test\n" };
	struct fixture *fixture = *state;
	const struct temp_dir *dir = &fixture->kernel.dir;

	assert_refused(fixture, "unreadable", WORDS("cannot be read"));
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		temp_dir_write(dir, "plan.json", texts[i]);
		assert_refused(fixture, "invalid-plan", WORDS("no plan"));
		assert_non_null(strstr(fixture->diags.first->hint, "kerntune plan"));
	}
	assert_int_equal(unlinkat(dir->fd, "plan.json", 0), 0);
	temp_dir_add_fifo(dir, "plan.json");
	assert_refused(fixture, "not-a-file", WORDS("no regular file"));
	assert_int_equal(unlinkat(dir->fd, "plan.json", 0), 0);
	temp_dir_add_dir(dir, "plan.json", 0755);
	assert_refused(fixture, "not-a-file", WORDS("no regular file"));
}

/* Root does not act upon what everybody can write. */
static void test_a_plan_that_everybody_can_write(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, PARAMETERS);
	temp_dir_set_mode(&fixture->kernel.dir, "plan.json", 0666);
	if (geteuid() == 0)
		assert_refused(fixture, "unsafe-plan", WORDS("everybody"));
	else
		assert_int_equal(carry_out(fixture), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_an_unchanged_host),
		WITH_FIXTURE(test_a_value_that_moved),
		WITH_FIXTURE(test_every_parameter_that_moved_is_named),
		WITH_FIXTURE(test_keys_that_come_and_go),
		WITH_FIXTURE(test_another_host),
		WITH_FIXTURE(test_edited_plans),
		WITH_FIXTURE(test_files_that_are_no_plan),
		WITH_FIXTURE(test_a_plan_that_everybody_can_write),
	};

	return RUN_TESTS(tests);
}
