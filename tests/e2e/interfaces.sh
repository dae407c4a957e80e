#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Interfaces and addresses that come, change and go while the sensor runs.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

PODS=${PODS:-100}

watches() { # INTERFACE: both sides have a program
  [ "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" "$1" 2>/dev/null)" = "1 1" ]
}

watches_not() {
  [ "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" "$1" 2>/dev/null)" = "0 0" ]
}

logs() { # EXTENDED-REGEX
  grep -Eq -- "$1" "$SENSOR_ERR"
}

fds() {
  find "/proc/$SENSOR_PID/fd" -mindepth 1 | wc -l
}

links() { # of BPF, which this process holds
  grep -l '^link_id:' "/proc/$SENSOR_PID"/fdinfo/* 2>/dev/null | wc -l
}

rss() {
  awk '/^VmRSS:/ { print $2 }' "/proc/$SENSOR_PID/status"
}

errors_are_counted() { # WHAT
  nginx_start
  : >"$NGINX_LOG"
  check "$1: traffic passes" http_get 10 10.77.2.2:80 keep 20 /e/404 /ok
  nginx_stop
}

# --- one interface ----------------------------------------------------------------------------

replug() { # the clients' cable, pulled and put again
  ip -n "$GATEWAY" link del gwc
  wait_for 10 "$1" || fail "$2" "$(cat "$SENSOR_OUT" "$SENSOR_ERR")"
  veth_make "$CLIENTS" c0 "$GATEWAY" gwc
  address_add "$GATEWAY" gwc 10.77.1.1/24
  address_add "$CLIENTS" c0 10.77.1.2/24 10.77.1.10/24
  ip -n "$CLIENTS" route add default via 10.77.1.1
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 10.77.2.2 || die "clients don't reach servers again"
}

is_missed() { sensor_says '"blind".*gwc is gone'; }
is_left() { logs 'gwc is not watched any more'; }

auto_test() {
  replug is_left "auto: an interface that goes is let go"
  check "auto: one of the same name is watched" wait_for 10 watches gwc
  errors_are_counted "auto"
  ip -n "$GATEWAY" link set gwc down
  check "auto: one that is down is not" wait_for 10 watches_not gwc
  ip -n "$GATEWAY" link set gwc up
  check "auto: up again, it is" wait_for 10 watches gwc
  ip -n "$GATEWAY" link set gwc down
  ip -n "$GATEWAY" link set gwc name gwz
  ip -n "$GATEWAY" link set gwz up
  check "auto: under another name, it is" wait_for 10 watches gwz
  ip -n "$GATEWAY" link set gwz name gwc
  check "a rename alone is followed" wait_for 10 logs 'gwz is gwc now'
  check "and it stays watched" watches gwc
}

# The servers' side alone would count the same: the named one is the only one.
named_test() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc
  replug is_missed "a named one that goes is said to be missed"
  check "a named one that comes back is watched" wait_for 10 watches gwc
  check "and said to have recovered" wait_for 10 sensor_says '"recovered".*gwc is there again'
  errors_are_counted "named"
  sensor_stop
  check "named: each response once" compare http "$NGINX_LOG"
  check_match "blind is said once" "$(grep -c '"blind".*gwc is gone' "$SENSOR_OUT")" '^1$'
}


moved_test() { # to another network namespace and back: same name, perhaps the same number
  veth_make "$CLIENTS" cx "$GATEWAY" eni0
  check "one that comes is watched" wait_for 10 watches eni0
  ip -n "$GATEWAY" link set eni0 netns "$SERVERS"
  check "one that moves away is let go" wait_for 10 logs 'eni0 is not watched any more'
  ip -n "$SERVERS" link set eni0 netns "$GATEWAY"
  ip -n "$GATEWAY" link set eni0 up
  check "and watched when it is back" wait_for 10 watches eni0
  ip -n "$GATEWAY" link del eni0
}

# --- addresses --------------------------------------------------------------------------------

address_test() {
  address_add "$GATEWAY" gws 10.77.2.77/24
  check "a new address is taken up" wait_for 10 logs "this host's addresses changed"
}

# --- many -------------------------------------------------------------------------------------

pods() { # add | del
  local i
  for ((i = 1; i <= PODS; i++)); do
    if [ "$1" = add ]; then
      echo "link add eni$i up type veth peer name pod$i"
    else
      echo "link del eni$i"
    fi
  done | ip -n "$GATEWAY" -batch -
}

links_are() { # NUMBER
  [ "$(links)" -eq "$1" ]
}

storm_test() { # a storm of pods: epochs go on, nothing is left behind
  local fds_before rss_before links_before round rss_first=0
  wait_for 5 links_are 5
  fds_before=$(fds) rss_before=$(rss) links_before=$(links)
  for round in 1 2; do
    pods add || fail "pods are made"
    check "round $round: $PODS pods are watched" wait_for 60 links_are $((links_before + 2 * PODS))
    pods del || fail "pods are removed"
    check "round $round: none is left" wait_for 60 links_are "$links_before"
    [ "$round" -gt 1 ] || rss_first=$(rss)
  done
  (pods add && pods del) & # faster than they can be watched
  child $!
  wait $!
  wait_for 60 links_are "$links_before"
  check "churn: none is left" wait_for 10 links_are "$links_before"
  check_equal "no descriptor is left" "$(fds)" "$fds_before"
  check "no memory is left: $rss_before KiB, then $rss_first, then $(rss)" \
    test "$(rss)" -le $((rss_first + 2048))
}

all_test() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i auto
  auto_test
  moved_test
  address_test
  storm_test
  sensor_stop
  check_equal "exit code" "$SENSOR_RC" 0
  check_equal "nothing is said to be blind, or held up" "$(grep -Ec '"(blind|degraded)"' "$SENSOR_OUT")" 0
  check_match "the observer has the new address" "$(grep '"stopped"' "$SENSOR_OUT")" '10\.77\.2\.77'
  check "each response once" compare http "$NGINX_LOG"
}

topology_make
require_sensor
in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc >/dev/null || {
  skip "interfaces (needs tcx, Linux 6.6)"
  exit 0
}
sensor_config "$TMP/sw.yaml" </dev/null
all_test
named_test
