# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# nftables with a named counter on each rule that denies. Needs topology.sh.
# The counters' names say what compare.py looks for: PROTO_FAMILY_PORT[_whatever].

firewall_load() { # NAMESPACE RULES
  in_ns "$1" nft -f - <<<"$2" || die "nft refuses the rules"
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
