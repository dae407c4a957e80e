/* SPDX-License-Identifier: GPL-2.0-only */
/* Single values of the configuration between text and number: durations, sizes, dates, networks. */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/netset.h"

#define NS_PER_S 1000000000ull

#define SCALAR_TEXT_MAX 64 /* enough for each scalar_format_*() */

/*
 * All scalar_parse_*(): 0; -EINVAL where the text is no such value; -ERANGE where it is too large.
 */

/* Decimal digits without sign or leading zeros. */
int scalar_parse_number(const char *text, __u64 *ret);
/* A number with up to three decimals, in thousandths. */
int scalar_parse_thousandths(const char *text, __u64 *ret);
/* A number and ms, s, m, h or d; a bare 0 too. */
int scalar_parse_duration(const char *text, __u64 *ret_ns);
/* A number and KiB, MiB, GiB or TiB, in bytes. */
int scalar_parse_size(const char *text, __u64 *ret);
/* "2027-01-31": the last second of that day in UTC, since the Unix epoch. */
int scalar_parse_date(const char *text, __u64 *ret_s);

/* All return text that parses to the same value; it lives as long as buf. */
const char *scalar_format_thousandths(__u64 value, char buf[SCALAR_TEXT_MAX]);
const char *scalar_format_duration(__u64 ns, char buf[SCALAR_TEXT_MAX]);
const char *scalar_format_size(__u64 bytes, char buf[SCALAR_TEXT_MAX]);
const char *scalar_format_date(__u64 s, char buf[SCALAR_TEXT_MAX]);
/* As net_parse() reads it; a single address without its prefix length. */
const char *scalar_format_net(const struct net *net, char buf[SCALAR_TEXT_MAX]);

/*
 * The network that "10.1.2.3/8" lies in, where net_parse() found host bits: 10.0.0.0/8. -EINVAL
 * where the text is not an address and a prefix length.
 */
int scalar_parse_net_around(const char *text, struct net *ret);

/* The first character: its length in bytes (1..4), or -EINVAL where it is not valid UTF-8. */
int scalar_decode_utf8(const char *text, size_t len, __u32 *ret);
/* May the character stand as it is in YAML and on a terminal? */
bool scalar_is_printable(__u32 point);

#endif
