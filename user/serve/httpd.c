/* SPDX-License-Identifier: GPL-2.0-only */
/* A small HTTP server by libmicrohttpd, which waits on an epoll descriptor of its own. */
#include "serve/httpd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "util/log.h"

/* What a connection may use for its headers. */
#define MEMORY_MAX 16384
/* How often the library is called in a row while it says that it has more to do. */
#define ROUNDS_MAX 64

struct client {
	int fd; /* -1: nobody */
	__u64 since_ns;
};

struct httpd {
	struct MHD_Daemon *daemon;
	httpd_page_fn page;
	void *arg;
	__u64 now_ns;
	struct client clients[HTTPD_CONNECTIONS_MAX];
};

static enum MHD_Result send_page(struct MHD_Connection *connection, struct httpd_page *page)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(page->len, page->body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(page->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", page->type);
	MHD_add_response_header(response, "Connection", "close");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, page->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_words(struct MHD_Connection *connection, unsigned int status,
				  const char *words)
{
	struct httpd_page page = { .status = status, .type = "text/plain; charset=utf-8" };

	page.body = strdup(words);
	if (!page.body)
		return MHD_NO;
	page.len = strlen(words);
	return send_page(connection, &page);
}

static enum MHD_Result take_request(void *arg, struct MHD_Connection *connection, const char *path,
				    const char *method, const char *version, const char *upload,
				    size_t *upload_len, void **request)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
	struct httpd *httpd = arg;
	struct httpd_page page = { .status = 404 };

	if (httpd->page(path, accept, &page, httpd->arg))
		return MHD_NO;
	if (page.status == MHD_HTTP_NOT_FOUND)
		return send_words(connection, page.status,
				  "not found; there are /metrics, /healthz and /readyz\n");
	if (!strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD))
		return send_page(connection, &page);
	free(page.body);
	return send_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
}

static struct client *find_client(struct httpd *httpd, int fd)
{
	for (int i = 0; i < HTTPD_CONNECTIONS_MAX; i++)
		if (httpd->clients[i].fd == fd)
			return &httpd->clients[i];
	return NULL;
}

static void note_client(void *arg, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct httpd *httpd = arg;
	struct client *client;

	if (!info)
		return;
	client = find_client(httpd, code == MHD_CONNECTION_NOTIFY_STARTED ? -1 : info->connect_fd);
	if (!client)
		return;
	*client = (struct client){ .fd = -1 };
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*client = (struct client){ .fd = info->connect_fd, .since_ns = httpd->now_ns };
}

static void to_log(void *arg, const char *format, va_list args)
{
	char line[256];

	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http server: %s", line);
}

int httpd_new(int listen_fd, httpd_page_fn page, void *arg, struct httpd **ret)
{
	struct httpd *httpd = calloc(1, sizeof(*httpd));

	if (!httpd)
		return -ENOMEM;
	httpd->page = page;
	httpd->arg = arg;
	for (int i = 0; i < HTTPD_CONNECTIONS_MAX; i++)
		httpd->clients[i].fd = -1;
	httpd->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, take_request, httpd,
		MHD_OPTION_EXTERNAL_LOGGER, to_log, NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTPD_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)(HTTPD_PATIENCE_NS / 1000000000),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, note_client, httpd, MHD_OPTION_END);
	if (!httpd->daemon) {
		free(httpd);
		return -ENOMEM;
	}
	*ret = httpd;
	return 0;
}

void httpd_free(struct httpd *httpd)
{
	if (!httpd)
		return;
	MHD_stop_daemon(httpd->daemon);
	free(httpd);
}

int httpd_fd(const struct httpd *httpd)
{
	return MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void httpd_take(struct httpd *httpd, __u64 now_ns)
{
	unsigned long long wait_ms;

	httpd->now_ns = now_ns;
	/*
	 * Its epoll is edge-triggered: what it keeps for later wakes nobody. And one call more:
	 * where all places were taken, it listens again only after the one that has freed a place.
	 */
	for (int i = 0; i < ROUNDS_MAX; i++) {
		MHD_run(httpd->daemon);
		if (i && (MHD_get_timeout(httpd->daemon, &wait_ms) != MHD_YES || wait_ms))
			return;
	}
}

void httpd_look_after(struct httpd *httpd, __u64 now_ns)
{
	/* The library's own limit begins anew with each byte that comes. */
	for (int i = 0; i < HTTPD_CONNECTIONS_MAX; i++) {
		const struct client *client = &httpd->clients[i];

		if (client->fd >= 0 && now_ns - client->since_ns > HTTPD_PATIENCE_NS)
			shutdown(client->fd, SHUT_RDWR);
	}
	httpd_take(httpd, now_ns);
}
