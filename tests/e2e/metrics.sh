#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Metrics and health: judged by promtool, scraped by a real Prometheus, equal to what was counted.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

URL=http://127.0.0.1:9435

config() { # LISTEN
  sensor_config "$TMP/sw.yaml" <<'END'
rules:
  http-error-spike-internal: {threshold: {count: 20}}
  denies: {title: denies, feed: drop, match: {class: [firewall]}, anomaly: {bucket: 1s}}
END
  sed -i "s|^metrics: .*|metrics: {listen: \"$1\"}|" "$TMP/sw.yaml"
}

fetch() { # PATH [CURL-OPTION]...
  in_ns "$GATEWAY" curl -sS --max-time 10 "${@:2}" "$URL$1"
}

# The value of a metric, as it stands at present.
metric() { # NAME{LABELS}
  fetch /metrics | awk -v name="$1" '$1 == name { print $2 }'
}

metric_is() { # NAME{LABELS} VALUE
  [ "$(metric "$1")" = "$2" ]
}

shape_test() {
  check "promtool likes the metrics" bash -o pipefail -c \
    'nsenter --net="/run/netns/$1" curl -sS "$2/metrics" | promtool check metrics 2>&1 | tee /dev/stderr | { ! grep .; }' \
    - "$GATEWAY" "$URL"
  check_match "an older client gets text 0.0.4" "$(fetch /metrics -I)" \
    '^Content-Type: text/plain; version=0\.0\.4; charset=utf-8'
  check_match "a newer one OpenMetrics" "$(fetch /metrics -i -H 'Accept: application/openmetrics-text')" \
    '^Content-Type: application/openmetrics-text; version=1\.0\.0; charset=utf-8'
  check_equal "with its end" "$(fetch /metrics -H 'Accept: application/openmetrics-text' | tail -n 1)" '# EOF'
  check_equal "healthy" "$(fetch /healthz)" ok
  check_equal "ready" "$(fetch /readyz)" ok
  check_match "no other page" "$(fetch /admin -i)" '^HTTP/1.1 404 '
  check_match "no other method" "$(fetch /metrics -i -X POST -d x=1)" '^HTTP/1.1 405 '
  check_match "and which there are" "$(fetch /metrics -i -X PUT)" '^Allow: GET, HEAD'
}

# A mistyped name or an address as a label would be a new series a client.
label_test() {
  local known
  known=$(printf '%s\n' action class hook interface le map mode of program reason revision rule sink version what)
  check "no address is a label" bash -c '! grep -E "10\.77\.|fd77:"' <<<"$(fetch /metrics)"
  check_equal "no label is unknown" \
    "$(fetch /metrics | grep -o '[a-z_]*="' | tr -d '="' | sort -u | grep -vxF "$known")" ""
}

count_test() {
  http_get 5 10.77.2.2:80 keep 30 /e/404 /e/503 >/dev/null || fail "traffic"
  http_get 6 10.77.2.2:80 keep 7 /ok >/dev/null || fail "traffic"
  knock "$CLIENTS" -n 25 udp:10.77.2.2:7103
  wait_for 10 metric_is 'spikewatch_http_responses_total{class="4xx"}' 15
  check_equal "4xx" "$(metric 'spikewatch_http_responses_total{class="4xx"}')" 15
  check_equal "5xx" "$(metric 'spikewatch_http_responses_total{class="5xx"}')" 15
  check_equal "2xx" "$(metric 'spikewatch_http_responses_total{class="2xx"}')" 7
  wait_for 5 metric_is 'spikewatch_drops_total{class="firewall",reason="NETFILTER_DROP"}' 25
  check_equal "denies" "$(metric 'spikewatch_drops_total{class="firewall",reason="NETFILTER_DROP"}')" \
    "$(firewall_packets "$GATEWAY")"
  check_equal "an incident was opened" \
    "$(metric 'spikewatch_incidents_total{rule="http-error-spike-internal",action="open"}')" 1
  check_equal "and is open" "$(metric 'spikewatch_incidents_open{rule="http-error-spike-internal"}')" 1
  check_match "anomaly rules tell their last bucket" "$(metric 'spikewatch_anomaly_actual{rule="denies"}')" '^[0-9]'
  check_equal "hooks" "$(metric 'spikewatch_hooks{interface="gwc",hook="ingress",mode="tcx"}')" 1
}

prometheus_says() { # QUERY
  in_ns "$GATEWAY" curl -sS --max-time 5 --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
    jq -r '.data.result[0].value[1] // "nothing"'
}

prometheus_has() { # QUERY VALUE
  [ "$(prometheus_says "$1")" = "$2" ]
}

prometheus_test() {
  cat >"$TMP/prometheus.yml" <<'END'
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: spikewatch, static_configs: [{targets: ["127.0.0.1:9435"]}]}]
END
  exec_in_ns "$GATEWAY" prometheus --config.file="$TMP/prometheus.yml" --storage.tsdb.path="$TMP/tsdb" \
    --web.listen-address=127.0.0.1:9090 --log.level=warn >"$TMP/prometheus.out" 2>&1 &
  local pid=$!
  child $pid
  if wait_for 30 prometheus_has 'sum(spikewatch_http_responses_total)' 37; then
    ok "a real Prometheus scrapes it: 37 responses"
  else
    fail "a real Prometheus scrapes it" "$(prometheus_says up) $(cat "$TMP/prometheus.out")"
  fi
  check_equal "it is up" "$(prometheus_says 'up{job="spikewatch"}')" 1
  check_match "the histogram serves for quantiles" \
    "$(prometheus_says 'histogram_quantile(0.9, sum by (le) (spikewatch_epoch_seconds_bucket))')" '^[0-9.]+$'
  check_match "its type is known" "$(in_ns "$GATEWAY" curl -sS 'http://127.0.0.1:9090/api/v1/metadata?metric=spikewatch_epoch_seconds')" \
    '"type":"histogram","help":"[^"]*","unit":"'
  process_end $pid
}

closed_epochs() { # as the control socket tells: nobody stands in the way there
  "$SPIKEWATCH" status -c "$TMP/sw.yaml" --json | jq .epochs
}

more_epochs_than() { # NUMBER
  [ "$(closed_epochs)" -gt "$1" ]
}

# Connections that say nothing, as many as there are places: the loop goes on.
slow_test() {
  exec_in_ns "$GATEWAY" python3 -u -c 'import socket, time
held = [socket.create_connection(("127.0.0.1", 9435)) for _ in range(16)]
for s in held: s.sendall(b"GET /met")
print("held")
time.sleep(60)' >"$TMP/held" &
  local pid=$! before
  child $pid
  wait_for 10 grep -q held "$TMP/held"
  before=$(closed_epochs)
  check "16 silent clients do not hold up the sensor" wait_for 5 more_epochs_than "$before"
  check_equal "who comes then waits" "$(fetch /healthz --max-time 0.3 2>/dev/null)" ""
  process_end $pid
  check_equal "until they go" "$(fetch /healthz)" ok
}

taken_test() {
  exec_in_ns "$GATEWAY" python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 9435))
time.sleep(60)' &
  local pid=$!
  child $pid
  wait_for 10 port_open "$GATEWAY" 127.0.0.1 9435
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i 'none*'
  check_match "a port that is taken is said" "$(python3 "$LIB/records.py" has "$SENSOR_OUT" event.action=degraded)" \
    'metrics cannot be served at 127\.0\.0\.1:9435: it is in use'
  process_end $pid
  check "and taken once it is free" wait_for 20 python3 "$LIB/records.py" has "$SENSOR_OUT" event.action=recovered
  check_equal "healthy without an interface" "$(fetch /healthz)" ok
  check_match "but not ready" "$(fetch /readyz -i)" '^HTTP/1.1 503 '
  check_match "and says why" "$(fetch /readyz)" 'no interface is watched'
  sensor_stop
  check_equal "exit code" "$SENSOR_RC" 0
}

unix_test() {
  config "unix:$TMP/metrics.sock"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  check_match "at a unix socket" "$(curl -sS --unix-socket "$TMP/metrics.sock" http://x/metrics)" \
    'spikewatch_build_info'
  sensor_stop KILL
  check "a killed sensor leaves its socket" [ -S "$TMP/metrics.sock" ]
  config "unix:$TMP/metrics.sock"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i lo
  check "the next one takes it" curl -sS --unix-socket "$TMP/metrics.sock" http://x/healthz
  sensor_stop
  check "and removes it at its end" [ ! -e "$TMP/metrics.sock" ]
}

topology_make
require_tools curl promtool prometheus jq
require_sensor
firewall_load "$GATEWAY" 'add table inet t
add counter inet t n
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7103 counter name n drop'
nginx_start
config 127.0.0.1:9435
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
check "ready at once" wait_for 5 fetch /readyz -f
shape_test
count_test
label_test
prometheus_test
slow_test
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
taken_test
unix_test
