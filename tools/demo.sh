#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Both rules at work in three network namespaces, beside nginx's and nftables' own figures.
#
# Clients, a gateway with nftables and spikewatch, servers with a real nginx. Takes about a minute,
# needs root, touches nothing of the host and removes what it made. Exit 1 where a figure differs or
# an incident does not open or close.
NS_PREFIX=swd-$$-
# shellcheck source=tests/lib/base.sh
. "$(dirname "$0")/../tests/lib/base.sh"

conclude() {
  progress_clear
  [ "$1" -lt 128 ] || printf '\ninterrupted; everything is removed\n'
  return "$1"
}

die() {
  progress_clear
  printf 'demo: %s\n' "$@" >&2
  exit 1
}

skip() {
  die "$1"
}

. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

PLANNED_S=45 # the countdown: what it usually takes
HTTP="HTTP Response Error Spike - Internal:" DENIES="Spike in Firewall Denies:"
OPEN='(LOW|MEDIUM|HIGH|CRITICAL)' CLOSED='closed'

# --- what is seen --------------------------------------------------------------------------------

tty='' bold='' dim='' red='' yellow='' green='' plain=''
if [ -t 1 ]; then
  tty=1
  [ -n "${NO_COLOR:-}" ] || bold=$'\e[1m' dim=$'\e[2m' red=$'\e[1;31m' yellow=$'\e[33m' green=$'\e[32m' plain=$'\e[m'
fi
shown=0
# The sensor writes to a file: tell it how wide the terminal is, less our indent.
shopt -u checkwinsize
columns=$(stty size 2>/dev/null <&1 | cut -d ' ' -f 2)
export COLUMNS=$((${columns:-0} >= 83 ? columns - 3 : 100))

progress_clear() {
  [ -z "$tty" ] || printf '\r\e[K'
}

progress() {
  local left=$((PLANNED_S - SECONDS))
  [ -z "$tty" ] || printf '\r%s   about %d s left%s\e[K' "$dim" $((left > 1 ? left : 1)) "$plain"
}

heading() {
  progress_clear
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
  [ $# -lt 2 ] || printf '%s\n' "${@:2}"
}

# The sensor's lines since the last time; its counts, which are JSON, are for the end.
show_sensor() {
  local lines
  lines=$(tail -n "+$((shown + 1))" "$SENSOR_OUT")
  [ -n "$lines" ] || return 0
  shown=$((shown + $(printf '%s\n' "$lines" | wc -l)))
  progress_clear
  printf '%s\n' "$lines" | sed -E -e '/^\{/d' -e 's/^/   /' \
    -e "s/^(.{18} *)($OPEN )/\1$yellow\2$plain/" -e "s/^(.{18} *)((closed|started) )/\1$green\2$plain/"
}

# pass SECONDS COMMAND...: shows what the sensor says until the command succeeds; 1 at the deadline.
pass() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    show_sensor
    progress
    sleep 0.1
  done
  sleep 0.1
  show_sensor
}

# --- what happens --------------------------------------------------------------------------------

E="/e/401 /e/403 /e/404 /e/500"

deny_rules() {
  printf 'add table inet demo\n'
  printf 'add chain inet demo forward { type filter hook forward priority 0; }\n'
  deny_rule "inet demo forward" drop tcp 4 1000-1249
  deny_rule "inet demo forward" "reject with tcp reset" tcp 4 1250-1499
  deny_rule "inet demo forward" drop udp 4 161
}

# A window of 10 s and buckets of 2 s, so that a minute shows what otherwise takes the day.
write_config() {
  sensor_config "$TMP/demo.yaml" <<'END'
stdout: human
rules:
  http-error-spike-internal: {threshold: {count: 350, window: 10s}, suppress: 0s}
  firewall-deny-spike: {anomaly: {bucket: 2s}}
END
}

# In the background, all the time: pages, now and then an error, a few denies.
ordinary_traffic() {
  # shellcheck disable=SC2086
  exec_in_ns "$CLIENTS" python3 "$LIB/http_client.py" 10.77.1.20 10.77.2.2:80 keep 9000/25 \
    /ok /page.txt /ok /gzip/page.txt /ok /ok /e/404 /ok >/dev/null &
  ordinary_http=$!
  child $ordinary_http
  exec_in_ns "$CLIENTS" python3 "$LIB/knock.py" -b 10.77.1.21 -r 4 udp:10.77.2.2:161 \
    tcp:10.77.2.2:1300 &
  ordinary_denies=$!
  child $ordinary_denies
}

started() {
  process_gone "$SENSOR_PID" && die "spikewatch ended" "$(cat "$SENSOR_ERR")"
  sensor_says ' started '
}

# Nine buckets of about eight denies: the first one may have been begun before us.
learned() {
  [ "$(firewall_packets "$GATEWAY")" -ge 72 ] 2>/dev/null
}

incident() { # WORD TITLE
  sensor_says "^.{15} +$1 +$2"
}

both_closed() {
  incident "$CLOSED" "$HTTP" && incident "$CLOSED" "$DENIES"
}

errors_burst() {
  local pids=() pid
  # shellcheck disable=SC2086
  http_get 4 10.77.2.2:80 keep 300/200 $E >/dev/null &
  pids+=($!)
  # shellcheck disable=SC2086
  http_get 3 10.77.2.2:80 keep 400/200 $E >/dev/null &
  pids+=($!)
  for pid in "${pids[@]}"; do
    pass 15 process_gone "$pid"
    wait "$pid" || die "the clients get no answers"
  done
}

denies_burst() {
  local pid targets=()
  mapfile -t targets < <(printf 'tcp:10.77.2.2:%d\n' {1000..1499})
  knock "$CLIENTS" -b 10.77.1.9 -r 400 -n 500 "${targets[@]}" &
  pid=$!
  pass 15 process_gone $pid
}

# --- the story -----------------------------------------------------------------------------------

failures=0
expect() { # WHAT COMMAND...
  "${@:2}" || {
    progress_clear
    printf '%sFAIL%s %s\n' "$red" "$plain" "$1"
    failures=$((failures + 1))
  }
}

not() {
  ! "$@"
}

require_tools nft nginx
[ -x "$SPIKEWATCH" ] || die "$SPIKEWATCH is missing: run make"
heading "clients 10.77.1.0/24 --- gateway: nftables, spikewatch --- servers 10.77.2.0/24: nginx"
progress
topology_make
nginx_start
firewall_load "$GATEWAY" "$(deny_rules)"
write_config
sensor_spawn "$GATEWAY" -c "$TMP/demo.yaml" -i gwc -i gws --counts
pass 20 started || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"

heading "1. Ordinary traffic" \
  "   Pages, an error now and then, four denies a second: eight buckets of 2 s are learned."
ordinary_traffic
pass 30 learned || die "no ordinary denies"
expect "ordinary traffic is no incident" not sensor_says "$OPEN +(HTTP|Spike)"

heading "2. 10.77.1.3 draws 400 errors, 10.77.1.4 stays at 300 (limit: 350, here in 10 s)"
errors_burst
expect "the errors open an incident" pass 10 incident "$OPEN" "$HTTP"

heading "3. 10.77.1.9 knocks at 500 ports; nftables drops half of it and rejects the rest"
denies_burst
expect "the denies open an incident" pass 10 incident "$OPEN" "$DENIES"

heading "4. Ordinary traffic again: the incidents end by themselves"
expect "both incidents close" pass 45 both_closed
expect "the incident is 10.77.1.3's" sensor_says ' 10\.77\.1\.3 .*-> '
expect "10.77.1.4 is in none" not sensor_says ' 10\.77\.1\.4 .*-> '

process_end $ordinary_http
process_end $ordinary_denies
nginx_stop
sensor_stop
show_sensor
expect "spikewatch ends well" test "$SENSOR_RC" -eq 0
firewall_counters "$GATEWAY" "$TMP/nft.json"
heading "5. Everything counted, from the first packet to the last"
expect "the figures are the same" compare figures "$TMP/nft.json" "$NGINX_LOG"
[ $failures -eq 0 ] || exit 1
