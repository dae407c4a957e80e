/* SPDX-License-Identifier: GPL-2.0-only */
/* A small HTTP server in the caller's thread: pages by path, for GET and HEAD. */
#ifndef SERVE_HTTPD_H
#define SERVE_HTTPD_H

#include <stddef.h>
#include <linux/types.h>

/*
 * At once; more wait in the kernel's queue. Each connection has one answer and HTTPD_PATIENCE_NS
 * for all of it, so nobody holds a place for long.
 */
#define HTTPD_CONNECTIONS_MAX 16
#define HTTPD_PATIENCE_NS     10000000000ULL

struct httpd_page {
	unsigned int status; /* 404: there is no such page, the rest is not looked at */
	const char *type;    /* of the body; static */
	char *body;          /* to be freed by the server */
	size_t len;
};

/* accept: the request's header, or NULL. -ENOMEM: the connection is closed without an answer. */
typedef int (*httpd_page_fn)(const char *path, const char *accept, struct httpd_page *ret,
			     void *arg);

struct httpd;

/* Serves at a listening socket, which is then the server's. -ENOMEM. */
int httpd_new(int listen_fd, httpd_page_fn page, void *arg, struct httpd **ret);
void httpd_free(struct httpd *httpd); /* NULL is fine */

/* Readable when there is something to do for httpd_take(). */
int httpd_fd(const struct httpd *httpd);
void httpd_take(struct httpd *httpd, __u64 now_ns);

/* About once a second: ends connections that take too long. now_ns: CLOCK_BOOTTIME. */
void httpd_look_after(struct httpd *httpd, __u64 now_ns);

#endif
