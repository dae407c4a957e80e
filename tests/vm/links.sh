# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Part of guest.sh: devices that few hosts of developers have. A gateway (lg) between a client (la) and
# servers (lb; lp beside it on an ipvlan); each network has a server of its own. Each response is counted
# once, for the true client, also where NAT is between.

#   la --- ga lg gb --- lb                plain, 10.2.0.0/24; behind the gateway 10.1.0.0/24
#             lg gb.7 --- lb              VLAN above gb, 10.7.0.0/24
#             lg bond0 (p0, p1) --- lb    10.8.0.0/24; bond0.9, VLAN above it, 10.9.0.0/24
#             lg wg0 --- lb               WireGuard over gb, 10.6.0.0/24
#             lg iv0 --- lp               ipvlan above gb, 10.5.0.0/24
links_pair() { # NAMESPACE1 DEVICE1 NAMESPACE2 DEVICE2
  ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
}

links_up() { # NAMESPACE DEVICE [ADDRESS]
  [ -z "$3" ] || ip -n "$1" addr add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
}

links_bond() { # NAMESPACE PORT PORT ADDRESS ADDRESS-ABOVE
  ip -n "$1" link add bond0 type bond mode balance-xor
  ip -n "$1" link set "$2" master bond0
  ip -n "$1" link set "$3" master bond0
  links_up "$1" bond0 "$4"
  ip -n "$1" link add link bond0 name bond0.9 type vlan id 9
  links_up "$1" bond0.9 "$5"
}

links_wireguard() { # NAMESPACE ADDRESS OTHER-NAMESPACE OTHER-ENDPOINT
  ip -n "$1" link add wg0 type wireguard
  ip netns exec "$1" wg set wg0 private-key "key.$1" listen-port 51820 \
    peer "$(wg pubkey <"key.$3")" endpoint "$4:51820" allowed-ips 0.0.0.0/0
  links_up "$1" wg0 "$2"
}

links_make() {
  for ns in la lg lb lp; do ip netns add $ns && ip -n $ns link set lo up; done
  ip netns exec lg sysctl -qw net.ipv4.ip_forward=1
  links_pair la va lg ga
  links_pair lg gb lb vb
  links_pair lg p0 lb q0
  links_pair lg p1 lb q1
  links_up la va 10.1.0.2 && links_up lg ga 10.1.0.1
  links_up lg gb 10.2.0.1 && links_up lb vb 10.2.0.2
  ip -n la route add default via 10.1.0.1
  ip -n lg link add link gb name gb.7 type vlan id 7
  ip -n lb link add link vb name vb.7 type vlan id 7
  links_up lg gb.7 10.7.0.1 && links_up lb vb.7 10.7.0.2
  links_bond lg p0 p1 10.8.0.1 10.9.0.1
  links_bond lb q0 q1 10.8.0.2 10.9.0.2
  for ns in lg lb; do (umask 077 && wg genkey >key.$ns); done
  links_wireguard lg 10.6.0.1 lb 10.2.0.2
  links_wireguard lb 10.6.0.2 lg 10.2.0.1
  ip -n lg link add link gb name iv0 type ipvlan mode l2
  ip -n lg link add link gb name iv1 netns lp type ipvlan mode l2
  links_up lg iv0 10.5.0.1 && links_up lp iv1 10.5.0.2
  ip netns exec lg nft -f - <<'NFT'
table ip nat {
  chain pre { type nat hook prerouting priority -100; ip daddr 10.1.0.1 tcp dport 8080 dnat to 10.8.0.2:80; }
  chain post { type nat hook postrouting priority 100; ip saddr 10.1.0.2 masquerade; }
}
NFT
  for ns in lb lp; do ip netns exec $ns busybox httpd -p 80 -h /t/www; done
}

links_ask() { # NAMESPACE ADDRESS[:PORT]
  for _ in 1 2 3; do ip netns exec "$1" wget -q -O /dev/null "http://$2/none" 2>/dev/null; done
}

links_count() { # CLIENT SERVER: how many 404s
  sed -n 's/^{"client":"'"$1"'","server":"'"$2"'","port":80,"status":404,"count":\([0-9]*\)}/\1/p' counts
}

links_watch() { # WHAT ARG...
  what=$1
  shift
  sensor_start "$what" lg "$@"
  for n in 5 6 7 8 9; do links_ask lg 10.$n.0.2; done
  for n in 2 6 7 9; do links_ask la 10.$n.0.2; done
  links_ask la 10.1.0.1:8080
  kill -TERM $pid
  wait $pid
  check "$what: ends well" $? 0
  check "$what: ipvlan" "$(links_count 10.5.0.1 10.5.0.2)" 3
  check "$what: WireGuard" "$(links_count 10.6.0.1 10.6.0.2)" 3
  check "$what: VLAN" "$(links_count 10.7.0.1 10.7.0.2)" 3
  check "$what: bond" "$(links_count 10.8.0.1 10.8.0.2)" 3
  check "$what: VLAN above a bond" "$(links_count 10.9.0.1 10.9.0.2)" 3
  check "$what: masquerade" "$(links_count 10.1.0.2 10.2.0.2)" 3
  check "$what: masquerade into WireGuard" "$(links_count 10.1.0.2 10.6.0.2)" 3
  check "$what: masquerade into a VLAN" "$(links_count 10.1.0.2 10.7.0.2)" 3
  check "$what: masquerade into a VLAN above a bond" "$(links_count 10.1.0.2 10.9.0.2)" 3
  check "$what: SNAT and DNAT at once, into a bond" "$(links_count 10.1.0.2 10.8.0.2)" 3
  check "$what: nothing else" "$(total http_4xx)" 30
  [ "${failed:?}" -eq 0 ] || cat counts log
}

links_make
check "auto: no bond, no VLAN above what is watched" \
  "$(ip netns exec lg ./spikewatch probe -c test.yaml --json 2>/dev/null | sed 's/"not_watched".*//' | grep -o '"name":"[^"]*"' | cut -d'"' -f4 | sort | tr '\n' ' ')" \
  "ga gb iv0 p0 p1 wg0 "
links_watch "auto"
links_watch "every device" -i ga -i gb -i gb.7 -i p0 -i p1 -i bond0 -i bond0.9 -i wg0 -i iv0
