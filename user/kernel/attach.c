/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching one program to one interface, and watching it promiscuously. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#include "kernel/attach_state.h"
#include "kernel/filters.h"

/* Linux 6.6; the headers of Debian 12 do not have it. */
#define TCX_BEFORE (1U << 3) /* BPF_F_BEFORE with no relative program: at the head */

#define PRIORITIES 16
static int create_tcx(int prog_fd, int ifindex, bool egress)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_BEFORE);

	return bpf_link_create(prog_fd, ifindex, egress ? TCX_EGRESS : TCX_INGRESS, &opts);
}

bool attach_has_tcx(int prog_fd)
{
	int fd = create_tcx(prog_fd, INT_MAX, false);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	/* Older kernels refuse the attach type before they look for the device. */
	return fd == -ENODEV;
}

int attach_tcx(int prog_fd, int ifindex, bool egress, struct attachment *ret)
{
	int fd = create_tcx(prog_fd, ifindex, egress);

	if (fd < 0)
		return fd == -EINVAL ? -EOPNOTSUPP : fd;
	*ret = (struct attachment){
		.kind = ATTACHED_TCX,
		.fd = fd,
		.prog_fd = prog_fd,
		.ifindex = ifindex,
		.egress = egress,
	};
	return 0;
}

static struct bpf_tc_hook clsact_hook(int ifindex, bool egress)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex,
		.attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS,
	};
}

static int remove_filter(int ifindex, bool egress, __u32 priority)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, egress);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = ATTACH_CLSACT_HANDLE,
			    .priority = priority);

	return bpf_tc_detach(&hook, &opts);
}

/* What the names of our programs for a direction begin with. */
const char *attach_filter_name(bool egress)
{
	return egress ? "sw_egress" : "sw_ingress";
}

/*
 * Filters that a killed process of ours left. Removed, and another added: a replaced filter would
 * keep its place behind others.
 */
int attach_remove_filters(int ifindex, bool egress)
{
	__u32 priorities[FILTERS_MAX];
	int count = filters_find(ifindex, egress, ATTACH_CLSACT_HANDLE, attach_filter_name(egress),
				 priorities);

	for (int i = 0; i < count; i++)
		remove_filter(ifindex, egress, priorities[i]);
	return count;
}

int attach_clsact(int prog_fd, int ifindex, bool egress, struct attachment *ret)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, egress);
	int err;

	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return err;
	err = attach_remove_filters(ifindex, egress);
	if (err < 0)
		return err;
	for (__u32 priority = 1; priority <= PRIORITIES; priority++) {
		DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd,
				    .handle = ATTACH_CLSACT_HANDLE, .priority = priority);

		err = bpf_tc_attach(&hook, &opts);
		if (!err) {
			*ret = (struct attachment){
				.kind = ATTACHED_CLSACT,
				.fd = -1,
				.prog_fd = prog_fd,
				.ifindex = ifindex,
				.egress = egress,
				.priority = priority,
			};
			return 0;
		}
		/* Another kind of filter holds this priority. */
		if (err != -EINVAL && err != -EEXIST && err != -ENOENT)
			break;
	}
	return err;
}

int attach_xdp(int prog_fd, int ifindex, bool generic, struct attachment *ret, __u32 *blocker)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts,
			    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	__u32 id = 0;
	int fd;

	/* Native and generic can stand side by side: look at all modes before adding one. */
	if (!bpf_xdp_query_id(ifindex, 0, &id) && id) {
		*blocker = id;
		return -EBUSY;
	}
	fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
	if (fd == -EEXIST || fd == -EBUSY) {
		*blocker = 0;
		return -EBUSY;
	}
	if (fd < 0)
		return fd;
	*ret = (struct attachment){
		.kind = ATTACHED_XDP,
		.fd = fd,
		.prog_fd = prog_fd,
		.ifindex = ifindex,
		.generic = generic,
	};
	return 0;
}

/* Closing a link takes its program away, if it is not pinned. */
static void drop_link(struct attachment *attachment)
{
	if (attachment->pin[0])
		unlink(attachment->pin);
	if (attachment->fd >= 0)
		close(attachment->fd);
	attachment->fd = -1;
}

/* The new link is pinned as the old one was. */
static int pin_again(struct attachment *attachment, const char *pin)
{
	int err = pin[0] ? bpf_obj_pin(attachment->fd, pin) : 0;

	/* Without a pin it works, and goes with the process. */
	if (!err)
		strcpy(attachment->pin, pin);
	return 0;
}

int attach_again(struct attachment *attachment)
{
	char pin[KEEP_PATH_MAX];
	__u32 blocker;
	int err = 0;

	memcpy(pin, attachment->pin, sizeof(pin));
	switch (attachment->kind) {
	case ATTACHED_CLSACT:
		return attach_clsact(attachment->prog_fd, attachment->ifindex, attachment->egress,
				     attachment);
	case ATTACHED_TCX:
		drop_link(attachment);
		err = attach_tcx(attachment->prog_fd, attachment->ifindex, attachment->egress,
				 attachment);
		return err ? err : pin_again(attachment, pin);
	case ATTACHED_XDP:
		drop_link(attachment);
		err = attach_xdp(attachment->prog_fd, attachment->ifindex, attachment->generic,
				 attachment, &blocker);
		return err ? err : pin_again(attachment, pin);
	case ATTACHED_PROMISCUOUS:
		break;
	}
	return 0;
}

int attach_promiscuous_socket(void)
{
	/* Protocol 0: the socket itself receives nothing. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int set_promiscuous(int socket_fd, int ifindex, int option)
{
	struct packet_mreq all = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };

	return setsockopt(socket_fd, SOL_PACKET, option, &all, sizeof(all)) ? -errno : 0;
}

int attach_promiscuous(int socket_fd, int ifindex, struct attachment *ret)
{
	int err = set_promiscuous(socket_fd, ifindex, PACKET_ADD_MEMBERSHIP);

	if (!err)
		*ret = (struct attachment){
			.kind = ATTACHED_PROMISCUOUS,
			.fd = socket_fd,
			.ifindex = ifindex,
		};
	return err;
}

/* "link-12-ingress": of which interface and side. */
static void name_link(enum attachment_kind kind, int ifindex, bool egress, char ret[32])
{
	const char *side = egress ? "egress" : "ingress";

	snprintf(ret, 32, "link-%d-%s", ifindex, kind == ATTACHED_XDP ? "xdp" : side);
}

/* In the filter's place: the kernel changes its program at once. */
static int replace_filter(int prog_fd, int ifindex, bool egress, struct attachment *ret)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, egress);
	__u32 priorities[FILTERS_MAX];
	int err, count = filters_find(ifindex, egress, ATTACH_CLSACT_HANDLE,
				      attach_filter_name(egress), priorities);

	if (count != 1)
		return count < 0 ? count : -ENOENT;
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = ATTACH_CLSACT_HANDLE,
			    .priority = priorities[0], .flags = BPF_TC_F_REPLACE);
	err = bpf_tc_attach(&hook, &opts);
	if (!err)
		*ret = (struct attachment){
			.kind = ATTACHED_CLSACT,
			.fd = -1,
			.prog_fd = prog_fd,
			.ifindex = ifindex,
			.egress = egress,
			.priority = priorities[0],
		};
	return err;
}

int attach_take_over(struct keep *keep, enum attachment_kind kind, int prog_fd, int ifindex,
		     bool egress, struct attachment *ret)
{
	struct attachment taken = {
		.kind = kind,
		.prog_fd = prog_fd,
		.ifindex = ifindex,
		.egress = egress,
	};
	__u32 attached = 0;
	char name[32];
	int err = 0;

	if (kind == ATTACHED_CLSACT)
		return replace_filter(prog_fd, ifindex, egress, ret);
	name_link(kind, ifindex, egress, name);
	taken.fd = keep_take_link(keep, name, &attached);
	if (taken.fd < 0)
		return taken.fd;
	keep_path(keep, name, taken.pin);
	if (attached != (__u32)ifindex)
		err = -ENOENT;
	else if (bpf_link_update(taken.fd, prog_fd, NULL))
		err = -errno;
	if (err) {
		drop_link(&taken);
		return err;
	}
	*ret = taken;
	return 0;
}

int attach_pin(struct keep *keep, struct attachment *attachment)
{
	char name[32];
	int err;

	if (attachment->kind != ATTACHED_TCX && attachment->kind != ATTACHED_XDP)
		return 0;
	name_link(attachment->kind, attachment->ifindex, attachment->egress, name);
	err = keep_pin_link(keep, name, attachment->fd);
	if (!err)
		keep_path(keep, name, attachment->pin);
	return err;
}

void attach_remove(struct attachment *attachment)
{
	if (attachment->kind == ATTACHED_CLSACT)
		remove_filter(attachment->ifindex, attachment->egress, attachment->priority);
	else if (attachment->kind == ATTACHED_PROMISCUOUS)
		set_promiscuous(attachment->fd, attachment->ifindex, PACKET_DROP_MEMBERSHIP);
	else
		drop_link(attachment);
}

void attach_leave(struct attachment *attachment)
{
	if (attachment->kind == ATTACHED_TCX || attachment->kind == ATTACHED_XDP)
		close(attachment->fd);
}
