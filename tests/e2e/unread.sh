#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What share of servers' connections can't be read: TLS, HTTP/2 and QUIC, said and taken back.
. "$(dirname "$0")/../lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/sensor.sh"

S=10.77.2.2

server_start() {
  local folder=$TMP/nginx
  mkdir -p "$folder"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=unread.test \
    -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>"$folder/openssl.err" ||
    die "no certificate" "$(cat "$folder/openssl.err")"
  cat >"$folder/nginx.conf" <<END
user root;
pid $folder/nginx.pid;
error_log $folder/error.log warn;
events {}
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  ssl_certificate $folder/cert.pem;
  ssl_certificate_key $folder/key.pem;
  server { listen 80; listen 443 ssl; location / { return 404 no; } }
  server { listen 8080 http2; location / { return 404 no; } }
}
END
  exec_in_ns "$SERVERS" nginx -p "$folder" -c "$folder/nginx.conf" -g 'daemon off;' 2>"$folder/start.err" &
  child $!
  wait_for 10 in_ns "$CLIENTS" curl -s -o "$folder/page" "http://$S/" || die "nginx does not start" "$(cat "$folder/start.err")"
}

quic() { # COUNT: crafted first packets, each sent twice
  in_ns "$CLIENTS" python3 - "$1" <<'END'
import socket
import sys

for i in range(int(sys.argv[1])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("10.77.1.3", 42000 + i))
        for _ in range(2):
            s.sendto(b"\xc3\0\0\0\1\x08abcdefgh\0\0\x44\x9e".ljust(1200, b"\x55"), ("10.77.2.2", 443))
END
}

unread() { # JQ-EXPRESSION
  "$SPIKEWATCH" status -c "$TMP/sw.yaml" --json 2>"$TMP/status.err" | jq -c ".unread | $1"
}

unread_is() { [ "$(unread "$1")" = "$2" ]; } # JQ-EXPRESSION WANTED

topology_make
require_tools nginx openssl curl h2load jq python3
require_sensor
server_start
sensor_config "$TMP/sw.yaml" </dev/null
sensor_start "$GATEWAY" -c "$TMP/sw.yaml" -i gwc -i gws
for _ in 1 2 3 4 5 6; do in_ns "$CLIENTS" curl -sk -o "$TMP/page" "https://$S/" || fail "TLS by curl"; done
for _ in 1 2 3; do
  in_ns "$CLIENTS" openssl s_client -connect "$S:443" </dev/null >"$TMP/s_client" 2>&1 || fail "TLS by openssl"
done
in_ns "$CLIENTS" h2load -n 20 -c 5 "http://$S:8080/" >"$TMP/h2load" || fail "HTTP/2 by h2load"
quic 4
for _ in 1 2; do in_ns "$CLIENTS" curl -s -o "$TMP/page" "http://$S/" || fail "HTTP/1 by curl"; done
check "each connection is in status, once" wait_for 15 unread_is '[.http1, .tls, .http2, .quic]' '[2,9,5,4]'
check_equal "by server" "$(unread '[.servers[] | [.server, .tls, .http2, .quic, .unread_share]]')" \
  "[[\"$S:443\",9,0,4,1],[\"$S:8080\",0,5,0,1]]"
check "it is said" wait_for 10 sensor_says '"degraded".*18 of 20 connections lately \(90 %\)'
in_ns "$CLIENTS" python3 "$LIB/http_client.py" 10.77.1.3 $S:80 fresh 60 /e/404 >"$TMP/fresh" || fail "HTTP/1"
check "and that it is over, when most can be read" wait_for 15 sensor_says '"recovered".*62 of 80'
sensor_stop
check_equal "totals tell it too" \
  "$(jq -c 'select(.totals) | .totals | [.spoken_http1, .spoken_tls, .spoken_http2, .spoken_quic]' "$SENSOR_OUT")" '[62,9,5,4]'
