/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a rule's match and except. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "config/read.h"
#include "config/scalar.h"

#define REASON_MAX_BYTES 64
#define REASON_PREFIX    "SKB_DROP_REASON_"

const struct word words_proto[] = {
	{ "icmp", IPPROTO_ICMP },
	{ "igmp", IPPROTO_IGMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "udplite", IPPROTO_UDPLITE },
	{},
};
const struct word words_class[] = {
	{ "firewall", 1 << CLASS_FIREWALL },     { "prohibited", 1 << CLASS_PROHIBITED },
	{ "unanswered", 1 << CLASS_UNANSWERED }, { "refused", 1 << CLASS_REFUSED },
	{ "other", 1 << CLASS_OTHER },           {},
};
const struct word words_hook[] = {
	{ "ingress", 1 << HOOK_INGRESS },
	{ "egress", 1 << HOOK_EGRESS },
	{ "xdp", 1 << HOOK_XDP },
	{ "prerouting", 1 << HOOK_PREROUTING },
	{ "input", 1 << HOOK_INPUT },
	{ "forward", 1 << HOOK_FORWARD },
	{ "output", 1 << HOOK_OUTPUT },
	{ "postrouting", 1 << HOOK_POSTROUTING },
	{ "routing", 1 << HOOK_ROUTING },
	{ "cgroup", 1 << HOOK_CGROUP },
	{},
};

static bool parse_range(const char *text, struct range *ret)
{
	const char *dash = strchrnul(text, '-');
	char first_text[8];
	__u64 first, last;

	if ((size_t)(dash - text) >= sizeof(first_text))
		return false;
	memcpy(first_text, text, dash - text);
	first_text[dash - text] = '\0';
	if (scalar_parse_number(first_text, &first) ||
	    scalar_parse_number(*dash ? dash + 1 : text, &last) || first > 65535 || last > 65535)
		return false;
	*ret = (struct range){ first, last };
	return true;
}

/* "404", "400-499,503" -> ranges; *count grows. False where that is reported. */
static bool read_ranges(struct reader *r, const struct node *value, const struct key *key,
			size_t most, struct range *ranges, size_t *count)
{
	char quoted[QUOTE_MAX], *text, *at, *part;
	struct range range;
	bool good = false;

	text = read_copy(r, value->kind == NODE_SCALAR ? value->text : "");
	if (!text)
		return false;
	at = text;
	while ((part = strsep(&at, ","))) {
		part += strspn(part, " ");
		part[strcspn(part, " ")] = '\0';
		if (!parse_range(part, &range) || range.first < key->min || range.last > key->max) {
			read_refuse(r, value, key, "%s", key->expected);
			goto out;
		}
		if (range.first > range.last) {
			read_error(r, value, "'%s' has the range %s, which ends before it starts",
				   key->name, text_quote(part, quoted));
			goto out;
		}
		if (*count == most) {
			read_refuse(r, value, key, "at most %zu values and ranges", most);
			goto out;
		}
		ranges[(*count)++] = range;
	}
	good = true;
out:
	free(text);
	return good;
}

static void read_status(struct reader *r, const struct node *value, const struct key *key,
			void *field)
{
	struct match *match = field;
	const struct node *entries;
	size_t i, count;

	if (!read_one_or_list(r, value, key, RULE_STATUS_MAX, &entries, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!read_ranges(r, &entries[i], key, RULE_STATUS_MAX, match->status,
				 &match->status_count))
			return;
	}
}

static void read_port(struct reader *r, const struct node *value, const struct key *key,
		      void *field)
{
	struct match *match = field;
	const struct node *entries;
	size_t i, count;

	if (!read_one_or_list(r, value, key, RULE_PORTS_MAX, &entries, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!read_ranges(r, &entries[i], key, RULE_PORTS_MAX, match->port,
				 &match->port_count))
			return;
	}
}

/* The index of a list as addr_term counts: 0 is "self". -ENOENT. */
static int find_list(const struct config *config, const char *name)
{
	size_t i;

	if (!strcmp(name, "self"))
		return PLACES_SELF;
	for (i = 0; i < config->list_count; i++) {
		if (!strcmp(config->lists[i].name, name))
			return i + 1;
	}
	return -ENOENT;
}

static void refuse_list_name(struct reader *r, const struct node *value)
{
	const struct config *config = r->config;
	struct guess guess = { 0 };
	char quoted[QUOTE_MAX];
	size_t i;

	guess_try(&guess, value->text, "internal");
	guess_try(&guess, value->text, "external");
	guess_try(&guess, value->text, "self");
	for (i = 0; i < config->list_count && !report_is_full(&r->errors); i++)
		guess_try(&guess, value->text, config->lists[i].name);
	text_quote(value->text, quoted);
	if (guess.best)
		read_error(r, value, "there is no list %s (did you mean '%s'?)", quoted,
			   guess.best);
	else
		read_error(r, value,
			   "there is no list %s: expected internal, external, a network or the "
			   "name of a list",
			   quoted);
}

static void read_addr_term(struct reader *r, const struct node *value, const struct key *key,
			   struct addr_match *match)
{
	struct addr_term term = { .kind = ADDR_NET };
	int list;

	if (value->kind != NODE_SCALAR || node_is_null(value) ||
	    value->text[strcspn(value->text, ".:/")]) {
		if (!read_net(r, value, key, &term.net))
			return;
	} else if (!strcmp(value->text, "internal")) {
		term.kind = ADDR_INTERNAL;
	} else if (!strcmp(value->text, "external")) {
		term.kind = ADDR_EXTERNAL;
	} else {
		list = find_list(r->config, value->text);
		if (list < 0) {
			refuse_list_name(r, value);
			return;
		}
		term.kind = ADDR_LIST;
		term.list = list;
		term.name = list == PLACES_SELF ? "self" : r->config->lists[list - 1].name;
	}
	match->term[match->count++] = term;
}

static void read_addrs(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	const struct node *entries;
	size_t i, count;

	if (!read_one_or_list(r, value, key, RULE_ADDRS_MAX, &entries, &count))
		return;
	for (i = 0; i < count; i++)
		read_addr_term(r, &entries[i], key, field);
}

static void read_proto(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	int found = -1;
	__u8 *to = field;
	__u64 number;

	if (value->kind == NODE_SCALAR)
		found = word_find(words_proto, value->text);
	if (found < 0 && value->kind == NODE_SCALAR && !scalar_parse_number(value->text, &number) &&
	    number >= 1 && number <= 255)
		found = number;
	if (found < 0)
		read_refuse_word(r, value, key);
	else
		*to = found;
}

static void read_reason(struct reader *r, const struct node *value, const struct key *key,
			void *field)
{
	struct match *match = field;
	const struct node *entries;
	size_t i, count, len;

	if (!read_one_or_list(r, value, key, RULE_REASONS_MAX, &entries, &count))
		return;
	for (i = 0; i < count; i++) {
		const char *text = entries[i].kind == NODE_SCALAR ? entries[i].text : "";

		len = strlen(text);
		if (!strncmp(text, REASON_PREFIX, strlen(REASON_PREFIX))) {
			read_refuse(r, &entries[i], key, "the name without " REASON_PREFIX);
			continue;
		}
		if (!len || len > REASON_MAX_BYTES ||
		    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len) {
			read_refuse(r, &entries[i], key,
				    "a drop reason of the kernel such as NETFILTER_DROP");
			continue;
		}
		match->reason[match->reason_count] = read_copy(r, text);
		if (match->reason[match->reason_count])
			match->reason_count++;
	}
}

#define STATUS_EXPECTED "status codes from 400 to 599, such as 404 or 400-499,503"
#define PORT_EXPECTED   "ports from 1 to 65535, such as 80 or 8000-8099"
#define ADDRS_EXPECTED  "internal, external, a network such as 10.0.0.0/8 or the name of a list"
#define PROTO_EXPECTED \
	"icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp, udplite or a number from 1 to 255"

#define ADDRS_KEY(name, type, member)                                                \
	{                                                                            \
		name, read_addrs, offsetof(type, member), .expected = ADDRS_EXPECTED \
	}
#define PORT_KEY                                                                        \
	{                                                                               \
		"port", read_port, 0, .min = 1, .max = 65535, .expected = PORT_EXPECTED \
	}

static const struct key http_match_keys[] = {
	KEY_WHOLE("status", read_status, .min = 400, .max = 599, .expected = STATUS_EXPECTED),
	ADDRS_KEY("client", struct match, source),
	ADDRS_KEY("server", struct match, destination),
	PORT_KEY,
	{},
};
static const struct key drop_match_keys[] = {
	ADDRS_KEY("source", struct match, source),
	ADDRS_KEY("destination", struct match, destination),
	PORT_KEY,
	KEY("proto", read_proto, struct match, proto, .words = words_proto,
	    .expected = PROTO_EXPECTED),
	KEY("class", read_bits, struct match, classes, .words = words_class),
	KEY_WHOLE("reason", read_reason),
	KEY("hook", read_bits, struct match, hooks, .words = words_hook),
	{},
};
static const struct key http_except_keys[] = {
	ADDRS_KEY("either", struct except, either),
	ADDRS_KEY("client", struct except, source),
	ADDRS_KEY("server", struct except, destination),
	{},
};
static const struct key drop_except_keys[] = {
	ADDRS_KEY("either", struct except, either),
	ADDRS_KEY("source", struct except, source),
	ADDRS_KEY("destination", struct except, destination),
	{},
};

static const struct other_key not_http[] = {
	{ "source", "as the feed is http, write 'client'" },
	{ "destination", "as the feed is http, write 'server'" },
	{ "proto", "it is for feed drop alone" },
	{ "class", "it is for feed drop alone" },
	{ "reason", "it is for feed drop alone" },
	{ "hook", "it is for feed drop alone" },
	{},
};
static const struct other_key not_drop[] = {
	{ "client", "as the feed is drop, write 'source'" },
	{ "server", "as the feed is drop, write 'destination'" },
	{ "status", "it is for feed http alone" },
	{},
};

static const struct keyset match_keysets[] = {
	[FEED_HTTP] = { "'match'", http_match_keys, not_http },
	[FEED_DROP] = { "'match'", drop_match_keys, not_drop },
};
static const struct keyset except_keysets[] = {
	[FEED_HTTP] = { "'except'", http_except_keys, not_http },
	[FEED_DROP] = { "'except'", drop_except_keys, not_drop },
};

void read_match(struct reader *r, const struct node *value, struct rule *rule)
{
	size_t i;

	/* match is replaced as a whole. */
	for (i = 0; i < rule->match.reason_count; i++)
		free(rule->match.reason[i]);
	memset(&rule->match, 0, sizeof(rule->match));
	read_map(r, value, &match_keysets[rule->feed], &rule->match);
}

void read_except(struct reader *r, const struct node *value, struct rule *rule)
{
	memset(&rule->except, 0, sizeof(rule->except));
	read_map(r, value, &except_keysets[rule->feed], &rule->except);
}
