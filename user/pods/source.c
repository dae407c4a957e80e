/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of pods, from the kubelet of this node or from the API server. */
#include "pods/source.h"
#include "pods/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000ULL

#define LIST_BYTES_MAX   (64ULL << 20)
#define LOOKUP_BYTES_MAX (8ULL << 20)
#define TIMEOUT_NS       (10 * SECOND_NS)
/* A watch is begun anew after 240 to 359 s, so that what it missed comes to light. */
#define WATCH_S      240
#define WATCH_MORE_S 120
/* So long after a watch has begun with what there is, all of it has come. */
#define SYNC_NS (30 * SECOND_NS)
/* Without an answer for so long, what is known is kept as that of pods that have gone. */
#define STALE_NS  (600 * SECOND_NS)
#define EXPIRE_NS (10 * SECOND_NS)

/* Of pods of other nodes nobody tells when they go. */
#define ELSEWHERE_NS (300 * SECOND_NS)
#define NOBODY_NS    (60 * SECOND_NS)
#define WANTED_MAX   64
/* Questions, 10 at once and one each 2 s, in half ones: an API server has many nodes. */
#define HALVES_MAX 20

#define URL_MAX (TARGET_URL_MAX + 512)

struct source {
	struct source_cfg cfg;
	char *token, *ca, *user_agent;
	struct pods *pods;
	struct talk main;   /* the kubelet's list, or the watch */
	struct talk lookup; /* of pods elsewhere; without client where there is none */
	char version[READER_VERSION_MAX]; /* from which the watch goes on; empty: from what there is
					   */
	bool synced;                      /* pods that the watch did not tell of are gone */
	bool stale;
	__u64 expire_ns, second_ns;
	struct addr wanted[WANTED_MAX]; /* a ring */
	unsigned int wanted_first, wanted_count;
	struct addr asked; /* by the lookup at hand */
	unsigned int halves;
	__u64 now_ns;
};

/* --- the list, or the watch ------------------------------------------------------------------- */

static void list_ended(struct source *source, bool good)
{
	struct talk *talk = &source->main;

	if (!good)
		return;
	pods_end(source->pods, talk->now_ns);
	/* Not all nodes in the same moment. */
	talk->not_before_ns = talk->now_ns +
			      source->cfg.refresh_ns * (90 + talk->random % 20) / 100;
}

static void watch_ended(struct source *source, bool good)
{
	struct talk *talk = &source->main;
	bool expired = talk->reader.expired;

	if (expired && *source->version) {
		/* Nothing is wrong: the server has forgotten so old a version. */
		talk->failures = 0;
		talk->failed--;
		talk->not_before_ns = talk->now_ns + SECOND_NS;
	}
	if (good) /* one that ends at once is not begun again at once */
		talk->not_before_ns = talk->start_ns + SECOND_NS + talk->random % SECOND_NS;
	if (expired || !source->synced)
		*source->version = '\0';
	else if (*talk->reader.version)
		strcpy(source->version, talk->reader.version);
}

static void main_ended(bool good, void *arg)
{
	struct source *source = arg;

	if (source->cfg.target.way == TARGET_KUBELET)
		list_ended(source, good);
	else
		watch_ended(source, good);
}

static void start_list(struct source *source, __u64 now_ns)
{
	char url[URL_MAX];
	const struct talk_request request = {
		.url = url,
		.form = READER_LIST,
		.bytes_max = LIST_BYTES_MAX,
		.timeout_ns = TIMEOUT_NS,
		.tells = true,
	};

	snprintf(url, sizeof(url), "%s/pods", source->cfg.target.url);
	pods_begin(source->pods);
	talk_start(&source->main, &request, source->pods, now_ns);
}

/*
 * From version 0 a watch tells of all pods that there are, from the server's memory, and goes on
 * with what changes: no list, no pages, and no question to its database. Of what it tells, the
 * node's own are looked up by an index.
 */
static void start_watch(struct source *source, __u64 now_ns)
{
	const char *node = source->cfg.target.node;
	unsigned int seconds = WATCH_S + source->main.random % WATCH_MORE_S;
	char url[URL_MAX];
	const struct talk_request request = {
		.url = url,
		.form = READER_WATCH,
		.bytes_max = ~0ULL,
		.timeout_ns = (seconds + 30) * SECOND_NS,
		.tells = !*source->version,
	};

	if (!*source->version) {
		pods_begin(source->pods);
		source->synced = false;
	}
	snprintf(
		url, sizeof(url),
		"%s/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=%s%s%s",
		source->cfg.target.url, seconds, *source->version ? source->version : "0",
		*node ? "&fieldSelector=spec.nodeName%3D" : "", node);
	talk_start(&source->main, &request, source->pods, now_ns);
}

/* A watch that began with what there is, and has told all of it. */
static void sync_watch(struct source *source, __u64 now_ns)
{
	const struct talk *talk = &source->main;

	if (source->synced || !http_client_is_answered(talk->client) ||
	    now_ns - talk->start_ns < SYNC_NS)
		return;
	pods_end(source->pods, now_ns);
	source->synced = true;
}

/* Names do not stay for ever where nobody can tell that they changed. */
static void see_how_old(struct source *source, __u64 now_ns)
{
	bool stale = source->main.good_ns && now_ns - source->main.good_ns > STALE_NS;

	if (stale && !source->stale) {
		pods_begin(source->pods);
		pods_end(source->pods, now_ns);
		*source->version = '\0';
	}
	source->stale = stale;
}

/* --- pods of other nodes ---------------------------------------------------------------------- */

static void start_lookup(struct source *source, __u64 now_ns)
{
	char url[URL_MAX], text[ADDR_TEXT_MAX];
	const struct talk_request request = {
		.url = url,
		.form = READER_LIST,
		.only = &source->asked,
		.until_ns = now_ns + ELSEWHERE_NS,
		.bytes_max = LOOKUP_BYTES_MAX,
		.timeout_ns = TIMEOUT_NS,
	};

	if (!source->wanted_count || source->halves < 2 || !talk_is_due(&source->lookup, now_ns))
		return;
	source->asked = source->wanted[source->wanted_first];
	source->wanted_first = (source->wanted_first + 1) % WANTED_MAX;
	source->wanted_count--;
	source->halves -= 2;
	snprintf(url, sizeof(url),
		 "%s/api/v1/pods?resourceVersion=0&limit=50&fieldSelector=status.podIP%%3D%s",
		 source->cfg.target.url, addr_format(&source->asked, text));
	talk_start(&source->lookup, &request, source->pods, now_ns);
}

static void lookup_ended(bool good, void *arg)
{
	struct source *source = arg;
	__u64 now_ns = source->lookup.now_ns;
	struct addr_pod pod;

	if (good && !pods_find(source->pods, &source->asked, now_ns, &pod))
		pods_put_nobody(source->pods, &source->asked, now_ns + NOBODY_NS);
	start_lookup(source, now_ns);
}

/* Is it known, and new enough? */
static bool is_known(const struct source *source, const struct addr *addr, __u64 now_ns)
{
	__u64 until_ns = pods_known_until(source->pods, addr);
	struct addr_pod pod;

	if (until_ns == ~0ULL)
		return true;
	if (until_ns <= now_ns)
		return false;
	return !pods_find(source->pods, addr, now_ns, &pod) ||
	       until_ns > now_ns + ELSEWHERE_NS - source->cfg.refresh_ns;
}

static bool is_wanted(const struct source *source, const struct addr *addr)
{
	for (unsigned int i = 0; i < source->wanted_count; i++)
		if (addr_equal(&source->wanted[(source->wanted_first + i) % WANTED_MAX], addr))
			return true;
	return http_client_is_busy(source->lookup.client) && addr_equal(&source->asked, addr);
}

void source_want(struct source *source, const struct addr *addr, __u64 now_ns)
{
	if (!source->lookup.client || is_known(source, addr, now_ns) || is_wanted(source, addr) ||
	    source->wanted_count == WANTED_MAX)
		return;
	source->wanted[(source->wanted_first + source->wanted_count) % WANTED_MAX] = *addr;
	source->wanted_count++;
	start_lookup(source, now_ns);
}

/* --- all of it -------------------------------------------------------------------------------- */

static int open_talks(struct source *source)
{
	struct talk_cfg cfg = {
		.token = source->token,
		.ca = source->ca,
		.user_agent = source->user_agent,
		.seed = (__u32)source->cfg.seed,
		.ended = main_ended,
		.arg = source,
	};
	int err = talk_open(&source->main, &cfg);

	if (err || source->cfg.target.way == TARGET_KUBELET || !*source->cfg.target.node)
		return err;
	cfg.ended = lookup_ended;
	cfg.seed ^= 0x9e3779b9U;
	return talk_open(&source->lookup, &cfg);
}

int source_new(const struct source_cfg *cfg, struct source **ret)
{
	struct source *source = calloc(1, sizeof(*source));
	int err = -ENOMEM;

	if (!source)
		return err;
	source->cfg = *cfg;
	source->token = strdup(cfg->token);
	source->ca = strdup(cfg->ca);
	source->user_agent = strdup(cfg->user_agent);
	source->halves = HALVES_MAX;
	if (source->token && source->ca && source->user_agent)
		err = pods_new(cfg->seed, &source->pods);
	if (!err)
		err = open_talks(source);
	if (err) {
		source_free(source);
		return err;
	}
	*ret = source;
	return 0;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	talk_close(&source->main);
	talk_close(&source->lookup);
	pods_free(source->pods);
	free(source->token);
	free(source->ca);
	free(source->user_agent);
	free(source);
}

int source_fd(const struct source *source, int i)
{
	const struct talk *talk = i ? &source->lookup : &source->main;

	return talk->client ? http_client_fd(talk->client) : -1;
}

void source_ready(struct source *source, __u64 now_ns)
{
	talk_ready(&source->main, now_ns);
	if (source->lookup.client)
		talk_ready(&source->lookup, now_ns);
}

void source_look_after(struct source *source, __u64 now_ns)
{
	bool kubelet = source->cfg.target.way == TARGET_KUBELET;

	talk_look_after(&source->main, now_ns);
	if (!kubelet)
		sync_watch(source, now_ns);
	see_how_old(source, now_ns);
	if (talk_is_due(&source->main, now_ns)) {
		if (kubelet)
			start_list(source, now_ns);
		else
			start_watch(source, now_ns);
	}
	if (source->lookup.client) {
		if (source->halves < HALVES_MAX && now_ns - source->second_ns >= SECOND_NS) {
			source->halves++;
			source->second_ns = now_ns;
		}
		talk_look_after(&source->lookup, now_ns);
		start_lookup(source, now_ns);
	}
	if (now_ns - source->expire_ns >= EXPIRE_NS) {
		pods_expire(source->pods, now_ns);
		source->expire_ns = now_ns;
	}
}

bool source_find(const struct source *source, const struct addr *addr, __u64 now_ns,
		 struct addr_pod *ret)
{
	return pods_find(source->pods, addr, now_ns, ret);
}

struct source_state source_state(const struct source *source)
{
	const struct talk *main = &source->main, *lookup = &source->lookup;
	struct source_state state = {
		.pods = pods_count(source->pods),
		.asked = main->asked + lookup->asked,
		.failed = main->failed + lookup->failed,
		.odd = main->odd + lookup->odd + main->reader.odd + lookup->reader.odd,
		.good_ns = main->good_ns,
	};

	if (main->failures >= TALK_FAILING)
		state.trouble = main->trouble;
	else if (lookup->failures >= TALK_FAILING)
		state.trouble = lookup->trouble;
	return state;
}
