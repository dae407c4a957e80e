#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Pods that come to a node: what they answer in their first second is counted; how soon one is watched, and
# 200 (PODS) that come at once or go, with grace periods of RCU as they are by default (not expedited).
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"
. "$LIB/node.sh"

PODS=${PODS:-200}
MOST_MS=2000 # for all of them, by the clock
EXPEDITED=/sys/kernel/rcu_expedited

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

# Of the host, so for as short as can be.
normal_rcu() {
  EXPEDITED_BEFORE=$(cat $EXPEDITED)
  on_exit rcu_as_before
  echo 0 >$EXPEDITED
}

rcu_as_before() {
  echo "$EXPEDITED_BEFORE" >$EXPEDITED
}

hastened() { # TIMES
  test "$(grep -c "rcu_expedited is 1 while [0-9]* programs" "$SENSOR_ERR")" = "$1"
}

# Enough to be hastened.
some() {
  printf 'link add eni%d type veth peer name peer%d\nlink set eni%d up\n' {0..19}{,,} | ip -n "$NODE1" -batch -
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*' -v
  check "many programs are attached with RCU expedited" hastened 1
  check "only for that time" grep -q 0 $EXPEDITED
  sensor_stop
  check "and detached so" hastened 2
  check "only for that time, too" grep -q 0 $EXPEDITED
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*' -v --attach clsact
  sensor_stop
  check "not by clsact, which does not wait" hastened 0
  printf 'link del eni%d\n' {0..19} | ip -n "$NODE1" -batch -
  rcu_as_before
}

let_go() {
  [ "$(grep -c 'eni[0-9]* is not watched any more' "$SENSOR_ERR")" -ge "$PODS" ]
}

many() {
  local times began
  echo 0 >$EXPEDITED
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
  rcu_as_before
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
if [ -w $EXPEDITED ]; then
  normal_rcu
  some
else
  skip "RCU is expedited for a while ($EXPEDITED can't be written)"
fi
[ -z "${LONG:-}" ] || many
