#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Behind NAT the true client and the true server are counted, each response once; where only one side
# is watched and connection tracking can't be asked, under the addresses of that side. Each kind of NAT has clients of its own, so a
# difference names the kind.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"

# 3.1 and 3.2 are nobody's addresses: DNAT makes servers of them.
rules() {
  cat <<'END'
chain pre {
  type nat hook prerouting priority -100;
  ip daddr 10.77.3.1 tcp dport 8000 dnat ip to 10.77.2.2:80
  ip6 daddr fd77:3::1 tcp dport 8000 dnat ip6 to [fd77:2::2]:80
  ip daddr 10.77.1.1 tcp dport 30080 dnat ip to 10.77.2.3:80
  ip6 daddr fd77:1::1 tcp dport 30080 dnat ip6 to [fd77:2::3]:80
  ip daddr 10.77.1.1 tcp dport 8081 dnat ip to 10.77.1.39:80
  ip6 daddr fd77:1::1 tcp dport 8081 dnat ip6 to [fd77:1::39]:80
  ip daddr 10.77.3.2 dnat ip to numgen inc mod 2 map { 0 : 10.77.2.2, 1 : 10.77.2.3 }
  ip6 daddr fd77:3::2 dnat ip6 to numgen inc mod 2 map { 0 : fd77:2::2, 1 : fd77:2::3 }
  tcp dport 8082 redirect to :80
}
chain out {
  type nat hook output priority -100;
  ip daddr 10.77.3.2 dnat ip to numgen inc mod 2 map { 0 : 10.77.2.2, 1 : 10.77.2.3 }
  ip6 daddr fd77:3::2 dnat ip6 to numgen inc mod 2 map { 0 : fd77:2::2, 1 : fd77:2::3 }
}
chain post {
  type nat hook postrouting priority 100;
  ip saddr 10.77.1.20/30 snat ip to 10.77.2.100-10.77.2.101
  ip6 saddr fd77:1::20/126 snat ip6 to fd77:2::100-fd77:2::101
  ip saddr 10.77.1.28/30 ip protocol tcp snat ip to 10.77.2.102:50000
  ip6 saddr fd77:1::28/126 meta l4proto tcp snat ip6 to [fd77:2::102]:50000
  ip saddr { 10.77.1.10, 10.77.1.11, 10.77.1.13, 10.77.1.16, 10.77.1.32/30 } masquerade
  ip6 saddr { fd77:1::10, fd77:1::11, fd77:1::13, fd77:1::16, fd77:1::32/126 } masquerade
}
END
}

# What passes both of the gateway's interfaces. From 1.20 to 1.23 come equal source ports; 1.28 to 1.30
# have one address and one port behind NAT, one after the other; 1.24 uses its own port for one server
# after the other.
forwarded() { # PORT: of those which have equal ones
  ask "$CLIENTS" <<END
1.10 2.2:80
1.11 2.3:80
1.12 3.1:8000
1.13 1.1:30080
1.14 3.2:80
1.15 3.2:80
1.20,$1 2.2:80 keep
1.21,$1 2.2:80 keep
1.22,$1 2.2:80 keep
1.23,$1 2.2:80 keep
1.28 2.2:80 keep
1.29 2.2:80 keep
1.30 2.2:80 keep
1.24,42000 3.2:80 keep
1.24,42000 3.2:80 keep
1.24,42000 3.2:80 keep
1.18 2.2:80
END
}

# 1.32 to 1.35 at once, in both families: hooks of one flow run on both CPUs at the same time.
crowd() {
  local host pids=()
  for host in 1.3{2..5}; do
    printf '%s %s:80 fresh,keep,pipeline 60 /ok /e/404 /e/500\n' "$(address_v4 "$host")" 10.77.3.2 \
      "$(address_v6 "$host")" '[fd77:3::2]' >"$TMP/crowd.$host"
    in_ns "$CLIENTS" timeout 60 python3 "$LIB/http_client.py" - <"$TMP/crowd.$host" >"$TMP/crowd.$host.out" &
    pids+=($!)
    ASKED=$((ASKED + 2 * 3 * 60))
  done
  for host in "${pids[@]}"; do wait "$host" || fail "traffic"; done
}

# Here the clients' side sees all that there is to see.
on_the_clients_side() {
  ask "$CLIENTS" <<<"1.16 1.1:8081"
}

redirected() {
  ask "$CLIENTS" <<<"1.17 3.3:8082"
}

from_the_gateway() {
  ask "$GATEWAY" <<<"2.1 3.2:80"
}

everything() {
  forwarded "$1"
  on_the_clients_side
  from_the_gateway
  crowd
}

both_sides() { # WHAT PORT ARG...
  local what=$1 port=$2
  shift 2
  watch "everything $port" -i gwc -i gws "$@"
  judge "$what: masquerade" true 1.10 1.11
  judge "$what: SNAT to a pool, equal source ports" true 1.20 1.21 1.22 1.23
  judge "$what: one address and port behind SNAT, one client after the other" true 1.28 1.29 1.30
  judge "$what: one port of a client, one server after the other" true 1.24
  judge "$what: DNAT, another port" true 1.12
  judge "$what: SNAT and DNAT at once" true 1.13
  judge "$what: DNAT over two servers" true 1.14 1.15
  judge "$what: SNAT and DNAT at once, several clients at once" true 1.32 1.33 1.34 1.35
  judge "$what: hairpin, client and server on one side" true 1.16
  judge "$what: no NAT" true 1.18
  judge "$what: DNAT for a client on the gateway" true 2.1
  judge "$what: nobody else" true
  judge_counters "$what"
}

topology_make
require_tools nft
require_sensor
flows_stay_on_cpu yes
sensor_config "$TMP/sw.yaml" </dev/null
address_add "$GATEWAY" gws 10.77.2.{100,101,102}/24 fd77:2::{100,101,102}/64
ip -n "$GATEWAY" route add 10.77.3.0/24 via 10.77.2.2 src 10.77.2.1 # a route comes before DNAT
ip -n "$GATEWAY" -6 route add fd77:3::/64 via fd77:2::2 src fd77:2::1
rules | nat
# A port is free as soon as its connection is over.
in_ns "$GATEWAY" sh -c 'for i in time_wait last_ack close fin_wait close_wait; do
  echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_$i || exit; done' || die "no conntrack"
for ns in "$SERVERS" "$CLIENTS" "$GATEWAY"; do nginx_start "$ns"; done

both_sides "both sides" 40000
both_sides "both sides, native XDP" 40001 --attach xdp
# What one side alone tells.
if "$SPIKEWATCH" probe --json | grep -q '"ct_lookup": *true'; then
  servers_say=true clients_say=true redirect_says=true
else
  servers_say=nginx clients_say=client redirect_says=client
fi
watch "forwarded 40002" -i gws
judge "the servers' side alone" $servers_say
judge_counters "the servers' side alone"
watch "forwarded 40003" -i gwc
judge "the clients' side alone" $clients_say
judge_counters "the clients' side alone"
watch "forwarded 40004" -i gws --attach xdp
judge "the servers' side alone, native XDP" $servers_say
watch on_the_clients_side -i gwc
judge "the clients' side alone: hairpin" true
watch redirected -i gwc -i gws
judge "redirect to the gateway itself" $redirect_says
judge_counters "redirect to the gateway itself"
