/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of netfilter's chains: how they are written, and found in the kernel's map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <linux/netfilter.h>

#include "kernel/chains.h"

static void names_are_those_of_nft_and_iptables(void **state)
{
	static const struct {
		const char *name;
		struct chain_key key;
		const char *expected;
	} rows[] = {
		{ "nftables",
		  { "filter", "forward", NFPROTO_INET, HOOK_FORWARD, { 0 } },
		  "inet filter forward" },
		{ "one family", { "t", "in", NFPROTO_IPV6, HOOK_INPUT, { 0 } }, "ip6 t in" },
		{ "a device's", { "t", "in", NFPROTO_NETDEV, HOOK_INGRESS, { 0 } }, "netdev t in" },
		{ "a bridge's", { "t", "in", NFPROTO_BRIDGE, HOOK_INPUT, { 0 } }, "bridge t in" },
		{ "iptables",
		  { "filter", "", CHAIN_XTABLES | NFPROTO_IPV4, HOOK_FORWARD, { 0 } },
		  "iptables filter FORWARD" },
		{ "ip6tables",
		  { "raw", "", CHAIN_XTABLES | NFPROTO_IPV6, HOOK_PREROUTING, { 0 } },
		  "ip6tables raw PREROUTING" },
		{ "cut off without an end",
		  { "0123456789abcdef0123456789abcdef", "c", NFPROTO_IPV4, HOOK_INPUT, { 0 } },
		  "ip 0123456789abcdef0123456789abcde c" },
		{ "a family that is none", { "t", "c", 77, 77, { 0 } }, "unknown t c" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *name;

		assert_int_equal(chain_format(&rows[i].key, &name), 0);
		if (strcmp(name, rows[i].expected) != 0)
			fail_msg("%s: '%s'", rows[i].name, name);
		free(name);
	}
}

static struct chain_key key_of(__u32 n)
{
	struct chain_key key = { .table = "filter", .family = NFPROTO_INET };

	snprintf(key.chain, sizeof(key.chain), "c%u", n);
	return key;
}

static void add(int fd, __u32 n, __u32 number)
{
	const struct chain_key key = key_of(n);

	assert_int_equal(bpf_map_update_elem(fd, &key, &number, BPF_NOEXIST), 0);
}

static int new_map(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "chains", sizeof(struct chain_key),
				sizeof(__u32), SW_CHAINS_MAX, NULL);

	if (fd < 0 && geteuid())
		skip();
	assert_true(fd >= 0);
	return fd;
}

static void a_number_has_its_name_for_good(void **state)
{
	struct chain_index index;
	int fd = new_map();
	__u16 first, second;

	chain_index_init(&index, fd);
	assert_int_equal(chain_index_find(&index, 0), CHAIN_UNKNOWN);
	assert_int_equal(chain_index_find(&index, 7), CHAIN_UNKNOWN);
	add(fd, 1, 7);
	add(fd, 2, 1 << 16 | 7);
	/* The map is read once an epoch. */
	assert_int_equal(chain_index_find(&index, 7), CHAIN_UNKNOWN);
	chain_index_begin(&index);
	first = chain_index_find(&index, 7);
	second = chain_index_find(&index, 1 << 16 | 7);
	assert_string_equal(index.names.name[first], "inet filter c1");
	assert_string_equal(index.names.name[second], "inet filter c2");
	add(fd, 3, 9);
	chain_index_begin(&index);
	assert_string_equal(index.names.name[chain_index_find(&index, 9)], "inet filter c3");
	assert_int_equal(chain_index_find(&index, 7), first);
	assert_string_equal(index.names.name[CHAIN_UNKNOWN], "not known here");
	chain_index_clear(&index);
	close(fd);
}

static void as_many_as_there_are_have_room(void **state)
{
	struct chain_index index;
	int fd = new_map();

	chain_index_init(&index, fd);
	for (__u32 n = 1; n <= SW_CHAINS_MAX; n++)
		add(fd, n, n);
	for (__u32 n = 1; n <= SW_CHAINS_MAX; n++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "inet filter c%u", n);
		assert_string_equal(index.names.name[chain_index_find(&index, n)], expected);
	}
	assert_int_equal(chain_index_find(&index, SW_CHAINS_MAX + 1), CHAIN_UNKNOWN);
	chain_index_clear(&index);
	close(fd);
}

static void nobody_asked_for_chains(void **state)
{
	struct chain_index index;

	chain_index_init(&index, -1);
	assert_int_equal(chain_index_find(&index, 7), CHAIN_UNKNOWN);
	chain_index_clear(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_nft_and_iptables),
		cmocka_unit_test(a_number_has_its_name_for_good),
		cmocka_unit_test(as_many_as_there_are_have_room),
		cmocka_unit_test(nobody_asked_for_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
