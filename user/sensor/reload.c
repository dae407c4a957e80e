/* SPDX-License-Identifier: GPL-2.0-only */
/* Another configuration for a sensor at work. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sensor/answers.h"
#include "sensor/follow.h"
#include "sensor/posts.h"
#include "sensor/reload.h"
#include "util/log.h"

/* Names, joined by commas. */
struct names {
	char text[200];
	size_t count;
};

static void add_name(const char *name, void *arg)
{
	struct names *names = arg;
	size_t len = strlen(names->text);

	snprintf(names->text + len, sizeof(names->text) - len, "%s%s", names->count ? ", " : "",
		 name);
	names->count++;
}

void reload_complain(const char *message, void *arg)
{
	struct complaints *complaints = arg;

	log_error("%s", message);
	if (!complaints->count++)
		snprintf(complaints->first, sizeof(complaints->first), "%s", message);
}

void reload_refuse(struct sensor *sensor, const struct complaints *complaints)
{
	char more[40] = "";

	if (complaints->count > 1)
		snprintf(more, sizeof(more), " (and %zu more)", complaints->count - 1);
	snprintf(sensor->reload_failure, sizeof(sensor->reload_failure), "%s%s", complaints->first,
		 more);
	sensor_say(sensor, SENSOR_REFUSED, NULL,
		   "the configuration is refused, the one before stays in force: %s",
		   sensor->reload_failure);
}

/* A name that no interface has; one that was asked for before may be away for a while. */
static const char *find_unknown(const struct sensor *sensor, const struct config *next)
{
	const struct config *running = sensor->config;

	for (size_t i = 0; i < next->interface_count; i++) {
		const char *name = next->interfaces[i].name;
		bool known = !plan_is_name(name) || links_find(&sensor->interfaces, name);

		for (size_t k = 0; k < running->interface_count && !known; k++)
			known = !strcmp(running->interfaces[k].name, name);
		if (!known)
			return name;
	}
	return NULL;
}

/* What changes, for the record. */
struct changes {
	size_t begun, gone;
	struct names restart;
};

static void count_rules(const struct config *old, const struct config *next,
			struct changes *changes)
{
	for (size_t i = 0; i < next->rule_count; i++) {
		const struct rule *rule = &next->rules[i],
				  *before = config_find_rule(old, rule->id);

		changes->begun += rule->enabled && !(before && rule_counts_alike(before, rule));
	}
	for (size_t i = 0; i < old->rule_count; i++)
		changes->gone += old->rules[i].enabled && !config_find_rule(next, old->rules[i].id);
}

/* What the loaded programs don't do, and what they may not do in the sandbox. */
static void find_limits(const struct sensor *sensor, const struct config *next,
			struct changes *changes)
{
	static const struct {
		__u32 classes;
		const char *says;
	} rows[] = {
		{ 1U << CLASS_OTHER, "rules that look at class other" },
		{ 1U << CLASS_UNANSWERED | 1U << CLASS_REFUSED,
		  "rules that look at what is refused or unanswered" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sensor_wants_classes(next, rows[i].classes) &&
		    !(sensor->classes_loaded & rows[i].classes))
			add_name(rows[i].says, &changes->restart);
	if (plan_wants_tap(next) && !sensor->has_tap)
		add_name("role: tap", &changes->restart);
}

static void say_taken(struct sensor *sensor, const struct changes *changes)
{
	size_t rules = judge_rule_count(sensor->judge);
	char limits[256] = "";

	if (changes->restart.count)
		snprintf(limits, sizeof(limits), "; not before a restart: %s",
			 changes->restart.text);
	sensor_say(
		sensor, SENSOR_RELOADED, NULL,
		"the configuration was read again: %zu rule%s, of which %zu begin%s anew, %zu gone%s",
		rules, rules == 1 ? "" : "s", changes->begun, changes->begun == 1 ? "s" : "",
		changes->gone, limits);
}

/* Rules, lists, zones. -ENOMEM: nothing has changed. */
static int take_rules(struct sensor *sensor, struct config *next)
{
	struct config *old = sensor->config;
	struct places places;
	int err = sensor_places_of(sensor, next, time(NULL), &places);

	if (err)
		return err;
	state_before_reload(sensor);
	sensor_resolve_reasons(sensor, next);
	err = sensor_replace_rules(sensor, next);
	if (err) {
		places_clear(&places);
		return err;
	}
	places_clear(&sensor->places);
	sensor->places = places;
	sensor->config = next;
	state_after_reload(sensor, old);
	return 0;
}

/*
 * Opens what records are sent by from now on, beside what is there. Said where it can't be; then,
 * and where nothing differs, *ret is NULL.
 */
static int open_delivery(struct sensor *sensor, struct config *next, struct delivery **ret)
{
	struct config *running = sensor->config;
	struct delivery *old = sensor->delivery;
	int code;

	*ret = NULL;
	if (config_same_outlets(next, running))
		return 0;
	sensor->config = next;
	sensor->delivery = NULL;
	code = delivery_open(sensor);
	if (code)
		delivery_close(sensor);
	*ret = sensor->delivery;
	sensor->config = running;
	sensor->delivery = old;
	return code ? -EINVAL : 0;
}

/* The old one sends what it can at once; the rest is in the store. */
static void use_delivery(struct sensor *sensor, struct delivery *delivery)
{
	delivery_close(sensor);
	sensor->delivery = delivery;
	delivery_use_store(sensor);
}

static void drop_delivery(struct sensor *sensor, struct delivery *delivery)
{
	struct delivery *old = sensor->delivery;

	sensor->delivery = delivery;
	delivery_close(sensor);
	sensor->delivery = old;
}

bool reload_take(struct sensor *sensor, struct config *next)
{
	struct config *old = sensor->config;
	struct complaints complaints = {};
	struct changes changes = {};
	const char *unknown = find_unknown(sensor, next);
	struct delivery *delivery = NULL;
	int err;

	count_rules(old, next, &changes);
	err = unknown ? -ENODEV : open_delivery(sensor, next, &delivery);
	if (!err)
		err = take_rules(sensor, next);
	if (err) {
		if (delivery)
			drop_delivery(sensor, delivery);
		if (unknown)
			snprintf(complaints.first, sizeof(complaints.first),
				 "there is no interface '%s' here; 'ip link' lists them", unknown);
		else if (err == -EINVAL)
			snprintf(complaints.first, sizeof(complaints.first),
				 "webhook: it can't be used; the log says why");
		else
			snprintf(complaints.first, sizeof(complaints.first), "%s", strerror(-err));
		reload_refuse(sensor, &complaints);
		config_free(next);
		return false;
	}
	config_keep(next, old, add_name, &changes.restart);
	find_limits(sensor, next, &changes);
	if (delivery)
		use_delivery(sensor, delivery);
	if (next->out != old->out)
		sensor->reopen_output(sensor);
	config_free(old);
	if (naming_open(sensor))
		log_error("out of memory: alerts name no hosts");
	if (answers_open(sensor))
		log_error("out of memory: metrics and control socket stay where they were");
	follow_replan(sensor);
	*sensor->reload_failure = '\0';
	say_taken(sensor, &changes);
	return true;
}
