# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Who is said to be client and server: what the sensor counts under some traffic, against nginx's logs.
# Needs topology.sh, servers.sh and sensor.sh.
#
# A host is NETWORK.HOST, for 10.77.NETWORK.HOST and fd77:NETWORK::HOST: everything is done in both
# families.

ASKED=0

address_v4() { printf '10.77.%s' "$1"; }
address_v6() { printf 'fd77:%s::%s' "${1%.*}" "${1#*.}"; }

# ask NAMESPACE: talks as the lines "FROM[,PORT] TO:PORT [MODES]" on standard input say, one after the
# other.
ask() {
  local from to modes n list out
  while read -r from to modes; do
    modes=${modes:-keep,fresh,pipeline} n=${from#"${from%,*}"}
    IFS=, read -ra list <<<"$modes"
    [ -n "$from" ] || continue
    ASKED=$((ASKED + 2 * 6 * ${#list[@]}))
    printf '%s%s %s:%s %s 6 /ok /e/404 /e/500\n' "$(address_v4 "${from%,*}")" "$n" \
      "$(address_v4 "${to%:*}")" "${to#*:}" "$modes" \
      "$(address_v6 "${from%,*}")" "$n" "[$(address_v6 "${to%:*}")]" "${to#*:}" "$modes"
  done >"$TMP/asks"
  out=$(in_ns "$1" timeout 60 python3 "$LIB/http_client.py" - <"$TMP/asks" 2>&1) ||
    fail "traffic" "$(cat "$TMP/asks")
$out"
}

# nginx logs a response after it has sent it.
logs_are_complete() {
  [ "$(wc -l <"$NGINX_LOG")" = $ASKED ] && [ "$(wc -l <"$CLIENT_LOG")" = $ASKED ] &&
    [ "$(wc -l <"$TRUE_LOG")" = $ASKED ]
}

logs_clear() {
  : >"$NGINX_LOG"
  : >"$CLIENT_LOG"
  : >"$TRUE_LOG"
  ASKED=0
}

logs_complete() {
  wait_for 5 logs_are_complete ||
    fail "nginx answers everything" "$(wc -l "$TMP"/nginx/logs/*.log), $ASKED asked"
}

# watch TRAFFIC ARG...: TRAFFIC under `spikewatch run ARG...` in the namespace WATCHED, the gateway's.
watch() {
  local traffic=$1
  shift
  logs_clear
  sensor_start "${WATCHED:-$GATEWAY}" -c "${CONFIG:-$TMP/sw.yaml}" "$@"
  $traffic
  logs_complete
  sensor_stop
}

# judge WHAT LOG [HOST...]: those clients (all, where none is given) are counted as they stand in LOG
# (nginx, client or true, see servers.sh).
judge() {
  local what=$1 log=$TRUE_LOG host clients=()
  case $2 in
  client) log=$CLIENT_LOG ;;
  nginx) log=$NGINX_LOG ;;
  esac
  shift 2
  for host; do clients+=(--client "$(address_v4 "$host")" --client "$(address_v6 "$host")"); done
  check "$what" compare http "${clients[@]}" "$log"
}

# Nothing was refused, out of step or found again; the counters agree.
judge_counters() { # WHAT
  check_equal "$1: in step" "$(grep -oE '"http_(gap|no_reverse|resync)": *[1-9][0-9]*' "$SENSOR_OUT")" ""
  check "$1: counters agree" compare totals
}

# The gateway's NAT: the chains of a table of family inet, on standard input.
nat() {
  { echo 'flush ruleset' && echo 'table inet nat {' && cat && echo '}'; } >"$TMP/nft"
  in_ns "$GATEWAY" nft -f "$TMP/nft" || die "nft refuses these rules" "$(cat "$TMP/nft")"
}
