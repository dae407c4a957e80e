/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples in virtual time: which are kept, whose they are, when they were, and what alerts tell. */
#include "tests/unit/judging.h"
#include "core/samples.h"

#define BOOT_NS (BOOT_START_S * SECOND_NS)
#define MS_NS   1000000ULL

/*
 * What is counted and the packet that shows it have all but the client's port and time in common.
 */
static struct sample sample_of(const struct record *record, __u64 ms, __u16 source_port)
{
	return (struct sample){
		.time_ns = BOOT_NS + ms * MS_NS,
		.source = record->source,
		.destination = record->destination,
		.source_port = source_port,
		.port = record->port,
		.code = record->code,
		.feed = record->feed,
		.proto = record->proto,
		.class = record->class,
		.hook = record->hook,
	};
}

static struct sample http_sample(const char *client, __u64 ms, __u16 source_port)
{
	struct record record = http_record(client, "10.0.0.9", 404);

	return sample_of(&record, ms, source_port);
}

/* --- the ring itself -------------------------------------------------------------------------- */

static struct group_key group_of(const char *client)
{
	return (struct group_key){ .source = ip(client) };
}

static void add(struct samples *samples, const struct rule *rule, const char *client, __u64 ms,
		__u16 source_port)
{
	struct sample sample = http_sample(client, ms, source_port);

	struct group_key group;

	samples_add(samples, rule, &(struct places){ 0 }, &sample, 0, &group);
}

static struct rule any_error(void)
{
	return (struct rule){ .feed = FEED_HTTP, .group_by = GROUP_SOURCE };
}

/* The source ports of the group's newest samples must be these, in this order. */
static void check_ports(const struct samples *samples, const char *client, const __u16 *ports,
			size_t count)
{
	struct alert_sample found[ALERT_SAMPLES_MAX];
	struct group_key group = group_of(client);
	size_t i;

	assert_int_equal(samples_newest(samples, &group, found), count);
	for (i = 0; i < count; i++)
		assert_int_equal(found[i].source_port, ports[i]);
}

static void newest_come_first(void **state)
{
	struct samples samples = { 0 };
	struct rule rule = any_error();
	__u16 port;

	check_ports(&samples, "10.0.0.2", NULL, 0);
	add(&samples, &rule, "10.0.0.2", 1, 1);
	add(&samples, &rule, "10.0.0.2", 2, 2);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 2, 1 }, 2);
	for (port = 3; port <= 9; port++)
		add(&samples, &rule, "10.0.0.2", port, port);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 9, 8, 7, 6 }, ALERT_SAMPLES_MAX);
}

static void groups_are_apart(void **state)
{
	struct samples samples = { 0 };
	struct rule rule = any_error();

	add(&samples, &rule, "10.0.0.2", 1, 1);
	add(&samples, &rule, "10.0.0.3", 2, 2);
	add(&samples, &rule, "10.0.0.2", 3, 3);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 3, 1 }, 2);
	check_ports(&samples, "10.0.0.3", (const __u16[]){ 2 }, 1);
	check_ports(&samples, "10.0.0.4", NULL, 0);
}

static void the_oldest_make_room(void **state)
{
	struct samples samples = { 0 };
	struct rule rule = any_error();
	size_t i;

	add(&samples, &rule, "10.0.0.2", 0, 1);
	for (i = 0; i < SAMPLES_MAX - 1; i++)
		add(&samples, &rule, "10.0.0.3", 1 + i, (__u16)i);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 1 }, 1);
	add(&samples, &rule, "10.0.0.3", 1000, 1000);
	check_ports(&samples, "10.0.0.2", NULL, 0);
	assert_int_equal(samples.count, SAMPLES_MAX);
	for (i = 0; i < 10 * SAMPLES_MAX; i++)
		add(&samples, &rule, "10.0.0.4", 2000 + i, (__u16)i);
	assert_int_equal(samples.count, SAMPLES_MAX);
	check_ports(&samples, "10.0.0.4", (const __u16[]){ 2559, 2558, 2557, 2556 }, 4);
}

static void old_ones_are_forgotten(void **state)
{
	struct samples samples = { 0 };
	struct rule rule = any_error();
	size_t i;

	/* past the end of the ring, so that the oldest does not lie at its beginning */
	for (i = 0; i < SAMPLES_MAX + 5; i++)
		add(&samples, &rule, "10.0.0.3", i, 7);
	add(&samples, &rule, "10.0.0.2", 1000, 1);
	add(&samples, &rule, "10.0.0.2", 2000, 2);
	samples_advance(&samples, BOOT_NS + 1000 * MS_NS);
	check_ports(&samples, "10.0.0.3", NULL, 0);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 2, 1 }, 2);
	samples_advance(&samples, BOOT_NS + 1000 * MS_NS + 1);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 2 }, 1);
	samples_clear(&samples);
	check_ports(&samples, "10.0.0.2", NULL, 0);
	add(&samples, &rule, "10.0.0.2", 3000, 3);
	check_ports(&samples, "10.0.0.2", (const __u16[]){ 3 }, 1);
	samples_advance(&samples, ~0ULL);
	check_ports(&samples, "10.0.0.2", NULL, 0);
}

static void times_are_told_by_the_wall(void **state)
{
	static const struct {
		const char *name;
		__u64 time_ns, offset_ns, wall_ns;
	} rows[] = {
		{ "a usual host", BOOT_NS, WALL_START_NS - BOOT_NS, WALL_START_NS },
		{ "a nanosecond later", BOOT_NS + 1, WALL_START_NS - BOOT_NS, WALL_START_NS + 1 },
		{ "a clock behind the time since boot", 5 * SECOND_NS, -3 * SECOND_NS,
		  2 * SECOND_NS },
	};
	struct group_key group = group_of("10.0.0.2");
	struct rule rule = any_error();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sample sample = http_sample("10.0.0.2", 0, 1);
		struct alert_sample found[ALERT_SAMPLES_MAX];
		struct samples samples = { 0 };
		struct group_key added;

		print_message("%s\n", rows[i].name);
		sample.time_ns = rows[i].time_ns;
		samples_add(&samples, &rule, &(struct places){ 0 }, &sample, rows[i].offset_ns,
			    &added);
		assert_int_equal(samples_newest(&samples, &group, found), 1);
		assert_int_equal(found[0].wall_ns, rows[i].wall_ns);
	}
}

/* --- what alerts tell ------------------------------------------------------------------------- */

static void court_sample(struct court *court, const struct sample *samples, size_t count)
{
	court->samples = samples;
	court->sample_count = count;
}

static void only_what_the_rule_counts(void **state)
{
	const struct record good = http_record("10.0.0.2", "8.8.8.8", 404);
	struct record proxy = good, self = good, outside = good, fine = good, drop;
	struct rule rule = internal_rule();
	struct sample samples[6];
	const struct alert *alert;
	struct court court;

	rule.group_by = 0;
	proxy.destination = ip("10.5.0.7");
	self.source = ip("10.0.0.1");
	outside.source = ip("8.8.4.4");
	fine.code = 0;
	drop = drop_record("10.0.0.2", "8.8.8.8", 80);
	drop.code = 404;
	samples[0] = sample_of(&good, 100, 1000);
	samples[1] = sample_of(&proxy, 100, 1001);
	samples[2] = sample_of(&self, 100, 1002);
	samples[3] = sample_of(&outside, 100, 1003);
	samples[4] = sample_of(&fine, 100, 1004);
	samples[5] = sample_of(&drop, 100, 1005);
	court_open(&court, &rule, 1);
	court_sample(&court, samples, ARRAY_SIZE(samples));
	court_send(&court, 0, good, 350);
	alert = court_last(&court);
	assert_int_equal(alert->action, ALERT_OPEN);
	assert_int_equal(alert->sample_count, 1);
	assert_int_equal(alert->sample[0].source_port, 1000);
	assert_int_equal(alert->sample[0].port, 80);
	assert_int_equal(alert->sample[0].code, 404);
	assert_int_equal(alert->sample[0].wall_ns, WALL_START_NS + 100 * MS_NS);
	assert_true(addr_equal(&alert->sample[0].source, &good.source));
	assert_true(addr_equal(&alert->sample[0].destination, &good.destination));
	court_close(&court);
}

/* What the client of the alert asked for, within the window; the close tells it again. */
static void requests_are_told(void **state)
{
	const struct record mine = http_record("10.0.0.2", "8.8.8.8", 404),
			    other = http_record("10.0.0.3", "8.8.8.8", 404);
	struct rule rule = internal_rule();
	const struct alert *alert;
	struct sample samples[4];
	struct court court;

	samples[0] = sample_of(&mine, 100, 1000);
	samples[1] = sample_of(&other, 100, 1001);
	samples[2] = sample_of(&mine, 100, 1002);
	samples[3] = sample_of(&mine, 100, 1003);
	strcpy(samples[0].request, "GET /a");
	strcpy(samples[1].request, "GET /other");
	strcpy(samples[3].request, "GET /b");
	court_open(&court, &rule, 1);
	court_sample(&court, samples, ARRAY_SIZE(samples));
	court_send(&court, 0, mine, 350);
	alert = court_last(&court);
	assert_int_equal(alert->action, ALERT_OPEN);
	assert_int_equal(alert->requests.known, 2);
	assert_int_equal(alert->requests.count, 2);
	assert_string_equal(alert->requests.text[0], "GET /b");
	assert_string_equal(alert->requests.text[1], "GET /a");
	assert_string_equal(alert->cause_says, "one client, at least 2 paths of 1 server in 1 s");
	court_sample(&court, NULL, 0);
	court_wait(&court, 0, 700);
	alert = court_last(&court);
	assert_int_equal(alert->action, ALERT_CLOSE);
	assert_int_equal(alert->requests.count, 2);
	assert_string_equal(alert->requests.text[0], "GET /b");
	court_close(&court);
}

static void drops_are_matched_by_their_fields(void **state)
{
	struct record good = drop_record("10.0.0.2", "10.0.0.9", 22), class = good, hook = good,
		      reason = good, proto = good, port = good;
	struct rule rule = {
		.id = (char *)"r",
		.enabled = true,
		.feed = FEED_DROP,
		.match = { .classes = 1 << CLASS_FIREWALL,
			   .hooks = 1 << HOOK_INGRESS,
			   .proto = IPPROTO_TCP,
			   .port = { { 22, 22 } },
			   .port_count = 1,
			   .reason = { (char *)"NETFILTER_DROP" },
			   .reason_count = 1,
			   .reason_set = { [1] = 1 } },
		.threshold = { .count = 10, .window_ns = 10 * SECOND_NS },
	};
	struct sample samples[6];
	const struct alert *alert;
	struct court court;

	class.class = CLASS_OTHER;
	hook.hook = HOOK_EGRESS;
	reason.code = 9;
	proto.proto = IPPROTO_UDP;
	port.port = 23;
	samples[0] = sample_of(&class, 1, 1);
	samples[1] = sample_of(&hook, 1, 2);
	samples[2] = sample_of(&reason, 1, 3);
	samples[3] = sample_of(&proto, 1, 4);
	samples[4] = sample_of(&port, 1, 5);
	samples[5] = sample_of(&good, 1, 6);
	court_open(&court, &rule, 1);
	court_sample(&court, samples, ARRAY_SIZE(samples));
	court_send(&court, 0, good, 10);
	alert = court_last(&court);
	assert_int_equal(alert->sample_count, 1);
	assert_int_equal(alert->sample[0].source_port, 6);
	assert_int_equal(alert->sample[0].proto, IPPROTO_TCP);
	assert_int_equal(alert->sample[0].code, 8);
	court_close(&court);
}

static void each_record_tells_its_own(void **state)
{
	const struct record record = http_record("10.0.0.2", "10.0.0.9", 404);
	struct rule rule = internal_rule();
	struct sample first = http_sample("10.0.0.2", 100, 1000);
	struct sample grown = http_sample("10.0.0.2", 61000, 1061);
	struct sample late = http_sample("10.0.0.2", 62000, 1062);
	struct sample again = http_sample("10.0.0.2", 1000000, 1063);
	struct court court;

	court_open(&court, &rule, 1);
	court_sample(&court, &first, 1);
	court_send(&court, 0, record, 350);
	court_wait(&court, 0, 60);
	court_sample(&court, &grown, 1);
	court_send(&court, 61, record, 350);
	court_sample(&court, &late, 1);
	court_send(&court, 62, record, 1);
	court_wait(&court, 62, 999);
	court_sample(&court, &again, 1);
	court_send(&court, 1000, record, 350);

	assert_int_equal(court.count, 4);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	assert_int_equal(court.alerts[0].sample_count, 1);
	assert_int_equal(court.alerts[0].sample[0].source_port, 1000);
	assert_int_equal(court.alerts[1].action, ALERT_UPDATE);
	assert_int_equal(court.alerts[1].sample_count, 2);
	assert_int_equal(court.alerts[1].sample[0].source_port, 1061);
	assert_int_equal(court.alerts[1].sample[1].source_port, 1000);
	/* the close repeats the update, not what came later */
	assert_int_equal(court.alerts[2].action, ALERT_CLOSE);
	assert_int_equal(court.alerts[2].sample_count, 2);
	assert_int_equal(court.alerts[2].sample[0].source_port, 1061);
	assert_int_equal(court.alerts[2].sample[1].source_port, 1000);
	/* those of windows that have passed are no evidence of this one */
	assert_int_equal(court.alerts[3].action, ALERT_SUPPRESSED);
	assert_int_equal(court.alerts[3].sample_count, 1);
	assert_int_equal(court.alerts[3].sample[0].source_port, 1063);
	court_close(&court);
}

static void clients_do_not_mix(void **state)
{
	const struct record records[] = { http_record("10.0.0.2", "10.0.0.9", 404),
					  http_record("10.0.0.3", "10.0.0.9", 404) };
	const struct sample samples[] = { http_sample("10.0.0.3", 100, 3),
					  http_sample("10.0.0.2", 101, 2) };
	struct rule rule = internal_rule();
	struct court court;
	size_t i;

	rule.threshold.count = 1;
	court_open(&court, &rule, 1);
	court_sample(&court, samples, 2);
	court_batch(&court, 500, records, 2);
	assert_int_equal(court.count, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(court.alerts[i].sample_count, 1);
		assert_int_equal(court.alerts[i].sample[0].source_port, 2 + i);
		assert_true(addr_equal(&court.alerts[i].sample[0].source, &records[i].source));
	}
	court_close(&court);
}

static void wall_clock_of_its_own_batch(void **state)
{
	const struct record record = http_record("10.0.0.2", "10.0.0.9", 404);
	struct sample before = http_sample("10.0.0.2", 400, 1);
	struct sample after = http_sample("10.0.0.2", 1400, 2);
	struct rule rule = internal_rule();
	const struct alert *alert;
	struct court court;

	court_open(&court, &rule, 1);
	court_sample(&court, &before, 1);
	court_send(&court, 0, record, 1);
	court.wall_offset_ns = 3600 * SECOND_NS;
	court_sample(&court, &after, 1);
	court_send(&court, 1, record, 349);
	alert = court_last(&court);
	assert_int_equal(alert->sample_count, 2);
	assert_int_equal(alert->sample[0].wall_ns, WALL_START_NS + (3600 * 1000 + 1400) * MS_NS);
	assert_int_equal(alert->sample[1].wall_ns, WALL_START_NS + 400 * MS_NS);
	court_close(&court);
}

static void anomalies_tell_their_bucket(void **state)
{
	const struct record record = drop_record("10.0.0.2", "10.0.0.9", 22);
	const struct record other = drop_record("10.0.0.3", "10.0.0.9", 23);
	struct rule rule = deny_rule();
	struct sample quiet, spike[2];
	const struct alert *alert;
	struct court court;
	__u64 second;

	rule.anomaly.bucket_ns = 10 * SECOND_NS;
	court_open(&court, &rule, 1);
	for (second = 0; second < 200; second++) {
		quiet = sample_of(&record, second * 1000 + 400, 1);
		court_sample(&court, &quiet, 1);
		court_send(&court, second, record, 1);
	}
	assert_int_equal(court.count, 0);
	spike[0] = sample_of(&record, 200400, 7);
	spike[1] = sample_of(&other, 200401, 8);
	court_sample(&court, spike, 2);
	court_send(&court, 200, record, 100000);
	alert = court_last(&court);
	assert_int_equal(alert->action, ALERT_OPEN);
	assert_int_equal(alert->sample_count, 2);
	assert_int_equal(alert->sample[0].source_port, 8);
	assert_int_equal(alert->sample[1].source_port, 7);
	assert_int_equal(alert->sample[1].wall_ns, WALL_START_NS + 200400 * MS_NS);
	court_close(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_come_first),
		cmocka_unit_test(groups_are_apart),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(old_ones_are_forgotten),
		cmocka_unit_test(times_are_told_by_the_wall),
		cmocka_unit_test(only_what_the_rule_counts),
		cmocka_unit_test(requests_are_told),
		cmocka_unit_test(drops_are_matched_by_their_fields),
		cmocka_unit_test(each_record_tells_its_own),
		cmocka_unit_test(clients_do_not_mix),
		cmocka_unit_test(wall_clock_of_its_own_batch),
		cmocka_unit_test(anomalies_tell_their_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
