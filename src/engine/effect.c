/* SPDX-License-Identifier: MIT */
/* What a change was meant to move, and whether it did. */
#include "engine/effect.h"

#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>

#define EXPECTED_LEAST 3	/* losses that should have been seen by now */
#define BETTER 0.1		/* of what was expected: as good as gone */
#define FELL 0.9		/* of what it was */
#define FILL_LEAST 0.5		/* less of a limit troubled nobody */

enum {
	SECONDS_LONG = 600,	/* without any, it has stopped, however rare it was */
	SECONDS_TO_FALL = 120,	/* the timeouts of what is to go, about */
	LEVEL_LEAST = 1000,	/* sockets; fewer are nothing to be lowered */
};

const struct effect_row effect_rows[] = {
	{ "net/core/somaxconn", "listen_overflows", "passive_opens", EFFECT_STOPS, EFFECT_BY_RAISING,
		"ListenOverflows stops, once the listener has begun anew" },
	{ "net/ipv4/tcp_max_syn_backlog", "request_queue_drops", "passive_opens", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPReqQFullDrop stops, where tcp_syncookies is off" },
	{ "net/ipv4/tcp_syncookies", "request_queue_drops", "passive_opens", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPReqQFullDrop stops" },
	{ "net/ipv4/tcp_syncookies", "syncookies_sent", NULL, EFFECT_RISES, EFFECT_BY_RAISING,
		"SyncookiesSent rises where a queue is full" },
	{ "net/ipv4/tcp_tw_reuse", "time_waits_reused", NULL, EFFECT_RISES, EFFECT_BY_SETTING,
		"TWRecycled rises" },
	{ "net/ipv4/tcp_timestamps", "time_waits_reused", NULL, EFFECT_RISES, EFFECT_BY_RAISING,
		"TWRecycled rises, with tcp_tw_reuse" },
	{ "net/ipv4/tcp_max_tw_buckets", "time_wait_overflows", "time_waits", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPTimeWaitOverflow stops" },
	{ "net/ipv4/tcp_fin_timeout", "tcp_time_waits", NULL, EFFECT_FALLS, EFFECT_BY_LOWERING,
		"fewer sockets wait in FIN_WAIT2" },
	{ "net/ipv4/tcp_mem", "memory_pressures", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPMemoryPressures stops" },
	{ "net/ipv4/tcp_mem", "aborts_on_memory", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPAbortOnMemory stops" },
	{ "net/ipv4/tcp_max_orphans", "aborts_on_memory", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPAbortOnMemory stops" },
	{ "net/ipv4/tcp_orphan_retries", "tcp_orphans", NULL, EFFECT_FALLS, EFFECT_BY_SETTING,
		"fewer sockets wait for a peer that is gone" },
	{ "net/ipv4/tcp_rmem", "receive_pruned", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"RcvPruned stops" },
	{ "net/ipv4/tcp_rmem", "receive_queue_drops", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"TCPRcvQDrop stops" },
	{ "net/ipv4/tcp_rmem", "prune_called", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"PruneCalled stops" },
	{ "net/core/rmem_max", "udp_receive_drops", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"RcvbufErrors of UDP stops, once the program has begun anew" },
	{ "net/core/rmem_default", "udp_receive_drops", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"RcvbufErrors of UDP stops, once the program has begun anew" },
	{ "net/core/netdev_max_backlog", "softnet_drops", "softnet_packets", EFFECT_STOPS, EFFECT_BY_RAISING,
		"the drops of softnet_stat stop" },
	{ "net/core/netdev_budget", "softnet_squeezes", "softnet_packets", EFFECT_STOPS, EFFECT_BY_RAISING,
		"the squeezes of softnet_stat stop" },
	{ "net/core/netdev_budget_usecs", "softnet_squeezes", "softnet_packets", EFFECT_STOPS, EFFECT_BY_RAISING,
		"the squeezes of softnet_stat stop" },
	{ "net/ipv4/ipfrag_high_thresh", "ip_reassembly_failures", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"ReasmFails stops" },
	{ "net/netfilter/nf_conntrack_max", "conntrack_drops", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"drops stop" },
	{ "net/netfilter/nf_conntrack_max", "conntrack_early_drops", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"early drops stop" },
	{ "net/netfilter/nf_conntrack_max", "conntrack_count", "conntrack_max", EFFECT_FILL, EFFECT_BY_RAISING,
		"the table is less full" },
	{ "net/netfilter/nf_conntrack_buckets", "conntrack_chains_long", "segments_in", EFFECT_STOPS, EFFECT_BY_RAISING,
		"no entry is refused for a long chain" },
	{ "net/netfilter/nf_conntrack_tcp_timeout_established", "conntrack_count", "conntrack_max", EFFECT_FILL,
		EFFECT_BY_LOWERING, "the table is less full" },
	{ "net/netfilter/nf_conntrack_tcp_timeout_time_wait", "conntrack_count", "conntrack_max", EFFECT_FILL,
		EFFECT_BY_LOWERING, "the table is less full" },
	{ "net/netfilter/nf_conntrack_tcp_timeout_syn_recv", "conntrack_count", "conntrack_max", EFFECT_FILL,
		EFFECT_BY_LOWERING, "the table is less full" },
	{ "net/netfilter/nf_conntrack_tcp_timeout_syn_sent", "conntrack_count", "conntrack_max", EFFECT_FILL,
		EFFECT_BY_LOWERING, "the table is less full" },
	{ "fs/file-max", "files", "files_max", EFFECT_FILL, EFFECT_BY_RAISING,
		"fewer of the files that may be open are" },
};
const size_t effect_rows_count = COUNT_OF(effect_rows);

const char *effect_verdict_name(enum effect_verdict verdict)
{
	static const char *const names[] = {
		[EFFECT_WORKED] = "worked",
		[EFFECT_DID_NOT_HELP] = "did_not_help",
		[EFFECT_TOO_EARLY] = "too_early",
		[EFFECT_CANNOT_TELL] = "cannot_tell",
	};

	return names[verdict];
}

const char *effect_kind_name(enum effect_kind kind)
{
	static const char *const names[] = {
		[EFFECT_STOPS] = "stops", [EFFECT_RISES] = "rises", [EFFECT_FALLS] = "falls", [EFFECT_FILL] = "fill",
	};

	return names[kind];
}

size_t effects_bad(const struct effects *effects)
{
	size_t count = 0;

	for (size_t i = 0; i < effects->count; i++)
		count += effects->items[i].verdict == EFFECT_DID_NOT_HELP;
	return count;
}

/* ---- which change ---- */

/* The full id, or what only one begins with. */
static int complete_id(const struct record_store *store, struct arena *arena, const char *text, const char **ret_id)
{
	const char *const *ids, *found = NULL;
	size_t count;
	int r = record_list(store, arena, &ids, &count);

	if (r < 0)
		return r;
	for (size_t i = 0; text[0] && i < count; i++) {
		if (strncmp(ids[i], text, strlen(text)) != 0)
			continue;
		if (found)
			return EFFECTS_AMBIGUOUS;
		found = ids[i];
	}
	*ret_id = found;
	return found ? 0 : EFFECTS_NO_CHANGE;
}

static bool stands(const struct change *change)
{
	return change->kind == CHANGE_APPLY && (change->state == CHANGE_STANDING || change->state == CHANGE_PENDING ||
		change->state == CHANGE_INCOMPLETE);
}

int effects_choose(const struct record_store *store, struct arena *arena, const struct host *host, const char *id,
	struct change **ret_change, const char **ret_problem)
{
	int r;

	if (strcmp(id, "last") == 0) {
		r = record_newest(store, arena, host, RECORD_HERE, stands, ret_change);
		return r == RECORD_NONE ? EFFECTS_NO_CHANGE : r;
	}
	r = complete_id(store, arena, id, &id);
	if (r != 0)
		return r;
	r = record_load(store, arena, id, ret_change, ret_problem);
	if (r == RECORD_NONE)
		return EFFECTS_NO_CHANGE;
	if (r == RECORD_BROKEN)
		return EFFECTS_BROKEN;
	if (r < 0)
		return r;
	if (!host_is_same_boot(&(*ret_change)->host, host))
		return EFFECTS_OTHER_BOOT;
	if (!host_is_same_netns(&(*ret_change)->host, host))
		return EFFECTS_OTHER_NETNS;
	return stands(*ret_change) ? 0 : EFFECTS_NOT_STANDING;
}

/* ---- the verdicts ---- */

struct judge {
	struct arena *arena;
	struct procsys *procsys;
	const struct observation *seen;
	const struct counters *before;		/* NULL: the record has none */
	struct counter_changes since;
	double seconds;
};

static int conclude(struct judge *judge, struct effect *effect, enum effect_verdict verdict, const char *format, ...)
	PRINTF_FORMAT(4, 5);

static int conclude(struct judge *judge, struct effect *effect, enum effect_verdict verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	effect->verdict = verdict;
	effect->text = arena_vprintf(judge->arena, format, arguments);
	va_end(arguments);
	return effect->text ? 0 : -ENOMEM;
}

/* A listener whose queue is full now, on a backlog below what is allowed: it was not told of the change. */
static const struct listener *find_old_listener(const struct observation *seen)
{
	const struct listener *worst = NULL;

	for (size_t i = 0; seen->has_listeners && seen->listeners.has_backlog && i < seen->listeners.count; i++) {
		const struct listener *listener = &seen->listeners.items[i];

		if (listener->backlog >= seen->settings.somaxconn || listener->queue < listener->backlog)
			continue;
		if (!worst || listener->queue > worst->queue)
			worst = listener;
	}
	return worst;
}

/* What usually is the reason that it goes on. */
static const char *excuse(struct judge *judge, const struct effect_row *row)
{
	const struct tcp_settings *settings = &judge->seen->settings;
	const struct listener *listener;
	char text[LISTENER_TEXT_SIZE];

	if (strcmp(row->path, "net/core/somaxconn") == 0) {
		listener = find_old_listener(judge->seen);
		if (!listener)
			return "; a listener keeps the backlog that it began with: was it restarted?";
		listener_format(listener, text);
		return arena_printf(judge->arena, "; %s still has a backlog of %" PRIu32
			": restart it, and if that is its own listen() backlog, raise it there", text, listener->backlog);
	}
	if (strcmp(row->path, "net/ipv4/tcp_max_syn_backlog") == 0)
		return "; the queue is also bounded by the backlog of the listener, as it was when that began";
	if (strcmp(row->counter, "time_waits_reused") == 0 && settings->known.timestamps && settings->timestamps == 0)
		return "; tcp_timestamps is 0, and without it nothing is reused";
	return "";
}

/* Of what was lost for each thing that happened before, so many would have been lost since. */
static double expected_losses(const struct judge *judge, int counter, int activity)
{
	if (!judge->since.known_at[activity] || judge->before->at[activity] == 0)
		return 0;
	return (double)judge->before->at[counter] * (double)judge->since.at[activity] /
		(double)judge->before->at[activity];
}

static int judge_stops(struct judge *judge, struct effect *effect, int counter)
{
	int activity = counter_find(effect->row->against);
	double expected = expected_losses(judge, counter, activity), since = effect->since;
	bool is_active = judge->since.known_at[activity] && judge->since.at[activity] > 0;
	const char *reason;

	if (since == 0 && effect->before == 0)
		return conclude(judge, effect, EFFECT_TOO_EARLY, "it had never happened before the change, nor has it since");
	if (since == 0 && (expected >= EXPECTED_LEAST || (judge->seconds >= SECONDS_LONG && is_active)))
		return conclude(judge, effect, EFFECT_WORKED, "none since the change");
	if (since == 0)
		return conclude(judge, effect, EFFECT_TOO_EARLY, "none since the change, but little has happened since");
	if (since <= BETTER * expected && !(effect->now > 0))
		return conclude(judge, effect, EFFECT_WORKED, "%.0f since the change, where %.0f were to be expected", since,
			expected);
	if (effect->has_now && effect->now == 0)
		return conclude(judge, effect, EFFECT_TOO_EARLY, "%.0f since the change, none while this looked: look again",
			since);
	reason = excuse(judge, effect->row);
	return reason ? conclude(judge, effect, EFFECT_DID_NOT_HELP, "it goes on: %.0f since the change%s", since, reason) :
		-ENOMEM;
}

static int judge_rises(struct judge *judge, struct effect *effect)
{
	const char *reason;

	if (effect->since > 0)
		return conclude(judge, effect, EFFECT_WORKED, "%.0f since the change", effect->since);
	reason = excuse(judge, effect->row);
	if (!reason)
		return -ENOMEM;
	if (reason[0])
		return conclude(judge, effect, EFFECT_DID_NOT_HELP, "none since the change%s", reason);
	return conclude(judge, effect, EFFECT_TOO_EARLY, "none since the change: there was no need yet");
}

/* `tw` of sockstat counts TIME_WAIT as well, which tcp_fin_timeout does not shorten. */
static bool is_mostly_time_wait(const struct judge *judge, const struct effect_row *row)
{
	const struct observation *seen = judge->seen;

	return strcmp(row->path, "net/ipv4/tcp_fin_timeout") == 0 && seen->has_sockets &&
		seen->states[TCP_TIME_WAIT] > seen->counts.fin_wait2_small;
}

static int judge_level(struct judge *judge, struct effect *effect, double least)
{
	if (effect->before < least && effect->since < least)
		return conclude(judge, effect, EFFECT_TOO_EARLY, "there was little before the change, and is now");
	if (effect->since <= FELL * effect->before)
		return conclude(judge, effect, EFFECT_WORKED, "it has fallen");
	if (is_mostly_time_wait(judge, effect->row))
		return conclude(judge, effect, EFFECT_CANNOT_TELL, "it has not fallen, but most of it is TIME_WAIT, which "
			"this does not shorten: %" PRIu64 " wait in FIN_WAIT2 now", judge->seen->counts.fin_wait2_small);
	if (judge->seconds < SECONDS_TO_FALL)
		return conclude(judge, effect, EFFECT_TOO_EARLY, "it has not fallen yet");
	return conclude(judge, effect, EFFECT_DID_NOT_HELP, "it has not fallen");
}

static double share_of(const struct counters *counters, int part, int whole)
{
	return counters->at[whole] ? (double)counters->at[part] / (double)counters->at[whole] : 0;
}

/* ---- one parameter ---- */

/* The value that the change set is what is there now. */
static int is_in_force(struct judge *judge, const struct change_item *item, bool *ret_answer)
{
	struct value now;
	int error, r;

	*ret_answer = true;
	if (!judge->procsys || !item->ours.bytes)
		return 0;
	r = procsys_read(judge->procsys, judge->arena, item->path, &now, &error);
	if (r == 0)
		*ret_answer = value_equal(item->type, now, item->ours);
	return r < 0 ? r : 0;
}

/* Which way the first field that differs went: 1 up, -1 down, 0 not to be said. */
static int direction(const struct change_item *item)
{
	struct value before = value_trimmed(item->original), after = value_trimmed(item->ours), a, b;
	struct number x, y;

	while (value_next_field(&before, &a) && value_next_field(&after, &b)) {
		if (!number_parse(a.bytes, a.length, &x) || !number_parse(b.bytes, b.length, &y))
			return 0;
		if (x.negative == y.negative && x.magnitude == y.magnitude)
			continue;
		if (x.negative != y.negative)
			return x.negative ? 1 : -1;
		return (x.magnitude < y.magnitude) == !x.negative ? 1 : -1;
	}
	return 0;
}

static int judge_row(struct judge *judge, struct effect *effect)
{
	const struct effect_row *row = effect->row;
	int counter = counter_find(row->counter), against = row->against ? counter_find(row->against) : -1;
	const struct counters *now = &judge->seen->now;

	if (!judge->before)
		return conclude(judge, effect, EFFECT_CANNOT_TELL, "the record has no counters of before the change");
	if (row->kind == EFFECT_FILL && judge->before->known_at[counter] && judge->before->known_at[against] &&
		now->known_at[counter] && now->known_at[against]) {
		effect->has_before = effect->has_since = true;
		effect->before = share_of(judge->before, counter, against);
		effect->since = share_of(now, counter, against);
		return judge_level(judge, effect, FILL_LEAST);
	}
	if (!judge->before->known_at[counter] || !now->known_at[counter])
		return conclude(judge, effect, EFFECT_CANNOT_TELL, "this kernel does not count it here");
	if (row->kind == EFFECT_FILL || !judge->since.known_at[counter])
		return conclude(judge, effect, EFFECT_CANNOT_TELL, "the counter has begun anew since the change");
	effect->has_before = effect->has_since = true;
	effect->before = (double)judge->before->at[counter];
	if (row->kind == EFFECT_FALLS) {
		effect->since = (double)now->at[counter];
		return judge_level(judge, effect, LEVEL_LEAST);
	}
	effect->since = (double)judge->since.at[counter];
	effect->has_now = judge->seen->rates.known_at[counter];
	effect->now = judge->seen->rates.at[counter];
	return row->kind == EFFECT_STOPS ? judge_stops(judge, effect, counter) : judge_rises(judge, effect);
}

static int add_effect(struct judge *judge, struct effects *effects, const struct effect *effect)
{
	struct effect *grown = arena_grow(judge->arena, effects->items, effects->count, &effects->capacity,
		sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	effects->items = grown;
	effects->items[effects->count++] = *effect;
	return 0;
}

static bool concerns(const struct effect_row *row, const struct change_item *item)
{
	int way = direction(item);

	if (strcmp(row->path, item->path) != 0)
		return false;
	return way == 0 || row->way == EFFECT_BY_SETTING || (way < 0) == (row->way == EFFECT_BY_LOWERING);
}

static int judge_item(struct judge *judge, const struct change_item *item, struct effects *effects)
{
	bool holds;
	int r = is_in_force(judge, item, &holds);

	for (size_t i = 0; r == 0 && i < effect_rows_count; i++) {
		struct effect effect = { .item = item, .row = &effect_rows[i] };

		if (!concerns(effect.row, item))
			continue;
		r = holds ? judge_row(judge, &effect) : conclude(judge, &effect, EFFECT_CANNOT_TELL,
			"somebody has set another value since");
		if (r == 0)
			r = add_effect(judge, effects, &effect);
	}
	return r;
}

static bool was_changed(const struct change_item *item)
{
	return item->role == CHANGE_STEP && item->intended && !item->withdrawn;
}

/* Those of which no counter tells. */
static int add_untold(struct judge *judge, const struct change *change, struct effects *effects)
{
	size_t told = effects->count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < change->items_count; i++) {
		struct effect effect = { .item = &change->items[i] };
		bool is_told = false;

		for (size_t k = 0; k < told; k++)
			is_told |= effects->items[k].item == effect.item;
		if (is_told || !was_changed(effect.item))
			continue;
		r = conclude(judge, &effect, EFFECT_CANNOT_TELL, "no counter shows its effect");
		if (r == 0)
			r = add_effect(judge, effects, &effect);
	}
	return r;
}

int effects_judge(struct arena *arena, struct procsys *procsys, const struct change *change,
	const struct observation *seen, struct effects *ret_effects)
{
	struct judge judge = { .arena = arena, .procsys = procsys, .seen = seen, .before = change->baseline };
	struct effects effects = { .change = change };
	int r = 0;

	if (judge.before)
		counters_change(judge.before, &seen->now, &judge.since);
	effects.seconds = judge.seconds = (double)judge.since.elapsed_ns / 1e9;
	for (size_t i = 0; r == 0 && i < change->items_count; i++)
		if (was_changed(&change->items[i]))
			r = judge_item(&judge, &change->items[i], &effects);
	if (r == 0)
		r = add_untold(&judge, change, &effects);
	if (r == 0)
		*ret_effects = effects;
	return r;
}
