/* SPDX-License-Identifier: GPL-2.0-only */
/* Which format an Accept header asks for. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "view/metrics.h"

const char *metrics_type(enum metrics_format format)
{
	if (format == METRICS_OPENMETRICS)
		return "application/openmetrics-text; version=1.0.0; charset=utf-8";
	return "text/plain; version=0.0.4; charset=utf-8";
}

/* One member of the list: a type and its parameters. */
struct media_range {
	char type[64];
	bool version_fits; /* 1.0.0, or none is named */
	double quality;
};

static void take_parameter(struct media_range *range, const char *text, size_t len)
{
	char word[32];

	if (len >= sizeof(word))
		return;
	memcpy(word, text, len);
	word[len] = '\0';
	if (!strncasecmp(word, "q=", 2)) {
		char *end;
		double quality = strtod(word + 2, &end);

		range->quality = end != word + 2 && quality >= 0 && quality <= 1 ? quality : 0;
	} else if (!strncasecmp(word, "version=", 8)) {
		range->version_fits = !strcmp(word + 8, "1.0.0") || !strcmp(word + 8, "\"1.0.0\"");
	}
}

static size_t trim(const char **text, size_t len)
{
	while (len && (**text == ' ' || **text == '\t')) {
		(*text)++;
		len--;
	}
	while (len && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
		len--;
	return len;
}

static void parse_range(const char *text, size_t len, struct media_range *ret)
{
	bool first = true;

	*ret = (struct media_range){ .version_fits = true, .quality = 1 };
	while (len) {
		const char *semicolon = memchr(text, ';', len), *part = text;
		size_t whole = semicolon ? (size_t)(semicolon - text) : len;
		size_t part_len = trim(&part, whole);

		if (!first)
			take_parameter(ret, part, part_len);
		else if (part_len < sizeof(ret->type))
			memcpy(ret->type, part, part_len);
		first = false;
		text += whole + (semicolon != NULL);
		len -= whole + (semicolon != NULL);
	}
}

enum metrics_format metrics_negotiate(const char *accept)
{
	double open = 0, plain = 0;
	struct media_range range;

	while (accept && *accept) {
		size_t len = strcspn(accept, ",");

		parse_range(accept, len, &range);
		if (!strcasecmp(range.type, "application/openmetrics-text")) {
			if (range.version_fits && range.quality > open)
				open = range.quality;
		} else if (!strcasecmp(range.type, "text/plain")) {
			if (range.quality > plain)
				plain = range.quality;
		}
		accept += len + (accept[len] == ',');
	}
	return open > 0 && open >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}
