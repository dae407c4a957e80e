/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pod has which address: as they come, go, and take one from another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pods/cache.h"

#define S 1000000000ULL

static struct pods *cache;

static int setup(void **state)
{
	return pods_new(7, &cache);
}

static int teardown(void **state)
{
	pods_free(cache);
	return 0;
}

static struct addr at(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static struct pod make(const char *name, const char *first, const char *second)
{
	struct pod pod = {};

	snprintf(pod.uid, sizeof(pod.uid), "u-%s", name);
	strcpy(pod.namespace, "n");
	strcpy(pod.name, name);
	if (first)
		pod.addrs[pod.addr_count++] = at(first);
	if (second)
		pod.addrs[pod.addr_count++] = at(second);
	return pod;
}

static void put(const char *name, const char *addr, enum pod_state state, __u64 now_ns)
{
	struct pod pod = make(name, addr, NULL);

	pod.state = state;
	assert_int_equal(pods_put(cache, &pod, 0, now_ns), 0);
}

static void take_away(const char *name, __u64 now_ns)
{
	pods_remove(cache, make(name, NULL, NULL).uid, now_ns);
}

/* The pod's name, or "". */
static const char *who(const char *addr, __u64 now_ns)
{
	struct addr key = at(addr);
	struct addr_pod pod;

	return pods_find(cache, &key, now_ns, &pod) ? pod.name : "";
}

static void texts(void **state)
{
	struct pod pod = make("cart-1", "10.0.0.1", "2001:db8::1");
	struct addr six = at("2001:db8::1");
	struct addr_pod found;

	assert_string_equal(who("10.0.0.1", 1), "");
	strcpy(pod.kind, "Deployment");
	strcpy(pod.workload, "cart");
	assert_int_equal(pods_put(cache, &pod, 0, 1), 0);
	assert_true(pods_find(cache, &six, 1, &found));
	assert_string_equal(found.namespace, "n");
	assert_string_equal(found.name, "cart-1");
	assert_string_equal(found.kind, "Deployment");
	assert_string_equal(found.workload, "cart");
	put("alone", "10.0.0.2", POD_HERE, 1);
	six = at("10.0.0.2");
	assert_true(pods_find(cache, &six, 1, &found));
	assert_null(found.kind);
	assert_null(found.workload);
}

static void who_has_gone_is_named_a_while(void **state)
{
	put("a", "10.0.0.1", POD_HERE, 1);
	take_away("a", 10 * S);
	take_away("never", 10 * S);
	assert_string_equal(who("10.0.0.1", 10 * S + PODS_KEEP_NS - 1), "a");
	assert_string_equal(who("10.0.0.1", 10 * S + PODS_KEEP_NS), "");
	pods_expire(cache, 10 * S + PODS_KEEP_NS - 1);
	assert_int_equal(pods_count(cache).pods, 1);
	pods_expire(cache, 10 * S + PODS_KEEP_NS);
	assert_int_equal(pods_count(cache).pods, 0);
	assert_int_equal(pods_count(cache).addresses, 0);
}

static void an_address_goes_to_who_is_here(void **state)
{
	put("a", "10.0.0.1", POD_HERE, 1);
	put("b", "10.0.0.1", POD_HERE, 2); /* before a's end is told */
	assert_string_equal(who("10.0.0.1", 2), "b");
	take_away("a", 3);
	assert_string_equal(who("10.0.0.1", 3), "b");
	assert_int_equal(pods_count(cache).pods, 1);
	/* What is told late of one that leaves takes nothing back. */
	put("a", "10.0.0.1", POD_LEAVING, 4);
	assert_string_equal(who("10.0.0.1", 4), "b");
	take_away("b", 5);
	put("c", "10.0.0.1", POD_LEAVING, 6); /* nobody else is here */
	assert_string_equal(who("10.0.0.1", 6), "c");
}

static void who_has_ended_has_no_address(void **state)
{
	put("job", "10.0.0.1", POD_OVER, 1); /* before we came */
	assert_string_equal(who("10.0.0.1", 1), "");
	assert_int_equal(pods_count(cache).pods, 0);
	put("job", "10.0.0.1", POD_HERE, 2);
	put("job", "10.0.0.1", POD_OVER, 3);
	assert_string_equal(who("10.0.0.1", 4), "job");
	put("job", "10.0.0.1", POD_OVER, 3 + PODS_KEEP_NS); /* told again and again */
	assert_string_equal(who("10.0.0.1", 3 + PODS_KEEP_NS), "");
	put("next", "10.0.0.1", POD_HERE, 5);
	assert_string_equal(who("10.0.0.1", 5), "next");
}

static void a_pod_at_another_address(void **state)
{
	put("a", "10.0.0.1", POD_HERE, 1);
	put("a", "10.0.0.2", POD_HERE, 2);
	assert_string_equal(who("10.0.0.2", 3), "a");
	assert_string_equal(who("10.0.0.1", 3), "a"); /* a moment ago */
	assert_string_equal(who("10.0.0.1", 2 + PODS_KEEP_NS), "");
	pods_expire(cache, 2 + PODS_KEEP_NS);
	assert_int_equal(pods_count(cache).pods, 1);
	assert_int_equal(pods_count(cache).addresses, 1);
	put("a", NULL, POD_HERE, 4); /* its sandbox is made anew */
	assert_string_equal(who("10.0.0.2", 5), "a");
	assert_string_equal(who("10.0.0.2", 4 + PODS_KEEP_NS), "");
}

static void all_told_anew(void **state)
{
	put("a", "10.0.0.1", POD_HERE, 1);
	put("b", "10.0.0.2", POD_HERE, 1);
	pods_begin(cache);
	put("b", "10.0.0.2", POD_HERE, 2);
	put("c", "10.0.0.3", POD_HERE, 2);
	pods_end(cache, 3);
	assert_string_equal(who("10.0.0.1", 4), "a");
	assert_string_equal(who("10.0.0.1", 3 + PODS_KEEP_NS), "");
	assert_string_equal(who("10.0.0.2", 3 + PODS_KEEP_NS), "b");
	assert_string_equal(who("10.0.0.3", 3 + PODS_KEEP_NS), "c");
}

static void what_may_be_believed_for_a_time(void **state)
{
	struct pod pod = make("far", "10.0.0.1", NULL), near = make("near", "10.0.0.2", NULL);
	struct addr addr = at("10.0.0.1"), nobody = at("10.0.0.9");

	assert_int_equal(pods_known_until(cache, &addr), 0);
	assert_int_equal(pods_put(cache, &pod, 100, 1), 0);
	assert_int_equal(pods_known_until(cache, &addr), 100);
	assert_string_equal(who("10.0.0.1", 99), "far");
	assert_string_equal(who("10.0.0.1", 100), "");
	pods_end(cache, 2); /* of others than these */
	assert_int_equal(pods_known_until(cache, &addr), 100);
	pods_put_nobody(cache, &nobody, 50);
	assert_int_equal(pods_known_until(cache, &nobody), 50);
	assert_string_equal(who("10.0.0.9", 1), "");
	pods_put_nobody(cache, &addr, 50);
	assert_string_equal(who("10.0.0.1", 1), "far");
	put("taker", "10.0.0.9", POD_HERE, 2);
	assert_string_equal(who("10.0.0.9", 2), "taker");
	/* What a watch tells is better. */
	put("near", "10.0.0.2", POD_HERE, 2);
	assert_int_equal(pods_put(cache, &near, 100, 3), 0);
	addr = at("10.0.0.2");
	assert_true(pods_known_until(cache, &addr) == ~0ULL);
	pods_expire(cache, 100);
	assert_int_equal(pods_count(cache).pods, 2);
}

static void numbered(unsigned int i, struct pod *ret)
{
	char addr[32], name[POD_NAME_MAX];

	snprintf(addr, sizeof(addr), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
	snprintf(name, sizeof(name), "deployment-of-some-name-6d4b75cb6d-%05x", i);
	*ret = make(name, addr, NULL);
	memset(ret->uid, 0, sizeof(ret->uid));
	snprintf(ret->uid, sizeof(ret->uid), "f3a1c0de-0000-4000-8000-%012x", i);
	strcpy(ret->kind, "Deployment");
	strcpy(ret->workload, "deployment-of-some-name");
}

static void ten_thousand_take_four_mebibytes(void **state)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct pod pod;
	size_t took;

	for (unsigned int i = 0; i < 10000; i++) {
		numbered(i, &pod);
		assert_int_equal(pods_put(cache, &pod, 0, 1), 0);
	}
	took = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	print_message("10,000 pods take %zu KiB\n", took >> 10);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(took, 1 << 20, 5 << 20);
#endif
}

static void there_is_a_bound(void **state)
{
	struct pod pod;
	unsigned int i;

	for (i = 0; i < PODS_MAX; i++) {
		numbered(i, &pod);
		assert_int_equal(pods_put(cache, &pod, 0, 60 * S), 0);
	}
	numbered(i, &pod);
	assert_int_equal(pods_put(cache, &pod, 0, 60 * S), -ENOSPC);
	assert_int_equal(pods_count(cache).pods, PODS_MAX);
	assert_int_equal(pods_count(cache).refused, 1);
	/* Who has gone makes room, which is looked for every 10 s. */
	numbered(3, &pod);
	pods_remove(cache, pod.uid, 61 * S);
	numbered(i, &pod);
	assert_int_equal(pods_put(cache, &pod, 0, 62 * S), -ENOSPC);
	assert_int_equal(pods_put(cache, &pod, 0, 71 * S), 0);
	assert_int_equal(pods_count(cache).pods, PODS_MAX);
}

static void long_names_have_a_bound_too(void **state)
{
	unsigned int put = 0;
	struct pod pod;
	int err = 0;

	for (; !err && put < PODS_MAX; put++) {
		numbered(put, &pod);
		memset(pod.name, 'x', POD_NAME_MAX - 1);
		memset(pod.workload, 'x', POD_NAME_MAX - 1);
		err = pods_put(cache, &pod, 0, 1);
	}
	assert_int_equal(err, -ENOSPC);
	assert_in_range(put, PODS_TEXT_MAX / 600, PODS_TEXT_MAX / 500);
}

/* Whatever happens, in whatever order, counts and memory stay right. */
static void anything_in_any_order(void **state)
{
	char addr[32], name[32];
	__u32 random = 12345;

	for (unsigned int i = 0; i < 200000; i++) {
		struct pod pod;

		random = random * 1664525 + 1013904223;
		snprintf(name, sizeof(name), "p%u", random >> 8 & 31);
		snprintf(addr, sizeof(addr), "10.0.0.%u", random >> 13 & 15);
		pod = make(name, addr, random >> 17 & 1 ? "2001:db8::1" : NULL);
		pod.state = (random >> 18 & 3) % 3;
		switch (random >> 20 & 7) {
		case 0:
			pods_remove(cache, pod.uid, i);
			break;
		case 1:
			pods_expire(cache, i + (random >> 23 & 1 ? PODS_KEEP_NS : 0));
			break;
		case 2:
			pods_put_nobody(cache, &pod.addrs[0], i + 3);
			break;
		case 3:
			random >> 23 & 1 ? pods_begin(cache) : pods_end(cache, i);
			break;
		default:
			pods_put(cache, &pod, random >> 23 & 1 ? i + 20 : 0, i);
			break;
		}
		assert_in_range(pods_count(cache).pods, 0, 32);
		assert_in_range(pods_count(cache).addresses, 0, 17);
	}
	pods_begin(cache);
	pods_end(cache, 1000000);
	pods_expire(cache, 1000000 + PODS_KEEP_NS);
	assert_int_equal(pods_count(cache).pods, 0);
	assert_int_equal(pods_count(cache).addresses, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(texts),
		TEST(who_has_gone_is_named_a_while),
		TEST(an_address_goes_to_who_is_here),
		TEST(who_has_ended_has_no_address),
		TEST(a_pod_at_another_address),
		TEST(all_told_anew),
		TEST(what_may_be_believed_for_a_time),
		TEST(ten_thousand_take_four_mebibytes),
		TEST(there_is_a_bound),
		TEST(long_names_have_a_bound_too),
		TEST(anything_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
