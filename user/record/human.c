/* SPDX-License-Identifier: GPL-2.0-only */
/* What a record looks like to a human. */
#include "record/human.h"
#include "record/party.h"
#include "record/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Columns: "Nov 21 20:15:31  CRITICAL  " before the text; on narrow terminals less on later lines.
 */
#define MARK_COLUMN   17
#define TEXT_COLUMN   27
#define NARROW        72
#define NARROW_INDENT 4

#define EVIDENCE_MAX  5 /* values a line */
#define SAMPLES_SHOWN 2
#define LABEL_COLUMNS 10 /* "statuses", "coverage" and two spaces */

#define CAUSE_MAX  32
#define SAMPLE_MAX 320

struct mark {
	const char *word;
	enum style style;
};

/* How far the lines after the first are indented. */
static size_t indent_of(const struct page *page)
{
	return page->width && page->width < NARROW ? NARROW_INDENT : TEXT_COLUMN;
}

static void start_record(struct page *page, __u64 wall_ns, struct mark mark)
{
	time_t seconds = wall_ns / 1000000000;
	char time_text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(time_text, sizeof(time_text), "%b %e %H:%M:%S", &tm);
	page_start(page, 0);
	page_put(page, STYLE_DIM, "%s", time_text);
	page_tab(page, MARK_COLUMN - 1);
	page_put(page, mark.style, "%s", mark.word);
	page_tab(page, TEXT_COLUMN - 1);
	page->indent = indent_of(page);
}

/* --- alerts --------------------------------------------------------------------------------- */

static struct mark severity_mark(unsigned int severity)
{
	if (severity <= 2)
		return (struct mark){ "LOW", STYLE_CYAN };
	if (severity <= 5)
		return (struct mark){ "MEDIUM", STYLE_YELLOW };
	if (severity <= 7)
		return (struct mark){ "HIGH", STYLE_RED };
	return (struct mark){ "CRITICAL", STYLE_ALARM };
}

static struct mark alert_mark(const struct alert *alert)
{
	if (alert->action == ALERT_CLOSE)
		return (struct mark){ "closed", STYLE_GREEN };
	if (alert->rule->prototype)
		return (struct mark){ "trial", STYLE_DIM };
	if (alert->suppressed || alert->action == ALERT_SUPPRESSED)
		return (struct mark){ "muted", STYLE_DIM };
	return severity_mark(alert->rule->severity);
}

static void put_headline(struct page *page, const struct alert *alert)
{
	const struct rule *rule = alert->rule;
	char elapsed[TEXT_ELAPSED_MAX], *counts;

	page_put(page, STYLE_BOLD, "%s:", text_title(rule));
	if (text_counts(alert, &counts)) {
		page->failed = true;
		return;
	}
	page_put(page, STYLE_PLAIN, "%s%s%s", alert->action == ALERT_UPDATE ? "now " : "", counts,
		 alert->action == ALERT_CLOSE ? "," : "");
	free(counts);
	if (alert->action == ALERT_CLOSE)
		page_put(page, STYLE_PLAIN, "lasted %s", text_elapsed(alert, elapsed));
	else if (rule->kind == RULE_THRESHOLD)
		page_put(page, STYLE_DIM, "(limit %llu)",
			 (unsigned long long)rule->threshold.count);
}

/* "(pod shop/cart-6d4b75cb6d-x2x7k of Deployment cart)" */
static void put_pod(struct page *page, const struct addr_pod *pod)
{
	page_put(page, STYLE_PLAIN, "(pod %s/%s%s", pod->namespace, pod->name,
		 pod->kind && pod->workload ? "" : ")");
	if (pod->kind && pod->workload)
		page_put(page, STYLE_PLAIN, "of %s %s)", pod->kind, pod->workload);
}

/* "10.0.0.1 (build-7)", "10.0.0.1 and 12 more"; false where nothing is known. */
static bool put_party(struct page *page, const struct observer *observer, const struct alert *alert,
		      enum dimension side)
{
	__u16 port = side == DIM_DESTINATION ? party_port(alert) : 0;
	char text[TEXT_ENDPOINT_MAX];
	struct addr_pod pod;
	struct party party;
	const char *host;
	__u64 more;

	party_blamed(alert, side, &party);
	if (!party.count)
		return false;
	page_put(page, STYLE_BOLD, "%s", text_endpoint(&party.addr[0], port, text));
	host = text_host(observer, &party.addr[0]);
	if (host)
		page_put(page, STYLE_PLAIN, "(%s)", host);
	if (text_pod(observer, &party.addr[0], &pod))
		put_pod(page, &pod);
	more = party.count - 1 + party.others;
	if (more || party.at_least)
		page_put(page, STYLE_PLAIN, "and %s%llu more", party.at_least ? "at least " : "",
			 (unsigned long long)more);
	return true;
}

static void put_parties(struct page *page, const struct observer *observer,
			const struct alert *alert)
{
	page_start(page, indent_of(page));
	if (!put_party(page, observer, alert, DIM_SOURCE))
		page_put(page, STYLE_DIM, "many");
	page_put(page, STYLE_DIM, "->");
	if (!put_party(page, observer, alert, DIM_DESTINATION))
		page_put(page, STYLE_DIM, "many");
}

/* "beacon or exfiltration" */
static void format_cause(enum cause cause, char buf[CAUSE_MAX])
{
	snprintf(buf, CAUSE_MAX, "%s", cause_name(cause));
	for (char *c = buf; *c; c++)
		if (*c == '_')
			*c = ' ';
}

/* Begins a line "label  ..." whose text wraps beside its label. */
static void start_line(struct page *page, const char *label)
{
	size_t indent = indent_of(page);

	page_start(page, indent);
	page_put(page, STYLE_DIM, "%s", label);
	page_tab(page, indent + LABEL_COLUMNS - 1);
	page->indent = indent + LABEL_COLUMNS;
	page_tab(page, page->indent);
}

static void put_cause(struct page *page, const struct alert *alert)
{
	char name[CAUSE_MAX];

	format_cause(alert->cause, name);
	start_line(page, "cause");
	page_put(page, STYLE_PLAIN, alert->cause_says[0] ? "%s: %s" : "%s%s", name,
		 alert->cause_says);
}

/* One value stands above already, as the source, the destination or its port. */
static bool is_news(const struct alert *alert, enum dimension dimension)
{
	const struct top *top = &alert->top[dimension];
	struct party party;

	switch (dimension) {
	case DIM_DESTINATION:
		party_blamed(alert, DIM_DESTINATION, &party);
		return top->count && !(party_is_one(&party) && party_port(alert));
	case DIM_CHAIN:
		return top->count > 1 || (top->count && top->entry[0].code != CHAIN_UNKNOWN);
	case DIM_SOURCE:
	case DIM_PORT:
	case DIM_HOOK:
		return top->count > 1 || top->rest;
	default:
		return top->count;
	}
}

static void put_evidence(struct page *page, const struct observer *observer,
			 const struct alert *alert)
{
	char value[TEXT_ENTRY_MAX];

	for (int i = 0; i < DIM_MAX; i++) {
		const struct top *top = &alert->top[i];
		size_t shown = top->count < EVIDENCE_MAX ? top->count : EVIDENCE_MAX;

		if (!is_news(alert, i))
			continue;
		start_line(page, text_dimension(i));
		for (size_t k = 0; k < shown; k++)
			page_put(page, STYLE_PLAIN, "%s x%llu%s",
				 text_entry(observer, i, &top->entry[k], value),
				 (unsigned long long)top->entry[k].count, k + 1 < shown ? "," : "");
		if (top->distinct > shown)
			page_put(page, STYLE_DIM, "and %s%llu more",
				 top->distinct_at_least ? "at least " : "",
				 (unsigned long long)(top->distinct - shown));
	}
}

static void put_requests(struct page *page, const struct alert_requests *requests)
{
	size_t shown = requests->count < EVIDENCE_MAX ? requests->count : EVIDENCE_MAX;

	if (!shown)
		return;
	start_line(page, "requests");
	for (size_t i = 0; i < shown; i++)
		page_put(page, STYLE_PLAIN, "%s%s", requests->text[i], i + 1 < shown ? "," : "");
	if (requests->distinct > shown)
		page_put(page, STYLE_DIM, "and %llu more",
			 (unsigned long long)(requests->distinct - shown));
}

/* "404 10.0.0.1:51234 -> 10.0.0.2:80", "NETFILTER_DROP tcp 10.0.0.1:51234 -> 10.0.0.2:23" */
static void format_sample(const struct observer *observer, enum feed feed,
			  const struct alert_sample *sample, char buf[SAMPLE_MAX])
{
	const enum dimension dimension = feed == FEED_HTTP ? DIM_STATUS : DIM_REASON;
	const struct top_entry entry = { .code = sample->code };
	char source[TEXT_ENDPOINT_MAX], destination[TEXT_ENDPOINT_MAX];
	char proto[TEXT_NUMBER_MAX], code[TEXT_ENTRY_MAX];

	text_endpoint(&sample->source, sample->source_port, source);
	text_endpoint(&sample->destination, sample->port, destination);
	snprintf(buf, SAMPLE_MAX, "%s %s %s -> %s",
		 sample->code ? text_entry(observer, dimension, &entry, code) : "",
		 sample->proto ? text_proto(sample->proto, proto) : "", source, destination);
}

static void put_samples(struct page *page, const struct observer *observer,
			const struct alert *alert)
{
	size_t shown = alert->sample_count < SAMPLES_SHOWN ? alert->sample_count : SAMPLES_SHOWN;
	char text[SAMPLE_MAX];

	if (!shown)
		return;
	start_line(page, "samples");
	for (size_t i = 0; i < shown; i++) {
		format_sample(observer, alert->rule->feed, &alert->sample[i], text);
		page_put(page, STYLE_PLAIN, "%s%s", text, i + 1 < shown ? "," : "");
	}
}

static void put_coverage(struct page *page, const struct alert *alert)
{
	char *says;

	if (alert->coverage.exact)
		return;
	if (text_coverage(alert, &says)) {
		page->failed = true;
		return;
	}
	start_line(page, "coverage");
	page_put(page, STYLE_YELLOW, "%s", says);
	free(says);
}

/* What alarms comes with its evidence; the rest is kept short. */
void human_put_alert(struct page *page, const struct observer *observer, const struct alert *alert)
{
	char cause[CAUSE_MAX];

	start_record(page, alert->wall_ns, alert_mark(alert));
	put_headline(page, alert);
	put_parties(page, observer, alert);
	if (record_is_alarm(alert)) {
		put_cause(page, alert);
		put_coverage(page, alert);
		put_evidence(page, observer, alert);
		put_requests(page, &alert->requests);
		if (alert->action == ALERT_OPEN)
			put_samples(page, observer, alert);
	} else {
		format_cause(alert->cause, cause);
		page_put(page, STYLE_DIM, "(%s)", cause);
		put_coverage(page, alert);
	}
	page_start(page, 0);
}

/* --- the sensor ----------------------------------------------------------------------------- */

void human_put_sensor(struct page *page, const struct sensor_event *event)
{
	static const struct {
		struct mark mark;
		const char *advice; /* beside what the reason says */
	} kinds[] = {
		[SENSOR_STARTED] = { { "started", STYLE_GREEN }, NULL },
		[SENSOR_STOPPED] = { { "stopped", STYLE_YELLOW },
				     "nothing is watched until it runs again" },
		[SENSOR_RELOADED] = { { "reloaded", STYLE_GREEN }, NULL },
		[SENSOR_REFUSED] = { { "not reloaded", STYLE_YELLOW }, NULL },
		[SENSOR_BLIND] = { { "BLIND", STYLE_ALARM },
				   "while this lasts, no alert does not mean no attack; "
				   "'spikewatch probe' shows what stands in the way" },
		[SENSOR_DEGRADED] = { { "DEGRADED", STYLE_YELLOW },
				      "while this lasts, counts are lower bounds" },
		[SENSOR_RECOVERED] = { { "OK again", STYLE_GREEN }, NULL },
	};

	start_record(page, event->wall_ns, kinds[event->action].mark);
	if (event->subject)
		page_put(page, STYLE_BOLD, "%s%s", event->subject, event->reason ? ":" : "");
	if (event->reason)
		page_put(page, STYLE_PLAIN, "%s", event->reason);
	if (kinds[event->action].advice) {
		page_start(page, indent_of(page));
		page_put(page, STYLE_DIM, "%s", kinds[event->action].advice);
	}
	page_start(page, 0);
}
