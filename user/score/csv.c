/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines "time,count": every byte may be anything. */
#include "score/csv.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 40 /* bytes of a count, with its end */

struct span {
	const char *at;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct span trim(struct span span)
{
	while (span.len && is_space(span.at[span.len - 1]))
		span.len--;
	while (span.len && is_space(*span.at)) {
		span.at++;
		span.len--;
	}
	return span;
}

/* Double quotes around a whole field are taken off; inside a time or a count there are none. */
static bool unquote(struct span *field)
{
	*field = trim(*field);
	if (field->len >= 2 && field->at[0] == '"' && field->at[field->len - 1] == '"') {
		field->at++;
		field->len -= 2;
		*field = trim(*field);
	}
	return !memchr(field->at, '"', field->len);
}

/* Takes exactly `digits` digits; false where there are less. */
static bool take_digits(struct span *text, int digits, int *ret)
{
	*ret = 0;
	for (; digits; digits--) {
		if (!text->len || !is_digit(*text->at))
			return false;
		*ret = *ret * 10 + (*text->at - '0');
		text->at++;
		text->len--;
	}
	return true;
}

static bool take_one(struct span *text, const char *any)
{
	if (!text->len || !*text->at || !strchr(any, *text->at))
		return false;
	text->at++;
	text->len--;
	return true;
}

/* ".123": at least one digit where there is a point. */
static bool skip_fraction(struct span *text)
{
	size_t digits = 0;

	if (!take_one(text, "."))
		return true;
	for (; text->len && is_digit(*text->at); digits++) {
		text->at++;
		text->len--;
	}
	return digits > 0;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static __s64 days_of(int year, int month, int day)
{
	static const short before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
	__s64 past = year - 1;
	__s64 days = past * 365 + past / 4 - past / 100 + past / 400;

	return days + before[month - 1] + (leap && month > 2) + day - 1 - 719162;
}

static int month_days(int year, int month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return days[month - 1] + (leap && month == 2);
}

/* "Z", "+02:00", or nothing, which is UTC. */
static bool take_offset(struct span *text, int *ret_s)
{
	int sign, hours, minutes;

	*ret_s = 0;
	if (!text->len)
		return true;
	if (take_one(text, "Zz"))
		return !text->len;
	sign = *text->at == '-' ? -1 : 1;
	if (!take_one(text, "+-") || !take_digits(text, 2, &hours) || !take_one(text, ":") ||
	    !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_s = sign * (hours * 3600 + minutes * 60);
	return !text->len;
}

/* RFC 3339 5.6; a leap second is the one after it. */
static enum csv_result read_date(struct span text, __s64 *ret_s)
{
	int year, month, day, hour, minute, second, offset_s;

	if (!take_digits(&text, 4, &year) || !take_one(&text, "-") ||
	    !take_digits(&text, 2, &month) || !take_one(&text, "-") ||
	    !take_digits(&text, 2, &day) || !take_one(&text, "Tt ") ||
	    !take_digits(&text, 2, &hour) || !take_one(&text, ":") ||
	    !take_digits(&text, 2, &minute) || !take_one(&text, ":") ||
	    !take_digits(&text, 2, &second) || !skip_fraction(&text) ||
	    !take_offset(&text, &offset_s))
		return CSV_TIME;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return CSV_TIME;
	*ret_s = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s;
	return *ret_s < 0 || *ret_s > CSV_EPOCH_MAX ? CSV_TIME_RANGE : CSV_ROW;
}

static enum csv_result read_epoch(struct span text, __s64 *ret_s)
{
	*ret_s = 0;
	for (; text.len && is_digit(*text.at); text.at++, text.len--) {
		*ret_s = *ret_s * 10 + (*text.at - '0');
		if (*ret_s > CSV_EPOCH_MAX)
			return CSV_TIME_RANGE;
	}
	return skip_fraction(&text) && !text.len ? CSV_ROW : CSV_TIME;
}

static enum csv_result read_time(struct span text, struct csv_row *ret)
{
	if (!text.len || text.len >= sizeof(ret->text) || !is_digit(*text.at))
		return CSV_TIME;
	memcpy(ret->text, text.at, text.len);
	ret->text[text.len] = '\0';
	ret->epoch = !memchr(text.at, '-', text.len);
	return ret->epoch ? read_epoch(text, &ret->time_s) : read_date(text, &ret->time_s);
}

/* strtod() knows hexadecimal, inf and nan; a count is none of these. */
static enum csv_result read_count(struct span text, double *ret)
{
	char buf[NUMBER_MAX], *end;
	size_t i;

	if (!text.len || text.len >= sizeof(buf))
		return CSV_COUNT;
	for (i = 0; i < text.len; i++)
		if (!text.at[i] || !strchr("0123456789.+-eE", text.at[i]))
			return CSV_COUNT;
	memcpy(buf, text.at, text.len);
	buf[text.len] = '\0';
	*ret = strtod(buf, &end);
	if (*end || end == buf)
		return CSV_COUNT;
	if (*ret < 0)
		return CSV_COUNT_NEGATIVE;
	return *ret > CSV_COUNT_MAX ? CSV_COUNT_RANGE : CSV_ROW;
}

enum csv_result csv_row(const char *line, size_t len, struct csv_row *ret)
{
	struct span text = trim((struct span){ line, len }), time, count;
	enum csv_result result;
	struct csv_row row = { 0 };
	const char *comma;

	if (!text.len || *text.at == '#')
		return CSV_NOTHING;
	if (len > CSV_LINE_MAX)
		return CSV_LINE_LONG;
	comma = memchr(text.at, ',', text.len);
	if (!comma)
		return CSV_NO_COUNT;
	time = (struct span){ text.at, comma - text.at };
	count = (struct span){ comma + 1, text.len - time.len - 1 };
	if (memchr(count.at, ',', count.len))
		return CSV_MORE_FIELDS;
	if (!unquote(&time) || !unquote(&count))
		return CSV_QUOTE;
	result = read_time(time, &row);
	if (result == CSV_ROW)
		result = read_count(count, &row.count);
	if (result == CSV_ROW)
		*ret = row;
	return result;
}

const char *csv_says(enum csv_result result)
{
	switch (result) {
	case CSV_ROW:
	case CSV_NOTHING:
		return "nothing is wrong";
	case CSV_LINE_LONG:
		return "the line is longer than 4096 bytes";
	case CSV_NO_COUNT:
		return "there is no comma: expected time,count";
	case CSV_MORE_FIELDS:
		return "more than two fields: expected time,count";
	case CSV_QUOTE:
		return "a double quote stands alone";
	case CSV_TIME:
		return "the time is neither seconds since 1970 nor RFC 3339 (2026-01-31T09:00:00Z)";
	case CSV_TIME_RANGE:
		return "the time lies outside the years 1970 to 9999: seconds, not milliseconds, are expected";
	case CSV_COUNT:
		return "the count is no number";
	case CSV_COUNT_NEGATIVE:
		return "the count is negative";
	case CSV_COUNT_RANGE:
		return "the count is larger than 1e15";
	}
	return "it cannot be read";
}

bool csv_is_header(const char *line, size_t len)
{
	struct span text = trim((struct span){ line, len });

	if (text.len && *text.at == '"')
		text = trim((struct span){ text.at + 1, text.len - 1 });
	return text.len && len <= CSV_LINE_MAX && !is_digit(*text.at) &&
	       !strchr("+-.,", *text.at) && memchr(text.at, ',', text.len);
}
