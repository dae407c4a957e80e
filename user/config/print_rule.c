/* SPDX-License-Identifier: GPL-2.0-only */
/* A rule of the effective configuration as YAML. */
#include <math.h>

#include "config/print.h"
#include "config/read.h"
#include "config/scalar.h"

/* Writes what stands before the next entry of a flow map or list. */
static void print_comma(FILE *out, bool *first)
{
	if (!*first)
		fputs(", ", out);
	*first = false;
}

/* The key of an entry of a flow map. */
static void print_key(FILE *out, const char *key, bool *first)
{
	print_comma(out, first);
	fprintf(out, "%s: ", key);
}

static void print_ranges(FILE *out, const struct range *ranges, size_t count)
{
	size_t i;

	fputc('[', out);
	for (i = 0; i < count; i++) {
		fprintf(out, "%s%u", i ? ", " : "", ranges[i].first);
		if (ranges[i].last != ranges[i].first)
			fprintf(out, "-%u", ranges[i].last);
	}
	fputc(']', out);
}

static void print_addrs(FILE *out, const struct config *config, const char *key,
			const struct addr_match *match, bool *first)
{
	size_t i;

	if (!match->count)
		return;
	print_key(out, key, first);
	fputc('[', out);
	for (i = 0; i < match->count; i++) {
		const struct addr_term *term = &match->term[i];

		fputs(i ? ", " : "", out);
		switch (term->kind) {
		case ADDR_INTERNAL:
			fputs("internal", out);
			break;
		case ADDR_EXTERNAL:
			fputs("external", out);
			break;
		case ADDR_NET:
			print_nets(out, &term->net, 1);
			break;
		case ADDR_LIST:
			print_text(out, term->list == PLACES_SELF
						? "self"
						: config->lists[term->list - 1].name);
			break;
		}
	}
	fputc(']', out);
}

/* The words whose bits are set. */
static void print_bits(FILE *out, const struct word *words, __u32 bits)
{
	bool first = true;

	fputc('[', out);
	for (; words->name; words++) {
		if (!(bits & words->value))
			continue;
		print_comma(out, &first);
		fputs(words->name, out);
	}
	fputc(']', out);
}

static void print_drop_match(FILE *out, const struct match *match, bool *first)
{
	size_t i;

	if (match->proto) {
		print_key(out, "proto", first);
		if (word_name(words_proto, match->proto))
			fputs(word_name(words_proto, match->proto), out);
		else
			fprintf(out, "%u", match->proto);
	}
	if (match->classes) {
		print_key(out, "class", first);
		print_bits(out, words_class, match->classes);
	}
	for (i = 0; i < match->reason_count; i++) {
		if (!i)
			print_key(out, "reason", first);
		fputs(i ? ", " : "[", out);
		print_text(out, match->reason[i]);
		fputs(i + 1 == match->reason_count ? "]" : "", out);
	}
	if (match->hooks) {
		print_key(out, "hook", first);
		print_bits(out, words_hook, match->hooks);
	}
}

static void print_match(FILE *out, const struct config *config, const struct rule *rule)
{
	const struct match *match = &rule->match;
	const struct except *except = &rule->except;
	bool http = rule->feed == FEED_HTTP, first = true;

	fputs("    match: {", out);
	if (match->status_count) {
		print_key(out, "status", &first);
		print_ranges(out, match->status, match->status_count);
	}
	print_addrs(out, config, http ? "client" : "source", &match->source, &first);
	print_addrs(out, config, http ? "server" : "destination", &match->destination, &first);
	if (match->port_count) {
		print_key(out, "port", &first);
		print_ranges(out, match->port, match->port_count);
	}
	print_drop_match(out, match, &first);
	fputs("}\n    except: {", out);
	first = true;
	print_addrs(out, config, "either", &except->either, &first);
	print_addrs(out, config, http ? "client" : "source", &except->source, &first);
	print_addrs(out, config, http ? "server" : "destination", &except->destination, &first);
	fputs("}\n", out);
}

static void print_kind(FILE *out, const struct rule *rule)
{
	char time[SCALAR_TEXT_MAX], score[SCALAR_TEXT_MAX];
	const char *distinct = word_name(words_distinct[rule->feed], rule->threshold.distinct);

	if (rule->kind == RULE_THRESHOLD)
		fprintf(out, "    threshold: {count: %llu, window: %s, distinct: %s}\n",
			rule->threshold.count,
			scalar_format_duration(rule->threshold.window_ns, time),
			distinct ? distinct : "null");
	else
		fprintf(out, "    anomaly: {bucket: %s, score: %s, min_count: %llu, side: %s}\n",
			scalar_format_duration(rule->anomaly.bucket_ns, time),
			scalar_format_thousandths(lround(rule->anomaly.score * 1000), score),
			rule->anomaly.min_count, word_name(words_side, rule->anomaly.side));
}

static void print_said(FILE *out, const char *key, const char *text)
{
	fprintf(out, "    %s: ", key);
	print_text(out, text);
	fputc('\n', out);
}

void print_rule(FILE *out, const struct config *config, const struct rule *rule)
{
	char suppress[SCALAR_TEXT_MAX];

	fputs("  ", out);
	print_text(out, rule->id);
	fputs(":\n", out);
	print_said(out, "title", rule->title);
	fprintf(out, "    enabled: %s\n", rule->enabled ? "true" : "false");
	fprintf(out, "    prototype: %s\n", rule->prototype ? "true" : "false");
	print_said(out, "category", rule->category);
	print_said(out, "summary", rule->summary);
	print_said(out, "description", rule->description);
	fputs("    false_positives: ", out);
	print_texts(out, rule->false_positives);
	fputs("    references: ", out);
	print_texts(out, rule->references);
	fprintf(out, "    feed: %s\n", word_name(words_feed, rule->feed));
	print_match(out, config, rule);
	fputs("    group_by: ", out);
	print_bits(out, words_group[rule->feed], rule->group_by);
	fputc('\n', out);
	print_kind(out, rule);
	fprintf(out, "    suppress: %s\n", scalar_format_duration(rule->suppress_ns, suppress));
	fprintf(out, "    severity: %u\n    risk_score: %u\n", rule->severity, rule->risk_score);
	fputs("    tags: ", out);
	print_texts(out, rule->tags);
}
