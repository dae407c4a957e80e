#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything that `make test` checks, stage after stage. A stage that prints a last line "N passed, N
# failed, N skipped" adds that up; any other counts as one test. All stages run, whatever fails.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the distribution's tools before wrappers of them
passed=0 failed=0 skipped=0
names=()

stage() { # NAME COMMAND...
  local name=$1 log=build/test-${1//[^a-z0-9-]/-}.log start=$SECONDS rc last
  shift
  printf '\n=== %s\n' "$name"
  "$@" 2>&1 </dev/null | tee "$log"
  rc=${PIPESTATUS[0]}
  last=$(grep -oE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    skipped=$((skipped + BASH_REMATCH[3]))
    failed=$((failed + BASH_REMATCH[2]))
    if [ "$rc" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
  elif [ "$rc" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  [ "$rc" -eq 0 ] || names+=("$name")
  printf -- '--- %s: %s, %d s\n' "$name" "$([ "$rc" -eq 0 ] && echo good || echo FAILED)" $((SECONDS - start))
}

mkdir -p build
# shellcheck source=/dev/null
. "$1"
printf '\n'
[ ${#names[@]} -eq 0 ] || printf 'failed: %s\n' "${names[@]}"
[ $skipped -eq 0 ] || [ "${REQUIRE_BPF:-}" != 1 ] || { printf 'skips are failures under REQUIRE_BPF=1\n'; failed=$((failed + skipped)); skipped=0; }
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ] && [ $passed -gt 0 ]
