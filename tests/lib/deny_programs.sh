# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs that deny (tests/e2e/deny.bpf.c), and what they counted. Needs topology.sh.

DENY_PINS=/sys/fs/bpf/${NS_PREFIX}deny

deny_build() {
  clang -target bpf -O2 -g -I"/usr/include/$(gcc -dumpmachine)" -c "$ROOT/tests/e2e/deny.bpf.c" \
    -o "$TMP/deny.o" || die "deny.bpf.c does not compile"
}

# deny_load NAME...: each has maps of its own.
deny_load() {
  local name
  mkdir -p "$DENY_PINS" || die "no bpffs at /sys/fs/bpf"
  on_exit rm -rf "$DENY_PINS"
  for name; do
    bpftool prog loadall "$TMP/deny.o" "$DENY_PINS/$name" pinmaps "$DENY_PINS/$name-maps" ||
      die "bpftool does not load deny.bpf.c"
  done
}

# What it denied, for denies.py.
deny_dump() { # NAME FILE
  bpftool -j map dump pinned "$DENY_PINS/$1-maps/denied" >"$2" || die "bpftool does not read the map"
}

deny_seen() { # NAME
  bpftool -j map dump pinned "$DENY_PINS/$1-maps/seen" | jq '.[0].formatted.value'
}

# deny_clear NAME...: the program stays where it is attached.
deny_clear() {
  local name key
  for name; do
    bpftool map update pinned "$DENY_PINS/$name-maps/seen" key 0 0 0 0 value 0 0 0 0 0 0 0 0
    bpftool -j map dump pinned "$DENY_PINS/$name-maps/denied" | jq -r '.[].key | join(" ")' |
      while read -r key; do
        # shellcheck disable=SC2086
        bpftool map delete pinned "$DENY_PINS/$name-maps/denied" key $key
      done
  done
}

# As the network policy agents of clouds attach it.
deny_filter_add() { # NAMESPACE DEVICE SIDE NAME [HANDLE]
  in_ns "$1" tc qdisc add dev "$2" clsact 2>/dev/null
  in_ns "$1" tc filter add dev "$2" "$3" prio 1 handle "${5:-1}" protocol all \
    bpf da object-pinned "$DENY_PINS/$4/deny_tc" || die "tc refuses the filter"
}

deny_filter_del() { # NAMESPACE DEVICE SIDE [HANDLE]
  in_ns "$1" tc filter del dev "$2" "$3" prio 1 handle "${4:-1}" protocol all bpf
}
