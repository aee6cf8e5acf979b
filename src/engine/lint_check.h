/* SPDX-License-Identifier: MIT */
/* lint_check.h - what the functions of checks are made of; only for engine/lint*.c.
 *
 * A function looks at lint->setting, whose target is lint->target, and reports once or not at all:
 * lint_report() -> lint_hint(), lint_also(). Memory that is short is noticed by the driver. */
#pragma once

#include "engine/lint.h"
#include "model/version.h"

/* The finding points at the value, or at the key. */
void lint_report(struct lint *lint, const char *format, ...) PRINTF_FORMAT(2, 3);
void lint_report_key(struct lint *lint, const char *format, ...) PRINTF_FORMAT(2, 3);
void lint_hint(struct lint *lint, const char *format, ...) PRINTF_FORMAT(2, 3);
void lint_also(struct lint *lint, const struct setting *setting, const char *format, ...) PRINTF_FORMAT(3, 4);

/* The setting of this very key, or of another name of the same variable; NULL when there is none. */
const struct setting *lint_setting(struct lint *lint, const char *path);

/* What the kernel has now. False: not known. */
bool lint_live(struct lint *lint, const char *path, struct value *ret_value);

/* Field number `field` (from 0): of lint->target, of the live value, or of what will be in force, which is what the
 * settings ask for, and otherwise live. False: not known, or no number from 0 to 2^64-1. */
bool lint_target_number(struct lint *lint, size_t field, uint64_t *ret_number);
bool lint_live_number(struct lint *lint, const char *path, size_t field, uint64_t *ret_number);
bool lint_number(struct lint *lint, const char *path, size_t field, uint64_t *ret_number);

/* Whether lint->setting is about a key that is not there, or cannot be written here. A glob is neither. */
bool lint_is_absent(struct lint *lint);
bool lint_is_unwritable(struct lint *lint);

/* The facts of the machine, looked up when they are first asked for. */
const struct machine *lint_machine(struct lint *lint);

/* Whether the release is known, and before or from this version on. */
bool lint_release_before(struct lint *lint, const char *version);
bool lint_release_from(struct lint *lint, const char *version);

/* The key of lint->setting, or a path, as people write it; never NULL. */
const char *lint_key(struct lint *lint);
const char *lint_shown(struct lint *lint, const char *path);

/* "3 GiB", "1.5 GiB", "87380 bytes"; never NULL. */
const char *lint_size(struct lint *lint, uint64_t bytes);

/* "a", "a and b", "a, b and c"; never NULL. */
const char *lint_listed(struct lint *lint, const char *const words[], size_t count);

/* Whether this is a line of a sysctl.conf; and the line that sets a key there, or in a profile. Never NULL. */
bool lint_is_conf(const struct lint *lint);
const char *lint_line(struct lint *lint, const char *path, const char *value);

/* The keys that the catalogue bounds by another one; a test holds the list against it. */
extern const char *const lint_bounded[];
extern const size_t lint_bounded_count;

/* ---- the checks, by file ---- */

/* lint_keys.c: is the key what it looks like */
void lint_unknown_key(struct lint *lint);
void lint_removed_key(struct lint *lint);
void lint_newer_key(struct lint *lint);
void lint_needs_module(struct lint *lint);
void lint_host_only(struct lint *lint);
void lint_absent_key(struct lint *lint);
void lint_read_only(struct lint *lint);
void lint_no_effect(struct lint *lint);
void lint_one_way(struct lint *lint);
void lint_above_bound(struct lint *lint);
void lint_unordered_thresholds(struct lint *lint);

/* lint_tcp.c: what TCP makes of it */
void lint_fin_timeout(struct lint *lint);
void lint_fin_timeout_doubled(struct lint *lint);
void lint_tw_reuse(struct lint *lint);
void lint_tw_reuse_without_timestamps(struct lint *lint);
void lint_tw_recycle(struct lint *lint);
void lint_tw_buckets_lowered(struct lint *lint);
void lint_syn_backlog(struct lint *lint);
void lint_syncookies_off(struct lint *lint);
void lint_syncookies_always(struct lint *lint);
void lint_syn_retries(struct lint *lint);
void lint_synack_retries(struct lint *lint);
void lint_timestamps_off(struct lint *lint);
void lint_window_scaling_off(struct lint *lint);
void lint_sack_off(struct lint *lint);
void lint_keepalive_impatient(struct lint *lint);
void lint_bbr_without_pacing(struct lint *lint);
void lint_noqueue(struct lint *lint);

/* lint_memory.c: buffers, files, and the memory of this machine */
void lint_tcp_mem_fixed(struct lint *lint);
void lint_tcp_mem_budget(struct lint *lint);
void lint_tcp_mem_lowered(struct lint *lint);
void lint_buffer_default(struct lint *lint);
void lint_buffer_default_above_max(struct lint *lint);
void lint_buffer_unrelated(struct lint *lint);
void lint_buffer_budget(struct lint *lint);
void lint_buffer_lowered(struct lint *lint);
void lint_file_max_lowered(struct lint *lint);
void lint_nr_open_lowered(struct lint *lint);
void lint_nr_open_above_file_max(struct lint *lint);

/* lint_conntrack.c */
void lint_conntrack_buckets(struct lint *lint);
void lint_conntrack_overfull(struct lint *lint);
void lint_conntrack_memory(struct lint *lint);
void lint_conntrack_time_wait(struct lint *lint);
void lint_conntrack_established(struct lint *lint);
void lint_conntrack_keepalive(struct lint *lint);

/* lint_ports.c */
void lint_port_services(struct lint *lint);
void lint_port_listeners(struct lint *lint);
void lint_port_nodeports(struct lint *lint);
void lint_port_privileged(struct lint *lint);
void lint_reserved_dropped(struct lint *lint);

/* lint_reach.c: can the host still be reached */
void lint_reach_forwarding(struct lint *lint);
void lint_becomes_router(struct lint *lint);
void lint_reach_rp_filter(struct lint *lint);
void lint_rp_filter_all(struct lint *lint);
void lint_reach_ipv6(struct lint *lint);
void lint_reach_ping(struct lint *lint);
