/* SPDX-License-Identifier: GPL-2.0-only */
/* What clients asked for: as text, whatever it is made of; and summed up for an alert. */
#include "core/requests.h"

#include <stdio.h>
#include <string.h>

#include "judging.h"

#define FIFTY "01234567890123456789012345678901234567890123456789"

static void check_text(const char *name, const void *line, size_t len, bool query, const char *want)
{
	char text[REQUEST_TEXT];

	memset(text, 'x', sizeof(text));
	print_message("%s\n", name);
	request_text(line, len, query, text);
	assert_string_equal(text, want);
}

static void test_texts(void **state)
{
	static const struct {
		const char *name;
		const char *line;
		const char *path; /* without the query */
		const char *full; /* NULL: the same */
	} rows[] = {
		{ "a path", "GET /a/b HTTP/1.1\r\nHost: a\r\n", "GET /a/b", NULL },
		{ "a query", "GET /a?b=c&d=/e?f HTTP/1.1\r\n", "GET /a", "GET /a?b=c&d=/e?f" },
		{ "a query that is cut", "GET /a?secret=12345", "GET /a",
		  "GET /a?secret=12345..." },
		{ "a path that is cut", "GET /abc", "GET /abc...", NULL },
		{ "a path whose end is there", "GET /abc ", "GET /abc", NULL },
		{ "nothing but a query", "GET ?a HTTP/1.1\r\n", "GET ", "GET ?a" },
		{ "empty lines before it", "\r\n\nGET / HTTP/1.1\r\n", "GET /", NULL },
		{ "HTTP/0.9", "GET /a\r\n", "GET /a", NULL },
		{ "a URI", "GET http://host:80/a?b HTTP/1.1\r\n", "GET http://host:80/a",
		  "GET http://host:80/a?b" },
		{ "a URI with a name and a password", "GET http://joe:secret@host/a@b HTTP/1.1\r\n",
		  "GET http://host/a@b", NULL },
		{ "a URI with two signs before its host", "GET http://a@b:c@host/ HTTP/1.1\r\n",
		  "GET http://host/", NULL },
		{ "a scheme alone", "GET http:// HTTP/1.1\r\n", "GET http://", NULL },
		{ "CONNECT", "CONNECT host:443 HTTP/1.1\r\n", "CONNECT host:443", NULL },
		{ "all servers", "OPTIONS * HTTP/1.1\r\n", "OPTIONS *", NULL },
		{ "escape codes, quotes, a backslash", "GET /\x1b[31m\"\\\xc3\xa4 HTTP/1.1\r\n",
		  "GET /\\x1b[31m\"\\x5c\\xc3\\xa4", NULL },
		{ "a method of odd letters", "G\x01T / HTTP/1.1\r\n", "G\\x01T /", NULL },
		{ "no space", "GETTING\r\n", "", NULL },
		{ "a space first", " / HTTP/1.1\r\n", "", NULL },
		{ "nothing", "", "", NULL },
		{ "empty lines alone", "\r\n\r\n", "", NULL },
		{ "too long", "GET /" FIFTY FIFTY FIFTY " HTTP/1.1\r\n",
		  "GET /" FIFTY FIFTY "0123456789012345...", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *full = rows[i].full ? rows[i].full : rows[i].path;

		check_text(rows[i].name, rows[i].line, strlen(rows[i].line), false, rows[i].path);
		check_text(rows[i].name, rows[i].line, strlen(rows[i].line), true, full);
	}
	check_text("a zero byte", "GET /a\0b HTTP/1.1\r\n", 19, false, "GET /a\\x00b");
}

/* Every byte, as long as may be: no more room is used than there is. */
static void test_worst(void **state)
{
	__u8 line[SW_REQUEST_LINE];
	char text[REQUEST_TEXT];

	for (int byte = 0; byte < 256; byte++) {
		memset(line, byte, sizeof(line));
		memcpy(line, "GET ", 4);
		request_text(line, sizeof(line), true, text);
		assert_true(strlen(text) < REQUEST_TEXT);
		for (const char *c = text; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
}

static void add(struct requests *requests, __u16 client, __u16 port, __u64 s, const char *text)
{
	struct group_key group = { .port = client };
	struct sample sample = { .time_ns = s * SECOND_NS, .port = port, .feed = FEED_HTTP };

	snprintf(sample.request, sizeof(sample.request), "%s", text);
	requests_add(requests, &group, &sample);
}

static void test_sums(void **state)
{
	struct group_key group = { .port = 1 };
	struct requests requests = { 0 };
	struct alert_requests got;

	requests_gather(&requests, &group, &got);
	assert_int_equal(got.count + got.known + got.paths + got.distinct, 0);
	add(&requests, 1, 80, 1, "GET /old");
	add(&requests, 1, 80, 2, "GET /often");
	add(&requests, 2, 80, 2, "GET /other");
	add(&requests, 1, 80, 3, "HEAD /often");
	add(&requests, 1, 80, 4, "GET /often");
	add(&requests, 1, 81, 5, "GET /often");
	add(&requests, 1, 80, 6, "GET /new");
	requests_gather(&requests, &group, &got);
	assert_int_equal(got.known, 6);
	assert_int_equal(got.distinct, 4);
	assert_int_equal(got.paths, 4); /* three at port 80, one at 81 */
	assert_int_equal(got.count, 4);
	assert_string_equal(got.text[0], "GET /often");
	assert_string_equal(got.text[1], "GET /new");
	assert_string_equal(got.text[2], "HEAD /often");
	assert_string_equal(got.text[3], "GET /old");
	requests_advance(&requests, 5 * SECOND_NS);
	requests_gather(&requests, &group, &got);
	assert_int_equal(got.known, 2);
	requests_clear(&requests);
	requests_gather(&requests, &group, &got);
	assert_int_equal(got.known, 0);
}

/* The newest push the oldest out; of many only some are named, and all are counted. */
static void test_bounds(void **state)
{
	struct group_key group = { .port = 1 };
	struct requests requests = { 0 };
	struct alert_requests got;
	char text[REQUEST_TEXT];

	for (int i = 0; i < REQUESTS_MAX + 10; i++) {
		snprintf(text, sizeof(text), "GET /%d", i);
		add(&requests, 1, 80, i, text);
	}
	requests_gather(&requests, &group, &got);
	assert_int_equal(got.known, REQUESTS_MAX);
	assert_int_equal(got.paths, REQUESTS_MAX);
	assert_int_equal(got.count, ALERT_REQUESTS_MAX);
	assert_string_equal(got.text[0], text);
	requests_advance(&requests, (REQUESTS_MAX + 9) * SECOND_NS);
	requests_gather(&requests, &group, &got);
	assert_int_equal(got.known, 1);
	requests_clear(&requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
