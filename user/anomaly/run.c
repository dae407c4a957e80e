/* SPDX-License-Identifier: GPL-2.0-only */
/* A weighted sum that an outlier starts. */
#include "anomaly/run.h"

#include <math.h>

#define KEPT (1 - 1 / RUN_MEMORY)

double run_look(const struct run *run, double z)
{
	if (run->squares <= 0 || run->sum * z <= 0)
		return 0;
	return (run->sum * KEPT + z) / sqrt(run->squares * KEPT * KEPT + 1);
}

void run_learn(struct run *run, double z, double score)
{
	if (run->squares > 0) {
		double was = run->sum;

		run->sum = was * KEPT + z;
		run->squares = run->squares * KEPT * KEPT + 1;
		if (fabs(run->sum) < RUN_ENDS * sqrt(run->squares) || was * z <= 0)
			*run = (struct run){ 0 };
	}
	if (run->squares <= 0 && fabs(z) >= RUN_BEGINS)
		*run = (struct run){ .sum = z, .squares = 1 };
	if (run->squares > 0 && score >= RUN_TOLD)
		run->told = 1;
}
