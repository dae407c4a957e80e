/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines "time,count": what is a row, and what each line that is none is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "score/csv.h"

struct good {
	const char *line;
	__s64 time_s;
	double count;
};

static void rows_are_read(void **state)
{
	static const struct good rows[] = {
		{ "0,0", 0, 0 },
		{ "1767225600,42\n", 1767225600, 42 },
		{ "1767225600.999,42.5\r\n", 1767225600, 42.5 },
		{ " 1767225600 , 42 ", 1767225600, 42 },
		{ "253402300799,1e15", 253402300799, 1e15 },
		{ "1970-01-01T00:00:00Z,1", 0, 1 },
		{ "2026-01-01T00:00:00Z,1", 1767225600, 1 },
		{ "2026-01-01 00:00:00,1", 1767225600, 1 },
		{ "2026-01-01t02:00:00.25+02:00,1", 1767225600, 1 },
		{ "2025-12-31T18:30:00-05:30,1", 1767225600, 1 },
		{ "\"2026-01-01T00:00:00Z\",\"1\"", 1767225600, 1 },
		{ "2000-02-29T00:00:00Z,1", 951782400, 1 },
		{ "2024-02-29T12:00:00Z,1", 1709208000, 1 },
		{ "2024-12-31T23:59:60Z,1", 1735689600, 1 },
		{ "9999-12-31T23:59:59Z,1", 253402300799, 1 },
		{ "5,+3e2", 5, 300 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct csv_row row;

		if (csv_row(rows[i].line, strlen(rows[i].line), &row) != CSV_ROW)
			fail_msg("no row: %s", rows[i].line);
		if (row.time_s != rows[i].time_s || row.count != rows[i].count)
			fail_msg("%s: %lld, %g", rows[i].line, row.time_s, row.count);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line;
		enum csv_result result;
	} rows[] = {
		{ "", CSV_NOTHING },
		{ " \r\n", CSV_NOTHING },
		{ "# 5,5", CSV_NOTHING },
		{ "5", CSV_NO_COUNT },
		{ "5;5", CSV_NO_COUNT },
		{ "5,5,5", CSV_MORE_FIELDS },
		{ "\"5,5", CSV_QUOTE },
		{ "5,5\"", CSV_QUOTE },
		{ ",5", CSV_TIME },
		{ "-5,5", CSV_TIME },
		{ "5s,5", CSV_TIME },
		{ "5.,5", CSV_TIME },
		{ "0x10,5", CSV_TIME },
		{ "2026-01-01,5", CSV_TIME },
		{ "2026-13-01T00:00:00Z,5", CSV_TIME },
		{ "2026-00-01T00:00:00Z,5", CSV_TIME },
		{ "2026-02-29T00:00:00Z,5", CSV_TIME },
		{ "2100-02-29T00:00:00Z,5", CSV_TIME },
		{ "2026-01-01T24:00:00Z,5", CSV_TIME },
		{ "2026-01-01T00:60:00Z,5", CSV_TIME },
		{ "2026-01-01T00:00:61Z,5", CSV_TIME },
		{ "2026-01-01T00:00:00.Z,5", CSV_TIME },
		{ "2026-01-01T00:00:00+24:00,5", CSV_TIME },
		{ "2026-01-01T00:00:00+02,5", CSV_TIME },
		{ "2026-01-01T00:00:00ZZ,5", CSV_TIME },
		{ "1767225600000,5", CSV_TIME_RANGE },
		{ "99999999999999999999999999999,5", CSV_TIME_RANGE },
		{ "1969-12-31T23:59:59Z,5", CSV_TIME_RANGE },
		{ "0000-01-01T00:00:00Z,5", CSV_TIME_RANGE },
		{ "9999-12-31T23:59:59-01:00,5", CSV_TIME_RANGE },
		{ "5,", CSV_COUNT },
		{ "5,five", CSV_COUNT },
		{ "5,nan", CSV_COUNT },
		{ "5,inf", CSV_COUNT },
		{ "5,0x10", CSV_COUNT },
		{ "5,1e", CSV_COUNT },
		{ "5,1 2", CSV_COUNT },
		{ "5,11111111111111111111111111111111111111111", CSV_COUNT },
		{ "5,-1", CSV_COUNT_NEGATIVE },
		{ "5,1e16", CSV_COUNT_RANGE },
		{ "5,1e999", CSV_COUNT_RANGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct csv_row row = { .time_s = 77 };
		enum csv_result result = csv_row(rows[i].line, strlen(rows[i].line), &row);

		if (result != rows[i].result)
			fail_msg("%s: %s", rows[i].line, csv_says(result));
		assert_int_equal(row.time_s, 77);
	}
}

static void bytes_that_are_no_text(void **state)
{
	char line[CSV_LINE_MAX + 2];
	struct csv_row row;

	assert_int_equal(csv_row("5\0,5", 4, &row), CSV_TIME);
	assert_int_equal(csv_row("5,5\0", 4, &row), CSV_COUNT);
	assert_int_equal(csv_row("2026-01-01\0"
				 "00:00:00Z,5",
				 22, &row),
			 CSV_TIME);
	memset(line, '5', sizeof(line));
	assert_int_equal(csv_row(line, sizeof(line), &row), CSV_LINE_LONG);
	assert_int_equal(csv_row(line, CSV_LINE_MAX, &row), CSV_NO_COUNT);
}

static void every_result_says_something_of_its_own(void **state)
{
	for (int a = CSV_LINE_LONG; a <= CSV_COUNT_RANGE; a++)
		for (int b = CSV_LINE_LONG; b < a; b++)
			assert_string_not_equal(csv_says(a), csv_says(b));
}

static void names_of_columns_are_known(void **state)
{
	assert_true(csv_is_header("time,count", 10));
	assert_true(csv_is_header("\"time\",\"count\"\r\n", 16));
	assert_false(csv_is_header("time", 4));
	assert_false(csv_is_header("5,count", 7));
	assert_false(csv_is_header("-5,5", 4));
	assert_false(csv_is_header("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(every_result_says_something_of_its_own),
		cmocka_unit_test(names_of_columns_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
