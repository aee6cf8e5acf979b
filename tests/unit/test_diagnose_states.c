/* SPDX-License-Identifier: MIT */
/* What diagnose says about CLOSE_WAIT and FIN_WAIT2: each level at its edge, and by whose doing. */
#include "diagnosis_fixture.h"

#include <netinet/tcp.h>

enum { NONE = -1, YOUNG = CLOSE_WAIT_YOUNG, MIDDLE = CLOSE_WAIT_MIDDLE, OLD = CLOSE_WAIT_OLD };

/* So many in CLOSE_WAIT; which inodes they have does not matter. */
static void add_waits(int age, int unread, uint64_t count)
{
	struct inode_sample *sample = &seen->close_waits.samples[age][unread];

	seen->has_sockets = true;
	seen->close_waits.counts[age][unread] += count;
	seen->states[TCP_CLOSE_WAIT] += count;
	for (uint32_t inode = 1; inode <= count && sample->count < 8; inode++)
		assert_int_equal(inode_sample_add(sample, &arena, inode), 0);
}

static void answer_waits(int age, int unread, const struct actor *holders, size_t count)
{
	answer(SUSPECT_CLOSE_WAIT, (uint32_t)(2 * age + unread), holders, count);
}

/* All of them are one process's. */
static void answer_all(const struct actor *holder)
{
	static struct actor actors[CLOSE_WAIT_AGES][2];

	for (int age = YOUNG; age <= OLD; age++)
		for (int unread = 0; unread < 2; unread++) {
			actors[age][unread] = *holder;
			actors[age][unread].count = seen->close_waits.counts[age][unread];
			if (actors[age][unread].count > 0)
				answer_waits(age, unread, &actors[age][unread], 1);
		}
}

static void test_levels(void **state)
{
	static const struct {
		uint64_t counts[CLOSE_WAIT_AGES][2];
		int leak, stalled;
		bool is_noted;
	} rows[] = {
		{ { { 99, 0 }, { 0, 0 }, { 0, 0 } }, NONE, NONE, false },
		{ { { 5000, 0 }, { 0, 0 }, { 0, 0 } }, NONE, NONE, true },
		{ { { 0, 0 }, { 0, 0 }, { 99, 0 } }, NONE, NONE, false },
		{ { { 1, 0 }, { 0, 0 }, { 99, 0 } }, NONE, NONE, true },
		{ { { 0, 0 }, { 0, 0 }, { 100, 0 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 999, 0 }, { 0, 0 } }, NONE, NONE, true },
		{ { { 0, 0 }, { 1000, 0 }, { 0, 0 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 901, 0 }, { 99, 0 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 5000, 0 }, { 999, 0 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 0, 0 }, { 1000, 0 } }, FINDING_CRITICAL, NONE, false },
		/* Unread in most; how the young ones are does not count. */
		{ { { 0, 0 }, { 0, 0 }, { 50, 50 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 0, 0 }, { 50, 51 } }, NONE, FINDING_WARNING, false },
		{ { { 0, 900 }, { 0, 0 }, { 100, 0 } }, FINDING_WARNING, NONE, false },
		{ { { 0, 0 }, { 0, 0 }, { 0, 1000 } }, NONE, FINDING_CRITICAL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct actor holder = process(812, "java", "app.service", 0);
		const struct finding *leak, *stalled;

		begin_anew();
		for (int age = YOUNG; age <= OLD; age++)
			for (int unread = 0; unread < 2; unread++)
				add_waits(age, unread, rows[i].counts[age][unread]);
		diagnose_states.suspect(&diagnosis);
		if (seen->suspects_count > 0)
			answer_all(&holder);
		run(&diagnose_states);
		leak = find(FINDING_CLOSE_WAIT_LEAK);
		stalled = find(FINDING_CLOSE_WAIT_STALLED);
		check_row((leak ? (int)leak->level : NONE) == rows[i].leak, "row %zu: leak", i);
		check_row((stalled ? (int)stalled->level : NONE) == rows[i].stalled, "row %zu: stalled", i);
		check_row((find(FINDING_CLOSE_WAIT_YOUNG) != NULL) == rows[i].is_noted, "row %zu: note", i);
	}
}

/* A visitor of port 8080, and a destination, of which so many are in the state. */
static void add_peers(unsigned peer_state, uint32_t count)
{
	struct tcp_socket out = { .family = AF_INET, .state = (uint8_t)peer_state, .local = { 10, 0, 0, 1 },
		.remote = { 10, 0, 0, 5 }, .remote_port = 5432 };
	struct tcp_socket in = { .family = AF_INET, .state = (uint8_t)peer_state, .local = { 10, 0, 0, 1 },
		.remote = { 10, 9, 9, 9 }, .local_port = 8080, .remote_port = 41000 }, visitor;

	observation_visitor(&in, &visitor);
	assert_int_equal(destinations_init(&seen->closing, &arena, 8, 1), 0);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(destinations_count(&seen->closing, &visitor), 0);
	assert_int_equal(destinations_count(&seen->closing, &out), 0);
	assert_int_equal(destinations_rank(&seen->closing, &arena, &seen->ranked_closing), 0);
}

static void test_what_is_said(void **state)
{
	struct actor holder = process(812, "java", "app.service", 1204);
	const struct finding *finding;

	(void)state;
	add_waits(OLD, 0, 1204);
	seen->close_waits.oldest_ms = 720000;
	add_peers(TCP_CLOSE_WAIT, 9);
	holder.descriptors = 1300;
	holder.descriptors_max = 4096;
	diagnose_states.suspect(&diagnosis);
	answer_waits(OLD, 0, &holder, 1);
	run(&diagnose_states);
	finding = find(FINDING_CLOSE_WAIT_LEAK);
	assert_string_equal(finding->subject, "java (pid 812, app.service)");
	assert_string_equal(finding->text,
		"1,204 connections that the peer has closed are not closed here (CLOSE_WAIT) for more than a minute, "
		"the oldest for 12 min at least; there is nothing left to read in most: the process has forgotten to "
		"close them");
	assert_int_equal(figure_of(finding, "older_than_60_s"), 1204);
	assert_int_equal(figure_of(finding, "descriptors"), 1300);
	assert_int_equal(finding->actors_count, 3);
	assert_int_equal(finding->actors[0].pid, 812);
	assert_int_equal(finding->actors[1].kind, ACTOR_PEER);
	assert_string_equal(finding->actors[1].name, "10.9.9.9 at port 8080 here");
	assert_int_equal(finding->actors[2].kind, ACTOR_DESTINATION);
	assert_string_equal(finding->actors[2].name, "10.0.0.5:5432");
	assert_int_equal(finding->remedies_count, 0);
	assert_true(advises(finding, "defer resp.Body.Close()"));
	assert_true(advises(finding, "ls -l /proc/812/fd"));
	assert_true(advises(finding, "it has 1,300 of 4,096"));
}

/* Each by itself; and one that has too few is not blamed. */
static void test_several_owners(void **state)
{
	const struct actor old[] = { process(1, "leaky", "", 150), process(2, "few", "", 90) };
	const struct actor unread[] = { process(3, "stalled", "", 150) };

	(void)state;
	add_waits(OLD, 0, 240);
	add_waits(OLD, 1, 150);
	diagnose_states.suspect(&diagnosis);
	answer_waits(OLD, 0, old, COUNT_OF(old));
	answer_waits(OLD, 1, unread, COUNT_OF(unread));
	run(&diagnose_states);
	assert_int_equal(diagnosis.findings.count, 2);
	assert_string_equal(find(FINDING_CLOSE_WAIT_LEAK)->subject, "leaky (pid 1)");
	assert_string_equal(find(FINDING_CLOSE_WAIT_STALLED)->subject, "stalled (pid 3)");
	assert_int_equal(find(FINDING_CLOSE_WAIT_LEAK)->actors_count, 1);
}

/* Workers of one program are one owner; of another unit they are not. */
static void test_workers(void **state)
{
	struct actor workers[] = { process(1, "worker", "a.service", 60), process(2, "worker", "a.service", 50),
		process(3, "worker", "b.service", 40) };
	const struct finding *finding;

	(void)state;
	add_waits(OLD, 0, 150);
	diagnose_states.suspect(&diagnosis);
	answer_waits(OLD, 0, workers, COUNT_OF(workers));
	run(&diagnose_states);
	finding = find(FINDING_CLOSE_WAIT_LEAK);
	assert_string_equal(finding->subject, "2 processes called worker of a.service");
	assert_int_equal(figure_of(finding, "older_than_60_s"), 110);
	assert_int_equal(finding->actors_count, 2);
	/* Only the heaviest are told of: the others are taken for the same. */
	workers[2].unit = "a.service";
	seen->close_waits.counts[OLD][0] = 2000;
	run(&diagnose_states);
	finding = find(FINDING_CLOSE_WAIT_LEAK);
	assert_int_equal(finding->level, FINDING_CRITICAL);
	assert_non_null(strstr(finding->text, "about 2,000 connections"));
}

/* After fork() every child holds them all. */
static void test_sockets_that_are_shared(void **state)
{
	const struct actor sharers[] = { process(1, "prefork", "", 200), process(2, "prefork", "", 200),
		process(3, "prefork", "", 200) };

	(void)state;
	add_waits(OLD, 0, 200);
	diagnose_states.suspect(&diagnosis);
	answer_waits(OLD, 0, sharers, COUNT_OF(sharers));
	run(&diagnose_states);
	assert_string_equal(find(FINDING_CLOSE_WAIT_LEAK)->subject, "prefork (pid 1)");
	assert_int_equal(find(FINDING_CLOSE_WAIT_LEAK)->actors[0].processes, 3);
	assert_int_equal(diagnosis.findings.count, 1);
}

static void test_owner_unknown(void **state)
{
	const struct actor holder = process(1, "few", "", 20);

	(void)state;
	add_waits(OLD, 0, 150);
	run(&diagnose_states);
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_LEAK)->text, "was not looked for"));
	assert_string_equal(find(FINDING_CLOSE_WAIT_LEAK)->subject, "");
	diagnose_states.suspect(&diagnosis);
	answer_waits(OLD, 0, &holder, 1);
	seen->suspects[0].missing = 130;
	run(&diagnose_states);
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_LEAK)->text, "130 connections"));
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_LEAK)->text, "could not be seen"));
	seen->suspects[0].missing = 99;
	run(&diagnose_states);
	assert_null(find(FINDING_CLOSE_WAIT_LEAK));
	assert_non_null(find(FINDING_CLOSE_WAIT_YOUNG));
}

/* A process that hangs before accept(): its queue need not be full. */
static void test_unaccepted(void **state)
{
	const struct actor holder = process(812, "java", "", 1);
	const struct finding *finding;

	(void)state;
	seen->has_sockets = true;
	seen->has_owners = true;
	seen->states[TCP_CLOSE_WAIT] = 400;
	seen->close_waits.counts[OLD][0] = seen->close_waits.unaccepted[OLD][0] = 400;
	add_listener(&seen->listeners, AF_INET, 80, 6, 3, 4096);
	add_listener(&seen->listeners, AF_INET, 81, 7, 400, 4096);
	diagnose_states.suspect(&diagnosis);
	answer(SUSPECT_LISTENER, 7, &holder, 1);
	run(&diagnose_states);
	finding = find(FINDING_CLOSE_WAIT_STALLED);
	assert_string_equal(finding->subject, "127.0.0.1:81");
	assert_int_equal(finding->actors[1].pid, 812);
	assert_non_null(strstr(finding->text, "the process does not accept"));
	assert_int_equal(diagnosis.findings.count, 1);
	/* Of a full queue accept-queue tells. */
	seen->listeners.items[1].backlog = 399;
	run(&diagnose_states);
	assert_null(find(FINDING_CLOSE_WAIT_STALLED));
}

static void test_ages_unknown(void **state)
{
	(void)state;
	add_waits(YOUNG, 0, 5000);
	seen->close_waits.ages_unknown = 5000;
	seen->has_destinations = true;
	run(&diagnose_states);
	assert_int_equal(diagnosis.findings.count, 1);
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_YOUNG)->text, "is not known without netlink"));
	/* All of them were gone when they were looked at again. */
	begin_anew();
	seen->has_sockets = seen->has_destinations = true;
	seen->states[TCP_CLOSE_WAIT] = 5000;
	run(&diagnose_states);
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_YOUNG)->text, "none for more than a minute"));
	/* They were only counted. */
	seen->has_destinations = false;
	run(&diagnose_states);
	assert_non_null(strstr(find(FINDING_CLOSE_WAIT_YOUNG)->text, "was not asked for (--counts)"));
	/* Nothing was looked at. */
	seen->has_sockets = false;
	run(&diagnose_states);
	assert_int_equal(diagnosis.findings.count, 0);
}

static void test_fin_wait2(void **state)
{
	static const struct {
		uint64_t all, small, timeout;
		bool is_found, helps;
		const char *text;
	} rows[] = {
		{ 499, 499, 60, false, false, "" },
		{ 500, 500, 60, true, true, "no process here holds them any more" },
		{ 500, 0, 60, true, false, "a process here still holds them" },
		{ 900, 499, 60, true, false, "a process here still holds 401, and none 499" },
		{ 900, 500, 60, true, true, "a process here still holds 400, and none 500" },
		{ 500, 500, 15, true, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *finding;

		begin_anew();
		seen->has_sockets = true;
		seen->states[TCP_FIN_WAIT2] = rows[i].all;
		seen->counts.fin_wait2_small = rows[i].small;
		seen->settings.fin_timeout = rows[i].timeout;
		run(&diagnose_states);
		finding = find(FINDING_FIN_WAIT2_PILEUP);
		check_row((finding != NULL) == rows[i].is_found, "row %zu", i);
		if (!finding)
			continue;
		assert_int_equal(finding->level, FINDING_WARNING);
		check_row(strstr(finding->text, rows[i].text) != NULL, "row %zu: %s", i, finding->text);
		check_row((remedy_of(finding, "net/ipv4/tcp_fin_timeout") != NULL) == rows[i].helps, "row %zu", i);
		check_row((finding->profile != NULL) == rows[i].helps, "row %zu: profile", i);
	}
}

static void test_who_holds_fin_wait2(void **state)
{
	const struct actor holder = process(812, "curl", "", 600);
	const struct finding *finding;

	(void)state;
	seen->has_sockets = true;
	seen->states[TCP_FIN_WAIT2] = 600;
	assert_int_equal(inode_sample_add(&seen->fin_waits, &arena, 5), 0);
	add_peers(TCP_FIN_WAIT2, 9);
	diagnose_states.suspect(&diagnosis);
	answer(SUSPECT_FIN_WAIT2, 0, &holder, 1);
	run(&diagnose_states);
	finding = find(FINDING_FIN_WAIT2_PILEUP);
	assert_int_equal(finding->actors_count, 3);
	assert_int_equal(finding->actors[0].pid, 812);
	assert_int_equal(finding->actors[1].count, 9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_several_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_workers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sockets_that_are_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owner_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unaccepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ages_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fin_wait2, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_holds_fin_wait2, set_up, tear_down),
	};

	return RUN_TESTS(tests);
}
