#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Client and server are the true ones, each response once: servers and clients on the gateway, routed
# traffic, a mirror port, connections older than the sensor. Loopback is nobody's business.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"

MONITOR=${NS_PREFIX}monitor

# What passes gwc.
from_clients() {
  ask "$CLIENTS" <<END
1.10 1.1:80
1.11 2.1:80
1.12 2.2:80
1.13 2.3:80
END
}

everything() {
  from_clients
  ask "$GATEWAY" <<<"2.1 2.2:80"
  loopback
}

# The gateway talking to its own address goes over lo, as 127.0.0.1 does.
loopback() {
  ask "$GATEWAY" <<<"1.1 1.1:80"
}

nothing_over_loopback() {
  ! grep -E '"client": *"(10\.77\.1\.1|fd77:1::1)"' "$SENSOR_OUT"
}

gateway_test() { # WHAT ARG...
  local what=$1
  shift
  watch everything "$@"
  judge "$what: a server on the gateway" true 1.10 1.11
  judge "$what: routed" true 1.12 1.13
  judge "$what: a client on the gateway" true 2.1
  check "$what: loopback is not counted" nothing_over_loopback
  judge_counters "$what"
}

# Three responses, then as many as nine at SIGUSR1, on one connection.
keep_alive() { # FROM TO
  exec_in_ns "$CLIENTS" python3 -c '
import signal
import sys
sys.path.insert(0, sys.argv[1])
from http_client import Client
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
client = Client(sys.argv[2], sys.argv[3], 80)
client.run(3, ["/ok", "/e/404"])
signal.sigwait({signal.SIGUSR1})
client.run(9, ["/ok", "/e/404", "/e/500"])' "$LIB" "$@" &
  child $!
  waiting+=($!)
  ASKED=$((ASKED + 3))
}

resume() {
  local pid
  for pid in "${waiting[@]}"; do
    kill -USR1 "$pid"
    wait "$pid" || fail "traffic"
    ASKED=$((ASKED + 9))
  done
}

# Connections that were open before the sensor was there: from their next request on, also behind NAT.
older_connections_test() {
  local waiting=()
  nat <<'END'
chain post {
  type nat hook postrouting priority 100;
  oifname gws ip saddr 10.77.1.20 masquerade
  oifname gws ip6 saddr fd77:1::20 masquerade
}
END
  logs_clear
  keep_alive 10.77.1.19 10.77.2.2
  keep_alive fd77:1::19 fd77:2::2
  keep_alive 10.77.1.20 10.77.2.2
  keep_alive fd77:1::20 fd77:2::2
  logs_complete
  watch resume -i gwc -i gws
  judge "connections older than the sensor" true 1.19
  judge "connections older than the sensor, behind masquerade" true 1.20
  judge "connections older than the sensor: nobody else" true
  in_ns "$GATEWAY" nft flush ruleset
}

promiscuity() {
  ip -n "$MONITOR" -d link show tap0 | grep -o 'promiscuity [0-9]*'
}

mirrored() {
  from_clients
  check_equal "tap: promiscuous while it is watched" "$(promiscuity)" "promiscuity 1"
  if attached=$(in_ns "$MONITOR" python3 "$LIB/bpf_query.py" tap0); then
    check_equal "tap: nothing is attached to egress" "$attached" "1 0"
  fi
}

# A copy of what passes gwc comes to a host that has none of the addresses.
tap_test() {
  ns_make "$MONITOR"
  veth_make "$GATEWAY" mirror "$MONITOR" tap0
  receive_on "$MONITOR" tap0 1 # a cable keeps the order
  in_ns "$GATEWAY" nft -f - <<'END' || die "can't mirror"
table netdev mirror {
  chain in { type filter hook ingress device gwc priority 0; dup to mirror; }
  chain out { type filter hook egress device gwc priority 0; dup to mirror; }
}
END
  sensor_config "$TMP/tap.yaml" <<<'interfaces: [{name: tap0, role: tap}]'
  WATCHED=$MONITOR CONFIG=$TMP/tap.yaml
  watch mirrored
  judge "tap: what a mirror port shows" true
  judge_counters "tap"
  check_equal "tap: not promiscuous afterwards" "$(promiscuity)" "promiscuity 0"
  watch from_clients --attach xdp
  judge "tap, native XDP" true
  check_match "probe shows the role" \
    "$(in_ns "$MONITOR" "$SPIKEWATCH" probe -c "$CONFIG" 2>/dev/null)" '^interfaces +tap0 \((tcx|clsact), tap\)$'
  check_match "probe shows the role in JSON" \
    "$(in_ns "$MONITOR" "$SPIKEWATCH" probe -c "$CONFIG" --json 2>/dev/null)" '"name":"tap0","mode":"[a-z]*","role":"tap"'
  in_ns "$MONITOR" timeout 20 setpriv --bounding-set=-net_raw "$SPIKEWATCH" run -c "$CONFIG" \
    >"$TMP/refused" 2>&1
  check_equal "tap: without CAP_NET_RAW it ends" $? 77
  check_match "tap: and says what is missing" "$(cat "$TMP/refused")" 'tap0: .*CAP_NET_RAW'
  unset WATCHED CONFIG
}

topology_make
require_tools nft setpriv
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null
for ns in "$SERVERS" "$GATEWAY"; do nginx_start "$ns"; done

gateway_test "auto"
watch from_clients -i gwc
judge "the clients' side alone" true
watch loopback -i lo
judge "loopback, where it is named" true
older_connections_test
tap_test
