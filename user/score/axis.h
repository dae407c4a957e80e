/* SPDX-License-Identifier: GPL-2.0-only */
/* The axes of a picture: where a value stands, and the lines with numbers across it. */
#ifndef SCORE_AXIS_H
#define SCORE_AXIS_H

#include <stdbool.h>
#include <stdio.h>

#define AXIS_TICKS_MAX 16

struct axis {
	double least, most; /* values at the two ends */
	double from, to;    /* pixels at the two ends */
	bool logarithmic;   /* ln(1 + value) */
	double tick[AXIS_TICKS_MAX];
	size_t tick_count;
	const char *format; /* times: of strftime() */
};

/* A value beyond the ends stands beyond them too. */
double axis_at(const struct axis *axis, double value);

/* Seconds since the epoch; marks at whole minutes, hours, days... of UTC. */
struct axis axis_time(double first_s, double last_s, double from, double to);
/* From 0 to a round number that is `most` or more. */
struct axis axis_count(double most, bool logarithmic, double from, double to);
/* 0, 25, 50, 75, 100 */
struct axis axis_score(double from, double to);

/* Horizontal lines with their numbers at the left. */
void axis_draw_across(const struct axis *axis, double left, double right, FILE *out);
/* Vertical lines in both panels with times below the second. */
void axis_draw_times(const struct axis *axis, double top, double end, double top2, double end2,
		     FILE *out);

#endif
