#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `spikewatch replay` over captures that generate.py writes: every link type and container, large and
# cut packets, damaged files, times, exit codes, throughput. SPIKEWATCH names the program.
. "$(dirname "$0")/../lib/check.sh"

SPIKEWATCH=${SPIKEWATCH:-$ROOT/build/spikewatch}
# Packets a second of one core; sanitized programs are not held to it. The aim is 300,000, which the long
# tests ask for; neighbours of a virtual machine may take a third of its speed for minutes.
AT_LEAST=${AT_LEAST:-200000}
T_ALERT=2023-11-14T22:16:15.000Z # the second in which the 350th error ends

prepare() {
  local tool
  [ -x "$SPIKEWATCH" ] || die "$SPIKEWATCH is missing: run make"
  [ "$(id -u)" -eq 0 ] || { skip "replay needs root"; exit 0; }
  for tool in python3 jq; do command -v $tool >/dev/null || { skip "needs $tool"; exit 0; }; done
  TMP=$(mktemp -d) || die "no temporary folder"
  chmod 755 "$TMP"
  on_exit rm -rf "$TMP"
  python3 "$ROOT/tests/replay/generate.py" "$TMP" || die "the captures can't be made"
  # The host's configuration is nobody's here.
  printf '{}\n' >"$TMP/sw.yaml"
}

# replay ARG...: its output in OUT and ERR, its exit code in RC.
OUT='' ERR='' RC=''
replay() {
  OUT=$TMP/out ERR=$TMP/err
  timeout 120 "$SPIKEWATCH" replay -c "$TMP/sw.yaml" "$@" >"$OUT" 2>"$ERR"
  RC=$?
}

keys() { # the keys of OUT, as generate.py writes what it expects
  jq -r 'select(.client) | "\(.client) \(.server) \(.port) \(.status) \(.count)"' "$OUT" | sort
}

total() { # NAME
  jq -r "select(.totals) | .totals.$1" "$OUT"
}

alerts() { # time, action and count of each
  jq -r 'select(.ecs) | select(.event.kind != null) | "\(."@timestamp") \(.event.action) \(.spikewatch.count)"' "$OUT"
}

expect_keys() { # WHAT FILE EXPECTED
  replay --json --counts "$2"
  check_equal "$1" "$RC $(keys)" "0 $(cat "$3")"
}

link_types() {
  local file name
  for file in "$TMP"/links/*.pcap; do
    name=${file##*/}
    expect_keys "link type: ${name%.pcap}" "$file" "$TMP/links/expected"
  done
  expect_keys "link type: IPv4 alone" "$TMP/links/ipv4.only" "$TMP/links/ipv4.expected"
  expect_keys "link type: IPv6 alone" "$TMP/links/ipv6.only" "$TMP/links/ipv6.expected"
  replay --json --counts "$TMP/odd/wifi-closed.pcap"
  check_equal "802.11: what is encrypted or aggregated is said" \
    "$RC $(total capture_encrypted) $(total capture_aggregated) $(total parse_not_ip)" "0 5 3 8"
  check_match "802.11: the log says so" "$(cat "$ERR")" "5 encrypted and 3 aggregated"
}

containers() {
  local file
  for file in "$TMP"/containers/*; do
    replay --json --counts "$file"
    check_equal "container: ${file##*/}: counts, and the time of the alert" \
      "$RC $(keys) $(alerts)" "0 10.0.0.2 10.0.0.9 80 404 350 $T_ALERT open 350"
  done
  replay --json --counts - <"$TMP/containers/gzip.pcap.gz"
  check_equal "standard input" "$RC $(alerts)" "0 $T_ALERT open 350"
  # shellcheck disable=SC2002 # a pipe, not a file
  RC=$(cat "$TMP/containers/little.pcapng" | "$SPIKEWATCH" replay -c "$TMP/sw.yaml" --json - 2>/dev/null | jq -c '."@timestamp"')
  check_equal "a pipe" "$RC" "\"$T_ALERT\""
}

large() {
  local name
  for name in ipv4 ipv6 ipv6-ext big-ipv4 big-ipv6 vxlan geneve-ipv6-ext mpls; do
    expect_keys "large TCP segments: $name" "$TMP/large/$name.pcap" "$TMP/large/$name.expected"
    check "large TCP segments: $name: nothing is missing" test "$(total http_gap) $(total understood)" = "0 $(total packets_xdp)"
  done
  replay --json --counts "$TMP/large/udp.pcap"
  check_equal "large packets that are not TCP are read as what they are" \
    "$RC $(total understood) $(total parse_truncated) $(total parse_not_ip)" "0 2 2 1"
}

times() {
  replay --json "$TMP/odd/349.pcap"
  check_equal "349 errors are none too many" "$RC $(alerts)" "0 "
  replay --json "$TMP/odd/silence.pcap"
  check_equal "an incident closes within a silence, in the capture's time" "$RC $(alerts)" \
    "0 $T_ALERT open 350
2023-11-14T22:24:48.000Z close 0"
  replay --json "$TMP/odd/year.pcap"
  check_equal "a year of silence" "$RC $(alerts | tail -n 1)" "0 2023-11-14T22:24:48.000Z close 0"
  check "a year of silence takes no time" test "$(sed -n 's/.* s in \([0-9]*\)\..*/\1/p' "$ERR")" -lt 10
  replay --json "$TMP/odd/half-2.pcap" "$TMP/odd/half-1.pcap"
  check_equal "two captures in the wrong order" "$RC $(alerts)" "0 $T_ALERT open 350"
  replay --json --counts "$TMP/odd/backwards.pcap"
  check_equal "packets that go back in time are judged at the latest one" \
    "$RC $(alerts) $(total capture_backwards)" "0 2023-11-14T22:14:48.000Z open 350 527"
  replay --json --counts "$TMP/odd/bad-time.pcapng"
  check_equal "a time that can't be" "$RC $(total capture_bad_time)" "0 1"
}

cut() {
  replay --json --counts "$TMP/odd/snaplen.pcap"
  check_equal "packets cut by snaplen are counted as such, and nothing is made up" \
    "$RC $(total capture_cut) $(total parse_truncated) $(keys)" "0 350 350 "
  check_match "packets cut by snaplen are said" "$(cat "$ERR")" "350 packets were cut"
}

# Cut at every 293rd byte: what was read is judged, the error is named. LEAST is the least exit code:
# that a file of pcap ends between two packets says nothing, but gzip has an end.
damaged() { # NAME [LEAST]
  local name=$1 least=${2:-0} size i bad=0 before=0 counted
  size=$(stat -c %s "$TMP/odd/$name")
  for ((i = 0; i < size; i += 293)); do
    head -c $i "$TMP/odd/$name" >"$TMP/damaged"
    replay --json --counts "$TMP/damaged"
    counted=$(total http_4xx) counted=${counted:-0}
    if [ $RC -gt 1 ] || [ $RC -lt "$least" ] || { [ $RC -eq 1 ] && ! grep -q "error: $TMP/damaged: " "$ERR"; } || [ "$counted" -lt "$before" ]; then
      bad=1
      fail "$name, cut at byte $i" "exit $RC, $counted counted (before: $before): $(cat "$ERR")"
    fi
    before=$counted
  done
  [ $bad -ne 0 ] || ok "$name, cut at every 293rd byte"
  check "$name: what was read before the damage is counted" test "$before" -gt 0
}

refused() {
  local file
  for file in usb:"189 .USB_LINUX" nobody:"147" unknown:"9999" text:"neither pcap nor pcapng"; do
    replay "$TMP/odd/${file%%:*}.pcap"
    check_match "refused: ${file%%:*}" "$RC $(cat "$ERR")" "^2 .*${file%%:*}.pcap: .*${file#*:}"
  done
  replay "$TMP/no-such-file"
  check_match "refused: a file that is not there" "$RC $(cat "$ERR")" "^2 .*no-such-file: No such file"
  replay "$TMP/odd/nothing.pcap"
  check_match "an empty file is a damaged one" "$RC $(cat "$ERR")" "^1 .*nothing.pcap: "
  replay
  check_match "refused: no file" "$RC $(cat "$ERR")" "^2 .*needs a capture"
  replay --json --counts "$TMP/odd/empty.pcap"
  check_equal "a capture without a packet" "$RC $(total capture_packets)" "0 0"
  OUT=$TMP/out ERR=$TMP/err
  setpriv --bounding-set=-all --inh-caps=-all "$SPIKEWATCH" replay -c "$TMP/sw.yaml" "$TMP/odd/empty.pcap" >"$OUT" 2>"$ERR"
  check_match "refused: no capabilities" "$? $(cat "$ERR")" "^77 .*missing CAP_BPF"
}

output() {
  replay --counts "$TMP/containers/little.pcap"
  check_match "a table for people" "$(cat "$OUT")" "^10\.0\.0\.2 +10\.0\.0\.9 +80 +404 +350$"
  check_match "an alert for people" "$(cat "$OUT")" "HTTP Response Error Spike"
  check "a pipe gets no colour and no bar" sh -c '! grep -q "$(printf "\033")" "$1" "$2"' - "$OUT" "$ERR"
  script -qec "$SPIKEWATCH replay -c $TMP/sw.yaml $TMP/many.pcap" /dev/null >"$OUT" 2>&1 </dev/null
  check_match "a terminal gets a bar" "$(tr '\r' '\n' <"$OUT")" "#\.* ?.*[0-9]+%.* packets, [0-9]+/s"
  NO_COLOR=1 script -qec "$SPIKEWATCH replay -c $TMP/sw.yaml $TMP/many.pcap" /dev/null >"$OUT" 2>&1 </dev/null
  check "NO_COLOR is honoured" sh -c '! grep -q "$(printf "\033\\[[0-9;]*m")" "$1"' - "$OUT"
  "$SPIKEWATCH" replay -c "$TMP/sw.yaml" --json --counts "$TMP/many.pcap" 2>"$TMP/err" | { sleep 1; wc -l; } >"$TMP/slow"
  replay --json --counts "$TMP/many.pcap"
  check_equal "a slow reader loses nothing" "$(cat "$TMP/slow")" "$(wc -l <"$OUT")"
}

cpu_seconds() { # CAPTURE: that a replay takes
  local TIMEFORMAT='%U %S'
  { time replay --json --counts "$1"; } 2>"$TMP/time"
  awk '{ print $1 + $2 }' "$TMP/time"
}

# By CPU time, whoever else is on the machine, and without what starting takes; the best of some runs.
throughput() {
  local best=0 rate start
  for _ in 1 2 3 4 5 6; do
    [ $best -lt $AT_LEAST ] || break
    start=$(cpu_seconds "$TMP/containers/little.pcap")
    rate=$(awk -v all="$(cpu_seconds "$TMP/many.pcap")" -v start="$start" \
      'BEGIN { printf "%d", (all > start) ? 300000 / (all - start) : 0 }')
    [ "$rate" -le $best ] || best=$rate
  done
  replay --json --counts "$TMP/many.pcap"
  printf 'throughput: %d packets a second of CPU time\n' $best
  check_equal "a long capture: every packet" "$RC $(total understood) $(total evicted_http) $(total http_gap)" "0 300000 0 0"
  case $SPIKEWATCH in
  */san/*) ok "throughput is not asked of a sanitized program" ;;
  *) check "$AT_LEAST packets a second or more" test $best -ge $AT_LEAST ;;
  esac
}

denies() { # the keys of OUT
  jq -r 'select(.class) | "\(.class) \(.reason) \(.source) \(.destination) \(.port) \(.proto) \(.packets)"' "$OUT" | sort
}

# What the network says of denials is in a capture too; time is the capture's.
denials() {
  local every="prohibited ICMP_ADMIN_PROHIBITED 10.0.0.2 10.0.0.9 81 tcp 2
prohibited ICMP_ADMIN_PROHIBITED fd00::2 fd00::9 81 tcp 2"
  replay --json --counts "$TMP/odd/denials.pcap"
  check_equal "denials: what is prohibited" "$RC $(denies)" "0 $every"
  printf 'rules: {r: {title: t, feed: drop, match: {class: [refused, unanswered]}, threshold: {count: 100, window: 1m}}}\n' >"$TMP/denials.yaml"
  replay -c "$TMP/denials.yaml" --json --counts "$TMP/odd/denials.pcap"
  check_equal "denials: what is refused, and what is not answered within 10 s" "$RC $(denies)" "0 $every
refused TCP_RESET 10.0.0.2 10.0.0.9 82 tcp 1
refused TCP_RESET fd00::2 fd00::9 82 tcp 1
unanswered NO_ANSWER 10.0.0.2 10.0.0.9 84 tcp 1
unanswered NO_ANSWER fd00::2 fd00::9 84 tcp 1"
}

prepare
python3 "$ROOT/tests/replay/generate.py" --many 300000 "$TMP/many.pcap" || die "no long capture"
link_types
containers
large
times
denials
cut
damaged cut.pcap
damaged cut.pcapng
damaged cut.pcap.gz 1
head -c -4 "$TMP/odd/cut.pcap.gz" >"$TMP/damaged"
replay --json --counts "$TMP/damaged"
check_match "gzip without its end" "$RC $(total http_4xx) $(grep error: "$ERR")" \
  "^1 8 .*damaged: the gzip data is damaged: unexpected end of file; what"
refused
output
throughput
