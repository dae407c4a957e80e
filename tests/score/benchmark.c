/* SPDX-License-Identifier: GPL-2.0-only */
/* The largest events of made series, as the Numenta benchmark scores their finding. */
#include "tests/score/labelled.h"
#include "tests/score/suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define PROBATION_PART 0.15
#define PROBATION_MOST 750
#define FALSE_COST     0.11
#define FIRST_PART     1e-4 /* of all buckets that are alarms, at the highest threshold tried... */
#define LAST_PART      0.1
#define STEP           1.06

#define BENCHMARK_SERIES 8 /* of each kind: 4 s; the figure moves by ten with the seeds */

/* 1 to -1 over a window and beyond, in its lengths from its end. */
static double sigma(double y)
{
	return y > 3 ? -1 : 2 / (1 + exp(5 * y)) - 1;
}

static long probation(const struct labelled *series)
{
	return (long)fmin(floor(PROBATION_PART * (double)series->buckets), PROBATION_MOST);
}

static unsigned int counted(const struct labelled *series)
{
	unsigned int i, sum = 0;

	for (i = 0; i < series->windows; i++)
		sum += series->window[i].last >= probation(series);
	return sum;
}

static double score_of(const struct labelled *series, double threshold)
{
	double best[LABELLED_WINDOWS], sum = 0;
	unsigned int i;
	long n;

	for (i = 0; i < series->windows; i++)
		best[i] = series->window[i].last >= probation(series) ? -1 : 0;
	for (n = probation(series); n < series->buckets; n++) {
		const struct window *past = NULL;
		bool inside = false;

		if (series->score[n] < threshold)
			continue;
		for (i = 0; i < series->windows; i++) {
			const struct window *window = &series->window[i];
			double length = (double)(window->last - window->first);

			if (n >= window->first && n <= window->last) {
				double early = sigma(-(double)(window->last - n + 1) /
						     (length + 1));

				best[i] = fmax(best[i], early / sigma(-1));
				inside = true;
			}
			if (window->last < n && (!past || past->last < window->last))
				past = window;
		}
		if (!inside)
			sum += FALSE_COST * (past ? sigma((double)(n - past->last) /
							  (double)(past->last - past->first))
						  : -1);
	}
	for (i = 0; i < series->windows; i++)
		sum += best[i];
	return sum;
}

double benchmark_at(const struct labelled *series, unsigned int count, double threshold)
{
	double sum = 0, windows = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		windows += counted(&series[i]);
		sum += score_of(&series[i], threshold);
	}
	return 100 * (sum + windows) / (2 * windows);
}

static int descending(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one < other) - (one > other);
}

double benchmark_best(const struct labelled *series, unsigned int count, double *threshold)
{
	double *all, best = 0, part;
	size_t total = 0;
	unsigned int i;
	long n;

	for (i = 0; i < count; i++)
		total += (size_t)series[i].buckets;
	all = malloc(total * sizeof(*all));
	if (!all)
		exit(1);
	total = 0;
	for (i = 0; i < count; i++)
		for (n = 0; n < series[i].buckets; n++)
			all[total++] = series[i].score[n];
	qsort(all, total, sizeof(*all), descending);
	*threshold = 100.1;
	best = benchmark_at(series, count, *threshold);
	for (part = FIRST_PART; part < LAST_PART; part *= STEP) {
		double level = all[(size_t)(part * (double)total)];
		double figure = level > 0 ? benchmark_at(series, count, level) : 0;

		if (figure > best) {
			best = figure;
			*threshold = level;
		}
	}
	free(all);
	return best;
}

static void score_series(struct labelled *series)
{
	struct anomaly *anomaly;
	long n;

	if (anomaly_new(&(struct anomaly_cfg){ .bucket_s = LABELLED_BUCKET_S }, &anomaly))
		exit(1);
	for (n = 0; n < series->buckets; n++) {
		const struct anomaly_bucket bucket = { START_S + n * LABELLED_BUCKET_S, 0,
						       series->count[n], 1 };
		struct anomaly_score score;

		anomaly_judge(anomaly, &bucket, SIDE_BOTH, &score);
		series->score[n] = score.learning ? 0 : score.score;
		anomaly_learn(anomaly, &bucket);
	}
	anomaly_free(anomaly);
}

void suite_benchmark(struct suite *suite)
{
	unsigned int runs = BENCHMARK_SERIES, seed;
	struct labelled *series = calloc(runs, sizeof(*series));
	enum kind kind;
	double threshold;

	if (!series)
		exit(1);
	for (kind = 0; kind < KINDS; kind++) {
		for (seed = 0; seed < runs; seed++) {
			labelled_make(kind, suite->first_seed + seed, &series[seed]);
			score_series(&series[seed]);
		}
		suite_at_least(suite, kind == KIND_CASCADES ? 48 : 52,
			       benchmark_at(series, runs, CRITICAL), "benchmark at 75: %s",
			       kind_name(kind));
		suite_at_least(suite, 52, benchmark_best(series, runs, &threshold),
			       "benchmark at the best threshold: %s", kind_name(kind));
	}
	free(series);
}
