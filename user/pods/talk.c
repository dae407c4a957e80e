/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking a server of Kubernetes for pods, again and again, whatever it answers. */
#include "pods/talk.h"
#include "http/backoff.h"
#include "http/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS   1000000000ULL
#define CONNECT_NS  (5 * SECOND_NS)
#define ANSWER_NS   (10 * SECOND_NS) /* until a status comes */
#define SETTLED_NS  (5 * SECOND_NS)  /* a watch that is answered for so long goes well */
#define TELL_NS     (30 * SECOND_NS) /* until a pod is told of */
#define WAIT_MAX_NS (60 * SECOND_NS)
#define NO_POD      "it tells of no pod, and each node has one at least: see NODE_NAME"
/* A pod takes some 10 KiB: 400 a second, for about a tenth of a CPU. */
#define BYTES_PER_S (4ULL << 20)

static void say(struct talk *talk, const char *what, const char *more)
{
	snprintf(talk->trouble, sizeof(talk->trouble), "%.250s%.100s", what, more);
}

static void fail(struct talk *talk, __s64 asked_s)
{
	__u64 wait_ns;

	talk->failed++;
	talk->failures++;
	wait_ns = backoff_delay_ns(talk->failures, backoff_random(&talk->random), asked_s);
	/* The longest waits are of some use to a server, not to who waits for its return. */
	if (wait_ns > WAIT_MAX_NS && asked_s <= 0)
		wait_ns = WAIT_MAX_NS / 2 + wait_ns % (WAIT_MAX_NS / 2);
	talk->not_before_ns = talk->now_ns + wait_ns;
}

static void succeed(struct talk *talk)
{
	talk->failures = 0;
	talk->good_ns = talk->now_ns;
}

static void say_status(struct talk *talk, const struct http_answer *answer)
{
	char what[64];

	if (answer->redirect) {
		say(talk, "it redirects, which is not followed, to ", answer->redirect);
		return;
	}
	snprintf(what, sizeof(what), "it answered %ld", answer->status);
	say(talk, what,
	    answer->status == 401   ? ": see kubernetes.token"
	    : answer->status == 403 ? ": the service account lacks the right (RBAC)"
	    : answer->status == 404 ? ": see kubernetes.url"
				    : "");
}

static bool is_good(struct talk *talk, const struct http_answer *answer)
{
	bool read = !*talk->reader.trouble; /* else that says more */

	if (read && answer->status && answer->status != 200)
		say_status(talk, answer);
	else if (read && answer->trouble)
		say(talk, answer->trouble, "");
	else if (!reader_finish(&talk->reader))
		say(talk, talk->reader.trouble, "");
	else if (talk->tells && !talk->reader.told)
		say(talk, NO_POD, "");
	else
		return true;
	return false;
}

static void finish(struct talk *talk)
{
	reader_finish(&talk->reader); /* it counts what was left out */
	talk->odd += talk->reader.odd;
	talk->reader.odd = 0;
	reader_clear(&talk->reader);
}

static void done(const struct http_answer *answer, void *arg)
{
	struct talk *talk = arg;
	bool good = is_good(talk, answer);

	if (good)
		succeed(talk);
	else
		fail(talk, answer->retry_after_s);
	finish(talk);
	talk->cfg.ended(good, talk->cfg.arg);
}

/* What comes with another status than 200 is of no use, however long it is. */
static bool take_body(const char *data, size_t len, long status, void *arg)
{
	struct talk *talk = arg;

	if (status != 200)
		return false;
	return reader_take(&talk->reader, data, len, talk->now_ns);
}

int talk_open(struct talk *talk, const struct talk_cfg *cfg)
{
	const struct http_client_cfg client = {
		.user_agent = cfg->user_agent,
		.ca = cfg->ca,
		.no_proxy = true,
		.body = take_body,
		.done = done,
		.arg = talk,
	};

	*talk = (struct talk){ .cfg = *cfg, .random = cfg->seed ? cfg->seed : 1 };
	return http_client_new(&client, &talk->client);
}

void talk_close(struct talk *talk)
{
	http_client_free(talk->client);
	talk->client = NULL;
	reader_clear(&talk->reader);
}

bool talk_is_due(const struct talk *talk, __u64 now_ns)
{
	return !http_client_is_busy(talk->client) && now_ns >= talk->not_before_ns;
}

void talk_start(struct talk *talk, const struct talk_request *request, struct pods *pods,
		__u64 now_ns)
{
	struct http_request http = {
		.url = request->url,
		.timeout_ns = request->timeout_ns,
		.connect_ns = CONNECT_NS,
		.bytes_per_s = BYTES_PER_S,
	};
	char *token = NULL;
	int err = token_read(talk->cfg.token, &token);

	talk->now_ns = talk->start_ns = talk->moved_ns = now_ns;
	talk->moved_told = 0;
	talk->tells = request->tells;
	talk->asked++;
	reader_begin(&talk->reader, request->form, pods, request->until_ns, request->bytes_max);
	talk->reader.only = request->only;
	if (err) {
		say(talk, talk->cfg.token,
		    err == -EINVAL ? ": it is no token" : ": it cannot be read");
	} else {
		http.token = token;
		err = http_client_start(talk->client, &http);
		if (err)
			say(talk, "out of memory", "");
	}
	free(token);
	if (err)
		fail(talk, 0);
}

void talk_ready(struct talk *talk, __u64 now_ns)
{
	talk->now_ns = now_ns;
	http_client_ready(talk->client);
}

static void give_up(struct talk *talk, const char *why)
{
	http_client_cancel(talk->client);
	say(talk, why, "");
	fail(talk, 0);
	finish(talk);
	talk->cfg.ended(false, talk->cfg.arg);
}

/* A watch may be silent for long, but not in the middle of an event. */
static bool goes_on(struct talk *talk)
{
	const struct reader *reader = &talk->reader;

	if (split_is_whole(&reader->split) || reader->told != talk->moved_told) {
		talk->moved_told = reader->told;
		talk->moved_ns = talk->now_ns;
	}
	return talk->now_ns - talk->moved_ns <= ANSWER_NS;
}

void talk_look_after(struct talk *talk, __u64 now_ns)
{
	__u64 since_ns = now_ns - talk->start_ns;
	bool told = talk->reader.told || !talk->tells;

	talk->now_ns = now_ns;
	if (!http_client_is_busy(talk->client))
		return;
	if (!http_client_is_answered(talk->client)) {
		if (since_ns > ANSWER_NS)
			give_up(talk, "it did not answer within 10 s");
	} else if (talk->reader.form != READER_WATCH) {
		return; /* its time is limited as a whole */
	} else if (!goes_on(talk)) {
		give_up(talk, "it stopped in the middle of its answer");
	} else if (!told && since_ns > TELL_NS) {
		give_up(talk, NO_POD);
	} else if (told && since_ns > SETTLED_NS && !*talk->reader.trouble) {
		succeed(talk);
	}
}
