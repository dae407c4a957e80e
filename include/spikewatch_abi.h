/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the BPF programs and the user side agree on: map keys and values, events, counters. */
#ifndef SPIKEWATCH_ABI_H
#define SPIKEWATCH_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Raised by every change of a structure or of a number below. */
#define SW_ABI 12

/* An address in network byte order; IPv4 is mapped as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct addr {
	__be32 w[4];
};

/* Where a packet was seen, or where it was dropped as far as that is known. */
enum sw_hook {
	HOOK_UNKNOWN = 0,
	HOOK_INGRESS = 1, /* of a device: tc, netfilter's netdev family */
	HOOK_EGRESS = 2,
	HOOK_XDP = 3,
	HOOK_PREROUTING = 4,
	HOOK_INPUT = 5,
	HOOK_FORWARD = 6,
	HOOK_OUTPUT = 7,
	HOOK_POSTROUTING = 8,
	HOOK_ROUTING = 9, /* between prerouting and input or forward */
	HOOK_CGROUP = 10,
	HOOK_MAX = 11,
};

/* What kind of deny a dropped packet is. CLASS_IGNORED is for frees that nobody decided. */
enum sw_class {
	CLASS_IGNORED = 0,
	CLASS_FIREWALL = 1,
	CLASS_PROHIBITED = 2,
	CLASS_UNANSWERED = 3,
	CLASS_REFUSED = 4,
	CLASS_OTHER = 5,
	CLASS_MAX = 6,
};

/*
 * What a key does not tell, and has zeroes for, because there was no room for each: many are
 * counted under it together.
 */
enum sw_merged {
	MERGED_SOURCE = 1,      /* the source, or the client */
	MERGED_DESTINATION = 2, /* destination and port */
};

/* Which counting map's keys are counted: they are few enough to be read in any epoch. */
enum sw_keys { KEYS_HTTP, KEYS_DROPS, KEYS_FEEDS };

/* Bytes that tell where keys of drops are; a power of two, a few for each key. */
#define DROP_MARKS 65536
#define MARK_KEY   0x80
#define MARK_HITS  0x7f
/* Word of keys_used, beside the number of keys: were some refused? */
#define USED_CROWDED 1

/* One key for each client, server, port and error status; status is 0 for all but 4xx and 5xx. */
struct http_key {
	struct addr client;
	struct addr server;
	__be16 port;
	__u16 status;
	__u8 merged; /* enum sw_merged */
	__u8 pad[3];
};

struct http_value {
	__u64 count;
};

/*
 * One key for each denied flow. A packet that could not be read has zeroes where nothing is known.
 */
struct drop_key {
	struct addr source;
	struct addr destination;
	__u32 netns;       /* inode number of the network namespace, 0 unknown */
	__u32 in_ifindex;  /* where it came in; 0: from this host */
	__u32 out_ifindex; /* where it was to go out; 0: nowhere, or nobody had decided yet */
	__be16 port;       /* destination port; 0 where the protocol has none */
	__u16 reason;      /* this kernel's number; names come from its BTF */
	__u8 proto;
	__u8 class;  /* enum sw_class */
	__u8 hook;   /* enum sw_hook */
	__u8 merged; /* enum sw_merged */
	__u32 chain; /* the value of its chain_key; 0 unknown */
};

struct drop_value {
	__u64 packets;
	__u64 bytes;
};

_Static_assert(sizeof(struct addr) == 16, "addr is map ABI");
_Static_assert(sizeof(struct http_key) == 40, "http_key is map ABI");
_Static_assert(sizeof(struct drop_key) == 56, "drop_key is map ABI");

/*
 * Counters of an epoch, per CPU: X(constant, name). The names are those of metrics and of `status`.
 *
 * A hole is opened by bytes that come before those in front of them, and closed once these were
 * read, or given up for a resync (then http_gap counts too). What stays open is missing.
 *
 * packets_ingress + packets_egress + packets_xdp = understood + parse_*
 * packets_drop = drop_understood + drop_parse_*
 *
 * Packet hooks and the drop hook never share a counter: a softirq may interrupt the drop hook in
 * the middle of an increment, and per-CPU increments are not atomic against that.
 */
#define SW_COUNTERS(X)                                                \
	X(PACKETS_INGRESS, "packets_ingress")                         \
	X(PACKETS_EGRESS, "packets_egress")                           \
	X(PACKETS_XDP, "packets_xdp")                                 \
	X(PACKETS_DROP, "packets_drop")                               \
	X(UNDERSTOOD, "understood")                                   \
	X(PARSE_TRUNCATED, "parse_truncated")                         \
	X(PARSE_MALFORMED, "parse_malformed")                         \
	X(PARSE_NOT_IP, "parse_not_ip")                               \
	X(PARSE_IP_FRAGMENT, "parse_ip_fragment")                     \
	X(PARSE_EXT_HEADER_LIMIT, "parse_ext_header_limit")           \
	X(PARSE_VLAN_LIMIT, "parse_vlan_limit")                       \
	X(PARSE_L4_SHORT, "parse_l4_short")                           \
	X(DROP_UNDERSTOOD, "drop_understood")                         \
	X(DROP_PARSE_TRUNCATED, "drop_parse_truncated")               \
	X(DROP_PARSE_MALFORMED, "drop_parse_malformed")               \
	X(DROP_PARSE_NOT_IP, "drop_parse_not_ip")                     \
	X(DROP_PARSE_IP_FRAGMENT, "drop_parse_ip_fragment")           \
	X(DROP_PARSE_EXT_HEADER_LIMIT, "drop_parse_ext_header_limit") \
	X(DROP_PARSE_VLAN_LIMIT, "drop_parse_vlan_limit")             \
	X(DROP_PARSE_L4_SHORT, "drop_parse_l4_short")                 \
	X(DROP_OTHER_NETNS, "drop_other_netns")                       \
	X(DROP_BUSY, "drop_busy")                                     \
	X(HTTP_ELSEWHERE, "http_elsewhere")                           \
	X(HTTP_1XX, "http_1xx")                                       \
	X(HTTP_2XX, "http_2xx")                                       \
	X(HTTP_3XX, "http_3xx")                                       \
	X(HTTP_4XX, "http_4xx")                                       \
	X(HTTP_5XX, "http_5xx")                                       \
	X(HTTP_RESYNC, "http_resync")                                 \
	X(HTTP_GAP, "http_gap")                                       \
	X(HTTP_BUDGET, "http_budget")                                 \
	X(HTTP_BAD_STATUS, "http_bad_status")                         \
	X(HTTP_BAD_LENGTH, "http_bad_length")                         \
	X(HTTP_BAD_CHUNK, "http_bad_chunk")                           \
	X(HTTP_UNCLEAR, "http_unclear")                               \
	X(HTTP_NO_REVERSE, "http_no_reverse")                         \
	X(HTTP_OPAQUE, "http_opaque")                                 \
	X(HTTP_UNREADABLE, "http_unreadable")                         \
	X(HTTP_CLAIM_LOST, "http_claim_lost")                         \
	X(HTTP_HOLE_OPENED, "http_hole_opened")                       \
	X(HTTP_HOLE_CLOSED, "http_hole_closed")                       \
	X(FLOWS_CREATED, "flows_created")                             \
	X(FLOWS_JOINED, "flows_joined")                               \
	X(FLOWS_REFUSED, "flows_refused")                             \
	X(SPOKEN_HTTP1, "spoken_http1")                               \
	X(SPOKEN_TLS, "spoken_tls")                                   \
	X(SPOKEN_HTTP2, "spoken_http2")                               \
	X(SPOKEN_QUIC, "spoken_quic")                                 \
	X(DENIAL_UNREADABLE, "denial_unreadable")                     \
	X(DENIAL_MISDIRECTED, "denial_misdirected")                   \
	X(DENIAL_REPEATED, "denial_repeated")                         \
	X(ATTEMPTS, "attempts")                                       \
	X(ATTEMPTS_ANSWERED, "attempts_answered")                     \
	X(ATTEMPTS_UNTRACKED, "attempts_untracked")                   \
	X(RING_SENT, "ring_sent")                                     \
	X(RING_OVER_BUDGET, "ring_over_budget")                       \
	X(RING_DROPPED, "ring_dropped")

enum sw_counter {
#define X(constant, name) COUNT_##constant,
	SW_COUNTERS(X)
#undef X
		COUNT_MAX
};

/*
 * Kernel drop reasons are numbered from 0; those of other subsystems (high 16 bits) share the last.
 * Those before it are our own, of drops that the kernel gives no reason, or one for many things.
 */
#define SW_REASON_MAX     256
#define SW_REASON_FOREIGN (SW_REASON_MAX - 1)
#define SW_REASON_OWN     240

enum sw_own_reason {
	SW_REASON_NETFILTER = 248,     /* kernels without reasons */
	SW_REASON_XDP = 249,           /* the same */
	SW_REASON_CGROUP_EGRESS = 250, /* the same */
	SW_REASON_CGROUP_INGRESS = 251,
	SW_REASON_NFQUEUE = 252,
};

/* Freed between two addresses of the kernel's text: for that reason. */
struct drop_site {
	__u64 start;
	__u64 end;
	__u64 reason; /* enum sw_own_reason */
};

#define SW_SITES_MAX 16

/* Of what the network says about a deny: X(constant, name). */
#define SW_REASONS_DENIAL(X)                         \
	X(NET_PROHIBITED, "ICMP_NET_PROHIBITED")     \
	X(HOST_PROHIBITED, "ICMP_HOST_PROHIBITED")   \
	X(ADMIN_PROHIBITED, "ICMP_ADMIN_PROHIBITED") \
	X(POLICY_FAIL, "ICMP_POLICY_FAIL")           \
	X(REJECT_ROUTE, "ICMP_REJECT_ROUTE")         \
	X(TCP_RESET, "TCP_RESET")                    \
	X(NO_ANSWER, "NO_ANSWER")

enum sw_denial_reason {
	SW_REASON_DENIAL_BEFORE = SW_REASON_OWN - 1,
#define X(constant, name) SW_REASON_##constant,
	SW_REASONS_DENIAL(X)
#undef X
};

_Static_assert((int)SW_REASON_NO_ANSWER < (int)SW_REASON_NETFILTER, "each has its own number");

/* Chains that can be told apart; as many are counted under their own names. */
#define SW_CHAINS_MAX 1024

/* Netfilter's families (NFPROTO_*), and a bit for tables of iptables, whose chain is the hook. */
#define CHAIN_ARP         3
#define CHAIN_NETDEV      5
#define CHAIN_FAMILY_MASK 0x3f
#define CHAIN_XTABLES     0x80

/* The base chain of nftables, or the table of iptables, that denied a packet. */
struct chain_key {
	char table[32]; /* cut off; zeroes behind */
	char chain[32]; /* the same; of iptables empty */
	__u8 family;
	__u8 hook; /* enum sw_hook */
	__u8 pad[2];
};

_Static_assert(sizeof(struct chain_key) == 68, "chain_key is map ABI");

/* Where this kernel keeps what names a chain: bytes from the beginning of each structure. */
struct chain_layout {
	__u32 chain_table; /* struct nft_chain */
	__u32 chain_name;
	__u32 table_name; /* struct nft_table */
	__u32 table_family;
	__u32 table_family_shift; /* bits in its byte */
	__u32 base_chain;         /* struct nft_base_chain: its struct nft_chain */
	__u32 base_number;        /* the hook's */
	__u32 xt_name;            /* struct xt_table: in place */
	__u32 xt_family;
};

/* What a connection speaks; of all but the first the statuses can't be read. */
enum sw_speech {
	SPEECH_HTTP1 = 0, /* its first answer was seen */
	SPEECH_TLS = 1,   /* ClientHello */
	SPEECH_HTTP2 = 2, /* in the clear, with prior knowledge: the client's preface */
	SPEECH_QUIC = 3,  /* Initial packet to port 443 */
	SPEECH_MAX = 4,
};

/* Connections by server and by what they speak. */
struct speech_key {
	struct addr server;
	__be16 port;
	__u16 pad;
};

struct speech {
	__u64 count[SPEECH_MAX];
};

_Static_assert(sizeof(struct speech_key) == 20, "speech_key is map ABI");

/* An attempt to connect, told by its SYN. */
struct attempt_key {
	struct addr source;
	struct addr destination;
	__be16 source_port;
	__be16 port;
	__u32 pad;
};

/* Seconds are those of `tick`, which user space sets. */
struct attempt {
	struct addr source;
	__u32 seq; /* of the SYN */
	__u32 first_s;
	__u32 last_s; /* when it was sent again */
	__u32 ifindex;
	__u32 bytes;   /* of the frame */
	__u32 is_told; /* counted as unanswered already */
};

_Static_assert(sizeof(struct attempt_key) == 40, "attempt_key is map ABI");
_Static_assert(sizeof(struct attempt) == 40, "attempt is map ABI");

/* Value of the map `totals`: two entries per CPU, one for each of the two epochs in turn. */
struct totals {
	__u64 n[COUNT_MAX];               /* by enum sw_counter */
	__u64 drop_class[CLASS_MAX];      /* packets */
	__u64 drop_reason[SW_REASON_MAX]; /* packets, classes firewall and other */
};

/* Evidence in the ring buffer; counts never come from here. */
enum sw_event_type {
	EVENT_HTTP_ERROR = 1,
	EVENT_DROP = 2,
};

struct event {
	__u64 time_ns;           /* CLOCK_BOOTTIME */
	struct addr source;      /* HTTP: the client */
	struct addr destination; /* HTTP: the server */
	__be16 source_port;
	__be16 destination_port;
	__u16 code; /* HTTP: status; drop: reason number */
	__u8 type;  /* enum sw_event_type */
	__u8 proto;
	__u32 ifindex; /* drop: where it came in, else where it was to go out */
	__u8 class;    /* drop: enum sw_class */
	__u8 hook;     /* enum sw_hook */
	__u8 pad[2];
};

_Static_assert(sizeof(struct event) == 56, "event is ring buffer ABI");

/* Networks of a cluster: as many as the configuration takes. */
#define SW_CLUSTER_NETS 10000

/* What is kept of a request's first line. */
#define SW_REQUEST_LINE 128
/* Requests of how many connections at a time. */
#define SW_ASKED_PLACES 4096

/* An EVENT_HTTP_ERROR of which it is certain what was asked for. */
struct http_event {
	struct event event;
	__u32 len; /* bytes of `line`, which may hold more than the request's first line */
	__u32 pad;
	__u8 line[SW_REQUEST_LINE];
};

_Static_assert(sizeof(struct http_event) == 192, "http_event is ring buffer ABI");

#endif
