#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The webhook against a real HTTPS server that fails, hangs, redirects, breaks off, goes and comes, or
# shows a certificate of somebody else: nothing is lost, and nothing else waits for it.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

HOOK_PID=

order() { echo "$1" >"$TMP/orders"; }

serve() { # CERTIFICATE
  exec_in_ns "$SERVERS" python3 "$LIB/hook.py" 8443 "$TMP/orders" "$TMP/taken" "$TMP/$1.pem" "$TMP/$1.key" \
    2>"$TMP/hook.err" &
  HOOK_PID=$!
  child $HOOK_PID
  wait_for 10 in_ns "$CLIENTS" bash -c ': </dev/tcp/10.77.2.2/8443' 2>/dev/null || die "no server" "$(cat "$TMP/hook.err")"
}

certificate() { # NAME: of 10.77.2.2, by itself
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -addext "subjectAltName=IP:10.77.2.2" -keyout "$TMP/$1.key" -out "$TMP/$1.pem" 2>/dev/null
}

# An alert: a group of its own, a port.
port=7000
alert() {
  port=$((port + 1))
  knock "$CLIENTS" -n 12 "udp:10.77.2.2:$port"
}

asked() { # ORDER [ACTION]: requests that met this order
  awk -v order="$1" -v action="${2:-}" '$2 == order && (action == "" || $4 == action)' "$TMP/taken" 2>/dev/null
}
has_asked() { [ "$(asked "$2" "${3:-}" | wc -l)" -ge "$1" ]; }
opened() { asked take open | awk '{ print $3 }' | sort -u | wc -l; } # different ones that were taken
has_opened() { [ "$(opened)" -ge "$1" ]; }
says() { grep -Eq -- "$1" "$SENSOR_ERR"; }

# What the server does wrong; the alert is there once it does right.
comes_through() { # ORDER SECONDS
  local before
  before=$(opened)
  order "$1"
  alert
  check "$1: the server is asked" wait_for 15 has_asked 1 "$1" open
  check_equal "$1: nothing was taken" "$(opened)" "$before"
  order take
  check "$1: the alert comes through" wait_for "$2" has_opened $((before + 1))
}

topology_make
require_tools nft jq openssl python3
require_sensor
firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7000-7999 drop'
in_ns "$CLIENTS" ping -c1 -W2 10.77.2.2 >/dev/null
certificate right
certificate wrong
echo s3cret >"$TMP/token"
sensor_config "$TMP/sw.yaml" <<END
webhook: {url: "https://10.77.2.2:8443/in?x=1", ca: $TMP/right.pem, token_file: $TMP/token, timeout: 2s}
rules:
  firewall-deny-spike: {enabled: false}
  denies: {title: denies, feed: drop, match: {class: [firewall]}, group_by: [port], threshold: {count: 10, window: 2m}}
END

order take
serve right
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
alert
check "an alert is posted" wait_for 10 has_opened 1
check "and what the sensor says of itself" wait_for 10 has_asked 1 take started
comes_through fail 15
comes_through busy 15
comes_through denied 15
comes_through redirect 15
check_equal "a redirect is not followed" "$(grep -c elsewhere "$TMP/taken")" 0
comes_through cut 15
comes_through close 15
second=$SECONDS
comes_through hang 20
check "hang: it costs a timeout, no more ($((SECONDS - second)) s)" [ $((SECONDS - second)) -le 20 ]

order refuse
alert
check "refuse: the server is asked" wait_for 10 has_asked 1 refuse open
check "refuse: it is said" wait_for 5 says 'webhook refused a record: the server answered 400'
order take
alert
check "refuse: the next one comes" wait_for 10 has_opened 9
check_equal "refuse: that one did not come again" "$(asked refuse open | wc -l)" 1

process_end $HOOK_PID
serve wrong # before the alert: what is wrong is said once, as it was at first
judged=$(grep -c '"action":"open"' "$SENSOR_OUT")
alert
judged_one_more() { [ "$(grep -c '"action":"open"' "$SENSOR_OUT")" -gt "$judged" ]; }
check "a wrong certificate: alerts are judged meanwhile" wait_for 5 judged_one_more
alert
check "a wrong certificate is said" wait_for 15 says 'webhook: [0-9]+ records? waits? to be sent: .*certificate'
check "no alert went there" [ "$(opened)" = 9 ]
process_end $HOOK_PID
sensor_stop KILL
serve right
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
check "after kill -9 both come, once the server is there" wait_for 20 has_opened 11
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
check "the end is told before it" wait_for 2 has_asked 1 take stopped
check_equal "every request was as it should be" "$(awk '$5 != "good" || $6 != "/in?x=1"' "$TMP/taken" | sort -u)" ""
check_equal "nothing waits" "$(python3 -c "
import sqlite3
print(sqlite3.connect('$TMP/state.db').execute('SELECT count(*) FROM posts').fetchone()[0])")" 0
