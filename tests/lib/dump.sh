# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# tcpdump at the gateway while the sensor runs, and `spikewatch replay` over what it wrote.
# Needs topology.sh and sensor.sh.

declare -A DUMPS=() # by file: the process

# dump INTERFACE FILE ARG...: returns when tcpdump captures.
dump() {
  local interface=$1 file=$2
  shift 2
  exec_in_ns "$GATEWAY" tcpdump -Z root -U -B 65536 -s 0 -i "$interface" "$@" -w "$file" 2>"$file.err" &
  DUMPS["$file"]=$!
  child $!
  wait_for 10 grep -q "listening on" "$file.err" || die "tcpdump does not start" "$(cat "$file.err")"
}

# A packet behind all others: once it is in the capture, so are they.
holds_marker() { # FILE
  in_ns "$CLIENTS" ping -q -c1 -W1 -s 1111 10.77.2.2 >/dev/null
  tcpdump -r "$1" -c1 'icmp[icmptype] == icmp-echo and ip[2:2] == 1139' 2>/dev/null | grep -q .
}

dump_end() { # FILE
  wait_for 20 holds_marker "$1" || die "tcpdump misses packets" "$(cat "$1.err")"
  kill -INT "${DUMPS["$1"]}"
  wait_for 10 process_gone "${DUMPS["$1"]}" || fail "tcpdump does not stop"
}

http_keys() { # FILE
  jq -c 'select(.client)' "$1" | sort
}

# replayed WHAT FILE LOG...: the capture has the counts of the sensor and of the logs.
replayed() {
  local what=$1 file=$2
  shift 2
  check_match "$what: tcpdump lost nothing" "$(cat "$file.err")" "^0 packets dropped by kernel"
  check "$what: replay" sh -c '"$1" replay -c "$2" --json --counts "$3" >"$3.out"' - \
    "$SPIKEWATCH" "$TMP/sw.yaml" "$file"
  http_keys "$SENSOR_OUT" >"$file.wanted"
  check "$what: the keys and counts of the sensor" diff - "$file.wanted" < <(http_keys "$file.out")
  check "$what: the logs' counts" python3 "$LIB/compare.py" http "$file.out" "$@"
  check "$what: counters agree" python3 "$LIB/compare.py" totals "$file.out"
}
