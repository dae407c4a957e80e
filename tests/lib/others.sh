# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Servers and proxies that are not ours, beside nginx: Apache httpd, lighttpd, Python's http.server,
# HAProxy and Squid. Each writes "client server port status". Needs topology.sh and servers.sh.
#
# Ports of 10.77.2.2 and fd77:2::2: Apache 81 and with TLS 444, Python 82, lighttpd 83; 84 never
# answers, 85 hangs up.
# The proxies have a network of their own at the gateway, 10.77.3.2 and fd77:3::2, so that both the
# clients' exchange with them and theirs with nginx pass it: HAProxy 8080, Squid 3128.

PROXIES=${NS_PREFIX}proxies
declare -A DAEMONS=() # by name: the process
OTHER_LOGS=() TLS_LOG=
MODULES=/usr/lib/apache2/modules

proxies_make() {
  ns_make "$PROXIES"
  veth_make "$GATEWAY" gwp "$PROXIES" p0
  LINK_ENDS+=("$GATEWAY gwp" "$PROXIES p0")
  address_add "$GATEWAY" gwp 10.77.3.1/24 fd77:3::1/64
  address_add "$PROXIES" p0 10.77.3.2/24 fd77:3::2/64
  ip -n "$PROXIES" route add default via 10.77.3.1
  ip -n "$PROXIES" -6 route add default via fd77:3::1
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 10.77.3.2 || die "clients don't reach the proxies (IPv4)"
  wait_for 5 in_ns "$CLIENTS" ping -c1 -W1 fd77:3::2 || die "clients don't reach the proxies (IPv6)"
}

# daemon_start NAME NAMESPACE ADDRESS PORT COMMAND...: in the foreground; returns when it listens.
daemon_start() {
  local name=$1 ns=$2 address=$3 port=$4
  shift 4
  exec_in_ns "$ns" "$@" >"$TMP/$name.out" 2>"$TMP/$name.err" &
  DAEMONS[$name]=$!
  child $!
  wait_for 10 port_open "$ns" "$address" "$port" ||
    die "$name does not answer" "$(tail -n 20 "$TMP/$name.out" "$TMP/$name.err")"
}

# Lets it finish what it has begun: after that its log is complete.
daemon_stop() { # NAME SIGNAL
  kill "-$2" "${DAEMONS[$1]}"
  wait_for 15 process_gone "${DAEMONS[$1]}" || die "$1 does not stop"
}

# A program for CGI: /STATUS behind its name. The server learns no length, so the body is chunked;
# and it imitates a status line.
write_cgi() { # PATH
  cat >"$1" <<'END'
#!/bin/sh
printf 'Status: %s\r\nContent-Type: text/plain\r\n\r\n' "${PATH_INFO#/}"
case $PATH_INFO in */204 | */304) exit ;; esac
[ "$REQUEST_METHOD" != HEAD ] || exit
for i in 1 2 3; do printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'; done
END
  chmod 755 "$1"
}

write_apache_conf() { # FOLDER
  local status
  cat <<END
ServerRoot $1
ServerName apache.test
DefaultRuntimeDir $1
PidFile $1/pid
ErrorLog $1/error.log
User nobody
Group nogroup
Listen 10.77.2.2:81
Listen [fd77:2::2]:81
Listen 10.77.2.2:444
Listen [fd77:2::2]:444
$(for m in mpm_event authz_core alias mime dir filter deflate cgid ssl; do
    printf 'LoadModule %s_module %s/mod_%s.so\n' $m $MODULES $m
  done)
LogFormat "%a %A %{local}p %>s" counts
CustomLog $1/access.log counts
KeepAlive On
MaxKeepAliveRequests 0
EnableSendfile On
TypesConfig /dev/null
DocumentRoot $DOCS
<Directory $DOCS>
  Require all granted
</Directory>
<Directory $1>
  Require all granted
</Directory>
ScriptSock $1/cgi.sock
ScriptAlias /cgi $1/cgi
<Location /cgi>
  LimitRequestBody 1000
</Location>
Alias /gzip $DOCS
<Location /gzip>
  SetOutputFilter DEFLATE
</Location>
<VirtualHost *:444>
  SSLEngine on
  SSLCertificateFile $1/tls.pem
  CustomLog $1/tls.log counts
</VirtualHost>
Redirect 301 /moved /page.txt
ErrorDocument 404 "HTTP/1.1 500 Not Found\r\nContent-Length: 0\r\n\r\n"
END
  for status in 401 403 404 405 413 416 500 502 503 504; do
    printf 'Redirect %d /e/%d\n' $status $status
  done
}

apache_start() {
  local folder=$TMP/apache
  mkdir "$folder"
  write_cgi "$folder/cgi"
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=apache.test -days 2 -keyout "$folder/key.pem" \
    -out "$folder/cert.pem" 2>"$folder/openssl.err" || die "no certificate" "$(cat "$folder/openssl.err")"
  cat "$folder/key.pem" "$folder/cert.pem" >"$folder/tls.pem"
  write_apache_conf "$folder" >"$folder/conf"
  daemon_start apache "$SERVERS" 10.77.2.2 81 apache2 -f "$folder/conf" -DFOREGROUND
  OTHER_LOGS+=("$folder/access.log")
  # shellcheck disable=SC2034 # for those who source this
  TLS_LOG=$folder/tls.log
}

write_lighttpd_conf() { # FOLDER
  cat <<END
server.modules = ("mod_accesslog", "mod_alias", "mod_cgi", "mod_redirect")
server.bind = "10.77.2.2"
server.port = 83
\$SERVER["socket"] == "[fd77:2::2]:83" { }
server.document-root = "$DOCS"
server.errorlog = "$1/error.log"
server.upload-dirs = ("$1")
server.max-keep-alive-requests = 1000000
server.max-request-size = 100
server.stream-response-body = 1
accesslog.filename = "$1/access.log"
accesslog.format = "%a %A %p %s"
alias.url = ("/e" => "$1/cgi", "/cgi" => "$1/cgi")
\$HTTP["url"] =~ "^/(e|cgi)" { cgi.assign = ("" => "") }
url.redirect = ("^/moved" => "/page.txt")
END
}

lighttpd_start() {
  local folder=$TMP/lighttpd
  mkdir "$folder"
  write_cgi "$folder/cgi"
  write_lighttpd_conf "$folder" >"$folder/conf"
  daemon_start lighttpd "$SERVERS" 10.77.2.2 83 lighttpd -D -f "$folder/conf"
}

lighttpd_stop() {
  daemon_stop lighttpd INT
  tr -d '[]' <"$TMP/lighttpd/access.log" >"$TMP/lighttpd.log" # around IPv6 addresses
  OTHER_LOGS+=("$TMP/lighttpd.log")
}

# One for each family: its log does not say which address was asked.
python_start() {
  local address
  for address in 10.77.2.2 fd77:2::2; do
    daemon_start "python-$address" "$SERVERS" "$address" 82 \
      python3 -u -m http.server --protocol HTTP/1.1 --bind "$address" --directory "$DOCS" 82
  done
}

# Of its log on standard error, the lines with a request: CLIENT - - [TIME] "REQUEST" STATUS -
python_stop() {
  local address
  for address in 10.77.2.2 fd77:2::2; do
    daemon_stop "python-$address" TERM
    sed -nE "s/^([^ ]+) - - \[.*\] \".*\" ([0-9]{3}) -\$/\1 $address 82 \2/p" \
      "$TMP/python-$address.err" >"$TMP/python-$address.log"
    OTHER_LOGS+=("$TMP/python-$address.log")
  done
}

# What a proxy makes 504 and 502 of.
odd_servers_start() {
  daemon_start odd "$SERVERS" 10.77.2.2 85 python3 -c '
import socket
silent = socket.create_server(("10.77.2.2", 84))
rude = socket.create_server(("10.77.2.2", 85))
while True:
    peer = rude.accept()[0]
    peer.recv(65536)
    peer.close()'
}

# One thread: a second one that logs at the same time would rather lose its line than wait.
# Whoever connects and says nothing gets a 400 from it if probes are not ignored. wrk does that.
write_haproxy_conf() {
  local status
  cat <<END
global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option http-ignore-probes
  log-format "%ci %fi %fp %ST"
  retries 0
  timeout connect 2s
  timeout client 20s
  timeout server 500ms
frontend all
  bind 10.77.3.2:8080
  bind [fd77:3::2]:8080
$(for status in 204 401 403 405 413 416 500; do
    printf '  http-request return status %d if { path /own/%d }\n' $status $status
  done)
  http-request redirect code 301 location /ok if { path /own/301 }
  use_backend silent if { path /own/504 }
  use_backend rude if { path /own/502 }
  use_backend nobody if { path /own/503 }
  default_backend nginx
backend nginx
  server nginx 10.77.2.2:80
backend silent
  server silent 10.77.2.2:84
backend rude
  server rude 10.77.2.2:85
backend nobody
END
}

haproxy_start() {
  write_haproxy_conf >"$TMP/haproxy.conf"
  daemon_start haproxy "$PROXIES" 10.77.3.2 8080 haproxy -db -f "$TMP/haproxy.conf"
}

haproxy_stop() {
  daemon_stop haproxy USR1
  grep -v '^Proxy ' "$TMP/haproxy.out" >"$TMP/haproxy.log" # says at the end that it stops
  OTHER_LOGS+=("$TMP/haproxy.log")
}

write_squid_conf() { # FOLDER
  cat <<END
http_port 10.77.3.2:3128
http_port [fd77:3::2]:3128
logformat counts %>a %>la %>lp %>Hs
access_log stdio:$1/access.log logformat=counts
buffered_logs off
cache_log $1/cache.log
pid_filename none
coredump_dir none
cache_mem 8 MB
cache_effective_user nobody
visible_hostname squid.test
hosts_file none
dns_nameservers 127.0.0.1
pinger_enable off
shutdown_lifetime 1 second
read_timeout 1 second
acl denied urlpath_regex ^/denied
http_access deny denied
http_access allow all
END
}

squid_start() {
  local folder=$TMP/squid
  mkdir "$folder"
  chown nobody "$folder"
  write_squid_conf "$folder" >"$folder/conf"
  daemon_start squid "$PROXIES" 10.77.3.2 3128 squid -N -f "$folder/conf"
}

squid_stop() {
  daemon_stop squid TERM
  grep -v ' 0$' "$TMP/squid/access.log" >"$TMP/squid.log" # connections that ended without a request
  OTHER_LOGS+=("$TMP/squid.log")
}

others_start() {
  DOCS=$TMP/nginx/html
  truncate -s 1100000 "$DOCS/big.bin"
  apache_start
  lighttpd_start
  python_start
  odd_servers_start
  haproxy_start
  squid_start
}

# The proxies first: what they have begun, they ask others for.
others_stop() {
  squid_stop
  haproxy_stop
  daemon_stop apache WINCH
  lighttpd_stop
  python_stop
}
