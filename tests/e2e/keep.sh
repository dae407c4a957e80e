#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# keep_attached: programs and counts outlive the process; detach takes all away.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

# One path for the whole machine: this scenario has a bpffs of its own.
if [ -z "${OWN_BPFFS:-}" ]; then
  OWN_BPFFS=1 exec unshare -m --propagation private "$0" "$@"
fi

PINS=/sys/fs/bpf/spikewatch

programs() { in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc 2>/dev/null; }
programs_are() { [ "$(programs)" = "$1" ]; }
pins() { find "$PINS" -type f 2>/dev/null | wc -l; }

traffic() { # 60 errors, 60 denies
  http_get 10 10.77.2.2:80 keep 60 /e/404 >/dev/null &&
    knock "$CLIENTS" -n 60 udp:10.77.2.2:7103
}

# Errors on connections of their own, and denies, until it is told to stop.
steady() {
  : >"$TMP/steady"
  (while [ -e "$TMP/steady" ]; do http_get 11 10.77.2.2:80 keep 20 /e/404 >/dev/null; done) &
  steady_http=$!
  child $steady_http
  (while [ -e "$TMP/steady" ]; do knock "$CLIENTS" -r 200 -n 20 udp:10.77.2.2:7103; done) &
  steady_denies=$!
  child $steady_denies
}

steady_ends() {
  rm "$TMP/steady"
  wait "$steady_http" "$steady_denies"
}

# What two runs counted together, as one would have.
totals_of() { # FILE COUNTER
  tail -n 1 "$1" | sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p"
}

start() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws "$@"
}

rules() {
  in_ns "$GATEWAY" nft delete table inet t 2>/dev/null
  firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7103 counter drop'
}

denied() {
  in_ns "$GATEWAY" nft -j list table inet t |
    jq '[.nftables[] | .rule?.expr[]? | .counter?.packets // empty] | add'
}

# Counts go on while nobody runs, and through the change: all that two runs count together is what
# the server's log and the firewall have.
restart_test() { # MODE
  local mode=$1 first second
  nginx_start
  : >"$NGINX_LOG"
  rules
  start --attach "$mode"
  steady
  traffic || fail "$mode: traffic passes"
  sensor_stop
  cp "$SENSOR_OUT" "$TMP/first.out"
  traffic || fail "$mode: traffic passes while nobody reads"
  start --attach "$mode"
  check_match "$mode: it goes on" "$(cat "$SENSOR_ERR")" 'goes on with what was kept, last read [0-9]'
  traffic || fail "$mode: traffic passes again"
  steady_ends
  sensor_stop
  check_equal "$mode: exit code" "$SENSOR_RC" 0
  nginx_stop
  first=$(totals_of "$TMP/first.out" http_4xx) second=$(totals_of "$SENSOR_OUT" http_4xx)
  check_equal "$mode: each response once: $first + $second" $((first + second)) "$(wc -l <"$NGINX_LOG")"
  first=$(firewall_drops "$TMP/first.out") second=$(firewall_drops "$SENSOR_OUT")
  check_equal "$mode: each deny once: $first + $second" $((first + second)) "$(denied)"
}

firewall_drops() { # FILE
  jq -s '[.[] | select(.class? == "firewall" and .port? == 7103) | .packets // .count] | add' "$1"
}

# What the killed one had read went with it; what nobody had read is there.
kill_test() {
  nginx_start
  start
  traffic || fail "killed: traffic passes"
  sensor_stop KILL
  traffic || fail "killed: traffic passes while nobody reads"
  start
  check_match "killed: the next goes on" "$(cat "$SENSOR_ERR")" 'goes on with what was kept'
  sensor_stop
  nginx_stop
  check "killed: what nobody had read is counted" test "$(totals_of "$SENSOR_OUT" http_4xx)" -ge 60
  check "killed: and not twice" test "$(totals_of "$SENSOR_OUT" http_4xx)" -le 120
}

detach_test() {
  check "kept: programs stay attached" programs_are "1 1"
  check "kept: there are pins" test "$(pins)" -gt 10
  start
  check_match "detach refuses while a sensor runs" "$(in_ns "$GATEWAY" "$SPIKEWATCH" detach 2>&1)" 'a sensor runs'
  sensor_stop
  check_match "detach says what it removes" "$(in_ns "$GATEWAY" "$SPIKEWATCH" detach 2>&1)" 'removed .*link-[0-9]+-ingress'
  check "detach takes programs away" wait_for 5 programs_are "0 0"
  check_equal "detach leaves no pin" "$(pins)" 0
  check_match "detach: nothing more to do" "$(in_ns "$GATEWAY" "$SPIKEWATCH" detach 2>&1)" 'nothing was attached'
}

# More than the limit while nobody reads: within the window it is told, and that it may be more.
gap_test() {
  nginx_start
  start
  sensor_stop
  http_get 12 10.77.2.2:80 keep 400/130 /e/404 >/dev/null || fail "gap: traffic passes while nobody reads"
  start
  check "what nobody read alerts behind a restart" wait_for 10 opened 10.77.1.12
  check_equal "and says that it may be more" \
    "$(jq -c 'select(.event.action == "open") | .spikewatch | [.count, .coverage.exact, .coverage.lost.gap_s > 0]' "$SENSOR_OUT")" \
    '[400,false,true]'
  sensor_stop
  nginx_stop
}

opened() { # CLIENT
  [ -n "$(jq "select(.event.action? == \"open\" and .source.ip == \"$1\")" "$SENSOR_OUT")" ]
}

other_size_test() {
  start
  sensor_stop
  sed 's/^keep_attached/memory_budget: 16MiB\nkeep_attached/' "$TMP/sw.yaml" >"$TMP/small.yaml"
  sensor_start "$GATEWAY" -c "$TMP/small.yaml" -i gwc
  check_match "other sizes: what was kept is refused, and why" "$(cat "$SENSOR_ERR")" 'is of no use: their maps have other sizes'
  check "and it starts anew" programs_are "1 1"
  sensor_stop
  sensor_start "$GATEWAY" -c "$TMP/small.yaml" -i gws
  check "one that is not asked for any more is left" wait_for 5 programs_are "0 0"
  sensor_stop
  in_ns "$GATEWAY" "$SPIKEWATCH" detach >/dev/null
}

leftover_test() { # filters of a killed sensor, without keep_attached
  sed '/^keep_attached/d' "$TMP/sw.yaml" >"$TMP/plain.yaml"
  sensor_start "$GATEWAY" -c "$TMP/plain.yaml" -i gwc --attach clsact
  sensor_stop KILL
  check_match "filters of a killed one are removed" "$(in_ns "$GATEWAY" "$SPIKEWATCH" detach 2>&1)" 'removed a tc ingress filter of gwc'
  check_equal "none is left" "$(in_ns "$GATEWAY" tc filter show dev gwc ingress | grep -c sw_)" 0
}

no_bpffs_test() {
  umount /sys/fs/bpf
  start
  check "without bpffs it says so and works" sensor_says '"degraded".*keep_attached: nothing can be pinned'
  sensor_stop
  check "and takes its programs along" programs_are "0 0"
}

topology_make
require_tools nft jq tc
require_sensor
mount -t tmpfs none /sys/fs/bpf && mount -t bpf bpf /sys/fs/bpf || die "no bpffs of its own"
printf 'keep_attached: true\n' | sensor_config "$TMP/sw.yaml"
if [ -n "$(programs)" ]; then
  restart_test tcx
  detach_test
  kill_test
  other_size_test
  gap_test
else
  skip "keep: tcx (needs Linux 6.6)"
fi
if [ -n "${LONG:-}" ]; then
  restart_test clsact
  restart_test xdp
fi
in_ns "$GATEWAY" "$SPIKEWATCH" detach >/dev/null
leftover_test
no_bpffs_test
