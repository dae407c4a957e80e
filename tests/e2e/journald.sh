#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The journald sink against a real systemd-journald, in namespaces of its own, and the catalogue.
# Usage: journald.sh [JOURNAL_SEND]
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/journald.sh"
send=$(readlink -f "${1:-${JOURNAL_SEND:-$ROOT/build/tests/e2e/journal_send}}")
[ -x "$send" ] || die "$send is missing; build it first"
own_host "$send"
work=$OWN socket=$JOURNAL_SOCKET

entries() { # MATCH...
  journal "$@" | "$send" --read
}
# ask COMMAND: one line to the sender, its answer in $answer; a sender that hangs is a failure.
ask() {
  echo "$1" >&"${SENDER[1]}"
  if ! read -rt 5 answer <&"${SENDER[0]}"; then answer="no answer"; fi
}

flushed() { ask flush; [ "${answer%% *}" = 0 ]; }

coproc SENDER { "$send" $socket 2>>$work/sender.log; }

# --- nothing is there yet: kept, and sent once journald is there -----------------------------------
ask "http open 1"
check_equal "without journald an alert is kept" "$answer" "-11 0 1 0"
journald_start
ask flush
check_equal "it is sent when journald has started" "$answer" "0 1 0 0"

# --- one entry of each kind, read back ---------------------------------------------------------------
for command in "http update 2" "http close 3" "http suppressed 4" "deny open 5" "deny close 6" \
  "sensor started" "sensor blind" "sensor degraded" "sensor recovered" "sensor reloaded" \
  "sensor refused" "sensor stopped"; do
  ask "$command"
  # A journald that is busy takes it later.
  case $answer in *slow) fail "$command" "slow" ;; "0 "* | "-11 "*) ;; *) fail "$command" "$answer" ;; esac
done
wait_for 5 flushed
http=61851c8ef2c94e79a6b6d68ce4a50597 drop=901da250561f468e9615a0f7ad977f58
entries >$work/entries
while read -r name expected; do
  n=$(grep -c "^$expected\$" $work/entries)
  check_equal "entry: $name" "$n" 1
done <<ROWS
http-open 2 $http open 1 ecs-good 76
http-update 2 $http update 2 ecs-good 76
http-close 5 $http close 3 ecs-good 76
http-suppressed 5 $http suppressed 4 ecs-good 76
deny-open 2 $drop open 5 ecs-good 44
deny-close 5 $drop close 6 ecs-good 44
started 6 aa69db77ff0a49caa757cb420185ca1d started 0 ecs-good 1
blind 4 0295f88e79e94cccab0c0e98e2f0c716 blind 0 ecs-good 1
degraded 4 0295f88e79e94cccab0c0e98e2f0c716 degraded 0 ecs-good 1
recovered 6 0295f88e79e94cccab0c0e98e2f0c716 recovered 0 ecs-good 1
reloaded 6 fe2e2dcd486c4ec5953bbe4c317ed9bb reloaded 0 ecs-good 1
refused 4 fe2e2dcd486c4ec5953bbe4c317ed9bb reloaded 0 ecs-good 1
stopped 6 941145d2676243e1994ff685e5916ce8 stopped 0 ecs-good 1
ROWS
check_equal "no other entries" "$(wc -l <$work/entries)" 13

show() { journalctl -q -D /run/log/journal -o cat --output-fields="$1" SPIKEWATCH_EVENT_ID="$2"; }
id=$(printf %032u 5)
check_equal "field MESSAGE" "$(show MESSAGE "$id")" \
  "Spike in Firewall Denies: 4121 denied in 15m, typical 37.5 (20-61), score 91, mostly from 10.77.1.2 (scan)"
check_equal "field SPIKEWATCH_RULE" "$(show SPIKEWATCH_RULE "$id")" firewall-deny-spike
check_equal "field SPIKEWATCH_INCIDENT" "$(show SPIKEWATCH_INCIDENT "$id")" 9b1c00000000000000000000000000aa
check_equal "field SPIKEWATCH_SOURCE_IP" "$(show SPIKEWATCH_SOURCE_IP "$id")" 10.77.1.2
check_equal "field SPIKEWATCH_COUNT" "$(show SPIKEWATCH_COUNT "$id")" 4121
check_equal "field SPIKEWATCH_SCORE" "$(show SPIKEWATCH_SCORE "$id")" 91.2
check_equal "field SPIKEWATCH_CAUSE" "$(show SPIKEWATCH_CAUSE "$id")" scan
check_equal "field SPIKEWATCH_COVERAGE" "$(show SPIKEWATCH_COVERAGE "$id")" exact
check_equal "field SPIKEWATCH_LIMIT" "$(show SPIKEWATCH_LIMIT "$(printf %032u 1)")" 350
check_equal "field SPIKEWATCH_DESTINATION_IP" \
  "$(show SPIKEWATCH_DESTINATION_IP "$(printf %032u 1)")" 10.77.2.2

ask "big open 7"
check_equal "a big entry is taken" "${answer%% *}" 0
entries SPIKEWATCH_EVENT_ID="$(printf %032u 7)" >$work/big
check_equal "a big entry is whole" "$(cat $work/big)" "2 $http open 7 ecs-good 299999"

# --- journald is stopped: nothing blocks, nothing is lost --------------------------------------------
kill -STOP $JOURNALD_PID
n=1000 answer="0 "
while [[ $answer == "0 "* && $n -lt 3000 ]]; do
  n=$((n + 1))
  ask "http open $n"
done
case $answer in
"-11 "*slow) fail "stopped journald blocks nothing" "slow: $answer" ;;
"-11 "*) ok "stopped journald blocks nothing" ;;
*) fail "stopped journald blocks nothing" "$answer after $n" ;;
esac
for i in 1 2 3; do n=$((n + 1)) && ask "http open $n"; done
read -r result _ unsent lost _ <<<"$answer"
check_equal "what it does not take is kept" "$result $unsent $lost" "-11 4 0"
kill -CONT $JOURNALD_PID
wait_for 5 flushed
check_equal "what was kept is sent" "${answer%% *}" 0
all_there() { [ "$(entries | awk '$4 > 1000' | wc -l)" = $((n - 1000)) ]; }
wait_for 5 all_there
check_equal "a stopped journald loses nothing and keeps the order" \
  "$(entries | awk '$4 > 1000 { print $4 }' | md5sum)" "$(seq 1001 $n | md5sum)"

# --- journald is restarted ---------------------------------------------------------------------------
journald_stop
for i in 5001 5002 5003; do ask "http open $i"; done
read -r result _ unsent lost _ <<<"$answer"
check_equal "without journald entries are kept" "$result $unsent $lost" "-11 3 0"
journald_start
ask "http open 5004"
read -r result _ unsent lost _ <<<"$answer"
check_equal "a new journald gets what was kept" "$result $unsent $lost" "0 0 0"
check_equal "a restart loses nothing and keeps the order" \
  "$(entries | awk '$4 > 5000 { printf "%s ", $4 }')" "5001 5002 5003 5004 "

# --- the catalogue -------------------------------------------------------------------------------------
root=$work/root
mkdir -p $root/usr/lib/systemd/catalog $root/var/lib/systemd/catalog
cp "$ROOT/deploy/systemd/spikewatch.catalog" $root/usr/lib/systemd/catalog/
said=$(journalctl --update-catalog --root=$root 2>&1)
check_equal "journalctl accepts the catalogue" "$? $said" "0 "
# What the sources use must be in the catalogue, and each entry be complete.
ids=$(grep -oh '"[0-9a-f]\{32\}"' "$ROOT"/user/*/*.c | tr -d '"' | sort -u)
for id in $ids 03524a68bb334d899a949517ea37293a; do
  text=$(journalctl --root=$root --dump-catalog "$id" 2>&1)
  if [[ $text == *Subject:* && $text == *"Defined-By: spikewatch"* && $text == *[Ww]hat* ]]; then
    ok "catalogue: $id"
  else
    fail "catalogue: $id" "$text"
  fi
done
mkdir -p /var/lib/systemd/catalog
cp $root/var/lib/systemd/catalog/database /var/lib/systemd/catalog/
text=$(journalctl -q -x -D /run/log/journal SPIKEWATCH_EVENT_ID="$(printf %032u 5)" | grep '^-- ')
case $text in
*"Subject: Denied traffic: incident (open) of rule firewall-deny-spike"*"looks like: scan."*)
  ok "journalctl -x explains an alert" ;;
*) fail "journalctl -x explains an alert" "$text" ;;
esac
# A field that the entry does not have is shown by its bare name.
check_equal "journalctl -x fills every field" \
  "$(journalctl -q -x -D /run/log/journal SPIKEWATCH_RULE=http-error-spike-internal \
    SPIKEWATCH_RULE=firewall-deny-spike + SPIKEWATCH_SUBJECT=eth0 | grep '^-- ' |
    sed 's/SPIKEWATCH_INCIDENT=//' | grep -m 1 SPIKEWATCH_)" ""

to_sender=${SENDER[1]} sender_pid=$SENDER_PID
exec {to_sender}>&-
wait "$sender_pid"
check_equal "the sender ends well" $? 0
check_equal "the sender said nothing on standard error" "$(cat $work/sender.log)" ""
