/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and places of addresses for alerts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "names/dns.h"
#include "names/geo.h"
#include "names/hosts.h"
#include "record/party.h"
#include "sensor/clock.h"
#include "sensor/naming.h"
#include "sensor/sensor.h"
#include "util/log.h"

#define HOSTS_PATH "/etc/hosts"
/* How often files are looked at. */
#define LOOK_NS 5000000000ULL

struct naming {
	struct hosts *hosts; /* NULL: resolve: off */
	struct dns *dns;     /* NULL: not resolve: dns */
	struct geo *geo;
	__u64 look_ns; /* CLOCK_BOOTTIME */
	bool hosts_failed;
};

static const char *host_name(const struct addr *addr, void *arg)
{
	const struct naming *naming = ((struct sensor *)arg)->naming;
	const char *name = naming->hosts ? hosts_find(naming->hosts, addr) : NULL;

	if (!name && naming->dns)
		name = dns_find(naming->dns, addr, clock_now_ns(CLOCK_BOOTTIME));
	return name;
}

static bool place(const struct addr *addr, struct addr_place *ret, void *arg)
{
	return geo_find(((struct sensor *)arg)->naming->geo, addr, ret);
}

static void take_dns(__u32 events, void *arg)
{
	struct sensor *sensor = arg;

	dns_take(sensor->naming->dns, clock_now_ns(CLOCK_BOOTTIME));
}

static int open_dns(struct sensor *sensor)
{
	int err = dns_new(&sensor->naming->dns);

	if (!err)
		err = loop_set(sensor->loop, dns_fd(sensor->naming->dns), EPOLLIN, take_dns,
			       sensor);
	if (!err || err == -ENOMEM)
		return err;
	sensor_say(
		sensor, SENSOR_DEGRADED, "resolve",
		"names can't be asked for by DNS: %s; alerts name hosts of /etc/hosts alone; see to /etc/resolv.conf and restart",
		strerror(-err));
	return 0;
}

int naming_open(struct sensor *sensor)
{
	const struct config *config = sensor->config;
	struct naming *naming;
	int err = 0;

	naming_close(sensor);
	naming = calloc(1, sizeof(*naming));
	if (!naming)
		return -ENOMEM;
	sensor->naming = naming;
	if (config->resolve != RESOLVE_OFF)
		err = hosts_new(HOSTS_PATH, &naming->hosts);
	if (!err && config->resolve == RESOLVE_DNS)
		err = open_dns(sensor);
	if (!err)
		err = geo_new(config->geoip, &naming->geo);
	if (err) {
		naming_close(sensor);
		return err;
	}
	sensor->observer.host_name = host_name;
	sensor->observer.host_name_arg = sensor;
	sensor->observer.place = place;
	sensor->observer.place_arg = sensor;
	naming_look_after(sensor);
	return 0;
}

static void say_database(const char *path, const char *why, void *arg)
{
	if (why)
		sensor_say(arg, SENSOR_DEGRADED, path,
			   "%s cannot be used: %s; alerts lack what it tells of addresses", path,
			   why);
	else
		sensor_say(arg, SENSOR_RECOVERED, path, "%s can be used again", path);
}

static void look_at_hosts(struct naming *naming)
{
	int err = hosts_look_after(naming->hosts);

	if (err > 0)
		log_info("%s was read: it has names of %zu addresses", HOSTS_PATH,
			 hosts_count(naming->hosts));
	if (err < 0 && !naming->hosts_failed)
		log_warning("%s cannot be read: %s; alerts have the names that it had", HOSTS_PATH,
			    strerror(-err));
	naming->hosts_failed = err < 0;
}

void naming_look_after(struct sensor *sensor)
{
	struct naming *naming = sensor->naming;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	if (!naming)
		return;
	if (naming->dns)
		dns_take(naming->dns, now_ns);
	if (now_ns < naming->look_ns)
		return;
	naming->look_ns = now_ns + LOOK_NS;
	if (naming->hosts)
		look_at_hosts(naming);
	geo_look_after(naming->geo, say_database, sensor);
}

void naming_close(struct sensor *sensor)
{
	struct naming *naming = sensor->naming;

	if (!naming)
		return;
	sensor->observer.host_name = NULL;
	sensor->observer.place = NULL;
	if (naming->dns)
		loop_drop(sensor->loop, dns_fd(naming->dns));
	dns_free(naming->dns);
	hosts_free(naming->hosts);
	geo_free(naming->geo);
	free(naming);
	sensor->naming = NULL;
}

/* What /etc/hosts names needs no question of DNS. */
static void want(struct sensor *sensor, const struct addr *addr)
{
	struct naming *naming = sensor->naming;

	podnames_want(sensor, addr);
	if (naming && naming->dns && !hosts_find(naming->hosts, addr))
		dns_want(naming->dns, addr, clock_now_ns(CLOCK_BOOTTIME));
}

void naming_take_near(const struct rule *rule, const struct group_key *group, void *arg)
{
	if (rule->group_by & GROUP_SOURCE)
		want(arg, &group->source);
	if (rule->group_by & GROUP_DESTINATION)
		want(arg, &group->destination);
}

void naming_take_alert(struct sensor *sensor, const struct alert *alert)
{
	static const enum dimension sides[] = { DIM_SOURCE, DIM_DESTINATION };
	struct party party;

	for (int side = 0; side < 2; side++) {
		party_seen(alert, sides[side], &party);
		for (size_t i = 0; i < party.count; i++)
			want(sensor, &party.addr[i]);
	}
}
