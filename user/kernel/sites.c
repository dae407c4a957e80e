/* SPDX-License-Identifier: GPL-2.0-only */
/* Address ranges of kernel functions, from /proc/kallsyms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sites.h"

/*
 * Functions of which each kfree_skb() without a reason is a denied packet. Not
 * nfqnl_enqueue_packet: it frees messages to user space that found no room, and nf_queue the packet
 * itself.
 */
static const struct {
	const char *name;
	__u32 reason;
	bool always; /* on kernels with reasons too */
} functions[] = {
	{ "nf_hook_slow", SW_REASON_NETFILTER, false },
	{ "netif_receive_generic_xdp", SW_REASON_XDP, true },
	{ "do_xdp_generic", SW_REASON_XDP, true },
	{ "ip_finish_output", SW_REASON_CGROUP_EGRESS, false },
	{ "ip6_finish_output", SW_REASON_CGROUP_EGRESS, false },
	{ "nf_queue", SW_REASON_NFQUEUE, true },
	{ "nf_reinject", SW_REASON_NFQUEUE, true },
	{ "nfqnl_reinject", SW_REASON_NFQUEUE, true },
	{ "nfqnl_recv_verdict", SW_REASON_NFQUEUE, true },
	{ "nfqnl_recv_verdict_batch", SW_REASON_NFQUEUE, true },
	{ "nfqnl_flush", SW_REASON_NFQUEUE, true },
};

struct symbol {
	__u64 address;
	char type;
	char name[128];
};

/* The next function; false at the end. */
static bool read_symbol(FILE *symbols, struct symbol *ret)
{
	char line[512];

	while (fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%llx %c %127s", &ret->address, &ret->type, ret->name) == 3 &&
		    strchr("tTwW", ret->type))
			return true;
	return false;
}

/* Of "nf_reinject.isra.0" too: compilers split functions. */
static bool is_function(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(symbol, name, len) && (symbol[len] == '\0' || symbol[len] == '.');
}

static void add_site(struct sites *sites, const struct symbol *symbol, bool all)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (!is_function(symbol->name, functions[i].name) || sites->count == SW_SITES_MAX ||
		    (!all && !functions[i].always))
			continue;
		sites->site[sites->count++] = (struct drop_site){ .start = symbol->address,
								  .end = ~0ULL,
								  .reason = functions[i].reason };
	}
}

/* A function ends where the next symbol is; those of modules are in no order. */
static void end_sites(struct sites *sites, const struct symbol *symbol)
{
	for (__u32 i = 0; i < sites->count; i++) {
		struct drop_site *site = &sites->site[i];

		if (symbol->address > site->start && symbol->address < site->end)
			site->end = symbol->address;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct drop_site *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

int sites_from(FILE *symbols, bool all, struct sites *ret)
{
	struct sites sites = {};
	struct symbol symbol;
	bool hidden = true;

	rewind(symbols);
	while (read_symbol(symbols, &symbol)) {
		hidden = hidden && !symbol.address;
		add_site(&sites, &symbol, all);
	}
	if (hidden)
		return -EPERM;
	if (!sites.count)
		return -ENOENT;
	rewind(symbols);
	while (read_symbol(symbols, &symbol))
		end_sites(&sites, &symbol);
	qsort(sites.site, sites.count, sizeof(*sites.site), by_start);
	*ret = sites;
	return 0;
}
