/* SPDX-License-Identifier: GPL-2.0-only */
/* Attempts to connect that nobody answers. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>

#include <bpf/bpf.h>

#include "kernel/attempts.h"

#define CHUNK 1024

/*
 * Will the SYN not be sent again? Senders double the time in between (RFC 6298 5.5), so the next
 * one would be there. Until then the attempt stays: a SYN that comes after all is no new one.
 */
static bool is_over(const struct attempt *a, __u32 now_s)
{
	return (__s32)(now_s - a->last_s) >=
	       (__s32)(2 * (a->last_s - a->first_s) + ATTEMPTS_ANSWER_S);
}

static bool is_unanswered(const struct attempt *a, __u32 now_s)
{
	return (__s32)(now_s - a->first_s) >= ATTEMPTS_ANSWER_S;
}

static int tell_record(const struct attempts *attempts, const struct attempt_key *key,
		       const struct attempt *a, attempts_fn *tell, void *arg)
{
	struct record record = {
		.count = 1,
		.bytes = a->bytes,
		.source = a->source,
		.destination = key->destination,
		.out_ifindex = a->ifindex,
		.netns = attempts->netns,
		.port = ntohs(key->port),
		.code = SW_REASON_NO_ANSWER,
		.feed = FEED_DROP,
		.proto = IPPROTO_TCP,
		.class = CLASS_UNANSWERED,
	};

	return tell(arg, &record);
}

/* One attempt; an answer may come at the same moment, and take it away: then it is not told. */
static int look(struct attempts *attempts, __u32 now_s, const struct attempt_key *key,
		struct attempt *a, attempts_fn *tell, void *arg)
{
	bool tells = !a->is_told && is_unanswered(a, now_s), over = is_over(a, now_s);
	int err = 0;

	if (tells && !over) {
		a->is_told = 1;
		err = bpf_map_update_elem(attempts->fd, key, a, BPF_EXIST);
	} else if (over) {
		err = bpf_map_delete_elem(attempts->fd, key);
	}
	if (err)
		return err == -ENOENT ? 0 : err; /* gone already */
	attempts->left += !over;
	return tells ? tell_record(attempts, key, a, tell, arg) : 0;
}

int attempts_sweep(struct attempts *attempts, __u32 now_s, __u64 begun, attempts_fn *tell,
		   void *arg)
{
	static struct attempt_key keys[CHUNK];
	static struct attempt values[CHUNK];
	void *in = NULL;
	__u32 position;
	int err = 0;

	attempts->left += begun;
	if (attempts->fd < 0 || now_s == attempts->swept_s || !attempts->left)
		return 0;
	attempts->swept_s = now_s;
	attempts->left = 0;
	while (!err) {
		__u32 n = CHUNK;

		err = bpf_map_lookup_batch(attempts->fd, in, &position, keys, values, &n, NULL);
		if (err && err != -ENOENT)
			break;
		for (__u32 i = 0; i < n; i++) {
			int failed = look(attempts, now_s, &keys[i], &values[i], tell, arg);

			err = failed ? failed : err;
		}
		in = &position;
	}
	if (err == -ENOENT)
		return 0;
	attempts->left++; /* some were not looked at: the next time */
	return err;
}
