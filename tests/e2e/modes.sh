#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# Every way to attach counts the same: each response once, whichever interfaces are watched.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

traffic() {
  local to
  for to in 10.77.2.2 '[fd77:2::2]'; do
    http_get 10 "$to:80" keep 40 /ok /e/404 /e/500 &&
      http_get 11 "$to:80" pipeline 60 /ok /e/404 /page.txt &&
      http_get 12 "$to:80" keep 4 /big.bin /e/403 &&
      http_get 13 "$to:80" keep 20 /gzip/page.txt /ssi/page.html /e/404 &&
      http_get 14 "$to:8080" keep 20 /bytes/404 /close/200 /hostile/500 /chunked/404 ||
      return
  done
}

# mode WHAT ARG...: traffic under `spikewatch run ARG...`, compared with the logs.
mode() {
  local what=$1
  shift
  nginx_start
  : >"$NGINX_LOG"
  server_start
  : >"$SERVER_LOG"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "$@"
  check "$what: traffic passes" traffic
  nginx_stop
  server_stop
  sensor_stop
  check_equal "$what: exit code" "$SENSOR_RC" 0
  check "$what: every response once" compare http "$NGINX_LOG" "$SERVER_LOG"
  check "$what: counters agree" compare totals
}

uses() { # WHAT COUNTER: the hook was really in use
  check_match "$1" "$(tail -n 1 "$SENSOR_OUT")" "\"$2\": *[1-9]"
}

topology_make
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null

if in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc >/dev/null; then
  mode "tcx, both interfaces" -i gwc -i gws --attach tcx
  mode "tcx, the servers' side alone" -i gws --attach tcx
  mode "tcx, the clients' side alone" -i gwc --attach tcx
else
  skip "tcx (needs Linux 6.6)"
fi
mode "clsact, both interfaces" -i gwc -i gws --attach clsact
mode "native XDP, both interfaces" -i gwc -i gws --attach xdp
uses "native XDP: the XDP hook counts" packets_xdp
mode "native XDP, the servers' side alone" -i gws --attach xdp
mode "generic XDP, both interfaces" -i gwc -i gws --attach xdp-generic
uses "generic XDP: the XDP hook counts" packets_xdp
mode "auto, interfaces found by itself"

if ip -n "$GATEWAY" link add link gws name gws.7 type vlan id 7 2>/dev/null; then
  ip -n "$SERVERS" link add link s0 name s0.7 type vlan id 7
  ip -n "$GATEWAY" link set gws.7 up
  ip -n "$SERVERS" link set s0.7 up
  ip -n "$SERVERS" addr flush dev s0
  ip -n "$GATEWAY" addr flush dev gws
  address_add "$GATEWAY" gws.7 10.77.2.1/24 fd77:2::1/64
  address_add "$SERVERS" s0.7 10.77.2.2/24 fd77:2::2/64
  ip -n "$SERVERS" route add default via 10.77.2.1
  ip -n "$SERVERS" -6 route add default via fd77:2::1
  mode "VLAN, tagged on the servers' side" -i gwc -i gws
else
  skip "VLAN: this kernel has no VLAN devices; tests/vm and tests/bpf have them"
fi
