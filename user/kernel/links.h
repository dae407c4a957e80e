/* SPDX-License-Identifier: GPL-2.0-only */
/* Network interfaces of this namespace, as rtnetlink lists them, and which of them to watch. */
#ifndef KERNEL_LINKS_H
#define KERNEL_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <net/if.h>
#include <linux/types.h>

#include "core/netset.h"

struct interface {
	char name[IF_NAMESIZE];
	char kind[16]; /* IFLA_INFO_KIND: "veth", "vlan", "bridge"...; empty for hardware */
	int ifindex;
	int master;          /* ifindex of the bond or bridge that this is a port of, 0 none */
	int lower;           /* ifindex of the device below in this namespace, 0 none */
	unsigned int flags;  /* IFF_* */
	unsigned short type; /* ARPHRD_* */
	__u32 native_xdp;    /* id of the XDP program in its driver or hardware, 0 none */
	__u64 rx_packets, tx_packets;
};

struct interfaces {
	struct interface *list; /* by ascending ifindex */
	size_t count;
};

/* How a device's packets begin. */
enum link_layer { LINK_ETHERNET, LINK_IP, LINK_UNSUPPORTED };

enum link_layer link_layer_of(const struct interface *interface);

/* All interfaces of the current network namespace. -errno of the netlink socket. */
int links_list(struct interfaces *ret);
void links_clear(struct interfaces *interfaces);

/* What an interface has counted by now, both ways. -ENODEV: it is gone. */
int links_packets(int ifindex, __u64 *ret);

const struct interface *links_find(const struct interfaces *interfaces, const char *name);
const struct interface *links_find_index(const struct interfaces *interfaces, int ifindex);

/*
 * Is the interface one of those that "auto" means? Up, and neither loopback, dummy, ifb, a master
 * (bond, bridge, team: their ports are watched) nor a VLAN or macvlan above a device that is.
 */
bool links_is_auto(const struct interfaces *interfaces, const struct interface *interface);

/* Why it is none of those, in a few words; NULL where it is one. */
const char *links_why_not_auto(const struct interfaces *interfaces,
			       const struct interface *interface);

/* This host's addresses and the networks they are in. Each list is owned by the caller. */
struct host_addrs {
	struct addr *addrs; /* all, loopback and link-local too */
	size_t count;
	struct net *connected; /* networks of the interfaces */
	size_t connected_count;
};

int links_addrs(struct host_addrs *ret);
void links_addrs_clear(struct host_addrs *addrs);

/* Inode number of the current network namespace, or -errno. */
int links_netns(__u32 *ret);

#endif
