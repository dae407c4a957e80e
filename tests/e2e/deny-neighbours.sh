#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# Beside tc filters of others, which accept and deny: neither hides packets from the other, whoever came
# first; what they deny is counted.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/deny_programs.sh"
. "$LIB/sensor.sh"

# What runs first: the name of its program, or its kind.
first_filter() { # DEVICE SIDE
  in_ns "$GATEWAY" tc -j filter show dev "$1" "$2" | jq -r 'map(select(.options.handle or .options.fh))[0] |
    .options.bpf_name // .kind'
}

ours_is_first() { # DEVICE SIDE
  first_filter "$1" "$2" | grep -q 'sw_'
}

received() { # DEVICE: packets that came in
  ip -n "$GATEWAY" -j -s link show "$1" | jq '.[0].stats64.rx.packets'
}

neighbour_add() {
  deny_filter_add "$GATEWAY" gwc ingress in
  deny_filter_add "$GATEWAY" gws egress out
}

traffic() {
  knock "$CLIENTS" -n 40 udp:10.77.2.2:7901 tcp:10.77.2.2:7902 'udp:[fd77:2::2]:7901' 'tcp:[fd77:2::2]:7902'
  knock "$GATEWAY" -n 40 udp:10.77.2.2:7903 tcp:10.77.2.2:7904 'udp:[fd77:2::2]:7903' 'tcp:[fd77:2::2]:7904'
  knock "$CLIENTS" -n 60 udp:10.77.2.2:7000 'udp:[fd77:2::2]:7000' icmp:10.77.2.2
}

within() { # LEAST NUMBER MOST
  echo "$1 <= $2 <= $3?"
  [ "$1" -le "$2" ] && [ "$2" -le "$3" ]
}

# beside MODE ORDER: as many packets come in as the interface says, for both; 40 are denied on each side.
beside() {
  local what="$1, a neighbour $2 us" from begin n all from_gws begin_gws seen n_gws
  deny_clear in out
  from=$(received gwc) from_gws=$(received gws)
  [ "$2" = after ] || neighbour_add
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws --attach "$1"
  if [ "$2" = after ]; then
    neighbour_add
    if [ "$1" = clsact ]; then
      check "$what: ours runs first again, ingress" wait_for 4 ours_is_first gwc ingress
      check "$what: ours runs first again, egress" wait_for 4 ours_is_first gws egress
    fi
  fi
  begin=$(received gwc) begin_gws=$(received gws)
  traffic
  n=$(($(received gwc) - begin)) n_gws=$(($(received gws) - begin_gws))
  sensor_stop
  deny_dump in "$TMP/in.json"
  deny_dump out "$TMP/out.json"
  denies "$what: what it denies is counted" ingress="$TMP/in.json" egress="$TMP/out.json"
  check_equal "$what: its verdicts stand" \
    "$(jq -n '[inputs[].formatted.value] | add' "$TMP/in.json") $(jq -n '[inputs[].formatted.value] | add' "$TMP/out.json")" "40 40"
  seen=$(deny_seen in) # before the interface's own count: a packet may come in between
  all=$(($(received gwc) - from))
  check "$what: it sees all packets" within $n "$seen" $all
  check "$what: so do we" within $((n + n_gws)) "$(tail -n 1 "$SENSOR_OUT" | jq .totals.packets_ingress)" \
    $((all + $(received gws) - from_gws))
  check_equal "$what: nobody is said to be shadowed" "$(grep -c shadowed "$SENSOR_OUT")" 0
  deny_filter_del "$GATEWAY" gwc ingress
  deny_filter_del "$GATEWAY" gws egress
}

says_blind() { sensor_says '"blind".*shadowed'; }

# Somebody who comes again each time we do.
contest() {
  local i start=$SECONDS
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc --attach clsact
  for i in {2..6}; do
    deny_filter_add "$GATEWAY" gwc ingress in "$i"
    wait_for 5 ours_is_first gwc ingress || fail "contest: turn $i is answered"
  done
  check "contest: no more often than every 2 s" test $((SECONDS - start)) -ge 8
  check_equal "contest: nothing is said while it is held" "$(grep -c shadowed "$SENSOR_OUT")" 0
  deny_filter_add "$GATEWAY" gwc ingress in 7
  check "contest: after five turns it is said" wait_for 5 says_blind
  check_match "contest: and what to do" "$(grep shadowed "$SENSOR_OUT")" 'gwc.*attach: tcx'
  check_match "contest: the other stays" "$(first_filter gwc ingress)" "^deny_tc"
  for i in {2..7}; do deny_filter_del "$GATEWAY" gwc ingress "$i"; done
  check "contest: when the others are gone it is said" wait_for 5 sensor_says '"recovered".*shadowed'
  sensor_stop
}

removed() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc --attach clsact
  in_ns "$GATEWAY" tc filter del dev gwc egress
  check "our filter is removed: it is put again" wait_for 5 ours_is_first gwc egress
  in_ns "$GATEWAY" tc qdisc del dev gwc clsact
  check "the qdisc is removed: it is put again, ingress" wait_for 5 ours_is_first gwc ingress
  # Who replaces the qdisc has a filter to add.
  deny_filter_add "$GATEWAY" gwc ingress in
  check "the qdisc is replaced: ours runs first again, at once" wait_for 1 ours_is_first gwc ingress
  check "the qdisc is replaced: it is said" sensor_says '"degraded".*gwc ingress: somebody detached our tc ingress filter'
  check "the qdisc is removed: it is put again, egress" wait_for 5 ours_is_first gwc egress
  deny_filter_del "$GATEWAY" gwc ingress
  sensor_stop
  check_match "the qdisc is never removed by us" "$(in_ns "$GATEWAY" tc qdisc show dev gwc)" clsact
}

# Of another kind at priority 1: ours takes the next, and can't be the first.
other_kind() {
  in_ns "$GATEWAY" tc qdisc replace dev gwc clsact
  in_ns "$GATEWAY" tc filter add dev gwc ingress prio 1 protocol ip u32 match ip dport 9 0xffff flowid 1:1 ||
    die "no u32"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc --attach clsact
  check_match "another kind at priority 1: ours has priority 2" \
    "$(in_ns "$GATEWAY" tc filter show dev gwc ingress)" 'pref 2 bpf .*sw_ingress'
  check "another kind at priority 1: it is said at once" wait_for 3 says_blind
  in_ns "$GATEWAY" tc filter del dev gwc ingress prio 1
  check "another kind at priority 1: it goes" wait_for 5 sensor_says '"recovered".*shadowed'
  sensor_stop
}

topology_make
require_tools tc bpftool clang gcc jq
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
deny_build
deny_load in out
modes=clsact
if in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc >/dev/null 2>&1; then
  modes="clsact tcx"
else
  skip "tcx (needs Linux 6.6)"
fi
for mode in $modes; do
  beside "$mode" before
  beside "$mode" after
done
contest
removed
other_kind
