/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of the control socket. */
#include "serve/request.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

const char *request_says(enum request_result result)
{
	switch (result) {
	case REQUEST_GOOD:
		return "good";
	case REQUEST_UNKNOWN:
		return "no such request: expected status or history";
	case REQUEST_NOT_YET:
		return "not in this version: expected status or history";
	case REQUEST_BAD_JSON:
		return "expected nothing or one JSON object after the word";
	case REQUEST_BAD_KEY:
		return "unknown key: history takes since, rule and limit, status none";
	case REQUEST_BAD_SINCE:
		return "since: expected seconds since 1970, a whole number";
	case REQUEST_BAD_RULE:
		return "rule: expected the id of a rule";
	case REQUEST_BAD_LIMIT:
		return "limit: expected a whole number from 1 to 10000";
	}
	return "not understood";
}

static enum request_result take_member(struct request *request, const char *key,
				       const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (!strcmp(key, "since")) {
		if (!json_is_integer(value) || number < 0)
			return REQUEST_BAD_SINCE;
		request->since_s = number;
	} else if (!strcmp(key, "rule")) {
		if (!json_is_string(value) || !json_string_length(value) ||
		    json_string_length(value) > REQUEST_RULE_MAX ||
		    strlen(json_string_value(value)) != json_string_length(value))
			return REQUEST_BAD_RULE;
		strcpy(request->rule, json_string_value(value));
	} else if (!strcmp(key, "limit")) {
		if (!json_is_integer(value) || number < 1 || number > REQUEST_LIMIT_MAX)
			return REQUEST_BAD_LIMIT;
		request->limit = number;
	} else {
		return REQUEST_BAD_KEY;
	}
	return REQUEST_GOOD;
}

static enum request_result take_object(struct request *request, const char *text, size_t len)
{
	enum request_result result = REQUEST_GOOD;
	json_t *root, *value;
	const char *key;

	while (len && *text == ' ') {
		text++;
		len--;
	}
	if (!len)
		return REQUEST_GOOD;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return REQUEST_BAD_JSON;
	}
	json_object_foreach (root, key, value) {
		result = request->kind == REQUEST_HISTORY ? take_member(request, key, value)
							  : REQUEST_BAD_KEY;
		if (result != REQUEST_GOOD)
			break;
	}
	json_decref(root);
	return result;
}

static bool is_word(const char *line, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(line, word, len);
}

enum request_result request_parse(const char *line, size_t len, struct request *ret)
{
	struct request request = { .limit = REQUEST_LIMIT };
	enum request_result result;
	const char *space;
	size_t word;

	if (len && line[len - 1] == '\r')
		len--;
	space = memchr(line, ' ', len);
	word = space ? (size_t)(space - line) : len;
	if (is_word(line, word, "status"))
		request.kind = REQUEST_STATUS;
	else if (is_word(line, word, "history"))
		request.kind = REQUEST_HISTORY;
	else if (is_word(line, word, "top") || is_word(line, word, "subscribe"))
		return REQUEST_NOT_YET;
	else
		return REQUEST_UNKNOWN;
	result = take_object(&request, line + word, len - word);
	if (result == REQUEST_GOOD)
		*ret = request;
	return result;
}
