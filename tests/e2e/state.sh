#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What outlives the sensor: baselines over restarts and kill -9, a damaged store, one that can't be.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

start() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
}

# Asks the store itself, beside the sensor: one number.
ask() { # SQL
  python3 - "$TMP/state.db" "$1" <<'END'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
print(db.execute(sys.argv[2]).fetchone()[0])
END
}

models_newer_than() { # BUCKET-START
  [ "$(ask 'SELECT ifnull(max(through_s), 0) FROM models')" -gt "$1" ]
}

# How many buckets the baseline had learned when the sensor started.
known_buckets() {
  sed -n 's/.*denies knows 1 series from before, of up to \([0-9]*\) buckets.*/\1/p' "$SENSOR_ERR"
}

# Denied packets at an even pace, until the end.
steady_denies() {
  exec_in_ns "$CLIENTS" python3 "$LIB/knock.py" -r 40 udp:10.77.2.2:7103 &
  child $!
}

# Killed at any moment: what was saved is there, whole, and is taken up.
kill_test() {
  local round before=0 known saved=0
  for round in 1 2 3 4; do
    start
    if [ "$round" -gt 1 ]; then
      known=$(known_buckets)
      check "round $round: the baseline is known again (${known:-none} of at least $before buckets)" \
        [ "${known:-0}" -ge "$before" ]
    fi
    wait_for 25 models_newer_than "$saved" || die "nothing is saved" "$(cat "$SENSOR_ERR")"
    saved=$(ask 'SELECT max(through_s) FROM models')
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))" # not to wait: any moment of the next ones is meant
    sensor_stop KILL
    check_equal "round $round: the file is whole" "$(ask 'PRAGMA integrity_check')" ok
    before=$((${known:-0} + 1))
  done
}

time_is_past() { # SECONDS SINCE THE EPOCH
  [ "$(date +%s)" -gt "$1" ]
}

stop_test() {
  local kept began
  start
  began=$(date +%s)
  wait_for 10 time_is_past $((began + 4)) # the first bucket is cut: it is not kept
  sensor_stop
  check_equal "exit code" "$SENSOR_RC" 0
  check_equal "no log is left beside the file" "$(find "$TMP" -name 'state.db-wal' | wc -l)" 0
  kept=$(ask 'SELECT through_s FROM series')
  check "SIGTERM keeps what is new" [ "$kept" -ge "$began" ]
  check_equal "the file is for its owner" "$(stat -c %a "$TMP/state.db")" 600
}

# An incident of as many packets among what the rules would have raised.
backtest_finds() { # PACKETS
  "$SPIKEWATCH" backtest -c "$TMP/sw.yaml" --since 1h --json |
    jq -e --argjson least "$1" 'select(.rule == "denies") | .incidents | any(.actual >= $least)'
}

# A new sensor would have to learn eight buckets first.
spike_test() {
  local second
  start
  wait_for 5 time_is_past "$(date +%s)" # the first bucket is cut: it is not kept
  second=$SECONDS
  knock "$CLIENTS" -n 3000 udp:10.77.2.2:7103
  if wait_for 5 records has event.action=open rule.id=denies; then
    ok "a spike alerts at once after a restart ($((SECONDS - second)) s)"
  else
    fail "a spike alerts at once after a restart" "$(cat "$SENSOR_ERR")"
  fi
  # its bucket must have ended: only closed ones are kept
  check "and ends" wait_for 10 records has event.action=close rule.id=denies
  sensor_stop
  check "backtest finds it in the counts" backtest_finds 150
}

damage_test() {
  dd if=/dev/urandom of="$TMP/state.db" bs=1024 count=8 conv=notrunc status=none
  start
  check_match "a damaged store is said" \
    "$(records has event.action=degraded)" 'state\.db was damaged: it is kept as .*damaged-'
  check_equal "and set aside" "$(find "$TMP" -name 'state.db.damaged-*Z' | wc -l)" 1
  check_match "the rule begins to learn" "$(cat "$SENSOR_ERR")" 'rule denies begins to learn'
  check "a new one is written" wait_for 25 models_newer_than 0
  sensor_stop
  check_equal "exit code with a new store" "$SENSOR_RC" 0
}

beside_test() { # two sensors, one store
  local first
  start
  first=$SENSOR_PID
  exec_in_ns "$SERVERS" "$SPIKEWATCH" run -c "$TMP/sw.yaml" -i s0 --json >"$TMP/second.out" 2>&1 &
  child $!
  SENSOR_PID=$!
  SENSOR_OUT=$TMP/second.out
  wait_for 20 sensor_says '"action": *"started"' || fail "a second sensor starts" "$(cat "$SENSOR_OUT")"
  check_match "a second sensor does not write to the same store" \
    "$(records has event.action=degraded)" 'another spikewatch uses it'
  process_end "$SENSOR_PID"
  SENSOR_PID=$first
  sensor_stop
}

refused_test() {
  sed -i 's|^state: .*|state: /proc/spikewatch/state.db|' "$TMP/sw.yaml"
  start
  check_match "a path that can't be written is said" \
    "$(records has event.action=degraded)" '/proc/spikewatch/state\.db: there is no such file'
  knock "$CLIENTS" -n 10 udp:10.77.2.2:7103
  sensor_stop
  check_equal "and the sensor goes on" "$SENSOR_RC" 0
  check_match "and counts" "$(total drop_understood)" '^[1-9]'
}

topology_make
require_tools nft jq
require_sensor
firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7103 drop'
in_ns "$CLIENTS" ping -c1 -W2 10.77.2.2 >/dev/null
sensor_config "$TMP/sw.yaml" <<'END'
rules:
  firewall-deny-spike: {enabled: false}
  denies: {title: denies, feed: drop, match: {class: [firewall]}, anomaly: {bucket: 1s}}
END
steady_denies
kill_test
stop_test
spike_test
beside_test
damage_test
refused_test
