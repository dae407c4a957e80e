#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sensor as the manifest runs it: its ConfigMap, its mounts, a read-only root, the capabilities profile.
# Alerts reach the node's journal over restarts of journald, and each record is one line of output.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/journald.sh"
own_host "$@"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"
. "$LIB/pod.sh"

opened() { journal SPIKEWATCH_ACTION=open | jq -r .SPIKEWATCH_EVENT_ID | sort -u; }
has_opened() { [ "$(opened | wc -l)" -ge "$1" ]; }
alerts_for() { # PORT...
  local port
  for port; do knock "$CLIENTS" -n 12 "udp:10.77.2.2:$port"; done
}
fetch() { in_ns "$GATEWAY" curl -sS -m 5 "http://127.0.0.1:9435$1"; }
is_ready() { [ "$(fetch /readyz)" = ok ]; }

start_test() {
  sensor_spawn "$GATEWAY"
  wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
  process_gone "$SENSOR_PID" && die "spikewatch ended at start" "$(cat "$SENSOR_ERR")"
  check "ready" wait_for 10 is_ready
  check_equal "the probe of liveness" "$(fetch /healthz)" ok
  check_equal "the root is read-only" \
    "$(nsenter -t "$SENSOR_PID" -m -r -- /bin/sh -c 'touch /x /etc/x /run/systemd/journal/x /etc/spikewatch/x 2>&1; true' | grep -c 'Read-only')" 4
  check_match "status by kubectl exec" "$(pod_exec status 2>&1)" 'firewall-deny-spike'
  check_match "probe by kubectl exec" "$(pod_exec probe 2>&1)" '^programs +loaded and unloaded'
  check_match "nothing is blind" "$(pod_exec status --json | jq -c .conditions)" '^\[\]$'
}

journal_test() {
  alerts_for 7001 7002
  check "alerts are in the node's journal" wait_for 10 has_opened 2
  journald_stop
  alerts_for 7003
  check_equal "without journald: alive" "$(fetch /healthz)" ok
  check_equal "without journald: ready" "$(fetch /readyz)" ok
  journald_start
  check "a new socket in the same folder is found" wait_for 15 has_opened 3
  alerts_for 7004
  check "and used from then on" wait_for 10 has_opened 4
}

# What the folder is mounted for: a mount of the socket alone stays with the old one.
file_mount_test() {
  local asked=$OWN/asked
  unshare -m --propagation private bash -c "touch $OWN/old && mount --bind $JOURNAL_SOCKET $OWN/old && echo mounted &&
    read -r && python3 -c 'import socket
try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b\"MESSAGE=x\", \"$OWN/old\"); print(\"sent\")
except ConnectionRefusedError: print(\"refused\")'" < <(while [ ! -e "$asked" ]; do sleep 0.05; done; echo) >"$OWN/said" &
  wait_for 5 grep -q mounted "$OWN/said" || die "no mount of the socket"
  journald_stop
  journald_start
  touch "$asked"
  wait_for 5 grep -qE 'sent|refused' "$OWN/said"
  check_equal "a mount of the socket alone would be stale" "$(tail -n 1 "$OWN/said")" refused
}

# Of each record one line, whole, and the same as in the journal.
lines_test() {
  sensor_stop
  check_equal "exit code" "$SENSOR_RC" 0
  check_equal "nothing but records on standard output" "$(grep -vc '^{"@timestamp".*}$' "$SENSOR_OUT")" 0
  check_equal "each line is one JSON object" \
    "$(jq -c . "$SENSOR_OUT" | wc -l)" "$(wc -l <"$SENSOR_OUT")"
  check_equal "the journal has the same records, and each line is another" \
    "$(journal | jq -c '.ECS | fromjson' | sort -u | md5sum)" "$(jq -c . "$SENSOR_OUT" | sort | md5sum)"
  check_equal "the log is on standard error" "$(grep -c . "$SENSOR_ERR" | sed 's/^[1-9].*/some/')" some
  check_equal "nothing was refused" "$(grep -ci 'not permitted\|read-only' "$SENSOR_ERR")" 0
}

# What the collectors' configurations name is there.
collect_test() {
  local id
  id=$(opened | head -n 1)
  grep -F "\"id\":\"$id\"" "$SENSOR_OUT" >"$OWN/record"
  journal SPIKEWATCH_EVENT_ID="$id" >"$OWN/entry"
  check "collectors: every field that they name" python3 "$LIB/collect.py" "$OWN/record" "$OWN/entry" "$ROOT"/deploy/collect/*.yaml
}

topology_make
require_tools nft jq curl setpriv
require_sensor
python3 -c 'import yaml' 2>/dev/null || { skip "needs python3-yaml"; exit 0; }
firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7000-7999 drop'
in_ns "$GATEWAY" ip link set lo up
journald_start
{
  manifest_config
  cat <<'END'
rules:
  denies: {title: denies, feed: drop, match: {class: [firewall]}, group_by: [port], threshold: {count: 10, window: 5s}, tags: [T1046]}
END
} >"$OWN/sw.yaml"
pod_make "$OWN/sw.yaml"
start_test
journal_test
file_mount_test
lines_test
collect_test
