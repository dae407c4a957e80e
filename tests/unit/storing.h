/* SPDX-License-Identifier: GPL-2.0-only */
/* A store in a folder of its own, and what is in it. */
#ifndef TESTS_UNIT_STORING_H
#define TESTS_UNIT_STORING_H

#include "tests/unit/core.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BUCKET_S 900
#define NOW_S    1767225600LL /* a multiple of the bucket */

static char folder[64], path[128];
static const struct group_key nobody;
static const struct store_series denies = { .rule = "denies",
					    .definition = 0xfedcba9876543210ULL,
					    .bucket_s = BUCKET_S,
					    .group = &nobody };

static inline int make_folder(void **state)
{
	strcpy(folder, "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state/s.db", folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static inline struct store *open_store(void)
{
	struct store_told told;
	struct store *store;

	if (store_open(path, STORE_WRITE, NOW_S, &told, &store))
		fail_msg("%s", told.failure);
	assert_string_equal(told.damage, "");
	return store;
}

static inline void put(struct store *store, const struct store_series *series, __s64 index,
		       double count, double coverage)
{
	const struct anomaly_bucket bucket = { .start_s = NOW_S + index * BUCKET_S,
					       .count = count,
					       .coverage = coverage };

	assert_int_equal(store_put_bucket(store, series, &bucket), 0);
}

struct seen {
	size_t count;
	double sum;
	__s64 first_s, last_s;
	double last_coverage;
};

static inline void see(const struct anomaly_bucket *bucket, void *arg)
{
	struct seen *seen = arg;

	if (!seen->count++)
		seen->first_s = bucket->start_s;
	else
		assert_true(bucket->start_s > seen->last_s);
	seen->sum += bucket->count;
	seen->last_s = bucket->start_s;
	seen->last_coverage = bucket->coverage;
}

struct listed {
	struct store *store;
	size_t count;
	__s64 after_s;
	struct seen seen; /* of all series */
	__s64 through_s;  /* of the last one */
	__s64 id;
};

static inline int list(const struct store_series *series, void *arg)
{
	struct listed *listed = arg;
	struct seen one = { 0 };

	listed->count++;
	listed->through_s = series->through_s;
	listed->id = series->id;
	assert_int_equal(store_each_bucket(listed->store, series, listed->after_s, see, &one), 0);
	listed->seen = one;
	return 0;
}

static inline struct listed read_all(struct store *store, const char *rule, __s64 after_s)
{
	struct listed listed = { .store = store, .after_s = after_s };

	assert_int_equal(store_each_series(store, rule, list, &listed), 0);
	return listed;
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
