/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching over what is attached to interfaces, and saying what became of it. */
#include <string.h>
#include <sys/epoll.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "util/log.h"

/* Attachments of tcx and XDP looked at in a second. */
#define LOOKS 128

static void look_after(struct sensor *sensor);

static void take_filters(__u32 events, void *arg)
{
	struct sensor *sensor = arg;

	shadow_take_events(sensor->shadow);
	look_after(sensor);
}

void guard_open(struct sensor *sensor)
{
	int err = shadow_new(&sensor->shadow);

	if (!err)
		err = loop_set(sensor->loop, shadow_fd(sensor->shadow), EPOLLIN, take_filters,
			       sensor);
	if (err)
		blind_say(
			sensor, BLIND_FILTER_EVENTS, SENSOR_DEGRADED, "filters",
			"changes of tc filters can't be followed: %s; a filter that comes later may hide packets",
			strerror(-err));
}

void guard_close(struct sensor *sensor)
{
	if (sensor->shadow)
		loop_drop(sensor->loop, shadow_fd(sensor->shadow));
	shadow_free(sensor->shadow);
	sensor->shadow = NULL;
}

void guard_add(struct sensor *sensor, struct attachment *attachments, size_t count)
{
	for (size_t i = 0; sensor->shadow && i < count; i++)
		if (shadow_add(sensor->shadow, &attachments[i]))
			log_warning("out of memory: an attachment is not watched over");
}

void guard_remove(struct sensor *sensor, const struct attachment *attachments, size_t count)
{
	for (size_t i = 0; sensor->shadow && i < count; i++)
		shadow_remove(sensor->shadow, &attachments[i]);
}

/* "tc ingress filter", "XDP program". */
static const char *kind_of(const struct attachment *attachment)
{
	switch (attachment->kind) {
	case ATTACHED_CLSACT:
		return attachment->egress ? "tc egress filter" : "tc ingress filter";
	case ATTACHED_TCX:
		return attachment->egress ? "tcx egress program" : "tcx ingress program";
	default:
		return "XDP program";
	}
}

static const char *side_of(const struct attachment *attachment)
{
	return attachment->egress ? "egress" : "ingress";
}

static void say_put_again(struct sensor *sensor, const char *subject,
			  const struct shadow_event *event)
{
	const char *kind = kind_of(event->attachment);

	if (!event->detached) {
		log_info("%s: our %s was put again, before another that came", subject, kind);
		return;
	}
	blind_say(
		sensor, BLIND_DETACHED, SENSOR_DEGRADED, subject,
		"%s: somebody detached our %s; it was attached again, and what passed in between was not seen",
		subject, kind);
	blind_over(sensor, BLIND_DETACHED, subject, "%s: our %s is attached", subject, kind);
}

static void say_given_up(struct sensor *sensor, const char *subject, const char *name,
			 const struct shadow_event *event)
{
	enum blind_kind what = event->detached ? BLIND_DETACHED : BLIND_SHADOWED;
	const char *kind = kind_of(event->attachment), *side = side_of(event->attachment);

	if (event->err)
		blind_say(
			sensor, what, SENSOR_BLIND, subject,
			"%s: %s: our %s can't be put again: %s; it is tried again each 30 s ('bpftool net' and 'tc filter show dev %s %s' say what is there)",
			subject, event->detached ? "detached" : "shadowed", kind,
			strerror(-event->err), name, side);
	else if (event->detached)
		blind_say(
			sensor, what, SENSOR_BLIND, subject,
			"%s: somebody takes our %s away again and again; it is tried again each 30 s: find out who it is ('bpftool net')",
			subject, kind);
	else if (event->attachment->kind == ATTACHED_TCX)
		blind_say(
			sensor, what, SENSOR_BLIND, subject,
			"%s: shadowed: another tcx program (id %u) runs before ours and stays there, what it decides on is not seen; "
			"it is tried again each 30 s ('bpftool prog show id %u' names it)",
			subject, event->before, event->before);
	else
		blind_say(
			sensor, what, SENSOR_BLIND, subject,
			"shadowed: another tc %s filter of %s runs before ours and stays there, what it decides on is not seen; "
			"use attach: tcx (Linux 6.6), or give it a later priority ('tc filter show dev %s %s' lists them)",
			side, name, name, side);
}

static void say(struct sensor *sensor, const struct shadow_event *event)
{
	const char *kind = kind_of(event->attachment), *side = side_of(event->attachment);
	char name[IF_NAMESIZE] = "?", subject[32];

	if_indextoname(event->attachment->ifindex, name);
	snprintf(subject, sizeof(subject), "%s %s", name, side);
	switch (event->what) {
	case SHADOW_PUT_AGAIN:
		say_put_again(sensor, subject, event);
		break;
	case SHADOW_GAVE_UP:
		say_given_up(sensor, subject, name, event);
		break;
	case SHADOW_OVER:
		blind_over(sensor, BLIND_SHADOWED, subject,
			   "%s: shadowed no more: our %s runs first again", subject, kind);
		blind_over(sensor, BLIND_DETACHED, subject, "%s: our %s is attached again", subject,
			   kind);
		break;
	}
}

static void look_after(struct sensor *sensor)
{
	struct shadow_event event;

	while (shadow_next(sensor->shadow, clock_now_ns(CLOCK_BOOTTIME), &event))
		say(sensor, &event);
}

void guard_look_after(struct sensor *sensor)
{
	if (!sensor->shadow)
		return;
	shadow_take_events(sensor->shadow);
	shadow_look(sensor->shadow, LOOKS);
	look_after(sensor);
}
