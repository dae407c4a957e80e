# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad wires in place of both cables of the topology: they lose, duplicate and overtake.
#
#   clients c0 === wc0 wgwc === gwc gateway gws === wgws ws0 === s0 servers
#
# What comes in at wc0 and ws0 has not passed the gateway yet: the sensor does not see what is lost there.
# What comes in at wgwc and wgws has. Needs topology.sh; sourced before topology_make.

WIRE=${NS_PREFIX}wire
# shellcheck disable=SC2034 # topology_make reads it
CABLE=wire_make
# shellcheck disable=SC2034 # for those who source this
BEFORE=(wc0 ws0) BEHIND=(wgwc wgws)
WIRE_HOLD=20
WIRE_NEXT=10 # index of the next device
HOLD_PID=''

wire_end() { # NAMESPACE DEVICE
  ip -n "$WIRE" link add "w$2" index $WIRE_NEXT type veth peer name "$2" netns "$1" || die "can't make w$2"
  WIRE_NEXT=$((WIRE_NEXT + 1))
  ip -n "$WIRE" link set "w$2" up
  ip -n "$1" link set "$2" up
  LINK_ENDS+=("$WIRE w$2")
}

# wire_make NAMESPACE1 DEVICE1 NAMESPACE2 DEVICE2: like veth_make.
wire_make() {
  if [ ! -e "/run/netns/$WIRE" ]; then
    ns_make "$WIRE"
    in_ns "$WIRE" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' || die "can't disable IPv6"
    ip -n "$WIRE" link add hold0 index $WIRE_HOLD type veth peer name hold1 || die "can't make hold0"
    ip -n "$WIRE" link set hold0 up
    ip -n "$WIRE" link set hold1 up
  fi
  wire_end "$1" "$2"
  wire_end "$3" "$4"
  wire_set 1 0 0 0 "w$2" "w$4"
}

# wire_set SEED LOST DUPLICATED HELD DEVICE...: in thousandths, of what comes in at the devices.
wire_set() {
  local dev seed=$1 object=$TMP/wire-$1-$2-$3-$4.o
  [ -e "$object" ] || clang -target bpf -mcpu=v3 -O2 -g -I"/usr/include/$(gcc -dumpmachine)" \
    -DSEED="${seed}u" -DLOST="$2" -DDUPLICATED="$3" -DHELD="$4" -DHOLD=$WIRE_HOLD \
    -c "$ROOT/tests/e2e/wire.bpf.c" -o "$object" || die "wire.bpf.c does not compile"
  shift 4
  for dev; do
    in_ns "$WIRE" tc qdisc replace dev "$dev" clsact
    in_ns "$WIRE" tc filter replace dev "$dev" ingress prio 1 handle 1 bpf da obj "$object" sec tc ||
      die "can't attach the wire to $dev"
  done
}

hold_is_ready() {
  grep -qs ready "$TMP/hold.out"
}

# What was held back goes on to the device whose peer has the frame's destination address.
hold_start() { # SEED
  local end ways=()
  for end in "$CLIENTS c0" "$GATEWAY gwc" "$GATEWAY gws" "$SERVERS s0"; do
    ways+=("$(ip netns exec "${end% *}" cat "/sys/class/net/${end#* }/address")=w${end#* }")
  done
  exec_in_ns "$WIRE" python3 "$LIB/wire_hold.py" "$1" hold1 "${ways[@]}" >"$TMP/hold.out" 2>&1 &
  HOLD_PID=$!
  child $HOLD_PID
  wait_for 10 hold_is_ready || die "wire_hold.py does not start" "$(cat "$TMP/hold.out")"
}
