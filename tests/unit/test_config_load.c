/* SPDX-License-Identifier: GPL-2.0-only */
/* Files and their limits, the example file, and what words mean on a host. */
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/config_help.h"

#define EXAMPLE "config/spikewatch.yaml"
#define MANUAL  "man/spikewatch.yaml.5"

static int load(const char *path, char **said, struct config **ret)
{
	size_t size;
	FILE *out = open_memstream(said, &size);
	int err = config_load(path, gather, out, ret);

	fclose(out);
	return err;
}

static void test_no_file(void **state)
{
	struct config *config = NULL;
	char *said;

	assert_int_equal(load(NULL, &said, &config), 0);
	assert_string_equal(said, "");
	assert_int_equal(config->rule_count, 3);
	config_free(config);
	config_free(NULL);
	free(said);
}

static void test_unreadable(void **state)
{
	struct config *config = NULL;
	char *said;

	assert_int_equal(load("/nonexistent/x.yaml", &said, &config), -ENOENT);
	assert_string_equal(said,
			    "/nonexistent/x.yaml: cannot be read: No such file or directory\n");
	free(said);
	assert_int_equal(load("/", &said, &config), -EISDIR);
	assert_string_equal(said, "/: cannot be read: Is a directory\n");
	free(said);
	assert_null(config);
}

/* A file without an end is not read to its end. */
static void test_endless(void **state)
{
	struct config *config = NULL;
	char *said;

	assert_int_equal(load("/dev/zero", &said, &config), -EINVAL);
	assert_string_equal(said, "/dev/zero:1:1: longer than 4 MiB\n");
	free(said);
}

static void test_size_limit(void **state)
{
	const size_t most = 4 << 20;
	struct config *config = NULL;
	char *text = malloc(most + 4), *said;

	assert_non_null(text);
	memset(text, '#', most + 4);
	assert_int_equal(parse_len(text, most, &said, &config), 0);
	config_free(config);
	free(said);
	assert_int_equal(parse_len(text, most + 1, &said, &config), -EINVAL);
	assert_string_equal(said, "f:1:1: longer than 4 MiB\n");
	free(said);
	memcpy(text, "\xef\xbb\xbf", 3);
	assert_int_equal(parse_len(text, most + 3, &said, &config), 0);
	config_free(config);
	free(said);
	free(text);
}

static void test_value_limit(void **state)
{
	const size_t count = 500001;
	struct config *config = NULL;
	char *text = malloc(2 * count + 8), *said;
	size_t i, len;

	assert_non_null(text);
	len = sprintf(text, "geoip: [");
	for (i = 0; i < count - 2; i++)
		len += sprintf(text + len, "a,");
	text[len - 1] = ']';
	assert_int_equal(parse_len(text, len, &said, &config), -EINVAL);
	assert_string_equal(said, "f:1:1000003: more than 500000 values\n");
	free(said);
	free(text);
}

/* A long list is read, and found in, at once. */
static void test_long_list(void **state)
{
	const size_t count = 100000;
	struct config *config;
	struct places places;
	struct addr addr;
	char *text = malloc(24 * count + 64);
	size_t i, len;

	assert_non_null(text);
	len = sprintf(text, "lists:\n  x:\n");
	for (i = 0; i < count; i++)
		len += sprintf(text + len, "  - 10.%zu.%zu.%zu\n", i >> 16, i >> 8 & 255, i & 255);
	config = parse_good(text);
	assert_int_equal(config_places(config, NULL, 0, NULL, 0, 0, &places), 0);
	assert_int_equal(addr_parse("10.1.134.159", &addr), 0); /* 99,999 */
	assert_true(netset_find(places.lists[3], &addr) >= 0);
	assert_int_equal(addr_parse("10.1.134.160", &addr), 0);
	assert_int_equal(netset_find(places.lists[3], &addr), -1);
	places_clear(&places);
	config_free(config);
	free(text);
}

static char *read_source(const char *path)
{
	char *text = calloc(1, 64 << 10);
	FILE *file = fopen(path, "re");

	assert_non_null(text);
	if (!file)
		fail_msg("%s: run this from the top of the source tree", path);
	assert_true(fread(text, 1, (64 << 10) - 1, file) > 0);
	fclose(file);
	return text;
}

/* Takes the # from the lines that are settings: after it stands a key or deeper indentation. */
static char *uncomment(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *to = out;
	const char *line, *end;

	assert_non_null(out);
	for (line = text; *line; line = end) {
		end = strchrnul(line, '\n');
		end += *end == '\n';
		if (line[0] == '#' && !strchr("# \n", line[1]))
			line++;
		else if (!strncmp(line, "#  ", 3))
			line++;
		memcpy(to, line, end - line);
		to += end - line;
	}
	return out;
}

static void test_example(void **state)
{
	char *text = read_source(EXAMPLE), *given = uncomment(text), *defaults, *printed;
	struct config *config = parse_good("");

	defaults = print_config(config);
	config_free(config);

	config = parse_good(text);
	printed = print_config(config);
	assert_string_equal(printed, defaults);
	config_free(config);
	free(printed);

	assert_string_not_equal(text, given);
	config = parse_good(given);
	printed = print_config(config);
	assert_string_equal(printed, defaults);
	assert_null(config->unused[0]);
	config_free(config);
	free(printed);
	free(defaults);
	free(given);
	free(text);
}

/* Calls check with each key of the effective configuration, those of rules only if asked for. */
static void for_each_key(void (*check)(const char *key, const char *text), bool with_rules,
			 const char *text)
{
	struct config *config = parse_good("");
	char *printed = print_config(config), *line, *rest;
	size_t len, keys = 0;

	config_free(config);
	for (line = strtok_r(printed, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " ");
		len = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
		if (line[len] != ':')
			continue;
		line[len] = '\0';
		check(line, text);
		keys++;
		if (!with_rules && !strcmp(line, "rules"))
			break;
	}
	assert_true(keys > 25);
	free(printed);
}

static void check_exemplified(const char *key, const char *example)
{
	char general[80], inner[80];

	snprintf(general, sizeof(general), "\n%s:", key);
	snprintf(inner, sizeof(inner), "\n  %s:", key);
	if (!strstr(example, general) && !strstr(example, inner))
		fail_msg("%s lacks '%s'", EXAMPLE, key);
}

static void test_example_is_whole(void **state)
{
	char *text = read_source(EXAMPLE), *given = uncomment(text);

	for_each_key(check_exemplified, false, given);
	free(given);
	free(text);
}

/* The example of a rule of one's own: its lines start with ##. */
static void test_example_rule(void **state)
{
	char *text = read_source(EXAMPLE), *given = uncomment(text), *at;
	struct config *config;

	for (at = given; (at = strstr(at, "\n##")); at++)
		memmove(at + 1, at + 3, strlen(at + 3) + 1);
	config = parse_good(given);
	assert_int_equal(config->rule_count, 4);
	assert_null(config->unused[0]);
	config_free(config);
	free(given);
	free(text);
}

static void check_documented(const char *key, const char *manual)
{
	char item[80];

	/* Lists are the user's to name: these two are described with their section. */
	if (strstr("proxy_servers vuln_scanners", key))
		return;
	snprintf(item, sizeof(item), "\n.It Ic %s ", key);
	if (!strstr(manual, item))
		fail_msg("%s does not describe '%s'", MANUAL, key);
}

static void test_manual_is_whole(void **state)
{
	char *manual = read_source(MANUAL);

	for_each_key(check_documented, true, manual);
	free(manual);
}

static void test_manual_examples(void **state)
{
	char *manual = read_source(MANUAL), *at = strstr(manual, "\n.Sh EXAMPLES"), *end;
	size_t examples = 0;

	assert_non_null(at);
	while ((at = strstr(at, "\n.Bd -literal"))) {
		at = strchr(at + 1, '\n') + 1;
		end = strstr(at, "\n.Ed");
		assert_non_null(end);
		*end = '\0';
		config_free(parse_good(at));
		*end = '\n';
		examples++;
	}
	assert_int_equal(examples, 2);
	free(manual);
}

static bool is_internal(const struct places *places, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return places_is_internal(places, &addr);
}

/* Lists stand as in the configuration, behind "self"; proxy_servers and vuln_scanners are always
 * there. */
#define LIST_FIRST 3

static bool is_listed(const struct places *places, size_t list, const char *text)
{
	struct addr addr;

	assert_true(list < places->list_count);
	assert_int_equal(addr_parse(text, &addr), 0);
	return netset_find(places->lists[list], &addr) >= 0;
}

static void make_places(const char *text, __u64 now_s, struct places *places)
{
	struct config *config = parse_good(text);
	struct net connected[2];
	struct addr self[2];

	assert_int_equal(net_parse("203.0.113.0/24", &connected[0]), 0);
	assert_int_equal(net_parse("10.9.0.0/16", &connected[1]), 0);
	assert_int_equal(addr_parse("203.0.113.7", &self[0]), 0);
	assert_int_equal(addr_parse("2001:db8::7", &self[1]), 0);
	assert_int_equal(config_places(config, self, 2, connected, 2, now_s, places), 0);
	config_free(config);
}

static void test_places(void **state)
{
	struct places p;

	make_places("lists: {mine: [10.0.0.0/8]}\n", 0, &p);
	assert_int_equal(p.list_count, 4);
	assert_true(is_listed(&p, PLACES_SELF, "203.0.113.7"));
	assert_true(is_listed(&p, PLACES_SELF, "2001:db8::7"));
	assert_false(is_listed(&p, PLACES_SELF, "203.0.113.8"));
	assert_true(is_listed(&p, LIST_FIRST, "10.255.0.1"));
	assert_false(is_listed(&p, LIST_FIRST, "11.0.0.1"));
	assert_true(is_internal(&p, "100.64.0.1"));
	assert_true(is_internal(&p, "fd00::1"));
	assert_true(is_internal(&p, "::1"));
	assert_false(is_internal(&p, "203.0.113.7"));
	assert_false(is_internal(&p, "2001:db8::7"));
	places_clear(&p);
}

static void test_zones(void **state)
{
	struct places p;

	/* The longest prefix wins, whichever side it is on. */
	make_places("internal: [10.0.0.0/8, 10.1.2.0/24]\nexternal: [10.1.0.0/16]\n", 0, &p);
	assert_true(is_internal(&p, "10.0.0.1"));
	assert_false(is_internal(&p, "10.1.0.1"));
	assert_true(is_internal(&p, "10.1.2.1"));
	places_clear(&p);

	make_places("internal: [connected]\n", 0, &p);
	assert_true(is_internal(&p, "203.0.113.200"));
	assert_true(is_internal(&p, "10.9.1.1"));
	assert_false(is_internal(&p, "10.8.1.1"));
	places_clear(&p);

	make_places("external: [connected]\n", 0, &p);
	assert_true(is_internal(&p, "10.8.1.1"));
	assert_false(is_internal(&p, "10.9.1.1"));
	places_clear(&p);

	/* What is written out beats a connected network of the same length. */
	make_places("internal: [connected]\nexternal: [10.9.0.0/16]\n", 0, &p);
	assert_true(is_internal(&p, "203.0.113.200"));
	assert_false(is_internal(&p, "10.9.1.1"));
	places_clear(&p);
}

static void test_expired(void **state)
{
	struct config *config = parse_good(
		"lists: {x: [{net: 10.0.0.1, until: 2027-01-31}, 10.0.0.2], "
		"y: [{net: 10.0.0.3, until: 2001-01-01}]}\n");

	assert_int_equal(config_expired(config, 0), 0);
	assert_int_equal(config_expired(config, 1700000000), 1);
	assert_int_equal(config_expired(config, 1801439999), 1);
	assert_int_equal(config_expired(config, 1801440000), 2);
	config_free(config);
}

static void test_until(void **state)
{
	const char *text = "lists: {x: [{net: 10.0.0.1, until: 2027-01-31}, 10.0.0.2]}\n";
	struct places p;

	make_places(text, 1801439999, &p); /* 2027-01-31T23:59:59Z */
	assert_true(is_listed(&p, LIST_FIRST, "10.0.0.1"));
	places_clear(&p);
	make_places(text, 1801440000, &p);
	assert_false(is_listed(&p, LIST_FIRST, "10.0.0.1"));
	assert_true(is_listed(&p, LIST_FIRST, "10.0.0.2"));
	places_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_file),         cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_endless),         cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_value_limit),     cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_example),         cmocka_unit_test(test_example_is_whole),
		cmocka_unit_test(test_example_rule),    cmocka_unit_test(test_manual_is_whole),
		cmocka_unit_test(test_manual_examples), cmocka_unit_test(test_places),
		cmocka_unit_test(test_zones),           cmocka_unit_test(test_until),
		cmocka_unit_test(test_expired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
