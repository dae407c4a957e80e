/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines, fields and bodies of HTTP/1.x, read from a whole stream. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "reference_fields.h"

/* The next line without its end: CRLF, or a bare LF (RFC 9112 2.2). */
enum took reference_take_line(struct reader *r, struct text *ret)
{
	const uint8_t *start = r->data + r->at;
	const uint8_t *end = r->at < r->len ? memchr(start, '\n', r->len - r->at) : NULL;

	if (!end)
		return CUT;
	r->at += end - start + 1;
	if (end > start && end[-1] == '\r')
		end--;
	*ret = (struct text){ start, end - start };
	return TAKEN;
}

void reference_skip_empty_lines(struct reader *r)
{
	while (r->at < r->len) {
		const uint8_t *at = r->data + r->at;

		if (at[0] == '\n')
			r->at++;
		else if (r->len - r->at > 1 && at[0] == '\r' && at[1] == '\n')
			r->at += 2;
		else
			return;
	}
}

static enum took skip(struct reader *r, uint64_t count)
{
	if (count > r->len - r->at)
		return CUT;
	r->at += count;
	return TAKEN;
}

bool reference_is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct text strip(struct text t)
{
	while (t.len && reference_is_space(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && reference_is_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool reference_is_name(struct text name, const char *is)
{
	return name.len == strlen(is) && !strncasecmp((const char *)name.at, is, name.len);
}

static void add_value(struct values *to, uint8_t before, struct text value)
{
	if (to->present)
		to->bytes[to->len++] = before;
	to->present = true;
	value = strip(value);
	memcpy(to->bytes + to->len, value.at, value.len);
	to->len += value.len;
}

static struct values *values_of(struct fields *fields, struct text name)
{
	if (reference_is_name(name, "content-length"))
		return &fields->length;
	return reference_is_name(name, "transfer-encoding") ? &fields->coding : NULL;
}

/* Header or trailer fields, up to the blank line. */
enum took reference_take_fields(struct reader *r, struct fields *ret)
{
	struct values *last = NULL;
	bool any = false;
	struct text line;

	ret->length.present = ret->coding.present = false;
	ret->length.len = ret->coding.len = 0;
	for (;;) {
		const uint8_t *colon;
		struct text name;

		if (reference_take_line(r, &line))
			return CUT;
		if (!line.len)
			return TAKEN;
		if (reference_is_space(line.at[0]) && any) { /* folded (RFC 9112 5.2) */
			if (last)
				add_value(last, ' ', line);
			continue;
		}
		colon = memchr(line.at, ':', line.len);
		if (!colon)
			continue;
		any = true;
		name = (struct text){ line.at, colon - line.at };
		last = values_of(ret, name);
		if (last)
			add_value(last, ',',
				  (struct text){ colon + 1, line.at + line.len - colon - 1 });
	}
}

/* The element of a comma-separated list that begins at *at; false where none is left. */
static bool next_element(const struct values *list, size_t *at, struct text *ret)
{
	const uint8_t *start = list->bytes + *at, *comma;

	if (*at > list->len)
		return false;
	comma = memchr(start, ',', list->len - *at);
	*ret = strip((struct text){ start, comma ? (size_t)(comma - start) : list->len - *at });
	*at = comma ? (size_t)(comma - list->bytes) + 1 : list->len + 1;
	return true;
}

/* Is the last coding chunked? *ret_any: is there any? */
static bool ends_with_chunked(const struct values *coding, bool *ret_any)
{
	struct text element;
	bool chunked = false;

	*ret_any = false;
	for (size_t at = 0; coding->present && next_element(coding, &at, &element);) {
		if (!element.len)
			continue;
		*ret_any = true;
		chunked = reference_is_name(element, "chunked");
	}
	return chunked;
}

/* Digits without leading zeroes; false where they are none. */
static bool is_number(struct text *t)
{
	if (!t->len)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (!isdigit(t->at[i]))
			return false;
	while (t->len > 1 && t->at[0] == '0') {
		t->at++;
		t->len--;
	}
	return true;
}

uint64_t reference_number(const uint8_t *digits, size_t len, unsigned int base)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = tolower(digits[i]);

		if (number > UINT64_MAX / 32)
			return UINT64_MAX;
		number = number * base + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return number;
}

/* All lengths must be the same number. */
static enum took read_length(const struct values *lengths, uint64_t *ret)
{
	struct text first = { 0 }, element;

	for (size_t at = 0; next_element(lengths, &at, &element);) {
		if (!is_number(&element))
			return UNREADABLE;
		if (!first.at)
			first = element;
		if (first.len != element.len || memcmp(first.at, element.at, first.len) != 0)
			return UNREADABLE;
	}
	*ret = reference_number(first.at, first.len, 10);
	return TAKEN;
}

/* RFC 9112 7.1: the size, white space, perhaps an extension. */
static enum took read_chunk_size(struct reader *r, struct text line, uint64_t *ret)
{
	size_t digits = 0, at;

	while (digits < line.len && isxdigit(line.at[digits]))
		digits++;
	at = digits;
	while (at < line.len && reference_is_space(line.at[at]))
		at++;
	if (!digits || (at < line.len && line.at[at] != ';'))
		return UNREADABLE;
	r->lenient |= digits > 15;
	*ret = reference_number(line.at, digits, 16);
	return TAKEN;
}

static enum took skip_chunks(struct reader *r, struct fields *fields)
{
	struct text line;
	uint64_t size;

	for (;;) {
		if (reference_take_line(r, &line))
			return CUT;
		if (read_chunk_size(r, line, &size))
			return UNREADABLE;
		if (!size)
			return reference_take_fields(r, fields);
		if (skip(r, size))
			return CUT;
		r->lenient |= r->at < r->len && r->data[r->at] == '\n';
		if (reference_take_line(r, &line))
			return CUT;
		if (line.len)
			return UNREADABLE;
	}
}

/* RFC 9112 6.3, rules 3 to 8. */
enum took reference_skip_body(struct reader *r, struct fields *fields, bool of_response,
			      uint8_t *ret_framing)
{
	bool any_coding, chunked = ends_with_chunked(&fields->coding, &any_coding);
	enum took took;
	uint64_t length;

	*ret_framing = of_response ? REFERENCE_UNTIL_CLOSE : REFERENCE_NO_BODY;
	if (chunked) {
		*ret_framing = REFERENCE_CHUNKED;
		return skip_chunks(r, fields);
	}
	if (any_coding)
		return of_response ? TAKEN : UNREADABLE;
	if (!fields->length.present)
		return TAKEN;
	took = read_length(&fields->length, &length);
	if (took)
		return took;
	*ret_framing = length ? REFERENCE_LENGTH : REFERENCE_NO_BODY;
	return skip(r, length);
}
