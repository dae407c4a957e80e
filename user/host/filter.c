/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up what this process needs no more: system calls, by seccomp. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "host/sandbox.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define IOCTL_TCGETS2      0x802c542aU /* glibc 2.42: isatty() */
#define IOCTL_SIOCGIFNAME  0x8910U
#define IOCTL_SIOCGIFFLAGS 0x8913U
#define IOCTL_SIOCGIFINDEX 0x8933U
#define IOCTL_SIOCETHTOOL  0x8946U

/*
 * What the loop, its sinks and the libraries behind them (SQLite, libcurl, c-ares, libmicrohttpd,
 * libc with its threads) call once all is attached. Names that an architecture or its libseccomp
 * does not know are left out.
 */
static const char allowed[] =
	/* memory */
	"brk madvise membarrier mmap mprotect mremap munmap "
	/* files: what may be reached is a matter of permissions */
	"access chmod chown close close_range dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate "
	"fchmod fchmodat fchown fchownat fcntl fdatasync flock fstat fstatfs fsync ftruncate getcwd "
	"getdents64 lseek lstat memfd_create mkdir mkdirat newfstatat open openat openat2 pread64 "
	"preadv pwrite64 pwritev read readlink readlinkat readv rename renameat renameat2 rmdir "
	"stat statfs statx umask unlink unlinkat utimensat write writev "
	/* waiting */
	"epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 inotify_add_watch "
	"inotify_init1 inotify_rm_watch pipe pipe2 poll ppoll pselect6 select signalfd4 "
	"timerfd_create timerfd_gettime timerfd_settime "
	/* sockets; socket() itself is below */
	"accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg "
	"recvmsg sendmmsg sendmsg sendto setsockopt shutdown socketpair "
	/* threads and signals; clone() is below */
	"exit exit_group futex get_robust_list gettid restart_syscall rseq rt_sigaction "
	"rt_sigprocmask rt_sigreturn rt_sigtimedwait sched_getaffinity sched_yield "
	"set_robust_list set_tid_address sigaltstack tgkill "
	/* time, and who we are */
	"adjtimex capget clock_adjtime clock_getres clock_gettime clock_nanosleep getcpu getegid geteuid getgid getgroups "
	"getpid getppid getrandom getresgid getresuid getrlimit getrusage gettimeofday getuid "
	"nanosleep prlimit64 sysinfo time times uname "
#ifdef __SANITIZE_ADDRESS__
	/* the leak checker stops the world; reports are symbolized by another program */
	"clone execve fork getdents kill prctl process_vm_readv ptrace vfork wait4 "
#endif
	;

/* Allowed where one argument has one of these values. */
struct choice {
	const char *call;
	unsigned int argument;
	__u64 mask; /* of the argument's bits */
	__u64 value;
};

static const struct choice choices[] = {
	{ "socket", 0, ~0U, AF_UNIX },
	{ "socket", 0, ~0U, AF_INET },
	{ "socket", 0, ~0U, AF_INET6 },
	{ "socket", 0, ~0U, AF_NETLINK },
	{ "clone", 0, CLONE_THREAD, CLONE_THREAD },
	{ "prctl", 0, ~0U, PR_SET_NAME },
	{ "prctl", 0, ~0U, PR_GET_NAME },
	{ "prctl", 0, ~0U, PR_SET_VMA },
	{ "ioctl", 1, ~0U, TCGETS },
	{ "ioctl", 1, ~0U, IOCTL_TCGETS2 },
	{ "ioctl", 1, ~0U, TIOCGWINSZ },
	{ "ioctl", 1, ~0U, FIONBIO },
	{ "ioctl", 1, ~0U, FIONREAD },
	{ "ioctl", 1, ~0U, IOCTL_SIOCGIFNAME },
	{ "ioctl", 1, ~0U, IOCTL_SIOCGIFFLAGS },
	{ "ioctl", 1, ~0U, IOCTL_SIOCGIFINDEX },
	{ "ioctl", 1, ~0U, IOCTL_SIOCETHTOOL },
};

static int allow(scmp_filter_ctx ctx, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
}

static int allow_all(scmp_filter_ctx ctx, const char *names)
{
	char name[32];
	int err = 0, len;

	while (!err && sscanf(names, "%31s%n", name, &len) == 1) {
		err = allow(ctx, name);
		names += len;
	}
	return err;
}

static int allow_where(scmp_filter_ctx ctx, const struct choice *choice)
{
	int number = seccomp_syscall_resolve_name(choice->call);
	const struct scmp_arg_cmp cmp = SCMP_CMP(choice->argument, SCMP_CMP_MASKED_EQ, choice->mask,
						 choice->value);

	int err;

	if (number == __NR_SCMP_ERROR)
		return 0;
	err = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, 1, &cmp);
	return err == -EEXIST ? 0 : err; /* the call is allowed as a whole */
}

/* Its flags lie in memory, where no filter can look; libc then takes clone(). */
static int hide_clone3(scmp_filter_ctx ctx)
{
	int number = seccomp_syscall_resolve_name("clone3");

	return number == __NR_SCMP_ERROR ? 0
					 : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), number, 0);
}

static int add_rules(scmp_filter_ctx ctx, const __u32 *bpf_commands, size_t count)
{
	int err = hide_clone3(ctx);

	if (!err)
		err = allow_all(ctx, allowed);
	for (size_t i = 0; !err && i < sizeof(choices) / sizeof(choices[0]); i++)
		err = allow_where(ctx, &choices[i]);
	for (size_t i = 0; !err && i < count; i++) {
		const struct choice bpf = { "bpf", 0, ~0U, bpf_commands[i] };

		err = allow_where(ctx, &bpf);
	}
	return err;
}

int sandbox_filter(const __u32 *bpf_commands, size_t count)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!ctx)
		return -ENOMEM;
	err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = add_rules(ctx, bpf_commands, count);
	/* Logging is of Linux 4.14, where the distribution has it; the filter is good without. */
	if (!err)
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}
