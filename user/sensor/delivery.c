/* SPDX-License-Identifier: GPL-2.0-only */
/* A sensor's outbox at work: its ways, its store, the loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "out/journal.h"
#include "http/token.h"
#include "out/webhook.h"
#include "outbox/outbox.h"
#include "sensor/clock.h"
#include "sensor/delivery.h"
#include "sensor/sensor.h"
#include "util/exit.h"
#include "util/log.h"
#include "util/version.h"

#define SECOND_NS 1000000000ULL
#define FINISH_NS (3 * SECOND_NS)
/* A way that takes nothing for so long is said: in the log, and by a record to the others. */
#define LOG_AFTER_NS (5 * SECOND_NS)
#define SAY_AFTER_NS (60 * SECOND_NS)

_Static_assert(DELIVERY_WAYS_MAX == OUTBOX_WAYS_MAX, "ways");

/* How a way gets on. */
struct progress {
	__u64 sent;     /* as last seen */
	__u64 since_ns; /* CLOCK_BOOTTIME: since then nothing was sent, or nothing waits */
	bool logged, said;
};

struct delivery {
	struct sensor *sensor;
	struct outbox *outbox;
	int work_fd; /* readable: there is work */
	struct progress progress[OUTBOX_WAYS_MAX];
};

static __u64 now_ns(void)
{
	return clock_now_ns(CLOCK_BOOTTIME);
}

static void take_news(enum outbox_news news, const char *text, void *arg)
{
	struct delivery *delivery = arg;
	struct sensor *sensor = delivery->sensor;
	const __u64 one = 1;

	switch (news) {
	case OUTBOX_WORK:
		/* It can only fail where it is readable already. */
		if (write(delivery->work_fd, &one, sizeof(one)) < 0)
			return;
		break;
	case OUTBOX_FAILING:
		sensor_say(sensor, SENSOR_DEGRADED, "outbox", "%s: %s", sensor->config->state,
			   text);
		break;
	case OUTBOX_WRITTEN:
		sensor_say(sensor, SENSOR_RECOVERED, "outbox", "%s: %s", sensor->config->state,
			   text);
		break;
	case OUTBOX_LOST: /* no record: it might be lost like those, and so on */
		log_warning("%s", text);
		break;
	}
}

static void work(__u32 events, void *arg)
{
	struct delivery *delivery = arg;
	__u64 count;

	if (read(delivery->work_fd, &count, sizeof(count)) == sizeof(count))
		outbox_work(delivery->outbox, now_ns());
}

static void way_ready(__u32 events, void *arg)
{
	struct outlet *outlet = arg;

	outlet->ops->ready(outlet, now_ns());
}

/* Takes the outlet over. */
static int add_way(struct delivery *delivery, struct outlet *outlet)
{
	outbox_add_way(delivery->outbox, outlet);
	if (outlet->fd < 0)
		return 0;
	return loop_set(delivery->sensor->loop, outlet->fd, EPOLLIN, way_ready, outlet);
}

static int read_token(const struct config *config, char **ret)
{
	const char *path = config->webhook.token_file;
	int err = path ? token_read(path, ret) : 0;

	if (err)
		log_error("webhook: token_file: %s: %s", path,
			  err == -EINVAL ? "expected one line of visible ASCII" : strerror(-err));
	else if (path && strncmp(config->webhook.url, "https:", 6))
		log_warning("webhook: the token goes over the network in the clear: use https://");
	return err;
}

static int open_webhook(struct delivery *delivery)
{
	const struct config *config = delivery->sensor->config;
	char user_agent[64], *token = NULL;
	struct webhook_cfg cfg = {
		.url = config->webhook.url,
		.timeout_ns = config->webhook.timeout_ns,
		.ca = config->webhook.ca,
		.user_agent = user_agent,
	};
	struct outlet *outlet;
	int err;

	if (cfg.ca && access(cfg.ca, R_OK)) {
		log_error("webhook: ca: %s: %s", cfg.ca, strerror(errno));
		return -EINVAL;
	}
	if (read_token(config, &token))
		return -EINVAL;
	cfg.token = token;
	snprintf(user_agent, sizeof(user_agent), "spikewatch/%.40s", spikewatch_version);
	if (getrandom(&cfg.seed, sizeof(cfg.seed), GRND_NONBLOCK) != sizeof(cfg.seed))
		cfg.seed = (__u32)clock_now_ns(CLOCK_REALTIME);
	err = webhook_new(&cfg, &outlet);
	free(token);
	if (err)
		log_error("webhook: %s", strerror(-err));
	return err ? err : add_way(delivery, outlet);
}

static int open_ways(struct delivery *delivery)
{
	const struct config *config = delivery->sensor->config;
	struct outlet *outlet;
	int err = 0;

	if (config->journald) {
		err = journal_new(JOURNAL_SOCKET, &outlet);
		if (!err)
			err = add_way(delivery, outlet);
	}
	if (!err && config->webhook.url)
		err = open_webhook(delivery);
	return err;
}

int delivery_open(struct sensor *sensor)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	int err = -ENOMEM;

	if (!delivery)
		goto out;
	sensor->delivery = delivery;
	delivery->sensor = sensor;
	delivery->work_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = delivery->work_fd < 0 ? -errno : 0;
	if (!err)
		err = loop_set(sensor->loop, delivery->work_fd, EPOLLIN, work, delivery);
	if (!err)
		err = outbox_new(&sensor->observer, take_news, delivery, &delivery->outbox);
	if (!err)
		err = open_ways(delivery);
	if (err == -EINVAL) /* said */
		return EXIT_USER;
out:
	if (err)
		log_error("cannot set up where alerts go: %s", strerror(-err));
	return err ? EXIT_RUNTIME : EXIT_GOOD;
}

void delivery_use_store(struct sensor *sensor)
{
	if (sensor->delivery)
		outbox_use_store(sensor->delivery->outbox, state_store(sensor), now_ns());
}

void delivery_take_alert(struct sensor *sensor, const struct alert *alert)
{
	if (sensor->delivery)
		outbox_take_alert(sensor->delivery->outbox, alert, now_ns());
}

void delivery_take_sensor(struct sensor *sensor, const struct sensor_event *event)
{
	if (sensor->delivery && sensor->delivery->outbox)
		outbox_take_sensor(sensor->delivery->outbox, event, now_ns());
}

/* --- how the ways get on ------------------------------------------------------------------------
 */

static void say_stuck(struct delivery *delivery, struct progress *progress, const char *name,
		      size_t unsent, const char *trouble)
{
	__u64 stuck_ns = now_ns() - progress->since_ns;

	if (stuck_ns >= LOG_AFTER_NS && !progress->logged) {
		log_warning("%s: %zu record%s wait%s to be sent: %s", name, unsent,
			    unsent == 1 ? "" : "s", unsent == 1 ? "s" : "", trouble);
		progress->logged = true;
	}
	if (stuck_ns >= SAY_AFTER_NS && !progress->said) {
		progress->said = true;
		sensor_say(delivery->sensor, SENSOR_DEGRADED, name,
			   "%s has taken no record for %llu s, and %zu wait for it: %s", name,
			   stuck_ns / SECOND_NS, unsent, trouble);
	}
}

static void look_at_way(struct delivery *delivery, size_t way)
{
	struct progress *progress = &delivery->progress[way];
	const struct outlet *outlet;
	const struct sink_counts *counts = outbox_counts(delivery->outbox, way, &outlet);
	const char *name = outlet->ops->name;

	if (counts->unsent && counts->sent == progress->sent) {
		say_stuck(delivery, progress, name, counts->unsent, outlet->trouble);
		return;
	}
	progress->sent = counts->sent;
	progress->since_ns = now_ns();
	if (counts->unsent)
		return;
	if (progress->said)
		sensor_say(delivery->sensor, SENSOR_RECOVERED, name,
			   "%s takes records again; all that waited were sent", name);
	else if (progress->logged)
		log_info("%s: all records that waited were sent", name);
	progress->said = progress->logged = false;
}

void delivery_look_after(struct sensor *sensor)
{
	struct delivery *delivery = sensor->delivery;
	const struct outlet *outlet;

	if (!delivery)
		return;
	outbox_tidy(delivery->outbox, now_ns(), clock_now_ns(CLOCK_REALTIME));
	for (size_t i = 0; outbox_counts(delivery->outbox, i, &outlet); i++)
		look_at_way(delivery, i);
}

const struct sink_counts *delivery_counts(const struct sensor *sensor, size_t way,
					  const char **ret_name)
{
	const struct sink_counts *counts = NULL;
	const struct outlet *outlet;

	if (sensor->delivery)
		counts = outbox_counts(sensor->delivery->outbox, way, &outlet);
	if (counts)
		*ret_name = outlet->ops->name;
	return counts;
}

void delivery_finish(struct sensor *sensor)
{
	struct delivery *delivery = sensor->delivery;
	__u64 end_ns = now_ns() + FINISH_NS;

	if (!delivery || !delivery->outbox)
		return;
	outbox_finish(delivery->outbox, now_ns(), clock_now_ns(CLOCK_REALTIME));
	while (now_ns() < end_ns && outbox_wait(delivery->outbox, 100, now_ns()))
		outbox_work(delivery->outbox, now_ns());
}

/* What was taken is removed from the store, and no callback comes any more. */
static void leave(struct delivery *delivery)
{
	const struct outlet *outlet;

	outbox_finish(delivery->outbox, now_ns(), clock_now_ns(CLOCK_REALTIME));
	for (size_t i = 0; outbox_counts(delivery->outbox, i, &outlet); i++)
		loop_drop(delivery->sensor->loop, outlet->fd);
}

void delivery_close(struct sensor *sensor)
{
	struct delivery *delivery = sensor->delivery;

	if (!delivery)
		return;
	if (delivery->outbox)
		leave(delivery);
	outbox_free(delivery->outbox);
	if (delivery->work_fd >= 0) {
		loop_drop(sensor->loop, delivery->work_fd);
		close(delivery->work_fd);
	}
	free(delivery);
	sensor->delivery = NULL;
}
