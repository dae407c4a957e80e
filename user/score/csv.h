/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines "time,count" of a CSV file. */
#ifndef SCORE_CSV_H
#define SCORE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define CSV_TIME_MAX  48             /* bytes of a time, with its end */
#define CSV_LINE_MAX  4096           /* a longer line is no row */
#define CSV_COUNT_MAX 1e15           /* whole numbers are exact in a double up to here */
#define CSV_EPOCH_MAX 253402300799LL /* 9999-12-31T23:59:59Z */

enum csv_result {
	CSV_ROW,
	CSV_NOTHING, /* an empty line or a comment */
	CSV_LINE_LONG,
	CSV_NO_COUNT,
	CSV_MORE_FIELDS,
	CSV_QUOTE,
	CSV_TIME,
	CSV_TIME_RANGE,
	CSV_COUNT,
	CSV_COUNT_NEGATIVE,
	CSV_COUNT_RANGE,
};

struct csv_row {
	__s64 time_s; /* since the Unix epoch, rounded down */
	double count;
	bool epoch;              /* the time was given as a number */
	char text[CSV_TIME_MAX]; /* the time as given, without quotes */
};

/*
 * Reads one line, with its end or without. Times are seconds since the Unix epoch or RFC 3339, with
 * a space in the place of T, and as UTC where the offset is missing; fractions of seconds are cut
 * off. Counts are numbers from 0 to 1e15. Fields may stand in double quotes. Empty lines and those
 * that begin with # are nothing. *ret only with CSV_ROW.
 */
enum csv_result csv_row(const char *line, size_t len, struct csv_row *ret);

/* What is wrong with such a line, and what was expected. */
const char *csv_says(enum csv_result result);

/* Could this line, which is no row, be the names of the columns? */
bool csv_is_header(const char *line, size_t len);

#endif
