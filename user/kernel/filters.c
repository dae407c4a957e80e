/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF filters of a clsact qdisc. */
#include <string.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "kernel/filters.h"
#include "kernel/rtnl.h"

struct search {
	__u32 handle;
	const char *name;
	__u32 *priorities;
	int count;
};

static bool is_named(const struct nlattr *options, const char *name)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, options)
	{
		if (mnl_attr_get_type(attr) == TCA_BPF_NAME &&
		    !mnl_attr_validate(attr, MNL_TYPE_STRING))
			return !strncmp(mnl_attr_get_str(attr), name, strlen(name));
	}
	return false;
}

static int take_filter(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr, *options = NULL;
	struct search *search = arg;
	bool bpf = false;

	mnl_attr_for_each(attr, msg, sizeof(*tc))
	{
		if (mnl_attr_get_type(attr) == TCA_KIND)
			bpf = !strcmp(mnl_attr_get_str(attr), "bpf");
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	if (bpf && options && tc->tcm_handle == search->handle && search->count < FILTERS_MAX &&
	    is_named(options, search->name))
		search->priorities[search->count++] = TC_H_MAJ(tc->tcm_info) >> 16;
	return MNL_CB_OK;
}

int filters_find(int ifindex, bool egress, __u32 handle, const char *name,
		 __u32 ret_priorities[FILTERS_MAX])
{
	struct search search = { .handle = handle, .name = name, .priorities = ret_priorities };
	struct tcmsg tc = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS),
	};
	int err = rtnl_dump(RTM_GETTFILTER, &tc, sizeof(tc), take_filter, &search);

	return err ? err : search.count;
}
