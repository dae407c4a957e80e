/* SPDX-License-Identifier: GPL-2.0-only */
/* Network interfaces and addresses of this namespace, through rtnetlink. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "kernel/links.h"
#include "kernel/rtnl.h"

#ifndef ARPHRD_RAWIP
#define ARPHRD_RAWIP 519
#endif
#ifndef ARPHRD_IP6GRE
#define ARPHRD_IP6GRE 823
#endif

enum link_layer link_layer_of(const struct interface *interface)
{
	switch (interface->type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return LINK_ETHERNET;
	case ARPHRD_NONE: /* tun, WireGuard */
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return LINK_IP;
	default:
		return LINK_UNSUPPORTED;
	}
}

static void read_kind(const struct nlattr *info, struct interface *interface)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
		    !mnl_attr_validate(attr, MNL_TYPE_STRING))
			snprintf(interface->kind, sizeof(interface->kind), "%s",
				 mnl_attr_get_str(attr));
	}
}

static void read_xdp(const struct nlattr *xdp, struct interface *interface)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp)
	{
		int type = mnl_attr_get_type(attr);

		if ((type == IFLA_XDP_DRV_PROG_ID || type == IFLA_XDP_HW_PROG_ID) &&
		    !mnl_attr_validate(attr, MNL_TYPE_U32))
			interface->native_xdp = mnl_attr_get_u32(attr);
	}
}

static void read_stats(const struct nlattr *attr, struct interface *interface)
{
	struct rtnl_link_stats64 stats = {};
	size_t len = mnl_attr_get_payload_len(attr);

	/* Newer kernels have more of them. */
	memcpy(&stats, mnl_attr_get_payload(attr), len < sizeof(stats) ? len : sizeof(stats));
	interface->rx_packets = stats.rx_packets;
	interface->tx_packets = stats.tx_packets;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct interfaces *interfaces = arg;
	struct interface *list, *one;
	const struct nlattr *attr;
	bool foreign_lower = false;

	/* By doubling: there may be thousands. */
	if (!(interfaces->count & (interfaces->count - 1))) {
		list = reallocarray(interfaces->list, 2 * interfaces->count + 1, sizeof(*list));
		if (!list)
			return MNL_CB_ERROR;
		interfaces->list = list;
	}
	one = &interfaces->list[interfaces->count];
	memset(one, 0, sizeof(*one));
	one->ifindex = info->ifi_index;
	one->flags = info->ifi_flags;
	one->type = info->ifi_type;
	mnl_attr_for_each(attr, msg, sizeof(*info))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(one->name, sizeof(one->name), "%s", mnl_attr_get_str(attr));
			break;
		case IFLA_MASTER:
			one->master = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK:
			one->lower = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK_NETNSID: /* the number means a device somewhere else */
			foreign_lower = true;
			break;
		case IFLA_LINKINFO:
			read_kind(attr, one);
			break;
		case IFLA_XDP:
			read_xdp(attr, one);
			break;
		case IFLA_STATS64:
			read_stats(attr, one);
			break;
		}
	}
	if (foreign_lower)
		one->lower = 0;
	interfaces->count++;
	return MNL_CB_OK;
}

static int take_packets(const struct nlmsghdr *msg, void *arg)
{
	struct interface one = {};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attr) == IFLA_STATS64)
			read_stats(attr, &one);
	}
	*(__u64 *)arg = one.rx_packets + one.tx_packets;
	return MNL_CB_STOP;
}

int links_packets(int ifindex, __u64 *ret)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	return rtnl_ask(RTM_GETLINK, &info, sizeof(info), NULL, take_packets, ret);
}

static int by_ifindex(const void *a, const void *b)
{
	const struct interface *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int links_list(struct interfaces *ret)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct interfaces found = {};
	int err;

	err = rtnl_dump(RTM_GETLINK, &info, sizeof(info), take_link, &found);
	if (err) {
		links_clear(&found);
		return err;
	}
	if (found.count)
		qsort(found.list, found.count, sizeof(*found.list), by_ifindex);
	*ret = found;
	return 0;
}

void links_clear(struct interfaces *interfaces)
{
	free(interfaces->list);
	memset(interfaces, 0, sizeof(*interfaces));
}

const struct interface *links_find(const struct interfaces *interfaces, const char *name)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (!strcmp(interfaces->list[i].name, name))
			return &interfaces->list[i];
	return NULL;
}

const struct interface *links_find_index(const struct interfaces *interfaces, int ifindex)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (interfaces->list[i].ifindex == ifindex)
			return &interfaces->list[i];
	return NULL;
}

static bool is_one_of(const char *kind, const char *const *kinds)
{
	for (; *kinds; kinds++)
		if (!strcmp(kind, *kinds))
			return true;
	return false;
}

const char *links_why_not_auto(const struct interfaces *interfaces,
			       const struct interface *interface)
{
	static const char *const hollow[] = { "dummy", "ifb", NULL };
	static const char *const masters[] = { "bond", "bridge", "team", NULL };
	/* Not ipvlan: what two of one parent say to each other does not pass the parent. */
	static const char *const uppers[] = { "vlan", "macvlan", NULL };
	const struct interface *lower;
	bool below;

	if (interface->flags & IFF_LOOPBACK)
		return "loopback";
	if (!(interface->flags & IFF_UP))
		return "it is down";
	if (link_layer_of(interface) == LINK_UNSUPPORTED)
		return "its link layer is not understood";
	if (is_one_of(interface->kind, hollow))
		return "no traffic of its own";
	if (is_one_of(interface->kind, masters))
		return "its ports are watched";
	if (!is_one_of(interface->kind, uppers) || !interface->lower)
		return NULL;
	/* A VLAN above a bond: the bond's ports are watched, and they carry its frames. */
	lower = links_find_index(interfaces, interface->lower);
	if (!lower)
		return NULL;
	if (is_one_of(lower->kind, hollow) || is_one_of(lower->kind, masters))
		below = lower->flags & IFF_UP;
	else
		below = links_is_auto(interfaces, lower);
	return below ? "the device below it is watched" : NULL;
}

bool links_is_auto(const struct interfaces *interfaces, const struct interface *interface)
{
	return !links_why_not_auto(interfaces, interface);
}

static __u8 mask_len(const struct sockaddr *mask)
{
	const __u8 *bytes;
	size_t count;
	__u8 len = 0;

	if (mask->sa_family == AF_INET) {
		bytes = (const __u8 *)&((const struct sockaddr_in *)mask)->sin_addr;
		count = 4;
		len = 96;
	} else {
		bytes = (const __u8 *)&((const struct sockaddr_in6 *)mask)->sin6_addr;
		count = 16;
	}
	for (size_t i = 0; i < count; i++)
		len += __builtin_popcount(bytes[i]);
	return len;
}

static void to_addr(const struct sockaddr *from, struct addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (from->sa_family == AF_INET) {
		ret->w[2] = htonl(0xffff);
		ret->w[3] = ((const struct sockaddr_in *)from)->sin_addr.s_addr;
	} else {
		memcpy(ret, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof(*ret));
	}
}

int links_addrs(struct host_addrs *ret)
{
	struct host_addrs found = {};
	struct ifaddrs *all = NULL;
	size_t room = 0;
	int err = 0;

	if (getifaddrs(&all))
		return -errno;
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		room++;
	found.addrs = calloc(room + 1, sizeof(*found.addrs));
	found.connected = calloc(room + 1, sizeof(*found.connected));
	if (!found.addrs || !found.connected) {
		err = -ENOMEM;
		goto out;
	}
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct net *net = &found.connected[found.connected_count];
		struct addr *addr = &found.addrs[found.count];

		if (!i->ifa_addr || !i->ifa_netmask ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		to_addr(i->ifa_addr, addr);
		net->addr = *addr;
		net->prefix_len = mask_len(i->ifa_netmask);
		for (unsigned int bit = net->prefix_len; bit < 128; bit++)
			((__u8 *)&net->addr)[bit / 8] &= ~(0x80 >> bit % 8);
		found.count++;
		found.connected_count++;
	}
	*ret = found;
out:
	freeifaddrs(all);
	if (err)
		links_addrs_clear(&found);
	return err;
}

void links_addrs_clear(struct host_addrs *addrs)
{
	free(addrs->addrs);
	free(addrs->connected);
	memset(addrs, 0, sizeof(*addrs));
}

int links_netns(__u32 *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	*ret = st.st_ino;
	return 0;
}
