/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditions under which the sensor does not see everything. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/blind.h"
#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "util/log.h"

/* What was over for less than this, and is so again, was never over. */
#define HOLD_NS 2000000000ULL
/* Records of what begins: so many at once, then one in so much time. */
#define BURST     20
#define REFILL_NS 10000000000ULL
/* A node may have hundreds of interfaces, and lose sight of all of them at once. */
#define CONDITIONS_MAX 2048

struct blind {
	struct blind_condition *list;
	size_t count, room;
	__u64 spent_ns; /* the burst is whole again BURST * REFILL_NS after the last of these */
};

static const char *const names[BLIND_KIND_MAX] = {
	[BLIND_NO_INTERFACE] = "no_interface",
	[BLIND_MISSING] = "missing",
	[BLIND_UNWATCHED] = "unwatched",
	[BLIND_DETACHED] = "detached",
	[BLIND_SHADOWED] = "shadowed",
	[BLIND_NATIVE_XDP] = "native_xdp",
	[BLIND_SILENT] = "silent",
	[BLIND_LOSS_HTTP] = "loss_http",
	[BLIND_LOSS_DROPS] = "loss_drops",
	[BLIND_GAPS] = "gaps",
	[BLIND_MISSED] = "missed",
	[BLIND_MAPS] = "maps",
	[BLIND_UNREAD] = "unread",
	[BLIND_CLOCK] = "clock",
	[BLIND_NOT_KEPT] = "not_kept",
	[BLIND_FILTER_EVENTS] = "events",
};

const char *blind_kind_name(enum blind_kind kind)
{
	return names[kind];
}

int blind_open(struct sensor *sensor)
{
	sensor->blind = calloc(1, sizeof(*sensor->blind));
	return sensor->blind ? 0 : -ENOMEM;
}

void blind_close(struct sensor *sensor)
{
	if (sensor->blind)
		free(sensor->blind->list);
	free(sensor->blind);
	sensor->blind = NULL;
}

static struct blind_condition *find(const struct blind *blind, enum blind_kind kind,
				    const char *subject)
{
	for (size_t i = 0; i < blind->count; i++) {
		struct blind_condition *c = &blind->list[i];

		if (c->kind == kind && !strncmp(c->subject, subject, sizeof(c->subject) - 1))
			return c;
	}
	return NULL;
}

static struct blind_condition *add(struct blind *blind, enum blind_kind kind, const char *subject)
{
	struct blind_condition *c;

	if (blind->count == blind->room) {
		size_t room = blind->room ? 2 * blind->room : 8;

		if (room > CONDITIONS_MAX)
			return NULL;
		c = reallocarray(blind->list, room, sizeof(*c));
		if (!c)
			return NULL;
		blind->list = c;
		blind->room = room;
	}
	c = &blind->list[blind->count++];
	*c = (struct blind_condition){
		.kind = kind,
		.since_wall_ns = clock_now_ns(CLOCK_REALTIME),
	};
	strncpy(c->subject, subject, sizeof(c->subject) - 1);
	return c;
}

/* May another record be sent? A leaky bucket, told by the time up to which it is filled. */
static bool may_say(struct blind *blind, __u64 now_ns)
{
	__u64 from_ns = blind->spent_ns > now_ns ? blind->spent_ns : now_ns;

	if (from_ns + REFILL_NS > now_ns + BURST * REFILL_NS)
		return false;
	blind->spent_ns = from_ns + REFILL_NS;
	return true;
}

static void say(struct sensor *sensor, struct blind_condition *c, __u64 now_ns)
{
	if (c->said || !may_say(sensor->blind, now_ns))
		return;
	c->said = true;
	sensor_say(sensor, c->action, c->subject, "%s", c->reason);
}

void blind_say(struct sensor *sensor, enum blind_kind kind, enum sensor_action action,
	       const char *subject, const char *format, ...)
{
	struct blind_condition *c = find(sensor->blind, kind, subject);
	va_list args;

	if (!c)
		c = add(sensor->blind, kind, subject);
	if (!c) {
		log_debug("no room for another condition: %s of %s", names[kind], subject);
		return;
	}
	va_start(args, format);
	vsnprintf(c->reason, sizeof(c->reason), format, args);
	va_end(args);
	c->action = action;
	c->good_ns = 0;
	say(sensor, c, clock_now_ns(CLOCK_BOOTTIME));
}

void blind_over(struct sensor *sensor, enum blind_kind kind, const char *subject,
		const char *format, ...)
{
	struct blind_condition *c = find(sensor->blind, kind, subject);
	va_list args;

	if (!c || c->good_ns)
		return;
	va_start(args, format);
	vsnprintf(c->end, sizeof(c->end), format, args);
	va_end(args);
	c->good_ns = clock_now_ns(CLOCK_BOOTTIME);
}

void blind_over_all(struct sensor *sensor, const char *subject, const char *why)
{
	size_t len = strlen(subject);

	for (size_t i = 0; i < sensor->blind->count; i++) {
		struct blind_condition *c = &sensor->blind->list[i];

		/* That one is missing is of the name, not of the interface that had it. */
		if (c->kind != BLIND_MISSING && !strncmp(c->subject, subject, len) &&
		    (!c->subject[len] || c->subject[len] == ' '))
			blind_over(sensor, c->kind, c->subject, "%s %s", subject, why);
	}
}

bool blind_is(const struct sensor *sensor, enum blind_kind kind, const char *subject)
{
	const struct blind_condition *c = find(sensor->blind, kind, subject);

	return c && !c->good_ns;
}

void blind_look_after(struct sensor *sensor)
{
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);
	struct blind *blind = sensor->blind;

	for (size_t i = 0; i < blind->count; i++) {
		struct blind_condition *c = &blind->list[i];

		if (!c->good_ns) {
			say(sensor, c, now_ns);
			continue;
		}
		if (now_ns - c->good_ns < HOLD_NS)
			continue;
		/* What never was said need not be taken back. */
		if (c->said)
			sensor_say(sensor, SENSOR_RECOVERED, c->subject, "%s", c->end);
		*c = blind->list[--blind->count];
		i--;
	}
}

const struct blind_condition *blind_list(const struct sensor *sensor, size_t *ret_count)
{
	*ret_count = sensor->blind ? sensor->blind->count : 0;
	return sensor->blind ? sensor->blind->list : NULL;
}
