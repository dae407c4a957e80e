# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Results of a shell test: ok, FAIL and skip lines, conditions with deadlines, cleanup, the sum.
#
# A scenario sources this file (or topology.sh, which does), calls ok/check/... and ends: the EXIT
# trap undoes what on_exit was told and prints the last line "N passed, N failed, N skipped". Exit 1
# where something failed; a skip is a failure under REQUIRE_BPF=1.
set -u

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LIB=$ROOT/tests/lib
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

passed=0 failed=0 skipped=0
exit_steps=() children=()

ok() {
  printf 'ok   %s\n' "$1"
  passed=$((passed + 1))
}

# fail WHAT [DETAIL]: the detail is shown indented below.
fail() {
  printf 'FAIL %s\n' "$1"
  [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/     /'
  failed=$((failed + 1))
}

skip() {
  if [ "${REQUIRE_BPF:-0}" = 1 ]; then
    fail "$1" "skipped, but REQUIRE_BPF=1"
  else
    printf 'skip %s\n' "$1"
    skipped=$((skipped + 1))
  fi
}

# check WHAT COMMAND...: ok if the command succeeds; what it printed is shown where it does not.
check() {
  local what=$1 out
  shift
  if out=$("$@" 2>&1); then ok "$what"; else fail "$what" "$out"; fi
}

check_equal() { # WHAT GOT WANTED
  if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "got $2, wanted $3"; fi
}

check_match() { # WHAT TEXT EXTENDED-REGEX
  if printf '%s\n' "$2" | grep -Eq -- "$3"; then
    ok "$1"
  else
    fail "$1" "no /$3/ in: ${2:-(nothing)}"
  fi
}

# The scenario can't go on: one failure, and the end.
die() {
  fail "$@"
  exit 1
}

# wait_for SECONDS COMMAND...: polls until the command succeeds; 1 after the deadline.
wait_for() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

process_gone() {
  [ ! -e "/proc/$1/status" ] || grep -qs '^State:.Z' "/proc/$1/status"
}

# Ends a process by its id: TERM, and KILL where that does not do within 5 s.
process_end() {
  kill "$1" 2>/dev/null || return 0
  wait_for 5 process_gone "$1" || kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

# on_exit COMMAND...: runs at the end, the last one given first.
on_exit() {
  exit_steps=("$(printf '%q ' "$@")" "${exit_steps[@]}")
}

# The process, started with &, does not outlive the scenario.
child() {
  children+=("$1")
}

run_exit_steps() {
  local pid step
  trap '' INT TERM HUP
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${children[@]}"; do process_end "$pid"; done
  for step in "${exit_steps[@]}"; do eval "$step"; done
}

finish() {
  local rc=$?
  trap - EXIT
  run_exit_steps
  [ $rc -eq 0 ] || [ $failed -gt 0 ] || { # ended by a signal, or a bug in the scenario
    printf 'FAIL ended early (exit %d)\n' $rc
    failed=1
  }
  printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
  [ $rc -lt 128 ] || exit $rc
  [ $failed -eq 0 ]
  exit
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
