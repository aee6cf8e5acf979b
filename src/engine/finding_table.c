/* SPDX-License-Identifier: MIT */
/* The table of findings. Sources are files and functions of the kernel, RFCs and manuals; "measured" means by
 * experiment. kerntune(8) lists the same findings. */
#include "engine/finding_table.h"

#include "base/cleanup.h"
#include "base/similar.h"

#include <string.h>

const struct finding_row finding_rows[FINDING_COUNT] = {
	[FINDING_EPHEMERAL_PORTS] = {
		.id = "ephemeral-ports",
		.sysctl_helps = true,
		.statement = "the local ports toward one destination run out",
		.meaning =
			"connect() needs a local port that no other socket with the same source address, destination "
			"address and destination port has. The ports are those of ip_local_port_range that are not "
			"reserved: 28,232 by default, toward each destination. A closed connection keeps its port for "
			"the 60 seconds of TIME_WAIT, so that some 470 new connections a second toward one "
			"destination are all there can be. connect() tries every second port first: from half of the "
			"range on each call searches what is taken, for milliseconds instead of microseconds, and "
			"with the last port it fails with EADDRNOTAVAIL. Ports that connect() may take again at once "
			"do not count: in TIME_WAIT for longer than tcp_tw_reuse_delay, with tcp_tw_reuse 1, or 2 and "
			"a loopback address, and with tcp_timestamps.",
		.mend =
			"Keep connections open: nginx \"upstream { keepalive N; }\" with proxy_http_version 1.1 and "
			"an empty Connection header, the pool of the HTTP or database client. Or let the server close "
			"first: TIME_WAIT is then on its side, where it takes no port. Then tcp_tw_reuse = 1, a wider "
			"ip_local_port_range with the ports of services reserved, and more addresses on either side: "
			"each pair has ports of its own. A program that binds its source address itself needs "
			"IP_BIND_ADDRESS_NO_PORT.",
		.levels = "half of the usable ports: warning; 80 %: critical",
		.profile = "incident-time-wait",
		.parameters = {
			"net/ipv4/tcp_tw_reuse",
			"net/ipv4/ip_local_port_range",
			"net/ipv4/ip_local_reserved_ports",
			"net/ipv4/tcp_timestamps",
		},
		.source = "net/ipv4/inet_hashtables.c: __inet_hash_connect(); measured",
	},
	[FINDING_TIME_WAIT_LIMIT] = {
		.id = "time-wait-limit",
		.sysctl_helps = true,
		.statement = "there is no room for more TIME_WAIT",
		.meaning =
			"The kernel keeps at most tcp_max_tw_buckets sockets in TIME_WAIT, and in FIN_WAIT2 without a "
			"process. Beyond it a connection that is closed is gone at once (TCPTimeWaitOverflow), and "
			"what TIME_WAIT is for is lost: a segment that comes late can reach the next connection on "
			"the same ports.",
		.mend =
			"Keep connections open, so that fewer are closed. Raise tcp_max_tw_buckets: a socket in "
			"TIME_WAIT takes some 256 bytes. Never lower it to have less TIME_WAIT.",
		.levels =
			"75 % of tcp_max_tw_buckets: warning; 95 %, or a socket that was closed without "
			"TIME_WAIT: critical",
		.profile = "incident-time-wait",
		.parameters = { "net/ipv4/tcp_max_tw_buckets" },
		.source = "net/ipv4/inet_timewait_sock.c: inet_twsk_alloc()",
	},
	[FINDING_POOL_LEAK] = {
		.id = "pool-leak",
		.statement = "connections to one destination are kept open and not used",
		.meaning =
			"Most connections to one destination have neither sent nor received anything for ten minutes. "
			"A pool may be that much larger than what is used, but connections that a program has taken "
			"and never gave back look the same, and in the end the pool or the other side has none left. "
			"TCP itself never ends an idle connection.",
		.mend =
			"Give connections back on every path, errors included: try-with-resources, defer, with; the "
			"leak detection of the pool names the place. Bound the pool, and let it close what is idle. "
			"SO_KEEPALIVE and the tcp_keepalive parameters find peers that are gone; a connection whose "
			"peer answers they leave open.",
		.levels = "500 ESTABLISHED of which 90 % are idle for 10 minutes: warning",
		.source = "include/uapi/linux/tcp.h: tcpi_last_data_sent, tcpi_last_data_recv",
	},
	[FINDING_CLOSE_WAIT_LEAK] = {
		.id = "close-wait-leak",
		.statement = "a process does not close connections that the peer has closed",
		.meaning =
			"The peer has closed, the kernel has told the process so (a read says end of file), and the process "
			"has not called close(). A socket stays in CLOSE_WAIT until it does: the kernel has no time limit for "
			"it. How many there are does not tell a leak from a busy server; how long they wait does, which is at "
			"least the time since the peer was last heard of. Every one keeps a descriptor, and when the process "
			"is out of those it can neither accept nor open anything.",
		.mend =
			"Mend the program: close when a read returns 0, and on every path that ends in an error "
			"(try-with-resources, defer resp.Body.Close(), with); give pools a maximum lifetime and a check before "
			"they lend a connection out. A restart frees all of them at once. No sysctl does: keepalive at most "
			"makes closed sockets of them, whose descriptors stay open.",
		.levels =
			"of one program, 100 for a minute or 1,000 for 10 seconds: warning; 1,000 for a minute: "
			"critical",
		.source = "RFC 9293, section 3.6; tcp_info: tcpi_last_ack_recv; measured",
	},
	[FINDING_CLOSE_WAIT_STALLED] = {
		.id = "close-wait-stalled",
		.statement = "a process does not read what a peer sent before it closed",
		.meaning =
			"As close-wait-leak, but the peer has sent data that nobody has read: the process does not even look "
			"at these connections, or has not accepted them yet. It hangs (a lock, a pool without a free "
			"connection, a service that does not answer), or it has more to do than it can. The peers have given "
			"up: what they asked for will be done for nobody.",
		.mend =
			"See what the threads wait for: a stack dump (jstack, py-spy dump, gdb -p, SIGQUIT to a Go or Java "
			"program) and the processor time of the process. Then timeouts on what it waits for, more workers, "
			"and a limit of requests that are taken on. A restart frees the sockets. No sysctl does.",
		.levels = "as close-wait-leak, with unread data in most",
		.source = "RFC 9293, section 3.6; measured",
	},
	[FINDING_FIN_WAIT2_PILEUP] = {
		.id = "fin-wait2-pileup",
		.sysctl_helps = true,
		.statement = "peers do not close connections that this host has closed",
		.meaning =
			"This side has closed, the peer has acknowledged it, and does not close itself: there the connection is "
			"in CLOSE_WAIT. If the process here still holds the socket (it has called shutdown(), not close()), the "
			"kernel waits as long as the process does. If it has called close(), a small socket of 256 bytes is "
			"left, which goes after tcp_fin_timeout (60 s), and until then takes a local port toward that peer and a "
			"place among tcp_max_tw_buckets.",
		.mend =
			"Mend the peer that does not close, which is named. Here, call close() and not only shutdown(), or give "
			"up after a time. A shorter tcp_fin_timeout relieves only the small sockets, those closed from then on.",
		.levels = "500: warning",
		.profile = "incident-time-wait",
		.parameters = { "net/ipv4/tcp_fin_timeout" },
		.source = "net/ipv4/tcp.c: tcp_close(); RFC 9293, section 3.6",
	},
	[FINDING_ACCEPT_QUEUE] = {
		.id = "accept-queue",
		.sysctl_helps = true,
		.statement = "a listener does not accept connections as fast as they come",
		.meaning =
			"Connections whose handshake is complete wait for accept() in the queue of their listener. Its limit "
			"is min(backlog of listen(), somaxconn), fixed when listen() was called; it is full when one more than "
			"that waits (Recv-Q and Send-Q of ss -ltn). Then SYNs and last ACKs are dropped: clients try again "
			"after 1, 3, 7 seconds, and seem to hang. Each try counts as a drop, so drops are not clients.",
		.mend =
			"Let the process accept: if it hangs, a longer queue only lets more clients wait. Against bursts raise "
			"the number that limits it: the application's own backlog if it is below somaxconn, otherwise "
			"net.core.somaxconn, and then restart or reload the application, for a running listener keeps its limit. "
			"More workers, or several listeners with SO_REUSEPORT, share the load.",
		.levels = "70 % of its backlog in both samples: warning; beyond it, or connections dropped in the interval: critical",
		.profile = "high-concurrency",
		.parameters = { "net/core/somaxconn" },
		.source =
			"net/ipv4/tcp_ipv4.c: tcp_v4_syn_recv_sock(); include/net/sock.h: sk_acceptq_is_full(); "
			"measured",
	},
	[FINDING_SYN_FLOOD] = {
		.id = "syn-flood",
		.sysctl_helps = true,
		.statement = "half-open connections fill a listener, and their senders do not answer",
		.meaning =
			"A SYN makes a half-open connection (SYN_RECV) until the sender answers the SYN-ACK. There can be as many "
			"of a listener as its backlog allows; with cookies, SYNs that come then are answered without keeping "
			"anything, and without, they are dropped. Forged senders show in that their SYN-ACKs are sent again in "
			"vain and that their cookies do not come back.",
		.mend =
			"Keep tcp_syncookies at 1, which lets real clients in. tcp_max_syn_backlog does nothing while cookies are "
			"on (since 4.3), and no backlog is long enough for a flood. A lower tcp_synack_retries empties the queue "
			"sooner. Limit new connections by sender in the packet filter (diagnose prints rules for nft), or answer "
			"them there with SYNPROXY; if the line is full, only the provider can help.",
		.levels = "70 % of the queue (16 at least), or more than one SYN a second that meets a full one: critical",
		.profile = "incident-syn-flood",
		.parameters = {
			"net/ipv4/tcp_syncookies",
			"net/ipv4/tcp_synack_retries",
			"net/ipv4/tcp_timestamps",
		},
		.source = "net/ipv4/tcp_input.c: tcp_conn_request(); measured",
	},
	[FINDING_SYN_BURST] = {
		.id = "syn-burst",
		.sysctl_helps = true,
		.statement = "half-open connections fill a listener, and their senders are real",
		.meaning =
			"As syn-flood, but the senders answer: cookies come back, and hardly a SYN-ACK has to be sent again. More "
			"clients come within a round trip than the backlog of the listener holds. With cookies they get in all "
			"the same; without, their SYNs are dropped and they try again after a second.",
		.mend =
			"Raise the backlog of the application, and net.core.somaxconn if that limits it, and restart the "
			"application. Not tcp_max_syn_backlog: with cookies on it does nothing. Keep-alive at the clients saves "
			"the handshakes.",
		.levels = "70 % of the queue (16 at least), or more than one SYN a second that meets a full one: warning",
		.profile = "high-concurrency",
		.parameters = { "net/core/somaxconn" },
		.source = "net/ipv4/tcp_input.c: tcp_conn_request(); measured",
	},
	[FINDING_CONNTRACK_FULL] = {
		.id = "conntrack-full",
		.sysctl_helps = true,
		.statement = "the table of tracked connections is nearly full",
		.meaning =
			"The firewall keeps an entry for each connection, also for those that are over. When the "
			"table holds nf_conntrack_max of them, the kernel throws out one that is not assured, or "
			"drops the packet that would begin a new connection, whoever it is for (\"nf_conntrack: "
			"table full, dropping packet\"). Each namespace counts for itself, against one limit that "
			"is set in the host's; 0 is no limit. Entries of open connections stay five days after "
			"the last packet. A drop that insert_failed counts as well is none of this: two packets "
			"made the same entry at once, as the two queries of a resolver do, and one of them lost.",
		.mend =
			"Do not track what needs no tracking (notrack in the raw table), raise nf_conntrack_max "
			"and, with it, the buckets, and let entries of dead connections go sooner. In a "
			"container: on the host.",
		.levels =
			"75 % of nf_conntrack_max: warning; 90 %, or packets or entries dropped for want of room in "
			"the interval: critical",
		.profile = "api-gateway",
		.parameters = {
			"net/netfilter/nf_conntrack_max",
			"net/netfilter/nf_conntrack_buckets",
			"net/netfilter/nf_conntrack_tcp_timeout_established",
		},
		.source = "net/netfilter/nf_conntrack_core.c: __nf_conntrack_alloc(), early_drop()",
	},
	[FINDING_FILE_HANDLES] = {
		.id = "file-handles",
		.sysctl_helps = true,
		.statement = "the host runs out of open files",
		.meaning =
			"Every open file, socket and pipe of every process counts against fs.file-max. At the "
			"limit open(), accept() and socket() fail with ENFILE for all but root (\"VFS: file-max "
			"limit reached\"). systemd raises the limit beyond reach at boot; where it is low, "
			"somebody has set it.",
		.mend =
			"Find the process that leaks descriptors; else raise fs.file-max.",
		.levels = "70 % of fs.file-max: warning; 90 %: critical",
		.profile = "high-concurrency",
		.parameters = { "fs/file-max" },
		.source = "fs/file_table.c: alloc_empty_file()",
	},
	[FINDING_DESCRIPTOR_LIMIT] = {
		.id = "descriptor-limit",
		.sysctl_helps = true,
		.statement = "a process runs out of file descriptors",
		.meaning =
			"A process may have so many files and sockets open as its soft RLIMIT_NOFILE says, long "
			"before the host is out of files. At the limit accept() fails with EMFILE, connections "
			"stay in the accept queue, and many servers then spin. The limit is the process's own: "
			"fs.file-max and somaxconn do not touch it.",
		.mend =
			"LimitNOFILE= of its unit, or ulimit -n where it is started, or the program's own "
			"setting; for a leak, mend the program. fs.nr_open only where the hard limit has arrived "
			"there.",
		.levels = "70 % of its soft limit: warning; 90 %: critical",
		.profile = "high-concurrency",
		.parameters = { "fs/nr_open" },
		.source = "getrlimit(2): RLIMIT_NOFILE; fs/file.c",
	},
	[FINDING_TCP_MEMORY] = {
		.id = "tcp-memory",
		.sysctl_helps = true,
		.statement = "TCP uses as much memory as it may",
		.meaning =
			"All TCP sockets of the host share what tcp_mem allows, in pages: above the second number "
			"buffers no longer grow, above the third data is dropped and connections are reset "
			"(TCPAbortOnMemory, \"TCP: out of memory\"). Read in a container it is still the host's.",
		.mend =
			"Find who lets data pile up: programs that do not read, peers that do not take. Then, as "
			"far as memory is free, raise tcp_mem.",
		.levels =
			"the pressure of tcp_mem, or reached in the interval: warning; 90 % of its maximum, or "
			"connections dropped for it: critical",
		.profile = "incident-memory",
		.parameters = { "net/ipv4/tcp_mem" },
		.source = "net/ipv4/tcp.c: tcp_check_oom(); net/core/sock.c: __sk_mem_raise_allocated()",
	},
	[FINDING_ORPHANS] = {
		.id = "orphans",
		.sysctl_helps = true,
		.statement = "too many closed connections wait for their last data to be acknowledged",
		.meaning =
			"A socket that was closed while data or the FIN is unacknowledged belongs to no process "
			"and stays until its peer answers or the retries are used up. Beyond tcp_max_orphans it "
			"is reset and the data lost (\"too many orphaned sockets\"); for a socket that has waited "
			"long or whose peer takes nothing the kernel counts two or four times, so that resets "
			"begin at a quarter. The number is of the whole host.",
		.mend =
			"Shorter timeouts toward slow or vanished clients in the program that closes; fewer "
			"retries (tcp_orphan_retries); a higher limit.",
		.levels = "a quarter of tcp_max_orphans: warning; half, or one that is reset: critical",
		.profile = "incident-memory",
		.parameters = { "net/ipv4/tcp_max_orphans", "net/ipv4/tcp_orphan_retries" },
		.source = "net/ipv4/tcp_timer.c: tcp_out_of_resources(); net/ipv4/tcp.c: tcp_check_oom()",
	},
	[FINDING_RETRANSMISSIONS] = {
		.id = "retransmissions",
		.statement = "segments get lost on the way",
		.meaning =
			"A segment that is not acknowledged in time is sent again. One in a hundred already costs "
			"a connection much of its speed; RetransSegs over OutSegs is the share. SYNs and SYN-ACKs "
			"are left out of it: they are repeated because somebody does not answer. Where it gets "
			"lost no counter of the sender tells.",
		.mend =
			"Find the link: drops and errors of interfaces, a wrong MTU, a policer, a full line. No "
			"parameter mends a lossy path; BBR suffers less from it (profile bulk-transfer).",
		.levels = "1 % of the segments of an interval with 1,000 sent and 20 repeated: warning; 5 %: critical",
		.source = "RFC 6298; net/ipv4/tcp_output.c: __tcp_retransmit_skb()",
	},
	[FINDING_RECEIVE_DROPS] = {
		.id = "receive-drops",
		.sysctl_helps = true,
		.statement = "received data is dropped for want of buffer",
		.meaning =
			"What comes in while the receive buffer is full, and cannot be squeezed, is dropped and "
			"sent again (RcvPruned, OfoPruned, TCPRcvQDrop, TCPOFODrop; TCPBacklogDrop while the "
			"process is inside a call). A reader that is merely slow closes the window instead, which "
			"loses nothing; PruneCalled alone is no loss either.",
		.mend =
			"With closed windows: the process that reads too slowly. Else a larger maximum of "
			"tcp_rmem, or of SO_RCVBUF in the program; with TCP as a whole short of memory, tcp_mem.",
		.levels = "any in the interval: warning",
		.profile = "bulk-transfer",
		.parameters = { "net/ipv4/tcp_rmem", "net/ipv4/tcp_mem" },
		.source = "net/ipv4/tcp_input.c: tcp_prune_queue(), tcp_try_rmem_schedule()",
	},
	[FINDING_RESET_SURGE] = {
		.id = "reset-surge",
		.statement = "connections are reset many times as often as in the minute before",
		.meaning =
			"Connections that were open end with a reset (EstabResets), or resets are sent (OutRsts): a "
			"process that ended or was killed, that closed with data unread or with SO_LINGER of 0, a "
			"load balancer or firewall that forgot its connections, or peers that talk to a port that "
			"nobody listens to any more. Some resets are usual, so that they are held against what "
			"they were in the minute before.",
		.mend =
			"Look what was restarted or deployed just then, here and at the peers, and whether idle "
			"connections are cut on the way: keepalive in the program below that timeout.",
		.levels = "ten times the mean of the last minute and 10 in a second, for 2 seconds: warning; only watch tells it",
		.source = "RFC 9293, section 3.5.2; net/ipv4/tcp.c: tcp_set_state(); net/ipv4/tcp_output.c: "
			"tcp_send_active_reset()",
	},
	[FINDING_TIME_WAIT_HARMLESS] = {
		.id = "time-wait-harmless",
		.is_note = true,
		.statement = "many sockets are in TIME_WAIT, and it does no harm",
		.meaning =
			"The side that closes first keeps the connection in TIME_WAIT for 60 seconds, so that late "
			"segments do not reach the next one. It takes some 256 bytes, no descriptor and no processor "
			"time. It does harm only where local ports run out toward one destination, or at "
			"tcp_max_tw_buckets, and neither is near.",
		.mend = "Leave it. No parameter makes TIME_WAIT shorter: tcp_fin_timeout is about FIN_WAIT2.",
		.levels = "",
		.source = "net/ipv4/inet_timewait_sock.c; measured",
	},
	[FINDING_TIME_WAIT_REUSABLE] = {
		.id = "time-wait-reusable",
		.is_note = true,
		.statement = "the ports in TIME_WAIT are taken again, so that they do not run out",
		.meaning =
			"A destination has many ports in TIME_WAIT, but tcp_tw_reuse lets connect() take those again "
			"that are older than tcp_tw_reuse_delay, a second by default: they do not run out. That rests "
			"on timestamps, which the other side has to use as well.",
		.mend = "Leave it.",
		.levels = "",
		.source = "net/ipv4/tcp_ipv4.c: tcp_twsk_unique(); measured",
	},
	[FINDING_PORTS_HEADROOM] = {
		.id = "ports-headroom",
		.is_note = true,
		.statement = "a destination uses 40 % of the local ports or more",
		.meaning =
			"Toward one destination 40 % of the usable local ports or more are taken. From half on every "
			"connect() gets slow: see ephemeral-ports.",
		.mend = "As for ephemeral-ports, before it is one.",
		.levels = "",
		.source = "net/ipv4/inet_hashtables.c: __inet_hash_connect(); measured",
	},
	[FINDING_CONNECTION_CHURN] = {
		.id = "connection-churn",
		.is_note = true,
		.statement = "connections to a destination are opened and closed again, call by call",
		.meaning =
			"Toward a destination, or from a peer to a port here, 50 connections a second or more are "
			"closed by this host, and at most as many are open as are closed in ten seconds: each serves "
			"one call, or a pool keeps fewer than are in use at once. Each costs handshakes, a slow start "
			"and, on the side that connects and closes, a local port for 60 seconds. Told by the ages of "
			"TIME_WAIT; what the other side closes first is not seen.",
		.mend =
			"Keep-alive on both sides: nginx \"upstream { keepalive N; }\" with proxy_http_version 1.1 "
			"and an empty Connection header; a client pool as large as what is in use at once "
			"(MaxIdleConnsPerHost of Go is 2 unless it is set); the keep-alive time-out and the number of "
			"requests of the server.",
		.levels = "",
		.source = "TIME_WAIT ages from sock_diag(7)",
	},
	[FINDING_CONNECTION_SURGE] = {
		.id = "connection-surge",
		.is_note = true,
		.statement = "the number of connections grew fast within the interval",
		.meaning =
			"Within the interval the number of open connections grew by a fifth and by 500 or more, or so "
			"fast that it doubles within a minute while most of them stay. New users do that, and so do "
			"clients that lost their connections and come back all at once, or that try again what is "
			"slow.",
		.mend =
			"See which service or destination has them. Clients should wait longer before each attempt, "
			"by a random part. Then look for what ends first: accept-queue, descriptor-limit, "
			"conntrack-full, ephemeral-ports.",
		.levels = "",
		.source = "RFC 4022: tcpCurrEstab",
	},
	[FINDING_ESTABLISHED_MANY] = {
		.id = "established-many",
		.is_note = true,
		.statement = "many connections are open; where to",
		.meaning =
			"10,000 connections or more are ESTABLISHED. That is no trouble as such; it says which ports "
			"and destinations have the most, and whether one peer has half of a service's connections or "
			"more: a proxy, or the pool of one client.",
		.mend =
			"Nothing, if that is what is expected. Each connection takes a descriptor and, while data is "
			"under way, buffers.",
		.levels = "",
		.source = "sock_diag(7)",
	},
	[FINDING_CLOSE_WAIT_YOUNG] = {
		.id = "close-wait-young",
		.is_note = true,
		.statement = "many sockets are in CLOSE_WAIT, none for long",
		.meaning =
			"A server that closes after its clients passes through CLOSE_WAIT with every connection. While they are "
			"young, their number is that of the connections that end in that time, and no leak.",
		.mend =
			"Leave it. If the same sockets are there a minute later, diagnose will say close-wait-leak.",
		.levels = "",
		.source = "tcp_info: tcpi_last_ack_recv",
	},
	[FINDING_SYN_RECV_MANY] = {
		.id = "syn-recv-many",
		.is_note = true,
		.statement = "many half-open connections, and room for them",
		.meaning =
			"Every connection that comes in is in SYN_RECV for a round trip. Their number says little: what counts is "
			"the share of the queue of their listener, and whether they are answered.",
		.mend =
			"Leave it, or look again if clients cannot connect.",
		.levels = "",
		.source = "net/ipv4/tcp_input.c: tcp_conn_request()",
	},
	[FINDING_ACCEPT_QUEUE_PAST] = {
		.id = "accept-queue-past",
		.is_note = true,
		.statement = "a listener has lost connections before, not now",
		.meaning =
			"The listener counts what it has dropped since it began to listen: SYNs and last ACKs that met a full "
			"queue, and with tcp_syncookies 0 SYNs that met too many half-open connections. Each try of a client "
			"counts.",
		.mend =
			"Nothing now. If it goes on growing with the load, see accept-queue.",
		.levels = "",
		.source = "SK_MEMINFO_DROPS of sock_diag(7)",
	},
	[FINDING_LISTENER_OLD_LIMIT] = {
		.id = "listener-old-limit",
		.is_note = true,
		.statement = "a listener has a shorter backlog than net.core.somaxconn allows",
		.meaning =
			"listen() cuts the backlog to somaxconn as it is then, and a higher somaxconn changes no listener that is "
			"there already. 128 was its default until Linux 5.4, 4096 is since: a limit of just that many suggests "
			"that the application asked for more, or says so itself.",
		.mend =
			"Restart the application, or let it reload so that it calls listen() again; if the limit is the same "
			"then, it is its own.",
		.levels = "",
		.parameters = { "net/core/somaxconn" },
		.source = "net/socket.c: __sys_listen(); measured",
	},
	[FINDING_OVERFLOWS_PAST] = {
		.id = "overflows-past",
		.is_note = true,
		.statement = "counters tell of losses before this look",
		.meaning =
			"Counters only grow. These have moved since the host, or the network namespace, began, "
			"and did not within this look: an incident that is over, or one that comes in bursts.",
		.mend =
			"Look again with a longer --interval, or while it happens.",
		.levels = "",
		.source = "proc/net/netstat; proc/net/stat/nf_conntrack",
	},
	[FINDING_HOST_FIGURES] = {
		.id = "host-figures",
		.is_note = true,
		.statement = "figures of the whole host, seen from a container",
		.meaning =
			"Orphans and TCP's memory are counted for the whole host, also when a container reads "
			"them, and their limits, tcp_max_orphans and tcp_mem, exist in the host's network "
			"namespace only.",
		.mend =
			"Look at it on the host.",
		.levels = "",
		.source = "net/ipv4/proc.c: sockstat_seq_show()",
	},
	[FINDING_UNSEEN] = {
		.id = "unseen",
		.is_note = true,
		.statement = "what this user could not see",
		.meaning =
			"What this user, or this place, does not let kerntune see: the owners of sockets, which only "
			"root sees of other users' processes, and which are not to be seen in other containers; or "
			"backlogs and ages, where the kernel does not answer sock_diag(7). Numbers of sockets and "
			"counters are complete all the same.",
		.mend = "Ask again as root on the host itself: sudo kerntune diagnose.",
		.levels = "",
		.source = "proc(5)",
	},
};

const struct finding_row *finding_row_find(const char *id)
{
	for (size_t i = 0; i < FINDING_COUNT; i++)
		if (strcmp(finding_rows[i].id, id) == 0)
			return &finding_rows[i];
	return NULL;
}

const char *finding_row_suggest(const char *id)
{
	const char *ids[FINDING_COUNT];

	for (size_t i = 0; i < FINDING_COUNT; i++)
		ids[i] = finding_rows[i].id;
	return similar_best(id, ids, FINDING_COUNT);
}
