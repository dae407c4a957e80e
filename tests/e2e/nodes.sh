#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cluster of two nodes with a sensor each, services by kube-proxy's rules of both kinds: each response is
# counted once on each node that it passes, and with `count: server-side` once in the cluster.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"
. "$LIB/who.sh"
. "$LIB/node.sh"

MODES=${MODES:-keep,fresh}

# Where server and client know each other's addresses, or the server's node does.
straight() {
  ask "$(pod_ns 11.2)" <<<"11.2 12.2:80 $MODES"                   # pod to pod, across
  ask "$(pod_ns 11.3)" <<END
11.3 11.2:80 $MODES
11.3 20.1:80 $MODES,fresh,fresh
11.3 2.2:80 $MODES
11.3 9.2:80 $MODES
END
  ask "$(pod_ns 12.2)" <<<"12.2 20.1:80 $MODES,fresh,fresh"        # its own service: a hairpin, or across
  ask "$NODE1" <<<"1.2 12.3:80 $MODES"                            # hostNetwork client, pod across
  ask "$NODE1" <<<"1.2 11.3:80 $MODES"                            # ... and pod here, as the kubelet asks
  ask "$NODE2" <<<"2.2 1.2:80 $MODES"                             # hostNetwork to hostNetwork
  ask "$NODE2" <<<"2.2 20.1:80 fresh,fresh,fresh"
  ask "$OUTSIDE" <<END
9.2 12.3:80 $MODES
9.2 2.2:30080 $MODES
9.3 1.2:80 $MODES
END
}

# Here the first node's SNAT hides the client from the second.
by_another_node() {
  ask "$OUTSIDE" <<<"9.3 1.2:30080 $MODES"
}

# both COUNT INTERFACES TRAFFIC...: under a sensor on each node. TMP/node1.out and node2.out are what they
# counted, TMP/true and TMP/seen what was answered, by the clients' own addresses and as the servers saw it.
both() {
  local node count=$1 interfaces=$2 traffic
  shift 2
  for node in "$NODE1" "$NODE2"; do
    node_config "$TMP/${node##*-}.yaml" "$node" <<END
interfaces: $interfaces
http: {count: $count, cluster_cidrs: [$CLUSTER_NETS]}
END
    node_watch "$node" -c "$TMP/${node##*-}.yaml"
  done
  for node in "$NODE1" "$NODE2"; do node_wait "$node"; done
  for traffic; do
    logs_clear
    $traffic
    logs_complete
    cp "$TRUE_LOG" "$TMP/$traffic.true"
    cp "$NGINX_LOG" "$TMP/$traffic.seen"
  done
  for node in "$NODE1" "$NODE2"; do node_stop "$node"; done
}

# What passes a node: its own, and its pods'.
of_node() { # NUMBER LOG FILE
  grep -E "(^| )(10\.77\.(1$1|$1)\.|fd77:(1$1|$1)::)" "$2" >"$3"
}

# counted WHAT LOG...: both sensors together are the logs.
counted() {
  SENSOR_OUT=$TMP/sum.out
  cat "$TMP/node1.out" "$TMP/node2.out" >"$SENSOR_OUT"
  check "$1" compare http "${@:2}"
}

none_lost() { # WHAT
  check_equal "$1: in step" "$(grep -ohE '"http_(gap|no_reverse|resync)": *[1-9][0-9]*' "$TMP"/node?.out)" ""
}

once_in_the_cluster() { # RULES
  local n
  both server-side '[auto]' straight by_another_node
  counted "$1, server-side: once in the cluster" "$TMP/straight.true" "$TMP/by_another_node.seen"
  none_lost "$1, server-side"
  for n in 1 2; do
    check_match "$1, server-side: node $n leaves some to the other" "$(cat "$TMP/node$n.out")" \
      '"http_elsewhere": *[1-9]'
  done
}

# Pods' interfaces are not watched: what stays on a node is not seen, all else as before.
by_uplinks_alone() { # RULES
  both server-side '["eth*"]' straight
  awk '{ for (i = 1; i <= 2; i++) { sub(/^10\.77\.|^fd77:/, "", $i); sub(/[.:].*/, "", $i) } }
    $1 % 10 != $2 % 10 { print NR }' "$TMP/straight.true" |
    awk 'NR == FNR { across[$1]; next } FNR in across' - "$TMP/straight.true" >"$TMP/across"
  counted "$1, server-side, by the uplinks alone: once in the cluster" "$TMP/across"
}

once_on_each_node() { # RULES
  local n
  both all '[auto]' straight
  for n in 1 2; do
    of_node $n "$TMP/straight.true" "$TMP/of.$n"
    SENSOR_OUT=$TMP/node$n.out
    check "$1, all: once on node $n" compare http "$TMP/of.$n"
  done
  none_lost "$1, all"
}

cluster_make
require_tools nft iptables
require_sensor
for ns in "$NODE1" "$NODE2" "$OUTSIDE" "$(pod_ns 11.2)" "$(pod_ns 11.3)" "$(pod_ns 12.2)" "$(pod_ns 12.3)"; do
  nginx_start "$ns"
done
for rules in iptables ${LONG:+nft}; do
  kube_rules $rules "$NODE1" 1.2
  kube_rules $rules "$NODE2" 2.2
  once_in_the_cluster $rules
  [ -n "${LONG:-}" ] || continue
  by_uplinks_alone $rules
  once_on_each_node $rules
done
