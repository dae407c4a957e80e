# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A real nginx and a server of our own; both write "client server port status".
#
# nginx does so from three points of view, which differ where NAT is between it and the client (see
# http_client.py): NGINX_LOG has the addresses that nginx sees, CLIENT_LOG those that the client sees,
# and TRUE_LOG the client's own address and nginx's own.
# Needs topology.sh.

# shellcheck disable=SC2034 # for those who source this
NGINX_LOG='' CLIENT_LOG='' TRUE_LOG='' SERVER_LOG='' NGINX_PID='' SERVER_PID=''

# A file that is nothing but responses, for whoever looks for them at the start of a segment.
write_hostile_file() { # PATH BYTES
  yes $'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r' | head -c "$2" >"$1"
}

write_nginx_files() { # FOLDER
  mkdir -p "$1/logs" "$1/tmp" "$1/html/empty" "$1/html/ssi"
  write_hostile_file "$1/html/big.bin" 5000000
  write_hostile_file "$1/html/page.txt" 20000
  printf '<!--#echo var="REMOTE_ADDR" -->\r\nHTTP/1.1 404 Not Found\r\n\r\n' >"$1/html/ssi/page.html"
}

# The bodies imitate a status line: who looks for those counts twice.
write_nginx_errors() {
  printf '    location = /e/%d { return %d "HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n"; }\n' \
    400 400 401 401 403 403 404 404 405 405 413 413 416 416 429 429 500 500 502 502 503 503 504 504
}

# Own folder, own everything: nothing of the system's nginx is read or written.
write_nginx_conf() { # FOLDER
  cat >"$1/nginx.conf" <<END
user root;
worker_processes 2;
pid $1/nginx.pid;
error_log $1/logs/error.log warn;
events { worker_connections 1024; }
http {
  log_format counts '\$remote_addr \$server_addr \$server_port \$status';
  log_format client '\$http_x_client \$http_x_server \$status';
  log_format true '\$http_x_client \$server_addr \$server_port \$status';
  access_log $1/logs/access.log counts;
  access_log $1/logs/client.log client;
  access_log $1/logs/true.log true;
  client_body_temp_path $1/tmp/body;
  proxy_temp_path $1/tmp/proxy;
  fastcgi_temp_path $1/tmp/fastcgi;
  uwsgi_temp_path $1/tmp/uwsgi;
  scgi_temp_path $1/tmp/scgi;
  root $1/html;
  types { text/html html; text/plain txt; }
  default_type application/octet-stream;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  server {
    listen 80 backlog=1024;
    listen [::]:80 ipv6only=on backlog=1024;
    location = /ok { return 200 "ok\n"; }
    location = /empty-answer { return 204; }
    location = /moved { return 301 /ok; }
$(write_nginx_errors)
    location /gzip/ { alias $1/html/; gzip on; gzip_min_length 1; gzip_types *; }
    location /ssi/ { ssi on; }
    location /up/ { proxy_pass http://127.0.0.1:8080/; proxy_http_version 1.1; proxy_buffering off; }
  }
}
END
}

# nginx_start [NAMESPACE]: in the servers' by default. Several write into the same logs.
nginx_start() {
  local folder=$TMP/nginx ns=${1:-$SERVERS}
  command -v nginx >/dev/null || {
    skip "needs nginx"
    exit 0
  }
  write_nginx_files "$folder"
  write_nginx_conf "$folder"
  exec_in_ns "$ns" nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/logs/error.log" \
    -g 'daemon off;' >"$folder/out" 2>&1 &
  NGINX_PID=$! NGINX_LOG=$folder/logs/access.log
  CLIENT_LOG=$folder/logs/client.log TRUE_LOG=$folder/logs/true.log
  child $NGINX_PID
  wait_for 10 port_open "$ns" 127.0.0.1 80 ||
    die "nginx does not answer" "$(cat "$folder/out" "$folder/logs/error.log" 2>&1)"
}

# Lets nginx finish what it has begun: after that its log is complete.
nginx_stop() {
  kill -QUIT "$NGINX_PID"
  wait_for 15 process_gone "$NGINX_PID" || die "nginx does not stop"
}

# Our own server, on port 8080: byte by byte, chunked, split, close-delimited... (http_server.py).
server_start() {
  SERVER_LOG=$TMP/server.log
  exec_in_ns "$SERVERS" python3 "$LIB/http_server.py" --log "$SERVER_LOG" 8080 >"$TMP/server.out" 2>&1 &
  SERVER_PID=$!
  child $SERVER_PID
  wait_for 10 port_open "$SERVERS" 127.0.0.1 8080 ||
    die "the server does not answer" "$(cat "$TMP/server.out")"
}

# Writes each line of the log before it sends the last byte of a response: nothing to wait for.
server_stop() {
  process_end "$SERVER_PID"
}

# http_get HOST-NUMBER URL-ADDRESS:PORT MODE COUNT PATH...: a client (see http_client.py).
http_get() {
  local n=$1 to=$2 from=10.77.1.$1
  case $to in '['*) from=fd77:1::$n ;; esac
  shift 2
  in_ns "$CLIENTS" timeout 60 python3 "$LIB/http_client.py" "$from" "$to" "$@"
}
