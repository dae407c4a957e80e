/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sends a flood of UDP datagrams into an interface, as if they had come in there: from a number of
 * sources drawn at random, and some from 20 heavy ones. Tells what it has sent. No packet is lost
 * on the way: each goes through the stack before the next ones are made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "flood.h"
#include "flood.skel.h"

#define SECOND_NS 1000000000ULL
/* With a rate, portions a second: to begin one costs the kernel 30 ms, in which it mostly waits. */
#define PORTIONS_S 8
/* The most that one system call takes. */
#define PORTION_MAX 10000000

struct options {
	const char *interface;
	struct in_addr destination;
	unsigned long packets, rate, sources;
	unsigned short port;
	unsigned int heavy; /* the heaviest source's share, in 1/FLOOD_SLOTS */
	int cpu;
};

static void usage(void)
{
	fputs("usage: flood -i IFACE -d ADDRESS [-p PORT] [-n PACKETS] [-r PER-SECOND] [-s SOURCES]\n"
	      "             [-w SLOTS] [-c CPU]\n\n"
	      "  -s  sources that packets are drawn from evenly (1)\n"
	      "  -w  of 1,024 packets, those of the heaviest of 20 heavy sources (0: there are none);\n"
	      "      each second one after it has one less\n",
	      stderr);
}

static int parse_options(int argc, char **argv, struct options *ret)
{
	int option;

	*ret = (struct options){ .packets = 1000000, .sources = 1, .port = 53, .cpu = -1 };
	while ((option = getopt(argc, argv, "i:d:p:n:r:s:w:c:")) != -1) {
		switch (option) {
		case 'i':
			ret->interface = optarg;
			break;
		case 'd':
			if (!inet_aton(optarg, &ret->destination))
				return -EINVAL;
			break;
		case 'p':
			ret->port = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			ret->packets = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			ret->rate = strtoul(optarg, NULL, 10);
			break;
		case 's':
			ret->sources = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			ret->heavy = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			ret->cpu = atoi(optarg);
			break;
		default:
			return -EINVAL;
		}
	}
	return ret->interface && ret->destination.s_addr && ret->sources ? 0 : -EINVAL;
}

static unsigned short checksum_of(const void *header)
{
	const unsigned short *word = header;
	unsigned int sum = 0;

	for (int i = 0; i < 10; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static int build_packet(const struct options *options, struct flood_packet *ret)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ifreq request = {};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options->interface);
	err = fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (err)
		return err;
	*ret = (struct flood_packet){
		.from_mac = { 2, 0, 0, 0, 0, 1 },
		.ether_type = htons(0x0800),
		.version = 0x45,
		.total_len = htons(46),
		.ttl = 64,
		.proto = IPPROTO_UDP,
		.destination = options->destination.s_addr,
		.source_port = htons(40000),
		.destination_port = htons(options->port),
		.udp_len = htons(26),
	};
	memcpy(ret->to_mac, request.ifr_hwaddr.sa_data, sizeof(ret->to_mac));
	ret->checksum = checksum_of(&ret->version);
	return 0;
}

static void share_slots(unsigned int heaviest, volatile unsigned char *slots)
{
	unsigned int slot = 0;

	for (unsigned int i = 0; heaviest && i < FLOOD_HEAVY; i++) {
		unsigned int n = heaviest > i / 2 ? heaviest - i / 2 : 1;

		while (n-- && slot < FLOOD_SLOTS)
			slots[slot++] = i + 1;
	}
}

static int load(const struct options *options, struct flood **ret)
{
	struct flood *skel = flood__open();
	struct flood_packet packet;
	int err;

	if (!skel)
		return -errno;
	bpf_program__set_autoload(skel->progs.flood_take, false);
	err = build_packet(options, &packet);
	if (!err) {
		skel->bss->packet = packet;
		skel->rodata->sources = options->sources;
		share_slots(options->heavy, (unsigned char *)skel->rodata->slots);
		err = flood__load(skel);
	}
	if (err)
		flood__destroy(skel);
	else
		*ret = skel;
	return err;
}

static unsigned long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void wait_until(unsigned long long time_ns)
{
	const struct timespec then = { time_ns / SECOND_NS, time_ns % SECOND_NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == EINTR)
		continue;
}

static int send_all(const struct options *options, const struct flood *skel, int ifindex,
		    unsigned long long start_ns)
{
	unsigned long portion = options->rate ? options->rate / PORTIONS_S + 1 : PORTION_MAX;
	unsigned long left;
	struct flood_packet dummy = {};
	struct xdp_md where = { .data_end = sizeof(dummy), .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &dummy, .data_size_in = sizeof(dummy),
		    .ctx_in = &where, .ctx_size_in = sizeof(where),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	for (left = options->packets; left; left -= opts.repeat) {
		int err;

		opts.repeat = left < portion ? left : portion;
		err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.flood_make), &opts);
		if (err)
			return err;
		if (options->rate)
			wait_until(start_ns + (options->packets - left + opts.repeat) * SECOND_NS /
						      options->rate);
	}
	return 0;
}

/* cpu_ns: what this process had of a CPU, in which the stack worked too. */
static void tell(const struct options *options, const struct flood *skel,
		 unsigned long long took_ns, unsigned long long cpu_ns)
{
	printf("{\"packets\":%lu,\"seconds\":%.3f,\"per_second\":%.0f,\"cpu_ns\":%.1f,\"heavy\":{",
	       options->packets, took_ns / 1e9, options->packets * 1e9 / took_ns,
	       (double)cpu_ns / options->packets);
	for (int i = 1; options->heavy && i <= FLOOD_HEAVY; i++)
		printf("%s\"12.0.0.%d\":%llu", i > 1 ? "," : "", i, skel->bss->heavy_sent[i]);
	printf("}}\n");
}

static int flood(const struct options *options, int ifindex)
{
	unsigned long long start_ns, cpu_ns;
	struct flood *skel = NULL;
	struct bpf_link *link;
	int err = load(options, &skel);

	if (err)
		return err;
	link = bpf_program__attach_xdp(skel->progs.flood_pass, ifindex);
	if (!link) {
		err = -errno;
		goto out;
	}
	start_ns = now_ns(CLOCK_MONOTONIC);
	cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	err = send_all(options, skel, ifindex, start_ns);
	if (!err)
		tell(options, skel, now_ns(CLOCK_MONOTONIC) - start_ns,
		     now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns);
out:
	bpf_link__destroy(link);
	flood__destroy(skel);
	return err;
}

int main(int argc, char **argv)
{
	struct options options;
	cpu_set_t cpus;
	int ifindex, err;

	if (parse_options(argc, argv, &options)) {
		usage();
		return 2;
	}
	if (options.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(options.cpu, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
			perror("flood: no such CPU");
			return 1;
		}
	}
	ifindex = if_nametoindex(options.interface);
	err = ifindex ? flood(&options, ifindex) : -ENODEV;
	if (err)
		fprintf(stderr, "flood: %s: %s\n", options.interface, strerror(-err));
	return err ? 1 : 0;
}
