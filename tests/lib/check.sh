# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Results of a shell test: ok, FAIL and skip lines; the last line is "N passed, N failed, N skipped".
# Exit 1 where something failed; a skip is a failure under REQUIRE_BPF=1.
# shellcheck source=tests/lib/base.sh
. "$(dirname "${BASH_SOURCE[0]}")/base.sh"

passed=0 failed=0 skipped=0

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

# Called at the end with the exit code that the scenario would have.
conclude() {
  [ "$1" -eq 0 ] || [ $failed -gt 0 ] || { # a signal, or a bug in the scenario
    printf 'FAIL ended early (exit %d)\n' "$1"
    failed=1
  }
  printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
  [ "$1" -lt 128 ] || return "$1"
  [ $failed -eq 0 ]
}
