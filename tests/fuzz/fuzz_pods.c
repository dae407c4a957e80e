/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as what an API server or a kubelet answers, in pieces: the first byte says how. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pods/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct pods *pods, const char *text, __u64 now_ns)
{
	struct addr addr = {};
	struct addr_pod pod;

	addr_parse(text, &addr);
	if (!pods_find(pods, &addr, now_ns, &pod))
		return;
	if (!pod_name_is_good(pod.namespace) || !pod_name_is_good(pod.name) ||
	    !pod.kind != !pod.workload || (pod.workload && !pod_name_is_good(pod.workload)))
		abort();
}

static void read_all(struct reader *reader, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t i = 0; i < size; i += piece)
		if (!reader_take(reader, (const char *)data + i,
				 piece < size - i ? piece : size - i, 1))
			break;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader whole, pieces;
	struct pods *pods, *again;
	enum reader_form form;
	bool good;

	if (!size || pods_new(1, &pods) || pods_new(1, &again))
		return 0;
	form = data[0] & 1 ? READER_WATCH : READER_LIST;
	reader_begin(&whole, form, pods, 0, ~0ULL);
	reader_begin(&pieces, form, again, 0, ~0ULL);
	read_all(&whole, data + 1, size - 1, size);
	read_all(&pieces, data + 1, size - 1, (data[0] >> 1) + 1);
	good = reader_finish(&whole);
	/* However it is cut, it says the same. */
	if (good != reader_finish(&pieces) || strcmp(whole.trouble, pieces.trouble) != 0 ||
	    whole.told != pieces.told || whole.odd != pieces.odd ||
	    strcmp(whole.version, pieces.version) != 0 ||
	    pods_count(pods).pods != pods_count(again).pods)
		abort();
	look_at(pods, "10.0.0.1", 1);
	look_at(pods, "2001:db8::1", 1);
	pods_begin(pods);
	pods_end(pods, 2);
	look_at(pods, "10.0.0.1", 2);
	pods_expire(pods, ~0ULL);
	if (pods_count(pods).pods || pods_count(pods).addresses)
		abort();
	reader_clear(&whole);
	reader_clear(&pieces);
	pods_free(pods);
	pods_free(again);
	return 0;
}
