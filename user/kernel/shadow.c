/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps our programs attached and the first that run. */
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
	bool was_gone; /* then it was not attached at all */
	bool changed;  /* something may have happened since it was looked at */
	bool gave_up;
};

struct shadow {
	struct mnl_socket *nl;
	struct guarded *list;
	size_t count, room;
	size_t next;   /* of shadow_next() */
	size_t looked; /* of shadow_look() */
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

int shadow_new(struct shadow **ret)
{
	struct shadow *shadow = calloc(1, sizeof(*shadow));
	int err;

	if (!shadow)
		return -ENOMEM;
	err = listen_to_filters(shadow);
	if (err)
		shadow_free(shadow);
	else
		*ret = shadow;
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

int shadow_add(struct shadow *shadow, struct attachment *attachment)
{
	if (attachment->kind == ATTACHED_PROMISCUOUS)
		return 0;
	if (shadow->count == shadow->room) {
		size_t room = shadow->room ? 2 * shadow->room : 16;
		struct guarded *list = reallocarray(shadow->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		shadow->list = list;
		shadow->room = room;
	}
	shadow->list[shadow->count++] = (struct guarded){
		.attachment = attachment,
		.changed = true,
	};
	return 0;
}

void shadow_remove(struct shadow *shadow, const struct attachment *attachment)
{
	for (size_t i = 0; i < shadow->count; i++)
		if (shadow->list[i].attachment == attachment)
			shadow->list[i--] = shadow->list[--shadow->count];
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

void shadow_look(struct shadow *shadow, size_t count)
{
	for (size_t i = 0; i < shadow->count && count; i++) {
		if (shadow->looked >= shadow->count)
			shadow->looked = 0;
		if (shadow->list[shadow->looked].attachment->kind != ATTACHED_CLSACT) {
			shadow->list[shadow->looked].changed = true;
			count--;
		}
		shadow->looked++;
	}
}

static bool is_good(const struct attachment_place *place)
{
	return place->attached && place->first;
}

/* It is not where it should be. True: it is as *ret says now. */
static bool put_again(struct guarded *guarded, __u64 now_ns, struct attachment_place place,
		      struct shadow_event *ret)
{
	__u64 since_ns = now_ns - guarded->put_ns;
	bool retry = guarded->gave_up;
	/* Who replaced the qdisc brings a filter of its own next: that is no turn. */
	bool replaced = guarded->was_gone && place.attached && !retry;

	if (guarded->put_ns && !replaced && since_ns < (retry ? SHADOW_RETRY_NS : SHADOW_PERIOD_NS))
		return false;
	if (since_ns >= ROW_ENDS_NS)
		guarded->turns = 0;
	ret->detached = !place.attached;
	ret->what = SHADOW_GAVE_UP;
	if (guarded->turns == SHADOW_TURNS) {
		ret->before = place.before;
		guarded->gave_up = true;
		return true;
	}
	guarded->turns += !replaced;
	guarded->put_ns = now_ns;
	guarded->was_gone = !place.attached;
	ret->err = attach_again(guarded->attachment);
	if (ret->err == -ENODEV)
		return false;
	/* A clsact that is being replaced is back in a moment. */
	if (ret->err && ret->err != -EBUSY && guarded->turns < SHADOW_TURNS)
		return false;
	/* Else the first is of another kind, at a lower priority: there is no way past it. */
	if (!ret->err && !attach_look(guarded->attachment, &place) && is_good(&place)) {
		ret->what = retry ? SHADOW_OVER : SHADOW_PUT_AGAIN;
		guarded->gave_up = false;
		return true;
	}
	ret->before = place.before;
	guarded->gave_up = true;
	return !retry;
}

static bool look_at(struct guarded *guarded, __u64 now_ns, struct shadow_event *ret)
{
	struct attachment_place place;

	*ret = (struct shadow_event){ .attachment = guarded->attachment };
	if (!guarded->changed || attach_look(guarded->attachment, &place))
		return false;
	if (!is_good(&place))
		return put_again(guarded, now_ns, place, ret);
	guarded->changed = false;
	if (!guarded->gave_up)
		return false;
	guarded->gave_up = false;
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
