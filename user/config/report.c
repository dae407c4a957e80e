/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about places in a file, and guesses at what a misspelt word was to be. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/report.h"
#include "config/scalar.h"

#define GUESS_WORD_MAX 64

static int report_grow(struct report *report)
{
	if (report->messages)
		return 0;
	report->messages = calloc(REPORT_MAX, sizeof(*report->messages));
	return report->messages ? 0 : -ENOMEM;
}

bool report_is_full(const struct report *report)
{
	return report->count == REPORT_MAX;
}

void report_add(struct report *report, struct mark mark, const char *format, ...)
{
	struct message *message;
	char *text = NULL;
	va_list args;
	int len;

	if (report_is_full(report)) {
		report->hidden++;
		return;
	}
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0 || report_grow(report)) {
		report->out_of_memory = true;
		if (len >= 0)
			free(text);
		return;
	}
	message = &report->messages[report->count];
	if (asprintf(&message->text, "%s:%u:%u: %s", report->name, mark.line, mark.column, text) <
	    0) {
		message->text = NULL;
		report->out_of_memory = true;
	} else {
		message->mark = mark;
		message->serial = report->count++;
	}
	free(text);
}

static int compare_messages(const void *left, const void *right)
{
	const struct message *a = left, *b = right;

	if (a->mark.line != b->mark.line)
		return a->mark.line < b->mark.line ? -1 : 1;
	if (a->mark.column != b->mark.column)
		return a->mark.column < b->mark.column ? -1 : 1;
	return a->serial < b->serial ? -1 : 1;
}

void report_sort(struct report *report)
{
	if (report->count)
		qsort(report->messages, report->count, sizeof(*report->messages), compare_messages);
}

void report_say(const struct report *report, config_say_fn say, void *arg)
{
	char *text;
	size_t i;

	for (i = 0; i < report->count; i++)
		say(report->messages[i].text, arg);
	if (!report->hidden)
		return;
	if (asprintf(&text, "%s: %zu more of these are not shown", report->name, report->hidden) <
	    0)
		return;
	say(text, arg);
	free(text);
}

void report_clear(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++)
		free(report->messages[i].text);
	free(report->messages);
	*report = (struct report){ 0 };
}

const char *text_quote(const char *text, char buf[QUOTE_MAX])
{
	const char *const end = text + strlen(text);
	size_t used = 0;
	__u32 point;
	int len;

	buf[used++] = '\'';
	/* The longest piece is \xNN or four bytes; "...'" and the end follow. */
	while (*text && used + 4 + 5 <= QUOTE_MAX) {
		len = scalar_decode_utf8(text, end - text, &point);
		if (len <= 0 || !scalar_is_printable(point)) {
			used += sprintf(buf + used, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		memcpy(buf + used, text, len);
		used += len;
		text += len;
	}
	sprintf(buf + used, "%s'", *text ? "..." : "");
	return buf;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Optimal string alignment distance: insert, delete, replace, or swap two neighbours. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][GUESS_WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		last[j] = j;
	for (i = 1; i <= a_len; i++) {
		now[0] = i;
		for (j = 1; j <= b_len; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

void guess_try(struct guess *guess, const char *word, const char *candidate)
{
	size_t word_len = strlen(word), len = strlen(candidate);
	unsigned int distance;

	if (!word_len || word_len > GUESS_WORD_MAX || len > GUESS_WORD_MAX)
		return;
	distance = edit_distance(word, word_len, candidate, len);
	/* A third of the letters may be wrong; of short words one. */
	if (distance > (len < 6 ? 1 : len / 3))
		return;
	if (guess->best && guess->distance <= distance)
		return;
	guess->best = candidate;
	guess->distance = distance;
}
