/* SPDX-License-Identifier: MIT */
/* yaml_tree.h - a YAML text as a tree in which every node knows its line and column.
 *
 * Built from libyaml's events, with limits that hold against hostile files: YAML_TREE_SIZE_MAX bytes,
 * YAML_TREE_DEPTH_MAX levels. Refused, with the place: anchors, aliases and merge keys, tags, duplicate
 * keys, more than one document, NUL bytes, control characters and invalid UTF-8. Scalars stay text exactly
 * as written; nothing is taken for a number or a boolean. */
#pragma once

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

enum { YAML_TREE_SIZE_MAX = 1024 * 1024, YAML_TREE_DEPTH_MAX = 32 };

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	struct span span;
	const char *text;	/* scalar: its content, NUL-terminated, without NULs inside */
	size_t length;
	bool is_plain;		/* scalar without quotes and not a block: on, 010 and ~ look like more */
	const struct yaml_node *key;	/* of a mapping's child; NULL elsewhere */
	struct yaml_node *first, *last;	/* children of a sequence, values of a mapping, in order */
	struct yaml_node *next;
	size_t count;
	bool is_duplicate;	/* while a mapping is read */
};

enum yaml_tree_outcome {
	YAML_TREE_MISTAKES = 1,	/* errors were reported, the tree is whole */
	YAML_TREE_CUT_SHORT,	/* errors were reported; what seems missing may only be unread */
};

/* 0, a yaml_tree_outcome, or -ENOMEM. What is in the tree is sound in every case; *ret_root is NULL when
 * there is nothing. The source must outlive the tree. */
MUST_CHECK int yaml_tree_parse(struct arena *arena, const struct source *source, struct diags *diags,
	struct yaml_node **ret_root);
