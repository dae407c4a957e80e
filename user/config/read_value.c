/* SPDX-License-Identifier: GPL-2.0-only */
/* Readers of single values and of lists of them: each checks a node and puts it into a field. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"
#include "config/scalar.h"

void read_section(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	read_map(r, value, key->section, field);
}

void read_bool(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	static const struct word words[] = {
		{ "true", true },
		{ "false", false },
		{},
	};
	const struct key with_words = { .name = key->name, .words = words };
	bool *to = field;
	int found = -1;

	if (value->kind == NODE_SCALAR && value->plain)
		found = word_find(words, value->text);
	if (found < 0) {
		if (value->kind == NODE_SCALAR && word_find(words, value->text) >= 0)
			read_refuse(r, value, key, "true or false without quotes");
		else
			read_refuse_word(r, value, &with_words);
		return;
	}
	if (key->unused && *to != found)
		read_note(r, value, key->unused);
	*to = found;
}

void read_choice(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	unsigned int *to = field;
	int found = -1;

	if (value->kind == NODE_SCALAR)
		found = word_find(key->words, value->text);
	if (found < 0) {
		read_refuse_word(r, value, key);
		return;
	}
	if (key->unused && *to != (unsigned int)found)
		read_note(r, value, key->unused);
	*to = found;
}

/* A whole number between key's bounds. */
static bool read_bounded(struct reader *r, const struct node *value, const struct key *key,
			 __u64 *ret)
{
	__u64 number;

	if (value->kind == NODE_SCALAR && !value->plain &&
	    !scalar_parse_number(value->text, &number)) {
		read_refuse(r, value, key, "a number without quotes");
		return false;
	}
	if (value->kind != NODE_SCALAR || scalar_parse_number(value->text, &number) ||
	    number < key->min || number > key->max) {
		read_refuse(r, value, key, "a whole number from %llu to %llu", key->min, key->max);
		return false;
	}
	*ret = number;
	return true;
}

void read_number(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	read_bounded(r, value, key, field);
}

void read_small(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	unsigned int *to = field;
	__u64 number;

	if (read_bounded(r, value, key, &number))
		*to = number;
}

void read_duration(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	char min[SCALAR_TEXT_MAX], max[SCALAR_TEXT_MAX];
	__u64 ns, *to = field;
	int err = -EINVAL;

	if (value->kind == NODE_SCALAR)
		err = scalar_parse_duration(value->text, &ns);
	if (err == -EINVAL) {
		read_refuse(r, value, key, "a duration such as 300ms, 2s, 5m, 24h or 7d");
		return;
	}
	if (err || ns < key->min || ns > key->max) {
		read_refuse(r, value, key, "%s to %s", scalar_format_duration(key->min, min),
			    scalar_format_duration(key->max, max));
		return;
	}
	if (key->min % NS_PER_S == 0 && ns % NS_PER_S) {
		read_refuse(r, value, key, "whole seconds");
		return;
	}
	*to = ns;
}

void read_size(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	char min[SCALAR_TEXT_MAX], max[SCALAR_TEXT_MAX];
	__u64 size, *to = field;
	int err = -EINVAL;

	if (value->kind == NODE_SCALAR)
		err = scalar_parse_size(value->text, &size);
	if (err == -EINVAL)
		read_refuse(r, value, key, "a size such as 64MiB or 1GiB");
	else if (err || size < key->min || size > key->max)
		read_refuse(r, value, key, "%s to %s", scalar_format_size(key->min, min),
			    scalar_format_size(key->max, max));
	else
		*to = size;
}

/* Is it text of at most key->max bytes? */
static bool check_text(struct reader *r, const struct node *value, const struct key *key)
{
	if (value->kind != NODE_SCALAR || node_is_null(value) || !*value->text) {
		read_refuse(r, value, key, "%s", key->expected ? key->expected : "text");
		return false;
	}
	if (strlen(value->text) > key->max) {
		read_refuse(r, value, key, "at most %llu bytes", key->max);
		return false;
	}
	return true;
}

void read_text(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	char **to = field, *text = NULL;

	if (!(key->nullable && node_is_null(value))) {
		if (!check_text(r, value, key))
			return;
		text = read_copy(r, value->text);
		if (!text)
			return;
	}
	if (key->unused && (!text != !*to || (text && strcmp(text, *to))))
		read_note(r, value, key->unused);
	free(*to);
	*to = text;
}

void read_path(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	if (value->kind == NODE_SCALAR && !node_is_null(value) && value->text[0] != '/')
		read_refuse(r, value, key, "a path from the root, such as /etc/spikewatch/x");
	else
		read_text(r, value, key, field);
}

bool read_list(struct reader *r, const struct node *value, const struct key *key, size_t max,
	       const struct node **ret, size_t *ret_count)
{
	if (value->kind != NODE_LIST) {
		read_refuse(r, value, key, "a list%s", node_is_null(value) ? " ([] for none)" : "");
		return false;
	}
	if (value->count > max) {
		read_refuse(r, value, key, "at most %zu entries", max);
		return false;
	}
	*ret = value->items;
	*ret_count = value->count;
	return true;
}

bool read_one_or_list(struct reader *r, const struct node *value, const struct key *key, size_t max,
		      const struct node **ret, size_t *ret_count)
{
	if (value->kind == NODE_SCALAR && !node_is_null(value)) {
		*ret = value;
		*ret_count = 1;
		return true;
	}
	if (value->kind != NODE_LIST || !value->count) {
		if (value->kind == NODE_LIST)
			read_error(r, value, "'%s' has no entries: leave it out", key->name);
		else
			read_refuse(r, value, key, "a value or a list of values");
		return false;
	}
	return read_list(r, value, key, max, ret, ret_count);
}

void read_texts(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	const struct node *entries;
	char **texts, ***to = field;
	size_t i, count, used = 0;

	if (!read_list(r, value, key, 1000, &entries, &count))
		return;
	texts = calloc(count + 1, sizeof(*texts));
	if (!texts) {
		r->err = -ENOMEM;
		return;
	}
	for (i = 0; i < count; i++) {
		if (!check_text(r, &entries[i], key))
			continue;
		texts[used] = read_copy(r, entries[i].text);
		if (texts[used])
			used++;
	}
	texts_free(*to);
	*to = texts;
	if (!count) {
		free(texts);
		*to = NULL;
	}
}

void read_bits(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	const struct node *entries;
	__u32 bits = 0, *to = field;
	size_t i, count;
	int found;

	if (!read_one_or_list(r, value, key, 64, &entries, &count))
		return;
	for (i = 0; i < count; i++) {
		found = -1;
		if (entries[i].kind == NODE_SCALAR)
			found = word_find(key->words, entries[i].text);
		if (found < 0)
			read_refuse_word(r, &entries[i], key);
		else
			bits |= found;
	}
	*to = bits;
}

bool read_net(struct reader *r, const struct node *value, const struct key *key, struct net *ret)
{
	char text[SCALAR_TEXT_MAX];
	struct net net;
	int err = -EINVAL;

	if (value->kind == NODE_SCALAR)
		err = net_parse(value->text, &net);
	if (!err) {
		*ret = net;
		return true;
	}
	if (err == -EDOM && !scalar_parse_net_around(value->text, &net))
		read_refuse(r, value, key, "%s (the address has bits set past the prefix)",
			    scalar_format_net(&net, text));
	else if (err == -ERANGE)
		read_refuse(r, value, key, "a prefix length of at most %d",
			    strchr(value->text, ':') ? 128 : 32);
	else
		read_refuse(r, value, key, "%s",
			    key->expected ? key->expected
					  : "an address or a network such as 10.0.0.0/8");
	return false;
}
