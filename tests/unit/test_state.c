/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Baselines of many groups on their way to the store: how long the loop stands still, and what is
 * there after a kill -9 at any moment of it. LONG=1: more groups and more often.
 */
#include "tests/unit/judging.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"

#define BUCKET_S    60ULL
#define FIRST_S     1767225600ULL
#define GROUPS_MANY 10000
#define SAVE_S      10 /* between two saves */
#define PACE        8  /* the clock that slices are cut by, in the killed: slices are shorter */
#define BUCKETS_MAX 4096

/* What the killed told before: shared between both. */
struct told {
	__u64 next;               /* number of the next bucket */
	__u64 saved[BUCKETS_MAX]; /* those that a whole save held */
	size_t saved_count;
	__u64 slices;
};

static struct {
	__u64 ahead_ns; /* CLOCK_BOOTTIME */
	__u64 pace;     /* of CLOCK_MONOTONIC */
	__u64 reads;    /* of it: a save begins and ends by it */
} clocks = { .pace = 1 };

static __u64 real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * SECOND_NS + (__u64)now.tv_nsec;
}

/* In the place of clock.c. */
__u64 clock_now_ns(int clock)
{
	if (clock == CLOCK_BOOTTIME)
		return real_ns() + clocks.ahead_ns;
	clocks.reads++;
	return real_ns() * clocks.pace;
}

__s32 clock_zone_s(__u64 wall_ns)
{
	return 0;
}

/* In the place of sensor.c: nothing may go wrong here. */
void sensor_say(struct sensor *sensor, enum sensor_action action, const char *subject,
		const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_error("%s\n", text);
	abort();
}

/* A sensor as far as state.c knows one, with a rule that has a baseline for each source. */
struct host {
	struct sensor sensor;
	struct config config;
	struct rule rule;
	struct places places;
	__u64 boot_ns;
};

static void ignore(const struct alert *alert, void *arg)
{
}

static void host_open(struct host *host, char *path)
{
	*host = (struct host){ .rule = deny_rule(), .boot_ns = 1000 * SECOND_NS };
	host->rule.group_by = GROUP_SOURCE;
	host->rule.anomaly.bucket_ns = BUCKET_S * SECOND_NS;
	host->config = (struct config){ .rules = &host->rule, .rule_count = 1, .state = path };
	host->sensor.config = &host->config;
	assert_int_equal(netset_new(&host->places.zones), 0);
	assert_int_equal(judge_new(&(struct judge_cfg){ .rules = &host->rule,
							.rule_count = 1,
							.places = &host->places,
							.emit = ignore,
							.bucket = state_take_bucket,
							.arg = &host->sensor,
							.seed = 5 },
				   &host->sensor.judge),
			 0);
	assert_int_equal(state_open(&host->sensor), 0);
	assert_non_null(state_store(&host->sensor));
}

static void host_close(struct host *host)
{
	state_close(&host->sensor);
	judge_free(host->sensor.judge);
	netset_free(host->places.zones);
}

static __u64 count_of(__u32 group, __u64 bucket)
{
	__u64 state = bucket * 1000003 + group;

	return 1 + random_next(&state) % 20;
}

static __u32 group_of(const struct group_key *key)
{
	return ntohl(key->source.w[3]) & 0xffffff;
}

/* All that a bucket holds, in one batch of its middle. */
static void count_bucket(struct host *host, __u64 bucket, __u32 groups)
{
	struct record *records = calloc(groups, sizeof(*records));
	struct batch batch = {
		.wall_ns = (FIRST_S + bucket * BUCKET_S + BUCKET_S / 2) * SECOND_NS,
		.records = records,
		.record_count = groups,
	};

	assert_non_null(records);
	for (__u32 i = 0; i < groups; i++) {
		records[i] = drop_record("10.0.0.0", "203.0.113.1", 443);
		records[i].source.w[3] = htonl(0x0a000000 | i);
		records[i].count = count_of(i, bucket);
	}
	host->boot_ns += BUCKET_S * SECOND_NS;
	batch.end_ns = host->boot_ns;
	batch.start_ns = batch.end_ns - SECOND_NS;
	assert_int_equal(judge_batch(host->sensor.judge, &batch), 0);
	free(records);
}

/* Looks as the loop does each second, until nothing is left to be saved. Returns how often. */
static __u64 save_all(struct host *host, __u64 *ret_most_ns, __u64 *ret_sum_ns)
{
	__u64 slices, reads;

	*ret_most_ns = *ret_sum_ns = 0;
	clocks.ahead_ns += (SAVE_S + 1) * SECOND_NS;
	for (slices = 0;; slices++) {
		__u64 took_ns = real_ns();

		reads = clocks.reads;
		state_look_after(&host->sensor);
		if (clocks.reads == reads) /* nothing was due */
			return slices;
		took_ns = real_ns() - took_ns;
		*ret_sum_ns += took_ns;
		*ret_most_ns = took_ns > *ret_most_ns ? took_ns : *ret_most_ns;
	}
}

/* Figures are printed; what is asserted allows for a machine that is busy with other things. */
static void ten_thousand_groups_do_not_stop_the_loop(void **state)
{
	char path[128], *folder = *state;
	__u64 bucket, judged_ns = 0, slices = 0, most_ns = 0, sum_ns = 0;
	double judged_s = 1e9, began;
	struct host host;

	snprintf(path, sizeof(path), "%s/state.db", folder);
	host_open(&host, path);
	for (bucket = 0; bucket < 4; bucket++) {
		__u64 took_ns = real_ns();

		began = cpu_seconds();
		count_bucket(&host, bucket, GROUPS_MANY);
		if (bucket > 1) /* the first one of all is not scored */
			judged_s = fmin(judged_s, cpu_seconds() - began);
		took_ns = real_ns() - took_ns;
		judged_ns = took_ns > judged_ns ? took_ns : judged_ns;
		slices = save_all(&host, &most_ns, &sum_ns);
	}
	print_message(
		"%d groups: a bucket's end %.0f ms, %.0f ms of CPU; its save %.0f ms in %llu slices, %.0f ms at most\n",
		GROUPS_MANY, (double)judged_ns / 1e6, judged_s * 1e3, (double)sum_ns / 1e6, slices,
		(double)most_ns / 1e6);
	assert_true(slices > 1);
	assert_true(most_ns < SECOND_NS);
	host_close(&host);
}

/* Counts and saves until it is killed. */
static void work(char *path, struct told *told, __u32 groups)
{
	__u64 most_ns, sum_ns, first = told->next, bucket;
	struct host host;

	clocks.pace = PACE;
	host_open(&host, path);
	for (bucket = first; bucket < BUCKETS_MAX; bucket++) {
		told->next = bucket + 1;
		count_bucket(&host, bucket, groups);
		told->slices = save_all(&host, &most_ns, &sum_ns);
		/* this batch closed the one before; the first one of all was seen in part */
		if (bucket >= first + 2)
			told->saved[told->saved_count++] = bucket - 1;
	}
	abort(); /* more than enough */
}

/* One series as it is stored: its buckets, and a baseline that learns them in their order. */
struct found {
	__u32 group;
	struct anomaly *anomaly;
	__u64 bucket[BUCKETS_MAX];
	size_t count;
};

static void find_bucket(const struct anomaly_bucket *bucket, void *arg)
{
	struct found *found = arg;
	__u64 number = ((__u64)bucket->start_s - FIRST_S) / BUCKET_S;

	assert_true(bucket->coverage == 1);
	assert_true(bucket->count == (double)count_of(found->group, number));
	found->bucket[found->count++] = number;
	anomaly_learn(found->anomaly, bucket);
}

struct check {
	struct host *host;
	const struct told *told;
	size_t series;
};

static void same_baseline(const struct judge_series *series, void *arg)
{
	struct found *found = arg;
	unsigned char wanted[STORE_MODEL_MAX], got[STORE_MODEL_MAX];
	size_t wanted_len, got_len;

	if (group_of(series->group) != found->group)
		return;
	assert_int_equal(anomaly_save(found->anomaly, wanted, sizeof(wanted), &wanted_len), 0);
	assert_int_equal(anomaly_save(series->anomaly, got, sizeof(got), &got_len), 0);
	assert_int_equal(got_len, wanted_len);
	assert_memory_equal(got, wanted, got_len);
	found->group = UINT32_MAX; /* seen */
}

static int check_series(const struct store_series *series, void *arg)
{
	const struct anomaly_cfg cfg = { .bucket_s = BUCKET_S };
	struct check *check = arg;
	struct found *found = calloc(1, sizeof(*found));
	size_t i, at = 0;

	assert_non_null(found);
	found->group = group_of(series->group);
	assert_int_equal(anomaly_new(&cfg, &found->anomaly), 0);
	assert_int_equal(store_each_bucket(state_store(&check->host->sensor), series, -1,
					   find_bucket, found),
			 0);
	for (i = 0; i < check->told->saved_count; i++) {
		while (at < found->count && found->bucket[at] < check->told->saved[i])
			at++;
		assert_true(at < found->count && found->bucket[at] == check->told->saved[i]);
	}
	judge_each_series(check->host->sensor.judge, same_baseline, found);
	assert_int_equal(found->group, UINT32_MAX);
	anomaly_free(found->anomaly);
	free(found);
	check->series++;
	return 0;
}

/* Of each series all that was saved, and a baseline that has learned just that. */
static void check_kept(char *path, const struct told *told, __u32 groups)
{
	struct host host;
	struct check check = { &host, told, 0 };

	clocks.pace = 1;
	host_open(&host, path); /* one that is damaged would be said, and end the test */
	assert_int_equal(
		store_each_series(state_store(&host.sensor), host.rule.id, check_series, &check),
		0);
	assert_true(check.series <= groups && (check.series == groups || !told->saved_count));
	host_close(&host);
}

/* What another process writes: not kept in a register. */
static void wait_for_save(const volatile struct told *told, size_t before)
{
	__u64 until_ns = real_ns() + 60 * SECOND_NS;

	while (told->saved_count == before && real_ns() < until_ns)
		usleep(1000);
	assert_true(told->saved_count > before);
}

static void killed_at_any_moment(void **state)
{
	bool at_length = getenv("LONG") != NULL;
	__u32 groups = at_length ? 1000 : 200;
	unsigned int round, rounds = at_length ? 300 : 12, saved = 0, most_slices = 0;
	__u64 chance = real_ns();
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[128], *folder = *state;

	assert_true(told != MAP_FAILED);
	snprintf(path, sizeof(path), "%s/state.db", folder);
	print_message("random numbers from %llu\n", chance);
	for (round = 0; round < rounds; round++) {
		size_t before = told->saved_count;
		pid_t pid;
		int status;

		/* within the store's limit of what the killed may tell */
		assert_true(told->next < BUCKETS_MAX / 2);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			work(path, told, groups);
		/* every other one behind a whole save: within one of the next ones, then */
		if (round % 2)
			wait_for_save(told, before);
		usleep((useconds_t)(random_next(&chance) % 100000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		check_kept(path, told, groups);
		saved += told->saved_count > before;
		most_slices = told->slices > most_slices ? (unsigned int)told->slices : most_slices;
	}
	print_message(
		"killed %u times, %u of them behind whole saves of up to %u slices; %zu buckets of %u groups\n",
		rounds, saved, most_slices, told->saved_count, groups);
	munmap(told, sizeof(*told));
}

/* A baseline as another version would have kept it. */
static int age_model(const struct store_series *series, void *arg)
{
	struct store *store = arg;
	unsigned char model[STORE_MODEL_MAX];
	__s64 through_s;
	__u32 version;
	size_t len;

	assert_int_equal(store_model(store, series, &through_s, model, sizeof(model), &len), 0);
	memcpy(&version, model + sizeof(__u32), sizeof(version));
	version--;
	memcpy(model + sizeof(__u32), &version, sizeof(version));
	return store_put_model(store, series, through_s, model, len);
}

/* After an upgrade: what it does not understand it learns from the counts, which are kept. */
static void another_version_is_learned_anew_from_the_counts(void **state)
{
	static struct told told;
	char path[128], *folder = *state;
	__u64 bucket, most_ns, sum_ns;
	struct host host;
	struct store *store;

	snprintf(path, sizeof(path), "%s/state.db", folder);
	host_open(&host, path);
	for (bucket = 0; bucket < 30; bucket++) {
		count_bucket(&host, bucket, 3);
		save_all(&host, &most_ns, &sum_ns);
		if (bucket >= 2)
			told.saved[told.saved_count++] = bucket - 1;
	}
	store = state_store(&host.sensor);
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_each_series(store, host.rule.id, age_model, store), 0);
	assert_int_equal(store_commit(store), 0);
	host_close(&host);
	check_kept(path, &told, 3);
}

static int make_folder(void **state)
{
	char *folder = strdup("/tmp/test_state.XXXXXX");

	*state = folder;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	free(*state);
	return system(command);
}

#define STATE_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(ten_thousand_groups_do_not_stop_the_loop),
		STATE_TEST(killed_at_any_moment),
		STATE_TEST(another_version_is_learned_anew_from_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
