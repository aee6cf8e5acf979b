/* SPDX-License-Identifier: MIT */
/* Fuzzes the readers of counters: the first byte says which file, the rest is its text. */
#include "fuzz.h"

#include "kernel/counter_text.h"

#include <string.h>

static void require_sound(const struct counters *counters, enum counter_file file)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		REQUIRE(counters->known_at[i] || counters->at[i] == 0);
		REQUIRE(!counters->known_at[i] || counter_rows[i].file == file);
	}
	REQUIRE(counters->time_ns == 0);
}

/* Whatever two texts say, what is between them is no nonsense. */
static void require_sensible(struct counters *before, struct counters *after)
{
	struct counter_changes changes;
	struct counter_rates rates;

	before->time_ns = 1;
	after->time_ns = 1000000001;
	counters_change(before, after, &changes);
	counters_rate(&changes, &rates);
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		REQUIRE(!changes.known_at[i] || (before->known_at[i] && after->known_at[i]));
		REQUIRE(changes.known_at[i] || changes.at[i] == 0);
		REQUIRE(counter_rows[i].kind == COUNTER_GAUGE || changes.at[i] >= 0);
		REQUIRE(rates.known_at[i] == changes.known_at[i]);
		REQUIRE(counter_rows[i].kind == COUNTER_GAUGE || rates.at[i] >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counters whole = { 0 }, half = { 0 }, again = { 0 };
	enum counter_file file;
	const char *text;
	char *copy;

	if (size == 0)
		return 0;
	/* Letters, so that a corpus is text. */
	file = (enum counter_file)((unsigned)(data[0] - 'a') % COUNTER_FILE_COUNT);
	text = (const char *)data + 1;
	size--;
	counter_text_parse(file, text, size, &whole);
	require_sound(&whole, file);
	/* In memory of exactly that size, which the sanitizer watches. */
	copy = malloc(size / 2 + 1);
	REQUIRE(copy);
	memcpy(copy, text, size / 2);
	counter_text_parse(file, copy, size / 2, &half);
	free(copy);
	require_sound(&half, file);
	counter_text_parse(file, text, size, &again);
	REQUIRE(memcmp(&whole, &again, sizeof(whole)) == 0);
	require_sensible(&half, &whole);
	require_sensible(&whole, &half);
	return 0;
}
