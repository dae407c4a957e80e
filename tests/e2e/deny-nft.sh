#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nftables, in every hook that it has: what it denies is counted by source, destination, protocol and
# port as it counts itself, whatever tool sends it.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

# Each hook denies ports of its own, and what has no port from a host of its own:
# prerouting 70xx .20, input 71xx .21, forward 72xx .22, output 73xx, postrouting 74xx .24,
# netdev ingress 77xx .25, netdev egress 76xx .26.
hook_rules() { # TABLE CHAIN PORT-BASE HOST
  deny "$1" "$2" "tcp dport $(($3 + 1))" drop
  deny "$1" "$2" "udp dport $(($3 + 2))" drop
  deny "$1" "$2" "sctp dport $(($3 + 3))" drop
  deny "$1" "$2" "dccp dport $(($3 + 4))" drop
  [ -n "$4" ] || return 0
  deny "$1" "$2" "ip saddr 10.77.1.$4 meta l4proto { icmp, 99 }" drop 4
  deny "$1" "$2" "ip6 saddr fd77:1::$4 icmpv6 type echo-request" drop 6
  deny "$1" "$2" "ip6 saddr fd77:1::$4 meta l4proto 99" drop 6
}

# Every kind of reject that the hook takes.
reject_rules() { # TABLE CHAIN PORT-BASE [SETS6]
  local kind port=$(($3 + 10)) sets=${4:-$2}
  deny "$1" "$2" "tcp dport $port" "reject with tcp reset" "4 6" "$sets"
  deny "$1" "$2" "tcp dport $((port + 1))" reject "4 6" "$sets"
  for kind in port-unreachable admin-prohibited no-route host-unreachable; do
    port=$((port + 2))
    deny "$1" "$2" "udp dport $port" "reject with icmpx $kind" "4 6" "$sets"
  done
  for kind in net-unreachable host-unreachable prot-unreachable port-unreachable net-prohibited \
    host-prohibited admin-prohibited; do
    port=$((port + 1))
    deny "$1" "$2" "udp dport $port" "reject with icmp $kind" 4 "$sets"
  done
  for kind in no-route admin-prohibited addr-unreachable port-unreachable policy-fail reject-route; do
    port=$((port + 1))
    deny "$1" "$2" "udp dport $port" "reject with icmpv6 $kind" 6 "$sets"
  done
}

write_rules() {
  local hook i=0 hosts=(20 21 22 "" 24)
  for hook in prerouting input forward output postrouting; do
    deny_chain "inet t" $hook "$hook priority 0"
    hook_rules "inet t" $hook $((7000 + i * 100)) "${hosts[i]}"
    # Rejecting looks the route up; by that a packet of IPv6's forward hook is known.
    case $hook in
    prerouting) deny_sets "inet t" prerouting-forward && reject_rules "inet t" $hook 7000 prerouting-forward ;;
    input | forward | output) reject_rules "inet t" $hook $((7000 + i * 100)) ;;
    esac
    i=$((i + 1))
  done
  deny_chain "netdev n" ingress "ingress device gwc priority 0"
  hook_rules "netdev n" ingress 7700 25
  reject_rules "netdev n" ingress 7700
  # What scanners ask for.
  deny "inet t" forward "tcp dport 1-200" drop
  deny "inet t" forward "ip daddr 10.77.2.3 meta l4proto icmp" drop 4
}

egress_rules() {
  deny_chain "netdev n" egress "egress device gws priority 0"
  hook_rules "netdev n" egress 7600 26
}

# knock_hook NAMESPACE V4 V6 PORT-BASE HOST: packets for all rules of a hook.
knock_hook() {
  local from to port targets
  for to in "$2" "[$3]"; do
    targets=("tcp:$to:$(($4 + 1))" "udp:$to:$(($4 + 2))" "sctp:$to:$(($4 + 3))" "dccp:$to:$(($4 + 4))" "tcp:$to:$(($4 + 10))"
      "tcp:$to:$(($4 + 11))")
    for port in {12..38}; do targets+=("udp:$to:$(($4 + port))"); done
    knock "$1" -n $((${#targets[@]} * 3)) "${targets[@]}"
    [ -n "$5" ] || continue
    case $to in *:*) from=fd77:1::$5 ;; *) from=10.77.1.$5 ;; esac
    knock "$1" -b "$from" -n 12 "icmp:$to" "99:$to" "udp:$to:$(($4 + 2))"
  done
}

no_set_is_empty() { # FILE
  python3 - "$1" <<'END'
import json, sys
empty = [i["set"]["name"] for i in json.load(open(sys.argv[1]))["nftables"]
         if "set" in i and not i["set"].get("elem") and i["set"]["name"] not in
         ("output_v4_bare", "output_v6_bare", "prerouting-forward_v4", "prerouting-forward_v4_bare",
          "prerouting-forward_v6_bare")]
sys.exit(f"nothing was denied: {empty}" if empty else 0)
END
}

# under WHAT TRAFFIC: the counters of both begin at nothing.
under() {
  firewall_replace "$GATEWAY" "$TMP/rules"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  $2
  sensor_stop
  in_ns "$GATEWAY" nft -j list ruleset >"$TMP/nft.json"
  denies "$1: counted as nft counts" nft="$TMP/nft.json"
  check "$1: counters agree" compare totals
}

all_hooks() {
  knock_hook "$CLIENTS" 10.77.2.2 fd77:2::2 7000 20
  knock_hook "$CLIENTS" 10.77.1.1 fd77:1::1 7100 21
  knock_hook "$CLIENTS" 10.77.2.2 fd77:2::2 7200 22
  knock_hook "$GATEWAY" 10.77.2.2 fd77:2::2 7300 ""
  knock_hook "$CLIENTS" 10.77.2.2 fd77:2::2 7400 24
  knock_hook "$CLIENTS" 10.77.2.2 fd77:2::2 7700 25
  [ -z "$EGRESS" ] || knock_hook "$CLIENTS" 10.77.2.2 fd77:2::2 7600 26
  # To itself, over loopback.
  knock "$GATEWAY" -n 6 tcp:127.0.0.1:7101 'tcp:[::1]:7110' udp:127.0.0.1:7114
}

scan() { # ARG...
  local out
  out=$(in_ns "$CLIENTS" nmap -n -Pn -T5 --max-retries 1 --max-rtt-timeout 50ms "$@" 2>&1) ||
    fail "nmap $*" "$out"
}

# nmap sends again what is not answered; each packet counts.
scans() {
  scan -sS -p 1-200 10.77.2.2
  scan -sT -p 1-60,7210 10.77.2.2
  scan -sS -6 -p 1-60,7210 fd77:2::2
  scan -sU -p 7202,7212 10.77.2.2,3
}

hping() { # ARG...
  in_ns "$CLIENTS" hping3 -q "$@" >"$TMP/hping.out" 2>&1
  grep -Eq '^[1-9][0-9]* packets transmitted' "$TMP/hping.out" || fail "hping3 $*" "$(cat "$TMP/hping.out")"
}

floods() {
  hping -S -p 7201 -i u500 -c 300 10.77.2.2
  hping -S -p 7210 -i u500 -c 300 10.77.2.2
  hping --udp -p 7202 -i u500 -c 300 10.77.2.2
  hping --icmp -i u500 -c 100 10.77.2.3
  hping --rawip -H 99 -a 10.77.1.22 -i u500 -c 100 10.77.2.2
  hping -S -p ++1 -i u500 -c 200 10.77.2.3
  hping -S --rand-source -p 7201 -i u200 -c 2000 10.77.2.2
}

# Of each hook the interfaces where its packets came in and were to go out; without what was rejected in
# IPv6's prerouting, which may be told as forward's.
ways() {
  jq -r 'select(.class == "firewall" and (.port < 7010 or .port > 7099 or (.source | contains(":") | not))) |
    "\(.hook) \(.in // "-") \(.out // "-")"' <(grep '"class"' "$SENSOR_OUT") | sort -u
}

write_ways() {
  printf '%s\n' "forward gwc gws" "ingress gwc -" "input gwc -" "input lo -" "output - gws" \
    "postrouting gwc gws" "prerouting gwc -" ${EGRESS:+"egress gwc gws"} | sort
}

topology_make
require_tools jq nft nmap hping3
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
for f in icmp_ratelimit icmp_msgs_per_sec; do
  in_ns "$GATEWAY" sh -c "echo 0 >/proc/sys/net/ipv4/$f" 2>/dev/null
done
EGRESS=
firewall_load "$GATEWAY" 'add table netdev n'
if in_ns "$GATEWAY" nft 'add chain netdev n e { type filter hook egress device gws priority 0; }' \
  2>"$TMP/nft.err"; then
  EGRESS=yes
else
  skip "netdev egress: $(head -n 1 "$TMP/nft.err")"
fi
{ write_rules && { [ -z "$EGRESS" ] || egress_rules; }; } >"$TMP/rules"
under "drop and reject in all hooks" all_hooks
check "all hooks: every set of nft's has counted" no_set_is_empty "$TMP/nft.json"
if hooks_are_known; then
  check "all hooks: interfaces in and out" diff <(write_ways) <(ways)
else
  skip "interfaces by hook (needs /proc/kallsyms)"
fi
under "nmap" scans
under "hping3" floods
