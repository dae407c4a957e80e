/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a line of the control socket, and as an Accept header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/request.h"
#include "view/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const char *line, size_t len)
{
	struct request request = { .limit = UINT32_MAX };
	enum request_result result = request_parse(line, len, &request);

	if (!*request_says(result))
		abort();
	if (result != REQUEST_GOOD) {
		if (request.limit != UINT32_MAX)
			abort();
		return;
	}
	if (request.kind != REQUEST_STATUS && request.kind != REQUEST_HISTORY)
		abort();
	if (request.since_s < 0 || !request.limit || request.limit > REQUEST_LIMIT_MAX ||
	    strnlen(request.rule, sizeof(request.rule)) > REQUEST_RULE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check_request(text, size < REQUEST_MAX ? size : REQUEST_MAX - 1);
	metrics_negotiate(text);
	free(text);
	return 0;
}
