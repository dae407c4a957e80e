# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Starts `spikewatch run`, waits until it watches, stops it and reads what it counted.
# Needs topology.sh. SPIKEWATCH names another program than build/spikewatch.

SPIKEWATCH=${SPIKEWATCH:-$ROOT/build/spikewatch}
# shellcheck disable=SC2034 # for those who source this
SENSOR_PID='' SENSOR_OUT='' SENSOR_ERR='' SENSOR_RC=''

require_sensor() {
  [ -x "$SPIKEWATCH" ] || die "$SPIKEWATCH is missing: run make"
}

# A configuration that leaves the host alone; what stands on standard input is added to it.
sensor_config() { # FILE
  {
    printf 'journald: {enabled: false}\nmetrics: {listen: "off"}\n'
    printf 'state: %s/state.db\ncontrol: %s/control.sock\n' "$TMP" "$TMP"
    cat
  } >"$1"
}

# sensor_spawn NAMESPACE ARG...: starts it, does not wait. A background process of a script has
# SIGINT ignored; env gives it the disposition that a shell's user would.
sensor_spawn() {
  local ns=$1
  shift
  SENSOR_OUT=$TMP/sensor.out SENSOR_ERR=$TMP/sensor.err SENSOR_RC=
  : >"$SENSOR_OUT" # not the former run's
  exec_in_ns "$ns" env --default-signal=INT "$SPIKEWATCH" run "$@" >"$SENSOR_OUT" 2>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
}

sensor_says() { # EXTENDED-REGEX
  grep -Eq -- "$1" "$SENSOR_OUT"
}

sensor_ready() {
  process_gone "$SENSOR_PID" || sensor_says '"action": *"started"'
}

# sensor_start NAMESPACE ARG...: returns when everything is attached; ends the scenario otherwise.
sensor_start() {
  sensor_spawn "$@" --json --counts
  wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
  process_gone "$SENSOR_PID" && {
    wait "$SENSOR_PID"
    die "spikewatch ended at start (exit $?)" "$(cat "$SENSOR_ERR")"
  }
  return 0
}

# sensor_stop [SIGNAL]: waits for its end; SENSOR_RC is its exit code.
sensor_stop() {
  kill "-${1:-TERM}" "$SENSOR_PID" || die "spikewatch is gone" "$(cat "$SENSOR_ERR")"
  wait_for 20 process_gone "$SENSOR_PID" || die "spikewatch does not stop" "$(cat "$SENSOR_ERR")"
  wait "$SENSOR_PID"
  SENSOR_RC=$?
}

# sensor_fails NAMESPACE ARG...: runs it where it must end by itself; sets SENSOR_RC.
sensor_fails() {
  sensor_spawn "$@"
  if wait_for 10 process_gone "$SENSOR_PID"; then
    wait "$SENSOR_PID"
    SENSOR_RC=$?
  else
    process_end "$SENSOR_PID"
    SENSOR_RC="none: it runs"
  fi
}

# A counter of the totals.
total() { # COUNTER
  sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$SENSOR_OUT"
}

# Compares what was counted with logs and nft's counters (see compare.py).
compare() {
  python3 "$LIB/compare.py" "$1" "$SENSOR_OUT" "${@:2}"
}
