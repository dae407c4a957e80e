#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What BPF programs deny (tc by clsact and by tcx, generic XDP, a control group's) is counted as they
# count it.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/deny_programs.sh"
. "$LIB/sensor.sh"

FILES=() # KIND=FILE for denies.py

# knock_at NAMESPACE PORT [V4 V6]: both protocols and families; ten packets each.
knock_at() {
  local v4=${3:-10.77.2.2} v6=${4:-fd77:2::2}
  knock "$1" -n 40 "udp:$v4:$2" "tcp:$v4:$2" "udp:[$v6]:$2" "tcp:[$v6]:$2"
}

# took PROGRAM HOOK: 40 packets were denied by it; they are kept to be compared with.
took() {
  deny_dump "$1" "$TMP/$1.json"
  check_equal "$1: denied by the program" "$(jq '[.[].formatted.value] | add' "$TMP/$1.json")" 40
  FILES+=("$2=$TMP/$1.json")
}

clsact() {
  deny_filter_add "$GATEWAY" gwc ingress clsact_in
  deny_filter_add "$GATEWAY" gws egress clsact_out
  knock_at "$CLIENTS" 7901
  took clsact_in ingress
  knock_at "$GATEWAY" 7902
  took clsact_out egress
  in_ns "$GATEWAY" tc qdisc del dev gwc clsact
  in_ns "$GATEWAY" tc qdisc del dev gws clsact
}

tcx_side() { # DEVICE SIDE NAME NAMESPACE PORT
  local pid
  exec_in_ns "$GATEWAY" python3 "$LIB/tcx_attach.py" "$1" "$2" "$DENY_PINS/$3/deny_tc" >"$TMP/$3.out" 2>&1 &
  pid=$!
  child $pid
  wait_for 5 grep -q attached "$TMP/$3.out" || die "tcx" "$(cat "$TMP/$3.out")"
  knock_at "$4" "$5"
  took "$3" "$2"
  process_end $pid
}

xdp() {
  in_ns "$GATEWAY" ip link set dev gwc xdpgeneric pinned "$DENY_PINS/xdp/deny_xdp" || die "no generic XDP"
  knock_at "$CLIENTS" 7905
  took xdp xdp
  ip -n "$GATEWAY" link set dev gwc xdpgeneric off
}

cgroup_make() {
  local root
  root=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
  [ -n "$root" ] || return 1
  CGROUP=$root/${NS_PREFIX}deny
  mkdir "$CGROUP" || return 1
  on_exit rmdir "$CGROUP"
}

# Who sends is in the control group for as long as it sends.
cgroup_egress() {
  bpftool cgroup attach "$CGROUP" egress pinned "$DENY_PINS/group/deny_egress" || die "no cgroup program"
  knock_from_cgroup "$GATEWAY" -n 40 udp:10.77.2.2:7906 tcp:10.77.2.2:7906 'udp:[fd77:2::2]:7906' \
    'tcp:[fd77:2::2]:7906'
  bpftool cgroup detach "$CGROUP" egress pinned "$DENY_PINS/group/deny_egress"
  took group cgroup
}

knock_from_cgroup() { # NAMESPACE ARG...
  # shellcheck disable=SC2016 # the inner shell's
  in_ns "$1" sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$CGROUP" timeout 60 python3 "$LIB/knock.py" "${@:2}"
}

# On its way to a socket of the control group. Kernels that don't tell which socket (before 6.11) call it a
# socket filter's doing, as they do what any socket filters for itself.
cgroup_ingress() {
  local pid
  bpftool cgroup attach "$CGROUP" ingress pinned "$DENY_PINS/group_in/deny_ingress" || die "no cgroup program"
  # shellcheck disable=SC2016 # the inner shell's
  exec_in_ns "$GATEWAY" sh -c 'echo $$ >"$0/cgroup.procs" && exec python3 -c "
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"10.77.1.1\", 7907))
print(\"bound\", flush=True)
signal.pause()"' "$CGROUP" >"$TMP/bound" &
  pid=$!
  child $pid
  wait_for 5 grep -q bound "$TMP/bound" || die "no receiver in the control group"
  knock "$CLIENTS" -n 40 udp:10.77.1.1:7907
  process_end $pid
  bpftool cgroup detach "$CGROUP" ingress pinned "$DENY_PINS/group_in/deny_ingress"
  if bpftool btf dump file /sys/kernel/btf/vmlinux format c | grep -q 'btf_trace_kfree_skb)(.*struct sock \*'; then
    took group_in cgroup
  fi
}

topology_make
require_tools tc bpftool clang gcc jq findmnt
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
deny_build
deny_load clsact_in clsact_out tcx_in tcx_out xdp group group_in
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
clsact
if in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc >/dev/null 2>&1; then
  tcx_side gwc ingress tcx_in "$CLIENTS" 7903
  tcx_side gws egress tcx_out "$GATEWAY" 7904
else
  skip "tcx (needs Linux 6.6)"
fi
xdp
if cgroup_make; then
  cgroup_egress
  cgroup_ingress
else
  skip "control groups (needs cgroup2)"
fi
sensor_stop
denies "clsact, tcx, generic XDP, a control group: counted as the programs count" "${FILES[@]}"
check "counters agree" compare totals
