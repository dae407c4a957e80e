#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names of pods from an API server and a kubelet over TLS, good ones and those that lie, hang, go and
# come: alerts have the names that are known, and wait for none.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/firewall.sh"
. "$LIB/sensor.sh"

KUBE_PID='' URL=''

order() { echo "$1" >"$K/order"; }

authority() { # NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1 authority" \
    -keyout "$TMP/$1-ca.key" -out "$TMP/$1-ca.crt" 2>/dev/null || die "no authority $1"
}

certificate() { # NAME AUTHORITY DAYS
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=kube -keyout "$TMP/$1.key" \
    -out "$TMP/$1.csr" 2>/dev/null &&
    openssl x509 -req -in "$TMP/$1.csr" -CA "$TMP/$2-ca.crt" -CAkey "$TMP/$2-ca.key" -CAcreateserial -days "$3" \
      -extfile <(printf 'subjectAltName=IP:127.0.0.1') -out "$TMP/$1.crt" 2>/dev/null || die "no certificate $1"
}

kube_start() { # CERTIFICATE
  exec_in_ns "$GATEWAY" python3 "$LIB/kube.py" 10250 "$K" "$TMP/$1.crt" "$TMP/$1.key" 2>"$TMP/kube.err" &
  KUBE_PID=$!
  child $KUBE_PID
  wait_for 10 port_open "$GATEWAY" 127.0.0.1 10250 || die "no server" "$(cat "$TMP/kube.err")"
}

# pod NAME ADDRESS [NODE] [OWNER-KIND OWNER-NAME] [PHASE]: as the API shows it; all pods go to pods.json
PODS=()
pod() {
  PODS+=("$(jq -cn --arg name "$1" --arg ip "$2" --arg node "${3:-node-1}" --arg kind "${4:-}" --arg owner "${5:-}" \
    --arg phase "${6:-Running}" '{metadata: {uid: ("uid-" + $name), namespace: "shop", name: $name, resourceVersion: "5",
      labels: {"pod-template-hash": "6d4b75cb6d"},
      ownerReferences: (if $kind == "" then [] else [{kind: $kind, name: $owner, controller: true}] end)},
      spec: {nodeName: $node, containers: [{name: "c", image: "i", env: [{name: "A", value: "{[\"}"}]}]},
      status: {phase: $phase, hostIP: "10.77.9.1", podIP: $ip, podIPs: [{ip: $ip}]}}')")
}
pods_publish() {
  printf '%s\n' "${PODS[@]}" | jq -cs . >"$K/pods.json.new" && mv "$K/pods.json.new" "$K/pods.json"
  PODS=()
}

records() { python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"; }
state() { jq -r "$1" <("$SPIKEWATCH" status -c "$TMP/sw.yaml" --json 2>/dev/null); }
state_is() { [ "$(state "$1")" = "$2" ]; }
condition() { grep -Eq -- "names of pods cannot be had: .*$1" "$SENSOR_ERR"; }
asked() { grep -c -- "$1" "$K/log"; }
has_asked() { [ "$(asked "$2")" -ge "$1" ]; }

# A client is denied so often that it alerts: from half of it on, its name is wanted.
denies() { # SOURCE COUNT
  knock "$CLIENTS" -b "$1" -n "$2" udp:10.77.2.2:7000
}
opens() { # WHAT CONDITION...
  if wait_for 10 records has event.action=open "${@:2}"; then ok "$1"; else
    fail "$1" "$(records has event.action=open)$(cat "$SENSOR_ERR")"
  fi
}

start() { # NAMES [VARIABLE=VALUE...]
  sensor_config "$TMP/sw.yaml" <<END
kubernetes: {names: $1, token: $TMP/token, ca: $TMP/right-ca.crt, refresh: 1s${URL:+, url: "$URL"}}
rules:
  firewall-deny-spike: {enabled: false}
  denies: {title: denies, feed: drop, match: {class: [firewall]}, group_by: [source], threshold: {count: 10, window: 2m}}
END
  : >"$K/log"
  SENSOR_OUT=$TMP/sensor.out SENSOR_ERR=$TMP/sensor.err
  : >"$SENSOR_OUT"
  exec_in_ns "$GATEWAY" env NODE_NAME=node-1 "${@:2}" "$SPIKEWATCH" run -c "$TMP/sw.yaml" -i gwc -i gws --json \
    >"$SENSOR_OUT" 2>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
  wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
}

stop() {
  sensor_stop
  check_equal "exit code" "$SENSOR_RC" 0
}

topology_make
require_tools nft jq openssl python3
require_sensor
K=$TMP/kube
mkdir "$K"
firewall_load "$GATEWAY" 'add table inet t
add chain inet t forward { type filter hook forward priority 0; }
add rule inet t forward udp dport 7000-7999 drop'
authority right
authority wrong
certificate right right 2
certificate wrong wrong 2
certificate old right -1
echo one >"$TMP/token"
echo one >"$K/token"
order good

api_test() {
  pod cart-6d4b75cb6d-x2x7k 10.77.1.2 node-1 ReplicaSet cart-6d4b75cb6d
  pod db-0 10.77.1.3 node-1 StatefulSet db
  pod peer-6d4b75cb6d-aaaaa 10.77.1.4 node-2 ReplicaSet peer-6d4b75cb6d
  pod web 10.77.2.2 node-1
  pod done-1 10.77.1.5 node-1 Job done Succeeded
  pods_publish
  start api KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=10250
  check "the node's pods are watched" wait_for 5 state_is .kubernetes.pods 3
  denies 10.77.1.2 12
  opens "the source's pod and Deployment, the destination's pod" source.ip=10.77.1.2 spikewatch.source.kubernetes.namespace=shop \
    spikewatch.source.kubernetes.pod.name=cart-6d4b75cb6d-x2x7k spikewatch.source.kubernetes.workload.kind=Deployment \
    spikewatch.source.kubernetes.workload.name=cart spikewatch.destination.kubernetes.pod.name=web \
    spikewatch.destination.kubernetes.workload=None
  check_match "entities have them" "$(records has source.ip=10.77.1.2)" \
    '"role": *"source", *"ip": *"10\.77\.1\.2",.{0,80}"namespace": *"shop"'
  check_equal "only the watch was asked for so far" "$(asked podIP)" "$(asked 'podIP%3D10.77.2.2')"
  denies 10.77.1.4 7
  check "near its limit, a pod of another node is asked for" wait_for 5 has_asked 1 'podIP%3D10.77.1.4'
  check "and becomes known" wait_for 5 state_is .kubernetes.pods 4
  denies 10.77.1.4 5
  opens "so its alert names it" source.ip=10.77.1.4 spikewatch.source.kubernetes.workload.name=peer
  denies 10.77.1.5 12
  opens "who has ended has no address" source.ip=10.77.1.5 spikewatch.source=None

  # db-0 is made again elsewhere, its address goes to another; cart is deleted.
  pod db-0 10.77.1.6 node-1 StatefulSet db
  pod taker 10.77.1.3 node-1
  pods_publish
  check "a watch tells of changes, and who was deleted is kept" wait_for 5 state_is .kubernetes.pods 5
  denies 10.77.1.3 12
  opens "an address that another took is the other's" source.ip=10.77.1.3 spikewatch.source.kubernetes.pod.name=taker
  denies 10.77.1.6 12
  opens "a pod at a new address is named there" source.ip=10.77.1.6 spikewatch.source.kubernetes.workload.kind=StatefulSet

  # The token is replaced, the server goes and comes.
  echo two >"$K/token"
  process_end $KUBE_PID
  check "a server that is gone is said" wait_for 20 condition 'connect'
  echo two >"$TMP/token"
  kube_start right
  check "it comes back, with a token that was replaced" wait_for 15 grep -q 'names of pods come again' "$SENSOR_ERR"
  check_equal "said once" "$(grep -c 'cannot be had' "$SENSOR_ERR")" 1
  check_equal "in status it is over" "$(state '.kubernetes.trouble')" null
  stop
}

# Milliseconds from the first packet to the record.
delay() { # SOURCE
  local began
  began=$(date +%s%N)
  denies "$1" 12
  wait_for 10 records has event.action=open "source.ip=$1" || fail "an alert of $1"
  echo $((($(date +%s%N) - began) / 1000000))
}

# The middle of three.
delays() { # SOURCE...
  local source
  for source; do delay "$source"; done | sort -n | sed -n 2p
}

kubelet_test() {
  local good hanging
  pod cart-6d4b75cb6d-x2x7k 10.77.1.12 node-1 ReplicaSet cart-6d4b75cb6d
  pod elsewhere 10.77.1.13 node-2
  pods_publish
  start kubelet HOST_IP=127.0.0.1
  check "the kubelet's list is read" wait_for 5 state_is .kubernetes.pods 1
  good=$(delays 10.77.1.12 10.77.1.13 10.77.1.14)
  check "its pod is named" records has source.ip=10.77.1.12 spikewatch.source.kubernetes.workload.name=cart
  check "one of another node is not" records has source.ip=10.77.1.13 spikewatch.source=None
  order evil
  check "impossible names are refused" wait_for 5 state_is '.kubernetes.pods_refused >= 8' true
  order hang
  check "the server hangs" wait_for 5 grep -q ^hang "$K/log"
  hanging=$(delays 10.77.1.15 10.77.1.16 10.77.1.17)
  check "alerts wait for nobody: $hanging ms, $good ms with a good server" test "$hanging" -le $((good + good / 2 + 200))
  stop
  check_equal "no name has a control character" "$(grep -c $'\x1b' "$SENSOR_OUT")" 0
}

# A server that shows no good certificate is asked for nothing, and gets no token.
distrust_test() { # CERTIFICATE WHAT-IS-SAID SOURCE
  kube_start "$1"
  start kubelet
  check "$1: said" wait_for 15 condition "$2"
  check_equal "$1: nothing was asked" "$(wc -l <"$K/log")" 0
  denies "$3" 12
  opens "$1: alerts come" "source.ip=$3"
  process_end $KUBE_PID
  stop
}

kube_start right
api_test
kubelet_test
process_end $KUBE_PID
distrust_test wrong 'self.signed|unable to get local issuer' 10.77.1.20
distrust_test old 'expired' 10.77.1.21
