#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the network says about denials: a firewall further on that prohibits, resets or is silent. Packets
# equal its counters, per protocol, family and port; what this host denies itself counts as that alone.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

# Behind the servers' namespace, which is a router here: 10.77.9.0/24, fd77:9::/64.
BEHIND=${NS_PREFIX}behind
FAR4=10.77.9.2 FAR6=fd77:9::2

make_behind() {
  ns_make "$BEHIND"
  veth_make "$SERVERS" s9 "$BEHIND" b0
  address_add "$SERVERS" s9 10.77.9.1/24 fd77:9::1/64
  address_add "$BEHIND" b0 $FAR4/24 $FAR6/64
  ip -n "$GATEWAY" route add 10.77.9.0/24 via 10.77.2.2
  ip -n "$GATEWAY" -6 route add fd77:9::/64 via fd77:2::2
  ip -n "$BEHIND" route add default via 10.77.9.1
  ip -n "$BEHIND" -6 route add default via fd77:9::1
  # Each denied packet is answered: no limits on ICMP.
  in_ns "$SERVERS" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
    echo 0 >/proc/sys/net/ipv4/icmp_ratemask
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
    echo 3 >/proc/sys/net/ipv6/icmp/ratemask
    echo 0 >/proc/sys/net/ipv6/icmp/ratelimit' || die "can't make a router"
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 $FAR4 || die "clients don't reach what is behind (IPv4)"
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 $FAR6 || die "clients don't reach what is behind (IPv6)"
}

# Ports: 81xx prohibited, 82xx refused, 83xx unanswered.
router_rules() {
  local f table
  for table in prohibited refused unanswered; do
    printf 'add table inet %s\n' $table
    printf 'add chain inet %s forward { type filter hook forward priority 0; }\n' $table
  done
  for f in 4 6; do
    deny_rule "inet prohibited forward" "reject with icmpx admin-prohibited" tcp $f 8101
    deny_rule "inet prohibited forward" "reject with icmpx admin-prohibited" udp $f 8102
    deny_rule "inet prohibited forward" "reject with icmpx admin-prohibited" icmp $f 0
    deny_rule "inet refused forward" "reject with tcp reset" tcp $f 8201
    deny_rule "inet unanswered forward" drop tcp $f 8301
  done
  deny_rule "inet prohibited forward" "reject with icmp net-prohibited" udp 4 8103
  deny_rule "inet prohibited forward" "reject with icmp host-prohibited" udp 4 8104
}

# This host's own firewall, of which nothing may count as what the network says.
gateway_rules() {
  local f
  printf 'add table inet t\nadd chain inet t forward { type filter hook forward priority 0; }\n'
  printf 'add chain inet t output { type filter hook output priority 0; }\n'
  for f in 4 6; do
    deny_rule "inet t forward" "reject with icmpx admin-prohibited" udp $f 8401
    deny_rule "inet t forward" "reject with tcp reset" tcp $f 8402
    deny_rule "inet t forward" drop tcp $f 8403
    deny_rule "inet t output" drop tcp $f 8404
  done
}

knock_all() {
  local far
  for far in $FAR4 "[$FAR6]"; do
    knock "$CLIENTS" -n 210 "tcp:$far:8101" "udp:$far:8102" "icmp:$far" "tcp:$far:8201" "tcp:$far:8301" \
      "tcp:$far:8402" "udp:$far:8401"
    knock "$GATEWAY" -n 50 "tcp:$far:8101" "udp:$far:8102" "tcp:$far:8201" "tcp:$far:8301" "tcp:$far:8404"
    knock "$CLIENTS" -n 30 "tcp:$far:8403"
  done
  knock "$CLIENTS" -n 40 udp:$FAR4:8103 udp:$FAR4:8104
}

packets() { # PORT CLASS
  python3 - "$SENSOR_OUT" "$1" "$2" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
print(sum(r["packets"] for r in rows if r.get("class") == sys.argv[3] and "hook" in r and r["port"] == int(sys.argv[2])))
END
}

total() { # COUNTER
  sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$SENSOR_OUT"
}

zero_counters() {
  in_ns "$SERVERS" nft reset counters >/dev/null
  in_ns "$GATEWAY" nft reset counters >/dev/null
}

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

# counts ATTACH: all of it, with the gateway's hooks of one kind.
counts() {
  local class
  sensor_config "$TMP/sw.yaml" <<'END'
rules:
  refused: {title: refused, feed: drop, match: {class: [refused]}, threshold: {count: 80, window: 1m}}
  unanswered: {title: silent, feed: drop, match: {class: [unanswered], reason: [NO_ANSWER]}, threshold: {count: 80, window: 1m}}
END
  zero_counters
  rm -f "$TMP"/state.db* # what the last one raised would be suppressed
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws --attach "$1"
  knock_all
  check "$1: a rule may look at what is refused" wait_for 5 records has event.action=open rule.id=refused
  check "$1: and at what has no answer" wait_for 30 records has event.action=open rule.id=unanswered
  sensor_stop
  for class in prohibited refused unanswered; do
    in_ns "$SERVERS" nft -j list counters table inet $class >"$TMP/$class.json"
    check "$1: $class: as the router's counters" compare denials $class "$TMP/$class.json"
  done
  in_ns "$GATEWAY" nft -j list counters >"$TMP/own.json"
  check "$1: what this host denies is a deny of its own alone" compare denials firewall "$TMP/own.json"
  check_equal "$1: each message was read, and went to whom it is about" \
    "$(total denial_misdirected) $(total denial_unreadable) $(total denial_repeated)" "0 0 0"
  check_equal "$1: every attempt was followed" "$(total attempts_untracked)" 0
  check "$1: counters agree with each other" compare totals
}

denied_at_least() { # PACKETS
  [ "$(firewall_packets "$SERVERS")" -ge "$1" ] 2>/dev/null
}

# The default rule takes what is prohibited elsewhere; its buckets are short here.
alerts() {
  local ordinary
  sensor_config "$TMP/sw.yaml" <<<'rules: {firewall-deny-spike: {anomaly: {bucket: 1s}}}'
  zero_counters
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  exec_in_ns "$CLIENTS" python3 "$LIB/knock.py" -r 8 -n 720 udp:$FAR4:8102 &
  ordinary=$!
  child $ordinary
  wait_for 30 denied_at_least 96 || fail "ordinary denies flow"
  knock "$CLIENTS" -b 10.77.1.9 -n 600 udp:$FAR4:8102 udp:$FAR4:8103
  check "the default rule alerts, and names who was denied" wait_for 10 records has event.action=open \
    rule.id=firewall-deny-spike source.ip=10.77.1.9
  process_end $ordinary
  sensor_stop
  check_match "its evidence names the reason" "$(records has event.action=open rule.id=firewall-deny-spike)" \
    ICMP_ADMIN_PROHIBITED
  check_equal "without a rule for them, attempts are not followed" "$(total attempts) $(packets 8201 refused)" "0 0"
}

topology_make
require_tools nft tc
require_sensor
make_behind
firewall_load "$SERVERS" "$(router_rules)"
firewall_load "$GATEWAY" "$(gateway_rules)"
counts auto
counts xdp-generic
alerts
