/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's log: levels, journald's prefix, colour, and lines that cannot be broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"
#include "util/utf8.h"

static char captured[4096];
static int saved_stderr = -1;

static void stderr_to(int fd)
{
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
}

static void stderr_back(void)
{
	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	close(saved_stderr);
}

/* What one message writes; `journal` makes standard error the stream that JOURNAL_STREAM names. */
static const char *capture(void (*say)(const char *, ...), bool journal, const char *text)
{
	char stream[64];
	struct stat st;
	ssize_t n;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fstat(fd[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + !journal);
	setenv("JOURNAL_STREAM", stream, 1);
	stderr_to(fd[1]);
	say("%s", text);
	stderr_back();
	unsetenv("JOURNAL_STREAM");
	n = read(fd[0], captured, sizeof(captured) - 1);
	captured[n > 0 ? n : 0] = '\0';
	close(fd[0]);
	close(fd[1]);
	return captured;
}

static void levels_name_themselves(void **state)
{
	log_set_level(LOG_LEVEL_DEBUG);
	assert_string_equal(capture(log_error, false, "a"), "spikewatch: error: a\n");
	assert_string_equal(capture(log_warning, false, "a"), "spikewatch: warning: a\n");
	assert_string_equal(capture(log_info, false, "a"), "spikewatch: a\n");
	assert_string_equal(capture(log_debug, false, "a"), "spikewatch: debug: a\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void journal_gets_priorities(void **state)
{
	log_set_level(LOG_LEVEL_DEBUG);
	assert_string_equal(capture(log_error, true, "a"), "<3>a\n");
	assert_string_equal(capture(log_warning, true, "a"), "<4>a\n");
	assert_string_equal(capture(log_info, true, "a"), "<6>a\n");
	assert_string_equal(capture(log_debug, true, "a"), "<7>a\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void level_is_a_limit(void **state)
{
	assert_string_equal(capture(log_debug, false, "a"), "");
	assert_string_equal(capture(log_info, false, "a"), "spikewatch: a\n");
	log_set_level(LOG_LEVEL_ERROR);
	assert_string_equal(capture(log_warning, false, "a"), "");
	assert_string_equal(capture(log_error, false, "a"), "spikewatch: error: a\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void lines_cannot_be_broken(void **state)
{
	assert_string_equal(capture(log_info, true, "eth0\n<0>forged\033[2J"),
			    "<6>eth0\\x0a<0>forged\\x1b[2J\n");
}

static void errno_is_kept(void **state)
{
	int after, fd[2];

	/* Looking whether a pipe is a terminal sets ENOTTY. */
	assert_int_equal(pipe(fd), 0);
	stderr_to(fd[1]);
	errno = ERANGE;
	log_info("a");
	after = errno;
	stderr_back();
	assert_int_equal(after, ERANGE);
	close(fd[0]);
	close(fd[1]);
}

/* On a terminal errors are coloured, unless NO_COLOR is set to something. */
static void terminal_has_colour(void **state)
{
	static const struct {
		const char *no_color, *expected;
	} rows[] = {
		{ NULL, "spikewatch: \033[1;31merror: \033[0ma" },
		{ "", "spikewatch: \033[1;31merror: \033[0ma" },
		{ "1", "spikewatch: error: a" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
		struct pollfd ready = { .fd = master, .events = POLLIN };
		ssize_t n;

		assert_true(master >= 0);
		assert_int_equal(grantpt(master), 0);
		assert_int_equal(unlockpt(master), 0);
		slave = open(ptsname(master), O_RDWR | O_NOCTTY);
		assert_true(slave >= 0);
		if (rows[i].no_color)
			setenv("NO_COLOR", rows[i].no_color, 1);
		else
			unsetenv("NO_COLOR");
		stderr_to(slave);
		log_error("a");
		stderr_back();
		assert_int_equal(poll(&ready, 1, 5000), 1);
		n = read(master, captured, sizeof(captured) - 1);
		assert_true(n > 0);
		captured[n] = '\0';
		captured[strcspn(captured, "\r\n")] = '\0';
		assert_string_equal(captured, rows[i].expected);
		close(slave);
		close(master);
	}
	unsetenv("NO_COLOR");
}

static void utf8_rows(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "plain text", "build-7 (eth0)", "build-7 (eth0)" },
		{ "empty", "", "" },
		{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5" },
		{ "newline, tab, escape, DEL", "a\n\t\033\x7f", "a\\x0a\\x09\\x1b\\x7f" },
		{ "C1 control (CSI)", "\xc2\x9b", "\\xc2\\x9b" },
		{ "line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
		{ "right-to-left override", "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "direction isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
		{ "lone continuation byte", "a\x80z", "a\\x80z" },
		{ "sequence cut by the end", "a\xe2\x82", "a\\xe2\\x82" },
		{ "sequence cut by a letter", "\xf0\x9f\x94z", "\\xf0\\x9f\\x94z" },
		{ "overlong slash", "\xc0\xaf", "\\xc0\\xaf" },
		{ "overlong three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "beyond U+10FFFF", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "no such lead byte", "\xff", "\\xff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *clean = NULL;

		assert_int_equal(utf8_clean(rows[i].text, &clean), 0);
		if (strcmp(clean, rows[i].expected))
			fail_msg("%s: '%s', not '%s'", rows[i].name, clean, rows[i].expected);
		free(clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_name_themselves),
		cmocka_unit_test(journal_gets_priorities),
		cmocka_unit_test(level_is_a_limit),
		cmocka_unit_test(lines_cannot_be_broken),
		cmocka_unit_test(errno_is_kept),
		cmocka_unit_test(terminal_has_colour),
		cmocka_unit_test(utf8_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
