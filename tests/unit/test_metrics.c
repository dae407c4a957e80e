/* SPDX-License-Identifier: GPL-2.0-only */
/* Metrics in both formats: names, types, labels that are escaped; and which format is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/viewing.h"
#include "view/metrics.h"

static char *text_of(enum metrics_format format)
{
	char *text;
	size_t len;

	assert_int_equal(metrics_write(viewing(), format, &text, &len), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static void assert_lines(const char *text, const char *const *lines)
{
	for (; *lines; lines++) {
		char line[512];

		snprintf(line, sizeof(line), "\n%s\n", *lines);
		if (!strstr(text, line))
			fail_msg("no line '%s' in:\n%s", *lines, text);
	}
}

static const char *const samples[] = {
	"spikewatch_build_info{version=\"1.2.3\",revision=\"abc\"} 1",
	"spikewatch_start_time_seconds 1.5",
	"spikewatch_packets_total{hook=\"ingress\"} 11",
	"spikewatch_packets_total{hook=\"drop\"} 9",
	"spikewatch_understood_total{of=\"packets\"} 10",
	"spikewatch_parse_total{reason=\"not_ip\"} 1",
	"spikewatch_drop_parse_total{reason=\"l4_short\"} 0",
	"spikewatch_http_responses_total{class=\"4xx\"} 4",
	"spikewatch_events_total{what=\"http_resync\"} 5",
	"spikewatch_drops_total{class=\"firewall\",reason=\"NETFILTER_DROP\"} 8",
	"spikewatch_drops_total{class=\"other\",reason=\"unknown\"} 1",
	"spikewatch_lost_total{what=\"merged_drops\"} 6",
	"spikewatch_lost_total{what=\"recursion_missed\"} 3",
	"spikewatch_map_entries{map=\"http_counts\"} 3",
	"spikewatch_map_capacity{map=\"flows\"} 128",
	"spikewatch_epoch_seconds_bucket{le=\"0.5\"} 0",
	"spikewatch_epoch_seconds_bucket{le=\"1.0\"} 2",
	"spikewatch_epoch_seconds_bucket{le=\"+Inf\"} 3",
	"spikewatch_epoch_seconds_sum 2.5",
	"spikewatch_epoch_seconds_count 3",
	"spikewatch_program_run_seconds_total{program=\"sw_ingress\"} 1.5",
	"spikewatch_incidents_total{rule=\"scans\",action=\"update\"} 2",
	"spikewatch_incidents_open{rule=\"scans\"} 1",
	"spikewatch_anomaly_score{rule=\"denies\"} 12.25",
	"spikewatch_anomaly_typical{rule=\"denies\"} 37.5",
	"spikewatch_anomaly_actual{rule=\"denies\"} 40",
	"spikewatch_alerts_unsent{sink=\"journald\"} 2",
	"spikewatch_hooks{interface=\"e\\\"t\\\\h\\\\x0a0\\\\xff\",hook=\"ingress\",mode=\"tcx\"} 1",
	"spikewatch_hooks{interface=\"\",hook=\"kfree_skb\",mode=\"reason\"} 0",
	"spikewatch_pods{names=\"api\"} 12",
	"spikewatch_pod_requests_total{result=\"failed\"} 2",
	"spikewatch_pod_requests_total{result=\"other\"} 7",
	"spikewatch_pods_refused_total{names=\"api\"} 1",
	"spikewatch_conditions{action=\"blind\"} 1",
	NULL,
};

static void openmetrics(void **state)
{
	static const char *const lines[] = {
		"# TYPE spikewatch_packets counter",
		"# TYPE spikewatch_build info",
		"# TYPE spikewatch_epoch_seconds histogram",
		"# UNIT spikewatch_epoch_seconds seconds",
		"# EOF",
		NULL,
	};
	char *text = text_of(METRICS_OPENMETRICS);

	assert_lines(text, lines);
	assert_lines(text, samples);
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

static void prometheus(void **state)
{
	static const char *const lines[] = {
		"# TYPE spikewatch_packets_total counter",
		"# TYPE spikewatch_build_info gauge",
		"# TYPE spikewatch_epoch_seconds histogram",
		NULL,
	};
	char *text = text_of(METRICS_PROMETHEUS);

	assert_lines(text, lines);
	assert_lines(text, samples);
	assert_null(strstr(text, "# EOF"));
	assert_null(strstr(text, "# UNIT"));
	free(text);
}

/* What is not known has no sample. */
static void unknown_is_absent(void **state)
{
	char *text = text_of(METRICS_OPENMETRICS);

	assert_null(strstr(text, "map_entries{map=\"flows\"}"));
	assert_null(strstr(text, "program=\"sw_drop\""));
	assert_null(strstr(text, "anomaly_score{rule=\"scans\"}"));
	free(text);
}

static void negotiation(void **state)
{
	static const struct {
		const char *name, *accept;
		enum metrics_format wanted;
	} rows[] = {
		{ "no header", NULL, METRICS_PROMETHEUS },
		{ "an empty one", "", METRICS_PROMETHEUS },
		{ "anything", "*/*", METRICS_PROMETHEUS },
		{ "a browser", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
		  METRICS_PROMETHEUS },
		{ "OpenMetrics", "application/openmetrics-text", METRICS_OPENMETRICS },
		{ "its version", "application/openmetrics-text; version=1.0.0",
		  METRICS_OPENMETRICS },
		{ "an older version", "application/openmetrics-text;version=0.0.1",
		  METRICS_PROMETHEUS },
		{ "Prometheus 2.42",
		  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  METRICS_OPENMETRICS },
		{ "text is liked more", "application/openmetrics-text;q=0.2, text/plain;q=0.5",
		  METRICS_PROMETHEUS },
		{ "refused", "application/openmetrics-text;q=0", METRICS_PROMETHEUS },
		{ "other letters and spaces",
		  " text/plain;q=0.1 ,\tAPPLICATION/OpenMetrics-Text ; Q=1", METRICS_OPENMETRICS },
		{ "no number", "application/openmetrics-text;q=x", METRICS_PROMETHEUS },
		{ "too large a number", "application/openmetrics-text;q=1e9", METRICS_PROMETHEUS },
		{ "only separators", ",;,;;,", METRICS_PROMETHEUS },
		{ "a long type",
		  "application/openmetrics-text-but-a-very-long-name-that-is-cut-somewhere-behind-the-first-64",
		  METRICS_PROMETHEUS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (metrics_negotiate(rows[i].accept) != rows[i].wanted)
			fail_msg("%s: not as wanted", rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openmetrics),
		cmocka_unit_test(prometheus),
		cmocka_unit_test(unknown_is_absent),
		cmocka_unit_test(negotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
