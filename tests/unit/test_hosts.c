/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of host names: lines of every kind, changes, what is no name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names/hosts.h"

static char path[64];

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/spikewatch-hosts-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return hosts_new(path, (struct hosts **)state);
}

static int teardown(void **state)
{
	hosts_free(*state);
	unlink(path);
	return 0;
}

/* As an editor does it: a new file in the place of the old one. */
static void put(const char *text, size_t len)
{
	char other[80];
	FILE *file;

	snprintf(other, sizeof(other), "%s.new", path);
	file = fopen(other, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	assert_int_equal(rename(other, path), 0);
}

static const char *find(const struct hosts *hosts, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return hosts_find(hosts, &addr);
}

static void lines(void **state)
{
	static const struct {
		const char *name, *line, *wanted;
	} rows[] = {
		{ "a name", "10.0.0.1 a", "a" },
		{ "with aliases", "10.0.0.1 a b c", "a" },
		{ "tabs and spaces", " \t10.0.0.1 \t a\t b", "a" },
		{ "a comment behind it", "10.0.0.1 a#b", "a" },
		{ "a line's end of Windows", "10.0.0.1 a\r", "a" },
		{ "no line's end", "10.0.0.1 a.example.", "a.example." },
		{ "a comment", "#10.0.0.1 a", NULL },
		{ "no name", "10.0.0.1", NULL },
		{ "a comment in its place", "10.0.0.1 # a", NULL },
		{ "no address", "10.0.0.256 a", NULL },
		{ "a network", "10.0.0.0/8 a", NULL },
		{ "a name that is none", "10.0.0.1 a\"b", NULL },
		{ "control characters", "10.0.0.1 a\033[31m", NULL },
		{ "the mapped form", "::ffff:10.0.0.1 mapped", "mapped" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name;

		put(rows[i].line, strlen(rows[i].line));
		assert_int_equal(hosts_look_after(*state), 1);
		name = find(*state, "10.0.0.1");
		if (!name != !rows[i].wanted || (name && strcmp(name, rows[i].wanted) != 0))
			fail_msg("%s: '%s'", rows[i].name, name ? name : "(none)");
	}
}

static void many_addresses(void **state)
{
	char *text = malloc(1 << 20), name[32], addr[32];
	size_t len = 0;

	for (int i = 0; i < 5000; i++)
		len += sprintf(text + len, "10.0.%d.%d host-%d\nfd00::%x six-%d\n", i / 250,
			       i % 250, i, i, i);
	len += sprintf(text + len, "10.0.0.7 again\n");
	put(text, len);
	assert_int_equal(hosts_look_after(*state), 1);
	assert_int_equal(hosts_count(*state), 10001);
	for (int i = 0; i < 5000; i += 7) {
		sprintf(addr, "10.0.%d.%d", i / 250, i % 250);
		sprintf(name, "host-%d", i);
		assert_string_equal(find(*state, addr), name);
		sprintf(addr, "fd00::%x", i);
		sprintf(name, "six-%d", i);
		assert_string_equal(find(*state, addr), name);
	}
	assert_null(find(*state, "10.1.0.0"));
	assert_null(find(*state, "255.255.255.255"));
	free(text);
}

static void changes(void **state)
{
	put("10.0.0.1 a\n", 11);
	assert_int_equal(hosts_look_after(*state), 1);
	assert_int_equal(hosts_look_after(*state), 0);
	put("10.0.0.1 b\n", 11);
	assert_int_equal(hosts_look_after(*state), 1);
	assert_string_equal(find(*state, "10.0.0.1"), "b");
	unlink(path);
	assert_int_equal(hosts_look_after(*state), 1);
	assert_int_equal(hosts_look_after(*state), 0);
	assert_null(find(*state, "10.0.0.1"));
}

static void odd_files(void **state)
{
	char *large = calloc(1, HOSTS_BYTES_MAX + 2);

	put("10.0.0.1 a\n", 11);
	assert_int_equal(hosts_look_after(*state), 1);
	memset(large, '\n', HOSTS_BYTES_MAX + 1);
	put(large, HOSTS_BYTES_MAX + 1);
	assert_int_equal(hosts_look_after(*state), -EFBIG);
	assert_string_equal(find(*state, "10.0.0.1"), "a"); /* as it was */
	put("10.0.0.2 b\n\0 10.0.0.3 c\n", 25);
	assert_int_equal(hosts_look_after(*state), 1);
	assert_string_equal(find(*state, "10.0.0.2"), "b");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	hosts_look_after(*state); /* no file: left alone */
	rmdir(path);
	free(large);
}

static void names(void **state)
{
	char label[80], name[300] = "";

	assert_true(host_name_is_good("a"));
	assert_true(host_name_is_good("Web-1_x.example."));
	assert_true(host_name_is_good("xn--bcher-kva.example"));
	assert_false(host_name_is_good(""));
	assert_false(host_name_is_good("."));
	assert_false(host_name_is_good(".a"));
	assert_false(host_name_is_good("a..b"));
	assert_false(host_name_is_good("a b"));
	assert_false(host_name_is_good("a\n"));
	assert_false(host_name_is_good("b\xc3\xbc"
				       "cher"));
	assert_false(host_name_is_good("<script>"));
	memset(label, 'a', 63);
	label[63] = '\0';
	assert_true(host_name_is_good(label));
	strcat(label, "a");
	assert_false(host_name_is_good(label));
	for (int i = 0; i < 126; i++)
		strcat(name, "a.");
	strcat(name, "a");
	assert_int_equal(strlen(name), HOST_NAME_MAX_LEN);
	assert_true(host_name_is_good(name));
	strcat(name, "b");
	assert_false(host_name_is_good(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines, setup, teardown),
		cmocka_unit_test_setup_teardown(many_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(changes, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_files, setup, teardown),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
