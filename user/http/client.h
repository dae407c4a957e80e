/* SPDX-License-Identifier: GPL-2.0-only */
/* One request at a time to an HTTP server, while the caller does other things. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct http_client;

/* How a request ended. Texts live as long as the call that tells of it. */
struct http_answer {
	const char *trouble;  /* why there is no whole answer; NULL: there is one */
	long status;          /* RFC 9110 section 15; 0: none came */
	__s64 retry_after_s;  /* 0: not said */
	const char *redirect; /* where to; NULL: it does not redirect */
};

struct http_client_cfg {
	const char *user_agent;
	const char *ca; /* a file of certificates to trust instead of the system's; or NULL */
	bool no_proxy;  /* also where the environment names one */
	/*
	 * A part of a body came; false breaks the transfer off. It may not start, cancel or free.
	 * NULL: bodies are of no use.
	 */
	bool (*body)(const char *data, size_t len, long status, void *arg);
	/* The request ended; another may be started from here. */
	void (*done)(const struct http_answer *answer, void *arg);
	void *arg;
};

struct http_request {
	const char *url;   /* http:// or https:// */
	const char *token; /* for "Authorization: Bearer"; or NULL */
	const void *post;  /* JSON to be posted; NULL: GET */
	size_t post_len;
	__u64 timeout_ns;  /* of a whole request */
	__u64 connect_ns;  /* of what comes before it is sent */
	__u64 bytes_per_s; /* a faster answer is slowed down to that; 0: as fast as it comes */
};

/*
 * By HTTP/1.1. Texts are copied. Names are looked up in a thread of libcurl's. Redirects are not
 * followed: a token would go where nobody said. Answers are not asked for compressed. The file of
 * certificates is read anew for each connection. -ENOMEM; -EINVAL: libcurl does not take it;
 * -errno.
 */
int http_client_new(const struct http_client_cfg *cfg, struct http_client **ret);
void http_client_free(struct http_client *client); /* NULL is fine; without done() */

/* -EBUSY: there is one already; -ENOMEM. What is pointed to is copied. */
int http_client_start(struct http_client *client, const struct http_request *request);
bool http_client_is_busy(const struct http_client *client);
/* Has a status come of the request at hand? */
bool http_client_is_answered(const struct http_client *client);
void http_client_cancel(struct http_client *client); /* without done(); none is fine */

/* Readable when there is something to do for http_client_ready(). */
int http_client_fd(const struct http_client *client);
void http_client_ready(struct http_client *client);
/* Goes on with the request at hand for at most ms. */
void http_client_wait(struct http_client *client, int ms);

#endif
