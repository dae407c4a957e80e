/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands before an IP header: Ethernet, VLAN tags, PPPoE, MPLS. */
#ifndef BPF_PARSE_LINK_H
#define BPF_PARSE_LINK_H

#include "parse_view.h"

static __always_inline bool parse_is_ip(__be16 type)
{
	return type == PARSE_TYPE_IPV4 || type == PARSE_TYPE_IPV6;
}

static __always_inline bool parse_is_vlan(__be16 type)
{
	return type == PARSE_BE16(0x8100) || type == PARSE_BE16(0x88a8) ||
	       type == PARSE_BE16(0x9100);
}

static __always_inline bool parse_is_mpls(__be16 type)
{
	return type == PARSE_TYPE_MPLS || type == PARSE_TYPE_MPLS_UP;
}

/* Ethernet and VLAN tags: the type of what follows. */
static __always_inline enum parse_result parse_ethernet(const struct parse_view *view, __u32 *off,
							__be16 *ret_type)
{
	const __u8 *h = parse_at(view, *off, 14);
	__be16 type;

	if (!h)
		return parse_missing(view, *off, 14);
	type = parse_u16(h + 12);
	*off += 14;
	/* IP first, although it is no tag: most packets have none. */
	for (int i = 0; !parse_is_ip(type) && parse_is_vlan(type); i++) {
		if (i == PARSE_VLAN_TAGS)
			return PARSE_VLAN_LIMIT;
		h = parse_at(view, *off, 4);
		if (!h)
			return parse_missing(view, *off, 4);
		type = parse_u16(h + 2);
		*off += 4;
	}
	*ret_type = type;
	return PARSE_OK;
}

/* Where no type says which IP this is: a device without link layer, MPLS (RFC 4928 3). */
static __always_inline enum parse_result parse_version(const struct parse_view *view, __u32 off,
						       __be16 *ret_type)
{
	const __u8 *h = parse_at(view, off, 1);

	if (!h)
		return parse_missing(view, off, 1);
	if (h[0] >> 4 == 4)
		*ret_type = PARSE_TYPE_IPV4;
	else if (h[0] >> 4 == 6)
		*ret_type = PARSE_TYPE_IPV6;
	else
		return PARSE_NOT_IP;
	return PARSE_OK;
}

/*
 * A PPPoE session (RFC 2516 4). Its length is left alone, as the IP header has one: offloads that
 * put segments together would have to write it anew.
 */
static __always_inline enum parse_result parse_pppoe(const struct parse_view *view, __u32 *off,
						     __be16 *ret_type)
{
	const __u8 *h = parse_at(view, *off, 8);
	__be16 proto;

	if (!h)
		return parse_missing(view, *off, 8);
	if (h[0] != 0x11)
		return PARSE_MALFORMED;
	proto = parse_u16(h + 6);
	if (h[1] != 0) /* not data */
		return PARSE_NOT_IP;
	if (proto == PARSE_BE16(0x0021))
		*ret_type = PARSE_TYPE_IPV4;
	else if (proto == PARSE_BE16(0x0057))
		*ret_type = PARSE_TYPE_IPV6;
	else
		return PARSE_NOT_IP;
	*off += 8;
	return PARSE_OK;
}

/* A stack of MPLS labels (RFC 3032 2.1). */
static __always_inline enum parse_result parse_mpls(const struct parse_view *view, __u32 *off,
						    __be16 *ret_type)
{
	for (int i = 0; i < PARSE_MPLS_LABELS; i++) {
		const __u8 *h = parse_at(view, *off, 4);

		if (!h)
			return parse_missing(view, *off, 4);
		*off += 4;
		if (h[2] & 1) /* the bottom of the stack */
			return parse_version(view, *off, ret_type);
	}
	return PARSE_VLAN_LIMIT;
}

/* From what `start` says begins at *off to an IP header, then at *off, and its type. */
static __always_inline enum parse_result parse_link(const struct parse_view *view, __be16 start,
						    __u32 *off, __be16 *ret_type)
{
	enum parse_result result;
	__be16 type = start;

	if (start == PARSE_START_IP)
		return parse_version(view, *off, ret_type);
	if (start == PARSE_START_ETHERNET) {
		result = parse_ethernet(view, off, &type);
		if (result != PARSE_OK)
			return result;
	}
	*ret_type = type;
	if (parse_is_ip(type))
		return PARSE_OK;
	if (type != PARSE_TYPE_PPPOE && !parse_is_mpls(type))
		return PARSE_NOT_IP;
	if (view->direct)
		return PARSE_NEEDS_COPY;
	return type == PARSE_TYPE_PPPOE ? parse_pppoe(view, off, ret_type)
					: parse_mpls(view, off, ret_type);
}

#endif
