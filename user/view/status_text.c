/* SPDX-License-Identifier: GPL-2.0-only */
/* Status for people: from its JSON, which may be of a sensor of another version. */
#include "view/status.h"

#include <string.h>

#define LABEL 14 /* columns of what stands at the left */

#define UNREAD_SHOWN 5 /* servers */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void row(struct page *page, const char *label)
{
	page_start(page, 0);
	page_put(page, STYLE_DIM, "%s", label);
	page_tab(page, LABEL);
	page->indent = LABEL;
}

static void put_uptime(struct page *page, json_int_t seconds)
{
	if (seconds >= 86400)
		page_put(page, STYLE_PLAIN, "up %lld d %lld h", (long long)seconds / 86400,
			 (long long)seconds % 86400 / 3600);
	else if (seconds >= 3600)
		page_put(page, STYLE_PLAIN, "up %lld h %lld m", (long long)seconds / 3600,
			 (long long)seconds % 3600 / 60);
	else
		page_put(page, STYLE_PLAIN, "up %lld m %lld s", (long long)seconds / 60,
			 (long long)seconds % 60);
}

static void put_head(struct page *page, const json_t *status)
{
	bool good = json_is_true(json_object_get(status, "ready")) &&
		    json_is_true(json_object_get(status, "alive"));

	row(page, "spikewatch");
	page_put(page, STYLE_BOLD, "%s (%s) on %s,", text_of(status, "version"),
		 text_of(status, "revision"), text_of(status, "hostname"));
	put_uptime(page, number_of(status, "uptime_s"));
	row(page, "state");
	if (good)
		page_put(page, STYLE_GREEN, "watching");
	else
		page_put(page, STYLE_RED, "not ready: %s", text_of(status, "not_ready"));
	row(page, "memory, CPU");
	page_put(page, STYLE_PLAIN, "%.1f MiB, %.3g s of CPU time",
		 (double)number_of(status, "resident_bytes") / 1048576.0,
		 json_number_value(json_object_get(status, "cpu_s")));
}

static void put_conditions(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "conditions"), *condition;
	size_t i;

	json_array_foreach (list, i, condition) {
		row(page, text_of(condition, "action"));
		page_put(page,
			 !strcmp(text_of(condition, "action"), "blind") ? STYLE_RED : STYLE_YELLOW,
			 "%s: %s", text_of(condition, "subject"), text_of(condition, "says"));
		page_put(page, STYLE_DIM, "(since %s)", text_of(condition, "since"));
	}
}

static void put_reload(struct page *page, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");

	if (json_object_get(reload, "time")) {
		row(page, "reload");
		page_put(page, STYLE_PLAIN, "%s: %s", text_of(reload, "time"),
			 text_of(reload, "says"));
	}
	if (json_object_get(reload, "refused")) {
		row(page, "refused");
		page_put(page, STYLE_RED, "%s", text_of(reload, "refused"));
	}
}

static void put_hooks(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "hooks"), *hook;
	size_t i;

	row(page, "hooks");
	json_array_foreach (list, i, hook) {
		bool attached = json_is_true(json_object_get(hook, "attached"));
		const char *name = json_string_value(json_object_get(hook, "interface"));

		page_put(page, attached ? STYLE_PLAIN : STYLE_RED, "%s%s%s (%s%s)%s",
			 name ? name : "", name ? " " : "", text_of(hook, "hook"),
			 attached ? "" : "not attached: ", text_of(hook, "mode"),
			 i + 1 < json_array_size(list) ? "," : "");
	}
	if (!json_array_size(list))
		page_put(page, STYLE_RED, "none");
}

static void put_anomaly(struct page *page, const json_t *rule)
{
	if (json_is_true(json_object_get(rule, "learning")))
		page_put(page, STYLE_YELLOW, "learning: %lld buckets of %s are missing;",
			 (long long)number_of(rule, "missing_buckets"), text_of(rule, "bucket"));
	else
		page_put(
			page, STYLE_PLAIN, "score %.3g of %.3g in the last %s, %.6g, typical %.6g;",
			json_number_value(json_object_get(rule, "score")),
			json_number_value(json_object_get(rule, "alert_score")),
			text_of(rule, "bucket"), json_number_value(json_object_get(rule, "actual")),
			json_number_value(json_object_get(rule, "typical")));
}

static void put_rules(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "rules"), *rule;
	size_t i;

	json_array_foreach (list, i, rule) {
		json_int_t open = number_of(rule, "incidents_open");

		row(page, i ? "" : "rules");
		page_put(page, STYLE_CYAN, "%s:", text_of(rule, "id"));
		if (!strcmp(text_of(rule, "kind"), "anomaly"))
			put_anomaly(page, rule);
		else
			page_put(page, STYLE_PLAIN, "%lld groups in %s, limit %lld;",
				 (long long)number_of(rule, "groups"), text_of(rule, "window"),
				 (long long)number_of(rule, "limit"));
		page_put(page, STYLE_PLAIN, "%lld counted,", (long long)number_of(rule, "matched"));
		page_put(page, open ? STYLE_RED : STYLE_PLAIN, "%lld open", (long long)open);
	}
}

static void put_balances(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "balance"), *balance;
	size_t i;

	json_array_foreach (list, i, balance) {
		bool holds = json_is_true(json_object_get(balance, "holds"));
		const json_t *value;
		const char *key;
		bool first = true;

		row(page, text_of(balance, "of"));
		page_put(page, STYLE_PLAIN, "%lld =", (long long)number_of(balance, "seen"));
		/* the two that are neither its name nor the sum */
		json_object_foreach ((json_t *)balance, key, value) {
			if (!json_is_integer(value) || !strcmp(key, "seen"))
				continue;
			page_put(page, STYLE_PLAIN, "%s%lld %s", first ? "" : "+ ",
				 (long long)json_integer_value(value), key);
			first = false;
		}
		if (!holds)
			page_put(page, STYLE_RED, "(these do not add up: please report it)");
	}
}

/* What is not zero. */
static void put_lost(struct page *page, const json_t *status)
{
	const json_t *value;
	const char *key;
	bool any = false;

	row(page, "lost");
	json_object_foreach ((json_t *)json_object_get(status, "lost"), key, value) {
		if (json_number_value(value) == 0)
			continue;
		page_put(page, STYLE_YELLOW, "%s: %.15g", key, json_number_value(value));
		any = true;
	}
	if (!any)
		page_put(page, STYLE_PLAIN, "nothing");
}

static void put_pod(struct page *page, const json_t *kubernetes)
{
	const json_t *workload = json_object_get(kubernetes, "workload");

	page_put(page, STYLE_DIM, "(pod %s/%s%s", text_of(kubernetes, "namespace"),
		 text_of(json_object_get(kubernetes, "pod"), "name"), workload ? "" : ")");
	if (workload)
		page_put(page, STYLE_DIM, "of %s %s)", text_of(workload, "kind"),
			 text_of(workload, "name"));
}

/* Of the servers those with most that can't be read. */
static void put_unread(struct page *page, const json_t *status)
{
	const json_t *unread = json_object_get(status, "unread"), *server;
	size_t i;

	json_array_foreach (json_object_get(unread, "servers"), i, server) {
		if (i == UNREAD_SHOWN)
			break;
		row(page, i ? "" : "unread");
		page_put(page, STYLE_CYAN, "%s:", text_of(server, "server"));
		page_put(page, STYLE_PLAIN,
			 "%.3g %% of connections; TLS %lld, HTTP/2 %lld, QUIC %lld, HTTP/1 %lld",
			 100 * json_number_value(json_object_get(server, "unread_share")),
			 (long long)number_of(server, "tls"), (long long)number_of(server, "http2"),
			 (long long)number_of(server, "quic"),
			 (long long)number_of(server, "http1"));
		if (json_object_get(server, "kubernetes"))
			put_pod(page, json_object_get(server, "kubernetes"));
	}
}

static void put_pods(struct page *page, const json_t *status)
{
	const json_t *pods = json_object_get(status, "kubernetes");
	const char *trouble = json_string_value(json_object_get(pods, "trouble"));

	if (!pods)
		return;
	row(page, "pods");
	page_put(page, STYLE_PLAIN, "%lld named, by %s;", (long long)number_of(pods, "pods"),
		 text_of(pods, "names"));
	if (json_object_get(pods, "age_s"))
		page_put(page, STYLE_PLAIN, "told %lld s ago", (long long)number_of(pods, "age_s"));
	else
		page_put(page, STYLE_YELLOW, "nothing was told yet");
	if (trouble)
		page_put(page, STYLE_YELLOW, "(%s)", trouble);
}

static void put_maps(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "maps"), *map;
	size_t i;

	row(page, "tables");
	json_array_foreach (list, i, map) {
		const char *end = i + 1 < json_array_size(list) ? "," : "";

		if (json_object_get(map, "entries"))
			page_put(page, STYLE_PLAIN, "%s %lld of %lld%s", text_of(map, "name"),
				 (long long)number_of(map, "entries"),
				 (long long)number_of(map, "capacity"), end);
		else
			page_put(page, STYLE_PLAIN, "%s for %lld%s", text_of(map, "name"),
				 (long long)number_of(map, "capacity"), end);
	}
}

static void put_sinks(struct page *page, const json_t *status)
{
	const json_t *list = json_object_get(status, "sinks"), *sink;
	size_t i;

	json_array_foreach (list, i, sink) {
		json_int_t unsent = number_of(sink, "unsent"), lost = number_of(sink, "lost");

		row(page, i ? "" : "sinks");
		page_put(page, STYLE_CYAN, "%s:", text_of(sink, "name"));
		page_put(page, STYLE_PLAIN, "%lld sent,", (long long)number_of(sink, "sent"));
		page_put(page, unsent ? STYLE_YELLOW : STYLE_PLAIN, "%lld waiting,",
			 (long long)unsent);
		page_put(page, lost ? STYLE_RED : STYLE_PLAIN, "%lld lost", (long long)lost);
	}
}

void status_put(struct page *page, const json_t *status)
{
	put_head(page, status);
	put_conditions(page, status);
	put_reload(page, status);
	put_hooks(page, status);
	put_rules(page, status);
	put_balances(page, status);
	put_lost(page, status);
	put_unread(page, status);
	put_pods(page, status);
	put_maps(page, status);
	put_sinks(page, status);
	page_start(page, 0);
}
