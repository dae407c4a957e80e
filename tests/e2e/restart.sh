#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a restart must not change: counts, open incidents, suppression; by SIGTERM and by kill -9.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

start() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
}

# What was told in all runs.
stop() { # SIGNAL
  sensor_stop "$1"
  cat "$SENSOR_OUT" >>"$TMP/all"
}

errors() { # HOST-NUMBER COUNT STATUS
  http_get "$1" 10.77.2.2:80 keep "$2" "/e/$3" >/dev/null || fail "traffic of client $1"
}

tells() { # WHAT CONDITION...
  if wait_for 20 records has "${@:2}"; then ok "$1"; else fail "$1" "$(records has "${@:2}")"; fi
}

value() { # KEY CONDITION...: of the record that has all of these
  records has "${@:2}" | jq -r "$1"
}

# The open incident's evidence makes the part of the state this long.
is_kept() { # RULE
  python3 - "$TMP/state.db" "$1" <<'END'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
row = db.execute("SELECT length(bytes) FROM parts WHERE rule = ? AND part = 0", (sys.argv[2],)).fetchone()
sys.exit(not row or row[0] < 200)
END
}

term_test() {
  local quick slow
  start
  errors 4 60 404
  errors 5 100 500
  tells "an incident opens" event.action=open rule.id=quick source.ip=10.77.1.5
  quick=$(value .spikewatch.incident event.action=open rule.id=quick)
  stop TERM
  start
  check_match "the log says what goes on" "$(cat "$SENSOR_ERR")" 'rule slow goes on after .*: 1 groups counted'
  errors 4 40 404
  tells "counts before and after SIGTERM make one" event.action=open rule.id=slow \
    source.ip=10.77.1.4 spikewatch.count=100
  check_equal "and it says that there was a gap" \
    "$(value '.spikewatch.coverage | .exact == false and .lost.gap_s > 0' event.action=open rule.id=slow)" true
  slow=$(value .spikewatch.incident event.action=open rule.id=slow)
  tells "what was open is closed after it" event.action=close rule.id=quick "spikewatch.incident=$quick"
  wait_for 20 is_kept slow || fail "an open incident is kept soon"
  stop KILL
  start
  errors 4 60 404
  errors 6 100 404
  tells "what comes after kill -9 is judged" event.action=open rule.id=slow source.ip=10.77.1.6
  check_equal "what was open is not opened again" \
    "$(records count event.action=open rule.id=slow source.ip=10.77.1.4)" 0
  errors 5 100 500
  tells "suppression outlives both" event.action=suppressed rule.id=quick source.ip=10.77.1.5
  stop TERM
}

# A sensor that can't stay up tells nothing twice.
crash_loop_test() {
  local round before
  before=$(grep -c '"kind": *"alert"' "$TMP/all")
  for round in 1 2; do
    start
    stop KILL
  done
  check_equal "a crash loop alerts about nothing" "$(grep -c '"kind": *"alert"' "$TMP/all")" "$before"
}

damage_test() {
  python3 - "$TMP/state.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE parts SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'5a' AS BLOB) WHERE rule = 'slow' AND part = 0")
db.commit()
END
  start
  tells "a damaged part is said" event.action=degraded \
    'event.reason=what was kept of rule slow can'\''t be read (damaged, or of another version): its windows, open incidents and suppression begin anew'
  errors 4 100 404
  tells "and its rule begins anew" event.action=open rule.id=slow source.ip=10.77.1.4
  tells "the others go on" event.action=close rule.id=quick source.ip=10.77.1.5 spikewatch.suppressed=true
  stop TERM
  check_equal "exit code" "$SENSOR_RC" 0
}

topology_make
require_tools nginx jq
require_sensor
sensor_config "$TMP/sw.yaml" <<'END'
rules:
  http-error-spike-internal: {enabled: false}
  http-error-spike-external: {enabled: false}
  slow: {title: slow, feed: http, match: {status: 404}, group_by: [client], threshold: {count: 100, window: 10m}}
  quick: {title: quick, feed: http, match: {status: 500}, group_by: [client], threshold: {count: 100, window: 5s}}
END
nginx_start
term_test
crash_loop_test
damage_test
nginx_stop
