/* SPDX-License-Identifier: GPL-2.0-only */
/* Recalibration of tail probabilities, and the ceiling of scores. */
#include "anomaly/rarity.h"

#include <math.h>
#include <stddef.h>

#define BINS_A_UNIT 3.0 /* the first bins are a third wide, up to 24 of them; then they grow */
#define BINS_EVEN   24

static unsigned int bin_of(double s)
{
	double even = s * BINS_A_UNIT;

	if (even < BINS_EVEN)
		return even > 0 ? (unsigned int)even : 0;
	even = BINS_EVEN + log(even / BINS_EVEN) * 8;
	return even < RARITY_BINS - 1 ? (unsigned int)even : RARITY_BINS - 1;
}

/* Those that a right model would have had in the prior's buckets: as many, and of that mean. */
static double expected(void)
{
	return RARITY_PRIOR * exp(-RARITY_LEVEL);
}

static double mean_excess(const struct rarity *rarity)
{
	return (rarity->excess + expected()) / (rarity->above + expected());
}

void rarity_learn(struct rarity *rarity, double ln_p, double weight)
{
	double memory, kept, s = -ln_p;
	unsigned int i;

	rarity->seen = fmin(rarity->seen + weight, RARITY_MEMORY * RARITY_YOUTH);
	memory = fmax(rarity->seen / RARITY_YOUTH, RARITY_SHORT);
	kept = 1 - weight / memory;
	rarity->total = rarity->total * kept + weight;
	rarity->above = rarity->above * kept;
	rarity->excess = rarity->excess * kept;
	if (s > RARITY_LEVEL) {
		/* one counts as several times the mean of those before at the most */
		double most = fmin(RARITY_EXCESS_MOST, fmax(12, 6 * mean_excess(rarity)));

		rarity->above += weight;
		rarity->excess += weight * fmin(s - RARITY_LEVEL, most);
	}
	for (i = 0; i < RARITY_BINS; i++)
		rarity->bin[i] = (float)(rarity->bin[i] * kept);
	rarity->bin[bin_of(s)] += (float)weight;
}

double rarity_correct(const struct rarity *rarity, double ln_p)
{
	double s = -ln_p, level, margin;

	level = -log((rarity->above + expected()) / (rarity->total + RARITY_PRIOR));
	margin = 1 + RARITY_MARGIN * rarity->total / (rarity->total + RARITY_PRIOR);
	if (s <= RARITY_LEVEL)
		return -s * level / RARITY_LEVEL;
	return -level - (s - RARITY_LEVEL) / fmax(mean_excess(rarity) * margin, RARITY_LEAST);
}

static double curve(double percentile)
{
	static const double at[][2] = {
		{ 0, 0 },   { 70, 1 },  { 85, 1.2 },  { 90, 1.5 },  { 95, 3 },
		{ 97, 20 }, { 99, 50 }, { 99.9, 90 }, { 100, 100 },
	};
	size_t i = 1;

	while (at[i][0] < percentile && i + 1 < sizeof(at) / sizeof(at[0]))
		i++;
	return at[i - 1][1] +
	       (at[i][1] - at[i - 1][1]) * (percentile - at[i - 1][0]) / (at[i][0] - at[i - 1][0]);
}

double rarity_ceiling(const struct rarity *rarity, double ln_p)
{
	unsigned int i, bin = bin_of(-ln_p);
	double below = 0, blend = rarity->total / (rarity->total + RARITY_BLEND);

	if (rarity->total <= 0)
		return 100;
	for (i = 0; i < bin; i++)
		below += rarity->bin[i];
	below += rarity->bin[bin] / 2;
	return 100 - blend * (100 - curve(fmin(100, 100 * below / rarity->total)));
}
