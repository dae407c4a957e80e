/* SPDX-License-Identifier: GPL-2.0-only */
/* Which metrics there are: names are a contract with dashboards and alerts. */
#include "view/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/exposition.h"

static void counter(struct exposition *e, const char *name, const char *help)
{
	exposition_family(e, name, FAMILY_COUNTER, NULL, help);
}

static void gauge(struct exposition *e, const char *name, const char *help)
{
	exposition_family(e, name, FAMILY_GAUGE, NULL, help);
}

static void labelled(struct exposition *e, const char *label, const char *value, __u64 count)
{
	exposition_sample(e, NULL);
	exposition_label(e, label, value);
	exposition_count(e, count);
}

static void write_process(struct exposition *e, const struct view *view)
{
	exposition_family(e, "spikewatch_build", FAMILY_INFO, NULL, "What is running.");
	exposition_sample(e, NULL);
	exposition_label(e, "version", view->version);
	exposition_label(e, "revision", view->revision);
	exposition_count(e, 1);
	exposition_family(e, "spikewatch_start_time_seconds", FAMILY_GAUGE, "seconds",
			  "When the sensor started, in seconds since 1970.");
	exposition_sample(e, NULL);
	exposition_value(e, view->start_wall_ns / 1e9);
	exposition_family(e, "process_cpu_seconds", FAMILY_COUNTER, "seconds",
			  "CPU time of the program in user space and in its system calls.");
	exposition_sample(e, NULL);
	exposition_value(e, view->cpu_s);
	exposition_family(e, "process_resident_memory_bytes", FAMILY_GAUGE, "bytes",
			  "Memory of the program, without the kernel's tables.");
	exposition_sample(e, NULL);
	exposition_count(e, view->resident_bytes);
}

/* Counters first..last, each under its name without the prefix that all have. */
static void write_range(struct exposition *e, const struct view *view, int first, int last,
			const char *label, const char *prefix)
{
	for (int i = first; i <= last; i++)
		labelled(e, label, tally_counter_name[i] + strlen(prefix),
			 view->tally->totals.n[i]);
}

static void write_packets(struct exposition *e, const struct view *view)
{
	const __u64 *n = view->tally->totals.n;

	counter(e, "spikewatch_packets",
		"Packets seen by hook; drop are packets that the kernel dropped.");
	write_range(e, view, COUNT_PACKETS_INGRESS, COUNT_PACKETS_DROP, "hook", "packets_");
	counter(e, "spikewatch_understood",
		"Packets whose headers could be read: of the hooks of interfaces, and of dropped ones.");
	labelled(e, "of", "packets", n[COUNT_UNDERSTOOD]);
	labelled(e, "of", "dropped", n[COUNT_DROP_UNDERSTOOD]);
	counter(e, "spikewatch_parse",
		"Packets whose headers were not understood, by reason, without dropped ones.");
	write_range(e, view, COUNT_PARSE_TRUNCATED, COUNT_PARSE_L4_SHORT, "reason", "parse_");
	counter(e, "spikewatch_drop_parse",
		"Dropped packets whose headers were not understood, by reason.");
	write_range(e, view, COUNT_DROP_PARSE_TRUNCATED, COUNT_DROP_PARSE_L4_SHORT, "reason",
		    "drop_parse_");
	counter(e, "spikewatch_http_responses", "HTTP responses by class of their status.");
	write_range(e, view, COUNT_HTTP_1XX, COUNT_HTTP_5XX, "class", "http_");
	counter(e, "spikewatch_events",
		"What else the programs in the kernel count, by the names that status has too.");
	write_range(e, view, COUNT_DROP_OTHER_NETNS, COUNT_DROP_BUSY, "what", "");
	write_range(e, view, COUNT_HTTP_RESYNC, COUNT_MAX - 1, "what", "");
}

static void write_drops(struct exposition *e, const struct view *view)
{
	counter(e, "spikewatch_drops", "Denied and dropped packets by class and reason.");
	for (int i = 0; i < SW_REASON_MAX; i++) {
		const char *name = view->reasons->name[i];
		__u8 class = view->reason_class[i];

		if (!view->tally->totals.drop_reason[i])
			continue;
		exposition_sample(e, NULL);
		exposition_label(e, "class",
				 tally_class_name[class < CLASS_MAX ? class : CLASS_OTHER]);
		exposition_label(e, "reason", name ? name : "unknown");
		exposition_count(e, view->tally->totals.drop_reason[i]);
	}
}

static void write_losses(struct exposition *e, const struct view *view)
{
	const struct loss *loss = &view->tally->loss;
	const __u64 *n = view->tally->totals.n;
	__u64 groups = 0, evidence = 0;

	for (size_t i = 0; i < view->rule_count; i++) {
		groups += view->rules[i].state.groups_dropped;
		evidence += view->rules[i].state.evidence_dropped;
	}
	counter(e, "spikewatch_lost",
		"What was seen and could not be attributed or kept; rules say what it means to them.");
	labelled(e, "what", "evicted_http", loss->evicted[FEED_HTTP]);
	labelled(e, "what", "evicted_drops", loss->evicted[FEED_DROP]);
	labelled(e, "what", "merged_http", loss->merged[FEED_HTTP]);
	labelled(e, "what", "merged_drops", loss->merged[FEED_DROP]);
	labelled(e, "what", "unparsed_http", loss->unparsed[FEED_HTTP]);
	labelled(e, "what", "unparsed_drops", loss->unparsed[FEED_DROP]);
	labelled(e, "what", "recursion_missed", view->recursion_missed);
	labelled(e, "what", "ring_dropped", n[COUNT_RING_DROPPED]);
	labelled(e, "what", "groups_dropped", groups);
	labelled(e, "what", "evidence_dropped", evidence);
	exposition_family(e, "spikewatch_gap_seconds", FAMILY_COUNTER, "seconds",
			  "Time that nobody watched: of epochs longer than 2 s, what is beyond.");
	exposition_sample(e, NULL);
	exposition_value(e, loss->gap_ns / 1e9);
}

static void write_maps(struct exposition *e, const struct view *view)
{
	gauge(e, "spikewatch_map_entries",
	      "Entries of a kernel table; of counting tables, those of the last epoch.");
	for (size_t i = 0; i < view->map_count; i++)
		if (view->maps[i].entries_known)
			labelled(e, "map", view->maps[i].name, view->maps[i].entries);
	gauge(e, "spikewatch_map_capacity", "Entries that a kernel table has room for.");
	for (size_t i = 0; i < view->map_count; i++)
		labelled(e, "map", view->maps[i].name, view->maps[i].capacity);
}

static void write_epochs(struct exposition *e, const struct view *view)
{
	const struct tally *tally = view->tally;
	__u64 below = 0;
	char edge[32];

	exposition_family(e, "spikewatch_epoch_seconds", FAMILY_HISTOGRAM, "seconds",
			  "Lengths of the epochs that counts were read in; beyond 2 s is a stall.");
	for (int i = 0; i < TALLY_EDGES; i++) {
		below += tally->epoch_count[i];
		/* OpenMetrics: "1.0", so that it is the same in every program. */
		snprintf(edge, sizeof(edge), tally_edge_s[i] < 1 ? "%g" : "%.1f", tally_edge_s[i]);
		exposition_sample(e, "_bucket");
		exposition_label(e, "le", edge);
		exposition_count(e, below);
	}
	exposition_sample(e, "_bucket");
	exposition_label(e, "le", "+Inf");
	exposition_count(e, tally->epochs);
	exposition_sample(e, "_sum");
	exposition_value(e, tally->epoch_ns / 1e9);
	exposition_sample(e, "_count");
	exposition_count(e, tally->epochs);
}

static void write_programs(struct exposition *e, const struct view *view)
{
	exposition_family(e, "spikewatch_program_run_seconds", FAMILY_COUNTER, "seconds",
			  "CPU time of a BPF program, where kernel.bpf_stats_enabled is 1.");
	for (size_t i = 0; i < view->program_count; i++) {
		if (!view->programs[i].runs)
			continue;
		exposition_sample(e, NULL);
		exposition_label(e, "program", view->programs[i].name);
		exposition_value(e, view->programs[i].run_ns / 1e9);
	}
	gauge(e, "spikewatch_hooks", "1 where a program is attached, 0 where it should be.");
	for (size_t i = 0; i < view->hook_count; i++) {
		const struct view_hook *hook = &view->hooks[i];

		exposition_sample(e, NULL);
		exposition_label(e, "interface", hook->interface);
		exposition_label(e, "hook", hook->hook);
		exposition_label(e, "mode", hook->mode);
		exposition_count(e, hook->attached);
	}
}

static void write_incidents(struct exposition *e, const struct view *view)
{
	counter(e, "spikewatch_incidents", "Records of incidents by rule and action.");
	for (size_t i = 0; i < view->rule_count; i++)
		for (int action = 0; action < VIEW_ACTIONS; action++) {
			exposition_sample(e, NULL);
			exposition_label(e, "rule", view->rules[i].state.rule->id);
			exposition_label(e, "action", alert_action_name(action));
			exposition_count(e, view->rules[i].told[action]);
		}
	gauge(e, "spikewatch_incidents_open", "Incidents that are open.");
	for (size_t i = 0; i < view->rule_count; i++)
		labelled(e, "rule", view->rules[i].state.rule->id,
			 view->rules[i].state.incidents_open);
}

/* Of each rule that has closed a bucket. */
static void write_anomaly(struct exposition *e, const struct view *view, const char *name,
			  const char *help, size_t member)
{
	gauge(e, name, help);
	for (size_t i = 0; i < view->rule_count; i++) {
		const struct judge_state *state = &view->rules[i].state;
		double value;

		if (state->rule->kind != RULE_ANOMALY || !state->buckets)
			continue;
		exposition_sample(e, NULL);
		exposition_label(e, "rule", state->rule->id);
		memcpy(&value, (const char *)state + member, sizeof(value));
		exposition_value(e, value);
	}
}

static void write_anomalies(struct exposition *e, const struct view *view)
{
	write_anomaly(e, view, "spikewatch_anomaly_score",
		      "Score of the last closed bucket, 0 to 100; of several groups the highest.",
		      offsetof(struct judge_state, score));
	write_anomaly(e, view, "spikewatch_anomaly_typical",
		      "What was typical for the last closed bucket.",
		      offsetof(struct judge_state, typical));
	write_anomaly(e, view, "spikewatch_anomaly_actual", "What the last closed bucket counted.",
		      offsetof(struct judge_state, actual));
}

static void write_sinks(struct exposition *e, const struct view *view)
{
	gauge(e, "spikewatch_alerts_unsent", "Records that wait to be sent.");
	for (size_t i = 0; i < view->sink_count; i++)
		labelled(e, "sink", view->sinks[i].name, view->sinks[i].unsent);
	counter(e, "spikewatch_alerts_sent", "Records that were sent.");
	for (size_t i = 0; i < view->sink_count; i++)
		labelled(e, "sink", view->sinks[i].name, view->sinks[i].sent);
	counter(e, "spikewatch_alerts_lost", "Records that could not be sent and are gone.");
	for (size_t i = 0; i < view->sink_count; i++)
		labelled(e, "sink", view->sinks[i].name, view->sinks[i].lost);
}

static void write_pods(struct exposition *e, const struct view_pods *pods)
{
	if (!pods->mode)
		return;
	gauge(e, "spikewatch_pods", "Pods of Kubernetes whose names are known.");
	labelled(e, "names", pods->mode, pods->pods);
	counter(e, "spikewatch_pod_requests", "Requests for names of pods, by how they ended.");
	labelled(e, "result", "failed", pods->failed);
	labelled(e, "result", "other", pods->asked - pods->failed);
	counter(e, "spikewatch_pods_refused",
		"Pods that were left out: impossible names, too long, or too many.");
	labelled(e, "names", pods->mode, pods->refused);
}

static void write_conditions(struct exposition *e, const struct view *view)
{
	__u64 blind = 0;

	for (size_t i = 0; i < view->condition_count; i++)
		blind += view->conditions[i].action == SENSOR_BLIND;
	gauge(e, "spikewatch_conditions",
	      "In how many respects the sensor is blind or degraded at present; status says which.");
	labelled(e, "action", "blind", blind);
	labelled(e, "action", "degraded", view->condition_count - blind);
}

int metrics_write(const struct view *view, enum metrics_format format, char **ret, size_t *ret_len)
{
	struct exposition e = { .format = format };
	char *text = NULL;
	size_t len = 0;
	bool failed;

	e.out = open_memstream(&text, &len);
	if (!e.out)
		return -ENOMEM;
	write_process(&e, view);
	write_packets(&e, view);
	write_drops(&e, view);
	write_losses(&e, view);
	write_maps(&e, view);
	write_epochs(&e, view);
	write_programs(&e, view);
	write_incidents(&e, view);
	write_anomalies(&e, view);
	write_sinks(&e, view);
	write_pods(&e, &view->pods);
	write_conditions(&e, view);
	exposition_end(&e);
	failed = e.failed || ferror(e.out);
	if (fclose(e.out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}
