/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: what is told of them, and what only in a low voice. */
#include "core/evidence.h"
#include "core/id.h"
#include "core/incident_state.h"

#include <stdlib.h>
#include <string.h>

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
	told->requests = alert->requests;
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
	alert->requests = told->requests;
	memcpy(alert->anomaly.influencer, told->influencer, sizeof(told->influencer));
	alert->anomaly.influencer_count = told->influencer_count;
	memcpy(alert->cause_says, told->cause_says, sizeof(alert->cause_says));
	alert->cause = told->cause;
}

static void emit(struct incidents *incidents, struct incident *incident, enum alert_action action,
		 struct alert *alert)
{
	struct id_of of = {
		.rule = incidents->cfg.rule,
		.group = &incident->key,
		.start_wall_ns = incident->start_wall_ns,
		.action = action,
	};

	alert->action = action;
	alert->suppressed = incident->suppressed;
	id_make(&of, alert->incident);
	of.serial = ++incident->serial;
	id_make(&of, alert->event_id);
	incidents->told++;
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

void incident_open_raised(struct incidents *incidents, struct incident *incident,
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

void incident_grow(struct incidents *incidents, struct incident *incident,
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

void incident_tell_close(struct incidents *incidents, struct incident *incident,
			 const struct standing *standing)
{
	struct alert alert;

	describe(incidents, incident, standing->count, &alert);
	if (incident->told)
		repeat(incident->told, &alert);
	emit(incidents, incident, ALERT_CLOSE, &alert);
	free(incident->told);
	incident->told = NULL;
}
