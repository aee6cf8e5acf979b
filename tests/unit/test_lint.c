/* SPDX-License-Identifier: MIT */
/* Every check of the table, with what it must find and what it must leave alone. */
#include "engine/lint_plan.h"

#include "engine/lint_check.h"
#include "format/sysctl_conf.h"
#include "model/validate.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- one case ---- */

struct lint_case {
	const char *id;
	const char *conf;	/* lines of a sysctl.conf */
	const char *live;	/* lines PATH=VALUE below proc/sys */
	const char *text;	/* in the message or hint of the one finding; NULL: there is none */
	unsigned line;		/* of the finding; 0: the first */
	const char *release;	/* "6.18.44" */
	unsigned ram_gib;	/* 8 */
	bool in_netns;
	unsigned port;		/* somebody listens there */
	const char *owner;	/* and this is who */
	const char *read_only;	/* the path of a key without a write bit */
};

static const struct lint_case cases[] = {
	/* ---- made while the file is read ---- */
	{ "not-a-number", "net.core.somaxconn = 1k", .text = "takes a whole number" },
	{ "out-of-range", "net.core.somaxconn = 0", .text = "below the minimum" },
	{ "wrong-field-count", "net.ipv4.tcp_rmem = 4096 87380", .text = "takes 3 numbers" },
	{ "wrong-order", "net.ipv4.tcp_rmem = 3 2 1", .text = "must not decrease" },
	{ "bad-port-list", "net.ipv4.ip_local_reserved_ports = 8080 9090", .text = "not a list of ports" },
	{ "exclusive-keys", "vm.dirty_ratio = 10\nvm.dirty_bytes = 8192", .text = "exclude each other", .line = 2 },
	{ "same-variable", "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.forwarding = 0", .text = "one variable",
		.line = 2 },
	{ "no-assignment", "net.core.somaxconn 1", .text = "sets nothing" },
	{ "comment-in-value", "net.core.somaxconn = 1 # one", .text = "part of the value" },
	{ "quoted-value", "net.core.somaxconn = \"1\"", .text = "part of the value" },
	{ "continued-line", "net.ipv4.tcp_rmem = 1 \\", .text = "cannot be continued" },
	{ "byte-order-mark", "\xef\xbb\xbfnet.core.somaxconn = 1", .text = "byte order mark" },
	{ "overridden", "net.core.somaxconn = 1\nnet.core.somaxconn = 2", .text = "this one is lost" },

	/* ---- keys ---- */
	{ "unknown-key", "net.core.somaxcon = 1", "net/core/somaxconn=1", .text = "did you mean net.core.somaxconn?" },
	{ "unknown-key", "net.no.such.thing = 1", .text = "look below /proc/sys" },
	{ "unknown-key", "net.no*.glob = 1", .text = "net.no*.glob is neither" },
	{ "unknown-key", "net.test.known = 1", "net/test/known=1", .text = NULL },
	{ "unknown-key", "net.test.k* = 1", "net/test/known=1", .text = NULL },
	{ "unknown-key", "net.core.somaxconn = 1", .text = NULL },
	{ "removed-key", "net.ipv4.tcp_tw_recycle = 0", .text = "removed after Linux 4.11" },
	{ "removed-key", "net.ipv4.tcp_tw_recycle = 0", .release = "4.11.12" },
	{ "removed-key", "net.ipv4.tcp_tw_recycle = 0", .release = "" },
	{ "removed-key", "net.ipv4.tcp_tw_recycle = 0", "net/ipv4/tcp_tw_recycle=0", .text = NULL },
	{ "removed-key", "-net.ipv4.tcp_tw_recycle = 0", .text = NULL },
	{ "newer-key", "net.ipv4.tcp_tw_reuse_delay = 1000", .text = "since Linux 6.14", .release = "6.13.9" },
	{ "newer-key", "net.ipv4.tcp_tw_reuse_delay = 1000", .text = "begin the line with \"-\"", .release = "5.4" },
	{ "newer-key", "net.ipv4.tcp_tw_reuse_delay = 1000", .release = "6.14" },
	{ "newer-key", "-net.ipv4.tcp_tw_reuse_delay = 1000", .release = "5.4" },
	{ "needs-module", "net.netfilter.nf_conntrack_max = 65536", .text = "module nf_conntrack" },
	{ "needs-module", "net.netfilter.nf_conntrack_max = 65536", "net/netfilter/nf_conntrack_max=1", .text = NULL },
	{ "needs-module", "net.core.somaxconn = 4096", .text = NULL },
	/* The first namespace's alone, and another key of the module is here. */
	{ "needs-module", "net.nf_conntrack_max = 65536", "net/netfilter/nf_conntrack_count=1", .text = NULL,
		.in_netns = true },
	{ "host-only", "net.nf_conntrack_max = 65536", "net/netfilter/nf_conntrack_count=1",
		.text = "only in the host's own", .in_netns = true },
	{ "host-only", "net.core.netdev_max_backlog = 1000", .text = "only in the host's own", .in_netns = true },
	{ "host-only", "net.core.netdev_max_backlog = 1000", .text = NULL },
	{ "absent-key", "net.core.somaxconn = 4096", .text = "not on this kernel" },
	{ "absent-key", "net.core.somaxconn = 4096", .text = "begin the line with \"-\"" },
	{ "absent-key", "-net.core.somaxconn = 4096", .text = NULL },
	{ "absent-key", "net.core.somaxconn = 4096", "net/core/somaxconn=1", .text = NULL },
	{ "absent-key", "net.netfilter.nf_conntrack_max = 65536", .text = NULL },
	{ "read-only", "net.core.rmem_max = 212992", "net/core/rmem_max=1", .text = "shows the host's value",
		.in_netns = true,
		.read_only = "net/core/rmem_max" },
	{ "read-only", "net.core.rmem_max = 212992", "net/core/rmem_max=1", .text = "cannot be written in this place",
		.read_only = "net/core/rmem_max" },
	{ "read-only", "-net.core.rmem_max = 212992", "net/core/rmem_max=1", .read_only = "net/core/rmem_max" },
	{ "read-only", "net.core.rmem_max = 212992", "net/core/rmem_max=1", .text = NULL },
	{ "no-effect", "net.ipv4.route.gc_timeout = 100", .text = "since Linux 3.6" },
	{ "no-effect", "net.ipv4.tcp_low_latency = 1", .text = "since Linux 4.14" },
	{ "no-effect", "net.ipv4.tcp_low_latency = 1", .release = "4.13.16" },
	{ "no-effect", "net.ipv4.tcp_sack = 1", .text = NULL },
	{ "one-way", "kernel.kexec_load_disabled = 1", .text = "without a reboot" },
	{ "one-way", "kernel.kexec_load_disabled = 1", .text = "leave it out, unless" },
	{ "one-way", "vm.drop_caches = 3", .text = "an action" },
	{ "one-way", "net.ipv6.conf.eth0.disable_ipv6 = 1", .text = "static IPv6 addresses" },
	{ "one-way", "net.ipv6.conf.eth0.disable_ipv6 = 0", .text = NULL },
	{ "one-way", "net.ipv6.conf.eth0.disable_ipv6 = 1", "net/ipv6/conf/eth0/disable_ipv6=1", .text = NULL },
	{ "one-way", "kernel.kexec_load_disabled = 1", "kernel/kexec_load_disabled=1", .text = NULL },
	{ "one-way", "kernel.kexec_load_disabled = 1", "kernel/kexec_load_disabled=0", .text = "without a reboot" },
	{ "one-way", "vm.drop_caches = 3", "vm/drop_caches=3", .text = "an action" },
	{ "above-bound", "net.ipv4.ipfrag_low_thresh = 9", "net/ipv4/ipfrag_high_thresh=8", .text = "which is 8 now" },
	{ "above-bound", "net.ipv4.ipfrag_high_thresh = 8\nnet.ipv4.ipfrag_low_thresh = 9", .text = "which is 8",
		.line = 2 },
	{ "above-bound", "net.ipv4.ipfrag_high_thresh = 8", "net/ipv4/ipfrag_low_thresh=9", .text = "below" },
	{ "above-bound", "net.ipv4.ipfrag_high_thresh = 9\nnet.ipv4.ipfrag_low_thresh = 9",
		"net/ipv4/ipfrag_high_thresh=8", .text = NULL },
	{ "above-bound", "net.ipv4.ipfrag_low_thresh = 9", .text = NULL },
	{ "above-bound", "net.ipv4.ip_unprivileged_port_start = 2000", "net/ipv4/ip_local_port_range=1024 65535",
		.text = "is above" },
	{ "above-bound", "net.ipv4.ip_unprivileged_port_start = 2000\nnet.ipv4.ip_local_port_range = 1024 65535",
		.text = NULL },
	{ "above-bound", "net.ipv4.neigh.default.gc_thresh1 = 9", "net/ipv4/neigh/default/gc_thresh2=8", .text = NULL },
	{ "unordered-thresholds", "net.ipv4.neigh.default.gc_thresh1 = 9", "net/ipv4/neigh/default/gc_thresh2=8",
		.text = "is above" },
	{ "unordered-thresholds", "net.ipv4.ipfrag_low_thresh = 9", "net/ipv4/ipfrag_high_thresh=8", .text = NULL },
	{ "unordered-thresholds", "net.ipv4.neigh.default.gc_thresh1 = 8", "net/ipv4/neigh/default/gc_thresh2=8",
		.text = NULL },

	/* ---- TIME_WAIT ---- */
	{ "fin-timeout", "net.ipv4.tcp_fin_timeout = 15", .text = "does not shorten TIME_WAIT" },
	{ "fin-timeout", "net.ipv4.tcp_fin_timeout = 60", .text = NULL },
	{ "fin-timeout-doubled", "net.ipv4.tcp_fin_timeout = 65", .text = "65 means 10 s" },
	{ "fin-timeout-doubled", "net.ipv4.tcp_fin_timeout = 60", .text = NULL },
	{ "fin-timeout-doubled", "net.ipv4.tcp_fin_timeout = 120", .text = NULL },
	{ "tw-reuse", "net.ipv4.tcp_tw_reuse = 1", .text = "is for outgoing connections, and needs timestamps" },
	{ "tw-reuse", "net.ipv4.tcp_tw_reuse = 2", .text = NULL },
	{ "tw-reuse", "net.ipv4.tcp_tw_reuse = 0", .text = NULL },
	{ "tw-reuse-without-timestamps", "net.ipv4.tcp_tw_reuse = 1", "net/ipv4/tcp_timestamps=0",
		.text = "net.ipv4.tcp_timestamps = 1" },
	{ "tw-reuse-without-timestamps", "net.ipv4.tcp_timestamps = 0\nnet.ipv4.tcp_tw_reuse = 1",
		"net/ipv4/tcp_timestamps=1", .text = "while tcp_timestamps is 0", .line = 2 },
	{ "tw-reuse-without-timestamps", "net.ipv4.tcp_timestamps = 1\nnet.ipv4.tcp_tw_reuse = 1",
		"net/ipv4/tcp_timestamps=0", .text = NULL },
	{ "tw-reuse-without-timestamps", "net.ipv4.tcp_tw_reuse = 1", .text = NULL },
	{ "tw-recycle", "net.ipv4.tcp_tw_recycle = 1", .text = "behind NAT" },
	{ "tw-recycle", "net.ipv4.tcp_tw_recycle = 0", .text = NULL },
	{ "tw-buckets-lowered", "net.ipv4.tcp_max_tw_buckets = 5000", "net/ipv4/tcp_max_tw_buckets=131072",
		.text = "from 131072" },
	{ "tw-buckets-lowered", "net.ipv4.tcp_max_tw_buckets = 200000", "net/ipv4/tcp_max_tw_buckets=131072",
		.text = NULL },
	{ "tw-buckets-lowered", "net.ipv4.tcp_max_tw_buckets = 5000", .text = NULL },

	/* ---- connecting ---- */
	{ "syn-backlog", "net.ipv4.tcp_max_syn_backlog = 65535", "net/ipv4/tcp_syncookies=1",
		.text = "is not consulted" },
	{ "syn-backlog", "net.ipv4.tcp_max_syn_backlog = 65535\nnet.ipv4.tcp_syncookies = 1",
		.text = "is not consulted" },
	{ "syn-backlog", "net.ipv4.tcp_max_syn_backlog = 65535", "net/ipv4/tcp_syncookies=0", .text = NULL },
	{ "syn-backlog", "net.ipv4.tcp_max_syn_backlog = 65535", "net/ipv4/tcp_syncookies=1", .release = "4.2.8" },
	{ "syn-backlog", "net.ipv4.tcp_max_syn_backlog = 65535", .text = NULL },
	{ "syncookies-off", "net.ipv4.tcp_syncookies = 0", .text = "honest clients" },
	{ "syncookies-off", "net.ipv4.tcp_syncookies = 1", .text = NULL },
	{ "syncookies-always", "net.ipv4.tcp_syncookies = 2", .text = "for tests" },
	{ "syncookies-always", "net.ipv4.tcp_syncookies = 1", .text = NULL },
	{ "syn-retries", "net.ipv4.tcp_syn_retries = 2", .text = "after 7 s" },
	{ "syn-retries", "net.ipv4.tcp_syn_retries = 1", .text = "after 3 s" },
	{ "syn-retries", "net.ipv4.tcp_syn_retries = 3", .text = NULL },
	{ "synack-retries", "net.ipv4.tcp_synack_retries = 2", .text = "after 7 s" },
	{ "synack-retries", "net.ipv4.tcp_synack_retries = 3", .text = NULL },
	{ "keepalive-impatient", "net.ipv4.tcp_keepalive_intvl = 15\nnet.ipv4.tcp_keepalive_probes = 3",
		.text = "3 probes in 45 s" },
	{ "keepalive-impatient", "net.ipv4.tcp_keepalive_probes = 3", "net/ipv4/tcp_keepalive_intvl=10",
		.text = "3 probes in 30 s" },
	{ "keepalive-impatient", "net.ipv4.tcp_keepalive_intvl = 15\nnet.ipv4.tcp_keepalive_probes = 4", .text = NULL },
	{ "keepalive-impatient", "net.ipv4.tcp_keepalive_intvl = 15", "net/ipv4/tcp_keepalive_probes=9", .text = NULL },
	{ "timestamps-off", "net.ipv4.tcp_timestamps = 0", .text = "12 bytes" },
	{ "timestamps-off", "net.ipv4.tcp_timestamps = 1", .text = NULL },
	{ "window-scaling-off", "net.ipv4.tcp_window_scaling = 0", .text = "64 KiB" },
	{ "window-scaling-off", "net.ipv4.tcp_window_scaling = 1", .text = NULL },
	{ "sack-off", "net.ipv4.tcp_sack = 0", .text = "net.ipv4.tcp_sack = 1" },
	{ "sack-off", "net.ipv4.tcp_sack = 1", .text = NULL },
	{ "bbr-without-fq", "net.ipv4.tcp_congestion_control = bbr", "net/core/default_qdisc=pfifo_fast",
		.text = "net.core.default_qdisc = fq", .release = "4.12" },
	{ "bbr-without-fq", "net.ipv4.tcp_congestion_control = bbr", "net/core/default_qdisc=pfifo_fast",
		.release = "4.13" },
	{ "bbr-without-fq", "net.core.default_qdisc = fq\nnet.ipv4.tcp_congestion_control = bbr", .release = "4.12" },
	{ "bbr-without-fq", "net.ipv4.tcp_congestion_control = cubic", "net/core/default_qdisc=pfifo_fast",
		.release = "4.12" },
	{ "noqueue", "net.core.default_qdisc = noqueue", .text = "fq for servers" },
	{ "noqueue", "net.core.default_qdisc = fq", .text = NULL },

	/* ---- ports ---- */
	{ "port-range-services", "net.ipv4.ip_local_port_range = 1024 65535",
		.text = "3306 (MySQL), 5432 (PostgreSQL), 6379 (Redis) and 8080 (HTTP)" },
	{ "port-range-services", "net.ipv4.ip_local_port_range = 8000 9000", .text = "8080 (HTTP) and 8443 (HTTPS)" },
	{ "port-range-services", "net.ipv4.ip_local_port_range = 10240 65535", .text = NULL },
	{ "port-range-services", "net.ipv4.ip_local_port_range = 8000 9000",
		"net/ipv4/ip_local_reserved_ports=8080,8443", .text = NULL },
	{ "port-range-services",
		"net.ipv4.ip_local_port_range = 8000 9000\nnet.ipv4.ip_local_reserved_ports = 8080-8500",
		.text = NULL },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535",
		"net/ipv4/ip_local_port_range=32768 60999",
		.text = "swallows port 8080 (nginx, pid 4242)", .port = 8080, .owner = "nginx" },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535",
		"net/ipv4/ip_local_reserved_ports=9000,8081",
		.text = "add the line: net.ipv4.ip_local_reserved_ports = 8080-8081,9000", .port = 8080 },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535\nnet.ipv4.ip_local_reserved_ports = 3306",
		"net/ipv4/ip_local_reserved_ports=9000",
		.text = "make the list of reserved ports: net.ipv4.ip_local_reserved_ports = 3306,8080,9000",
		.port = 8080 },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535", .text = NULL },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 10240 65535", .port = 8080, .owner = "nginx" },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535", "net/ipv4/ip_local_reserved_ports=8080",
		.port = 8080 },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 1024 65535\nnet.ipv4.ip_local_reserved_ports = 8080",
		.port = 8080 },
	/* It has most likely got its port from the range. */
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 10240 65535",
		"net/ipv4/ip_local_port_range=32768 60999",
		.port = 40000 },
	{ "port-range-listeners", "net.ipv4.ip_local_port_range = 10240 65535",
		"net/ipv4/ip_local_port_range=50000 60999",
		.text = "port 40000", .port = 40000 },
	{ "port-range-nodeports", "net.ipv4.ip_local_port_range = 10240 65535", .text = "30000-32767", .port = 10250,
		.owner = "kubelet" },
	{ "port-range-nodeports", "net.ipv4.ip_local_port_range = 10240 65535", .port = 10250, .owner = "nginx" },
	{ "port-range-nodeports", "net.ipv4.ip_local_port_range = 32768 65535", .port = 10250, .owner = "kubelet" },
	{ "port-range-nodeports", "net.ipv4.ip_local_port_range = 10240 65535",
		"net/ipv4/ip_local_reserved_ports=30000-32767",
		.port = 10250, .owner = "kubelet" },
	{ "port-range-nodeports", "net.ipv4.ip_local_port_range = 10240 65535", .text = NULL },
	{ "port-range-privileged", "net.ipv4.ip_local_port_range = 1000 65535",
		"net/ipv4/ip_unprivileged_port_start=1024",
		.text = "begin at 1024" },
	{ "port-range-privileged",
		"net.ipv4.ip_unprivileged_port_start = 80\nnet.ipv4.ip_local_port_range = 1000 65535",
		"net/ipv4/ip_unprivileged_port_start=1024", .text = NULL },
	{ "port-range-privileged", "net.ipv4.ip_local_port_range = 1000 65535", .text = NULL },
	{ "reserved-ports-dropped", "net.ipv4.ip_local_reserved_ports = 8080",
		"net/ipv4/ip_local_reserved_ports=9000-9002,8080",
		.text = "no longer reserves 9000-9002" },
	{ "reserved-ports-dropped", "net.ipv4.ip_local_reserved_ports = 8080", "net/ipv4/ip_local_reserved_ports=8080",
		.text = NULL },

	/* ---- memory and files ---- */
	{ "tcp-mem-fixed", "net.ipv4.tcp_mem = 786432 1048576 1572864",
		.text = "this is 3, 4 and 6 GiB whatever memory" },
	{ "tcp-mem-fixed", "net.ipv4.tcp_mem = 100 200000 1572864", .text = "400 KiB, 781 MiB and 6 GiB" },
	{ "tcp-mem-fixed", "net.ipv4.udp_mem = 786432 1048576 1572864", .text = NULL },
	{ "tcp-mem-budget", "net.ipv4.tcp_mem = 786432 1048576 1572864", .text = "6 GiB of the 8 GiB" },
	{ "tcp-mem-budget", "net.ipv4.tcp_mem = 786432 1048576 1572864", .ram_gib = 64 },
	{ "tcp-mem-lowered", "net.ipv4.tcp_mem = 786432 1048576 1572864", "net/ipv4/tcp_mem=1 2 3145728",
		.text = "from 12 GiB to 6 GiB" },
	{ "tcp-mem-lowered", "net.ipv4.tcp_mem = 786432 1048576 1572864", "net/ipv4/tcp_mem=1 2 1572864",
		.text = NULL },
	{ "buffer-default", "net.core.rmem_default = 262144", .text = "does not raise TCP's limits" },
	{ "buffer-default", "net.core.wmem_default = 262144", .text = "tcp_wmem" },
	{ "buffer-default", "net.core.rmem_default = 212992", .text = NULL },
	{ "buffer-default-above-max", "net.core.rmem_default = 262144", "net/core/rmem_max=212992",
		.text = "which is 212992" },
	{ "buffer-default-above-max", "net.core.wmem_default = 262144\nnet.core.wmem_max = 262144",
		"net/core/wmem_max=1", .text = NULL },
	{ "buffer-unrelated", "net.core.rmem_max = 212992\nnet.ipv4.tcp_rmem = 4096 131072 6291456",
		.text = "not limited by it", .line = 2 },
	{ "buffer-unrelated", "net.ipv4.tcp_rmem = 4096 131072 6291456", "net/core/rmem_max=212992", .text = NULL },
	{ "buffer-unrelated", "net.core.wmem_max = 16777216\nnet.ipv4.tcp_wmem = 4096 65536 16777216", .text = NULL },
	{ "buffer-budget", "net.ipv4.tcp_rmem = 4096 131072 268435456", .text = "256 MiB of the 8 GiB" },
	{ "buffer-budget", "net.core.wmem_max = 268435456", .text = "256 MiB" },
	{ "buffer-budget", "net.ipv4.tcp_rmem = 4096 131072 33554432", .text = NULL },
	{ "buffer-lowered", "net.ipv4.tcp_rmem = 4096 87380 16777216", "net/ipv4/tcp_rmem=4096\t131072\t33554432",
		.text = "the second and third fields of net.ipv4.tcp_rmem, which is 4096 131072 33554432 now" },
	{ "buffer-lowered", "net.ipv4.tcp_rmem = 4096 131072 16777216", "net/ipv4/tcp_rmem=4096\t131072\t33554432",
		.text = "the third field" },
	{ "buffer-lowered", "net.core.somaxconn = 1024", "net/core/somaxconn=4096", .text = "which is 4096 now" },
	{ "buffer-lowered", "net.core.somaxconn = 4096", "net/core/somaxconn=4096", .text = NULL },
	{ "buffer-lowered", "net.ipv4.tcp_rmem = 1024 131072 33554432", "net/ipv4/tcp_rmem=4096\t131072\t33554432",
		.text = NULL },
	{ "buffer-lowered", "vm.max_map_count = 262144", "vm/max_map_count=1048576", .text = "is 1048576 now" },
	{ "buffer-lowered", "vm.max_map_count = 262144", "vm/max_map_count=65530", .text = NULL },
	{ "buffer-lowered", "fs.inotify.max_user_watches = 524288", "fs/inotify/max_user_watches=1048576",
		.text = "is 1048576 now" },
	{ "file-max-lowered", "fs.file-max = 2000000", "fs/file-max=9223372036854775807", .text = "systemd sets" },
	{ "file-max-lowered", "fs.file-max = 2000000", "fs/file-max=2466170", .text = "from 2466170;" },
	{ "file-max-lowered", "fs.file-max = 2000000", "fs/file-max=1000", .text = NULL },
	{ "nr-open-lowered", "fs.nr_open = 1048576", "fs/nr_open=1073741816", .text = "logins" },
	{ "nr-open-lowered", "fs.nr_open = 2000000", "fs/nr_open=1048576", .text = NULL },
	{ "nr-open-above-file-max", "fs.file-max = 100000\nfs.nr_open = 200000", .text = "100000", .line = 2 },
	{ "nr-open-above-file-max", "fs.file-max = 200000\nfs.nr_open = 200000", .text = NULL },
	{ "nr-open-above-file-max", "fs.nr_open = 200000", "fs/file-max=100000", .text = NULL },

	/* ---- connection tracking ---- */
	{ "conntrack-buckets", "net.netfilter.nf_conntrack_max = 2000000", "net/netfilter/nf_conntrack_buckets=262144",
		.text = "keeps its 262144 buckets, each with a chain of about 8 entries" },
	{ "conntrack-buckets", "net.nf_conntrack_max = 2000000",
		.text = "net.netfilter.nf_conntrack_buckets = 2000384" },
	{ "conntrack-buckets", "net.netfilter.nf_conntrack_max = 2000000", .text = "hashsize=2000384",
		.release = "4.7.10" },
	{ "conntrack-buckets", "net.netfilter.nf_conntrack_max = 2000000",
		"net/netfilter/nf_conntrack_max=262144\nnet/netfilter/nf_conntrack_buckets=262144", .text = NULL,
		.read_only = "net/netfilter/nf_conntrack_max" },
	{ "conntrack-buckets", "net.netfilter.nf_conntrack_max = 262144", "net/netfilter/nf_conntrack_buckets=262144",
		.text = NULL },
	{ "conntrack-buckets", "net.netfilter.nf_conntrack_max = 2000000\nnet.netfilter.nf_conntrack_buckets = 524288",
		.text = NULL },
	{ "conntrack-overfull", "net.netfilter.nf_conntrack_max = 2000000\nnet.netfilter.nf_conntrack_buckets = 65536",
		.text = "30 times" },
	{ "conntrack-overfull", "net.netfilter.nf_conntrack_max = 2000000\nnet.netfilter.nf_conntrack_buckets = 524288",
		.text = NULL },
	{ "conntrack-overfull",
		"net.netfilter.nf_conntrack_max = 1048576\nnet.netfilter.nf_conntrack_buckets = 65536",
		.text = "make the line: net.netfilter.nf_conntrack_buckets = 1048576" },
	{ "conntrack-memory", "net.netfilter.nf_conntrack_max = 8000000", .text = "of the 8 GiB" },
	{ "conntrack-memory", "net.netfilter.nf_conntrack_max = 2000000", .text = NULL },
	{ "conntrack-time-wait", "net.netfilter.nf_conntrack_tcp_timeout_time_wait = 30", .text = "does not shorten" },
	{ "conntrack-time-wait", "net.netfilter.nf_conntrack_tcp_timeout_time_wait = 60", .text = NULL },
	{ "conntrack-established", "net.netfilter.nf_conntrack_tcp_timeout_established = 1200", .text = "7440" },
	{ "conntrack-established", "net.netfilter.nf_conntrack_tcp_timeout_established = 7440", .text = NULL },
	{ "conntrack-keepalive", "net.netfilter.nf_conntrack_tcp_timeout_established = 1200",
		"net/ipv4/tcp_keepalive_time=7200",
		.text = "at 7200 s" },
	{ "conntrack-keepalive",
		"net.netfilter.nf_conntrack_tcp_timeout_established = 1200\nnet.ipv4.tcp_keepalive_time = 600",
		"net/ipv4/tcp_keepalive_time=7200", .text = NULL },
	{ "conntrack-keepalive", "net.ipv4.tcp_keepalive_time = 7200",
		"net/netfilter/nf_conntrack_tcp_timeout_established=3600", .text = "after 3600 s" },
	{ "conntrack-keepalive", "net.ipv4.tcp_keepalive_time = 7200",
		"net/netfilter/nf_conntrack_tcp_timeout_established=432000", .text = NULL },
	{ "conntrack-keepalive", "net.ipv4.tcp_keepalive_time = 7200", .text = NULL },
	{ "conntrack-keepalive",
		"net.ipv4.tcp_keepalive_time = 7200\nnet.netfilter.nf_conntrack_tcp_timeout_established = 3600",
		.text = "longer than", .line = 2 },

	/* ---- reaching the host ---- */
	{ "reach-forwarding", "net.ipv4.ip_forward = 0", "net/ipv4/ip_forward=1", .text = "--confirm" },
	{ "reach-forwarding", "net.ipv4.ip_forward = 0", "net/ipv4/ip_forward=1", .text = "into a profile, and apply" },
	{ "reach-forwarding", "net.ipv4.ip_forward = 0", "net/ipv4/ip_forward=0", .text = NULL },
	{ "reach-forwarding", "net.ipv4.conf.default.forwarding = 0", "net/ipv4/conf/default/forwarding=1",
		.text = NULL },
	{ "reach-router", "net.ipv4.ip_forward = 1", "net/ipv4/ip_forward=0", .text = "becomes a router" },
	{ "reach-router", "net.ipv6.conf.all.forwarding = 1", .text = "unless accept_ra is 2" },
	{ "reach-router", "net.ipv4.ip_forward = 1", "net/ipv4/ip_forward=1", .text = NULL },
	{ "reach-rp-filter", "net.ipv4.conf.eth0.rp_filter = 1", "net/ipv4/conf/eth0/rp_filter=0",
		.text = "cut the host off" },
	{ "reach-rp-filter", "net.ipv4.conf.*.rp_filter = 1", .text = "cut the host off" },
	{ "reach-rp-filter", "net.ipv4.conf.eth0.rp_filter = 2", "net/ipv4/conf/eth0/rp_filter=0", .text = NULL },
	{ "reach-rp-filter", "net.ipv4.conf.eth0.rp_filter = 1", "net/ipv4/conf/eth0/rp_filter=1", .text = NULL },
	{ "reach-rp-filter", "net.ipv4.conf.lo.rp_filter = 1", "net/ipv4/conf/lo/rp_filter=0", .text = NULL },
	{ "rp-filter-all", "net.ipv4.conf.all.rp_filter = 0", .text = "switches nothing off" },
	{ "rp-filter-all", "net.ipv4.conf.all.rp_filter = 2", .text = NULL },
	{ "reach-ipv6", "net.ipv6.conf.all.disable_ipv6 = 1", "net/ipv6/conf/all/disable_ipv6=0", .text = "over IPv4" },
	{ "reach-ipv6", "net.ipv6.conf.eth0.accept_ra = 0", "net/ipv6/conf/eth0/accept_ra=1", .text = "--confirm" },
	{ "reach-ipv6", "net.ipv6.conf.default.disable_ipv6 = 1", "net/ipv6/conf/default/disable_ipv6=0",
		.text = NULL },
	{ "reach-ipv6", "net.ipv6.conf.all.disable_ipv6 = 0", "net/ipv6/conf/all/disable_ipv6=1", .text = NULL },
	{ "reach-ping", "net.ipv4.icmp_echo_ignore_all = 1", "net/ipv4/icmp_echo_ignore_all=0",
		.text = "takes it for dead" },
	{ "reach-ping", "net.ipv4.icmp_echo_ignore_all = 0", "net/ipv4/icmp_echo_ignore_all=1", .text = NULL },
};

/* ---- running it ---- */

static void add_keys(const struct temp_dir *dir, const char *live)
{
	temp_dir_add_dir(dir, "proc/sys", 0755);
	while (live && *live) {
		size_t key = strcspn(live, "="), line = strcspn(live, "\n");
		char path[128], value[128];

		snprintf(path, sizeof(path), "proc/sys/%.*s", (int)key, live);
		snprintf(value, sizeof(value), "%.*s\n", (int)(line - key - 1), live + key + 1);
		temp_dir_write(dir, path, value);
		live += line + (live[line] == '\n');
	}
}

static void add_listener(const struct temp_dir *dir, unsigned port, const char *owner)
{
	char table[400], comm[64];

	snprintf(table, sizeof(table),
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		"   0: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
		"777 1 0 100 0 0 10 0\n",
		port);
	temp_dir_write(dir, "proc/net/tcp", port ? table : "  sl  local_address\n");
	if (!owner)
		return;
	snprintf(comm, sizeof(comm), "%s\n", owner);
	temp_dir_write(dir, "proc/4242/comm", comm);
	temp_dir_add_dir(dir, "proc/4242/fd", 0755);
	temp_dir_add_link(dir, "proc/4242/fd/3", "socket:[777]");
}

struct linting {
	struct temp_dir dir;
	struct rootdir root;
	struct procsys procsys;
	struct arena arena;
	struct diags diags;
	struct machine machine;
	struct resolved settings;
	struct lint lint;
};

static void linting_begin(struct linting *linting, const struct lint_case *row)
{
	struct source source = { .name = "t.conf", .text = row->conf, .length = strlen(row->conf) };
	struct profile *profile;
	char path[128];

	*linting = (struct linting){ .procsys = PROCSYS_INIT };
	temp_dir_make(&linting->dir);
	add_keys(&linting->dir, row->live);
	add_listener(&linting->dir, row->port, row->owner);
	if (row->read_only) {
		snprintf(path, sizeof(path), "proc/sys/%s", row->read_only);
		temp_dir_set_mode(&linting->dir, path, 0444);
	}
	arena_init(&linting->arena);
	diags_init(&linting->diags, &linting->arena);
	assert_int_equal(rootdir_open(linting->dir.path, &linting->root), 0);
	assert_int_equal(procsys_open(&linting->root, PROCSYS_READ_ONLY, &linting->procsys), 0);
	/* Of a tree of files that may not be whole nothing is called absent. */
	if (strcmp(row->id, "absent-key") == 0)
		linting->procsys.is_plain_tree = false;
	linting->machine = (struct machine){ .ram_bytes = (uint64_t)(row->ram_gib ? row->ram_gib : 8) << 30,
		.page_size = 4096, .cpus = 4, .in_netns = row->in_netns,
		.release = row->release ? row->release : "6.18.44" };
	linting->lint = (struct lint){ .arena = &linting->arena, .diags = &linting->diags, .procsys = &linting->procsys,
		.root = &linting->root, .machine = &linting->machine, .settings = &linting->settings };
	resolve_init(&linting->settings, &linting->arena);
	assert_true(sysctl_conf_read(&linting->arena, &source, "t", &linting->diags, &profile) >= 0);
	assert_int_equal(resolve_override(&linting->settings, profile), 0);
	validate_together(&linting->diags, linting->settings.settings, linting->settings.count);
	assert_int_equal(lint_run(&linting->lint), 0);
}

static void linting_end(struct linting *linting)
{
	procsys_release(&linting->procsys);
	rootdir_release(&linting->root);
	arena_release(&linting->arena);
	temp_dir_remove(&linting->dir);
}

static void check_case(size_t index, const struct lint_case *row)
{
	const struct lint_check *check = lint_find(row->id);
	const struct diag *found = NULL;
	struct linting linting;
	size_t count = 0;

	linting_begin(&linting, row);
	for (const struct diag *diag = linting.diags.first; diag; diag = diag->next)
		if (strcmp(diag->id, row->id) == 0) {
			found = diag;
			count++;
		}
	check_row(check, "row %zu: %s is no check", index, row->id);
	check_row(count == (row->text ? 1 : 0),
	"row %zu: %s: \"%s\": %zu findings%s%s", index, row->id, row->conf, count,
		found ? ": " : "", found ? found->message : "");
	if (row->text) {
		check_row(strstr(found->message, row->text) || (found->hint && strstr(found->hint, row->text)),
			"row %zu: %s (%s) does not say %s", index, found->message, found->hint, row->text);
		check_row(found->span.line == (row->line ? row->line : 1) && found->span.column > 0,
		"row %zu: %s: at %u:%u",
			index, row->id, found->span.line, found->span.column);
		check_row(found->level == check->level, "row %zu: %s: level", index, row->id);
		check_row(found->hint && found->basis && strcmp(found->basis, check->source) == 0,
			"row %zu: %s: without hint or source", index, row->id);
	}
	linting_end(&linting);
}

static void test_every_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_case(i, &cases[i]);
}

/* ---- the table ---- */

static void test_every_check_has_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < lint_checks_count; i++) {
		const struct lint_check *check = &lint_checks[i];
		bool finds = false, leaves_alone = !check->run;

		for (size_t k = 0; k < COUNT_OF(cases); k++) {
			if (strcmp(cases[k].id, check->id) != 0)
				continue;
			finds |= cases[k].text != NULL;
			leaves_alone |= !cases[k].text;
		}
		check_row(finds, "%s has no case that finds something", check->id);
		check_row(leaves_alone, "%s has no case that finds nothing", check->id);
		check_row(check->statement[0] && check->source[0], "%s is not described", check->id);
		check_row(strspn(check->id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(check->id),
		"%s is no id",
			check->id);
		check_row(lint_find(check->id) == check, "%s stands there twice", check->id);
	}
	assert_null(lint_find("no-such-check"));
	assert_string_equal(lint_suggest("fin-timeuot"), "fin-timeout");
	assert_null(lint_suggest("something-else-altogether"));
}

static void test_bounded_keys_are_those_of_the_catalogue(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < catalog_count; i++)
		count += catalog_at(i)->not_above != NULL;
	assert_int_equal(count, lint_bounded_count);
	for (size_t i = 0; i < lint_bounded_count; i++)
		check_row(catalog_find(lint_bounded[i])->not_above, "%s is not bounded", lint_bounded[i]);
}

/* ---- what is passed over ---- */

static struct setting bound(enum setting_rule rule, const char *path, const char *value)
{
	static struct source source = { .name = "t.yaml", .text = "", .length = 0 };
	const struct span span = { &source, 1, 1, 2 };

	return (struct setting){ .path = path, .rule = rule, .value = value_of(value), .key_span = span,
		.value_span = span };
}

static size_t count_findings(const struct setting *setting, const char *live, const char *id)
{
	struct setting settings[1] = { *setting };
	struct profile profile = { .name = "t", .settings = settings, .settings_count = 1 };
	struct linting linting;
	size_t count = 0;

	linting_begin(&linting, &(struct lint_case){ .id = id, .conf = "", .live = live });
	assert_int_equal(resolve_override(&linting.settings, &profile), 0);
	assert_int_equal(lint_run(&linting.lint), 0);
	for (const struct diag *diag = linting.diags.first; diag; diag = diag->next)
		count += strcmp(diag->id, id) == 0;
	linting_end(&linting);
	return count;
}

/* What a bound leaves as it is, it does not ask for. */
static void test_bounds(void **state)
{
	const struct setting at_most = bound(SETTING_AT_MOST, "net/ipv4/tcp_fin_timeout", "30");
	const struct setting at_least = bound(SETTING_AT_LEAST, "fs/file-max", "2000000");

	(void)state;
	assert_int_equal(count_findings(&at_most, "net/ipv4/tcp_fin_timeout=60", "fin-timeout"), 1);
	assert_int_equal(count_findings(&at_most, "net/ipv4/tcp_fin_timeout=20", "fin-timeout"), 0);
	assert_int_equal(count_findings(&at_most, NULL, "fin-timeout"), 1);
	assert_int_equal(count_findings(&at_least, "fs/file-max=9223372036854775807", "file-max-lowered"), 0);
}

static void test_memory_failures(void **state)
{
	struct linting linting;

	(void)state;
	linting_begin(&linting, &(struct lint_case){ .id = "", .conf = "net.ipv4.tcp_fin_timeout = 15" });
	linting.diags.failed = true;
	assert_int_equal(lint_run(&linting.lint), -ENOMEM);
	linting_end(&linting);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_check),
		cmocka_unit_test(test_every_check_has_cases),
		cmocka_unit_test(test_bounded_keys_are_those_of_the_catalogue),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_memory_failures),
	};

	return RUN_TESTS(tests);
}
