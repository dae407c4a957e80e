# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by guest.sh, as its last: the kernel's settings of a Bottlerocket node. Lockdown has no way back.
echo 1 >/proc/sys/kernel/unprivileged_bpf_disabled
echo 2 >/proc/sys/net/core/bpf_jit_harden
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
if grep -q integrity /sys/kernel/security/lockdown 2>/dev/null; then
  echo integrity >/sys/kernel/security/lockdown
  check "hardened: lockdown" "$(cat /sys/kernel/security/lockdown)" "none [integrity] confidentiality"
else
  skipped=$((skipped + 1))
  echo "skip hardened: this kernel has no lockdown"
fi
check "hardened: settings" "$(cat /proc/sys/kernel/unprivileged_bpf_disabled /proc/sys/net/core/bpf_jit_harden | tr -d '\n')" 12
./spikewatch probe
check "hardened: probe finds all that is needed" $? 0
# Under lockdown 5.10 did not load the modules of tc that it had not loaded before.
case $(uname -r) in
5.10.*)
  skipped=$((skipped + 1))
  echo "skip hardened: counting under 5.10"
  ;;
*) watch auto ;;
esac
