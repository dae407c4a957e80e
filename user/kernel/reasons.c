/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop reasons by name, from the running kernel's BTF. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "kernel/reasons.h"

/*
 * Somebody's decision to deny, of all names from 5.17 to 6.18. All others are of class other, among
 * them these that look like one: SOCKET_FILTER, TAP_FILTER and TAP_TXFILTER (a receiver's choice of
 * what it wants to see, and many per packet), IP_LOCAL_SOURCE, IP_INVALID_SOURCE and IP_LOCALNET
 * (impossible addresses), IP_INNOROUTES (a prohibit route, but also none), QDISC_DROP (a tc action
 * in a qdisc, but also its queue), TCP_MINTTL, MAC_INVALID_SOURCE, ARP_PVLAN_DISABLE, LOCAL_MAC,
 * TCP_MD5* and TCP_AO* (a peer that can't prove who it is), PSP_INPUT.
 */
static const struct {
	const char *name;
	__u8 class;
	__u8 hook;
} classes[] = {
	{ "NETFILTER_DROP", CLASS_FIREWALL, HOOK_MAX },
	{ "NFQUEUE", CLASS_FIREWALL, HOOK_MAX }, /* ours */
	{ "BPF_CGROUP_EGRESS", CLASS_FIREWALL, HOOK_CGROUP },
	{ "BPF_CGROUP_INGRESS", CLASS_FIREWALL, HOOK_CGROUP }, /* ours */
	{ "TC_INGRESS", CLASS_FIREWALL, HOOK_INGRESS },
	{ "TC_EGRESS", CLASS_FIREWALL, HOOK_EGRESS },
	{ "XDP", CLASS_FIREWALL, HOOK_XDP }, /* generic XDP: a native one never makes an skb */
	{ "IP_RPFILTER", CLASS_FIREWALL, HOOK_ROUTING },
	{ "XFRM_POLICY", CLASS_FIREWALL, HOOK_UNKNOWN },
	{ "SECURITY_HOOK", CLASS_FIREWALL, HOOK_UNKNOWN },
	/* Frees that nobody decided: not drops, and far more frequent. */
	{ "NOT_DROPPED_YET", CLASS_IGNORED, HOOK_UNKNOWN },
	{ "CONSUMED", CLASS_IGNORED, HOOK_UNKNOWN },
	{ "NOT_SPECIFIED", CLASS_IGNORED, HOOK_UNKNOWN },
};

/*
 * Our own numbers. Where the kernel has reasons, it names some itself; but what
 * generic XDP drops it frees without one, except where a redirect failed.
 */
enum need { ALWAYS, NO_REASONS, SOCKET };
static const struct {
	const char *name;
	__u32 number;
	enum need need;
} own[] = {
	/* clang-format off */
	{ "NETFILTER_DROP", SW_REASON_NETFILTER, NO_REASONS },
	{ "XDP", SW_REASON_XDP, ALWAYS },
	{ "BPF_CGROUP_EGRESS", SW_REASON_CGROUP_EGRESS, NO_REASONS },
	{ "BPF_CGROUP_INGRESS", SW_REASON_CGROUP_INGRESS, SOCKET },
	{ "NFQUEUE", SW_REASON_NFQUEUE, ALWAYS },
	{ "SUBSYSTEM", SW_REASON_FOREIGN, ALWAYS },
#define X(constant, name) { name, SW_REASON_##constant, ALWAYS },
	SW_REASONS_DENIAL(X)
#undef X
	/* clang-format on */
};

static void reason_classify(struct reasons *reasons, unsigned int number)
{
	reasons->class[number] = CLASS_OTHER;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcmp(classes[i].name, reasons->names.name[number]) != 0)
			continue;
		reasons->class[number] = classes[i].class;
		reasons->hook[number] = classes[i].hook;
	}
}

static const char *strip_prefix(const char *name)
{
	static const char *const prefixes[] = { "SKB_DROP_REASON_", "SKB_" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(prefixes[i]);

		if (!strncmp(name, prefixes[i], len))
			return name + len;
	}
	return name;
}

/* How many parameters the tracepoint has: its data, skb, location; from 5.17 reason; from 6.11 sk.
 */
static unsigned int count_parameters(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	if (t)
		t = btf__type_by_id(btf, t->type); /* pointer */
	if (t && btf_is_ptr(t))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) ? btf_vlen(t) : 0;
}

static int add_name(struct reasons *reasons, __u32 number, const char *name)
{
	reasons->names.name[number] = strdup(name);
	if (!reasons->names.name[number])
		return -ENOMEM;
	if (!strcmp(name, "NETFILTER_DROP"))
		reasons->netfilter = number;
	reason_classify(reasons, number);
	return 0;
}

static int read_names(const struct btf *btf, struct reasons *reasons)
{
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM), err = 0;
	const struct btf_type *t;
	const struct btf_enum *e;

	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, id);
	e = btf_enum(t);
	for (int i = 0; i < btf_vlen(t) && !err; i++, e++) {
		const char *name = strip_prefix(btf__name_by_offset(btf, e->name_off));
		__u32 number = e->val;

		if (number >= SW_REASON_OWN || !strcmp(name, "MAX"))
			continue;
		/* Two names for one number: the first stands. */
		if (reasons->names.name[number])
			continue;
		err = add_name(reasons, number, name);
		reasons->count++;
		if (!strcmp(name, "NOT_SPECIFIED"))
			reasons->unspecified = number;
		else if (!strcmp(name, "SOCKET_FILTER"))
			reasons->socket_filter = number;
	}
	return err;
}

int reasons_from_btf(const struct btf *btf, struct reasons *ret)
{
	/* For tests: as if this kernel told no reasons. */
	unsigned int parameters = getenv("SPIKEWATCH_DROPS") ? 3 : count_parameters(btf);
	struct reasons reasons = { .known = parameters >= 4, .socket = parameters >= 5 };
	int err = reasons.known ? read_names(btf, &reasons) : 0;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && !err; i++)
		if (own[i].need == ALWAYS || (own[i].need == SOCKET && reasons.socket) ||
		    (own[i].need == NO_REASONS && !reasons.known))
			err = add_name(&reasons, own[i].number, own[i].name);
	if (err) {
		reasons_clear(&reasons);
		return err;
	}
	*ret = reasons;
	return 0;
}

int reasons_read(struct reasons *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err;

	if (!btf)
		return -ENOENT;
	err = reasons_from_btf(btf, ret);
	btf__free(btf);
	return err;
}

void reasons_clear(struct reasons *reasons)
{
	for (size_t i = 0; i < SW_REASON_MAX; i++)
		free((char *)reasons->names.name[i]);
	memset(reasons, 0, sizeof(*reasons));
}
