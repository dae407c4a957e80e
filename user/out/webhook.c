/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to an HTTP server, by libcurl's multi interface. */
#include "out/webhook.h"
#include "out/retry.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct webhook {
	struct outlet outlet;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	int timer_fd;
	bool sending;
	unsigned int attempts; /* at this post, that failed in a row */
	__u64 not_before_ns;   /* CLOCK_BOOTTIME */
	__u32 random;
	char error[CURL_ERROR_SIZE];
};

/* libcurl's sockets and the time it waits for are one descriptor: that of an epoll set. */
static int watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct webhook *webhook = arg;
	struct epoll_event event = { .data.fd = fd };

	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(webhook->outlet.fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(webhook->outlet.fd, EPOLL_CTL_MOD, fd, &event) &&
		 epoll_ctl(webhook->outlet.fd, EPOLL_CTL_ADD, fd, &event))
		return -1;
	return 0;
}

static int wake(CURLM *multi, long ms, void *arg)
{
	struct webhook *webhook = arg;
	struct itimerspec timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
	};

	if (ms < 0)
		timer.it_value.tv_sec = timer.it_value.tv_nsec = 0;
	else if (!ms)
		timer.it_value.tv_nsec = 1; /* 0 would be never */
	return timerfd_settime(webhook->timer_fd, 0, &timer, NULL) ? -1 : 0;
}

/* An answer's text is of no use. */
static size_t ignore(char *data, size_t size, size_t count, void *arg)
{
	return size * count;
}

static __u32 next_random(struct webhook *webhook)
{
	/* xorshift32: Marsaglia, "Xorshift RNGs", 2003 */
	webhook->random ^= webhook->random << 13;
	webhook->random ^= webhook->random >> 17;
	webhook->random ^= webhook->random << 5;
	return webhook->random;
}

static void say_status(struct webhook *webhook, long status)
{
	struct outlet *outlet = &webhook->outlet;
	char *target = NULL;

	curl_easy_getinfo(webhook->easy, CURLINFO_REDIRECT_URL, &target);
	if (target)
		snprintf(
			outlet->trouble, sizeof(outlet->trouble),
			"the server redirects (%ld) to %.150s: redirects are not followed, so set url: to that",
			status, target);
	else
		snprintf(outlet->trouble, sizeof(outlet->trouble), "the server answered %ld%s",
			 status,
			 status == 401 || status == 403 ? ": see token_file:"
			 : status == 404                ? ": see the path of url:"
							: "");
}

static enum outlet_result judge(struct webhook *webhook, CURLcode code, __s64 *ret_asked_s)
{
	long status = 0;
	curl_off_t asked_s = 0;

	if (code != CURLE_OK) {
		snprintf(webhook->outlet.trouble, sizeof(webhook->outlet.trouble), "%.240s",
			 *webhook->error ? webhook->error : curl_easy_strerror(code));
		return OUTLET_LATER;
	}
	curl_easy_getinfo(webhook->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(webhook->easy, CURLINFO_RETRY_AFTER, &asked_s);
	*ret_asked_s = asked_s;
	say_status(webhook, status);
	return retry_judge(status, webhook->attempts + 1);
}

static void end(struct webhook *webhook, CURLcode code, __u64 now_ns)
{
	__s64 asked_s = 0;
	enum outlet_result result = judge(webhook, code, &asked_s);

	curl_multi_remove_handle(webhook->multi, webhook->easy);
	webhook->sending = false;
	if (result == OUTLET_LATER) {
		webhook->attempts++;
		webhook->not_before_ns = now_ns + retry_delay_ns(webhook->attempts,
								 next_random(webhook), asked_s);
	} else {
		webhook->attempts = 0;
	}
	webhook->outlet.done(result, webhook->outlet.done_arg);
}

static void look(struct webhook *webhook, __u64 now_ns)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(webhook->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			end(webhook, message->data.result, now_ns);
}

static void act(struct webhook *webhook, const struct epoll_event *event)
{
	__u64 expired;
	int running, what = 0;

	if (event->data.fd == webhook->timer_fd) {
		if (read(webhook->timer_fd, &expired, sizeof(expired)) == sizeof(expired))
			curl_multi_socket_action(webhook->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		return;
	}
	if (event->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (event->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(webhook->multi, event->data.fd, what, &running);
}

static void ready(struct outlet *outlet, __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;
	struct epoll_event events[8];
	int n = epoll_wait(outlet->fd, events, 8, 0);

	for (int i = 0; i < n; i++)
		act(webhook, &events[i]);
	look(webhook, now_ns);
}

static enum outlet_result send_post(struct outlet *outlet, const void *payload, size_t len,
				    __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;

	if (webhook->sending || now_ns < webhook->not_before_ns)
		return OUTLET_LATER;
	*webhook->error = '\0';
	if (curl_easy_setopt(webhook->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) ||
	    curl_easy_setopt(webhook->easy, CURLOPT_COPYPOSTFIELDS, payload) ||
	    curl_multi_add_handle(webhook->multi, webhook->easy)) {
		snprintf(outlet->trouble, sizeof(outlet->trouble), "out of memory");
		return OUTLET_LATER;
	}
	webhook->sending = true;
	return OUTLET_BUSY;
}

static void wait_for(struct outlet *outlet, int ms, __u64 now_ns)
{
	struct webhook *webhook = (struct webhook *)outlet;
	int running;

	curl_multi_poll(webhook->multi, NULL, 0, ms, NULL);
	curl_multi_perform(webhook->multi, &running);
	look(webhook, now_ns);
}

static void free_webhook(struct outlet *outlet)
{
	struct webhook *webhook = (struct webhook *)outlet;

	if (!outlet)
		return;
	if (webhook->sending)
		curl_multi_remove_handle(webhook->multi, webhook->easy);
	curl_easy_cleanup(webhook->easy);
	curl_multi_cleanup(webhook->multi);
	curl_slist_free_all(webhook->headers);
	if (webhook->timer_fd >= 0)
		close(webhook->timer_fd);
	if (outlet->fd >= 0)
		close(outlet->fd);
	curl_global_cleanup();
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

static int add_header(struct webhook *webhook, const char *name, const char *value)
{
	struct curl_slist *longer;
	char *line;

	if (asprintf(&line, "%s%s", name, value) < 0)
		return -ENOMEM;
	longer = curl_slist_append(webhook->headers, line);
	free(line);
	if (!longer)
		return -ENOMEM;
	webhook->headers = longer;
	return 0;
}

static int set_headers(struct webhook *webhook, const char *token)
{
	int err = add_header(webhook, "Content-Type: application/json", "");

	if (!err)
		err = add_header(webhook, "Expect:", ""); /* none: one round trip less */
	if (!err && token)
		err = add_header(webhook, "Authorization: Bearer ", token);
	return err;
}

static bool set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
				(long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

static int set_options(struct webhook *webhook, const struct webhook_cfg *cfg)
{
	CURL *easy = webhook->easy;
	long ms = (long)(cfg->timeout_ns / 1000000);
	bool good = set_protocols(easy);

#define SET(option, value) good &= curl_easy_setopt(easy, option, value) == CURLE_OK
	SET(CURLOPT_URL, cfg->url);
	SET(CURLOPT_TIMEOUT_MS, ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, ms);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_USERAGENT, cfg->user_agent);
	SET(CURLOPT_WRITEFUNCTION, ignore);
	SET(CURLOPT_ERRORBUFFER, webhook->error);
	SET(CURLOPT_HTTPHEADER, webhook->headers);
#if LIBCURL_VERSION_NUM >= 0x075700 /* 7.87: the end does not wait for a name that is looked up */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	if (cfg->ca)
		SET(CURLOPT_CAINFO, cfg->ca);
#undef SET
	good &= curl_multi_setopt(webhook->multi, CURLMOPT_SOCKETFUNCTION, watch) == CURLM_OK;
	good &= curl_multi_setopt(webhook->multi, CURLMOPT_SOCKETDATA, webhook) == CURLM_OK;
	good &= curl_multi_setopt(webhook->multi, CURLMOPT_TIMERFUNCTION, wake) == CURLM_OK;
	good &= curl_multi_setopt(webhook->multi, CURLMOPT_TIMERDATA, webhook) == CURLM_OK;
	return good ? 0 : -EINVAL;
}

static int open_descriptors(struct webhook *webhook)
{
	struct epoll_event event = { .events = EPOLLIN };

	webhook->outlet.fd = epoll_create1(EPOLL_CLOEXEC);
	webhook->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = webhook->timer_fd;
	if (webhook->outlet.fd < 0 || webhook->timer_fd < 0 ||
	    epoll_ctl(webhook->outlet.fd, EPOLL_CTL_ADD, webhook->timer_fd, &event))
		return -errno;
	return 0;
}

int webhook_new(const struct webhook_cfg *cfg, struct outlet **ret)
{
	struct webhook *webhook = calloc(1, sizeof(*webhook));
	int err;

	if (!webhook)
		return -ENOMEM;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	webhook->outlet.ops = &ops;
	webhook->random = cfg->seed ? cfg->seed : 1;
	webhook->timer_fd = -1;
	err = open_descriptors(webhook);
	webhook->multi = curl_multi_init();
	webhook->easy = curl_easy_init();
	if (!err && (!webhook->multi || !webhook->easy))
		err = -ENOMEM;
	if (!err)
		err = set_headers(webhook, cfg->token);
	if (!err)
		err = set_options(webhook, cfg);
	if (err) {
		free_webhook(&webhook->outlet);
		return err;
	}
	*ret = &webhook->outlet;
	return 0;
}
