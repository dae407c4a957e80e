/* SPDX-License-Identifier: GPL-2.0-only */
/* Which commands of bpf(2) a sensor needs once all is loaded. */
#include <linux/bpf.h>

#include "kernel/commands.h"

const __u32 *commands_running(size_t *ret_count)
{
	static const __u32 commands[] = {
		BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM,
		BPF_MAP_GET_NEXT_KEY,
		BPF_MAP_LOOKUP_AND_DELETE_ELEM,
		BPF_MAP_LOOKUP_BATCH,
		BPF_MAP_LOOKUP_AND_DELETE_BATCH,
		BPF_MAP_UPDATE_BATCH,
		BPF_MAP_DELETE_BATCH,
		BPF_OBJ_GET_INFO_BY_FD,
		BPF_OBJ_PIN,
		BPF_OBJ_GET,
		BPF_PROG_QUERY,
		BPF_LINK_CREATE,
		BPF_LINK_UPDATE,
		BPF_LINK_DETACH,
	};

	*ret_count = sizeof(commands) / sizeof(commands[0]);
	return commands;
}
