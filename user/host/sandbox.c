/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up what this process needs no more: capabilities, by their own system calls. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "host/sandbox.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#endif
#define CAPABILITIES 64

static struct __user_cap_header_struct header(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

static int permitted(__u64 *ret)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	struct __user_cap_header_struct head = header();

	if (syscall(SYS_capget, &head, data))
		return -errno;
	*ret = (__u64)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

static int set(__u64 keep)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	struct __user_cap_header_struct head = header();

	for (int i = 0; i < 2; i++) {
		data[i].permitted = (__u32)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
	}
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

/* EINVAL: the kernel's capabilities end here. */
static int drop_bounding(__u64 keep)
{
	for (int i = 0; i < CAPABILITIES && prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(keep >> i & 1) && prctl(PR_CAPBSET_DROP, i) && errno != EPERM)
			return -errno;
	return 0;
}

int sandbox_drop_capabilities(__u64 keep)
{
	__u64 had = 0;
	int err = permitted(&had);

	if (err)
		return err;
	if (keep >> CAP_BPF & 1 && !(had >> CAP_BPF & 1))
		keep |= 1ULL << CAP_SYS_ADMIN;
	err = drop_bounding(keep);
	if (err)
		return err;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return set(keep & had);
}
