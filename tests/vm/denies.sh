# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Part of guest.sh: denies at each hook of nftables in a gateway, by whichever way this kernel
# allows. Each rule denies what goes to one address, so that packets, bytes and hook can be compared.

denies_make() {
  for ns in da dg db; do ip netns add $ns && ip -n $ns link set lo up; done
  ip link add ga netns da type veth peer name gi netns dg
  ip link add gb netns db type veth peer name go netns dg
  for end in "da ga 10.1.0.1/24 fd01::1/64" "dg gi 10.1.0.2/24 fd01::2/64" \
    "dg go 10.2.0.2/24 fd02::2/64" "db gb 10.2.0.1/24 fd02::1/64"; do
    # shellcheck disable=SC2086
    set -- $end
    ip -n "$1" addr add "$3" dev "$2"
    ip -n "$1" addr add "$4" dev "$2" nodad
    ip -n "$1" link set "$2" up
  done
  ip -n da route add default via 10.1.0.2 && ip -n da route add default via fd01::2
  ip -n db route add default via 10.2.0.2 && ip -n db route add default via fd02::2
  ip netns exec dg sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  for n in 11 12 13 14 15 16 17 18 19 20 21; do
    ip -n db addr add 10.2.0.$n/24 dev gb
    ip -n db addr add fd02::$n/64 dev gb nodad
  done
}

# Tables and chains have names that are none of a hook, but for iptables'.
# deny FAMILY HOOK ADDRESS-END VERDICT...: in both IP families
deny() {
  family=$1 hook=$2 end=$3
  shift 3
  echo "add rule $family t my-$hook ip daddr 10.2.0.$end counter $*"
  echo "add rule $family t my-$hook ip6 daddr fd02::$end counter $*"
}

denies_rules() {
  echo "add table inet t; add table netdev t"
  for hook in prerouting input forward output postrouting; do
    echo "add chain inet t my-$hook { type filter hook $hook priority 0; }"
  done
  echo "add chain netdev t my-ingress { type filter hook ingress device gi priority 0; }"
  deny inet prerouting 11 drop
  # Decided in a chain that was jumped to: its base chain is what is told.
  echo "add chain inet t my-deeper; add rule inet t my-forward jump my-deeper"
  deny inet deeper 12 drop
  deny inet forward 13 reject with icmpx type admin-prohibited
  echo "add rule inet t my-forward ip daddr 10.2.0.18 meta l4proto tcp counter reject with tcp reset"
  echo "add rule inet t my-forward ip6 daddr fd02::18 meta l4proto tcp counter reject with tcp reset"
  deny inet postrouting 14 drop
  deny netdev ingress 15 drop
  deny inet output 16 drop
  echo "add rule inet t my-input ip daddr 10.1.0.2 counter drop"
  echo "add rule inet t my-input ip6 daddr fd01::2 icmpv6 type echo-request counter drop"
}

# Rules that not every kernel has; one that can't be loaded is a skip.
denies_more() {
  { echo "add chain netdev t my-egress { type filter hook egress device go priority 0; }"
    # The neighbour is asked again some seconds later, perhaps after the sensor.
    echo "add rule netdev t my-egress icmpv6 type nd-neighbor-solicit accept"
    deny netdev egress 17 drop; } |
    ip netns exec dg nft -f - 2>/dev/null || { skipped=$((skipped + 1)); echo "skip netdev egress: not in this kernel"; }
  deny inet forward 19 queue num 9 | ip netns exec dg nft -f - || {
    skipped=$((skipped + 1)); echo "skip NFQUEUE: not in this kernel"; }
  # Of IPv6 the packet does not tell it from forward, only the chain.
  { echo "add rule inet t my-prerouting ip daddr 10.2.0.21 counter reject with icmpx type admin-prohibited"
    [ "$chains" = false ] || echo "add rule inet t my-prerouting ip6 daddr fd02::21 counter reject with icmpx type admin-prohibited"; } |
    ip netns exec dg nft -f - || { skipped=$((skipped + 1)); echo "skip reject in prerouting: not in this kernel"; }
  # After nftables' chain of the same hook, which accepts.
  ip netns exec dg iptables-legacy -A FORWARD -d 10.2.0.20 -j DROP &&
    ip netns exec dg ip6tables-legacy -A FORWARD -d fd02::20 -j DROP || {
    skipped=$((skipped + 1)); echo "skip iptables-legacy: not in this kernel"; }
}

denies_flush() {
  ip netns exec dg nft flush ruleset
  ip netns exec dg iptables-legacy -F
  ip netns exec dg ip6tables-legacy -F
}

knock_denied() { # NAMESPACE ADDRESS...: three echo requests and a SYN or more
  ns=$1 knocks=
  shift
  for address in "$@"; do
    ip netns exec "$ns" ping -q -c 3 -i 0.2 -W 1 "$address" >/dev/null 2>&1 &
    knocks="$knocks $!"
    ip netns exec "$ns" timeout 3 busybox nc -w 2 "$address" 9 </dev/null >/dev/null 2>&1 &
    knocks="$knocks $!"
  done
  # shellcheck disable=SC2086
  wait $knocks
}

# What the firewalls counted: "ADDRESS HOOK FAMILY TABLE CHAIN PACKETS BYTES" a rule.
denies_by_firewall() {
  { ip netns exec dg nft list table inet t
    ip netns exec dg nft list table netdev t; } | awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2 }
    $1 == "type" { hook = $4 }
    chain == "my-deeper" { chain = "my-forward"; hook = "forward" }
    { for (i = 1; i <= NF; i++) if ($i == "daddr") a = $(i + 1); else if ($i == "packets") { p = $(i + 1); b = $(i + 3); if (p) print a, hook, table, chain, p, b } }'
  for tool in iptables ip6tables; do
    ip netns exec dg $tool-legacy -nvxL FORWARD | awk -v tool=$tool '
      $3 == "DROP" && $1 { a = $NF; sub("/.*", "", a); print a, "forward", tool, "filter FORWARD", $1, $2 }'
  done
}

# What the sensor counted, the same way; no chain: "not known here".
denies_by_sensor() {
  sed -n 's/^{"source".*"destination":"\([^"]*\)".*"class":"firewall".*"hook":"\([a-z]*\)".*"packets":\([0-9]*\),"bytes":\([0-9]*\)}.*/&\n\1 \2 \3 \4/p' counts |
    awk '/^[{]/ { chain = "not known here"; if (match($0, /"chain":"[^"]*"/)) chain = substr($0, RSTART + 9, RLENGTH - 10); next }
      { k = $1 " " $2 " " chain; p[k] += $3; b[k] += $4 } END { for (k in p) print k, p[k], b[k] }'
}

# Of NFQUEUE the chain is not known: the verdict comes later.
without_chains() { awk -v all="$1" '{ if (all || $1 ~ /[.:]19$/) $3 = $4 = $5 = ""; print }' | tr -s ' ' | sort; }

# denies_seen WAY CHAINS: sensor and firewall agree, with SPIKEWATCH_DROPS=WAY unless it is "auto",
# and drops.chains as given: true or false
denies_seen() {
  chains=$2
  denies_flush
  cat common.yaml - >test.yaml <<END
  chains: {title: chains, feed: drop, match: {class: firewall, hook: forward}, threshold: {count: 5, window: 1m}}
drops: {chains: $chains}
END
  ip netns exec dg nft -f - <<END
$(denies_rules)
END
  denies_more
  if [ "$1" = auto ]; then unset SPIKEWATCH_DROPS; else export SPIKEWATCH_DROPS="$1"; fi
  ip netns exec dg ./spikewatch probe >way
  sed -n '/^drops/,/^maps/p' way | sed '$d'
  rm -rf /var/lib/spikewatch # the last run's incident would be open still
  sensor_start "denies, $1, chains $2" dg -i gi -i go
  knock_denied da 10.2.0.11 10.2.0.12 10.2.0.13 10.2.0.14 10.2.0.15 10.2.0.17 10.2.0.18 10.2.0.19 10.2.0.20 10.2.0.21 10.1.0.2
  knock_denied da fd02::11 fd02::12 fd02::13 fd02::14 fd02::15 fd02::17 fd02::18 fd02::19 fd02::20 fd02::21 fd01::2
  knock_denied dg 10.2.0.16 fd02::16
  kill -TERM "${pid:?}"
  wait $pid
  check "denies, $1: ends well" $? 0
  all=1
  [ "$chains" = false ] || all=
  denies_by_firewall | without_chains "$all" >by-firewall
  denies_by_sensor | without_chains "$all" >by-sensor
  [ "$(wc -l <by-firewall)" -ge 19 ]
  check "denies, $1, chains $chains: each rule denied something" $? 0
  check "denies, $1, chains $chains: address, hook, chain, packets, bytes" "$(cat by-sensor)" "$(cat by-firewall)"
}

# A filter of tc whose action drops, coming in and going out: tc counts packets as we do, its bytes
# with their Ethernet header.
tc_actions_seen() {
  denies_flush
  ip netns exec dg tc qdisc add dev gi clsact 2>/dev/null
  ip netns exec dg tc qdisc add dev go clsact 2>/dev/null
  for filter in "gi ingress 10.2.0.11" "go egress 10.2.0.12"; do
    # shellcheck disable=SC2086
    set -- $filter
    ip netns exec dg tc filter add dev "$1" "$2" pref 100 protocol ip u32 match ip dst "$3/32" action drop || {
      skipped=$((skipped + 1)); echo "skip tc actions: not in this kernel"; return; }
  done
  sensor_start "tc actions" dg -i gi -i go
  knock_denied da 10.2.0.11 10.2.0.12
  kill -TERM "${pid:?}"
  wait $pid
  check "tc actions: ends well" $? 0
  for filter in "gi ingress 10.2.0.11" "go egress 10.2.0.12"; do
    # shellcheck disable=SC2086
    set -- $filter
    dropped=$(ip netns exec dg tc -s filter show dev "$1" "$2" pref 100 | sed -n 's/.*Sent [0-9]* bytes \([0-9]*\) pkt.*/\1/p')
    [ "${dropped:-0}" -ge 4 ]
    check "tc actions, $2: it dropped something" $? 0
    check "tc actions, $2: packets" "$(denies_by_sensor | awk -v a="$3" -v h="$2" '$1 == a && $2 == h { print $(NF - 1) }')" "$dropped"
    ip netns exec dg tc filter del dev "$1" "$2" pref 100
  done
}

denies_make
mv test.yaml common.yaml
ip netns exec dg iptables-legacy -L >/dev/null # its module
ip netns exec dg ip6tables-legacy -L >/dev/null
denies_seen auto false
# Where fentry of netfilter's functions is to be had: table and chain too, which alerts say.
if grep -q '^chains  *would be known.*nft_do_chain, ipt_do_table, ip6t_do_table' way; then
  denies_seen auto true
  check "chains: in the alert" "$(sed -n 's/.*"action":"open".*"chains":{[^}]*"inet t my-forward":\([0-9]\).*/seen/p' counts | head -n 1)" seen
else
  skipped=$((skipped + 1)); echo "skip table and chain: $(grep '^chains' way)"
fi
# Without reasons there are three ways; the others are for who may not read the kernel's symbols.
if grep -q '^drops  *by symbol' way; then
  denies_seen mark false
  denies_seen kprobe false
  check "denies, kprobe: that was the way" "$(sed -n 's/^drops  *by \([a-z]*\):.*/\1/p' way)" kprobe
fi
# Told by the reason alone.
! grep -q '^drops  *by reason' way || tc_actions_seen
