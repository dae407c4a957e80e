#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Servers, proxies and clients that are not ours: what is counted at a gateway equals the servers' logs,
# and so does what tcpdump captured there. Behind a proxy each exchange is one of its own.
# Each way of asking has a client address of its own, so a difference names the way.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/others.sh"
. "$LIB/sensor.sh"
. "$LIB/dump.sh"

ERRORS='e/{401,403,404,405,413,416,500,502,503,504}'

# client number | IP versions | function | what
WAYS="
10|4,6|ask_keep|curl, keep-alive
11|4,6|ask_head|curl, HEAD
12|4,6|ask_old|curl, HTTP/1.0
13|4,6|ask_range|curl, 206 and 416
14|4,6|ask_match|curl, 304 Not Modified
15|4,6|ask_large|curl, large files by sendfile
16|4,6|ask_gzip|curl, gzip
17|4,6|ask_dynamic|curl, chunked by CGI and SSI
18|4,6|ask_upload|curl, uploads with Expect: 100-continue
19|4,6|ask_answers|curl, HAProxy's own answers
20|4,6|ask_forward|curl through Squid
21|4,6|ask_refused|curl, Squid's own answers
22|4,6|ask_tunnel|curl, CONNECT through Squid: TLS, and refused
28|4,6|ask_plain_tunnel|curl, CONNECT through Squid: HTTP in the tunnel
23|4,6|ask_bench_close|ab
24|4,6|ask_bench_keep|ab -k
25|4|ask_bench_proxy|ab through Squid
26|4,6|ask_pipeline|h2load, pipelined
27|4,6|ask_storm|wrk
"

each_way() { # COMMAND; runs it with the fields of each line
  local n versions way what
  while IFS='|' read -r n versions way what; do
    [ -z "$n" ] || "$1" "$n" "$versions" "$way" "$what" </dev/null
  done <<<"$WAYS"
}

# Not all clients can be told their address: the route says it.
speak_as() { # HOST-NUMBER
  ip -n "$CLIENTS" route replace default via 10.77.1.1 src "10.77.1.$1"
  ip -n "$CLIENTS" -6 route replace default via fd77:1::1 src "fd77:1::$1"
}

web() { # CURL-ARG...: all URLs over as few connections as curl can
  in_ns "$CLIENTS" timeout 30 curl -sS "$@" >/dev/null
}

# each_site ARG... PATH...: at every server; a PATH begins with a slash.
each_site() {
  local site arg
  local -a args
  for site in "${SITES[@]}"; do
    args=()
    for arg; do
      case $arg in /*) args+=("$site$arg") ;; *) args+=("$arg") ;; esac
    done
    web "${args[@]}" || return
  done
}

ask_keep() { each_site /page.txt /nothing "/$ERRORS" /ok /moved /page.txt; }
ask_head() { each_site -I /page.txt "/$ERRORS" /moved /page.txt; }
ask_old() { each_site --http1.0 /page.txt "/$ERRORS" /ok; }
ask_range() { each_site -r 0-99 /page.txt /nothing /page.txt && each_site -r 9999999- /page.txt /nothing; }
ask_match() { each_site -z "$(date -R -r "$DOCS/page.txt")" /page.txt /nothing /page.txt; }
ask_large() { each_site /big.bin /nothing /big.bin /e/500; }
ask_gzip() { web --compressed {"$NGINX","$APACHE","$HAPROXY"}/gzip/{page.txt,nothing,big.bin,page.txt}; }

ask_dynamic() {
  web "$NGINX"/ssi/{page.html,nothing,page.html} &&
    web {"$APACHE","$LIGHTTPD"}/cgi/{200,204,301,304,401,403,404,405,413,416,500,502,503,504,200}
}

# A server may refuse in the middle of an upload and hang up. That is no failure: its log says what it
# has answered.
ask_upload() {
  local url
  for url in "$NGINX/page.txt" "$APACHE/cgi/200" "$PYTHON/page.txt" "$LIGHTTPD/cgi/200" "$HAPROXY/page.txt"; do
    web -H "Expect: 100-continue" -T "$DOCS/page.txt" "$url"
    web -H "Expect: 100-continue" -T "$DOCS/big.bin" "$url"
  done
  return 0
}

ask_answers() { web "$HAPROXY"/own/{204,301,401,403,405,413,416,500,502,503,504,204} "$HAPROXY/ok"; }

ask_forward() {
  local -a SITES=("$NGINX" "$APACHE" "$PYTHON" "$LIGHTTPD")
  each_site -x "$SQUID" /page.txt "/$ERRORS" /page.txt /ok &&
    web -x "$SQUID" -I "$NGINX/page.txt" "$APACHE/e/404" &&
    web -x "$SQUID" "$NGINX/big.bin" "$NGINX/gzip/page.txt" "$APACHE"/cgi/{200,204,404,503}
}

ask_refused() {
  web -x "$SQUID" "$NGINX/denied" http://10.77.2.2:{9,84,85}/ "$NGINX/denied"
}

# What is inside TLS is not seen. A tunnel to where nobody listens is a 503.
ask_tunnel() {
  web -k -x "$SQUID" "$TLS"/{page.txt,nothing,e/500} &&
    { web -p -x "$SQUID" http://10.77.2.2:9/ || [ $? -eq 56 ]; } # 56: the proxy refused
}

# What is inside a tunnel is not read on the client's side of the proxy, even where it could be.
ask_plain_tunnel() {
  web -p -x "$SQUID" "$NGINX"/{page.txt,e/404,e/500,big.bin,nothing} "$APACHE"/{page.txt,e/503}
}

# bench ARG...: everybody's ab, a number of requests and not a time, so that none is cut short.
bench() {
  local site
  for site in "${SITES[@]}"; do
    in_ns "$CLIENTS" timeout 30 ab -q -n 40 -c 4 "$@" "$site/page.txt" &&
      in_ns "$CLIENTS" timeout 30 ab -q -n 40 -c 4 "$@" "$site/nothing" || return
  done
}

ask_bench_close() { bench; }

# Python keeps HTTP/1.0 connections without saying so, and ab waits for their end.
ask_bench_keep() {
  local -a SITES=("$NGINX" "$APACHE" "$LIGHTTPD" "$HAPROXY")
  bench -k
}

ask_bench_proxy() { # ab knows no IPv6 address of a proxy
  local -a SITES=("$NGINX" "$APACHE")
  bench -k -X "${SQUID#http://}"
}

ask_pipeline() {
  local site
  for site in "${SITES[@]}"; do
    in_ns "$CLIENTS" timeout 30 h2load --h1 -n 120 -c 4 -m 8 "$site"/{page.txt,nothing,page.txt,e/500} || return
  done
}

# wrk_requests COUNT URL: so many requests of wrk (see wrk.lua), which is ended when all are answered.
wrk_requests() {
  local pid
  rm -f "$TMP/wrk.done"
  exec_in_ns "$CLIENTS" wrk -t1 -c4 -d30s -s "$LIB/wrk.lua" "$2" -- "$1" "$TMP/wrk.done" &
  pid=$!
  wait_for 20 test -e "$TMP/wrk.done" || return
  kill -INT $pid
  wait $pid
}

ask_storm() {
  local site
  for site in "${SITES[@]}"; do wrk_requests 100 "$site/page.txt" && wrk_requests 50 "$site/nothing" || return; done
}

# at VERSION: where all are.
at() {
  local server=10.77.2.2 proxy=10.77.3.2
  [ "$1" = 4 ] || server='[fd77:2::2]' proxy='[fd77:3::2]'
  NGINX=http://$server:80 APACHE=http://$server:81 PYTHON=http://$server:82 LIGHTTPD=http://$server:83
  TLS=https://$server:444 HAPROXY=http://$proxy:8080 SQUID=http://$proxy:3128
  SITES=("$NGINX" "$APACHE" "$PYTHON" "$LIGHTTPD" "$HAPROXY")
}

speaker() { # NUMBER VERSION
  if [ "$2" = 4 ]; then echo "10.77.1.$1"; else echo "fd77:1::$1"; fi
}

talk() { # NUMBER VERSIONS WAY WHAT
  local version out
  speak_as "$1"
  for version in ${2//,/ }; do
    at "$version"
    SPEAKER=$(speaker "$1" "$version")
    out=$("$3" 2>&1) || fail "$4: traffic (IPv$version)" "$out"
  done
}

judge() { # NUMBER VERSIONS WAY WHAT
  check "$4" compare http --client "10.77.1.$1" --client "fd77:1::$1" "${LOGS[@]}"
}

require_tools python3 jq tcpdump curl nginx apache2 lighttpd haproxy squid openssl ab h2load wrk
topology_make
proxies_make
require_sensor
flows_stay_on_cpu yes
nginx_start
others_start
sensor_config "$TMP/sw.yaml" </dev/null
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws -i gwp
dump any "$TMP/all.pcap" -y LINUX_SLL2
each_way talk
others_stop
nginx_stop
sensor_stop
dump_end "$TMP/all.pcap"
LOGS=("$NGINX_LOG" "${OTHER_LOGS[@]}")
each_way judge
check "the proxies' exchanges with servers" compare http --client 10.77.3.2 --client fd77:3::2 "${LOGS[@]}"
check "everything together" compare http "${LOGS[@]}"
check_equal "they gave every status" "$(cat "${LOGS[@]}" | cut -d' ' -f4 | sort -u | xargs)" \
  "200 204 206 301 304 400 401 403 404 405 413 416 500 501 502 503 504"
check_equal "what TLS hides is not counted, and was there" "$(cut -d' ' -f4 "$TLS_LOG" | sort | uniq -c | xargs)" "2 200 2 404 2 500"
check "counters agree with each other" compare totals
check_equal "none was refused, none out of step" "$(total http_no_reverse)/$(total http_gap)" 0/0
replayed "captured beside it" "$TMP/all.pcap" "${LOGS[@]}"
