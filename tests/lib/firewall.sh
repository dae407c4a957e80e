# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# nftables with a named counter on each rule that denies. Needs topology.sh.
# The counters' names say what compare.py looks for: PROTO_FAMILY_PORT[_whatever].

firewall_load() { # NAMESPACE RULES
  in_ns "$1" nft -f - <<<"$2" || die "nft refuses the rules"
}

# What stands in the file takes the place of all rules; counters begin at nothing.
firewall_replace() { # NAMESPACE FILE
  { echo 'flush ruleset' && cat "$2"; } | in_ns "$1" nft -f - || die "nft refuses the rules of $2"
}

# deny_rule CHAIN ACTION PROTO FAMILY PORT: a rule with its counter; CHAIN is "FAMILY TABLE NAME".
deny_rule() {
  local chain=$1 action=$2 proto=$3 family=$4 port=$5 what
  case $proto in
  icmp) what="$([ "$family" = 4 ] && echo icmp || echo icmpv6) type echo-request" ;;
  *) what="$proto dport $port" ;;
  esac
  printf 'add counter %s %s_v%s_%s_%s\n' "${chain% *}" "$proto" "$family" "$port" "${chain##* }"
  printf 'add rule %s meta protocol %s %s counter name %s_v%s_%s_%s %s\n' "$chain" \
    "$([ "$family" = 4 ] && echo ip || echo ip6)" "$what" \
    "$proto" "$family" "$port" "${chain##* }" "$action"
}

firewall_counters() { # NAMESPACE FILE
  in_ns "$1" nft -j list counters >"$2" || die "nft does not list its counters"
}

# The sum of all named counters' packets.
firewall_packets() { # NAMESPACE
  in_ns "$1" nft list counters | awk '/packets/ { n += $2 } END { print n + 0 }'
}

knock() { # NAMESPACE ARG... (see knock.py)
  in_ns "$1" timeout 60 python3 "$LIB/knock.py" "${@:2}"
}

# --- rules whose counters are by source, destination, protocol and port (see denies.py) -------------

# deny_chain TABLE NAME HOOK: an nft chain, and sets that count what its rules deny. TABLE is
# "FAMILY NAME"; the chain's name is the hook's, and the sets' begin with it.
deny_chain() {
  printf 'add table %s\nadd chain %s %s { type filter hook %s; }\n' "$1" "$1" "$2" "$3"
  deny_sets "$1" "$2"
}

# deny_sets TABLE NAME: the sets. NAME may be several hooks with "-" in between, any of which may be told.
deny_sets() {
  local f key
  for f in 4 6; do
    key="ipv${f}_addr . ipv${f}_addr . inet_proto"
    printf 'add set %s %s_v%s { type %s . inet_service; flags dynamic; size 65536; }\n' "$1" "$2" $f "$key"
    printf 'add set %s %s_v%s_bare { type %s; flags dynamic; size 65536; }\n' "$1" "$2" $f "$key"
  done
}

# deny TABLE CHAIN MATCH ACTION [FAMILIES [SETS6]]: in both families, or the one given; SETS6: of IPv6.
# Only where MATCH names a port has the key one.
deny() {
  local f ip key sets
  for f in ${5:-4 6}; do
    ip=ip sets=$2
    [ "$f" = 4 ] || ip=ip6 sets=${6:-$2}
    key="$ip saddr . $ip daddr . meta l4proto"
    case $3 in
    "tcp dport"* | "udp dport"* | "sctp dport"* | "dccp dport"*) key="${sets}_v$f { $key . th dport counter }" ;;
    *) key="${sets}_v${f}_bare { $key counter }" ;;
    esac
    printf 'add rule %s %s meta protocol %s %s update @%s %s\n' "$1" "$2" $ip "$3" "$key" "$4"
  done
}

# Netfilter's hooks are known by addresses of kernel functions.
hooks_are_known() {
  grep -Eq '^0*[1-9a-f][0-9a-f]* [tT] ip_forward$' /proc/kallsyms
}

# denies WHAT KIND=FILE...: the sensor's denies are those.
denies() {
  local known=()
  ! hooks_are_known || known=(--hooks-known)
  check "$1" python3 "$LIB/denies.py" "$SENSOR_OUT" "${known[@]}" "${@:2}"
}
