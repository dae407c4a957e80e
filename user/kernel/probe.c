/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel and this process can do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>

#include "kernel/probe.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF     39
#endif

const char *const capability_names[CAPABILITY_COUNT] = { "CAP_BPF", "CAP_NET_ADMIN",
							 "CAP_PERFMON" };

static const unsigned int capability_numbers[CAPABILITY_COUNT] = { CAP_BPF, CAP_NET_ADMIN,
								   CAP_PERFMON };

int probe_capabilities(struct capabilities *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	unsigned int missing = 0;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (int i = 0; i < CAPABILITY_COUNT; i++) {
		unsigned int number = capability_numbers[i];

		if (!(data[number / 32].effective & 1U << number % 32))
			missing |= 1U << i;
	}
	/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as before 5.8. */
	if (data[CAP_SYS_ADMIN / 32].effective & 1U << CAP_SYS_ADMIN % 32)
		missing &= 1U << 1;
	ret->missing = missing;
	return 0;
}

const char *capabilities_format(const struct capabilities *capabilities, char *buf,
				unsigned long size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < CAPABILITY_COUNT; i++) {
		if (!(capabilities->missing & 1U << i) || len >= size)
			continue;
		len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
				capability_names[i]);
	}
	return buf;
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Connection tracking may be a module: then it must be there already. */
static bool probe_ct_lookup(void)
{
	static const char name[] = "bpf_skb_ct_lookup";
	struct btf *kernel = btf__load_vmlinux_btf(), *module;
	bool found;

	if (!kernel)
		return false;
	found = has_function(kernel, name);
	if (!found) {
		module = btf__load_module_btf("nf_conntrack", kernel);
		found = module && has_function(module, name);
		btf__free(module);
	}
	btf__free(kernel);
	return found;
}

int probe_features(struct features *ret)
{
	struct features features = {};
	struct utsname uts;
	int cpus = libbpf_num_possible_cpus();

	if (uname(&uts))
		return -errno;
	if (cpus < 0)
		return cpus;
	snprintf(features.release, sizeof(features.release), "%s", uts.release);
	snprintf(features.machine, sizeof(features.machine), "%s", uts.machine);
	features.btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	features.possible_cpus = cpus;
	features.xdp_load_bytes = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP,
							  BPF_FUNC_xdp_load_bytes, NULL) == 1;
	features.ct_lookup = probe_ct_lookup();
	*ret = features;
	return 0;
}
