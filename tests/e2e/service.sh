#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sensor as a service: what it tells its manager, whence the watchdog is fed, what it gives up.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

# What systemd would set; a beat is due each second.
export NOTIFY_SOCKET WATCHDOG_USEC=4000000

# Its messages, each behind its time, are lines of $TOLD. Abstract names are a namespace's own.
manager_start() { # SOCKET
  NOTIFY_SOCKET=$1 TOLD=$TMP/told
  exec_in_ns "$GATEWAY" python3 "$LIB/notify.py" "$1" >"$TOLD" &
  MANAGER=$!
  child $MANAGER
  wait_for 10 grep -q listens "$TOLD" || die "no listener"
}

told() { # REGEX
  grep -Eq "^[0-9]+ $1" "$TOLD"
}

beats() {
  grep -c ' WATCHDOG=1$' "$TOLD"
}

more_beats() { # THAN
  [ "$(beats)" -gt "$1" ]
}

time_is_past() { # SECONDS
  [ "$(date +%s)" -gt "$1" ]
}

# The program with the unit's capabilities, as systemd starts it.
as_unit() {
  local set
  set=$(sed -n 's/^CapabilityBoundingSet=//p' "$ROOT/deploy/systemd/spikewatch.service" |
    sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
  printf '#!/bin/sh\nexec setpriv --bounding-set "-all,%s" --no-new-privs "%s" "$@"\n' \
    "$set" "$SPIKEWATCH" >"$TMP/as-unit"
  chmod 755 "$TMP/as-unit"
  SPIKEWATCH=$TMP/as-unit
}

life_test() {
  local program=$SPIKEWATCH
  manager_start "@$NS_PREFIX"
  as_unit
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
  SPIKEWATCH=$program
  check "READY comes once it watches" wait_for 5 told 'READY=1$'
  check "STATUS says what it does" wait_for 5 told 'STATUS=watches 2 interfaces by 3 rules; 0 incidents open$'
  sandbox_test
  check "the watchdog is fed" wait_for 20 more_beats 2
  stuck_test
  sensor_stop
  check "STOPPING comes with the end" told 'STOPPING=1 '
  check_equal "READY came once" "$(grep -c 'READY=1' "$TOLD")" 1
  check "what was counted is what was served" compare http "$NGINX_LOG"
  check_equal "exit code" "$SENSOR_RC" 0
  check_equal "nothing was refused" "$(grep -ci 'not permitted' "$SENSOR_ERR")" 0
  check_equal "nothing is blind" "$(grep -c '"action":"blind"' "$SENSOR_OUT")" 0
  process_end $MANAGER
}

# Nothing but the loop feeds it: no thread, no timer of its own.
stuck_test() {
  local before
  kill -STOP "$SENSOR_PID"
  before=$(beats)
  wait_for 10 time_is_past $(($(date +%s) + 2)) # a beat is due each second
  check_equal "a loop that stands still does not feed the watchdog" "$(beats)" "$before"
  kill -CONT "$SENSOR_PID"
  check "one that goes on does" wait_for 10 more_beats "$before"
}

of_status() { # KEY
  sed -n "s/^$1:\t*//p" "/proc/$SENSOR_PID/status"
}

# WHAT MASK: all sets that the kernel names.
keeps() {
  check_equal "$1: capabilities" \
    "$(for set in Eff Prm Bnd Inh Amb; do of_status "Cap$set"; done | xargs)" \
    "$2 $2 $2 0000000000000000 0000000000000000"
}

sandbox_test() {
  # the bounding set is the unit's: without CAP_SETPCAP it stays
  check_equal "once attached: capabilities" "$(of_status CapEff) $(of_status CapPrm)" \
    "0000008000001000 0000008000001000" # CAP_BPF, CAP_NET_ADMIN
  check_equal "a filter of system calls is there" "$(of_status Seccomp)" 2
  check_equal "no new privileges" "$(of_status NoNewPrivs)" 1
  nginx_start
  : >"$NGINX_LOG"
  check "traffic flows" http_get 10 10.77.2.2:80 keep 20 /e/404 /ok
  nginx_stop
}

# Filters are removed by netlink, in the sandbox too.
tap_test() {
  sensor_config "$TMP/tap.yaml" <<<'interfaces: [{name: gws, role: tap}, {name: gwc, attach: clsact}]'
  sensor_start "$GATEWAY" -c "$TMP/tap.yaml"
  keeps "with a tap" 0000008000001000 # its socket was made before
  sensor_stop
  check_equal "clsact: no filter is left" "$(in_ns "$GATEWAY" tc filter show dev gwc ingress)" ""
}

open_test() {
  manager_start "$TMP/notify.sock"
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc --no-sandbox
  check_equal "--no-sandbox: no filter" "$(of_status Seccomp)" 0
  check_equal "--no-sandbox: capabilities stay" "$(of_status CapEff)" \
    "$(sed -n 's/^CapEff:\t*//p' /proc/self/status)"
  check "a socket that has a path is told, too" wait_for 5 told 'READY=1$'
  sensor_stop
}

topology_make
require_tools tc setpriv python3
require_sensor
sensor_config "$TMP/sw.yaml" </dev/null
life_test
unset WATCHDOG_USEC
open_test
unset NOTIFY_SOCKET
tap_test
