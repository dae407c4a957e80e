/* SPDX-License-Identifier: GPL-2.0-only */
/* What a save costs: shares of it, and parts that come back whole. */
#include "tests/unit/keeping.h"
#include "core/watch.h"

#define PAIRS 100000

static void busy_second(struct court *court, __u64 second, __u32 from, __u32 pairs)
{
	struct record *records = calloc(pairs, sizeof(*records));
	__u32 i;

	for (i = 0; i < pairs; i++) {
		records[i] = http_record("10.1.0.0", "10.2.0.2", 404);
		records[i].source.w[3] = htonl(0x0a100000 + from + i);
	}
	court_batch(court, second * 1000 + 500, records, pairs);
	free(records);
}

/* More than one save takes: each writes its share, and all of it comes back. */
static void a_flood_is_written_in_turns(void **state)
{
	const struct rule rule = internal_rule();
	const struct snapshot_terms terms = terms_at(6000);
	struct kept *kept = calloc(1, sizeof(*kept));
	const struct snapshot_sink sink = kept_sink(kept);
	struct snapshot *snapshot;
	struct restarted again;
	struct judge_state told;
	struct court court;
	__u64 through_ns, before_ns = 0;
	size_t saves = 0;
	double seconds, most = 0;

	court_open(&court, &rule, 1);
	assert_int_equal(snapshot_new(court.judge, NULL, &snapshot), 0);
	busy_second(&court, 0, 0, PAIRS);
	busy_second(&court, 1, 0, PAIRS);
	busy_second(&court, 2, 0, 10);
	judge_clock(court.judge, &kept->clock);
	do {
		seconds = cpu_seconds();
		assert_int_equal(snapshot_save(snapshot, &sink, false, &through_ns), 0);
		seconds = cpu_seconds() - seconds;
		most = seconds > most ? seconds : most;
		snapshot_kept(snapshot);
		assert_true(through_ns >= before_ns);
		before_ns = through_ns;
		saves++;
	} while (through_ns < kept->clock.now_ns);
	print_message("%d cells in %zu saves of at most %.1f ms, %zu bytes\n", 2 * PAIRS + 10,
		      saves, most * 1000, kept->written);
	assert_true(saves > 1 && saves < 5);
	court_close(&court);
	snapshot_free(snapshot);

	seconds = cpu_seconds();
	open_again(&again, &rule, kept, &terms);
	print_message("back in %.1f ms\n", (cpu_seconds() - seconds) * 1000);
	assert_int_equal(again.taken, kept->count);
	judge_state(again.court.judge, 0, &told);
	assert_int_equal(told.groups, PAIRS);
	busy_second(&again.court, 6, 5, 1);
	assert_int_equal(again.court.count, 0);
	court_send(&again.court, 6, http_record("10.16.0.5", "10.2.0.2", 404), 345);
	assert_int_equal(again.court.count, 0);
	court_send(&again.court, 6, http_record("10.16.0.5", "10.2.0.2", 404), 1);
	assert_int_equal(again.court.count, 1); /* 3 before, 1, 345, 1 */
	assert_int_equal(court_last(&again.court)->count, 350);
	close_again(&again);
	kept_free(kept);
}

#define CROWD 400

static void check_same_windows(const struct judge *a, const struct judge *b, __u64 second)
{
	struct group_key key = { .pad = 0 };
	struct window_group one, other;
	__u32 i;

	for (i = 0; i < CROWD; i++) {
		key.source = ip("10.1.0.0");
		key.source.w[3] = htonl(0x0a100000 + i);
		window_find(judge_watch(a, 0)->window, &key, &one);
		window_find(judge_watch(b, 0)->window, &key, &other);
		if (memcmp(&one, &other, sizeof(one)) != 0)
			fail_msg("second %llu, client %u: %llu, %llu", second, i, one.count,
				 other.count);
	}
}

/* Thousands of cells, so that parts are numbered, dropped, and new ones come after a restart. */
static void windows_in_many_parts_come_back_whole(void **state)
{
	struct rule rule = internal_rule();
	struct kept *kept = calloc(1, sizeof(*kept));
	__u64 rng = 99, second = 0;
	struct restarted again = { 0 }, next;
	struct snapshot_terms terms;
	size_t restarts = 0, parts = 0;
	struct court steady;

	rule.threshold.window_ns = 40 * SECOND_NS;
	rule.threshold.count = 1000000;
	court_open(&steady, &rule, 1);
	court_open(&again.court, &rule, 1);
	assert_int_equal(snapshot_new(again.court.judge, NULL, &again.snapshot), 0);
	while (second < 3000) {
		__u32 pairs = (__u32)(random_next(&rng) % CROWD);

		/* now and then so quiet that the window is empty again */
		second += random_next(&rng) % 60 == 0 ? 45 : 1;
		busy_second(&steady, second, 0, pairs);
		busy_second(&again.court, second, 0, pairs);
		if (random_next(&rng) % 6 == 0) {
			keep(again.snapshot, &again.court, kept);
			parts = kept->count > parts ? kept->count : parts;
		}
		if (random_next(&rng) % 30)
			continue;
		keep(again.snapshot, &again.court, kept);
		terms = terms_at(second * 1000 + 500);
		open_again(&next, &rule, kept, &terms);
		assert_int_equal(next.taken, kept->count);
		close_again(&again);
		again = next;
		/* the judge's alerts, of which there are none, would go to `next` */
		check_same_windows(steady.judge, again.court.judge, second);
		restarts++;
	}
	print_message("%zu restarts, up to %zu parts\n", restarts, parts);
	assert_true(restarts > 30 && parts > 6);
	close_again(&again);
	court_close(&steady);
	kept_free(kept);
}

/* What has slid out goes, what is quiet is not written, and few cells share a part. */
static void parts_stay_few(void **state)
{
	const struct rule rule = internal_rule();
	struct kept *kept = calloc(1, sizeof(*kept));
	struct snapshot *snapshot;
	struct court court;
	size_t written;
	__u64 second;

	court_open(&court, &rule, 1);
	assert_int_equal(snapshot_new(court.judge, NULL, &snapshot), 0);
	for (second = 0; second < 1000; second++) {
		busy_second(&court, second, 0, 50);
		if (second % 10 == 0)
			keep(snapshot, &court, kept);
		assert_true(kept->count <= 3 + 300 * 50 / 1024 + 1);
	}
	court_wait(&court, 1000, 2300);
	keep(snapshot, &court, kept);
	assert_int_equal(kept->count, 3);
	keep(snapshot, &court, kept);
	written = kept->written;
	court_wait(&court, 2300, 2310);
	keep(snapshot, &court, kept);
	assert_int_equal(kept->written, written);
	snapshot_free(snapshot);
	court_close(&court);
	kept_free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_written_in_turns),
		cmocka_unit_test(windows_in_many_parts_come_back_whole),
		cmocka_unit_test(parts_stay_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
