#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An adversarial server and its clients over bad wires: every response is counted once.
#
# Nothing lost: exact, also where segments come twice. Lost or overtaken behind the gateway: exact, for the
# sensor sees all, and what is sent again. Lost before it: none counted twice, and what is missing has a name.
# Two bad wires and a third of the traffic; with LONG=1 all wires, with segments of all kinds, at each way to
# attach, and ten rows of accidents (ROUNDS). SEED=N begins with another row (SEED=random: any). HARDER=1 adds
# what is not always exact.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/wire.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

# client number | mode | count | paths
WAYS="
10|pipeline|200|/splits/404 /chunked/200 /hostile/500 /lf/403 /none/304
11|pipeline|60|/bytes/404 /none/204 /shreds/503
12|keep|12|/bytes/404 /bytes/200 /bytes/503
13|keep|20|/shreds/404 /shreds/200
14|keep|40|/chunked/404 /lf/500 /splits/200
15|keep|30|/close/404 /splits/401
16|keep|30|/hostile/200 /hostile/404
17|keep|30|/interim/404 /manyfold/200
18|keep|30|/none/204 /none/304 /splits/404
19|keep|30|/splits/404 /switch/101 /tunnel/200
20|head|40|/splits/404 /chunked/200 /bytes/403 /interim/500
21|bytes|10|/hostile/404 /splits/200
22|empty|40|/hostile/404 /shreds/200
23|bursts|120|/splits/404 /hostile/200 /chunked/500 /manyfold/429 /none/304
24|expect|20|/splits/404 /hostile/201
25|old|20|/splits/404 /hostile/200
"
# A HEAD behind other requests is not always found: its line may be cut by a segment's end.
[ "${HARDER:-0}" = 0 ] || WAYS+="26|headlast|120|/splits/404 /hostile/200 /chunked/500 /manyfold/429 /none/304
"

SEED=${SEED:-1}
[ "$SEED" != random ] || SEED=$RANDOM
ROUNDS=${ROUNDS:-10} NUMBER=0 WHAT='' DUMP_PID=''

clients_lines() { # the input of http_client.py
  local n mode count paths
  while IFS='|' read -r n mode count paths; do
    [ -n "$n" ] || continue
    [ "${LONG:-0}" != 0 ] || count=$(((count + 2) / 3))
    printf '10.77.1.%d 10.77.2.2:8080 %s %d %s\n' "$n" "$mode" "$count" "$paths"
    printf 'fd77:1::%d [fd77:2::3]:8080 %s %d %s\n' "$n" "$mode" "$count" "$paths"
  done <<<"$WAYS"
}

traffic() {
  clients_lines | in_ns "$CLIENTS" timeout 60 python3 "$LIB/http_client.py" at-once
}

# segments super | single | merged: sent large, sent one by one, or merged where they come in.
segments() {
  local large=on merge=off end
  [ "$1" = super ] || large=off
  [ "$1" != merged ] || merge=on
  for end in "${LINK_ENDS[@]}"; do
    in_ns "${end% *}" ethtool -K "${end#* }" tso $large gso $large gro $merge || die "ethtool"
  done
}

# Segments of at most that many bytes, and less waiting for what is lost.
routes() { # BYTES
  local how="advmss $1 rto_min 20ms"
  printf 'route change default via %s\n' "10.77.1.1 $how" "fd77:1::1 $how" |
    ip -n "$CLIENTS" -batch - || die "can't change the clients' routes"
  printf 'route change default via %s\n' "10.77.2.1 $how" "fd77:2::1 $how" |
    ip -n "$SERVERS" -batch - || die "can't change the servers' routes"
}

wires_are_good() {
  wire_set 1 0 0 0 "${BEFORE[@]}" "${BEHIND[@]}"
}

# round MODE SEGMENTS BYTES ARG... : traffic through bad wires, then what it came to.
round() {
  local mode=$1
  segments "$2"
  routes "$3"
  server_start
  : >"$SERVER_LOG"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws --attach "$mode"
  capture_start
  check "$WHAT: traffic passes" traffic
  server_stop
  sensor_stop
  capture_stop
  check "$WHAT: counters agree" compare totals
}

# CAPTURE=FOLDER keeps what tcpdump saw in each round, for whoever looks for the reason of a failure.
capture_start() {
  [ -n "${CAPTURE:-}" ] || return 0
  exec_in_ns "$GATEWAY" tcpdump -Z root -U -B 65536 -s 0 -i gws -w "$CAPTURE/$NUMBER.pcap" 2>"$TMP/dump" &
  DUMP_PID=$!
  child $DUMP_PID
  wait_for 10 grep -q "listening on" "$TMP/dump" || die "tcpdump does not start" "$(cat "$TMP/dump")"
}

capture_stop() {
  [ -n "${CAPTURE:-}" ] || return 0
  process_end "$DUMP_PID"
  cp "$SENSOR_OUT" "$CAPTURE/$NUMBER.out"
  cp "$SERVER_LOG" "$CAPTURE/$NUMBER.log"
}

# exact WHAT LOST DUPLICATED HELD SIDE MODE SEGMENTS BYTES
exact() {
  bad_round "$@"
  check "$WHAT: every response once" compare http "$SERVER_LOG"
}

# at_most: the same where segments are lost that the sensor has not seen.
at_most() {
  bad_round "$@"
  check "$WHAT: none twice, and what is missing has a name" compare http --at-most "$SERVER_LOG"
  printf '     %s\n' "$(compare missing "$SERVER_LOG")"
}

bad_round() {
  local what=$1 lost=$2 twice=$3 held=$4 side=$5
  NUMBER=$((NUMBER + 1))
  WHAT="$what ($6, $7 segments of $8)"
  wires_are_good
  case $side in
  before) wire_set "$SEED" "$lost" "$twice" "$held" "${BEFORE[@]}" ;;
  behind) wire_set "$SEED" "$lost" "$twice" "$held" "${BEHIND[@]}" ;;
  esac
  round "$6" "$7" "$8"
}

short() {
  exact "4 % lost behind, some overtaken" 40 10 30 behind xdp single 1448
  exact "overtaken and duplicated" 0 30 30 before tcx merged 1448
}

long() {
  exact "good wires" 0 0 0 none tcx single 1448
  exact "good wires" 0 0 0 none xdp-generic super 1448
  exact "good wires" 0 0 0 none xdp-generic merged 1448
  exact "duplicated" 0 30 0 behind tcx super 540
  exact "duplicated" 0 30 0 behind xdp single 1448
  exact "4 % lost behind" 40 0 0 behind tcx single 540
  exact "4 % lost behind" 40 0 0 behind tcx merged 540
  exact "4 % lost behind, some overtaken" 40 10 30 behind xdp single 1448
  exact "4 % lost behind" 40 0 0 behind xdp-generic super 1448
  exact "duplicated" 0 30 0 before tcx super 540
  exact "overtaken and duplicated" 0 30 30 before tcx super 1448
  exact "overtaken and duplicated" 0 30 30 before xdp single 540
  exact "overtaken and duplicated" 0 30 30 before xdp-generic merged 1448
  at_most "4 % lost before" 40 0 0 before tcx single 1448
  at_most "4 % lost before, some overtaken" 40 10 10 before xdp merged 540
}

require_tools python3 clang tc ethtool
topology_make
require_sensor
flows_stay_on_cpu yes
hold_start "$SEED"
sensor_config "$TMP/sw.yaml" </dev/null
printf 'seed %d\n' "$SEED"
if [ "${LONG:-0}" = 0 ]; then
  short
else
  for ((i = 0; i < ROUNDS; i++)); do
    long
    SEED=$((SEED + 1))
  done
fi
