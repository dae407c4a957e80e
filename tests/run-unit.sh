#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs each cmocka program given; prints what failed and a last line "N passed, N failed, N skipped".
passed=0 failed=0 skipped=0
for t in "$@"; do
  out=$("$t" 2>&1); rc=$?
  # The list at the end names what failed or was skipped once more.
  run=$(printf '%s\n' "$out" | sed '/^\[==========\] .* run\.$/q')
  p=$(printf '%s\n' "$run" | grep -c '^\[       OK \]')
  s=$(printf '%s\n' "$run" | grep -c '^\[  SKIPPED \] ')
  f=$(printf '%s\n' "$run" | grep -c '^\[  FAILED  \] ')
  if [ $rc -ne 0 ]; then
    [ "$f" -gt 0 ] || f=1
    printf '%s\n' "$out"
    printf 'FAIL %s (exit %d)\n' "${t##*/}" "$rc"
  else
    f=0
    printf 'ok   %s: %d\n' "${t##*/}" "$p"
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ] && [ $passed -gt 0 ]
