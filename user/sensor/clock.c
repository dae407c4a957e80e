/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is. */
#include <time.h>

#include "sensor/clock.h"

#define NS_PER_S 1000000000ULL

__u64 clock_now_ns(int clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

__s32 clock_zone_s(__u64 wall_ns)
{
	time_t now = (time_t)(wall_ns / NS_PER_S);
	struct tm local;

	return localtime_r(&now, &local) ? (__s32)local.tm_gmtoff : 0;
}
