/* SPDX-License-Identifier: GPL-2.0-only */
/* One request at a time to an HTTP server, by libcurl's multi interface. */
#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_MAX 8

struct http_client {
	bool (*body)(const char *data, size_t len, long status, void *arg);
	void (*done)(const struct http_answer *answer, void *arg);
	void *arg;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers; /* of the request at hand */
	int epoll_fd, timer_fd;
	bool global, busy;
	char error[CURL_ERROR_SIZE];
};

/* libcurl's sockets and the time it waits for are one descriptor: that of an epoll set. */
static int watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct http_client *client = arg;
	struct epoll_event event = { .data.fd = fd };

	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, fd, &event) &&
		 epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -1;
	return 0;
}

static int wake(CURLM *multi, long ms, void *arg)
{
	struct http_client *client = arg;
	struct itimerspec timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
	};

	if (ms < 0)
		timer.it_value.tv_sec = timer.it_value.tv_nsec = 0;
	else if (!ms)
		timer.it_value.tv_nsec = 1; /* 0 would be never */
	return timerfd_settime(client->timer_fd, 0, &timer, NULL) ? -1 : 0;
}

static long status_of(const struct http_client *client)
{
	long status = 0;

	curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_client *client = arg;
	size_t len = size * count;

	if (client->body && !client->body(data, len, status_of(client), client->arg))
		return len + 1; /* any other number than len: it is broken off */
	return len;
}

static void end(struct http_client *client, CURLcode code)
{
	struct http_answer answer = { .status = status_of(client) };
	curl_off_t retry_after_s = 0;
	char *redirect = NULL;

	if (code != CURLE_OK)
		answer.trouble = *client->error ? client->error : curl_easy_strerror(code);
	curl_easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	curl_easy_getinfo(client->easy, CURLINFO_REDIRECT_URL, &redirect);
	answer.retry_after_s = retry_after_s;
	answer.redirect = redirect;
	http_client_cancel(client);
	client->done(&answer, client->arg);
}

static void look(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			end(client, message->data.result);
}

static void act(struct http_client *client, const struct epoll_event *event)
{
	__u64 expired;
	int running, what = 0;

	if (event->data.fd == client->timer_fd) {
		if (read(client->timer_fd, &expired, sizeof(expired)) == sizeof(expired))
			curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		return;
	}
	if (event->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (event->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(client->multi, event->data.fd, what, &running);
}

int http_client_fd(const struct http_client *client)
{
	return client->epoll_fd;
}

void http_client_ready(struct http_client *client)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(client->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++)
		act(client, &events[i]);
	look(client);
}

void http_client_wait(struct http_client *client, int ms)
{
	int running;

	curl_multi_poll(client->multi, NULL, 0, ms, NULL);
	curl_multi_perform(client->multi, &running);
	look(client);
}

bool http_client_is_busy(const struct http_client *client)
{
	return client->busy;
}

bool http_client_is_answered(const struct http_client *client)
{
	return client->busy && status_of(client) > 0;
}

void http_client_cancel(struct http_client *client)
{
	if (client->busy)
		curl_multi_remove_handle(client->multi, client->easy);
	client->busy = false;
	curl_slist_free_all(client->headers);
	client->headers = NULL;
}

static int add_header(struct http_client *client, const char *name, const char *value)
{
	struct curl_slist *longer;
	char *line;

	if (asprintf(&line, "%s%s", name, value) < 0)
		return -ENOMEM;
	longer = curl_slist_append(client->headers, line);
	free(line);
	if (!longer)
		return -ENOMEM;
	client->headers = longer;
	return 0;
}

static int set_headers(struct http_client *client, const struct http_request *request)
{
	int err = add_header(
		client,
		request->post ? "Content-Type: application/json" : "Accept: application/json", "");

	if (!err)
		err = add_header(client, "Expect:", ""); /* none: one round trip less */
	if (!err && request->token)
		err = add_header(client, "Authorization: Bearer ", request->token);
	return err;
}

#define SET(option, value) (curl_easy_setopt(client->easy, option, value) == CURLE_OK)

static bool set_request(struct http_client *client, const struct http_request *request)
{
	bool good = SET(CURLOPT_URL, request->url) && SET(CURLOPT_HTTPHEADER, client->headers) &&
		    SET(CURLOPT_TIMEOUT_MS, (long)(request->timeout_ns / 1000000)) &&
		    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(request->connect_ns / 1000000)) &&
		    SET(CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)request->bytes_per_s);

	if (!good || !request->post)
		return good && SET(CURLOPT_HTTPGET, 1L);
	return SET(CURLOPT_POST, 1L) &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->post_len) &&
	       SET(CURLOPT_COPYPOSTFIELDS, request->post);
}

int http_client_start(struct http_client *client, const struct http_request *request)
{
	int err;

	if (client->busy)
		return -EBUSY;
	*client->error = '\0';
	err = set_headers(client, request);
	if (!err &&
	    (!set_request(client, request) || curl_multi_add_handle(client->multi, client->easy)))
		err = -ENOMEM;
	if (err)
		http_client_cancel(client);
	else
		client->busy = true;
	return err;
}

static bool set_protocols(struct http_client *client)
{
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
	return SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static bool set_for_good(struct http_client *client, const struct http_client_cfg *cfg)
{
	bool good = set_protocols(client) && SET(CURLOPT_NOSIGNAL, 1L) &&
		    SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_USERAGENT, cfg->user_agent) &&
		    SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, client) &&
		    SET(CURLOPT_ERRORBUFFER, client->error) && SET(CURLOPT_TCP_KEEPALIVE, 1L);

	if (cfg->no_proxy)
		good = good && SET(CURLOPT_NOPROXY, "*");
	if (cfg->ca)
		good = good && SET(CURLOPT_CAINFO, cfg->ca) && SET(CURLOPT_CAPATH, NULL);
#if LIBCURL_VERSION_NUM >= 0x075700 /* 7.87 */
	good = good && SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
	/* The end does not wait for a name that is looked up. */
	good = good && SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	return good;
}

static bool set_multi(struct http_client *client)
{
	CURLM *multi = client->multi;

	return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, wake) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) == CURLM_OK;
}

static int open_descriptors(struct http_client *client)
{
	struct epoll_event event = { .events = EPOLLIN };

	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = client->timer_fd;
	if (client->epoll_fd < 0 || client->timer_fd < 0 ||
	    epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, client->timer_fd, &event))
		return -errno;
	return 0;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	http_client_cancel(client);
	curl_easy_cleanup(client->easy);
	curl_multi_cleanup(client->multi);
	if (client->timer_fd >= 0)
		close(client->timer_fd);
	if (client->epoll_fd >= 0)
		close(client->epoll_fd);
	if (client->global)
		curl_global_cleanup();
	free(client);
}

int http_client_new(const struct http_client_cfg *cfg, struct http_client **ret)
{
	struct http_client *client = calloc(1, sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->body = cfg->body;
	client->done = cfg->done;
	client->arg = cfg->arg;
	client->epoll_fd = client->timer_fd = -1;
	client->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	client->multi = curl_multi_init();
	client->easy = curl_easy_init();
	err = open_descriptors(client);
	if (!err && (!client->global || !client->multi || !client->easy))
		err = -ENOMEM;
	if (!err && (!set_for_good(client, cfg) || !set_multi(client)))
		err = -EINVAL;
	if (err) {
		http_client_free(client);
		return err;
	}
	*ret = client;
	return 0;
}
