/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asks how the sensor stands: sockets in the loop, and what they are given. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "sensor/answers.h"
#include "sensor/clock.h"
#include "sensor/records.h"
#include "sensor/sensor.h"
#include "serve/control.h"
#include "serve/httpd.h"
#include "serve/listener.h"
#include "util/log.h"
#include "view/metrics.h"
#include "view/status.h"

#define RETRY_NS 10000000000ULL

/* A place where it is asked. */
struct door {
	const char *subject;
	char *at; /* as the configuration names it; NULL: it is not to be opened */
	bool open;
	bool failing;             /* and it was said */
	struct listener listener; /* its file; the socket is the server's */
};

struct answers {
	struct door metrics, control;
	struct httpd *httpd;
	struct control *server;
	__u64 retry_ns; /* CLOCK_BOOTTIME */
};

/* --- answers ---------------------------------------------------------------------------------- */

static int say_words(const char *words, unsigned int status, struct httpd_page *ret)
{
	ret->body = NULL;
	if (asprintf(&ret->body, "%s\n", words) < 0)
		return -ENOMEM;
	ret->status = status;
	ret->type = "text/plain; charset=utf-8";
	ret->len = strlen(ret->body);
	return 0;
}

static int answer_metrics(const struct sensor *sensor, const char *accept, struct httpd_page *ret)
{
	enum metrics_format format = metrics_negotiate(accept);
	const struct view *view = survey_view(sensor->survey, sensor);

	ret->status = 200;
	ret->type = metrics_type(format);
	return view ? metrics_write(view, format, &ret->body, &ret->len) : -ENOMEM;
}

static int answer_page(const char *path, const char *accept, struct httpd_page *ret, void *arg)
{
	const struct sensor *sensor = arg;
	const char *not_ready;

	if (!strcmp(path, "/metrics"))
		return answer_metrics(sensor, accept, ret);
	if (!strcmp(path, "/healthz"))
		return survey_is_alive(sensor->survey)
			       ? say_words("ok", 200, ret)
			       : say_words("no counts were read for 10 s", 503, ret);
	if (!strcmp(path, "/readyz")) {
		not_ready = survey_not_ready(sensor->survey, sensor);
		return not_ready ? say_words(not_ready, 503, ret) : say_words("ok", 200, ret);
	}
	ret->status = 404;
	return 0;
}

static int answer_request(const struct request *request, char **ret, void *arg)
{
	const struct sensor *sensor = arg;
	const struct view *view;

	if (request->kind == REQUEST_HISTORY)
		return records_answer(sensor->config->state, request, ret);
	view = survey_view(sensor->survey, sensor);
	return view ? status_format(view, ret) : -ENOMEM;
}

/* --- doors ------------------------------------------------------------------------------------ */

static void take_http(__u32 events, void *arg)
{
	struct sensor *sensor = arg;

	httpd_take(sensor->answers->httpd, clock_now_ns(CLOCK_BOOTTIME));
}

static void take_control(__u32 events, void *arg)
{
	struct sensor *sensor = arg;

	control_take(sensor->answers->server, clock_now_ns(CLOCK_BOOTTIME));
}

static int serve_metrics(struct sensor *sensor, int fd)
{
	struct answers *answers = sensor->answers;
	int err = httpd_new(fd, answer_page, sensor, &answers->httpd);

	if (err)
		return err;
	return loop_set(sensor->loop, httpd_fd(answers->httpd), EPOLLIN, take_http, sensor);
}

static int serve_control(struct sensor *sensor, int fd)
{
	struct answers *answers = sensor->answers;
	int err = control_new(fd, CONTROL_GROUP, answer_request, sensor, &answers->server);

	if (err)
		return err;
	return loop_set(sensor->loop, control_fd(answers->server), EPOLLIN, take_control, sensor);
}

static void close_metrics(struct sensor *sensor)
{
	struct answers *answers = sensor->answers;

	if (answers->httpd)
		loop_drop(sensor->loop, httpd_fd(answers->httpd));
	httpd_free(answers->httpd);
	answers->httpd = NULL;
	listener_close(&answers->metrics.listener);
	answers->metrics.open = false;
}

static void close_control(struct sensor *sensor)
{
	struct answers *answers = sensor->answers;

	if (answers->server)
		loop_drop(sensor->loop, control_fd(answers->server));
	control_free(answers->server);
	answers->server = NULL;
	listener_close(&answers->control.listener);
	answers->control.open = false;
}

static void say_failing(struct sensor *sensor, struct door *door, int err)
{
	const char *why = strerror(-err);

	if (door->failing)
		return;
	door->failing = true;
	if (err == -EADDRINUSE)
		why = "it is in use by another program ('ss -lp' names it)";
	else if (err == -EEXIST)
		why = "there is a file that is no socket";
	sensor_say(sensor, SENSOR_DEGRADED, door->subject,
		   "%s cannot be served at %s: %s; the sensor goes on without, and tries again",
		   door->subject, door->at, why);
}

/* Opens what is to be and is not. */
static void open_door(struct sensor *sensor, struct door *door,
		      int (*serve)(struct sensor *sensor, int fd))
{
	int err, fd;

	if (door->open || !door->at)
		return;
	err = listener_open(door->at, CONTROL_GROUP, &door->listener);
	if (!err) {
		fd = door->listener.fd;
		door->listener.fd = -1;
		err = serve(sensor, fd);
	}
	door->open = !err;
	if (err)
		say_failing(sensor, door, err);
	else if (door->failing)
		sensor_say(sensor, SENSOR_RECOVERED, door->subject, "%s is served at %s again",
			   door->subject, door->at);
	else
		log_info("%s is served at %s", door->subject, door->at);
	if (!err)
		door->failing = false;
}

/* Where it is to be; true: that is elsewhere than before. */
static bool move_door(struct door *door, const char *prefix, const char *at)
{
	char *text;

	if (asprintf(&text, "%s%s", prefix, at) < 0)
		return false;
	if (door->at && !strcmp(door->at, text)) {
		free(text);
		return false;
	}
	free(door->at);
	door->at = text;
	return true;
}

static void open_doors(struct sensor *sensor)
{
	open_door(sensor, &sensor->answers->metrics, serve_metrics);
	open_door(sensor, &sensor->answers->control, serve_control);
	sensor->answers->retry_ns = clock_now_ns(CLOCK_BOOTTIME) + RETRY_NS;
}

int answers_open(struct sensor *sensor)
{
	struct answers *answers = sensor->answers;
	const char *listen = sensor->config->metrics_listen;

	if (!answers) {
		answers = calloc(1, sizeof(*answers));
		if (!answers)
			return -ENOMEM;
		answers->metrics.subject = "metrics";
		answers->control.subject = "control socket";
		answers->metrics.listener = answers->control.listener = LISTENER_NONE;
		sensor->answers = answers;
	}
	if (!strcmp(listen, "off")) {
		close_metrics(sensor);
		free(answers->metrics.at);
		answers->metrics.at = NULL;
	} else if (move_door(&answers->metrics, "", listen)) {
		close_metrics(sensor);
	}
	if (move_door(&answers->control, "unix:", sensor->config->control))
		close_control(sensor);
	open_doors(sensor);
	return 0;
}

void answers_look_after(struct sensor *sensor)
{
	struct answers *answers = sensor->answers;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	if (!answers)
		return;
	if (answers->httpd)
		httpd_look_after(answers->httpd, now_ns);
	if (answers->server)
		control_look_after(answers->server, now_ns);
	if (now_ns >= answers->retry_ns)
		open_doors(sensor);
}

void answers_close(struct sensor *sensor)
{
	struct answers *answers = sensor->answers;

	if (!answers)
		return;
	close_metrics(sensor);
	close_control(sensor);
	free(answers->metrics.at);
	free(answers->control.at);
	free(answers);
	sensor->answers = NULL;
}
