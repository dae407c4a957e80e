/* SPDX-License-Identifier: GPL-2.0-only */
/* Sliding windows: their edges, their evidence, against a naive recount. */
#include "tests/unit/windows.h"

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
		cmocka_unit_test(slices_cut_the_time_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
