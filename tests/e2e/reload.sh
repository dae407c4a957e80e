#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SIGHUP: another configuration, taken or refused as a whole, while counts go on.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"



records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

reloads() { # OUTCOME: how many
  records count event.action=reloaded "event.outcome=$1"
}

more_reloads() { # OUTCOME THAN
  [ "$(reloads "$1")" -gt "$2" ]
}

# Sends the signal and waits for the record.
reload() { # WHAT OUTCOME
  local before
  before=$(reloads "$2")
  kill -HUP "$SENSOR_PID"
  check "$1: $2" wait_for 10 more_reloads "$2" "$before"
}

last_reload() {
  grep '"reloaded"' "$SENSOR_OUT" | tail -n 1 | jq -r .event.reason
}

# Standard input is the rule "errors"; other keys are arguments.
config() { # LINE...
  { printf '%s\n' "$@" && cat; } | sensor_config "$CONFIG"
}

RULE='feed: http, match: {status: 400-599}, group_by: client, threshold: {count: 20, window: 1m}'

errors_pass() { # COUNT
  http_get 10 10.77.2.2:80 keep "$1" /e/404 >/dev/null
}

opens() { # RULE
  records count event.action=open "rule.id=$1"
}

counts_test() {
  errors_pass 15
  config <<<"rules: {errors: {title: Other words, severity: 9, $RULE}}"
  reload "another title" success
  check_match "the record says what changes" "$(last_reload)" '4 rules, of which 0 begin anew, 0 gone$'
  check_equal "15 errors are not 20" "$(opens errors)" 0
  errors_pass 5
  check "5 more are, under the new title" \
    wait_for 5 records has event.action=open rule.id=errors 'rule.name=Other words' 'spikewatch.count>=20'
}

refuse_test() {
  printf 'memory_budget: 32MiB\nrulez: {}\nattach: sideways\n' >"$CONFIG"
  reload "a misspelt key" failure
  check_match "it is named" "$(last_reload)" \
    'the one before stays in force: .*sw\.yaml:2:1: .rulez. .*\(and 1 more\)$'
  printf '\377\n' >"$CONFIG"
  reload "no text" failure
  rm "$CONFIG"
  reload "no file" failure
  check_match "it is named" "$(last_reload)" 'sw\.yaml: cannot be read: No such file'
  config 'webhook: {url: "http://127.0.0.1:9/", ca: /nonexistent.pem}' <<<"rules: {errors: {$RULE}}"
  reload "a webhook that can't be" failure
  config 'interfaces: [gwc, gwx]' <<<"rules: {errors: {$RULE}}"
  reload "an unknown interface" failure
  check_match "it is named" "$(last_reload)" "there is no interface 'gwx'"
  check_equal "both interfaces are watched as before" "$(watched)" "1 1 1 1"
}

watched() {
  echo "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc)" \
    "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gws)"
}

watched_is() {
  [ "$(watched)" = "$1" ]
}

change_test() {
  config 'interfaces: [gwc]' 'webhook: {url: "http://127.0.0.1:9/"}' 'memory_budget: 32MiB' 'drops: {netns: all}' \
    <<<"rules: {errors: {$RULE}, other: {feed: drop, match: {class: other}, threshold: {count: 9, window: 1m}}}"
  reload "an interface less, a rule more" success
  check_match "what needs a restart is named" "$(last_reload)" \
    '5 rules, of which 1 begins anew, 1 gone; not before a restart: memory_budget, drops.netns, .*class other'
  check "the interface is left" wait_for 5 watched_is "1 1 0 0"
  config 'interfaces: [gwc, gws]' 'lists: {first: [10.0.0.1], testers: [10.77.1.10]}' \
    <<<"rules: {errors: {$RULE}, second: {except: {client: testers}, $RULE}, third: {$RULE}}"
  reload "lists" success
  check "the interface is watched again" wait_for 5 watched_is "1 1 1 1"
  errors_pass 25
  check "a new rule counts" wait_for 5 records has event.action=open rule.id=third
  check_equal "a new list excepts" "$(opens second)" 0
  check_equal "an incident that is open is not opened again" "$(opens errors)" 1
}

metrics_at() { in_ns "$GATEWAY" curl -sf "http://127.0.0.1:$1/metrics" | grep -q spikewatch_build_info; }
not() { ! "$@"; }
asked_at() { "$SPIKEWATCH" status -c "$1" >/dev/null 2>&1; }

# Who is asked moves at once; names wait for a restart, and that is said.
doors_test() {
  cp "$CONFIG" "$TMP/old.yaml"
  printf '%s\n' 'interfaces: [gwc, gws]' 'journald: {enabled: false}' "state: $TMP/state.db" "control: $TMP/other.sock" \
    'metrics: {listen: "127.0.0.1:9437"}' 'resolve: off' "geoip: [$TMP/none.mmdb]" \
    'lists: {testers: [10.77.1.10]}' \
    "rules: {errors: {$RULE}, second: {except: {client: testers}, $RULE}, third: {$RULE}}" >"$CONFIG"
  reload "metrics and control move" success
  check_match "what needs a restart is named" "$(last_reload)" 'not before a restart: resolve, geoip$'
  check "metrics are where they should be" wait_for 5 metrics_at 9437
  check "so is the control socket" wait_for 5 asked_at "$CONFIG"
  check "and not where it was" not asked_at "$TMP/old.yaml"
  sed -i 's/9437/9438/' "$CONFIG"
  reload "metrics move again" success
  check "metrics are there" wait_for 5 metrics_at 9438
  check "and not where they were" not metrics_at 9437
}

# An entry whose last day passes while the sensor runs: its clock is set ahead for it alone.
until_test() {
  cc -shared -fPIC -o "$TMP/ahead.so" "$ROOT/tests/e2e/ahead.c" || die "ahead.c does not compile"
  printf '#!/bin/sh\nAHEAD=%q LD_PRELOAD=%q exec %q "$@"\n' "$TMP/ahead" "$TMP/ahead.so" "$SPIKEWATCH" >"$TMP/ahead.sh"
  chmod +x "$TMP/ahead.sh"
  echo 0 >"$TMP/ahead"
  config 'interfaces: [gwc, gws]' 'lists: {mine: [{net: 10.77.1.10, until: 2037-01-01}, 10.77.1.11]}' \
    <<<"rules: {errors: {except: {client: mine}, $RULE}}"
  SPIKEWATCH=$TMP/ahead.sh sensor_start "$GATEWAY" -c "$CONFIG"
  errors_pass 25
  http_get 13 10.77.2.2:80 keep 25 /e/404 >/dev/null
  check "another client alerts" wait_for 5 records has event.action=open source.ip=10.77.1.13
  check_equal "until its day is over, an entry excepts" "$(records count event.action=open source.ip=10.77.1.10)" 0
  echo $(($(date -d 2037-01-02 +%s) - $(date +%s))) >"$TMP/ahead.new" && mv "$TMP/ahead.new" "$TMP/ahead"
  check "that it expired is said" wait_for 5 grep -q '1 entries of lists have expired' "$SENSOR_ERR"
  errors_pass 25
  check "then it does not" wait_for 5 records has event.action=open source.ip=10.77.1.10
  sensor_stop
}

gone_test() {
  config </dev/null
  reload "rules go" success
  check_match "how many is said" "$(last_reload)" '3 rules, of which 0 begin anew, 3 gone$'
  check "their incidents close" wait_for 5 records has event.action=close rule.id=third
  check "of each" records has event.action=close rule.id=errors
}

# As fast as they are told, each with a rule that comes and goes.
load_test() {
  local i before
  http_get 10 10.77.2.2:80 keep 1000 /e/404 /ok >/dev/null &
  child $!
  for i in $(seq 10); do
    before=$(reloads success)
    config <<<"rules: {errors: {severity: $((i % 2)), $RULE}, r$i: {$RULE}}"
    kill -HUP "$SENSOR_PID"
    wait_for 10 more_reloads success "$before" || fail "reload $i under load" "$(tail -n 5 "$SENSOR_ERR")"
  done
  wait $! || fail "traffic passes"
}

told() { # REGEX
  grep -Eq "^[0-9]+ $1" "$TOLD"
}

# RELOADING with the time of its sending, then READY.
notify_test() {
  check "the manager hears of it" wait_for 5 told 'RELOADING=1 MONOTONIC_USEC=[0-9]+$'
  check "in turn: ready, reloading, ready" awk '
    / RELOADING=1 / { split($3, at, "="); if ($1 < at[2] || $1 - at[2] > 5e6 || state++ % 2 != 1) bad = 1 }
    / READY=1/ { if (state++ % 2 != 0) bad = 1 }
    END { exit bad || state < 5 || state % 2 != 1 }' "$TOLD"
}

topology_make
require_tools jq python3 curl cc
require_sensor
CONFIG=$TMP/sw.yaml TOLD=$TMP/told
export NOTIFY_SOCKET=$TMP/notify.sock
python3 "$LIB/notify.py" "$NOTIFY_SOCKET" >"$TOLD" &
child $!
wait_for 10 grep -q listens "$TOLD" || die "no listener"
config 'interfaces: [gwc, gws]' <<<"rules: {errors: {$RULE}}"
nginx_start
: >"$NGINX_LOG"
sensor_start "$GATEWAY" -c "$CONFIG"
counts_test
refuse_test
load_test
change_test
doors_test
gone_test
notify_test
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
check "no response was lost" compare http "$NGINX_LOG"
unset NOTIFY_SOCKET
until_test
nginx_stop
