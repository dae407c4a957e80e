# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A Debian in a folder, started with its systemd as PID 1 of namespaces of its own, which end with it.
# Needs base.sh. CHROOT is the folder; BOOT_PID systemd, as it is seen from here.

BOOT_PID=

# Runs as the first process in there: what systemd(1) asks of a container's manager.
boot_mounts() {
  local root=$1 device
  mount --make-rprivate / && mount --bind "$root" "$root" && cd "$root" || return
  mount -t proc proc proc && mount --bind proc/sys proc/sys && mount -o remount,ro,bind proc/sys || return
  mount -t sysfs sysfs sys && mount -t bpf bpf sys/fs/bpf || return
  mount -t tmpfs -o mode=755 tmpfs run && mount -t tmpfs -o mode=755 tmpfs dev || return
  for device in null zero full random urandom tty; do
    touch dev/$device && mount --bind /dev/$device dev/$device || return
  done
  mkdir dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts || return
  mount -t tmpfs tmpfs dev/shm && ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd || return
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup && mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified &&
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd &&
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
}

# boot LOG: returns when systemd can be asked.
boot() {
  local first
  export -f boot_mounts
  unshare -m -p -f -C -n -u --kill-child bash -c 'boot_mounts "$1" &&
    exec env -i container=other PATH="$PATH" chroot "$1" /lib/systemd/systemd --log-target=console --show-status=no' \
    - "$CHROOT" >"$1" 2>&1 &
  first=$!
  child $first
  wait_for 5 pgrep -P $first || die "no namespaces for a system of its own" "$(cat "$1")"
  BOOT_PID=$(pgrep -P $first)
  wait_for 30 in_boot systemctl list-jobs || die "systemd does not start" "$(tail -n 5 "$1")"
}

# in_boot COMMAND...: inside.
in_boot() {
  nsenter -t "$BOOT_PID" -m -p -n -C -u --root="/proc/$BOOT_PID/root" --wd="/proc/$BOOT_PID/root" -- "$@"
}

boot_end() {
  kill -KILL "$BOOT_PID"
  wait_for 10 process_gone "$BOOT_PID"
}
