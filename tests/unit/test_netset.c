/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses and networks as text, longest-prefix match against a plain search, places. */
#include "tests/unit/core.h"

#include <errno.h>
#include <arpa/inet.h>

static void networks_are_read_strictly(void **state)
{
	static const struct {
		const char *name, *text;
		int err;
		unsigned int prefix_len;
		const char *addr;
	} rows[] = {
		{ "IPv4 network", "10.0.0.0/8", 0, 104, "10.0.0.0" },
		{ "IPv4 address", "192.0.2.7", 0, 128, "192.0.2.7" },
		{ "all of IPv4", "0.0.0.0/0", 0, 96, "0.0.0.0" },
		{ "IPv6 network", "fc00::/7", 0, 7, "fc00::" },
		{ "IPv6 address", "2001:db8::1", 0, 128, "2001:db8::1" },
		{ "everything", "::/0", 0, 0, "::" },
		{ "prefix of 64", "2001:db8:0:1::/64", 0, 64, "2001:db8:0:1::" },
		{ "prefix of 65", "2001:db8:0:1:8000::/65", 0, 65, "2001:db8:0:1:8000::" },
		{ "mapped network as IPv6", "::ffff:10.0.0.0/104", 0, 104, "10.0.0.0" },
		{ "full prefix", "192.0.2.7/32", 0, 128, "192.0.2.7" },
		{ "empty", "", -EINVAL, 0, NULL },
		{ "only a prefix", "/8", -EINVAL, 0, NULL },
		{ "no digits after the slash", "10.0.0.0/", -EINVAL, 0, NULL },
		{ "sign", "10.0.0.0/+8", -EINVAL, 0, NULL },
		{ "space", "10.0.0.0/8 ", -EINVAL, 0, NULL },
		{ "leading zero", "10.0.0.0/08", -EINVAL, 0, NULL },
		{ "two slashes", "10.0.0.0/8/8", -EINVAL, 0, NULL },
		{ "three numbers", "10.0.0/8", -EINVAL, 0, NULL },
		{ "a word", "internal", -EINVAL, 0, NULL },
		{ "far too long", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8",
		  -EINVAL, 0, NULL },
		{ "IPv4 prefix of 33", "10.0.0.0/33", -ERANGE, 0, NULL },
		{ "IPv6 prefix of 129", "::/129", -ERANGE, 0, NULL },
		{ "prefix that overflows", "10.0.0.0/99999999999999999999", -ERANGE, 0, NULL },
		{ "IPv4 host bits", "10.0.0.1/8", -EDOM, 0, NULL },
		{ "IPv6 host bits before bit 64", "2001:db8:1::/32", -EDOM, 0, NULL },
		{ "IPv6 host bits after bit 64", "2001:db8::1/64", -EDOM, 0, NULL },
		{ "the last bit", "192.0.2.1/31", -EDOM, 0, NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net net = { .prefix_len = 255 };
		struct addr addr;

		if (net_parse(rows[i].text, &net) != rows[i].err)
			fail_msg("%s", rows[i].name);
		if (rows[i].err) {
			assert_int_equal(net.prefix_len, 255);
			continue;
		}
		addr = ip(rows[i].addr);
		if (net.prefix_len != rows[i].prefix_len || !addr_equal(&net.addr, &addr))
			fail_msg("%s", rows[i].name);
	}
}

static void addresses_are_written_as_they_are_read(void **state)
{
	static const char *const texts[] = { "10.0.0.1", "255.255.255.255", "0.0.0.0",
					     "::",       "2001:db8::1",     "fe80::a:b:c:d" };
	char buf[ADDR_TEXT_MAX];
	struct addr addr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		addr = ip(texts[i]);
		assert_string_equal(addr_format(&addr, buf), texts[i]);
		assert_int_equal(addr_is_ipv4(&addr), strchr(texts[i], ':') == NULL);
	}
	addr = ip("::ffff:192.0.2.1");
	assert_string_equal(addr_format(&addr, buf), "192.0.2.1");
	assert_int_equal(addr_parse("192.0.2.1.", &addr), -EINVAL);
	assert_int_equal(addr_parse("", &addr), -EINVAL);
}

static void the_longest_prefix_wins(void **state)
{
	static const struct {
		const char *name, *addr;
		int value;
	} rows[] = {
		{ "only in the wide one", "10.1.2.3", 1 },
		{ "in the carved-out one", "10.9.2.3", 2 },
		{ "a single host inside that", "10.9.0.1", 3 },
		{ "its neighbour", "10.9.0.2", 2 },
		{ "outside", "11.0.0.0", -1 },
		{ "IPv6 inside", "fd00::1", 4 },
		{ "IPv6 outside", "2001:db8::1", -1 },
		{ "half of a split", "172.16.0.0", 5 },
		{ "the other half", "172.24.0.0", 6 },
	};
	static const struct {
		const char *net;
		int value;
	} nets[] = { { "10.9.0.0/16", 2 }, { "10.9.0.1", 3 },      { "10.0.0.0/8", 1 },
		     { "fc00::/7", 4 },    { "172.16.0.0/13", 5 }, { "172.24.0.0/13", 6 } };
	struct netset *set;
	struct net net;
	size_t i;

	assert_int_equal(netset_new(&set), 0);
	for (i = 0; i < ARRAY_SIZE(nets); i++) {
		net = network(nets[i].net);
		assert_int_equal(netset_add(set, &net, nets[i].value), 0);
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr addr = ip(rows[i].addr);

		if (netset_find(set, &addr) != rows[i].value)
			fail_msg("%s", rows[i].name);
	}
	net = network("10.0.0.0/8");
	assert_int_equal(netset_add(set, &net, 1), 0);
	assert_int_equal(netset_add(set, &net, 9), -EEXIST);
	/* 172.16.0.0/12 is a branching point already, but no network yet */
	net = network("172.16.0.0/12");
	assert_int_equal(netset_add(set, &net, 7), 0);
	netset_free(set);
	netset_free(NULL);
}

/* Few distinct bits, so that prefixes nest and branch in every way. */
static struct net random_net(__u64 *rng)
{
	struct net net = { .prefix_len = (__u8)(random_next(rng) % 129) };
	unsigned int i;

	for (i = 0; i < net.prefix_len; i++)
		if (random_next(rng) % 4 == 0)
			((unsigned char *)net.addr.w)[i / 8] |= (unsigned char)(0x80 >> i % 8);
	return net;
}

static void agrees_with_a_plain_search(void **state)
{
	enum { NETS = 300, LOOKUPS = 20000 };
	struct net nets[NETS];
	struct netset *set;
	__u64 rng = 7;
	size_t count = 0, i, j;

	assert_int_equal(netset_new(&set), 0);
	while (count < NETS) {
		nets[count] = random_net(&rng);
		/* a network that was there already keeps its first value */
		if (netset_add(set, &nets[count], (int)count) == 0)
			count++;
	}
	for (i = 0; i < LOOKUPS; i++) {
		struct net probe = i % 2 ? random_net(&rng) : nets[random_next(&rng) % NETS];
		int expected = -1, best_len = -1;

		for (j = 0; j < NETS; j++) {
			if (nets[j].prefix_len <= best_len || !net_contains(&nets[j], &probe.addr))
				continue;
			best_len = nets[j].prefix_len;
			expected = (int)j;
		}
		assert_int_equal(netset_find(set, &probe.addr), expected);
	}
	netset_free(set);
}

static void ten_thousand_networks_are_found_fast(void **state)
{
	enum { NETS = 10000, LOOKUPS = 1000000 };
	struct netset *set;
	__u64 rng = 3;
	double seconds;
	size_t i;
	int sum = 0;

	assert_int_equal(netset_new(&set), 0);
	for (i = 0; i < NETS; i++) {
		struct net net = { .addr = ip("0.0.0.0"), .prefix_len = 120 };

		net.addr.w[3] = (__be32)(random_next(&rng) & htonl(0xffffff00));
		assert_int_equal(netset_add(set, &net, 1), 0);
	}
	seconds = cpu_seconds();
	for (i = 0; i < LOOKUPS; i++) {
		struct addr addr = { { 0, 0, htonl(0xffff), (__be32)random_next(&rng) } };

		sum += netset_find(set, &addr);
	}
	seconds = cpu_seconds() - seconds;
	print_message("%.0f ns a lookup among %d networks (%d)\n", seconds / LOOKUPS * 1e9, NETS,
		      sum);
	assert_true(seconds / LOOKUPS <
		    20e-6); /* the sanitizers' build is slow; a scan would not pass */
	netset_free(set);
}

static void places_know_inside_from_outside(void **state)
{
	struct places places = { 0 };
	struct net ten = network("10.0.0.0/8"), carved = network("10.9.0.0/16");
	struct addr inside = ip("10.1.1.1"), outside = ip("10.9.1.1"), unknown = ip("8.8.8.8");

	assert_false(places_is_internal(&places, &inside));
	assert_int_equal(netset_new(&places.zones), 0);
	assert_int_equal(netset_add(places.zones, &ten, ZONE_INTERNAL), 0);
	assert_int_equal(netset_add(places.zones, &carved, ZONE_EXTERNAL), 0);
	places.list_count = 2;
	places.lists = calloc(2, sizeof(*places.lists));
	assert_non_null(places.lists);
	assert_true(places_is_internal(&places, &inside));
	assert_false(places_is_internal(&places, &outside));
	assert_false(places_is_internal(&places, &unknown));
	places_clear(&places);
	assert_int_equal(places.list_count, 0);
	places_clear(&places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_read_strictly),
		cmocka_unit_test(addresses_are_written_as_they_are_read),
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(agrees_with_a_plain_search),
		cmocka_unit_test(ten_thousand_networks_are_found_fast),
		cmocka_unit_test(places_know_inside_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
