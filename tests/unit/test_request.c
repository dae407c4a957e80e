/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "serve/request.h"

static void lines(void **state)
{
	static const struct {
		const char *name, *line;
		enum request_result wanted;
	} rows[] = {
		{ "status", "status", REQUEST_GOOD },
		{ "with a line's end of Windows", "status\r", REQUEST_GOOD },
		{ "with spaces behind", "status  ", REQUEST_GOOD },
		{ "with an empty object", "status {}", REQUEST_GOOD },
		{ "with a key", "status {\"since\":1}", REQUEST_BAD_KEY },
		{ "nothing", "", REQUEST_UNKNOWN },
		{ "a space", " status", REQUEST_UNKNOWN },
		{ "a longer word", "statuses", REQUEST_UNKNOWN },
		{ "capitals", "STATUS", REQUEST_UNKNOWN },
		{ "top", "top", REQUEST_NOT_YET },
		{ "subscribe", "subscribe {\"rule\":\"x\"}", REQUEST_NOT_YET },
		{ "history", "history", REQUEST_GOOD },
		{ "all of its keys", "history {\"since\":5,\"rule\":\"a\",\"limit\":3}",
		  REQUEST_GOOD },
		{ "no object", "history [1]", REQUEST_BAD_JSON },
		{ "half an object", "history {\"since\":5", REQUEST_BAD_JSON },
		{ "two objects", "history {} {}", REQUEST_BAD_JSON },
		{ "a key twice", "history {\"limit\":1,\"limit\":2}", REQUEST_BAD_JSON },
		{ "an unknown key", "history {\"until\":1}", REQUEST_BAD_KEY },
		{ "since as text", "history {\"since\":\"7d\"}", REQUEST_BAD_SINCE },
		{ "since below zero", "history {\"since\":-1}", REQUEST_BAD_SINCE },
		{ "no rule's id", "history {\"rule\":\"\"}", REQUEST_BAD_RULE },
		{ "a rule with a zero in it", "history {\"rule\":\"a\\u0000b\"}",
		  REQUEST_BAD_JSON },
		{ "a rule that is a number", "history {\"rule\":1}", REQUEST_BAD_RULE },
		{ "no records", "history {\"limit\":0}", REQUEST_BAD_LIMIT },
		{ "too many", "history {\"limit\":10001}", REQUEST_BAD_LIMIT },
		{ "half of one", "history {\"limit\":0.5}", REQUEST_BAD_LIMIT },
	};
	struct request request;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum request_result result = request_parse(rows[i].line, strlen(rows[i].line),
							   &request);

		if (result != rows[i].wanted)
			fail_msg("%s: '%s' is %d (%s)", rows[i].name, rows[i].line, result,
				 request_says(result));
	}
}

static void history_keys(void **state)
{
	const char *line = "history {\"since\":1700000000,\"rule\":\"scans\",\"limit\":7}";
	struct request request = {};

	assert_int_equal(request_parse(line, strlen(line), &request), REQUEST_GOOD);
	assert_int_equal(request.kind, REQUEST_HISTORY);
	assert_int_equal(request.since_s, 1700000000);
	assert_string_equal(request.rule, "scans");
	assert_int_equal(request.limit, 7);
	assert_int_equal(request_parse("history", 7, &request), REQUEST_GOOD);
	assert_int_equal(request.since_s, 0);
	assert_string_equal(request.rule, "");
	assert_int_equal(request.limit, REQUEST_LIMIT);
}

static void long_rule(void **state)
{
	char line[256] = "history {\"rule\":\"";
	struct request request = { .limit = 1234 };

	memset(line + strlen(line), 'a', REQUEST_RULE_MAX);
	strcat(line, "\"}");
	assert_int_equal(request_parse(line, strlen(line), &request), REQUEST_GOOD);
	assert_int_equal(strlen(request.rule), REQUEST_RULE_MAX);
	strcpy(strchr(line, '}') - 1, "b\"}");
	request.limit = 1234;
	assert_int_equal(request_parse(line, strlen(line), &request), REQUEST_BAD_RULE);
	assert_int_equal(request.limit, 1234); /* untouched on failure */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(history_keys),
		cmocka_unit_test(long_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
