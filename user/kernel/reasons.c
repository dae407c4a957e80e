/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop reasons by name, from the running kernel's BTF. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "kernel/reasons.h"

/* Somebody's decision to deny. All other named reasons are of class other. */
static const struct {
	const char *name;
	__u8 class;
	__u8 hook;
} classes[] = {
	{ "NETFILTER_DROP", CLASS_FIREWALL, HOOK_MAX },
	{ "BPF_CGROUP_EGRESS", CLASS_FIREWALL, HOOK_CGROUP },
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

/* The tracepoint's parameters: its data, skb, location and, on newer kernels, reason and more. */
static bool has_reason_parameter(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	if (t)
		t = btf__type_by_id(btf, t->type); /* pointer */
	if (t && btf_is_ptr(t))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) && btf_vlen(t) >= 4;
}

static int read_names(const struct btf *btf, struct reasons *reasons)
{
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
	const struct btf_type *t;
	const struct btf_enum *e;

	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, id);
	e = btf_enum(t);
	for (int i = 0; i < btf_vlen(t); i++, e++) {
		const char *name = strip_prefix(btf__name_by_offset(btf, e->name_off));
		__u32 number = e->val;

		if (number >= SW_REASON_FOREIGN || !strcmp(name, "MAX"))
			continue;
		/* Two names for one number: the first stands. */
		if (reasons->names.name[number])
			continue;
		reasons->names.name[number] = strdup(name);
		if (!reasons->names.name[number])
			return -ENOMEM;
		reasons->count++; /* NOLINT(clang-analyzer-unix.Malloc): owned by reasons */
		reason_classify(reasons, number);
	}
	return 0;
}

static int read_reasons(const struct btf *btf, struct reasons *reasons)
{
	reasons->known = has_reason_parameter(btf);
	reasons->class[SW_REASON_FOREIGN] = CLASS_OTHER;
	reasons->names.name[SW_REASON_FOREIGN] = strdup("SUBSYSTEM");
	if (!reasons->names.name[SW_REASON_FOREIGN])
		return -ENOMEM;
	return read_names(btf, reasons);
}

int reasons_read(struct reasons *ret)
{
	struct reasons reasons = {};
	struct btf *btf;
	int err;

	btf = btf__load_vmlinux_btf();
	if (!btf)
		return -ENOENT;
	err = read_reasons(btf, &reasons);
	btf__free(btf);
	if (err) {
		reasons_clear(&reasons);
		return err;
	}
	*ret = reasons;
	return 0;
}

void reasons_clear(struct reasons *reasons)
{
	for (size_t i = 0; i < SW_REASON_MAX; i++)
		free((char *)reasons->names.name[i]);
	memset(reasons, 0, sizeof(*reasons));
}
