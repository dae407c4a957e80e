#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The control socket: who may ask, status and history, hostile lines, a socket that was left.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

# Lines to the socket, as another user (0: root), in the groups that are named; prints what comes.
say() { # UID GID GROUPS LINES
  python3 - "$TMP/run/control.sock" "$@" <<'END'
import os, socket, sys
path, uid, gid, groups, lines = sys.argv[1:6]
os.setgroups([int(g) for g in groups.split()])
os.setgid(int(gid))
os.setuid(int(uid))
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
try:
    s.connect(path)
except OSError as e:
    sys.exit(f"refused: {e.strerror}")
try: # who is turned away may be so before all is sent
    s.sendall(lines.encode("latin1").decode("unicode_escape").encode("latin1"))
    s.shutdown(socket.SHUT_WR)
except OSError:
    pass
try:
    while data := s.recv(65536):
        sys.stdout.write(data.decode())
except ConnectionResetError:
    pass
END
}

status() {
  "$SPIKEWATCH" status -c "$TMP/sw.yaml" --json
}

history() {
  "$SPIKEWATCH" history -c "$TMP/sw.yaml" --json "$@"
}

value() { # JQ-EXPRESSION
  status | jq -rc "$1"
}

value_is() { # JQ-EXPRESSION WANTED
  [ "$(value "$1")" = "$2" ]
}

start() {
  sensor_start "$GATEWAY" -c "$TMP/sw.yaml" "$@"
}

status_test() {
  http_get 5 10.77.2.2:80 keep 30 /e/404 /e/503 >/dev/null || fail "traffic"
  wait_for 10 value_is '.totals.http_4xx' 15
  check_equal "counts" "$(value '[.totals.http_4xx, .totals.http_5xx]')" '[15,15]'
  check_equal "every sum holds" "$(value '[.balance[].holds] | all')" true
  check_equal "of responses" "$(value '.balance[] | select(.of == "responses") | [.seen, .drained, .evicted]')" '[30,30,0]'
  check_equal "an open incident" "$(value '.rules[] | select(.id == "http-error-spike-internal") | .incidents_open')" 1
  check_equal "what a rule still lacks" "$(value '.rules[] | select(.id == "firewall-deny-spike") | [.learning, .missing_buckets]')" '[true,8]'
  check_equal "hooks" "$(value '[.hooks[] | select(.attached)] | length')" 5
  check_equal "ready" "$(value .ready)" true
  check_equal "sinks" "$(value '[.sinks[] | select(.name == "json") | .unsent]')" '[0]'
  check_match "as text" "$("$SPIKEWATCH" status -c "$TMP/sw.yaml")" '^responses +30 = 30 drained \+ 0 evicted$'
  ip -n "$GATEWAY" link set gws down
  ip -n "$GATEWAY" link del gws
  check "an interface that is gone is not hidden" wait_for 10 value_is '[.hooks[] | select(.interface == "gws" and .attached)] | length' 0
  check_match "but a condition" "$(value '.conditions[].says')" 'gws'
}

peers_test() {
  local nobody=65534
  check_match "root may ask" "$(say 0 0 '' 'status\n')" '^\{"version"'
  check_match "the group may not be there: then nobody else may" "$(say $nobody $nobody '' 'status\n' 2>&1)" 'refused: Permission denied'
  chmod 666 "$TMP/run/control.sock"
  chmod 755 "$TMP/run"
  check_equal "the file's mode is not all that is looked at" "$(say $nobody $nobody '' 'status\n')" \
    '{"error":"only root and the group spikewatch may ask"}'
}

# With a group of that name, in a mount namespace with files of its own.
group_test() {
  cp /etc/group "$TMP/group"
  sed -i '/^spikewatch:/d' "$TMP/group"
  echo 'spikewatch:x:61234:' >>"$TMP/group"
  sensor_stop
  SENSOR_OUT=$TMP/sensor.out SENSOR_ERR=$TMP/sensor.err
  : >"$SENSOR_OUT"
  exec_in_ns "$GATEWAY" unshare -m sh -c "mount --make-rprivate / && mount --bind $TMP/group /etc/group &&
    exec $SPIKEWATCH run -c $TMP/sw.yaml -i gwc --json --counts" >"$SENSOR_OUT" 2>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
  wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
  check_equal "the socket is the group's" "$(stat -c '%a %g' "$TMP/run/control.sock")" '660 61234'
  chgrp 61234 "$TMP/run"
  check_match "a member may ask" "$(say 65534 61234 '' 'status\n')" '^\{"version"'
  check_match "by another of its groups too" "$(say 65534 65534 '61234' 'status\n')" '^\{"version"'
  check_match "others may not" "$(say 65534 65534 '' 'status\n' 2>&1)" 'refused'
}

hostile_test() {
  check_equal "what is no request" "$(say 0 0 '' 'GET / HTTP/1.1\n')" \
    '{"error":"no such request: expected status or history"}'
  check_equal "what is not in this version" "$(say 0 0 '' 'top\n')" \
    '{"error":"not in this version: expected status or history"}'
  check_equal "a request without end" "$(say 0 0 '' "status $(printf '%5000s' '')")" \
    '{"error":"a request has at most 4096 bytes"}'
  check_equal "bytes" "$(say 0 0 '' '\x00\xff\n\x01\n' | sort -u)" \
    '{"error":"no such request: expected status or history"}'
  check_equal "many at once" "$(say 0 0 '' "$(printf 'status\\n%.0s' {1..200})" | grep -c '^{"version"')" 200
}

history_test() {
  local all
  all=$(history)
  check_match "history has the incident" "$all" '"action":"open"'
  check_match "and the start" "$all" '"action":"started"'
  check_equal "of one rule" "$(history --rule http-error-spike-internal | jq -r .rule.id | sort -u)" http-error-spike-internal
  check_equal "the newest one" "$(history --limit 1 | wc -l)" 1
  check_equal "none of another" "$(history --rule nothing-like-it)" ""
  check_match "as text" "$("$SPIKEWATCH" history -c "$TMP/sw.yaml")" 'open +HTTP Response Error Spike'
  check_equal "a length that is none" "$(history --since soon 2>/dev/null; echo $?)" 2
}

stale_test() {
  sensor_stop KILL
  check "a killed sensor leaves its socket" [ -S "$TMP/run/control.sock" ]
  check_match "status says that nobody answers" "$(status 2>&1)" 'no spikewatch answers at .*control\.sock'
  check_equal "and fails" "$(status >/dev/null 2>&1; echo $?)" 1
  check_match "history reads the file" "$(history)" '"action":"open"'
}

topology_make
require_tools jq
require_sensor
nginx_start
sensor_config "$TMP/sw.yaml" <<'END'
rules: {http-error-spike-internal: {threshold: {count: 20}}}
END
sed -i "s|^control: .*|control: $TMP/run/control.sock|" "$TMP/sw.yaml"
start -i gwc -i gws
status_test
peers_test
hostile_test
history_test
stale_test
start -i gwc
check "the next one takes the socket" wait_for 10 value_is .ready true
group_test
sensor_stop
check "and removes it at its end" [ ! -e "$TMP/run/control.sock" ]
