#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Proves from the includes that dependencies run one way (docs/ARCHITECTURE.md, "Layers"), that the
# core is pure, and that libbpf and netlink stay in one folder.
set -u
cd "$(dirname "$0")/.."
bad=0
complain() { echo "layers: $*" >&2; bad=1; }

# What a room's files may include of other rooms, as "room/...".
allowed() {
  case $1 in
    main) echo "cmd util" ;;
    cmd) echo "cmd sensor kernel capture out record store score config view core anomaly util" ;;
    sensor) echo "sensor kernel outbox out http record store config host serve view names pods snapshot core anomaly util" ;;
    snapshot) echo "snapshot core" ;;
    kernel) echo "kernel core util" ;;
    outbox) echo "outbox out record store core util" ;;
    out) echo "out http record core util" ;;
    http) echo "http util" ;;
    record) echo "record core util" ;;
    view) echo "view record core anomaly util" ;;
    names) echo "names record core util" ;;
    pods) echo "pods http record core util" ;;
    serve) echo "serve util" ;;
    capture) echo "capture util bpf" ;;
    store) echo "store core anomaly util" ;;
    score) echo "score core anomaly util" ;;
    config) echo "config core util" ;;
    host) echo "host util" ;;
    core) echo "core anomaly util" ;;
    anomaly) echo "anomaly" ;;
    util) echo "util" ;;
    *) echo "" ;;
  esac
}

for file in user/*.c user/*/*.[ch]; do
  room=${file#user/}
  case $room in */*) room=${room%%/*} ;; *) room=main ;; esac
  may=" $(allowed "$room") "
  for other in $(sed -n 's|^#include "\([a-z]*\)/.*|\1|p' "$file" | sort -u); do
    case $may in *" $other "*) ;; *) complain "$file ($room) includes from $other" ;; esac
  done
done

# only FOLDER PATTERN WHAT: an include that one room alone may have.
only() {
  for file in $(grep -lE "^#include [<\"]($2)" user/*.c user/*/*.[ch]); do
    case $file in user/$1/*) ;; *) complain "$file includes $3, which only user/$1 may" ;; esac
  done
}
only kernel 'bpf/(bpf|btf|libbpf)|libmnl/|linux/(rtnetlink|if_link|pkt_cls|bpf)\.h|(spikewatch|chains)\.skel\.h' "libbpf or netlink"
only config 'yaml\.h' "libyaml"
only capture '(pcap/|pcap\.h|zlib\.h)' "libpcap or zlib"
only serve 'microhttpd\.h' "libmicrohttpd"
only names '(ares|maxminddb)\.h' "c-ares or libmaxminddb"
only store 'sqlite3\.h' "SQLite"
only host 'seccomp\.h' "libseccomp"
only http 'curl/' "libcurl"
only capture 'bpf/parse\.h' "the parser"
# Of bpf/, user space takes the pure parser alone.
if grep -nE '^#include "bpf/' user/*.c user/*/*.[ch] | grep -v '"bpf/parse\.h"' >&2; then complain "of bpf/, only parse.h is pure"; fi

# The core and its model: no clock, file, socket, log, allocation of descriptors.
for file in user/core/*.[ch] user/anomaly/*.[ch] user/snapshot/*.[ch]; do
  grep -nE '^#include [<"](time\.h|stdio\.h|unistd\.h|fcntl\.h|sys/|poll\.h|jansson\.h|util/log\.h)' "$file" |
    grep -vE 'stdio\.h' | while read -r line; do echo "layers: $file:$line: the core is pure" >&2; done
  if grep -qE '^#include [<"](time\.h|unistd\.h|fcntl\.h|sys/|poll\.h|jansson\.h|util/log\.h)' "$file"; then bad=1; fi
  if grep -nE '\b(clock_gettime|time|gettimeofday|fopen|open|socket|getenv|fprintf|printf)\(' "$file" | grep -vE '^\S*\s*(/?\*|//)' >&2; then
    complain "$file calls the outside"
  fi
done

# BPF: plain headers compile on the host, so they know nothing of the kernel side.
for file in bpf/parse*.h bpf/http1*.h; do
  grep -qE '^#include .*(\.bpf\.h|bpf_helpers)' "$file" && complain "$file is pure"
done
grep -lE '^#include "(user|core|kernel|out|config|cmd)/' bpf/* include/* 2>/dev/null | while read -r file; do
  echo "layers: $file includes from user/" >&2
done
if grep -qE '^#include "(core|kernel|out|config|cmd)/' bpf/* include/*; then bad=1; fi
[ $bad -eq 0 ] && echo "layers: one way"
exit $bad
