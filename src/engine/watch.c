/* SPDX-License-Identifier: MIT */
/* Ticks. */
#define _GNU_SOURCE
#include "engine/watch.h"

#include "base/cleanup.h"
#include "kernel/sock_dump.h"
#include "kernel/sockdiag.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	/* ESTABLISHED and TIME_WAIT come from counters, and listeners are asked for by themselves. */
	WALKED_STATES = TCP_SOCKET_ALL_STATES & ~(1 << TCP_ESTABLISHED | 1 << TCP_TIME_WAIT | 1 << TCP_LISTEN),
	WALK_SHARE = 100,		/* a walk may take this part of the time */
	OLD_MS = 60000,
	RESETS_LEAST = 1,		/* a second: below that, ten times as many are still few */
	RESETS_UNUSUAL = 3,
};

void watch_open(const struct rootdir *root, enum watch_states_when states_when, struct watch *ret_watch)
{
	*ret_watch = (struct watch){ .root = root, .states_when = states_when };
	counter_files_open(root, &ret_watch->files);
	for (size_t i = 0; i < COUNT_OF(ret_watch->arenas); i++)
		arena_init(&ret_watch->arenas[i]);
	for (size_t i = 0; i < watch_figures_count; i++) {
		ret_watch->limits[i] = watch_figures[i].limits;
		ret_watch->values[i] = NAN;
	}
}

void watch_release(struct watch *watch)
{
	counter_files_release(&watch->files);
	for (size_t i = 0; i < COUNT_OF(watch->arenas); i++)
		arena_release(&watch->arenas[i]);
}

static struct alarm_level level_at(const struct alarm_level *usual, double enter)
{
	double share = isinf(usual->enter) ? 0.9 : usual->leave / usual->enter;

	return (struct alarm_level){ .enter = enter, .leave = isinf(enter) ? enter : enter * share,
		.up_delay_ns = usual->up_delay_ns };
}

void watch_set_limits(struct watch *watch, size_t figure, double warning, double critical)
{
	struct alarm_limits *limits = &watch->limits[figure];

	limits->levels[0] = level_at(&watch_figures[figure].limits.levels[0], warning);
	limits->levels[1] = level_at(&watch_figures[figure].limits.levels[1], critical);
}

void watch_set_down_delay(struct watch *watch, uint64_t down_delay_ns)
{
	for (size_t i = 0; i < watch_figures_count; i++)
		watch->limits[i].down_delay_ns = down_delay_ns;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- one tick ---- */

/* Full is a queue beyond its backlog (sk_acceptq_is_full() in include/net/sock.h), even of a backlog of 0. */
static double fill_of(const struct listener *listener)
{
	return listener->backlog > 0 ? (double)listener->queue / listener->backlog : 2.0 * listener->queue;
}

/* Both are sorted: the search goes on where it ended. */
static const struct listener *find_earlier(const struct listeners *earlier, const struct listener *listener, size_t *at)
{
	for (size_t i = 0; i < earlier->count; i++) {
		const struct listener *item = &earlier->items[(*at + i) % earlier->count];

		if (item->inode == listener->inode && item->port == listener->port) {
			*at = (*at + i) % earlier->count;
			return item;
		}
	}
	return NULL;
}

/* earlier NULL: not known. */
static void compare_listeners(struct watch_sample *sample, const struct listeners *now, const struct listeners *earlier)
{
	size_t at = 0;

	sample->fill = NAN;
	sample->dropped = 0;
	for (size_t i = 0; i < now->count; i++) {
		const struct listener *listener = &now->items[i];
		/* Of one that has lost nothing ever there is nothing to look for. */
		bool is_asked = earlier && listener->has_drops && listener->drops > 0;
		const struct listener *before = is_asked ? find_earlier(earlier, listener, &at) : NULL;
		/* One that was not there before lost all of them since. */
		uint32_t dropped = is_asked ? listener->drops - (before ? before->drops : 0) : 0;

		if (!(sample->fill >= fill_of(listener))) {
			sample->fill = fill_of(listener);
			sample->fullest = *listener;
		}
		if (dropped > sample->dropped) {
			sample->dropped = dropped;
			sample->dropping = *listener;
		}
	}
}

static int read_listeners(struct watch *watch)
{
	struct watch_sample *sample = &watch->sample;
	size_t turn = watch->ticks % 2;
	struct listeners *now = &watch->listeners[turn];
	int r;

	arena_release(&watch->arenas[turn]);
	*now = (struct listeners){ .items = NULL };
	r = sockdiag_listeners(watch->root, &watch->arenas[turn], now);
	watch->listeners_error = r < 0 ? r : now->has_backlog ? 0 : -EOPNOTSUPP;
	sample->has_listeners = watch->listeners_error == 0;
	if (!sample->has_listeners)
		*now = (struct listeners){ .items = NULL };
	compare_listeners(sample, now, watch->listeners[!turn].has_backlog ? &watch->listeners[!turn] : NULL);
	return r == -ENOMEM ? r : 0;
}

static void begin_walk(void *context)
{
	struct watch_sample *sample = context;

	socket_counts_clear(&sample->states);
	sample->syn_recv_unanswered = sample->close_wait_old = sample->close_wait_unread = 0;
}

static int add_socket(void *context, const struct tcp_socket *socket)
{
	struct watch_sample *sample = context;

	socket_counts_add(&sample->states, socket);
	sample->syn_recv_unanswered += socket->state == TCP_SYN_RECV && socket->retries > 0;
	if (socket->state == TCP_CLOSE_WAIT && (socket->known & TCP_SOCKET_HAS_INFO) &&
		socket->info.last_ack_received_ms >= OLD_MS) {
		sample->close_wait_old++;
		/* The peer's FIN counts as one. */
		sample->close_wait_unread += socket->receive_queue > 1;
	}
	return 0;
}

static bool is_walk_due(const struct watch *watch, uint64_t now_ns)
{
	if (watch->states_when != WATCH_STATES_AUTO)
		return watch->states_when == WATCH_STATES_ALWAYS;
	return watch->walked_ns == 0 || now_ns - watch->walked_ns >= WALK_SHARE * watch->walk_cost_ns;
}

static int walk(struct watch *watch)
{
	const struct sock_dump_query query = { .states = WALKED_STATES, .wanted = TCP_SOCKET_HAS_INFO };
	const struct sock_dump_sink sink = { .begin = begin_walk, .add = add_socket, .context = &watch->sample };
	uint64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct sock_dump_result result;
	int r;

	watch->walked_ns = watch->sample.now.time_ns;
	r = sock_dump(watch->root, &query, &sink, &result);
	watch->walk_cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	watch->sample.has_states = r == 0;
	watch->states_error = r;
	watch->has_walked = true;
	return r == -ENOMEM ? r : 0;
}

/* What is unusual becomes usual ten times as slowly: a surge is told for minutes, and not for ever. */
static void learn(struct watch_sample *sample, uint64_t elapsed_ns)
{
	const struct counter_rates *rates = &sample->rates;
	double resets = rates->known.established_resets ? rates->established_resets + rates->resets_out : NAN;

	sample->resets_multiple = baseline_multiple(&sample->resets, resets, RESETS_LEAST);
	baseline_add(&sample->resets, resets, sample->resets_multiple >= RESETS_UNUSUAL ? elapsed_ns / 10 : elapsed_ns);
	if (!rates->known.segments_out || !rates->known.segments_retransmitted)
		return;
	baseline_add(&sample->segments_out, rates->segments_out, elapsed_ns);
	baseline_add(&sample->segments_retransmitted, rates->segments_retransmitted, elapsed_ns);
}

/* Of the namespace, as the counters. Mostly there is nothing to be asked for. */
static void read_syncookies(struct watch *watch)
{
	struct watch_sample *sample = &watch->sample;
	const struct counter_rates *rates = &sample->rates;
	CLEANUP_FD int fd = -1;
	char digit;

	sample->has_syncookies = false;
	if (!(rates->request_queue_cookies + rates->request_queue_drops + rates->listen_drops > 0))
		return;
	fd = rootdir_open_path(watch->root, "proc/sys/net/ipv4/tcp_syncookies", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	sample->has_syncookies = fd >= 0 && read(fd, &digit, 1) == 1 && digit >= '0' && digit <= '2';
	if (sample->has_syncookies)
		sample->syncookies = digit - '0';
}

static int read_counters(struct watch *watch)
{
	struct watch_sample *sample = &watch->sample;
	struct counter_changes changes = { 0 };
	struct counters before = sample->now;
	int r = counter_files_read(&watch->files, &sample->now);

	if (r < 0)
		return r;
	if (watch->ticks > 0)
		counters_change(&before, &sample->now, &changes);
	counters_rate(&changes, &sample->rates);
	learn(sample, changes.elapsed_ns);
	read_syncookies(watch);
	return 0;
}

/* The listener that dropped, or else that is full. It stays the subject until the alarm is over. */
static void name_subject(struct watch *watch, size_t figure, bool has_changed)
{
	const char *finding = watch_figures[figure].finding;

	if (watch->alarms[figure].state == ALARM_CLEAR && !has_changed)
		watch->subjects[figure][0] = '\0';
	else if (watch->alarms[figure].state == ALARM_CLEAR || !finding || strcmp(finding, "accept-queue") != 0)
		return;
	else if (watch_figures[figure].unit == WATCH_PER_SECOND && watch->sample.dropped > 0)
		listener_format(&watch->sample.dropping, watch->subjects[figure]);
	else if (watch->sample.fill > 0 && (has_changed || watch_figures[figure].unit == WATCH_SHARE))
		listener_format(&watch->sample.fullest, watch->subjects[figure]);
}

static void judge(struct watch *watch)
{
	watch->changes_count = 0;
	for (size_t i = 0; i < watch_figures_count; i++) {
		enum alarm_state before = watch->alarms[i].state;
		bool has_changed;

		watch->values[i] = watch_figures[i].value(&watch->sample);
		sparkline_add(&watch->lines[i], watch->values[i]);
		has_changed = alarm_update(&watch->alarms[i], &watch->limits[i], watch->values[i],
			watch->sample.now.time_ns);
		name_subject(watch, i, has_changed);
		if (has_changed)
			watch->changes[watch->changes_count++] = (struct watch_change){ .figure = i, .before = before };
	}
}

int watch_tick(struct watch *watch)
{
	uint64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int r = read_counters(watch);

	watch->has_walked = false;
	if (r == 0)
		r = read_listeners(watch);
	if (r == 0 && is_walk_due(watch, watch->sample.now.time_ns))
		r = walk(watch);
	if (r < 0)
		return r;
	judge(watch);
	watch->ticks++;
	watch->cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns - (watch->has_walked ? watch->walk_cost_ns : 0);
	return 0;
}

/* ---- in words ---- */

/* A level below is there only to be above nothing: "the level is 0.0/s" would say nothing. */
#define LEVEL_LEAST 1e-6

/* Of a figure that only has levels because they were given. */
static const struct finding_row threshold_row = {
	.id = "threshold",
	.statement = "a figure has reached the level that was given for it",
	.source = "--threshold",
};

void watch_describe(const struct watch *watch, size_t figure, struct watch_finding *ret_finding)
{
	static const char *const units[] = { "", "1/s", "ratio", "ratio" };
	const struct watch_figure *row = &watch_figures[figure];
	const char *statement = row->statement ? row->statement : row->name;
	enum alarm_state state = watch->alarms[figure].state;
	double level = watch->limits[figure].levels[state == ALARM_CRITICAL].enter;
	char value[WATCH_VALUE_SIZE], limit[WATCH_VALUE_SIZE];
	struct finding *finding = &ret_finding->finding;

	*finding = (struct finding){ .row = row->finding ? finding_row_find(row->finding) : NULL,
		.level = (enum finding_level)state, .subject = watch->subjects[figure], .text = ret_finding->text };
	if (!finding->row)
		finding->row = &threshold_row;
	watch_format(row->unit, watch->values[figure], value);
	watch_format(row->unit, level, limit);
	if (state == ALARM_CLEAR)
		snprintf(ret_finding->text, sizeof(ret_finding->text), "no longer: %s", statement);
	else if (level > LEVEL_LEAST)
		snprintf(ret_finding->text, sizeof(ret_finding->text), "%s: %s, the level is %s", statement, value, limit);
	else
		snprintf(ret_finding->text, sizeof(ret_finding->text), "%s: %s", statement, value);
	ret_finding->figures[0] = (struct figure){ row->name, watch->values[figure], units[row->unit] };
	ret_finding->figures[1] = (struct figure){ "level", level, units[row->unit] };
	finding->figures_count = state != ALARM_CLEAR && level > LEVEL_LEAST ? 2 : 1;
	finding->figures = ret_finding->figures;
}

void watch_format(enum watch_unit unit, double value, char text[WATCH_VALUE_SIZE])
{
	static const char *const units[] = {
		[WATCH_COUNT] = "", [WATCH_PER_SECOND] = "/s", [WATCH_SHARE] = " %", [WATCH_MULTIPLE] = " x",
	};

	if (isnan(value) || isinf(value)) {
		snprintf(text, WATCH_VALUE_SIZE, "-");
		return;
	}
	if (unit == WATCH_SHARE)
		value *= 100;
	/* Between nothing and ten the first decimal matters. */
	snprintf(text, WATCH_VALUE_SIZE, unit != WATCH_COUNT && value > 0 && value < 9.95 ? "%.1f%s" : "%.0f%s", value,
		units[unit]);
}
