/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows -> buckets -> scores. */
#include "score/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_row(struct series *series, const struct csv_row *row)
{
	size_t n = series->row_count;
	struct csv_row *rows;

	/* full at each power of two */
	if (!(n & (n - 1))) {
		rows = realloc(series->rows, (n ? n * 2 : 1) * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		series->rows = rows;
	}
	series->rows[series->row_count++] = *row;
	return 0;
}

/* What is wrong with this row's place among the others; NULL: nothing. */
static const char *misplaced(const struct series *series, const struct csv_row *row, bool adding)
{
	const struct csv_row *last;

	if (!series->row_count)
		return NULL;
	last = &series->rows[series->row_count - 1];
	if (row->time_s < last->time_s)
		return "it is earlier than the row before: sort by time";
	if (row->time_s == last->time_s && !adding)
		return "it has the time of the row before: --bucket adds such rows up";
	return NULL;
}

static int take_line(struct series *series, const char *text, size_t len, bool first, bool adding,
		     const char **ret_reason)
{
	enum csv_result result;
	struct csv_row row;

	*ret_reason = NULL;
	if (first && len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	result = csv_row(text, len, &row);
	if (result == CSV_NOTHING || (first && result != CSV_ROW && csv_is_header(text, len)))
		return 0;
	*ret_reason = result == CSV_ROW ? misplaced(series, &row, adding) : csv_says(result);
	return *ret_reason ? -EINVAL : add_row(series, &row);
}

int series_read(FILE *in, bool adding, series_say_fn say, void *arg, struct series *ret)
{
	size_t capacity = 0, line = 0;
	char *text = NULL;
	bool bad = false;
	int err = 0;
	ssize_t len;

	*ret = (struct series){ 0 };
	while (err != -ENOMEM && (len = getline(&text, &capacity, in)) >= 0) {
		const char *reason;

		err = take_line(ret, text, len, ++line == 1, adding, &reason);
		if (reason)
			say(line, reason, arg);
		bad |= reason != NULL;
	}
	if (err != -ENOMEM && ferror(in))
		err = -EIO;
	free(text);
	if (err == -ENOMEM || err == -EIO)
		return err;
	if (!ret->row_count && !bad)
		say(line ? line : 1, "there is no row", arg);
	return bad || !ret->row_count ? -EINVAL : 0;
}

static int compare_spacing(const void *a, const void *b)
{
	__s64 x = *(const __s64 *)a, y = *(const __s64 *)b;

	return x < y ? -1 : x > y;
}

/* 0: out of memory */
static __s64 median_spacing(const struct series *series)
{
	size_t n = series->row_count - 1, i;
	__s64 *spacing, median;

	if (!n)
		return SERIES_BUCKET_ALONE;
	spacing = malloc(n * sizeof(*spacing));
	if (!spacing)
		return 0;
	for (i = 0; i < n; i++)
		spacing[i] = series->rows[i + 1].time_s - series->rows[i].time_s;
	qsort(spacing, n, sizeof(*spacing), compare_spacing);
	median = spacing[n / 2];
	free(spacing);
	return median < SERIES_BUCKET_MAX ? median : SERIES_BUCKET_MAX;
}

/* How many whole buckets fit between the starts of two that follow each other. */
static __s64 missing_between(__s64 from_s, __s64 to_s, __s64 bucket_s)
{
	__s64 steps = (to_s - from_s + bucket_s / 2) / bucket_s;

	return steps > 1 ? steps - 1 : 0;
}

static __s64 start_of(const struct csv_row *row, __s64 bucket_s, bool own)
{
	return own ? row->time_s : row->time_s - row->time_s % bucket_s;
}

/* With points NULL only counts them. `own`: each row is a bucket of its own. */
static size_t put_points(const struct series *series, bool own, bool fill_zero,
			 struct point *points)
{
	__s64 bucket_s = series->bucket_s, last_s = 0, start_s, missing, k;
	size_t n = 0, i;

	for (i = 0; i < series->row_count; i++) {
		const struct csv_row *row = &series->rows[i];

		start_s = start_of(row, bucket_s, own);
		if (n && !own && start_s == last_s) {
			if (points) {
				points[n - 1].actual += row->count;
				points[n - 1].row = NULL;
			}
			continue;
		}
		missing = n && fill_zero ? missing_between(last_s, start_s, bucket_s) : 0;
		for (k = 1; points && k <= missing; k++)
			points[n + k - 1] = (struct point){ .start_s = last_s + k * bucket_s };
		n += missing;
		if (points)
			points[n] = (struct point){
				.start_s = start_s,
				.actual = row->count,
				.row = own ? row : NULL,
			};
		n++;
		last_s = start_s;
	}
	return n;
}

int series_divide(struct series *series, __s64 bucket_s, bool fill_zero)
{
	bool own = !bucket_s;

	if (!series->row_count)
		return -EINVAL;
	series->bucket_s = own ? median_spacing(series) : bucket_s;
	if (!series->bucket_s)
		return -ENOMEM;
	series->point_count = put_points(series, own, fill_zero, NULL);
	if (fill_zero && series->point_count > series->row_count + SERIES_FILL_MAX)
		return -E2BIG;
	series->points = calloc(series->point_count, sizeof(*series->points));
	if (!series->points)
		return -ENOMEM;
	put_points(series, own, fill_zero, series->points);
	return 0;
}

void series_clear(struct series *series)
{
	free(series->rows);
	free(series->points);
	*series = (struct series){ 0 };
}
