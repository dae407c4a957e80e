#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No alert is lost: journald away, stopped, restarted and full; the sensor killed; the disk full; and
# too many alerts at once. With a real journald and a sensor in namespaces of their own.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/journald.sh"
own_host "$@"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

# Alerts in the journal about the source 10.77.1.2, by action, with how many ids differ.
journal_alerts() { # ACTION [MATCH...]
  journal "SPIKEWATCH_ACTION=$1" "${@:2}" | jq -r .SPIKEWATCH_EVENT_ID
}
count_alerts() { journal_alerts "$@" | wc -l; }
count_distinct() { journal_alerts "$@" | sort -u | wc -l; }

# Ports of UDP are one group each: an alert a port.
alerts_for() { # FIRST LAST
  local port
  for ((port = $1; port <= $2; port++)); do
    knock "$CLIENTS" -n 12 "udp:10.77.2.2:$port"
  done
}

count_repeats() {
  echo $(($(count_alerts open) - $(count_distinct open)))
}

# What the sensor has put in its history, as the store says.
ask() { # SQL
  python3 - "$OWN/disk/state.db" "$1" <<'END'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
print(db.execute(sys.argv[2]).fetchone()[0])
END
}
kept_alerts() { ask "SELECT count(*) FROM records WHERE action = 'open'"; }
waiting() { ask "SELECT count(*) FROM posts"; }
has_kept() { [ "$(kept_alerts)" -ge "$1" ]; }
has_got() { [ "$(count_distinct open)" -ge "$1" ]; }
none_waits() { [ "$(waiting)" = 0 ]; }

start() { sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws; }

away_test() {
  start # journald has not been started yet
  alerts_for 7001 7002
  check "without journald alerts are on the disk" wait_for 10 has_kept 2
  check_equal "and wait there" "$(ask "SELECT count(*) FROM posts WHERE lane = 0")" 2
  journald_start
  check "journald gets them once it is there" wait_for 10 has_got 2
  check "and they are gone from the outbox" wait_for 10 none_waits
}

killed_test() {
  journald_stop
  alerts_for 7003 7004
  wait_for 10 has_kept 4 || die "no alerts are kept"
  sensor_stop KILL
  check "killed with journald away: alerts are on the disk" has_kept 4
  journald_start
  start
  check "the next sensor sends them" wait_for 10 has_got 4
  sensor_stop KILL
  start
  wait_for 10 none_waits
  check_equal "each is in the journal, and the ids tell repeats" "$(count_distinct open)" 4
  repeats=$(count_repeats) # what was sent, but not yet noted as sent, when it was killed
}

restart_test() {
  journald_stop
  journald_start
  alerts_for 7005 7006
  check "a journald that was restarted gets alerts" wait_for 10 has_got 6
  check_equal "none twice" "$(count_repeats)" "$repeats"
}

# Its socket takes some, and then no more.
stopped_test() {
  local n
  kill -STOP "$JOURNALD_PID"
  python3 - $JOURNAL_SOCKET <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setblocking(False)
try:
    while True: s.sendto(b"MESSAGE=fill\nSYSLOG_IDENTIFIER=filler\n", sys.argv[1])
except BlockingIOError:
    pass
END
  alerts_for 7007 7009
  check "a stopped journald holds nothing up" wait_for 10 has_kept 9
  n=$(waiting)
  check "what it does not take waits" [ "$n" -ge 3 ]
  kill -CONT "$JOURNALD_PID"
  check "and is sent when it goes on" wait_for 10 has_got 9
  check_equal "none twice" "$(count_repeats)" "$repeats"
}

says() { grep -Eq -- "$1" "$SENSOR_ERR"; }

# Where the store lies nothing can be written any more; alerts go on.
full_test() {
  dd if=/dev/zero of="$OWN/disk/fill" bs=4096 status=none 2>/dev/null
  alerts_for 7010 7011
  check "disk full: alerts are in the journal" wait_for 10 has_got 11
  check "disk full: it is said" wait_for 10 says "records can't be put on the disk"
  check_equal "disk full: it is a record too" \
    "$(journal SPIKEWATCH_ACTION=degraded SPIKEWATCH_SUBJECT=outbox | wc -l)" 1
  rm "$OWN/disk/fill"
  check "disk free: it goes on" wait_for 10 says "records are put on the disk again"
  check "disk free: the history is whole" wait_for 10 has_kept 11
  check_equal "none twice" "$(count_repeats)" "$repeats"
}

# A journald that can't write takes entries all the same and loses them, which nobody is told: the
# history has them. Nothing hangs.
journal_full_test() {
  mkdir -p /var/log/journal
  mount -t tmpfs -o size=2m,mode=755 tmpfs /var/log/journal
  dd if=/dev/zero of=/var/log/journal/fill bs=4096 status=none 2>/dev/null
  sed -i 's/Storage=volatile/Storage=persistent/' /etc/systemd/journald.conf
  journald_stop
  journald_start
  before=$(kept_alerts)
  alerts_for 7012 7012
  check "journal's disk full: alerts are in the history" wait_for 10 has_kept $((before + 1))
  check "journal's disk full: nothing hangs" wait_for 10 none_waits
}

digest() { journal MESSAGE_ID=03524a68bb334d899a949517ea37293a | jq -r .ECS; }
has_digest() { [ -n "$(digest)" ]; }

too_many_test() {
  local before
  before=$(kept_alerts)
  in_ns "$CLIENTS" python3 - <<'END'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(7100, 7160):
    for _ in range(12):
        s.sendto(b"x", ("10.77.2.2", port))
    time.sleep(0.001)
END
  check "too many: all are in the history" wait_for 10 has_kept $((before + 60))
  check "too many: a digest comes" wait_for 20 has_digest
  check_equal "too many: sent and held make all" \
    $(($(digest | jq -s 'map(.spikewatch.digest.alarms) | add') + $(count_distinct open) - before)) 60
  check_equal "too many: the digest says of which rules, and where they are" \
    "$(digest | head -n 1 | jq -r '.spikewatch.digest | "\(.rules.denies == .count) \(.kept)"')" "true true"
  check "too many: most were held" [ "$(digest | head -n 1 | jq .spikewatch.digest.alarms)" -ge 25 ]
}

topology_make
require_tools nft jq
require_sensor
firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7000-7999 drop'
in_ns "$CLIENTS" ping -c1 -W2 10.77.2.2 >/dev/null
mkdir "$OWN/disk"
mount -t tmpfs -o size=4m,mode=700 tmpfs "$OWN/disk" || die "no tmpfs"
{
  printf 'metrics: {listen: "off"}\nstate: %s/disk/state.db\ncontrol: %s/control.sock\n' "$OWN" "$TMP"
  cat <<'END'
rules:
  firewall-deny-spike: {enabled: false}
  denies: {title: denies, feed: drop, match: {class: [firewall]}, group_by: [port], threshold: {count: 10, window: 5s}}
END
} >"$TMP/sw.yaml"
away_test
killed_test
restart_test
stopped_test
full_test
too_many_test
journal_full_test
sensor_stop
check_equal "exit code" "$SENSOR_RC" 0
