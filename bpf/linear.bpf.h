/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads XDP packets by direct access, for kernels without bpf_xdp_load_bytes (before 5.18). */
#ifndef BPF_LINEAR_H
#define BPF_LINEAR_H

#include "asked.bpf.h"

/* Copies n bytes at off of the linear part to `to`, which has room for `max` (a multiple of 32). */
static __always_inline int copy_linear(struct xdp_md *xdp, __u32 off, __u8 *to, __u32 n, __u32 max)
{
	const __u8 *from, *end = (void *)(long)xdp->data_end;
	__u32 i = 0;

	if (off > 0x3fff)
		return -1;
	from = (const __u8 *)(long)xdp->data + off;
	for (; i + 32 <= max && i + 32 <= n; i += 32) {
		if (from + i + 32 > end)
			return -1;
		for (int k = 0; k < 32; k += 8)
			*(__u64 *)(to + i + k) = *(const __u64 *)(from + i + k);
	}
	for (int k = 0; k < 3 && i + 8 <= n && i + 8 <= max; k++, i += 8) {
		if (from + i + 8 > end)
			return -1;
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
	}
	for (int k = 0; k < 7 && i < n && i < max; k++, i++) {
		if (from + i + 1 > end)
			return -1;
		to[i] = from[i];
	}
	return 0;
}

__noinline int copy_window(struct xdp_md *xdp, __u32 off, __u32 n)
{
	struct scratch *s = scratch_get();

	return s ? copy_linear(xdp, off, s->run.window, n, HTTP1_WINDOW) : -1;
}

__noinline int copy_headers(struct xdp_md *xdp, __u32 n)
{
	struct scratch *s = scratch_get();

	return s ? copy_linear(xdp, 0, s->headers, n, PARSE_WINDOW) : -1;
}

static __always_inline int load_xdp(struct xdp_md *xdp, struct scratch *s, __u32 off, __u32 n)
{
	return copy_window(xdp, off, n);
}

static __always_inline int keep_xdp(struct xdp_md *xdp, __u32 off, __u8 *to, __u32 n)
{
	return copy_linear(xdp, off, to, n, HOLD_PIECE);
}

#endif
