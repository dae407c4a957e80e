/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON in pieces, cut into objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pods/split.h"

/* What was handed out, with '|' behind each. */
struct heard {
	char text[4096];
	size_t stop_after; /* so many items; 0: never */
	size_t count, longest;
};

static bool hear(const char *text, size_t len, void *arg)
{
	struct heard *heard = arg;
	size_t used = strlen(heard->text);

	heard->count++;
	if (len > heard->longest)
		heard->longest = len;
	if (used + len + 2 < sizeof(heard->text))
		snprintf(heard->text + used, sizeof(heard->text) - used, "%.*s|", (int)len, text);
	return heard->count != heard->stop_after;
}

/* In pieces of that many bytes. */
static enum split_result feed(struct split *split, const char *text, size_t piece)
{
	enum split_result result = SPLIT_GOOD;
	size_t len = strlen(text);

	for (size_t i = 0; i < len && !result; i += piece)
		result = split_feed(split, text + i, piece < len - i ? piece : len - i);
	return result;
}

struct row {
	const char *name;
	enum split_form form;
	const char *text;
	const char *items;
	enum split_result result;
	bool whole;
	const char *frame; /* NULL: not looked at */
};

static const struct row rows[] = {
	{ "nothing, of a stream", SPLIT_STREAM, "", "", SPLIT_GOOD, true, "" },
	{ "nothing, of a list", SPLIT_LIST, "", "", SPLIT_GOOD, false, "" },
	{ "one after the other", SPLIT_STREAM, "{\"a\":1}\n{\"b\":{}}\r\n", "{\"a\":1}|{\"b\":{}}|",
	  SPLIT_GOOD, true, "" },
	{ "brackets in text", SPLIT_STREAM, "{\"a\":\"}{[\\\"}\\\\\"}", "{\"a\":\"}{[\\\"}\\\\\"}|",
	  SPLIT_GOOD, true, "" },
	{ "cut in an object", SPLIT_STREAM, "{\"a\":1}{\"b\":[", "{\"a\":1}|", SPLIT_GOOD, false,
	  "" },
	{ "cut in a text", SPLIT_STREAM, "{\"a\":\"}", "", SPLIT_GOOD, false, "" },
	{ "HTML", SPLIT_STREAM, "<html>", "", SPLIT_MALFORMED, true, NULL },
	{ "a comma between", SPLIT_STREAM, "{},{}", "{}|", SPLIT_MALFORMED, true, NULL },
	{ "an array", SPLIT_STREAM, "[{}]", "", SPLIT_MALFORMED, true, NULL },
	{ "closed too often", SPLIT_STREAM, "{}}", "{}|", SPLIT_MALFORMED, true, NULL },
	{ "items of a list", SPLIT_LIST,
	  "{\"kind\":\"PodList\",\"metadata\":{\"x\":{}},\"items\":[{\"a\":[{}]}, {\"b\":2}]}",
	  "{\"a\":[{}]}|{\"b\":2}|", SPLIT_GOOD, true,
	  "{\"kind\":\"PodList\",\"metadata\":{\"x\":{}},\"items\":[ ]}" },
	{ "an empty list", SPLIT_LIST, "{\"items\":[]}\n", "", SPLIT_GOOD, true,
	  "{\"items\":[]}\n" },
	{ "arrays deeper are no items", SPLIT_LIST, "{\"m\":{\"i\":[{}]},\"items\":[{}]}", "{}|",
	  SPLIT_GOOD, true, "{\"m\":{\"i\":[{}]},\"items\":[]}" },
	{ "an array's end is one", SPLIT_LIST, "{\"items\":[{}],\"m\":{\"a\":1}}", "{}|",
	  SPLIT_GOOD, true, "{\"items\":[],\"m\":{\"a\":1}}" },
	{ "a second list", SPLIT_LIST, "{\"items\":[]}{\"items\":[{}]}", "", SPLIT_MALFORMED, true,
	  NULL },
	{ "a list that is cut", SPLIT_LIST, "{\"items\":[{\"a\":1},", "{\"a\":1}|", SPLIT_GOOD,
	  false, NULL },
};

static void forms(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 4096 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			struct heard heard = {};
			struct split split = { .form = rows[i].form, .item = hear, .arg = &heard };
			enum split_result result = feed(&split, rows[i].text, pieces[p]);
			size_t len = split.frame_len;

			if (result != rows[i].result || strcmp(heard.text, rows[i].items) != 0)
				fail_msg("%s: %d, %s", rows[i].name, result, heard.text);
			if (!result && split_is_whole(&split) != rows[i].whole)
				fail_msg("%s: whole", rows[i].name);
			if (rows[i].frame && (len != strlen(rows[i].frame) ||
					      memcmp(split.frame, rows[i].frame, len) != 0))
				fail_msg("%s: frame %.*s", rows[i].name, (int)len, split.frame);
			split_clear(&split);
		}
	}
}

static void who_hears_may_stop(void **state)
{
	struct heard heard = { .stop_after = 2 };
	struct split split = { .form = SPLIT_STREAM, .item = hear, .arg = &heard };

	assert_int_equal(feed(&split, "{}{}{}", 6), SPLIT_STOPPED);
	assert_int_equal(heard.count, 2);
	split_clear(&split);
}

/* A text of len bytes that is one object. */
static char *object_of(size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + len - 2, "\"}", 3);
	return text;
}

static void an_object_that_is_too_long_is_left_out(void **state)
{
	struct heard heard = {};
	struct split split = { .form = SPLIT_STREAM, .item = hear, .arg = &heard };
	char *fits = object_of(SPLIT_ITEM_MAX), *not = object_of(SPLIT_ITEM_MAX + 1);

	assert_int_equal(feed(&split, fits, 16384), SPLIT_GOOD);
	assert_int_equal(heard.longest, SPLIT_ITEM_MAX);
	assert_int_equal(feed(&split, not, 16384), SPLIT_GOOD);
	assert_int_equal(split.too_long_count, 1);
	assert_int_equal(feed(&split, "{}", 1), SPLIT_GOOD);
	assert_int_equal(heard.count, 2);
	assert_true(split_is_whole(&split));
	assert_true(split.room <= 65536); /* what a long one took is given back */
	split_clear(&split);
	free(fits);
	free(not );
}

static void what_nests_too_deep_or_has_too_long_a_frame_is_malformed(void **state)
{
	struct heard heard = {};
	struct split split = { .form = SPLIT_STREAM, .item = hear, .arg = &heard };
	char deep[2000];

	memset(deep, '[', sizeof(deep));
	deep[0] = '{';
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(feed(&split, deep, 100), SPLIT_MALFORMED);
	split_clear(&split);
	split = (struct split){ .form = SPLIT_LIST, .item = hear, .arg = &heard };
	memset(deep, ' ', sizeof(deep) - 1);
	assert_int_equal(feed(&split, "{", 1), SPLIT_GOOD);
	assert_int_equal(feed(&split, deep, 100), SPLIT_GOOD);
	assert_int_equal(feed(&split, deep, 100), SPLIT_GOOD);
	assert_int_equal(feed(&split, deep, 100), SPLIT_MALFORMED);
	split_clear(&split);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(who_hears_may_stop),
		cmocka_unit_test(an_object_that_is_too_long_is_left_out),
		cmocka_unit_test(what_nests_too_deep_or_has_too_long_a_frame_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
