/* SPDX-License-Identifier: GPL-2.0-only */
/* One request to rtnetlink, and its answers. */
#ifndef KERNEL_RTNL_H
#define KERNEL_RTNL_H

#include <libmnl/libmnl.h>

/*
 * Sends a dump request of this type with `size` bytes of header and gives each answer to take().
 * take() returns MNL_CB_OK, or MNL_CB_ERROR with errno set. -errno.
 */
int rtnl_dump(unsigned short type, const void *header, size_t size, mnl_cb_t take, void *arg);

struct rtnl_attr {
	unsigned short type;
	size_t len;
	const void *value;
};

/* Asks for one thing, named by the header or an attribute: take() gets it, and returns MNL_CB_STOP.
 */
int rtnl_ask(unsigned short type, const void *header, size_t size, const struct rtnl_attr *attr,
	     mnl_cb_t take, void *arg);

#endif
