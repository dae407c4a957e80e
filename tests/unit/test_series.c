/* SPDX-License-Identifier: GPL-2.0-only */
/* From the text of a series to its buckets, scores and picture. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "score/plot.h"
#include "score/series.h"

static char said[512];

static void note(size_t line, const char *reason, void *arg)
{
	size_t len = strlen(said);

	snprintf(said + len, sizeof(said) - len, "%zu:%.12s;", line, reason);
}

static int read_text(const char *text, bool adding, struct series *series)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int err;

	assert_non_null(in);
	said[0] = '\0';
	err = series_read(in, adding, note, NULL, series);
	fclose(in);
	return err;
}

static __s32 utc(__s64 time_s)
{
	return 0;
}

/* "start=count ..." of all points */
static const char *points_of(const struct series *series)
{
	static char text[512];
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < series->point_count && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%lld=%g", i ? " " : "",
				series->points[i].start_s, series->points[i].actual);
	return text;
}

static void check_points(const char *text, __s64 bucket_s, bool fill_zero, const char *expected)
{
	struct series series;

	assert_int_equal(read_text(text, bucket_s > 0, &series), 0);
	assert_int_equal(series_divide(&series, bucket_s, fill_zero), 0);
	assert_string_equal(points_of(&series), expected);
	series_clear(&series);
}

static void rows_become_buckets(void **state)
{
	/* as they are; a gap stays one unless it is to be filled */
	check_points("t,n\n7,1\n17,2\n47,3\n57,4\n", 0, false, "7=1 17=2 47=3 57=4");
	check_points("7,1\n17,2\n47,3\n57,4\n", 0, true, "7=1 17=2 27=0 37=0 47=3 57=4");
	/* a row that comes a little late leaves no gap */
	check_points("0,1\n10,2\n24,3\n30,4\n", 0, true, "0=1 10=2 24=3 30=4");
	/* added up, aligned to UTC */
	check_points("899,1\n900,2\n900,3\n1799,4\n3600,5\n", 900, false, "0=1 900=9 3600=5");
	check_points("899,1\n900,2\n900,3\n1799,4\n3600,5\n", 900, true,
		     "0=1 900=9 1800=0 2700=0 3600=5");
	check_points("\xef\xbb\xbftime,count\r\n\r\n# x\r\n5,1\r\n", 0, true, "5=1");
}

static void wrong_rows_are_all_said(void **state)
{
	struct series series;

	assert_int_equal(read_text("t,n\n5,1\nx,1\n4,1\n5,1\n6,1\n", false, &series), -EINVAL);
	assert_string_equal(said, "3:the time is ;4:it is earlie;5:it has the t;");
	series_clear(&series);
	/* names of columns stand in the first line alone */
	assert_int_equal(read_text("5,1\nt,n\n", false, &series), -EINVAL);
	assert_string_equal(said, "2:the time is ;");
	series_clear(&series);
	assert_int_equal(read_text("5,1\n5,1\n", true, &series), 0);
	series_clear(&series);
	assert_int_equal(read_text("t,n\n", false, &series), -EINVAL);
	assert_string_equal(said, "1:there is no ;");
	series_clear(&series);
}

static void an_endless_gap_is_not_filled(void **state)
{
	struct series series;

	assert_int_equal(read_text("0,1\n1,1\n2,1\n253402300799,1\n", false, &series), 0);
	assert_int_equal(series_divide(&series, 0, true), -E2BIG);
	assert_int_equal(series_divide(&series, 0, false), 0);
	assert_int_equal(series.point_count, 4);
	series_clear(&series);
}

/* 200 buckets of 35 to 39, one of `spike` at the 150th; a gap of 5 at the 80th. */
static void spiked(double spike, struct series *series)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int i = 0; i < 200; i++)
		if (i < 80 || i >= 85)
			fprintf(out, "%d,%g\n", 1767225600 + i * 900,
				i == 150 ? spike : 35. + i % 5);
	fclose(out);
	assert_int_equal(read_text(text, false, series), 0);
	free(text);
	assert_int_equal(series_divide(series, 0, false), 0);
	assert_int_equal(series_score(series, SIDE_HIGH, utc), 0);
}

static void a_spike_has_the_highest_score(void **state)
{
	struct series series;
	size_t i;

	spiked(400, &series);
	assert_int_equal(series.point_count, 195);
	assert_int_equal(series.bucket_s, 900);
	for (i = 0; i < series.point_count; i++) {
		const struct point *point = &series.points[i];

		assert_int_equal(point->learning, i < ANOMALY_READY);
		assert_true(i == 145 ? point->score >= 75 : point->score < 75);
		if (i < ANOMALY_READY)
			continue;
		assert_true(point->low <= point->typical && point->typical <= point->high);
		assert_true(point->typical > 30 && point->typical < 45);
		assert_true(point->probability > 0 && point->probability <= 1);
	}
	series_clear(&series);
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static char *picture(const struct series *series, const char *title)
{
	const struct plot_cfg cfg = { .title = title, .alert = 75, .side = SIDE_HIGH };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(plot_write(series, &cfg, out), 0);
	fclose(out);
	return text;
}

static void a_picture_shows_counts_scores_and_alerts(void **state)
{
	struct series series;
	char *text, *line;

	spiked(400, &series);
	text = picture(&series, "a<b>&\"c\"\x1b[m");
	assert_int_equal(strncmp(text, "<svg ", 5), 0);
	assert_string_equal(text + strlen(text) - 7, "</svg>\n");
	assert_non_null(strstr(text, "a&#60;b&#62;&#38;&#34;c&#34;?[m"));
	assert_non_null(strstr(text, "195 buckets of 900 s; high counts; 1 with"));
	assert_non_null(strstr(text, ">01-01 12:00<"));
	assert_non_null(strstr(text, ">count<"));
	assert_int_equal(count_of(text, "r=\"4\""), 2); /* one of them in the legend */
	/* the line of counts begins twice: there is one gap */
	line = strstr(text, "stroke-linecap");
	assert_non_null(line);
	line[strcspn(line, ">")] = '\0';
	assert_int_equal(count_of(line, "M"), 2);
	free(text);
	series_clear(&series);
	spiked(40000, &series);
	text = picture(&series, "x");
	assert_non_null(strstr(text, ">count (logarithmic)<"));
	assert_non_null(strstr(text, ">10000<"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	series_clear(&series);
}

static void pictures_of_little(void **state)
{
	static const char *const texts[] = { "0,0\n", "5,1e15\n", "0,0\n1,0\n",
					     "0,1\n253402300799,5\n" };
	struct series series;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(read_text(texts[i], false, &series), 0);
		assert_int_equal(series_divide(&series, 0, false), 0);
		assert_int_equal(series_score(&series, SIDE_BOTH, utc), 0);
		text = picture(&series, "little");
		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "inf"));
		assert_int_equal(count_of(text, "</text>"), count_of(text, "<text"));
		assert_true(count_of(text, "<text") < 40);
		free(text);
		series_clear(&series);
	}
	assert_int_equal(plot_write(&series, &(struct plot_cfg){ .title = "" }, stdout), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_buckets),
		cmocka_unit_test(wrong_rows_are_all_said),
		cmocka_unit_test(an_endless_gap_is_not_filled),
		cmocka_unit_test(a_spike_has_the_highest_score),
		cmocka_unit_test(a_picture_shows_counts_scores_and_alerts),
		cmocka_unit_test(pictures_of_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
