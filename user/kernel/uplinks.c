/* SPDX-License-Identifier: GPL-2.0-only */
/* Behind which interfaces other machines are. */
#include <arpa/inet.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/rtnetlink.h>

#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#include "kernel/loader_state.h"
#include "kernel/rtnl.h"
#include "kernel/uplinks.h"

/*
 * Is another machine behind this interface? By its kind: hardware, tunnels, VLANs, bonds; not
 * loopback, dummy, bridges and pairs (veth, netkit), whose other end is a pod of this machine. But
 * one of `defaults` (ifindexes) is, whatever it is made of: a default route leads out by it.
 */
static bool is_uplink(const struct interface *interface, const int defaults[2])
{
	/* What has a tun device may be a machine of its own: VPNs, virtual machines. */
	static const char *const near[] = { "veth", "netkit", "bridge", "dummy", "ifb", "nlmon" };

	if (interface->flags & IFF_LOOPBACK)
		return false;
	if (interface->ifindex == defaults[0] || interface->ifindex == defaults[1])
		return true;
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		if (!strcmp(interface->kind, near[i]))
			return false;
	return true;
}

static int take_route(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct rtmsg))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF && !mnl_attr_validate(attr, MNL_TYPE_U32))
			*(int *)arg = mnl_attr_get_u32(attr);
	}
	return MNL_CB_STOP;
}

/* By which interface packets to this address would leave; 0: by none. */
static int way_to(int family, const char *text)
{
	struct rtmsg route = { .rtm_family = family };
	unsigned char addr[sizeof(struct in6_addr)];
	int ifindex = 0;
	struct rtnl_attr to = {
		.type = RTA_DST,
		.len = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr),
		.value = addr,
	};

	inet_pton(family, text, addr);
	route.rtm_dst_len = 8 * to.len;
	if (rtnl_ask(RTM_GETROUTE, &route, sizeof(route), &to, take_route, &ifindex))
		return 0;
	return ifindex;
}

/*
 * The interfaces of the default routes, of IPv4 and of IPv6; 0: there is none. Nobody has these
 * addresses (RFC 5737, RFC 3849), so no route but the default leads there.
 */
static void find_defaults(int ret[2])
{
	ret[0] = way_to(AF_INET, "198.51.100.1");
	ret[1] = way_to(AF_INET6, "2001:db8:ffff::1");
}

static void forget_others(int fd, const struct interfaces *interfaces, const int defaults[2])
{
	__u32 ifindex, next;
	int err = bpf_map_get_next_key(fd, NULL, &next);

	while (!err) {
		const struct interface *one;

		ifindex = next;
		err = bpf_map_get_next_key(fd, &ifindex, &next);
		one = links_find_index(interfaces, ifindex);
		if (!one || !is_uplink(one, defaults))
			bpf_map_delete_elem(fd, &ifindex);
	}
}

int uplinks_tell(const struct loader *loader, const struct interfaces *interfaces)
{
	int fd = bpf_map__fd(loader->skel->maps.uplinks), defaults[2], err = 0;
	const __u32 yes = 1;

	find_defaults(defaults);
	forget_others(fd, interfaces, defaults);
	for (size_t i = 0; i < interfaces->count && !err; i++) {
		__u32 ifindex = interfaces->list[i].ifindex;

		if (is_uplink(&interfaces->list[i], defaults))
			err = bpf_map_update_elem(fd, &ifindex, &yes, BPF_ANY);
	}
	return err;
}
