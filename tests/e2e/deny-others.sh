#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Denies that are no rule's drop: verdicts from user space, the reverse path filter, other network
# namespaces.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

queue_rules() { # PROGRAM
  printf '*filter\n-A FORWARD -p udp --dport %s -j NFQUEUE --queue-num %s\n%s\nCOMMIT\n' 7801:7803 5 \
    '-A FORWARD -p udp --dport 7804 -j NFQUEUE --queue-num 6' | in_ns "$GATEWAY" "$1" || die "$1 refuses the rules"
}

queued() { # column of the queue's line: 3 waiting, 8 packets so far
  # shellcheck disable=SC2016 # $1 and $column are awk's
  in_ns "$GATEWAY" awk -v column="$1" '$1 == 5 { print $column }' /proc/net/netfilter/nfnetlink_queue
}

all_judged() { # WAITING SEEN
  [ "$(queued 3) $(queued 8)" = "$1 $2" ]
}

# Ports: 7801 is denied, 7802 accepted, 7803 waits until the listener goes; nobody listens to 7804.
queue() {
  local pid to
  in_ns "$GATEWAY" true
  exec_in_ns "$GATEWAY" python3 "$LIB/nfqueue.py" 5 "$TMP/queue.list" >"$TMP/queue.out" 2>&1 &
  pid=$!
  child $pid
  wait_for 5 grep -q listening "$TMP/queue.out" || die "no queue" "$(cat "$TMP/queue.out")"
  for to in 10.77.2.2 '[fd77:2::2]'; do
    knock "$CLIENTS" -n 60 "udp:$to:7801" "udp:$to:7802" "udp:$to:7803"
    knock "$CLIENTS" -n 20 "udp:$to:7804"
  done
  check "NFQUEUE: all were judged, or wait" wait_for 5 all_judged 40 120
  process_end $pid
  check_equal "NFQUEUE: 40 denied, 40 left" "$(awk '{ n += $NF } END { print n }' "$TMP/queue.list")" 80
  printf 'forward 10.77.1.2 10.77.2.2 udp 7804 20\nforward fd77:1::39 fd77:2::2 udp 7804 20\n' >>"$TMP/queue.list"
}

reverse_path_denies() {
  in_ns "$GATEWAY" nstat -asz TcpExtIPReversePathFilter | awk '/IPReverse/ { print $2 }'
}

# Who says to be of the servers' network, but comes from the clients'.
reverse_path() {
  local before
  in_ns "$GATEWAY" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/gwc/rp_filter'
  before=$(reverse_path_denies)
  in_ns "$CLIENTS" hping3 -q --udp -a 10.77.2.77 -p 7811 -k -c 25 -i u1000 10.77.2.2 >/dev/null 2>&1
  in_ns "$CLIENTS" hping3 -q -S -a 10.77.2.78 -p 7812 -k -c 15 -i u1000 10.77.1.1 >/dev/null 2>&1
  check_equal "rp_filter: denied by the kernel" $(($(reverse_path_denies) - before)) 40
  in_ns "$GATEWAY" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/gwc/rp_filter'
  printf '%s\n' "routing 10.77.2.77 10.77.2.2 udp 7811 25" "routing 10.77.2.78 10.77.1.1 tcp 7812 15" >"$TMP/rp.list"
}

elsewhere_rules() {
  deny_chain "inet t" input "input priority 0"
  deny "inet t" input "udp dport 7821" drop
}

elsewhere() {
  knock "$CLIENTS" -n 40 udp:10.77.2.2:7821 'udp:[fd77:2::2]:7821'
  in_ns "$SERVERS" nft -j list ruleset >"$TMP/elsewhere.json"
}

netns_of() { # NAMESPACE
  in_ns "$1" stat -Lc %i /proc/self/ns/net
}

topology_make
require_tools nft iptables hping3 nstat jq
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
sensor_config "$TMP/all.yaml" <<<'drops: {netns: all}'
elsewhere_rules >"$TMP/elsewhere.rules"
firewall_replace "$SERVERS" "$TMP/elsewhere.rules"
for program in iptables-restore ip6tables-restore; do queue_rules $program; done
for family in 4 6; do # who is sent to first is asked for its neighbour's address: not in the queue
  in_ns "$GATEWAY" ping -q -$family -c1 -W2 "$([ $family = 4 ] && echo 10.77.2.2 || echo fd77:2::2)" >/dev/null
done

sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
queue
reverse_path
elsewhere
sensor_stop
denies "NFQUEUE, rp_filter: counted as they count; nothing of another namespace" \
  list="$TMP/queue.list" list="$TMP/rp.list"
check_match "another namespace's are known" "$(tail -n 1 "$SENSOR_OUT" | jq .totals.drop_other_netns)" '^[1-9]'
check "counters agree" compare totals

firewall_replace "$SERVERS" "$TMP/elsewhere.rules"
sensor_start "$GATEWAY" -c "$TMP/all.yaml" -i gwc -i gws
elsewhere
sensor_stop
denies "drops.netns: all: counted as nft counts there, with the namespace" --netns "$(netns_of "$SERVERS")" \
  nft="$TMP/elsewhere.json"
