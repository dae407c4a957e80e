#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Pods that come to a node: what they answer in their first second is counted; how soon one is watched, and
# 200 (PODS) that come at once or go.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"
. "$LIB/node.sh"

PODS=${PODS:-200}
MOST_MS=2000 # for all of them, by the clock

# A pod whose server runs before the network is there, as a container's does at the latest a moment later.
# Asked at once by the node itself (the kubelet), by a pod here, and from outside.
first_second() { # HOST
  pod_plug "$NODE1" "$1"
  ask "$NODE1" <<<"1.2 $1:80 fresh"
  ask "$(pod_ns 11.2)" <<<"11.2 $1:80 fresh"
  ask "$OUTSIDE" <<<"9.2 $1:80 fresh"
}

milliseconds() { # since NANOSECONDS
  echo $((($(date +%s%N) - $1) / 1000000))
}

let_go() {
  [ "$(grep -c 'eni[0-9]* is not watched any more' "$SENSOR_ERR")" -ge "$PODS" ]
}

many() {
  local times began
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*'
  times=$(in_ns "$NODE1" timeout 100 python3 "$LIB/attach_time.py" "$PODS") || fail "$PODS pods are watched" "$times"
  check "$PODS pods at once, and one at a time, in ms: $times" jq -e ".all < $MOST_MS and .one < 100" <<<"$times"
  began=$(date +%s%N)
  sensor_stop
  times=$(milliseconds "$began")
  check "all are detached at the end: $times ms" test "$times" -lt $MOST_MS
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*'
  printf 'link del eni%d\n' $(seq 0 $((PODS - 1))) | ip -n "$NODE1" -batch -
  began=$(date +%s%N)
  wait_for 20 let_go || fail "pods that go are let go"
  times=$(milliseconds "$began")
  check "pods that went are let go: $times ms" test "$times" -lt $MOST_MS
  sensor_stop
}

cluster_make
require_tools jq
require_sensor
in_ns "$NODE1" python3 "$LIB/bpf_query.py" eth0 >/dev/null || {
  skip "pods that come (needs tcx, Linux 6.6)"
  exit 0
}
sensor_config "$TMP/sw.yaml" </dev/null
for host in 11.{10..13}; do
  ns_make "$(pod_ns $host)"
  nginx_start "$(pod_ns $host)"
done
logs_clear
sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*' -i eth0
for host in 11.{10..13}; do first_second $host; done
logs_complete
sensor_stop
check "new pods: each response, from the first on" compare http "$TRUE_LOG"
[ -z "${LONG:-}" ] || many
