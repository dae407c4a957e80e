/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters of a clsact qdisc. */
#include <string.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "kernel/filters.h"
#include "kernel/rtnl.h"

/* What tells our filters from those of others. */
struct mark {
	__u32 handle;
	const char *name;
};

struct search {
	struct mark mark;
	__u32 *priorities;
	int count;
};

struct order {
	struct mark mark;
	bool seen; /* any filter */
	struct filters_place place;
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

static bool is_marked(const struct nlmsghdr *msg, const struct mark *mark)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr, *options = NULL;
	bool bpf = false;

	mnl_attr_for_each(attr, msg, sizeof(*tc))
	{
		if (mnl_attr_get_type(attr) == TCA_KIND)
			bpf = !strcmp(mnl_attr_get_str(attr), "bpf");
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	return bpf && options && tc->tcm_handle == mark->handle && is_named(options, mark->name);
}

static int take_ours(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	struct search *search = arg;

	if (search->count < FILTERS_MAX && is_marked(msg, &search->mark))
		search->priorities[search->count++] = TC_H_MAJ(tc->tcm_info) >> 16;
	return MNL_CB_OK;
}

/* Other chains than 0 are only run where a filter of that one says so. */
static bool is_of_first_chain(const struct nlmsghdr *msg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct tcmsg))
	{
		if (mnl_attr_get_type(attr) == TCA_CHAIN)
			return mnl_attr_get_u32(attr) == 0;
	}
	return true;
}

static int take_place(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	struct order *order = arg;

	/* Handle 0 is what stands for all filters of a priority, before them. */
	if (order->place.found || !tc->tcm_handle || !is_of_first_chain(msg))
		return MNL_CB_OK;
	order->place.found = is_marked(msg, &order->mark);
	order->place.first = order->place.found && !order->seen;
	order->seen = true;
	return MNL_CB_OK;
}

static int dump(int ifindex, bool egress, mnl_cb_t take, void *arg)
{
	struct tcmsg tc = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS),
	};

	return rtnl_dump(RTM_GETTFILTER, &tc, sizeof(tc), take, arg);
}

int filters_find(int ifindex, bool egress, __u32 handle, const char *name,
		 __u32 ret_priorities[FILTERS_MAX])
{
	struct search search = { .mark = { handle, name }, .priorities = ret_priorities };
	int err = dump(ifindex, egress, take_ours, &search);

	return err ? err : search.count;
}

int filters_look(int ifindex, bool egress, __u32 handle, const char *name,
		 struct filters_place *ret)
{
	struct order order = { .mark = { handle, name } };
	int err = dump(ifindex, egress, take_place, &order);

	if (!err)
		*ret = order.place;
	return err;
}
