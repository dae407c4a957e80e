/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to an HTTP server. */
#include "out/webhook.h"
#include "http/backoff.h"
#include "http/client.h"
#include "out/retry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct webhook {
	struct outlet outlet;
	struct http_client *client;
	char *url, *token;
	__u64 timeout_ns;
	unsigned int attempts; /* at this post, that failed in a row */
	__u64 now_ns;          /* CLOCK_BOOTTIME, as last told */
	__u64 not_before_ns;
	__u32 random;
};

static void say_status(struct outlet *outlet, const struct http_answer *answer)
{
	long status = answer->status;

	if (answer->redirect)
		snprintf(
			outlet->trouble, sizeof(outlet->trouble),
			"the server redirects (%ld) to %.150s: redirects are not followed, so set url: to that",
			status, answer->redirect);
	else
		snprintf(outlet->trouble, sizeof(outlet->trouble), "the server answered %ld%s",
			 status,
			 status == 401 || status == 403 ? ": see token_file:"
			 : status == 404                ? ": see the path of url:"
							: "");
}

static enum outlet_result judge(struct webhook *webhook, const struct http_answer *answer)
{
	if (answer->trouble) {
		snprintf(webhook->outlet.trouble, sizeof(webhook->outlet.trouble), "%.240s",
			 answer->trouble);
		return OUTLET_LATER;
	}
	say_status(&webhook->outlet, answer);
	return retry_judge(answer->status, webhook->attempts + 1);
}

static void done(const struct http_answer *answer, void *arg)
{
	struct webhook *webhook = arg;
	enum outlet_result result = judge(webhook, answer);

	if (result == OUTLET_LATER) {
		webhook->attempts++;
		webhook->not_before_ns = webhook->now_ns +
					 backoff_delay_ns(webhook->attempts,
							  backoff_random(&webhook->random),
							  answer->retry_after_s);
	} else {
		webhook->attempts = 0;
	}
	webhook->outlet.done(result, webhook->outlet.done_arg);
}

static void ready(struct outlet *outlet, __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;

	webhook->now_ns = now_ns;
	http_client_ready(webhook->client);
}

static enum outlet_result send_post(struct outlet *outlet, const void *payload, size_t len,
				    __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;
	const struct http_request request = {
		.url = webhook->url,
		.token = webhook->token,
		.post = payload,
		.post_len = len,
		.timeout_ns = webhook->timeout_ns,
		.connect_ns = webhook->timeout_ns,
	};

	if (http_client_is_busy(webhook->client) || now_ns < webhook->not_before_ns)
		return OUTLET_LATER;
	if (http_client_start(webhook->client, &request)) {
		snprintf(outlet->trouble, sizeof(outlet->trouble), "out of memory");
		return OUTLET_LATER;
	}
	return OUTLET_BUSY;
}

static void wait_for(struct outlet *outlet, int ms, __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;

	webhook->now_ns = now_ns;
	http_client_wait(webhook->client, ms);
}

static void free_webhook(struct outlet *outlet)
{
	struct webhook *webhook = (struct webhook *)outlet;

	if (!outlet)
		return;
	http_client_free(webhook->client);
	free(webhook->url);
	free(webhook->token);
	free(webhook);
}

static const struct outlet_ops ops = {
	.name = "webhook",
	.sends_ecs = true,
	.send = send_post,
	.ready = ready,
	.wait = wait_for,
	.free = free_webhook,
};

int webhook_new(const struct webhook_cfg *cfg, struct outlet **ret)
{
	struct webhook *webhook = calloc(1, sizeof(*webhook));
	const struct http_client_cfg client = {
		.user_agent = cfg->user_agent,
		.ca = cfg->ca,
		.done = done,
		.arg = webhook,
	};
	int err = -ENOMEM;

	if (!webhook)
		return err;
	webhook->outlet.ops = &ops;
	webhook->outlet.fd = -1;
	webhook->random = cfg->seed ? cfg->seed : 1;
	webhook->timeout_ns = cfg->timeout_ns;
	webhook->url = strdup(cfg->url);
	webhook->token = cfg->token ? strdup(cfg->token) : NULL;
	if (webhook->url && (webhook->token || !cfg->token))
		err = http_client_new(&client, &webhook->client);
	if (err) {
		free_webhook(&webhook->outlet);
		return err;
	}
	webhook->outlet.fd = http_client_fd(webhook->client);
	*ret = &webhook->outlet;
	return 0;
}
