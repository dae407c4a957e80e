/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a firewall on this kernel denied, be it a pod's: the ICMP message by which it says so is no
 * second deny. Who else says so, whatever interface that comes in by, has denied on its own.
 */
#ifndef BPF_DENIED_H
#define BPF_DENIED_H

#include "count.bpf.h"

/* So many seconds a deny is known: the message is sent with it, and the second may turn. */
#define DENIED_S 2

/* The packet's place. *ret_mark tells it from others that share the place. */
static __always_inline __u64 *denied_place(const struct packet *p, __u32 *ret_mark)
{
	__u64 hash = (__u64)p->proto << 32 | (__u64)p->source_port << 16 | p->destination_port;
	__u64 n;

	hash = hash_ends(&p->source, &p->destination, hash);
	*ret_mark = hash >> 16;
	n = hash >> 48;
	PARSE_KEEP(n);
	return &denied[n % DENIED];
}

static __always_inline void denied_note(const struct packet *p, __u8 class)
{
	__u64 *place;
	__u32 mark;

	if (!all_netns || class != CLASS_FIREWALL)
		return;
	place = denied_place(p, &mark);
	*place = (__u64)tick << 32 | mark;
}

static __always_inline bool denied_is_known(const struct packet *p)
{
	__u32 mark;
	__u64 was;

	if (!all_netns)
		return false;
	was = *denied_place(p, &mark);
	return (__u32)was == mark && tick - (__u32)(was >> 32) < DENIED_S;
}

#endif
