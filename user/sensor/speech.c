/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the traffic nobody can read here. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/speeches.h"
#include "record/text.h"
#include "sensor/blind.h"
#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "sensor/speech.h"

#define SECOND_NS 1000000000ULL
#define LOOK_S    5
/* It is said from so many connections on, if they are more than half; and over below a quarter. */
#define BLIND_LEAST 10
#define NAMED       4
#define SUBJECT     "unread traffic"

int speech_open(struct sensor *sensor)
{
	sensor->unread = calloc(1, sizeof(*sensor->unread));
	return sensor->unread ? 0 : -ENOMEM;
}

void speech_close(struct sensor *sensor)
{
	free(sensor->unread);
	sensor->unread = NULL;
}

static void take(void *arg, const struct speech_key *key, const struct speech *speech)
{
	unread_add(arg, &key->server, ntohs(key->port), speech);
}

/* "10.0.0.9:443 120 of 121, ..." */
static void name_servers(const struct unread *unread, char *buf, size_t size)
{
	const struct unread_server *top[NAMED];
	size_t count = unread_top(unread, top, NAMED), used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		char endpoint[TEXT_ENDPOINT_MAX];
		__u64 n[SPEECH_MAX], blind;

		unread_of(top[i], n);
		blind = unread_blind(n);
		text_endpoint(&top[i]->server, top[i]->port, endpoint);
		used += (size_t)snprintf(buf + used, size - used, "%s%s %llu of %llu",
					 i ? ", " : "", endpoint, blind, blind + n[SPEECH_HTTP1]);
	}
}

static void judge(struct sensor *sensor)
{
	__u64 n[SPEECH_MAX], blind, all;
	char servers[320];

	unread_sum(sensor->unread, n);
	blind = unread_blind(n);
	all = blind + n[SPEECH_HTTP1];
	if (blind >= BLIND_LEAST && blind * 2 > all) {
		name_servers(sensor->unread, servers, sizeof(servers));
		blind_say(
			sensor, BLIND_UNREAD, SENSOR_DEGRADED, SUBJECT,
			"%llu of %llu connections lately (%.0f %%) can't be read: %llu TLS, %llu HTTP/2, %llu QUIC; "
			"their errors are not counted: watch behind what ends them; most: %s",
			blind, all, 100.0 * blind / all, n[SPEECH_TLS], n[SPEECH_HTTP2],
			n[SPEECH_QUIC], servers);
	} else if (blind * 4 < all || !blind) {
		blind_over(sensor, BLIND_UNREAD, SUBJECT,
			   "most connections lately can be read: %llu of %llu", n[SPEECH_HTTP1],
			   all);
	}
}

void speech_look_after(struct sensor *sensor)
{
	__u64 now_s = clock_now_ns(CLOCK_BOOTTIME) / SECOND_NS;
	struct loader_maps maps;

	if (!sensor->unread || now_s - sensor->unread->look_s < LOOK_S)
		return;
	sensor->unread->look_s = now_s;
	unread_turn(sensor->unread, now_s);
	loader_maps(sensor->loader, &maps);
	if (!speeches_take(maps.speeches, take, sensor->unread))
		judge(sensor);
}
