/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an incident's evidence looks like: scan, sweep, flood... with the figures it was read from.
 */
#include "core/evidence.h"

#include <stdio.h>

const char *cause_name(enum cause cause)
{
	switch (cause) {
	case CAUSE_SCAN:
		return "scan";
	case CAUSE_SWEEP:
		return "sweep";
	case CAUSE_FLOOD:
		return "flood";
	case CAUSE_MISCONFIGURATION:
		return "misconfiguration";
	case CAUSE_BEACON_OR_EXFILTRATION:
		return "beacon_or_exfiltration";
	case CAUSE_MIXED:
		break;
	}
	return "mixed";
}

static bool nearly_all(__u64 part, __u64 whole)
{
	return (double)part >= 0.9 * (double)whole;
}

/* Does one value hold nearly all that is known? */
static bool is_one(const struct top *top, __u64 known)
{
	return top->count && nearly_all(top->entry[0].count, known);
}

static enum cause cause_of_one_source(const struct evidence *evidence, __u64 duration_ns)
{
	bool http = evidence->feed == FEED_HTTP;

	if (evidence->top[DIM_PORT].distinct >= CAUSE_MANY)
		return CAUSE_SCAN;
	if (evidence->host.distinct >= CAUSE_MANY)
		return http ? CAUSE_SCAN : CAUSE_SWEEP;
	if (evidence->paths >= CAUSE_MANY)
		return CAUSE_SCAN;
	if (!http && nearly_all(evidence->outward, evidence->known))
		return CAUSE_BEACON_OR_EXFILTRATION;
	if (evidence->steady && duration_ns >= CAUSE_STEADY_NS &&
	    is_one(&evidence->top[DIM_DESTINATION], evidence->known) &&
	    (!http || is_one(&evidence->top[DIM_STATUS], evidence->known)))
		return CAUSE_MISCONFIGURATION;
	if (http && evidence->client_errors >= evidence->known - evidence->client_errors)
		return CAUSE_SCAN;
	return CAUSE_MIXED;
}

static const char *plural(const struct top *top)
{
	return top->distinct == 1 && !top->distinct_at_least ? "" : "s";
}

static const char *at_least(const struct top *top)
{
	return top->distinct_at_least ? "at least " : "";
}

static void format_duration(__u64 duration_ns, char *buf, size_t size)
{
	/* rounded up: what lies within one second took "1 s" */
	unsigned long long s = duration_ns / 1000000000 + (duration_ns % 1000000000 != 0);

	if (s < 60)
		snprintf(buf, size, "%llu s", s ? s : 1);
	else if (s < 3600)
		snprintf(buf, size, "%llu m %llu s", s / 60, s % 60);
	else
		snprintf(buf, size, "%llu h %llu m", s / 3600, s / 60 % 60);
}

static void say_paths(const struct evidence *evidence, const char *sources, const char *duration,
		      char says[ALERT_TEXT])
{
	const struct top *host = &evidence->host, *port = &evidence->top[DIM_PORT];
	char ports[48] = "";

	if (port->distinct > 1 || port->distinct_at_least)
		snprintf(ports, sizeof(ports), ", %s%llu ports", at_least(port), port->distinct);
	snprintf(says, ALERT_TEXT, "%s client%s, %s%llu path%s of %s%llu server%s%s in %s", sources,
		 plural(&evidence->top[DIM_SOURCE]), evidence->paths_at_least ? "at least " : "",
		 evidence->paths, evidence->paths == 1 && !evidence->paths_at_least ? "" : "s",
		 at_least(host), host->distinct, plural(host), ports, duration);
}

static void say(const struct evidence *evidence, __u64 duration_ns, char says[ALERT_TEXT])
{
	const struct top *source = &evidence->top[DIM_SOURCE], *host = &evidence->host,
			 *port = &evidence->top[DIM_PORT];
	bool http = evidence->feed == FEED_HTTP;
	char sources[48], duration[48];

	if (source->distinct == 1 && !source->distinct_at_least)
		snprintf(sources, sizeof(sources), "one");
	else
		snprintf(sources, sizeof(sources), "%s%llu", at_least(source), source->distinct);
	format_duration(duration_ns, duration, sizeof(duration));
	if (evidence->paths) {
		say_paths(evidence, sources, duration, says);
		return;
	}
	snprintf(says, ALERT_TEXT, "%s %s%s, %s%llu %s%s, %s%llu port%s in %s", sources,
		 http ? "client" : "source", plural(source), at_least(host), host->distinct,
		 http ? "server" : "destination", plural(host), at_least(port), port->distinct,
		 plural(port), duration);
}

enum cause evidence_cause(const struct evidence *evidence, __u64 duration_ns, char says[ALERT_TEXT])
{
	const struct top *sources = &evidence->top[DIM_SOURCE];

	say(evidence, duration_ns, says);
	if (!evidence->known)
		return CAUSE_MIXED;
	if (is_one(sources, evidence->known))
		return cause_of_one_source(evidence, duration_ns);
	if (sources->distinct >= CAUSE_MANY && is_one(&evidence->host, evidence->known))
		return CAUSE_FLOOD;
	return CAUSE_MIXED;
}
