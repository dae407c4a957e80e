/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to an HTTP server: each record is one POST of its ECS line. */
#ifndef OUT_WEBHOOK_H
#define OUT_WEBHOOK_H

#include "out/outlet.h"

struct webhook_cfg {
	const char *url;   /* http:// or https:// */
	__u64 timeout_ns;  /* of a whole request */
	const char *ca;    /* a file of certificates to trust instead of the system's; or NULL */
	const char *token; /* for "Authorization: Bearer"; or NULL */
	const char *user_agent;
	__u32 seed; /* for the jitter */
};

/*
 * Strings are copied. Names are looked up and connections made while the caller does other things;
 * one post is on its way at a time. Redirects are not followed (the token would go where nobody
 * said): they fail, and trouble names the target. What an answer means stands in retry.h; a
 * certificate that is not trusted, a hanging or closing server is OUTLET_LATER.
 *
 * -ENOMEM; -EINVAL: libcurl does not take the configuration; -errno.
 */
int webhook_new(const struct webhook_cfg *cfg, struct outlet **ret);

#endif
