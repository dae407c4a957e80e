/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ECS lines of all kinds of records have in common. */
#ifndef RECORD_EVENT_H
#define RECORD_EVENT_H

#include <jansson.h>

#include "record/digest.h"

/* event.dataset */
#define DATASET_ALERT  "spikewatch.alert"
#define DATASET_SENSOR "spikewatch.sensor"
#define DATASET_DIGEST "spikewatch.digest"

/* event.id: the same for the same record, whenever it is formed. An alert has its own. */
void event_id_of_sensor(const struct sensor_event *event, char ret[ALERT_ID_LEN + 1]);
void event_id_of_digest(const struct digest *digest, char ret[ALERT_ID_LEN + 1]);

/* Severity 0..10 to the four steps that Elastic's rules use: low, medium, high, critical. */
int event_severity(unsigned int severity);

/* Parts of the root object: time and message; who observed it. As value_put(): not 0 on failure. */
int event_put_head(json_t *root, __u64 wall_ns, const char *message);
int event_put_observer(json_t *root, const struct observer *observer);

/* The root as one line, which the caller frees; takes the root, and what failed before. -ENOMEM. */
int event_print(json_t *root, int err, char **ret);

#endif
