/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is: those who read it hand it to all others. */
#ifndef SENSOR_CLOCK_H
#define SENSOR_CLOCK_H

#include <linux/types.h>

/* clock: CLOCK_*. */
__u64 clock_now_ns(int clock);

/* This host's local time minus UTC, at that moment: seconds. */
__s32 clock_zone_s(__u64 wall_ns);

#endif
