/* SPDX-License-Identifier: MIT */
/* Counters out of texts, whole, broken and of other kernels. */
#include "kernel/counter_text.h"

#include "unit.h"

#include <string.h>

static struct counters parse(enum counter_file file, const char *text)
{
	struct counters counters = { 0 };

	counter_text_parse(file, text, strlen(text), &counters);
	return counters;
}

static unsigned count_known(const struct counters *counters)
{
	unsigned count = 0;

	for (int i = 0; i < COUNTER_COUNT; i++)
		count += counters->known_at[i];
	return count;
}

/* Known with that value, and the only one of the text. */
#define ASSERT_ONLY(counters, member, value)                                                      \
	do {                                                                                      \
		assert_int_equal(count_known(&(counters)), 1);                                    \
		assert_true((counters).known.member);                                             \
		assert_true((counters).member == (value));                                        \
	} while (0)

static void test_netstat(void **state)
{
	struct counters counters = parse(COUNTER_NETSTAT,
		"TcpExt: SyncookiesSent SyncookiesRecv EmbryonicRsts TW ListenOverflows ListenDrops TCPNewInLinux9\n"
		"TcpExt: 1 2 3 4 5 18446744073709551615 7\n"
		"IpExt: InNoRoutes InOctets\n"
		"IpExt: 11 12\n"
		"MPTcpExt: TW\n"
		"MPTcpExt: 99\n");

	(void)state;
	assert_int_equal(count_known(&counters), 6);
	assert_int_equal(counters.syncookies_sent, 1);
	assert_int_equal(counters.syncookies_received, 2);
	assert_int_equal(counters.time_waits, 4);
	assert_int_equal(counters.listen_overflows, 5);
	assert_true(counters.listen_drops == UINT64_MAX);
	assert_int_equal(counters.ip_no_routes, 11);
	assert_false(counters.known.timeouts);
}

static void test_snmp(void **state)
{
	struct counters counters = parse(COUNTER_SNMP,
		"Ip: Forwarding DefaultTTL InDiscards\nIp: 2 64 3\n"
		"IcmpMsg: OutType3\nIcmpMsg: 5\n"
		"Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab\nTcp: 1 -1 8 9\n"
		"UdpLite: NoPorts\nUdpLite: 1\n");

	(void)state;
	assert_int_equal(count_known(&counters), 3);
	assert_int_equal(counters.ip_in_discards, 3);
	assert_int_equal(counters.active_opens, 8);
	assert_int_equal(counters.established, 9);
}

static void test_names_and_not_places_count(void **state)
{
	struct counters counters = parse(COUNTER_NETSTAT, "TcpExt: ListenDrops New TW SyncookiesSent ListenOverflows\n"
		"TcpExt: 1 2 3 4 5\n");

	(void)state;
	assert_int_equal(count_known(&counters), 4);
	assert_int_equal(counters.listen_drops, 1);
	assert_int_equal(counters.time_waits, 3);
	assert_int_equal(counters.syncookies_sent, 4);
	assert_int_equal(counters.listen_overflows, 5);
}

/* Texts in which TW is 7, and nothing else is known. */
static void test_what_is_broken_harms_nothing_else(void **state)
{
	static const char *const rows[] = {
		"TcpExt: TW\nTcpExt: 7\n",
		"TcpExt:  TW \t \nTcpExt:\t7 \n",
		"TcpExt: TW TW\nTcpExt: 7 8\n",
		"TcpExt: TW\nTcpExt: 7\nTcpExt: TW\nTcpExt: 8\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7\n",
		"TcpExt: TW\nTcpExt: 7 8 9\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 8x\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 -8\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 0x8\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 a\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 18446744073709551616\n",
		"TcpExt: TW ListenDrops\nTcpExt: 7 99999999999999999999999999999\n",
		"TcpExt: TW listendrops ListenDrop ListenDropsX\nTcpExt: 7 1 2 3\n",
		"TcpExt: TW\nTcpExt: 7\nTcpExt: ListenDrops\nTcpExt: 8",
		"TcpExt: ListenDrops\nnonsense\nTcpExt: TW\nTcpExt: 7\n",
		"TcpExt: ListenDrops\n\nTcpExt: TW\nTcpExt: 7\n",
		"TcpExt: ListenDrops\nIpExt: 5\nTcpExt: TW\nTcpExt: 7\n",
		":\n:\nTcpExt: TW\nTcpExt: 7\n",
		"TcpExt : ListenDrops\nTcpExt : 5\nTcpExt: TW\nTcpExt: 7\n",
		"TcpExt:ListenDrops\nTcpExt:5\nTcpExt: TW\nTcpExt: 7\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct counters counters = parse(COUNTER_NETSTAT, rows[i]);

		check_row(counters.known.time_waits && counters.time_waits == 7 && count_known(&counters) == 1,
			"row %zu: %u known", i, count_known(&counters));
	}
}

/* The next line is for their values, in which there is no number, and the one after that is for titles again. */
static void test_titles_alone(void **state)
{
	struct counters counters = parse(COUNTER_NETSTAT, "TcpExt: ListenDrops\nTcpExt: TW\nTcpExt: 7\nTcpExt: 7\n");

	(void)state;
	assert_int_equal(count_known(&counters), 0);
}

static void test_empty_texts(void **state)
{
	static const char *const texts[] = { "", "\n", " ", "TcpExt:", "TcpExt:\n", "TcpExt:\nTcpExt:\n", "\n\n\n" };

	(void)state;
	for (int file = 0; file < COUNTER_FILE_COUNT; file++)
		for (size_t i = 0; i < COUNT_OF(texts); i++) {
			struct counters counters = parse((enum counter_file)file, texts[i]);

			check_row(count_known(&counters) == 0, "file %d, text %zu", file, i);
		}
}

static void test_nuls_are_bytes_like_others(void **state)
{
	static const char text[] = "TcpExt: TW\0 ListenDrops\nTcpExt: 7 8\n";
	struct counters counters = { 0 };

	(void)state;
	counter_text_parse(COUNTER_NETSTAT, text, sizeof(text) - 1, &counters);
	ASSERT_ONLY(counters, listen_drops, 8);
}

static void test_sockstat(void **state)
{
	struct counters counters = parse(COUNTER_SOCKSTAT,
		"sockets: used 41\nTCP: inuse 5 orphan 0 tw 12 alloc 9 mem 3\nUDP: inuse 2 mem 1\n"
		"UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 4096\n");

	(void)state;
	assert_int_equal(count_known(&counters), 9);
	assert_int_equal(counters.sockets, 41);
	assert_int_equal(counters.tcp_sockets, 5);
	assert_true(counters.known.tcp_orphans && counters.tcp_orphans == 0);
	assert_int_equal(counters.tcp_time_waits, 12);
	assert_int_equal(counters.tcp_memory_pages, 3);
	assert_int_equal(counters.fragment_bytes, 4096);
	counters = parse(COUNTER_SOCKSTAT, "TCP: new 5 tw 12 orphan\n");
	ASSERT_ONLY(counters, tcp_time_waits, 12);
	counters = parse(COUNTER_SOCKSTAT6, "TCP6: inuse 7\nUDP6: inuse x\nFRAG6: inuse 0 memory 0\n");
	ASSERT_ONLY(counters, tcp6_sockets, 7);
	counters = parse(COUNTER_SOCKSTAT, "TCP: inuse 5");
	assert_int_equal(count_known(&counters), 0);
}

static void test_gauges_below_zero(void **state)
{
	struct counters counters = parse(COUNTER_SOCKSTAT, "TCP: tw -1\n");

	(void)state;
	ASSERT_ONLY(counters, tcp_time_waits, 0);
	counters = parse(COUNTER_SNMP, "Tcp: CurrEstab\nTcp: 18446744073709551615\n");
	ASSERT_ONLY(counters, established, 0);
	counters = parse(COUNTER_SNMP, "Tcp: CurrEstab\nTcp: -\n");
	assert_int_equal(count_known(&counters), 0);
	/* A limit is no sum, and may be "as many as there are numbers". */
	counters = parse(COUNTER_FILE_NR, "698\t0\t18446744073709551615\n");
	assert_true(counters.known.files_max && counters.files_max == UINT64_MAX);
}

#define CONNTRACK_TITLES "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop " \
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
#define CONNTRACK_LINE "00000100  0000000a 00000000 00000000 00000002 00000000 00000000 00000000 00000000 00000003 " \
	"ffffffff 00000001 00000000  00000000 00000000 00000000 00000000\n"

static void test_processors_are_summed(void **state)
{
	struct counters counters = parse(COUNTER_CONNTRACK, CONNTRACK_TITLES CONNTRACK_LINE CONNTRACK_LINE);

	(void)state;
	assert_int_equal(count_known(&counters), 6);
	assert_int_equal(counters.conntrack_clashes, 20);
	assert_int_equal(counters.conntrack_invalid, 4);
	assert_int_equal(counters.conntrack_insert_failures, 6);
	assert_true(counters.conntrack_drops == 2 * (uint64_t)UINT32_MAX);
	/* As Linux 4.19 has it. */
	counters = parse(COUNTER_CONNTRACK, "entries  searched found drop\n00000001  00000002 00000003 00000004\n");
	ASSERT_ONLY(counters, conntrack_drops, 4);
	counters = parse(COUNTER_SOFTNET, "0000000a 00000002 00000001 00000000\n00000001 00000000 00000004 00000000\n");
	assert_int_equal(count_known(&counters), 3);
	assert_int_equal(counters.softnet_packets, 11);
	assert_int_equal(counters.softnet_drops, 2);
	assert_int_equal(counters.softnet_squeezes, 5);
}

/* Texts in which the drops are no sum of all processors, and the early drops are: 3. */
static void test_a_sum_is_of_all_or_unknown(void **state)
{
	static const char *const rows[] = {
		"early_drop drop\n1 2\n2\n",
		"early_drop drop\n1\n2 5\n",
		"early_drop drop\n1 2\n2 g\n",
		"early_drop drop\n1 2\n2 -1\n",
		"early_drop drop\n1 2\n2 100000000\n",
		"early_drop drop\n1 x\n2 1\n",
		"drop early_drop\nx 1\n1 2\n",
		"early_drop\n1 9\n2 9\n",
		"early_drop early_drop\n1 9\n2 9\n",
	};
	struct counters counters;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		counters = parse(COUNTER_CONNTRACK, rows[i]);
		check_row(counters.known.conntrack_early_drops && counters.conntrack_early_drops == 3, "row %zu", i);
		check_row(!counters.known.conntrack_drops && counters.conntrack_drops == 0, "row %zu: drops", i);
	}
	counters = parse(COUNTER_CONNTRACK, "drop\n1\n2\n3");
	assert_int_equal(count_known(&counters), 0);
	assert_int_equal(counters.conntrack_drops, 0);
	counters = parse(COUNTER_CONNTRACK, "drop\n");
	assert_int_equal(count_known(&counters), 0);
}

static void test_numbers(void **state)
{
	struct counters counters = parse(COUNTER_TCP_MEM, "1\t2\t3\n");

	(void)state;
	assert_int_equal(count_known(&counters), 2);
	assert_int_equal(counters.tcp_memory_pressure_pages, 2);
	assert_int_equal(counters.tcp_memory_max_pages, 3);
	counters = parse(COUNTER_TCP_MEM, "1\t2\n");
	ASSERT_ONLY(counters, tcp_memory_pressure_pages, 2);
	counters = parse(COUNTER_CONNTRACK_COUNT, "12\n34\n");
	ASSERT_ONLY(counters, conntrack_count, 12);
	counters = parse(COUNTER_CONNTRACK_MAX, "262144\n");
	ASSERT_ONLY(counters, conntrack_max, 262144);
	counters = parse(COUNTER_TW_MAX, "262144\n");
	ASSERT_ONLY(counters, tcp_time_waits_max, 262144);
	counters = parse(COUNTER_CONNTRACK_COUNT, "12");
	assert_int_equal(count_known(&counters), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netstat),
		cmocka_unit_test(test_snmp),
		cmocka_unit_test(test_names_and_not_places_count),
		cmocka_unit_test(test_what_is_broken_harms_nothing_else),
		cmocka_unit_test(test_titles_alone),
		cmocka_unit_test(test_empty_texts),
		cmocka_unit_test(test_nuls_are_bytes_like_others),
		cmocka_unit_test(test_sockstat),
		cmocka_unit_test(test_gauges_below_zero),
		cmocka_unit_test(test_processors_are_summed),
		cmocka_unit_test(test_a_sum_is_of_all_or_unknown),
		cmocka_unit_test(test_numbers),
	};

	return RUN_TESTS(tests);
}
