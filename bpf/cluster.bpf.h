/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cluster with a sensor on each node: a response between two nodes passes both. It is counted
 * where its server is, whose pod's or host's packet it is there; where it comes in from another
 * machine, only if its server is outside the cluster, since there is no sensor.
 */
#ifndef BPF_CLUSTER_H
#define BPF_CLUSTER_H

#include "maps.bpf.h"

/* Is another machine behind this interface? 0, this host itself, is none. */
static __always_inline bool cluster_is_uplink(__u32 ifindex)
{
	return bpf_map_lookup_elem(&uplinks, &ifindex);
}

/* Does the sensor of another node count this server's response? */
static __always_inline bool cluster_counts_elsewhere(const struct scratch *s,
						     const struct addr *server)
{
	struct cluster_net at = { .prefix_len = 128, .addr = *server };

	return cluster_is_uplink(s->origin) && bpf_map_lookup_elem(&cluster_nets, &at);
}

#endif
