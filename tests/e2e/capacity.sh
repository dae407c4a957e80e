#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# What the program takes: CPU time at 1,000 responses a second, memory with 100,000 active pairs of
# client and server. The BPF maps are not in it: memory_budget bounds them.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

RATE=1000 LENGTH=20 PAIRS=${PAIRS:-100000}

cpu_ticks() { # user and system, of the sensor
  awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$SENSOR_PID/stat"
}

resident_kib() {
  awk '/^VmRSS/ { print $2 }' "/proc/$SENSOR_PID/status"
}

mac_of() { # NAMESPACE DEVICE
  ip -n "$1" -j link show dev "$2" | jq -r '.[0].address'
}

# In percent of a core, while http_client.py asks at that rate: two errors in ten.
cpu_time() {
  local before took hertz
  hertz=$(getconf CLK_TCK)
  exec_in_ns "$CLIENTS" python3 "$LIB/http_client.py" 10.77.1.2 10.77.2.2:80 keep $((RATE * (LENGTH + 4)))/$RATE \
    /ok /ok /ok /ok /e/404 >"$TMP/client.out" 2>&1 &
  child $!
  sleep 2 # not the start
  before=$(cpu_ticks)
  sleep $LENGTH
  took=$(($(cpu_ticks) - before))
  wait_for 30 process_gone $!
  check "CPU at $RATE responses a second: $(awk "BEGIN { print $took * 100 / $hertz / $LENGTH }") % of a core, under 1" \
    [ $((took * 100)) -lt $((hertz * LENGTH)) ]
}

# All of them have an error within the window of the rule.
memory() {
  local before
  before=$(resident_kib)
  check "$PAIRS pairs" python3 "$LIB/pairs.py" "$CLIENTS" c0 "$(mac_of "$GATEWAY" gwc)" \
    "$SERVERS" s0 "$(mac_of "$GATEWAY" gws)" "$PAIRS" 5000
  sleep 5 # what is drained, and told of the first of them
  check "resident with $PAIRS pairs: $(resident_kib) KiB, before $before, under 49152" [ "$(resident_kib)" -lt 49152 ]
}

require_tools jq nft
require_sensor
topology_make
nginx_start
ip -n "$GATEWAY" route add 10.80.0.0/12 via 10.77.1.2
for ns in "$CLIENTS" "$SERVERS"; do # no host of theirs answers to what it did not send
  in_ns "$ns" nft -f - <<END
table ip quiet {
  chain input {
    type filter hook input priority 0
    ip saddr 10.80.0.0/12 drop
    ip daddr 10.80.0.0/12 drop
  }
}
END
done
sensor_config "$TMP/sw.yaml" <<END
interfaces: ["gw*"]
END
# Without --counts, which keeps every key.
sensor_spawn "$GATEWAY" -c "$TMP/sw.yaml" --json
wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
cpu_time
memory
"$SPIKEWATCH" status -c "$TMP/sw.yaml" --json >"$TMP/status"
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
check_equal "each pair is a group of the rule, and the client of before" "$(jq '.rules[0].groups' "$TMP/status")" $((PAIRS + 1))
check_equal "all responses were counted" \
  "$(jq '.balance[] | select(.of == "responses") | .drained' "$TMP/status")" $((PAIRS + RATE * (LENGTH + 4)))
