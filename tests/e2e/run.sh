#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every scenario of this folder, or those named, and sums up: "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")" || exit 1
passed=0 failed=0 skipped=0
child=

stop() { # the scenario cleans up after itself: let it
  trap '' INT TERM HUP
  [ -z "$child" ] || { kill -TERM "$child" 2>/dev/null && wait "$child"; }
  printf 'interrupted: '
  summary
  exit "$1"
}

summary() {
  printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
}

# run SCENARIO: shows its lines, adds its last one up.
run() {
  local last rc out start=$SECONDS
  out=$(mktemp) || exit 1
  printf '== %s\n' "$1"
  bash "./$1" >"$out" 2>&1 &
  child=$!
  tail -n +1 -f --pid=$child "$out" &
  wait $child
  rc=$?
  child=
  wait $!
  last=$(tail -n 1 "$out")
  rm -f "$out"
  printf '   %s: %d s\n' "$1" $((SECONDS - start))
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    [ $rc -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || failed=$((failed + 1))
  else
    printf 'FAIL %s: no sum in its last line (exit %d)\n' "$1" $rc
    failed=$((failed + 1))
  fi
}

trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
[ $# -gt 0 ] || set -- *.sh
for scenario; do
  [ "$scenario" = run.sh ] || run "$scenario"
done
printf 'e2e: '
summary
[ $failed -eq 0 ] && [ $passed -gt 0 ]
