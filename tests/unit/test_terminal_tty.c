/* SPDX-License-Identifier: GPL-2.0-only */
/* Records on a real terminal: colour, its width, and one that takes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "out/terminal.h"
#include "tests/unit/example.h"

struct pty {
	int master;
	FILE *out;
	struct sink *sink;
};

static int setup_pty(void **state)
{
	struct pty *pty = calloc(1, sizeof(*pty));
	struct winsize size = { .ws_row = 24, .ws_col = 60 };
	int slave;

	assert_non_null(pty);
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
	pty->master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(pty->master >= 0);
	assert_int_equal(grantpt(pty->master), 0);
	assert_int_equal(unlockpt(pty->master), 0);
	slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	pty->out = fdopen(slave, "w");
	assert_non_null(pty->out);
	assert_int_equal(sink_terminal_new(example_observer(), pty->out, &pty->sink), 0);
	*state = pty;
	return 0;
}

static int teardown_pty(void **state)
{
	struct pty *pty = *state;

	pty->sink->ops->free(pty->sink);
	fclose(pty->out);
	close(pty->master);
	free(pty);
	return 0;
}

/* Reads until the text that ends what was written. */
static void read_until(struct pty *pty, const char *end, char *buf, size_t size)
{
	struct pollfd ready = { .fd = pty->master, .events = POLLIN };
	size_t len = 0;

	buf[0] = '\0';
	while (!strstr(buf, end)) {
		ssize_t n;

		assert_int_equal(poll(&ready, 1, 5000), 1);
		n = read(pty->master, buf + len, size - 1 - len);
		assert_true(n > 0);
		len += n;
		buf[len] = '\0';
	}
}

static void terminal_has_colour_and_width(void **state)
{
	struct pty *pty = *state;
	struct example s;
	char buf[4096];

	example_http(&s);
	assert_int_equal(pty->sink->ops->send_alert(pty->sink, &s.alert), 0);
	read_until(pty, "403 x50", buf, sizeof(buf));
	assert_non_null(strstr(buf, "\033[1;33mMEDIUM\033[0m"));
	/* Wrapped at 60 columns, and the colour ends before the line does. */
	assert_non_null(strstr(buf, "\033[1mHTTP Response Error Spike -\033[0m\r\n"
				    "    \033[1mInternal:\033[0m 350 errors"));
}

static void no_color_is_heeded(void **state)
{
	struct pty *pty = *state;
	struct example s;
	char buf[4096];

	setenv("NO_COLOR", "1", 1);
	example_http(&s);
	assert_int_equal(pty->sink->ops->send_alert(pty->sink, &s.alert), 0);
	read_until(pty, "403 x50", buf, sizeof(buf));
	assert_null(strchr(buf, '\033'));
	unsetenv("NO_COLOR");
}

static void stopped_terminal_blocks_nothing(void **state)
{
	struct pty *pty = *state;
	struct example s;
	char buf[4096];

	example_http(&s);
	assert_int_equal(tcflow(fileno(pty->out), TCOOFF), 0); /* as Ctrl-S does */
	assert_int_equal(pty->sink->ops->send_alert(pty->sink, &s.alert), -ENOBUFS);
	assert_int_equal(pty->sink->counts.lost, 1);
	assert_int_equal(tcflow(fileno(pty->out), TCOON), 0);
	assert_int_equal(pty->sink->ops->send_alert(pty->sink, &s.alert), 0);
	read_until(pty, "403 x50", buf, sizeof(buf));
}

static void failed_writes_are_counted(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct sink *sink;
	struct example s;

	assert_non_null(full);
	example_http(&s);
	assert_int_equal(sink_terminal_new(example_observer(), full, &sink), 0);
	assert_int_equal(sink->ops->send_alert(sink, &s.alert), -ENOSPC);
	assert_int_equal(sink->counts.lost, 1);
	assert_int_equal(sink->counts.sent, 0);
	sink->ops->free(sink);
	fclose(full);
}

#define PTY_TEST(f) cmocka_unit_test_setup_teardown(f, setup_pty, teardown_pty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PTY_TEST(terminal_has_colour_and_width),
		PTY_TEST(no_color_is_heeded),
		PTY_TEST(stopped_terminal_blocks_nothing),
		cmocka_unit_test(failed_writes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
