/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of a snapshot in the store: kept as a whole or not at all, in order, and gone when dropped.
 */
#include "tests/unit/storing.h"
#include "store/parts.h"

struct seen_parts {
	size_t count;
	char order[256];
	size_t bytes;
};

static int see_part(const struct store_part *part, void *arg)
{
	struct seen_parts *parts = arg;
	size_t len = strlen(parts->order);

	parts->count++;
	parts->bytes += part->len;
	snprintf(parts->order + len, sizeof(parts->order) - len, "%s/%lld/%llu ", part->rule,
		 part->part, part->last);
	return 0;
}

static struct seen_parts see_all(struct store *store)
{
	struct seen_parts parts = { 0 };

	assert_int_equal(store_each_part(store, see_part, &parts), 0);
	return parts;
}

static void put_part(struct store *store, const char *rule, __s64 number, __u64 last, size_t len)
{
	static unsigned char bytes[300000];
	const struct store_part part = { rule, number, last, bytes, len };

	assert_int_equal(store_put_part(store, &part), 0);
}

static void parts_come_back_in_order(void **state)
{
	struct store *store = open_store();

	assert_int_equal(store_begin_parts(store), 0);
	put_part(store, "b", 17, 30, 300000);
	put_part(store, "b", 0x7fffffffffffffffLL, 0, 1);
	put_part(store, "b", 16, 20, 10);
	put_part(store, "", 0, 0, 5);
	put_part(store, "b", 0, 0, 7);
	put_part(store, "a", 16, 40, 9);
	put_part(store, "b", 0, 0, 8); /* the earlier one gives way */
	assert_int_equal(store_end_parts(store, true), 0);
	store_close(store);

	store = open_store();
	assert_string_equal(see_all(store).order,
			    "/0/0 a/16/40 b/0/0 b/16/20 b/17/30 b/9223372036854775807/0 ");
	assert_int_equal(see_all(store).bytes, 5 + 9 + 8 + 10 + 300000 + 1);
	assert_int_equal(store_drop_parts(store, "b", 16, 1000, 30), 0);
	assert_string_equal(see_all(store).order,
			    "/0/0 a/16/40 b/0/0 b/17/30 b/9223372036854775807/0 ");
	assert_int_equal(store_clear_parts(store, "b"), 0);
	assert_string_equal(see_all(store).order, "/0/0 a/16/40 ");
	store_close(store);
}

static void what_is_not_committed_never_was(void **state)
{
	struct store *store = open_store();

	assert_int_equal(store_begin_parts(store), 0);
	put_part(store, "a", 0, 0, 100);
	assert_int_equal(store_end_parts(store, true), 0);
	assert_int_equal(store_begin_parts(store), 0);
	put_part(store, "a", 0, 0, 200);
	put_part(store, "a", 1, 0, 200);
	assert_int_equal(store_end_parts(store, false), 0);
	assert_int_equal(see_all(store).bytes, 100);
	/* and a writer that is gone in between */
	assert_int_equal(store_begin_parts(store), 0);
	put_part(store, "a", 0, 0, 200);
	store_close(store);
	store = open_store();
	assert_int_equal(see_all(store).bytes, 100);
	store_close(store);
}

static int stop_at_second(const struct store_part *part, void *arg)
{
	size_t *count = arg;

	return ++*count == 2 ? -ECANCELED : 0;
}

static void a_reader_may_stop(void **state)
{
	struct store *store = open_store();
	size_t count = 0;

	put_part(store, "a", 0, 0, 1);
	put_part(store, "a", 1, 0, 1);
	put_part(store, "a", 2, 0, 1);
	assert_int_equal(store_each_part(store, stop_at_second, &count), -ECANCELED);
	assert_int_equal(count, 2);
	assert_int_equal(see_all(store).count, 3);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(parts_come_back_in_order),
		STORE_TEST(what_is_not_committed_never_was),
		STORE_TEST(a_reader_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
