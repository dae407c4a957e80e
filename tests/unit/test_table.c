/* SPDX-License-Identifier: GPL-2.0-only */
/* The hash table: against a plain array that does the same, and its bounds. */
#include "tests/unit/core.h"
#include "core/table.h"

#include <errno.h>

struct entry {
	__u32 next;
	__u32 key[3];
	__u64 value;
};

#define KEYS 500

static void init(struct table *table, __u32 max)
{
	table_init(table, sizeof(struct entry), offsetof(struct entry, key),
		   sizeof(((struct entry *)NULL)->key), max, 42);
}

/* Adds, finds and removes at random; `model` holds the value of each key, 0 where it is absent. */
static void agrees_with_a_plain_array(void **state)
{
	__u64 model[KEYS] = { 0 }, rng = 1, step;
	struct table table;
	size_t live = 0;

	init(&table, KEYS);
	for (step = 1; step < 50000; step++) {
		__u32 n = (__u32)(random_next(&rng) % KEYS), i;
		__u32 key[3] = { n, 7, n * n };

		i = table_find(&table, key);
		assert_int_equal(i != TABLE_NONE, model[n] != 0);
		if (i == TABLE_NONE) {
			assert_int_equal(table_add(&table, key, &i), 0);
			((struct entry *)table_at(&table, i))->value = step;
			model[n] = step;
			live++;
		} else {
			assert_int_equal(((struct entry *)table_at(&table, i))->value, model[n]);
			table_remove(&table, i);
			model[n] = 0;
			live--;
		}
		assert_int_equal(table.live, live);
	}
	table_clear(&table);
	assert_int_equal(table.live, 0);
}

static void refuses_what_is_over_its_bound(void **state)
{
	__u32 key[3] = { 0 }, i = 77;
	struct table table;

	init(&table, 20);
	for (key[0] = 0; key[0] < 20; key[0]++)
		assert_int_equal(table_add(&table, key, &i), 0);
	i = 77;
	assert_int_equal(table_add(&table, key, &i), -ENOSPC);
	assert_int_equal(i, 77);
	key[0] = 3;
	table_remove(&table, table_find(&table, key));
	key[0] = 99;
	assert_int_equal(table_add(&table, key, &i), 0);
	assert_int_equal(table_find(&table, key), i);
	table_clear(&table);
	assert_int_equal(table_find(&table, key), TABLE_NONE);
}

static void a_reused_entry_starts_as_zero(void **state)
{
	__u32 key[3] = { 1 }, i;
	struct table table;

	init(&table, 4);
	assert_int_equal(table_add(&table, key, &i), 0);
	((struct entry *)table_at(&table, i))->value = 5;
	table_remove(&table, i);
	assert_int_equal(table_add(&table, key, &i), 0);
	assert_int_equal(((struct entry *)table_at(&table, i))->value, 0);
	table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(refuses_what_is_over_its_bound),
		cmocka_unit_test(a_reused_entry_starts_as_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
