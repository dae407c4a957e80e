# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Kubernetes nodes as namespaces: pods behind pairs named eni*, with /32 routes and fixed neighbours, as
# the VPC CNI of AWS makes them; services as kube-proxy's rules make them.
#
#   pod 11.2, 11.3 --- eni* NODE1 eth0 --- ROUTER --- eth0 NODE2 eni* --- pod 12.2, 12.3
#                           1.2               |            2.2
#                                      OUTSIDE 9.2, 9.3
#
# A host is NETWORK.HOST: 10.77.NETWORK.HOST and fd77:NETWORK::HOST (see who.sh).
# Needs topology.sh, servers.sh, sensor.sh and who.sh.

# shellcheck disable=SC2034 # for those who source this
NODE1=${NS_PREFIX}node1 NODE2=${NS_PREFIX}node2 ROUTER=${NS_PREFIX}router OUTSIDE=${NS_PREFIX}outside
CLUSTER_NETS='10.77.1.0/24, 10.77.2.0/24, 10.77.11.0/24, 10.77.12.0/24, "fd77:1::/64", "fd77:2::/64", "fd77:11::/64", "fd77:12::/64"'

pod_ns() { # HOST
  printf '%spod-%s' "$NS_PREFIX" "$1"
}

device_mac() { # NAMESPACE DEVICE
  ip -n "$1" -j link show "$2" | sed -n 's/.*"address":"\([^"]*\)".*/\1/p'
}

forward() { # NAMESPACE
  in_ns "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' || die "can't forward"
}

# Behind the router: NETWORK.2 is the namespace's, NETWORK.1 the router's.
uplink_make() { # NAMESPACE NETWORK
  veth_make "$1" eth0 "$ROUTER" "to$2"
  address_add "$1" eth0 "10.77.$2.2/24" "fd77:$2::2/64"
  address_add "$ROUTER" "to$2" "10.77.$2.1/24" "fd77:$2::1/64"
  ip -n "$1" route add default via "10.77.$2.1"
  ip -n "$1" -6 route add default via "fd77:$2::1"
}

# pod_plug NODE HOST: the pod's namespace is there; from here on it has its address.
pod_plug() {
  local node=$1 ns dev v4 v6 mac
  ns=$(pod_ns "$2") dev=eni${2/./x} v4=$(address_v4 "$2") v6=$(address_v6 "$2")
  veth_make "$node" "$dev" "$ns" eth0
  address_add "$ns" eth0 "$v4/32" "$v6/128"
  ip -n "$node" route add "$v4/32" dev "$dev"
  ip -n "$node" -6 route add "$v6/128" dev "$dev"
  mac=$(device_mac "$node" "$dev")
  ip -n "$ns" -batch - <<END || die "can't route a pod"
route add 169.254.1.1 dev eth0
route add default via 169.254.1.1
neigh add 169.254.1.1 lladdr $mac dev eth0 nud permanent
END
  ip -n "$ns" -6 -batch - <<END || die "can't route a pod (IPv6)"
route add fe80::1 dev eth0
route add default via fe80::1 dev eth0
neigh add fe80::1 lladdr $mac dev eth0 nud permanent
END
  mac=$(device_mac "$ns" eth0)
  ip -n "$node" neigh add "$v4" lladdr "$mac" dev "$dev" nud permanent
  ip -n "$node" -6 neigh add "$v6" lladdr "$mac" dev "$dev" nud permanent
}

pod_make() { # NODE HOST
  ns_make "$(pod_ns "$2")"
  pod_plug "$@"
}

cluster_make() {
  local ns host
  require_tools python3 ping iptables-restore
  tmp_make
  for ns in "$NODE1" "$NODE2" "$ROUTER" "$OUTSIDE"; do ns_make "$ns"; done
  for ns in "$NODE1" "$NODE2" "$ROUTER"; do forward "$ns"; done
  uplink_make "$NODE1" 1
  uplink_make "$NODE2" 2
  uplink_make "$OUTSIDE" 9
  address_add "$OUTSIDE" eth0 10.77.9.3/24 fd77:9::3/64
  ip -n "$ROUTER" -batch - <<END || die "can't route"
route add 10.77.11.0/24 via 10.77.1.2
route add 10.77.12.0/24 via 10.77.2.2
route add fd77:11::/64 via fd77:1::2
route add fd77:12::/64 via fd77:2::2
END
  for host in 11.2 11.3; do pod_make "$NODE1" $host; done
  for host in 12.2 12.3; do pod_make "$NODE2" $host; done
  wait_for 5 in_ns "$(pod_ns 11.2)" ping -c1 -W1 10.77.12.2 || die "pods don't reach each other (IPv4)"
  wait_for 5 in_ns "$(pod_ns 11.2)" ping -c1 -W1 fd77:12::2 || die "pods don't reach each other (IPv6)"
  wait_for 5 in_ns "$OUTSIDE" ping -c1 -W1 10.77.12.2 || die "pods can't be reached"
}

# --- services --------------------------------------------------------------------------------------

# As kube-proxy's iptables mode: 20.1:80 is a service of the pods 11.2 and 12.2, port 30080 of each node leads to
# pod 12.2, by way of SNAT. And the CNI's: what pods send out of the cluster comes from their node.
kube_iptables() { # 4|6 NODE-HOST
  local a=address_v$1 bits=32 out
  [ "$1" = 4 ] || bits=128
  case $1 in 4) out="10.77.0.0/19" ;; *) out="fd77:0::/29" ;; esac
  cat <<END
*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-WEB - [0:0]
:KUBE-SVC-NODEPORT - [0:0]
:KUBE-EXT-NODEPORT - [0:0]
:KUBE-SEP-ONE - [0:0]
:KUBE-SEP-TWO - [0:0]
:AWS-SNAT-CHAIN-0 - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-A POSTROUTING -j KUBE-POSTROUTING
-A POSTROUTING -j AWS-SNAT-CHAIN-0
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
-A KUBE-SERVICES -d $($a 20.1)/$bits -p tcp -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-EXT-NODEPORT
-A KUBE-EXT-NODEPORT -j KUBE-MARK-MASQ
-A KUBE-EXT-NODEPORT -j KUBE-SVC-NODEPORT
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.5 -j KUBE-SEP-ONE
-A KUBE-SVC-WEB -j KUBE-SEP-TWO
-A KUBE-SVC-NODEPORT -j KUBE-SEP-TWO
-A KUBE-SEP-ONE -s $($a 11.2)/$bits -j KUBE-MARK-MASQ
-A KUBE-SEP-ONE -p tcp -m tcp -j DNAT --to-destination $(bracket "$($a 11.2)"):80
-A KUBE-SEP-TWO -s $($a 12.2)/$bits -j KUBE-MARK-MASQ
-A KUBE-SEP-TWO -p tcp -m tcp -j DNAT --to-destination $(bracket "$($a 12.2)"):80
-A AWS-SNAT-CHAIN-0 ! -o eth0 -j RETURN
-A AWS-SNAT-CHAIN-0 ! -s $($a "1${2%.*}.0")/$([ "$1" = 4 ] && echo 24 || echo 64) -j RETURN
-A AWS-SNAT-CHAIN-0 -d $($a 9.0)/$([ "$1" = 4 ] && echo 24 || echo 64) -j SNAT --to-source $($a "$2") --random-fully
COMMIT
END
}

bracket() {
  case $1 in *:*) printf '[%s]' "$1" ;; *) printf '%s' "$1" ;; esac
}

# The same as kube-proxy's nftables mode: maps, numgen and marks.
kube_nft() { # 4|6 NODE-HOST
  local a=address_v$1 ip=ip net=24
  [ "$1" = 4 ] || ip=ip6 net=64
  cat <<END
table $ip kube-proxy {
  map service-ips { type inet_proto . inet_service : verdict; elements = { tcp . 80 : goto web } }
  map service-nodeports { type inet_proto . inet_service : verdict; elements = { tcp . 30080 : goto external } }
  chain mark-for-masquerade { mark set mark or 0x4000; }
  chain one { $ip saddr $($a 11.2) jump mark-for-masquerade; meta l4proto tcp dnat to $(bracket "$($a 11.2)"):80; }
  chain two { $ip saddr $($a 12.2) jump mark-for-masquerade; meta l4proto tcp dnat to $(bracket "$($a 12.2)"):80; }
  chain web { numgen random mod 2 vmap { 0 : goto one, 1 : goto two }; }
  chain external { jump mark-for-masquerade; goto two; }
  chain services {
    $ip daddr $($a 20.1) meta l4proto . th dport vmap @service-ips
    fib daddr type local meta l4proto . th dport vmap @service-nodeports
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
  chain nat-output { type nat hook output priority -100; jump services; }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat;
    mark & 0x4000 != 0 mark set mark xor 0x4000 masquerade fully-random
    oifname eth0 $ip saddr $($a "1${2%.*}.0")/$net $ip daddr $($a 9.0)/$net snat to $($a "$2") fully-random
  }
}
END
}

kube_rules() { # iptables|nft NODE NODE-HOST
  local f
  in_ns "$2" sh -c 'nft flush ruleset 2>/dev/null; iptables -t nat -F; ip6tables -t nat -F' 2>/dev/null
  for f in 4 6; do
    if [ "$1" = nft ]; then
      kube_nft $f "$3" >"$TMP/kube.$f"
      in_ns "$2" nft -f "$TMP/kube.$f" || die "nft refuses kube-proxy's rules" "$(cat "$TMP/kube.$f")"
    else
      kube_iptables $f "$3" >"$TMP/kube.$f"
      in_ns "$2" "ip$([ $f = 4 ] || echo 6)tables-restore" <"$TMP/kube.$f" ||
        die "iptables refuses kube-proxy's rules" "$(cat "$TMP/kube.$f")"
    fi
  done
}

# --- a sensor on each node ---------------------------------------------------------------------------

declare -A NODE_PID=()

node_out() { # NODE
  printf '%s/%s.out' "$TMP" "${1##*-}"
}

node_config() { # FILE NODE; more on standard input
  sensor_config "$1"
  sed -i "s|state.db|${2##*-}.db|; s|control.sock|${2##*-}.sock|" "$1"
}


# As sensor_start, but under the node's own name.
node_watch() { # NODE ARG...
  local node=$1
  shift
  exec_in_ns "$node" "$SPIKEWATCH" run --json --counts "$@" >"$(node_out "$node")" 2>"$(node_out "$node").err" &
  NODE_PID[$node]=$!
  child $!
}

node_watches() { # NODE
  process_gone "${NODE_PID[$1]}" || grep -q '"action": *"started"' "$(node_out "$1")"
}

node_wait() { # NODE
  wait_for 20 node_watches "$1" || die "$1: spikewatch does not start" "$(cat "$(node_out "$1").err")"
  process_gone "${NODE_PID[$1]}" && die "$1: spikewatch ended at start" "$(cat "$(node_out "$1").err")"
  return 0
}

node_stop() { # NODE
  kill -TERM "${NODE_PID[$1]}"
  wait_for 20 process_gone "${NODE_PID[$1]}" || die "$1: spikewatch does not stop"
  wait "${NODE_PID[$1]}" 2>/dev/null
}
