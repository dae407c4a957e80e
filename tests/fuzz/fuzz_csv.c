/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a series: read, put into buckets in three ways, scored and drawn. The first byte
 * says how.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "score/plot.h"
#include "score/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POINTS_MAX 2000 /* more only takes time */

static void check_reason(size_t line, const char *reason, void *arg)
{
	if (!line || !*reason)
		abort();
}

static __s32 zone_of(__s64 time_s)
{
	return 3600;
}

static void check_points(const struct series *series)
{
	for (size_t i = 0; i < series->point_count; i++) {
		const struct point *point = &series->points[i];

		if (i && point->start_s <= point[-1].start_s)
			abort();
		if (!(point->score >= 0 && point->score <= 100) || !(point->actual >= 0) ||
		    !(point->probability > 0 && point->probability <= 1))
			abort();
	}
}

static void draw(const struct series *series)
{
	const struct plot_cfg cfg = { .title = "fuzz", .alert = 75, .side = SIDE_BOTH };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out || plot_write(series, &cfg, out))
		abort();
	fclose(out);
	if (strstr(text, "nan") || strstr(text, "inf"))
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool adding = size && data[0] & 1, fill_zero = size && data[0] & 2;
	struct series series;
	FILE *in;

	if (size < 2)
		return 0;
	in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
	if (!in)
		abort();
	if (!series_read(in, adding, check_reason, NULL, &series) &&
	    !series_divide(&series, adding ? 60 : 0, fill_zero) &&
	    series.point_count <= POINTS_MAX) {
		if (series_score(&series, (enum side)(data[0] >> 2 & 1), zone_of))
			abort();
		check_points(&series);
		draw(&series);
	}
	series_clear(&series);
	fclose(in);
	return 0;
}
