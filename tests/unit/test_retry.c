/* SPDX-License-Identifier: GPL-2.0-only */
/* What an HTTP answer means for a post, when it is tried again, and the secret that goes along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/backoff.h"
#include "http/token.h"
#include "out/retry.h"

#define S 1000000000ULL

static void answers(void **state)
{
	static const struct {
		const char *name;
		long first, last;
		enum outlet_result result;
	} rows[] = {
		{ "no status at all", 0, 0, OUTLET_LATER },
		{ "interim", 100, 199, OUTLET_LATER },
		{ "taken", 200, 299, OUTLET_SENT },
		{ "redirects", 300, 399, OUTLET_LATER },
		{ "a bad request", 400, 400, OUTLET_REFUSED },
		{ "no right to", 401, 401, OUTLET_LATER },
		{ "payment", 402, 402, OUTLET_REFUSED },
		{ "the wrong place", 403, 405, OUTLET_LATER },
		{ "not acceptable", 406, 406, OUTLET_REFUSED },
		{ "a proxy, too slow", 407, 408, OUTLET_LATER },
		{ "a conflict", 409, 409, OUTLET_REFUSED },
		{ "gone", 410, 410, OUTLET_LATER },
		{ "of the body", 411, 420, OUTLET_REFUSED },
		{ "misdirected", 421, 421, OUTLET_LATER },
		{ "unprocessable", 422, 424, OUTLET_REFUSED },
		{ "too early", 425, 425, OUTLET_LATER },
		{ "too many", 429, 429, OUTLET_LATER },
		{ "large headers", 431, 431, OUTLET_REFUSED },
		{ "the server's fault", 500, 599, OUTLET_LATER },
		{ "no status of HTTP", 600, 999, OUTLET_LATER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (long status = rows[i].first; status <= rows[i].last; status++)
			if (retry_judge(status, 1) != rows[i].result)
				fail_msg("%s: %ld", rows[i].name, status);
}

static void a_post_that_breaks_the_server_is_given_up(void **state)
{
	assert_int_equal(retry_judge(500, RETRY_SAME_MAX - 1), OUTLET_LATER);
	assert_int_equal(retry_judge(500, RETRY_SAME_MAX), OUTLET_REFUSED);
	assert_int_equal(retry_judge(502, RETRY_SAME_MAX), OUTLET_LATER);
	assert_int_equal(retry_judge(503, 1000000), OUTLET_LATER);
	assert_int_equal(retry_judge(504, RETRY_SAME_MAX), OUTLET_LATER);
	assert_int_equal(retry_judge(0, 1000000), OUTLET_LATER);
}

static void delays(void **state)
{
	static const struct {
		const char *name;
		unsigned int attempts;
		__s64 asked_s;
		__u64 least_ns, most_ns;
	} rows[] = {
		{ "the first", 1, 0, S / 2, S },
		{ "the second", 2, 0, S, 2 * S },
		{ "the fifth", 5, 0, 8 * S, 16 * S },
		{ "the last step", 10, 0, 150 * S, 300 * S },
		{ "never longer", 4000000000U, 0, 150 * S, 300 * S },
		{ "as asked", 1, 30, 30 * S, 30 * S },
		{ "asked for less", 5, 1, 8 * S, 16 * S },
		{ "asked for ever", 1, INT64_MAX, 3600 * S, 3600 * S },
		{ "asked for nonsense", 1, -5, S / 2, S },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u64 shortest = UINT64_MAX, longest = 0;

		for (__u32 random = 0; random < 5000; random += 7) {
			__u64 delay = backoff_delay_ns(rows[i].attempts, random, rows[i].asked_s);

			shortest = delay < shortest ? delay : shortest;
			longest = delay > longest ? delay : longest;
		}
		if (shortest < rows[i].least_ns || longest > rows[i].most_ns ||
		    longest < rows[i].most_ns - rows[i].most_ns / 50)
			fail_msg("%s: %llu to %llu", rows[i].name, (unsigned long long)shortest,
				 (unsigned long long)longest);
	}
}

static int read_text(const char *text, size_t len, char **ret)
{
	char path[] = "/tmp/test_token.XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	err = token_read(path, ret);
	unlink(path);
	return err;
}

static void tokens(void **state)
{
	static const struct {
		const char *name, *text, *token;
	} rows[] = {
		{ "a line", "s3cret/+=\n", "s3cret/+=" },
		{ "without its end", "x", "x" },
		{ "of another system", "abc \r\n", "abc" },
		{ "nothing", "", NULL },
		{ "an empty line", "\n", NULL },
		{ "two lines", "a\nb\n", NULL },
		{ "a header of its own", "a\r\nX-Evil: 1", NULL },
		{ "a blank in it", "a b", NULL },
		{ "no ASCII", "caf\xc3\xa9", NULL },
		{ "DEL", "a\x7f", NULL },
	};
	char *token = NULL, big[TOKEN_MAX + 10];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = read_text(rows[i].text, strlen(rows[i].text), &token);

		if (err != (rows[i].token ? 0 : -EINVAL))
			fail_msg("%s: %d", rows[i].name, err);
		if (err)
			continue;
		assert_string_equal(token, rows[i].token);
		free(token);
	}
	assert_int_equal(read_text("a\0b", 3, &token), -EINVAL);
	assert_int_equal(token_read("/nowhere/token", &token), -ENOENT);
	assert_int_equal(token_read("/tmp", &token), -EISDIR);
	memset(big, 'x', sizeof(big));
	assert_int_equal(read_text(big, sizeof(big), &token), -EINVAL);
	assert_int_equal(read_text(big, TOKEN_MAX + 1, &token), -EINVAL);
	assert_int_equal(read_text(big, TOKEN_MAX, &token), 0);
	free(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_post_that_breaks_the_server_is_given_up),
		cmocka_unit_test(delays),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
