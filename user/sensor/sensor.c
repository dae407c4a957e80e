/* SPDX-License-Identifier: GPL-2.0-only */
/* One sensor at work. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "util/exit.h"
#include "util/log.h"
#include "util/version.h"

/* A wall clock that moves against CLOCK_BOOTTIME by more than this is said. */
#define CLOCK_STEP_NS 1000000000LL

void sensor_add_sink(struct sensor *sensor, struct sink *sink)
{
	sensor->sinks[sensor->sink_count++] = sink;
}

static void tell_sinks(struct sensor *sensor, const struct sensor_event *event)
{
	delivery_take_sensor(sensor, event);
	for (size_t i = 0; i < sensor->sink_count; i++) {
		struct sink *sink = sensor->sinks[i];
		int err = sink->ops->send_sensor(sink, event);

		if (err && err != -EAGAIN)
			log_warning("%s: a sensor record was lost: %s", sink->ops->name,
				    strerror(-err));
	}
}

/* Does somebody read the records on a terminal? Then the log need not say the same. */
static bool has_reader(const struct sensor *sensor)
{
	for (size_t i = 0; i < sensor->sink_count; i++)
		if (!strcmp(sensor->sinks[i]->ops->name, "terminal"))
			return true;
	return false;
}

void sensor_say(struct sensor *sensor, enum sensor_action action, const char *subject,
		const char *format, ...)
{
	char reason[512];
	struct sensor_event event = {
		.action = action,
		.wall_ns = clock_now_ns(CLOCK_REALTIME),
		.reason = reason,
		.subject = subject,
	};
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (has_reader(sensor))
		log_debug("%s", reason);
	else if (action == SENSOR_BLIND || action == SENSOR_DEGRADED || action == SENSOR_REFUSED)
		log_warning("%s", reason);
	else
		log_info("%s", reason);
	survey_take_event(sensor, &event);
	tell_sinks(sensor, &event);
}

static void emit(const struct alert *alert, void *arg)
{
	struct sensor *sensor = arg;

	survey_take_alert(sensor->survey, alert);
	naming_take_alert(sensor, alert);
	if (sensor->before_alert)
		sensor->before_alert(sensor->before_alert_arg);
	delivery_take_alert(sensor, alert);
	for (size_t i = 0; i < sensor->sink_count; i++) {
		struct sink *sink = sensor->sinks[i];
		int err = sink->ops->send_alert(sink, alert);

		if (err && err != -EAGAIN)
			log_error("%s: an alert of rule %s was lost: %s", sink->ops->name,
				  alert->rule->id, strerror(-err));
	}
}

bool sensor_wants_classes(const struct config *config, __u32 classes)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];

		if (rule->enabled && rule->feed == FEED_DROP &&
		    (!rule->match.classes || rule->match.classes & classes))
			return true;
	}
	return false;
}

static enum loader_requests requests_wanted(const struct config *config)
{
	switch (config->http.evidence) {
	case EVIDENCE_NONE:
		break;
	case EVIDENCE_PATH:
		return REQUESTS_PATH;
	case EVIDENCE_FULL:
		return REQUESTS_FULL;
	}
	return REQUESTS_NONE;
}

int sensor_load(struct sensor *sensor)
{
	struct loader_cfg cfg = {
		.memory_budget = sensor->config->memory_budget,
		.all_netns = sensor->config->drops.netns == DROPS_NETNS_ALL,
		.key_other_drops = sensor_wants_classes(sensor->config, 1U << CLASS_OTHER),
		.follow_attempts = sensor_wants_classes(
			sensor->config, 1U << CLASS_UNANSWERED | 1U << CLASS_REFUSED),
		.follow_chains = sensor->config->drops.chains,
		.require_reverse = sensor->config->http.require_reverse,
		.server_side = sensor->config->http.count == HTTP_COUNT_SERVER_SIDE,
		.cluster = sensor->config->http.cluster_cidrs,
		.cluster_count = sensor->config->http.cluster_cidr_count,
		.requests = requests_wanted(sensor->config),
		.replay = sensor->replay,
		.keep = sensor->config->keep_attached,
	};
	int err = links_netns(&cfg.own_netns);

	if (cfg.key_other_drops)
		sensor->classes_loaded |= 1U << CLASS_OTHER;
	if (cfg.follow_attempts)
		sensor->classes_loaded |= 1U << CLASS_UNANSWERED | 1U << CLASS_REFUSED;

	if (!err)
		err = loader_new(&cfg, &sensor->features, &sensor->reasons, &sensor->loader);
	if (!err)
		err = drain_new(sensor->loader, &sensor->reasons, clock_now_ns(CLOCK_BOOTTIME),
				&sensor->drain);
	if (err) {
		log_error(
			"cannot load the BPF programs on kernel %s: %s; spikewatch probe says more",
			sensor->features.release, strerror(-err));
		return err == -EPERM || err == -EINVAL || err == -EACCES ? EXIT_HOST : EXIT_RUNTIME;
	}
	sensor->observer.chains = drain_chain_names(sensor->drain);
	return EXIT_GOOD;
}

static void attach_drops(struct sensor *sensor)
{
	const struct drops *drops = loader_drops(sensor->loader);
	int err = loader_attach_drops(sensor->loader);

	if (err == -EOPNOTSUPP)
		sensor_say(
			sensor, SENSOR_BLIND, "drops",
			"kernel %s tells no drop reasons (they came with 5.17) and hides its symbols: firewall denies are not seen; give the program CAP_SYSLOG",
			sensor->features.release);
	else if (err)
		sensor_say(
			sensor, SENSOR_BLIND, "drops",
			"the kfree_skb tracepoint can't be attached: %s; firewall denies are not seen",
			strerror(-err));
	else if (drops->symbols)
		log_info(
			"the kernel's symbols can't be read (%s): denies of NFQUEUE are not seen; CAP_SYSLOG would do",
			strerror(-drops->symbols));
}

int sensor_places_of(const struct sensor *sensor, const struct config *config, time_t now_s,
		     struct places *ret)
{
	static const struct host_addrs nowhere;
	const struct host_addrs *host = sensor->replay ? &nowhere : &sensor->host;

	return config_places(config, host->addrs, host->count, host->connected,
			     host->connected_count, now_s, ret);
}

int sensor_make_places(struct sensor *sensor, time_t now_s)
{
	struct places made;
	int err = sensor_places_of(sensor, sensor->config, now_s, &made);

	if (err)
		return err;
	places_clear(&sensor->places);
	sensor->places = made;
	sensor->expired = config_expired(sensor->config, now_s);
	return 0;
}

void sensor_resolve_reasons(const struct sensor *sensor, struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		size_t unknown = rule_resolve_reasons(&config->rules[i], &sensor->reasons.names);

		if (unknown)
			log_warning(
				"rule %s: this kernel has %zu of its drop reasons not; they never match",
				config->rules[i].id, unknown);
	}
}

static struct judge_cfg judge_cfg_of(struct sensor *sensor, const struct config *config)
{
	struct judge_cfg cfg = {
		.rules = config->rules,
		.rule_count = config->rule_count,
		.places = &sensor->places,
		.emit = emit,
		.bucket = state_take_bucket,
		.near = naming_take_near,
		.arg = sensor,
	};

	/* Without randomness the hash tables work all the same, if an attacker aims at nothing. */
	if (getrandom(&cfg.seed, sizeof(cfg.seed), GRND_NONBLOCK) != sizeof(cfg.seed))
		cfg.seed = clock_now_ns(CLOCK_REALTIME);
	return cfg;
}

int sensor_replace_rules(struct sensor *sensor, const struct config *config)
{
	const struct judge_cfg cfg = judge_cfg_of(sensor, config);

	return judge_replace(sensor->judge, &cfg);
}

int sensor_start_judge(struct sensor *sensor, time_t now_s)
{
	const struct judge_cfg cfg = judge_cfg_of(sensor, sensor->config);
	int err;

	sensor_resolve_reasons(sensor, sensor->config);
	err = sensor_make_places(sensor, now_s);
	if (!err)
		err = judge_new(&cfg, &sensor->judge);
	if (err) {
		log_error("cannot set the rules up: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	return EXIT_GOOD;
}

int sensor_open(struct sensor *sensor)
{
	int code = sensor_read_host(sensor);

	if (!code)
		code = posts_refuse_unknown(sensor); /* before much is loaded for nothing */
	if (code)
		return code;
	code = sensor_load(sensor);
	if (!code)
		code = sensor_start_judge(sensor, time(NULL));
	if (!code && (survey_new(&sensor->survey) || service_open(sensor) || state_open(sensor) ||
		      keeper_open(sensor) || blind_open(sensor) || sight_open(sensor) ||
		      speech_open(sensor))) {
		log_error("out of memory");
		code = EXIT_RUNTIME;
	}
	if (code)
		return code;
	delivery_use_store(sensor);
	guard_open(sensor);
	sensor->has_tap = sensor->no_sandbox || plan_wants_tap(sensor->config);
	code = posts_open(sensor);
	if (!code)
		code = follow_open(sensor);
	if (code)
		return code;
	attach_drops(sensor);
	keeper_watching(sensor);
	kept_open(sensor);
	guard_look_after(sensor);
	if (naming_open(sensor) || podnames_open(sensor) || answers_open(sensor)) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	code = service_confine(sensor);
	if (code)
		return code;
	sensor->clock_offset_ns = clock_now_ns(CLOCK_REALTIME) - clock_now_ns(CLOCK_BOOTTIME);
	sensor_say(sensor, SENSOR_STARTED, NULL,
		   "spikewatch %s watches %u interface%s of %s and this kernel's drops",
		   spikewatch_version, sensor->watched, sensor->watched == 1 ? "" : "s",
		   sensor->hostname);
	service_ready(sensor);
	return EXIT_GOOD;
}

int sensor_take_batch(struct sensor *sensor, const struct batch *taken)
{
	struct batch local = *taken, *batch = &local;

	int err;

	batch->zone_s = clock_zone_s(batch->wall_ns);
	survey_take_batch(sensor->survey, batch);
	if (sensor->counts && counts_add(sensor->counts, batch)) {
		log_error("out of memory for --counts");
		return EXIT_RUNTIME;
	}
	err = judge_batch(sensor->judge, batch);
	if (err)
		log_error("out of memory: some counts were not judged");
	sensor->judged = !err;
	return EXIT_GOOD;
}

int sensor_close_epoch(struct sensor *sensor, __u64 end_ns)
{
	__u64 wall_ns = clock_now_ns(CLOCK_REALTIME) - (clock_now_ns(CLOCK_BOOTTIME) - end_ns);
	struct batch batch;
	int err, code;

	err = drain_epoch(sensor->drain, end_ns, wall_ns, &batch);
	if (err)
		log_error("reading the counts failed in part: %s; alerts say what is missing",
			  strerror(-err));
	sight_take_batch(sensor, &batch);
	code = sensor_take_batch(sensor, &batch);
	service_look_after(sensor, !code && !err && sensor->judged);
	return code;
}

static void look_at_clock(struct sensor *sensor)
{
	__s64 offset_ns = clock_now_ns(CLOCK_REALTIME) - clock_now_ns(CLOCK_BOOTTIME);
	__s64 step_ns = offset_ns - sensor->clock_offset_ns;

	sensor->clock_offset_ns = offset_ns;
	if (step_ns > CLOCK_STEP_NS || step_ns < -CLOCK_STEP_NS)
		sensor_say(
			sensor, SENSOR_DEGRADED, "clock",
			"the wall clock jumped by %.1f s: the bucket at hand is not learned; check time synchronisation",
			step_ns / 1e9);
}

void sensor_look_after(struct sensor *sensor)
{
	size_t unsent = 0;

	for (size_t i = 0; i < sensor->sink_count; i++)
		unsent += sensor->sinks[i]->ops->flush(sensor->sinks[i]);
	if (unsent && !sensor->unsent)
		log_warning("%zu record%s wait%s to be sent: standard output takes no more", unsent,
			    unsent == 1 ? "" : "s", unsent == 1 ? "s" : "");
	else if (!unsent && sensor->unsent)
		log_info("all records that waited were sent");
	sensor->unsent = unsent;
	delivery_look_after(sensor);
	look_at_clock(sensor);
	state_look_after(sensor);
	keeper_look_after(sensor);
	follow_look_after(sensor);
	guard_look_after(sensor);
	sight_look_after(sensor);
	speech_look_after(sensor);
	blind_look_after(sensor);
	answers_look_after(sensor);
	naming_look_after(sensor);
	podnames_look_after(sensor);
	host_look_after(sensor);
	loader_look_after(sensor->loader);
}

void sensor_detach(struct sensor *sensor)
{
	posts_detach(sensor);
	loader_detach_drops(sensor->loader);
}

void sensor_close(struct sensor *sensor)
{
	answers_close(sensor);
	keeper_close(sensor);
	delivery_finish(sensor);
	delivery_close(sensor);
	naming_close(sensor);
	podnames_close(sensor);
	state_close(sensor);
	service_close(sensor);
	for (size_t i = 0; i < sensor->sink_count; i++)
		sensor->sinks[i]->ops->free(sensor->sinks[i]);
	follow_close(sensor);
	posts_close(sensor);
	guard_close(sensor);
	kept_close(sensor);
	sight_close(sensor);
	speech_close(sensor);
	blind_close(sensor);
	judge_free(sensor->judge);
	places_clear(&sensor->places);
	drain_free(sensor->drain);
	loader_free(sensor->loader);
	counts_free(sensor->counts);
	survey_free(sensor->survey);
	links_addrs_clear(&sensor->host);
	links_clear(&sensor->interfaces);
	reasons_clear(&sensor->reasons);
	loop_free(sensor->loop);
	config_free(sensor->config);
}
