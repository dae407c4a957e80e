/* SPDX-License-Identifier: GPL-2.0-only */
/* What share of servers' connections can't be read. */
#include "view/unread.h"

#include <string.h>

const char *const unread_speech_name[SPEECH_MAX] = {
	[SPEECH_HTTP1] = "http1",
	[SPEECH_TLS] = "tls",
	[SPEECH_HTTP2] = "http2",
	[SPEECH_QUIC] = "quic",
};

static struct unread_server *place_of(struct unread *unread, const struct addr *server, __u16 port)
{
	struct unread_server *found;

	for (size_t i = 0; i < unread->count; i++) {
		found = &unread->list[i];
		if (found->port == port && !memcmp(&found->server, server, sizeof(*server)))
			return found;
	}
	if (unread->count == UNREAD_MAX)
		return &unread->others;
	found = &unread->list[unread->count++];
	*found = (struct unread_server){ .server = *server, .port = port };
	return found;
}

void unread_add(struct unread *unread, const struct addr *server, __u16 port,
		const struct speech *speech)
{
	struct unread_server *place = place_of(unread, server, port);

	for (int i = 0; i < SPEECH_MAX; i++)
		place->now[i] += speech->count[i];
}

static bool is_silent(const struct unread_server *server)
{
	__u64 count[SPEECH_MAX];

	unread_of(server, count);
	return !count[SPEECH_HTTP1] && !unread_blind(count);
}

static void turn(struct unread_server *server)
{
	memcpy(server->before, server->now, sizeof(server->before));
	memset(server->now, 0, sizeof(server->now));
}

void unread_turn(struct unread *unread, __u64 now_s)
{
	if (!unread->turn_s)
		unread->turn_s = now_s;
	while (now_s - unread->turn_s >= UNREAD_TURN) {
		bool last = now_s - unread->turn_s >= 3 * UNREAD_TURN;

		unread->turn_s = last ? now_s - UNREAD_TURN : unread->turn_s + UNREAD_TURN;
		turn(&unread->others);
		for (size_t i = 0; i < unread->count;) {
			turn(&unread->list[i]);
			if (is_silent(&unread->list[i]))
				unread->list[i] = unread->list[--unread->count];
			else
				i++;
		}
	}
}

void unread_of(const struct unread_server *server, __u64 ret[SPEECH_MAX])
{
	for (int i = 0; i < SPEECH_MAX; i++)
		ret[i] = server->now[i] + server->before[i];
}

void unread_sum(const struct unread *unread, __u64 ret[SPEECH_MAX])
{
	__u64 one[SPEECH_MAX];

	unread_of(&unread->others, ret);
	for (size_t i = 0; i < unread->count; i++) {
		unread_of(&unread->list[i], one);
		for (int k = 0; k < SPEECH_MAX; k++)
			ret[k] += one[k];
	}
}

__u64 unread_blind(const __u64 count[SPEECH_MAX])
{
	return count[SPEECH_TLS] + count[SPEECH_HTTP2] + count[SPEECH_QUIC];
}

static __u64 blind_of(const struct unread_server *server)
{
	__u64 count[SPEECH_MAX];

	unread_of(server, count);
	return unread_blind(count);
}

size_t unread_top(const struct unread *unread, const struct unread_server **ret, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < unread->count; i++) {
		const struct unread_server *server = &unread->list[i];
		__u64 blind = blind_of(server);
		size_t at = count;

		if (!blind)
			continue;
		while (at && blind_of(ret[at - 1]) < blind)
			at--;
		if (at == max)
			continue;
		if (count < max)
			count++;
		for (size_t last = count - 1; last > at; last--)
			ret[last] = ret[last - 1];
		ret[at] = server;
	}
	return count;
}
