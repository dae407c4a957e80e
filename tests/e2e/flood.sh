#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of a million forged sources: totals stay exact, heavy sources too, memory and CPU bounded.
# Runs alone: it measures.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"
FLOOD=${FLOOD:-$ROOT/build/bench/flood}

RATE=500000
# Of a core, for user space: 15 % is what it is built for, on a machine that does nothing else.
CPU_LIMIT=30
# KiB. A million sources, if each were kept, would take twice that.
RSS_LIMIT=49152

flood() { # FILE ARG...: half of the machine may send
  in_ns "$GATEWAY" "$FLOOD" -i gwc -d 10.77.1.1 -r $RATE "${@:2}" >"$1" || die "no flood" "$(cat "$1")"
}

# CPU time of the sensor so far, in ticks.
ticks() {
  awk '{ print $14 + $15 }' "/proc/$SENSOR_PID/stat"
}

rss() { # KiB
  awk '/^VmRSS/ { print $2 }' "/proc/$SENSOR_PID/status"
}

field() { # FILE NAME
  sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" "$1"
}

# Every heavy source of FILE within 5 % of what was counted, never more, and the totals their sum.
heavy_are_right() { # TRUTH PACKETS
  python3 - "$SENSOR_OUT" "$@" <<'END'
import collections, json, sys
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
heavy, packets = json.load(open(sys.argv[2]))["heavy"], int(sys.argv[3])
seen, merged, keys = collections.Counter(), 0, 0
for r in rows:
    if r.get("class") == "firewall" and "packets" in r:
        seen[r["source"]] += r["packets"]
        keys += r["packets"]
totals = next(r["totals"] for r in rows if "totals" in r)
wrong = {s: (n, seen[s]) for s, n in heavy.items() if not 0.95 * n <= seen[s] <= n}
top = [s for s, _ in seen.most_common(21) if s != "::"][:20]
share = 100 * totals["merged_drops"] / packets
print(f"keys {keys} + evicted {totals['evicted_drops']} = {packets}? without source: {share:.0f} %")
print(f"heavy sources that are off (sent, counted): {wrong}; not among the first 20: "
      f"{set(heavy) - set(top)}")
sys.exit(keys + totals["evicted_drops"] != packets or totals["evicted_drops"] > packets // 1000
         or totals["drop_class"]["firewall"] != packets or bool(wrong) or set(top) != set(heavy)
         or not totals["merged_drops"])
END
}

# The alert's records: whole counts, where it was going, and what is not known.
alert_is_right() { # PACKETS
  python3 - "$SENSOR_OUT" "$@" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
alerts = [r for r in rows if r.get("event", {}).get("kind") == "alert"]
if not alerts:
    sys.exit("no alert")
last = alerts[-1]["spikewatch"]
print(json.dumps(last)[:1500])
lost = last["coverage"].get("lost", {}).get("evicted", 0)
sys.exit(last["coverage"]["exact"] or not lost or lost > last["count"]
         or last["cause"]["name"] != "flood")
END
}

topology_make
require_tools nft
require_sensor
[ -x "$FLOOD" ] || die "$FLOOD is missing: run make check-e2e"
firewall_load "$GATEWAY" 'add table inet t
add chain inet t pre { type filter hook prerouting priority -300; }
add counter inet t dropped
add rule inet t pre udp dport 53 counter name dropped drop'
flood "$TMP/try" -n 1000

sensor_config "$TMP/sw.yaml" <<<''
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
flood "$TMP/truth" -n 1000000 -s 1000000 -w 10
sensor_stop
check_equal "nft has dropped what was sent" "$(firewall_packets "$GATEWAY")" 1001000
check "totals are exact, heavy sources right, the rest is known as such" \
  heavy_are_right "$TMP/truth" 1000000

# The same through a rule; no --counts, which keeps every key.
sensor_config "$TMP/rule.yaml" <<'END'
rules:
  flood: {title: flood, feed: drop, match: {class: [firewall]}, group_by: [destination],
          threshold: {count: 300000, window: 10s}}
END
sensor_spawn "$GATEWAY" -c "$TMP/rule.yaml" -i gwc -i gws --json
wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
flood "$TMP/warm" -n 1000000 -s 1000000 -w 10
before=$(rss) from=$(ticks)
flood "$TMP/more" -n 1500000 -s 1000000 -w 10
after=$(rss) to=$(ticks)
sensor_stop
percent=$(awk -v t=$((to - from)) -v s="$(field "$TMP/more" seconds)" -v hz="$(getconf CLK_TCK)" \
  'BEGIN { printf "%d", 100 * t / hz / s }')
printf 'user space: %d %% of a core at %d packets a second; %d KiB, then %d KiB\n' "$percent" \
  "$(field "$TMP/more" per_second)" "$before" "$after"
check "user space takes at most $CPU_LIMIT % of a core" test "$percent" -le $CPU_LIMIT
check "memory is bounded: sources are not kept" test "$after" -le $RSS_LIMIT
check "the alert says that it is a flood, and what it does not know" alert_is_right
