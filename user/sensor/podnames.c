/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of pods for alerts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "http/token.h"
#include "pods/source.h"
#include "sensor/clock.h"
#include "sensor/podnames.h"
#include "sensor/sensor.h"
#include "util/log.h"
#include "util/version.h"

#define SUBJECT "kubernetes"

struct podnames {
	struct source *source; /* NULL: what is needed is missing, which is said */
	const char *missing;
	bool said;
};

static const char *find_target(const struct config *config, struct target *ret)
{
	return target_find(config->kubernetes.names == KUBE_NAMES_API ? TARGET_API : TARGET_KUBELET,
			   config->kubernetes.url, getenv, ret);
}

bool podnames_look_ahead(const struct config *config, struct target *ret,
			 char buf[PODNAMES_SAYS_MAX])
{
	const char *missing = find_target(config, ret), *path = config->kubernetes.token;
	char *token = NULL;
	int err;

	buf[0] = '\0';
	if (missing) {
		snprintf(buf, PODNAMES_SAYS_MAX, "%s", missing);
		return false;
	}
	err = token_read(path, &token);
	free(token);
	if (err) {
		snprintf(buf, PODNAMES_SAYS_MAX, "token %.300s: %s", path,
			 err == -EINVAL ? "it is no token" : strerror(-err));
		return false;
	}
	if (access(config->kubernetes.ca, R_OK)) {
		snprintf(buf, PODNAMES_SAYS_MAX, "ca %.300s: %s", config->kubernetes.ca,
			 strerror(errno));
		return false;
	}
	return true;
}

static bool find(const struct addr *addr, struct addr_pod *ret, void *arg)
{
	const struct podnames *names = ((struct sensor *)arg)->podnames;

	return source_find(names->source, addr, clock_now_ns(CLOCK_BOOTTIME), ret);
}

static void take(__u32 events, void *arg)
{
	struct sensor *sensor = arg;

	source_ready(sensor->podnames->source, clock_now_ns(CLOCK_BOOTTIME));
}

static int open_source(struct sensor *sensor, struct podnames *names)
{
	const struct config *config = sensor->config;
	char user_agent[64];
	struct source_cfg cfg = {
		.token = config->kubernetes.token,
		.ca = config->kubernetes.ca,
		.refresh_ns = config->kubernetes.refresh_ns,
		.user_agent = user_agent,
	};
	int err;

	names->missing = find_target(config, &cfg.target);
	if (names->missing)
		return 0;
	snprintf(user_agent, sizeof(user_agent), "spikewatch/%.40s", spikewatch_version);
	if (getrandom(&cfg.seed, sizeof(cfg.seed), GRND_NONBLOCK) != sizeof(cfg.seed))
		cfg.seed = clock_now_ns(CLOCK_REALTIME);
	err = source_new(&cfg, &names->source);
	for (int i = 0; !err && i < SOURCE_FDS; i++)
		if (source_fd(names->source, i) >= 0)
			err = loop_set(sensor->loop, source_fd(names->source, i), EPOLLIN, take,
				       sensor);
	if (err)
		return err;
	log_info("names of pods come from %s%s%s", cfg.target.url,
		 *cfg.target.node ? ", for node " : "", cfg.target.node);
	sensor->observer.pod = find;
	sensor->observer.pod_arg = sensor;
	return 0;
}

int podnames_open(struct sensor *sensor)
{
	struct podnames *names;
	int err;

	if (sensor->config->kubernetes.names == KUBE_NAMES_OFF)
		return 0;
	names = calloc(1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	sensor->podnames = names;
	err = open_source(sensor, names);
	if (err)
		podnames_close(sensor);
	else
		podnames_look_after(sensor);
	return err;
}

/* Once a change: that names are missing, or are there again. */
static void say(struct sensor *sensor, const char *trouble)
{
	struct podnames *names = sensor->podnames;

	if (trouble && !names->said)
		sensor_say(sensor, SENSOR_DEGRADED, SUBJECT,
			   "names of pods cannot be had: %s; alerts name no pods that are new",
			   trouble);
	else if (!trouble && names->said)
		sensor_say(sensor, SENSOR_RECOVERED, SUBJECT, "names of pods come again");
	names->said = trouble;
}

void podnames_look_after(struct sensor *sensor)
{
	struct podnames *names = sensor->podnames;

	if (!names)
		return;
	if (!names->source) {
		say(sensor, names->missing);
		return;
	}
	source_look_after(names->source, clock_now_ns(CLOCK_BOOTTIME));
	say(sensor, source_state(names->source).trouble);
}

void podnames_close(struct sensor *sensor)
{
	struct podnames *names = sensor->podnames;

	if (!names)
		return;
	sensor->observer.pod = NULL;
	for (int i = 0; names->source && i < SOURCE_FDS; i++)
		loop_drop(sensor->loop, source_fd(names->source, i));
	source_free(names->source);
	free(names);
	sensor->podnames = NULL;
}

void podnames_want(struct sensor *sensor, const struct addr *addr)
{
	if (sensor->podnames && sensor->podnames->source)
		source_want(sensor->podnames->source, addr, clock_now_ns(CLOCK_BOOTTIME));
}

struct view_pods podnames_view(const struct sensor *sensor)
{
	const struct podnames *names = sensor->podnames;
	struct view_pods view = {};
	struct source_state state;

	if (!names)
		return view;
	view.mode = sensor->config->kubernetes.names == KUBE_NAMES_API ? "api" : "kubelet";
	view.trouble = names->missing;
	if (!names->source)
		return view;
	state = source_state(names->source);
	view.pods = state.pods.pods;
	view.addresses = state.pods.addresses;
	view.asked = state.asked;
	view.failed = state.failed;
	view.refused = state.odd + state.pods.refused;
	view.answered = state.good_ns;
	view.answer_age_ns = clock_now_ns(CLOCK_BOOTTIME) - state.good_ns;
	view.trouble = state.trouble;
	return view;
}
