/* SPDX-License-Identifier: MIT */
/* counters.h - reads the kernel's counters, once or again and again.
 *
 * Calling sequence: counter_files_open() -> counter_files_read(), as often as wanted -> counter_files_release().
 *
 * The files are held open, which spares a tick the walk to their paths; they stay those of the network namespace that
 * the process was in when they were opened. A file that is missing is looked for again at each reading, for a module
 * may be loaded meanwhile, and so is one that cannot be read any more.
 *
 * A reading is not one moment: it takes the kernel some 50 us, and on a machine with many processors more, to add the
 * figures up. The time of a sample is that before the first file. */
#pragma once

#include "base/rootdir.h"
#include "base/strbuf.h"
#include "model/counters.h"

struct counter_files {
	const struct rootdir *root;	/* borrowed */
	int fds[COUNTER_FILE_COUNT];
	int errors[COUNTER_FILE_COUNT];	/* why nothing of the file is in the last sample, a negative errno; or 0 */
	struct strbuf text;
};

/* Opens what is there. It cannot fail: what could not be opened shows in the errors, which is nothing unusual for
 * conntrack (a module), and for tcp_mem and tcp_max_orphans in another namespace than the host's. */
void counter_files_open(const struct rootdir *root, struct counter_files *ret_files);
void counter_files_release(struct counter_files *files);
#define CLEANUP_COUNTER_FILES CLEANUP(counter_files_release)

/* Takes a sample. 0 or -ENOMEM; the output is untouched on failure. */
MUST_CHECK int counter_files_read(struct counter_files *files, struct counters *ret_counters);

/* Where the file lies below the root, for messages. */
const char *counter_file_path(enum counter_file file);
