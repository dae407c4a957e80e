/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what was attached still there, and first? Which programs are there at all? */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "kernel/attach_state.h"
#include "kernel/filters.h"

#define PROGRAMS 64 /* of tcx at one interface and side: the kernel's limit */

__u32 attach_program_id(int prog_fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &len) ? 0 : info.id;
}

void attach_program_name(__u32 id, char ret[ATTACH_NAME_MAX])
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	ret[0] = '\0';
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		memcpy(ret, info.name, ATTACH_NAME_MAX);
	ret[ATTACH_NAME_MAX - 1] = '\0';
	close(fd);
}

/* A link whose program somebody detached, or whose device went, has no interface any more. */
static int look_at_link(int fd, struct attachment_place *ret)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	int err;

	*ret = (struct attachment_place){};
	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		return err;
	/* tcx has it in the same place; the headers of Debian 12 do not have that. */
	ret->attached = ret->first = info.xdp.ifindex != 0;
	return 0;
}

static int look_at_tcx(const struct attachment *attachment, struct attachment_place *ret)
{
	struct attachment_place place;
	__u32 ids[PROGRAMS], count = PROGRAMS;
	int err = look_at_link(attachment->fd, &place);

	if (!err && place.attached)
		err = bpf_prog_query(attachment->ifindex,
				     attachment->egress ? TCX_EGRESS : TCX_INGRESS, 0, NULL, ids,
				     &count);
	/* So many that they do not fit: ours is at the head, as the rest were before it. */
	if (err && err != -ENOSPC)
		return err;
	if (place.attached && count && ids[0] != attach_program_id(attachment->prog_fd)) {
		place.first = false;
		place.before = ids[0];
	}
	*ret = place;
	return 0;
}

int attach_look(const struct attachment *attachment, struct attachment_place *ret)
{
	struct filters_place place;
	int err;

	switch (attachment->kind) {
	case ATTACHED_TCX:
		return look_at_tcx(attachment, ret);
	case ATTACHED_XDP:
		return look_at_link(attachment->fd, ret);
	case ATTACHED_CLSACT:
		err = filters_look(attachment->ifindex, attachment->egress, ATTACH_CLSACT_HANDLE,
				   attach_filter_name(attachment->egress), &place);
		if (!err)
			*ret = (struct attachment_place){ .attached = place.found,
							  .first = place.first };
		return err;
	case ATTACHED_PROMISCUOUS:
		break;
	}
	*ret = (struct attachment_place){ .attached = true, .first = true };
	return 0;
}
