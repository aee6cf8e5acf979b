/* SPDX-License-Identifier: MIT */
/* What diagnose says about accept queues: each level at its edge, whose it is, and which number limits it. */
#include "diagnosis_fixture.h"

enum { NONE = -1 };

/* A listener before and after. */
struct look {
	bool has_interval;
	uint32_t queue_before, drops_before, queue, backlog, drops;
	int64_t overflows;	/* of the host, in between */
	int level;		/* of accept-queue, or NONE */
	bool is_past;
};

static bool is_troubled(unsigned port)
{
	struct ports troubled;

	diagnose_troubled_ports(seen, &troubled);
	return ports_contain(&troubled, port);
}

static void look_at(const struct look *look)
{
	struct listener *listener;

	if (look->has_interval) {
		listener = add_listener(&seen->listeners_before, AF_INET, 80, 7, look->queue_before, look->backlog);
		listener->drops = look->drops_before;
		MOVE(listen_overflows, look->overflows);
	}
	listener = add_listener(&seen->listeners, AF_INET, 80, 7, look->queue, look->backlog);
	listener->drops = look->drops;
}

static void test_levels(void **state)
{
	static const struct look rows[] = {
		/* One sample. */
		{ false, 0, 0, 0, 128, 0, 0, NONE, false },
		{ false, 0, 0, 89, 128, 0, 0, NONE, false },
		{ false, 0, 0, 90, 128, 0, 0, FINDING_WARNING, false },
		{ false, 0, 0, 128, 128, 0, 0, FINDING_WARNING, false },
		{ false, 0, 0, 129, 128, 0, 0, FINDING_CRITICAL, false },
		{ false, 0, 0, 0, 0, 0, 0, NONE, false },
		{ false, 0, 0, 1, 0, 0, 0, FINDING_CRITICAL, false },
		{ false, 0, 0, 0, 128, 9, 0, NONE, true },
		/* Two of them: high in both, or drops. */
		{ true, 0, 0, 128, 128, 0, 0, NONE, false },
		{ true, 128, 0, 0, 128, 0, 0, NONE, false },
		{ true, 89, 0, 90, 128, 0, 0, NONE, false },
		{ true, 90, 0, 90, 128, 0, 0, FINDING_WARNING, false },
		{ true, 0, 0, 129, 128, 0, 0, NONE, false },	/* for the time of one accept() */
		{ true, 90, 0, 129, 128, 0, 0, FINDING_CRITICAL, false },
		{ true, 0, 0, 129, 128, 0, 1, FINDING_CRITICAL, false },
		{ true, 90, 0, 90, 128, 1, 1, FINDING_CRITICAL, false },
		{ true, 0, 9, 0, 128, 10, 1, FINDING_CRITICAL, false },
		{ true, 0, 9, 0, 128, 9, 0, NONE, true },
		{ true, 0, UINT32_MAX, 0, 128, 3, 4, FINDING_CRITICAL, false },
		/* Lost, but not for want of room: with a flood. */
		{ true, 0, 9, 0, 128, 500, 0, NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *finding;

		begin_anew();
		look_at(&rows[i]);
		run(&diagnose_listeners);
		finding = find(FINDING_ACCEPT_QUEUE);
		check_row((finding ? (int)finding->level : NONE) == rows[i].level, "row %zu", i);
		check_row((find(FINDING_ACCEPT_QUEUE_PAST) != NULL) == rows[i].is_past, "row %zu: past", i);
		check_row(is_troubled(80) == (rows[i].level != NONE), "row %zu: troubled", i);
		assert_false(is_troubled(81));
	}
}

static void test_what_is_said(void **state)
{
	const struct look look = { true, 129, 10, 129, 128, 60, 50, 0, false };
	const struct actor holder = process(812, "java", "app.service", 1);
	const struct finding *finding;

	(void)state;
	look_at(&look);
	MOVE(passive_opens, 0);
	diagnose_listeners.suspect(&diagnosis);
	diagnose_listeners.suspect(&diagnosis);
	assert_int_equal(seen->suspects_count, 1);
	answer(SUSPECT_LISTENER, 7, &holder, 1);
	run(&diagnose_listeners);
	finding = find(FINDING_ACCEPT_QUEUE);
	assert_string_equal(finding->subject, "127.0.0.1:80");
	assert_string_equal(finding->text,
		"the queue is full: 129 connections wait for accept(), and its limit is 128; whoever comes now is "
		"dropped. 50 tries to connect were dropped in 1.0 s, and nothing was accepted");
	assert_int_equal(figure_of(finding, "queue"), 129);
	assert_int_equal(figure_of(finding, "dropped_per_second"), 50);
	assert_int_equal(figure_of(finding, "dropped_ever"), 60);
	assert_int_equal(finding->actors_count, 2);
	assert_int_equal(finding->actors[0].kind, ACTOR_LISTENER);
	assert_int_equal(finding->actors[1].pid, 812);
	assert_true(advises(finding, "jstack"));
	assert_true(advises(finding, "acceptCount"));
	/* Other listeners dropped as well, and something was accepted. */
	MOVE(listen_overflows, 80);
	MOVE(passive_opens, 1);
	run(&diagnose_listeners);
	assert_non_null(strstr(find(FINDING_ACCEPT_QUEUE)->text, "dropped in 1.0 s, of 80 on this host"));
	assert_null(strstr(find(FINDING_ACCEPT_QUEUE)->text, "nothing was accepted"));
}

static void test_which_number_limits_it(void **state)
{
	static const struct {
		uint32_t backlog;
		uint64_t somaxconn;
		bool helps;
		const char *advice;
	} rows[] = {
		{ 128, 4096, false, "it has not been restarted since somaxconn was raised" },
		{ 4096, 65535, false, "it has not been restarted since somaxconn was raised" },
		{ 511, 4096, false, "it called listen() with 511; net.core.somaxconn (4,096) does not limit it" },
		{ 4096, 4096, true, "is that of net.core.somaxconn (4096)" },
		{ 4096, 128, true, "do not just restart it" },
		{ 65535, 65535, false, "a longer queue is no cure" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *finding;

		begin_anew();
		seen->settings.somaxconn = rows[i].somaxconn;
		add_listener(&seen->listeners, AF_INET, 80, 7, rows[i].backlog + 1, rows[i].backlog);
		run(&diagnose_listeners);
		finding = find(FINDING_ACCEPT_QUEUE);
		check_row(advises(finding, rows[i].advice), "row %zu", i);
		check_row((remedy_of(finding, "net/core/somaxconn") != NULL) == rows[i].helps, "row %zu", i);
		check_row((finding->profile != NULL) == rows[i].helps, "row %zu: profile", i);
	}
}

static void test_applications(void **state)
{
	static const struct {
		const char *name, *advice;
	} rows[] = {
		{ "nginx", "listen ... backlog=N (511)" }, { "gunicorn: worker", "--backlog N (2048)" },
		{ "python3", "socketserver" }, { "php-fpm8.2", "listen.backlog" },
		{ "node", "Node: server.listen({ port" },
		{ "node_exporter", "Tomcat: acceptCount; Node" }, { "systemd-resolve", "Tomcat: acceptCount; Node" },
		{ "javascript", "Tomcat: acceptCount; Node" }, { "unheard-of", "Tomcat: acceptCount; Node" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct actor holder = process(812, rows[i].name, "", 1);

		begin_anew();
		add_listener(&seen->listeners, AF_INET, 80, 7, 6, 5);
		diagnose_listeners.suspect(&diagnosis);
		answer(SUSPECT_LISTENER, 7, &holder, 1);
		run(&diagnose_listeners);
		check_row(advises(find(FINDING_ACCEPT_QUEUE), rows[i].advice), "row %zu", i);
	}
}

/* Overflows belong to whose queue is high, as many as it lost; the rest to who else lost something. */
static void test_whose_overflows(void **state)
{
	(void)state;
	for (int64_t overflows = 100; overflows <= 101; overflows++) {
		begin_anew();
		seen->settings.somaxconn = 128;
		add_listener(&seen->listeners_before, AF_INET, 80, 7, 129, 128);
		add_listener(&seen->listeners_before, AF_INET, 81, 8, 0, 128);
		add_listener(&seen->listeners, AF_INET, 80, 7, 129, 128)->drops = 100;
		add_listener(&seen->listeners, AF_INET, 81, 8, 0, 128)->drops = 30;
		MOVE(listen_overflows, overflows);
		run(&diagnose_listeners);
		assert_true(is_troubled(80));
		assert_int_equal(is_troubled(81), overflows > 100);
		assert_int_equal(diagnosis.findings.count, overflows > 100 ? 2 : 1);
	}
}

static void test_listeners_that_share_an_address(void **state)
{
	const struct actor first = process(801, "worker", "", 1), second = process(802, "worker", "", 1);
	const struct finding *finding;

	(void)state;
	for (uint32_t inode = 1; inode <= 8; inode++)
		add_listener(&seen->listeners, AF_INET, 80, inode, inode == 3 ? 100 : inode == 5 ? 129 : 2, 128);
	add_listener(&seen->listeners, AF_INET6, 80, 9, 0, 128);
	diagnose_listeners.suspect(&diagnosis);
	assert_int_equal(seen->suspects_count, 2);
	answer(SUSPECT_LISTENER, 3, &first, 1);
	answer(SUSPECT_LISTENER, 5, &second, 1);
	run(&diagnose_listeners);
	finding = find(FINDING_ACCEPT_QUEUE);
	assert_int_equal(finding->level, FINDING_CRITICAL);
	assert_int_equal(figure_of(finding, "queue"), 129);
	assert_int_equal(figure_of(finding, "listeners"), 8);
	assert_int_equal(figure_of(finding, "listeners_troubled"), 2);
	assert_non_null(strstr(finding->text, "2 of 8 listeners on this address do not keep up; in the worst, the queue is full"));
	assert_true(advises(finding, "spreads connections by a hash"));
	assert_int_equal(finding->actors_count, 3);
	assert_int_equal(finding->actors[1].pid, 802);
	assert_int_equal(finding->actors[2].pid, 801);
}

/* Old kernels do not count by listener, and the tables of proc have no backlogs. */
static void test_listener_unknown(void **state)
{
	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 0);
	seen->listeners.has_backlog = false;
	run(&diagnose_listeners);
	assert_int_equal(diagnosis.findings.count, 0);
	MOVE(listen_overflows, 0);
	run(&diagnose_listeners);
	assert_int_equal(diagnosis.findings.count, 0);
	MOVE(listen_overflows, 5);
	run(&diagnose_listeners);
	assert_string_equal(find(FINDING_ACCEPT_QUEUE)->subject, "");
	assert_int_equal(find(FINDING_ACCEPT_QUEUE)->level, FINDING_CRITICAL);
	seen->listeners.has_backlog = true;
	seen->listeners.items[0].has_drops = false;
	seen->listeners.items[0].backlog = 128;
	run(&diagnose_listeners);
	assert_string_equal(find(FINDING_ACCEPT_QUEUE)->subject, "");
	/* One that is full explains it. */
	seen->listeners.items[0].queue = 129;
	run(&diagnose_listeners);
	assert_string_equal(find(FINDING_ACCEPT_QUEUE)->subject, "127.0.0.1:80");
	/* Nothing was looked at. */
	begin_anew();
	run(&diagnose_listeners);
	assert_int_equal(diagnosis.findings.count, 0);
}

static void test_old_limits(void **state)
{
	static const struct {
		uint32_t backlog, queue, drops;
		bool deep, is_noted;
	} rows[] = {
		{ 128, 0, 0, false, false }, { 128, 0, 1, false, true }, { 128, 0, 0, true, true },
		{ 4096, 0, 1, false, false },	/* somaxconn is that */
		{ 511, 0, 1, true, false }, { 128, 129, 1, true, false },	/* there it is said of the queue */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin_anew();
		diagnosis.deep = rows[i].deep;
		add_listener(&seen->listeners, AF_INET, 80, 7, rows[i].queue, rows[i].backlog)->drops = rows[i].drops;
		diagnose_listeners.suspect(&diagnosis);
		check_row((seen->suspects_count == 1) == (rows[i].is_noted || rows[i].queue > 0), "row %zu", i);
		run(&diagnose_listeners);
		check_row((find(FINDING_LISTENER_OLD_LIMIT) != NULL) == rows[i].is_noted, "row %zu", i);
	}
	/* Many of them are one note. */
	begin_anew();
	seen->settings.somaxconn = 65535;
	for (uint16_t port = 1; port <= 20; port++)
		add_listener(&seen->listeners, AF_INET, port, port, 0, port % 2 ? 128 : 4096)->drops = 1;
	run(&diagnose_listeners);
	assert_non_null(strstr(find(FINDING_LISTENER_OLD_LIMIT)->text, "20 listeners are"));
	assert_int_equal(find(FINDING_LISTENER_OLD_LIMIT)->actors_count, 8);
	assert_int_equal(diagnosis.findings.count, 8 + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_which_number_limits_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_applications, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_whose_overflows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_listeners_that_share_an_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_listener_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_limits, set_up, tear_down),
	};

	return RUN_TESTS(tests);
}
