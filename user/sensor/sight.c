/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of what passes is seen and judged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "sensor/sight.h"

#define SECOND_NS 1000000000ULL
#define SLOTS     60
/* A loss counts above one in a thousand, and is over below one in two thousand. */
#define LOSS_ONE_IN 1000
#define LOSS_LEAST  10
#define GAP_NS      (SLOTS * SECOND_NS / LOSS_ONE_IN)
/* Our programs see GRO's and GSO's large packets, of which an interface counts up to hundreds. */
#define SILENT_ONE_IN 1000
#define SILENT_LEAST  1000
#define SILENT_S      20 /* interfaces are asked each 10 s */
/* A map is nearly full above 4/5, and no more below 3/5. */
#define FULL_ABOVE(capacity) ((capacity) / 5 * 4)
#define FULL_BELOW(capacity) ((capacity) / 5 * 3)
/* A host that just started needs some minutes to synchronise its clock. */
#define UNSYNCED_NS (300 * SECOND_NS)

/* What a second brought. */
struct slot {
	__u64 n[COUNT_MAX];
	__u64 drops;             /* packets of all classes */
	__u64 lost[FEED_MAX];    /* evicted, merged, not understood */
	__u64 crowded[FEED_MAX]; /* of these, those without an entry of their own */
	__u64 gap_ns;
	__u64 missed;
	__u64 rx_packets, tx_packets; /* as watched interfaces count */
};

#define SLOT_WORDS (sizeof(struct slot) / sizeof(__u64))

struct sight {
	struct slot slots[SLOTS];
	__u64 second;    /* of the newest slot */
	__u64 missed;    /* as last seen */
	__u64 synced_ns; /* CLOCK_BOOTTIME: when the clock was known to be right last, or the start
			  */
	struct usage peak[USAGE_MAX]; /* of the last minute or so */
	__u64 peak_second[USAGE_MAX]; /* when it was */
};

static const char *const counter_names[COUNT_MAX] = {
#define X(constant, name) [COUNT_##constant] = (name),
	SW_COUNTERS(X)
#undef X
};

int sight_open(struct sensor *sensor)
{
	sensor->sight = calloc(1, sizeof(*sensor->sight));
	if (!sensor->sight)
		return -ENOMEM;
	sensor->sight->synced_ns = clock_now_ns(CLOCK_BOOTTIME);
	sensor->sight->second = sensor->sight->synced_ns / SECOND_NS;
	return 0;
}

void sight_close(struct sensor *sensor)
{
	free(sensor->sight);
	sensor->sight = NULL;
}

/* The slot of this second; those that were passed over are empty. */
static struct slot *slot_of(struct sight *sight, __u64 second)
{
	while (sight->second < second) {
		sight->second++;
		memset(&sight->slots[sight->second % SLOTS], 0, sizeof(struct slot));
		if (second - sight->second > SLOTS)
			sight->second = second - SLOTS;
	}
	return &sight->slots[sight->second % SLOTS];
}

/* Each epoch has its own. */
static void note_usage(const struct sensor *sensor)
{
	struct sight *sight = sensor->sight;
	struct usage usages[USAGE_MAX];

	drain_usage(sensor->drain, usages);
	for (int i = 0; i < USAGE_MAX; i++)
		if (usages[i].entries >= sight->peak[i].entries ||
		    sight->second - sight->peak_second[i] > SLOTS) {
			sight->peak[i] = usages[i];
			sight->peak_second[i] = sight->second;
		}
}

void sight_take_batch(struct sensor *sensor, const struct batch *batch)
{
	struct slot *slot;

	if (!sensor->sight)
		return;
	slot = slot_of(sensor->sight, batch->end_ns / SECOND_NS);
	for (int i = 0; i < COUNT_MAX; i++)
		slot->n[i] += batch->totals->n[i];
	for (int class = CLASS_FIREWALL; class < CLASS_MAX; class ++)
		slot->drops += batch->totals->drop_class[class];
	for (int feed = 0; feed < FEED_MAX; feed++) {
		__u64 crowded = batch->loss.evicted[feed] + batch->loss.merged[feed];

		slot->crowded[feed] += crowded;
		slot->lost[feed] += crowded + batch->loss.unparsed[feed];
	}
	slot->gap_ns += batch->loss.gap_ns;
	note_usage(sensor);
}

void sight_take_traffic(struct sensor *sensor, __u64 rx_packets, __u64 tx_packets)
{
	struct slot *slot = &sensor->sight->slots[sensor->sight->second % SLOTS];

	slot->rx_packets += rx_packets;
	slot->tx_packets += tx_packets;
}

/* Of the last seconds. */
static void sum_up(const struct sight *sight, unsigned int seconds, struct slot *ret)
{
	__u64 *sum = (__u64 *)ret;

	memset(ret, 0, sizeof(*ret));
	for (unsigned int i = 0; i < seconds; i++) {
		const __u64 *one = (const __u64 *)&sight->slots[(sight->second - i) % SLOTS];

		for (size_t k = 0; k < SLOT_WORDS; k++)
			sum[k] += one[k];
	}
}

/* --- losses ----------------------------------------------------------------------------------- */

/* What is lost under a name, and what to do about it. */
struct advice {
	enum sw_counter counter;
	const char *what;
};

#define CROWDED "give memory_budget: more"

static const struct advice http_advice[] = {
	{ COUNT_HTTP_NO_REVERSE,
	  "requests pass elsewhere: watch their side too, or set http: {require_reverse: false}" },
	{ COUNT_HTTP_GAP, "segments pass elsewhere or are lost before: watch all paths" },
	{ COUNT_HTTP_BUDGET, "segments with too many responses" },
	{ COUNT_HTTP_RESYNC, "segments pass elsewhere or are lost before: watch all paths" },
	{ COUNT_HTTP_UNREADABLE, "packets that could not be read" },
	{ COUNT_HTTP_BAD_STATUS, "what answers is no HTTP/1" },
	{ COUNT_HTTP_BAD_LENGTH, "broken HTTP" },
	{ COUNT_HTTP_BAD_CHUNK, "broken HTTP" },
	{ COUNT_HTTP_UNCLEAR, "of pipelined requests nobody knows which is HEAD" },
	{ COUNT_PARSE_IP_FRAGMENT, "IP fragments are not put together: look at MTUs on the way" },
	{ COUNT_PARSE_TRUNCATED, "packets were cut" },
	{ COUNT_PARSE_EXT_HEADER_LIMIT, "too many IPv6 extension headers" },
	{ COUNT_PARSE_VLAN_LIMIT, "too many VLAN tags" },
};

static const struct advice drop_advice[] = {
	{ COUNT_ATTEMPTS_UNTRACKED, "more attempts to connect than the table holds: " CROWDED },
	{ COUNT_DROP_PARSE_TRUNCATED, "packets were cut" },
	{ COUNT_DROP_PARSE_MALFORMED, "broken packets" },
	{ COUNT_DROP_PARSE_NOT_IP, "packets that are not IP: their rules go by address" },
	{ COUNT_DROP_PARSE_L4_SHORT, "packets without ports" },
	{ COUNT_DENIAL_UNREADABLE, "messages that could not be read" },
};

/* The counter that has most, with what it says. */
static void tell_most(const struct slot *sum, enum feed feed, const struct advice *advice,
		      size_t count, char *buf, size_t size)
{
	const struct advice *most = &advice[0];

	for (size_t i = 1; i < count; i++)
		if (sum->n[advice[i].counter] > sum->n[most->counter])
			most = &advice[i];
	if (sum->crowded[feed] >= sum->n[most->counter])
		snprintf(buf, size, "%llu found no room of their own: " CROWDED,
			 sum->crowded[feed]);
	else
		snprintf(buf, size, "%s %llu: %s", counter_names[most->counter],
			 sum->n[most->counter], most->what);
}

static void judge_loss(struct sensor *sensor, const struct slot *sum, enum feed feed)
{
	enum blind_kind kind = feed == FEED_HTTP ? BLIND_LOSS_HTTP : BLIND_LOSS_DROPS;
	const char *name = feed == FEED_HTTP ? "responses" : "drops";
	__u64 lost = sum->lost[feed], all = sum->drops;
	char most[256];

	if (feed == FEED_HTTP) {
		all = lost;
		for (int i = COUNT_HTTP_1XX; i <= COUNT_HTTP_5XX; i++)
			all += sum->n[i];
	}
	if (lost >= LOSS_LEAST && lost * LOSS_ONE_IN > all) {
		if (feed == FEED_HTTP)
			tell_most(sum, feed, http_advice,
				  sizeof(http_advice) / sizeof(http_advice[0]), most, sizeof(most));
		else
			tell_most(sum, feed, drop_advice,
				  sizeof(drop_advice) / sizeof(drop_advice[0]), most, sizeof(most));
		blind_say(
			sensor, kind, SENSOR_DEGRADED, name,
			"of %llu %s of the last minute, %llu could not be attributed (%.1f %%); %s",
			all, name, lost, 100.0 * lost / (all ? all : 1), most);
	} else if (lost < LOSS_LEAST || lost * 2 * LOSS_ONE_IN < all) {
		blind_over(sensor, kind, name, "%s of the last minute are attributed again", name);
	}
}

static void judge_gaps(struct sensor *sensor, const struct slot *sum)
{
	if (sum->gap_ns > GAP_NS)
		blind_say(
			sensor, BLIND_GAPS, SENSOR_DEGRADED, "sensor",
			"the sensor was held up for %.1f s of the last minute: what was counted then is judged late, "
			"and alerts say so; give it CPU time, and look for a stopped or swapping host",
			sum->gap_ns / 1e9);
	else if (!sum->gap_ns)
		blind_over(sensor, BLIND_GAPS, "sensor",
			   "the sensor was not held up in the last minute");
}

static void judge_missed(struct sensor *sensor, const struct slot *sum)
{
	__u64 packets = sum->n[COUNT_PACKETS_INGRESS] + sum->n[COUNT_PACKETS_EGRESS] +
			sum->n[COUNT_PACKETS_XDP] + sum->n[COUNT_PACKETS_DROP];

	if (sum->missed >= LOSS_LEAST && sum->missed * LOSS_ONE_IN > packets)
		blind_say(
			sensor, BLIND_MISSED, SENSOR_DEGRADED, "programs",
			"the kernel skipped %llu runs of our programs in the last minute, of %llu packets: counts are too low by as many; "
			"other BPF programs on the same events are the cause ('bpftool prog' lists them)",
			sum->missed, packets);
	else if (!sum->missed)
		blind_over(sensor, BLIND_MISSED, "programs",
			   "no run of our programs was skipped in the last minute");
}

/* --- silence ---------------------------------------------------------------------------------- */

static void judge_silence(struct sensor *sensor, const char *side, __u64 passed, __u64 counted)
{
	if (passed >= SILENT_LEAST && counted * SILENT_ONE_IN < passed)
		blind_say(
			sensor, BLIND_SILENT, SENSOR_BLIND, side,
			"the watched interfaces counted %llu packets at %s in %d s, our programs %llu: something takes them before "
			"('bpftool net' lists programs; offloads to hardware do too), or restart spikewatch",
			passed, side, SILENT_S, counted);
	else if (counted * SILENT_ONE_IN >= passed && counted)
		blind_over(sensor, BLIND_SILENT, side, "packets at %s are counted again", side);
}

/* --- maps ------------------------------------------------------------------------------------- */

static void judge_map(struct sensor *sensor, const struct usage *peak)
{
	if (peak->entries > FULL_ABOVE(peak->capacity))
		blind_say(
			sensor, BLIND_MAPS, SENSOR_DEGRADED, peak->map,
			"map %s had %u of %u entries in the last minute: what finds no room is counted together with others; " CROWDED,
			peak->map, peak->entries, peak->capacity);
	else if (peak->capacity && peak->entries < FULL_BELOW(peak->capacity))
		blind_over(sensor, BLIND_MAPS, peak->map, "map %s has room again", peak->map);
}

static void judge_flows(struct sensor *sensor, const struct slot *sum)
{
	__u32 room = loader_sizes(sensor->loader)->flows;

	if (sum->n[COUNT_FLOWS_CREATED] > room)
		blind_say(
			sensor, BLIND_MAPS, SENSOR_DEGRADED, "flows",
			"%llu connections began in the last minute, and map flows has room for %u: those that were silent for a while are forgotten "
			"and counted from their next request; " CROWDED,
			sum->n[COUNT_FLOWS_CREATED], room);
	else if (sum->n[COUNT_FLOWS_CREATED] < FULL_BELOW(room))
		blind_over(sensor, BLIND_MAPS, "flows",
			   "map flows holds a minute's connections again");
}

/* --- the clock -------------------------------------------------------------------------------- */

static void judge_time(struct sensor *sensor)
{
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);
	struct timex timex = {}; /* modes 0: only asks */

	if (adjtimex(&timex) < 0)
		return;
	if (!(timex.status & STA_UNSYNC)) {
		sensor->sight->synced_ns = now_ns;
		blind_over(sensor, BLIND_CLOCK, "clock", "the clock is synchronised");
	} else if (now_ns - sensor->sight->synced_ns > UNSYNCED_NS) {
		blind_say(
			sensor, BLIND_CLOCK, SENSOR_DEGRADED, "clock",
			"the clock is not synchronised: times of alerts may be wrong, and buckets of other hosts do not match; run chrony or systemd-timesyncd");
	}
}

void sight_look_after(struct sensor *sensor)
{
	struct sight *sight = sensor->sight;
	__u64 missed = loader_recursion_missed(sensor->loader);
	struct slot sum;

	sight->slots[sight->second % SLOTS].missed += missed - sight->missed;
	sight->missed = missed;
	sum_up(sight, SLOTS, &sum);
	judge_loss(sensor, &sum, FEED_HTTP);
	judge_loss(sensor, &sum, FEED_DROP);
	judge_gaps(sensor, &sum);
	judge_missed(sensor, &sum);
	for (int i = 0; i < USAGE_MAX; i++)
		if (sight->peak[i].map)
			judge_map(sensor, &sight->peak[i]);
	judge_flows(sensor, &sum);
	judge_time(sensor);
	sum_up(sight, SILENT_S, &sum);
	judge_silence(sensor, "ingress", sum.rx_packets,
		      sum.n[COUNT_PACKETS_INGRESS] + sum.n[COUNT_PACKETS_XDP]);
	judge_silence(sensor, "egress", sum.tx_packets, sum.n[COUNT_PACKETS_EGRESS]);
}
