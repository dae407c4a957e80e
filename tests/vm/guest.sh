#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In a guest of tests/vm/kernel-matrix.sh: two namespaces and a veth pair, busybox's httpd and wget, and
# nftables; the sensor's figures must be theirs. Prints "N passed, N failed, N skipped".
passed=0 failed=0
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

# watch MODE: the sensor in the server's namespace, 20 pages, 15 errors, some denies.
watch() {
  : >counts # not the last run's
  ip netns exec b ./spikewatch run -c test.yaml -i vb --attach "$1" --json --counts >counts 2>log &
  pid=$!
  for _ in $(seq 100); do grep -q '"started"' counts && break; sleep 0.2; done
  for _ in $(seq 20); do ip netns exec a wget -q -O /dev/null http://10.0.0.2/index.html; done
  for _ in $(seq 15); do ip netns exec a wget -q -O /dev/null http://10.0.0.2/none 2>/dev/null; done
  before=$(ip netns exec b nft list chain ip t input | sed -n 's/.*packets \([0-9]*\).*/\1/p')
  ip netns exec a timeout 3 busybox nc -w 2 10.0.0.2 9 </dev/null 2>/dev/null
  after=$(ip netns exec b nft list chain ip t input | sed -n 's/.*packets \([0-9]*\).*/\1/p')
  denied=$((after - before))
  kill -TERM $pid
  wait $pid
  check "$1: ends well" $? 0
  check "$1: pages" "$(total http_2xx)" 20
  check "$1: errors" "$(total http_4xx)" 15
  check "$1: 404s by key" "$(sed -n 's/^{"client":"10.0.0.1","server":"10.0.0.2","port":80,"status":404,"count":\([0-9]*\)}/\1/p' counts)" 15
  if ./spikewatch probe | grep -q 'drops  *not seen'; then
    check "$1: says that it is blind for drops" "$(grep -c '"action":"blind"' counts)" 1
  else
    [ "$denied" -gt 0 ]
    check "$1: nft denied something" $? 0
    check "$1: denies" "$(sed -n 's/.*"drop_class":{"firewall":\([0-9]*\).*/\1/p' counts)" "$denied"
  fi
  [ $failed -eq 0 ] || cat log
}
printf 'journald: {enabled: false}\nstdout: json\nmemory_budget: 8MiB\n' >test.yaml
watch auto
watch clsact
watch xdp
watch xdp-generic
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
