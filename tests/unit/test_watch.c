/* SPDX-License-Identifier: MIT */
/* Ticks below a fake root: figures, levels and words. */
#include "engine/watch.h"

#include "temp_dir.h"
#include "unit.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct fixture {
	struct temp_dir dir;
	struct rootdir root;
	struct watch watch;
};

static void set_up(struct fixture *fixture, enum watch_states_when when)
{
	temp_dir_make(&fixture->dir);
	assert_int_equal(rootdir_open(fixture->dir.path, &fixture->root), 0);
	watch_open(&fixture->root, when, &fixture->watch);
}

static void tear_down(struct fixture *fixture)
{
	watch_release(&fixture->watch);
	rootdir_release(&fixture->root);
	temp_dir_remove(&fixture->dir);
}

static double value(const struct fixture *fixture, const char *name)
{
	int figure = watch_figure_find(name);

	assert_true(figure >= 0);
	return fixture->watch.values[figure];
}

static enum alarm_state state(const struct fixture *fixture, const char *name)
{
	return fixture->watch.alarms[watch_figure_find(name)].state;
}

static void tick(struct fixture *fixture)
{
	/* Two samples are never of the same moment. */
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(watch_tick(&fixture->watch), 0);
}

static void test_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < watch_figures_count; i++) {
		const struct watch_figure *row = &watch_figures[i];
		bool has_limits = isfinite(row->limits.levels[0].enter);

		assert_int_equal(watch_figure_find(row->name), i);
		check_row(!row->label || strlen(row->label) <= 23, "the label of %s is too long", row->name);
		check_row(!row->finding || finding_row_find(row->finding), "%s stands for no finding", row->name);
		check_row(has_limits == (row->finding != NULL) && has_limits == (row->statement != NULL),
			"%s has an alarm that says nothing, or the other way round", row->name);
		for (size_t l = 0; l < ALARM_LEVELS; l++)
			check_row(row->limits.levels[l].leave <= row->limits.levels[l].enter && row->limits.levels[l].leave > 0,
				"level %zu of %s", l, row->name);
		check_row(row->limits.levels[0].enter <= row->limits.levels[1].enter, "the levels of %s", row->name);
	}
	assert_int_equal(watch_figure_find("nothing"), -1);
}

static double value_of(const char *name, const struct watch_sample *sample)
{
	return watch_figures[watch_figure_find(name)].value(sample);
}

/* The queue of half-open connections, and who is in it. */
static void test_half_open(void **state)
{
	struct watch_sample sample = { .rates.known = { .request_queue_cookies = true, .request_queue_drops = true } };

	(void)state;
	sample.rates.request_queue_drops = 50;
	assert_true(value_of("syn_burst", &sample) == 50 && value_of("syn_flood", &sample) == 0);
	/* No cookies: the answers tell. */
	sample.has_states = true;
	sample.states.ipv4[TCP_SYN_RECV] = 100;
	sample.syn_recv_unanswered = 20;
	assert_true(value_of("syn_burst", &sample) == 50 && value_of("syn_flood", &sample) == 0);
	sample.syn_recv_unanswered = 60;
	assert_true(value_of("syn_burst", &sample) == 0 && value_of("syn_flood", &sample) == 50);
	/* Dropped before the queue was full, which only has one counter with all that listeners drop. */
	sample.rates.request_queue_drops = 0;
	sample.rates.listen_drops = 30;
	sample.rates.listen_overflows = 10;
	assert_true(value_of("syn_queue_full", &sample) == 0);
	sample.has_syncookies = true;
	assert_true(value_of("syn_queue_full", &sample) == 20);
	sample.syncookies = 1;
	assert_true(value_of("syn_queue_full", &sample) == 0);
	/* Cookies for the queue; cookies for everybody. */
	sample.rates.request_queue_cookies = sample.rates.syncookies_sent = 40;
	sample.rates.syncookies_received = 40;
	assert_true(value_of("syn_burst", &sample) == 40 && value_of("syn_flood", &sample) == 0);
	sample.rates.syncookies_received = 10;
	assert_true(value_of("syn_burst", &sample) == 0 && value_of("syn_flood", &sample) == 40);
	sample.syncookies = 2;
	assert_true(value_of("syn_queue_full", &sample) == 0);
	assert_true(value_of("syn_burst", &sample) == 0 && value_of("syn_flood", &sample) == 0);
}

/* Real clients far away: for one round trip nobody has answered yet. */
static void test_a_burst_begins_like_a_flood(void **state)
{
	const struct alarm_limits *limits = &watch_figures[watch_figure_find("syn_flood")].limits;
	struct alarm alarm = ALARM_INIT;
	uint64_t ms = 1000000;

	(void)state;
	assert_false(alarm_update(&alarm, limits, 3000, 1000 * ms));
	assert_false(alarm_update(&alarm, limits, 3000, 1600 * ms));
	assert_false(alarm_update(&alarm, limits, 0, 1800 * ms));
	assert_false(alarm_update(&alarm, limits, 3000, 5000 * ms));
	assert_true(alarm_update(&alarm, limits, 3000, 7000 * ms));
	assert_int_equal(alarm.state, ALARM_CRITICAL);
}

static void test_cookies_for_everybody(void **state)
{
	static const char names[] = "TcpExt: SyncookiesSent SyncookiesRecv TCPReqQFullDoCookies\nTcpExt: ";
	struct fixture fixture;
	char text[128];

	(void)state;
	set_up(&fixture, WATCH_STATES_NEVER);
	temp_dir_write(&fixture.dir, "proc/sys/net/ipv4/tcp_syncookies", "2\n");
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s%d %d %d\n", names, 100 * i, 100 * i, 100 * i);
		temp_dir_write(&fixture.dir, "proc/net/netstat", text);
		tick(&fixture);
	}
	assert_true(value(&fixture, "syn_queue_full") == 0);
	temp_dir_write(&fixture.dir, "proc/sys/net/ipv4/tcp_syncookies", "1\n");
	snprintf(text, sizeof(text), "%s%d %d %d\n", names, 1000, 1000, 1000);
	temp_dir_write(&fixture.dir, "proc/net/netstat", text);
	tick(&fixture);
	assert_true(value(&fixture, "syn_queue_full") > 0);
	tear_down(&fixture);
}

static void test_nothing_is_known(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, WATCH_STATES_ALWAYS);
	for (int i = 0; i < 2; i++) {
		tick(&fixture);
		for (size_t k = 0; k < watch_figures_count; k++)
			check_row(isnan(fixture.watch.values[k]), "%s", watch_figures[k].name);
		assert_int_equal(fixture.watch.changes_count, 0);
	}
	assert_int_equal(fixture.watch.ticks, 2);
	tear_down(&fixture);
}

static void test_figures(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, WATCH_STATES_NEVER);
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: ActiveOpens CurrEstab\nTcp: 100 70\n");
	temp_dir_write(&fixture.dir, "proc/net/sockstat", "TCP: inuse 5 orphan 3 tw 800 alloc 9 mem 50\n");
	temp_dir_write(&fixture.dir, "proc/sys/net/ipv4/tcp_max_tw_buckets", "1000\n");
	temp_dir_write(&fixture.dir, "proc/sys/net/ipv4/tcp_mem", "10\t40\t100\n");
	tick(&fixture);
	assert_true(value(&fixture, "established") == 70);
	assert_true(value(&fixture, "time_wait") == 800);
	assert_true(value(&fixture, "time_wait_fill") == 0.8);
	assert_true(value(&fixture, "tcp_memory_pressure") == 1.25);
	assert_true(value(&fixture, "tcp_memory_fill") == 0.5);
	assert_true(isnan(value(&fixture, "orphans_fill")));
	assert_true(isnan(value(&fixture, "close_wait")));
	assert_true(isnan(value(&fixture, "opened")));
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: ActiveOpens CurrEstab\nTcp: 100 71\n");
	tick(&fixture);
	assert_true(value(&fixture, "opened") == 0);
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: ActiveOpens CurrEstab\nTcp: 150 71\n");
	tick(&fixture);
	assert_true(value(&fixture, "opened") > 0 && value(&fixture, "opened") <= 50000);
	tear_down(&fixture);
}

/* What the walk finds is taken off what the counters tell. */
static void test_states(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, WATCH_STATES_ALWAYS);
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: CurrEstab\nTcp: 5\n");
	temp_dir_write(&fixture.dir, "proc/net/sockstat", "TCP: inuse 5 orphan 3 tw 1 alloc 9 mem 50\n");
	temp_dir_write(&fixture.dir, "proc/net/tcp", "  sl  local_address rem_address   st\n"
		"   0: 0100007F:1F90 0100007F:A000 08 00000000:00000001 00:00000000 00000000     0        0 11 1 0 20 4 30 10 -1\n"
		"   1: 0100007F:1F90 0100007F:A001 08 00000000:00000001 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1\n");
	tick(&fixture);
	assert_true(fixture.watch.has_walked);
	assert_true(value(&fixture, "close_wait") == 2);
	assert_true(value(&fixture, "established") == 3);
	assert_true(value(&fixture, "time_wait") == 1);
	/* Counters and walk are not of one moment. */
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: CurrEstab\nTcp: 1\n");
	tick(&fixture);
	assert_true(value(&fixture, "established") == 0);
	tear_down(&fixture);
}

/* A walk that was dear is not repeated soon. */
static void test_a_walk_has_its_price(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, WATCH_STATES_AUTO);
	temp_dir_write(&fixture.dir, "proc/net/tcp", "  sl  local_address rem_address   st\n");
	tick(&fixture);
	assert_true(fixture.watch.has_walked);
	fixture.watch.walk_cost_ns = UINT64_C(3600000000000);
	tick(&fixture);
	assert_false(fixture.watch.has_walked);
	assert_true(value(&fixture, "close_wait") == 0);
	fixture.watch.walk_cost_ns = 0;
	tick(&fixture);
	assert_true(fixture.watch.has_walked);
	tear_down(&fixture);
}

static void test_alarms(void **unused)
{
	struct fixture fixture;
	struct watch_finding found;

	(void)unused;
	set_up(&fixture, WATCH_STATES_NEVER);
	temp_dir_write(&fixture.dir, "proc/sys/net/netfilter/nf_conntrack_count", "950\n");
	temp_dir_write(&fixture.dir, "proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	tick(&fixture);
	assert_int_equal(state(&fixture, "conntrack_fill"), ALARM_CRITICAL);
	assert_int_equal(fixture.watch.changes_count, 1);
	assert_int_equal(fixture.watch.changes[0].before, ALARM_CLEAR);
	watch_describe(&fixture.watch, fixture.watch.changes[0].figure, &found);
	assert_string_equal(found.finding.row->id, "conntrack-full");
	assert_int_equal(found.finding.level, FINDING_CRITICAL);
	assert_string_equal(found.finding.text, "the table of tracked connections fills up: 95 %, the level is 90 %");
	assert_int_equal(found.finding.figures_count, 2);
	assert_string_equal(found.finding.figures[0].name, "conntrack_fill");
	assert_true(found.finding.figures[0].value == 0.95);
	tick(&fixture);
	assert_int_equal(fixture.watch.changes_count, 0);
	/* The module is gone, and with it the alarm. */
	temp_dir_write(&fixture.dir, "proc/sys/net/netfilter/nf_conntrack_max", "x\n");
	watch_set_down_delay(&fixture.watch, 0);
	tick(&fixture);
	assert_int_equal(state(&fixture, "conntrack_fill"), ALARM_CLEAR);
	watch_describe(&fixture.watch, fixture.watch.changes[0].figure, &found);
	assert_int_equal(found.finding.level, FINDING_NOTE);
	assert_string_equal(found.finding.text, "no longer: the table of tracked connections fills up");
	tear_down(&fixture);
}

static void test_given_limits(void **state)
{
	struct fixture fixture;
	struct watch_finding found;
	size_t figure = (size_t)watch_figure_find("established"), fill = (size_t)watch_figure_find("conntrack_fill");

	(void)state;
	set_up(&fixture, WATCH_STATES_NEVER);
	watch_set_limits(&fixture.watch, figure, 10, 20);
	watch_set_limits(&fixture.watch, fill, 0.3, INFINITY);
	assert_true(fixture.watch.limits[figure].levels[0].leave == 9);
	assert_true(fabs(fixture.watch.limits[fill].levels[0].leave - 0.28) < 1e-9);
	assert_true(isinf(fixture.watch.limits[fill].levels[1].enter));
	temp_dir_write(&fixture.dir, "proc/net/snmp", "Tcp: CurrEstab\nTcp: 20\n");
	tick(&fixture);
	watch_describe(&fixture.watch, figure, &found);
	assert_string_equal(found.finding.row->id, "threshold");
	assert_string_equal(found.finding.text, "established: 20, the level is 20");
	tear_down(&fixture);
}

static void test_words(void **state)
{
	static const struct {
		enum watch_unit unit;
		double value;
		const char *text;
	} cases[] = {
		{ WATCH_COUNT, 12034, "12034" }, { WATCH_COUNT, 0, "0" }, { WATCH_COUNT, NAN, "-" },
		{ WATCH_PER_SECOND, 0, "0/s" }, { WATCH_PER_SECOND, 0.25, "0.2/s" }, { WATCH_PER_SECOND, 9.94, "9.9/s" },
		{ WATCH_PER_SECOND, 9.96, "10/s" }, { WATCH_SHARE, 0.725, "72 %" }, { WATCH_SHARE, 0.015, "1.5 %" },
		{ WATCH_SHARE, 1.33, "133 %" }, { WATCH_MULTIPLE, 14, "14 x" }, { WATCH_COUNT, INFINITY, "-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[WATCH_VALUE_SIZE];

		watch_format(cases[i].unit, cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_a_burst_begins_like_a_flood),
		cmocka_unit_test(test_cookies_for_everybody),
		cmocka_unit_test(test_nothing_is_known),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_a_walk_has_its_price),
		cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_given_limits),
		cmocka_unit_test(test_words),
	};

	return RUN_TESTS(tests);
}
