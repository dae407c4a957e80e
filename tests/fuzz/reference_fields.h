/* SPDX-License-Identifier: GPL-2.0-only */
/* What reference.c reads messages with. */
#ifndef TESTS_FUZZ_REFERENCE_FIELDS_H
#define TESTS_FUZZ_REFERENCE_FIELDS_H

#include "reference.h"

/* What became of reading. */
enum took { TAKEN, CUT, UNREADABLE };

struct text {
	const uint8_t *at;
	size_t len;
};

struct reader {
	const uint8_t *data;
	size_t len, at;
	bool lenient; /* a chunk was read that a recipient may refuse */
};

/* The values of all fields of one name, with commas between them. */
struct values {
	bool present;
	uint8_t *bytes; /* room for the whole stream */
	size_t len;
};

struct fields {
	struct values length, coding;
};

bool reference_is_space(uint8_t c);
/* In any case of letters. */
bool reference_is_name(struct text name, const char *is);
/* UINT64_MAX where it is too large. */
uint64_t reference_number(const uint8_t *digits, size_t len, unsigned int base);

/* The next line without its end: CRLF, or a bare LF (RFC 9112 2.2). */
enum took reference_take_line(struct reader *r, struct text *ret);
void reference_skip_empty_lines(struct reader *r);
/* Header or trailer fields, up to the blank line. */
enum took reference_take_fields(struct reader *r, struct fields *ret);
/* RFC 9112 6.3, rules 3 to 8. *ret_framing is set in any case. */
enum took reference_skip_body(struct reader *r, struct fields *fields, bool of_response,
			      uint8_t *ret_framing);

#endif
