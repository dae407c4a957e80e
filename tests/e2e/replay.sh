#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What tcpdump captures while the sensor runs, replayed, gives the same counts as the sensor and the logs.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

DUMPS=()

# dump INTERFACE FILE ARG...: returns when tcpdump captures.
dump() {
  local interface=$1 file=$2
  shift 2
  exec_in_ns "$GATEWAY" tcpdump -Z root -U -B 65536 -s 0 -i "$interface" "$@" -w "$file" 2>"$file.err" &
  DUMPS+=($!)
  child $!
  wait_for 10 grep -q "listening on" "$file.err" || die "tcpdump does not start" "$(cat "$file.err")"
}

# A packet behind all others: once it is in the capture, so are they.
holds_marker() { # FILE
  in_ns "$CLIENTS" ping -q -c1 -W1 -s 1111 10.77.2.2 >/dev/null
  tcpdump -r "$1" -c1 'icmp[icmptype] == icmp-echo and ip[2:2] == 1139' 2>/dev/null | grep -q .
}

dump_end() { # FILE
  wait_for 20 holds_marker "$1" || die "tcpdump misses packets" "$(cat "$1.err")"
}

traffic() {
  local to
  for to in 10.77.2.2 '[fd77:2::2]'; do
    http_get 10 "$to:80" keep 60 /ok /e/404 /e/500 /moved &&
      http_get 11 "$to:80" pipeline 60 /ok /e/404 /page.txt &&
      http_get 12 "$to:80" keep 4 /big.bin /e/403 &&
      http_get 13 "$to:80" keep 20 /gzip/page.txt /ssi/page.html /e/404 &&
      http_get 14 "$to:8080" keep 20 /bytes/404 /close/200 /hostile/500 /chunked/404 ||
      return
  done
}

keys() {
  jq -c 'select(.client)' "$1" | sort
}

# What the capture's link type is called in the log of tcpdump, and the counts.
replayed() { # WHAT FILE
  check_match "$1: tcpdump lost nothing" "$(cat "$2.err")" "^0 packets dropped by kernel"
  check "$1: replay" sh -c '"$1" replay -c "$2" --json --counts "$3" >"$3.out"' - "$SPIKEWATCH" "$TMP/sw.yaml" "$2"
  check_equal "$1: the keys and counts of the sensor" "$(keys "$2.out")" "$(keys "$SENSOR_OUT")"
  check "$1: the logs' counts" python3 "$LIB/compare.py" http "$2.out" "$NGINX_LOG" "$SERVER_LOG"
  check "$1: counters agree" python3 "$LIB/compare.py" totals "$2.out"
}

require_tools python3 tcpdump jq
topology_make
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null
nginx_start
server_start
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gws
dump gws "$TMP/ethernet.pcap"
dump any "$TMP/cooked.pcap" -y LINUX_SLL2
check "traffic passes" traffic
nginx_stop
server_stop
sensor_stop
for capture in ethernet cooked; do dump_end "$TMP/$capture.pcap"; done
for pid in "${DUMPS[@]}"; do
  kill -INT "$pid"
  wait_for 10 process_gone "$pid" || fail "tcpdump does not stop"
done
check "the sensor counts what is in the logs" compare http "$NGINX_LOG" "$SERVER_LOG"
replayed "one interface, Ethernet" "$TMP/ethernet.pcap"
replayed "all interfaces, cooked" "$TMP/cooked.pcap"
