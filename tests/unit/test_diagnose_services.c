/* SPDX-License-Identifier: MIT */
/* Pools, churn, surges, where connections go, and what could not be seen: each from its edge on, and not before. */
#include "look.h"

#include <netinet/tcp.h>
#include <string.h>

/* ---- pool-leak ---- */

static void test_leak(void **state)
{
	static const struct {
		uint32_t idle, busy;
		bool is_leak;
	} rows[] = {
		{ 500, 0, true }, { 499, 0, false },
		{ 450, 50, true }, { 449, 51, false },	/* 90 % */
		{ 9000, 1000, true }, { 0, 5000, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;

		look_make(&look);
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = rows[i].idle, .held = true,
			.age_ms = DESTINATION_IDLE_MS });
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = rows[i].busy, .held = true,
			.age_ms = DESTINATION_IDLE_MS - 1 });
		look_judge(&look, &diagnose_services);
		finding = look_find(&look, FINDING_POOL_LEAK);
		check_row(!finding == !rows[i].is_leak, "row %zu", i);
		check_row(look.seen->suspects_count == (rows[i].is_leak ? 1 : 0), "row %zu", i);
		if (finding) {
			assert_int_equal(finding->level, FINDING_WARNING);
			assert_string_equal(finding->subject, "10.0.0.5:5432");
			assert_int_equal((int)look_figure(finding, "idle"), rows[i].idle);
			assert_int_equal(finding->remedies_count, 0);
			assert_true(finding->advice_count > 0);
		}
		look_remove(&look);
	}
}

/* TIME_WAIT toward the destination is nobody's; the few sockets that somebody holds name the owner. */
static void test_leak_owner(void **state)
{
	struct look *look = *state;
	static const struct actor holder = { .kind = ACTOR_PROCESS, .name = "java", .pid = 812, .command = "",
		.unit = "app.service", .count = 4 };
	const struct finding *finding;

	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 600, .held = true, .age_ms = 900000 });
	look_judge(look, &diagnose_services);
	assert_int_equal(look->seen->suspects_count, 1);
	assert_int_equal(look->seen->suspects[0].kind, SUSPECT_DESTINATION);
	assert_int_equal(look->seen->suspects[0].inodes_count, DESTINATION_INODES);
	look->seen->suspects[0].holders = &holder;
	look->seen->suspects[0].holders_count = 1;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->seen->suspects_count, 1);	/* asked for once */
	finding = look_find(look, FINDING_POOL_LEAK);
	assert_non_null(finding);
	assert_int_equal(finding->actors_count, 2);
	assert_int_equal(finding->actors[0].kind, ACTOR_DESTINATION);
	assert_int_equal(finding->actors[1].pid, 812);
	assert_non_null(strstr(finding->text, "java (pid 812, app.service)"));
}

/* ---- connection-churn ---- */

static void test_churn(void **state)
{
	static const struct {
		const char *what;
		uint32_t young, older, open;
		const char *reason;	/* NULL: no note */
	} rows[] = {
		{ "50 a second", 500, 500, 0, "no pool" },
		{ "49.9 a second", 499, 499, 0, NULL },
		{ "a burst that is over", 5000, 0, 0, NULL },
		{ "one that goes on", 5000, 2500, 0, "no pool" },
		{ "one that begins", 5000, 2499, 0, NULL },
		{ "as many open as are closed in a second", 1000, 1000, 100, "no pool" },
		{ "more", 1000, 1000, 101, "keeps too few" },
		{ "as many as in ten", 1000, 1000, 1000, "keeps too few" },
		{ "more: they live long", 1000, 1000, 1001, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;

		look_make(&look);
		look_add(&look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = rows[i].young, .age_ms = 5000 });
		look_add(&look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = rows[i].older, .age_ms = 15000 });
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = rows[i].open });
		look_judge(&look, &diagnose_services);
		finding = look_find(&look, FINDING_CONNECTION_CHURN);
		check_row(!finding == !rows[i].reason, "%s", rows[i].what);
		if (finding) {
			check_row(strstr(finding->text, rows[i].reason), "%s: %s", rows[i].what, finding->text);
			assert_int_equal(finding->level, FINDING_NOTE);
			assert_string_equal(finding->subject, "10.0.0.5:5432");
		}
		look_remove(&look);
	}
}

/* With an interval, what is being opened decides whether it goes on. */
static void test_churn_in_an_interval(void **state)
{
	struct look *look = *state;

	look_add(look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = 10000, .age_ms = 5000 });
	look_set_interval(look, 10, 10, 499, 0);
	look_judge(look, &diagnose_services);
	assert_null(look_find(look, FINDING_CONNECTION_CHURN));
	look_set_interval(look, 10, 10, 500, 0);
	look_judge(look, &diagnose_services);
	assert_non_null(look_find(look, FINDING_CONNECTION_CHURN));
}

static void test_churn_of_several(void **state)
{
	static const uint32_t counts[] = { 600, 900, 500, 800, 700 };
	struct look *look = *state;
	const struct finding *finding;

	for (size_t i = 0; i < COUNT_OF(counts); i++)
		for (uint32_t age = 5000; age < 20000; age += 10000)
			look_add(look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = counts[i], .age_ms = age,
				.port = (uint16_t)(8000 + i) });
	look_judge(look, &diagnose_services);
	finding = look_find(look, FINDING_CONNECTION_CHURN);
	assert_non_null(finding);
	assert_string_equal(finding->subject, "10.0.0.5:8001");
	assert_int_equal((int)look_figure(finding, "closed_per_second"), 90);
	assert_int_equal((int)look_figure(finding, "closed_per_second_all"), 350);
	assert_int_equal(finding->actors_count, 3);
	assert_string_equal(finding->actors[0].name, "10.0.0.5:8001");
	assert_string_equal(finding->actors[1].name, "10.0.0.5:8003");
	assert_string_equal(finding->actors[2].name, "10.0.0.5:8004");
	assert_non_null(strstr(finding->text, "with 4 more destinations it is 350 a second"));
}

static void test_churn_of_a_peer(void **state)
{
	struct look *look = *state;
	const struct finding *finding;

	look_add_incoming(look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = 600, .age_ms = 5000,
		.address = "2001:db8::9", .source = "2001:db8::1", .port = 8080 });
	look_set_interval(look, 10, 10, 0, 60);
	look_judge(look, &diagnose_services);
	finding = look_find(look, FINDING_CONNECTION_CHURN);
	assert_non_null(finding);
	assert_string_equal(finding->subject, "from 2001:db8::9 to port 8080 here");
	assert_int_equal(finding->actors[0].kind, ACTOR_PEER);
}

/* ---- established-many ---- */

static void test_established(void **state)
{
	struct look *look = *state;
	const struct finding *finding;

	look_add_service(look, 22, 1);
	look_add_service(look, 80, 2000);
	look_add_service(look, 8080, 6000);
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 2999 });
	look_add_incoming(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 3000, .port = 8080,
		.address = "10.0.0.9" });
	look_add_incoming(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 999, .port = 80,
		.address = "10.0.0.10" });
	look->seen->states[TCP_ESTABLISHED] = 9999;
	look_judge(look, &diagnose_services);
	assert_null(look_find(look, FINDING_ESTABLISHED_MANY));
	look->seen->states[TCP_ESTABLISHED] = 10000;
	look_judge(look, &diagnose_services);
	finding = look_find(look, FINDING_ESTABLISHED_MANY);
	assert_non_null(finding);
	assert_string_equal(finding->text, "10,000 ESTABLISHED: 6,000 at port 8080, of which one peer, 10.0.0.9, has "
		"3,000; 2,999 to 10.0.0.5:5432; 2,000 at port 80");
	assert_int_equal(finding->actors_count, 4);
	assert_int_equal(look->diagnosis.findings.count, 1);
}

/* Only counted: it is not known where to. */
static void test_established_counted(void **state)
{
	struct look *look = *state;

	look->seen->has_destinations = false;
	look->seen->states[TCP_ESTABLISHED] = 20000;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);
}

/* ---- connection-surge ---- */

static void test_surge(void **state)
{
	static const struct {
		const char *what;
		uint64_t before, after, active, passive;
		bool is_surge;
	} rows[] = {
		{ "a fifth", 2500, 3000, 0, 5000, true },
		{ "less than a fifth, and most of it does not stay", 2501, 3001, 0, 5000, false },
		{ "499", 1000, 1499, 0, 5000, false },
		{ "500 on a quiet host", 0, 500, 500, 0, true },
		{ "doubles in a minute, and half of it stays", 6000, 6100, 100, 100, true },
		{ "more than half goes again", 6000, 6100, 101, 100, false },
		{ "doubles in more than a minute", 6001, 6101, 0, 100, false },
		{ "99", 5000, 5099, 0, 99, false },
		{ "a small host that begins", 800, 999, 0, 199, false },
		{ "one a little larger", 900, 1000, 0, 100, true },
		{ "steady", 100000, 100000, 5000, 5000, false },
		{ "fewer", 100000, 50000, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;

		look_make(&look);
		look_set_interval(&look, rows[i].before, rows[i].after, rows[i].active, rows[i].passive);
		look_judge(&look, &diagnose_services);
		finding = look_find(&look, FINDING_CONNECTION_SURGE);
		check_row(!finding == !rows[i].is_surge, "%s", rows[i].what);
		if (finding)
			check_row(strstr(finding->text, rows[i].passive > rows[i].active ? "incoming" : "outgoing"), "%s",
				rows[i].what);
		look_remove(&look);
	}
}

static void test_surge_needs_two_samples(void **state)
{
	struct look *look = *state;

	look_set_interval(look, 0, 5000, 5000, 0);
	look->seen->has_interval = false;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);
}

/* ---- unseen ---- */

static void test_hidden_owners(void **state)
{
	static const uint32_t inodes[] = { 1, 2, 3 };
	static const struct actor holder = { .kind = ACTOR_PROCESS, .name = "a", .pid = 7, .command = "", .unit = "",
		.count = 3 };
	struct look *look = *state;
	const struct finding *finding;

	look->seen->has_owners = true;
	look->seen->hidden = 40;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);	/* nobody was asked for */

	diagnose_suspect(&look->diagnosis, SUSPECT_LISTENER, 1, inodes, COUNT_OF(inodes), 1);
	look_judge(look, &diagnose_services);
	finding = look_find(look, FINDING_UNSEEN);
	assert_non_null(finding);
	assert_int_equal((int)look_figure(finding, "sockets"), 3);
	assert_int_equal((int)look_figure(finding, "hidden_processes"), 40);

	look->seen->suspects[0].holders = &holder;
	look->seen->suspects[0].holders_count = 1;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);	/* all were found */

	look->seen->suspects[0].scale = 2;
	look->seen->hidden = 0;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);	/* whoever held them has gone */
}

static void test_text_tables(void **state)
{
	struct look *look = *state;

	look->seen->listeners.has_backlog = false;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);
	look->seen->listeners.count = 1;
	look_judge(look, &diagnose_services);
	assert_non_null(look_find(look, FINDING_UNSEEN));
}

static void test_malformed(void **state)
{
	struct look *look = *state;

	look->seen->malformed = 2;
	look_judge(look, &diagnose_services);
	assert_non_null(look_find(look, FINDING_UNSEEN));
	assert_int_equal((int)look_figure(look_find(look, FINDING_UNSEEN), "malformed_lines"), 2);
}

static void test_not_looked_at(void **state)
{
	struct look *look = *state;

	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 600, .age_ms = 900000 });
	look->seen->has_destinations = false;
	look->seen->destinations.count = 0;
	look_judge(look, &diagnose_services);
	assert_int_equal(look->diagnosis.findings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leak),
		WITH_LOOK(test_leak_owner),
		cmocka_unit_test(test_churn),
		WITH_LOOK(test_churn_in_an_interval),
		WITH_LOOK(test_churn_of_several),
		WITH_LOOK(test_churn_of_a_peer),
		WITH_LOOK(test_established),
		WITH_LOOK(test_established_counted),
		cmocka_unit_test(test_surge),
		WITH_LOOK(test_surge_needs_two_samples),
		WITH_LOOK(test_hidden_owners),
		WITH_LOOK(test_text_tables),
		WITH_LOOK(test_malformed),
		WITH_LOOK(test_not_looked_at),
	};

	return RUN_TESTS(tests);
}
