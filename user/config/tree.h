/* SPDX-License-Identifier: GPL-2.0-only */
/* YAML text -> a tree of lists and maps that knows where each value stands. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config/report.h"

#define TREE_TEXT_MAX  (4u << 20) /* bytes of a file */
#define TREE_DEPTH_MAX 16
#define TREE_NODES_MAX 500000

enum node_kind {
	NODE_BAD, /* has been reported: read over it */
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool plain; /* a scalar without quotes */
	struct mark mark;
	struct mark key_mark; /* of the key whose value this is; line 0: it is nobody's */
	char *text;           /* a scalar's */
	struct node *items;   /* a list's entries; a map's keys (scalars) and values in turn */
	size_t count;         /* of items: in a map twice the number of keys */
};

/*
 * Reads one YAML document; an empty one gives an empty map. Taken is what a configuration needs:
 * lists, maps with plain keys that differ, scalars. Anchors, aliases, merge keys, tags, directives
 * and further documents are refused. What is wrong is added to report; the tree holds NODE_BAD
 * there. -EINVAL where the text could not be read to its end (reported), -ENOMEM.
 */
int tree_parse(const char *text, size_t len, struct report *report, struct node *ret);
void tree_clear(struct node *node);

/* No value: empty, ~ or null, without quotes. */
bool node_is_null(const struct node *node);
/* The value of a map's key, or NULL. */
const struct node *node_find(const struct node *map, const char *key);

#endif
