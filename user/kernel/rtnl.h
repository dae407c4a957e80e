/* SPDX-License-Identifier: GPL-2.0-only */
/* One rtnetlink dump, start to end. */
#ifndef KERNEL_RTNL_H
#define KERNEL_RTNL_H

#include <libmnl/libmnl.h>

/*
 * Sends a dump request of this type with `size` bytes of header and gives each answer to take().
 * take() returns MNL_CB_OK, or MNL_CB_ERROR with errno set. -errno.
 */
int rtnl_dump(unsigned short type, const void *header, size_t size, mnl_cb_t take, void *arg);

#endif
