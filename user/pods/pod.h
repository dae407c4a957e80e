/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept of a pod, as Kubernetes describes it in JSON: core/v1 Pod. */
#ifndef PODS_POD_H
#define PODS_POD_H

#include <jansson.h>

#include "core/netset.h"

#define POD_UID_MAX   40  /* with its end; a UUID, or the hash of a static pod's manifest */
#define POD_LABEL_MAX 64  /* RFC 1123: a namespace, a kind */
#define POD_NAME_MAX  254 /* dots in between */
#define POD_ADDRS_MAX 2   /* one of each family */

enum pod_state {
	POD_HERE,
	POD_LEAVING, /* is being deleted: it keeps what addresses it has, and takes none */
	POD_OVER,    /* its containers ended: its addresses are free for others */
};

struct pod {
	char uid[POD_UID_MAX]; /* zeroes behind its end */
	char namespace[POD_LABEL_MAX];
	char name[POD_NAME_MAX];
	/* Who made it: its controller, of a ReplicaSet's pods the Deployment; empty: nobody. */
	char kind[POD_LABEL_MAX];
	char workload[POD_NAME_MAX];
	enum pod_state state;
	/* None: it has none yet, or those of its node (hostNetwork), which name nobody. */
	struct addr addrs[POD_ADDRS_MAX];
	size_t addr_count;
};

/*
 * False: it is no pod, or has a name that Kubernetes would not have taken; *ret is undefined. An
 * owner of such a name is nobody; an address that is none is left out.
 */
bool pod_read(const json_t *object, struct pod *ret);

/* RFC 1123 as Kubernetes has it: labels of small letters, digits and '-', with dots between. */
bool pod_name_is_good(const char *name);

#endif
