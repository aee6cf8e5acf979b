# SPDX-License-Identifier: MIT
"""What ranges.py must know beside the catalogue: where a kernel's own range is another one than the catalogue's, and
what cannot be tried.

A row that stands in no table here is taken at its word: the kernel accepts exactly min to max, or, where the
catalogue names no limit, all that its type can hold. A statement here that says nothing, because the catalogue says
the same, is an error; so is one about a parameter that the catalogue does not have."""

from collections import namedtuple

INT_MIN, INT_MAX = -2 ** 31, 2 ** 31 - 1
UINT_MAX, LONG_MIN, LONG_MAX, ULONG_MAX = 2 ** 32 - 1, -2 ** 63, 2 ** 63 - 1, 2 ** 64 - 1
TYPES = {"int": (INT_MIN, INT_MAX), "uint": (0, UINT_MAX), "long": (LONG_MIN, LONG_MAX), "ulong": (0, ULONG_MAX)}

# The releases on which all of this was tried. On others a range that differs is no error: the row is unconfirmed.
TRIED = ((6, 1), (6, 18))

# An end that depends on how the kernel was built, or on its memory: it lies between these two, both inclusive, and
# the experiment finds out where.
Between = namedtuple("Between", "low high")


def seconds_max(place):
    """proc_dointvec_jiffies(): what still fits an int in ticks."""
    return INT_MAX // place.hz


def seconds_min(place):
    """The same rule for negative ones up to 6.18; an int of ticks is not asked to be positive."""
    return -seconds_max(place)


def netdev_budget_usecs(place):
    """Two ticks since 6.13, before 6.13 in the stable series too."""
    return 2 * 1000000 // place.hz


def probe_interval_max(place):
    """proc_douintvec_minmax() with u32_max_div_HZ."""
    return UINT_MAX // place.hz


def reordering_max(_):
    """extra2 is &init_net.ipv4.sysctl_tcp_max_reordering, or the namespace's."""
    with open("/proc/sys/net/ipv4/tcp_max_reordering") as file:
        return int(file.read())


# paths: rows of the catalogue, where * stands for one component; the more exact statement wins. low, high: the ends
# of the kernel's own range: a number, a function of the place, or Between; None: as the catalogue says. why: for who
# reads the catalogue. release: only for kernels of this series.
Statement = namedtuple("Statement", "paths low high why release")


def state(paths, low, high, why, release=None):
    return Statement(paths.split(), low, high, why, release)


KERNEL = (
    # -- any number of the variable's type --
    state("net/unix/max_dgram_qlen net/ipv4/tcp_max_syn_backlog net/ipv4/tcp_max_orphans net/core/netdev_max_backlog "
          "net/core/netdev_budget", INT_MIN, INT_MAX, "no check; a size below 1 cannot be meant"),
    state("net/core/xfrm_acq_expires net/core/xfrm_larval_drop net/core/message_burst net/core/warnings "
          "net/core/netdev_tstamp_prequeue net/ipv4/igmp_max_memberships net/ipv4/igmp_max_msf "
          "net/ipv4/inet_peer_threshold net/ipv4/tcp_low_latency net/ipv4/tcp_limit_output_bytes "
          "net/ipv4/tcp_base_mss net/ipv4/tcp_probe_threshold net/ipv4/tcp_challenge_ack_limit "
          "net/ipv4/route/redirect_load net/ipv4/route/redirect_number net/ipv4/route/redirect_silence "
          "net/ipv4/route/error_cost net/ipv4/route/error_burst net/ipv4/route/min_adv_mss", INT_MIN, INT_MAX,
          "no check; only numbers in the catalogue's range can be meant"),
    state("net/ipv4/tcp_max_reordering net/ipv4/tcp_reordering", INT_MIN, INT_MAX, "no check yet", (6, 1)),
    state("net/ipv4/tcp_reordering", None, reordering_max, "tcp_max_reordering bounds it"),
    state("net/ipv4/tcp_max_tw_buckets", INT_MIN, INT_MAX, "no check; below 1 is none, or no limit"),
    state("net/ipv4/tcp_fastopen", INT_MIN, INT_MAX, "no check; the bits beyond 4095 mean nothing"),
    state("net/ipv4/conf/*/* net/ipv4/ip_forward", INT_MIN, INT_MAX, "no check; only the catalogued numbers mean "
          "something of their own"),
    state("net/ipv4/conf/*/bc_forwarding", INT_MIN, INT_MAX, "no check"),
    state("net/ipv6/conf/all/forwarding net/ipv6/conf/default/forwarding net/ipv6/conf/*/forwarding "
          "net/ipv6/conf/all/ignore_routes_with_linkdown net/ipv6/conf/*/ignore_routes_with_linkdown "
          "net/ipv6/conf/all/disable_ipv6 net/ipv6/conf/default/disable_ipv6 net/ipv6/conf/*/disable_ipv6",
          INT_MIN, INT_MAX, "no check; a switch"),
    state("net/ipv6/conf/*/accept_ra net/ipv6/conf/*/accept_ra_defrtr net/ipv6/conf/*/accept_ra_pinfo "
          "net/ipv6/conf/*/accept_ra_mtu net/ipv6/conf/*/accept_ra_rtr_pref "
          "net/ipv6/conf/*/accept_ra_rt_info_min_plen net/ipv6/conf/*/accept_ra_rt_info_max_plen "
          "net/ipv6/conf/*/accept_ra_from_local net/ipv6/conf/*/accept_ra_min_hop_limit "
          "net/ipv6/conf/*/accept_redirects net/ipv6/conf/*/accept_source_route net/ipv6/conf/*/accept_dad "
          "net/ipv6/conf/*/enhanced_dad net/ipv6/conf/*/optimistic_dad net/ipv6/conf/*/use_optimistic "
          "net/ipv6/conf/*/autoconf net/ipv6/conf/*/use_tempaddr net/ipv6/conf/*/keep_addr_on_down "
          "net/ipv6/conf/*/force_mld_version net/ipv6/conf/*/force_tllao net/ipv6/conf/*/ndisc_notify "
          "net/ipv6/conf/*/suppress_frag_ndisc net/ipv6/conf/*/drop_unsolicited_na "
          "net/ipv6/conf/*/drop_unicast_in_l2_multicast net/ipv6/conf/*/proxy_ndp "
          "net/ipv6/conf/*/use_oif_addrs_only net/ipv6/conf/*/disable_policy net/ipv6/conf/*/seg6_enabled "
          "net/ipv6/conf/*/seg6_require_hmac net/ipv6/conf/*/accept_ra_min_lft net/ipv6/conf/*/dad_transmits "
          "net/ipv6/conf/*/temp_valid_lft net/ipv6/conf/*/temp_prefered_lft net/ipv6/conf/*/max_desync_factor "
          "net/ipv6/conf/*/regen_max_retry net/ipv6/conf/*/regen_min_advance net/ipv6/conf/*/max_addresses "
          "net/ipv6/idgen_retries",
          INT_MIN, INT_MAX, "no check; only the catalogued numbers mean something of their own"),
    state("net/ipv6/mld_max_msf net/netfilter/nf_log_all_netns fs/lease-break-time fs/leases-enable "
          "fs/dir-notify-enable fs/mqueue/queues_max vm/dirty_writeback_centisecs vm/oom_kill_allocating_task "
          "vm/oom_dump_tasks kernel/core_uses_pid kernel/core_pipe_limit kernel/panic_on_oops kernel/printk "
          "kernel/printk_ratelimit_burst kernel/randomize_va_space kernel/unprivileged_userns_clone "
          "kernel/ctrl-alt-del",
          INT_MIN, INT_MAX, "no check; only the catalogued numbers mean something of their own"),
    state("kernel/sched_child_runs_first", INT_MIN, INT_MAX, "no check; a switch"),
    state("vm/page-cluster", 0, INT_MAX, "no upper limit yet", (6, 1)),
    state("kernel/shmmni kernel/msgmni", None, Between(32768, 16777216), "IPCMNI, more with ipcmni_extend at boot"),
    state("net/bridge/*", INT_MIN, INT_MAX, "no check; a switch, stored as 0 or 1"),
    state("vm/overcommit_ratio", INT_MIN, INT_MAX, "no check; a percentage below 0 cannot be meant"),
    state("net/ipv4/tcp_mem net/ipv4/udp_mem", 0, ULONG_MAX, "no check; 0 stalls the protocol"),
    state("vm/overcommit_kbytes", 0, ULONG_MAX, "no check; 0 would zero both halves"),
    state("net/ipv4/ipfrag_high_thresh net/ipv6/ip6frag_high_thresh net/netfilter/nf_conntrack_frag6_high_thresh",
          0, ULONG_MAX, "only the lower one bounds it; the tables count with signed numbers"),
    # -- 8 bits --
    state("net/ipv4/ip_nonlocal_bind net/ipv4/tcp_syncookies net/ipv4/tcp_abort_on_overflow "
          "net/ipv4/tcp_window_scaling net/ipv4/tcp_sack net/ipv4/tcp_dsack net/ipv4/tcp_timestamps "
          "net/ipv4/tcp_slow_start_after_idle net/ipv4/tcp_mtu_probing net/ipv4/tcp_no_metrics_save "
          "net/ipv4/tcp_rfc1337 net/ipv4/tcp_moderate_rcvbuf", 0, 255, "8 bits without a check; only the catalogued "
          "numbers mean something of their own"),
    state("net/ipv4/tcp_keepalive_probes net/ipv4/tcp_retries1 net/ipv4/tcp_retries2", 0, 255,
          "8 bits without a check; 0 ends a connection at the first timer"),
    state("net/ipv4/ip_no_pmtu_disc net/ipv4/ip_forward_use_pmtu net/ipv4/ip_dynaddr net/ipv4/ip_early_demux "
          "net/ipv4/fwmark_reflect net/ipv4/tcp_fwmark_accept net/ipv4/igmp_link_local_mcast_reports "
          "net/ipv4/tcp_early_demux net/ipv4/tcp_fack net/ipv4/tcp_frto net/ipv4/tcp_recovery "
          "net/ipv4/tcp_retrans_collapse net/ipv4/tcp_stdurg net/ipv4/tcp_thin_linear_timeouts "
          "net/ipv4/tcp_workaround_signed_windows net/ipv4/udp_early_demux", 0, 255,
          "8 bits without a check; only the catalogued numbers mean something of their own"),
    state("net/ipv6/icmp/echo_ignore_all net/ipv6/icmp/echo_ignore_multicast "
          "net/ipv6/icmp/echo_ignore_anycast net/ipv6/bindv6only net/ipv6/ip_nonlocal_bind "
          "net/ipv6/flowlabel_consistency net/ipv6/flowlabel_state_ranges net/ipv6/fwmark_reflect "
          "net/ipv6/anycast_src_echo_reply",
          0, 255, "8 bits without a check; a switch"),
    state("net/ipv4/tcp_ecn_option", None, 2, "3 came later"),
    state("net/ipv4/tcp_ecn", None, 2, "accurate ECN is not in it yet"),
    # -- seconds --
    state("net/ipv4/tcp_keepalive_time net/ipv4/tcp_keepalive_intvl net/ipv4/tcp_fin_timeout "
          "net/ipv4/route/gc_timeout net/ipv6/route/gc_min_interval net/ipv4/neigh/*/base_reachable_time "
          "net/ipv6/neigh/*/base_reachable_time net/netfilter/nf_conntrack_tcp_timeout_* "
          "net/netfilter/nf_conntrack_udp_timeout net/netfilter/nf_conntrack_udp_timeout_stream "
          "net/netfilter/nf_conntrack_generic_timeout net/core/message_cost net/ipv4/ipfrag_time "
          "net/ipv4/ipfrag_secret_interval net/ipv4/inet_peer_minttl net/ipv4/inet_peer_maxttl "
          "net/ipv4/route/gc_interval net/ipv4/route/gc_min_interval net/ipv4/route/mtu_expires "
          "net/ipv4/neigh/*/delay_first_probe_time net/ipv6/neigh/*/delay_first_probe_time "
          "net/ipv4/neigh/*/gc_stale_time net/ipv6/neigh/*/gc_stale_time net/ipv4/neigh/default/gc_interval "
          "net/ipv6/neigh/default/gc_interval net/ipv6/conf/*/router_solicitation_delay "
          "net/ipv6/conf/*/router_solicitation_interval net/ipv6/conf/*/router_solicitation_max_interval "
          "net/ipv6/conf/*/router_probe_interval net/ipv6/ip6frag_time net/ipv6/route/gc_timeout "
          "net/ipv6/route/gc_interval net/ipv6/route/mtu_expires net/ipv6/idgen_delay net/mptcp/add_addr_timeout "
          "net/mptcp/close_timeout net/netfilter/nf_conntrack_icmp_timeout net/netfilter/nf_conntrack_icmpv6_timeout "
          "net/netfilter/nf_conntrack_gre_timeout net/netfilter/nf_conntrack_gre_timeout_stream "
          "net/netfilter/nf_conntrack_sctp_timeout_* net/netfilter/nf_conntrack_frag6_timeout "
          "net/netfilter/nf_flowtable_tcp_timeout net/netfilter/nf_flowtable_udp_timeout "
          "net/ipv6/ip6frag_secret_interval vm/laptop_mode kernel/printk_ratelimit",
          seconds_min, seconds_max, "what fits in an int of ticks; a negative time cannot be meant"),
    state("net/ipv4/tcp_probe_interval", 0, probe_interval_max, "what fits in an unsigned int of ticks"),
    # -- milliseconds in ticks --
    state("net/ipv4/route/gc_min_interval_ms", 0, None, "a time"),
    state("net/ipv4/neigh/*/base_reachable_time_ms net/ipv6/neigh/*/base_reachable_time_ms "
          "net/ipv4/neigh/*/retrans_time_ms net/ipv6/neigh/*/retrans_time_ms", 0, None, "0 is no time"),
    # -- neighbour tables --
    state("net/ipv4/neigh/*/retrans_time", INT_MIN, INT_MAX, "no check; numbers that do not fit wrap around"),
    state("net/ipv4/neigh/*/proxy_delay net/ipv6/neigh/*/proxy_delay net/ipv4/neigh/*/anycast_delay "
          "net/ipv6/neigh/*/anycast_delay net/ipv4/neigh/*/locktime net/ipv6/neigh/*/locktime", INT_MIN, INT_MAX,
          "no check; numbers that do not fit wrap around"),
    state("net/ipv6/neigh/*/retrans_time", INT_MIN, INT_MAX, "ticks, no check"),
    state("net/ipv4/neigh/*/unres_qlen net/ipv6/neigh/*/unres_qlen", 0, Between(INT_MAX // 4096, INT_MAX // 1024),
          "INT_MAX / SKB_TRUESIZE(ETH_FRAME_LEN): packets of full size, counted in bytes"),
    state("net/ipv4/neigh/*/unres_qlen_bytes net/ipv6/neigh/*/unres_qlen_bytes", 0, None, "0 keeps nothing"),
    state("net/ipv4/neigh/default/gc_thresh2 net/ipv4/neigh/default/gc_thresh3 net/ipv6/neigh/default/gc_thresh2 "
          "net/ipv6/neigh/default/gc_thresh3", 0, None, "a table of nothing cannot be meant"),
    # -- sizes that depend on the build --
    state("net/core/rmem_max net/core/rmem_default", Between(2048, 4096), None, "SOCK_MIN_RCVBUF"),
    state("net/core/wmem_max net/core/wmem_default", Between(4096, 8192), None, "SOCK_MIN_SNDBUF"),
    state("net/core/netdev_budget_usecs", netdev_budget_usecs, None, "two ticks"),
    state("net/core/max_skb_frags", None, Between(17, 46), "MAX_SKB_FRAGS"),
    state("net/core/mem_pcpu_rsv", Between(1, 4096), None, "SK_MEMORY_PCPU_RESERVE, a mebibyte of pages"),
    # -- a narrower sense than the kernel's --
    state("net/core/somaxconn", 0, None, "0 still leaves one place"),
    state("net/core/optmem_max", 0, None, "too small for the options of a socket"),
    state("net/core/optmem_max", INT_MIN, INT_MAX, "no check before 6.8", (6, 1)),
    state("net/ipv4/tcp_notsent_lowat", 0, None, "0 makes no socket writable"),
    state("fs/file-max", 0, None, "nobody but root could open a file"),
    state("fs/nr_open", 64, None, "sysctl_nr_open_min; fewer would lock everybody out"),
    state("fs/pipe-max-size", 0, None, "rounded up to a page"),
    state("fs/inotify/* fs/fanotify/* user/*", 0, None, "0 takes the service away"),
    state("vm/max_map_count", 0, None, "no program would start"),
    state("vm/dirty_bytes", None, UINT_MAX * 4096, "ERANGE beyond 32 bits of pages"),
    state("vm/dirty_background_bytes", None, UINT_MAX * 4096, "ERANGE beyond 32 bits of pages"),
    state("kernel/threads-max", 1, None, "a system needs more"),
    state("kernel/sched_deadline_period_min_us", 0, None, "bounded by the maximum alone"),
    state("kernel/modules_disabled kernel/kexec_load_disabled", 1, None, "0 is what it holds and cannot be written"),
)

# The least and the largest number that may be written, and what would happen beyond. The rejection of what is
# outside the kernel's range is tried all the same.
HARMFUL = {
    "vm/max_map_count": (1024, INT_MAX, "with a few hundred no program starts, the test included"),
    "vm/min_free_kbytes": (0, 8192, "more would leave no memory"),
    "net/netfilter/nf_conntrack_buckets": (1, 65536, "the table would take all memory; ENOMEM comes first"),
}

# Nothing in between is tried.
ONLY_ENDS = {
    "kernel/sched_rt_runtime_us": "where tasks can be grouped, less than 95 per cent of the period is refused",
    "kernel/sched_rt_period_us": "the same",
}

# Numbers in the range that need something else first.
CONDITIONAL = {
    "vm/percpu_pagelist_high_fraction": (set(range(1, 8)), "0, or at least 8"),
    "net/ipv6/conf/*/addr_gen_mode": ({2}, "EINVAL on an interface without a stable_secret"),
}

# Rows that no experiment here can confirm.
UNTRIED = {
    "kernel/sem": "four limits of four ranges, and ERANGE for one of them",
    "kernel/auto_msgmni": "what is written is forgotten",
    "kernel/random/write_wakeup_threshold": "what is written is forgotten",
    "kernel/random/urandom_min_reseed_secs": "what is written is forgotten",
    "kernel/sched_rr_timeslice_ms": "cut off at ticks, and 0 or less becomes the default",
    "net/netfilter/nf_hooks_lwtunnel": "one switch for the host in a file of every namespace, and a latch",
    "net/ipv6/conf/*/mtu": "the MTU of the interface is the maximum",
    "kernel/usermodehelper/bset": "what is read is the mask of what was written and the bits of this kernel",
    "kernel/usermodehelper/inheritable": "what is read is the mask of what was written and the bits of this kernel",
    "kernel/tainted": "bits are only added, and which ones there are depends on the kernel",
}

# Group numbers: a user namespace takes and shows only those that it maps.
GROUPS = {"net/ipv4/ping_group_range": "the groups of this user namespace are not all there"}

# Before this release the parameter had another scope. (Elsewhere a namespace may still have lacked it: see TRIED.)
SCOPE_BEFORE = {
    "net/core/optmem_max": ((6, 8), "global"),
    "net/core/rmem_max": ((6, 11), "global"),
    "net/core/wmem_max": ((6, 11), "global"),
    "net/core/rmem_default": ((6, 11), "global"),
    "net/core/wmem_default": ((6, 11), "global"),
    "net/core/tstamp_allow_data": ((6, 18), "global"),    # or an earlier one after 6.1
}

# Stable series that took over a parameter of a later release.
BACKPORTED = {
    "net/ipv4/tcp_shrink_window": (6, 1), "net/ipv6/conf/*/accept_ra_min_lft": (6, 1),
    "kernel/oops_limit": (6, 1), "kernel/warn_limit": (6, 1),
}

READ_ONLY_EVERYWHERE = {
    "net/ipv4/tcp_available_congestion_control", "net/ipv4/tcp_available_ulp", "net/ipv4/tcp_ehash_entries",
    "net/ipv4/udp_hash_entries", "net/ipv4/conf/*/mc_forwarding", "net/ipv6/conf/*/mc_forwarding",
    "net/mptcp/available_schedulers", "net/mptcp/available_path_managers", "net/netfilter/nf_conntrack_count",
    "fs/file-nr", "fs/inode-nr", "fs/dentry-state", "fs/aio-nr", "kernel/pty/nr", "kernel/random/entropy_avail",
}

# A vector whose fields decrease: refused, stored as it is, or stored as this. What is stored all the same and is
# "ordered" in the catalogue is narrower there than in the kernel.
DECREASING = {
    "net/ipv4/ip_local_port_range": "refused",
    "net/ipv4/ping_group_range": "1 0",
    "net/ipv4/tcp_rmem": "stored",
    "net/ipv4/tcp_wmem": "stored",
    "net/ipv4/tcp_mem": "stored",
    "net/ipv4/udp_mem": "stored",
    "kernel/printk": "stored",
    "kernel/acct": "stored",
}

# What is stored as something else without a rule that the catalogue has, and wraps around beyond its type; no number
# but the ends is tried, and these need not come back.
STORED_OTHERWISE = {
    "net/ipv4/neigh/*/retrans_time": "hundredths of a second, cut off at ticks",
    "net/ipv4/neigh/default/retrans_time": "hundredths of a second, cut off at ticks",
    **{"net/%s/neigh/%s/%s" % (family, name, key): "hundredths of a second, cut off at ticks"
       for family in ("ipv4", "ipv6") for name in ("*", "default")
       for key in ("proxy_delay", "anycast_delay", "locktime")},
}

# Texts that are no numbers: what is taken, with what is read then, and what is refused.
Probes = namedtuple("Probes", "taken refused")
LONGEST, KEY = "x" * 127, "11111111-22222222-33333333-44444444"
TEXTS = {
    "portlist": Probes([("8080,9090-9099", "8080,9090-9099"), ("9090-9099,8080", "8080,9090-9099"), ("0", "0"),
                        ("9000-9005,9003-9009", "9000-9009"), ("65535", "65535"), ("", "")],
                       ["65536", "9-1", "8080 9090", "x"]),
    "cpumask": Probes([("1", "1"), ("0", "0")], ["g", "1-1", ",".join(["ffffffff"] * 300)]),
    "net/core/default_qdisc": Probes([("pfifo_fast", "pfifo_fast")], ["no-such-qdisc", "pfifo_fast fq"]),
    "net/ipv4/tcp_congestion_control": Probes([("reno", "reno")], ["no-such-one", "reno cubic", ""]),
    "net/ipv4/tcp_allowed_congestion_control": Probes([("reno", "reno")], ["no-such-one", "reno no-such-one"]),
    "net/ipv4/tcp_fastopen_key": Probes([(KEY, KEY), (KEY + "," + KEY, KEY + "," + KEY)], ["xyz", "", KEY + "," + "1"]),
    "net/ipv6/icmp/ratemask": Probes([("0-1,3-127", "0-1,3-127"), ("3,1-2", "1-3")], ["256", "x"]),
    "net/mptcp/scheduler": Probes([("default", "default")], []),
    "net/netfilter/nf_log/*": Probes([("NONE", "NONE")], ["no-such-one"]),
    "net/mptcp/path_manager": Probes([("userspace", "userspace"), ("kernel", "kernel")], ["no-such-one", ""]),
    "kernel/printk_devkmsg": Probes([("on", "on"), ("ratelimit", "ratelimit")], ["x"]),
    "kernel/hostname": Probes([("other", "other")], []),
    "kernel/domainname": Probes([("other", "other")], []),
    "kernel/core_pattern": Probes([("core.%p", "core.%p"), (LONGEST, LONGEST), (LONGEST + "x", LONGEST)], []),
}
SECRET = "2001:0db8:0000:0000:0000:0000:0000:0001"
LATCHES = {
    "net/ipv6/conf/*/stable_secret": Probes([(SECRET, SECRET)], ["nonsense"]),
    "net/ipv6/conf/default/stable_secret": Probes([(SECRET, SECRET)], ["nonsense"]),
    # No value is read back from these.
    "net/ipv4/route/flush": Probes([("1", None)], []),
    "net/ipv6/route/flush": Probes([("1", None)], ["x"]),
    "vm/drop_caches": Probes([("1", None), ("4", None)], ["0", "5", "x"]),
    "vm/compact_memory": Probes([("1", None)], []),
    "vm/stat_refresh": Probes([("1", None)], []),
}
# EIO with whatever is written.
DEAD = {"net/ipv6/conf/all/stable_secret"}

# Where it depends on the kernel's configuration whether there is a parameter.
CONFIGURED = (
    ("net/mptcp/", "MPTCP"), ("net/unix/", "UNIX"), ("net/ipv4/tcp_syncookies", "SYN_COOKIES"),
    ("net/core/bpf_jit_", "BPF_JIT"),
    ("net/core/rps_", "RPS"), ("net/core/flow_limit_", "NET_FLOW_LIMIT"),
    ("kernel/watchdog", "LOCKUP_DETECTOR"),
    ("kernel/soft_watchdog", "SOFTLOCKUP_DETECTOR"), ("kernel/nmi_watchdog", "HARDLOCKUP_DETECTOR"),
    ("kernel/perf_", "PERF_EVENTS"), ("kernel/kexec_", "KEXEC_CORE"), ("kernel/yama/", "SECURITY_YAMA"),
    ("kernel/modules_disabled", "MODULES"), ("kernel/unprivileged_bpf_disabled", "BPF_SYSCALL"),
    ("fs/inotify/", "INOTIFY_USER"), ("fs/fanotify/", "FANOTIFY"), ("user/max_inotify_", "INOTIFY_USER"),
    ("user/max_fanotify_", "FANOTIFY"), ("fs/aio-", "AIO"), ("vm/nr_hugepages", "HUGETLB_PAGE"),
    ("vm/nr_hugepages_mempolicy", "NUMA"), ("vm/nr_overcommit_hugepages", "HUGETLB_PAGE"),
    ("vm/hugetlb_", "HUGETLB_PAGE"), ("vm/zone_reclaim_mode", "NUMA"), ("vm/min_unmapped_ratio", "NUMA"),
    ("vm/min_slab_ratio", "NUMA"), ("vm/numa_", "NUMA"), ("kernel/numa_balancing", "NUMA_BALANCING"),
    ("vm/mmap_rnd_", "HAVE_ARCH_MMAP_RND_BITS"), ("vm/legacy_va_layout", "HAVE_ARCH_PICK_MMAP_LAYOUT"),
    ("vm/stat_interval", "SMP"), ("kernel/sched_autogroup_enabled", "SCHED_AUTOGROUP"),
    ("kernel/sched_schedstats", "SCHEDSTATS"), ("kernel/sched_energy_aware", "ENERGY_MODEL"),
    ("kernel/timer_migration", "SMP"), ("kernel/softlockup_", "SOFTLOCKUP_DETECTOR"),
    ("kernel/hardlockup_", "HARDLOCKUP_DETECTOR"), ("kernel/hung_task_", "DETECT_HUNG_TASK"),
    ("kernel/panic_on_unrecovered_nmi", "X86"), ("kernel/panic_on_io_nmi", "X86"),
    ("kernel/unknown_nmi_panic", "X86"), ("kernel/panic_on_rcu_stall", "TREE_RCU"),
    ("kernel/oops_all_cpu_backtrace", "SMP"), ("kernel/keys/persistent_keyring_expiry", "PERSISTENT_KEYRINGS"),
    ("kernel/ftrace_enabled", "FUNCTION_TRACER"), ("kernel/ns_last_pid", "CHECKPOINT_RESTORE"),
    ("kernel/bpf_stats_enabled", "BPF_SYSCALL"), ("kernel/split_lock_mitigate", "X86"),
    ("kernel/acct", "BSD_PROCESS_ACCT"), ("kernel/task_delayacct", "TASK_DELAY_ACCT"),
    ("vm/compact_memory", "COMPACTION"), ("vm/stat_refresh", "SMP"),
)
