/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of pods, from the kubelet of this node or from the API server; nobody waits for them. */
#ifndef PODS_SOURCE_H
#define PODS_SOURCE_H

#include "pods/cache.h"
#include "pods/target.h"

#define SOURCE_FDS 2

/*
 * Of the kubelet, its list is read every refresh_ns: the pods of this node. Of the API server they
 * are watched, which costs it what changes, and pods of other nodes are asked for one by one as
 * they come up in alerts. Without a node's name, all pods of the cluster are watched.
 */
struct source_cfg {
	struct target target;
	const char *token, *ca; /* files */
	__u64 refresh_ns;       /* also how old the name of a pod of another node may be */
	const char *user_agent;
	__u64 seed;
};

struct source;

struct source_state {
	struct pods_counts pods;
	__u64 asked, failed; /* requests */
	__u64 odd;           /* pods with impossible names, or too long */
	__u64 good_ns;       /* CLOCK_BOOTTIME when all went well for the last time; 0: never */
	const char *trouble; /* why names are missing or get old; NULL: they do not */
};

/* Texts are copied. -ENOMEM, -EINVAL, -errno. Times are CLOCK_BOOTTIME. */
int source_new(const struct source_cfg *cfg, struct source **ret);
void source_free(struct source *source); /* NULL is fine */

/* Readable when there is something to do for source_ready(); -1: there is no such one. */
int source_fd(const struct source *source, int i);
void source_ready(struct source *source, __u64 now_ns);
void source_look_after(struct source *source, __u64 now_ns); /* about once a second */

/* Asks whose address that is, where that is not known, and takes time. */
void source_want(struct source *source, const struct addr *addr, __u64 now_ns);

/* As pods_find(). */
bool source_find(const struct source *source, const struct addr *addr, __u64 now_ns,
		 struct addr_pod *ret);

struct source_state source_state(const struct source *source);

#endif
