#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In a guest of tests/vm/kernel-matrix.sh: two namespaces and a veth pair, busybox's httpd and wget, and
# nftables; the sensor's figures must be theirs. Prints "N passed, N failed, N skipped".
passed=0 failed=0 skipped=0
check() { # NAME GOT WANTED
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); echo "ok $1"; else failed=$((failed + 1)); echo "FAIL $1: got '$2', expected '$3'"; fi
}
total() { sed -n 's/^{"totals":.*"'"$1"'":\([0-9]*\).*/\1/p' counts; }

cd /t || exit 1
uname -r
# Under memory cgroups or not, the program raises its own limits.
./spikewatch probe
check "probe finds all that is needed" $? 0

ip netns add a && ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.0.0.1/24 dev va && ip -n b addr add 10.0.0.2/24 dev vb
ip -n a link set va up && ip -n b link set vb up
mkdir -p www && echo hello >www/index.html
ip netns exec b busybox httpd -p 80 -h /t/www
ip netns exec b nft -f - <<'NFT'
table ip t {
  chain input {
    type filter hook input priority 0;
    tcp dport 9 counter drop
  }
}
NFT
check "nft rules are loaded" $? 0
# The other end denies too, and says so, or nothing.
ip netns exec a nft -f - <<'NFT'
table ip t {
  counter prohibited {}
  counter refused {}
  counter unanswered {}
  chain input {
    type filter hook input priority 0;
    tcp dport 101 counter name prohibited reject with icmp admin-prohibited
    tcp dport 102 counter name refused reject with tcp reset
    tcp dport 103 counter name unanswered drop
  }
}
NFT
check "nft rules of the other end are loaded" $? 0

# sensor_start WHAT NAMESPACE ARG...: the sensor watches when this returns.
sensor_start() {
  what=$1 ns=$2
  shift 2
  : >counts # not the last run's
  ip netns exec "$ns" ./spikewatch run -c test.yaml "$@" --json --counts >counts 2>log &
  pid=$!
  # Emulated, on a busy machine, the verifier takes its time.
  for _ in $(seq 450); do grep -q '"started"' counts && break; sleep 0.2; done
  grep -q '"started"' counts
  check "$what: starts" $? 0
}

get() { # TIMES URL
  for _ in $(seq "$1"); do ip netns exec a timeout 20 wget -q -O /dev/null "$2" 2>/dev/null; done
}

# ended WHAT CLIENT SERVER PAGES ERRORS
ended() {
  kill -TERM $pid
  wait $pid
  check "$1: ends well" $? 0
  check "$1: pages" "$(total http_2xx)" "$4"
  check "$1: errors" "$(total http_4xx)" "$5"
  check "$1: 404s by key" "$(sed -n 's/^{"client":"'"$2"'","server":"'"$3"'","port":80,"status":404,"count":\([0-9]*\)}/\1/p' counts)" "$5"
}

# A request for a connection to the other end's port.
ask() { ip netns exec b timeout 5 busybox nc -w 2 10.0.0.1 "$1" </dev/null 2>/dev/null; }
denied_there() { ip netns exec a nft list counter ip t "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# What the other end denies, by CLASS; packets, but of unanswered requests whatever is sent again.
denied() { # MODE CLASS PACKETS
  check "$1: $2" "$(sed -n 's/.*"drop_class":{[^}]*"'"$2"'":\([0-9]*\).*/\1/p' counts)" "$3"
}

# watch MODE: the sensor in the server's namespace, 20 pages, 15 errors, some denies.
watch() {
  sensor_start "$1" b -i vb --attach "$1"
  get 20 http://10.0.0.2/index.html
  get 15 http://10.0.0.2/none
  there_before="$(denied_there prohibited) $(denied_there refused)"
  ask 101
  ask 102
  ask 103
  for _ in $(seq 200); do grep -q '"open".*NO_ANSWER' counts && break; sleep 0.2; done
  there_prohibited=$(($(denied_there prohibited) - ${there_before% *}))
  there_refused=$(($(denied_there refused) - ${there_before#* }))
  before=$(ip netns exec b nft list chain ip t input | sed -n 's/.*packets \([0-9]*\).*/\1/p')
  ip netns exec a timeout 3 busybox nc -w 2 10.0.0.2 9 </dev/null 2>/dev/null
  after=$(ip netns exec b nft list chain ip t input | sed -n 's/.*packets \([0-9]*\).*/\1/p')
  denied=$((after - before))
  ended "$1" 10.0.0.1 10.0.0.2 20 15
  [ "$denied" -gt 0 ]
  check "$1: nft denied something" $? 0
  check "$1: denies" "$(sed -n 's/.*"drop_class":{"firewall":\([0-9]*\).*/\1/p' counts)" "$denied"
  [ "$there_prohibited" -gt 0 ] && [ "$there_refused" -gt 0 ] && [ "$(denied_there unanswered)" -gt 0 ]
  check "$1: the other end denied something" $? 0
  denied "$1" prohibited $there_prohibited
  denied "$1" refused $there_refused
  denied "$1" unanswered 1
  [ $failed -eq 0 ] || cat log
}

# through CLIENT SERVER TYPE ARG...: HTTP in a tunnel, seen at the device below it.
through() {
  client=$1 server=$2
  shift 2
  if ! ip -n b link add t0 type "$@" remote 10.0.0.1; then
    skipped=$((skipped + 1))
    echo "skip $1: this kernel has no such device"
    return
  fi
  ip -n a link add t0 type "$@" remote 10.0.0.2
  case $server in
  *:*) url="http://[$server]" bits=64 ;;
  *) url=http://$server bits=24 ;;
  esac
  for end in "a $client" "b $server"; do
    ip netns exec "${end% *}" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/t0/accept_dad'
    ip -n "${end% *}" link set t0 up
    ip -n "${end% *}" addr add "${end#* }/$bits" dev t0
  done
  sensor_start "in $1" b -i vb
  get 5 "$url/index.html"
  get 4 "$url/none"
  ended "in $1" "$client" "$server" 5 4
  ip -n a link del t0
  ip -n b link del t0
}
printf 'journald: {enabled: false}\nstdout: json\nmemory_budget: 8MiB\n' >test.yaml
cat >>test.yaml <<'YAML'
rules:
  elsewhere: {title: elsewhere, feed: drop, match: {class: [refused, unanswered], reason: NO_ANSWER}, threshold: {count: 1, window: 1m}}
YAML
# CORE: what is most of all to be known, where there is no time for all.
watch auto
watch xdp
through 10.1.0.1 10.1.0.2 vxlan id 42 dstport 4789
if [ -z "${CORE:-}" ]; then
  watch clsact
  watch xdp-generic
  through fd01::1 fd01::2 geneve id 42
  through 10.1.0.1 10.1.0.2 gre
  through 10.1.0.1 10.1.0.2 ipip
  through fd01::1 fd01::2 sit
  . ./links.sh
  . ./denies.sh
  # What tc's filters deny is told by the reason alone.
  ! grep -q '^drops  *by reason' way || . ./neighbours.sh
  . ./hardened.sh
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
