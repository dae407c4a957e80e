/* SPDX-License-Identifier: GPL-2.0-only */
/* How the sensor stands, as one line of JSON. Names are a contract with scripts. */
#include "view/status.h"

#include <errno.h>
#include <math.h>

#include "record/text.h"
#include "record/value.h"

#define SERVERS_MAX 20 /* that can't be read */

static json_t *hook_array(const struct view *view)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < view->hook_count; i++) {
		const struct view_hook *hook = &view->hooks[i];
		json_t *object = json_object();
		int bad = 0;

		if (*hook->interface)
			bad |= value_put_text(object, "interface", hook->interface);
		bad |= value_put_text(object, "hook", hook->hook);
		bad |= value_put_text(object, "mode", hook->mode);
		bad |= value_put(object, "attached", json_boolean(hook->attached));
		err |= json_array_append_new(array, value_checked(object, bad));
	}
	return value_checked(array, err);
}

static int put_threshold(json_t *object, const struct judge_state *state)
{
	char window[TEXT_DURATION_MAX];
	int err = value_put(object, "limit", value_count(state->rule->threshold.count));

	err |= value_put(object, "window",
			 json_string(text_duration(state->rule->threshold.window_ns, window)));
	return err | value_put(object, "groups", value_count(state->groups));
}

/* missing: how many buckets must still close before the rule can alert. */
static int put_anomaly(json_t *object, const struct judge_state *state)
{
	char bucket[TEXT_DURATION_MAX];
	bool learning = !state->buckets || state->learning;
	int err = 0;

	err |= value_put(object, "bucket",
			 json_string(text_duration(state->rule->anomaly.bucket_ns, bucket)));
	err |= value_put(object, "alert_score", value_number(state->rule->anomaly.score));
	err |= value_put(object, "learning", json_boolean(learning));
	err |= value_put(object, "missing_buckets",
			 value_count(state->buckets ? state->missing : ANOMALY_READY));
	err |= value_put(object, "series", value_count(state->series));
	err |= value_put(object, "buckets", value_count(state->buckets));
	err |= value_put(object, "buckets_skipped", value_count(state->skipped));
	if (!state->buckets)
		return err;
	err |= value_put(object, "score", value_number(text_round(state->score)));
	err |= value_put(object, "actual", value_number(state->actual));
	return err | value_put(object, "typical", value_number(text_round(state->typical)));
}

static json_t *rule_object(const struct view_rule *rule)
{
	const struct judge_state *state = &rule->state;
	bool threshold = state->rule->kind == RULE_THRESHOLD;
	json_t *object = json_object(), *told = json_object();
	int err = value_put_text(object, "id", state->rule->id);

	for (int action = 0; action < VIEW_ACTIONS; action++)
		err |= value_put(told, alert_action_name(action), value_count(rule->told[action]));
	err |= value_put(object, "kind", json_string(threshold ? "threshold" : "anomaly"));
	err |= value_put(object, "feed",
			 json_string(state->rule->feed == FEED_HTTP ? "http" : "drop"));
	err |= threshold ? put_threshold(object, state) : put_anomaly(object, state);
	err |= value_put(object, "matched", value_count(state->matched));
	err |= value_put(object, "incidents_open", value_count(state->incidents_open));
	err |= value_put(object, "incidents_remembered", value_count(state->incidents_remembered));
	err |= value_put(object, "incidents_dropped", value_count(state->incidents_dropped));
	err |= value_put(object, "groups_dropped", value_count(state->groups_dropped));
	err |= value_put(object, "evidence_dropped", value_count(state->evidence_dropped));
	err |= value_put(object, "records", told);
	return value_checked(object, err);
}

static json_t *rule_array(const struct view *view)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < view->rule_count; i++)
		err |= json_array_append_new(array, rule_object(&view->rules[i]));
	return value_checked(array, err);
}

static json_t *totals_object(const struct view *view)
{
	const struct totals *totals = &view->tally->totals;
	json_t *object = json_object(), *classes = json_object(), *reasons = json_object();
	int err = 0;

	for (int i = 0; i < COUNT_MAX; i++)
		err |= value_put(object, tally_counter_name[i], value_count(totals->n[i]));
	for (int i = 0; i < CLASS_MAX; i++)
		if (totals->drop_class[i])
			err |= value_put(classes, tally_class_name[i],
					 value_count(totals->drop_class[i]));
	for (int i = 0; i < SW_REASON_MAX; i++) {
		const char *name = view->reasons->name[i];

		if (totals->drop_reason[i])
			err |= value_put(reasons, name ? name : "unknown",
					 value_count(totals->drop_reason[i]));
	}
	err |= value_put(object, "drop_class", classes);
	err |= value_put(object, "drop_reason", reasons);
	return value_checked(object, err);
}

static json_t *balance_array(const struct view *view)
{
	struct balance balances[TALLY_BALANCES];
	json_t *array = json_array();
	int err = 0;

	tally_balances(view->tally, balances);
	for (int i = 0; i < TALLY_BALANCES; i++) {
		const struct balance *balance = &balances[i];
		json_t *object = json_object();
		int bad = value_put(object, "of", json_string(balance->name));

		bad |= value_put(object, "seen", value_count(balance->seen));
		bad |= value_put(object, balance->known_name, value_count(balance->known));
		bad |= value_put(object, balance->named_name, value_count(balance->named));
		bad |= value_put(object, "holds", json_boolean(balance_holds(balance)));
		err |= json_array_append_new(array, value_checked(object, bad));
	}
	return value_checked(array, err);
}

static json_t *lost_object(const struct view *view)
{
	const struct loss *loss = &view->tally->loss;
	json_t *object = json_object();
	int err = 0;

	err |= value_put(object, "evicted_http", value_count(loss->evicted[FEED_HTTP]));
	err |= value_put(object, "evicted_drops", value_count(loss->evicted[FEED_DROP]));
	err |= value_put(object, "merged_http", value_count(loss->merged[FEED_HTTP]));
	err |= value_put(object, "merged_drops", value_count(loss->merged[FEED_DROP]));
	err |= value_put(object, "unparsed_http", value_count(loss->unparsed[FEED_HTTP]));
	err |= value_put(object, "unparsed_drops", value_count(loss->unparsed[FEED_DROP]));
	err |= value_put(object, "recursion_missed", value_count(view->recursion_missed));
	err |= value_put(object, "gap_s", value_number(loss->gap_ns / 1e9));
	return value_checked(object, err);
}

static int put_connections(json_t *object, const __u64 count[SPEECH_MAX])
{
	__u64 blind = unread_blind(count), all = blind + count[SPEECH_HTTP1];
	int err = 0;

	for (int i = 0; i < SPEECH_MAX; i++)
		err |= value_put(object, unread_speech_name[i], value_count(count[i]));
	return err | value_put(object, "unread_share",
			       value_number(all ? round(1000.0 * blind / all) / 1000 : 0));
}

/* How it goes with names of pods. */
static json_t *pods_object(const struct view_pods *pods)
{
	json_t *object = json_object();
	int err = value_put(object, "names", json_string(pods->mode));

	err |= value_put(object, "pods", value_count(pods->pods));
	err |= value_put(object, "addresses", value_count(pods->addresses));
	err |= value_put(object, "requests", value_count(pods->asked));
	err |= value_put(object, "requests_failed", value_count(pods->failed));
	err |= value_put(object, "pods_refused", value_count(pods->refused));
	if (pods->answered)
		err |= value_put(object, "age_s", value_count(pods->answer_age_ns / 1000000000ULL));
	err |= value_put_text(object, "trouble", pods->trouble);
	return value_checked(object, err);
}

/* Connections that can't be read, of the last 10 to 20 minutes, by server. */
static json_t *unread_object(const struct unread *unread, const struct observer *observer)
{
	const struct unread_server *top[SERVERS_MAX];
	json_t *object = json_object(), *array = json_array();
	size_t count = unread_top(unread, top, SERVERS_MAX);
	__u64 n[SPEECH_MAX];
	int err;

	unread_sum(unread, n);
	err = put_connections(object, n);
	for (size_t i = 0; i < count; i++) {
		char endpoint[TEXT_ENDPOINT_MAX];
		json_t *server = json_object();
		struct addr_pod pod;
		int bad;

		text_endpoint(&top[i]->server, top[i]->port, endpoint);
		bad = value_put_text(server, "server", endpoint);
		unread_of(top[i], n);
		bad |= put_connections(server, n);
		if (observer && text_pod(observer, &top[i]->server, &pod))
			bad |= value_put(server, "kubernetes", value_pod(&pod));
		err |= json_array_append_new(array, value_checked(server, bad));
	}
	return value_checked(object, err | value_put(object, "servers", array));
}

static json_t *map_array(const struct view *view)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < view->map_count; i++) {
		const struct view_map *map = &view->maps[i];
		json_t *object = json_object();
		int bad = value_put(object, "name", json_string(map->name));

		if (map->entries_known)
			bad |= value_put(object, "entries", value_count(map->entries));
		bad |= value_put(object, "capacity", value_count(map->capacity));
		err |= json_array_append_new(array, value_checked(object, bad));
	}
	return value_checked(array, err);
}

static json_t *sink_array(const struct view *view)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < view->sink_count; i++) {
		const struct view_sink *sink = &view->sinks[i];
		json_t *object = json_object();
		int bad = value_put_text(object, "name", sink->name);

		bad |= value_put(object, "sent", value_count(sink->sent));
		bad |= value_put(object, "unsent", value_count(sink->unsent));
		bad |= value_put(object, "lost", value_count(sink->lost));
		err |= json_array_append_new(array, value_checked(object, bad));
	}
	return value_checked(array, err);
}

static json_t *condition_array(const struct view *view)
{
	json_t *array = json_array();
	int err = 0;

	for (size_t i = 0; i < view->condition_count; i++) {
		const struct view_condition *condition = &view->conditions[i];
		json_t *object = json_object();
		int bad = 0;

		bad |= value_put(object, "action",
				 json_string(text_sensor_action(condition->action)));
		bad |= value_put_text(object, "kind", condition->kind);
		bad |= value_put_text(object, "subject", condition->subject);
		bad |= value_put(object, "since", value_time(condition->since_wall_ns));
		bad |= value_put_text(object, "says", condition->says);
		err |= json_array_append_new(array, value_checked(object, bad));
	}
	return value_checked(array, err);
}

/* Empty where there was none. */
static json_t *reload_object(const struct view *view)
{
	json_t *object = json_object();
	int err = 0;

	if (view->reload_wall_ns) {
		err |= value_put(object, "time", value_time(view->reload_wall_ns));
		err |= value_put_text(object, "says", view->reload_says);
	}
	if (view->reload_failure && *view->reload_failure)
		err |= value_put_text(object, "refused", view->reload_failure);
	return value_checked(object, err);
}

int status_format(const struct view *view, char **ret)
{
	json_t *root = json_object();
	char *line = NULL;
	int err = 0;

	err |= value_put_text(root, "version", view->version);
	err |= value_put_text(root, "revision", view->revision);
	err |= value_put_text(root, "hostname", view->hostname);
	err |= value_put(root, "time", value_time(view->now_wall_ns));
	err |= value_put(root, "started", value_time(view->start_wall_ns));
	err |= value_put(root, "uptime_s", value_count(view->uptime_ns / 1000000000ULL));
	err |= value_put(root, "epochs", value_count(view->tally->epochs));
	err |= value_put(root, "alive", json_boolean(view->alive));
	err |= value_put(root, "ready", json_boolean(!view->not_ready));
	err |= value_put_text(root, "not_ready", view->not_ready);
	err |= value_put(root, "conditions", condition_array(view));
	err |= value_put(root, "reload", reload_object(view));
	err |= value_put(root, "hooks", hook_array(view));
	err |= value_put(root, "rules", rule_array(view));
	err |= value_put(root, "balance", balance_array(view));
	err |= value_put(root, "lost", lost_object(view));
	if (view->unread)
		err |= value_put(root, "unread", unread_object(view->unread, view->observer));
	if (view->pods.mode)
		err |= value_put(root, "kubernetes", pods_object(&view->pods));
	err |= value_put(root, "totals", totals_object(view));
	err |= value_put(root, "maps", map_array(view));
	err |= value_put(root, "sinks", sink_array(view));
	err |= value_put(root, "cpu_s", value_number(text_round(view->cpu_s)));
	err |= value_put(root, "resident_bytes", value_count(view->resident_bytes));
	if (!err)
		line = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
	if (!line)
		return -ENOMEM;
	*ret = line;
	return 0;
}
