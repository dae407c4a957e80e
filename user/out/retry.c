/* SPDX-License-Identifier: GPL-2.0-only */
/* What an HTTP server's answer to a post means, and when to try again. */
#include "out/retry.h"

#define SECOND_NS 1000000000ULL

enum outlet_result retry_judge(long status, unsigned int attempts)
{
	if (status >= 200 && status < 300)
		return OUTLET_SENT;
	switch (status) {
	case 401: /* the token, the URL or a proxy is wrong: the operator mends that */
	case 403:
	case 404:
	case 405:
	case 407:
	case 410:
	case 421:
	case 408: /* time and load */
	case 425:
	case 429:
	case 502: /* who stands before the server speaks */
	case 503:
	case 504:
		return OUTLET_LATER;
	default:
		break;
	}
	if (status >= 400 && status < 500)
		return OUTLET_REFUSED;
	return status >= 500 && attempts >= RETRY_SAME_MAX ? OUTLET_REFUSED : OUTLET_LATER;
}

__u64 retry_delay_ns(unsigned int attempts, __u32 random, __s64 asked_s)
{
	__u64 delay_ns = RETRY_FIRST_NS, asked_ns = 0;

	while (attempts-- > 1 && delay_ns < RETRY_LAST_NS)
		delay_ns *= 2;
	if (delay_ns > RETRY_LAST_NS)
		delay_ns = RETRY_LAST_NS;
	delay_ns = delay_ns / 2 + (delay_ns / 2) * (random % 1024) / 1024;
	if (asked_s > 0)
		asked_ns = (__u64)asked_s < RETRY_ASKED_NS / SECOND_NS ? asked_s * SECOND_NS
								       : RETRY_ASKED_NS;
	return delay_ns > asked_ns ? delay_ns : asked_ns;
}
