/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a rule. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"
#include "config/scalar.h"

#define ID_MAX_BYTES 64
#define NS_PER_DAY   (86400 * NS_PER_S)
#define COUNT_MOST   4294967295ull

const struct word words_feed[] = {
	{ "http", FEED_HTTP },
	{ "drop", FEED_DROP },
	{},
};
const struct word words_side[] = {
	{ "high", SIDE_HIGH },
	{ "low", SIDE_LOW },
	{ "both", SIDE_BOTH },
	{},
};

static const struct word http_group[] = {
	{ "client", GROUP_SOURCE },
	{ "server", GROUP_DESTINATION },
	{ "port", GROUP_PORT },
	{},
};
static const struct word drop_group[] = {
	{ "source", GROUP_SOURCE },
	{ "destination", GROUP_DESTINATION },
	{ "port", GROUP_PORT },
	{ "reason", GROUP_REASON },
	{},
};
static const struct word http_distinct[] = {
	{ "client", DISTINCT_SOURCE },
	{ "server", DISTINCT_DESTINATION },
	{ "port", DISTINCT_PORT },
	{},
};
static const struct word drop_distinct[] = {
	{ "source", DISTINCT_SOURCE },
	{ "destination", DISTINCT_DESTINATION },
	{ "port", DISTINCT_PORT },
	{},
};
const struct word *const words_group[] = { [FEED_HTTP] = http_group, [FEED_DROP] = drop_group };
const struct word *const words_distinct[] = {
	[FEED_HTTP] = http_distinct, [FEED_DROP] = drop_distinct
};

/*
 * One of the words of the rule's feed. The other feed's word for the same thing gets a message that
 * says which one to use. False where it is none.
 */
static bool read_feed_word(struct reader *r, const struct node *value, const struct key *key,
			   enum feed feed, const struct word *const *by_feed, unsigned int *ret)
{
	const struct word *others = by_feed[feed == FEED_HTTP ? FEED_DROP : FEED_HTTP];
	const struct key with_words = { .name = key->name, .words = by_feed[feed] };
	const char *instead = NULL;
	int found = -1;

	if (value->kind == NODE_SCALAR)
		found = word_find(by_feed[feed], value->text);
	if (found >= 0) {
		*ret = found;
		return true;
	}
	if (value->kind == NODE_SCALAR && word_find(others, value->text) >= 0)
		instead = word_name(by_feed[feed], word_find(others, value->text));
	if (instead)
		read_refuse(r, value, key, "'%s', as the feed is %s", instead,
			    word_name(words_feed, feed));
	else
		read_refuse_word(r, value, &with_words);
	return false;
}

static void read_group_by(struct reader *r, const struct node *value, const struct key *key,
			  void *field)
{
	const struct node *entries = NULL;
	struct rule *rule = field;
	size_t i, count = 0;
	unsigned int bit;

	/* An empty list is a value here: one group for all. */
	if (!(value->kind == NODE_LIST && !value->count) &&
	    !read_one_or_list(r, value, key, 16, &entries, &count))
		return;
	rule->group_by = 0;
	for (i = 0; i < count; i++) {
		if (read_feed_word(r, &entries[i], key, rule->feed, words_group, &bit))
			rule->group_by |= bit;
	}
}

static void read_distinct(struct reader *r, const struct node *value, const struct key *key,
			  void *field)
{
	struct rule *rule = field;
	unsigned int distinct = DISTINCT_NONE;

	if (node_is_null(value) ||
	    read_feed_word(r, value, key, rule->feed, words_distinct, &distinct))
		rule->threshold.distinct = distinct;
}

static void read_score(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	double *to = field;
	__u64 thousandths;

	if (value->kind == NODE_SCALAR && !value->plain &&
	    !scalar_parse_thousandths(value->text, &thousandths))
		read_refuse(r, value, key, "a number without quotes");
	else if (value->kind != NODE_SCALAR ||
		 scalar_parse_thousandths(value->text, &thousandths) ||
		 thousandths < key->min * 1000 || thousandths > key->max * 1000)
		read_refuse(r, value, key, "a number from %llu to %llu with at most three decimals",
			    key->min, key->max);
	else
		*to = thousandths / 1000.0;
}

/* Every {word} must be one that a summary can be given. */
static void read_summary(struct reader *r, const struct node *value, const struct key *key,
			 void *field)
{
	static const char *const known[] = { "client",      "server", "port",   "source",
					     "destination", "count",  "window", "score",
					     "typical",     "actual", "cause",  NULL };
	const char *open, *close, *const *name;
	char word[32], quoted[QUOTE_MAX];

	open = value->kind == NODE_SCALAR ? strchr(value->text, '{') : NULL;
	for (; open; open = strchr(close, '{')) {
		struct guess guess = { 0 };

		close = strchrnul(open, '}');
		snprintf(word, sizeof(word), "%.*s", (int)(close - open - 1), open + 1);
		for (name = known; *name && (!*close || strcmp(word, *name)); name++)
			guess_try(&guess, word, *name);
		if (!*close)
			read_error(r, value, "'%s' has a '{' without '}'", key->name);
		else if (!*name && guess.best)
			read_error(r, value, "'%s' has no placeholder %s (did you mean '%s'?)",
				   key->name, text_quote(word, quoted), guess.best);
		else if (!*name)
			read_error(r, value, "'%s' has no placeholder %s", key->name,
				   text_quote(word, quoted));
	}
	read_text(r, value, key, field);
}

static const struct key threshold_keys[] = {
	KEY("count", read_number, struct rule, threshold.count, .min = 1, .max = COUNT_MOST),
	KEY("window", read_duration, struct rule, threshold.window_ns, .min = NS_PER_S,
	    .max = NS_PER_DAY),
	KEY_WHOLE("distinct", read_distinct),
	{},
};
static const struct keyset threshold_keyset = { "'threshold'", threshold_keys, NULL };

static const struct key anomaly_keys[] = {
	KEY("bucket", read_duration, struct rule, anomaly.bucket_ns, .min = NS_PER_S,
	    .max = NS_PER_DAY),
	KEY("score", read_score, struct rule, anomaly.score, .min = 1, .max = 100),
	KEY("min_count", read_number, struct rule, anomaly.min_count, .max = COUNT_MOST),
	KEY("side", read_choice, struct rule, anomaly.side, .words = words_side),
	{},
};
static const struct keyset anomaly_keyset = { "'anomaly'", anomaly_keys, NULL };

/* What needs the rule's feed is read by read_feed_keys(). */
static const struct key rule_keys[] = {
	KEY("title", read_text, struct rule, title, .max = 256),
	KEY("enabled", read_bool, struct rule, enabled),
	KEY("prototype", read_bool, struct rule, prototype),
	KEY("category", read_text, struct rule, category, .max = 256, .nullable = true),
	KEY("summary", read_summary, struct rule, summary, .max = 1024, .nullable = true),
	KEY("description", read_text, struct rule, description, .max = 8192, .nullable = true),
	KEY("false_positives", read_texts, struct rule, false_positives, .max = 1024),
	KEY("references", read_texts, struct rule, references, .max = 1024),
	KEY_WHOLE("feed", NULL),
	KEY_WHOLE("match", NULL),
	KEY_WHOLE("except", NULL),
	KEY_WHOLE("group_by", NULL),
	KEY_WHOLE("threshold", NULL),
	KEY_WHOLE("anomaly", read_section, .section = &anomaly_keyset),
	KEY("suppress", read_duration, struct rule, suppress_ns, .max = 30 * NS_PER_DAY),
	KEY("severity", read_small, struct rule, severity, .max = 10),
	KEY("risk_score", read_small, struct rule, risk_score, .max = 100),
	KEY("tags", read_texts, struct rule, tags, .max = 256),
	{},
};
static const struct keyset rule_keyset = { "a rule", rule_keys, NULL };

static void read_feed_keys(struct reader *r, const struct node *map, struct rule *rule)
{
	static const struct key group_key = { .name = "group_by" };
	const struct node *value;

	value = node_find(map, "match");
	if (value)
		read_match(r, value, rule);
	value = node_find(map, "except");
	if (value)
		read_except(r, value, rule);
	value = node_find(map, "group_by");
	if (value)
		read_group_by(r, value, &group_key, rule);
	value = node_find(map, "threshold");
	if (value)
		read_map(r, value, &threshold_keyset, rule);
	value = node_find(map, "group_by");
	if (!value)
		value = node_find(map, "anomaly");
	if (value && rule->kind == RULE_ANOMALY && rule->group_by)
		read_note(r, value, "group_by of an anomaly");
}

static bool check_id(struct reader *r, const struct node *id)
{
	size_t len = strlen(id->text);
	char quoted[QUOTE_MAX];

	if (len && len <= ID_MAX_BYTES &&
	    strspn(id->text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return true;
	read_error(r, id, "%s cannot name a rule: expected 1 to %d of a-z, 0-9 and '-'",
		   text_quote(id->text, quoted), ID_MAX_BYTES);
	return false;
}

static void set_threshold(struct rule *rule)
{
	memset(&rule->anomaly, 0, sizeof(rule->anomaly));
	rule->kind = RULE_THRESHOLD;
	rule->threshold.count = 350;
	rule->threshold.window_ns = 300 * NS_PER_S;
}

static void set_anomaly(struct rule *rule)
{
	memset(&rule->threshold, 0, sizeof(rule->threshold));
	rule->kind = RULE_ANOMALY;
	rule->anomaly.bucket_ns = 900 * NS_PER_S;
	rule->anomaly.score = 75;
	rule->anomaly.min_count = 50;
	rule->anomaly.side = SIDE_HIGH;
}

/* A rule of that id, new; NULL without memory. */
static struct rule *add_rule(struct reader *r, const char *id)
{
	struct config *config = r->config;
	struct rule_given *given;
	struct rule *rules;

	rules = reallocarray(config->rules, config->rule_count + 1, sizeof(*rules));
	if (rules)
		config->rules = rules;
	given = reallocarray(r->given, config->rule_count + 1, sizeof(*given));
	if (given)
		r->given = given;
	if (!rules || !given) {
		r->err = -ENOMEM;
		return NULL;
	}
	rules += config->rule_count;
	r->given[config->rule_count] = (struct rule_given){ .builtin = r->builtin };
	memset(rules, 0, sizeof(*rules));
	rules->enabled = true;
	rules->severity = 3;
	set_threshold(rules);
	rules->id = read_copy(r, id);
	if (!rules->id)
		return NULL;
	config->rule_count++;
	return rules;
}

/* Feed and kind, on which the other keys depend. False where the feed is not known. */
static bool read_nature(struct reader *r, const struct node *id, const struct node *map,
			bool is_new, struct rule *rule)
{
	static const struct key feed_key = { .name = "feed", .words = words_feed };
	const struct node *feed = node_find(map, "feed");
	const struct node *threshold = node_find(map, "threshold");
	const struct node *anomaly = node_find(map, "anomaly");
	int found = -1;

	if (threshold && anomaly)
		read_error(r, id, "the rule '%s' has both 'threshold' and 'anomaly': expected one",
			   id->text);
	else if (is_new && !threshold && !anomaly)
		read_error(r, id, "the rule '%s' needs a 'threshold' or an 'anomaly'", id->text);
	if (threshold && rule->kind != RULE_THRESHOLD)
		set_threshold(rule);
	else if (anomaly && rule->kind != RULE_ANOMALY)
		set_anomaly(rule);

	if (!feed && is_new)
		read_error(r, id, "the rule '%s' needs a 'feed': http or drop", id->text);
	if (!feed)
		return !is_new;
	if (feed->kind == NODE_SCALAR)
		found = word_find(words_feed, feed->text);
	if (found < 0) {
		read_refuse_word(r, feed, &feed_key);
		return false;
	}
	if (!is_new && rule->feed != (unsigned int)found) {
		read_error(r, feed,
			   "the feed of the built-in rule '%s' is %s: expected a rule of your own",
			   id->text, word_name(words_feed, rule->feed));
		return false;
	}
	rule->feed = found;
	return true;
}

void read_rule(struct reader *r, const struct node *id, const struct node *map)
{
	struct rule *rule;
	bool is_new;
	size_t i;

	if (!check_id(r, id) || map->kind == NODE_BAD)
		return;
	for (i = 0; i < r->config->rule_count; i++) {
		if (!strcmp(r->config->rules[i].id, id->text))
			break;
	}
	is_new = i == r->config->rule_count;
	rule = is_new ? add_rule(r, id->text) : &r->config->rules[i];
	if (!rule)
		return;
	if (node_find(map, "suppress"))
		r->given[i].suppress = true;
	if (node_find(map, "risk_score"))
		r->given[i].risk_score = true;
	if (map->kind != NODE_MAP && !node_is_null(map))
		read_map(r, map, &rule_keyset, rule);
	else if (read_nature(r, id, map, is_new, rule))
		read_feed_keys(r, map, rule);
	if (map->kind == NODE_MAP)
		read_map(r, map, &rule_keyset, rule);
}

void read_rules_finish(struct reader *r)
{
	size_t i;

	for (i = 0; i < r->config->rule_count; i++) {
		struct rule *rule = &r->config->rules[i];

		if (!rule->title)
			rule->title = read_copy(r, rule->id);
		if (!r->given[i].suppress)
			rule->suppress_ns = rule->kind == RULE_THRESHOLD ? NS_PER_DAY : 0;
		if (!r->given[i].risk_score)
			rule->risk_score = 7 * rule->severity;
	}
}
