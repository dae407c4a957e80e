/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What share of servers' connections can't be read, as TLS, HTTP/2 and QUIC can't: of the last ten
 * to twenty minutes.
 */
#ifndef VIEW_UNREAD_H
#define VIEW_UNREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "spikewatch_abi.h"

/* Servers that are told apart; those that find no room are counted together. */
#define UNREAD_MAX  256
#define UNREAD_TURN 600 /* seconds */

struct unread_server {
	struct addr server;
	__u16 port; /* host order */
	__u64 now[SPEECH_MAX];
	__u64 before[SPEECH_MAX];
};

/* All zero: nothing yet. */
struct unread {
	struct unread_server list[UNREAD_MAX];
	size_t count;
	struct unread_server others;
	__u64 turn_s; /* when the present ten minutes began, by any clock */
	__u64 look_s; /* when somebody last looked what to add */
};

void unread_add(struct unread *unread, const struct addr *server, __u16 port,
		const struct speech *speech);

/* It is now_s: what is too old goes. */
void unread_turn(struct unread *unread, __u64 now_s);

/* Connections by enum sw_speech, of one server or of all. */
void unread_of(const struct unread_server *server, __u64 ret[SPEECH_MAX]);
void unread_sum(const struct unread *unread, __u64 ret[SPEECH_MAX]);

/* All but HTTP/1. */
__u64 unread_blind(const __u64 count[SPEECH_MAX]);

/* Up to max servers, those with most that can't be read first; none of which all can. How many. */
size_t unread_top(const struct unread *unread, const struct unread_server **ret, size_t max);

/* "http1", "tls", "http2", "quic" */
extern const char *const unread_speech_name[SPEECH_MAX];

#endif
