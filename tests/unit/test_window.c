/* SPDX-License-Identifier: GPL-2.0-only */
/* Sliding windows: their edges, against a naive recount, their evidence, and their bounds. */
#include "tests/unit/core.h"
#include "core/window.h"

#include <errno.h>
#include <malloc.h>

static struct window *new_window(__u32 span, enum distinct distinct)
{
	const struct window_cfg cfg = {
		.span = span,
		.distinct = distinct,
		.group_max = WINDOW_GROUP_MAX,
		.flow_max = WINDOW_FLOW_MAX,
		.cell_max = WINDOW_CELL_MAX,
		.seed = 5,
	};
	struct window *window;

	assert_int_equal(window_new(&cfg, &window), 0);
	return window;
}

static struct group_key group_of(__u32 n)
{
	return (struct group_key){ .source = { { 0, 0, 0, n } } };
}

/* One record of group n, whose other fields come from `variant`. */
static struct record record_of(__u32 n, __u32 variant, __u64 count)
{
	return (struct record){
		.count = count,
		.source = { { 0, 0, 0, n } },
		.destination = { { 0, 0, 1, variant % 3 } },
		.port = (__u16)(variant % 5),
		.code = (__u16)(400 + variant % 7),
		.hook = (__u8)(variant % 2),
	};
}

static __u64 add(struct window *window, __u32 n, __u32 variant, __u64 count)
{
	struct group_key key = group_of(n);
	struct record record = record_of(n, variant, count);
	__u64 measure;

	assert_int_equal(window_add(window, &key, &record, &measure), 0);
	return measure;
}

static struct window_group find(const struct window *window, __u32 n)
{
	struct group_key key = group_of(n);
	struct window_group group;

	window_find(window, &key, &group);
	return group;
}

static void a_count_is_held_for_exactly_the_span(void **state)
{
	struct window *window = new_window(300, DISTINCT_NONE);

	window_advance(window, 1000);
	assert_int_equal(add(window, 1, 0, 5), 5);
	window_advance(window, 1299);
	assert_int_equal(find(window, 1).measure, 5);
	assert_int_equal(find(window, 1).first_second, 1000);
	assert_int_equal(add(window, 1, 0, 2), 7);
	assert_int_equal(find(window, 1).last_second, 1299);
	window_advance(window, 1300);
	assert_int_equal(find(window, 1).measure, 2);
	assert_int_equal(find(window, 1).first_second, 1299);
	window_advance(window, 5); /* time never goes back */
	assert_int_equal(add(window, 1, 0, 1), 3);
	assert_int_equal(find(window, 1).last_second, 1300);
	window_advance(window, 1600);
	assert_int_equal(find(window, 1).measure, 0);
	window_free(window);
	window_free(NULL);
}

static void seconds_beyond_32_bits_are_told_apart(void **state)
{
	struct window *window = new_window(10, DISTINCT_NONE);

	window_advance(window, 0xfffffffeULL);
	add(window, 1, 0, 1);
	window_advance(window, 0x100000003ULL);
	add(window, 1, 0, 1);
	assert_int_equal(find(window, 1).measure, 2);
	assert_int_equal(find(window, 1).first_second, 0xfffffffeULL);
	window_advance(window, 0x100000008ULL);
	assert_int_equal(find(window, 1).measure, 1);
	window_advance(window, 0x200000003ULL); /* the same low 32 bits again */
	assert_int_equal(find(window, 1).measure, 0);
	window_free(window);
}

#define GROUPS   8
#define VARIANTS 210
#define SPAN     20
#define SECONDS  3000

/* Everything that was ever counted, by second. */
struct naive {
	__u32 count[SECONDS][GROUPS][VARIANTS];
};

struct sum {
	__u64 count, flows;
	const struct naive *naive;
	__u32 group;
	__u64 now;
};

static __u64 naive_flow(const struct naive *naive, __u64 now, __u32 n, __u32 variant)
{
	__u64 second, count = 0;

	for (second = now < SPAN ? 0 : now - SPAN + 1; second <= now; second++)
		count += naive->count[second][n][variant];
	return count;
}

static void check_flow(const struct flow *flow, __u64 count, void *arg)
{
	struct sum *sum = arg;
	__u32 variant;

	for (variant = 0; variant < VARIANTS; variant++) {
		struct record record = record_of(sum->group, variant, 1);

		if (record.port == flow->port && record.code == flow->code &&
		    record.hook == flow->hook &&
		    addr_equal(&record.destination, &flow->destination))
			break;
	}
	assert_true(variant < VARIANTS);
	assert_int_equal(count, naive_flow(sum->naive, sum->now, sum->group, variant));
	sum->count += count;
	sum->flows++;
}

static void check_group(const struct window *window, const struct naive *naive, __u64 now, __u32 n,
			enum distinct distinct)
{
	__u64 total = 0, flows = 0, ports = 0, slices[4];
	struct sum sum = { .naive = naive, .group = n, .now = now };
	struct window_group group = find(window, n);
	struct group_key key = group_of(n);
	bool port_seen[5] = { false };
	__u32 variant;

	for (variant = 0; variant < VARIANTS; variant++) {
		__u64 count = naive_flow(naive, now, n, variant);

		total += count;
		flows += count > 0;
		ports += count > 0 && !port_seen[variant % 5];
		port_seen[variant % 5] |= count > 0;
	}
	assert_int_equal(group.count, total);
	assert_int_equal(group.measure, distinct == DISTINCT_PORT ? ports : total);
	assert_int_equal(group.rest, 0);
	window_each_flow(window, &key, check_flow, &sum);
	assert_int_equal(sum.count, total);
	assert_int_equal(sum.flows, flows);
	window_slice(window, &key, slices, ARRAY_SIZE(slices));
	assert_int_equal(slices[0] + slices[1] + slices[2] + slices[3], total);
}

static void agrees_with(enum distinct distinct)
{
	struct naive *naive = calloc(1, sizeof(*naive));
	struct window *window = new_window(SPAN, distinct);
	__u64 rng = 11 + distinct, now = 0;
	__u32 n;

	assert_non_null(naive);
	while (now < SECONDS - 60) {
		__u64 records = random_next(&rng) % 40;

		/* mostly the same second or the next, sometimes a pause longer than the window */
		now += random_next(&rng) % 50 == 0 ? random_next(&rng) % 50 : random_next(&rng) % 3;
		window_advance(window, now);
		while (records--) {
			__u32 variant = (__u32)(random_next(&rng) % VARIANTS);
			__u32 count = (__u32)(random_next(&rng) % 4);

			n = (__u32)(random_next(&rng) % GROUPS);
			add(window, n, variant, count);
			naive->count[now][n][variant] += count;
		}
		n = (__u32)(random_next(&rng) % GROUPS);
		check_group(window, naive, now, n, distinct);
	}
	for (n = 0; n < GROUPS; n++)
		check_group(window, naive, now, n, distinct);
	window_free(window);
	free(naive);
}

static void counts_agree_with_a_naive_recount(void **state)
{
	agrees_with(DISTINCT_NONE);
}

static void different_values_agree_with_a_naive_recount(void **state)
{
	agrees_with(DISTINCT_PORT);
}

static void distinct_counts_the_chosen_field(void **state)
{
	static const struct {
		const char *name;
		enum distinct distinct;
		__u64 expected;
	} rows[] = {
		{ "source", DISTINCT_SOURCE, 1 },
		{ "destination", DISTINCT_DESTINATION, 3 },
		{ "port", DISTINCT_PORT, 5 },
	};
	size_t i;
	__u32 v;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct window *window = new_window(10, rows[i].distinct);
		__u64 measure = 0;

		for (v = 0; v < VARIANTS; v++)
			measure = add(window, 1, v, 9);
		if (measure != rows[i].expected)
			fail_msg("%s: %llu", rows[i].name, measure);
		window_free(window);
	}
}

/* Small bounds, hard pressed: groups x flows x seconds far beyond them. */
static void what_does_not_fit_is_counted(void **state)
{
	const struct window_cfg cfg = {
		.span = 30, .group_max = 20, .flow_max = 64, .cell_max = 256, .seed = 1
	};
	__u64 rng = 5, now, given = 0, held = 0, i;
	struct window_stats stats;
	struct window *window;
	__u32 n;

	assert_int_equal(window_new(&cfg, &window), 0);
	for (now = 1; now <= 30; now++) {
		window_advance(window, now);
		for (i = 0; i < 200; i++) {
			add(window, (__u32)(random_next(&rng) % 40), (__u32)random_next(&rng), 1);
			given++;
		}
	}
	for (n = 0; n < 40; n++) {
		held += find(window, n).count;
		assert_true(find(window, n).rest <= find(window, n).count);
	}
	window_stats(window, &stats);
	assert_int_equal(stats.groups, 20);
	assert_int_equal(held + stats.groups_dropped, given);
	assert_true(stats.evidence_dropped > 0);
	assert_true(stats.evidence_dropped <= held);
	window_advance(window, 60);
	window_stats(window, &stats);
	assert_int_equal(stats.groups, 0);
	window_free(window);
}

/* A flow that no longer fits in its second joins an earlier one: it leaves early, never late. */
static void without_cells_counts_leave_early_not_late(void **state)
{
	const struct window_cfg cfg = {
		.span = 300, .group_max = 1000, .flow_max = 1000, .cell_max = 64, .seed = 1
	};
	struct window *window;
	__u64 second;

	assert_int_equal(window_new(&cfg, &window), 0);
	for (second = 1; second <= 200; second++) {
		window_advance(window, second);
		assert_int_equal(add(window, 1, 0, 1), second);
	}
	window_advance(window, 300);
	assert_int_equal(find(window, 1).count, 200);
	window_advance(window, 301);
	assert_int_equal(find(window, 1).count, 199);
	window_advance(window, 364);
	assert_int_equal(find(window, 1).count, 0);
	window_free(window);
}

static void a_group_with_more_flows_than_its_share_stays_exact(void **state)
{
	struct window *window = new_window(300, DISTINCT_NONE);
	struct group_key key = group_of(1);
	struct record record = record_of(1, 0, 1);
	struct window_stats stats;
	__u64 measure = 0;
	__u32 i;

	window_advance(window, 1);
	for (i = 0; i < 100000; i++) {
		record.destination.w[3] = i;
		assert_int_equal(window_add(window, &key, &record, &measure), 0);
	}
	assert_int_equal(measure, 100000);
	assert_int_equal(find(window, 1).rest, 100000 - WINDOW_FLOW_MAX / 4);
	window_stats(window, &stats);
	assert_int_equal(stats.evidence_dropped, 100000 - WINDOW_FLOW_MAX / 4);
	assert_int_equal(stats.groups_dropped, 0);
	window_free(window);
}

static void a_million_spoofed_sources_are_bounded(void **state)
{
	struct window *window = new_window(300, DISTINCT_NONE);
	struct window_stats stats;
	__u32 n;

	window_advance(window, 1);
	for (n = 0; n < 1000000; n++)
		add(window, n, 0, 1);
	window_stats(window, &stats);
	assert_int_equal(stats.groups, WINDOW_GROUP_MAX);
	assert_int_equal(stats.groups_dropped, 1000000 - WINDOW_GROUP_MAX);
	assert_int_equal(add(window, 5, 0, 1), 2); /* those that are in stay exact */
	window_advance(window, 301);
	assert_int_equal(add(window, 999999, 0, 1), 1); /* and then there is room again */
	window_free(window);
}

static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void a_hundred_thousand_pairs_are_small_and_fast(void **state)
{
	enum { PAIRS = 100000, SECONDS_RUN = 10 };
	struct window *window = new_window(300, DISTINCT_NONE);
	size_t before = heap_bytes(), bytes;
	double seconds = cpu_seconds();
	__u32 n, second;

	for (second = 1; second <= SECONDS_RUN; second++) {
		window_advance(window, second);
		for (n = 0; n < PAIRS; n++)
			if (second == 1 || n % 10 == second % 10)
				add(window, n * 2654435761U, n, 1);
	}
	seconds = cpu_seconds() - seconds;
	bytes = heap_bytes() - before;
	print_message("%.0f ns a record, %.1f MiB for %d pairs in %d cells\n",
		      seconds / (PAIRS * 1.9) * 1e9, (double)bytes / (1 << 20), PAIRS,
		      PAIRS * 19 / 10);
#ifndef __SANITIZE_ADDRESS__ /* its heap does not answer mallinfo2() */
	assert_true(bytes > (1 << 20));
	assert_true(bytes <= 30 << 20);
#endif
	window_free(window);
}

static void impossible_bounds_are_refused(void **state)
{
	struct window_cfg cfg = { .span = 1, .group_max = 1, .flow_max = 1, .cell_max = 64 };
	struct window *window = NULL;

	assert_int_equal(window_new(&cfg, &window), 0);
	window_free(window);
	cfg.span = 0;
	assert_int_equal(window_new(&cfg, &window), -EINVAL);
	cfg.span = WINDOW_SPAN_MAX + 1U;
	assert_int_equal(window_new(&cfg, &window), -EINVAL);
	cfg.span = 5;
	cfg.cell_max = 100;
	assert_int_equal(window_new(&cfg, &window), -EINVAL);
}

static void absurd_counts_do_not_overflow(void **state)
{
	struct window *window = new_window(2, DISTINCT_NONE);

	window_advance(window, 1);
	add(window, 1, 0, UINT64_MAX);
	assert_int_equal(add(window, 1, 0, UINT64_MAX), 2 * WINDOW_COUNT_MAX);
	window_advance(window, 2);
	add(window, 1, 1, 1);
	window_advance(window, 3);
	assert_int_equal(find(window, 1).count, 1);
	window_free(window);
}

static void slices_cut_the_time_evenly(void **state)
{
	struct window *window = new_window(300, DISTINCT_NONE);
	struct group_key key = group_of(1);
	__u64 slices[4], i;

	window_slice(window, &key, slices, ARRAY_SIZE(slices));
	assert_int_equal(slices[0] + slices[3], 0);
	for (i = 101; i <= 140; i++) {
		window_advance(window, i);
		add(window, 1, 0, i <= 110 ? 3 : 1);
	}
	window_slice(window, &key, slices, ARRAY_SIZE(slices));
	assert_int_equal(slices[0], 30);
	assert_int_equal(slices[1], 10);
	assert_int_equal(slices[3], 10);
	window_free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_held_for_exactly_the_span),
		cmocka_unit_test(seconds_beyond_32_bits_are_told_apart),
		cmocka_unit_test(counts_agree_with_a_naive_recount),
		cmocka_unit_test(different_values_agree_with_a_naive_recount),
		cmocka_unit_test(distinct_counts_the_chosen_field),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(without_cells_counts_leave_early_not_late),
		cmocka_unit_test(a_group_with_more_flows_than_its_share_stays_exact),
		cmocka_unit_test(a_million_spoofed_sources_are_bounded),
		cmocka_unit_test(a_hundred_thousand_pairs_are_small_and_fast),
		cmocka_unit_test(impossible_bounds_are_refused),
		cmocka_unit_test(absurd_counts_do_not_overflow),
		cmocka_unit_test(slices_cut_the_time_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
