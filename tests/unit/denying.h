/* SPDX-License-Identifier: GPL-2.0-only */
/* Buckets of a deny rule with an anomaly, filled in virtual time. */
#ifndef TESTS_UNIT_DENYING_H
#define TESTS_UNIT_DENYING_H

#include "tests/unit/judging.h"

#define BUCKET_S 900ULL

static inline struct judge_state state_of(const struct court *court)
{
	struct judge_state told;

	judge_state(court->judge, 0, &told);
	return told;
}

/* `count` drops from a few sources, spread over bucket n (0 is the first, which is cut). */
static inline void fill(struct court *court, __u64 bucket, __u64 count)
{
	__u64 i;

	for (i = 0; i < 10; i++) {
		struct record record = drop_record("10.1.0.3", "203.0.113.1", 443);

		record.source.w[3] += htonl((__u32)i);
		record.count = count / 10 + (i < count % 10);
		court_batch(court, (bucket * BUCKET_S + i * 80 + 5) * 1000, &record,
			    record.count > 0);
	}
	court_batch(court, (bucket + 1) * BUCKET_S * 1000, NULL, 0);
}

/* Buckets 0 (cut) to n - 1 hold 35..39 drops each. */
static inline void quiet(struct court *court, __u64 from, __u64 to)
{
	for (; from < to; from++)
		fill(court, from, 35 + from % 5);
}

#endif
