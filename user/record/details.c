/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of an alert's record that is our own: everything under "spikewatch". */
#include "record/details.h"
#include "record/party.h"
#include "record/text.h"
#include "record/value.h"
#include "util/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"404":200,"500":100}: the counts of one dimension, the most frequent first. */
static json_t *top_object(const struct observer *observer, enum dimension dimension,
			  const struct top *top)
{
	json_t *object = json_object();
	int err = 0;

	for (size_t i = 0; i < top->count; i++) {
		char raw[TEXT_ENTRY_MAX], *key;

		text_entry(observer, dimension, &top->entry[i], raw);
		if (utf8_clean(raw, &key))
			return value_checked(object, -ENOMEM);
		err |= value_put(object, key, value_count(top->entry[i].count));
		free(key);
	}
	return value_checked(object, err);
}

/* What the top entries leave out: {"count":123,"distinct":17,"at_least":true}. */
static json_t *others_object(const struct top *top)
{
	__u64 distinct = top->distinct > top->count ? top->distinct - top->count : 0;
	json_t *object = json_object();
	int err = 0;

	err |= value_put(object, "count", value_count(top->rest));
	err |= value_put(object, "distinct", value_count(distinct));
	if (top->distinct_at_least)
		err |= value_put(object, "at_least", json_true());
	return value_checked(object, err);
}

/* {"time":...,"source":"10.0.0.1:51234","destination":"10.0.0.2:80","status":404} */
static json_t *sample_object(const struct observer *observer, enum feed feed,
			     const struct alert_sample *sample)
{
	const struct top_entry code = { .code = sample->code };
	char endpoint[TEXT_ENDPOINT_MAX], reason[TEXT_ENTRY_MAX], proto[TEXT_NUMBER_MAX];
	json_t *object = json_object();
	int err = value_put(object, "time", value_time(sample->wall_ns));

	text_endpoint(&sample->source, sample->source_port, endpoint);
	err |= value_put_text(object, "source", endpoint);
	text_endpoint(&sample->destination, sample->port, endpoint);
	err |= value_put_text(object, "destination", endpoint);
	if (feed == FEED_HTTP)
		err |= value_put(object, "status", json_integer(sample->code));
	else if (sample->code)
		err |= value_put_text(object, "reason",
				      text_entry(observer, DIM_REASON, &code, reason));
	if (sample->proto)
		err |= value_put_text(object, "proto", text_proto(sample->proto, proto));
	return value_checked(object, err);
}

static json_t *samples_array(const struct observer *observer, const struct alert *alert)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < alert->sample_count; i++)
		err |= json_array_append_new(
			array, sample_object(observer, alert->rule->feed, &alert->sample[i]));
	return value_checked(array, err);
}

/* Texts are printable ASCII: request_text(). */
static int put_requests(json_t *object, const struct alert_requests *requests)
{
	json_t *array;
	int err = 0;

	if (!requests->count)
		return 0;
	array = json_array();
	for (size_t i = 0; i < requests->count; i++)
		err |= json_array_append_new(array, json_string(requests->text[i]));
	err |= value_put(object, "requests", value_checked(array, err));
	return err | value_put(object, "paths", value_count(requests->paths));
}

static json_t *evidence_object(const struct observer *observer, const struct alert *alert)
{
	json_t *object = json_object(), *others = json_object();
	int err = 0;

	for (int i = 0; i < DIM_MAX; i++) {
		const struct top *top = &alert->top[i];

		if (!top->count)
			continue;
		err |= value_put(object, text_dimension(i), top_object(observer, i, top));
		if (top->rest || top->distinct > top->count || top->distinct_at_least)
			err |= value_put(others, text_dimension(i), others_object(top));
	}
	if (json_object_size(others))
		err |= value_put(object, "others", json_incref(others));
	json_decref(others);
	err |= put_requests(object, &alert->requests);
	if (alert->sample_count)
		err |= value_put(object, "samples", samples_array(observer, alert));
	return value_checked(object, err);
}

static int put_pod(json_t *object, const struct observer *observer, const struct addr *addr)
{
	struct addr_pod pod;

	if (!text_pod(observer, addr, &pod))
		return 0;
	return value_put(object, "kubernetes", value_pod(&pod));
}

static json_t *entity_object(const struct observer *observer, const char *role,
			     const struct addr *addr, const char *hostname)
{
	json_t *object = json_object();
	int err = value_put(object, "role", json_string(role));

	if (addr)
		err |= value_put(object, "ip", value_addr(addr));
	err |= value_put_text(object, "hostname", hostname);
	if (addr)
		err |= put_pod(object, observer, addr);
	return value_checked(object, err);
}

static int put_parties(json_t *array, const struct observer *observer, const struct alert *alert,
		       enum dimension side)
{
	const char *role = side == DIM_SOURCE ? "source" : "destination";
	struct party party;
	int err = 0;

	party_blamed(alert, side, &party);
	for (size_t i = 0; i < party.count; i++) {
		const struct addr *addr = &party.addr[i];

		err |= json_array_append_new(
			array, entity_object(observer, role, addr, text_host(observer, addr)));
	}
	return err;
}

/* Whom a risk score may be charged to: this device, then the sources, then the destinations. */
static json_t *entities_array(const struct observer *observer, const struct alert *alert)
{
	json_t *array = json_array();
	int err = json_array_append_new(array,
					entity_object(observer, "device",
						      observer->addr_count ? observer->addrs : NULL,
						      observer->hostname));

	err |= put_parties(array, observer, alert, DIM_SOURCE);
	err |= put_parties(array, observer, alert, DIM_DESTINATION);
	return value_checked(array, err);
}

/* "source" or "destination", as the fields of ECS: where one address is meant. */
static int put_side(json_t *object, const struct observer *observer, const struct alert *alert,
		    enum dimension side)
{
	json_t *of_side;
	struct addr_pod pod;
	struct party party;
	int err;

	party_blamed(alert, side, &party);
	if (!party_is_one(&party) || !text_pod(observer, &party.addr[0], &pod))
		return 0;
	of_side = json_object();
	err = value_put(of_side, "kubernetes", value_pod(&pod));
	return err | value_put(object, side == DIM_SOURCE ? "source" : "destination", of_side);
}

static json_t *coverage_object(const struct alert *alert)
{
	const struct coverage *coverage = &alert->coverage;
	json_t *object = json_object(), *lost;
	char *says;
	int err;

	err = value_put(object, "exact", json_boolean(coverage->exact));
	if (coverage->exact)
		return value_checked(object, err);
	lost = json_object();
	err |= value_put(lost, "evicted", value_count(coverage->evicted));
	err |= value_put(lost, "unparsed", value_count(coverage->unparsed));
	err |= value_put(lost, "gap_s", value_number(round(coverage->gap_ns / 1e8) / 10));
	err |= value_put(object, "lost", lost);
	if (text_coverage(alert, &says))
		return value_checked(object, -ENOMEM);
	err |= value_put_text(object, "says", says);
	free(says);
	return value_checked(object, err);
}

static json_t *influencer_object(const struct observer *observer, const struct influencer *in)
{
	static const char *const fields[DIM_MAX] = {
		[DIM_STATUS] = "http.response.status_code", [DIM_SOURCE] = "source.ip",
		[DIM_DESTINATION] = "destination.ip",       [DIM_PORT] = "destination.port",
		[DIM_REASON] = "spikewatch.reason",         [DIM_HOOK] = "spikewatch.hook",
		[DIM_CHAIN] = "spikewatch.chain",
	};
	struct top_entry entry = in->value;
	json_t *object = json_object();
	char value[TEXT_ENTRY_MAX];
	int err;

	/* A value of destination.ip is an address, so the port stands beside it. */
	if (in->dimension == DIM_DESTINATION)
		entry.port = 0;
	text_entry(observer, in->dimension, &entry, value);
	err = value_put(object, "field", json_string(fields[in->dimension]));
	err |= value_put_text(object, "value", value);
	if (in->dimension == DIM_DESTINATION && in->value.port)
		err |= value_put(object, "port", json_integer(in->value.port));
	err |= value_put(object, "influence", value_number(round(in->influence * 100) / 100));
	return value_checked(object, err);
}

/* Two significant digits say what a probability has to say. */
static double round_probability(double p)
{
	double scale;

	if (!(p > 1e-300) || !isfinite(p))
		return p;
	scale = pow(10, 1 - floor(log10(p)));
	return round(p * scale) / scale;
}

static json_t *pair(double first, double second)
{
	return json_pack("[o,o]", value_number(text_round(first)),
			 value_number(text_round(second)));
}

/* The names of Elastic's anomaly records, and what ours have beyond these. */
static int put_anomaly(json_t *object, const struct observer *observer, const struct alert *alert)
{
	static const char *const functions[] = {
		[SIDE_HIGH] = "high_count",
		[SIDE_LOW] = "low_count",
		[SIDE_BOTH] = "count",
	};
	const struct rule *rule = alert->rule;
	json_t *influencers = json_array();
	char span[TEXT_DURATION_MAX];
	int err = 0;

	for (size_t i = 0; i < alert->anomaly.influencer_count; i++)
		err |= json_array_append_new(
			influencers, influencer_object(observer, &alert->anomaly.influencer[i]));
	err |= value_put(object, "function", json_string(functions[rule->anomaly.side]));
	err |= value_put_text(object, "bucket_span", text_duration(rule->anomaly.bucket_ns, span));
	err |= value_put(object, "bucket_start", value_time(alert->anomaly.bucket_start_wall_ns));
	err |= value_put(object, "bucket_closed", json_boolean(alert->anomaly.bucket_closed));
	err |= value_put(object, "record_score", value_number(text_round(alert->anomaly.score)));
	err |= value_put(object, "probability",
			 value_number(round_probability(alert->anomaly.probability)));
	err |= value_put(object, "actual",
			 json_pack("[o]", value_number(text_round(alert->anomaly.actual))));
	err |= value_put(object, "typical",
			 json_pack("[o]", value_number(text_round(alert->anomaly.typical))));
	err |= value_put(object, "typical_range",
			 pair(alert->anomaly.typical_low, alert->anomaly.typical_high));
	if (alert->anomaly.bucket_coverage < 1)
		err |= value_put(object, "bucket_coverage",
				 value_number(text_round(alert->anomaly.bucket_coverage)));
	err |= value_put(object, "learning", json_boolean(alert->anomaly.learning));
	return err | value_put(object, "influencers", influencers);
}

static int put_threshold(json_t *object, const struct rule *rule)
{
	static const char *const distinct[] = {
		[DISTINCT_NONE] = NULL,
		[DISTINCT_SOURCE] = "source",
		[DISTINCT_DESTINATION] = "destination",
		[DISTINCT_PORT] = "port",
	};
	char window[TEXT_DURATION_MAX];
	int err = value_put(object, "limit", value_count(rule->threshold.count));

	err |= value_put_text(object, "window", text_duration(rule->threshold.window_ns, window));
	return err | value_put_text(object, "distinct", distinct[rule->threshold.distinct]);
}

static json_t *cause_object(const struct alert *alert)
{
	json_t *object = json_object();
	int err = value_put(object, "name", json_string(cause_name(alert->cause)));

	err |= value_put_text(object, "says", alert->cause_says);
	return value_checked(object, err);
}

json_t *details_new(const struct observer *observer, const struct alert *alert)
{
	const struct rule *rule = alert->rule;
	json_t *object = json_object();
	char *summary;
	int err;

	if (text_summary(alert, &summary))
		return value_checked(object, -ENOMEM);
	err = value_put_text(object, "incident", alert->incident);
	err |= value_put_text(object, "summary", summary);
	free(summary);
	err |= value_put(object, "severity", json_integer(rule->severity));
	err |= value_put(object, "count", value_count(alert->count));
	err |= value_put(object, "peak", value_count(alert->peak));
	err |= rule->kind == RULE_ANOMALY ? put_anomaly(object, observer, alert)
					  : put_threshold(object, rule);
	err |= value_put(object, "suppressed", json_boolean(alert->suppressed));
	err |= value_put(object, "prototype", json_boolean(rule->prototype));
	err |= put_side(object, observer, alert, DIM_SOURCE);
	err |= put_side(object, observer, alert, DIM_DESTINATION);
	err |= value_put(object, "cause", cause_object(alert));
	err |= value_put(object, "evidence", evidence_object(observer, alert));
	err |= value_put(object, "entities", entities_array(observer, alert));
	err |= value_put(object, "coverage", coverage_object(alert));
	return value_checked(object, err);
}
