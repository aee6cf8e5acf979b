/* SPDX-License-Identifier: MIT */
/* libyaml events to a tree with places. */
#include "format/yaml_tree.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct tree_builder {
	struct arena *arena;
	const struct source *source;
	struct diags *diags;
	struct yaml_node *open[YAML_TREE_DEPTH_MAX];	/* collections being filled, outermost first */
	struct yaml_node *keys[YAML_TREE_DEPTH_MAX];	/* the key that waits for its value, if any */
	size_t depth;
	struct yaml_node *root;
	unsigned documents;
};

enum builder_verdict { BUILDER_GO_ON, BUILDER_STOP };

/* libyaml counts lines and columns from 0. */
static struct span span_of(const struct source *source, yaml_mark_t start, yaml_mark_t end)
{
	struct span span = {
		.source = source,
		.line = (unsigned)start.line + 1,
		.column = (unsigned)start.column + 1,
		.end_column = (unsigned)start.column + 2,
	};

	if (end.line == start.line && end.column > start.column)
		span.end_column = (unsigned)end.column + 1;
	return span;
}

static bool is_allowed(uint32_t character, const char *rest, size_t length)
{
	if (character == '\n' || character == '\t')
		return true;
	if (character == '\r')
		return length > 0 && rest[0] == '\n';
	return !utf8_is_unsafe(character);
}

/* Its length: told the encoding, libyaml takes it for text. */
static size_t byte_order_mark(const struct source *source)
{
	return source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The whole text, before libyaml sees it. Reports the first offence only: a binary file has many. */
static bool check_characters(const struct source *source, struct diags *diags)
{
	const char *at = source->text;
	size_t left = source->length;
	struct span span = { .source = source, .line = 1, .column = 1, .end_column = 2 };

	at += byte_order_mark(source);
	left -= byte_order_mark(source);
	while (left > 0) {
		uint32_t character = (unsigned char)at[0];
		size_t size = character >= ' ' && character <= '~' ? 1 : utf8_decode(at, left, &character);

		if (size == 0) {
			diag_error(diags, "invalid-utf8", span, "byte 0x%02x is not valid UTF-8",
				(unsigned)(unsigned char)at[0]);
			diag_hint(diags, "save the file as UTF-8");
			return false;
		}
		if (!is_allowed(character, at + size, left - size)) {
			diag_error(diags, "control-character", span, "control character U+%04X",
				(unsigned)character);
			diag_hint(diags, "remove it; a profile is plain text");
			return false;
		}
		at += size;
		left -= size;
		span.column++;
		if (character == '\n') {
			span.line++;
			span.column = 1;
		}
		span.end_column = span.column + 1;
	}
	return true;
}

/* Whether the line, counted from 0, holds the beginning of an expression. */
static bool line_has_expression(const struct source *source, size_t line)
{
	const char *at = source->text, *end = source->text + source->length;

	for (; line > 0 && at; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	for (; at && at + 1 < end && *at != '\n'; at++)
		if (at[0] == '$' && at[1] == '{')
			return true;
	return false;
}

static void report_syntax(struct tree_builder *builder, const yaml_parser_t *parser)
{
	struct span span = span_of(builder->source, parser->problem_mark, parser->problem_mark);

	diag_error(builder->diags, "yaml-syntax", span, "%s",
		parser->problem ? parser->problem : "not a YAML document");
	if (parser->context)
		diag_also(builder->diags,
			span_of(builder->source, parser->context_mark, parser->context_mark), "%s",
			parser->context);
	if (line_has_expression(builder->source, parser->problem_mark.line))
		diag_hint(builder->diags, "within [] and {} put quotes around ${...}");
	else if (parser->problem && strstr(parser->problem, "cannot start any token"))
		diag_hint(builder->diags, "indent with blanks, and put quotes around text that begins with "
			"a special character");
}

static int compare_children(const void *a, const void *b)
{
	const struct yaml_node *a_key = (*(struct yaml_node *const *)a)->key;
	const struct yaml_node *b_key = (*(struct yaml_node *const *)b)->key;
	int order = strcmp(a_key->text, b_key->text);

	if (order == 0)
		order = a_key->span.line < b_key->span.line ? -1 : a_key->span.line > b_key->span.line;
	if (order == 0)
		order = a_key->span.column < b_key->span.column ? -1 : 1;
	return order;
}

static void unlink_duplicates(struct yaml_node *mapping)
{
	struct yaml_node **link = &mapping->first;

	mapping->last = NULL;
	while (*link) {
		if ((*link)->is_duplicate) {
			*link = (*link)->next;
			mapping->count--;
		} else {
			mapping->last = *link;
			link = &(*link)->next;
		}
	}
}

/* Sorted rather than searched: a hostile file may hold a hundred thousand keys. */
static enum builder_verdict finish_mapping(struct tree_builder *builder, struct yaml_node *mapping)
{
	struct yaml_node **children = arena_alloc(builder->arena, mapping->count * sizeof(*children));
	struct yaml_node *first;
	size_t i = 0;

	if (!children) {
		builder->diags->failed = true;
		return BUILDER_STOP;
	}
	for (struct yaml_node *child = mapping->first; child; child = child->next)
		children[i++] = child;
	qsort(children, i, sizeof(*children), compare_children);
	first = i ? children[0] : NULL;
	for (size_t k = 1; k < i; k++) {
		const struct yaml_node *key = children[k]->key;

		if (strcmp(key->text, first->key->text) != 0) {
			first = children[k];
			continue;
		}
		children[k]->is_duplicate = true;
		diag_error(builder->diags, "duplicate-key", key->span, "\"%s\" stands here twice", key->text);
		diag_also(builder->diags, first->key->span, "first here");
		diag_hint(builder->diags, "remove one of the two");
	}
	unlink_duplicates(mapping);
	return BUILDER_GO_ON;
}

/* Puts a finished or opened node where it belongs: as the root, a key, or a child. */
static enum builder_verdict attach(struct tree_builder *builder, struct yaml_node *node)
{
	struct yaml_node *parent;
	struct yaml_node **key;

	if (builder->depth == 0) {
		builder->root = node;
		return BUILDER_GO_ON;
	}
	parent = builder->open[builder->depth - 1];
	key = &builder->keys[builder->depth - 1];
	if (parent->kind == YAML_MAPPING && !*key) {
		if (node->kind != YAML_SCALAR) {
			diag_error(builder->diags, "bad-key", node->span, "a list or a mapping cannot be a key");
			return BUILDER_STOP;
		}
		*key = node;
		return BUILDER_GO_ON;
	}
	if (parent->kind == YAML_MAPPING) {
		const struct yaml_node *its_key = *key;

		*key = NULL;
		node->key = its_key;
		if (strcmp(its_key->text, "<<") == 0 && its_key->is_plain) {
			diag_error(builder->diags, "merge-key", its_key->span, "merge keys are not supported");
			diag_hint(builder->diags, "use extends to build on another profile");
			return BUILDER_GO_ON;
		}
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
	return BUILDER_GO_ON;
}

static struct yaml_node *node_new(struct tree_builder *builder, enum yaml_kind kind,
	const yaml_event_t *event)
{
	struct yaml_node *node = arena_alloc(builder->arena, sizeof(*node));

	if (!node) {
		builder->diags->failed = true;
		return NULL;
	}
	node->kind = kind;
	node->span = span_of(builder->source, event->start_mark, event->end_mark);
	return node;
}

static void report_anchor(struct tree_builder *builder, struct span span, const char *what)
{
	diag_error(builder->diags, "anchor", span, "%s are not supported", what);
	diag_hint(builder->diags, "write the value out, or use extends to build on another profile");
}

static enum builder_verdict add_scalar(struct tree_builder *builder, const yaml_event_t *event)
{
	struct yaml_node *node = node_new(builder, YAML_SCALAR, event);
	const char *bytes = (const char *)event->data.scalar.value;
	size_t left = event->data.scalar.length;

	if (!node)
		return BUILDER_STOP;
	if (event->data.scalar.anchor)
		report_anchor(builder, node->span, "anchors");
	if (event->data.scalar.tag)
		diag_error(builder->diags, "tag", node->span, "tags are not supported");
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_copy(builder->arena, bytes, left);
	if (!node->text) {
		builder->diags->failed = true;
		return BUILDER_STOP;
	}
	node->length = left;

	/* An escape in double quotes can make what the file itself must not hold. */
	for (size_t size; left > 0; bytes += size, left -= size) {
		uint32_t character;

		size = utf8_decode(bytes, left, &character);
		if (size == 0 || !is_allowed(character, bytes + size, left - size)) {
			diag_error(builder->diags, "control-character", node->span,
				"the text holds an escaped control character");
			diag_hint(builder->diags, "remove it; a profile is plain text");
			node->text = "";
			node->length = 0;
			break;
		}
	}
	return attach(builder, node);
}

static enum builder_verdict open_collection(struct tree_builder *builder, enum yaml_kind kind,
	const yaml_event_t *event)
{
	const yaml_char_t *anchor = kind == YAML_SEQUENCE ? event->data.sequence_start.anchor :
		event->data.mapping_start.anchor;
	const yaml_char_t *tag = kind == YAML_SEQUENCE ? event->data.sequence_start.tag :
		event->data.mapping_start.tag;
	struct yaml_node *node = node_new(builder, kind, event);

	if (!node)
		return BUILDER_STOP;
	if (anchor)
		report_anchor(builder, node->span, "anchors");
	if (tag)
		diag_error(builder->diags, "tag", node->span, "tags are not supported");
	if (builder->depth == YAML_TREE_DEPTH_MAX) {
		diag_error(builder->diags, "too-deep", node->span, "more than %d levels of nesting",
			YAML_TREE_DEPTH_MAX);
		return BUILDER_STOP;
	}
	if (attach(builder, node) == BUILDER_STOP)
		return BUILDER_STOP;
	builder->keys[builder->depth] = NULL;
	builder->open[builder->depth++] = node;
	return BUILDER_GO_ON;
}

static enum builder_verdict add_event(struct tree_builder *builder, const yaml_event_t *event)
{
	struct span span = span_of(builder->source, event->start_mark, event->end_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++builder->documents == 1)
			return BUILDER_GO_ON;
		diag_error(builder->diags, "second-document", span, "a second document begins here");
		diag_hint(builder->diags, "one file holds one profile: remove the --- or split the file");
		return BUILDER_STOP;
	case YAML_ALIAS_EVENT:
		report_anchor(builder, span, "aliases");
		return BUILDER_STOP;
	case YAML_SCALAR_EVENT:
		return add_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(builder, YAML_SEQUENCE, event);
	case YAML_MAPPING_START_EVENT:
		return open_collection(builder, YAML_MAPPING, event);
	case YAML_SEQUENCE_END_EVENT:
		builder->depth--;
		return BUILDER_GO_ON;
	case YAML_MAPPING_END_EVENT:
		return finish_mapping(builder, builder->open[--builder->depth]);
	default:
		return BUILDER_GO_ON;
	}
}

/* Whether the text was read to its end. */
static bool read_events(struct tree_builder *builder, yaml_parser_t *parser)
{
	enum builder_verdict verdict = BUILDER_GO_ON;

	while (verdict == BUILDER_GO_ON) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				builder->diags->failed = true;
			else
				report_syntax(builder, parser);
			return false;
		}
		if (event.type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		verdict = add_event(builder, &event);
		yaml_event_delete(&event);
	}
	return false;
}

int yaml_tree_parse(struct arena *arena, const struct source *source, struct diags *diags,
	struct yaml_node **ret_root)
{
	struct tree_builder builder = { .arena = arena, .source = source, .diags = diags };
	size_t errors_before = diags->errors, mark = byte_order_mark(source);
	yaml_parser_t parser;
	bool is_whole;

	*ret_root = NULL;
	if (source->length > YAML_TREE_SIZE_MAX) {
		diag_error(diags, "too-large", span_file(source), "larger than %d bytes", YAML_TREE_SIZE_MAX);
		return YAML_TREE_CUT_SHORT;
	}
	if (!check_characters(source, diags))
		return diags->failed ? -ENOMEM : YAML_TREE_CUT_SHORT;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;

	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->text + mark, source->length - mark);
	is_whole = read_events(&builder, &parser);
	yaml_parser_delete(&parser);

	/* What the end of a text that was cut short left open: no duplicates there either. */
	while (builder.depth > 0) {
		struct yaml_node *open = builder.open[--builder.depth];

		if (open->kind == YAML_MAPPING)
			(void)finish_mapping(&builder, open);
	}
	if (diags->failed)
		return -ENOMEM;
	*ret_root = builder.root;
	if (!is_whole)
		return YAML_TREE_CUT_SHORT;
	return diags->errors > errors_before ? YAML_TREE_MISTAKES : 0;
}
