/* SPDX-License-Identifier: GPL-2.0-only */
/* Text of unknown origin, made fit for one line of a log, a record or a terminal. */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

/*
 * A copy of text that is valid UTF-8 without anything that could break a line or fool a terminal:
 * bytes that are no UTF-8 (RFC 3629 section 4), control characters (C0, DEL, C1), line and
 * paragraph separators and marks that change the direction of text stand there as \xNN, byte by
 * byte. The caller frees *ret. -ENOMEM.
 */
int utf8_clean(const char *text, char **ret);

#endif
