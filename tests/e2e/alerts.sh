#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# From packets to alerts: what opens, what does not, what the records say.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

E="/e/401 /e/403 /e/404 /e/500"
INTERNAL=http-error-spike-internal EXTERNAL=http-error-spike-external DENIES=firewall-deny-spike

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

count_is() { # WHAT WANTED CONDITION...
  check_equal "$1" "$(records count "${@:3}")" "$2"
}

errors() { # HOST-NUMBER COUNT [ADDRESS]
  # shellcheck disable=SC2086
  http_get "$1" "${3:-10.77.2.2}:80" keep "$2" $E >/dev/null || fail "traffic of client $1"
}

opens() { # WHAT CONDITION...
  if wait_for 10 records has event.action=open "${@:2}"; then ok "$1"; else
    fail "$1" "$(records has event.action=open "${@:2}")"
  fi
}

# The default rules, which is 350 errors in 5 minutes.
threshold_test() {
  sensor_config "$TMP/sw.yaml" <<<'lists: {proxy_servers: [10.77.1.7, 10.77.2.3]}'
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  errors 3 349
  errors 4 350
  opens "350 errors alert" source.ip=10.77.1.4 rule.id=$INTERNAL spikewatch.count=350 \
    spikewatch.limit=350 spikewatch.window=5m destination.ip=10.77.2.2
  count_is "349 errors do not" 0 source.ip=10.77.1.3
  errors 3 1
  opens "one more does" source.ip=10.77.1.3 spikewatch.count=350 spikewatch.severity=3
  in_ns "$CLIENTS" curl -s -o "$TMP/curl" --interface 10.77.1.5 'http://10.77.2.2/e/404?[1-350]'
  opens "350 errors of curl, told without their queries" source.ip=10.77.1.5 \
    'spikewatch.evidence.statuses={"404": 350}' spikewatch.evidence.paths=1 \
    'spikewatch.evidence.requests=["GET /e/404"]'
  in_ns "$CLIENTS" curl -s -o "$TMP/curl" --interface 10.77.1.10 'http://10.77.2.2/e/404/[1-350]'
  opens "a scan shows its paths" source.ip=10.77.1.10 spikewatch.cause.name=scan \
    'spikewatch.evidence.paths>=10'
  errors 6 350 '[fd77:2::2]'
  opens "350 errors over IPv6" source.ip=fd77:1::6 destination.ip=fd77:2::2
  errors 7 400
  errors 8 400 10.77.2.3
  in_ns "$GATEWAY" python3 "$LIB/http_client.py" 10.77.2.1 10.77.2.2:80 keep 400 /e/404 >"$TMP/own"
  in_ns "$CLIENTS" python3 "$LIB/http_client.py" 198.51.100.7 10.77.2.2:80 keep 350 /e/404 >"$TMP/ext"
  opens "an external client has a rule of its own" source.ip=198.51.100.7 rule.id=$EXTERNAL
  nginx_stop
  sensor_stop
  count_is "a proxy as client is left out" 0 source.ip=10.77.1.7
  count_is "a proxy as server is left out" 0 source.ip=10.77.1.8
  count_is "this host as client is left out" 0 source.ip=10.77.2.1
  count_is "each opened once, nothing else did" 6 event.kind=alert
  check "they were all counted" compare http "$NGINX_LOG"
  check "records are as the contract says" records shape
}

# Short windows and buckets, so that closing is seen too.
short_config() {
  sensor_config "$TMP/short.yaml" <<'END'
http: {evidence: none}
rules:
  http-error-spike-internal: {threshold: {count: 350, window: 3s}}
  firewall-deny-spike: {anomaly: {bucket: 1s}}
END
}

deny_rules() {
  printf 'add table inet t\nadd chain inet t forward { type filter hook forward priority 0; }\n'
  deny_rule "inet t forward" drop udp 4 7103
  deny_rule "inet t forward" "reject with tcp reset" tcp 4 7102
}

denied_at_least() { # PACKETS
  [ "$(firewall_packets "$GATEWAY")" -ge "$1" ] 2>/dev/null
}

closes() { # WHAT CONDITION...
  if wait_for 30 records has event.action=close "${@:2}"; then ok "$1"; else
    fail "$1" "$(records has event.action=close "${@:2}")"
  fi
}

life_of_incidents_test() {
  local ordinary
  short_config
  firewall_load "$GATEWAY" "$(deny_rules)"
  nginx_start
  sensor_start "$GATEWAY" -c "$TMP/short.yaml" -i gwc -i gws
  exec_in_ns "$CLIENTS" python3 "$LIB/knock.py" -r 8 -n 720 udp:10.77.2.2:7103 tcp:10.77.2.2:7102 &
  ordinary=$!
  child $ordinary
  errors 4 400
  opens "400 errors within 3 s alert" source.ip=10.77.1.4 'spikewatch.count>=350'
  wait_for 30 denied_at_least 88 || fail "ordinary denies flow"
  count_is "ordinary denies do not alert" 0 rule.id=$DENIES
  knock "$CLIENTS" -b 10.77.1.9 -n 600 udp:10.77.2.2:7103 tcp:10.77.2.2:7102
  opens "a burst of denies alerts" rule.id=$DENIES 'spikewatch.record_score>=75' source.ip=10.77.1.9
  closes "the burst of denies is closed" rule.id=$DENIES
  closes "the burst of errors is closed" rule.id=$INTERNAL
  errors 4 400
  wait_for 10 records has event.action=suppressed || true
  count_is "the same again within a day is written as suppressed" 1 event.action=suppressed \
    spikewatch.suppressed=true rule.id=$INTERNAL event.kind=event
  closes "the suppressed one ends too" spikewatch.suppressed=true
  process_end $ordinary
  sensor_stop
  firewall_counters "$GATEWAY" "$TMP/nft.json"
  check "denies equal nft's counters" compare drops "$TMP/nft.json"
  check "records are as the contract says" records shape
  check_equal "paths are not told where that is switched off" "$(grep -c '"requests"' "$SENSOR_OUT")" 0
  check "incidents of errors open and close" records one-story $INTERNAL
  check "incidents of denies open and close" records one-story $DENIES
}

topology_make
require_tools nft curl
require_sensor
address_add "$CLIENTS" c0 198.51.100.7/32
ip -n "$GATEWAY" route add 198.51.100.0/24 dev gwc
ip -n "$SERVERS" route add 198.51.100.0/24 via 10.77.2.1
nginx_start
threshold_test
life_of_incidents_test
