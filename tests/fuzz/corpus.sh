#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Replays the corpora: no input may fail, and each counter of the fuzzer must be raised by some input.
#   corpus.sh FOLDER-OF-FUZZERS
set -u
cd "$(dirname "$0")" || exit 1
fuzzers=$1 passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

replay() { # FUZZER
  if FUZZ_REACHED=$work/reached "$fuzzers/fuzz_$1" -artifact_prefix="$work/" corpus/"$1"/* >"$work/log" 2>&1; then
    passed=$((passed + 1))
  else
    tail -n 60 "$work/log"
    printf 'FAIL corpus/%s\n' "$1"
    failed=$((failed + 1))
  fi
}

reaches() { # FUZZER PATTERN [BUT]: all counters whose names match, but one
  local name count any=no
  while read -r name count; do
    [[ $name =~ $2 && $name != "${3:-}" ]] || continue
    any=yes
    if [ "$count" -gt 0 ]; then
      passed=$((passed + 1))
    else
      printf 'FAIL corpus/%s: no input raises %s\n' "$1" "$name"
      failed=$((failed + 1))
    fi
  done <"$work/reached"
  if [ $any = no ]; then
    printf 'FAIL corpus/%s: no counters like %s\n' "$1" "$2"
    failed=$((failed + 1))
  fi
}

for folder in corpus/*; do
  rm -f "$work/reached"
  replay "${folder#corpus/}"
  case $folder in
  corpus/parse) reaches parse '^(parse_|denial_(unreadable|misdirected))' ;;
  # What is counted elsewhere the configuration says, not a packet: tests/bpf/test_cluster.c.
  corpus/http1) reaches http1 '^(http|flows)_' http_elsewhere ;;
  esac
done
printf '%d passed, %d failed, 0 skipped\n' $passed $failed
[ $failed -eq 0 ]
