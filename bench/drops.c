/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sw_drop takes, above an empty program on the same tracepoint, while a command makes drops in
 * this network namespace: by the kernel's own statistics (BPF_ENABLE_STATS).
 *
 * drops [-i] [-e] COMMAND...   -i: every drop is one that nobody wants; -e: the empty program alone
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.skel.h"
#include "kernel/reasons.h"

/* As user/kernel/loader.c has them. */
#define ENTRIES  16384
#define EPOCH_MS 1000

static int load(bool ignore, struct bench_bpf **ret)
{
	struct bench_bpf *skel = bench_bpf__open();
	struct bpf_program *prog;
	struct reasons reasons;
	struct stat netns;
	int err;

	if (!skel)
		return -errno;
	bpf_object__for_each_program(prog, skel->obj)
	{
		bpf_program__set_autoload(prog, false);
	}
	bpf_program__set_autoload(skel->progs.sw_drop, true);
	bpf_program__set_autoload(skel->progs.empty_drop, true);
	err = reasons_read(&reasons);
	if (err || stat("/proc/self/ns/net", &netns)) {
		err = err ? err : -errno;
		goto out;
	}
	skel->rodata->has_drop_reason = reasons.known;
	if (!ignore)
		memcpy((void *)skel->rodata->reason_class, reasons.class, sizeof(reasons.class));
	skel->rodata->own_netns = netns.st_ino;
	skel->rodata->drop_room = ENTRIES - 256;
	bpf_map__set_max_entries(skel->maps.drop_counts_0, ENTRIES);
	bpf_map__set_max_entries(skel->maps.drop_counts_1, ENTRIES);
	reasons_clear(&reasons);
	err = bench_bpf__load(skel);
	if (!err) {
		*ret = skel;
		return 0;
	}
out:
	bench_bpf__destroy(skel);
	return err;
}

/* Nanoseconds and runs of a program so far. */
static void read_stats(const struct bpf_program *prog, double *ret_ns, double *ret_runs)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	*ret_ns = *ret_runs = 0;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return;
	*ret_ns = info.run_time_ns;
	*ret_runs = info.run_cnt;
}

/* Ends the epoch as the sensor does: reads and deletes the keys of the other set. */
static void end_epoch(struct bench_bpf *skel)
{
	static struct drop_value values[ENTRIES * 64];
	static struct drop_key keys[ENTRIES];
	__u32 old = skel->bss->epoch & 1, n = ENTRIES, position;
	int fd = bpf_map__fd(old ? skel->maps.drop_counts_1 : skel->maps.drop_counts_0);

	skel->bss->epoch++;
	usleep(1000);
	bpf_map_lookup_and_delete_batch(fd, NULL, &position, keys, values, &n, NULL);
	skel->bss->keys_used[old][KEYS_DROPS][0] = 0;
}

static int run(struct bench_bpf *skel, bool empty, char **command)
{
	int stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME), status;
	double ns, runs, empty_ns, empty_runs;
	struct bpf_link *links[2] = {};
	pid_t pid;

	if (stats_fd < 0)
		return -errno;
	links[0] = bpf_program__attach(skel->progs.empty_drop);
	links[1] = empty ? NULL : bpf_program__attach(skel->progs.sw_drop);
	if (!links[0] || (!links[1] && !empty))
		return -errno;
	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		usleep(EPOCH_MS * 1000);
		end_epoch(skel);
	}
	read_stats(skel->progs.empty_drop, &empty_ns, &empty_runs);
	read_stats(skel->progs.sw_drop, &ns, &runs);
	bpf_link__destroy(links[0]);
	bpf_link__destroy(links[1]);
	close(stats_fd);
	if (status || empty_runs == 0 || (!empty && runs == 0))
		return -EIO;
	printf("empty %.1f ns, sw_drop %.1f ns over %.0f runs: %.1f ns more\n",
	       empty_ns / empty_runs, runs ? ns / runs : 0, runs,
	       runs ? ns / runs - empty_ns / empty_runs : 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	bool ignore = false, empty = false;
	struct bench_bpf *skel;
	int option, err;

	while ((option = getopt(argc, argv, "+ie")) != -1) {
		ignore |= option == 'i';
		empty |= option == 'e';
	}
	if (optind == argc) {
		fputs("usage: drops [-i] [-e] COMMAND...\n", stderr);
		return 2;
	}
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = load(ignore, &skel);
	if (!err) {
		err = run(skel, empty, argv + optind);
		bench_bpf__destroy(skel);
	}
	if (err)
		fprintf(stderr, "drops: %s\n", strerror(-err));
	return err ? 1 : 0;
}
