/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up what this process needs no more: capabilities, and system calls. */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <stddef.h>
#include <linux/types.h>

/*
 * Keeps those of the process's capabilities that are in keep (bits of 1 << CAP_*) and drops all
 * others, from every set, for good: no_new_privs is set. CAP_SYS_ADMIN is kept in place of CAP_BPF
 * where that is wanted and not there. The bounding set stays where CAP_SETPCAP is missing; it has
 * no meaning under no_new_privs. To be called before there is another thread: each has its own.
 * -errno.
 */
int sandbox_drop_capabilities(__u64 keep);

/*
 * From now on system calls outside of a list fail with EPERM, and the kernel logs them (audit,
 * type SECCOMP): no other program is executed, no process made, no thread but by clone(2) (clone3
 * fails with ENOSYS, so that libc falls back), no socket of other families than unix, inet, inet6
 * and netlink, no bpf(2) but with one of these commands. For all threads, for good.
 * -EINVAL, -ENOSYS: this kernel has no filters. Under AddressSanitizer what that needs to report
 * passes too.
 */
int sandbox_filter(const __u32 *bpf_commands, size_t count);

#endif
