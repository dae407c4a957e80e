#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything that `make test` checks, stage after stage. A stage that prints a last line "N passed, N
# failed, N skipped" adds that up; any other counts as one test. All stages run, whatever fails.
# What is begun with `beside` runs at a low priority beside the stages that follow, up to `together`.
#   run.sh STAGES-FILE [REPORT]
# STAGES=REGEX: the stages whose name it matches. REPORT: a file that keeps each stage's last result.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the distribution's tools before wrappers of them
passed=0 failed=0 skipped=0
names=() waiting=()
behind=
report=${2:-} only=${STAGES:-.}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo release)
[ "$commit" = release ] || git diff --quiet HEAD -- . ":!$report" || commit=$commit-dirty

log_of() { # NAME
  echo "build/test-${1//[^a-z0-9-]/-}.log"
}

take() { # NAME EXIT-CODE SECONDS: what the stage's log says
  local last
  last=$(grep -oE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$(log_of "$1")" | tail -n 1)
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    skipped=$((skipped + BASH_REMATCH[3]))
    failed=$((failed + BASH_REMATCH[2]))
    if [ "$2" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
  elif [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  [ "$2" -eq 0 ] || names+=("$1")
  printf -- '--- %s: %s, %d s\n' "$1" "$([ "$2" -eq 0 ] && echo good || echo FAILED)" "$3"
  [ -z "$report" ] || enter "$1" "$3" "$([ "$2" -eq 0 ] || echo 'FAILED ')${last:-$([ "$2" -ne 0 ] || echo good)}"
}

# One line for each stage: the last run's takes the place of the one before.
enter() { # NAME SECONDS RESULT
  touch "$report"
  STAGE=$1 LINE=$(printf '%-34s %s  %-13s %5d s  %s' "$1" "$(date -u +%F)" "$commit" "$2" "$3") awk '
    index($0, ENVIRON["STAGE"] "  ") == 1 { if (!done++) print ENVIRON["LINE"]; next }
    { print }
    END { if (!done) print ENVIRON["LINE"] }' "$report" >"$report.new" && mv "$report.new" "$report"
}

stage() { # NAME COMMAND...
  local name=$1 start=$SECONDS
  [[ $name =~ $only ]] || return 0
  shift
  printf '\n=== %s\n' "$name"
  "$@" 2>&1 </dev/null | tee "$(log_of "$name")"
  take "$name" "${PIPESTATUS[0]}" $((SECONDS - start))
}

# beside NAME COMMAND...: one after the other, in the order of their calls.
beside() {
  local name=$1 log before=$behind
  [[ $name =~ $only ]] || return 0
  log=$(log_of "$name")
  shift
  (
    [ -z "$before" ] || while kill -0 "$before" 2>/dev/null; do sleep 0.2; done
    start=$SECONDS
    nice -n 19 "$@" >"$log" 2>&1 </dev/null
    echo "$? $((SECONDS - start))" >"$log.end"
  ) &
  behind=$!
  waiting+=("$name")
}

# Waits for all that runs beside, and shows it.
together() {
  local name rc seconds
  wait
  behind=
  for name in "${waiting[@]}"; do
    printf '\n=== %s (beside others)\n' "$name"
    cat "$(log_of "$name")"
    read -r rc seconds <"$(log_of "$name").end"
    take "$name" "$rc" "$seconds"
  done
  waiting=()
}

trap 'kill $(jobs -p) 2>/dev/null' EXIT
mkdir -p build
# shellcheck source=/dev/null
. "$1"
together
printf '\n'
[ ${#names[@]} -eq 0 ] || printf 'failed: %s\n' "${names[@]}"
[ $skipped -eq 0 ] || [ "${REQUIRE_BPF:-}" != 1 ] || { printf 'skips are failures under REQUIRE_BPF=1\n'; failed=$((failed + skipped)); skipped=0; }
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ] && [ $passed -gt 0 ]
