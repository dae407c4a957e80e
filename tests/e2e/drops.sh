#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Denied packets equal nftables' own counters, per hook, protocol, family and port.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

# Ports: 70xx input, 71xx forward, 72xx output, 73xx netdev ingress, 74xx prerouting, 75xx
# postrouting, 76xx netdev egress.
write_rules() {
  local f hook
  printf 'add table inet t\n'
  for hook in input forward output; do
    printf 'add chain inet t %s { type filter hook %s priority 0; }\n' $hook $hook
  done
  for hook in prerouting postrouting; do
    printf 'add chain inet t %s { type filter hook %s priority 0; }\n' $hook $hook
  done
  printf 'add table netdev n\n'
  printf 'add chain netdev n ingress { type filter hook ingress device gwc priority 0; }\n'
  printf 'add chain netdev n egress { type filter hook egress device gws priority 0; }\n'
  for f in 4 6; do
    deny_rule "inet t input" drop tcp $f 7001
    deny_rule "inet t input" "reject with tcp reset" tcp $f 7002
    deny_rule "inet t input" drop udp $f 7003
    deny_rule "inet t input" reject udp $f 7004
    deny_rule "inet t input" drop icmp $f 0
    deny_rule "inet t forward" drop tcp $f 7101
    deny_rule "inet t forward" "reject with tcp reset" tcp $f 7102
    deny_rule "inet t forward" drop udp $f 7103
    deny_rule "inet t forward" "reject with icmpx admin-prohibited" udp $f 7104
    deny_rule "inet t forward" reject icmp $f 0
    deny_rule "inet t output" drop tcp $f 7201
    deny_rule "inet t output" "reject with tcp reset" tcp $f 7202
    deny_rule "inet t output" drop udp $f 7203
    deny_rule "inet t output" reject udp $f 7204
    deny_rule "netdev n ingress" drop tcp $f 7301
    deny_rule "netdev n ingress" drop udp $f 7302
    deny_rule "inet t prerouting" drop tcp $f 7401
    deny_rule "inet t prerouting" drop udp $f 7402
    deny_rule "inet t postrouting" drop tcp $f 7501
    deny_rule "inet t postrouting" drop udp $f 7502
    deny_rule "netdev n egress" drop tcp $f 7601
    deny_rule "netdev n egress" drop udp $f 7602
  done
}

# Echo requests of the gateway itself: another chain, loaded after the neighbours are known.
deny_own_pings() {
  deny_rule "inet t output" drop icmp 4 0
  deny_rule "inet t output" drop icmp 6 0
}

# knock_at NAMESPACE PORT-BASE V4 V6: 20 packets for each rule of a chain, both families.
knock_at() {
  local a targets=()
  for a in "$3" "[$4]"; do
    targets+=("tcp:$a:$(($2 + 1))" "tcp:$a:$(($2 + 2))" "udp:$a:$(($2 + 3))" "udp:$a:$(($2 + 4))" "icmp:$a")
  done
  knock "$1" -n 200 "${targets[@]}"
}

# knock_transit PORT-BASE: two ports, TCP and UDP, both families, through the gateway.
knock_transit() {
  local a targets=()
  for a in 10.77.2.2 '[fd77:2::2]'; do
    targets+=("tcp:$a:$(($1 + 1))" "udp:$a:$(($1 + 2))")
  done
  knock "$CLIENTS" -n 80 "${targets[@]}"
}

knock_all() {
  knock_at "$CLIENTS" 7000 10.77.1.1 fd77:1::1
  knock_at "$CLIENTS" 7100 10.77.2.2 fd77:2::2
  knock_at "$GATEWAY" 7200 10.77.2.2 fd77:2::2
  knock "$GATEWAY" -n 40 tcp:127.0.0.1:7001 'tcp:[::1]:7001' udp:127.0.0.1:7003 'udp:[::1]:7003'
  local base
  for base in 7300 7400 7500 7600; do knock_transit $base; done
}

# What a counter of nft's holds says that the rule really denied something.
no_counter_is_zero() {
  python3 - "$1" <<'END'
import json, sys
zero = [i["counter"]["name"] for i in json.load(open(sys.argv[1]))["nftables"]
        if "counter" in i and not i["counter"]["packets"]]
sys.exit(f"never used: {zero}" if zero else 0)
END
}

drops_of_port() { # PORT CLASS: packets
  python3 - "$SENSOR_OUT" "$1" "$2" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
print(sum(r["packets"] for r in rows if r.get("class") == sys.argv[3]
          and "hook" in r and r["port"] == int(sys.argv[2])))
END
}

# The ports say which chain denied: hook and interfaces must be the chain's.
places_are_right() {
  python3 - "$SENSOR_OUT" <<'END'
import json, sys
WANT = {70: {"input gwc -", "input lo -"}, 71: {"forward gwc gws"}, 72: {"output - gws"},
        73: {"ingress gwc -"}, 74: {"prerouting gwc -"}, 75: {"postrouting gwc gws"},
        76: {"egress gwc gws"}}
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
seen, wrong = set(), []
for r in rows:
    if r.get("class") == "firewall" and "hook" in r and r["port"] // 100 in WANT:
        place = f"{r['hook']} {r.get('in', '-')} {r.get('out', '-')}"
        seen.add((r["port"] // 100, ":" in r["source"], place))
        if place not in WANT[r["port"] // 100]:
            wrong.append((r["port"], r["proto"], r["source"], place))
missing = [(p, v6, w) for p in WANT for w in WANT[p] for v6 in (False, True)
           if (p, v6, w) not in seen]
sys.exit(f"wrong: {wrong}, never seen: {missing}" if wrong or missing else 0)
END
}

topology_make
require_tools nft jq
require_sensor
firewall_load "$GATEWAY" "$(write_rules)"
firewall_load "$SERVERS" 'add table inet t
add chain inet t input { type filter hook input priority 0; }
add counter inet t elsewhere
add rule inet t input udp dport 7901 counter name elsewhere drop'
# Other drops have keys where a rule looks at them.
sensor_config "$TMP/sw.yaml" <<'END'
rules:
  other-drops: {title: other, feed: drop, match: {class: [other]}, threshold: {count: 1000000, window: 1m}}
END
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
in_ns "$GATEWAY" ping -c1 -W2 10.77.2.2 >/dev/null
in_ns "$GATEWAY" ping -c1 -W2 fd77:2::2 >/dev/null
firewall_load "$GATEWAY" "$(deny_own_pings)"
knock_all
knock "$CLIENTS" -n 60 udp:10.77.2.2:7901
knock "$CLIENTS" -n 30 udp:10.77.1.1:7902 # a closed port: dropped, but by no firewall
knock "$CLIENTS" -n 20000 udp:10.77.2.2:7103 # many, over several epochs
sensor_stop
firewall_counters "$GATEWAY" "$TMP/nft.json"
check "every rule denied something" no_counter_is_zero "$TMP/nft.json"
check "drop and reject at each hook; TCP, UDP, ICMP; IPv4, IPv6" \
  compare drops "$TMP/nft.json"
check "hook and interfaces of each" places_are_right
check "counters agree with each other" compare totals
check_equal "drops in another network namespace really happened" \
  "$(firewall_packets "$SERVERS")" 60
check_equal "drops in another network namespace are not counted" "$(drops_of_port 7901 firewall)" 0
check_match "but they are known" "$(total drop_other_netns)" '^[1-9]'
check_equal "a closed port is no deny" "$(drops_of_port 7902 firewall)" 0
check_equal "a closed port is counted as another drop" "$(drops_of_port 7902 other)" 30

sensor_config "$TMP/all.yaml" <<<'drops: {netns: all}'
sensor_start "$GATEWAY" -c "$TMP/all.yaml" -i gwc -i gws
knock "$CLIENTS" -n 60 udp:10.77.2.2:7901
sensor_stop
check_equal "drops.netns: all counts them" "$(drops_of_port 7901 firewall)" 60

# Table and chain, where fentry of netfilter's functions is to be had (tests/vm/denies.sh looks at them
# there); else it is said, once.
sensor_config "$TMP/chains.yaml" <<'END'
drops: {chains: true}
rules:
  chains: {title: chains, feed: drop, match: {class: firewall}, threshold: {count: 50, window: 1m}}
END
chain_named() { # the alert's, of what in_forward_rules denies
  jq -r 'select(.event.action? == "open") | .spikewatch.evidence.chains | keys[]' <(grep '"open"' "$SENSOR_OUT")
}
sensor_start "$GATEWAY" -c "$TMP/chains.yaml" -i gwc -i gws
knock "$CLIENTS" -n 100 udp:10.77.2.2:7103
wait_for 10 sensor_says '"action":"open"'
sensor_stop
if "$SPIKEWATCH" probe | grep -q '^chains .*nft_do_chain'; then
  check_equal "drops.chains: the alert names table and chain" "$(chain_named)" "inet t forward"
else
  check_equal "drops.chains: the alert says that table and chain are not known here" "$(chain_named)" \
    "not known here"
  check_equal "drops.chains: said once" "$(grep -c 'not known here' "$SENSOR_ERR")" 1
fi
