/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pod has which address, and had it until a moment ago. */
#include "pods/cache.h"
#include "core/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often room is made at most. */
#define CLEAR_NS 10000000000ULL

/* A pod that is known. It lives while it is `here` or an address is its own. */
struct known {
	__u32 next; /* the table's */
	char uid[POD_UID_MAX];
	__u32 holds; /* addresses that name it */
	__u32 round; /* when it was put, see pods_begin() */
	bool used;   /* false: an entry that was removed */
	bool here;
	struct addr addrs[POD_ADDRS_MAX]; /* that it said last; another may have taken them */
	size_t addr_count;
	char *text; /* namespace, name, kind, workload, each with its end */
	size_t text_len;
};

struct holding {
	__u32 next; /* the table's */
	struct addr addr;
	__u32 pod;      /* TABLE_NONE: nobody's */
	bool used;      /* false: an entry that was removed */
	__u64 until_ns; /* 0: no end is known */
};

struct pods {
	struct table known, held;
	__u32 round;
	size_t text_bytes;
	__u64 refused;
	__u64 cleared_ns; /* when room was made for the last time */
};

static struct known *known_at(const struct pods *pods, __u32 i)
{
	return table_at(&pods->known, i);
}

static struct holding *held_at(const struct pods *pods, __u32 i)
{
	return table_at(&pods->held, i);
}

int pods_new(__u64 seed, struct pods **ret)
{
	struct pods *pods = calloc(1, sizeof(*pods));

	if (!pods)
		return -ENOMEM;
	table_init(&pods->known, sizeof(struct known), offsetof(struct known, uid), POD_UID_MAX,
		   PODS_MAX, seed);
	table_init(&pods->held, sizeof(struct holding), offsetof(struct holding, addr),
		   sizeof(struct addr), PODS_MAX, seed);
	*ret = pods;
	return 0;
}

void pods_free(struct pods *pods)
{
	if (!pods)
		return;
	for (__u32 i = 0; i < pods->known.used; i++)
		if (known_at(pods, i)->used)
			free(known_at(pods, i)->text);
	table_clear(&pods->known);
	table_clear(&pods->held);
	free(pods);
}

/* Frees a pod that nothing names any more. */
static void let_go(struct pods *pods, __u32 i)
{
	struct known *known = known_at(pods, i);

	if (known->here || known->holds)
		return;
	pods->text_bytes -= known->text_len;
	free(known->text);
	known->text = NULL;
	known->used = false;
	table_remove(&pods->known, i);
}

static void give(struct pods *pods, struct holding *holding, __u32 pod)
{
	__u32 before = holding->pod;

	holding->pod = pod;
	if (pod != TABLE_NONE)
		known_at(pods, pod)->holds++;
	if (before == TABLE_NONE)
		return;
	known_at(pods, before)->holds--;
	let_go(pods, before);
}

static void drop_holding(struct pods *pods, __u32 i)
{
	struct holding *holding = held_at(pods, i);

	give(pods, holding, TABLE_NONE);
	holding->used = false;
	table_remove(&pods->held, i);
}

static bool is_among(const struct addr *addr, const struct addr *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(addr, &list[i]))
			return true;
	return false;
}

/* What the pod had and has no more is kept a while. */
static void leave(struct pods *pods, __u32 pod, const struct addr *stay, size_t count, __u64 now_ns)
{
	const struct known *known = known_at(pods, pod);

	for (size_t i = 0; i < known->addr_count; i++) {
		__u32 h = table_find(&pods->held, &known->addrs[i]);

		if (h == TABLE_NONE || held_at(pods, h)->pod != pod ||
		    is_among(&known->addrs[i], stay, count))
			continue;
		held_at(pods, h)->until_ns = now_ns + PODS_KEEP_NS;
	}
}

static void end_known(struct pods *pods, __u32 pod, __u64 now_ns)
{
	struct known *known = known_at(pods, pod);

	leave(pods, pod, NULL, 0, now_ns);
	known->addr_count = 0;
	known->here = false;
	let_go(pods, pod);
}

/* "namespace\0name\0kind\0workload\0" */
static int set_text(struct pods *pods, struct known *known, const struct pod *pod)
{
	const char *const words[] = { pod->namespace, pod->name, pod->kind, pod->workload };
	char text[2 * POD_LABEL_MAX + 2 * POD_NAME_MAX], *copy;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t word = strlen(words[i]) + 1;

		memcpy(text + len, words[i], word);
		len += word;
	}
	if (len == known->text_len && !memcmp(text, known->text, len))
		return 0;
	if (pods->text_bytes - known->text_len + len > PODS_TEXT_MAX)
		return -ENOSPC;
	copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	free(known->text);
	pods->text_bytes += len - known->text_len;
	known->text = copy;
	known->text_len = len;
	return 0;
}

/* The entry of that uid, or a new one without text. */
static int find_or_add(struct pods *pods, const char uid[POD_UID_MAX], __u32 *ret)
{
	int err;

	*ret = table_find(&pods->known, uid);
	if (*ret != TABLE_NONE)
		return 0;
	err = table_add(&pods->known, uid, ret);
	if (!err)
		known_at(pods, *ret)->used = true;
	return err;
}

static int hold(struct pods *pods, __u32 pod, const struct addr *addr, bool take, __u64 until_ns)
{
	__u32 i = table_find(&pods->held, addr);
	struct holding *holding;
	int err;

	if (i == TABLE_NONE) {
		err = table_add(&pods->held, addr, &i);
		if (err)
			return err;
		holding = held_at(pods, i);
		holding->used = true;
		holding->pod = TABLE_NONE;
	}
	holding = held_at(pods, i);
	if (holding->pod != pod) {
		/* Somebody's who is here, as far as is known. */
		if (!take && holding->pod != TABLE_NONE && !holding->until_ns)
			return 0;
		give(pods, holding, pod);
	}
	holding->until_ns = until_ns;
	return 0;
}

static int put(struct pods *pods, const struct pod *pod, __u64 until_ns, __u64 now_ns)
{
	struct known *known;
	__u32 i;
	int err = find_or_add(pods, pod->uid, &i);

	if (err)
		return err;
	known = known_at(pods, i);
	err = set_text(pods, known, pod);
	if (err) {
		let_go(pods, i);
		return err;
	}
	if (until_ns && known->here)
		return 0; /* it is known better */
	known->round = pods->round;
	known->here = true; /* so that it outlives what follows */
	leave(pods, i, pod->addrs, pod->addr_count, now_ns);
	for (size_t k = 0; !err && k < pod->addr_count; k++)
		err = hold(pods, i, &pod->addrs[k], pod->state == POD_HERE, until_ns);
	known->addr_count = pod->addr_count;
	memcpy(known->addrs, pod->addrs, sizeof(known->addrs));
	known->here = !until_ns;
	let_go(pods, i);
	return err;
}

int pods_put(struct pods *pods, const struct pod *pod, __u64 until_ns, __u64 now_ns)
{
	int err;

	if (pod->state == POD_OVER) {
		pods_remove(pods, pod->uid, now_ns);
		return 0;
	}
	if (!pod->addr_count && table_find(&pods->known, pod->uid) == TABLE_NONE)
		return 0;
	err = put(pods, pod, until_ns, now_ns);
	if (err == -ENOSPC && now_ns - pods->cleared_ns >= CLEAR_NS) {
		/* What is only kept makes room; to look for it takes a walk through all. */
		pods->cleared_ns = now_ns;
		pods_expire(pods, ~0ULL);
		err = put(pods, pod, until_ns, now_ns);
	}
	if (err)
		pods->refused++;
	return err;
}

void pods_remove(struct pods *pods, const char uid[POD_UID_MAX], __u64 now_ns)
{
	__u32 i = table_find(&pods->known, uid);

	if (i != TABLE_NONE)
		end_known(pods, i, now_ns);
}

void pods_begin(struct pods *pods)
{
	pods->round++;
}

void pods_end(struct pods *pods, __u64 now_ns)
{
	for (__u32 i = 0; i < pods->known.used; i++) {
		const struct known *known = known_at(pods, i);

		if (known->used && known->here && known->round != pods->round)
			end_known(pods, i, now_ns);
	}
}

void pods_put_nobody(struct pods *pods, const struct addr *addr, __u64 until_ns)
{
	__u32 i = table_find(&pods->held, addr);
	struct holding *holding;

	if (i == TABLE_NONE) {
		if (table_add(&pods->held, addr, &i))
			return;
		held_at(pods, i)->used = true;
		held_at(pods, i)->pod = TABLE_NONE;
	}
	holding = held_at(pods, i);
	if (holding->pod == TABLE_NONE)
		holding->until_ns = until_ns;
}

void pods_expire(struct pods *pods, __u64 now_ns)
{
	for (__u32 i = 0; i < pods->held.used; i++) {
		const struct holding *holding = held_at(pods, i);

		if (holding->used && holding->until_ns && holding->until_ns <= now_ns)
			drop_holding(pods, i);
	}
}

bool pods_find(const struct pods *pods, const struct addr *addr, __u64 now_ns, struct addr_pod *ret)
{
	__u32 i = table_find(&pods->held, addr);
	const struct holding *holding;
	const char *text;

	if (i == TABLE_NONE)
		return false;
	holding = held_at(pods, i);
	if (holding->pod == TABLE_NONE || (holding->until_ns && holding->until_ns <= now_ns))
		return false;
	text = known_at(pods, holding->pod)->text;
	ret->namespace = text;
	ret->name = text += strlen(text) + 1;
	text += strlen(text) + 1;
	ret->kind = *text ? text : NULL;
	text += strlen(text) + 1;
	ret->workload = *text ? text : NULL;
	return true;
}

__u64 pods_known_until(const struct pods *pods, const struct addr *addr)
{
	__u32 i = table_find(&pods->held, addr);

	if (i == TABLE_NONE)
		return 0;
	return held_at(pods, i)->until_ns ? held_at(pods, i)->until_ns : ~0ULL;
}

struct pods_counts pods_count(const struct pods *pods)
{
	return (struct pods_counts){
		.pods = pods->known.live,
		.addresses = pods->held.live,
		.refused = pods->refused,
	};
}
