/* SPDX-License-Identifier: MIT */
/* observation.h - everything that one look at TCP on this host has seen: what the checks of diagnose judge.
 *
 * engine/observe.h fills it in, tier by tier; a test fills in whatever it likes. Nothing here is a judgement. What was
 * not looked at is NULL or false. */
#pragma once

#include "model/counters.h"
#include "model/destinations.h"
#include "model/finding.h"
#include "model/inode_sample.h"
#include "model/listener.h"
#include "model/ports.h"
#include "model/socket_counts.h"

/* _(member, path, field): the parameters that bound TCP, as they are in force (Documentation/networking/ip-sysctl.rst). */
#define TCP_SETTINGS(_)                                                 \
	_(port_first, "net/ipv4/ip_local_port_range", 0)                \
	_(port_last, "net/ipv4/ip_local_port_range", 1)                 \
	_(somaxconn, "net/core/somaxconn", 0)                           \
	_(syn_backlog, "net/ipv4/tcp_max_syn_backlog", 0)               \
	_(syncookies, "net/ipv4/tcp_syncookies", 0)                     \
	_(tw_reuse, "net/ipv4/tcp_tw_reuse", 0)                         \
	_(tw_reuse_delay_ms, "net/ipv4/tcp_tw_reuse_delay", 0)          \
	_(timestamps, "net/ipv4/tcp_timestamps", 0)                     \
	_(fin_timeout, "net/ipv4/tcp_fin_timeout", 0)                   \
	_(synack_retries, "net/ipv4/tcp_synack_retries", 0)             \
	_(receive_buffer_max, "net/ipv4/tcp_rmem", 2)                   \
	_(nr_open, "fs/nr_open", 0)

#define TCP_SETTING_MEMBER_(member, ...) uint64_t member;
#define TCP_SETTING_KNOWN_(member, ...) bool member;
struct tcp_settings {
	struct { TCP_SETTINGS(TCP_SETTING_MEMBER_) };
	struct { TCP_SETTINGS(TCP_SETTING_KNOWN_) } known;	/* what is not known is 0 */
	struct ports reserved;		/* ip_local_reserved_ports */
};

/* How many local ports connect(2) can take: those of ip_local_port_range that are not reserved; 0: not known. */
uint64_t tcp_settings_usable_ports(const struct tcp_settings *settings);

/* The connections of one service: of the sockets that came in through a port that something listens on. */
struct service {
	uint16_t port;
	uint32_t states[TCP_SOCKET_STATES];
	uint32_t unanswered;	/* SYN_RECV whose SYN-ACK had to be sent again */
};

/* CLOSE_WAIT: the peer has closed, the process here has not. By the time since the last ACK, which is at least how long
 * (tcpi_last_ack_recv: the FIN is the last thing that most peers send), and by whether data is unread. */
enum close_wait_age { CLOSE_WAIT_YOUNG, CLOSE_WAIT_MIDDLE, CLOSE_WAIT_OLD, CLOSE_WAIT_AGES };
enum { CLOSE_WAIT_MIDDLE_MS = 10000, CLOSE_WAIT_OLD_MS = 60000 };

struct close_waits {
	uint64_t counts[CLOSE_WAIT_AGES][2];	/* [1]: with more than the one byte that a FIN may stand for unread */
	uint64_t unaccepted[CLOSE_WAIT_AGES][2];	/* of those, without an inode: they wait for accept(2) */
	uint64_t unread_bytes, ages_unknown;
	uint32_t oldest_ms;
	struct inode_sample samples[CLOSE_WAIT_AGES][2];
};

/* The senders of unfinished handshakes. */
struct half_open {
	uint64_t unanswered;		/* SYN_RECV whose SYN-ACK had to be sent again */
	uint64_t distinct_sources;	/* networks (/24, /64) that they come from, about */
};

/* How many of each, the heaviest, are worth a line. */
enum { DESTINATIONS_SHOWN = 10, SERVICES_SHOWN = 10 };

/* A process near its limit of open files: from this share of it on. */
#define NEAR_LIMIT_SHARE 0.7

struct near_limit {
	pid_t pid;
	const char *name, *command, *unit;
	uint64_t open, soft, hard;	/* DESCRIPTORS_UNLIMITED (kernel/descriptors.h); 0: not known */
};

/* Of the host's limit of open files: from this share on, the processes that hold the most are looked for. */
#define FILES_HIGH_SHARE 0.7
enum { OPENERS_MAX = 5 };

/* Sockets whose owner is asked for in the one walk over proc. */
enum suspect_kind { SUSPECT_LISTENER, SUSPECT_CLOSE_WAIT, SUSPECT_DESTINATION, SUSPECT_FIN_WAIT2 };

struct suspect {
	enum suspect_kind kind;
	uint32_t key;			/* inode of the listener; of CLOSE_WAIT 2 * age + unread; of a destination its rank */
	const uint32_t *inodes;
	size_t inodes_count;
	uint64_t scale;			/* each stands for so many: of a sample */
	const struct actor *holders;	/* the heaviest first; NULL until they were looked for */
	size_t holders_count;		/* there may be more, with fewer each */
	size_t missing;			/* of the inodes, which nobody was seen to hold */
};

enum observation_tier { TIER_COUNTERS, TIER_LISTENERS, TIER_SOCKETS, TIER_DESTINATIONS, TIER_OWNERS, TIER_COUNT };

/* "counters", "listeners", ...: part of the JSON contract. */
const char *observation_tier_name(enum observation_tier tier);

/* What it took, without the wait between two samples. */
struct observation_cost {
	bool did[TIER_COUNT];
	double wall_ms, cpu_ms;
};

struct observation {
	struct arena *arena;
	struct observation_cost cost;

	/* ---- tier 0: counters ---- */
	bool has_interval;		/* two samples: rates are known. Otherwise changes and rates are all unknown */
	struct counters before, now;	/* without an interval, the same */
	struct counter_changes changes;
	struct counter_rates rates;
	struct tcp_settings settings;
	bool in_netns;			/* not the host's own: orphans and memory are the host's all the same */
	uint64_t ram_bytes;		/* of the host; 0: not known */
	unsigned page_size;		/* of the figures in pages; 0: not known */

	/* ---- tier 1: listeners ---- */
	bool has_listeners;
	struct listeners listeners, listeners_before;	/* before: empty without an interval */

	/* ---- tier 2: sockets ---- */
	bool has_sockets;
	uint64_t states[TCP_SOCKET_STATES];	/* exact, of both families */
	bool is_by_family;		/* counts.ipv4, .ipv6 and .mapped are complete too */
	bool is_moving;			/* the host was so busy that the numbers are of slightly different moments */
	struct socket_counts counts;
	uint64_t sockets_walked;
	size_t malformed;		/* lines of proc/net/tcp that could not be understood, and were left out */
	const struct service *services;	/* by port */
	size_t services_count;
	struct close_waits close_waits;
	struct inode_sample fin_waits;	/* FIN_WAIT2 that a process holds */
	struct half_open half_open;
	struct destinations closing;	/* the peers of FIN_WAIT2 and CLOSE_WAIT, whichever way they went */

	/* ---- tier 3: destinations ---- */
	bool has_destinations;
	struct destinations destinations;	/* outgoing, by (source, address, port) */
	struct destinations visitors;		/* incoming, by (port here, peer): see observation_visitor() */
	const struct destination **ranked;	/* of destinations, the heaviest first */
	const struct destination **ranked_visitors;
	const struct destination **ranked_closing;

	/* ---- tier 4: owners, and processes ---- */
	bool has_owners;
	struct suspect *suspects;
	size_t suspects_count, suspects_capacity;
	size_t hidden;			/* processes that this user may not look into */
	bool has_processes;
	struct near_limit *near_limits;	/* the nearest first */
	size_t near_limits_count, near_limits_capacity;
	struct near_limit openers[OPENERS_MAX];	/* with the most open files, where the host is short of them */
	size_t openers_count;
};

/* How sockets that came in stand in `visitors` and `closing`: the source is zero, the port is the one here, the address
 * the peer's. */
void observation_visitor(const struct tcp_socket *socket, struct tcp_socket *ret_visitor);
bool observation_is_visitor(const struct destination *destination);

/* The service on that port, or NULL. */
const struct service *observation_service(const struct observation *observation, uint16_t port);

/* All of them by ESTABLISHED, then by sockets of any state, then by port: an array of services_count. 0 or -ENOMEM. */
MUST_CHECK int observation_rank_services(const struct observation *observation, struct arena *arena,
	const struct service ***ret_ranked);

/* Who holds these sockets, once it was asked; NULL when it was not. */
const struct suspect *observation_suspect(const struct observation *observation, enum suspect_kind kind, uint32_t key);
