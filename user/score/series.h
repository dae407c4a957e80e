/* SPDX-License-Identifier: GPL-2.0-only */
/* A series of counts: read from CSV, put into buckets, scored one after the other. */
#ifndef SCORE_SERIES_H
#define SCORE_SERIES_H

#include <stdio.h>

#include "anomaly/anomaly.h"
#include "score/csv.h"

#define SERIES_BUCKET_ALONE 900 /* seconds: the length where one row alone tells none */
#define SERIES_BUCKET_MAX   (7 * 86400)
#define SERIES_FILL_MAX     1000000 /* empty buckets that are filled in, in all */

/* One bucket, and how it was judged before it was learned. */
struct point {
	__s64 start_s;
	double actual;
	double typical, low, high; /* what was expected: middle, 5 % and 95 % */
	double probability;
	double score;
	bool learning;
	const struct csv_row *row; /* the one that is this bucket; NULL: one of several, or none */
};

struct series {
	struct csv_row *rows;
	size_t row_count;
	struct point *points;
	size_t point_count;
	__s64 bucket_s;
};

/* A row that is wrong: its line, counted from 1, and why. */
typedef void (*series_say_fn)(size_t line, const char *reason, void *arg);

/*
 * Reads rows, whose times must not go back; the first line may be names of columns. Every wrong row
 * is said. -EINVAL where one was, or there is no row at all; -EIO, -ENOMEM. The caller clears in
 * any case. `adding`: several rows may have the same time.
 */
int series_read(FILE *in, bool adding, series_say_fn say, void *arg, struct series *ret);

/*
 * Makes points of rows. bucket_s 0: each row is a bucket, of the median spacing. Else buckets are
 * aligned to UTC and rows in the same one are added up. Buckets without rows are left out, or are
 * there and empty with `fill_zero`. -E2BIG: more than SERIES_FILL_MAX of them;
 * -EINVAL: no rows; -ENOMEM.
 */
int series_divide(struct series *series, __s64 bucket_s, bool fill_zero);

/* The offset of local time from UTC at a time, in seconds. */
typedef __s32 (*series_zone_fn)(__s64 time_s);

/* Judges and learns every point. -ENOMEM, -EINVAL as anomaly_new(). */
int series_score(struct series *series, enum side side, series_zone_fn zone);

void series_clear(struct series *series);

#endif
