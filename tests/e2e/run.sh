#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every scenario of this folder, or those named, and sums up: "N passed, N failed, N skipped".
# JOBS of them at a time (default: one a CPU), for they mostly wait; those that measure say
# "Runs alone" in their head, and do so at the end; those that say "Runs in the long tests" only where
# they are named, or with LONG set.
set -u
cd "$(dirname "$0")" || exit 1
passed=0 failed=0 skipped=0
JOBS=${JOBS:-$(nproc)}
OUT=$(mktemp -d) || exit 1
declare -A running=() began=()

stop() { # the scenarios clean up after themselves: let them
  trap '' INT TERM HUP
  [ ${#running[@]} -eq 0 ] || { kill -TERM "${!running[@]}" 2>/dev/null && wait; }
  printf 'interrupted: '
  summary
  exit "$1"
}

summary() {
  printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
}

start() { # SCENARIO
  bash "./$1" >"$OUT/$1" 2>&1 &
  running[$!]=$1
  began[$1]=$SECONDS
}

# Waits for the next end: shows its lines, adds its last one up.
finish_one() {
  local pid rc last scenario
  wait -n -p pid
  rc=$?
  scenario=${running[$pid]}
  unset "running[$pid]"
  printf '== %s\n' "$scenario"
  cat "$OUT/$scenario"
  last=$(tail -n 1 "$OUT/$scenario")
  printf '   %s: %d s\n' "$scenario" $((SECONDS - began[$scenario]))
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    [ $rc -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || failed=$((failed + 1))
  else
    printf 'FAIL %s: no sum in its last line (exit %d)\n' "$scenario" $rc
    failed=$((failed + 1))
  fi
}

# run_all AT-A-TIME SCENARIO...
run_all() {
  local jobs=$1 scenario
  shift
  for scenario; do
    [ ${#running[@]} -lt "$jobs" ] || finish_one
    start "$scenario"
  done
  while [ ${#running[@]} -gt 0 ]; do finish_one; done
}

trap 'rm -rf "$OUT"' EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
together=() alone=() all=no
if [ $# -eq 0 ]; then # the longest first
  all=yes
  mapfile -t scenarios < <(find . -maxdepth 1 -name '*.sh' -printf '%s %f\n' | sort -rn | cut -d" " -f2)
  set -- "${scenarios[@]}"
fi
for scenario; do
  if [ "$scenario" = run.sh ]; then
    continue
  elif [ $all = yes ] && [ -z "${LONG:-}" ] && head -n 10 "./$scenario" | grep -q '^# Runs in the long tests'; then
    continue
  elif head -n 10 "./$scenario" | grep -q '^# Runs alone'; then
    alone+=("$scenario")
  else
    together+=("$scenario")
  fi
done
run_all "$JOBS" "${together[@]}"
run_all 1 "${alone[@]}"
printf 'e2e: '
summary
[ $failed -eq 0 ] && [ $passed -gt 0 ]
