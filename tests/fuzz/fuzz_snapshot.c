/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as parts of a snapshot: refused, or a judge that works on, and whose own parts load.
 * Input: which rule; then of each part its kind, its length (two bytes), and what follows the head,
 * which is that of a true part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot.h"

#define RULES    3
#define KINDS    3
#define HEAD_LEN 22
#define NOW_NS   1145000000000ULL
#define WALL_NS  1767225745000000000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const __s64 parts[] = { SNAPSHOT_STATE, SNAPSHOT_CLOSED, SNAPSHOT_NUMBERED,
			       SNAPSHOT_NUMBERED + 1, SNAPSHOT_PRESENT };
static const size_t kinds[] = { 0, 1, 2, 2, 2 };
static unsigned char heads[RULES][KINDS][HEAD_LEN];
static struct rule rules[RULES];
static struct places places;

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void take_alert(const struct alert *alert, void *arg)
{
	expect(strlen(alert->incident) == ALERT_ID_LEN && strlen(alert->event_id) == ALERT_ID_LEN);
	expect(strlen(alert->cause_says) < ALERT_TEXT &&
	       alert->cause <= CAUSE_BEACON_OR_EXFILTRATION);
	expect(alert->sample_count <= ALERT_SAMPLES_MAX);
	expect(alert->anomaly.influencer_count <= ALERT_TOP_MAX);
	expect(alert->anomaly.peak_score >= 0 && alert->anomaly.peak_score <= 100);
	for (size_t i = 0; i < DIM_MAX; i++)
		expect(alert->top[i].count <= ALERT_TOP_MAX);
}

static struct judge *new_judge(void)
{
	const struct judge_cfg cfg = {
		.rules = rules,
		.rule_count = RULES,
		.places = &places,
		.emit = take_alert,
	};
	struct judge *judge;

	expect(!judge_new(&cfg, &judge));
	return judge;
}

struct again {
	struct snapshot *snapshot;
	const struct snapshot_terms *terms;
};

/* What a judge writes, another one takes. */
static int load_again(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len,
		      void *arg)
{
	const struct again *again = arg;

	expect(!snapshot_load(again->snapshot, rule, part, bytes, len, again->terms));
	return 0;
}

static int nothing_to_drop(const char *rule, __u64 before, void *arg)
{
	return 0;
}

static int nothing_to_clear(const char *rule, void *arg)
{
	return 0;
}

static int take_head(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len,
		     void *arg)
{
	for (size_t i = 0; i < RULES; i++)
		for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
			if (!strcmp(rules[i].id, rule) && parts[kind] == part)
				memcpy(heads[i][kinds[kind]], bytes, HEAD_LEN);
	return 0;
}

static void save(struct snapshot *snapshot,
		 int (*put)(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len,
			    void *arg),
		 void *arg)
{
	const struct snapshot_sink sink = { put, nothing_to_drop, nothing_to_clear, arg };
	__u64 through_ns;

	expect(!snapshot_save(snapshot, &sink, true, &through_ns));
}

static void set_up(void)
{
	struct snapshot *snapshot;
	struct judge *judge;

	rules[0] = (struct rule){ .id = (char *)"clients",
				  .enabled = true,
				  .feed = FEED_HTTP,
				  .group_by = GROUP_SOURCE,
				  .threshold = { .count = 20, .window_ns = 60000000000ULL },
				  .suppress_ns = 3600000000000ULL };
	rules[1] = (struct rule){
		.id = (char *)"ports",
		.enabled = true,
		.feed = FEED_DROP,
		.group_by = GROUP_SOURCE | GROUP_DESTINATION | GROUP_REASON,
		.threshold = { .count = 5, .window_ns = 30000000000ULL, .distinct = DISTINCT_PORT }
	};
	rules[2] = (struct rule){ .id = (char *)"denies",
				  .enabled = true,
				  .feed = FEED_DROP,
				  .kind = RULE_ANOMALY,
				  .group_by = GROUP_SOURCE | GROUP_PORT,
				  .anomaly = { .bucket_ns = 10000000000ULL, .score = 50 } };
	expect(!netset_new(&places.zones));
	judge = new_judge();
	expect(!snapshot_new(judge, NULL, &snapshot));
	save(snapshot, take_head, NULL);
	snapshot_free(snapshot);
	judge_free(judge);
}

static void load(struct snapshot *snapshot, size_t rule, const uint8_t *data, size_t size,
		 const struct snapshot_terms *terms)
{
	while (size > 3) {
		size_t kind = data[0] % (sizeof(kinds) / sizeof(kinds[0]));
		size_t len = data[1] | (size_t)data[2] << 8;
		unsigned char *bytes;

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		bytes = malloc(HEAD_LEN + len);
		memcpy(bytes, heads[rule][kinds[kind]], HEAD_LEN);
		memcpy(bytes + HEAD_LEN, data, len);
		snapshot_load(snapshot, rules[rule].id, parts[kind], bytes, HEAD_LEN + len, terms);
		free(bytes);
		data += len;
		size -= len;
	}
}

static void go_on(struct judge *judge)
{
	struct record record = { .feed = FEED_HTTP, .code = 404, .port = 80, .count = 3 };

	record.source.w[3] = record.destination.w[3] = 1;
	for (size_t i = 0; i < 12; i++) {
		struct batch batch = { .records = &record, .record_count = 1 };

		record.feed = i % 2 ? FEED_HTTP : FEED_DROP;
		record.port = (__u16)i;
		batch.start_ns = NOW_NS + i * i * 300000000;
		batch.end_ns = batch.start_ns + 100000000;
		batch.wall_ns = WALL_NS + i * i * 300000000;
		judge_batch(judge, &batch);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct judge_clock clock = { .now_ns = NOW_NS, .wall_ns = WALL_NS };
	struct snapshot_terms terms = { .now_ns = NOW_NS, .wall_ns = WALL_NS, .learned_s = -1 };
	struct judge *judge, *other;
	struct again again = { .terms = &terms };
	struct snapshot *snapshot;
	struct snapshot_clock read;

	if (!size)
		return 0;
	if (!places.zones)
		set_up();
	snapshot_clock_load(data, size, &read);
	judge = new_judge();
	expect(!snapshot_new(judge, NULL, &snapshot));
	load(snapshot, data[0] % RULES, data + 1, size - 1, &terms);
	judge_resume(judge, &clock);
	go_on(judge);
	other = new_judge();
	expect(!snapshot_new(other, NULL, &again.snapshot));
	terms.now_ns += 3600000000000ULL;
	terms.wall_ns += 3600000000000ULL;
	save(snapshot, load_again, &again);
	snapshot_free(again.snapshot);
	judge_free(other);
	snapshot_free(snapshot);
	judge_free(judge);
	return 0;
}
