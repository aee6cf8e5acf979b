/* SPDX-License-Identifier: MIT */
/* What diagnose says about half-open connections: a flood, clients that are real, or something else. */
#include "diagnosis_fixture.h"

#include <netinet/tcp.h>

enum { NONE = -1 };

static struct service services[4];

static struct service *add_service(uint16_t port, uint32_t waiting, uint32_t unanswered)
{
	struct service *service = &services[seen->services_count++];

	*service = (struct service){ .port = port, .states = { [TCP_SYN_RECV] = waiting }, .unanswered = unanswered };
	seen->services = services;
	seen->has_sockets = true;
	seen->states[TCP_SYN_RECV] += waiting;
	seen->half_open.unanswered += unanswered;
	return service;
}

/* Both of the counters of cookies, and of the queue. */
static void move_cookies(int64_t sent, int64_t received)
{
	MOVE(syncookies_sent, sent);
	MOVE(syncookies_received, received);
	MOVE(request_queue_cookies, sent);
}

static enum finding_level level_of(int *ret_id)
{
	const struct finding *flood = find(FINDING_SYN_FLOOD), *burst = find(FINDING_SYN_BURST);

	assert_true(!flood || !burst);
	*ret_id = flood ? FINDING_SYN_FLOOD : burst ? FINDING_SYN_BURST : NONE;
	return flood ? flood->level : burst ? burst->level : FINDING_NOTE;
}

static void test_who_sends(void **state)
{
	static const struct {
		uint32_t waiting, unanswered, backlog;
		bool has_interval;
		int64_t sent, received;
		int expected;
		bool is_unsure;
	} rows[] = {
		/* How full it is. */
		{ 89, 89, 128, false, 0, 0, NONE, false },
		{ 90, 90, 128, false, 0, 0, FINDING_SYN_FLOOD, false },
		{ 15, 15, 15, false, 0, 0, NONE, false },
		{ 16, 16, 15, false, 0, 0, FINDING_SYN_FLOOD, false },
		/* By who answers. */
		{ 100, 50, 128, true, 0, 0, FINDING_SYN_FLOOD, false },
		{ 100, 49, 128, true, 0, 0, FINDING_SYN_BURST, true },
		{ 100, 20, 128, true, 0, 0, FINDING_SYN_BURST, false },
		{ 100, 20, 128, false, 0, 0, FINDING_SYN_BURST, true },
		/* By the cookies that come back. */
		{ 100, 0, 128, true, 1000, 200, FINDING_SYN_FLOOD, false },
		{ 100, 0, 128, true, 1000, 201, FINDING_SYN_BURST, true },
		{ 100, 0, 128, true, 1000, 500, FINDING_SYN_BURST, false },
		{ 100, 100, 128, true, 1000, 990, FINDING_SYN_FLOOD, false },
		{ 100, 0, 128, true, 9, 0, FINDING_SYN_BURST, false },
		/* The queue was full a moment ago. */
		{ 30, 0, 128, true, 1000, 900, FINDING_SYN_BURST, false },
		{ 0, 0, 128, true, 1000, 0, FINDING_SYN_FLOOD, false },
		{ 0, 0, 128, true, 1, 0, NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *burst;
		enum finding_level level;
		int id;

		begin_anew();
		add_listener(&seen->listeners, AF_INET, 80, 7, 0, rows[i].backlog);
		add_service(80, rows[i].waiting, rows[i].unanswered);
		if (rows[i].has_interval)
			move_cookies(rows[i].sent, rows[i].received);
		run(&diagnose_syn);
		level = level_of(&id);
		check_row(id == rows[i].expected, "row %zu: %d", i, id);
		check_row(id == NONE || level == (id == FINDING_SYN_FLOOD ? FINDING_CRITICAL : FINDING_WARNING),
			"row %zu", i);
		burst = find(FINDING_SYN_BURST);
		check_row(!burst || (strstr(burst->text, "not clear") != NULL) == rows[i].is_unsure, "row %zu", i);
	}
}

static void test_a_flood(void **state)
{
	const struct actor holder = process(33, "web", "", 1);
	const struct finding *finding;

	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 128);
	add_listener(&seen->listeners, AF_INET6, 80, 8, 0, 128);
	add_service(80, 129, 129);
	move_cookies(2000, 1);
	seen->half_open.distinct_sources = 3;
	diagnose_syn.suspect(&diagnosis);
	assert_int_equal(seen->suspects_count, 1);
	answer(SUSPECT_LISTENER, 7, &holder, 1);
	run(&diagnose_syn);
	finding = find(FINDING_SYN_FLOOD);
	assert_string_equal(finding->text,
		"129 half-open connections wait, and the queue holds 128; none of their senders has answered within a "
		"second; of 2,000 cookies that were sent meanwhile 1 came back: a flood, the senders do not answer");
	assert_string_equal(finding->subject, "127.0.0.1:80");
	assert_int_equal(finding->actors_count, 3);
	assert_string_equal(finding->actors[1].name, "[::1]:80");
	assert_int_equal(finding->actors[2].pid, 33);
	assert_int_equal(figure_of(finding, "syn_recv"), 129);
	assert_int_equal(figure_of(finding, "limit"), 128);
	assert_int_equal(figure_of(finding, "source_networks"), 3);
	assert_int_equal(figure_of(finding, "cookies_sent_per_second"), 2000);
	assert_true(advises(finding, "tcp_max_syn_backlog does nothing"));
	assert_true(advises(finding, "3 networks"));
	assert_null(remedy_of(finding, "net/ipv4/tcp_max_syn_backlog"));
	assert_null(remedy_of(finding, "net/ipv4/tcp_syncookies"));
	assert_non_null(strstr(remedy_of(finding, "net/ipv4/tcp_synack_retries")->effect, "instead of 63"));
	assert_string_equal(finding->profile, "incident-syn-flood");
	assert_non_null(strstr(finding->rules, "tcp dport != { 80 } accept"));
	/* Forged addresses: hardly two of one network. */
	seen->half_open.distinct_sources = 128;
	run(&diagnose_syn);
	assert_true(advises(find(FINDING_SYN_FLOOD), "the addresses are forged"));
	seen->settings.synack_retries = 8;
	run(&diagnose_syn);
	assert_non_null(strstr(remedy_of(find(FINDING_SYN_FLOOD), "net/ipv4/tcp_synack_retries")->effect,
		"instead of 367,"));
	seen->settings.synack_retries = 255;	/* the most that it takes */
	run(&diagnose_syn);
	assert_non_null(strstr(remedy_of(find(FINDING_SYN_FLOOD), "net/ipv4/tcp_synack_retries")->effect,
		"instead of 30007,"));
	/* Nothing is left to be set. */
	seen->settings.synack_retries = 2;
	run(&diagnose_syn);
	assert_int_equal(find(FINDING_SYN_FLOOD)->remedies_count, 0);
	assert_null(find(FINDING_SYN_FLOOD)->profile);
	seen->settings.timestamps = 0;
	run(&diagnose_syn);
	assert_non_null(remedy_of(find(FINDING_SYN_FLOOD), "net/ipv4/tcp_timestamps"));
}

/* Three quarters of tcp_max_syn_backlog are the limit as well then, and cookies come first. */
static void test_without_cookies(void **state)
{
	const struct finding *finding;

	(void)state;
	seen->settings.syncookies = 0;
	seen->settings.syn_backlog = 64;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 128);
	add_service(80, 34, 34);
	run(&diagnose_syn);
	finding = find(FINDING_SYN_FLOOD);
	assert_int_equal(figure_of(finding, "limit"), 48);
	assert_ptr_equal(remedy_of(finding, "net/ipv4/tcp_syncookies"), &finding->remedies[0]);
	assert_null(remedy_of(finding, "net/ipv4/tcp_max_syn_backlog"));
	assert_false(advises(finding, "does nothing"));
	services[0].states[TCP_SYN_RECV] = 33;
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	/* Not every SYN that is dropped then is counted as such. */
	MOVE(listen_drops, 100);
	MOVE(listen_overflows, 100);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	MOVE(listen_overflows, 0);
	run(&diagnose_syn);
	assert_non_null(find(FINDING_SYN_FLOOD));
}

static void test_a_burst(void **state)
{
	const struct finding *finding;

	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 128);
	add_service(80, 129, 0);
	move_cookies(1000, 980);
	run(&diagnose_syn);
	finding = find(FINDING_SYN_BURST);
	assert_int_equal(finding->remedies_count, 0);
	assert_true(advises(finding, "it called listen() with 128"));
	assert_true(advises(finding, "tcp_max_syn_backlog does nothing"));
	assert_null(finding->rules);
	seen->listeners.items[0].backlog = 4096;
	services[0].states[TCP_SYN_RECV] = 4097;
	run(&diagnose_syn);
	assert_non_null(remedy_of(find(FINDING_SYN_BURST), "net/core/somaxconn"));
	assert_string_equal(find(FINDING_SYN_BURST)->profile, "high-concurrency");
}

/* Listeners that share an address share the load; those of another address do not. */
static void test_several_listeners(void **state)
{
	(void)state;
	for (uint32_t inode = 1; inode <= 4; inode++)
		add_listener(&seen->listeners, AF_INET, 80, inode, 0, 100);
	for (uint32_t inode = 5; inode <= 7; inode++)
		add_listener(&seen->listeners, AF_INET6, 80, inode, 0, 100);
	add_service(80, 280, 280);
	run(&diagnose_syn);
	assert_int_equal(figure_of(find(FINDING_SYN_FLOOD), "limit"), 400);
	services[0].states[TCP_SYN_RECV] = 279;
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
}

/* With a full accept queue handshakes cannot be completed: that is the trouble, whatever waits. */
static void test_a_full_accept_queue(void **state)
{
	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 129, 128);
	seen->listeners_before = seen->listeners;
	add_service(80, 129, 129);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	/* SYNs that meet both queues full are counted for the one, and get no cookie because of the other. */
	MOVE(request_queue_cookies, 1000);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	move_cookies(1000, 201);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	diagnose_syn.suspect(&diagnosis);
	assert_int_equal(seen->suspects_count, 0);
	services[0].states[TCP_SYN_RECV] = seen->states[TCP_SYN_RECV] = 2000;
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	/* Another port has its own. */
	add_listener(&seen->listeners, AF_INET, 81, 8, 0, 128);
	add_service(81, 120, 120);
	run(&diagnose_syn);
	assert_string_equal(find(FINDING_SYN_FLOOD)->subject, "127.0.0.1:81");
}

/* It sends no cookies: those that are sent and lost are of another listener, which its port may hide. */
static void test_a_flood_beside_a_full_accept_queue(void **state)
{
	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 129, 128);
	add_listener(&seen->listeners, AF_INET6, 80, 8, 0, 128);
	seen->listeners_before = seen->listeners;
	add_service(80, 129, 129);
	move_cookies(1000, 200);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 1);
	assert_string_equal(find(FINDING_SYN_FLOOD)->subject, "");
	assert_int_equal(find(FINDING_SYN_FLOOD)->actors_count, 0);
	assert_non_null(strstr(find(FINDING_SYN_FLOOD)->text, "SYNs a second meet a full queue; of 1,000 cookies that "
		"were sent meanwhile 200 came back: a flood"));
}

/* As watch looks: counters and listeners. */
static void test_counters_alone(void **state)
{
	(void)state;
	for (uint16_t port = 100; port < 120; port++)
		add_listener(&seen->listeners, AF_INET, port, port, 0, 128);
	move_cookies(2000, 0);
	run(&diagnose_syn);
	assert_string_equal(find(FINDING_SYN_FLOOD)->subject, "");
	assert_non_null(strstr(find(FINDING_SYN_FLOOD)->rules, "{ 100, 101, "));
	assert_non_null(strstr(find(FINDING_SYN_FLOOD)->rules, ", 115 }"));
	move_cookies(2000, 1900);
	run(&diagnose_syn);
	assert_non_null(find(FINDING_SYN_BURST));
	seen->listeners.items[3].queue = 129;
	seen->listeners_before = seen->listeners;
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
}

static void test_cookies_for_everybody(void **state)
{
	(void)state;
	seen->settings.syncookies = 2;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 128);
	add_service(80, 0, 0);
	move_cookies(1000, 990);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	move_cookies(1000, 100);
	run(&diagnose_syn);
	assert_non_null(find(FINDING_SYN_FLOOD));
}

static void test_many(void **state)
{
	(void)state;
	add_listener(&seen->listeners, AF_INET, 80, 7, 0, 4096);
	add_service(80, 999, 3);
	run(&diagnose_syn);
	assert_int_equal(diagnosis.findings.count, 0);
	services[0].states[TCP_SYN_RECV] = seen->states[TCP_SYN_RECV] = 1000;
	run(&diagnose_syn);
	assert_int_equal(find(FINDING_SYN_RECV_MANY)->level, FINDING_NOTE);
	assert_int_equal(diagnosis.findings.count, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_sends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_flood, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_cookies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_burst, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_several_listeners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_accept_queue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_flood_beside_a_full_accept_queue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_counters_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cookies_for_everybody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return RUN_TESTS(tests);
}
