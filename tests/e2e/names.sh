#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names of /etc/hosts and of DNS, hostile ones too; countries and AS; lists whose entries expire.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/servers.sh"
. "$LIB/sensor.sh"

records() {
  python3 "$LIB/records.py" "$1" "$SENSOR_OUT" "${@:2}"
}

opens() { # WHAT CONDITION...
  if wait_for 10 records has event.action=open "${@:2}"; then ok "$1"; else
    fail "$1" "$(records has event.action=open)"
  fi
}

errors() { # HOST-NUMBER COUNT
  http_get "$1" 10.77.2.2:80 keep "$2" /e/404 >/dev/null || fail "traffic of client $1"
}

# With files of its own in the place of /etc/hosts and /etc/resolv.conf.
start() {
  SENSOR_OUT=$TMP/sensor.out SENSOR_ERR=$TMP/sensor.err
  : >"$SENSOR_OUT"
  exec_in_ns "$GATEWAY" unshare -m sh -c "mount --make-rprivate / && mount --bind $TMP/etc/hosts /etc/hosts &&
    mount --bind $TMP/etc/resolv.conf /etc/resolv.conf && exec $SPIKEWATCH run -c $TMP/sw.yaml -i gwc -i gws --json --counts" \
    >"$SENSOR_OUT" 2>"$SENSOR_ERR" &
  SENSOR_PID=$!
  child $SENSOR_PID
  wait_for 20 sensor_ready || die "spikewatch does not start" "$(cat "$SENSOR_ERR")"
}

config() { # RESOLVE
  sensor_config "$TMP/sw.yaml" <<END
resolve: $1
geoip: [$TMP/country.mmdb, $TMP/asn.mmdb]
lists: {scanners: [{net: 10.77.1.30, until: 2001-01-01}, {net: 10.77.1.31}]}
rules:
  http-error-spike-internal: {threshold: {count: 20}, except: {either: scanners}}
END
}

mmdb() {
  python3 "$LIB/mmdb.py" "$1.new" "${@:2}" && mv "$1.new" "$1"
}

hosts_test() {
  printf '# comment\n10.77.1.5 build-5 alias\n10.77.1.5 second\n10.77.2.2\tintranet.example # x\n' >"$TMP/etc/hosts"
  printf '10.77.1.6 bad"name\nbroken line\n' >>"$TMP/etc/hosts"
  config hosts
  mmdb "$TMP/country.mmdb" country 10.77.1.0/24=DE 10.77.2.0/24=FR
  start
  check_match "a database that is missing is said" "$(records has event.action=degraded)" 'asn\.mmdb cannot be used: No such file'
  errors 5 20
  opens "names of /etc/hosts, the first of a line, and countries" source.ip=10.77.1.5 source.domain=build-5 \
    destination.domain=intranet.example source.geo.country_iso_code=DE destination.geo.country_iso_code=FR
  check_match "all entities have theirs" "$(records has event.action=open source.ip=10.77.1.5)" \
    '"role": *"source", *"ip": *"10\.77\.1\.5", *"hostname": *"build-5"'
  errors 6 20
  opens "a name that is none is left out" source.ip=10.77.1.6 source.domain=None
  mmdb "$TMP/asn.mmdb" asn '10.77.1.0/24=64500:An "AS"' fd77:1::/64=64501:Six
  check "a database that has come is used" wait_for 15 records has event.action=recovered
  printf '10.77.1.7 seven\n' >"$TMP/etc/hosts"
  wait_for 15 grep -q 'hosts was read: it has names of 1 ' "$SENSOR_ERR" || fail "a changed /etc/hosts is read again"
  errors 7 20
  opens "a changed /etc/hosts is read again, and the AS is told" source.ip=10.77.1.7 source.domain=seven \
    source.as.number=64500 'source.as.organization.name=An "AS"'
  http_get 8 '[fd77:2::2]:80' keep 20 /e/404 >/dev/null
  opens "of IPv6 too" source.ip=fd77:1::8 source.as.number=64501
  errors 30 20
  opens "an entry that has expired excepts nobody" source.ip=10.77.1.30
  errors 31 20
  head -c 300 /dev/urandom >"$TMP/country.mmdb.new" && mv "$TMP/country.mmdb.new" "$TMP/country.mmdb"
  check "a damaged database is said" wait_for 15 records has event.action=degraded "spikewatch.sensor.subject=$TMP/country.mmdb"
  errors 9 20
  opens "and the one before serves on" source.ip=10.77.1.9 source.geo.country_iso_code=DE
  : >"$TMP/asn.mmdb"
  errors 14 20
  opens "one that is emptied where it stands serves on" source.ip=10.77.1.14 source.as.number=64500
  sensor_stop
  check_equal "an entry that holds does" "$(records count event.kind=alert source.ip=10.77.1.31)" 0
  check_equal "exit code" "$SENSOR_RC" 0
}

questions() { # ADDRESS REVERSED
  grep -c "^$1\.in-addr\.arpa" "$TMP/dns.log"
}

dns_test() {
  : >"$TMP/etc/hosts"
  printf 'nameserver 127.0.0.1\n' >"$TMP/etc/resolv.conf"
  exec_in_ns "$GATEWAY" python3 "$LIB/dns_server.py" 127.0.0.1 "$TMP/dns.log" 10.77.1.10=ten.example \
    '10.77.1.11=evil\x22\x0a\x1b[31m.example' 10.77.1.12=silent 10.77.2.2=web.example "10.77.1.13=$(printf 'a%.0s' {1..63}).$(printf 'b%.0s' {1..63}).example" &
  child $!
  wait_for 10 grep -q ready "$TMP/dns.log" || die "the DNS server does not start"
  config dns
  start
  errors 10 12 # more than half: the name is asked for
  check "a group near its limit has its name asked for" wait_for 10 grep -q '^10\.1\.77\.10\.in-addr' "$TMP/dns.log"
  errors 10 8
  opens "so its first alert has it" source.ip=10.77.1.10 source.domain=ten.example
  errors 11 20
  opens "a hostile name is left out" source.ip=10.77.1.11 source.domain=None
  errors 12 20
  opens "who does not answer delays nothing" source.ip=10.77.1.12 source.domain=None
  check_equal "an address is asked once" "$(questions '10\.1\.77\.10')" 1
  check_equal "others are not asked" "$(questions '31\.1\.77\.10')" 0
  sensor_stop
  check_equal "exit code with a question under way" "$SENSOR_RC" 0
  check_equal "no name has a control character" "$(grep -c $'\x1b' "$SENSOR_OUT")" 0
}

topology_make
require_tools jq
require_sensor
nginx_start
mkdir "$TMP/etc"
: >"$TMP/etc/hosts"
: >"$TMP/etc/resolv.conf"
hosts_test
dns_test
