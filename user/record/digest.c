/* SPDX-License-Identifier: GPL-2.0-only */
/* A digest in words and as an ECS line. */
#include "record/digest.h"
#include "record/event.h"
#include "record/text.h"
#include "record/value.h"
#include "util/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void put_rules(FILE *out, const struct digest *digest)
{
	for (size_t i = 0; i < digest->rule_count; i++)
		fprintf(out, "%s%s %llu", i ? ", " : "; rules: ", digest->rule[i].id,
			(unsigned long long)digest->rule[i].count);
	if (digest->other_rules)
		fprintf(out, ", others %llu", (unsigned long long)digest->other_rules);
}

static void put_sources(FILE *out, const struct digest *digest)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < digest->source_count && i < 3; i++)
		fprintf(out, "%s%s (%llu)", i ? ", " : "; most often about ",
			addr_format(&digest->source[i].addr, text),
			(unsigned long long)digest->source[i].count);
}

int digest_text(const struct digest *digest, char **ret)
{
	__u64 span_ns = digest->last_wall_ns > digest->first_wall_ns
				? digest->last_wall_ns - digest->first_wall_ns
				: 0;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool failed;
	int err;

	if (!out)
		return -ENOMEM;
	fprintf(out, "%llu more alert record%s within %.1f s, too many to send one by one",
		(unsigned long long)digest->count, digest->count == 1 ? "" : "s", span_ns / 1e9);
	put_rules(out, digest);
	put_sources(out, digest);
	fputs(digest->kept ? "; each is in the history"
			   : "; they are not kept, since the store can't be written",
	      out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return -ENOMEM;
	}
	err = utf8_clean(text, ret);
	free(text);
	return err;
}

static json_t *event_object(const struct digest *digest)
{
	static const char *const category[] = { "intrusion_detection", "network", NULL };
	static const char *const type[] = { "info", NULL };
	char id[ALERT_ID_LEN + 1];
	json_t *object = json_object();
	int err = 0;

	event_id_of_digest(digest, id);
	err |= value_put(object, "kind", json_string(digest->alarms ? "alert" : "event"));
	err |= value_put(object, "category", value_words(category));
	err |= value_put(object, "type", value_words(type));
	err |= value_put(object, "module", json_string("spikewatch"));
	err |= value_put(object, "dataset", json_string(DATASET_DIGEST));
	err |= value_put(object, "action", json_string("digest"));
	err |= value_put(object, "id", json_string(id));
	err |= value_put(object, "severity", json_integer(event_severity(digest->severity)));
	err |= value_put(object, "start", value_time(digest->first_wall_ns));
	err |= value_put(object, "end", value_time(digest->last_wall_ns));
	return value_checked(object, err);
}

static json_t *details(const struct digest *digest)
{
	json_t *object = json_object(), *rules = json_object(), *sources = json_object();
	char text[ADDR_TEXT_MAX];
	int err = value_put(object, "count", value_count(digest->count));

	err |= value_put(object, "alarms", value_count(digest->alarms));
	for (size_t i = 0; i < digest->rule_count; i++)
		err |= value_put(rules, digest->rule[i].id, value_count(digest->rule[i].count));
	err |= value_put(object, "rules", rules);
	if (digest->other_rules)
		err |= value_put(object, "other_rules", value_count(digest->other_rules));
	for (size_t i = 0; i < digest->source_count; i++)
		err |= value_put(sources, addr_format(&digest->source[i].addr, text),
				 value_count(digest->source[i].count));
	err |= value_put(object, "sources", sources);
	err |= value_put(object, "kept", json_boolean(digest->kept));
	return value_checked(object, err);
}

int digest_json(const struct observer *observer, const struct digest *digest, char **ret)
{
	json_t *root = json_object();
	char *message;
	int err = digest_text(digest, &message);

	if (!err) {
		err |= event_put_head(root, digest->wall_ns, message);
		err |= value_put(root, "event", event_object(digest));
		err |= event_put_observer(root, observer);
		err |= value_put(root, "spikewatch", json_pack("{s:o}", "digest", details(digest)));
		free(message);
	}
	return event_print(root, err, ret);
}
