/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and names of a record, the same for every sink. */
#include "record/text.h"

#include <assert.h>
#include <math.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_NS  1000000ULL
#define S_NS   (1000 * MS_NS)
#define DAY_NS (86400 * S_NS)

const char *text_time(__u64 wall_ns, char buf[TEXT_TIME_MAX])
{
	time_t seconds = wall_ns / S_NS;
	char date[24];
	struct tm tm;

	/* 64-bit nanoseconds end in the year 2554: gmtime_r() cannot fail. */
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, TEXT_TIME_MAX, "%s.%03uZ", date, (unsigned int)(wall_ns % S_NS / MS_NS));
	return buf;
}

const char *text_duration(__u64 ns, char buf[TEXT_DURATION_MAX])
{
	static const struct {
		__u64 ns;
		const char *name;
	} units[] = {
		{ DAY_NS, "d" }, { 3600 * S_NS, "h" }, { 60 * S_NS, "m" },
		{ S_NS, "s" },   { MS_NS, "ms" },      { 1000, "us" },
	};
	/* One day reads as 24h, as in the configuration. */
	size_t i = ns == DAY_NS ? 1 : 0;

	if (!ns) {
		snprintf(buf, TEXT_DURATION_MAX, "0s");
		return buf;
	}
	for (; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns % units[i].ns)
			continue;
		snprintf(buf, TEXT_DURATION_MAX, "%llu%s", (unsigned long long)(ns / units[i].ns),
			 units[i].name);
		return buf;
	}
	snprintf(buf, TEXT_DURATION_MAX, "%lluns", (unsigned long long)ns);
	return buf;
}

const char *text_elapsed(const struct alert *alert, char buf[TEXT_ELAPSED_MAX])
{
	unsigned long long s = 0;

	if (alert->end_wall_ns > alert->start_wall_ns)
		s = (alert->end_wall_ns - alert->start_wall_ns) / S_NS;
	if (s >= 86400)
		snprintf(buf, TEXT_ELAPSED_MAX, "%llu d %llu h", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(buf, TEXT_ELAPSED_MAX, "%llu h %llu m", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(buf, TEXT_ELAPSED_MAX, "%llu m %llu s", s / 60, s % 60);
	else
		snprintf(buf, TEXT_ELAPSED_MAX, "%llu s", s);
	return buf;
}

double text_round(double value)
{
	double magnitude = fabs(value), scale;

	if (magnitude >= 10 || magnitude < 1e-300 || !isfinite(value))
		return round(value * 10) / 10;
	scale = pow(10, 2 - floor(log10(magnitude)));
	return round(value * scale) / scale;
}

const char *text_number(double value, char buf[TEXT_NUMBER_MAX])
{
	snprintf(buf, TEXT_NUMBER_MAX, "%.15g", text_round(value));
	return buf;
}

const char *text_endpoint(const struct addr *addr, __u16 port, char buf[TEXT_ENDPOINT_MAX])
{
	char text[ADDR_TEXT_MAX];

	addr_format(addr, text);
	if (!port)
		snprintf(buf, TEXT_ENDPOINT_MAX, "%s", text);
	else
		snprintf(buf, TEXT_ENDPOINT_MAX, addr_is_ipv4(addr) ? "%s:%u" : "[%s]:%u", text,
			 port);
	return buf;
}

const char *text_dimension(enum dimension dimension)
{
	static const char *const names[DIM_MAX] = {
		[DIM_STATUS] = "statuses", [DIM_SOURCE] = "sources", [DIM_DESTINATION] = "servers",
		[DIM_PORT] = "ports",      [DIM_REASON] = "reasons", [DIM_HOOK] = "hooks",
		[DIM_CHAIN] = "chains",
	};

	assert(dimension < DIM_MAX);
	return names[dimension];
}

const char *text_hook(__u16 hook)
{
	static const char *const names[HOOK_MAX] = {
		[HOOK_UNKNOWN] = "unknown",         [HOOK_INGRESS] = "ingress",
		[HOOK_EGRESS] = "egress",           [HOOK_XDP] = "xdp",
		[HOOK_PREROUTING] = "prerouting",   [HOOK_INPUT] = "input",
		[HOOK_FORWARD] = "forward",         [HOOK_OUTPUT] = "output",
		[HOOK_POSTROUTING] = "postrouting", [HOOK_ROUTING] = "routing",
		[HOOK_CGROUP] = "cgroup",
	};

	return hook < HOOK_MAX ? names[hook] : names[HOOK_UNKNOWN];
}

static void format_reason(const struct observer *observer, __u16 code, char buf[TEXT_ENTRY_MAX])
{
	const char *name = NULL;

	if (observer->reasons && code < SW_REASON_MAX)
		name = observer->reasons->name[code];
	if (name)
		snprintf(buf, TEXT_ENTRY_MAX, "%s", name);
	else
		snprintf(buf, TEXT_ENTRY_MAX, "reason %u", code);
}

static const char *chain_name(const struct observer *observer, __u16 chain)
{
	const char *name = NULL;

	if (observer->chains && chain < CHAIN_NAMES_MAX)
		name = observer->chains->name[chain];
	return name ? name : "unknown";
}

const char *text_entry(const struct observer *observer, enum dimension dimension,
		       const struct top_entry *entry, char buf[TEXT_ENTRY_MAX])
{
	switch (dimension) {
	case DIM_STATUS:
		snprintf(buf, TEXT_ENTRY_MAX, "%u", entry->code);
		break;
	case DIM_SOURCE:
		text_endpoint(&entry->addr, 0, buf);
		break;
	case DIM_DESTINATION:
		text_endpoint(&entry->addr, entry->port, buf);
		break;
	case DIM_PORT:
		snprintf(buf, TEXT_ENTRY_MAX, "%u", entry->port);
		break;
	case DIM_REASON:
		format_reason(observer, entry->code, buf);
		break;
	case DIM_CHAIN:
		snprintf(buf, TEXT_ENTRY_MAX, "%s", chain_name(observer, entry->code));
		break;
	case DIM_HOOK:
	case DIM_MAX:
		snprintf(buf, TEXT_ENTRY_MAX, "%s", text_hook(entry->code));
		break;
	}
	return buf;
}

const char *text_proto(__u8 proto, char buf[TEXT_NUMBER_MAX])
{
	static const char *const names[UINT8_MAX + 1] = {
		[IPPROTO_ICMP] = "icmp",       [IPPROTO_IGMP] = "igmp",     [IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",         [IPPROTO_GRE] = "gre",       [IPPROTO_ESP] = "esp",
		[IPPROTO_AH] = "ah",           [IPPROTO_ICMPV6] = "icmpv6", [IPPROTO_SCTP] = "sctp",
		[IPPROTO_UDPLITE] = "udplite",
	};

	if (names[proto])
		return names[proto];
	snprintf(buf, TEXT_NUMBER_MAX, "%u", proto);
	return buf;
}

const char *text_sensor_action(enum sensor_action action)
{
	static const char *const names[] = {
		[SENSOR_STARTED] = "started",     [SENSOR_STOPPED] = "stopped",
		[SENSOR_RELOADED] = "reloaded",   [SENSOR_REFUSED] = "reloaded",
		[SENSOR_BLIND] = "blind",         [SENSOR_DEGRADED] = "degraded",
		[SENSOR_RECOVERED] = "recovered",
	};

	assert(action < sizeof(names) / sizeof(names[0]));
	return names[action];
}

static bool counts_errors_only(const struct match *match)
{
	for (size_t i = 0; i < match->status_count; i++)
		if (match->status[i].first < 400)
			return false;
	return match->status_count;
}

static const char *counted_packets(__u32 classes)
{
	const __u32 denied = 1 << CLASS_FIREWALL | 1 << CLASS_PROHIBITED;

	if (classes && !(classes & ~denied))
		return "denied";
	if (classes == 1 << CLASS_UNANSWERED)
		return "unanswered";
	if (classes == 1 << CLASS_REFUSED)
		return "refused";
	return "dropped";
}

const char *text_counted(const struct rule *rule, __u64 count)
{
	bool http = rule->feed == FEED_HTTP, one = count == 1;

	switch (rule->kind == RULE_THRESHOLD ? rule->threshold.distinct : DISTINCT_NONE) {
	case DISTINCT_SOURCE:
		return http ? (one ? "client" : "clients") : (one ? "source" : "sources");
	case DISTINCT_DESTINATION:
		return http ? (one ? "server" : "servers") : (one ? "destination" : "destinations");
	case DISTINCT_PORT:
		return one ? "port" : "ports";
	case DISTINCT_NONE:
		break;
	}
	if (!http)
		return counted_packets(rule->match.classes);
	if (counts_errors_only(&rule->match))
		return one ? "error" : "errors";
	return one ? "response" : "responses";
}

const char *text_title(const struct rule *rule)
{
	return rule->title ? rule->title : rule->id;
}

const char *text_host(const struct observer *observer, const struct addr *addr)
{
	for (size_t i = 0; i < observer->addr_count; i++)
		if (addr_equal(&observer->addrs[i], addr))
			return observer->hostname;
	if (observer->host_name)
		return observer->host_name(addr, observer->host_name_arg);
	return NULL;
}

bool text_place(const struct observer *observer, const struct addr *addr, struct addr_place *ret)
{
	return observer->place && observer->place(addr, ret, observer->place_arg);
}

bool text_pod(const struct observer *observer, const struct addr *addr, struct addr_pod *ret)
{
	return observer->pod && observer->pod(addr, ret, observer->pod_arg);
}
