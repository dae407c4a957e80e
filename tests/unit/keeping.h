/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of a snapshot kept in memory, as a store would, and a court that is closed and opened
 * again. */
#ifndef TESTS_UNIT_KEEPING_H
#define TESTS_UNIT_KEEPING_H

#include "tests/unit/judging.h"
#include "snapshot/snapshot.h"

#include <errno.h>

#define KEPT_MAX 512

struct kept_part {
	char rule[64];
	__s64 part;
	__u64 last;
	unsigned char *bytes;
	size_t len;
};

struct kept {
	struct kept_part parts[KEPT_MAX]; /* in the order of rule and part */
	size_t count;
	size_t written; /* bytes, since the start */
	struct judge_clock clock;
};

static inline void kept_remove(struct kept *kept, size_t i)
{
	free(kept->parts[i].bytes);
	kept->count--;
	memmove(&kept->parts[i], &kept->parts[i + 1], (kept->count - i) * sizeof(kept->parts[0]));
}

static inline int kept_order(const struct kept_part *part, const char *rule, __s64 number)
{
	int order = strcmp(part->rule, rule);

	if (order)
		return order;
	return part->part < number ? -1 : part->part > number;
}

static inline int kept_put(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len,
			   void *arg)
{
	struct kept *kept = arg;
	struct kept_part *at;
	size_t i = 0;

	while (i < kept->count && kept_order(&kept->parts[i], rule, part) < 0)
		i++;
	if (i < kept->count && kept_order(&kept->parts[i], rule, part) == 0)
		kept_remove(kept, i);
	assert_true(kept->count < KEPT_MAX);
	at = &kept->parts[i];
	memmove(at + 1, at, (kept->count - i) * sizeof(*at));
	kept->count++;
	*at = (struct kept_part){ .part = part, .last = last, .len = len, .bytes = malloc(len) };
	strcpy(at->rule, rule);
	memcpy(at->bytes, bytes, len);
	kept->written += len;
	return 0;
}

static inline int kept_drop(const char *rule, __u64 before, void *arg)
{
	struct kept *kept = arg;
	size_t i;

	for (i = kept->count; i--;) {
		const struct kept_part *part = &kept->parts[i];

		if (!strcmp(part->rule, rule) && part->part >= SNAPSHOT_NUMBERED &&
		    part->part < SNAPSHOT_PRESENT && part->last < before)
			kept_remove(kept, i);
	}
	return 0;
}

static inline int kept_clear(const char *rule, void *arg)
{
	struct kept *kept = arg;
	size_t i;

	for (i = kept->count; i--;)
		if (!strcmp(kept->parts[i].rule, rule))
			kept_remove(kept, i);
	return 0;
}

static inline void kept_free(struct kept *kept)
{
	while (kept->count)
		kept_remove(kept, kept->count - 1);
	free(kept);
}

static inline struct kept *kept_copy(const struct kept *from)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	size_t i;

	kept->clock = from->clock;
	for (i = 0; i < from->count; i++)
		kept_put(from->parts[i].rule, from->parts[i].part, from->parts[i].last,
			 from->parts[i].bytes, from->parts[i].len, kept);
	return kept;
}

static inline struct snapshot_sink kept_sink(struct kept *kept)
{
	return (struct snapshot_sink){ kept_put, kept_drop, kept_clear, kept };
}

/* Saves in full; the clock goes along. */
static inline void keep(struct snapshot *snapshot, const struct court *court, struct kept *kept)
{
	const struct snapshot_sink sink = kept_sink(kept);
	__u64 through_ns;

	assert_int_equal(snapshot_save(snapshot, &sink, true, &through_ns), 0);
	snapshot_kept(snapshot);
	judge_clock(court->judge, &kept->clock);
	assert_int_equal(through_ns, kept->clock.now_ns);
}

/* Gives all parts to the snapshot; how many were taken. */
static inline size_t bring_back(struct snapshot *snapshot, const struct kept *kept,
				const struct snapshot_terms *terms)
{
	size_t i, taken = 0;

	for (i = 0; i < kept->count; i++) {
		const struct kept_part *part = &kept->parts[i];
		/* of its own size, so that the sanitizer sees what is read behind it */
		unsigned char *bytes = malloc(part->len ? part->len : 1);

		memcpy(bytes, part->bytes, part->len);
		taken += !snapshot_load(snapshot, part->rule, part->part, bytes, part->len, terms);
		free(bytes);
	}
	return taken;
}

struct carrying {
	struct judge *to;
};

static inline void carry_series(const struct judge_series *series, void *arg)
{
	const struct anomaly_cfg cfg = { .bucket_s = anomaly_bucket_s(series->anomaly) };
	struct carrying *carrying = arg;
	unsigned char bytes[ANOMALY_SAVE_MAX];
	struct anomaly *anomaly;
	size_t len;

	assert_int_equal(anomaly_save(series->anomaly, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(anomaly_load(&cfg, bytes, len, &anomaly), 0);
	assert_int_equal(judge_restore(carrying->to, series->rule->id, series->group, anomaly), 0);
}

/* Baselines have a store of their own. */
static inline void carry_baselines(const struct judge *from, struct judge *to)
{
	struct carrying carrying = { .to = to };

	judge_each_series(from, carry_series, &carrying);
}

struct restarted {
	struct court court;
	struct snapshot *snapshot;
	size_t taken;
};

/* The machine's clocks at `ms` of the test's time. */
static inline struct snapshot_terms terms_at(__u64 ms)
{
	return (struct snapshot_terms){ .now_ns = BOOT_START_S * SECOND_NS + ms * 1000000,
					.wall_ns = WALL_START_NS + ms * 1000000,
					.learned_s = -1 };
}

/* A court that was opened at `ms`, after one that is no more. */
static inline void open_again(struct restarted *again, const struct rule *rule,
			      const struct kept *kept, const struct snapshot_terms *terms)
{
	court_open(&again->court, rule, 1);
	assert_int_equal(snapshot_new(again->court.judge, NULL, &again->snapshot), 0);
	again->taken = bring_back(again->snapshot, kept, terms);
	judge_resume(again->court.judge, &kept->clock);
}

static inline void close_again(struct restarted *again)
{
	snapshot_free(again->snapshot);
	court_close(&again->court);
}

#endif
