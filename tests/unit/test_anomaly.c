/* SPDX-License-Identifier: GPL-2.0-only */
/* The score's scale, learning and forgetting, and how often quiet series are called unusual. */
#include "tests/unit/core.h"
#include "anomaly/anomaly.h"

#include <errno.h>
#include <math.h>

#define CRITICAL 75.0
#define BUCKET_S 900
#define START_S  1767225600 /* 2026-01-01 00:00:00 UTC, a Thursday */

static struct anomaly *new_anomaly(void)
{
	struct anomaly *anomaly;

	assert_int_equal(anomaly_new(&(struct anomaly_cfg){ .bucket_s = BUCKET_S }, &anomaly), 0);
	return anomaly;
}

/* The next bucket of the series, seen as a whole. */
static struct anomaly_bucket next(const struct anomaly *anomaly, double count)
{
	return (struct anomaly_bucket){
		.start_s = START_S + BUCKET_S * (__s64)anomaly_learned(anomaly),
		.count = count,
		.coverage = 1,
	};
}

static void learn(struct anomaly *anomaly, double count)
{
	const struct anomaly_bucket bucket = next(anomaly, count);

	anomaly_learn(anomaly, &bucket);
}

static struct anomaly_score judge(const struct anomaly *anomaly, double count, enum side side)
{
	const struct anomaly_bucket bucket = next(anomaly, count);
	struct anomaly_score score;

	anomaly_judge(anomaly, &bucket, side, &score);
	return score;
}

static void typical_range(const struct anomaly *anomaly, double *low, double *high)
{
	const struct anomaly_bucket bucket = next(anomaly, 0);

	anomaly_typical_range(anomaly, &bucket, low, high);
}

static double influence(const struct anomaly *anomaly, double count, double part)
{
	const struct anomaly_bucket bucket = next(anomaly, count);

	return anomaly_influence(anomaly, &bucket, part);
}

/* Knuth's product method (TAOCP 3.4.1) in pieces, so that large means do not underflow. */
static double random_poisson(__u64 *rng, double mean)
{
	double count = 0, product;

	for (; mean > 0; mean -= 500) {
		double limit = exp(-fmin(mean, 500));

		for (product = random_unit(rng); product > limit; product *= random_unit(rng))
			count++;
	}
	return count;
}

/* Box and Muller 1958. */
static double random_normal(__u64 *rng)
{
	double radius = sqrt(-2 * log(random_unit(rng)));

	return radius * cos(2 * 3.14159265358979323846 * random_unit(rng));
}

static void the_scale_has_its_known_values(void **state)
{
	static const struct {
		double p, score;
	} rows[] = {
		{ .00382446, 44.29573 },
		{ .0132417, 25.31053 },
		{ 4.026858e-4, 78.70602 },
		{ .00141275, 59.51925 },
		{ 1, 0 },
		{ 0.05, 0 },
		{ 1e-4, 100 },
		{ 1e-300, 100 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		double score = anomaly_scale(log(rows[i].p));

		if (fabs(score - rows[i].score) > 1e-4) /* the p are rounded to six digits */
			fail_msg("p %g: %.7f", rows[i].p, score);
	}
	assert_true(anomaly_scale(-INFINITY) == 100);
	assert_true(fabs(anomaly_scale(log(1.35e-2)) - 25) < 0.1);
	assert_true(fabs(anomaly_scale(log(2.63e-3)) - 50) < 0.1);
	assert_true(fabs(anomaly_scale(log(5.13e-4)) - 75) < 0.1);
}

static void a_tenfold_spike_is_critical_after_eight_buckets(void **state)
{
	static const double rates[] = { 3, 15, 37.5, 200, 20000 };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		struct anomaly *anomaly = new_anomaly();
		struct anomaly_score score;
		double low, high;
		__u64 rng = i;

		for (n = 0; n < ANOMALY_READY; n++) {
			assert_true(judge(anomaly, rates[i] * 10, SIDE_HIGH).learning);
			learn(anomaly, random_poisson(&rng, rates[i]));
		}
		score = judge(anomaly, rates[i] * 10, SIDE_HIGH);
		assert_false(score.learning);
		typical_range(anomaly, &low, &high);
		if (score.score < CRITICAL)
			fail_msg("rate %g: score %g", rates[i], score.score);
		assert_true(score.typical > rates[i] / 2 && score.typical < rates[i] * 2);
		assert_true(low < score.typical && score.typical < high);
		assert_true(high < rates[i] * 4 + 5);
		assert_true(judge(anomaly, rates[i], SIDE_HIGH).score < 25);
		anomaly_free(anomaly);
	}
	anomaly_free(NULL);
}

/* With little history the model must be as wide as what it does not know. */
static void young_baselines_rarely_alert(void **state)
{
	static const double rates[] = { 3, 15, 200, 20000 };
	enum { SERIES = 2000, BUCKETS = 12 };
	size_t i, series, n;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		unsigned int alerts = 0;
		__u64 rng = 70 + i;

		for (series = 0; series < SERIES; series++) {
			struct anomaly *anomaly = new_anomaly();

			for (n = 0; n < ANOMALY_READY + BUCKETS; n++) {
				double mean = rates[i] * exp(0.2 * random_normal(&rng)), count;

				count = mean > 2000 ? round(mean) : random_poisson(&rng, mean);
				if (n >= ANOMALY_READY)
					alerts += judge(anomaly, count, SIDE_HIGH).score >=
						  CRITICAL;
				learn(anomaly, count);
			}
			anomaly_free(anomaly);
		}
		print_message("rate %g: %u alerts in %d young series\n", rates[i], alerts, SERIES);
		assert_true(alerts <= SERIES * BUCKETS / 1000);
	}
}

static void a_spike_is_not_learned_as_normal(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	double before;
	size_t n;

	for (n = 0; n < 50; n++)
		learn(anomaly, 20 + (double)(n % 5));
	before = judge(anomaly, 0, SIDE_HIGH).typical;
	learn(anomaly, 2000);
	for (n = 0; n < 10; n++) {
		/* nor is what follows it unusual on the other side */
		assert_true(judge(anomaly, 20 + (double)(n % 5), SIDE_BOTH).score < 75);
		learn(anomaly, 20 + (double)(n % 5));
	}
	assert_true(judge(anomaly, 0, SIDE_HIGH).typical < before * 1.2);
	assert_true(judge(anomaly, 500, SIDE_HIGH).score >= CRITICAL);
	anomaly_free(anomaly);
}

static void a_lasting_change_becomes_normal(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	size_t n;

	for (n = 0; n < 300; n++)
		learn(anomaly, 20 + (double)(n % 5));
	assert_true(judge(anomaly, 2000, SIDE_HIGH).score >= CRITICAL);
	for (n = 0; n < 32; n++) { /* eight hours of an attack are no new level */
		assert_true(judge(anomaly, 2000 + (double)(n % 7), SIDE_HIGH).score >= CRITICAL);
		learn(anomaly, 2000 + (double)(n % 7));
	}
	assert_true(judge(anomaly, 20, SIDE_BOTH).score < 25);
	assert_true(judge(anomaly, 20, SIDE_BOTH).typical < 40);
	for (; n < 120; n++) /* 30 hours are */
		learn(anomaly, 2000 + (double)(n % 7));
	assert_true(judge(anomaly, 2000, SIDE_HIGH).score < 25);
	assert_true(judge(anomaly, 20000, SIDE_HIGH).score >= CRITICAL);
	anomaly_free(anomaly);
}

/* Twelve buckets, none of which is unusual by itself. */
static void a_slow_burn_is_seen(void **state)
{
	double most = 0, single = 0, fresh;
	unsigned int series, n;

	for (series = 0; series < 20; series++) {
		struct anomaly *anomaly = new_anomaly(), *calm;
		char bytes[ANOMALY_SAVE_MAX];
		__u64 rng = series;
		size_t len;

		for (n = 0; n < 500; n++)
			learn(anomaly, random_poisson(&rng, 200));
		assert_int_equal(anomaly_save(anomaly, bytes, sizeof(bytes), &len), 0);
		assert_int_equal(anomaly_load(&(struct anomaly_cfg){ BUCKET_S }, bytes, len, &calm),
				 0);
		for (n = 0; n < 12; n++) {
			most = fmax(most, judge(anomaly, 228, SIDE_HIGH).score);
			learn(anomaly, 228);
		}
		fresh = judge(calm, 228, SIDE_HIGH).score;
		single = fmax(single, fresh);
		anomaly_free(calm);
		anomaly_free(anomaly);
	}
	print_message("228 where 200 is usual: at most %.1f alone, %.1f in a row\n", single, most);
	assert_true(single < 50);
	assert_true(most > single + 10);
}

static void sides_look_the_right_way(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	size_t n;

	for (n = 0; n < 100; n++)
		learn(anomaly, 500 + (double)(n % 21) - 10);
	assert_true(judge(anomaly, 0, SIDE_HIGH).score == 0);
	assert_true(judge(anomaly, 0, SIDE_LOW).score >= CRITICAL);
	assert_true(judge(anomaly, 0, SIDE_BOTH).score >= CRITICAL);
	assert_true(judge(anomaly, 5000, SIDE_HIGH).score >= CRITICAL);
	assert_true(judge(anomaly, 5000, SIDE_LOW).score == 0);
	assert_true(judge(anomaly, 5000, SIDE_BOTH).score >= CRITICAL);
	anomaly_free(anomaly);
}

static void influence_tells_who_it_was(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	size_t n;

	assert_true(influence(anomaly, 100, 50) == 0);
	for (n = 0; n < 50; n++)
		learn(anomaly, 20 + (double)(n % 5));
	assert_true(influence(anomaly, 4000, 3990) > 0.95);
	assert_true(influence(anomaly, 4000, 10) < 0.05);
	assert_true(influence(anomaly, 4000, 4000) == 1);
	assert_true(influence(anomaly, 15, 5) == 0);
	anomaly_free(anomaly);
}

static void a_saved_baseline_goes_on_as_before(void **state)
{
	const struct anomaly_cfg cfg = { .bucket_s = BUCKET_S };
	struct anomaly *anomaly = new_anomaly(), *again;
	char bytes[ANOMALY_SAVE_MAX];
	__u64 rng = 5;
	size_t len, n;

	for (n = 0; n < 700; n++)
		learn(anomaly, random_poisson(&rng, n % 96 < 48 ? 20 : 100));
	assert_int_equal(anomaly_save(anomaly, bytes, 100, &len), -ENOSPC);
	assert_int_equal(anomaly_save(anomaly, bytes, sizeof(bytes), &len), 0);
	print_message("%zu bytes\n", len);
	assert_int_equal(anomaly_load(&cfg, bytes, len, &again), 0);
	for (n = 0; n < 200; n++) {
		double count = random_poisson(&rng, 100);
		struct anomaly_score a = judge(anomaly, count, SIDE_BOTH);
		struct anomaly_score b = judge(again, count, SIDE_BOTH);

		assert_true(a.score == b.score && a.typical == b.typical);
		learn(anomaly, count);
		learn(again, count);
	}
	anomaly_free(again);
	anomaly_free(anomaly);
}

static void damage_is_refused(void **state)
{
	const struct anomaly_cfg cfg = { .bucket_s = BUCKET_S };
	const struct anomaly_cfg other = { .bucket_s = BUCKET_S + 1 };
	struct anomaly *anomaly = new_anomaly(), *again = NULL;
	char bytes[ANOMALY_SAVE_MAX];
	size_t len, n;

	for (n = 0; n < 20; n++)
		learn(anomaly, (double)n);
	assert_int_equal(anomaly_save(anomaly, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(anomaly_load(&other, bytes, len, &again), -EINVAL);
	for (n = 0; n < len; n++) {
		assert_int_equal(anomaly_load(&cfg, bytes, n, &again), -EINVAL);
		bytes[n] ^= 0x40;
		assert_int_equal(anomaly_load(&cfg, bytes, len, &again), -EINVAL);
		bytes[n] ^= 0x40;
	}
	assert_null(again);
	anomaly_free(anomaly);
}

static void local_time_is_what_days_go_by(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	struct anomaly_score summer, winter;
	struct anomaly_bucket bucket = { .start_s = START_S, .zone_s = 3600, .coverage = 1 };
	__u64 rng = 8;
	size_t n;

	/* 100 between 8 and 18 o'clock of local time, else 10 */
	for (n = 0; n < 96 * 14; n++, bucket.start_s += BUCKET_S) {
		__s64 hour = (bucket.start_s + bucket.zone_s) / 3600 % 24;

		bucket.count = random_poisson(&rng, hour >= 8 && hour < 18 ? 100 : 10);
		anomaly_learn(anomaly, &bucket);
	}
	/* 6:30 UTC is 7:30, and 8:30 when the clocks have changed */
	bucket.start_s += 6 * 3600 + 1800;
	bucket.count = 100;
	anomaly_judge(anomaly, &bucket, SIDE_HIGH, &winter);
	bucket.zone_s = 7200;
	anomaly_judge(anomaly, &bucket, SIDE_HIGH, &summer);
	assert_true(winter.score >= CRITICAL);
	assert_true(summer.score < 25);
	anomaly_free(anomaly);
}

static void nothing_breaks_it(void **state)
{
	static const double counts[] = {
		0, -5, 1e300, INFINITY, -INFINITY, NAN, 0.5, 1e-300, 1e15
	};
	struct anomaly *anomaly = new_anomaly();
	__u64 rng = 9;
	size_t n;

	assert_true(judge(anomaly, 1e9, SIDE_HIGH).score == 0);
	for (n = 0; n < 2000; n++) {
		double count = counts[random_next(&rng) % ARRAY_SIZE(counts)];
		struct anomaly_score score = judge(anomaly, count, (enum side)(n % 3));
		double low, high;

		assert_true(score.score >= 0 && score.score <= 100);
		assert_true(score.probability > 0 && score.probability <= 1);
		assert_true(isfinite(score.typical));
		typical_range(anomaly, &low, &high);
		assert_true(isfinite(high) && low <= high);
		learn(anomaly, count);
	}
	anomaly_free(anomaly);
}

static void a_bucket_costs_little(void **state)
{
	struct anomaly *anomaly = new_anomaly();
	double seconds = cpu_seconds();
	__u64 rng = 4;
	size_t n;

	for (n = 0; n < 20000; n++) {
		double count = (double)(19800 + random_next(&rng) % 400);

		judge(anomaly, count, SIDE_HIGH);
		learn(anomaly, count);
	}
	seconds = cpu_seconds() - seconds;
	print_message("%.1f us a bucket at a rate of 20,000\n", seconds / 20000 * 1e6);
	assert_true(seconds / 20000 < 0.01);
	anomaly_free(anomaly);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scale_has_its_known_values),
		cmocka_unit_test(a_tenfold_spike_is_critical_after_eight_buckets),
		cmocka_unit_test(young_baselines_rarely_alert),
		cmocka_unit_test(a_spike_is_not_learned_as_normal),
		cmocka_unit_test(a_lasting_change_becomes_normal),
		cmocka_unit_test(a_slow_burn_is_seen),
		cmocka_unit_test(a_saved_baseline_goes_on_as_before),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(local_time_is_what_days_go_by),
		cmocka_unit_test(sides_look_the_right_way),
		cmocka_unit_test(influence_tells_who_it_was),
		cmocka_unit_test(nothing_breaks_it),
		cmocka_unit_test(a_bucket_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
