/* SPDX-License-Identifier: MIT */
/* expression.h - computed values: integers from variables and from facts about the machine.
 *
 *	expression = term { operator term }	|| && (== != < <= > >=) (+ -) (* / %), the weakest first
 *	term       = [ - ! ] ( number | name | "(" expression ")" | function "(" arguments ")" | 'text' )
 *
 * Integers have 64 bits and a sign; what does not fit is an error, and so is a division by zero. Division rounds
 * toward zero, and a remainder has the sign of the dividend, as in C. Comparisons, ! && || give 0 or 1; && and
 * || leave their right side alone where the left one decides. Comparisons do not chain. `kernel` is a version and is
 * compared with quoted versions only (version.h). min() and max() take two or more numbers, module(),
 * loadable() and exists() a quoted name.
 *
 * Calling sequence: expression_parse() where the file is read, which checks all but the names of variables;
 * expression_check_names() once the variables are known, also for what will not be evaluated;
 * expression_evaluate().
 *
 * An expression lives in the arena it was parsed into and points into the text of its scalar. Errors are reported
 * where they stand. EXPRESSION_LENGTH_MAX and EXPRESSION_DEPTH_MAX bound the stack that hostile text can take. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "model/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPRESSION_LENGTH_MAX = 1000, EXPRESSION_DEPTH_MAX = 50, VARIABLE_NAME_MAX = 64 };

struct profile;

struct variable {
	const char *name;
	int64_t value;			/* in force: the default, or what --set gives */
	int64_t standard;		/* the default */
	bool has_min, has_max;
	int64_t min, max;
	const char *unit, *summary;	/* NULL when the file says nothing */
	struct span name_span, standard_span;
	const struct profile *profile;	/* where it was defined */
};

/* Where facts come from, so that they are found out only when an expression asks. Each returns 0 or a
 * negative errno, which ends the evaluation. */
struct fact_source {
	void *context;
	int (*machine)(void *context, const struct machine **ret_machine);
	int (*has_module)(void *context, const char *name, bool *ret_has);	/* loaded or built in */
	int (*can_load)(void *context, const char *name, bool *ret_can);	/* or there to be loaded */
	int (*has_key)(void *context, const char *path, bool *ret_has);		/* below proc/sys */
};

struct expression_scope {
	const struct variable *const *variables;
	size_t variables_count;
	const struct fact_source *facts;
};

/* The text that expressions stand in. */
struct expression_scalar {
	const char *text;	/* ends with a NUL, and holds none */
	size_t length;
	struct span span;
	unsigned text_column;	/* of the first character of the text; 0: errors point at the whole scalar */
};

struct expression_node;

struct expression {
	const char *text;	/* what stands between the braces, on one line */
	struct span span;	/* from "${" to "}" */
	const struct expression_scalar *scalar;
	const struct expression_node *root;
};

/* Parses the "${...}" at *offset and moves *offset behind it. The scalar must outlive the expression. 0; 1 after an
 * error in the diagnostics; -ENOMEM. */
MUST_CHECK int expression_parse(struct arena *arena, struct diags *diags, const struct expression_scalar *scalar,
	size_t *offset, const struct expression **ret_expression);

/* Whether every name is a fact or one of the variables. False after an error in the diagnostics. */
bool expression_check_names(const struct expression *expression, const struct expression_scope *scope,
	struct diags *diags);

/* 0; 1 after an error in the diagnostics; a negative errno of a fact. Takes names that were checked. */
MUST_CHECK int expression_evaluate(const struct expression *expression, const struct expression_scope *scope,
	struct diags *diags, int64_t *ret_value);

/* Whether the name can be a variable's: small letters, digits and "_", a letter first. */
bool variable_name_is_valid(const char *name);

/* Whether it means something in an expression already: a fact or a function. */
bool variable_name_is_taken(const char *name);

bool variable_admits(const struct variable *variable, int64_t value);
