#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The image's root file system with what a pod of deploy/ has, and nothing else: read-only, own PID and mount
# namespaces, the node's network; once privileged, once with the chart's capabilities and no new privileges.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

POD_PID=''

# As the first process of the pod's mount namespace: ROOT STATE CONFIG JOURNAL-FOLDER PRIVILEGED
pod_mounts() {
  local root=$1 device
  mount --bind "$root" "$root" && mount -o remount,ro,bind "$root" || return
  mount -t proc proc "$root/proc" || return
  mount --rbind /sys "$root/sys" && mount --make-rslave "$root/sys" || return
  [ "$5" = all ] || mount -o remount,ro,bind "$root/sys" || return
  mount -t bpf bpf "$root/sys/fs/bpf" || return
  mount -t tmpfs -o mode=755 tmpfs "$root/dev" || return
  for device in null zero full random urandom; do
    touch "$root/dev/$device" && mount --bind /dev/$device "$root/dev/$device" || return
  done
  mount --bind "$2" "$root/var/lib/spikewatch" || return
  mount -t tmpfs tmpfs "$root/run/spikewatch" || return
  mount --bind "$3" "$root/etc/spikewatch" && mount -o remount,ro,bind "$root/etc/spikewatch" || return
  mount --bind "$4" "$root/run/systemd/journal" && mount -o remount,ro,bind "$root/run/systemd/journal"
}

# pod_start CAPABILITIES: as the node's container runtime; ends the scenario where it does not get ready.
pod_start() {
  SENSOR_OUT=$TMP/sensor.out SENSOR_ERR=$TMP/sensor.err
  : >"$SENSOR_OUT"
  export -f pod_mounts
  exec_in_ns "$GATEWAY" unshare -m -p -f --kill-child --propagation private bash -c \
    'pod_mounts "$1" "$2" "$3" "$4" "$5" && exec python3 "$6/pod.py" "$1" "$5" PATH=/usr/bin \
      SQLITE_TMPDIR=/var/lib/spikewatch NODE_NAME=node-7 HOST_IP=10.77.1.1 /usr/bin/spikewatch run' \
    - "$TMP/root" "$TMP/state" "$TMP/etc" "$TMP/journal" "$1" "$LIB" >"$SENSOR_OUT" 2>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
  wait_for 30 sensor_ready && ! process_gone $SENSOR_PID || die "$1: it does not start" "$(cat "$SENSOR_ERR" "$SENSOR_OUT")"
  POD_PID=$(pgrep -P $SENSOR_PID)
}

# kubectl exec
pod_exec() {
  nsenter -t "$POD_PID" -m -p -n -r -w -- /usr/bin/spikewatch "$@"
}

health() { # PATH
  in_ns "$GATEWAY" curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:9435/$1"
}

health_is() { # PATH CODE
  [ "$(health "$1")" = "$2" ]
}

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

in_journal() { # WORDS...: one entry has them all
  local entries word
  entries=$(cat "$TMP/told")
  for word; do entries=$(grep -F -- "$word" <<<"$entries") || return; done
}

of_status() { # KEY
  sed -n "s/^$1:\t*//p" "/proc/$POD_PID/status"
}

pod_config() {
  cat >"$TMP/etc/spikewatch.yaml" <<'YAML'
interfaces: ["gw*"]
stdout: json
rules:
  denies: {title: Denies, feed: drop, match: {class: firewall}, group_by: source, threshold: {count: 30, window: 5m}}
YAML
}

journal_start() {
  python3 "$LIB/notify.py" "$TMP/journal/socket" >"$TMP/told" &
  child $!
  wait_for 10 grep -q listens "$TMP/told" || die "no stand-in for journald"
}

root_make() {
  [ "$(id -u)" = 0 ] || { skip "needs root"; exit 0; }
  mkdir "$TMP"/{state,etc,journal}
  check "the root is assembled" "$ROOT/deploy/image/rootfs.sh" "$SPIKEWATCH" "$TMP/root"
}

firewall_make() {
  { printf 'add table inet t\nadd chain inet t forward { type filter hook forward priority 0; }\n'
    deny_rule "inet t forward" drop udp 4 7103; } >"$TMP/rules"
  firewall_replace "$GATEWAY" "$TMP/rules"
}

pod_test() { # PROFILE CAPABILITIES
  local before=$failed
  : >"$TMP/told"
  rm -rf "$TMP"/state/*
  firewall_make
  pod_start "$2"
  check "$1: live" wait_for 10 health_is healthz 200
  check "$1: ready" wait_for 10 health_is readyz 200
  check_equal "$1: capabilities are given up" "$(of_status CapEff)" 0000008000001000
  check_equal "$1: a filter of system calls" "$(of_status Seccomp)" 2
  http_get 3 10.77.2.2:80 keep 400 /e/404 >"$TMP/http" || fail "$1: HTTP" "$(cat "$TMP/http")"
  knock "$CLIENTS" -b 10.77.1.9 -n 40 udp:10.77.2.2:7103
  check "$1: HTTP errors alert on stdout" wait_for 10 records has event.action=open source.ip=10.77.1.3 \
    rule.id=http-error-spike-internal
  check "$1: and in journald's socket" wait_for 10 in_journal SPIKEWATCH_ACTION=open SPIKEWATCH_SOURCE_IP=10.77.1.3
  check "$1: denies alert on stdout" wait_for 10 records has event.action=open rule.id=denies
  check "$1: and in journald's socket" wait_for 10 in_journal SPIKEWATCH_ACTION=open SPIKEWATCH_RULE=denies
  check "$1: status" pod_exec status
  check_match "$1: probe" "$(pod_exec probe 2>&1)" '^programs  *loaded'
  check_equal "$1: denied, as nft counts" "$(pod_exec status --json | jq -r '.. | .firewall? // empty' | head -n 1)" \
    "$(firewall_packets "$GATEWAY")"
  kill -TERM "$POD_PID"
  wait_for 20 process_gone "$SENSOR_PID" || die "$1: it does not stop" "$(cat "$SENSOR_ERR")"
  wait "$SENSOR_PID"
  check_equal "$1: SIGTERM ends it well" $? 0
  check "$1: the state is kept" test -s "$TMP/state/spikewatch.db"
  check_equal "$1: nothing was refused" "$(grep -ciE "read-only|not permitted|refused|can't be read" "$SENSOR_ERR")" 0
  [ $failed -eq "$before" ] || cat "$SENSOR_ERR"
}

topology_make
require_tools curl jq nft setpriv
require_sensor
root_make
pod_config
journal_start
nginx_start
pod_test privileged all
pod_test capabilities bpf,net_admin,perfmon,syslog
