/* SPDX-License-Identifier: GPL-2.0-only */
/* A fuzzer's bytes as segments: who sends them, and in what order they are seen. */
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"

#define MARK 0x80

bool dialogue_is_odd(const struct dialogue_segment *segment, enum dialogue_odd odd)
{
	return segment->act == DIALOGUE_ODD && segment->n == odd;
}

size_t dialogue_first_byte(const struct dialogue_segment *segment)
{
	size_t back = segment->act == DIALOGUE_BACK ? (size_t)1 << 3 * segment->n : 0;

	if (back > DIALOGUE_BYTES - segment->len)
		back = DIALOGUE_BYTES - segment->len;
	return back < segment->start ? segment->start - back : 0;
}

/* What the sender of a segment knows of the other side: all, but for the last `unknown` segments.
 */
static size_t known_bytes(const struct dialogue *d, bool by_client, size_t unknown)
{
	size_t known = d->len[!by_client];

	for (size_t i = d->sent_count; i-- && unknown;) {
		if (d->sent[i].by_client == by_client)
			continue;
		known = d->sent[i].start;
		unknown--;
	}
	return known;
}

/* How often the segment's text is repeated so that it fits; 0: it does not fit at all. */
static size_t times_that_fit(const struct dialogue *d, const struct dialogue_segment *segment,
			     size_t len)
{
	size_t times = segment->act == DIALOGUE_REPEAT ? (size_t)1 << 2 * segment->n : 1;
	size_t room = DIALOGUE_STREAM - d->len[segment->by_client];

	if (room > DIALOGUE_BYTES)
		room = DIALOGUE_BYTES;
	if (len && times > room / len)
		times = room / len;
	return times;
}

static bool add_segment(struct dialogue *d, uint8_t mark, const uint8_t *text, size_t len)
{
	struct dialogue_segment *segment = &d->sent[d->sent_count];
	bool by_client = !(mark & 1);
	size_t times;

	*segment = (struct dialogue_segment){
		.by_client = by_client,
		.act = mark >> 1 & 7,
		.n = mark >> 4 & 7,
		.start = d->len[by_client],
	};
	segment->acked = known_bytes(d, by_client,
				     segment->act == DIALOGUE_STALE ? segment->n + 1 : 0);
	times = times_that_fit(d, segment, len);
	if (!times)
		return false;
	segment->len = times * len;
	for (size_t i = 0; i < times && len; i++)
		memcpy(d->bytes[by_client] + segment->start + i * len, text, len);
	d->len[by_client] += segment->len;
	d->sent_count++;
	return true;
}

/* In halves, so that what is late stands behind what it lets pass. */
struct turn {
	size_t place, segment;
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->segment < y->segment ? -1 : x->segment > y->segment;
}

/* Who is seen when: the places are those of sending, and delayed segments stand behind others. */
static void put_in_order(struct dialogue *d)
{
	struct turn turns[2 * DIALOGUE_SEGMENTS];
	size_t count = 0;

	for (size_t i = 0; i < d->sent_count; i++) {
		const struct dialogue_segment *segment = &d->sent[i];
		size_t late = 2 * (i + 1 + segment->n) + 1;

		if (segment->act == DIALOGUE_LOSE)
			continue;
		turns[count++] = (struct turn){ segment->act == DIALOGUE_LATE ? late : 2 * i, i };
		if (segment->act == DIALOGUE_TWICE)
			turns[count++] = (struct turn){ late - 2, i };
	}
	qsort(turns, count, sizeof(turns[0]), compare_turns);
	for (size_t i = 0; i < count; i++)
		d->seen[i] = turns[i].segment;
	d->seen_count = count;
}

const uint8_t *dialogue_read(const uint8_t *data, size_t size, struct dialogue *ret,
			     size_t *ret_rest)
{
	const uint8_t *end = data + size;

	ret->len[0] = ret->len[1] = ret->sent_count = 0;
	while (data < end && ret->sent_count < DIALOGUE_SEGMENTS) {
		uint8_t mark = *data >= MARK ? *data++ : MARK;
		const uint8_t *text = data;

		while (data < end && *data < MARK)
			data++;
		if (!add_segment(ret, mark, text, data - text))
			break;
		if (data < end && (*data >> 1 & 7) == DIALOGUE_ODD &&
		    (*data >> 4 & 7) == DIALOGUE_CONNECTION)
			break;
	}
	put_in_order(ret);
	*ret_rest = end - data;
	return data;
}
