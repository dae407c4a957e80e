/* SPDX-License-Identifier: GPL-2.0-only */
/* The loader's state, for its own files. */
#ifndef KERNEL_LOADER_STATE_H
#define KERNEL_LOADER_STATE_H

#include "kernel/loader.h"

struct loader {
	struct spikewatch *skel;
	struct drops drops;
	struct chains chains;
	struct sizes sizes;
	int tap_socket;    /* -1: none yet */
	struct keep *keep; /* NULL: nothing is kept */
	struct kept kept;
	enum loader_requests requests;
	bool frags; /* sw_xdp_frags is loaded, not sw_xdp */
	bool replay;
};

/* What comes in at this interface passed elsewhere already. */
int loader_mark_tap(const struct loader *loader, __u32 ifindex);

#endif
