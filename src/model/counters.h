/* SPDX-License-Identifier: MIT */
/* counters.h - the kernel's own figures about TCP, conntrack and files, at one moment; and what moved between two.
 *
 * The list below is the only place that names them: a line there is a member of three structs (the sample, the
 * change, the rate), its row in counter_rows, and what kernel/counters.h looks for in the files.
 *
 * A TOTAL only grows, from 0 when the kernel or the network namespace began. A GAUGE is a level of now, or a limit.
 * Kernels differ in what they count, so each figure has a `known`: what this kernel lacks, what may not be read and
 * what could not be understood is unknown, which is not zero. The value of an unknown one is 0, so that sums need no
 * care; judgements do:
 *
 *	if (now.known.conntrack_max && now.conntrack_count > now.conntrack_max / 4 * 3)
 *
 * What the counters do not tell: the kernel counts no TIME_WAIT, CLOSE_WAIT or SYN_RECV sockets (only Tcp CurrEstab
 * and the `tw` of sockstat, see there); a retried SYN counts each time it is dropped, so that drops are not clients.
 * TCP over IPv6 counts in the same fields as over IPv4 (net/ipv6/tcp_ipv6.c), and needs no proc/net/snmp6.
 *
 * Names and meanings: include/uapi/linux/snmp.h, net/ipv4/proc.c, and the places that count. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The files that figures come from; their paths are in kernel/counters.c. Unless the list says otherwise a figure is
 * the network namespace's own. */
enum counter_file {
	COUNTER_NETSTAT,		/* proc/net/netstat */
	COUNTER_SNMP,			/* proc/net/snmp */
	COUNTER_SOCKSTAT,		/* proc/net/sockstat */
	COUNTER_SOCKSTAT6,		/* proc/net/sockstat6 */
	COUNTER_SOFTNET,		/* proc/net/softnet_stat, of the host: one line for each processor, summed */
	COUNTER_CONNTRACK,		/* proc/net/stat/nf_conntrack: one line for each processor, summed */
	COUNTER_CONNTRACK_COUNT,	/* proc/sys/net/netfilter/nf_conntrack_count */
	COUNTER_CONNTRACK_MAX,		/* proc/sys/net/netfilter/nf_conntrack_max */
	COUNTER_CONNTRACK_BUCKETS,	/* proc/sys/net/netfilter/nf_conntrack_buckets */
	COUNTER_TW_MAX,			/* proc/sys/net/ipv4/tcp_max_tw_buckets */
	COUNTER_ORPHAN_MAX,		/* proc/sys/net/ipv4/tcp_max_orphans, which only the host's namespace has */
	COUNTER_TCP_MEM,		/* proc/sys/net/ipv4/tcp_mem, likewise */
	COUNTER_FILE_NR,		/* proc/sys/fs/file-nr, of the host */
	COUNTER_FILE_COUNT,
};

enum counter_kind { COUNTER_TOTAL, COUNTER_GAUGE };

/* _(member, file, section or "", name in the file, kind, what it is). Within a section in the order of the kernel,
 * which makes them quick to find; that they are found does not depend on it. */
#define COUNTERS(_)                                                                                             \
	/* proc/net/netstat */                                                                                  \
	_(syncookies_sent, NETSTAT, "TcpExt", "SyncookiesSent", TOTAL,                                          \
		"SYNs answered with a cookie because the queue of half-open connections was full")              \
	_(syncookies_received, NETSTAT, "TcpExt", "SyncookiesRecv", TOTAL,                                      \
		"valid cookies that came back: clients that are real")                                          \
	_(syncookies_failed, NETSTAT, "TcpExt", "SyncookiesFailed", TOTAL,                                      \
		"ACKs at a listener with no valid cookie")                                                      \
	_(prune_called, NETSTAT, "TcpExt", "PruneCalled", TOTAL,                                                \
		"times a full receive buffer was tidied to make room")                                          \
	_(receive_pruned, NETSTAT, "TcpExt", "RcvPruned", TOTAL,                                                \
		"times that tidying did not make enough room, and data was dropped")                            \
	_(out_of_order_pruned, NETSTAT, "TcpExt", "OfoPruned", TOTAL,                                           \
		"times that data received out of order was dropped to make room")                               \
	_(time_waits, NETSTAT, "TcpExt", "TW", TOTAL,                                                           \
		"sockets that went into TIME_WAIT, or waited in FIN_WAIT2 without a process, over 4 s each")    \
	_(time_waits_reused, NETSTAT, "TcpExt", "TWRecycled", TOTAL,                                            \
		"TIME_WAIT ports that connect() took again (tcp_tw_reuse)")                                     \
	_(time_waits_short, NETSTAT, "TcpExt", "TWKilled", TOTAL,                                               \
		"the same as TW, but for 4 s or less (a short tcp_fin_timeout)")                                \
	_(paws_dropped, NETSTAT, "TcpExt", "PAWSEstab", TOTAL,                                                  \
		"segments of established connections dropped for an old timestamp")                             \
	_(listen_overflows, NETSTAT, "TcpExt", "ListenOverflows", TOTAL,                                        \
		"SYNs and final ACKs dropped because the accept queue of a listener was full")                  \
	_(listen_drops, NETSTAT, "TcpExt", "ListenDrops", TOTAL,                                                \
		"everything dropped at listeners; includes ListenOverflows")                                    \
	_(lost_retransmits, NETSTAT, "TcpExt", "TCPLostRetransmit", TOTAL,                                      \
		"retransmissions that were lost themselves")                                                    \
	_(fast_retransmits, NETSTAT, "TcpExt", "TCPFastRetrans", TOTAL,                                         \
		"segments sent again because acknowledgements told of the loss")                                \
	_(slow_start_retransmits, NETSTAT, "TcpExt", "TCPSlowStartRetrans", TOTAL,                              \
		"segments sent again after a timeout")                                                          \
	_(timeouts, NETSTAT, "TcpExt", "TCPTimeouts", TOTAL,                                                    \
		"retransmission timers that expired, in any state")                                             \
	_(receive_collapsed, NETSTAT, "TcpExt", "TCPRcvCollapsed", TOTAL,                                       \
		"buffers merged while a receive buffer was tidied")                                             \
	_(aborts_on_data, NETSTAT, "TcpExt", "TCPAbortOnData", TOTAL,                                           \
		"connections reset because data came after the process had closed, or by SO_LINGER 0")          \
	_(aborts_on_close, NETSTAT, "TcpExt", "TCPAbortOnClose", TOTAL,                                         \
		"connections reset because the process closed with data unread")                                \
	_(aborts_on_memory, NETSTAT, "TcpExt", "TCPAbortOnMemory", TOTAL,                                       \
		"connections dropped for tcp_max_orphans or the limit of tcp_mem")                              \
	_(aborts_on_timeout, NETSTAT, "TcpExt", "TCPAbortOnTimeout", TOTAL,                                     \
		"connections given up after all retries or keepalive probes")                                   \
	_(aborts_on_linger, NETSTAT, "TcpExt", "TCPAbortOnLinger", TOTAL,                                       \
		"sockets reset instead of waiting in FIN_WAIT2 (TCP_LINGER2 below 0)")                          \
	_(memory_pressures, NETSTAT, "TcpExt", "TCPMemoryPressures", TOTAL,                                     \
		"times TCP went over the pressure of tcp_mem, counted in the namespace that did it")            \
	_(memory_pressure_ms, NETSTAT, "TcpExt", "TCPMemoryPressuresChrono", TOTAL,                             \
		"milliseconds spent under that pressure; counted when it ends")                                 \
	_(backlog_drops, NETSTAT, "TcpExt", "TCPBacklogDrop", TOTAL,                                            \
		"segments dropped because the process held the socket and its backlog was full")                \
	_(memalloc_drops, NETSTAT, "TcpExt", "PFMemallocDrop", TOTAL,                                           \
		"packets dropped because only the emergency reserve of memory was left")                        \
	_(defer_accept_drops, NETSTAT, "TcpExt", "TCPDeferAcceptDrop", TOTAL,                                   \
		"ACKs without data ignored at a listener with TCP_DEFER_ACCEPT")                                \
	_(reverse_path_drops, NETSTAT, "TcpExt", "IPReversePathFilter", TOTAL,                                  \
		"packets dropped by rp_filter")                                                                 \
	_(time_wait_overflows, NETSTAT, "TcpExt", "TCPTimeWaitOverflow", TOTAL,                                 \
		"sockets closed without TIME_WAIT because of tcp_max_tw_buckets")                               \
	_(request_queue_cookies, NETSTAT, "TcpExt", "TCPReqQFullDoCookies", TOTAL,                              \
		"SYNs that met a full queue of half-open connections and got a cookie")                         \
	_(request_queue_drops, NETSTAT, "TcpExt", "TCPReqQFullDrop", TOTAL,                                     \
		"SYNs dropped for that, with tcp_syncookies off")                                               \
	_(retransmit_failures, NETSTAT, "TcpExt", "TCPRetransFail", TOTAL,                                      \
		"retransmissions that the layers below did not take")                                           \
	_(out_of_order_queued, NETSTAT, "TcpExt", "TCPOFOQueue", TOTAL,                                         \
		"segments received out of order and kept")                                                      \
	_(out_of_order_drops, NETSTAT, "TcpExt", "TCPOFODrop", TOTAL,                                           \
		"segments received out of order and dropped for lack of buffer")                                \
	_(challenge_acks, NETSTAT, "TcpExt", "TCPChallengeACK", TOTAL,                                          \
		"acknowledgements sent to make a peer prove itself (RFC 5961)")                                 \
	_(fastopen_overflows, NETSTAT, "TcpExt", "TCPFastOpenListenOverflow", TOTAL,                            \
		"Fast Open requests beyond the queue of the listener")                                          \
	_(windows_closed, NETSTAT, "TcpExt", "TCPToZeroWindowAdv", TOTAL,                                       \
		"times a receiver here closed its window: the process reads too slowly")                        \
	_(syn_retransmits, NETSTAT, "TcpExt", "TCPSynRetrans", TOTAL,                                           \
		"SYNs and SYN-ACKs sent again")                                                                 \
	_(zero_window_drops, NETSTAT, "TcpExt", "TCPZeroWindowDrop", TOTAL,                                     \
		"segments dropped because they came against a closed window")                                   \
	_(receive_queue_drops, NETSTAT, "TcpExt", "TCPRcvQDrop", TOTAL,                                         \
		"segments dropped because the receive buffer was full")                                         \
	_(write_queue_refusals, NETSTAT, "TcpExt", "TCPWqueueTooBig", TOTAL,                                    \
		"times a send queue was too big to be split further (guard against SACK attacks)")              \
	_(migrate_failures, NETSTAT, "TcpExt", "TCPMigrateReqFailure", TOTAL,                                   \
		"waiting connections lost although tcp_migrate_req looked for another listener")                \
	_(ip_no_routes, NETSTAT, "IpExt", "InNoRoutes", TOTAL,                                                  \
		"packets received that no route leads on")                                                      \
	/* proc/net/snmp */                                                                                     \
	_(ip_in_discards, SNMP, "Ip", "InDiscards", TOTAL,                                                      \
		"packets received without a fault and dropped all the same")                                    \
	_(ip_out_discards, SNMP, "Ip", "OutDiscards", TOTAL,                                                    \
		"packets dropped while sending, for lack of buffers or by a filter")                            \
	_(ip_out_no_routes, SNMP, "Ip", "OutNoRoutes", TOTAL,                                                   \
		"packets that could not be sent for want of a route")                                           \
	_(ip_reassembly_failures, SNMP, "Ip", "ReasmFails", TOTAL,                                              \
		"fragments that made no whole")                                                                 \
	_(active_opens, SNMP, "Tcp", "ActiveOpens", TOTAL,                                                      \
		"connections begun from here: connect()")                                                       \
	_(passive_opens, SNMP, "Tcp", "PassiveOpens", TOTAL,                                                    \
		"connections taken by listeners here")                                                          \
	_(attempt_failures, SNMP, "Tcp", "AttemptFails", TOTAL,                                                 \
		"connections that ended before they were established, on either side")                          \
	_(established_resets, SNMP, "Tcp", "EstabResets", TOTAL,                                                \
		"connections that went from ESTABLISHED or CLOSE_WAIT straight to closed")                      \
	_(established, SNMP, "Tcp", "CurrEstab", GAUGE,                                                         \
		"connections that are ESTABLISHED or CLOSE_WAIT, both together")                                \
	_(segments_in, SNMP, "Tcp", "InSegs", TOTAL,                                                            \
		"segments received")                                                                            \
	_(segments_out, SNMP, "Tcp", "OutSegs", TOTAL,                                                          \
		"segments sent, those sent again not included")                                                 \
	_(segments_retransmitted, SNMP, "Tcp", "RetransSegs", TOTAL,                                            \
		"segments sent again")                                                                          \
	_(segments_bad, SNMP, "Tcp", "InErrs", TOTAL,                                                           \
		"segments received with a fault")                                                               \
	_(resets_out, SNMP, "Tcp", "OutRsts", TOTAL,                                                            \
		"RSTs sent")                                                                                    \
	_(checksums_bad, SNMP, "Tcp", "InCsumErrors", TOTAL,                                                    \
		"segments received with a wrong checksum; part of InErrs")                                      \
	_(udp_no_ports, SNMP, "Udp", "NoPorts", TOTAL,                                                          \
		"UDP datagrams over IPv4 to ports where nobody listens")                                        \
	_(udp_receive_drops, SNMP, "Udp", "RcvbufErrors", TOTAL,                                                \
		"UDP datagrams over IPv4 dropped because the receive buffer was full")                          \
	_(udp_send_drops, SNMP, "Udp", "SndbufErrors", TOTAL,                                                   \
		"UDP datagrams over IPv4 not sent because the send buffer was full")                            \
	/* proc/net/sockstat and sockstat6 */                                                                   \
	_(sockets, SOCKSTAT, "sockets", "used", GAUGE,                                                          \
		"sockets of all families")                                                                      \
	_(tcp_sockets, SOCKSTAT, "TCP", "inuse", GAUGE,                                                         \
		"TCP sockets over IPv4 that are not closed, without TIME_WAIT and SYN_RECV")                    \
	_(tcp_orphans, SOCKSTAT, "TCP", "orphan", GAUGE,                                                        \
		"TCP sockets of no process that wait for their peer; of the host")                              \
	_(tcp_time_waits, SOCKSTAT, "TCP", "tw", GAUGE,                                                         \
		"TIME_WAIT sockets and those in FIN_WAIT2 without a process, over IPv4 and IPv6")               \
	_(tcp_allocated, SOCKSTAT, "TCP", "alloc", GAUGE,                                                       \
		"TCP sockets in memory, without TIME_WAIT and SYN_RECV; of the host")                           \
	_(tcp_memory_pages, SOCKSTAT, "TCP", "mem", GAUGE,                                                      \
		"pages that TCP has for its buffers, to be held against tcp_mem; of the host")                  \
	_(udp_sockets, SOCKSTAT, "UDP", "inuse", GAUGE,                                                         \
		"UDP sockets over IPv4")                                                                        \
	_(udp_memory_pages, SOCKSTAT, "UDP", "mem", GAUGE,                                                      \
		"pages that UDP has for its buffers, to be held against udp_mem; of the host")                  \
	_(fragment_bytes, SOCKSTAT, "FRAG", "memory", GAUGE,                                                    \
		"bytes of IPv4 fragments that wait for the rest")                                               \
	_(tcp6_sockets, SOCKSTAT6, "TCP6", "inuse", GAUGE,                                                      \
		"TCP sockets of the family IPv6 that are not closed, likewise")                                 \
	_(udp6_sockets, SOCKSTAT6, "UDP6", "inuse", GAUGE,                                                      \
		"UDP sockets of the family IPv6")                                                               \
	/* proc/net/softnet_stat */                                                                             \
	_(softnet_packets, SOFTNET, "", "processed", TOTAL,                                                     \
		"packets received from all interfaces; of the host, likewise the next two")                     \
	_(softnet_drops, SOFTNET, "", "dropped", TOTAL,                                                         \
		"packets dropped because the queue of a processor was full (netdev_max_backlog)")               \
	_(softnet_squeezes, SOFTNET, "", "time_squeeze", TOTAL,                                                 \
		"times that receiving stopped with work left (netdev_budget, netdev_budget_usecs)")             \
	/* proc/net/stat/nf_conntrack and proc/sys/net/netfilter */                                             \
	_(conntrack_clashes, CONNTRACK, "", "clashres", TOTAL,                                                  \
		"entries that met one of the same connection and were merged with it")                          \
	_(conntrack_invalid, CONNTRACK, "", "invalid", TOTAL,                                                   \
		"packets that fit no connection and cannot begin one")                                          \
	_(conntrack_chains_long, CONNTRACK, "", "chainlength", TOTAL,                                           \
		"entries not added because the chain of their bucket was too long")                             \
	_(conntrack_insert_failures, CONNTRACK, "", "insert_failed", TOTAL,                                     \
		"entries not added, mostly because another packet of the connection was faster")                \
	_(conntrack_drops, CONNTRACK, "", "drop", TOTAL,                                                        \
		"packets dropped because the table was full or memory short")                                   \
	_(conntrack_early_drops, CONNTRACK, "", "early_drop", TOTAL,                                            \
		"entries thrown out of the full table for new ones")                                            \
	_(conntrack_count, CONNTRACK_COUNT, "", "count", GAUGE,                                                 \
		"connections that are tracked")                                                                 \
	_(conntrack_max, CONNTRACK_MAX, "", "max", GAUGE,                                                       \
		"how many may be in a namespace; set in the host's own")                                        \
	_(conntrack_buckets, CONNTRACK_BUCKETS, "", "buckets", GAUGE,                                           \
		"buckets of their hash table, which all namespaces share")                                      \
	/* proc/sys */                                                                                          \
	_(tcp_time_waits_max, TW_MAX, "", "max", GAUGE,                                                         \
		"how many `tw` may be")                                                                         \
	_(tcp_orphans_max, ORPHAN_MAX, "", "max", GAUGE,                                                        \
		"how many orphans may be; under memory pressure, fewer")                                        \
	_(tcp_memory_pressure_pages, TCP_MEM, "", "pressure", GAUGE,                                            \
		"pages from which on TCP saves memory")                                                         \
	_(tcp_memory_max_pages, TCP_MEM, "", "high", GAUGE,                                                     \
		"pages beyond which TCP gets no more")                                                          \
	_(files, FILE_NR, "", "allocated", GAUGE,                                                               \
		"open files of all processes")                                                                  \
	_(files_max, FILE_NR, "", "max", GAUGE,                                                                 \
		"how many may be, for all but root (fs.file-max)")

#define COUNTER_ONE_(member, ...) +1
enum { COUNTER_COUNT = 0 COUNTERS(COUNTER_ONE_) };

/* The members by name, and the same as an array in the order of counter_rows: the values, and which are known. */
#define COUNTER_UINT64_(member, ...) uint64_t member;
#define COUNTER_INT64_(member, ...) int64_t member;
#define COUNTER_DOUBLE_(member, ...) double member;
#define COUNTER_BOOL_(member, ...) bool member;
#define COUNTER_MEMBERS_(type, declare)                                                           \
	union {                                                                                   \
		struct { COUNTERS(declare) };                                                     \
		type at[COUNTER_COUNT];                                                           \
	};                                                                                        \
	union {                                                                                   \
		struct { COUNTERS(COUNTER_BOOL_) } known;                                         \
		bool known_at[COUNTER_COUNT];                                                     \
	}

/* A sample. */
struct counters {
	uint64_t time_ns;	/* CLOCK_MONOTONIC */
	COUNTER_MEMBERS_(uint64_t, COUNTER_UINT64_);
};

/* What moved between two samples: of totals never negative, of gauges up or down. */
struct counter_changes {
	uint64_t elapsed_ns;
	size_t resets;		/* totals that began anew in between, whose change is therefore unknown */
	COUNTER_MEMBERS_(int64_t, COUNTER_INT64_);
};

/* The same for a second. */
struct counter_rates {
	COUNTER_MEMBERS_(double, COUNTER_DOUBLE_);
};

struct counter_row {
	const char *name;		/* of the member: "listen_overflows" */
	const char *section, *field;	/* as the file names it: "TcpExt", "ListenOverflows" */
	uint8_t section_length, field_length;
	uint8_t file;			/* enum counter_file */
	uint8_t kind;			/* enum counter_kind */
	const char *meaning;
};

extern const struct counter_row counter_rows[COUNTER_COUNT];

/* The index of the counter of that member name, or -1. */
int counter_find(const char *name);

/* What moved from the first sample to the second. Known is what is known in both and did not begin anew: a total
 * that went back has either wrapped, when the step over the end is small, or was reset (a module reloaded, another
 * namespace), and of that the change is unknown. Samples in the wrong order or of the same moment have no known
 * change. */
void counters_change(const struct counters *before, const struct counters *after, struct counter_changes *ret_changes);

/* What is not known is not known here either, and is 0. */
void counters_rate(const struct counter_changes *changes, struct counter_rates *ret_rates);
