/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets through the BPF programs, and epochs judged, in the time of a capture. */
#include <string.h>

#include "capture/segment.h"
#include "cmd/cmd.h"
#include "cmd/playback.h"
#include "util/log.h"

#define SECOND_NS 1000000000ULL
/*
 * After so many runs of the program the counts are read, so that they fit the counting maps: a
 * segment holds one response as a rule (see loader.c, REPLAY_ENTRIES).
 */
#define RUNS_MAX 2048
/* Of a longer silence so many buckets end in their own time, all others together. */
#define QUIET_BUCKETS 1000

static int judge(struct playback *p, struct batch *batch, __u64 end_ns)
{
	__u64 second_ns = (end_ns - 1) / SECOND_NS * SECOND_NS;

	/* A silence in a capture is no gap: nothing was there. */
	batch->start_ns = p->judged_ns > second_ns ? p->judged_ns : second_ns;
	batch->end_ns = batch->wall_ns = p->judged_ns = end_ns;
	batch->loss.gap_ns = 0;
	return sensor_take_batch(p->sensor, batch);
}

static int close_epoch(struct playback *p, __u64 end_ns)
{
	struct batch batch;
	int err = drain_epoch(p->sensor->drain, end_ns, end_ns, &batch);

	if (err) {
		log_error("reading the counts failed: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	p->runs = 0;
	return judge(p, &batch, end_ns);
}

static bool has_open_threshold(const struct judge *rules)
{
	struct judge_state state;

	for (size_t i = 0; i < judge_rule_count(rules); i++) {
		judge_state(rules, i, &state);
		if (state.rule->kind == RULE_THRESHOLD && state.incidents_open)
			return true;
	}
	return false;
}

/* The end of the first bucket that ends behind at_ns, of all anomaly rules; or to_ns. */
static __u64 next_bucket(const struct judge *rules, __u64 at_ns, __u64 to_ns)
{
	struct judge_state state;
	__u64 first = to_ns;

	for (size_t i = 0; i < judge_rule_count(rules); i++) {
		__u64 length_ns, end_ns;

		judge_state(rules, i, &state);
		if (state.rule->kind != RULE_ANOMALY)
			continue;
		length_ns = state.rule->anomaly.bucket_ns;
		end_ns = (at_ns / length_ns + 1) * length_ns;
		if (end_ns < first)
			first = end_ns;
	}
	return first;
}

/*
 * The empty seconds until to_ns. They matter one by one while an incident of a threshold is open,
 * which ends with its window; after that only ends of buckets do, and of very many of them only
 * that they were.
 */
static int judge_silence(struct playback *p, __u64 to_ns)
{
	static const struct totals nothing;
	const struct judge *rules = p->sensor->judge;
	unsigned int buckets = 0;
	int code = EXIT_GOOD;

	while (p->judged_ns < to_ns && !code) {
		struct batch empty = { .totals = &nothing };
		__u64 end_ns = p->judged_ns + SECOND_NS;

		if (!has_open_threshold(rules))
			end_ns = buckets++ < QUIET_BUCKETS ? next_bucket(rules, p->judged_ns, to_ns)
							   : to_ns;
		code = judge(p, &empty, end_ns < to_ns ? end_ns : to_ns);
	}
	return code;
}

/* Moves time on to a packet's; what it says of an earlier time is too late. */
static int move_on(struct playback *p, const struct frame *frame)
{
	__u64 time_ns = frame->time_ns, start_ns;
	int code;

	p->bad_time += frame->bad_time;
	p->backwards += !frame->bad_time && time_ns < p->latest_ns;
	if (frame->bad_time || time_ns < p->latest_ns)
		time_ns = p->latest_ns;
	start_ns = time_ns / SECOND_NS * SECOND_NS;
	p->latest_ns = time_ns;
	if (!p->second_end_ns) {
		p->first_ns = time_ns;
		p->judged_ns = start_ns;
		p->second_end_ns = start_ns + SECOND_NS;
		drain_set_time(p->sensor->drain, start_ns);
		return sensor_start_judge(p->sensor, (time_t)(time_ns / SECOND_NS));
	}
	if (time_ns < p->second_end_ns)
		return EXIT_GOOD;
	code = close_epoch(p, p->second_end_ns);
	p->second_end_ns = start_ns + SECOND_NS;
	drain_set_time(p->sensor->drain, start_ns);
	return code ? code : judge_silence(p, start_ns);
}

static int run(struct playback *p, const __u8 *frame, __u32 len)
{
	int err = loader_run(p->sensor->loader, frame, len);

	if (err) {
		log_error("packet %llu: the kernel does not run the program: %s", p->packets,
			  strerror(-err));
		return EXIT_RUNTIME;
	}
	drain_take_events_at(p->sensor->drain, p->latest_ns);
	/* Within the second: a batch that ends behind the packet's time holds it. */
	if (++p->runs == RUNS_MAX)
		return close_epoch(p, p->latest_ns + 1);
	return EXIT_GOOD;
}

int playback_packet(struct playback *p, const struct frame *frame)
{
	struct segmenter parts;
	unsigned int count = 0;
	const __u8 *part;
	__u32 len;
	int code = move_on(p, frame);

	p->packets++;
	p->cut += frame->original_len > frame->len;
	p->encrypted += frame->encrypted;
	p->aggregated += frame->aggregated;
	segment_begin(&parts, frame->data, frame->len);
	while (!code && (part = segment_next(&parts, &len))) {
		code = run(p, part, len);
		count++;
	}
	p->split += count > 1;
	return code;
}

int playback_end(struct playback *p)
{
	return p->second_end_ns ? close_epoch(p, p->second_end_ns) : EXIT_GOOD;
}

void playback_counters(const struct playback *p, struct counts_extra ret[PLAYBACK_COUNTERS])
{
	const struct counts_extra counters[PLAYBACK_COUNTERS] = {
		{ "capture_packets", p->packets },       { "capture_cut", p->cut },
		{ "capture_split", p->split },           { "capture_backwards", p->backwards },
		{ "capture_bad_time", p->bad_time },     { "capture_encrypted", p->encrypted },
		{ "capture_aggregated", p->aggregated }, { NULL, 0 },
	};

	memcpy(ret, counters, sizeof(counters));
}
