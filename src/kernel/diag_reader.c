/* SPDX-License-Identifier: MIT */
/* A thread that receives into a ring of buffers. */
#define _GNU_SOURCE
#include "kernel/diag_reader.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

/* ---- the thread ---- */

/* The index of a buffer to be filled; DIAG_READER_BUFFERS: it is over. */
static size_t wait_for_room(struct diag_reader *reader)
{
	size_t index;

	pthread_mutex_lock(&reader->mutex);
	while (reader->count == DIAG_READER_BUFFERS && !reader->is_stopped)
		pthread_cond_wait(&reader->has_free, &reader->mutex);
	index = reader->is_stopped ? DIAG_READER_BUFFERS : (reader->first + reader->count) % DIAG_READER_BUFFERS;
	pthread_mutex_unlock(&reader->mutex);
	return index;
}

static void hand_over(struct diag_reader *reader)
{
	pthread_mutex_lock(&reader->mutex);
	reader->count++;
	pthread_cond_signal(&reader->has_filled);
	pthread_mutex_unlock(&reader->mutex);
}

static void *receive(void *context)
{
	struct diag_reader *reader = context;
	bool is_last = false;

	while (!is_last) {
		size_t index = wait_for_room(reader);
		char *bytes;
		int length;

		if (index == DIAG_READER_BUFFERS)
			break;
		bytes = reader->buffers[index].bytes;
		length = diag_netlink_receive(reader->fd, bytes, DIAG_READER_DATAGRAM_SIZE);
		reader->buffers[index].length = length;
		is_last = length < 0 || diag_netlink_is_last(bytes, (size_t)length);
		hand_over(reader);
	}
	return NULL;
}

/* ---- the caller ---- */

/* A new thread begins where its maker runs, and the scheduler may take longer to part the two than a walk takes: so it is
 * to run elsewhere. That it may not be told so is no failure. */
static void run_elsewhere(pthread_attr_t *attributes)
{
	int here = sched_getcpu();
	cpu_set_t set;

	if (here < 0 || sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 2)
		return;
	CPU_CLR((size_t)here, &set);
	(void)pthread_attr_setaffinity_np(attributes, sizeof(set), &set);
}

int diag_reader_start(struct diag_reader *reader, int fd)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r;

	reader->fd = fd;
	reader->first = reader->count = 0;
	reader->is_taken = reader->is_stopped = false;
	pthread_mutex_init(&reader->mutex, NULL);
	pthread_cond_init(&reader->has_filled, NULL);
	pthread_cond_init(&reader->has_free, NULL);
	/* A thread begins with the mask of the one that made it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	run_elsewhere(&attributes);
	r = pthread_create(&reader->thread, &attributes, receive, reader);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? -EAGAIN : 0;
}

int diag_reader_take(struct diag_reader *reader, bool wait, const void **ret_bytes)
{
	int length = 0;

	pthread_mutex_lock(&reader->mutex);
	if (reader->is_taken) {
		reader->first = (reader->first + 1) % DIAG_READER_BUFFERS;
		reader->count--;
		reader->is_taken = false;
		pthread_cond_signal(&reader->has_free);
	}
	while (wait && reader->count == 0)
		pthread_cond_wait(&reader->has_filled, &reader->mutex);
	if (reader->count > 0) {
		reader->is_taken = true;
		*ret_bytes = reader->buffers[reader->first].bytes;
		length = reader->buffers[reader->first].length;
	}
	pthread_mutex_unlock(&reader->mutex);
	return length;
}

void diag_reader_stop(struct diag_reader *reader)
{
	pthread_mutex_lock(&reader->mutex);
	reader->is_stopped = true;
	pthread_cond_signal(&reader->has_free);
	pthread_mutex_unlock(&reader->mutex);
	pthread_join(reader->thread, NULL);
	pthread_cond_destroy(&reader->has_free);
	pthread_cond_destroy(&reader->has_filled);
	pthread_mutex_destroy(&reader->mutex);
}
