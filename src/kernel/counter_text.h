/* SPDX-License-Identifier: MIT */
/* counter_text.h - figures out of the texts of proc/net and proc/sys.
 *
 * There are four forms. Two have titles, by which alone a figure is found: kernels add fields, leave some out and
 * move them. For the other two the titles are given here.
 *
 *	netstat, snmp		"TcpExt: A B C" and then "TcpExt: 1 2 3" (net/ipv4/proc.c)
 *	sockstat, sockstat6	"TCP: inuse 1 orphan 0" (net/ipv4/proc.c, net/ipv6/proc.c)
 *	stat/nf_conntrack	titles, then a line in hexadecimal for each processor (nf_conntrack_standalone.c)
 *	softnet_stat		the same without titles; new columns come last (net/core/net-procfs.c)
 *	proc/sys		one line of numbers (kernel/sysctl.c, fs/file_table.c)
 *
 * A figure that is missing, cut off, no number or too large is unknown, and so is the sum of a column in which there
 * is such a one; nothing else suffers from it. A gauge below zero is 0: the kernel adds up the processors one after
 * the other, and a socket that moves from one to another meanwhile may be missed on both. Of two figures of one name
 * the first counts. */
#pragma once

#include "model/counters.h"

/* Adds what this text of that file says to the counters, in which nothing of the file may be known yet. No memory is
 * needed; the time is linear in the length. */
void counter_text_parse(enum counter_file file, const char *text, size_t length, struct counters *counters);
