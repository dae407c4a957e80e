/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sensor must know of its host before it loads anything. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/sensor.h"
#include "util/log.h"

static int check_host(struct sensor *sensor)
{
	struct capabilities capabilities;
	char names[128];
	int err;

	err = probe_capabilities(&capabilities);
	if (err) {
		log_error("cannot read this process's capabilities: %s", strerror(-err));
		return EXIT_HOST;
	}
	if (capabilities.missing) {
		log_error("missing %s: run as root, or give the program these capabilities",
			  capabilities_format(&capabilities, names, sizeof(names)));
		return EXIT_HOST;
	}
	err = probe_features(&sensor->features);
	if (err) {
		log_error("cannot read what this kernel supports: %s", strerror(-err));
		return EXIT_HOST;
	}
	err = sensor->features.btf ? reasons_read(&sensor->reasons) : -ENOENT;
	if (err) {
		log_error(
			"this kernel (%s) has no BTF in /sys/kernel/btf/vmlinux: a kernel built with CONFIG_DEBUG_INFO_BTF=y is needed",
			sensor->features.release);
		return EXIT_HOST;
	}
	return EXIT_GOOD;
}

static int read_host(struct sensor *sensor)
{
	int err = links_list(&sensor->interfaces);

	if (!err)
		err = links_addrs(&sensor->host);
	if (err) {
		log_error("cannot list this host's interfaces and addresses: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	return EXIT_GOOD;
}

static bool is_local(const struct addr *addr)
{
	const __u8 *b = (const __u8 *)addr;

	if (addr_is_ipv4(addr))
		return b[12] == 127 || (b[12] == 169 && b[13] == 254);
	return (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	       (!addr->w[0] && !addr->w[1] && !addr->w[2]);
}

/*
 * The observer's addresses are a part of the host's: those that mean something elsewhere come
 * first.
 */
static void introduce(struct sensor *sensor)
{
	struct addr *addrs = sensor->host.addrs;
	size_t global = 0;

	for (size_t i = 0; i < sensor->host.count; i++) {
		struct addr addr = addrs[i];

		if (is_local(&addr))
			continue;
		addrs[i] = addrs[global];
		addrs[global++] = addr;
	}
	if (gethostname(sensor->hostname, sizeof(sensor->hostname) - 1))
		strcpy(sensor->hostname, "unknown");
	sensor->observer = (struct observer){
		.hostname = sensor->hostname,
		.version = spikewatch_version,
		.addrs = addrs,
		.addr_count = global,
		.reasons = &sensor->reasons.names,
	};
}

int sensor_read_host(struct sensor *sensor)
{
	int code = check_host(sensor);

	if (!code)
		code = read_host(sensor);
	if (!code)
		introduce(sensor);
	return code;
}
