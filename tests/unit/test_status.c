/* SPDX-License-Identifier: GPL-2.0-only */
/* Status as JSON and as text; text of answers that are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/viewing.h"
#include "view/status.h"

static json_t *status_of(const struct view *view)
{
	json_t *status;
	char *line;

	assert_int_equal(status_format(view, &line), 0);
	assert_null(strchr(line, '\n'));
	status = json_loads(line, 0, NULL);
	assert_non_null(status);
	free(line);
	return status;
}

static char *text_of(const json_t *status)
{
	struct page page = {};
	size_t len;
	char *text;

	page.out = open_memstream(&text, &len);
	assert_non_null(page.out);
	status_put(&page, status);
	fclose(page.out);
	return text;
}

static void as_json(void **state)
{
	json_t *status = status_of(viewing()), *rules, *balance;
	json_t *all = json_object_get(status, "totals");
	int resync, seen, holds;

	assert_int_equal(json_unpack(all, "{s:i}", "http_resync", &resync), 0);
	assert_int_equal(resync, 5);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(status, "unread"), "tls")), 5);
	rules = json_object_get(status, "rules");
	assert_int_equal(json_array_size(rules), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rules, 0), "groups")),
			 2);
	assert_true(json_is_false(json_object_get(json_array_get(rules, 1), "learning")));
	balance = json_array_get(json_object_get(status, "balance"), 0);
	assert_int_equal(json_unpack(balance, "{s:i s:b}", "seen", &seen, "holds", &holds), 0);
	assert_int_equal(seen, 11);
	assert_true(holds);
	assert_true(json_is_true(json_object_get(status, "ready")));
	json_decref(status);
}

static void as_text(void **state)
{
	static const char *const wanted[] = {
		"spikewatch    1.2.3 (abc) on gw1, up 1 d 1 h",
		"state         watching",
		"blind         e\"t\\h\\x0a0\\xff: no program is attached",
		"rules         scans: 2 groups in 5m, limit 350; 40 counted, 1 open",
		"denies: score 12.3 of 75 in the last 15m, 40, typical 37.5;",
		"packets       11 = 10 understood + 1 not_understood",
		"lost          merged_drops: 6 recursion_missed: 3",
		"pods          12 named, by api; told 4 s ago (it answered 403)",
		"unread        10.0.0.9:443: 88.9 % of connections; TLS 5, HTTP/2 1, QUIC 2, HTTP/1 1",
		"tables        http_counts 3 of 64, flows for 128",
		"sinks         journald: 7 sent, 2 waiting, 1 lost",
		"reload        1970-01-01T00:00:01.000Z: configuration refused",
		"refused       f:3:1: no",
	};
	json_t *status = status_of(viewing());
	char *text = text_of(status);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("no '%s' in:\n%s", wanted[i], text);
	free(text);
	json_decref(status);
}

static void not_ready(void **state)
{
	struct view view = *viewing();
	json_t *status;
	char *text;

	view.not_ready = "no interface is watched";
	status = status_of(&view);
	text = text_of(status);
	assert_non_null(strstr(text, "not ready: no interface is watched"));
	free(text);
	json_decref(status);
}

/* Another version, or another program: nothing is trusted to be there. */
static void text_of_others(void **state)
{
	static const char *const answers[] = {
		"{}",
		"{\"rules\":[1,{},[]],\"balance\":{},\"hooks\":\"x\",\"sinks\":[null],\"maps\":[[]],\"lost\":3}",
		"{\"conditions\":[{\"action\":1}],\"version\":\"\\u001b[31m\",\"reload\":{\"time\":4}}",
		"{\"rules\":[{\"kind\":\"anomaly\",\"id\":{}}],\"totals\":null,\"uptime_s\":-1}",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		json_t *status = json_loads(answers[i], 0, NULL);
		char *text;

		assert_non_null(status);
		text = text_of(status);
		assert_null(strchr(text, '\033'));
		free(text);
		json_decref(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_json),
		cmocka_unit_test(as_text),
		cmocka_unit_test(not_ready),
		cmocka_unit_test(text_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
