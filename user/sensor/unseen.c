/* SPDX-License-Identifier: GPL-2.0-only */
/* What is not seen of the interfaces, said as conditions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/attach.h"
#include "kernel/links.h"
#include "sensor/blind.h"
#include "sensor/posts.h"
#include "sensor/sensor.h"
#include "sensor/unseen.h"

const char *unseen_why(const struct post *post, char *buf, size_t size)
{
	if (post->err == -EBUSY && post->blocker)
		snprintf(
			buf, size,
			"an XDP program is attached already (id %u; 'bpftool net' names it): detach it, or use attach: tc",
			post->blocker);
	else if (post->err == -EBUSY)
		snprintf(
			buf, size,
			"an XDP program is attached already ('bpftool net' names it): detach it, or use attach: tc");
	else if (post->err == -EOPNOTSUPP && post->asked == ATTACH_TCX)
		snprintf(buf, size, "this kernel has no tcx (6.6): use attach: auto");
	else if (post->err == -EPERM && post->tap)
		snprintf(
			buf, size,
			"role: tap cannot make it promiscuous: give the program CAP_NET_RAW too, or run it as root");
	else
		snprintf(buf, size, "cannot attach: %s", strerror(-post->err));
	return buf;
}

void unseen_post(struct sensor *sensor, const struct post *post)
{
	const char *name = post->interface.name;
	char text[256];

	blind_say(sensor, BLIND_UNWATCHED, SENSOR_BLIND, name,
		  "%s is not watched: %s; or exclude it under interfaces:", name,
		  unseen_why(post, text, sizeof(text)));
}

void unseen_names(struct sensor *sensor)
{
	const struct config *config = sensor->config;
	const struct blind_condition *list;
	size_t count;

	for (size_t i = 0; i < config->interface_count; i++) {
		const char *name = config->interfaces[i].name;

		if (plan_is_name(name) && !links_find(&sensor->interfaces, name))
			blind_say(
				sensor, BLIND_MISSING, SENSOR_BLIND, name,
				"%s is gone: nothing of it is seen; it is watched again when it comes back, "
				"or take it out of interfaces:",
				name);
	}
	list = blind_list(sensor, &count);
	for (size_t i = 0; i < count; i++) {
		const char *name = list[i].subject;
		bool wanted = false;

		if (list[i].kind != BLIND_MISSING)
			continue;
		for (size_t k = 0; k < config->interface_count; k++)
			wanted = wanted || !strcmp(config->interfaces[k].name, name);
		if (!wanted)
			blind_over(sensor, BLIND_MISSING, name, "%s is not asked for any more",
				   name);
		else if (links_find(&sensor->interfaces, name))
			blind_over(sensor, BLIND_MISSING, name, "%s is there again", name);
	}
}

void unseen_kinds(struct sensor *sensor)
{
	const struct interfaces *all = &sensor->interfaces;

	for (size_t i = 0; i < all->count; i++) {
		const struct interface *one = &all->list[i];

		if (link_layer_of(one) == LINK_UNSUPPORTED && one->flags & IFF_UP &&
		    plan_wants_auto(sensor->config))
			blind_say(
				sensor, BLIND_UNWATCHED, SENSOR_DEGRADED, one->name,
				"%s is not watched: its link layer (ARPHRD type %u) is not understood; "
				"what passes there is not seen",
				one->name, one->type);
	}
}

void unseen_native_xdp(struct sensor *sensor, const struct interface *interface)
{
	const char *name = interface->name;
	__u32 id = interface->native_xdp;
	char program[ATTACH_NAME_MAX];

	if (!id || id == loader_xdp_id(sensor->loader)) {
		blind_over(sensor, BLIND_NATIVE_XDP, name, "%s has no native XDP program before us",
			   name);
		return;
	}
	if (blind_is(sensor, BLIND_NATIVE_XDP, name))
		return;
	attach_program_name(id, program);
	blind_say(
		sensor, BLIND_NATIVE_XDP, SENSOR_DEGRADED, name,
		"%s: a native XDP program (id %u%s%s) runs before ours: what it drops or redirects never becomes a packet that is seen; "
		"read its own counters besides",
		name, id, program[0] ? ", " : "", program);
}
