/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows whose memory is full: what does not fit is counted, what fits stays exact. */
#include "tests/unit/windows.h"

#include <errno.h>
#include <malloc.h>

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

/* What is told without its flow leaves like everything else. */
static void bare_counts_leave_too(void **state)
{
	const struct window_cfg cfg = {
		.span = 10, .group_max = 2, .flow_max = 4, .cell_max = 64, .seed = 1
	};
	struct window *window;

	assert_int_equal(window_new(&cfg, &window), 0);
	window_advance(window, 1);
	add(window, 1, 0, 1);
	add(window, 1, 1, 5); /* one flow a group */
	assert_int_equal(find(window, 1).rest, 5);
	window_advance(window, 5);
	add(window, 1, 2, 7);
	assert_int_equal(find(window, 1).rest, 12);
	window_advance(window, 11);
	assert_int_equal(find(window, 1).rest, 7);
	assert_int_equal(find(window, 1).count, 7);
	window_free(window);
}

/* Evidence never takes the last cells: another group's bare count still has its second. */
static void evidence_leaves_room_for_counts(void **state)
{
	const struct window_cfg cfg = {
		.span = 10, .group_max = 100, .flow_max = 1000, .cell_max = 64, .seed = 1
	};
	struct window_stats stats;
	struct window *window;
	__u32 n;

	assert_int_equal(window_new(&cfg, &window), 0);
	window_advance(window, 1);
	for (n = 0; n < 200; n++)
		add(window, 1, n, 1);
	window_advance(window, 2);
	for (n = 2; n < 10; n++)
		assert_int_equal(add(window, n, 0, 1), 1);
	window_stats(window, &stats);
	assert_int_equal(stats.groups_dropped, 0);
	assert_int_equal(find(window, 1).count, 200);
	window_free(window);
}

/* A busy group's share of flows is what it has now, not what it ever had. */
static void a_share_of_flows_is_given_back(void **state)
{
	const struct window_cfg cfg = {
		.span = 2, .group_max = 2, .flow_max = 40, .cell_max = 256, .seed = 1
	};
	struct window *window;
	__u64 second;
	__u32 n;

	assert_int_equal(window_new(&cfg, &window), 0);
	for (second = 1; second <= 50; second++) {
		window_advance(window, second);
		for (n = 0; n < 5; n++)
			add(window, 1, (__u32)second * 5 + n, 1);
		assert_int_equal(find(window, 1).rest, 0);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(bare_counts_leave_too),
		cmocka_unit_test(evidence_leaves_room_for_counts),
		cmocka_unit_test(a_share_of_flows_is_given_back),
		cmocka_unit_test(without_cells_counts_leave_early_not_late),
		cmocka_unit_test(a_group_with_more_flows_than_its_share_stays_exact),
		cmocka_unit_test(a_million_spoofed_sources_are_bounded),
		cmocka_unit_test(a_hundred_thousand_pairs_are_small_and_fast),
		cmocka_unit_test(impossible_bounds_are_refused),
		cmocka_unit_test(absurd_counts_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
