/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of keys: the keys of a map, words, and what is said about a value that cannot be. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"

#define EXPECTED_MAX 512
#define KEYS_SHOWN   8

void read_error(struct reader *r, const struct node *value, const char *format, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		r->err = -ENOMEM;
		return;
	}
	report_add(&r->errors, value->mark, "%s", text);
	free(text);
}

void read_note(struct reader *r, const struct node *value, const char *name)
{
	if (!r->builtin)
		report_add(&r->notes, value->key_mark.line ? value->key_mark : value->mark,
			   "'%s' has no effect in this version", name);
}

char *read_copy(struct reader *r, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		r->err = -ENOMEM;
	return copy;
}

void texts_free(char **texts)
{
	size_t i;

	for (i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

/* What stands there, for a message. */
static const char *describe(const struct node *value, char buf[QUOTE_MAX])
{
	if (value->kind == NODE_LIST)
		return "a list";
	if (value->kind == NODE_MAP)
		return "a map";
	if (node_is_null(value))
		return "empty";
	return text_quote(value->text, buf);
}

void read_refuse(struct reader *r, const struct node *value, const struct key *key,
		 const char *format, ...)
{
	char expected[EXPECTED_MAX], quoted[QUOTE_MAX];
	va_list args;

	if (value->kind == NODE_BAD)
		return;
	va_start(args, format);
	vsnprintf(expected, sizeof(expected), format, args);
	va_end(args);
	read_error(r, value, "'%s' cannot be %s: expected %s", key->name, describe(value, quoted),
		   expected);
}

/* "auto, tc or xdp" */
static const char *list_words(const struct word *words, char buf[EXPECTED_MAX])
{
	size_t used = 0;

	*buf = '\0';
	for (; words->name && used < EXPECTED_MAX; words++)
		used += snprintf(buf + used, EXPECTED_MAX - used, "%s%s", words->name,
				 !words[1].name  ? ""
				 : words[2].name ? ", "
						 : " or ");
	return buf;
}

void read_refuse_word(struct reader *r, const struct node *value, const struct key *key)
{
	const struct word *word;
	char buf[EXPECTED_MAX];
	struct guess guess = { 0 };
	const char *expected = key->expected;

	if (!expected)
		expected = list_words(key->words, buf);
	for (word = key->words; value->kind == NODE_SCALAR && word->name; word++)
		guess_try(&guess, value->text, word->name);
	if (guess.best)
		read_refuse(r, value, key, "%s (did you mean '%s'?)", expected, guess.best);
	else
		read_refuse(r, value, key, "%s", expected);
}

int word_find(const struct word *words, const char *name)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, name))
			return words->value;
	}
	return -1;
}

const char *word_name(const struct word *words, unsigned int value)
{
	while (words->name && words->value != value)
		words++;
	return words->name;
}

static const struct key *find_key(const struct keyset *set, const char *name)
{
	const struct key *key;

	for (key = set->keys; key->name; key++) {
		if (!strcmp(key->name, name))
			return key;
	}
	return NULL;
}

/* The names of a table, where they are few enough to be read. */
static const char *list_keys(const struct keyset *set, char buf[EXPECTED_MAX])
{
	struct word words[KEYS_SHOWN + 1] = { 0 };
	size_t i;

	for (i = 0; set->keys[i].name; i++) {
		if (i == KEYS_SHOWN)
			return NULL;
		words[i].name = set->keys[i].name;
	}
	return list_words(words, buf);
}

static void refuse_key(struct reader *r, const struct node *node, const struct keyset *set)
{
	char quoted[QUOTE_MAX], buf[EXPECTED_MAX];
	const struct other_key *other;
	const struct key *key;
	struct guess guess = { 0 };

	text_quote(node->text, quoted);
	for (other = set->others; other && other->name; other++) {
		if (strcmp(other->name, node->text))
			continue;
		read_error(r, node, "%s is not a key of %s: %s", quoted, set->name, other->hint);
		return;
	}
	for (key = set->keys; key->name && !report_is_full(&r->errors); key++)
		guess_try(&guess, node->text, key->name);
	if (guess.best)
		read_error(r, node, "%s is not a key of %s (did you mean '%s'?)", quoted, set->name,
			   guess.best);
	else if (list_keys(set, buf))
		read_error(r, node, "%s is not a key of %s: expected %s", quoted, set->name, buf);
	else
		read_error(r, node, "%s is not a key of %s", quoted, set->name);
}

void read_map(struct reader *r, const struct node *map, const struct keyset *set, void *into)
{
	const struct node *value;
	const struct key *key;
	char quoted[QUOTE_MAX];
	size_t i;

	if (map->kind == NODE_BAD || node_is_null(map))
		return;
	if (map->kind != NODE_MAP) {
		read_error(r, map, "%s cannot be %s: expected a map of keys", set->name,
			   describe(map, quoted));
		return;
	}
	for (i = 0; i < map->count; i += 2) {
		if (map->items[i].kind == NODE_SCALAR && !find_key(set, map->items[i].text))
			refuse_key(r, &map->items[i], set);
	}
	for (key = set->keys; key->name; key++) {
		value = node_find(map, key->name);
		if (value && key->read)
			key->read(r, value, key, (char *)into + key->offset);
	}
}
