#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# HTTP in a VXLAN tunnel from the clients to the servers, across the gateway: counted on the way and at
# the tunnel's end, under the addresses inside, each response once.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

vxlan_end() { # NAMESPACE DEVICE FROM TO ADDRESS/PREFIX...
  local ns=$1 dev=$2
  ip -n "$ns" link add vx0 type vxlan id 42 dev "$dev" local "$3" remote "$4" dstport "$PORT" \
    udp6zerocsumrx || die "can't make a vxlan device in $ns"
  ip -n "$ns" link set vx0 up
  address_add "$ns" vx0 "${@:5}"
}

vxlan_make() { # PORT CLIENTS'-END SERVERS'-END
  local i inner=()
  PORT=$1
  for i in {1..4}; do inner+=("10.88.0.1$i/24" "fd88::1$i/64"); done
  vxlan_end "$CLIENTS" c0 "$2" "$3" "${inner[@]}"
  vxlan_end "$SERVERS" s0 "$3" "$2" 10.88.0.2/24 fd88::2/64
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 10.88.0.2 || die "nothing passes the tunnel (IPv4)"
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 fd88::2 || die "nothing passes the tunnel (IPv6)"
}

vxlan_remove() {
  ip -n "$CLIENTS" link del vx0
  ip -n "$SERVERS" link del vx0
}

get() { # NUMBER PORT ARG...: a client (see http_client.py) for each family
  local n=$1 port=$2
  shift 2
  in_ns "$CLIENTS" timeout 60 python3 "$LIB/http_client.py" "10.88.0.1$n" "10.88.0.2:$port" "$@" &&
    in_ns "$CLIENTS" timeout 60 python3 "$LIB/http_client.py" "fd88::1$n" "[fd88::2]:$port" "$@"
}

traffic() {
  get 1 80 keep 40 /ok /e/404 /e/500 &&
    get 2 80 pipeline 60 /ok /e/404 /page.txt &&
    get 3 80 keep 3 /big.bin /e/403 &&
    get 4 8080 keep 20 /bytes/404 /close/200 /hostile/500 /chunked/404
}

# seen WHAT NAMESPACE ARG...: traffic under `spikewatch run ARG...` there, compared with the logs.
seen() {
  local what=$1 ns=$2
  shift 2
  nginx_start
  : >"$NGINX_LOG"
  server_start
  : >"$SERVER_LOG"
  sensor_start "$ns" -c "$TMP/sw.yaml" "$@"
  check "$what: traffic passes" traffic
  nginx_stop
  server_stop
  sensor_stop
  check_equal "$what: exit code" "$SENSOR_RC" 0
  check "$what: every response once" compare http "$NGINX_LOG" "$SERVER_LOG"
  check "$what: counters agree" compare totals
}

topology_make
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null

vxlan_make 4789 10.77.1.2 10.77.2.2
seen "VXLAN over IPv4, on the way" "$GATEWAY" -i gwc -i gws
seen "VXLAN over IPv4, on the way, XDP" "$GATEWAY" -i gwc -i gws --attach xdp
seen "VXLAN over IPv4, at its end, outside and inside" "$SERVERS" -i s0 -i vx0
vxlan_remove
vxlan_make 8472 fd77:1::2 fd77:2::2
seen "VXLAN over IPv6, on the way" "$GATEWAY" -i gwc -i gws
seen "VXLAN over IPv6, at its end, outside alone" "$SERVERS" -i s0
seen "VXLAN over IPv6, at its end, outside and inside" "$SERVERS" -i s0 -i vx0
