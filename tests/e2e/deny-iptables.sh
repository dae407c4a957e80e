#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# iptables, legacy and nft: in every chain that may deny, DROP and every kind of REJECT are counted as
# iptables counts them.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

V4=(10.77.1.2 10.77.2.2 10.77.1.1 10.77.2.1) # client, server, gateway's addresses
V6=(fd77:1::39 fd77:2::2 fd77:1::1 fd77:2::1)
KNOCKS=()

# rule CHAIN HOOK SOURCE DESTINATION PROTO PORT TARGET...: a rule for iptables-restore, and who knocks at
# it. It counts what has this key.
rule() {
  local chain=$1 hook=$2 source=$3 to=$4 proto=$5 port=$6 match="-p $5"
  shift 6
  case $proto in tcp | udp) match+=" --dport $port" ;; esac
  printf -- '-A %s -s %s -d %s %s -m comment --comment "%s %s %s %s %s" -j %s\n' \
    "$chain" "$source" "$to" "$match" "$hook" "$source" "$to" "$proto" "$port" "$*" >>"$TMP/rules"
  case $to in *:*) to=[$to] ;; esac
  [ "$proto" != icmpv6 ] || proto=icmp
  KNOCKS+=("$source $proto:$to:$port")
}

drop_rules() { # CHAIN HOOK SOURCE DESTINATION PORT-BASE
  rule "$1" "$2" "$3" "$4" tcp $(($5 + 1)) DROP
  rule "$1" "$2" "$3" "$4" udp $(($5 + 2)) DROP
}

reject_rules() { # CHAIN HOOK SOURCE DESTINATION PORT-BASE
  local kind port=$5
  rule "$1" "$2" "$3" "$4" tcp $((port + 10)) REJECT --reject-with tcp-reset
  rule "$1" "$2" "$3" "$4" tcp $((port + 11)) REJECT
  for kind in "${REJECTS[@]}"; do
    rule "$1" "$2" "$3" "$4" udp $((port + 12)) REJECT --reject-with "$kind"
    port=$((port + 1))
  done
}

table() { # TABLE: the rules that follow are its
  [ ! -s "$TMP/rules" ] || echo COMMIT >>"$TMP/rules"
  printf '*%s\n' "$1" >>"$TMP/rules"
}

# write_rules CLIENT SERVER GATEWAY-TO-CLIENTS GATEWAY-TO-SERVERS
write_rules() {
  : >"$TMP/rules"
  table raw
  drop_rules PREROUTING prerouting "$1" "$2" 7000
  rule PREROUTING prerouting "$1" "$2" 99 0 DROP
  drop_rules OUTPUT output "$4" "$2" 7050
  table mangle
  drop_rules FORWARD forward "$1" "$2" 7150
  drop_rules POSTROUTING postrouting "$1" "$2" 7400
  table filter
  drop_rules INPUT input "$1" "$3" 7100
  reject_rules INPUT input "$1" "$3" 7100
  rule INPUT input "$1" "$3" "$ICMP" 0 DROP
  drop_rules FORWARD forward "$1" "$2" 7200
  reject_rules FORWARD forward "$1" "$2" 7200
  rule FORWARD forward "$1" "$2" sctp 7250 DROP
  drop_rules OUTPUT output "$4" "$2" 7300
  reject_rules OUTPUT output "$4" "$2" 7300
  echo COMMIT >>"$TMP/rules"
}

# One after the other, three packets each.
knock_side() { # NAMESPACE SOURCE
  local one source target targets=()
  for one in "${KNOCKS[@]}"; do
    read -r source target <<<"$one"
    [ "$source" != "$2" ] || targets+=("$target")
  done
  knock "$1" -b "$2" -n $((${#targets[@]} * 3)) "${targets[@]}"
}

every_rule_counted() { # FILE
  ! grep -E '^\[[0-2]:.*--comment' "$1"
}

# under VARIANT: legacy or nft.
under() {
  local f saved=()
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  KNOCKS=() ICMP=icmp REJECTS=(icmp-net-unreachable icmp-host-unreachable icmp-port-unreachable
    icmp-proto-unreachable icmp-net-prohibited icmp-host-prohibited icmp-admin-prohibited)
  family "iptables-$1" "${V4[@]}"
  ICMP=icmpv6 REJECTS=(icmp6-no-route icmp6-adm-prohibited icmp6-addr-unreachable icmp6-port-unreachable)
  family "ip6tables-$1" "${V6[@]}"
  sensor_stop
  for f in iptables ip6tables; do
    in_ns "$GATEWAY" "$f-$1-save" -c >"$TMP/$f.saved"
    check "$f-$1: every rule denied three packets" every_rule_counted "$TMP/$f.saved"
    saved+=("iptables=$TMP/$f.saved")
    in_ns "$GATEWAY" "$f-$1-restore" <"$TMP/empty"
  done
  denies "iptables-$1: counted as iptables counts" "${saved[@]}"
  check "iptables-$1: counters agree" compare totals
}

family() { # PROGRAM CLIENT SERVER GATEWAY-TO-CLIENTS GATEWAY-TO-SERVERS
  write_rules "${@:2}"
  in_ns "$GATEWAY" "$1-restore" <"$TMP/rules" || die "$1 refuses the rules" "$(cat "$TMP/rules")"
  knock_side "$CLIENTS" "$2"
  knock_side "$GATEWAY" "$5"
}

topology_make
require_tools iptables
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
printf '*%s\nCOMMIT\n' raw mangle filter >"$TMP/empty"
for variant in legacy nft; do
  if command -v "ip6tables-$variant" >/dev/null; then
    under $variant
  else
    skip "needs iptables-$variant"
  fi
done
