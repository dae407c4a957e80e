#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `spikewatch score` and `spikewatch backtest` as an operator calls them: no root, no network.
. "$(dirname "$0")/../lib/check.sh"

SPIKEWATCH=${SPIKEWATCH:-$ROOT/build/spikewatch}
[ -x "$SPIKEWATCH" ] || die "$SPIKEWATCH is missing: run make"
TMP=$(mktemp -d) || die "no temporary folder"
on_exit rm -rf "$TMP"

# run ARG...: sets out, err, rc; standard input is the caller's.
run() {
  "$SPIKEWATCH" "$@" >"$TMP/out" 2>"$TMP/err"
  rc=$?
  out=$(cat "$TMP/out") err=$(cat "$TMP/err")
}

# refused WHAT EXTENDED-REGEX ARG...: exit 2, said on standard error, nothing on standard output.
refused() {
  run score "${@:3}"
  check_equal "$1: exit code" "$rc" 2
  check_match "$1: said" "$err" "$2"
  check_equal "$1: nothing is scored" "$out" ""
}

# 60 counts around 37, the 50th is 400.
series() { # FORMAT OF TIME (for date)
  local i
  for i in $(seq 0 59); do
    printf '%s,%d\n' "$(date -u -d "@$((1767225600 + i * 900))" "+$1")" $((i == 49 ? 400 : 35 + i % 5))
  done
}

score_test() {
  series %s >"$TMP/epoch.csv"
  series %Y-%m-%dT%H:%M:%SZ >"$TMP/date.csv"
  run score --json "$TMP/epoch.csv"
  check_equal "a series is scored" "$rc" 0
  check_equal "one line a row" "$(wc -l <"$TMP/out")" 60
  check_equal "JSON that others read" "$(jq -s 'map(select(.learning)) | length' "$TMP/out")" 8
  check_equal "the spike alone is 75 or more" \
    "$(jq -c 'select(.score >= 75) | [.time, .actual]' "$TMP/out")" '[1767269700,400]'
  cp "$TMP/out" "$TMP/first"
  run score --json - <"$TMP/date.csv"
  check_equal "dates come back as they were" \
    "$(jq -c 'select(.score >= 75) | [.time, .actual]' "$TMP/out")" '["2026-01-01T12:15:00Z",400]'
  check_equal "and have the same scores" "$(jq .score "$TMP/out")" "$(jq .score "$TMP/first")"
  run score --bucket 30m --json "$TMP/epoch.csv"
  check_equal "rows are added up" "$(jq -s 'map(.actual) | [length, add]' -c "$TMP/out")" \
    "$(jq -s 'map(.actual) | [30, add]' -c "$TMP/first")"
  run score "$TMP/epoch.csv"
  check_match "a table for people" "$out" '^1767269700 +400 .* critical$'
}

gap_test() {
  sed 20,24d "$TMP/epoch.csv" >"$TMP/gap.csv"
  run score --json "$TMP/gap.csv"
  check_equal "a gap stays one" "$(wc -l <"$TMP/out")" 55
  run score --json --fill-zero "$TMP/gap.csv"
  check_equal "or is filled" "$(jq -s 'map(select(.actual == 0)) | length' "$TMP/out")" 5
}

plot_test() {
  run score --plot "$TMP/plot.svg" "$TMP/epoch.csv"
  check_equal "a picture: exit code" "$rc" 0
  check "it is XML" python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$TMP/plot.svg"
  run score --plot "$TMP/none/plot.svg" "$TMP/epoch.csv"
  check_equal "a picture that can't be written: exit code" "$rc" 2
}

refusal_test() {
  printf '1,1\nx,1\n3,-1\n' >"$TMP/bad.csv"
  refused "bad rows" "bad.csv:2: the time is neither" "$TMP/bad.csv"
  check_match "each of them" "$err" 'bad.csv:3: the count is negative'
  printf '5,1\n4,1\n' >"$TMP/back.csv"
  refused "time goes back" 'back.csv:2: it is earlier' "$TMP/back.csv"
  refused "no row" 'standard input:1: there is no row' - </dev/null
  refused "no file" 'none.csv: No such file' "$TMP/none.csv"
  refused "no side" "expected high, low or both" --side up "$TMP/epoch.csv"
  refused "no bucket" "expected auto or a length" --bucket 8d "$TMP/epoch.csv"
  "$SPIKEWATCH" score "$TMP/epoch.csv" >/dev/full 2>"$TMP/err"
  check_equal "a full disk: exit code" $? 1
}

backtest_test() {
  printf 'state: %s/none.db\n' "$TMP" >"$TMP/sw.yaml"
  run backtest -c "$TMP/sw.yaml"
  check_equal "backtest without a store: exit code" "$rc" 2
  check_match "backtest without a store: says who makes it" "$err" 'none\.db.*spikewatch run makes it'
  run backtest -c "$TMP/sw.yaml" --since 36d
  check_equal "backtest of more than is kept: exit code" "$rc" 2
}

score_test
gap_test
plot_test
refusal_test
backtest_test
