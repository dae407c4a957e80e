/* SPDX-License-Identifier: GPL-2.0-only */
/* Round numbers and round times. */
#include "score/axis.h"

#include <math.h>
#include <time.h>

#define TIME_TICKS 9  /* as many labels fit side by side */
#define LABEL_HALF 30 /* pixels of a label on either side of its mark */

double axis_at(const struct axis *axis, double value)
{
	double least = axis->least, most = axis->most;

	if (axis->logarithmic) {
		least = log1p(least);
		most = log1p(most);
		value = log1p(fmax(value, 0));
	}
	return axis->from + (value - least) / (most - least) * (axis->to - axis->from);
}

static void add_tick(struct axis *axis, double value)
{
	if (axis->tick_count < AXIS_TICKS_MAX)
		axis->tick[axis->tick_count++] = value;
}

struct axis axis_time(double first_s, double last_s, double from, double to)
{
	static const struct {
		double step_s;
		const char *format;
	} steps[] = {
		{ 1, "%H:%M:%S" },          { 5, "%H:%M:%S" },
		{ 15, "%H:%M:%S" },         { 60, "%H:%M" },
		{ 300, "%H:%M" },           { 900, "%H:%M" },
		{ 3600, "%m-%d %H:%M" },    { 10800, "%m-%d %H:%M" },
		{ 21600, "%m-%d %H:%M" },   { 43200, "%m-%d %H:%M" },
		{ 86400, "%Y-%m-%d" },      { 2 * 86400, "%Y-%m-%d" },
		{ 7 * 86400, "%Y-%m-%d" },  { 14 * 86400, "%Y-%m-%d" },
		{ 28 * 86400, "%Y-%m-%d" }, { 91 * 86400, "%Y-%m-%d" },
	};
	struct axis axis = { .least = first_s, .most = last_s, .from = from, .to = to };
	size_t i = 0, last = sizeof(steps) / sizeof(steps[0]) - 1;
	double step_s, first;

	while (i < last && (last_s - first_s) / steps[i].step_s > TIME_TICKS)
		i++;
	step_s = fmax(steps[i].step_s,
		      ceil((last_s - first_s) / TIME_TICKS / 86400) * 86400 * (i == last));
	axis.format = steps[i].format;
	first = ceil(first_s / step_s);
	for (i = 0; i < AXIS_TICKS_MAX && (first + (double)i) * step_s <= last_s; i++)
		add_tick(&axis, (first + (double)i) * step_s);
	return axis;
}

static void ticks_linear(struct axis *axis, double most)
{
	double ten = pow(10, floor(log10(most / 4))), step = ten;
	size_t i;

	if (most / step > 8)
		step = 2 * ten;
	if (most / step > 8)
		step = 5 * ten;
	if (most / step > 8)
		step = 10 * ten;
	axis->most = ceil(most / step) * step;
	for (i = 0; i < AXIS_TICKS_MAX && (double)i * step <= axis->most + step / 2; i++)
		add_tick(axis, (double)i * step);
}

struct axis axis_count(double most, bool logarithmic, double from, double to)
{
	struct axis axis = { .from = from, .to = to, .logarithmic = logarithmic };
	int power;

	if (!logarithmic) {
		ticks_linear(&axis, most);
		return axis;
	}
	axis.most = 1.3 * most;
	add_tick(&axis, 0);
	for (power = 0; pow(10, power) <= axis.most; power++)
		add_tick(&axis, pow(10, power));
	return axis;
}

struct axis axis_score(double from, double to)
{
	return (struct axis){
		.most = 100,
		.from = from,
		.to = to,
		.tick = { 0, 25, 50, 75, 100 },
		.tick_count = 5,
	};
}

void axis_draw_across(const struct axis *axis, double left, double right, FILE *out)
{
	size_t i;

	for (i = 0; i < axis->tick_count; i++) {
		double y = axis_at(axis, axis->tick[i]);

		fprintf(out,
			"<path d=\"M%.1f %.1fH%.1f\" stroke=\"#e0e0e0\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.10g</text>\n",
			left, y, right, left - 6, y + 4, axis->tick[i]);
	}
}

void axis_draw_times(const struct axis *axis, double top, double end, double top2, double end2,
		     FILE *out)
{
	size_t i;

	for (i = 0; i < axis->tick_count; i++) {
		double x = axis_at(axis, axis->tick[i]);
		time_t at = (time_t)axis->tick[i];
		char text[32];
		struct tm tm;

		if (!gmtime_r(&at, &tm) || !strftime(text, sizeof(text), axis->format, &tm))
			continue;
		fprintf(out,
			"<path d=\"M%.1f %.1fV%.1fM%.1f %.1fV%.1f\" stroke=\"#eeeeee\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
			x, top, end, x, top2, end2, x, end2 + 18,
			axis->to - x < LABEL_HALF ? "end" : "middle", text);
	}
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">time (UTC)</text>\n",
		axis->to, end2 + 38);
}
