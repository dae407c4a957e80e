#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the long tests.
# Beside tcx programs that take packets from device to device, as Cilium's do: we see each response once, with
# its true ends, and what they do to how many packets is the same with us and without, whoever comes first,
# restarts or is killed.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"
. "$LIB/node.sh"

PINS=/sys/fs/bpf/${NS_PREFIX}redirect
declare -A LINK_PID=()

bytes() { # NUMBER: as bpftool takes it
  printf '%d %d %d %d' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

ifindex() { # NAMESPACE DEVICE
  ip -n "$1" -j link show "$2" | sed -n 's/.*"ifindex":\([0-9]*\).*/\1/p'
}

map_set() { # MAP KEY VALUE
  # shellcheck disable=SC2086
  bpftool map update pinned "$PINS/maps/$1" key $2 value $3 || die "bpftool does not write $1"
}

neighbour_load() {
  local host mac
  clang -target bpf -O2 -g -I"/usr/include/$(gcc -dumpmachine)" -c "$ROOT/tests/e2e/redirect.bpf.c" \
    -o "$TMP/redirect.o" || die "redirect.bpf.c does not compile"
  mkdir -p "$PINS" || die "no bpffs at /sys/fs/bpf"
  on_exit rm -rf "$PINS"
  bpftool prog loadall "$TMP/redirect.o" "$PINS/progs" pinmaps "$PINS/maps" || die "redirect.bpf.c does not load"
  map_set uplink "0 0 0 0" "$(bytes "$(ifindex "$NODE1" eth0)")"
  for host in 11.2 11.3; do
    mac=$(device_mac "$(pod_ns $host)" eth0)
    map_set pods "10 77 ${host/./ }" "$(bytes "$(ifindex "$NODE1" "eni${host/./x}")") $(sed 's/^\|:/ 0x/g' <<<"$mac") 0 0"
  done
}

# neighbour_attach [first]: at the pods' pairs and at the uplink.
neighbour_attach() {
  local dev prog
  for dev in eth0 eni11x2 eni11x3; do
    prog=from_pod
    [ $dev != eth0 ] || prog=from_outside
    exec_in_ns "$NODE1" python3 "$LIB/tcx_attach.py" $dev ingress "$PINS/progs/$prog" "$@" >"$TMP/tcx.$dev" 2>&1 &
    LINK_PID[$dev]=$!
    child $!
    wait_for 5 grep -q attached "$TMP/tcx.$dev" || die "tcx_attach.py" "$(cat "$TMP/tcx.$dev")"
  done
}

neighbour_detach() {
  local dev
  for dev in "${!LINK_PID[@]}"; do kill -KILL "${LINK_PID[$dev]}"; done
  for dev in "${!LINK_PID[@]}"; do wait "${LINK_PID[$dev]}" 2>/dev/null; done
  LINK_PID=()
}

did() {
  bpftool -j map dump pinned "$PINS/maps/did" | jq -c '[.[].formatted.value]'
}

# Somebody takes the datagrams: nobody answers that there is none.
listen() { # NAMESPACE
  exec_in_ns "$1" python3 -c "import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 7000))
signal.pause()" &
  child $!
}

did_clear() {
  local i
  for i in 0 1 2; do map_set did "$i 0 0 0" "0 0 0 0 0 0 0 0"; done
}

# The same number of packets each time: datagrams, to the pods, out, and to the node itself.
packets() {
  local i
  did_clear
  for i in 11.2:11.3 11.3:11.2 11.2:9.2 11.2:1.2; do
    in_ns "$(pod_ns ${i%:*})" python3 -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(50): s.sendto(b'x', ('10.77.${i#*:}', 7000))"
  done
  in_ns "$OUTSIDE" python3 -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(50): s.sendto(b'x', ('10.77.11.3', 7000))"
  wait_for 3 did_is "$1"
}

did_is() {
  [ "$(did)" = "$1" ]
}

# IPv4 alone, as the programs: pods to pods here and elsewhere, from outside, and by the node itself.
talk() {
  local from to
  while read -r from to; do
    in_ns "${NS_PREFIX}$from" timeout 60 python3 "$LIB/http_client.py" "${to% *}" "${to#* }:80" keep,fresh 6 /ok /e/404 /e/500 >"$TMP/out" 2>&1 ||
      fail "traffic $from $to" "$(cat "$TMP/out")"
    ASKED=$((ASKED + 12))
  done <<END
pod-11.2 10.77.11.2 10.77.11.3
pod-11.2 10.77.11.2 10.77.12.2
pod-12.2 10.77.12.2 10.77.11.3
outside 10.77.9.2 10.77.11.3
node1 10.77.1.2 10.77.11.3
pod-11.2 10.77.11.2 10.77.1.2
END
}

beside() { # WHAT
  packets "$NORMAL"
  check_equal "$1: it does the same to as many packets" "$(did)" "$NORMAL"
  logs_clear
  talk
  logs_complete
}

start() {
  sensor_start "$NODE1" -c "$TMP/sw.yaml" -i auto
}

stop_and_judge() { # WHAT
  sensor_stop
  check "$1: each response once" compare http "$TRUE_LOG"
}

tcx_first() { # what runs first at a pod's pair is ours
  bpftool -j prog show id "$(in_ns "$NODE1" python3 "$LIB/tcx_first.py" eni11x2 ingress)" 2>/dev/null | grep -q sw_ingress
}

cluster_make
require_tools bpftool clang gcc jq
require_sensor
in_ns "$NODE1" python3 "$LIB/bpf_query.py" eth0 >/dev/null || {
  skip "redirects (needs tcx, Linux 6.6)"
  exit 0
}
sensor_config "$TMP/sw.yaml" </dev/null
for ns in "$NODE1" "$(pod_ns 11.3)" "$(pod_ns 12.2)"; do nginx_start "$ns"; done
for ns in "$NODE1" "$OUTSIDE" "$(pod_ns 11.2)" "$(pod_ns 11.3)"; do listen "$ns"; done
neighbour_load

neighbour_attach
packets "[50,150,50]"
NORMAL=$(did)
check_equal "alone: packets are taken past the stack" "$NORMAL" "[50,150,50]"
start
beside "it came first"
stop_and_judge "it came first"
neighbour_detach

start
neighbour_attach
beside "we came first"
neighbour_detach
neighbour_attach first
began=$SECONDS
check "killed and back, before us: ours is the first again" wait_for 4 tcx_first
check "... within 2 s" test $((SECONDS - began)) -le 3
beside "killed and back"
kill -KILL "$SENSOR_PID"
wait "$SENSOR_PID" 2>/dev/null
beside "we are killed"
start
beside "and are back"
stop_and_judge "and are back"
beside "we are gone"
neighbour_detach
