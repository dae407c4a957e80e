/* SPDX-License-Identifier: GPL-2.0-only */
/* Table rows that say what a JSON record holds at which path; for tests with cmocka. */
#ifndef TESTS_UNIT_JSON_ROWS_H
#define TESTS_UNIT_JSON_ROWS_H

#include <jansson.h>

#include "record/json.h"
#include "tests/unit/example.h"

/* What stands at a path, its parts joined by '/', as JSON; NULL: nothing may stand there. */
struct row {
	const char *path, *json;
};

static inline json_t *find(json_t *root, const char *path)
{
	char part[128];

	while (root && *path) {
		size_t len = strcspn(path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		root = json_is_array(root) ? json_array_get(root, atoi(part))
					   : json_object_get(root, part);
		path += len + (path[len] == '/');
	}
	return root;
}

static inline void check_rows(json_t *root, const char *name, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *found = find(root, rows[i].path), *expected;
		char *text = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

		if (!rows[i].json) {
			if (found)
				fail_msg("%s: %s is there: %s", name, rows[i].path, text);
			continue;
		}
		expected = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		assert_non_null(expected);
		if (!found || !json_equal(found, expected))
			fail_msg("%s: %s is %s, not %s", name, rows[i].path,
				 text ? text : "missing", rows[i].json);
		json_decref(expected);
		free(text);
	}
}

#define CHECK(root, name, rows) check_rows(root, name, rows, sizeof(rows) / sizeof((rows)[0]))

static inline json_t *parse(char *line)
{
	json_error_t error;
	json_t *root;

	assert_null(strpbrk(line, "\n\r"));
	root = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s: %s", error.text, line);
	free(line);
	return root;
}

static inline json_t *record_of(const struct observer *observer, const struct alert *alert)
{
	char *line = NULL;

	assert_int_equal(json_format_alert(observer, alert, &line), 0);
	return parse(line);
}

#endif
