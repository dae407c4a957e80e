/* SPDX-License-Identifier: GPL-2.0-only */
/* Hears that interfaces or addresses change, through rtnetlink. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "kernel/changes.h"

#define MESSAGE_SIZE 32768

struct changes {
	struct mnl_socket *nl;
	char message[MESSAGE_SIZE];
};

struct taken {
	bool *links, *addrs;
};

static int join(struct mnl_socket *nl)
{
	const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int changes_new(struct changes **ret)
{
	struct changes *changes = calloc(1, sizeof(*changes));
	int err;

	if (!changes)
		return -ENOMEM;
	changes->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!changes->nl || mnl_socket_bind(changes->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	else
		err = join(changes->nl);
	if (err)
		changes_free(changes);
	else
		*ret = changes;
	return err;
}

void changes_free(struct changes *changes)
{
	if (!changes)
		return;
	if (changes->nl)
		mnl_socket_close(changes->nl);
	free(changes);
}

int changes_fd(const struct changes *changes)
{
	return mnl_socket_get_fd(changes->nl);
}

static int take_one(const struct nlmsghdr *msg, void *arg)
{
	const struct taken *taken = arg;

	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		*taken->links = true;
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		*taken->addrs = true;
		break;
	}
	return MNL_CB_OK;
}

void changes_take(struct changes *changes, bool *links, bool *addrs)
{
	struct taken taken = { .links = links, .addrs = addrs };
	ssize_t len;

	while ((len = mnl_socket_recvfrom(changes->nl, changes->message,
					  sizeof(changes->message))) != 0) {
		if (len > 0)
			mnl_cb_run(changes->message, len, 0, 0, take_one, &taken);
		else if (errno == ENOBUFS || errno == ENOSPC) /* some were lost, or did not fit */
			*links = *addrs = true;
		else if (errno != EINTR)
			break;
	}
}
