/* SPDX-License-Identifier: GPL-2.0-only */
/* Batches added up, and what must always hold of the sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "view/tally.h"

static void add(struct tally *tally, __u64 length_ns, const struct totals *totals,
		const struct record *records, size_t count, const struct loss *loss)
{
	struct batch batch = {
		.start_ns = tally->end_ns,
		.end_ns = tally->end_ns + length_ns,
		.totals = totals,
		.records = records,
		.record_count = count,
		.loss = *loss,
	};

	tally_add(tally, &batch);
}

static const struct balance *find(const struct balance *balances, const char *name)
{
	for (int i = 0; i < TALLY_BALANCES; i++)
		if (!strcmp(balances[i].name, name))
			return &balances[i];
	fail_msg("no balance of %s", name);
	return NULL;
}

static void sums_of_batches(void **state)
{
	const struct record records[] = {
		{ .feed = FEED_HTTP, .count = 5, .code = 404 },
		{ .feed = FEED_HTTP, .count = 2 },
		{ .feed = FEED_DROP, .count = 3 },
	};
	struct totals totals = {};
	const struct loss loss = { .evicted = { 1, 0 }, .gap_ns = 7 }, none = {};
	struct balance balances[TALLY_BALANCES];
	struct tally tally = {};

	totals.n[COUNT_HTTP_2XX] = 2;
	totals.n[COUNT_HTTP_4XX] = 6;
	totals.n[COUNT_HTTP_1XX] = 9; /* no final responses */
	totals.n[COUNT_PACKETS_INGRESS] = 10;
	totals.n[COUNT_PACKETS_EGRESS] = 5;
	totals.n[COUNT_UNDERSTOOD] = 14;
	totals.n[COUNT_PARSE_NOT_IP] = 1;
	totals.n[COUNT_PACKETS_DROP] = 2;
	totals.n[COUNT_DROP_UNDERSTOOD] = 2;
	totals.drop_class[CLASS_PROHIBITED] = 1;
	add(&tally, 1000000000, &totals, records, 3, &loss);
	add(&tally, 100000000, &totals, records, 3, &loss);
	add(&tally, 60000000000, NULL, NULL, 0, &none);

	assert_int_equal(tally.totals.n[COUNT_HTTP_4XX], 12);
	assert_int_equal(tally.loss.evicted[FEED_HTTP], 2);
	assert_int_equal(tally.loss.gap_ns, 14);
	assert_int_equal(tally.entries[FEED_HTTP], 0); /* of the last batch */
	assert_int_equal(tally.epochs, 3);
	assert_int_equal(tally.epoch_count[1], 1); /* 0.1 s lies in the place up to 0.1 s */
	assert_int_equal(tally.epoch_count[4], 1);
	assert_int_equal(tally.epoch_count[TALLY_EDGES], 1);
	assert_int_equal(tally.epoch_ns, 61100000000);

	tally_balances(&tally, balances);
	for (int i = 0; i < TALLY_BALANCES; i++)
		assert_true(balance_holds(&balances[i]));
	assert_int_equal(find(balances, "packets")->seen, 30);
	assert_int_equal(find(balances, "responses")->seen, 16);
	assert_int_equal(find(balances, "responses")->known, 14);
	assert_int_equal(find(balances, "denied")->seen, 6);
}

static void sums_that_do_not_hold(void **state)
{
	struct balance balances[TALLY_BALANCES];
	struct tally tally = {};

	tally.totals.n[COUNT_PACKETS_INGRESS] = 2;
	tally.totals.n[COUNT_UNDERSTOOD] = 1; /* one has no name */
	tally.totals.n[COUNT_HTTP_5XX] = 1;
	tally.drained[FEED_HTTP] = 2; /* more than there were: evicted is below zero */
	tally.loss.evicted[FEED_HTTP] = -1ULL;
	tally_balances(&tally, balances);
	assert_false(balance_holds(find(balances, "packets")));
	assert_false(balance_holds(find(balances, "responses")));
	assert_true(balance_holds(find(balances, "denied")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_batches),
		cmocka_unit_test(sums_that_do_not_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
