# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Conditions with deadlines, processes by id, cleanup at the end of a shell script.
#
# Who sources this defines die MESSAGE [DETAIL] and conclude EXIT-CODE. At the end, however it comes,
# what on_exit was told is undone, then conclude runs and its return value is the exit code.
set -u

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
LIB=$ROOT/tests/lib
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the distribution's tools before wrappers of them
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

exit_steps=() children=()
exec 8>&1 9>&2 # a signal may come while they are redirected

# wait_for SECONDS COMMAND...: polls until the command succeeds; 1 after the deadline.
wait_for() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done 2>/dev/null # bash would say that a process we killed was killed
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

# The process, started with &, does not outlive the script.
child() {
  children+=("$1")
}

finish() {
  local rc=$? pid step
  trap - EXIT
  trap '' INT TERM HUP
  exec 1>&8 2>&9
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${children[@]}"; do process_end "$pid"; done
  for step in "${exit_steps[@]}"; do eval "$step"; done
  conclude $rc
  exit $? # without it, bash exits with the status from before the trap
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
