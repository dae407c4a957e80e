/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for libbpf's header where the BPF programs are compiled for the host: tests/bpf/host.c.
 */
#ifndef TESTS_BPF_HOST_HELPERS_H
#define TESTS_BPF_HOST_HELPERS_H

#define SEC(name)
#define __noinline __attribute__((noinline))
#define __ksym
#define __weak          __attribute__((weak))
#define __always_inline inline __attribute__((always_inline))

#define __uint(name, val)  int(*name)[val]
#define __type(name, val)  __typeof__(val) *name
#define __array(name, val) __typeof__(val) *name[]

/* libbpf exports system calls of the same names. */
#define bpf_map_lookup_elem host_map_lookup_elem
#define bpf_map_update_elem host_map_update_elem
#define bpf_map_delete_elem host_map_delete_elem

void *bpf_map_lookup_elem(void *map, const void *key);
long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
long bpf_map_delete_elem(void *map, const void *key);
long bpf_skb_load_bytes(const void *skb, __u32 offset, void *to, __u32 len);
long bpf_probe_read_kernel(void *to, __u32 len, const void *from);
long bpf_probe_read_kernel_str(void *to, __u32 len, const void *from);
__u32 bpf_get_smp_processor_id(void);
__u64 bpf_ktime_get_boot_ns(void);
__u32 bpf_get_prandom_u32(void);
long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags);
__u64 bpf_xdp_get_buff_len(const void *xdp);
long bpf_xdp_load_bytes(const void *xdp, __u32 offset, void *to, __u32 len);

void bpf_spin_lock(struct bpf_spin_lock *lock);
void bpf_spin_unlock(struct bpf_spin_lock *lock);

#endif
