/* SPDX-License-Identifier: GPL-2.0-only */
/* A quantile that is followed, and the power law beyond it. */
#include "anomaly/tail.h"

#include <math.h>

#define LEAST        1e-3 /* of a value: all below is the same */
#define MOST         1e19
#define EXCESS_PRIOR 0.4
#define EXCESS_SURE  5.0 /* values above the level */
#define EXCESS_LEAST 0.15

static double ln_of(double value)
{
	return log(fmax(LEAST, fmin(value, MOST)));
}

static double mean_excess(const struct tail *tail)
{
	return fmax(EXCESS_LEAST,
		    (tail->excess + EXCESS_SURE * EXCESS_PRIOR) / (tail->above + EXCESS_SURE));
}

void tail_learn(struct tail *tail, double value, double weight)
{
	double ln = ln_of(value), memory, kept, gain;
	int above = ln > tail->ln_level;

	if (tail->weight <= 0) {
		tail->ln_level = ln;
		tail->weight = weight;
		return;
	}
	tail->seen = fmin(tail->seen + weight, TAIL_MEMORY * TAIL_YOUTH);
	memory = fmax(tail->seen / TAIL_YOUTH, TAIL_LEAST);
	kept = 1 - weight / memory;
	gain = weight * fmin(1, mean_excess(tail) / TAIL_PART / (tail->weight + 1 / TAIL_PART));
	tail->weight = tail->weight * kept + weight;
	tail->above *= kept;
	tail->excess *= kept;
	if (above) {
		tail->above += weight;
		tail->excess += weight * fmin(ln - tail->ln_level, TAIL_LN_MOST);
	}
	tail->ln_level = fmax(-TAIL_LN_MOST,
			      fmin(tail->ln_level + gain * (above - TAIL_PART), TAIL_LN_MOST));
}

double tail_ln_upper(const struct tail *tail, double value)
{
	double beyond = ln_of(value) - tail->ln_level;

	if (tail->weight <= 0)
		return 0;
	return fmin(0, log(TAIL_PART) - beyond / mean_excess(tail));
}
