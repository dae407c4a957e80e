/* SPDX-License-Identifier: GPL-2.0-only */
/* The store: what is put is there again, and for how long. */
#include "tests/unit/storing.h"

#include <math.h>
#include <sys/stat.h>

static void what_is_put_is_there_again(void **state)
{
	const struct group_key somebody = { .port = 443 };
	struct store_series other = denies;
	unsigned char model[64], back[STORE_MODEL_MAX];
	struct store *store = open_store();
	struct listed listed;
	__s64 through_s;
	struct stat stat_buf;
	size_t len;

	other.group = &somebody;
	memset(model, 7, sizeof(model));
	assert_int_equal(store_begin(store), 0);
	put(store, &denies, 0, 5, 1);
	put(store, &denies, 1, 6, 0.5);
	put(store, &denies, 200, 7, 1);
	put(store, &denies, 1, 60, 0.8); /* a clock that went back */
	put(store, &other, 3, 1000, 1);
	assert_int_equal(store_put_model(store, &denies, NOW_S, model, sizeof(model)), 0);
	assert_int_equal(store_put_model(store, &denies, NOW_S + 5, model, 60), 0);
	assert_int_equal(store_commit(store), 0);
	store_close(store);

	store = open_store();
	listed = read_all(store, "denies", -1);
	assert_int_equal(listed.count, 2);
	assert_true(listed.seen.sum == 1000);
	assert_int_equal(read_all(store, NULL, -1).count, 2);
	assert_int_equal(read_all(store, "deny", -1).count, 0);
	other = denies;
	other.id = listed.id - 1;
	assert_int_equal(store_model(store, &other, &through_s, back, sizeof(back), &len), 0);
	assert_int_equal(len, 60);
	assert_int_equal(through_s, NOW_S + 5);
	assert_memory_equal(back, model, 60);
	assert_int_equal(store_model(store, &other, &through_s, back, 59, &len), -EUCLEAN);
	other.id = listed.id;
	assert_int_equal(store_model(store, &other, &through_s, back, sizeof(back), &len), -ENOENT);
	store_close(store);
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 0777, 0600);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 0777, 0700);
}

static void buckets_come_in_order_and_from_where_they_are_asked(void **state)
{
	struct store *store = open_store();
	struct seen seen;
	int i;

	for (i = 0; i < 300; i++)
		put(store, &denies, i, i, i == 299 ? 0.6 : 1);
	seen = read_all(store, NULL, -1).seen;
	assert_int_equal(seen.count, 300);
	assert_true(seen.sum == 299 * 150);
	assert_int_equal(seen.first_s, NOW_S);
	assert_int_equal(seen.last_s, NOW_S + 299 * BUCKET_S);
	assert_true(fabs(seen.last_coverage - 0.6) < 0.004);
	seen = read_all(store, NULL, NOW_S + 200 * BUCKET_S).seen;
	assert_int_equal(seen.count, 99);
	assert_int_equal(seen.first_s, NOW_S + 201 * BUCKET_S);
	assert_int_equal(read_all(store, NULL, NOW_S + 299 * BUCKET_S).seen.count, 0);
	store_close(store);
}

static void times_that_do_not_fit_are_refused(void **state)
{
	struct store *store = open_store();
	struct anomaly_bucket bucket = { .start_s = NOW_S + 1, .coverage = 1 };

	assert_int_equal(store_put_bucket(store, &denies, &bucket), -EINVAL);
	bucket.start_s = -BUCKET_S;
	assert_int_equal(store_put_bucket(store, &denies, &bucket), -EINVAL);
	store_close(store);
}

/* 36 days are more than are kept; a clock that jumps ahead by years takes nothing away. */
static void what_is_old_is_forgotten(void **state)
{
	struct store *store = open_store();
	const int days = 50, a_day = 96;
	struct seen seen;
	int i;

	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < days * a_day; i++)
		put(store, &denies, i, 1, 1);
	assert_int_equal(store_commit(store), 0);
	seen = read_all(store, NULL, -1).seen;
	assert_in_range(seen.count, 35 * a_day, 37 * a_day);
	assert_int_equal(seen.last_s, NOW_S + (days * a_day - 1) * BUCKET_S);
	put(store, &denies, 3650 * a_day, 1, 1);
	assert_in_range(read_all(store, NULL, -1).seen.count, 35 * a_day, 37 * a_day);
	store_close(store);
}

static void idle_series_are_forgotten_by_time_that_passed(void **state)
{
	struct store *store = open_store();
	const struct group_key somebody = { .port = 443 };
	struct store_series other = denies;
	const __s64 days_s = 86400;

	other.group = &somebody;
	put(store, &denies, 0, 1, 1);
	put(store, &other, 34 * 96, 1, 1);
	assert_int_equal(store_forget_idle(store, NOW_S + 34 * days_s), 0);
	assert_int_equal(read_all(store, NULL, -1).count, 2);
	/* a clock that is ten years ahead has no buckets to show for it */
	assert_int_equal(store_forget_idle(store, NOW_S + 3650 * days_s), 0);
	assert_int_equal(read_all(store, NULL, -1).count, 2);
	put(store, &other, 36 * 96, 1, 1);
	/* nor does one that stands at 1970 make anything old */
	assert_int_equal(store_forget_idle(store, 5), 0);
	assert_int_equal(read_all(store, NULL, -1).count, 2);
	assert_int_equal(store_forget_idle(store, NOW_S + 36 * days_s), 0);
	assert_int_equal(read_all(store, NULL, -1).count, 1);
	store_close(store);
}

static void rollback_leaves_nothing(void **state)
{
	struct store *store = open_store();

	assert_int_equal(store_begin(store), 0);
	put(store, &denies, 0, 5, 1);
	store_rollback(store);
	store_rollback(store);
	assert_int_equal(read_all(store, NULL, -1).count, 0);
	store_close(store);
}

static void learn(const struct anomaly_bucket *bucket, void *arg)
{
	anomaly_learn(arg, bucket);
}

static struct anomaly_bucket bucket_at(int i)
{
	return (struct anomaly_bucket){ .start_s = NOW_S + i * BUCKET_S,
					.count = 100 + i * 37 % 29,
					.coverage = 1 };
}

/* A kill between two saves: the baseline is older than the counts, or there is none at all. */
static void baselines_catch_up_with_the_counts(void **state)
{
	const struct anomaly_cfg cfg = { .bucket_s = BUCKET_S };
	const struct anomaly_bucket spike = { NOW_S + 300 * BUCKET_S, 0, 180, 1 };
	struct anomaly *steady, *again, *anew;
	struct store *store = open_store();
	struct store_series series = denies;
	unsigned char model[STORE_MODEL_MAX];
	struct anomaly_score a, b, c;
	__s64 through_s;
	size_t len;
	int i;

	assert_int_equal(anomaly_new(&cfg, &steady), 0);
	assert_int_equal(anomaly_new(&cfg, &anew), 0);
	for (i = 0; i < 300; i++) {
		const struct anomaly_bucket bucket = bucket_at(i);

		anomaly_learn(steady, &bucket);
		assert_int_equal(store_put_bucket(store, &denies, &bucket), 0);
		if (i != 200)
			continue;
		assert_int_equal(anomaly_save(steady, model, sizeof(model), &len), 0);
		assert_int_equal(store_put_model(store, &denies, bucket.start_s, model, len), 0);
	}
	series.id = read_all(store, NULL, -1).id;
	assert_int_equal(store_model(store, &series, &through_s, model, sizeof(model), &len), 0);
	assert_int_equal(anomaly_load(&cfg, model, len, &again), 0);
	assert_int_equal(anomaly_learned(again), 201);
	assert_int_equal(store_each_bucket(store, &series, through_s, learn, again), 0);
	assert_int_equal(store_each_bucket(store, &series, -1, learn, anew), 0);
	assert_int_equal(anomaly_learned(again), 300);
	assert_int_equal(anomaly_learned(anew), 300);
	anomaly_judge(steady, &spike, SIDE_HIGH, &a);
	anomaly_judge(again, &spike, SIDE_HIGH, &b);
	anomaly_judge(anew, &spike, SIDE_HIGH, &c);
	assert_true(a.score > 0 && a.score == b.score && a.typical == b.typical);
	assert_true(a.score == c.score && a.typical == c.typical);
	anomaly_free(steady);
	anomaly_free(again);
	anomaly_free(anew);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(what_is_put_is_there_again),
		STORE_TEST(buckets_come_in_order_and_from_where_they_are_asked),
		STORE_TEST(times_that_do_not_fit_are_refused),
		STORE_TEST(what_is_old_is_forgotten),
		STORE_TEST(idle_series_are_forgotten_by_time_that_passed),
		STORE_TEST(rollback_leaves_nothing),
		STORE_TEST(baselines_catch_up_with_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
