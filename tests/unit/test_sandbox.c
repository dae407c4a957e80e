/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be done no more in the sandbox, and what can. Each in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>

#include "host/sandbox.h"

/* 0, or -errno. */
typedef int (*deed_fn)(void);

static int result(long rc)
{
	return rc < 0 ? -errno : 0;
}

static void *in_thread(void *arg)
{
	*(int *)arg = 17;
	return NULL;
}

static int make_thread(void)
{
	pthread_t thread;
	int seen = 0, err = pthread_create(&thread, NULL, in_thread, &seen);

	if (err)
		return -err;
	pthread_join(thread, NULL);
	return seen == 17 ? 0 : -EIO;
}

static int read_file(void)
{
	char byte;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : result(read(fd, &byte, 1));
}

static int wait_a_moment(void)
{
	return result(poll(NULL, 0, 1));
}

static int connect_inet(void)
{
	return result(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int connect_vsock(void)
{
	return result(socket(40, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int mount_something(void)
{
	return result(mount("none", "/nowhere", "tmpfs", 0, NULL));
}

static int leave_namespace(void)
{
	return result(unshare(CLONE_NEWNS));
}

static int push_input(void)
{
	return result(ioctl(0, TIOCSTI, "x"));
}

static int bpf_command(int command)
{
	union bpf_attr attr = {};

	return result(syscall(SYS_bpf, command, &attr, sizeof(attr)));
}

static int look_up(void)
{
	return bpf_command(BPF_MAP_LOOKUP_ELEM) == -EPERM ? -EPERM : 0;
}

static int load_program(void)
{
	return bpf_command(BPF_PROG_LOAD);
}

#ifndef __SANITIZE_ADDRESS__
static int execute(void)
{
	return result(execl("/bin/true", "true", NULL));
}

static int make_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return result(pid);
}

static int trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
#endif

static const struct {
	const char *name;
	deed_fn deed;
	int result;
} rows[] = {
	{ "a thread", make_thread, 0 },
	{ "a file is read", read_file, 0 },
	{ "waiting", wait_a_moment, 0 },
	{ "a socket of the network", connect_inet, 0 },
	{ "a socket of virtual machines", connect_vsock, -EPERM },
	{ "a mount", mount_something, -EPERM },
	{ "another namespace", leave_namespace, -EPERM },
	{ "input for a terminal", push_input, -EPERM },
	{ "a map is asked", look_up, 0 },
	{ "a program is loaded", load_program, -EPERM },
#ifndef __SANITIZE_ADDRESS__
	{ "another program", execute, -EPERM },
	{ "another process", make_process, -EPERM },
	{ "another process is traced", trace, -EPERM },
#endif
};

/* The exit status of a child that does this. */
static int in_child(int (*fn)(size_t), size_t arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int do_row(size_t i)
{
	static const __u32 commands[] = { BPF_MAP_LOOKUP_ELEM };

	if (sandbox_filter(commands, 1))
		return 254;
	return -rows[i].deed();
}

static void filters_system_calls(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = in_child(do_row, i);

		if (got != -rows[i].result)
			fail_msg("%s: %s", rows[i].name, strerror(got));
	}
}

static int drop_and_look(size_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct had[2] = {}, has[2] = {};

	if (syscall(SYS_capget, &head, had) || sandbox_drop_capabilities(keep))
		return 1;
	if (syscall(SYS_capget, &head, has))
		return 2;
	if (has[0].effective != (had[0].permitted & keep) || has[1].effective ||
	    has[0].permitted != has[0].effective || has[1].permitted || has[0].inheritable)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	/* who may do so shrinks the bounding set as well */
	if (had[0].permitted >> CAP_SETPCAP & 1 && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) != 0)
		return 5;
	return 0;
}

static void drops_capabilities(void **state)
{
	assert_int_equal(in_child(drop_and_look, 1U << CAP_NET_ADMIN), 0);
	assert_int_equal(in_child(drop_and_look, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_system_calls),
		cmocka_unit_test(drops_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
