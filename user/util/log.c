/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's own log: one line a message on standard error, with journald's <N> prefix there. */
#include "util/log.h"
#include "util/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	max_level = level;
}

/* systemd.exec(5), $JOURNAL_STREAM: "device:inode" of the stream that goes to the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == inode;
}

static bool stderr_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */

	return !(no_color && *no_color) && isatty(STDERR_FILENO);
}

/* One write a line, so that lines of several processes do not mix. */
static void write_all(const char *line, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* there is nowhere left to say so */
		line += n;
		len -= n;
	}
}

static void write_line(enum log_level level, const char *text)
{
	static const struct {
		const char *journal, *word, *colour;
	} looks[] = {
		[LOG_LEVEL_ERROR] = { "<3>", "error: ", "\033[1;31m" },
		[LOG_LEVEL_WARNING] = { "<4>", "warning: ", "\033[1;33m" },
		[LOG_LEVEL_INFO] = { "<6>", "", NULL },
		[LOG_LEVEL_DEBUG] = { "<7>", "debug: ", NULL },
	};
	const char *colour = NULL;
	char *line;
	int len;

	if (stderr_is_journal()) {
		len = asprintf(&line, "%s%s\n", looks[level].journal, text);
	} else {
		if (stderr_has_colour())
			colour = looks[level].colour;
		len = asprintf(&line, "spikewatch: %s%s%s%s\n", colour ? colour : "",
			       looks[level].word, colour ? "\033[0m" : "", text);
	}
	if (len < 0)
		return;
	write_all(line, len);
	free(line);
}

static void log_message(enum log_level level, const char *format, va_list args)
{
	int saved_errno = errno;
	char *text = NULL, *clean = NULL;

	if (level > max_level)
		return;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	else if (utf8_clean(text, &clean))
		clean = NULL;
	/* Out of memory: the format alone, which is ours, still says what happened. */
	write_line(level, clean ? clean : format);
	free(clean);
	free(text);
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
