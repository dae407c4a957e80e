/* SPDX-License-Identifier: GPL-2.0-only */
/* What an HTTP server's answer to a post means. */
#include "out/retry.h"

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
