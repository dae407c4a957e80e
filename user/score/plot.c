/* SPDX-License-Identifier: GPL-2.0-only */
/* The picture's two panels, column by column. */
#include "score/plot.h"
#include "score/axis.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WIDTH       1200
#define HEIGHT      560
#define LEFT        76
#define RIGHT       1176
#define COLUMNS     (RIGHT - LEFT)
#define COUNTS_TOP  76
#define COUNTS_END  344
#define SCORES_TOP  384
#define SCORES_END  504
#define GAP_BUCKETS 1.5 /* further apart, and no line is drawn between them */

struct picture {
	const struct series *series;
	const struct plot_cfg *cfg;
	struct axis time, count, score;
	FILE *out;
};

/* What one column of pixels shows. */
struct column {
	bool any, known; /* known: something was expected there */
	__s64 first_s, last_s;
	double least, most, low, high, typical, score;
	double score_count; /* the count that has the largest score */
	bool alert;
};

static void column_add(struct column *column, const struct point *point, double alert)
{
	if (!column->any) {
		*column = (struct column){ .any = true,
					   .first_s = point->start_s,
					   .least = point->actual,
					   .most = point->actual,
					   .score_count = point->actual };
	}
	column->last_s = point->start_s;
	column->least = fmin(column->least, point->actual);
	column->most = fmax(column->most, point->actual);
	if (point->high > 0 || point->typical > 0) {
		column->low = column->known ? fmin(column->low, point->low) : point->low;
		column->high = fmax(column->high, point->high);
		column->typical = point->typical;
		column->known = true;
	}
	if (point->score > column->score) {
		column->score = point->score;
		column->score_count = point->actual;
	}
	column->alert |= !point->learning && point->score >= alert;
}

/* The next column, beginning at point *i; false at the end. */
static bool column_next(const struct picture *picture, size_t *i, struct column *ret)
{
	const struct series *series = picture->series;
	double at;

	*ret = (struct column){ 0 };
	if (*i >= series->point_count)
		return false;
	at = floor(axis_at(&picture->time, (double)series->points[*i].start_s));
	while (*i < series->point_count &&
	       floor(axis_at(&picture->time, (double)series->points[*i].start_s)) == at)
		column_add(ret, &series->points[(*i)++], picture->cfg->alert);
	return true;
}

static double x_of(const struct picture *picture, const struct column *column)
{
	return axis_at(&picture->time, ((double)column->first_s + (double)column->last_s) / 2);
}

static bool follows(const struct picture *picture, const struct column *before,
		    const struct column *column)
{
	return before->any && (double)(column->first_s - before->last_s) <=
				      GAP_BUCKETS * (double)picture->series->bucket_s;
}

/* The range that was expected, forth along its upper end and back along its lower one. */
static void draw_band(const struct picture *picture)
{
	struct column column, before = { 0 };
	double bar = fmax(1, axis_at(&picture->time, (double)picture->series->bucket_s) -
				     axis_at(&picture->time, 0));
	size_t i = 0;

	fputs("<g fill=\"#c6dbef\">\n", picture->out);
	for (; column_next(picture, &i, &column); before = column) {
		double high, low, x = x_of(picture, &column);
		double from = follows(picture, &before, &column) ? x_of(picture, &before) : x - bar;

		if (!column.known)
			continue;
		high = axis_at(&picture->count, column.high);
		low = axis_at(&picture->count, column.low);
		fprintf(picture->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", from,
			high, x - from + 0.2, fmax(low - high, 0.5));
	}
	fputs("</g>\n", picture->out);
}

/* Typical counts as one line with breaks where nothing was seen. */
static void draw_typical(const struct picture *picture)
{
	struct column column, before = { 0 };
	size_t i = 0;

	fputs("<path fill=\"none\" stroke=\"#3a8fd0\" stroke-dasharray=\"5 3\" d=\"", picture->out);
	for (; column_next(picture, &i, &column); before = column) {
		if (column.known)
			fprintf(picture->out, "%c%.1f %.1f",
				before.known && follows(picture, &before, &column) ? 'L' : 'M',
				x_of(picture, &column), axis_at(&picture->count, column.typical));
	}
	fputs("\"/>\n", picture->out);
}

static void draw_actual(const struct picture *picture)
{
	struct column column, before = { 0 };
	size_t i = 0;

	fputs("<path fill=\"none\" stroke=\"#252525\" stroke-linejoin=\"round\" "
	      "stroke-linecap=\"round\" d=\"",
	      picture->out);
	for (; column_next(picture, &i, &column); before = column) {
		double x = x_of(picture, &column);

		/* one that stands alone is a dot: a line of no length with round ends */
		fprintf(picture->out, "%c%.1f %.1fL%.1f %.1f",
			follows(picture, &before, &column) ? 'L' : 'M', x,
			axis_at(&picture->count, column.least), x,
			axis_at(&picture->count, column.most));
	}
	fputs("\"/>\n", picture->out);
}

static const char *score_colour(double score)
{
	return score >= 75   ? "#d7301f"
	       : score >= 50 ? "#fc8d59"
	       : score >= 25 ? "#fdbb30"
			     : "#bdbdbd";
}

static void draw_scores(const struct picture *picture)
{
	double bar = axis_at(&picture->time, (double)picture->series->bucket_s) -
		     axis_at(&picture->time, 0);
	struct column column;
	size_t i = 0;

	bar = fmin(fmax(bar * 0.8, 1), 12);
	while (column_next(picture, &i, &column)) {
		double y = axis_at(&picture->score, column.score);

		if (column.score > 0)
			fprintf(picture->out,
				"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
				x_of(picture, &column) - bar / 2, y, bar, SCORES_END - y,
				score_colour(column.score));
	}
}

static void draw_alerts(const struct picture *picture)
{
	struct column column;
	size_t i = 0;

	fputs("<g fill=\"#d7301f\" stroke=\"#ffffff\">\n", picture->out);
	while (column_next(picture, &i, &column))
		if (column.alert)
			fprintf(picture->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
				x_of(picture, &column),
				axis_at(&picture->count, column.score_count));
	fputs("</g>\n", picture->out);
}

/* Control characters cannot stand in XML at all. */
static void put_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			fprintf(out, "&#%d;", *text);
		else
			putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
	}
}

static size_t count_alerts(const struct picture *picture)
{
	size_t i, n = 0;

	for (i = 0; i < picture->series->point_count; i++) {
		const struct point *point = &picture->series->points[i];

		n += !point->learning && point->score >= picture->cfg->alert;
	}
	return n;
}

static void draw_head(const struct picture *picture)
{
	static const char *const sides[] = { "high", "low", "high and low" };
	size_t alerts = count_alerts(picture);

	fprintf(picture->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" "
		"fill=\"#252525\">\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"16\" font-weight=\"bold\">",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
	put_text(picture->cfg->title, picture->out);
	fprintf(picture->out,
		"</text>\n<text x=\"%d\" y=\"46\">%zu buckets of %lld s; %s counts; %zu with a score of %g or more</text>\n",
		LEFT, picture->series->point_count, picture->series->bucket_s,
		sides[picture->cfg->side], alerts, picture->cfg->alert);
}

static void draw_legend(FILE *out)
{
	fputs("<g transform=\"translate(750 42)\">\n"
	      "<path d=\"M0 0h24\" stroke=\"#252525\"/><text x=\"30\" y=\"4\">actual</text>\n"
	      "<path d=\"M82 0h24\" stroke=\"#3a8fd0\" stroke-dasharray=\"5 3\"/>"
	      "<text x=\"112\" y=\"4\">typical</text>\n"
	      "<rect x=\"166\" y=\"-6\" width=\"24\" height=\"12\" fill=\"#c6dbef\"/>"
	      "<text x=\"196\" y=\"4\">expected, 5 % to 95 %</text>\n"
	      "<circle cx=\"362\" cy=\"0\" r=\"4\" fill=\"#d7301f\"/><text x=\"372\" y=\"4\">alert</text>\n"
	      "</g>\n",
	      out);
}

/* Half of all counts lie below a twentieth of the largest one: the rest would be a line. */
static bool wants_logarithm(const struct series *series, double most)
{
	size_t i, below = 0;

	for (i = 0; i < series->point_count; i++)
		below += series->points[i].actual < most / 20;
	return most > 100 && below > series->point_count / 2;
}

static void picture_scale(struct picture *picture)
{
	const struct series *series = picture->series;
	double first = (double)series->points[0].start_s, most = 1;
	double last = (double)(series->points[series->point_count - 1].start_s + series->bucket_s);
	size_t i;

	for (i = 0; i < series->point_count; i++)
		most = fmax(most, series->points[i].actual);
	/* what was expected is shown as far as it does not press the counts down */
	for (i = 0; i < series->point_count; i++)
		if (series->points[i].high < 2 * most)
			most = fmax(most, series->points[i].high);
	picture->time = axis_time(first, last, LEFT, RIGHT);
	picture->count = axis_count(most, wants_logarithm(series, most), COUNTS_END, COUNTS_TOP);
	picture->score = axis_score(SCORES_END, SCORES_TOP);
}

int plot_write(const struct series *series, const struct plot_cfg *cfg, FILE *out)
{
	struct picture picture = { .series = series, .cfg = cfg, .out = out };

	if (!series->point_count)
		return -EINVAL;
	picture_scale(&picture);
	draw_head(&picture);
	draw_legend(out);
	axis_draw_across(&picture.count, LEFT, RIGHT, out);
	axis_draw_across(&picture.score, LEFT, RIGHT, out);
	axis_draw_times(&picture.time, COUNTS_TOP, COUNTS_END, SCORES_TOP, SCORES_END, out);
	fprintf(out,
		"<clipPath id=\"counts\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>\n"
		"<g clip-path=\"url(#counts)\">\n",
		LEFT, COUNTS_TOP - 5, COLUMNS, COUNTS_END - COUNTS_TOP + 10);
	draw_band(&picture);
	draw_actual(&picture);
	draw_typical(&picture);
	draw_alerts(&picture);
	fputs("</g>\n", out);
	draw_scores(&picture);
	fprintf(out,
		"<text x=\"%d\" y=\"%d\">%s</text>\n<text x=\"%d\" y=\"%d\">score</text>\n</svg>\n",
		LEFT, COUNTS_TOP - 4, picture.count.logarithmic ? "count (logarithmic)" : "count",
		LEFT, SCORES_TOP - 6);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
