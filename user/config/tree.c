/* SPDX-License-Identifier: GPL-2.0-only */
/* YAML text -> a tree of lists and maps that knows where each value stands. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "config/scalar.h"
#include "config/tree.h"

struct builder {
	yaml_parser_t parser;
	struct report *report;
	const char *text;
	size_t len;
	size_t node_count;
	unsigned int depth;
};

static struct mark mark_from(yaml_mark_t mark)
{
	return (struct mark){ mark.line + 1, mark.column + 1 };
}

void tree_clear(struct node *node)
{
	size_t i;

	for (i = 0; i < node->count; i++)
		tree_clear(&node->items[i]);
	free(node->items);
	free(node->text);
	*node = (struct node){ 0 };
}

bool node_is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcasecmp(node->text, "null"));
}

const struct node *node_find(const struct node *map, const char *key)
{
	size_t i;

	if (map->kind != NODE_MAP)
		return NULL;
	for (i = 0; i < map->count; i += 2) {
		if (map->items[i].kind == NODE_SCALAR && !strcmp(map->items[i].text, key))
			return &map->items[i + 1];
	}
	return NULL;
}

/* libyaml names neither line nor column of a character that it refuses, so look before it does. */
static int check_characters(const char *text, size_t len, struct report *report)
{
	struct mark mark = { 1, 1 };
	size_t at = 0;
	__u32 point;
	int n;

	while (at < len) {
		/* libyaml compares each %TAG with all before it: a file of them takes minutes. */
		if (mark.column == 1 && text[at] == '%') {
			report_add(report, mark,
				   "directives (lines that start with %%) are not supported");
			return -EINVAL;
		}
		n = scalar_decode_utf8(text + at, len - at, &point);
		if (n < 0) {
			report_add(report, mark, "the byte 0x%02x is not UTF-8",
				   (unsigned char)text[at]);
			return -EINVAL;
		}
		if ((point < 0x20 && !strchr("\t\r\n", point)) || !point || point == 0x7f ||
		    (point > 0x7f && point < 0xa0 && point != 0x85) || point == 0xfeff ||
		    point == 0xfffe || point == 0xffff) {
			report_add(report, mark,
				   "the character U+%04X may not stand in YAML; in double quotes "
				   "it is written \"\\u%04X\"",
				   point, point);
			return -EINVAL;
		}
		at += n;
		mark.column++;
		/* The breaks that libyaml counts as lines too. */
		if (point == '\n' || point == 0x85 || point == 0x2028 || point == 0x2029 ||
		    (point == '\r' && !(at < len && text[at] == '\n')))
			mark = (struct mark){ mark.line + 1, 1 };
	}
	return 0;
}

/* Is the character that a mark of libyaml's points at a tab? Its index counts characters. */
static bool is_tab_at(const struct builder *b, size_t index)
{
	size_t at = 0;
	__u32 point;

	while (index-- && at < b->len)
		at += scalar_decode_utf8(b->text + at, b->len - at, &point);
	return at < b->len && b->text[at] == '\t';
}

static int report_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	struct mark mark = mark_from(p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (is_tab_at(b, p->problem_mark.index))
		report_add(b->report, mark, "a tab stands here: expected spaces for indentation");
	else if (p->context)
		report_add(b->report, mark, "not valid YAML: %s (%s that starts on line %zu)",
			   p->problem, p->context, p->context_mark.line + 1);
	else
		report_add(b->report, mark, "not valid YAML: %s",
			   p->problem ? p->problem : "it cannot be read");
	return -EINVAL;
}

static int next_event(struct builder *b, yaml_event_t *event)
{
	return yaml_parser_parse(&b->parser, event) ? 0 : report_syntax(b);
}

/* Anchors and tags: nothing in a configuration needs them, and aliases can grow without bound. */
static void refuse_properties(struct builder *b, const yaml_event_t *event,
			      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	char quoted[QUOTE_MAX];

	if (anchor)
		report_add(b->report, mark_from(event->start_mark),
			   "anchors are not supported (%s): write the value out where it is used",
			   text_quote((const char *)anchor, quoted));
	if (tag)
		report_add(b->report, mark_from(event->start_mark),
			   "tags are not supported (%s): write the value without it",
			   text_quote((const char *)tag, quoted));
}

static int build_scalar(struct builder *b, const yaml_event_t *event, struct node *node)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	refuse_properties(b, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (memchr(value, '\0', len)) {
		report_add(b->report, node->mark, "the text holds a NUL character");
		return 0;
	}
	node->text = strndup(value, len);
	if (!node->text)
		return -ENOMEM;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->kind = NODE_SCALAR;
	return 0;
}

static int build_node(struct builder *b, const yaml_event_t *event, struct node *ret);

/* Adds what starts with event to node's items. */
static int build_item(struct builder *b, const yaml_event_t *event, struct node *node)
{
	struct node *items;

	/* Room grows by doubling: count is a power of two when it is full. */
	if (!(node->count & (node->count - 1))) {
		items = reallocarray(node->items, node->count ? 2 * node->count : 1,
				     sizeof(*items));
		if (!items)
			return -ENOMEM;
		node->items = items;
	}
	node->items[node->count] = (struct node){ 0 };
	if (node->kind == NODE_MAP && node->count % 2)
		node->items[node->count].key_mark = node->items[node->count - 1].mark;
	return build_node(b, event, &node->items[node->count++]);
}

static int build_items(struct builder *b, yaml_event_type_t end, struct node *node)
{
	yaml_event_t event;
	int err;

	for (;;) {
		err = next_event(b, &event);
		if (err)
			return err;
		if (event.type == end)
			break;
		err = build_item(b, &event, node);
		yaml_event_delete(&event);
		if (err)
			return err;
	}
	yaml_event_delete(&event);
	return 0;
}

static int compare_keys(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left;
	const struct node *b = *(const struct node *const *)right;
	int order = strcmp(a->text, b->text);

	return order ? order : a < b ? -1 : 1;
}

/* Makes bad what is no plain key, a merge key, or a key given before. */
static int check_keys(struct builder *b, struct node *map)
{
	char quoted[QUOTE_MAX];
	struct node **keys;
	size_t i, first, count = 0;

	keys = calloc(map->count / 2 + 1, sizeof(struct node *));
	if (!keys)
		return -ENOMEM;
	for (i = 0; i < map->count; i += 2) {
		struct node *key = &map->items[i];

		if (key->kind == NODE_SCALAR && key->plain && !strcmp(key->text, "<<")) {
			report_add(b->report, key->mark,
				   "merge keys (<<) are not supported: write the keys out");
			key->kind = NODE_BAD;
		} else if (key->kind == NODE_SCALAR) {
			keys[count++] = key;
		} else if (key->kind != NODE_BAD) {
			report_add(b->report, key->mark, "a key cannot be a %s: expected a word",
				   key->kind == NODE_LIST ? "list" : "map");
			key->kind = NODE_BAD;
		}
	}
	qsort(keys, count, sizeof(struct node *), compare_keys);
	for (i = 1, first = 0; i < count; i++) {
		if (strcmp(keys[first]->text, keys[i]->text)) {
			first = i;
			continue;
		}
		report_add(b->report, keys[i]->mark, "the key %s is given twice, first on line %u",
			   text_quote(keys[i]->text, quoted), keys[first]->mark.line);
		keys[i]->kind = NODE_BAD;
	}
	free(keys);
	return 0;
}

static int build_collection(struct builder *b, const yaml_event_t *event, struct node *node)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	int err;

	if (is_map)
		refuse_properties(b, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
	else
		refuse_properties(b, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
	if (b->depth == TREE_DEPTH_MAX) {
		report_add(b->report, node->mark, "nested deeper than %u levels", TREE_DEPTH_MAX);
		return -EINVAL;
	}
	b->depth++;
	node->kind = is_map ? NODE_MAP : NODE_LIST;
	err = build_items(b, is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, node);
	b->depth--;
	if (!err && is_map)
		err = check_keys(b, node);
	return err;
}

static int build_node(struct builder *b, const yaml_event_t *event, struct node *ret)
{
	char quoted[QUOTE_MAX];

	ret->mark = mark_from(event->start_mark);
	if (++b->node_count > TREE_NODES_MAX) {
		report_add(b->report, ret->mark, "more than %u values", TREE_NODES_MAX);
		return -EINVAL;
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return build_scalar(b, event, ret);
	case YAML_ALIAS_EVENT:
		report_add(b->report, ret->mark,
			   "aliases are not supported (%s): write the value out",
			   text_quote((const char *)event->data.alias.anchor, quoted));
		return 0;
	default:
		return build_collection(b, event, ret);
	}
}

/* The stream: start, one document, end. */
static int build_document(struct builder *b, struct node *ret)
{
	bool built = false, done = false;
	yaml_event_t event;
	int err;

	while (!done) {
		err = next_event(b, &event);
		if (err)
			return err;
		switch (event.type) {
		case YAML_STREAM_END_EVENT:
			done = true;
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (!built)
				break;
			report_add(b->report, mark_from(event.start_mark),
				   "a second document starts here: expected one in a file");
			err = -EINVAL;
			break;
		default:
			assert(!built);
			err = build_node(b, &event, ret);
			built = true;
		}
		yaml_event_delete(&event);
		if (err)
			return err;
	}
	return 0;
}

int tree_parse(const char *text, size_t len, struct report *report, struct node *ret)
{
	struct builder b = { .report = report };
	struct node root = { .kind = NODE_MAP, .mark = { 1, 1 } };
	int err;

	/* A byte order mark may come first. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (len > TREE_TEXT_MAX) {
		report_add(report, root.mark, "longer than %u MiB", TREE_TEXT_MAX >> 20);
		return -EINVAL;
	}
	err = check_characters(text, len, report);
	if (err)
		return err;
	if (!yaml_parser_initialize(&b.parser))
		return -ENOMEM;
	b.text = text;
	b.len = len;
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, len);
	err = build_document(&b, &root);
	yaml_parser_delete(&b.parser);
	if (err) {
		tree_clear(&root);
		return err;
	}
	if (node_is_null(&root))
		root.kind = NODE_MAP;
	*ret = root;
	return 0;
}
