/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sw_drop takes, above an empty program on the same tracepoint, while a command makes drops in
 * this network namespace: by the kernel's own statistics (BPF_ENABLE_STATS).
 *
 * drops [-i|-u] COMMAND...    -i: every drop is one that nobody wants; -u: one without a reason,
 * which is looked for in vain among all the functions that there is room for drops -e IFACES
 * COMMAND...  empty programs alone: here, and where packets pass interfaces (a list with spaces)
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h" /* what the skeleton has of it */

#include "bench.skel.h"
#include "kernel/reasons.h"

/* As user/kernel/loader.c has them. */
#define ENTRIES  16384
#define EPOCH_MS 100
/* enum bpf_attach_type, from Linux 6.6 on */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

enum wanted { WANTED, IGNORED, UNSPECIFIED };

/* As if netfilter's reason were none; and functions that no packet is freed by. */
static void hide_reason(struct bench_bpf *skel, const struct reasons *reasons)
{
	for (__u32 i = 0; i < SW_REASON_OWN; i++)
		if (reasons->names.name[i] && !strcmp(reasons->names.name[i], "NETFILTER_DROP"))
			skel->rodata->reason_unspecified = i;
	for (int i = 0; i < SW_SITES_MAX; i++)
		skel->bss->drop_sites[0][i] = (struct drop_site){ .start = i + 1, .end = i + 2 };
}

static int load(enum wanted wanted, bool empty, struct bench_bpf **ret)
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
	bpf_program__set_autoload(skel->progs.sw_drop, !empty);
	bpf_program__set_autoload(skel->progs.empty_tc, empty);
	bpf_program__set_autoload(skel->progs.empty_drop, true);
	err = reasons_read(&reasons);
	if (err || stat("/proc/self/ns/net", &netns)) {
		err = err ? err : -errno;
		goto out;
	}
	skel->rodata->has_drop_reason = reasons.known;
	skel->rodata->reason_unspecified = reasons.unspecified;
	if (wanted == UNSPECIFIED)
		hide_reason(skel, &reasons);
	if (wanted == WANTED)
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

	memset(skel->bss->drop_marks[!old], 0, DROP_MARKS);
	skel->bss->keys_used[!old][KEYS_DROPS][USED_CROWDED] = 0;
	skel->bss->epoch++;
	usleep(1000);
	bpf_map_lookup_and_delete_batch(fd, NULL, &position, keys, values, &n, NULL);
	skel->bss->keys_used[old][KEYS_DROPS][0] = 0;
}

/* Empty programs at both directions of each interface; links vanish with the process. */
static int attach_empty(const struct bench_bpf *skel, char *interfaces)
{
	int fd = bpf_program__fd(skel->progs.empty_tc);

	for (char *name = strtok(interfaces, " "); name; name = strtok(NULL, " ")) {
		int ifindex = if_nametoindex(name);

		if (!ifindex || bpf_link_create(fd, ifindex, TCX_INGRESS, NULL) < 0 ||
		    bpf_link_create(fd, ifindex, TCX_EGRESS, NULL) < 0)
			return -errno;
	}
	return 0;
}

/* Runs the command; an epoch ends each second. Its exit status, or -errno. */
static int run_command(struct bench_bpf *skel, char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		execvp(command[0], command);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		usleep(EPOCH_MS * 1000);
		end_epoch(skel);
	}
	return status ? -EIO : 0;
}

static int measure(struct bench_bpf *skel, char **command)
{
	int stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME), err;
	struct bpf_link *full = bpf_program__attach(skel->progs.sw_drop);
	double ns, runs, empty_ns, empty_runs;

	if (stats_fd < 0 || !full)
		return -errno;
	err = run_command(skel, command);
	read_stats(skel->progs.empty_drop, &empty_ns, &empty_runs);
	read_stats(skel->progs.sw_drop, &ns, &runs);
	bpf_link__destroy(full);
	close(stats_fd);
	if (err || !empty_runs || !runs)
		return err ? err : -ENODATA;
	printf("empty %.1f ns, sw_drop %.1f ns over %.0f runs: %.1f ns more\n",
	       empty_ns / empty_runs, ns / runs, runs, ns / runs - empty_ns / empty_runs);
	return 0;
}

static int run(struct bench_bpf *skel, char *interfaces, char **command)
{
	struct bpf_link *empty = bpf_program__attach(skel->progs.empty_drop);
	int err;

	if (!empty)
		return -errno;
	if (interfaces) {
		err = attach_empty(skel, interfaces);
		if (!err)
			err = run_command(skel, command);
	} else {
		err = measure(skel, command);
	}
	bpf_link__destroy(empty);
	return err;
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char *interfaces = NULL;
	struct bench_bpf *skel;
	enum wanted wanted = WANTED;
	int option, err;

	while ((option = getopt(argc, argv, "+iue:")) != -1) {
		if (option == 'e')
			interfaces = optarg;
		else if (option == 'i')
			wanted = IGNORED;
		else if (option == 'u')
			wanted = UNSPECIFIED;
		else
			return 2;
	}
	if (optind == argc) {
		fputs("usage: drops [-i|-u] COMMAND...\n       drops -e INTERFACES COMMAND...\n",
		      stderr);
		return 2;
	}
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = load(wanted, interfaces != NULL, &skel);
	if (!err) {
		err = run(skel, interfaces, argv + optind);
		bench_bpf__destroy(skel);
	}
	if (err)
		fprintf(stderr, "drops: %s\n", strerror(-err));
	return err ? 1 : 0;
}
