/* SPDX-License-Identifier: GPL-2.0-only */
/* One interface: it is begun to be watched, and left. */
#include <errno.h>
#include <stdlib.h>

#include "sensor/blind.h"
#include "sensor/clock.h"
#include "sensor/post.h"
#include "sensor/sensor.h"
#include "sensor/unseen.h"
#include "util/exit.h"
#include "util/log.h"

/* Of one that came after the start: what passed before we were there was not seen. */
static void say_watching(const struct sensor *sensor, const struct post *post)
{
	const char *tap = post->tap ? ", tap" : "", *mode = loader_mode_name(post->mode);
	__u64 before = 0;

	if (sensor->follow && !links_packets(post->interface.ifindex, &before) && before)
		log_info("watching %s (%s%s); %llu packets passed before", post->interface.name,
			 mode, tap, before);
	else
		log_info("watching %s (%s%s)", post->interface.name, mode, tap);
}

int post_attach(struct sensor *sensor, struct post *post)
{
	const struct plan_entry entry = {
		.interface = &post->interface,
		.asked = post->asked,
		.tap = post->tap,
	};
	int err = plan_mode(&entry, sensor->features.tcx, &post->mode);

	post->tried_ns = clock_now_ns(CLOCK_BOOTTIME);
	post->blocker = 0;
	if (!err)
		err = loader_attach(sensor->loader, &post->interface, post->mode, post->tap,
				    post->attachments, &post->blocker);
	post->err = err;
	if (err)
		return err;
	post->attached = true;
	sensor->watched++;
	say_watching(sensor, post);
	guard_add(sensor, post->attachments, LOADER_ATTACHMENTS);
	return 0;
}

void post_leave(struct sensor *sensor, struct post *post)
{
	const char *name = post->interface.name;

	if (post->attached) {
		log_info("%s is not watched any more", name);
		guard_remove(sensor, post->attachments, LOADER_ATTACHMENTS);
		loader_release(sensor->loader, post->attachments);
		sensor->watched--;
	}
	if (!links_find(&sensor->interfaces, name))
		blind_over_all(sensor, name, "is gone");
	else
		blind_over_all(sensor, name, "need not be watched any more");
	free(post);
}

int post_refuse(const struct post *post)
{
	char text[256];

	if (!post->named && post->err != -EBUSY &&
	    !(post->err == -EOPNOTSUPP && post->asked == ATTACH_TCX) &&
	    !(post->err == -EPERM && post->tap))
		return EXIT_GOOD;
	log_error("%s: %s", post->interface.name, unseen_why(post, text, sizeof(text)));
	if (post->err == -EBUSY)
		return EXIT_USER;
	return post->err == -EPERM || post->err == -EOPNOTSUPP ? EXIT_HOST : EXIT_RUNTIME;
}
