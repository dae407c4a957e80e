#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# On a node whose network policies are tc filters at the pods' pairs, as AWS's agent attaches them, and
# whose pods have firewalls of their own: what is denied is the same with us and without, whoever comes
# first, restarts or is killed; we count each deny once, in its namespace.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/firewall.sh"
. "$LIB/deny_programs.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"
. "$LIB/node.sh"

agent_attach() {
  deny_filter_add "$NODE1" eni11x2 ingress in
  deny_filter_add "$NODE1" eni11x3 egress out
}

agent_detach() {
  deny_filter_del "$NODE1" eni11x2 ingress
  deny_filter_del "$NODE1" eni11x3 egress
}

# A policy denies 40 + 60; as many others pass.
traffic() {
  deny_clear in out
  knock "$(pod_ns 11.2)" -n 40 udp:10.77.9.2:7901 'tcp:[fd77:12::2]:7902'
  knock "$(pod_ns 12.2)" -n 60 tcp:10.77.11.3:7903 'udp:[fd77:11::3]:7904'
  knock "$(pod_ns 12.2)" -n 20 udp:10.77.11.3:7000 'udp:[fd77:11::3]:7000'
}

verdicts() { # all that was denied, by whom and whereto
  deny_dump in "$TMP/in.json"
  deny_dump out "$TMP/out.json"
  jq -Sc '[.[].formatted] | sort_by(.key | tostring)' "$TMP/in.json" "$TMP/out.json"
}

same() { # WHAT
  traffic
  check_equal "$1: it denies the same" "$(verdicts | md5sum)" "$NORMAL"
}

counted() { # WHAT; stops the sensor
  sensor_stop
  denies "$1: each deny once" --netns "$(netns_of "$NODE1")" ingress="$TMP/in.json" egress="$TMP/out.json"
}

first_filter() { # DEVICE SIDE
  in_ns "$NODE1" tc -j filter show dev "$1" "$2" |
    jq -r 'map(select(.options.handle or .options.fh))[0].options.bpf_name'
}

ours_is_first() {
  first_filter eni11x2 ingress | grep -q '^sw_' && first_filter eni11x3 egress | grep -q '^sw_'
}

netns_of() { # NAMESPACE
  in_ns "$1" stat -Lc %i /proc/self/ns/net
}

start() {
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i 'eni*' -i eth0 --attach "$1"
}

# The agent is attached when we start, then starts again itself; we are killed, and start again.
beside() { # MODE
  local began
  agent_attach
  start "$1"
  same "$1, the agent first"
  counted "$1, the agent first"
  start "$1"
  agent_detach
  agent_attach
  began=$SECONDS
  if [ "$1" = clsact ]; then
    check "$1, the agent again: ours runs before it" wait_for 3 ours_is_first
    check "$1, the agent again: within 2 s" test $((SECONDS - began)) -le 3
  fi
  same "$1, the agent again"
  kill -KILL "$SENSOR_PID"
  wait "$SENSOR_PID" 2>/dev/null
  same "$1, we are killed"
  start "$1"
  same "$1, we are back"
  counted "$1, we are back"
  check_equal "$1: none of ours is left" \
    "$(for d in eni11x2 eni11x3 eth0; do in_ns "$NODE1" tc filter show dev $d ingress; in_ns "$NODE1" tc filter show dev $d egress; done |
      grep -c ' sw_')" 0
  agent_detach
}

# A pod's own firewalls, one that is silent and one that says so.
pods_rules() {
  deny_chain "inet t" input "input priority 0"
  deny "inet t" input "udp dport 7000" "$1"
}

pods_deny() { # WHAT
  pods_rules drop >"$TMP/silent.nft"
  pods_rules 'reject with icmpx admin-prohibited' >"$TMP/telling.nft"
  firewall_replace "$(pod_ns 11.2)" "$TMP/silent.nft"
  firewall_replace "$(pod_ns 11.3)" "$TMP/telling.nft"
  sensor_start "$NODE1" -c "$TMP/all.yaml" -i auto
  sed -n 's/^CapBnd:\t//p' "/proc/$SENSOR_PID/status" >"$TMP/few.caps"
  # Few: the kernel limits what it says.
  knock "$(pod_ns 12.2)" -n 40 udp:10.77.11.2:7000 'udp:[fd77:11::2]:7000'
  knock "$(pod_ns 12.2)" -n 8 -r 4 udp:10.77.11.3:7000 'udp:[fd77:11::3]:7000'
  sensor_stop
  for host in 11.2 11.3; do
    in_ns "$(pod_ns $host)" nft -j list ruleset >"$TMP/pod.json"
    denies "$1: each deny in pod $host once, under its namespace" --netns "$(netns_of "$(pod_ns $host)")" nft="$TMP/pod.json"
  done
  check_equal "$1: that a pod says so is no second deny" "$(prohibited)" 0
  check_match "$1: ... and it did" "$(total denial_repeated)" '^[1-9]'
}

prohibited() { # packets
  grep '^{.*"class": *"prohibited"' "$SENSOR_OUT" | jq -s '[.[].packets // 0] | add // 0'
}

unreachables() { # NAMESPACE: messages that its own stack has sent
  in_ns "$1" cat /proc/net/snmp /proc/net/snmp6 | awk '
    $1 == "Icmp:" && !at { for (i = 2; i <= NF; i++) if ($i == "OutDestUnreachs") at = i; next }
    $1 == "Icmp:" { sum += $at }
    $1 == "Icmp6OutDestUnreachs" { sum += $2 }
    END { print sum }'
}

# A pod that routes, and says of a network that it is prohibited. No firewall has dropped anything: what
# comes in from the pod is all that there is to count.
pod_prohibits() {
  local pod before said
  pod=$(pod_ns 11.3)
  forward "$pod"
  ip -n "$pod" route add prohibit 10.77.30.0/24
  ip -n "$pod" -6 route add prohibit fd77:30::/64
  ip -n "$NODE1" route add 10.77.30.0/24 via 10.77.11.3 dev eni11x3 onlink
  ip -n "$NODE1" -6 route add fd77:30::/64 via fd77:11::3 dev eni11x3 onlink
  sensor_start "$NODE1" -c "$TMP/all.yaml" -i 'eni*'
  before=$(unreachables "$pod")
  knock "$(pod_ns 11.2)" -n 30 udp:10.77.30.2:7000 'udp:[fd77:30::2]:7000'
  said=$(($(unreachables "$pod") - before)) # fewer than 60: the kernel limits them
  sensor_stop
  check_match "netns: all, only pods' interfaces: a pod prohibits what no firewall drops" "$said" '^[1-9]'
  check_equal "netns: all, only pods' interfaces: ... and each message counts" \
    "$(prohibited) $(total denial_repeated)" "$said 0"
}

cluster_make
require_tools tc nft bpftool clang gcc jq
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
sensor_config "$TMP/all.yaml" <<<'drops: {netns: all}'
deny_build
deny_load in out
agent_attach
traffic
NORMAL=$(verdicts | md5sum)
check_equal "alone, it denies" "$(jq -n '[inputs[].formatted.value] | add' "$TMP/in.json" "$TMP/out.json")" 100
agent_detach
modes=clsact
! in_ns "$NODE1" python3 "$LIB/bpf_query.py" eth0 >/dev/null 2>&1 || modes="clsact ${LONG:+tcx}"
for mode in $modes; do beside "$mode"; done
pods_deny "netns: all"
pod_prohibits
# As the capabilities profile of the chart runs it.
cat >"$TMP/few" <<END
#!/bin/sh
exec setpriv --bounding-set=-all,+bpf,+net_admin,+perfmon --inh-caps=-all $SPIKEWATCH "\$@"
END
chmod +x "$TMP/few"
SPIKEWATCH=$TMP/few
pods_deny "netns: all, with three capabilities"
check_match "three capabilities: it had no more" "$(cat "$TMP/few.caps")" '^000000c000001000$'
