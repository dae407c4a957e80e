/* SPDX-License-Identifier: GPL-2.0-only */
/* Classes of drop reasons by their names in BTF, and the functions that free without a reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include <cmocka.h>

#include "kernel/reasons.h"
#include "kernel/sites.h"

/* kfree_skb as a kernel has it: so many parameters after the data; and these reasons from 0 on. */
static void read_as(unsigned int parameters, const char *const *names, struct reasons *ret)
{
	struct btf *btf = btf__new_empty();
	int proto;

	assert_non_null(btf);
	if (*names)
		assert_true(btf__add_enum(btf, "skb_drop_reason", 4) > 0);
	for (int i = 0; names[i]; i++)
		assert_int_equal(btf__add_enum_value(btf, names[i], i), 0);
	proto = btf__add_func_proto(btf, 0);
	for (unsigned int i = 0; i < parameters + 1; i++)
		assert_int_equal(btf__add_func_param(btf, "", 0), 0);
	assert_true(btf__add_typedef(btf, "btf_trace_kfree_skb", btf__add_ptr(btf, proto)) > 0);
	assert_int_equal(reasons_from_btf(btf, ret), 0);
	btf__free(btf);
}

static void check_name(const struct reasons *reasons, int number, const char *name, __u8 class,
		       __u8 hook)
{
	assert_non_null(reasons->names.name[number]);
	assert_string_equal(reasons->names.name[number], name);
	assert_int_equal(reasons->class[number], class);
	assert_int_equal(reasons->hook[number], hook);
}

static void test_none(void **state)
{
	static const char *const NAMES[] = { NULL };
	struct reasons reasons;

	read_as(2, NAMES, &reasons);
	assert_false(reasons.known || reasons.socket);
	check_name(&reasons, SW_REASON_NETFILTER, "NETFILTER_DROP", CLASS_FIREWALL, HOOK_MAX);
	check_name(&reasons, SW_REASON_XDP, "XDP", CLASS_FIREWALL, HOOK_XDP);
	check_name(&reasons, SW_REASON_CGROUP_EGRESS, "BPF_CGROUP_EGRESS", CLASS_FIREWALL,
		   HOOK_CGROUP);
	check_name(&reasons, SW_REASON_NFQUEUE, "NFQUEUE", CLASS_FIREWALL, HOOK_MAX);
	assert_null(reasons.names.name[SW_REASON_CGROUP_INGRESS]);
	/* What has no name is nobody's decision. */
	assert_int_equal(reasons.class[0], CLASS_IGNORED);
	reasons_clear(&reasons);
}

static void test_names(void **state)
{
	static const char *const NAMES[] = {
		"SKB_NOT_DROPPED_YET",
		"SKB_CONSUMED",
		"SKB_DROP_REASON_NOT_SPECIFIED",
		"SKB_DROP_REASON_SOCKET_FILTER",
		"SKB_DROP_REASON_NETFILTER_DROP",
		"SKB_DROP_REASON_TC_EGRESS",
		"SKB_DROP_REASON_TC_INGRESS",
		"SKB_DROP_REASON_XDP",
		"SKB_DROP_REASON_BPF_CGROUP_EGRESS",
		"SKB_DROP_REASON_IP_RPFILTER",
		"SKB_DROP_REASON_XFRM_POLICY",
		"SKB_DROP_REASON_SECURITY_HOOK",
		"SKB_DROP_REASON_OF_TOMORROW",
		"SKB_DROP_REASON_MAX",
		NULL,
	};
	struct reasons reasons;

	read_as(4, NAMES, &reasons);
	assert_true(reasons.known && reasons.socket);
	assert_int_equal(reasons.count, 13);
	assert_int_equal(reasons.unspecified, 2);
	assert_int_equal(reasons.socket_filter, 3);
	check_name(&reasons, 0, "NOT_DROPPED_YET", CLASS_IGNORED, HOOK_UNKNOWN);
	check_name(&reasons, 1, "CONSUMED", CLASS_IGNORED, HOOK_UNKNOWN);
	check_name(&reasons, 2, "NOT_SPECIFIED", CLASS_IGNORED, HOOK_UNKNOWN);
	check_name(&reasons, 3, "SOCKET_FILTER", CLASS_OTHER, HOOK_UNKNOWN);
	check_name(&reasons, 4, "NETFILTER_DROP", CLASS_FIREWALL, HOOK_MAX);
	check_name(&reasons, 5, "TC_EGRESS", CLASS_FIREWALL, HOOK_EGRESS);
	check_name(&reasons, 6, "TC_INGRESS", CLASS_FIREWALL, HOOK_INGRESS);
	check_name(&reasons, 7, "XDP", CLASS_FIREWALL, HOOK_XDP);
	check_name(&reasons, 8, "BPF_CGROUP_EGRESS", CLASS_FIREWALL, HOOK_CGROUP);
	check_name(&reasons, 9, "IP_RPFILTER", CLASS_FIREWALL, HOOK_ROUTING);
	check_name(&reasons, 10, "XFRM_POLICY", CLASS_FIREWALL, HOOK_UNKNOWN);
	check_name(&reasons, 11, "SECURITY_HOOK", CLASS_FIREWALL, HOOK_UNKNOWN);
	check_name(&reasons, 12, "OF_TOMORROW", CLASS_OTHER, HOOK_UNKNOWN);
	assert_null(reasons.names.name[13]);
	check_name(&reasons, SW_REASON_CGROUP_INGRESS, "BPF_CGROUP_INGRESS", CLASS_FIREWALL,
		   HOOK_CGROUP);
	/* The kernel's own name stands for it, once. */
	assert_null(reasons.names.name[SW_REASON_NETFILTER]);
	check_name(&reasons, SW_REASON_FOREIGN, "SUBSYSTEM", CLASS_OTHER, HOOK_UNKNOWN);
	reasons_clear(&reasons);
	/* Before 6.11 the socket is not told. */
	read_as(3, NAMES, &reasons);
	assert_true(reasons.known && !reasons.socket);
	assert_null(reasons.names.name[SW_REASON_CGROUP_INGRESS]);
	reasons_clear(&reasons);
}

static int sites_of(const char *text, bool all, struct sites *ret)
{
	FILE *file = fmemopen((void *)(unsigned long)text, strlen(text), "r");
	int err;

	assert_non_null(file);
	err = sites_from(file, all, ret);
	fclose(file);
	return err;
}

static void check_site(const struct sites *sites, __u32 i, __u64 start, __u64 end, __u64 reason)
{
	assert_true(i < sites->count);
	assert_int_equal(sites->site[i].start, start);
	assert_int_equal(sites->site[i].end, end);
	assert_int_equal(sites->site[i].reason, reason);
}

/* Modules' symbols are in no order (sites are), a compiler may split functions, data is between
 * them. */
static void test_sites(void **state)
{
	static const char SYMBOLS[] =
		"ffffffff81000000 T nf_hook_slow\n"
		"ffffffff81000080 D data_in_between\n"
		"ffffffff81000100 T nf_hook_slow_list\n"
		"ffffffff81000200 T nf_queue\n"
		"ffffffff81000200 T nf_queue_alias\n"
		"ffffffff81000300 t nf_queue_entry_free\n"
		"ffffffffc0000500 t nfqnl_enqueue_packet\t[nfnetlink_queue]\n"
		"ffffffffc0000700 t nfqnl_other\t[nfnetlink_queue]\n"
		"ffffffffc0000600 t nfqnl_reinject.isra.0\t[nfnetlink_queue]\n"
		"ffffffff80000000 t nfqnl_flush\t[nfnetlink_queue]\n"
		"ffffffff80000010 t nfqnl_late\t[nfnetlink_queue]\n";
	struct sites sites;

	assert_int_equal(sites_of(SYMBOLS, true, &sites), 0);
	assert_int_equal(sites.count, 4);
	check_site(&sites, 0, 0xffffffff80000000, 0xffffffff80000010, SW_REASON_NFQUEUE);
	check_site(&sites, 1, 0xffffffff81000000, 0xffffffff81000100, SW_REASON_NETFILTER);
	check_site(&sites, 2, 0xffffffff81000200, 0xffffffff81000300, SW_REASON_NFQUEUE);
	check_site(&sites, 3, 0xffffffffc0000600, 0xffffffffc0000700, SW_REASON_NFQUEUE);
	assert_int_equal(sites_of(SYMBOLS, false, &sites), 0);
	assert_int_equal(sites.count, 3);
	check_site(&sites, 1, 0xffffffff81000200, 0xffffffff81000300, SW_REASON_NFQUEUE);
}

static void test_no_sites(void **state)
{
	struct sites sites;

	assert_int_equal(
		sites_of("0000000000000000 T nf_hook_slow\n0000000000000000 T x\n", true, &sites),
		-EPERM);
	assert_int_equal(sites_of("ffffffff81000000 T other\n", true, &sites), -ENOENT);
	assert_int_equal(sites_of("no symbols at all\n", true, &sites), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_no_sites),
	};

	return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
