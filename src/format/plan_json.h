/* SPDX-License-Identifier: MIT */
/* plan_json.h - a saved plan as text, and back.
 *
 * Readable JSON, schema "kerntune.plan/1": for which host, kernel, boot and network namespace it was made, from
 * which profiles (with their digests), and for every parameter in the order of writing what stood there and
 * what is to stand there. kerntune(8) describes it.
 *
 * Reading expects a hostile text: it is whole and sound or refused. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "format/json.h"
#include "model/host.h"
#include "model/plan.h"

struct saved_row {
	enum plan_status status;
	struct value expected;		/* as people read it; NULL bytes where nothing could be read */
};

struct saved_plan {
	struct host host;
	const char *created;
	const char **names, **digests;	/* of the profiles it was made from */
	size_t profiles_count;
	struct profile profile;		/* the parameters as if one profile asked for them, in the order of writing */
	struct saved_row *rows;		/* parallel to profile.settings */
};

/* The members of the plan, into an object that has its schema already. */
void plan_json_add(struct json *json, const struct plan *plan, const struct host *host, const char *created);

/* 0; 1 when the text is no plan, with the reason in *ret_problem; -ENOMEM. */
MUST_CHECK int plan_json_read(struct arena *arena, const struct source *source, struct saved_plan *ret_plan,
	const char **ret_problem);
