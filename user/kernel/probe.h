/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel and this process can do, found by trying; never by version numbers. */
#ifndef KERNEL_PROBE_H
#define KERNEL_PROBE_H

#include <stdbool.h>

struct features {
	char release[65]; /* uname -r: for people, nothing is decided by it */
	char machine[65];
	bool btf;            /* /sys/kernel/btf/vmlinux */
	bool xdp_load_bytes; /* bpf_xdp_load_bytes and multi-buffer XDP, 5.18 */
	bool ct_lookup; /* bpf_skb_ct_lookup, 5.18; loader_new() clears it where it can't be used */
	bool tcx;       /* 6.6; filled in by loader_new() */
	unsigned int possible_cpus;
};

/* Which of the capabilities that are needed this process lacks; bits in the order of the names. */
struct capabilities {
	unsigned int missing;
};

#define CAPABILITY_COUNT 3
extern const char *const capability_names[CAPABILITY_COUNT];

/* -errno if not even the basics can be read. */
int probe_features(struct features *ret);
int probe_capabilities(struct capabilities *ret);

/* "CAP_BPF, CAP_NET_ADMIN": the missing ones, for a message. Returns buf. */
const char *capabilities_format(const struct capabilities *capabilities, char *buf,
				unsigned long size);

#endif
