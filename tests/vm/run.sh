#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/vm/guest.sh under each of the kernels (KERNELS, default 5.10 6.1 6.12), in QEMU without KVM. The
# kernels come from Debian's archives into a cache: one that can't be had is a loud skip. ARCH=arm64 takes the
# static program of that architecture, the kernels named (default 6.1), and what is most of all to be known.
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
arch=amd64 program=build/spikewatch more=(-p bash -p bpftool -f build/tests/vm/deny.o)
if [ "${ARCH:-}" = arm64 ]; then
  arch=arm64 program=build/arm64/static/spikewatch more=(-e CORE=1)
  KERNELS=${KERNELS:-6.1}
fi
[ -x $program ] || { echo "FAIL $program is missing"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
# A neighbour's program, of which CORE knows nothing.
mkdir -p build/tests/vm
clang -target bpf -O2 -g -I"/usr/include/$(gcc -dumpmachine)" -c tests/e2e/deny.bpf.c -o build/tests/vm/deny.o ||
  { echo "FAIL deny.bpf.c does not compile"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }

guest() { # KERNEL
  tests/vm/kernel-matrix.sh -a $arch "${more[@]}" -t 1800 -p iproute2 -p nftables -p iptables -p wireguard-tools \
    -f $program -f tests/vm/links.sh -f tests/vm/denies.sh -f tests/vm/neighbours.sh -f tests/vm/hardened.sh "$1" -- tests/vm/guest.sh 2>&1 | tee "$out"
  return "${PIPESTATUS[0]}"
}

for kernel in ${KERNELS:-5.10 6.1 6.12}; do
  printf '== kernel %s\n' "$kernel"
  guest "$kernel"
  rc=$?
  # Emulated CPUs trip over a kernel that patches itself (int3), now and then while it boots.
  if [ $rc -eq 125 ] && grep -aq 'kernel panic\|Kernel panic' "$out" && ! grep -aq '^ok ' "$out"; then
    echo "kernel $kernel died before the test began: once more"
    guest "$kernel"
    rc=$?
  fi
  last=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$out" | tr -d '\r' | tail -n 1)
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  elif grep -aq "no .* kernel $kernel" "$out"; then
    skipped=$((skipped + 1))
    echo "skip kernel $kernel: its package can't be had any more"
  else
    failed=$((failed + 1))
    echo "FAIL kernel $kernel: no result (exit $rc)"
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
