/* SPDX-License-Identifier: GPL-2.0-only */
/* What an HTTP server's answer to a post means. */
#ifndef OUT_RETRY_H
#define OUT_RETRY_H

#include "out/outlet.h"

/* A server that fails at one post so often is not offered it again: others wait behind it. */
#define RETRY_SAME_MAX 20

/*
 * status: of the answer, RFC 9110 section 15. 2xx is OUTLET_SENT. OUTLET_REFUSED is what is said of
 * this post: 4xx but for what is said of the way to the server (401, 403, 404, 405, 407, 408, 410,
 * 421, 425, 429), and, after RETRY_SAME_MAX attempts at it, a 5xx but for 502, 503 and 504. All
 * else, redirects too, is OUTLET_LATER.
 */
enum outlet_result retry_judge(long status, unsigned int attempts);

#endif
