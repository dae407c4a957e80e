/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps our clsact filters the first that run. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "kernel/shadow.h"

#define EVENTS_SIZE 32768
/* Who comes as late as this after our turn does not take turns with us. */
#define ROW_ENDS_NS (5 * SHADOW_PERIOD_NS)

struct guarded {
	struct attachment *attachment;
	__u64 put_ns; /* when it was put again last, 0 never */
	unsigned int turns;
	bool changed;  /* filters came or went since it was looked at */
	bool shadowed; /* we gave up */
};

struct shadow {
	struct mnl_socket *nl;
	struct guarded *list;
	size_t count, next; /* of shadow_next() */
	char events[EVENTS_SIZE];
};

static int listen_to_filters(struct shadow *shadow)
{
	int group = RTNLGRP_TC;

	shadow->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!shadow->nl || mnl_socket_bind(shadow->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(shadow->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

int shadow_new(struct attachment *attachments, size_t count, struct shadow **ret)
{
	struct shadow *shadow = calloc(1, sizeof(*shadow));
	int err = -ENOMEM;

	if (!shadow)
		return err;
	shadow->list = calloc(count + 1, sizeof(*shadow->list));
	if (!shadow->list)
		goto out;
	err = listen_to_filters(shadow);
	if (err)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (attachments[i].fd < 0)
			shadow->list[shadow->count++] = (struct guarded){
				.attachment = &attachments[i],
				.changed = true,
			};
	*ret = shadow;
	return 0;
out:
	shadow_free(shadow);
	return err;
}

void shadow_free(struct shadow *shadow)
{
	if (!shadow)
		return;
	if (shadow->nl)
		mnl_socket_close(shadow->nl);
	free(shadow->list);
	free(shadow);
}

int shadow_fd(const struct shadow *shadow)
{
	return mnl_socket_get_fd(shadow->nl);
}

/* ifindex 0: of all interfaces. */
static void set_changed(struct shadow *shadow, int ifindex)
{
	for (size_t i = 0; i < shadow->count; i++)
		if (!ifindex || shadow->list[i].attachment->ifindex == ifindex)
			shadow->list[i].changed = true;
}

static int take_event(const struct nlmsghdr *msg, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);

	if (mnl_nlmsg_get_payload_len(msg) >= sizeof(*tc))
		set_changed(arg, tc->tcm_ifindex);
	return MNL_CB_OK;
}

void shadow_take_events(struct shadow *shadow)
{
	ssize_t len;

	while ((len = mnl_socket_recvfrom(shadow->nl, shadow->events, sizeof(shadow->events))) !=
	       0) {
		if (len > 0)
			mnl_cb_run(shadow->events, len, 0, 0, take_event, shadow);
		else if (errno == ENOBUFS || errno == ENOSPC) /* some were lost, or did not fit */
			set_changed(shadow, 0);
		else if (errno != EINTR)
			break;
	}
}

/* Ours does not come first. True: it is as *ret says now. */
static bool put_again(struct guarded *guarded, __u64 now_ns, struct shadow_event *ret)
{
	__u64 since_ns = now_ns - guarded->put_ns;
	bool first = false;

	if (guarded->put_ns && since_ns < SHADOW_PERIOD_NS)
		return false;
	if (since_ns >= ROW_ENDS_NS)
		guarded->turns = 0;
	ret->what = SHADOW_GAVE_UP;
	if (guarded->turns == SHADOW_TURNS) {
		guarded->shadowed = true;
		return true;
	}
	guarded->turns++;
	guarded->put_ns = now_ns;
	ret->err = attach_clsact_again(guarded->attachment);
	if (ret->err) {
		guarded->shadowed = ret->err == -ENODEV || guarded->turns == SHADOW_TURNS;
		return guarded->shadowed && ret->err != -ENODEV;
	}
	/* Else the first is of another kind, at a lower priority: there is no way past it. */
	if (!attach_clsact_is_first(guarded->attachment, &first) && first)
		ret->what = SHADOW_PUT_AGAIN;
	guarded->shadowed = !first;
	return true;
}

static bool look_at(struct guarded *guarded, __u64 now_ns, struct shadow_event *ret)
{
	bool first;

	*ret = (struct shadow_event){
		.ifindex = guarded->attachment->ifindex,
		.egress = guarded->attachment->egress,
	};
	if (!guarded->changed || attach_clsact_is_first(guarded->attachment, &first))
		return false;
	if (!first && !guarded->shadowed)
		return put_again(guarded, now_ns, ret);
	guarded->changed = false;
	if (!first || !guarded->shadowed)
		return false;
	guarded->shadowed = false;
	guarded->turns = 0;
	ret->what = SHADOW_OVER;
	return true;
}

bool shadow_next(struct shadow *shadow, __u64 now_ns, struct shadow_event *ret)
{
	while (shadow->next < shadow->count)
		if (look_at(&shadow->list[shadow->next++], now_ns, ret))
			return true;
	shadow->next = 0;
	return false;
}
