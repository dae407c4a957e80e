/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket: one request a line, one answer a line, in the caller's thread. */
#ifndef SERVE_CONTROL_H
#define SERVE_CONTROL_H

#include <linux/types.h>

#include "serve/request.h"

#define CONTROL_CLIENTS_MAX 16
/* A client that neither asks nor reads for so long is sent away. */
#define CONTROL_IDLE_NS 30000000000ULL

/* The answer, one line without its end, is freed by the server. -ENOMEM. */
typedef int (*control_answer_fn)(const struct request *request, char **ret, void *arg);

struct control;

/*
 * Answers at a listening unix socket, which is then the server's: root, who runs this program, and
 * who is in `group` (by its primary or another group, as when it connected). Others get an error
 * and are sent away, as those are beyond CONTROL_CLIENTS_MAX. -errno.
 */
int control_new(int listen_fd, const char *group, control_answer_fn answer, void *arg,
		struct control **ret);
void control_free(struct control *control); /* NULL is fine */

/* Readable when there is something to do for control_take(). */
int control_fd(const struct control *control);
void control_take(struct control *control, __u64 now_ns); /* CLOCK_BOOTTIME */

/* About once a second: sends idle clients away. */
void control_look_after(struct control *control, __u64 now_ns);

#endif
