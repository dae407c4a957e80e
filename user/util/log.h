/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's own log: one line a message on standard error, with journald's <N> prefix there. */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above this level are dropped; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/*
 * Where standard error is a journald stream ($JOURNAL_STREAM names its device and inode), each line
 * starts with <PRIORITY>; on a terminal errors and warnings are coloured unless NO_COLOR is set.
 * What could break a line (control characters) is written as \xNN.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
