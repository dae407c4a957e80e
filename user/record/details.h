/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of an alert's record that is our own: everything under "spikewatch". */
#ifndef RECORD_DETAILS_H
#define RECORD_DETAILS_H

#include <jansson.h>

#include "record/record.h"

/* A new object, owned by the caller; NULL where memory is short. */
json_t *details_new(const struct observer *observer, const struct alert *alert);

#endif
