/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching over what is attached, and saying what became of it. */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/sensor.h"
#include "util/log.h"

void sensor_guard_start(struct sensor *sensor)
{
	size_t count;
	struct attachment *attachments = loader_attachments(sensor->loader, &count);
	int err = shadow_new(attachments, count, &sensor->shadow);

	if (err)
		sensor_say(
			sensor, SENSOR_DEGRADED, "filters",
			"changes of tc filters can't be followed: %s; a filter that comes later may hide packets",
			strerror(-err));
	else
		sensor_guard(sensor);
}

static void say(struct sensor *sensor, const struct shadow_event *event)
{
	char name[IF_NAMESIZE] = "?";
	const char *side = event->egress ? "egress" : "ingress";

	if_indextoname(event->ifindex, name);
	switch (event->what) {
	case SHADOW_PUT_AGAIN:
		log_info("%s: the tc %s filter was put again, before another that came", name,
			 side);
		return;
	case SHADOW_OVER:
		sensor_say(sensor, SENSOR_RECOVERED, name,
			   "shadowed no more: our tc %s filter of %s runs first again", side, name);
		return;
	case SHADOW_GAVE_UP:
		break;
	}
	if (event->err)
		sensor_say(
			sensor, SENSOR_BLIND, name,
			"shadowed: our tc %s filter of %s can't be put again: %s; restart spikewatch when that is mended",
			side, name, strerror(-event->err));
	else
		sensor_say(
			sensor, SENSOR_BLIND, name,
			"shadowed: another tc %s filter of %s runs before ours and stays there, what it decides on is not seen; "
			"use attach: tcx (Linux 6.6), or give it a later priority ('tc filter show dev %s %s' lists them)",
			side, name, name, side);
}

void sensor_guard(struct sensor *sensor)
{
	struct shadow_event event;

	if (!sensor->shadow)
		return;
	shadow_take_events(sensor->shadow);
	while (shadow_next(sensor->shadow, cmd_now_ns(CLOCK_BOOTTIME), &event))
		say(sensor, &event);
}
