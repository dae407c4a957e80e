/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows, incidents and suppression over a restart. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/text.h"
#include "sensor/clock.h"
#include "sensor/keeper.h"
#include "sensor/sensor.h"
#include "snapshot/snapshot.h"
#include "store/parts.h"
#include "util/log.h"

#define SECOND_NS     1000000000ULL
#define SAVE_EVERY_NS (10 * SECOND_NS)
/* Saves take at most this part of the loop's time: 50 ms each 10 s. */
#define REST_TIMES 200
/* What can't wait for its turn (an alert, a flood's rest) takes up to ten times as much. */
#define REST_TIMES_URGENT 20

/* The judge's clock is kept as a part of no rule. */
#define CLOCK_RULE ""
#define CLOCK_PART 0

struct keeper {
	struct snapshot *snapshot;
	unsigned char boot[SNAPSHOT_BOOT_LEN]; /* all zero: not known */
	__u64 last_ns, took_ns;                /* CLOCK_BOOTTIME; of the last save */
	bool behind;                           /* it did not take all */
	bool failing;                          /* and it was said */
	char why[128];
};

/* What is taken back at the start. */
struct return_trip {
	struct sensor *sensor;
	struct snapshot_clock clock;
	bool found; /* the clock */
	struct snapshot_terms terms;
	char rule[256]; /* at hand; "" none */
	bool failed;    /* its parts, and it was said */
	char stranger[256];
};

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* "c5b1..-..": a new one each time that the machine starts. */
static void read_boot_id(unsigned char ret[SNAPSHOT_BOOT_LEN])
{
	char text[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	size_t i, n = 0;

	memset(ret, 0, SNAPSHOT_BOOT_LEN);
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	for (i = 0; text[i] && n < 2 * SNAPSHOT_BOOT_LEN; i++) {
		if (digit(text[i]) < 0)
			continue;
		ret[n / 2] = (unsigned char)(ret[n / 2] << 4 | digit(text[i]));
		n++;
	}
}

static int take_clock(const struct store_part *part, void *arg)
{
	struct return_trip *trip = arg;

	if (*part->rule)
		return 1; /* the clock comes first */
	trip->found = part->part == CLOCK_PART &&
		      !snapshot_clock_load(part->bytes, part->len, &trip->clock);
	return 1;
}

static int newest_series(const struct store_series *series, void *arg)
{
	struct return_trip *trip = arg;
	struct store_series wanted;
	const struct rule *rule = config_find_rule(trip->sensor->config, series->rule);

	if (rule && state_series(rule, &wanted) && wanted.definition == series->definition &&
	    wanted.bucket_s == series->bucket_s && series->through_s > trip->terms.learned_s)
		trip->terms.learned_s = series->through_s;
	return 0;
}

/* The first part of another rule: up to which bucket have its baselines learned? */
static void begin_rule(struct return_trip *trip, const char *rule)
{
	snprintf(trip->rule, sizeof(trip->rule), "%s", rule);
	trip->failed = false;
	trip->terms.learned_s = -1;
	store_each_series(state_store(trip->sensor), trip->rule, newest_series, trip);
}

static int take_part(const struct store_part *part, void *arg)
{
	struct return_trip *trip = arg;
	struct sensor *sensor = trip->sensor;
	int err;

	if (!*part->rule || !config_find_rule(sensor->config, part->rule))
		return 0;
	if (strcmp(trip->rule, part->rule) != 0)
		begin_rule(trip, part->rule);
	if (trip->failed)
		return 0;
	err = snapshot_load(sensor->keeper->snapshot, part->rule, part->part, part->bytes,
			    part->len, &trip->terms);
	if (err == -ENOENT)
		log_info("rule %s counts something else than before: its windows begin anew",
			 part->rule);
	else if (err)
		sensor_say(
			sensor, SENSOR_DEGRADED, "state",
			"what was kept of rule %s can't be read (damaged, or of another version): its windows, open incidents and suppression begin anew",
			part->rule);
	trip->failed = err != 0;
	return 0;
}

static void say_returned(const struct sensor *sensor, const struct return_trip *trip)
{
	char gap[TEXT_DURATION_MAX];
	struct judge_state told;
	__u64 gap_ns = trip->terms.now_ns - trip->clock.judge.now_ns;

	text_duration(gap_ns - gap_ns % SECOND_NS, gap);
	for (size_t i = 0; i < judge_rule_count(sensor->judge); i++) {
		judge_state(sensor->judge, i, &told);
		if (told.groups || told.incidents_open || told.incidents_remembered)
			log_info(
				"rule %s goes on after %s: %zu groups counted, %zu incidents open, %zu remembered",
				told.rule->id, gap, told.groups, told.incidents_open,
				told.incidents_remembered);
	}
}

static int find_stranger(const struct store_part *part, void *arg)
{
	struct return_trip *trip = arg;

	if (!*part->rule || config_find_rule(trip->sensor->config, part->rule))
		return 0;
	snprintf(trip->stranger, sizeof(trip->stranger), "%s", part->rule);
	return 1;
}

/* Rules that are no more. */
static void forget_strangers(struct return_trip *trip)
{
	struct store *store = state_store(trip->sensor);

	while (store_each_part(store, find_stranger, trip) == 1)
		if (store_clear_parts(store, trip->stranger))
			break;
}

static void take_back(struct sensor *sensor)
{
	struct return_trip trip = { .sensor = sensor };
	struct keeper *keeper = sensor->keeper;
	struct judge_clock clock;
	__u64 boot_ns = clock_now_ns(CLOCK_BOOTTIME);

	store_each_part(state_store(sensor), take_clock, &trip);
	if (!trip.found)
		return;
	trip.terms.wall_ns = clock_now_ns(CLOCK_REALTIME);
	trip.terms.no_counts = !snapshot_clock_resume(&trip.clock, keeper->boot, boot_ns,
						      trip.terms.wall_ns, &clock);
	trip.terms.now_ns = clock.shift_ns + boot_ns;
	if (trip.terms.no_counts)
		sensor_say(
			sensor, SENSOR_DEGRADED, "clock",
			"the machine was started again and its wall clock is behind what it was: windows begin anew, open incidents go on; check time synchronisation");
	if (store_each_part(state_store(sensor), take_part, &trip))
		log_warning("%s: not all windows and incidents could be read (%s)",
			    sensor->config->state, store_failure(state_store(sensor)));
	judge_resume(sensor->judge, &clock);
	say_returned(sensor, &trip);
	forget_strangers(&trip);
}

int keeper_open(struct sensor *sensor)
{
	struct keeper *keeper;
	int err;

	if (!state_store(sensor)) /* which was said */
		return 0;
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return -ENOMEM;
	sensor->keeper = keeper;
	err = snapshot_new(sensor->judge, &sensor->reasons.names, &keeper->snapshot);
	if (err)
		return err;
	read_boot_id(keeper->boot);
	take_back(sensor);
	keeper->last_ns = clock_now_ns(CLOCK_BOOTTIME);
	return 0;
}

void keeper_watching(struct sensor *sensor)
{
	const struct kept *kept = loader_kept(sensor->loader);

	/* What was kept counted all the time; the drain tells how long nobody read. */
	judge_see_from(sensor->judge,
		       kept->continues ? kept->until_ns : clock_now_ns(CLOCK_BOOTTIME));
}

static int put(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len, void *arg)
{
	return store_put_part(arg, &(struct store_part){ rule, part, last, bytes, len });
}

static int drop(const char *rule, __u64 before, void *arg)
{
	return store_drop_parts(arg, rule, SNAPSHOT_NUMBERED, SNAPSHOT_PRESENT - 1, before);
}

static int clear(const char *rule, void *arg)
{
	return store_clear_parts(arg, rule);
}

static int put_clock(struct sensor *sensor, __u64 through_ns)
{
	unsigned char bytes[SNAPSHOT_CLOCK_MAX];
	struct snapshot_clock clock;
	size_t len;

	judge_clock(sensor->judge, &clock.judge);
	memcpy(clock.boot, sensor->keeper->boot, sizeof(clock.boot));
	clock.judge.wall_ns -= clock.judge.now_ns - through_ns;
	clock.judge.now_ns = through_ns;
	len = snapshot_clock_save(&clock, bytes);
	return put(CLOCK_RULE, CLOCK_PART, 0, bytes, len, state_store(sensor));
}

/* After a reload other rules are at work: all of them is written anew. */
static int follow_rules(struct sensor *sensor)
{
	struct snapshot *fresh;
	int err;

	if (snapshot_is_current(sensor->keeper->snapshot))
		return 0;
	err = snapshot_new(sensor->judge, &sensor->reasons.names, &fresh);
	if (err)
		return err;
	snapshot_free(sensor->keeper->snapshot);
	sensor->keeper->snapshot = fresh;
	return 0;
}

/* All in one transaction, or nothing of it. */
static int save(struct sensor *sensor, bool all)
{
	struct keeper *keeper = sensor->keeper;
	struct store *store = state_store(sensor);
	const struct snapshot_sink sink = { put, drop, clear, store };
	struct judge_clock clock;
	__u64 through_ns = 0;
	int err, end_err;

	judge_clock(sensor->judge, &clock);
	snprintf(keeper->why, sizeof(keeper->why), "no transaction can begin");
	err = store_begin_parts(store);
	if (err)
		return err;
	err = snapshot_save(keeper->snapshot, &sink, all, &through_ns);
	if (!err)
		err = put_clock(sensor, through_ns);
	if (err)
		snprintf(keeper->why, sizeof(keeper->why), "%s",
			 err == -ENOMEM ? "out of memory" : store_failure(store));
	end_err = store_end_parts(store, !err);
	if (!err && end_err)
		snprintf(keeper->why, sizeof(keeper->why), "%s", store_failure(store));
	err = err ? err : end_err;
	if (err)
		return err;
	snapshot_kept(keeper->snapshot);
	keeper->behind = through_ns < clock.now_ns;
	return 0;
}

static void save_and_say(struct sensor *sensor, bool all)
{
	struct keeper *keeper = sensor->keeper;
	__u64 start_ns = clock_now_ns(CLOCK_BOOTTIME);
	struct judge_clock clock;
	int err;

	judge_clock(sensor->judge, &clock);
	if (!clock.now_ns) /* nothing has been judged */
		return;
	err = follow_rules(sensor);
	if (!err)
		err = save(sensor, all);
	keeper->last_ns = clock_now_ns(CLOCK_BOOTTIME);
	keeper->took_ns = keeper->last_ns - start_ns;
	if (keeper->took_ns > SECOND_NS / 20)
		log_debug("windows and incidents were written in %llu ms",
			  keeper->took_ns / 1000000);
	if (err && !keeper->failing)
		sensor_say(
			sensor, SENSOR_DEGRADED, "state",
			"%.120s cannot be written (%s); windows and open incidents are kept in memory alone and lost at a restart",
			sensor->config->state, keeper->why);
	else if (!err && keeper->failing)
		sensor_say(sensor, SENSOR_RECOVERED, "state",
			   "windows and incidents are written to %s again", sensor->config->state);
	keeper->failing = err != 0;
}

static bool is_due(const struct keeper *keeper, __u64 now_ns)
{
	bool urgent = keeper->behind || snapshot_is_urgent(keeper->snapshot);
	__u64 since_ns = now_ns - keeper->last_ns;

	if (keeper->failing)
		return since_ns >= SAVE_EVERY_NS;
	if (urgent)
		return since_ns >= keeper->took_ns * REST_TIMES_URGENT;
	/* the looks come on the second: one that is a little early is the tenth all the same */
	return since_ns >= SAVE_EVERY_NS - SECOND_NS / 2 &&
	       since_ns >= keeper->took_ns * REST_TIMES;
}

void keeper_look_after(struct sensor *sensor)
{
	struct keeper *keeper = sensor->keeper;

	if (keeper && (!snapshot_is_current(keeper->snapshot) ||
		       is_due(keeper, clock_now_ns(CLOCK_BOOTTIME))))
		save_and_say(sensor, false);
}

void keeper_close(struct sensor *sensor)
{
	if (!sensor->keeper)
		return;
	if (sensor->keeper->snapshot)
		save_and_say(sensor, true);
	snapshot_free(sensor->keeper->snapshot);
	free(sensor->keeper);
	sensor->keeper = NULL;
}
