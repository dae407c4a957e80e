#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# Whatever devices a packet passes on its way through the gateway, its response is counted once: bridge,
# macvlan, vxlan, tun, both ends of a veth pair. Each has a network of its own, 10.77.4.0/24 and up, so a
# difference names the device.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"

POD=${NS_PREFIX}pod

cable() { # NAMESPACE1 DEVICE1 NAMESPACE2 DEVICE2
  veth_make "$@"
  receive_on "$1" "$2" 3
  receive_on "$3" "$4" 3
}

addresses() { # NAMESPACE DEVICE HOST...
  local ns=$1 dev=$2 host
  shift 2
  for host; do address_add "$ns" "$dev" "$(address_v4 "$host")/24" "$(address_v6 "$host")/64"; done
}

route_to() { # NAMESPACE HOST GATEWAY
  ip -n "$1" route add "$(address_v4 "$2")" via "$(address_v4 "$3")" &&
    ip -n "$1" -6 route add "$(address_v6 "$2")" via "$(address_v6 "$3")" || die "no route to $2"
}

# cb0 --- bp1 [br0 4.1] bp2 --- sb0
bridge_make() {
  ip -n "$GATEWAY" link add br0 type bridge || die "can't make a bridge"
  cable "$CLIENTS" cb0 "$GATEWAY" bp1
  cable "$GATEWAY" bp2 "$SERVERS" sb0
  ip -n "$GATEWAY" link set bp1 master br0
  ip -n "$GATEWAY" link set bp2 master br0
  ip -n "$GATEWAY" link set br0 up
  addresses "$CLIENTS" cb0 4.10 4.11 4.12
  addresses "$GATEWAY" br0 4.1
  addresses "$SERVERS" sb0 4.2
  route_to "$CLIENTS" 2.4 4.1
  route_to "$SERVERS" 4.12 2.1 # though it is on a network of theirs
}

# cv0 --- bp3 [br1] vb --- va 7.1, all but cv0 on the gateway
veth_pair_make() {
  ip -n "$GATEWAY" link add br1 type bridge || die "can't make a bridge"
  cable "$CLIENTS" cv0 "$GATEWAY" bp3
  cable "$GATEWAY" va "$GATEWAY" vb
  ip -n "$GATEWAY" link set bp3 master br1
  ip -n "$GATEWAY" link set vb master br1
  ip -n "$GATEWAY" link set br1 up
  addresses "$CLIENTS" cv0 7.10 7.11
  addresses "$GATEWAY" va 7.1
  route_to "$CLIENTS" 2.5 7.1
}

# mv0 5.1 above gws --- s0 5.2; pv0 5.3 above gws too, in a namespace of its own
macvlan_make() {
  ns_make "$POD"
  ip -n "$GATEWAY" link add pv0 link gws netns "$POD" type macvlan mode bridge || die "can't make a macvlan"
  ip -n "$POD" link set pv0 up
  addresses "$POD" pv0 5.3
  ip -n "$GATEWAY" link add mv0 link gws type macvlan mode bridge || die "can't make a macvlan"
  ip -n "$GATEWAY" link set mv0 up
  addresses "$GATEWAY" mv0 5.1
  addresses "$SERVERS" s0 5.2
}

# vx0 8.1, in UDP over gws --- s0, vx0 8.2
vxlan_make() {
  ip -n "$GATEWAY" link add vx0 type vxlan id 8 local 10.77.2.1 remote 10.77.2.2 dstport 4789 &&
    ip -n "$SERVERS" link add vx0 type vxlan id 8 local 10.77.2.2 remote 10.77.2.1 dstport 4789 ||
    die "can't make a vxlan"
  ip -n "$GATEWAY" link set vx0 up
  ip -n "$SERVERS" link set vx0 up
  addresses "$GATEWAY" vx0 8.1
  addresses "$SERVERS" vx0 8.2
}

# ct0 6.10 --- gt0 6.1, as a VPN has it: packets without Ethernet; 6.12 is masqueraded
tun_make() {
  in_ns "$CLIENTS" python3 "$LIB/tun_pair.py" ct0 gt0 >"$TMP/tun" 2>&1 &
  child $!
  wait_for 5 grep -q ready "$TMP/tun" || die "can't make tun devices" "$(cat "$TMP/tun")"
  ip -n "$CLIENTS" link set gt0 netns "$GATEWAY"
  ip -n "$CLIENTS" link set ct0 up
  ip -n "$GATEWAY" link set gt0 up
  addresses "$CLIENTS" ct0 6.10 6.11 6.12
  addresses "$GATEWAY" gt0 6.1
  route_to "$CLIENTS" 2.6 6.1
  nat <<'END'
chain post {
  type nat hook postrouting priority 100;
  oifname gws ip saddr 10.77.6.12 masquerade
  oifname gws ip6 saddr fd77:6::12 masquerade
}
END
}

of_the_bridge() { # what the gateway itself gets from br0 and sends to it
  ask "$CLIENTS" <<END
4.10 4.1:80
4.12 2.4:80
END
  ask "$GATEWAY" <<<"4.1 4.2:80"
}

everything() {
  of_the_bridge
  ask "$CLIENTS" <<END
4.11 4.2:80
7.10 7.1:80
7.11 2.5:80
6.10 6.1:80
6.11 2.6:80
6.12 2.6:80
END
  ask "$GATEWAY" <<END
5.1 5.2:80
8.1 8.2:80
END
  ask "$SERVERS" <<<"5.2 5.1:80"
  ask "$POD" <<END
5.3 5.1:80
5.3 5.2:80
END
}

links_test() { # WHAT ARG...
  local what=$1
  shift
  watch everything "$@"
  judge "$what: bridged" true 4.11
  judge "$what: to, from and through the gateway's bridge" true 4.10 4.1 4.12
  judge "$what: both ends of a veth pair on the gateway" true 7.10 7.11
  judge "$what: macvlan" true 5.1 5.2 5.3
  judge "$what: vxlan" true 8.1
  judge "$what: tun" true 6.10 6.11
  judge "$what: tun, masqueraded" true 6.12
  judge "$what: nobody else" true
  judge_counters "$what"
}

planned() {
  in_ns "$GATEWAY" "$SPIKEWATCH" probe --json -c "$TMP/sw.yaml" 2>/dev/null | python3 -c '
import json, sys
print(*sorted(i["name"] for i in json.load(sys.stdin)["interfaces"]))'
}

topology_make
require_tools nft
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null
addresses "$SERVERS" s0 2.4 2.5 2.6
bridge_make
veth_pair_make
macvlan_make
vxlan_make
tun_make
for ns in "$SERVERS" "$GATEWAY"; do nginx_start "$ns"; done

check_equal "auto: no loopback, no bridge, no macvlan above a device that is watched" \
  "$(planned)" "bp1 bp2 bp3 gt0 gwc gws va vb vx0"
links_test "auto"
links_test "every device" -i gwc -i gws -i br0 -i bp1 -i bp2 -i br1 -i bp3 -i va -i vb -i mv0 -i vx0 -i gt0
links_test "few devices" -i bp1 -i bp2 -i va -i gws -i vx0 -i gt0
watch of_the_bridge -i br0
judge "the bridge alone" true
judge_counters "the bridge alone"
ip -n "$GATEWAY" link set gwc down
check_equal "auto: not what is down" "$(planned)" "bp1 bp2 bp3 gt0 gws va vb vx0"
