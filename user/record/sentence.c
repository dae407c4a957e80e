/* SPDX-License-Identifier: GPL-2.0-only */
/* The sentences of a record: message, summary, coverage. */
#include "record/party.h"
#include "record/text.h"
#include "util/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Closes a memory stream and hands out its text, cleaned. */
static int finish(FILE *out, char **text, char **ret)
{
	bool failed = ferror(out);
	int err;

	if (fclose(out) || failed)
		err = -ENOMEM;
	else
		err = utf8_clean(*text, ret);
	free(*text);
	return err;
}

/* "4,100" */
static void put_grouped(FILE *out, __u64 n)
{
	if (n >= 1000) {
		put_grouped(out, n / 1000);
		fprintf(out, ",%03u", (unsigned int)(n % 1000));
	} else {
		fprintf(out, "%u", (unsigned int)n);
	}
}

/* " from 10.0.0.1", " to 3 servers", or nothing. */
static void put_side(FILE *out, const struct alert *alert, enum dimension side, const char *word)
{
	static const char *const names[FEED_MAX][2] = {
		[FEED_HTTP] = { "clients", "servers" },
		[FEED_DROP] = { "sources", "destinations" },
	};
	char text[ADDR_TEXT_MAX];
	struct party party;

	party_seen(alert, side, &party);
	if (!party.count)
		return;
	if (party_is_one(&party)) {
		fprintf(out, " %s %s", word, addr_format(&party.addr[0], text));
		return;
	}
	fprintf(out, " %s %s", word, party.at_least ? "at least " : "");
	if (side == DIM_DESTINATION && party.others)
		/* What lies beyond the top entries is known by address and port only. */
		fprintf(out, "%llu endpoints", (unsigned long long)alert->top[side].distinct);
	else
		fprintf(out, "%llu %s", (unsigned long long)(party.count + party.others),
			names[alert->rule->feed][side == DIM_DESTINATION]);
}

/* ", mostly from 10.0.0.1", or nothing where several are to blame, or none. */
static void put_blamed(FILE *out, const struct alert *alert, enum dimension side, const char *word)
{
	__u32 field = side == DIM_SOURCE ? GROUP_SOURCE : GROUP_DESTINATION;
	char text[ADDR_TEXT_MAX];
	struct party party;

	party_blamed(alert, side, &party);
	if (party.count == 1)
		fprintf(out, ", %s%s %s", alert->rule->group_by & field ? "" : "mostly ", word,
			addr_format(&party.addr[0], text));
}

static void put_counts(FILE *out, const struct alert *alert)
{
	bool anomaly = alert->rule->kind == RULE_ANOMALY, closed = alert->action == ALERT_CLOSE;
	char span[TEXT_DURATION_MAX], typical[TEXT_NUMBER_MAX];
	char low[TEXT_NUMBER_MAX], high[TEXT_NUMBER_MAX];
	__u64 count = closed ? alert->peak : alert->count;

	fprintf(out, "%s%s%llu %s in %s", closed ? "peak " : "",
		alert->coverage.exact ? "" : "at least ", (unsigned long long)count,
		text_counted(alert->rule, count),
		text_duration(anomaly ? alert->rule->anomaly.bucket_ns
				      : alert->rule->threshold.window_ns,
			      span));
	if (anomaly)
		fprintf(out, ", typical %s (%s-%s), %sscore %.0f",
			text_number(alert->anomaly.typical, typical),
			text_number(alert->anomaly.typical_low, low),
			text_number(alert->anomaly.typical_high, high), closed ? "peak " : "",
			closed ? alert->anomaly.peak_score : alert->anomaly.score);
}

int text_counts(const struct alert *alert, char **ret)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	put_counts(out, alert);
	return finish(out, &text, ret);
}

int text_message(const struct alert *alert, char **ret)
{
	static const char *const what[] = {
		[ALERT_OPEN] = "",
		[ALERT_UPDATE] = " (update)",
		[ALERT_CLOSE] = " (closed)",
		[ALERT_SUPPRESSED] = " (suppressed)",
	};
	char *text = NULL, elapsed[TEXT_ELAPSED_MAX];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	fprintf(out, "%s%s: ", text_title(alert->rule), what[alert->action]);
	put_counts(out, alert);
	if (alert->rule->kind == RULE_ANOMALY) {
		put_blamed(out, alert, DIM_SOURCE, "from");
		put_blamed(out, alert, DIM_DESTINATION, "to");
	} else {
		put_side(out, alert, DIM_SOURCE, "from");
		put_side(out, alert, DIM_DESTINATION, "to");
	}
	if (alert->action == ALERT_CLOSE)
		fprintf(out, ", lasted %s", text_elapsed(alert, elapsed));
	fprintf(out, " (%s)", cause_name(alert->cause));
	return finish(out, &text, ret);
}

/* "10.0.0.1", "10.0.0.1 (+3 more)" */
static void fill_side(FILE *out, const struct alert *alert, enum dimension side)
{
	char text[ADDR_TEXT_MAX];
	struct party party;
	__u64 more;

	party_seen(alert, side, &party);
	if (!party.count) {
		fputs("unknown", out);
		return;
	}
	fputs(addr_format(&party.addr[0], text), out);
	more = party.count - 1 + party.others;
	if (more || party.at_least)
		fprintf(out, " (+%llu%s more)", (unsigned long long)more,
			party.at_least ? " or" : "");
}

static void fill_port(FILE *out, const struct alert *alert)
{
	const struct top *top = &alert->top[DIM_PORT];
	__u16 port = party_port(alert);

	if (alert->rule->group_by & GROUP_PORT || port)
		fprintf(out, "%u", port);
	else if (!top->count)
		fputs("unknown", out);
	else if (top->distinct > 1)
		fprintf(out, "%u (+%llu%s more)", top->entry[0].port,
			(unsigned long long)top->distinct - 1, top->distinct_at_least ? " or" : "");
	else
		fprintf(out, "%u", top->entry[0].port);
}

static void fill_number(FILE *out, const struct alert *alert, double value)
{
	char text[TEXT_NUMBER_MAX];

	fputs(alert->rule->kind == RULE_ANOMALY ? text_number(value, text) : "unknown", out);
}

/* One placeholder, without its braces. False where there is none of that name. */
static bool fill(FILE *out, const struct alert *alert, const char *name, size_t len)
{
	const struct rule *rule = alert->rule;
	char text[TEXT_DURATION_MAX];

#define IS(word) (len == sizeof(word) - 1 && !memcmp(name, word, len))
	if (IS("client") || IS("source"))
		fill_side(out, alert, DIM_SOURCE);
	else if (IS("server") || IS("destination"))
		fill_side(out, alert, DIM_DESTINATION);
	else if (IS("port"))
		fill_port(out, alert);
	else if (IS("count") || IS("actual"))
		fprintf(out, "%llu", (unsigned long long)alert->count);
	else if (IS("window"))
		fputs(text_duration(rule->kind == RULE_ANOMALY ? rule->anomaly.bucket_ns
							       : rule->threshold.window_ns,
				    text),
		      out);
	else if (IS("score"))
		fill_number(out, alert, alert->anomaly.score);
	else if (IS("typical"))
		fill_number(out, alert, alert->anomaly.typical);
	else if (IS("cause"))
		fputs(cause_name(alert->cause), out);
	else
		return false;
#undef IS
	return true;
}

int text_summary(const struct alert *alert, char **ret)
{
	const char *s = alert->rule->summary;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!s)
		return text_message(alert, ret);
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	while (*s) {
		const char *end = *s == '{' ? strchr(s, '}') : NULL;

		if (end && fill(out, alert, s + 1, end - s - 1))
			s = end + 1;
		else
			fputc(*s++, out);
	}
	return finish(out, &text, ret);
}

int text_coverage(const struct alert *alert, char **ret)
{
	const struct coverage *coverage = &alert->coverage;
	__u64 lost = coverage->evicted + coverage->unparsed;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	fputs(coverage->exact ? "exact" : "at least", out);
	if (!coverage->exact && lost) {
		fputs("; ", out);
		put_grouped(out, lost);
		fputs(" of ", out);
		put_grouped(out, alert->count + lost);
		fputs(" could not be attributed", out);
	}
	if (!coverage->exact && coverage->gap_ns)
		fprintf(out, "; %.1f s were not watched", coverage->gap_ns / 1e9);
	return finish(out, &text, ret);
}

int text_sensor(const struct sensor_event *event, char **ret)
{
	const char *subject = event->subject;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	fprintf(out, "Sensor %s%s", event->action == SENSOR_REFUSED ? "not " : "",
		text_sensor_action(event->action));
	if (subject)
		fprintf(out, " (%s)", subject);
	if (event->reason)
		fprintf(out, ": %s", event->reason);
	return finish(out, &text, ret);
}
