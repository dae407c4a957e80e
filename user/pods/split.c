/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON that comes in pieces and may have no end, cut into the objects that it consists of. */
#include "pods/split.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  256
#define ROOM_FIRST 16384U
#define ROOM_KEPT  (64U << 10)

/* Where an item's own brace stands: a stream's at no depth, a list's in an array of the object. */
static unsigned int outer_depth(const struct split *split)
{
	return split->form == SPLIT_LIST ? 2 : 0;
}

static bool begins_item(const struct split *split, char c)
{
	return c == '{' && split->depth == outer_depth(split) &&
	       (split->form == SPLIT_STREAM || split->in_array);
}

static enum split_result keep(struct split *split, char c)
{
	size_t room = split->room ? split->room * 2 : ROOM_FIRST;
	char *buf;

	if (split->len == SPLIT_ITEM_MAX)
		split->too_long = true;
	if (split->too_long)
		return SPLIT_GOOD;
	if (split->len == split->room) {
		buf = realloc(split->buf, room);
		if (!buf)
			return SPLIT_NO_MEMORY;
		split->buf = buf;
		split->room = room;
	}
	split->buf[split->len++] = c;
	return SPLIT_GOOD;
}

static enum split_result keep_frame(struct split *split, char c)
{
	/* Items leave their commas behind, which would be no JSON. */
	if (c == ',' && !split->in_text && split->depth == 2 && split->in_array)
		return SPLIT_GOOD;
	if (split->frame_len == SPLIT_FRAME_MAX)
		return SPLIT_MALFORMED;
	split->frame[split->frame_len++] = c;
	return SPLIT_GOOD;
}

static enum split_result end_item(struct split *split)
{
	bool go_on = true;

	if (split->too_long)
		split->too_long_count++;
	else
		go_on = split->item(split->buf, split->len, split->arg);
	split->item_depth = 0;
	split->too_long = false;
	split->len = 0;
	if (split->room > ROOM_KEPT) {
		free(split->buf);
		split->buf = NULL;
		split->room = 0;
	}
	return go_on ? SPLIT_GOOD : SPLIT_STOPPED;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Opens and closes what c does. False: it can't stand here. */
static bool take_structure(struct split *split, char c)
{
	if (split->in_text) {
		if (split->escaped)
			split->escaped = false;
		else if (c == '\\')
			split->escaped = true;
		else if (c == '"')
			split->in_text = false;
		return true;
	}
	if (!split->depth && c != '{' && !is_space(c))
		return false;
	switch (c) {
	case '"':
		split->in_text = true;
		return true;
	case '{':
	case '[':
		if (split->depth == DEPTH_MAX ||
		    (split->form == SPLIT_LIST && !split->depth && split->begun))
			return false;
		split->begun = true;
		if (split->depth++ == 1)
			split->in_array = c == '[';
		return true;
	case '}':
	case ']':
		split->depth--; /* it was not 0, see above */
		return true;
	default:
		return true;
	}
}

static enum split_result take(struct split *split, char c)
{
	bool text = split->in_text;
	enum split_result result;

	if (!split->item_depth && !text && begins_item(split, c))
		split->item_depth = split->depth + 1;
	if (!split->item_depth && split->form == SPLIT_LIST) {
		result = keep_frame(split, c);
		if (result)
			return result;
	}
	if (!take_structure(split, c))
		return SPLIT_MALFORMED;
	if (!split->item_depth)
		return SPLIT_GOOD;
	result = keep(split, c);
	if (!result && split->depth < split->item_depth)
		result = end_item(split);
	return result;
}

enum split_result split_feed(struct split *split, const char *data, size_t len)
{
	enum split_result result = SPLIT_GOOD;

	for (size_t i = 0; i < len && result == SPLIT_GOOD; i++)
		result = take(split, data[i]);
	return result;
}

bool split_is_whole(const struct split *split)
{
	return !split->depth && (split->begun || split->form == SPLIT_STREAM);
}

void split_clear(struct split *split)
{
	free(split->buf);
	split->buf = NULL;
	split->len = split->room = 0;
}
