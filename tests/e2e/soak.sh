#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real traffic for SOAK_SECONDS while everything around the sensor breaks: reloads, interfaces that come
# and go, a journald that is restarted or stands still, kill -9. No alert is lost, nothing grows, nothing
# stays behind.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/journald.sh"
own_host "$@"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

SOAK_SECONDS=${SOAK_SECONDS:-60}
CLIENTS_MAX=36 # numbers 4..39: each has time to calm down before its next turn
ERRORS=60      # of a spike; the limit is 50
SAMPLES=$OWN/samples

soak_config() { # TITLE
  cat >"$TMP/sw.yaml" <<END
journald: {enabled: true}
metrics: {listen: "unix:$TMP/metrics.sock"}
state: $TMP/state.db
control: $TMP/control.sock
interfaces: ["gw*"]
rules:
  http-error-spike-internal: {enabled: false}
  http-error-spike-external: {enabled: false}
  soak: {title: "$1", feed: http, match: {status: 400-599}, group_by: client, suppress: 0, threshold: {count: 50, window: 2s}}
END
}

started() {
  process_gone "$SENSOR_PID" || grep -q '"action": *"started"' "$SENSOR_OUT"
}

# As systemd does it: what was written before stays.
start() {
  exec_in_ns "$GATEWAY" "$SPIKEWATCH" run -c "$TMP/sw.yaml" --json >"$SENSOR_OUT" 2>>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
  wait_for 30 started || die "spikewatch does not start" "$(tail -n 20 "$SENSOR_ERR")"
  process_gone $SENSOR_PID && die "spikewatch ended" "$(tail -n 20 "$SENSOR_ERR")"
  lives=$((lives + 1))
}

# Resident KiB and descriptors, some time after the start and again later.
sample() {
  printf '%d %d %d\n' "$lives" "$(awk '/^VmRSS/ { print $2 }' "/proc/$SENSOR_PID/status")" \
    "$(find "/proc/$SENSOR_PID/fd" -mindepth 1 2>/dev/null | wc -l)" >>"$SAMPLES"
}

spike() { # CLIENT
  http_get "$1" 10.77.2.2:80 keep $ERRORS /e/404 >>"$OWN/client.out" || fail "traffic of client $1"
  spikes["$1"]=$((${spikes["$1"]:-0} + 1))
}

# The record of this client's spike is on standard output: by then it is in the store, too.
told() { # CLIENT
  jq -se --arg ip "10.77.1.$1" 'any(.event.action == "open" and .source.ip == $ip)' "$SENSOR_OUT"
}

spike_told() { # CLIENT
  spike "$1"
  wait_for 60 told "$1" || fail "client $1: no alert in 60 s" "$(tail -n 5 "$SENSOR_ERR")"
}

churn() {
  local i
  for i in {1..20}; do
    printf 'link add gwx%d type veth peer name p%d\nlink set gwx%d up\n' "$i" "$i" "$i"
  done | ip -n "$GATEWAY" -batch - || fail "20 interfaces could not be made"
  for i in {1..20}; do printf 'link del gwx%d\n' "$i"; done | ip -n "$GATEWAY" -batch -
}

# How many incidents journald has of a client: readers drop repeats of an event.
opened() { # CLIENT
  jq -r --arg ip "10.77.1.$1" 'select(.SPIKEWATCH_ACTION == "open" and .SPIKEWATCH_SOURCE_IP == $ip) |
    .SPIKEWATCH_EVENT_ID' "$OWN/journal" | sort -u | wc -l
}

client_opened() { # CLIENT
  journal >"$OWN/journal" && [ "$(opened "$1")" = "${spikes[$1]}" ]
}

all_opened() {
  local client
  journal >"$OWN/journal" || return
  for client in "${!spikes[@]}"; do [ "$(opened "$client")" = "${spikes[$client]}" ] || return; done
}

break_something() { # ROUND CLIENT
  case $(($1 % 6)) in
  0) soak_config "Soak $1" && kill -HUP "$SENSOR_PID" ;;
  1) churn ;;
  2)
    # Its socket goes with it here, and what is queued there: systemd would have kept both.
    wait_for 30 client_opened "$2" || fail "client $2: nothing in the journal in 30 s"
    journald_stop && journald_start
    ;;
  3) kill -STOP "$JOURNALD_PID" && stands=yes ;;
  4)
    sample
    kill -KILL "$SENSOR_PID"
    wait_for 5 process_gone "$SENSOR_PID"
    start
    ;;
  5)
    [ "$stands" = no ] || kill -CONT "$JOURNALD_PID"
    stands=no
    ;;
  esac
}

# Which are not, for whoever reads of it.
not_opened() {
  local client
  for client in "${!spikes[@]}"; do
    [ "$(opened "$client")" = "${spikes[$client]}" ] ||
      echo "client $client: ${spikes[$client]} spikes, $(opened "$client") in the journal"
  done
  echo "$lives sensors; the last rounds were $((rounds - 5)) to $rounds"
}

# What the last sensor takes when it ends against what the first took: FIELD NAME SLACK
flat() {
  local first last
  first=$(awk -v f="$1" 'NR == 1 { print $f }' "$SAMPLES")
  last=$(awk -v f="$1" 'END { print $f }' "$SAMPLES")
  check "$2: $first in the first life, $last at the end" [ "$last" -le $((first + first / 10 + $3)) ]
}

tcx_programs() {
  echo "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc)" "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gws)"
}

require_tools jq nft
require_sensor
topology_make
nginx_start
SENSOR_OUT=$OWN/sensor.out SENSOR_ERR=$OWN/sensor.err lives=0 stands=no rounds=0
declare -A spikes=() # of each client
: >"$SENSOR_OUT"
journald_start
soak_config "Soak"
start
exec_in_ns "$CLIENTS" python3 "$LIB/http_client.py" 10.77.1.2 10.77.2.2:80 keep 10000000/500 /ok &
child $!
end=$((SECONDS + SOAK_SECONDS))
while [ $SECONDS -lt $end ]; do
  client=$((rounds % CLIENTS_MAX + 4))
  spike_told $client
  break_something $rounds $client
  rounds=$((rounds + 1))
done
sample
[ $stands = no ] || kill -CONT "$JOURNALD_PID"
ok "$rounds spikes, $lives sensors"
if wait_for 30 all_opened; then
  ok "each spike is in the journal once, none is missing"
else
  fail "each spike is in the journal once, none is missing" "$(not_opened)"
fi
kill -TERM "$SENSOR_PID"
wait_for 20 process_gone "$SENSOR_PID" || fail "spikewatch does not stop"
wait "$SENSOR_PID"
check_equal "exit code" $? 0
check_equal "nothing stays attached" "$(tcx_programs)" "0 0 0 0"
flat 3 descriptors 3
case $SPIKEWATCH in
*/san/*) ok "memory is not asked of a sanitized program" ;;
*) flat 2 "resident KiB" 2048 ;;
esac
check "sanitizers and assertions say nothing" sh -c '! grep -E "runtime error|Sanitizer|Assertion" "$1"' - "$SENSOR_ERR"
