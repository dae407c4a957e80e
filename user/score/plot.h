/* SPDX-License-Identifier: GPL-2.0-only */
/* A scored series as a picture (SVG). */
#ifndef SCORE_PLOT_H
#define SCORE_PLOT_H

#include "score/series.h"

struct plot_cfg {
	const char *title; /* any text */
	double alert;      /* scores from here on are marked */
	enum side side;
};

/*
 * Counts with what was expected above, scores with the marks 25, 50, 75 below, times in UTC. Where
 * the largest count is far above the usual ones its axis is logarithmic. A column of the picture
 * that holds several buckets shows their least and largest count, and the largest score. -EIO;
 * -EINVAL where there is no point.
 */
int plot_write(const struct series *series, const struct plot_cfg *cfg, FILE *out);

#endif
