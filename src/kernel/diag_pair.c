/* SPDX-License-Identifier: MIT */
/* Two threads that receive, and a queue of buffers to the one that reads. */
#include "kernel/diag_pair.h"

#include <errno.h>
#include <signal.h>

/* ---- the threads ---- */

/* NULL: it is over. */
static struct diag_pair_buffer *take_free(struct diag_pair *pair)
{
	struct diag_pair_buffer *buffer;

	pthread_mutex_lock(&pair->mutex);
	while (!pair->free && !pair->is_stopped)
		pthread_cond_wait(&pair->has_free, &pair->mutex);
	buffer = pair->is_stopped ? NULL : pair->free;
	if (buffer)
		pair->free = buffer->next;
	pthread_mutex_unlock(&pair->mutex);
	return buffer;
}

static void hand_over(struct diag_pair *pair, struct diag_pair_buffer *buffer)
{
	buffer->next = NULL;
	pthread_mutex_lock(&pair->mutex);
	*pair->filled_end = buffer;
	pair->filled_end = &buffer->next;
	pthread_cond_signal(&pair->has_filled);
	pthread_mutex_unlock(&pair->mutex);
}

static void *receive(void *context)
{
	struct diag_pair_reader *reader = context;
	struct diag_pair_buffer *buffer;
	bool is_last = false;

	while (!is_last && (buffer = take_free(reader->pair))) {
		buffer->which = reader->which;
		buffer->length = diag_netlink_receive(reader->fd, buffer->bytes, sizeof(buffer->bytes));
		is_last = buffer->length < 0 || diag_netlink_is_last(buffer->bytes, (size_t)buffer->length);
		hand_over(reader->pair, buffer);
	}
	return NULL;
}

/* ---- the caller ---- */

static int start_reader(struct diag_pair *pair, unsigned which, int fd)
{
	struct diag_pair_reader *reader = &pair->readers[which];
	int r;

	*reader = (struct diag_pair_reader){ .pair = pair, .fd = fd, .which = which };
	r = pthread_create(&reader->thread, NULL, receive, reader);
	reader->is_running = r == 0;
	return -r;
}

int diag_pair_start(struct diag_pair *pair, const int fds[2])
{
	sigset_t all, before;
	int r = 0;

	pthread_mutex_init(&pair->mutex, NULL);
	pthread_cond_init(&pair->has_filled, NULL);
	pthread_cond_init(&pair->has_free, NULL);
	pair->filled = pair->free = pair->taken = NULL;
	pair->filled_end = &pair->filled;
	pair->is_stopped = false;
	pair->readers[0].is_running = pair->readers[1].is_running = false;
	for (int i = 0; i < DIAG_PAIR_BUFFERS; i++) {
		pair->buffers[i].next = pair->free;
		pair->free = &pair->buffers[i];
	}
	/* A thread begins with the mask of the one that made it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; r == 0 && i < 2; i++)
		r = start_reader(pair, i, fds[i]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		diag_pair_stop(pair);
	return r;
}

int diag_pair_next(struct diag_pair *pair, const void **ret_bytes, unsigned *ret_which)
{
	struct diag_pair_buffer *buffer;

	pthread_mutex_lock(&pair->mutex);
	if (pair->taken) {
		pair->taken->next = pair->free;
		pair->free = pair->taken;
		pthread_cond_signal(&pair->has_free);
	}
	while (!pair->filled)
		pthread_cond_wait(&pair->has_filled, &pair->mutex);
	buffer = pair->filled;
	pair->filled = buffer->next;
	if (!pair->filled)
		pair->filled_end = &pair->filled;
	pair->taken = buffer;
	pthread_mutex_unlock(&pair->mutex);
	*ret_bytes = buffer->bytes;
	*ret_which = buffer->which;
	return buffer->length;
}

void diag_pair_stop(struct diag_pair *pair)
{
	pthread_mutex_lock(&pair->mutex);
	pair->is_stopped = true;
	pthread_cond_broadcast(&pair->has_free);
	pthread_mutex_unlock(&pair->mutex);
	for (int i = 0; i < 2; i++)
		if (pair->readers[i].is_running)
			pthread_join(pair->readers[i].thread, NULL);
	pthread_cond_destroy(&pair->has_free);
	pthread_cond_destroy(&pair->has_filled);
	pthread_mutex_destroy(&pair->mutex);
}
