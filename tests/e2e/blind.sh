#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sensor says when it does not see everything, and when it does again.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

PINS=/sys/fs/bpf/${NS_PREFIX}blind

foreign_load() {
  clang -target bpf -O2 -g -I"/usr/include/$(gcc -dumpmachine)" -c "$ROOT/tests/e2e/foreign.bpf.c" \
    -o "$TMP/foreign.o" || die "foreign.bpf.c does not compile"
  mkdir -p "$PINS" || die "no bpffs at /sys/fs/bpf"
  on_exit rm -rf "$PINS"
  bpftool prog loadall "$TMP/foreign.o" "$PINS" || die "bpftool does not load foreign.bpf.c"
}

# Ids of the links that the sensor holds, of programs whose name begins so.
link_ids() { # TYPE
  local file
  for file in "/proc/$SENSOR_PID/fdinfo"/*; do
    awk -v type="$1" '$1 == "link_type:" { is = $2 == type } $1 == "link_id:" && is { print $2 }' "$file"
  done 2>/dev/null
}

programs() { # tcx: "INGRESS EGRESS"
  in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc 2>/dev/null
}

programs_are() { [ "$(programs)" = "$1" ]; }
says() { sensor_says "\"$1\".*$2"; } # ACTION REGEX
said() { grep -Ec "\"action\": *\"$1\".*$2" "$SENSOR_OUT"; }

# --- detached ---------------------------------------------------------------------------------

detach_test() {
  local id
  for id in $(link_ids tcx); do
    bpftool link detach id "$id" || fail "bpftool detaches link $id"
  done
  check "tcx: detached by somebody: attached again" wait_for 15 programs_are "1 1"
  check "tcx: and said" wait_for 10 says degraded 'gwc ingress: somebody detached our tcx ingress'
  check "tcx: of each side" wait_for 10 says degraded 'gws egress: somebody detached'
  check "tcx: and said to be over" wait_for 10 says recovered 'gws egress: our tcx egress program is attached'
}

# --- before ours ------------------------------------------------------------------------------

first_is() { # the first program's name, as the kernel lists them
  in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc >/dev/null &&
    grep -Eq "$1" "$SENSOR_ERR"
}

before_test() {
  exec_in_ns "$GATEWAY" python3 "$LIB/tcx_attach.py" gwc ingress "$PINS/foreign_tc" first >"$TMP/tcx.out" 2>&1 &
  child $!
  wait_for 5 grep -q attached "$TMP/tcx.out" || fail "a foreign tcx program attaches" "$(cat "$TMP/tcx.out")"
  check "tcx: another comes before ours: ours is put before it" \
    wait_for 10 first_is 'gwc ingress: our tcx ingress program was put again, before another'
  check "tcx: both are there" programs_are "2 1"
  check_equal "tcx: nobody is said to be shadowed" "$(said blind shadowed)" 0
}

# --- in the driver ----------------------------------------------------------------------------

native_test() {
  in_ns "$GATEWAY" ip link set dev gwc xdp pinned "$PINS/foreign_hole" || fail "no XDP on veth"
  check "native XDP of others is said" \
    wait_for 20 says degraded 'gwc: a native XDP program \(id [0-9]+[^)]*\) runs before ours'
  [ -z "${LONG:-}" ] || silence_test # nothing else may have passed for 20 s
  ip -n "$GATEWAY" link set dev gwc xdp off
  check "gone, it is said" wait_for 20 says recovered 'gwc has no native XDP program before us'
}

# The program in the driver takes all that comes in, and interfaces count it.
silence_test() {
  local pid
  ip -n "$CLIENTS" neigh replace 10.77.1.1 lladdr "$(mac gwc)" dev c0 nud permanent
  knock "$CLIENTS" -r 500 udp:10.77.2.2:7103 &
  pid=$!
  child $pid
  check "packets pass and none is counted: blind" \
    wait_for 60 says blind 'counted [0-9]+ packets at ingress in 20 s, our programs [0-9]'
  process_end $pid
  ip -n "$CLIENTS" neigh del 10.77.1.1 dev c0
}

mac() {
  ip -n "$GATEWAY" -j link show "$1" | jq -r '.[0].address'
}

# --- losses -----------------------------------------------------------------------------------

loss_test() {
  in_ns "$CLIENTS" ping -q -c 4 -i 0.01 -s 8000 -W 1 10.77.2.2 >/dev/null
  check "a loss, with its name" wait_for 10 says degraded 'of [0-9]+ responses of the last minute.*parse_ip_fragment [0-9]+'
}

stall_test() {
  local since=$SECONDS
  kill -STOP "$SENSOR_PID"
  wait_for 10 time_is $((since + 5)) # a stall must last
  kill -CONT "$SENSOR_PID"
  check "a sensor that was held up says so" wait_for 10 says degraded 'held up for [0-9.]+ s'
}

time_is() { [ $SECONDS -ge "$1" ]; }

# --- XDP of our own ---------------------------------------------------------------------------

xdp_test() {
  local id
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc --attach xdp-generic
  id=$(link_ids xdp)
  bpftool link detach id "$id" || fail "bpftool detaches link $id"
  check "XDP: detached by somebody: said" wait_for 10 says degraded 'somebody detached our XDP program'
  check_match "XDP: attached again" "$(ip -n "$GATEWAY" link show gwc)" 'xdpgeneric'
  ip -n "$GATEWAY" link del gwc
  check "one that is gone is said to be missed" wait_for 10 says blind 'gwc is gone'
  check "and that there is none" says blind 'no interface is watched'
  sensor_stop
}

topology_make
require_tools bpftool clang jq
require_sensor
[ -n "$(programs)" ] || {
  skip "blind (needs tcx, Linux 6.6)"
  exit 0
}
foreign_load
sensor_config "$TMP/sw.yaml" </dev/null
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
detach_test
before_test
native_test
loss_test
stall_test
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
check_equal "each is said once" "$(grep -E '"(blind|degraded)"' "$SENSOR_OUT" | jq -r '.event.reason' | sort | uniq -d | wc -l)" 0
xdp_test
