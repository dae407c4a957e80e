#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The journald sink against a real systemd-journald, in namespaces of its own, and the catalogue.
# Usage: journald.sh [JOURNAL_SEND]; root. A skip is a failure where REQUIRE_BPF=1 is set.
set -u
export LC_ALL=C # `journalctl -x` marks its lines with "-- "
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/e2e}
journald=/lib/systemd/systemd-journald
passed=0 failed=0 skipped=0

ok() { echo "ok $1"; passed=$((passed + 1)); }
fail() { echo "FAIL $1: $2"; failed=$((failed + 1)); }
skip() {
  echo "skip $1: $2"
  skipped=$((skipped + 1))
  if [ "${REQUIRE_BPF:-0}" = 1 ]; then failed=$((failed + 1)); fi
}
finish() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
  exit
}
# expect NAME ACTUAL EXPECTED
expect() { if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "got '$2', not '$3'"; fi; }

# Everything happens in mount, PID and network namespaces that end with their first process: mounts,
# processes (stopped ones too) and files go with them.
if [ "${1:-}" != --inside ]; then
  send=${1:-${JOURNAL_SEND:-$top/build/tests/e2e/journal_send}}
  [ "$(id -u)" = 0 ] || { skip journald "needs root"; finish; }
  [ -x $journald ] || { skip journald "$journald is missing (package systemd)"; finish; }
  [ -x "$send" ] || { fail journald "$send is missing; build it first"; finish; }
  send=$(readlink -f "$send")
  unshare -m -p -n -f true 2>/dev/null || { skip journald "no namespaces here"; finish; }
  # unshare itself ignores INT and TERM while it waits; its death ends the namespaces.
  unshare -m --propagation private -p -f --kill-child --mount-proc -n \
    bash "$here/journald.sh" --inside "$send" &
  unshare_pid=$!
  trap 'kill -KILL $unshare_pid; exit 1' INT TERM HUP
  wait $unshare_pid
  exit
fi
send=$2

# --- a host of our own ---------------------------------------------------------------------------
die() { fail setup "$1"; finish; }
work=/run/test socket=/run/systemd/journal/socket
mount -t tmpfs -o mode=755 tmpfs /run || die "tmpfs on /run"
mkdir -p $work /run/systemd/journald.conf.d /run/log/journal
# The catalogue's database is in /var/lib; with /var/log empty nothing goes to disk.
mount -t tmpfs tmpfs /var/lib || die "tmpfs on /var/lib"
mount -t tmpfs tmpfs /var/log || die "tmpfs on /var/log"
cp -a /etc $work/etc || die "copy of /etc"
mount --bind $work/etc /etc || die "own /etc"
rm -rf /etc/machine-id /etc/systemd/journald.conf.d
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
# Audit= unset leaves the kernel's auditing alone.
cat >/etc/systemd/journald.conf <<CONF
[Journal]
Storage=volatile
RateLimitIntervalSec=0
ReadKMsg=no
Audit=
ForwardToSyslog=no
ForwardToWall=no
CONF

# until_true SECONDS COMMAND...: waits for a condition
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}
start_journald() {
  SYSTEMD_LOG_TARGET=console $journald >>$work/journald.log 2>&1 &
  pid=$!
  until_true 5 test -S $socket || die "journald did not start: $(tail -n 3 $work/journald.log)"
}
# Written out and readable: what journald has received when it is called.
sync_journal() { timeout 5 journalctl --sync 2>>$work/journald.log; }
entries() {
  sync_journal || { echo "sync failed"; return; }
  journalctl -q -D /run/log/journal --all -o json SYSLOG_IDENTIFIER=spikewatch "$@" | "$send" --read
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
expect "without journald an alert is kept" "$answer" "-11 0 1 0"
start_journald
ask flush
expect "it is sent when journald has started" "$answer" "0 1 0 0"

# --- one entry of each kind, read back ---------------------------------------------------------------
for command in "http update 2" "http close 3" "http suppressed 4" "deny open 5" "deny close 6" \
  "sensor started" "sensor blind" "sensor degraded" "sensor recovered" "sensor reloaded" \
  "sensor stopped"; do
  ask "$command"
  # A journald that is busy takes it later.
  case $answer in *slow) fail "$command" "slow" ;; "0 "* | "-11 "*) ;; *) fail "$command" "$answer" ;; esac
done
until_true 5 flushed
http=61851c8ef2c94e79a6b6d68ce4a50597 drop=901da250561f468e9615a0f7ad977f58
entries >$work/entries
while read -r name expected; do
  n=$(grep -c "^$expected\$" $work/entries)
  expect "entry: $name" "$n" 1
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
stopped 6 941145d2676243e1994ff685e5916ce8 stopped 0 ecs-good 1
ROWS
expect "no other entries" "$(wc -l <$work/entries)" 12

show() { journalctl -q -D /run/log/journal -o cat --output-fields="$1" SPIKEWATCH_EVENT_ID="$2"; }
id=$(printf %032u 5)
expect "field MESSAGE" "$(show MESSAGE "$id")" \
  "Spike in Firewall Denies: 4121 denied in 15m, typical 37.5 (20-61), score 91, mostly from 10.77.1.2 (scan)"
expect "field SPIKEWATCH_RULE" "$(show SPIKEWATCH_RULE "$id")" firewall-deny-spike
expect "field SPIKEWATCH_INCIDENT" "$(show SPIKEWATCH_INCIDENT "$id")" 9b1c00000000000000000000000000aa
expect "field SPIKEWATCH_SOURCE_IP" "$(show SPIKEWATCH_SOURCE_IP "$id")" 10.77.1.2
expect "field SPIKEWATCH_COUNT" "$(show SPIKEWATCH_COUNT "$id")" 4121
expect "field SPIKEWATCH_SCORE" "$(show SPIKEWATCH_SCORE "$id")" 91.2
expect "field SPIKEWATCH_CAUSE" "$(show SPIKEWATCH_CAUSE "$id")" scan
expect "field SPIKEWATCH_COVERAGE" "$(show SPIKEWATCH_COVERAGE "$id")" exact
expect "field SPIKEWATCH_LIMIT" "$(show SPIKEWATCH_LIMIT "$(printf %032u 1)")" 350
expect "field SPIKEWATCH_DESTINATION_IP" \
  "$(show SPIKEWATCH_DESTINATION_IP "$(printf %032u 1)")" 10.77.2.2

ask "big open 7"
expect "a big entry is taken" "${answer%% *}" 0
entries SPIKEWATCH_EVENT_ID="$(printf %032u 7)" >$work/big
expect "a big entry is whole" "$(cat $work/big)" "2 $http open 7 ecs-good 299999"

# --- journald is stopped: nothing blocks, nothing is lost --------------------------------------------
kill -STOP $pid
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
expect "what it does not take is kept" "$result $unsent $lost" "-11 4 0"
kill -CONT $pid
until_true 5 flushed
expect "what was kept is sent" "${answer%% *}" 0
all_there() { [ "$(entries | awk '$4 > 1000' | wc -l)" = $((n - 1000)) ]; }
until_true 5 all_there
expect "a stopped journald loses nothing and keeps the order" \
  "$(entries | awk '$4 > 1000 { print $4 }' | md5sum)" "$(seq 1001 $n | md5sum)"

# --- journald is restarted ---------------------------------------------------------------------------
kill $pid && wait $pid
for i in 5001 5002 5003; do ask "http open $i"; done
read -r result _ unsent lost _ <<<"$answer"
expect "without journald entries are kept" "$result $unsent $lost" "-11 3 0"
rm -f $socket
start_journald
ask "http open 5004"
read -r result _ unsent lost _ <<<"$answer"
expect "a new journald gets what was kept" "$result $unsent $lost" "0 0 0"
expect "a restart loses nothing and keeps the order" \
  "$(entries | awk '$4 > 5000 { printf "%s ", $4 }')" "5001 5002 5003 5004 "

# --- the catalogue -------------------------------------------------------------------------------------
root=$work/root
mkdir -p $root/usr/lib/systemd/catalog $root/var/lib/systemd/catalog
cp "$top/deploy/systemd/spikewatch.catalog" $root/usr/lib/systemd/catalog/
said=$(journalctl --update-catalog --root=$root 2>&1)
expect "journalctl accepts the catalogue" "$? $said" "0 "
# What the sources use must be in the catalogue, and each entry be complete.
ids=$(grep -oh '"[0-9a-f]\{32\}"' "$top"/user/out/*.c | tr -d '"' | sort -u)
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
expect "journalctl -x fills every field" \
  "$(journalctl -q -x -D /run/log/journal SPIKEWATCH_RULE=http-error-spike-internal \
    SPIKEWATCH_RULE=firewall-deny-spike + SPIKEWATCH_SUBJECT=eth0 | grep '^-- ' |
    sed 's/SPIKEWATCH_INCIDENT=//' | grep -m 1 SPIKEWATCH_)" ""

to_sender=${SENDER[1]} sender_pid=$SENDER_PID
exec {to_sender}>&-
wait "$sender_pid"
expect "the sender ends well" $? 0
expect "the sender said nothing on standard error" "$(cat $work/sender.log)" ""
finish
