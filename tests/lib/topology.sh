# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Clients, a gateway and servers, each a network namespace of its own.
#
#   clients (c0) --- (gwc) gateway (gws) --- (s0) servers
#   10.77.1.0/24, fd77:1::/64                10.77.2.0/24, fd77:2::/64
#
# NS_PREFIX names the namespaces; TMP is a folder for files. Both vanish at the end.
# Needs check.sh, or base.sh with skip and die.

NS_PREFIX=${NS_PREFIX:-swt-$$-}
CLIENTS=${NS_PREFIX}clients
GATEWAY=${NS_PREFIX}gateway
SERVERS=${NS_PREFIX}servers
CABLE=veth_make # what joins two devices
LINK_ENDS=("$CLIENTS c0" "$GATEWAY gwc" "$GATEWAY gws" "$SERVERS s0")

# Everything that needs root and tools; ends the scenario with a skip where one is missing.
require_tools() {
  local tool
  if [ "$(id -u)" -ne 0 ]; then
    skip "needs root"
    exit 0
  fi
  for tool in ip nsenter "$@"; do
    command -v "$tool" >/dev/null || {
      skip "needs $tool"
      exit 0
    }
  done
}

tmp_make() {
  TMP=$(mktemp -d "${TMPDIR:-/tmp}/${NS_PREFIX}XXXXXX") || die "no temporary folder"
  chmod 755 "$TMP"
  on_exit rm -rf "$TMP"
}

ns_del() {
  local pid
  # The processes in it were started here: nobody else knows the namespace.
  for pid in $(ip netns pids "$1" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
  ip netns del "$1"
}

ns_make() {
  ip netns add "$1" || die "can't make network namespace $1"
  on_exit ns_del "$1"
  # Addresses are known to be free: don't spend a second on asking (RFC 4862 5.4).
  in_ns "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
  ip -n "$1" link set lo up
}

# in_ns NAMESPACE COMMAND...: only the network namespace, unlike ip netns exec, which mounts a
# sysfs of its own: bpffs and tracefs stay where they are.
in_ns() {
  nsenter --net="/run/netns/$1" -- "${@:2}"
}

# The same in place of this shell: for background commands, whose $! is then the command's own.
exec_in_ns() {
  exec nsenter --net="/run/netns/$1" -- "${@:2}"
}

veth_make() { # NAMESPACE1 DEVICE1 NAMESPACE2 DEVICE2
  ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || die "can't make veth $2"
  ip -n "$1" link set "$2" up
  ip -n "$3" link set "$4" up
}

address_add() { # NAMESPACE DEVICE ADDRESS/PREFIX...
  local ns=$1 dev=$2 a
  shift 2
  for a; do
    case $a in
    *:*) ip -n "$ns" addr add "$a" dev "$dev" nodad || die "can't add $a" ;;
    *) ip -n "$ns" addr add "$a" dev "$dev" || die "can't add $a" ;;
    esac
  done
}

# Clients get the host numbers 2..39 of both families, servers 2 and 3.
topology_make() {
  local i ns
  require_tools python3 ping
  tmp_make
  for ns in "$CLIENTS" "$GATEWAY" "$SERVERS"; do ns_make "$ns"; done
  "$CABLE" "$CLIENTS" c0 "$GATEWAY" gwc
  "$CABLE" "$GATEWAY" gws "$SERVERS" s0
  in_ns "$GATEWAY" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' || die "can't forward"
  address_add "$GATEWAY" gwc 10.77.1.1/24 fd77:1::1/64
  address_add "$GATEWAY" gws 10.77.2.1/24 fd77:2::1/64
  for i in {2..39}; do
    printf 'addr add 10.77.1.%d/24 dev c0\n' "$i"
    printf 'addr add fd77:1::%d/64 dev c0 nodad\n' "$i"
  done | ip -n "$CLIENTS" -batch - || die "can't add the clients' addresses"
  address_add "$SERVERS" s0 10.77.2.2/24 10.77.2.3/24 fd77:2::2/64 fd77:2::3/64
  ip -n "$CLIENTS" route add default via 10.77.1.1
  ip -n "$CLIENTS" -6 route add default via fd77:1::1
  ip -n "$SERVERS" route add default via 10.77.2.1
  ip -n "$SERVERS" -6 route add default via fd77:2::1
  # The first packets of a pair of hosts otherwise wait for ARP and ND: ask once.
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 10.77.2.2 || die "clients don't reach servers (IPv4)"
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 fd77:2::2 || die "clients don't reach servers (IPv6)"
}

# A flow's packets stay on one CPU, as the queues of a network card do it. Without that, what a CPU
# sends comes in on that CPU: veth has no queues, and segments of one flow may overtake each other.
flows_stay_on_cpu() { # yes | no
  local end mask=0
  [ "$1" = no ] || mask=$(printf '%x' $(((1 << $(nproc)) - 1)))
  for end in "${LINK_ENDS[@]}"; do
    # shellcheck disable=SC2086
    receive_on $end $mask
  done
}

receive_on() { # NAMESPACE DEVICE CPU-MASK; 0: where it was sent
  ip netns exec "$1" sh -c "for queue in /sys/class/net/$2/queues/rx-*; do
    echo $3 >\$queue/rps_cpus || exit; done" || die "can't set rps_cpus"
}

port_open() { # NAMESPACE ADDRESS PORT
  in_ns "$1" timeout 1 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$2" "$3"
}
