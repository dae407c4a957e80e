/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sensor must know of its host before it loads anything. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sensor/sensor.h"
#include "util/exit.h"
#include "util/log.h"
#include "util/version.h"

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
static size_t put_global_first(struct host_addrs *host)
{
	size_t global = 0;

	for (size_t i = 0; i < host->count; i++) {
		struct addr addr = host->addrs[i];

		if (is_local(&addr))
			continue;
		host->addrs[i] = host->addrs[global];
		host->addrs[global++] = addr;
	}
	return global;
}

static void introduce(struct sensor *sensor)
{
	if (gethostname(sensor->hostname, sizeof(sensor->hostname) - 1))
		strcpy(sensor->hostname, "unknown");
	sensor->observer = (struct observer){
		.hostname = sensor->hostname,
		.version = spikewatch_version,
		.addr_count = put_global_first(&sensor->host),
		.addrs = sensor->host.addrs,
		.reasons = &sensor->reasons.names,
	};
}

static bool is_same(const struct host_addrs *a, const struct host_addrs *b)
{
	return a->count == b->count && a->connected_count == b->connected_count &&
	       !memcmp(a->addrs, b->addrs, a->count * sizeof(*a->addrs)) &&
	       !memcmp(a->connected, b->connected, a->connected_count * sizeof(*a->connected));
}

int host_follow_addrs(struct sensor *sensor)
{
	struct host_addrs found, before = sensor->host;
	size_t global;
	int err = links_addrs(&found);

	if (err)
		return err;
	global = put_global_first(&found);
	if (is_same(&found, &before)) {
		links_addrs_clear(&found);
		return 0;
	}
	sensor->host = found;
	err = sensor_make_places(sensor, time(NULL));
	if (err) {
		sensor->host = before;
		links_addrs_clear(&found);
		return err;
	}
	sensor->observer.addrs = found.addrs;
	sensor->observer.addr_count = global;
	links_addrs_clear(&before);
	log_info("this host's addresses changed: it has %zu now", found.count);
	return 0;
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

void host_look_after(struct sensor *sensor)
{
	time_t now_s = time(NULL);
	int err;

	/* Also where the clock was set back: they hold again. */
	if (config_expired(sensor->config, now_s) == sensor->expired)
		return;
	err = sensor_make_places(sensor, now_s);
	if (err)
		log_warning("lists can't be made anew: %s; entries that expired still hold",
			    strerror(-err));
	else
		log_info("%zu entries of lists have expired", sensor->expired);
}
