# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A host of one's own with a real systemd-journald: mount, PID and network namespaces that end with
# their first process, so mounts, processes (stopped ones too) and files go with it.
# Needs check.sh. Call own_host first: it runs the scenario again, inside.

# shellcheck disable=SC2034 # for those who source this
JOURNALD=/lib/systemd/systemd-journald JOURNAL_SOCKET=/run/systemd/journal/socket JOURNALD_PID=
OWN=/run/test # files of the scenario; nothing else is in this /run

# own_host "$@": returns inside only.
own_host() {
  [ "${OWN_HOST:-}" != inside ] || {
    own_host_make
    return
  }
  local pid rc
  [ "$(id -u)" = 0 ] || { skip "needs root"; exit 0; }
  [ -x $JOURNALD ] || { skip "needs $JOURNALD (package systemd)"; exit 0; }
  unshare -m -p -n -f true 2>/dev/null || { skip "no namespaces here"; exit 0; }
  # The sum is the inner run's; unshare ignores INT and TERM while it waits, and its death ends all.
  trap - EXIT
  OWN_HOST=inside unshare -m --propagation private -p -f --kill-child --mount-proc -n bash "$0" "$@" &
  pid=$!
  trap 'kill -KILL $pid; exit 1' INT TERM HUP
  wait $pid
  rc=$?
  exit $rc
}

own_host_make() {
  mount -t tmpfs -o mode=755 tmpfs /run || die "no tmpfs on /run"
  mkdir -p $OWN /run/systemd/journald.conf.d /run/log/journal /run/netns
  # The catalogue's database is in /var/lib; with /var/log empty nothing goes to disk.
  mount -t tmpfs tmpfs /var/lib || die "no tmpfs on /var/lib"
  mount -t tmpfs tmpfs /var/log || die "no tmpfs on /var/log"
  cp -a /etc $OWN/etc || die "no copy of /etc"
  mount --bind $OWN/etc /etc || die "no own /etc"
  mount -t bpf bpf /sys/fs/bpf || die "no own bpffs"
  rm -rf /etc/machine-id /etc/systemd/journald.conf.d
  echo 0123456789abcdef0123456789abcdef >/etc/machine-id
  # Audit= unset leaves the kernel's auditing alone.
  cat >/etc/systemd/journald.conf <<END
[Journal]
Storage=volatile
RateLimitIntervalSec=0
ReadKMsg=no
Audit=
ForwardToSyslog=no
ForwardToWall=no
END
}

journald_start() {
  rm -f $JOURNAL_SOCKET
  SYSTEMD_LOG_TARGET=console $JOURNALD >>$OWN/journald.log 2>&1 &
  JOURNALD_PID=$!
  wait_for 10 test -S $JOURNAL_SOCKET || die "journald does not start" "$(tail -n 3 $OWN/journald.log)"
}

journald_stop() {
  kill $JOURNALD_PID && wait $JOURNALD_PID
}

# journal [MATCH...]: entries of spikewatch as JSON lines, all that journald had got before the call.
journal() {
  timeout 10 journalctl --sync 2>>$OWN/journald.log || return
  journalctl -q -D /run/log/journal --all -o json SYSLOG_IDENTIFIER=spikewatch "$@"
}
