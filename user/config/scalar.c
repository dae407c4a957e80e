/* SPDX-License-Identifier: GPL-2.0-only */
/* Single values of the configuration between text and number: durations, sizes, dates, networks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "config/scalar.h"

struct unit {
	const char *name;
	__u64 factor;
};

/* The smallest first. */
static const struct unit duration_units[] = {
	{ "ms", 1000000ull },         { "s", NS_PER_S },
	{ "m", 60 * NS_PER_S },       { "h", 60 * 60 * NS_PER_S },
	{ "d", 86400ull * NS_PER_S }, {},
};

static const struct unit size_units[] = {
	{ "KiB", 1ull << 10 },
	{ "MiB", 1ull << 20 },
	{ "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
	{},
};

/* Reads digits; *end is what follows them. No sign, no leading zero: 010 may be meant as octal. */
static int parse_digits(const char *text, const char **end, __u64 *ret)
{
	const char *c = text;
	__u64 value = 0;

	for (; *c >= '0' && *c <= '9'; c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *c - '0', &value))
			return -ERANGE;
	}
	if (c == text || (text[0] == '0' && c - text > 1))
		return -EINVAL;
	*end = c;
	*ret = value;
	return 0;
}

int scalar_parse_number(const char *text, __u64 *ret)
{
	const char *end;
	__u64 value;
	int err;

	err = parse_digits(text, &end, &value);
	if (err)
		return err;
	if (*end)
		return -EINVAL;
	*ret = value;
	return 0;
}

int scalar_parse_thousandths(const char *text, __u64 *ret)
{
	__u64 value, place = 100;
	const char *c;
	int err;

	err = parse_digits(text, &c, &value);
	if (err)
		return err;
	if (__builtin_mul_overflow(value, 1000, &value))
		return -ERANGE;
	if (*c == '.') {
		if (!*++c)
			return -EINVAL;
		for (; *c >= '0' && *c <= '9' && place; c++, place /= 10) {
			if (__builtin_add_overflow(value, (*c - '0') * place, &value))
				return -ERANGE;
		}
	}
	if (*c)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, __u64 *ret)
{
	const char *end;
	__u64 value;
	int err;

	err = parse_digits(text, &end, &value);
	if (err)
		return err;
	for (; units->name; units++) {
		if (strcmp(end, units->name))
			continue;
		if (__builtin_mul_overflow(value, units->factor, &value))
			return -ERANGE;
		*ret = value;
		return 0;
	}
	return -EINVAL;
}

int scalar_parse_duration(const char *text, __u64 *ret_ns)
{
	if (!strcmp(text, "0")) {
		*ret_ns = 0;
		return 0;
	}
	return parse_with_unit(text, duration_units, ret_ns);
}

int scalar_parse_size(const char *text, __u64 *ret)
{
	return parse_with_unit(text, size_units, ret);
}

int scalar_parse_date(const char *text, __u64 *ret_s)
{
	struct tm tm = { 0 }, back;
	const char *c;
	time_t time;

	if (strlen(text) != strlen("2027-01-31"))
		return -EINVAL;
	for (c = text; *c; c++) {
		if (c - text == 4 || c - text == 7 ? *c != '-' : *c < '0' || *c > '9')
			return -EINVAL;
	}
	tm.tm_year = atoi(text) - 1900;
	tm.tm_mon = atoi(text + 5) - 1;
	tm.tm_mday = atoi(text + 8);
	tm.tm_hour = 23;
	tm.tm_min = 59;
	tm.tm_sec = 59;
	back = tm;
	time = timegm(&back);
	/* timegm() turns the 30th of February into the 2nd of March. */
	if (time < 0 || back.tm_mon != tm.tm_mon)
		return -EINVAL;
	*ret_s = time;
	return 0;
}

const char *scalar_format_thousandths(__u64 value, char buf[SCALAR_TEXT_MAX])
{
	int len = snprintf(buf, SCALAR_TEXT_MAX, "%llu.%03llu", value / 1000, value % 1000);

	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
	return buf;
}

/* With the largest unit that leaves no rest. */
static const char *format_with_unit(__u64 value, const struct unit *units,
				    char buf[SCALAR_TEXT_MAX])
{
	const struct unit *best = units;

	for (; units->name; units++) {
		if (value % units->factor == 0)
			best = units;
	}
	snprintf(buf, SCALAR_TEXT_MAX, "%llu%s", value / best->factor, best->name);
	return buf;
}

const char *scalar_format_duration(__u64 ns, char buf[SCALAR_TEXT_MAX])
{
	const __u64 day = 86400 * NS_PER_S;

	if (!ns)
		return "0s";
	/* A day is written as hours, as everywhere in the manual. */
	if (ns == day)
		return "24h";
	return format_with_unit(ns, duration_units, buf);
}

const char *scalar_format_size(__u64 bytes, char buf[SCALAR_TEXT_MAX])
{
	return format_with_unit(bytes, size_units, buf);
}

const char *scalar_format_date(__u64 s, char buf[SCALAR_TEXT_MAX])
{
	time_t time = s;
	struct tm tm;

	gmtime_r(&time, &tm);
	snprintf(buf, SCALAR_TEXT_MAX, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday);
	return buf;
}

const char *scalar_format_net(const struct net *net, char buf[SCALAR_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	addr_format(&net->addr, addr);
	if (net->prefix_len == 128) {
		snprintf(buf, SCALAR_TEXT_MAX, "%s", addr);
		return buf;
	}
	snprintf(buf, SCALAR_TEXT_MAX, "%s/%u", addr,
		 addr_is_ipv4(&net->addr) ? net->prefix_len - 96 : net->prefix_len);
	return buf;
}

int scalar_parse_net_around(const char *text, struct net *ret)
{
	const char *slash = strchr(text, '/');
	char addr_text[ADDR_TEXT_MAX];
	struct net net = { 0 };
	unsigned int i;
	__u64 len;
	int err;

	if (!slash || (size_t)(slash - text) >= sizeof(addr_text))
		return -EINVAL;
	memcpy(addr_text, text, slash - text);
	addr_text[slash - text] = '\0';
	err = addr_parse(addr_text, &net.addr);
	if (err)
		return err;
	err = scalar_parse_number(slash + 1, &len);
	if (err)
		return err;
	/* "::ffff:10.0.0.1/104" is written with the prefix length of IPv6. */
	if (!strchr(addr_text, ':'))
		len += 96;
	if (len > 128)
		return -EINVAL;
	net.prefix_len = len;
	for (i = 0; i < 4; i++) {
		if (len <= 32 * i)
			net.addr.w[i] = 0;
		else if (len < 32 * (i + 1))
			net.addr.w[i] &= htonl(~0u << (32 * (i + 1) - len));
	}
	*ret = net;
	return 0;
}

int scalar_decode_utf8(const char *text, size_t len, __u32 *ret)
{
	/* The least that a sequence of this length may stand for: shorter forms are not valid. */
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)text;
	size_t need, i;
	__u32 point;

	if (!len)
		return -EINVAL;
	if (c[0] < 0x80) {
		*ret = c[0];
		return 1;
	}
	need = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
	if (c[0] < 0xc2 || c[0] > 0xf4 || need > len)
		return -EINVAL;
	point = c[0] & (0xff >> (need + 1));
	for (i = 1; i < need; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return -EINVAL;
		point = point << 6 | (c[i] & 0x3f);
	}
	if (point < least[need] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return -EINVAL;
	*ret = point;
	return need;
}

bool scalar_is_printable(__u32 point)
{
	return point >= 0x20 && !(point >= 0x7f && point < 0xa0) &&     /* C0, DEL, C1 */
	       point != 0x061c && point != 0x200e && point != 0x200f && /* direction marks */
	       !(point >= 0x2028 && point <= 0x202e) && /* separators, embeddings, overrides */
	       !(point >= 0x2066 && point <= 0x2069) && /* isolates */
	       point != 0xfeff && point != 0xfffe && point != 0xffff; /* byte order marks */
}
