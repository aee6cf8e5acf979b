/* SPDX-License-Identifier: MIT */
/* exit_code.h - what the exit codes mean: the post-condition, not the effort. Never renumbered. */
#pragma once

enum exit_code {
	EXIT_HOLDS = 0,		/* the asked-for state holds, the answer is yes, nothing was to do */
	EXIT_NO = 1,		/* the answer is no: differences, attention needed, warnings */
	EXIT_INVALID = 2,	/* usage, invalid profile, unreadable input, not writable, no privilege:
				 * nothing was changed */
	EXIT_ROLLED_BACK = 3,	/* the change failed and everything was put back */
	EXIT_INCOMPLETE = 4,	/* not everything could be put back, or a foreign change was left in place */
	EXIT_REFUSED = 5,	/* refused, nothing written */
	EXIT_BUSY = 6,		/* refused: another kerntune at work, an interrupted change is open, or one
				 * awaits its confirmation */
	EXIT_PENDING = 7,	/* applied, awaiting its confirmation */
	EXIT_SIGNAL = 128,	/* plus the number of the signal */
};
