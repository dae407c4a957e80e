#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs one fuzzer from its kept corpus; what fails stands in build/fuzz.
#   fuzz.sh NAME SECONDS [SEED]
# With a seed: the same inputs in the same order wherever the same compiler built the same code, and no
# more of them on a fast machine than were looked at before the code was accepted.
# Without: by chance, from what earlier runs found too (build/fuzz/corpus).
set -u
name=$1 seconds=$2 seed=${3:-0}
cd "$(dirname "$0")/../.." || exit 1
log=build/fuzz/$name.log kept=tests/fuzz/corpus/$name found=build/fuzz/corpus/$name
args=(-max_total_time="$seconds" -seed="$seed" -max_len=4096 -artifact_prefix="build/fuzz/$name-"
  -print_final_stats=1)
[ ! -f "tests/fuzz/$name.dict" ] || args+=(-dict="tests/fuzz/$name.dict")

run=()
if [ "$seed" = 0 ]; then
  mkdir -p "$found"
  args+=("$found" "$kept")
else
  # As a list, since a folder's order depends on the file system.
  LC_ALL=C find "$kept" -type f | LC_ALL=C sort | paste -sd, >"build/fuzz/$name.seeds"
  args+=(-runs=$((seconds * 2500)) -seed_inputs="@build/fuzz/$name.seeds")
  # Addresses that the code compares are mutated too: they must be the same in each run.
  if setarch -R true 2>/dev/null; then
    run=(setarch -R)
  else
    echo "fuzz_$name: addresses are random here: so are some inputs"
  fi
fi

if ! "${run[@]}" "build/fuzz/fuzz_$name" "${args[@]}" >"$log" 2>&1; then
  tail -n 80 "$log"
  printf 'fuzz_%s failed; seed: %s\n' "$name" "$(sed -n 's/^INFO: Seed: //p' "$log")"
  exit 1
fi
awk -v name="fuzz_$name" '/number_of_executed_units/ { units = $2 } /^INFO: Seed:/ { seed = $3 }
  END { printf "%s: %d inputs, seed %s\n", name, units, seed }' "$log"
