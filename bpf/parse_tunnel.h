/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tunnels: where another packet begins within this one. What is no whole tunnel header, or carries
 * what is not known here, is an ordinary packet of the protocol that carries it.
 */
#ifndef BPF_PARSE_TUNNEL_H
#define BPF_PARSE_TUNNEL_H

#include "parse_link.h"

#define PARSE_PORT_GENEVE    PARSE_BE16(6081) /* RFC 8926 */
#define PARSE_PORT_VXLAN     PARSE_BE16(4789) /* RFC 7348 */
#define PARSE_PORT_VXLAN_OLD PARSE_BE16(8472) /* Linux's own default */

static __always_inline bool parse_is_tunnel_port(__be16 port)
{
	return port == PARSE_PORT_VXLAN || port == PARSE_PORT_VXLAN_OLD ||
	       port == PARSE_PORT_GENEVE;
}

/* The payload is what `type` says, from off to end. */
static __always_inline enum parse_result parse_enter(__be16 type, __u32 off, __u32 end,
						     struct packet *ret)
{
	if (off > end ||
	    (!parse_is_ip(type) && !parse_is_mpls(type) && type != PARSE_TYPE_ETHERNET))
		return PARSE_OK;
	ret->tunneled = type;
	ret->payload_off = off;
	ret->payload_len = end - off;
	return PARSE_TUNNEL;
}

static __always_inline enum parse_result parse_udp_tunnel(const struct parse_view *view, __u32 off,
							  __u32 end, struct packet *ret)
{
	const __u8 *h;

	if (!parse_is_tunnel_port(ret->destination_port) || off + 8 > end)
		return PARSE_OK;
	h = parse_at(view, off, 8);
	if (!h)
		return parse_missing(view, off, 8);
	if (ret->destination_port == PARSE_PORT_GENEVE) {
		if (h[0] >> 6 || h[1] & 0x80) /* another version; a control packet */
			return PARSE_OK;
		return parse_enter(parse_u16(h + 2), off + 8 + (h[0] & 63) * 4, end, ret);
	}
	if (!(h[0] & 0x08)) /* without a network's identifier */
		return PARSE_OK;
	return parse_enter(PARSE_TYPE_ETHERNET, off + 8, end, ret);
}

/* RFC 2784, RFC 2890; ERSPAN of types I and II (draft-foschiano-erspan 4). */
static __always_inline enum parse_result parse_gre(const struct parse_view *view, __u32 off,
						   __u32 end, struct packet *ret)
{
	const __u8 *h;
	__be16 type;

	if (off + 4 > end)
		return PARSE_OK;
	h = parse_at(view, off, 4);
	if (!h)
		return parse_missing(view, off, 4);
	if (h[0] & 0x40 || h[1] & 7) /* source routes; another version */
		return PARSE_OK;
	off += 4;
	if (h[0] & 0x80) /* checksum */
		off += 4;
	if (h[0] & 0x20) /* key */
		off += 4;
	if (h[0] & 0x10) /* sequence number */
		off += 4;
	type = parse_u16(h + 2);
	if (type == PARSE_TYPE_ERSPAN) {
		type = PARSE_TYPE_ETHERNET;
		if (h[0] & 0x10) /* type II has a header of its own */
			off += 8;
	}
	return parse_enter(type, off, end, ret);
}

static __always_inline bool parse_is_tunnel(__u8 proto)
{
	return proto == PARSE_PROTO_IPV4 || proto == PARSE_PROTO_IPV6 || proto == PARSE_PROTO_GRE;
}

/* What is carried by an IP packet whose payload is from off to end. */
static __always_inline enum parse_result parse_ip_tunnel(const struct parse_view *view, __u32 off,
							 __u32 end, struct packet *ret)
{
	if (ret->proto == PARSE_PROTO_GRE)
		return parse_gre(view, off, end, ret);
	return parse_enter(ret->proto == PARSE_PROTO_IPV4 ? PARSE_TYPE_IPV4 : PARSE_TYPE_IPV6, off,
			   end, ret);
}

#endif
