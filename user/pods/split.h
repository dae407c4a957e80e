/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON that comes in pieces and may have no end, cut into the objects that it consists of. */
#ifndef PODS_SPLIT_H
#define PODS_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define SPLIT_ITEM_MAX  (512U << 10) /* bytes; a longer object is left out, and counted */
#define SPLIT_FRAME_MAX 4096

enum split_form {
	SPLIT_STREAM, /* one object after the other, as a watch sends them */
	SPLIT_LIST,   /* one object, in which an array has them: {"kind":"PodList","items":[...]} */
};

enum split_result {
	SPLIT_GOOD,
	SPLIT_MALFORMED, /* no JSON, or not of this form; what was handed out before is good */
	SPLIT_STOPPED,   /* item() said false */
	SPLIT_NO_MEMORY,
};

/* An object's text: as many braces open as close, and nothing else is known of it. */
typedef bool (*split_item_fn)(const char *text, size_t len, void *arg);

/* All zero, but for form, item and arg: at the beginning. split_clear() at the end. */
struct split {
	enum split_form form;
	split_item_fn item;
	void *arg;
	unsigned int depth, item_depth; /* item_depth: where the item began; 0 none is open */
	bool in_text, escaped, in_array, begun;
	bool too_long; /* the item at hand */
	char *buf;     /* the item at hand */
	size_t len, room;
	char frame[SPLIT_FRAME_MAX]; /* of a list, what is not in its items */
	size_t frame_len;
	__u64 too_long_count;
};

enum split_result split_feed(struct split *split, const char *data, size_t len);

/* Nothing has begun that did not end: what came is whole. A list has come. */
bool split_is_whole(const struct split *split);

void split_clear(struct split *split);

#endif
