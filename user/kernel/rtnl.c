/* SPDX-License-Identifier: GPL-2.0-only */
/* One request to rtnetlink, and its answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "kernel/rtnl.h"

#define DUMP_SIZE 32768 /* what the kernel fills at once at most */
#define SEQUENCE  1     /* a socket serves one request only */

static int exchange(struct mnl_socket *nl, struct nlmsghdr *msg, mnl_cb_t take, void *arg)
{
	char *buf = (char *)msg;
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(nl, msg, msg->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(nl, buf, DUMP_SIZE);

		if (len < 0)
			return -errno;
		errno = 0;
		more = mnl_cb_run(buf, len, SEQUENCE, mnl_socket_get_portid(nl), take, arg);
		if (more < 0)
			return errno ? -errno : -EIO;
	}
	return 0;
}

static int request(unsigned short type, unsigned short flags, const void *header, size_t size,
		   const struct rtnl_attr *attr, mnl_cb_t take, void *arg)
{
	struct mnl_socket *nl = NULL;
	char *buf = malloc(DUMP_SIZE);
	struct nlmsghdr *msg;
	int err = -ENOMEM;

	if (!buf)
		return err;
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = SEQUENCE;
	memcpy(mnl_nlmsg_put_extra_header(msg, size), header, size);
	if (attr)
		mnl_attr_put(msg, attr->type, attr->len, attr->value);
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	else
		err = exchange(nl, msg, take, arg);
	if (nl)
		mnl_socket_close(nl);
	free(buf);
	return err;
}

int rtnl_dump(unsigned short type, const void *header, size_t size, mnl_cb_t take, void *arg)
{
	return request(type, NLM_F_DUMP, header, size, NULL, take, arg);
}

int rtnl_ask(unsigned short type, const void *header, size_t size, const struct rtnl_attr *attr,
	     mnl_cb_t take, void *arg)
{
	return request(type, 0, header, size, attr, take, arg);
}
