/* SPDX-License-Identifier: GPL-2.0-only */
/* A baseline as bytes, and back: what comes back is checked. */
#include "anomaly/state.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC   0x53574231U /* also tells a machine of the other byte order */
#define VERSION 5

/* A fuzzer would otherwise never get past it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define HASH_MATTERS false
#else
#define HASH_MATTERS true
#endif

struct saved {
	__u32 magic;
	__u32 version;
	__u64 hash; /* of what follows */
	struct anomaly anomaly;
};

_Static_assert(sizeof(struct saved) <= ANOMALY_SAVE_MAX, "a baseline must stay small");
_Static_assert(sizeof(struct model) ==
		       sizeof(struct season) + sizeof(struct model_forecast) * MODEL_FORECASTS +
			       6 * sizeof(double) + sizeof(float) * (MODEL_EXPERTS + 1),
	       "no padding is stored");

/* FNV-1a, 64 bits: finds damage, not malice. */
static __u64 hash(const void *data, size_t size)
{
	const unsigned char *byte = data;
	__u64 sum = 0xcbf29ce484222325ULL;

	while (size--)
		sum = (sum ^ *byte++) * 0x100000001b3ULL;
	return sum;
}

int anomaly_save(const struct anomaly *anomaly, void *buf, size_t size, size_t *len)
{
	struct saved saved = { .magic = MAGIC, .version = VERSION };

	if (size < sizeof(saved))
		return -ENOSPC;
	saved.anomaly = *anomaly;
	saved.hash = hash(&saved.anomaly, sizeof(saved.anomaly));
	memcpy(buf, &saved, sizeof(saved));
	*len = sizeof(saved);
	return 0;
}

int anomaly_load(const struct anomaly_cfg *cfg, const void *buf, size_t len, struct anomaly **ret)
{
	struct saved saved;
	struct anomaly *anomaly;
	int err;

	if (len != sizeof(saved))
		return -EINVAL;
	memcpy(&saved, buf, sizeof(saved));
	if (saved.magic != MAGIC || saved.version != VERSION ||
	    (HASH_MATTERS && saved.hash != hash(&saved.anomaly, sizeof(saved.anomaly))) ||
	    saved.anomaly.bucket_s != cfg->bucket_s || !anomaly_is_sane(&saved.anomaly))
		return -EINVAL;
	err = anomaly_new(cfg, &anomaly);
	if (err)
		return err;
	*anomaly = saved.anomaly;
	*ret = anomaly;
	return 0;
}
