#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What tcpdump captures while the sensor runs, replayed, gives the same counts as the sensor and the logs.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/dump.sh"

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
check "the sensor counts what is in the logs" compare http "$NGINX_LOG" "$SERVER_LOG"
replayed "one interface, Ethernet" "$TMP/ethernet.pcap" "$NGINX_LOG" "$SERVER_LOG"
replayed "all interfaces, cooked" "$TMP/cooked.pcap" "$NGINX_LOG" "$SERVER_LOG"
