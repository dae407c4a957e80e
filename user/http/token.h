/* SPDX-License-Identifier: GPL-2.0-only */
/* A secret from a file. */
#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

#define TOKEN_MAX 8192

/*
 * The file's text without white space at its end. -EINVAL where that is empty, longer than
 * TOKEN_MAX, or has anything but visible ASCII (RFC 6750 section 2.1 has less still); -errno;
 * -ENOMEM. The caller frees *ret.
 */
int token_read(const char *path, char **ret);

#endif
