#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Responses counted at a gateway equal the servers' logs, per client, server, port and status.
# Each way of talking has a client address of its own, so a difference names the way.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

NGINX=80 OWN=8080
E="/e/401 /e/403 /e/404 /e/500 /e/503"

# client number | port | mode | count | paths | what
WAYS="
10|$NGINX|keep|200|/ok $E /nothing /moved /empty-answer|keep-alive, bodies that imitate status lines
11|$NGINX|fresh|100|/ok $E|a connection for each request
12|$NGINX|pipeline|300|/ok $E /page.txt|pipelined, 300 deep
13|$NGINX|head|60|/ok /e/404 /page.txt /nothing|HEAD
14|$NGINX|match|60|/page.txt /e/404 /big.bin|304 Not Modified
15|$NGINX|range|60|/page.txt /e/404 /big.bin|206 Partial Content
16|$NGINX|expect|40|/up/bytes/404 /up/splits/201|100 Continue before the response
17|$NGINX|bytes|20|/ok /e/404|requests sent byte by byte
18|$NGINX|keep|12|/big.bin /e/404 /nothing|sendfile, 5 MB of status lines
19|$NGINX|keep|60|/gzip/page.txt /ssi/page.html /e/404|chunked by gzip and SSI
20|$NGINX|keep|60|/up/chunked/404 /up/close/200 /up/hostile/500 /up/splits/404|chunked by a proxy
21|$NGINX|old|20|/ok /e/404 /page.txt|HTTP/1.0
22|$NGINX|broken|10|/|400 for a request that is none
23|$OWN|keep|60|/bytes/404 /bytes/200 /bytes/503|a server that writes byte by byte
24|$OWN|keep|200|/splits/404 /splits/200|a server that splits at random
25|$OWN|keep|60|/chunked/404 /chunked/200|chunk extensions and trailers
26|$OWN|keep|40|/close/404 /close/200|bodies that end with the connection
27|$OWN|keep|60|/hostile/200 /hostile/404|a status line at the start of each segment of a body
28|$OWN|keep|60|/interim/404 /interim/200|103 Early Hints
29|$OWN|keep|400|/twocpus/404 /twocpus/200|one flow, sent from two CPUs in turn
30|$OWN|pipeline|200|/splits/404 /chunked/200 /hostile/500|pipelined, split and chunked
"

each_way() { # COMMAND; runs it with the fields of each line
  local n port mode count paths what
  while IFS='|' read -r n port mode count paths what; do
    [ -z "$n" ] || "$1" "$n" "$port" "$mode" "$count" "$paths" "$what" </dev/null
  done <<<"$WAYS"
}

talk() {
  local n=$1 port=$2 mode=$3 count=$4 to out
  local -a paths
  read -ra paths <<<"$5"
  for to in 10.77.2.2 '[fd77:2::3]'; do
    out=$(http_get "$n" "$to:$port" "$mode" "$count" "${paths[@]}" 2>&1) || fail "$6: traffic" "$out"
  done
}

judge() {
  check "$6 (IPv4)" compare http --client "10.77.1.$1" "$NGINX_LOG" "$SERVER_LOG"
  check "$6 (IPv6)" compare http --client "fd77:1::$1" "$NGINX_LOG" "$SERVER_LOG"
}

# Several clients at once: flows of one epoch on both CPUs.
talk_together() {
  local i pids=()
  for i in {31..38}; do
    # shellcheck disable=SC2086
    http_get "$i" 10.77.2.3:$NGINX keep 500 /ok $E >"$TMP/together.$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || fail "eight clients at once: traffic"; done
}

judge_together() {
  local i
  for i in {31..38}; do compare http --client "10.77.1.$i" "$NGINX_LOG" || return; done
}

# Requests' bodies are sent by clients: none of them is a server.
no_client_is_a_server() {
  ! grep -E '"server": *"(10\.77\.1\.|fd77:1:)' "$SENSOR_OUT"
}

# Both CPUs at one flow at the same time: nginx sends from one, what ACKs let go comes from the other.
# Segments overtake each other; they are held until their turn comes.
overtaking_test() {
  local i
  nginx_start
  : >"$NGINX_LOG"
  flows_stay_on_cpu no
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  for i in {10..29}; do
    http_get "$i" 10.77.2.2:$NGINX pipeline 60 /page.txt /ok >"$TMP/out" 2>&1 || fail "traffic"
  done
  nginx_stop
  sensor_stop
  check "two CPUs at one flow at once" compare http "$NGINX_LOG"
  check_equal "what was held was read" "$(total http_gap)/$(($(total http_hole_opened) - $(total http_hole_closed)))" 0/0
}

# Packets of more than 64 KB, whose length does not stand in their IP header.
big_tcp_test() {
  local end big
  for end in "${LINK_ENDS[@]}"; do
    ip -n "${end% *}" link set "${end#* }" gso_max_size 180000 gro_max_size 180000 2>/dev/null ||
      { skip "BIG TCP: not with this kernel or iproute2"; return; }
  done
  nginx_start
  : >"$NGINX_LOG"
  flows_stay_on_cpu yes
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  exec_in_ns "$GATEWAY" timeout 60 tcpdump -Z root -i gws -c 1 -w /dev/null 'greater 65600' 2>"$TMP/big" &
  big=$!
  child $big
  wait_for 10 grep -q "listening on" "$TMP/big" || die "tcpdump does not start" "$(cat "$TMP/big")"
  check "BIG TCP: traffic passes" http_get 39 "[fd77:2::2]:$NGINX" keep 30 /big.bin /e/403 /ok
  nginx_stop
  sensor_stop
  wait $big
  check_equal "BIG TCP: larger packets were there" $? 0
  check "BIG TCP: each response once" compare http "$NGINX_LOG"
}

require_tools tcpdump
topology_make
require_sensor
flows_stay_on_cpu yes
nginx_start
server_start
sensor_config "$TMP/sw.yaml" </dev/null
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
each_way talk
talk_together
nginx_stop
server_stop
sensor_stop
each_way judge
check "eight clients at once" judge_together
check "everything together" compare http "$NGINX_LOG" "$SERVER_LOG"
check "bodies of requests are no responses" no_client_is_a_server
check_equal "no response was refused, and none was out of step" \
  "$(total http_no_reverse)/$(total http_gap)" 0/0
check "counters agree with each other" compare totals
check_equal "100 and 103 are counted apart" \
  "$(total http_1xx)" $((2 * (40 + 60)))
overtaking_test
big_tcp_test
