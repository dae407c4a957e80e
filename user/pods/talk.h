/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking a server of Kubernetes for pods, again and again, whatever it answers. */
#ifndef PODS_TALK_H
#define PODS_TALK_H

#include "http/client.h"
#include "pods/reader.h"

#define TALK_TROUBLE_MAX 384
/* So many failures in a row are said. */
#define TALK_FAILING 3

struct talk_cfg {
	const char *token; /* a file, read for each request: tokens are replaced hourly */
	const char *ca;
	const char *user_agent;
	__u32 seed; /* for the jitter */
	/* A request ended; `failures` and `trouble` say how. */
	void (*ended)(bool good, void *arg);
	void *arg;
};

struct talk_request {
	const char *url;
	enum reader_form form;
	const struct addr *only; /* see struct reader; must live as long as the request */
	__u64 until_ns;          /* as pods_put() */
	__u64 bytes_max;
	__u64 timeout_ns;
	bool tells; /* there must be a pod in it: there is always one, be it ours */
};

/* Members are read by who owns it. */
struct talk {
	struct talk_cfg cfg;
	struct http_client *client;
	struct reader reader; /* of the request at hand, or the last one */
	__u64 now_ns;         /* CLOCK_BOOTTIME, as last told */
	__u64 start_ns;       /* of the request at hand */
	__u64 moved_ns;       /* when it went on for the last time, and how far it was */
	__u64 moved_told;
	bool tells;
	__u64 not_before_ns; /* of the next one */
	__u64 asked, failed, odd;
	__u64 good_ns;                  /* when one was answered for the last time; 0: none was */
	unsigned int failures;          /* in a row */
	char trouble[TALK_TROUBLE_MAX]; /* of the last failure */
	__u32 random;
};

/* Texts must outlive it. talk_close() in any case. -ENOMEM, -EINVAL, -errno. */
int talk_open(struct talk *talk, const struct talk_cfg *cfg);
void talk_close(struct talk *talk);

/* May one be started now: is none under way, and has the wait after a failure passed? */
bool talk_is_due(const struct talk *talk, __u64 now_ns);

/* What can't be started has failed: ended() is not called, but all else is as if it was. */
void talk_start(struct talk *talk, const struct talk_request *request, struct pods *pods,
		__u64 now_ns);

void talk_ready(struct talk *talk, __u64 now_ns); /* the client's descriptor is readable */
/* About once a second: breaks off what is not answered; of a watch, sees that it goes well. */
void talk_look_after(struct talk *talk, __u64 now_ns);

#endif
