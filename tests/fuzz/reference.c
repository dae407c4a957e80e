/* SPDX-License-Identifier: GPL-2.0-only */
/* Both sides of a connection put together, and HTTP/1.x read from them by RFC 9112. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "reference_fields.h"

struct work {
	struct reference *ret;
	struct reader client, server;
	struct fields fields;
	bool is_head, is_connect;
	size_t asked;
};

static void *allocate(size_t len)
{
	void *memory = calloc(1, len + 1);

	assert(memory);
	return memory;
}

/* --- streams ---------------------------------------------------------------------------------- */

struct placed {
	int64_t offset;
	const struct reference_segment *segment;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->segment < y->segment ? -1 : x->segment > y->segment;
}

/* The sequence number of a side's first byte: behind its SYN, or else what was seen first. */
static uint32_t first_seq(const struct reference_segment *segments, size_t count, bool by_client)
{
	bool known = false;
	uint32_t first = 0;

	for (size_t i = 0; i < count; i++) {
		const struct reference_segment *s = &segments[i];

		if (s->by_client != by_client || (known && !s->syn) || (!s->syn && !s->len))
			continue;
		first = s->seq + s->syn;
		known = true;
	}
	return first;
}

static void put_together(const struct reference_segment *segments, size_t count, bool by_client,
			 struct reference_side *ret)
{
	struct placed *placed = allocate(count * sizeof(*placed));
	uint32_t first = first_seq(segments, count, by_client);
	size_t n = 0, room = 0;

	for (size_t i = 0; i < count; i++) {
		const struct reference_segment *s = &segments[i];

		if (s->by_client != by_client || s->syn || !s->len)
			continue;
		placed[n++] = (struct placed){ (int32_t)(s->seq - first), s };
		room += s->len;
	}
	qsort(placed, n, sizeof(*placed), compare_placed);
	ret->bytes = allocate(room);
	ret->len = 0;
	for (size_t i = 0; i < n && placed[i].offset <= (int64_t)ret->len; i++) {
		int64_t end = placed[i].offset + (int64_t)placed[i].segment->len;
		int64_t known = (int64_t)ret->len - placed[i].offset;

		if (end <= (int64_t)ret->len)
			continue;
		memcpy(ret->bytes + ret->len, placed[i].segment->bytes + known, end - ret->len);
		ret->len = end;
	}
	free(placed);
}

/* --- messages --------------------------------------------------------------------------------- */

/* METHOD target HTTP/1.x, with spaces between them. */
static bool read_request_line(struct text line, struct text *ret_method)
{
	size_t at = 0, from;

	while (at < line.len &&
	       (isalnum(line.at[at]) || (line.at[at] && strchr("!#$%&'*+.^_`|~-", line.at[at]))))
		at++;
	*ret_method = (struct text){ line.at, at };
	from = at;
	while (at < line.len && line.at[at] == ' ')
		at++;
	if (!from || at == from)
		return false;
	from = at;
	while (at < line.len && !isspace(line.at[at]))
		at++;
	if (at == from)
		return false;
	from = at;
	while (at < line.len && line.at[at] == ' ')
		at++;
	if (at == from || line.len - at < 8 || memcmp(line.at + at, "HTTP/1.", 7) != 0 ||
	    !isdigit(line.at[at + 7]))
		return false;
	for (at += 8; at < line.len; at++)
		if (!reference_is_space(line.at[at]))
			return false;
	return true;
}

/* Case matters (RFC 9110 9.1): what answers "head" has a body. */
static bool is_method(struct text method, const char *is)
{
	return method.len == strlen(is) && !memcmp(method.at, is, method.len);
}

/* The next request; CUT where there is no whole head of one. */
static enum took take_request(struct work *w)
{
	struct text line, method;
	uint8_t framing;

	reference_skip_empty_lines(&w->client);
	w->asked = w->client.at;
	if (reference_take_line(&w->client, &line))
		return CUT;
	if (!read_request_line(line, &method))
		return UNREADABLE;
	w->is_head = is_method(method, "HEAD");
	w->is_connect = is_method(method, "CONNECT");
	if (reference_take_fields(&w->client, &w->fields))
		return CUT;
	/* A body that is cut leaves no further request to read. */
	switch (reference_skip_body(&w->client, &w->fields, false, &framing)) {
	case CUT:
		w->client.at = w->client.len;
		return TAKEN;
	case UNREADABLE:
		return UNREADABLE;
	default:
		return TAKEN;
	}
}

unsigned int reference_status(const uint8_t *b, size_t len)
{
	if (len < 13 || memcmp(b, "HTTP/1.", 7) != 0 || !isdigit(b[7]) || b[8] != ' ')
		return 0;
	if (b[9] < '1' || b[9] > '5' || !isdigit(b[10]) || !isdigit(b[11]))
		return 0;
	if (b[12] != ' ' && b[12] != '\r' && b[12] != '\n')
		return 0;
	return reference_number(b + 9, 3, 10);
}

static struct reference_response *add_response(struct work *w, unsigned int status)
{
	struct reference_response *response = &w->ret->responses[w->ret->count++];

	*response = (struct reference_response){
		.start = w->server.at,
		.asked = w->asked,
		.status = status,
		.of_head = w->is_head,
	};
	return response;
}

/* One response, interim or final. True where something can follow; if not, why stands in ret. */
static bool take_response(struct work *w, unsigned int *ret_status)
{
	struct reader *r = &w->server;
	struct reference_response *response;
	enum took took = CUT;
	unsigned int status;
	struct text line;

	reference_skip_empty_lines(r);
	status = reference_status(r->data + r->at, r->len - r->at);
	w->ret->end = r->len - r->at < 13 ? REFERENCE_CUT : REFERENCE_BAD_RESPONSE;
	if (!status)
		return false;
	response = add_response(w, status);
	w->ret->end = REFERENCE_CUT;
	if (reference_take_line(r, &line) || reference_take_fields(r, &w->fields))
		return false;
	response->head_end = r->at;
	*ret_status = status;
	w->ret->end = REFERENCE_TUNNEL;
	if (status == 101 || (w->is_connect && status / 100 == 2))
		return false;
	if (status < 200 || status == 204 || status == 304)
		return true;
	if (w->is_head) {
		struct reader body = *r;

		reference_skip_body(&body, &w->fields, true, &response->framing);
		return true;
	}
	took = reference_skip_body(r, &w->fields, true, &response->framing);
	w->ret->end = took == CUT ? REFERENCE_CUT : REFERENCE_BAD_RESPONSE;
	if (took == TAKEN && response->framing == REFERENCE_UNTIL_CLOSE) {
		w->ret->end = REFERENCE_CLOSE;
		return false;
	}
	return took == TAKEN;
}

static void read_messages(struct work *w)
{
	unsigned int status = 0;

	for (;;) {
		enum took took = take_request(w);

		if (took) {
			w->ret->end = took == CUT ? REFERENCE_UNASKED : REFERENCE_BAD_REQUEST;
			return;
		}
		do {
			if (!take_response(w, &status))
				return;
		} while (status < 200);
	}
}

void reference_read(const struct reference_segment *segments, size_t count, struct reference *ret)
{
	struct work w = { .ret = ret };
	size_t most;

	memset(ret, 0, sizeof(*ret));
	put_together(segments, count, true, &ret->client);
	put_together(segments, count, false, &ret->server);
	most = ret->client.len > ret->server.len ? ret->client.len : ret->server.len;
	w.client = (struct reader){ .data = ret->client.bytes, .len = ret->client.len };
	w.server = (struct reader){ .data = ret->server.bytes, .len = ret->server.len };
	w.fields.length.bytes = allocate(most);
	w.fields.coding.bytes = allocate(most);
	ret->responses = allocate((ret->server.len / 13 + 1) * sizeof(*ret->responses));
	read_messages(&w);
	ret->lenient = w.server.lenient;
	free(w.fields.length.bytes);
	free(w.fields.coding.bytes);
}

void reference_free(struct reference *reference)
{
	free(reference->client.bytes);
	free(reference->server.bytes);
	free(reference->responses);
	memset(reference, 0, sizeof(*reference));
}
