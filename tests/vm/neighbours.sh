# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Part of guest.sh: filters beside ours that deny as AWS's network policy agent does (clsact, priority 1, handle
# 1, TC_ACT_OK or TC_ACT_SHOT), at a pod's interface. What they see and deny is the same with us and without,
# whoever comes first, replaces its qdisc or is killed; we count what they deny.
#
#   np (pod, 10.3.0.2) --- eni0 nn (node, 10.3.0.1)

PINS=/t/agent # not below /sys, of which `ip netns exec` mounts another

# Neither IPv6 nor ARP: each packet is one of ours.
neighbours_make() {
  for ns in nn np; do ip netns add $ns && ip -n $ns link set lo up; done
  ip link add eni0 netns nn type veth peer name eth0 netns np
  for end in "nn eni0 10.3.0.1 10.3.0.2 np eth0" "np eth0 10.3.0.2 10.3.0.1 nn eni0"; do
    # shellcheck disable=SC2086
    set -- $end
    ip netns exec "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
    ip -n "$1" addr add "$3/24" dev "$2"
    ip -n "$1" neigh add "$4" dev "$2" nud permanent \
      lladdr "$(ip -n "$5" link show "$6" | sed -n 's,.*link/ether \([^ ]*\).*,\1,p')"
    ip -n "$1" link set "$2" up
  done
  ip netns exec nn busybox httpd -p 80 -h /t/www
  mkdir -p $PINS && mount -t bpf bpf $PINS
  for side in ingress egress; do
    bpftool prog loadall deny.o $PINS/$side pinmaps $PINS/$side-maps
    check "the agent's program is loaded for $side" $? 0
  done
}

agent_attach() {
  ip netns exec nn tc qdisc add dev eni0 clsact 2>/dev/null
  for side in ingress egress; do
    ip netns exec nn tc filter add dev eni0 $side prio 1 handle 1 protocol all bpf da object-pinned $PINS/$side/deny_tc
  done
}

agent_detach() {
  for side in ingress egress; do
    ip netns exec nn tc filter del dev eni0 $side prio 1 handle 1 protocol all bpf
  done
}

agent_replace() {
  ip netns exec nn tc qdisc del dev eni0 clsact
  agent_attach
}

# Packets so far: seen coming in and going out, then denied.
agent_counts() {
  for map in seen denied; do
    for side in ingress egress; do
      bpftool map dump pinned $PINS/$side-maps/$map | awk '/"value":/ { n += $NF } END { printf "%d ", n }'
    done
  done
}

knock_udp() { # NAMESPACE ADDRESS PORT TIMES
  # shellcheck disable=SC2016
  ip netns exec "$1" bash -c 'for _ in $(seq "$2"); do echo >"/dev/udp/$0/$1"; done' "$2" "$3" "$4" 2>/dev/null
}

# Of 15 packets that come in 10 are denied, and 6 of 11 that go out.
agent_same() { # WHAT
  # shellcheck disable=SC2046
  set -- "$1" $(agent_counts)
  knock_udp np 10.3.0.1 7901 10
  knock_udp nn 10.3.0.2 7902 6
  ip netns exec np ping -q -c 5 -i 0.2 -W 5 10.3.0.1 >/dev/null
  # shellcheck disable=SC2046
  set -- $(agent_counts) "$@"
  check "$5: the agent sees and denies the same" "$(($1 - $6)) $(($2 - $7)) $(($3 - $8)) $(($4 - $9))" "15 11 10 6"
}

# Three errors, and that all of them were counted: 16 denies and 3 errors for each of TIMES.
counted() { # WHAT TIMES
  for _ in 1 2 3; do ip netns exec np wget -q -O /dev/null http://10.3.0.1/none 2>/dev/null; done
  wanted="$((3 * $2)) $((16 * $2))"
  for _ in $(seq 50); do
    got=$(./spikewatch status -c test.yaml --json |
      sed -n 's/.*"http_4xx":\([0-9]*\).*"drop_class":{[^}]*"firewall":\([0-9]*\).*/\1 \2/p')
    [ "$got" != "$wanted" ] || break
    sleep 0.2
  done
  check "$1: we count errors, and what the agent denies" "$got" "$wanted"
}

first_filters() {
  for side in ingress egress; do
    ip netns exec nn tc filter show dev eni0 $side | grep -o 'sw_[a-z]*\|deny_tc' | head -n 1
  done | tr '\n' ' '
}

# Of clsact's filters the first is seen by who asks tc; tcx has its place before all of them.
comes_first() { # WHAT
  [ "$mode" = clsact ] || return 0
  began=$(date +%s)
  while [ "$(first_filters)" != "sw_ingress sw_egress " ] && [ $(($(date +%s) - began)) -lt 10 ]; do sleep 0.1; done
  check "$1: ours runs first" "$(first_filters)" "sw_ingress sw_egress "
  [ $(($(date +%s) - began)) -le 3 ] # whole seconds of a clock, and an emulated machine
  check "$1: within 2 s" $? 0
}

# neighbours MODE: we come first, the agent replaces its qdisc, we are killed and come back as the second.
neighbours() {
  mode=$1
  sensor_start "beside an agent, $1" nn -i eni0 --attach "$1"
  agent_attach
  comes_first "$1, the agent comes later"
  agent_same "$1, the agent comes later"
  counted "$1, the agent comes later" 1
  agent_replace
  comes_first "$1, the agent replaces its qdisc"
  agent_same "$1, the agent replaces its qdisc"
  counted "$1, the agent replaces its qdisc" 2
  kill -KILL "${pid:?}"
  wait "$pid"
  agent_same "$1, we are killed"
  sensor_start "beside an agent, $1 again" nn -i eni0 --attach "$1"
  agent_same "$1, the agent was first"
  counted "$1, the agent was first" 1
  kill -TERM "$pid"
  wait "$pid"
  check "beside an agent, $1: ends well" $? 0
  check "beside an agent, $1: none of ours is left" "$(first_filters)" "deny_tc deny_tc "
  [ "${failed:?}" -eq 0 ] || cat log
  agent_detach
}

./spikewatch probe >way
neighbours_make
{ cat common.yaml && echo 'control: /t/status.sock'; } >test.yaml
agent_attach
agent_same "alone"
agent_detach
# As `attach: auto` does: that is what nodes run.
if grep -q '^tcx  *yes' way; then neighbours tcx; else neighbours clsact; fi
