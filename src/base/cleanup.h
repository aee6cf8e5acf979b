/* SPDX-License-Identifier: MIT */
/* cleanup.h - ownership in declarations: a resource is released where its variable goes out of scope.
 *
 * Acquire into a variable with a CLEANUP_* attribute; hand it over with TAKE_PTR() or TAKE_FD(), which
 * leave NULL or -1 behind, so that the attribute then does nothing. Modules define their own attribute
 * in their header, next to their release function. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_FORMAT(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Evaluates to the pointer's or descriptor's value and leaves nothing behind. */
#define TAKE_PTR(pointer)                                                                         \
	__extension__({                                                                           \
		__typeof__(pointer) *take_from_ = &(pointer);                                     \
		__typeof__(pointer) taken_ = *take_from_;                                         \
		*take_from_ = NULL;                                                               \
		taken_;                                                                           \
	})

static inline int take_fd_(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
#define TAKE_FD(fd) take_fd_(&(fd))

/* Closing never changes errno: it happens on the way out of error paths. */
static inline void close_fd_(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}
#define CLEANUP_FD CLEANUP(close_fd_)

static inline void close_dir_(DIR **dir)
{
	int saved = errno;

	if (*dir)
		(void)closedir(*dir);
	*dir = NULL;
	errno = saved;
}
#define CLEANUP_DIR CLEANUP(close_dir_)
