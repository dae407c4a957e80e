/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that were written, from the store: for `history`, of the sensor or of its file. */
#ifndef SENSOR_RECORDS_H
#define SENSOR_RECORDS_H

#include "serve/request.h"

#define RECORDS_BYTES_MAX (8U << 20) /* of an answer; the oldest are left out first */

/*
 * The newest records that are asked for, as {"records":[...],"left_out":N}: each is its ECS line's
 * object, the oldest first. It reads the file beside whoever writes to it. Where that fails *ret is
 * {"error":"..."}. The caller frees *ret. -ENOMEM.
 */
int records_answer(const char *path, const struct request *request, char **ret);

#endif
