/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a stored baseline: refused, or a model that works on and stays within its bounds. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "anomaly/anomaly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const double counts[] = { 0, 3, 1e6, 40, 41, 1e15, 0.5, 0 };
	const struct anomaly_cfg cfg = { .bucket_s = 900 };
	struct anomaly_bucket bucket = { .start_s = 1767225600, .coverage = 1 };
	unsigned char saved[ANOMALY_SAVE_MAX];
	struct anomaly *anomaly;
	size_t i, len;

	if (anomaly_load(&cfg, data, size, &anomaly))
		return 0;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++, bucket.start_s += 900) {
		struct anomaly_score score;
		double low, high;

		bucket.count = counts[i];
		anomaly_judge(anomaly, &bucket, SIDE_BOTH, &score);
		expect(score.score >= 0 && score.score <= 100);
		expect(score.probability > 0 && score.probability <= 1);
		expect(isfinite(score.typical));
		anomaly_typical_range(anomaly, &bucket, &low, &high);
		expect(low <= high);
		anomaly_learn(anomaly, &bucket);
	}
	/* what learns from it stays within what is taken in */
	expect(!anomaly_save(anomaly, saved, sizeof(saved), &len));
	anomaly_free(anomaly);
	expect(!anomaly_load(&cfg, saved, len, &anomaly));
	anomaly_free(anomaly);
	return 0;
}
