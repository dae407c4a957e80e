#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sensor's own life: what it leaves behind, whom it lives beside, how it refuses.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

BOTH=(-i gwc -i gws)

tcx_programs() { # both interfaces: "gwc-in gwc-out gws-in gws-out"
  echo "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc)" \
    "$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gws)"
}

tcx_is() {
  [ "$(tcx_programs)" = "$1" ]
}

xdp_programs() {
  ip -n "$GATEWAY" -d link show | grep -c 'prog/xdp'
}

xdp_is() {
  [ "$(xdp_programs)" = "$1" ]
}

# Filters of both interfaces and directions whose program's name matches.
filters() { # REGEX
  local dev side
  for dev in gwc gws; do
    for side in ingress egress; do
      in_ns "$GATEWAY" tc filter show dev $dev $side
    done
  done | grep -c "$1"
}

errors_pass() {
  http_get 10 10.77.2.2:80 keep 20 /e/404 /ok
}

# --- what it leaves behind ---------------------------------------------------------------------

tcx_test() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach tcx
  check_equal "tcx: one program a side" "$(tcx_programs)" "1 1 1 1"
  sensor_stop KILL
  check "tcx: kill -9 leaves no program" wait_for 5 tcx_is "0 0 0 0"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach tcx
  sensor_stop TERM
  check_equal "tcx: SIGTERM, exit code" "$SENSOR_RC" 0
  check_equal "tcx: SIGTERM leaves no program" "$(tcx_programs)" "0 0 0 0"
}

xdp_test() { # MODE
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach "$1"
  check_equal "$1: one program an interface" "$(xdp_programs)" 2
  sensor_stop KILL
  check "$1: kill -9 leaves no program" wait_for 5 xdp_is 0
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach "$1"
  sensor_stop INT
  check_equal "$1: SIGINT, exit code" "$SENSOR_RC" 0
  check_equal "$1: SIGINT leaves no program" "$(xdp_programs)" 0
}

# Filters of clsact outlive a killed process: the next one replaces them, and no other.
clsact_test() {
  local before
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach clsact
  check_equal "clsact: one filter a side" "$(filters 'bpf.*sw_')" 4
  sensor_stop TERM
  check_equal "clsact: SIGTERM leaves no filter" "$(filters bpf)" 0
  foreign_filter_add gwc ingress
  before=$(in_ns "$GATEWAY" tc filter show dev gwc ingress)
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach clsact
  sensor_stop KILL
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach clsact
  check_equal "clsact: stale filters are replaced" "$(filters 'bpf.*sw_')" 4
  check_equal "clsact: a foreign filter stays" "$(filters foreign_tc)" 1
  sensor_stop TERM
  check_equal "clsact: what was there before is there after" \
    "$(in_ns "$GATEWAY" tc filter show dev gwc ingress)" "$before"
  foreign_filter_del gwc ingress
}

# --- whom it lives beside ----------------------------------------------------------------------

foreign_build() {
  clang -target bpf -O2 -g -I"/usr/include/$(gcc -dumpmachine)" -c "$ROOT/tests/e2e/foreign.bpf.c" \
    -o "$TMP/foreign.o" || die "foreign.bpf.c does not compile"
}

foreign_filter_add() { # DEVICE SIDE
  in_ns "$GATEWAY" tc qdisc replace dev "$1" clsact
  in_ns "$GATEWAY" tc filter add dev "$1" "$2" prio 1 handle 1 protocol all \
    bpf da obj "$TMP/foreign.o" sec tc || die "tc refuses the foreign filter"
}

foreign_filter_del() {
  in_ns "$GATEWAY" tc filter del dev "$1" "$2" prio 1 handle 1 protocol all bpf
}

# Packets that the foreign filter has seen; its map is found by the filter's own program.
foreign_seen() { # DEVICE SIDE
  in_ns "$GATEWAY" tc -j filter show dev "$1" "$2" | python3 -c 'import json, subprocess, sys
ids = [f["options"]["prog"]["id"] for f in json.load(sys.stdin)
       if f.get("options", {}).get("prog", {}).get("name") == "foreign_tc"]
def bpftool(*args): return json.loads(subprocess.check_output(["bpftool", "-j", *args]))
maps = bpftool("prog", "show", "id", str(ids[0]))["map_ids"]
print(bpftool("map", "dump", "id", str(maps[0]))[0]["formatted"]["value"])'
}

neighbour_test() { # MODE
  local before after
  foreign_filter_add gws ingress
  nginx_start
  : >"$NGINX_LOG"
  before=$(foreign_seen gws ingress)
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gws --attach "$1"
  check "$1: traffic flows" errors_pass
  nginx_stop
  sensor_stop
  after=$(foreign_seen gws ingress)
  check "$1: the foreign filter still sees packets" test "$after" -ge $((before + 20))
  check "$1: so do we" compare http "$NGINX_LOG"
  foreign_filter_del gws ingress
}

foreign_xdp_id() {
  ip -n "$GATEWAY" -j link show gwc | python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["xdp"]["prog"]["id"])'
}

foreign_xdp_test() {
  ip -n "$GATEWAY" link set dev gwc xdp obj "$TMP/foreign.o" sec xdp || die "no XDP on veth"
  sensor_fails "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}" --attach xdp
  check_equal "an XDP program is there already: exit code" "$SENSOR_RC" 2
  check_match "an XDP program is there already: it is named" "$(cat "$SENSOR_ERR")" \
    "gwc: .*\\bid $(foreign_xdp_id)\\b"
  check_equal "an XDP program is there already: it stays" "$(xdp_programs)" 1
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "${BOTH[@]}"
  sensor_stop
  check_equal "beside it, tc works" "$SENSOR_RC" 0
  ip -n "$GATEWAY" link set dev gwc xdp off
}

# --- interfaces that go ------------------------------------------------------------------------

interface_goes_test() {
  veth_make "$CLIENTS" cx "$GATEWAY" gwx
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml"
  ip -n "$GATEWAY" link del gwx
  nginx_start
  : >"$NGINX_LOG"
  check "an interface goes: traffic of the others flows" errors_pass
  nginx_stop
  sensor_stop
  check_equal "an interface goes: exit code" "$SENSOR_RC" 0
  check "an interface goes: the others are counted" compare http "$NGINX_LOG"
}

# --- how it refuses ----------------------------------------------------------------------------

refuses() { # WHAT EXIT-CODE REGEX ARG...
  sensor_fails "$GATEWAY" "${@:4}"
  check_equal "$1: exit code" "$SENSOR_RC" "$2"
  check_match "$1: says what" "$(cat "$SENSOR_ERR")" "$3"
}

refusal_test() {
  refuses "an unknown interface" 2 nosuch0 -c "$TMP/sw.yaml" -i nosuch0
  refuses "an unknown mode" 2 sideways -c "$TMP/sw.yaml" -i gwc --attach sideways
  refuses "an unknown option" 2 bogus --bogus
  refuses "no configuration file" 2 "$TMP/none.yaml" -c "$TMP/none.yaml"
  printf 'rules:\n  http-error-spike-internal:\n    threshhold: {count: 3}\n' >"$TMP/bad.yaml"
  refuses "an unknown key" 2 "$TMP/bad.yaml:3:5: .*threshhold.*threshold" -c "$TMP/bad.yaml"
  printf 'attach: [\n' >"$TMP/bad.yaml"
  refuses "broken YAML" 2 "$TMP/bad.yaml:[0-9]+:[0-9]+: " -c "$TMP/bad.yaml"
  printf 'memory_budget: much\n' >"$TMP/bad.yaml"
  refuses "a wrong type" 2 "$TMP/bad.yaml:1:16: " -c "$TMP/bad.yaml"
}

# A kernel without BTF, as it looks to the program: an empty folder stands over the real one.
btf_test() {
  local out rc
  out=$(in_ns "$GATEWAY" unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec timeout 10 "$@"' sh \
    "$SPIKEWATCH" run -c "$TMP/sw.yaml" -i gwc 2>&1)
  rc=$?
  check_equal "no BTF: exit code" $rc 77
  check_match "no BTF: says what is missing" "$out" 'no BTF .*CONFIG_DEBUG_INFO_BTF'
}

# Runs it as somebody who may not.
unprivileged() { # WHAT COMMAND...
  local out rc
  out=$(in_ns "$GATEWAY" "${@:2}" "$TMP/spikewatch" run -c "$TMP/sw.yaml" -i gwc 2>&1)
  rc=$?
  check_equal "$1: exit code" $rc 77
  check_match "$1: says what is missing" "$out" 'CAP_(BPF|NET_ADMIN|PERFMON|SYS_ADMIN)'
}

privilege_test() {
  install -m 755 "$SPIKEWATCH" "$TMP/spikewatch"
  chmod 644 "$TMP/sw.yaml"
  unprivileged "nobody" timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups \
    --bounding-set -all --inh-caps -all
  unprivileged "root without capabilities" timeout 10 setpriv --bounding-set -all --inh-caps -all
  unprivileged "without CAP_BPF" timeout 10 setpriv --bounding-set -bpf,-sys_admin
  unprivileged "without CAP_NET_ADMIN" timeout 10 setpriv --bounding-set -net_admin,-sys_admin
  unprivileged "without CAP_PERFMON" timeout 10 setpriv --bounding-set -perfmon,-sys_admin
}

topology_make
require_tools tc bpftool clang gcc setpriv
require_sensor
foreign_build
sensor_config "$TMP/sw.yaml" </dev/null
has_tcx=$(in_ns "$GATEWAY" python3 "$LIB/bpf_query.py" gwc 2>/dev/null)
if [ -n "$has_tcx" ]; then tcx_test; else skip "tcx (needs Linux 6.6)"; fi
xdp_test xdp
xdp_test xdp-generic
clsact_test
[ -z "$has_tcx" ] || neighbour_test tcx
neighbour_test clsact
foreign_xdp_test
interface_goes_test
refusal_test
btf_test
privilege_test
