/* SPDX-License-Identifier: GPL-2.0-only */
/* The doubts, each a predicate with a name. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "doubts.h"

/* What surely is held behind a hole: in a block of 1,024 bytes 8 ranges, and 32 blocks. */
#define HELD_SEGMENTS 8
#define HELD_BYTES    (31 * 1024)

struct about {
	const struct dialogue *dialogue;
	const struct reference *reference;
};

/* --- what is seen ----------------------------------------------------------------------------- */

/* How the packets come, told by a walk through them. */
struct arrival {
	uint8_t seen[2][DIALOGUE_STREAM]; /* by the client? */
	size_t whole[2];                  /* bytes before the first hole */
	size_t waiting;                   /* segments of the server, behind a hole */
	bool missing;
	bool confirmed_unseen; /* a side has confirmed what comes later, or not at all */
	bool too_much;         /* waits behind a hole */
};

static void fill(struct arrival *a, const struct dialogue *d, bool by_client)
{
	const uint8_t *seen = a->seen[by_client];
	size_t whole = a->whole[by_client];
	const uint8_t *hole = memchr(seen + whole, 0, d->len[by_client] - whole);

	a->whole[by_client] = hole ? (size_t)(hole - seen) : d->len[by_client];
	if (!by_client && a->whole[by_client] > whole)
		a->waiting = 0;
}

static void see(struct arrival *a, const struct dialogue *d, const struct dialogue_segment *segment)
{
	bool side = segment->by_client;
	size_t first = dialogue_first_byte(segment), end = segment->start + segment->len;

	if (first == end)
		return;
	a->confirmed_unseen |= segment->acked > a->whole[!side];
	memset(a->seen[side] + first, 1, end - first);
	fill(a, d, side);
	if (side || first <= a->whole[side])
		return;
	a->waiting++;
	a->too_much |= a->waiting > HELD_SEGMENTS || end - a->whole[side] > HELD_BYTES;
}

static const struct arrival *arrive(const struct dialogue *d)
{
	static struct arrival a;

	memset(&a, 0, sizeof(a));
	for (size_t i = 0; i < d->seen_count; i++)
		see(&a, d, &d->sent[d->seen[i]]);
	a.missing = a.whole[true] < d->len[true] || a.whole[false] < d->len[false];
	return &a;
}

static bool is_missing(const struct about *a)
{
	return arrive(a->dialogue)->missing;
}

static bool is_confirmed_unseen(const struct about *a)
{
	return arrive(a->dialogue)->confirmed_unseen;
}

static bool is_too_much(const struct about *a)
{
	return arrive(a->dialogue)->too_much;
}

/* The sensor is hindered: its maps, or the reading of a packet. */
static bool is_hindered(const struct about *a)
{
	for (size_t i = 0; i < a->dialogue->sent_count; i++) {
		const struct dialogue_segment *segment = &a->dialogue->sent[i];

		if (dialogue_is_odd(segment, DIALOGUE_UNREADABLE) ||
		    dialogue_is_odd(segment, DIALOGUE_UNREADABLE2) ||
		    dialogue_is_odd(segment, DIALOGUE_REFUSE) ||
		    dialogue_is_odd(segment, DIALOGUE_FORGET))
			return true;
	}
	return false;
}

/* Of 7,680 bytes each can be a step, which is the machine's budget for a segment. */
static bool is_over_budget(const struct about *a)
{
	for (size_t i = 0; i < a->dialogue->sent_count; i++) {
		const struct dialogue_segment *segment = &a->dialogue->sent[i];

		if (segment->start + segment->len - dialogue_first_byte(segment) > 7680)
			return true;
	}
	return false;
}

/* --- what was sent ---------------------------------------------------------------------------- */

/* Which segment first carries a byte of a side's stream. */
static size_t carrier_of(const struct dialogue *d, bool by_client, size_t offset)
{
	size_t i = 0;

	while (i < d->sent_count &&
	       (d->sent[i].by_client != by_client || d->sent[i].start + d->sent[i].len <= offset))
		i++;
	return i;
}

/* A response that is sent before its request belongs to none that was seen. */
static bool is_answered_early(const struct about *a)
{
	const struct reference *r = a->reference;

	for (size_t i = 0; i < r->count; i++)
		if (carrier_of(a->dialogue, false, r->responses[i].start) <
		    carrier_of(a->dialogue, true, r->responses[i].asked))
			return true;
	return false;
}

/* The client's side is no series of requests, or is shorter than the server's. */
static bool is_not_asked(const struct about *a)
{
	return a->reference->end == REFERENCE_BAD_REQUEST || a->reference->end == REFERENCE_UNASKED;
}

static bool is_no_response(const struct about *a)
{
	return a->reference->end == REFERENCE_BAD_RESPONSE;
}

/* Behind it anything may stand, and anything may be said. */
static bool is_without_end(const struct about *a)
{
	return a->reference->end == REFERENCE_CLOSE || a->reference->end == REFERENCE_TUNNEL;
}

/* Do they begin with the name of a usual method, behind empty lines? */
static bool is_usual_method(const uint8_t *bytes, size_t len)
{
	static const char *const METHODS[] = { "GET ", "HEAD", "POST", "PUT ", "DELE",
					       "OPTI", "PATC", "CONN", "TRAC" };
	size_t skip = 0;

	while (skip < len && skip < 4 && (bytes[skip] == '\r' || bytes[skip] == '\n'))
		skip++;
	for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
		if (len - skip >= 4 && !memcmp(bytes + skip, METHODS[i], 4))
			return true;
	return false;
}

/* How many letters the bytes begin with, as methods have them. */
static size_t word_length(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && (isalpha(bytes[n]) || bytes[n] == '-' || bytes[n] == '_'))
		n++;
	return n;
}

/* Were the SYNs of the connection seen? */
static bool is_opened(const struct dialogue *d)
{
	return d->sent_count && dialogue_is_odd(&d->sent[0], DIALOGUE_CONNECTION);
}

/*
 * The first request does not begin with a method of letters: it is not seen as one, and what the
 * client says next may be taken for the first. Where nobody knows who opened the connection, its
 * first segment must show a usual method, or a path behind at most 23 letters.
 */
static bool is_odd_method(const struct about *a)
{
	const struct dialogue *d = a->dialogue;
	const uint8_t *bytes = d->bytes[true];
	size_t len = d->len[true], letters;

	if (is_opened(d)) {
		letters = word_length(bytes, len);
		return letters < 24 && letters < len && (!letters || bytes[letters] != ' ');
	}
	len = 0;
	for (size_t i = 0; i < d->sent_count && !len; i++)
		if (d->sent[i].by_client)
			len = d->sent[i].len;
	letters = word_length(bytes, len);
	if (!letters || (letters < len && letters < 24 && bytes[letters] != ' '))
		return true;
	return !is_usual_method(bytes, len) &&
	       (letters > 23 || letters + 2 > len || !strchr("/*", bytes[letters + 1]));
}

/*
 * The client does not begin with a usual method, and a segment of the server does: then that is
 * taken for the client, unless it is known who opened the connection (docs/ARCHITECTURE.md, "Which
 * flows there are").
 */
static bool is_outspoken(const struct about *a)
{
	const struct dialogue *d = a->dialogue;

	if (is_opened(d) || is_usual_method(d->bytes[true], d->len[true]))
		return false;
	for (size_t i = 0; i < d->sent_count; i++) {
		size_t first = dialogue_first_byte(&d->sent[i]);
		size_t end = d->sent[i].start + d->sent[i].len;

		if (!d->sent[i].by_client && first < end &&
		    is_usual_method(d->bytes[false] + first, end - first))
			return true;
	}
	return false;
}

static bool is_empty_line_first(const struct about *a)
{
	const struct reference_side *server = &a->reference->server;

	return server->len && (server->bytes[0] == '\r' || server->bytes[0] == '\n');
}

/* Does a side confirm less than it has? */
static bool is_stale(const struct dialogue *d)
{
	for (size_t i = 0; i < d->sent_count; i++)
		if (d->sent[i].act == DIALOGUE_STALE)
			return true;
	return false;
}

/* Does a request begin there, with a method of letters? */
static bool is_request_start(const struct about *a, size_t offset)
{
	const struct reference *r = a->reference;
	const uint8_t *bytes = a->dialogue->bytes[true] + offset;
	size_t letters = word_length(bytes, a->dialogue->len[true] - offset);

	for (size_t i = 0; i < r->count; i++)
		if (r->responses[i].asked == offset)
			return letters && bytes[letters] == ' ';
	return false;
}

/* Are the first `len` bytes of the client free of bodies that may not be followed? */
static bool is_plain(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 9 < len; i++)
		if (!strncasecmp((const char *)bytes + i, "transfer-", 9) ||
		    !strncasecmp((const char *)bytes + i, "ent-lengt", 9))
			return false;
	return true;
}

/*
 * Are requests known up to that at `asked`? They are where the client sends them before it has a
 * first answer, each segment begins with one, in order, and there are few.
 */
static bool is_followed(const struct about *a, size_t asked)
{
	const struct dialogue *d = a->dialogue;
	size_t told = 0;

	if (a->reference->count > 10 || !is_plain(d->bytes[true], asked))
		return false;
	for (size_t i = 0; i < d->seen_count && told <= asked; i++) {
		const struct dialogue_segment *segment = &d->sent[d->seen[i]];
		size_t end = segment->start + segment->len;

		if (!segment->by_client || end <= told)
			continue;
		if (dialogue_first_byte(segment) != told || segment->acked || segment->len > 2500 ||
		    !is_request_start(a, told) || (asked < end && end < asked + 5))
			return false;
		told = end;
	}
	return told > asked;
}

/*
 * HEAD among other requests: which response answers it is not known. It is where the request begins
 * a segment, and the client never asked before it was answered; and where all requests up to it can
 * be followed.
 */
static bool is_head_among_others(const struct about *a)
{
	const struct reference *r = a->reference;
	const struct dialogue_segment *before = NULL;
	bool piped = is_stale(a->dialogue);
	size_t from = 0; /* where the answers to the request begin */

	for (size_t i = 0; i < r->count; i++) {
		const struct reference_response *response = &r->responses[i];
		const struct dialogue_segment *segment =
			&a->dialogue->sent[carrier_of(a->dialogue, true, response->asked)];
		size_t first = dialogue_first_byte(segment);

		if (!i || response->asked != r->responses[i - 1].asked) {
			from = response->start;
			piped |= segment == before || segment->acked != from;
			before = segment;
		}
		if (response->of_head && response->framing != REFERENCE_NO_BODY &&
		    (first > response->asked || first + 4 < response->asked ||
		     segment->start + segment->len < response->asked + 5 || piped) &&
		    !is_followed(a, response->asked))
			return true;
	}
	return false;
}

/* A body begins like a response, in a segment of its own: then HEAD is guessed where GET was. */
static bool is_imitated_at_once(const struct about *a)
{
	const struct reference *r = a->reference;

	for (size_t i = 0; i < r->count; i++) {
		size_t at = r->responses[i].head_end;

		if (!r->responses[i].of_head && r->responses[i].framing != REFERENCE_NO_BODY &&
		    at < r->server.len && r->server.bytes[at] == 'H')
			return true;
	}
	return false;
}

static bool begins(const uint8_t *line, const uint8_t *end, const char *with)
{
	size_t len = strlen(with);

	return (size_t)(end - line) >= len && !strncasecmp((const char *)line, with, len);
}

/* A line of the head of a response: does it frame in a way that the machine does not follow? */
static bool is_odd_line(const uint8_t *line, const uint8_t *end, const uint8_t *next)
{
	static const char LENGTH[] = "Content-Length:", CODING[] = "Transfer-Encoding:";

	if (begins(line, end, LENGTH))
		return end - line > 32 || memchr(line, ',', end - line) || *next == ' ' ||
		       *next == '\t';
	if (!begins(line, end, CODING))
		return false;
	while (end > line && memchr(" \t\r\n", end[-1], 4))
		end--;
	return end - line < (long)strlen(CODING) + 7 || !begins(end - 7, end, "chunked") ||
	       *next == ' ' || *next == '\t' || memchr(line, 'y', end - line) ||
	       memchr(line, 'Y', end - line);
}

/* Lists of lengths, lengths far behind the colon or in a folded line, codings but not chunked. */
static bool is_oddly_framed(const struct about *a)
{
	const struct reference *r = a->reference;

	for (size_t i = 0; i < r->count; i++) {
		const uint8_t *line = r->server.bytes + r->responses[i].start;
		const uint8_t *head_end = r->server.bytes + r->responses[i].head_end;

		while (line < head_end) {
			const uint8_t *end = memchr(line, '\n', head_end - line);

			end = end ? end + 1 : head_end;
			if (end < head_end && is_odd_line(line, end, end))
				return true;
			line = end;
		}
	}
	return false;
}

static bool is_lenient(const struct about *a)
{
	return a->reference->lenient;
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	bool (*holds)(const struct about *a);
	unsigned int passes;
} DOUBTS[] = {
	{ "bytes are missing", is_missing, DOUBT_LESS | DOUBT_MORE },
	{ "what is confirmed comes later", is_confirmed_unseen, DOUBT_LESS | DOUBT_MORE },
	{ "too much waits for what comes late", is_too_much, DOUBT_LESS | DOUBT_MORE },
	{ "the sensor is hindered", is_hindered, DOUBT_LESS | DOUBT_MORE },
	{ "a segment may exceed the budget", is_over_budget, DOUBT_LESS | DOUBT_MORE },
	{ "a response is sent before its request", is_answered_early, DOUBT_LESS | DOUBT_MORE },
	{ "what is answered is no request", is_not_asked, DOUBT_MORE },
	{ "what answers is no response", is_no_response, DOUBT_MORE },
	{ "a body or a tunnel without an end", is_without_end, DOUBT_MORE },
	{ "the first method is odd", is_odd_method, DOUBT_LESS | DOUBT_MORE },
	{ "the server begins like a request, the client does not", is_outspoken,
	  DOUBT_LESS | DOUBT_MORE },
	{ "an empty line before the first response", is_empty_line_first, DOUBT_LESS | DOUBT_MORE },
	{ "HEAD among other requests", is_head_among_others, DOUBT_LESS | DOUBT_MORE },
	{ "a body that begins like a response", is_imitated_at_once, DOUBT_LESS | DOUBT_MORE },
	{ "odd framing", is_oddly_framed, DOUBT_LESS | DOUBT_MORE },
	{ "chunks that may be refused", is_lenient, DOUBT_LESS | DOUBT_MORE },
};

#define DOUBT_COUNT (sizeof(DOUBTS) / sizeof(DOUBTS[0]))

unsigned int doubts_about(const struct dialogue *dialogue, const struct reference *reference)
{
	const struct about about = { dialogue, reference };
	unsigned int passes = 0;

	for (size_t i = 0; i < DOUBT_COUNT; i++)
		if ((passes | DOUBTS[i].passes) != passes && DOUBTS[i].holds(&about))
			passes |= DOUBTS[i].passes;
	return passes;
}

void doubts_print(const struct dialogue *dialogue, const struct reference *reference)
{
	const struct about about = { dialogue, reference };

	for (size_t i = 0; i < DOUBT_COUNT; i++)
		if (DOUBTS[i].holds(&about))
			fprintf(stderr, "doubt: %s\n", DOUBTS[i].name);
}
