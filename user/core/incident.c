/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: when they are told, grow, close, and when they are told only in a low voice. */
#include "core/incident.h"
#include "core/evidence.h"
#include "core/id.h"
#include "core/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOT_CALM 0xffffffffffffffffULL

enum state { RAISED, OPEN, CLOSED };

/* What the last open or update told; a close tells it again. */
struct told {
	struct top top[DIM_MAX];
	struct alert_sample sample[ALERT_SAMPLES_MAX];
	size_t sample_count;
	struct influencer influencer[ALERT_TOP_MAX];
	size_t influencer_count;
	enum cause cause;
	char cause_says[ALERT_TEXT];
};

struct incident {
	__u32 next; /* the table's */
	struct group_key key;
	__u32 before; /* list of the closed ones, in the order of closing */
	__u32 after;
	__u32 serial; /* records written about it */
	__u8 state;
	bool suppressed;
	bool known;        /* a record of open was written: known_* hold */
	__u8 known_causes; /* bit mask of 1 << enum cause: told while open */
	struct addr known_source;
	__u64 known_ns; /* when it was written; CLOCK_BOOTTIME */
	__u64 known_peak;
	__u64 start_wall_ns;
	__u64 end_wall_ns;
	__u64 calm_ns; /* since when it is calm, or NOT_CALM */
	__u64 peak;
	__u64 told_peak; /* at the last record, or the last look at a suppressed one */
	__u64 told_ns;
	double peak_score;
	struct told *told;
};

struct incidents {
	struct incidents_cfg cfg;
	struct table table;
	__u32 *open; /* indices */
	size_t open_count;
	size_t open_capacity;
	__u32 closed_first;
	__u32 closed_last;
	__u64 dropped;
	__u64 now_ns; /* of the judgement under way */
	__u64 wall_ns;
};

const char *alert_action_name(enum alert_action action)
{
	switch (action) {
	case ALERT_OPEN:
		return "open";
	case ALERT_UPDATE:
		return "update";
	case ALERT_CLOSE:
		return "close";
	case ALERT_SUPPRESSED:
		break;
	}
	return "suppressed";
}

int incidents_new(const struct incidents_cfg *cfg, struct incidents **ret)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));

	if (!incidents)
		return -ENOMEM;
	incidents->cfg = *cfg;
	incidents->closed_first = incidents->closed_last = TABLE_NONE;
	table_init(&incidents->table, sizeof(struct incident), offsetof(struct incident, key),
		   sizeof(struct group_key), cfg->max, cfg->seed);
	*ret = incidents;
	return 0;
}

static struct incident *at(const struct incidents *incidents, __u32 i)
{
	return table_at(&incidents->table, i);
}

void incidents_free(struct incidents *incidents)
{
	size_t i;

	if (!incidents)
		return;
	for (i = 0; i < incidents->open_count; i++)
		free(at(incidents, incidents->open[i])->told);
	table_clear(&incidents->table);
	free(incidents->open);
	free(incidents);
}

static void closed_append(struct incidents *incidents, __u32 i)
{
	at(incidents, i)->before = incidents->closed_last;
	at(incidents, i)->after = TABLE_NONE;
	if (incidents->closed_last == TABLE_NONE)
		incidents->closed_first = i;
	else
		at(incidents, incidents->closed_last)->after = i;
	incidents->closed_last = i;
}

static void closed_unlink(struct incidents *incidents, __u32 i)
{
	const struct incident *incident = at(incidents, i);

	if (incident->before == TABLE_NONE)
		incidents->closed_first = incident->after;
	else
		at(incidents, incident->before)->after = incident->after;
	if (incident->after == TABLE_NONE)
		incidents->closed_last = incident->before;
	else
		at(incidents, incident->after)->before = incident->before;
}

static void forget_closed(struct incidents *incidents)
{
	__u32 i = incidents->closed_first;

	closed_unlink(incidents, i);
	table_remove(&incidents->table, i);
}

/* Room for one more in the list of open ones. */
static int open_reserve(struct incidents *incidents)
{
	size_t capacity = incidents->open_capacity ? incidents->open_capacity * 2 : 16;
	__u32 *open;

	if (incidents->open_count < incidents->open_capacity)
		return 0;
	open = realloc(incidents->open, capacity * sizeof(*open));
	if (!open)
		return -ENOMEM;
	incidents->open = open;
	incidents->open_capacity = capacity;
	return 0;
}

int incidents_raise(struct incidents *incidents, const struct group_key *key)
{
	__u32 i = table_find(&incidents->table, key);
	struct incident *incident;
	int err;

	if (i != TABLE_NONE && at(incidents, i)->state != CLOSED)
		return 0;
	err = open_reserve(incidents);
	if (err)
		return err;
	if (i == TABLE_NONE) {
		if (incidents->table.live >= incidents->cfg.max &&
		    incidents->closed_first != TABLE_NONE)
			forget_closed(incidents);
		err = table_add(&incidents->table, key, &i);
		if (err) {
			incidents->dropped++;
			return err;
		}
	} else {
		closed_unlink(incidents, i);
	}
	incident = at(incidents, i);
	incident->state = RAISED;
	incident->serial = 0;
	incident->peak = 0;
	incident->peak_score = 0;
	incident->calm_ns = NOT_CALM;
	incidents->open[incidents->open_count++] = i;
	return 0;
}

static void make_id(const struct incidents *incidents, const struct incident *incident,
		    __u32 serial, char id[ALERT_ID_LEN + 1])
{
	id_make(incidents->cfg.rule, &incident->key, incident->start_wall_ns, serial, id);
}

/* Fills in everything but ids, action and suppressed. */
static void describe(const struct incidents *incidents, struct incident *incident, __u64 count,
		     struct alert *alert)
{
	*alert = (struct alert){
		.rule = incidents->cfg.rule,
		.wall_ns = incidents->wall_ns,
		.start_wall_ns = incident->start_wall_ns,
		.end_wall_ns = incident->end_wall_ns,
		.group = incident->key,
		.count = count,
		.peak = incident->peak,
	};
	incidents->cfg.describe(alert, incidents->cfg.watch_arg);
	if (alert->anomaly.score > incident->peak_score)
		incident->peak_score = alert->anomaly.score;
	alert->anomaly.peak_score = incident->peak_score;
}

static void remember(struct told *told, const struct alert *alert)
{
	memcpy(told->top, alert->top, sizeof(told->top));
	memcpy(told->sample, alert->sample, sizeof(told->sample));
	told->sample_count = alert->sample_count;
	memcpy(told->influencer, alert->anomaly.influencer, sizeof(told->influencer));
	told->influencer_count = alert->anomaly.influencer_count;
	memcpy(told->cause_says, alert->cause_says, sizeof(told->cause_says));
	told->cause = alert->cause;
}

static void repeat(const struct told *told, struct alert *alert)
{
	memcpy(alert->top, told->top, sizeof(alert->top));
	memcpy(alert->sample, told->sample, sizeof(alert->sample));
	alert->sample_count = told->sample_count;
	memcpy(alert->anomaly.influencer, told->influencer, sizeof(told->influencer));
	alert->anomaly.influencer_count = told->influencer_count;
	memcpy(alert->cause_says, told->cause_says, sizeof(alert->cause_says));
	alert->cause = told->cause;
}

static void emit(struct incidents *incidents, struct incident *incident, enum alert_action action,
		 struct alert *alert)
{
	alert->action = action;
	alert->suppressed = incident->suppressed;
	make_id(incidents, incident, 0, alert->incident);
	make_id(incidents, incident, ++incident->serial, alert->event_id);
	incident->told_ns = incidents->now_ns;
	incident->told_peak = incident->peak;
	if (!incident->told)
		incident->told = malloc(sizeof(*incident->told));
	if (incident->told && action != ALERT_CLOSE)
		remember(incident->told, alert);
	incidents->cfg.emit(alert, incidents->cfg.emit_arg);
}

/* An open or update that is to be heard; from it on, suppression compares with it. */
static void tell(struct incidents *incidents, struct incident *incident, enum alert_action action,
		 struct alert *alert)
{
	if (action == ALERT_OPEN) {
		incident->known_ns = incidents->now_ns;
		incident->known_causes = 0;
	}
	incident->known = true;
	incident->suppressed = false;
	incident->known_causes |= (__u8)(1U << alert->cause);
	incident->known_source = evidence_main_source(&alert->top[DIM_SOURCE]);
	emit(incidents, incident, action, alert);
}

/* Would an incident of this size be more of the same, soon after what was told? */
static bool is_known(const struct incidents *incidents, const struct incident *incident)
{
	return incident->known &&
	       incidents->now_ns - incident->known_ns < incidents->cfg.rule->suppress_ns &&
	       (incident->peak / 2 < incident->known_peak ||
		incident->peak == incident->known_peak);
}

static bool looks_known(const struct incident *incident, const struct alert *alert)
{
	struct addr source = evidence_main_source(&alert->top[DIM_SOURCE]);

	return (incident->known_causes >> alert->cause & 1) &&
	       addr_equal(&source, &incident->known_source);
}

static void open_raised(struct incidents *incidents, struct incident *incident,
			const struct standing *standing)
{
	struct alert alert;

	incident->state = OPEN;
	incident->start_wall_ns = standing->first_wall_ns;
	describe(incidents, incident, standing->count, &alert);
	if (is_known(incidents, incident) && looks_known(incident, &alert)) {
		incident->suppressed = true;
		emit(incidents, incident, ALERT_SUPPRESSED, &alert);
	} else {
		tell(incidents, incident, ALERT_OPEN, &alert);
	}
}

/* An open incident goes on: is there something to tell? */
static void grow(struct incidents *incidents, struct incident *incident,
		 const struct standing *standing)
{
	bool doubled = incident->peak > incident->told_peak &&
		       incident->peak / 2 >= incident->told_peak &&
		       incidents->now_ns - incident->told_ns >= INCIDENT_UPDATE_NS;
	bool unknown = incident->suppressed && !is_known(incidents, incident);
	struct alert alert;

	if (!standing->over || !(doubled || unknown))
		return;
	describe(incidents, incident, standing->count, &alert);
	if (!incident->suppressed) {
		tell(incidents, incident, ALERT_UPDATE, &alert);
	} else if (unknown || !looks_known(incident, &alert)) {
		tell(incidents, incident, ALERT_OPEN, &alert);
	} else {
		incident->told_peak = incident->peak;
		incident->told_ns = incidents->now_ns;
	}
}

static void close_calmed(struct incidents *incidents, __u32 i, const struct standing *standing)
{
	struct incident *incident = at(incidents, i);
	struct alert alert;

	describe(incidents, incident, standing->count, &alert);
	if (incident->told)
		repeat(incident->told, &alert);
	emit(incidents, incident, ALERT_CLOSE, &alert);
	free(incident->told);
	incident->told = NULL;
	incident->state = CLOSED;
	closed_append(incidents, i);
}

/* True where the incident has closed. */
static bool judge_one(struct incidents *incidents, __u32 i)
{
	struct incident *incident = at(incidents, i);
	struct standing standing = { 0 };

	incidents->cfg.stand(&incident->key, &standing, incidents->cfg.watch_arg);
	if (standing.count > incident->peak)
		incident->peak = standing.count;
	if (standing.count)
		incident->end_wall_ns = standing.last_wall_ns;
	if (incident->state == RAISED)
		open_raised(incidents, incident, &standing);
	else
		grow(incidents, incident, &standing);
	if (!incident->suppressed)
		incident->known_peak = incident->peak;

	if (!standing.calm)
		incident->calm_ns = NOT_CALM;
	else if (incident->calm_ns == NOT_CALM)
		incident->calm_ns = incidents->now_ns;
	if (!standing.calm || incidents->now_ns - incident->calm_ns < incidents->cfg.calm_ns)
		return false;
	close_calmed(incidents, i, &standing);
	return true;
}

void incidents_judge(struct incidents *incidents, __u64 now_ns, __u64 wall_ns)
{
	size_t i, kept = 0;

	incidents->now_ns = now_ns;
	incidents->wall_ns = wall_ns;
	for (i = 0; i < incidents->open_count; i++) {
		__u32 index = incidents->open[i];

		if (!judge_one(incidents, index))
			incidents->open[kept++] = index;
	}
	incidents->open_count = kept;
	while (incidents->closed_first != TABLE_NONE &&
	       now_ns - at(incidents, incidents->closed_first)->known_ns >=
		       incidents->cfg.rule->suppress_ns)
		forget_closed(incidents);
}

size_t incidents_open(const struct incidents *incidents)
{
	return incidents->open_count;
}

size_t incidents_remembered(const struct incidents *incidents)
{
	return incidents->table.live - incidents->open_count;
}

__u64 incidents_dropped(const struct incidents *incidents)
{
	return incidents->dropped;
}
