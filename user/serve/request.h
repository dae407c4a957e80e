/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of the control socket: a word, and for some an object of JSON. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include <stddef.h>
#include <linux/types.h>

#define REQUEST_MAX       4096 /* bytes of a line, with its end */
#define REQUEST_RULE_MAX  64
#define REQUEST_LIMIT     100 /* records of a history where none is given, and the most */
#define REQUEST_LIMIT_MAX 10000

enum request_kind { REQUEST_STATUS, REQUEST_HISTORY };

struct request {
	enum request_kind kind;
	/* of a history */
	__s64 since_s;                   /* Unix seconds; 0: from the beginning */
	char rule[REQUEST_RULE_MAX + 1]; /* empty: of all */
	unsigned int limit;
};

enum request_result {
	REQUEST_GOOD,
	REQUEST_UNKNOWN,  /* no such word */
	REQUEST_NOT_YET,  /* a word of a later version */
	REQUEST_BAD_JSON, /* what follows the word is no object */
	REQUEST_BAD_KEY,  /* it has a key that is none of this request */
	REQUEST_BAD_SINCE,
	REQUEST_BAD_RULE,
	REQUEST_BAD_LIMIT,
};

/* Any bytes without the line's end. *ret only with REQUEST_GOOD. */
enum request_result request_parse(const char *line, size_t len, struct request *ret);

/* What is wrong and what was expected, in words. */
const char *request_says(enum request_result result);

#endif
