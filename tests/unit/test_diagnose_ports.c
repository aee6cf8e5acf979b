/* SPDX-License-Identifier: MIT */
/* Local ports of each destination, and TIME_WAIT as such: each level from its edge on, and not before. */
#include "engine/port_use.h"
#include "look.h"

#include <netinet/tcp.h>
#include <string.h>

enum { HALF = LOOK_USABLE_PORTS / 2, NONE = -1 };

static void wait_toward(struct look *look, uint32_t count, uint32_t age_ms)
{
	look_add(look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = count, .age_ms = age_ms });
}

/* ---- levels ---- */

static void test_levels(void **state)
{
	static const struct {
		uint32_t waiting, open;
		int level;		/* of ephemeral-ports; -1: none */
		bool has_headroom;	/* the note */
	} rows[] = {
		{ 0, 11292, NONE, false },	/* 40 % is 11,292.8 */
		{ 0, 11293, NONE, true },
		{ 0, HALF - 1, NONE, true },
		{ 0, HALF, FINDING_WARNING, false },
		{ 0, 22585, FINDING_WARNING, false },	/* 80 % is 22,585.6 */
		{ 0, 22586, FINDING_CRITICAL, false },
		{ LOOK_USABLE_PORTS, 0, FINDING_CRITICAL, false },
		{ HALF - 1, 1, FINDING_WARNING, false },
		{ 11293, 0, NONE, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;

		look_make(&look);
		wait_toward(&look, rows[i].waiting, 30000);
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = rows[i].open, .held = true });
		look_judge(&look, &diagnose_ports);
		finding = look_find(&look, FINDING_EPHEMERAL_PORTS);
		check_row(finding ? (int)finding->level == rows[i].level : rows[i].level == NONE, "row %zu", i);
		check_row(!look_find(&look, FINDING_PORTS_HEADROOM) == !rows[i].has_headroom, "row %zu", i);
		check_row((int)look.diagnosis.findings.count == (rows[i].level != NONE) + rows[i].has_headroom, "row %zu", i);
		if (finding) {
			assert_string_equal(finding->subject, "10.0.0.1 to 10.0.0.5:5432");
			assert_int_equal((int)look_figure(finding, "ports_used"), rows[i].waiting + rows[i].open);
			assert_int_equal((int)look_figure(finding, "ports_usable"), LOOK_USABLE_PORTS);
		}
		look_remove(&look);
	}
}

/* Reserved ports are not to be had; a range that is not known judges nothing. */
static void test_usable(void **state)
{
	struct look *look = *state;

	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 1000 });
	ports_add(&look->seen->settings.reserved, 1, 59999);
	look_judge(look, &diagnose_ports);
	assert_non_null(look_find(look, FINDING_EPHEMERAL_PORTS));
	assert_int_equal((int)look_figure(look_find(look, FINDING_EPHEMERAL_PORTS), "ports_usable"), 1000);
	look->seen->settings.known.port_last = false;
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->diagnosis.findings.count, 0);
}

/* Each destination is one finding, the heaviest first. */
static void test_several(void **state)
{
	struct look *look = *state;

	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = HALF, .address = "10.0.0.6" });
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 25000 });
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 25000, .source = "10.0.0.2" });
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 100, .address = "10.0.0.7" });
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->diagnosis.findings.count, 3);
	assert_string_equal(look->diagnosis.findings.items[0]->subject, "10.0.0.1 to 10.0.0.5:5432");
	assert_string_equal(look->diagnosis.findings.items[1]->subject, "10.0.0.2 to 10.0.0.5:5432");
	assert_string_equal(look->diagnosis.findings.items[2]->subject, "10.0.0.1 to 10.0.0.6:5432");
	assert_int_equal(look->diagnosis.findings.items[2]->level, FINDING_WARNING);
}

/* In a full table one that came late may stand before a heavier one, for what may have been missed of it. */
static void test_full_table(void **state)
{
	struct look *look = *state;
	struct observation *seen = look->seen;

	assert_int_equal(destinations_init(&seen->destinations, &look->arena, 2, 1), 0);
	seen->settings.port_first = 60800;	/* 200 ports, of which 40 % are 80 */
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 90, .address = "10.0.0.6" });
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 88, .address = "10.0.0.7" });
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 79, .address = "10.0.0.8" });
	look_judge(look, &diagnose_ports);
	assert_int_equal(seen->ranked[0]->missed, 88);
	assert_int_equal(seen->ranked[0]->seen, 79);
	assert_int_equal(look->diagnosis.findings.count, 1);
	assert_string_equal(look->diagnosis.findings.items[0]->subject, "10.0.0.1 to 10.0.0.6:5432");
}

/* ---- ports that are taken again ---- */

static void test_recycling(void **state)
{
	static const struct {
		const char *what, *source, *address;
		uint64_t reuse, timestamps;
		uint32_t age_ms;
		bool recycles;
	} rows[] = {
		{ "off", "10.0.0.1", "10.0.0.5", 0, 1, 30000, false },
		{ "on", "10.0.0.1", "10.0.0.5", 1, 1, 30000, true },
		{ "without timestamps", "10.0.0.1", "10.0.0.5", 1, 0, 30000, false },
		{ "loopback only, elsewhere", "10.0.0.1", "10.0.0.5", 2, 1, 30000, false },
		{ "loopback only, there", "127.0.0.1", "127.0.0.1", 2, 1, 30000, true },
		{ "from there to an own address", "127.0.0.1", "10.0.0.5", 2, 1, 30000, true },
		{ "IPv6", "2001:db8::1", "2001:db8::2", 2, 1, 30000, false },
		{ "IPv6, loopback", "::1", "::1", 2, 1, 30000, true },
		{ "off, loopback", "127.0.0.1", "127.0.0.1", 0, 1, 30000, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;

		look_make(&look);
		look.seen->settings.tw_reuse = rows[i].reuse;
		look.seen->settings.timestamps = rows[i].timestamps;
		look_add(&look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = 25000, .source = rows[i].source,
			.address = rows[i].address, .age_ms = rows[i].age_ms });
		look_judge(&look, &diagnose_ports);
		check_row(!look_find(&look, FINDING_EPHEMERAL_PORTS) == rows[i].recycles, "%s", rows[i].what);
		check_row(!look_find(&look, FINDING_TIME_WAIT_REUSABLE) == !rows[i].recycles, "%s", rows[i].what);
		check_row(look.diagnosis.findings.count == 1, "%s", rows[i].what);
		look_remove(&look);
	}
}

/* Those younger than tcp_tw_reuse_delay are not to be had: of the first ten seconds a part, as long as the delay. */
static void test_reuse_delay(void **state)
{
	static const struct {
		uint64_t delay_ms;
		bool is_known;
		uint64_t taken;
	} rows[] = {
		{ 1000, true, 100 }, { 0, false, 100 }, { 0, true, 0 }, { 10000, true, 1000 }, { 15000, true, 2000 },
		{ 60000, true, 3000 }, { 3600000, true, 3000 },
	};
	struct look *look = *state;

	look->seen->settings.tw_reuse = 1;
	wait_toward(look, 1000, 0);
	wait_toward(look, 2000, 12000);
	look_judge(look, &diagnose_ports);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		look->seen->settings.tw_reuse_delay_ms = rows[i].delay_ms;
		look->seen->settings.known.tw_reuse_delay_ms = rows[i].is_known;
		assert_int_equal(port_use_taken(&look->seen->settings, look->seen->ranked[0]), rows[i].taken);
	}
	look->seen->settings.known.tw_reuse = false;
	assert_int_equal(port_use_taken(&look->seen->settings, look->seen->ranked[0]), 3000);
}

/* ---- what is advised ---- */

static void test_remedies(void **state)
{
	static const struct {
		const char *what;
		uint32_t waiting, open;
		uint64_t reuse, timestamps, first, last;
		bool says_reuse, says_timestamps, says_range;
	} rows[] = {
		{ "TIME_WAIT", 20000, 0, 0, 1, 32768, 60999, true, false, true },
		{ "loopback only", 20000, 0, 2, 1, 32768, 60999, true, false, true },
		{ "no timestamps", 20000, 0, 0, 0, 32768, 60999, true, true, true },
		{ "no timestamps, but reuse", 20000, 0, 1, 0, 32768, 60999, false, true, true },
		{ "open", 0, 20000, 0, 1, 32768, 60999, false, false, true },
		{ "a wide range", 40000, 0, 0, 1, 10240, 65535, true, false, false },
		{ "a wide range from elsewhere", 40000, 0, 0, 1, 1024, 60999, true, false, false },
		{ "a short one that begins early", 9000, 0, 0, 1, 10240, 20000, true, false, true },
		{ "nothing is left", 0, 40000, 1, 1, 10240, 65535, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;
		bool has_remedies;

		look_make(&look);
		look.seen->settings.tw_reuse = rows[i].reuse;
		look.seen->settings.timestamps = rows[i].timestamps;
		look.seen->settings.port_first = rows[i].first;
		look.seen->settings.port_last = rows[i].last;
		wait_toward(&look, rows[i].waiting, 30000);
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = rows[i].open });
		look_judge(&look, &diagnose_ports);
		finding = look_find(&look, FINDING_EPHEMERAL_PORTS);
		check_row(finding, "%s", rows[i].what);
		if (!finding)
			return;
		check_row(look_has_remedy(finding, "net/ipv4/tcp_tw_reuse") == rows[i].says_reuse, "%s", rows[i].what);
		check_row(look_has_remedy(finding, "net/ipv4/tcp_timestamps") == rows[i].says_timestamps, "%s",
			rows[i].what);
		check_row(look_has_remedy(finding, "net/ipv4/ip_local_port_range") == rows[i].says_range, "%s",
			rows[i].what);
		has_remedies = rows[i].says_reuse || rows[i].says_timestamps || rows[i].says_range;
		check_row(!finding->profile == !has_remedies, "%s", rows[i].what);
		check_row(strstr(finding->advice[0], rows[i].waiting ? "first let the client keep" : "are open"), "%s",
			rows[i].what);
		look_remove(&look);
	}
}

/* On the loopback TIME_WAIT is taken again already: what is short are the ports of those that are open. */
static void test_remedies_of_the_loopback(void **state)
{
	struct look *look = *state;
	const struct finding *finding;

	look->seen->settings.tw_reuse = 2;
	look_add(look, (struct look_sockets){ .source = "127.0.0.1", .address = "127.0.0.1", .state = TCP_TIME_WAIT,
		.count = 20000, .age_ms = 30000 });
	look_add(look, (struct look_sockets){ .source = "127.0.0.1", .address = "127.0.0.1", .state = TCP_ESTABLISHED,
		.count = 16000 });
	look_judge(look, &diagnose_ports);
	finding = look_find(look, FINDING_EPHEMERAL_PORTS);
	assert_non_null(finding);
	assert_non_null(strstr(finding->advice[0], "are open"));
	assert_false(look_has_remedy(finding, "net/ipv4/tcp_tw_reuse"));
}

static void test_end(void **state)
{
	static const struct {
		const char *what;
		uint32_t young, middle, old;
		uint64_t reuse;
		int seconds;		/* NONE: not said */
	} rows[] = {
		/* 1,000/s and none leaves yet: 28,232 - 15,000 are left. */
		{ "it has just begun", 10000, 5000, 0, 0, 13 },
		{ "as many leave as come", 4700, 14100, 4700, 0, NONE },
		{ "fewer leave", 5000, 8000, 2500, 0, 50 },
		{ "it settles below", 4000, 10200, 0, 0, NONE },
		{ "the ports are taken again", 20000, 0, 0, 1, NONE },
		{ "none is left", 20000, LOOK_USABLE_PORTS - 20000, 0, 0, NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct look look;
		const struct finding *finding;

		look_make(&look);
		look.seen->settings.tw_reuse = rows[i].reuse;
		look.seen->settings.tw_reuse_delay_ms = rows[i].reuse ? 10000 : 1000;
		wait_toward(&look, rows[i].young, 0);
		wait_toward(&look, rows[i].middle, 25000);
		wait_toward(&look, rows[i].old, 55000);
		look_judge(&look, &diagnose_ports);
		finding = look_find(&look, FINDING_EPHEMERAL_PORTS);
		check_row(finding, "%s", rows[i].what);
		if (!finding)
			return;
		check_row(look_has_figure(finding, "seconds_left") == (rows[i].seconds != NONE), "%s", rows[i].what);
		if (rows[i].seconds != NONE)
			assert_int_equal((int)look_figure(finding, "seconds_left"), rows[i].seconds);
		look_remove(&look);
	}
}

/* From 40 % on it is said when they end, too. */
static void test_end_of_headroom(void **state)
{
	struct look *look = *state;

	wait_toward(look, 12000, 0);
	look_judge(look, &diagnose_ports);
	assert_non_null(look_find(look, FINDING_PORTS_HEADROOM));
	assert_int_equal((int)look_figure(look_find(look, FINDING_PORTS_HEADROOM), "seconds_left"), 13);
	assert_null(look_find(look, FINDING_PORTS_HEADROOM)->profile);
}

/* ---- owners ---- */

/* Most sockets are in TIME_WAIT and nobody's, wherever the held ones stand among them. */
static void test_suspects(void **state)
{
	(void)state;
	for (uint32_t before = 1; before <= DESTINATION_INODES; before++) {
		struct look look;

		look_make(&look);
		wait_toward(&look, before, 30000);
		look_add(&look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 1, .held = true });
		wait_toward(&look, HALF, 30000);
		look_judge(&look, &diagnose_ports);
		assert_int_equal(look.seen->suspects_count, 1);
		assert_int_equal(look.seen->suspects[0].inodes_count, 1);
		assert_int_equal(look.seen->suspects[0].inodes[0], 1000);
		look_remove(&look);
	}
}

static void test_no_suspects(void **state)
{
	struct look *look = *state;

	wait_toward(look, 20000, 30000);	/* nobody's */
	look_add(look, (struct look_sockets){ .state = TCP_ESTABLISHED, .count = 11292, .held = true, .port = 1 });
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->seen->suspects_count, 0);
}

/* ---- TIME_WAIT as such ---- */

static void test_limit(void **state)
{
	static const struct {
		const char *what;
		uint64_t waiting, overflows;
		int level;
	} rows[] = {
		{ "below", 749, 0, NONE }, { "75 %", 750, 0, FINDING_WARNING }, { "below 95 %", 949, 0, FINDING_WARNING },
		{ "95 %", 950, 0, FINDING_CRITICAL }, { "over", 1001, 0, FINDING_CRITICAL },
		{ "overflows", 10, 1, FINDING_CRITICAL },
	};
	struct look *look = *state;
	struct observation *seen = look->seen;

	seen->now.known.tcp_time_waits = seen->now.known.tcp_time_waits_max = true;
	seen->changes.known.time_wait_overflows = true;
	seen->now.tcp_time_waits_max = 1000;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct finding *finding;

		seen->now.tcp_time_waits = rows[i].waiting;
		seen->changes.time_wait_overflows = (int64_t)rows[i].overflows;
		look_judge(look, &diagnose_ports);
		finding = look_find(look, FINDING_TIME_WAIT_LIMIT);
		check_row(finding ? (int)finding->level == rows[i].level : rows[i].level == NONE, "%s", rows[i].what);
		check_row(!finding || look_has_remedy(finding, "net/ipv4/tcp_max_tw_buckets"), "%s", rows[i].what);
	}
	seen->now.known.tcp_time_waits_max = false;
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->diagnosis.findings.count, 0);
}

static void test_harmless(void **state)
{
	struct look *look = *state;
	const struct finding *finding;

	wait_toward(look, 9999, 30000);
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->diagnosis.findings.count, 0);
	look_add(look, (struct look_sockets){ .state = TCP_TIME_WAIT, .count = 18001, .port = 80 });
	look->seen->destinations.count = 1;	/* the other is not looked at */
	look_judge(look, &diagnose_ports);
	finding = look_find(look, FINDING_TIME_WAIT_HARMLESS);
	assert_non_null(finding);
	assert_int_equal(finding->level, FINDING_NOTE);
	assert_non_null(strstr(finding->text, "28,000 TIME_WAIT, 35 % of the ports toward the busiest destination "
		"(10.0.0.5:5432): leave it"));
	assert_int_equal(finding->remedies_count, 0);
}

static void test_harmless_incoming(void **state)
{
	struct look *look = *state;

	look->seen->states[TCP_TIME_WAIT] = 10000;
	look_judge(look, &diagnose_ports);
	assert_non_null(look_find(look, FINDING_TIME_WAIT_HARMLESS));
	assert_non_null(strstr(look_find(look, FINDING_TIME_WAIT_HARMLESS)->text, "take no local ports"));
}

/* "Leave it" and "there is no room for more" do not go together. */
static void test_not_harmless_at_the_limit(void **state)
{
	struct look *look = *state;

	look->seen->states[TCP_TIME_WAIT] = look->seen->now.tcp_time_waits = 100000;
	look->seen->now.tcp_time_waits_max = 131072;
	look->seen->now.known.tcp_time_waits = look->seen->now.known.tcp_time_waits_max = true;
	look_judge(look, &diagnose_ports);
	assert_int_equal(look->diagnosis.findings.count, 1);
	assert_non_null(look_find(look, FINDING_TIME_WAIT_LIMIT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		WITH_LOOK(test_usable),
		WITH_LOOK(test_several),
		WITH_LOOK(test_full_table),
		cmocka_unit_test(test_recycling),
		WITH_LOOK(test_reuse_delay),
		cmocka_unit_test(test_remedies),
		WITH_LOOK(test_remedies_of_the_loopback),
		cmocka_unit_test(test_end),
		WITH_LOOK(test_end_of_headroom),
		cmocka_unit_test(test_suspects),
		WITH_LOOK(test_no_suspects),
		WITH_LOOK(test_limit),
		WITH_LOOK(test_harmless),
		WITH_LOOK(test_harmless_incoming),
		WITH_LOOK(test_not_harmless_at_the_limit),
	};

	return RUN_TESTS(tests);
}
