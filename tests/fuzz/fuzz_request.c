/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as the first line of a request: what is told of it is short, and plain text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int tells_query(const char *text)
{
	const char *target = strchr(text, ' ');

	return target && strchr(target, '?');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < SW_REQUEST_LINE ? size : SW_REQUEST_LINE;
	__u8 *line = malloc(len);
	char text[REQUEST_TEXT];

	if (len && !line)
		abort();
	if (len)
		memcpy(line, data, len);
	for (int query = 0; query < 2; query++) {
		request_text(line, len, query, text);
		if (strlen(text) >= REQUEST_TEXT || (!query && tells_query(text)))
			abort();
		for (const char *c = text; *c; c++)
			if (*c < ' ' || *c > '~')
				abort();
	}
	free(line);
	return 0;
}
