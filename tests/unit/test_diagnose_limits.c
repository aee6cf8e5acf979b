/* SPDX-License-Identifier: MIT */
/* What diagnose says about limits: conntrack, files, descriptors, memory, orphans; each level at its edge. */
#include "engine/diagnose_check.h"
#include "kernel/descriptors.h"
#include "unit.h"

#include <string.h>

static struct arena arena;
static struct diagnosis diagnosis;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	diagnosis = (struct diagnosis){ .arena = &arena, .seen = { .arena = &arena } };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define SET(counter, number) \
	(diagnosis.seen.now.counter = (number), diagnosis.seen.now.known.counter = true)

/* It moved by so much in a second. */
#define MOVE(counter, number)                                                                     \
	(diagnosis.seen.has_interval = true, diagnosis.seen.changes.elapsed_ns = 1000000000,      \
		diagnosis.seen.changes.counter = (number), diagnosis.seen.changes.known.counter = true, \
		diagnosis.seen.rates.counter = (number), diagnosis.seen.rates.known.counter = true)

/* The one finding of that id, or NULL. */
static const struct finding *find(enum finding_id id)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < diagnosis.findings.count; i++)
		if (diagnosis.findings.items[i]->row == &finding_rows[id]) {
			assert_null(found);
			found = diagnosis.findings.items[i];
		}
	return found;
}

static const struct finding *judge(enum finding_id id)
{
	diagnosis.findings = (struct findings){ 0 };
	diagnose_limits.run(&diagnosis);
	assert_false(diagnosis.failed);
	return find(id);
}

static void assert_level(enum finding_id id, enum finding_level level)
{
	const struct finding *finding = judge(id);

	assert_non_null(finding);
	assert_int_equal(finding->level, level);
}

static double figure(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->figures_count; i++)
		if (strcmp(finding->figures[i].name, name) == 0)
			return finding->figures[i].value;
	return -1;
}

static bool has_remedy(const struct finding *finding, const char *path)
{
	for (size_t i = 0; i < finding->remedies_count; i++)
		if (strcmp(finding->remedies[i].path, path) == 0)
			return true;
	return false;
}

static bool advises(const struct finding *finding, const char *words)
{
	for (size_t i = 0; i < finding->advice_count; i++)
		if (strstr(finding->advice[i], words))
			return true;
	return false;
}

static void nothing_known_is_nothing_said(void **state)
{
	(void)state;
	judge(FINDING_CONNTRACK_FULL);
	assert_int_equal(diagnosis.findings.count, 0);
}

/* ---- conntrack ---- */

static void conntrack_fills(void **state)
{
	(void)state;
	SET(conntrack_max, 1000);
	SET(conntrack_count, 749);
	assert_null(judge(FINDING_CONNTRACK_FULL));
	SET(conntrack_count, 750);
	assert_level(FINDING_CONNTRACK_FULL, FINDING_WARNING);
	SET(conntrack_count, 899);
	assert_level(FINDING_CONNTRACK_FULL, FINDING_WARNING);
	SET(conntrack_count, 900);
	assert_level(FINDING_CONNTRACK_FULL, FINDING_CRITICAL);
}

static void conntrack_relief(void **state)
{
	const struct finding *finding;

	(void)state;
	SET(conntrack_max, 65536);
	SET(conntrack_count, 60000);
	SET(conntrack_buckets, 65536);
	finding = judge(FINDING_CONNTRACK_FULL);
	assert_true(has_remedy(finding, "net/netfilter/nf_conntrack_max"));
	assert_false(has_remedy(finding, "net/netfilter/nf_conntrack_buckets"));
	assert_string_equal(finding->profile, "api-gateway");
	assert_true(advises(finding, "notrack"));
	/* 2 * 60000 / 8192 to a chain. */
	SET(conntrack_buckets, 8192);
	assert_true(has_remedy(judge(FINDING_CONNTRACK_FULL), "net/netfilter/nf_conntrack_buckets"));
}

static void conntrack_of_a_container(void **state)
{
	const struct finding *finding;

	(void)state;
	diagnosis.seen.in_netns = true;
	SET(conntrack_max, 65536);
	SET(conntrack_count, 60000);
	SET(conntrack_buckets, 8192);
	finding = judge(FINDING_CONNTRACK_FULL);
	assert_false(has_remedy(finding, "net/netfilter/nf_conntrack_max"));
	assert_false(has_remedy(finding, "net/netfilter/nf_conntrack_buckets"));
	assert_true(has_remedy(finding, "net/netfilter/nf_conntrack_tcp_timeout_established"));
	assert_true(advises(finding, "set them on the host"));
}

static void conntrack_drops(void **state)
{
	static const char *const texts[] = { "are dropped", "thrown out", "share a bucket" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const struct finding *finding;

		set_up(state);
		SET(conntrack_max, 1000);
		SET(conntrack_count, 10);
		MOVE(conntrack_drops, i == 0);
		MOVE(conntrack_early_drops, i == 1);
		MOVE(conntrack_chains_long, i == 2);
		assert_level(FINDING_CONNTRACK_FULL, FINDING_CRITICAL);
		finding = find(FINDING_CONNTRACK_FULL);
		assert_non_null(strstr(finding->text, texts[i]));
		assert_int_equal(has_remedy(finding, "net/netfilter/nf_conntrack_max"), i < 2);
		assert_int_equal(has_remedy(finding, "net/netfilter/nf_conntrack_buckets"), i == 2);
		tear_down(state);
	}
	set_up(state);
}

/* Two packets for one entry: no want of room. */
static void conntrack_clashes(void **state)
{
	(void)state;
	SET(conntrack_max, 262144);
	SET(conntrack_count, 300);
	MOVE(conntrack_drops, 40);
	MOVE(conntrack_insert_failures, 40);
	assert_null(judge(FINDING_CONNTRACK_FULL));
	MOVE(conntrack_drops, 41);
	assert_level(FINDING_CONNTRACK_FULL, FINDING_CRITICAL);
	/* Of those that were not inserted, the others met a long chain. */
	MOVE(conntrack_drops, 1);
	MOVE(conntrack_chains_long, 40);
	assert_non_null(strstr(judge(FINDING_CONNTRACK_FULL)->text, "are dropped"));
}

static void conntrack_without_limit(void **state)
{
	const struct finding *finding;

	(void)state;
	SET(conntrack_max, 0);
	SET(conntrack_count, 5000000);
	assert_null(judge(FINDING_CONNTRACK_FULL));
	MOVE(conntrack_chains_long, 3);
	finding = judge(FINDING_CONNTRACK_FULL);
	assert_non_null(finding);
	assert_string_equal(finding->text,
		"5,000,000 connections are tracked; new ones are refused because too many share a bucket");
}

static void conntrack_time_to_full(void **state)
{
	(void)state;
	SET(conntrack_max, 100000);
	SET(conntrack_count, 80000);
	MOVE(conntrack_count, 99);
	assert_true(figure(judge(FINDING_CONNTRACK_FULL), "time_to_full") < 0);
	MOVE(conntrack_count, 200);
	assert_true(figure(judge(FINDING_CONNTRACK_FULL), "time_to_full") == 100);
	assert_non_null(strstr(find(FINDING_CONNTRACK_FULL)->text, "full in 100 s"));
	MOVE(conntrack_count, -200);
	assert_true(figure(judge(FINDING_CONNTRACK_FULL), "time_to_full") < 0);
	SET(conntrack_count, 100001);
	MOVE(conntrack_count, 200);
	assert_true(figure(judge(FINDING_CONNTRACK_FULL), "time_to_full") < 0);
}

/* ---- files and descriptors ---- */

static void files_of_the_host(void **state)
{
	const struct finding *finding;

	(void)state;
	SET(files_max, 1000);
	SET(files, 699);
	assert_null(judge(FINDING_FILE_HANDLES));
	SET(files, 700);
	assert_level(FINDING_FILE_HANDLES, FINDING_WARNING);
	SET(files, 900);
	diagnosis.seen.openers[0] = (struct near_limit){ .pid = 9, .name = "leaky", .command = "", .unit = "", .open = 600,
		.soft = DESCRIPTORS_UNLIMITED };
	diagnosis.seen.openers_count = 1;
	assert_level(FINDING_FILE_HANDLES, FINDING_CRITICAL);
	finding = find(FINDING_FILE_HANDLES);
	assert_int_equal(finding->actors_count, 1);
	assert_string_equal(finding->actors[0].name, "leaky");
	assert_int_equal(finding->actors[0].descriptors, 600);
	assert_int_equal(finding->actors[0].descriptors_max, 0);
	assert_true(has_remedy(finding, "fs/file-max"));
	SET(files_max, 0);
	assert_null(judge(FINDING_FILE_HANDLES));
}

static struct near_limit *add_process(uint64_t open, uint64_t soft, uint64_t hard)
{
	static struct near_limit process;

	process = (struct near_limit){ .pid = 812, .name = "java", .command = "java -jar app.jar", .unit = "", .open = open,
		.soft = soft, .hard = hard };
	diagnosis.seen.near_limits = &process;
	diagnosis.seen.near_limits_count = 1;
	diagnosis.seen.has_processes = true;
	return &process;
}

static void descriptors_of_a_process(void **state)
{
	const struct finding *finding;

	(void)state;
	add_process(179, 256, 4096);
	assert_level(FINDING_DESCRIPTOR_LIMIT, FINDING_WARNING);
	add_process(900, 1000, 4096);
	assert_level(FINDING_DESCRIPTOR_LIMIT, FINDING_CRITICAL);
	finding = find(FINDING_DESCRIPTOR_LIMIT);
	assert_string_equal(finding->subject, "java (pid 812)");
	assert_string_equal(finding->actors[0].command, "java -jar app.jar");
	assert_int_equal(finding->actors[0].descriptors_max, 1000);
	assert_true(figure(finding, "hard_limit") == 4096);
	assert_int_equal(finding->remedies_count, 0);
	assert_null(finding->profile);
	assert_true(advises(finding, "ulimit -n 2000"));
	assert_false(advises(finding, "CLOSE_WAIT"));
	assert_non_null(strstr(finding->text, "raise the limit itself, up to 4,096"));
}

static void descriptors_of_a_service(void **state)
{
	(void)state;
	add_process(900, 1000, 1000)->unit = "app.service";
	assert_true(advises(judge(FINDING_DESCRIPTOR_LIMIT), "systemctl edit app.service"));
	assert_null(strstr(find(FINDING_DESCRIPTOR_LIMIT)->text, "raise the limit itself"));
}

/* fs.nr_open bounds every limit that is set, so it helps only whose hard limit has got there. */
static void descriptors_up_to_nr_open(void **state)
{
	(void)state;
	diagnosis.seen.settings.nr_open = 1048576;
	diagnosis.seen.settings.known.nr_open = true;
	add_process(1000000, 1048576, 1048576);
	assert_true(has_remedy(judge(FINDING_DESCRIPTOR_LIMIT), "fs/nr_open"));
	assert_string_equal(find(FINDING_DESCRIPTOR_LIMIT)->profile, "high-concurrency");
	add_process(1000, 1024, 1048576);
	assert_false(has_remedy(judge(FINDING_DESCRIPTOR_LIMIT), "fs/nr_open"));
	add_process(1000000, 1000000, 1000000);
	assert_false(has_remedy(judge(FINDING_DESCRIPTOR_LIMIT), "fs/nr_open"));
}

/* A hundred workers of one program are one finding; what has no name may be anything. */
static void descriptors_of_workers(void **state)
{
	static struct near_limit workers[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		workers[i] = (struct near_limit){ .pid = (pid_t)i + 1, .name = i == 3 ? "" : "php-fpm", .command = "",
			.unit = "", .open = 1000 - i, .soft = 1024, .hard = 1024 };
	diagnosis.seen.near_limits = workers;
	diagnosis.seen.near_limits_count = 4;
	diagnose_limits.run(&diagnosis);
	assert_int_equal(diagnosis.findings.count, 2);
	assert_string_equal(diagnosis.findings.items[0]->subject, "php-fpm (pid 1)");
	assert_non_null(strstr(diagnosis.findings.items[0]->text, "2 more of its processes"));
	assert_null(strstr(diagnosis.findings.items[1]->text, "more of its processes"));
}

static void descriptors_leak(void **state)
{
	static const struct actor holder = { .kind = ACTOR_PROCESS, .name = "java", .pid = 812, .count = 150 };
	static struct suspect suspect = { .kind = SUSPECT_CLOSE_WAIT, .key = 2 * CLOSE_WAIT_OLD, .holders = &holder,
		.holders_count = 1 };

	(void)state;
	diagnosis.seen.suspects = &suspect;
	diagnosis.seen.suspects_count = 1;
	add_process(900, 1000, 1000);
	assert_true(advises(judge(FINDING_DESCRIPTOR_LIMIT), "150 of them are connections that the peer closed"));
	suspect.key = 2 * CLOSE_WAIT_YOUNG + 1;
	assert_false(advises(judge(FINDING_DESCRIPTOR_LIMIT), "CLOSE_WAIT"));
}

/* ---- memory and orphans ---- */

static void memory_fills(void **state)
{
	(void)state;
	SET(tcp_memory_pressure_pages, 1000);
	SET(tcp_memory_max_pages, 2000);
	SET(tcp_memory_pages, 999);
	assert_null(judge(FINDING_TCP_MEMORY));
	SET(tcp_memory_pages, 1000);
	assert_level(FINDING_TCP_MEMORY, FINDING_WARNING);
	assert_string_equal(find(FINDING_TCP_MEMORY)->profile, "incident-memory");
	SET(tcp_memory_pages, 1799);
	assert_level(FINDING_TCP_MEMORY, FINDING_WARNING);
	SET(tcp_memory_pages, 1800);
	assert_level(FINDING_TCP_MEMORY, FINDING_CRITICAL);
}

static void memory_presses(void **state)
{
	(void)state;
	SET(tcp_memory_pressure_pages, 1000);
	SET(tcp_memory_max_pages, 2000);
	SET(tcp_memory_pages, 10);
	MOVE(aborts_on_memory, 0);
	MOVE(memory_pressures, 0);
	assert_null(judge(FINDING_TCP_MEMORY));
	MOVE(memory_pressures, 1);
	assert_level(FINDING_TCP_MEMORY, FINDING_WARNING);
	MOVE(aborts_on_memory, 1);
	assert_level(FINDING_TCP_MEMORY, FINDING_CRITICAL);
	/* A pressure of a container, which sees no limits. */
	diagnosis.seen.now.known.tcp_memory_pressure_pages = diagnosis.seen.now.known.tcp_memory_max_pages = false;
	diagnosis.seen.in_netns = true;
	assert_level(FINDING_TCP_MEMORY, FINDING_CRITICAL);
	assert_int_equal(find(FINDING_TCP_MEMORY)->remedies_count, 0);
	assert_null(find(FINDING_TCP_MEMORY)->profile);
	/* How much it holds is not known: that is not nothing. */
	diagnosis.seen.now.known.tcp_memory_pages = false;
	assert_null(strstr(judge(FINDING_TCP_MEMORY)->text, "0 MiB"));
}

static void orphans_pile_up(void **state)
{
	(void)state;
	SET(tcp_orphans_max, 1000);
	SET(tcp_orphans, 249);
	assert_null(judge(FINDING_ORPHANS));
	SET(tcp_orphans, 250);
	assert_level(FINDING_ORPHANS, FINDING_WARNING);
	SET(tcp_orphans, 500);
	assert_level(FINDING_ORPHANS, FINDING_CRITICAL);
	assert_string_equal(find(FINDING_ORPHANS)->profile, "incident-memory");
	/* Resets at a quarter are the orphans', not the memory's. */
	SET(tcp_orphans, 250);
	MOVE(aborts_on_memory, 7);
	assert_level(FINDING_ORPHANS, FINDING_CRITICAL);
	assert_null(find(FINDING_TCP_MEMORY));
}

static void host_seen_from_a_container(void **state)
{
	(void)state;
	diagnosis.seen.ram_bytes = UINT64_C(8) << 30;	/* 32768 orphans, 2097152 pages */
	diagnosis.seen.page_size = 4096;
	SET(tcp_orphans, 8192);
	SET(tcp_memory_pages, 131072);
	assert_null(judge(FINDING_HOST_FIGURES));
	diagnosis.seen.in_netns = true;
	assert_level(FINDING_HOST_FIGURES, FINDING_NOTE);
	assert_string_equal(find(FINDING_HOST_FIGURES)->text, "of the whole host, not of this container: 8,192 orphans, "
		"512 MiB for TCP's buffers; look at it on the host, where the limits can be seen");
	SET(tcp_orphans, 8191);
	assert_true(figure(judge(FINDING_HOST_FIGURES), "orphans") < 0);
	SET(tcp_memory_pages, 131071);
	assert_null(judge(FINDING_HOST_FIGURES));
}

/* ---- the past ---- */

static void past_losses(void **state)
{
	const struct finding *finding;

	(void)state;
	SET(listen_overflows, 0);
	SET(aborts_on_memory, 0);
	assert_null(judge(FINDING_OVERFLOWS_PAST));
	SET(listen_overflows, 1234);
	SET(time_wait_overflows, 5);
	finding = judge(FINDING_OVERFLOWS_PAST);
	assert_string_equal(finding->text, "since the host began, 1,234 SYNs and ACKs met a full accept queue "
		"(ListenOverflows); 5 sockets skipped TIME_WAIT (TCPTimeWaitOverflow); whether it goes on, a look with an "
		"interval tells");
	/* What moves is no matter of the past. */
	MOVE(listen_overflows, 3);
	MOVE(time_wait_overflows, 0);
	finding = judge(FINDING_OVERFLOWS_PAST);
	assert_string_equal(finding->text,
		"since the host began, 5 sockets skipped TIME_WAIT (TCPTimeWaitOverflow); none now");
	assert_true(figure(finding, "time_wait_overflows") == 5);
	assert_true(figure(finding, "listen_overflows") < 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_known_is_nothing_said),
		TEST(conntrack_fills),
		TEST(conntrack_relief),
		TEST(conntrack_of_a_container),
		TEST(conntrack_drops),
		TEST(conntrack_clashes),
		TEST(conntrack_without_limit),
		TEST(conntrack_time_to_full),
		TEST(files_of_the_host),
		TEST(descriptors_of_a_process),
		TEST(descriptors_of_a_service),
		TEST(descriptors_up_to_nr_open),
		TEST(descriptors_of_workers),
		TEST(descriptors_leak),
		TEST(memory_fills),
		TEST(memory_presses),
		TEST(orphans_pile_up),
		TEST(host_seen_from_a_container),
		TEST(past_losses),
	};

	return RUN_TESTS(tests);
}
