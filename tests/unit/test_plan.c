/* SPDX-License-Identifier: GPL-2.0-only */
/* Which interfaces the configuration's words mean. */
#include "tests/unit/config_help.h"

#include <net/if_arp.h>

#include "sensor/plan.h"

#define UP IFF_UP

static struct interface all[] = {
	{ .name = "lo", .ifindex = 1, .flags = UP | IFF_LOOPBACK, .type = ARPHRD_LOOPBACK },
	{ .name = "eth0", .ifindex = 2, .flags = UP, .type = ARPHRD_ETHER },
	{ .name = "eth1", .ifindex = 3, .flags = UP, .type = ARPHRD_ETHER, .master = 5 },
	{ .name = "eth2", .ifindex = 4, .type = ARPHRD_ETHER },
	{ .name = "bond0", .ifindex = 5, .flags = UP, .type = ARPHRD_ETHER, .kind = "bond" },
	{ .name = "eth0.7",
	  .ifindex = 7,
	  .flags = UP,
	  .type = ARPHRD_ETHER,
	  .kind = "vlan",
	  .lower = 2 },
	{ .name = "eth2.7",
	  .ifindex = 8,
	  .flags = UP,
	  .type = ARPHRD_ETHER,
	  .kind = "vlan",
	  .lower = 4 },
	{ .name = "wg0", .ifindex = 9, .flags = UP, .type = ARPHRD_NONE, .kind = "wireguard" },
	{ .name = "ib0", .ifindex = 11, .flags = UP, .type = ARPHRD_INFINIBAND },
	{ .name = "lxc12", .ifindex = 20, .flags = UP, .type = ARPHRD_ETHER, .kind = "veth" },
};

static const struct interfaces interfaces = { all, sizeof(all) / sizeof(all[0]) };

static struct plan plan_of(struct config *config)
{
	struct plan plan;

	assert_int_equal(plan_make(config, &interfaces, &plan), 0);
	return plan;
}

static void check_plan(const char *yaml, const char *expected)
{
	struct config *config = parse_good(yaml);
	struct plan plan = plan_of(config);
	char got[256] = "";

	for (size_t i = 0; i < plan.count; i++) {
		strcat(got, i ? " " : "");
		strcat(got, plan.entries[i].interface->name);
	}
	assert_string_equal(got, expected);
	plan_clear(&plan);
	config_free(config);
}

static void test_words(void **state)
{
	check_plan("interfaces: [auto]\n", "eth0 eth1 eth2.7 wg0 lxc12");
	check_plan("interfaces: ['eth?']\n", "eth0 eth1");
	check_plan("interfaces: [eth2, 'lxc*']\n", "eth2 lxc12");
	check_plan("interfaces: [bond0, lo]\n", "lo bond0");
}

static void test_first_entry_decides(void **state)
{
	struct config *config = parse_good(
		"interfaces: [{name: eth0, attach: xdp}, {name: 'eth*', role: tap}]\n"
		"attach: clsact\n");
	struct plan plan = plan_of(config);
	const struct plan_entry *eth0 = plan_find(&plan, 2), *eth1 = plan_find(&plan, 3);

	assert_int_equal(eth0->asked, ATTACH_XDP);
	assert_true(eth0->named);
	assert_false(eth0->tap);
	assert_int_equal(eth1->asked, ATTACH_CLSACT);
	assert_false(eth1->named);
	assert_true(eth1->tap);
	plan_clear(&plan);
	config_free(config);
}

static void test_find(void **state)
{
	struct config *config = parse_good("interfaces: [auto]\n");
	struct plan plan = plan_of(config);

	for (int i = 0; i < 30; i++) {
		const struct plan_entry *entry = plan_find(&plan, i);
		const struct interface *interface = links_find_index(&interfaces, i);

		if (entry)
			assert_int_equal(entry->interface->ifindex, i);
		else if (interface)
			assert_false(links_is_auto(&interfaces, interface));
	}
	plan_clear(&plan);
	assert_null(plan_find(&plan, 2));
	config_free(config);
}

static void test_unknown(void **state)
{
	struct config *config = parse_good("interfaces: [auto, 'no*', eth9]\n");
	struct plan plan = plan_of(config);

	assert_string_equal(plan.unknown, "eth9");
	plan_clear(&plan);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_first_entry_decides),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
