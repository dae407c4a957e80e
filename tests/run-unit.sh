#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs each cmocka program given, one a CPU at a time; prints what failed and a last line "N passed, N
# failed, N skipped".
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c '
  name=$2/${1##*/}
  "$1" >"$name" 2>&1
  echo $? >"$name.rc"' - {} "$work"

passed=0 failed=0 skipped=0
for t in "$@"; do
  name=${t##*/}
  rc=$(cat "$work/$name.rc" 2>/dev/null || echo none)
  # The list at the end names what failed or was skipped once more.
  run=$(sed '/^\[==========\] .* run\.$/q' "$work/$name")
  p=$(printf '%s\n' "$run" | grep -c '^\[       OK \]')
  s=$(printf '%s\n' "$run" | grep -c '^\[  SKIPPED \] ')
  f=$(printf '%s\n' "$run" | grep -c '^\[  FAILED  \] ')
  if [ "$rc" != 0 ]; then
    [ "$f" -gt 0 ] || f=1
    cat "$work/$name"
    printf 'FAIL %s (exit %s)\n' "$name" "$rc"
  else
    f=0
    printf 'ok   %s: %d\n' "$name" "$p"
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ] && [ $passed -gt 0 ]
