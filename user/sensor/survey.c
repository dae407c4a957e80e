/* SPDX-License-Identifier: GPL-2.0-only */
/* How the sensor stands. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "sensor/survey.h"
#include "util/version.h"
#include "view/conditions.h"

/* An epoch that is not closed for so long: the loop hangs. */
#define ALIVE_NS 10000000000ULL
/* Rules whose records are counted, those of former configurations too. */
#define TOLD_MAX     4096
#define PROGRAMS_MAX 32
#define MAPS_MAX     8

/* Records of a rule, by its id: a reload may change what its other members are. */
struct told {
	char *rule;
	__u64 records[VIEW_ACTIONS];
};

struct survey {
	struct tally tally;
	struct conditions conditions;
	struct told *told;
	size_t told_count;
	__u64 start_ns, start_wall_ns;
	/* what the last view consists of */
	struct view view;
	struct view_rule *rules;
	struct view_hook *hooks;
	struct view_condition *list;
	struct view_map maps[MAPS_MAX];
	struct view_program programs[PROGRAMS_MAX];
	struct loader_program loaded[PROGRAMS_MAX];
	struct view_sink sinks[SENSOR_SINKS_MAX + DELIVERY_WAYS_MAX];
};

int survey_new(struct survey **ret)
{
	struct survey *survey = calloc(1, sizeof(*survey));

	if (!survey)
		return -ENOMEM;
	survey->start_ns = clock_now_ns(CLOCK_BOOTTIME);
	survey->start_wall_ns = clock_now_ns(CLOCK_REALTIME);
	*ret = survey;
	return 0;
}

void survey_free(struct survey *survey)
{
	if (!survey)
		return;
	for (size_t i = 0; i < survey->told_count; i++)
		free(survey->told[i].rule);
	free(survey->told);
	free(survey->rules);
	free(survey->hooks);
	free(survey->list);
	free(survey);
}

/* --- what happens ----------------------------------------------------------------------------- */

void survey_take_batch(struct survey *survey, const struct batch *batch)
{
	if (survey)
		tally_add(&survey->tally, batch);
}

/* What blind.h keeps as a condition is not kept a second time. */
static bool is_kept(const struct sensor *sensor, const struct sensor_event *event)
{
	size_t count = 0;
	const struct blind_condition *list = sensor->blind ? blind_list(sensor, &count) : NULL;

	for (size_t i = 0; event->subject && i < count; i++)
		if (!strcmp(list[i].subject, event->subject) &&
		    !strcmp(list[i].reason, event->reason))
			return true;
	return false;
}

void survey_take_event(const struct sensor *sensor, const struct sensor_event *event)
{
	if (sensor->survey && !is_kept(sensor, event))
		conditions_take(&sensor->survey->conditions, event);
}

static struct told *find_told(const struct survey *survey, const char *rule)
{
	for (size_t i = 0; i < survey->told_count; i++)
		if (!strcmp(survey->told[i].rule, rule))
			return &survey->told[i];
	return NULL;
}

/* NULL: memory is short, or there were too many rules; their records are not counted. */
static struct told *add_told(struct survey *survey, const char *rule)
{
	struct told *list;
	char *copy;

	if (survey->told_count == TOLD_MAX)
		return NULL;
	list = reallocarray(survey->told, survey->told_count + 1, sizeof(*list));
	if (!list)
		return NULL;
	survey->told = list;
	copy = strdup(rule);
	if (!copy)
		return NULL;
	list[survey->told_count] = (struct told){ .rule = copy };
	return &list[survey->told_count++];
}

void survey_take_alert(struct survey *survey, const struct alert *alert)
{
	struct told *told;

	if (!survey)
		return;
	told = find_told(survey, alert->rule->id);
	if (!told)
		told = add_told(survey, alert->rule->id);
	if (told)
		told->records[alert->action]++;
}

/* --- what is asked ---------------------------------------------------------------------------- */

bool survey_is_alive(const struct survey *survey)
{
	__u64 last_ns = survey->tally.end_ns ? survey->tally.end_ns : survey->start_ns;

	return clock_now_ns(CLOCK_BOOTTIME) - last_ns < ALIVE_NS;
}

static bool wants_feed(const struct sensor *sensor, enum feed feed)
{
	for (size_t i = 0; i < sensor->config->rule_count; i++)
		if (sensor->config->rules[i].enabled && sensor->config->rules[i].feed == feed)
			return true;
	return false;
}

static bool drops_attached(const struct sensor *sensor)
{
	return loader_drops(sensor->loader)->links[0] != NULL;
}

const char *survey_not_ready(const struct survey *survey, const struct sensor *sensor)
{
	if (!survey->tally.epochs)
		return "nothing has been counted yet";
	if (wants_feed(sensor, FEED_HTTP) && !sensor->watched)
		return "no interface is watched";
	if (wants_feed(sensor, FEED_DROP) && !drops_attached(sensor))
		return "drops are not watched";
	return NULL;
}

static int look_at_rules(struct survey *survey, const struct sensor *sensor)
{
	size_t count = judge_rule_count(sensor->judge);
	struct view_rule *rules = reallocarray(survey->rules, count + 1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	survey->rules = rules;
	for (size_t i = 0; i < count; i++) {
		const struct told *told;

		judge_state(sensor->judge, i, &rules[i].state);
		told = find_told(survey, rules[i].state.rule->id);
		memset(rules[i].told, 0, sizeof(rules[i].told));
		if (told)
			memcpy(rules[i].told, told->records, sizeof(rules[i].told));
	}
	survey->view.rules = rules;
	survey->view.rule_count = count;
	return 0;
}

static const char *drops_mode(const struct drops *drops)
{
	static const char *const names[] = {
		[DROPS_BY_REASON] = "reason", [DROPS_BY_SITE] = "site", [DROPS_BY_MARK] = "mark",
		[DROPS_BY_KPROBE] = "kprobe", [DROPS_UNSEEN] = "none",
	};

	return names[drops->way];
}

static const char *attachment_mode(const struct attachment *attachment)
{
	switch (attachment->kind) {
	case ATTACHED_TCX:
		return "tcx";
	case ATTACHED_CLSACT:
		return "clsact";
	default:
		return attachment->generic ? "xdp-generic" : "xdp";
	}
}

/* One side of an interface. */
static void look_at_side(const struct sensor *sensor, const struct post *post, bool egress,
			 struct view_hook *ret)
{
	const struct attachment *attachment = &post->attachments[egress];
	const char *name = post->interface.name;
	char subject[IF_NAMESIZE + 16];

	*ret = (struct view_hook){
		.hook = egress ? "egress" : "ingress",
		.mode = post->attached ? attachment_mode(attachment) : "none",
	};
	snprintf(ret->interface, sizeof(ret->interface), "%s", name);
	snprintf(subject, sizeof(subject), "%s %s", name, ret->hook);
	ret->attached = post->attached && !blind_is(sensor, BLIND_DETACHED, subject);
}

static int look_at_hooks(struct survey *survey, const struct sensor *sensor)
{
	size_t count, used = 0;
	const struct post *const *posts = posts_list(sensor, &count);
	const struct chains *chains = loader_chains(sensor->loader);
	struct view_hook *hooks = reallocarray(survey->hooks, 2 * count + 1 + CHAINS_FUNCTIONS,
					       sizeof(*hooks));

	if (!hooks)
		return -ENOMEM;
	survey->hooks = hooks;
	for (size_t i = 0; i < count; i++) {
		if (posts[i]->gone)
			continue;
		look_at_side(sensor, posts[i], false, &hooks[used++]);
		if (!posts[i]->tap)
			look_at_side(sensor, posts[i], true, &hooks[used++]);
	}
	hooks[used++] = (struct view_hook){
		.hook = "kfree_skb",
		.mode = drops_mode(loader_drops(sensor->loader)),
		.attached = drops_attached(sensor),
	};
	for (int i = 0; chains->asked && i < CHAINS_FUNCTIONS; i++)
		if (chains->err[i] != -ENOENT)
			hooks[used++] = (struct view_hook){
				.hook = chains_function_name[i],
				.mode = "fentry",
				.attached = !chains->err[i],
			};
	survey->view.hooks = hooks;
	survey->view.hook_count = used;
	return 0;
}

/* Those that are kept there, then those that were said alone. */
static int look_at_conditions(struct survey *survey, const struct sensor *sensor)
{
	const struct conditions *said = &survey->conditions;
	size_t count, used = 0;
	const struct blind_condition *blind = blind_list(sensor, &count);
	struct view_condition *list = reallocarray(survey->list, count + said->count + 1,
						   sizeof(*list));

	if (!list)
		return -ENOMEM;
	survey->list = list;
	for (size_t i = 0; i < count; i++)
		list[used++] = (struct view_condition){
			.action = blind[i].action,
			.kind = blind_kind_name(blind[i].kind),
			.subject = blind[i].subject,
			.says = blind[i].reason,
			.since_wall_ns = blind[i].since_wall_ns,
		};
	for (size_t i = 0; i < said->count; i++)
		list[used++] = (struct view_condition){
			.action = said->list[i].action,
			.subject = said->list[i].subject,
			.says = said->list[i].says,
			.since_wall_ns = said->list[i].since_wall_ns,
		};
	survey->view.conditions = list;
	survey->view.condition_count = used;
	return 0;
}

static void look_at_maps(struct survey *survey, const struct sensor *sensor)
{
	const struct sizes *sizes = loader_sizes(sensor->loader);
	const struct tally *tally = &survey->tally;
	const struct view_map maps[] = {
		{ "http_counts", sizes->counts, tally->entries[FEED_HTTP], true },
		{ "drop_counts", sizes->drops, tally->entries[FEED_DROP], true },
		{ "flows", sizes->flows, 0, false },
		{ "notes", sizes->notes, 0, false },
		{ "holds", sizes->holds, 0, false },
		{ "attempts", sizes->attempts, 0, false }, /* the last: not every rule needs it */
	};

	_Static_assert(sizeof(maps) <= sizeof(survey->maps), "room for each map");
	memcpy(survey->maps, maps, sizeof(maps));
	survey->view.maps = survey->maps;
	survey->view.map_count = sizeof(maps) / sizeof(maps[0]) - !sizes->attempts;
}

static void look_at_programs(struct survey *survey, const struct sensor *sensor)
{
	size_t count = loader_programs(sensor->loader, survey->loaded, PROGRAMS_MAX);

	for (size_t i = 0; i < count; i++)
		survey->programs[i] = (struct view_program){
			.name = survey->loaded[i].name,
			.run_ns = survey->loaded[i].run_ns,
			.runs = survey->loaded[i].runs,
		};
	survey->view.programs = survey->programs;
	survey->view.program_count = count;
}

static void look_at_sinks(struct survey *survey, const struct sensor *sensor)
{
	const struct sink_counts *counts;
	size_t count = 0;
	const char *name;

	for (size_t i = 0; (counts = delivery_counts(sensor, i, &name)); i++)
		survey->sinks[count++] = (struct view_sink){ name, counts->sent, counts->lost,
							     counts->unsent };
	for (size_t i = 0; i < sensor->sink_count; i++) {
		counts = &sensor->sinks[i]->counts;
		survey->sinks[count++] = (struct view_sink){ sensor->sinks[i]->ops->name,
							     counts->sent, counts->lost,
							     counts->unsent };
	}
	survey->view.sinks = survey->sinks;
	survey->view.sink_count = count;
}

/* 0 where it can't be known. */
static __u64 resident_bytes(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!statm)
		return 0;
	if (fscanf(statm, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(statm);
	return (__u64)pages * sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		return 0;
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

const struct view *survey_view(struct survey *survey, const struct sensor *sensor)
{
	survey->view = (struct view){
		.version = spikewatch_version,
		.revision = spikewatch_revision,
		.hostname = sensor->hostname,
		.start_wall_ns = survey->start_wall_ns,
		.now_wall_ns = clock_now_ns(CLOCK_REALTIME),
		.uptime_ns = clock_now_ns(CLOCK_BOOTTIME) - survey->start_ns,
		.alive = survey_is_alive(survey),
		.not_ready = survey_not_ready(survey, sensor),
		.reasons = &sensor->reasons.names,
		.reason_class = sensor->reasons.class,
		.tally = &survey->tally,
		.unread = sensor->unread,
		.pods = podnames_view(sensor),
		.observer = &sensor->observer,
		.reload_wall_ns = survey->conditions.reload_wall_ns,
		.reload_says = survey->conditions.reload_says,
		.reload_failure = sensor->reload_failure,
		.recursion_missed = loader_recursion_missed(sensor->loader),
		.cpu_s = cpu_seconds(),
		.resident_bytes = resident_bytes(),
	};
	if (look_at_rules(survey, sensor) || look_at_hooks(survey, sensor) ||
	    look_at_conditions(survey, sensor))
		return NULL;
	look_at_maps(survey, sensor);
	look_at_programs(survey, sensor);
	look_at_sinks(survey, sensor);
	return &survey->view;
}
