/* SPDX-License-Identifier: MIT */
/* Levels with hysteresis. */
#include "model/alarm.h"

void alarm_clear(struct alarm *alarm)
{
	*alarm = (struct alarm)ALARM_INIT;
}

const char *alarm_state_name(enum alarm_state state)
{
	static const char *const names[] = { "clear", "warning", "critical" };

	return names[state];
}

/* Notes since when something has held without a break. */
static void note(bool holds, uint64_t now_ns, bool *is_held, uint64_t *since_ns)
{
	if (holds && !*is_held)
		*since_ns = now_ns;
	*is_held = holds;
}

bool alarm_update(struct alarm *alarm, const struct alarm_limits *limits, double value, uint64_t now_ns)
{
	enum alarm_state state = alarm->state;

	if (now_ns < alarm->now_ns)
		now_ns = alarm->now_ns;
	alarm->now_ns = now_ns;
	for (int i = 0; i < ALARM_LEVELS; i++) {
		const struct alarm_level *level = &limits->levels[i];

		note(value >= level->enter, now_ns, &alarm->seen[i].is_high, &alarm->seen[i].high_ns);
		note(!(value >= level->leave), now_ns, &alarm->seen[i].is_low, &alarm->seen[i].low_ns);
	}
	for (int i = (int)state; i < ALARM_LEVELS; i++)
		if (alarm->seen[i].is_high && now_ns - alarm->seen[i].high_ns >= limits->levels[i].up_delay_ns)
			state = (enum alarm_state)(i + 1);
	if (state == alarm->state)
		while (state > ALARM_CLEAR && alarm->seen[state - 1].is_low &&
			now_ns - alarm->seen[state - 1].low_ns >= limits->down_delay_ns)
			state--;
	if (state == alarm->state)
		return false;
	alarm->state = state;
	alarm->since_ns = now_ns;
	return true;
}
