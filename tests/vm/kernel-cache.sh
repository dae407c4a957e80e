# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only
# Part of kernel-matrix.sh: its cache. Kernels, their modules, a user land and tools as Debian packages,
# fetched and unpacked without being installed. The caller sets CACHE, FLAVOUR, ARCH, HOSTARCH, CODENAME, PKGS.

# ---------------------------------------------------------------- apt, privately
# One "view" = one set of suites + one architecture, with lists of its own. The
# mirror's address is the one that this machine's apt is set up with.
repo_uri() { # main|security
  local want=$CODENAME; [ "$1" = security ] && want=$CODENAME-security
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v w="$want" '$2==w{print $1; exit}'
}
suites_of() { # kernel series -> suites that carry it
  case $1 in
    5.10)     echo "bullseye bullseye-security";;
    6.1)      echo "bookworm bookworm-security";;
    6.12)     echo "trixie trixie-security";;
    host)     echo "$CODENAME $CODENAME-security";;
    *)        echo "trixie-backports";;
  esac
}
view() { # SERIES|host ARCH CMD... : apt-get/apt-cache in that view; fetches the lists when absent
  local v=$1 arch=$2 d s; shift 2
  d=$CACHE/apt/$v-$arch
  local o=(-o Dir::Etc::SourceList="$d/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$d/lists" -o Dir::Cache="$d/cache" -o Debug::NoLocking=1
    -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Acquire::Retries=2 -o Dpkg::Use-Pty=0)
  [ "$v-$arch" = "host-$HOSTARCH" ] || o+=(-o Dir::State::Status=/dev/null)
  if [ ! -e "$d/ok" ] || { [ -n "${KM_REFRESH:-}" ] && [ -z "$(find "$d/ok" -mmin -60)" ]; }; then
    mkdir -p "$d/lists/partial" "$d/cache/archives/partial"
    : >"$d/sources.list"
    for s in $(suites_of "$v"); do
      local uri; case $s in *-security) uri=$(repo_uri security);; *) uri=$(repo_uri main);; esac
      [ -z "$uri" ] || echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $s main" >>"$d/sources.list"
    done
    # A suite that has gone (end of life) must not spoil the others: judged by what is found.
    apt-get "${o[@]}" -qq update >"$d/update.log" 2>&1 || note "some lists for $v failed: $d/update.log"
    touch "$d/ok"
  fi
  local t=$1; shift
  "$t" "${o[@]}" "$@"
}

# ---------------------------------------------------------------- tools (no install on the host)
# QEMU and cpio from the host's own suite: what the host lacks is unpacked below $CACHE/tools.
TOOLS=$CACHE/tools
tlib() { echo "$TOOLS/usr/lib/$(uname -m)-linux-gnu:$TOOLS/lib/$(uname -m)-linux-gnu"; }
tool() { # run a tool of the host, or else of the prefix
  local n=$1 p; shift
  if p=$(command -v "$n"); then "$p" "$@"; return; fi
  for p in "$TOOLS/usr/bin/$n" "$TOOLS/bin/$n"; do
    [ -x "$p" ] && { LD_LIBRARY_PATH=$(tlib) "$p" "$@"; return; }
  done
  return 127
}
have_tool() { tool "$1" --version >/dev/null 2>&1; }
need_tool() { # program package...
  local prog=$1; shift; have_tool "$prog" && return
  local t; t=$(now); mkdir -p "$TOOLS"
  # only what this machine lacks: the view uses the host's dpkg status
  view host "$HOSTARCH" apt-get -y -qq --no-install-recommends --download-only install "$@" >"$TOOLS/log" 2>&1 ||
    die "cannot fetch $*: $(tail -3 "$TOOLS/log")"
  local d; for d in "$CACHE/apt/host-$HOSTARCH"/cache/archives/*.deb; do dpkg-deb -x "$d" "$TOOLS"; rm -f "$d"; done
  have_tool "$prog" || die "$prog does not run: $(tool "$prog" --version 2>&1 | head -2)"
  note "$prog unpacked in $(took "$t")s: $(tool "$prog" --version 2>/dev/null | head -1)"
}

# ---------------------------------------------------------------- kernels
candidates() { # SERIES: package names, newest first
  local re pin=KM_PIN_${1//./_}
  [ -z "${!pin:-}" ] || echo "${!pin}"
  case $FLAVOUR in cloud) re="-cloud-$ARCH";; *) re="-$ARCH";; esac
  view "$1" "$ARCH" apt-cache search --names-only "^linux-image-${1//./\\.}(\\.[0-9]+)?[-.+][^ ]*$re\$" |
    awk '{print $1}' | { if [ "$FLAVOUR" = cloud ]; then cat; else grep -vE -- '-(cloud|rt|dbg|16k)-' || true; fi; } | sort -rV | uniq
}

extract_vmlinux() { # x86 bzImage -> ELF, by the boot protocol's own header fields (2.08+)
  local b=$1 o=$2 ss off len
  u() { od -An -tu"$2" --endian=little -j"$1" -N"$2" "$b" | tr -d ' '; }
  ss=$(u 0x1f1 1); [ "$ss" != 0 ] || ss=4
  off=$(( (ss + 1) * 512 + $(u 0x248 4) )); len=$(u 0x24c 4)
  payload() { tail -c +$((off + 1)) "$b" | head -c "$len"; }
  # the payload is followed by 4 bytes of length, so the tools may grumble after a good output
  case $(od -An -tx1 -j$off -N6 "$b" | tr -d ' ') in
    1f8b*)        payload | gzip -dcq;;
    fd377a585a00) payload | xz -dcq --single-stream;;
    28b52ffd*)    payload | zstd -dcq;;
    02214c18*)    payload | lz4 -dcq;;
    5d0000*)      payload | xz --format=lzma -dcq;;
    *) return 1;;
  esac >"$o" 2>/dev/null || true
  [ "$(head -c4 "$o" | tail -c3)" = ELF ]
}
arm64_image() { # plain Image, gzip'ed Image or EFI zboot -> Image
  local b=$1 o=$2
  if [ "$(od -An -tx1 -N2 "$b" | tr -d ' ')" = 1f8b ]; then gzip -dcq "$b" >"$o"
  elif [ "$(tail -c +5 "$b" | head -c4)" = zimg ]; then
    u() { od -An -tu4 --endian=little -j"$1" -N4 "$b" | tr -d ' '; }
    local off len alg; off=$(u 8); len=$(u 12); alg=$(tail -c +25 "$b" | head -c4 | tr -d '\0')
    tail -c +$((off + 1)) "$b" | head -c "$len" | case $alg in zstd) zstd -dcq;; *) gzip -dcq;; esac >"$o" 2>/dev/null || true
  else cp "$b" "$o"; fi
  [ "$(tail -c +57 "$o" | head -c4)" = ARMd ]
}

# Modules that network and BPF tests ask for; what they depend on is added. The kernel
# loads them itself through /sbin/modprobe, as on a real machine.
MODROOTS='^kernel/net/|/drivers/net/(veth|dummy|tun|tap|ifb|macvlan|ipvlan|bonding|team|vxlan|geneve|vrf|netdevsim|netkit|virtio_net|net_failover|wireguard|nlmon)|/drivers/virtio/|/drivers/block/virtio_blk|/drivers/char/virtio_console|/fs/(overlayfs|fuse|squashfs|erofs|9p)|/drivers/block/loop|/crypto/(crc32c|sha|hmac|md5)|/lib/(libcrc32c|crc)|/arch/.*crc'
MODSKIP='/infiniband/|/ethernet/|^kernel/net/(ceph|sunrpc|rds|tipc|smc|dccp|l2tp|openvswitch|mac80211|wireless|bluetooth|9p/9pnet_rdma)'

pack() { (cd "$1" && find . -print0 | sort -z | tool cpio --null -o -H newc -R 0:0 --quiet); }

# busybox, dash and libc of the guest's architecture: once for all kernels
userland() {
  local U=$CACHE/kernels/user-$ARCH-$CODENAME.cpio w r p; [ -s "$U" ] && return
  need_tool cpio cpio; mkdir -p "${U%/*}"
  w=$(mktemp -d "$CACHE/work.$$.XXXXXX"); r=$w/root
  mkdir -p "$r"/{bin,sbin,dev,proc,sys,run,tmp,etc,out,t,root,var,usr/sbin,usr/bin,lib}
  # /bin/sh is dash: busybox's shell would run its own applets (ip, tc...) before those in PATH
  unpack_pkgs "$r" busybox-static dash; ln -sf dash "$r/bin/sh"
  for p in ash cat ls ps ip ping mount umount sleep grep sed awk head tail cut tr wc dmesg lsmod insmod rmmod mkdir rm cp mv ln id \
      env date hostname ifconfig arping nc wget timeout seq dd od xxd tar gzip find sort uniq kill sysctl stty setsid nproc true \
      false test '[' echo printf chmod stat tee xargs unshare nsenter poweroff reboot uname touch expr usleep cmp md5sum sha256sum \
      base64 zcat which basename dirname readlink mktemp chroot sync free uptime; do ln -sf busybox "$r/bin/$p"; done
  ln -sf /bin/busybox "$r/sbin/modprobe"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$r/etc/passwd"
  printf 'root:x:0:\n' >"$r/etc/group"; printf '127.0.0.1 localhost\n::1 localhost\n' >"$r/etc/hosts"
  # the host's own busybox is kept for depmod
  pack "$r" >"$w/cpio"; mv "$w/cpio" "$U"
  [ "$ARCH" != "$HOSTARCH" ] || cp "$r/bin/busybox" "$CACHE/busybox-host"
  rm -rf "$w"
}

prepare() { # SERIES: fills $CACHE/kernels/<arch>-<flavour>/<series>
  local v=$1 K=$CACHE/kernels/$ARCH-$FLAVOUR/$1 t w p pkg='' dep rel M
  [ -e "$K/ok" ] && [ -z "${KM_REFRESH:-}" ] && return
  t=$(now); need_tool cpio cpio
  w=$(mktemp -d "$CACHE/work.$$.XXXXXX"); mkdir -p "$w/deb" "$w/x" "$K"
  # An index may name a package which the pool has no more: try the next one.
  for p in $(candidates "$v"); do
    if [ "$p" = "$(cat "$K/package" 2>/dev/null)" ] && [ -e "$K/ok" ]; then rm -rf "$w"; return; fi
    if (cd "$w/deb" && view "$v" "$ARCH" apt-get -qq download "$p") >"$w/log" 2>&1; then pkg=$p; break; fi
    note "$p: listed but not fetched, trying an older one"
  done
  [ -n "$pkg" ] || { rm -rf "$w"; die "no $FLAVOUR kernel $v for $ARCH in: $(suites_of "$v")"; }
  # From 7.0 on, linux-image-* is only a pointer to linux-binary-* and linux-modules-*
  for dep in $(dpkg-deb -f "$w"/deb/*.deb Depends | tr ',|' '\n\n' | grep -oE '\blinux-(binary|modules|base)-[0-9][^ ]*' || true); do
    (cd "$w/deb" && view "$v" "$ARCH" apt-get -qq download "$dep") >>"$w/log" 2>&1 || true
  done
  for p in "$w"/deb/*.deb; do dpkg-deb -x "$p" "$w/x"; done
  M=$(first "$w"/x/lib/modules/* "$w"/x/usr/lib/modules/*); rel=$(basename "$M")
  p=$(first "$w"/x/boot/vmlinuz-* "$M/vmlinuz")
  case $ARCH in
    amd64) extract_vmlinux "$p" "$w/kernel" || die "no vmlinux in $p";;
    arm64) arm64_image "$p" "$w/kernel" || die "no Image in $p";;
  esac
  cp "$(first "$w"/x/boot/config-* "$M/config")" "$w/config"

  local r=$w/root; mkdir -p "$r/lib/modules/$rel"
  # modules: the chosen ones and, until nothing is missing, those that they depend on
  (cd "$M" && find kernel -name '*.ko*' | grep -E "$MODROOTS" | grep -vE "$MODSKIP" || true) | sort >"$w/mods"
  (cd "$M" && find kernel -name '*.ko*') >"$w/all"
  unpack_mod() { local s=$M/$1 d=$r/lib/modules/$rel/${1%.ko*}.ko; mkdir -p "${d%/*}"; [ -e "$d" ] && return
    case $s in *.xz) xz -dcq "$s";; *.zst) zstd -dcq "$s";; *.gz) gzip -dcq "$s";; *) cat "$s";; esac >"$d"; }
  local todo; todo=$(cat "$w/mods")
  while [ -n "$todo" ]; do
    local m next=''
    for m in $todo; do unpack_mod "$m"; done
    next=$(cd "$r/lib/modules/$rel" && for m in $todo; do tr '\0' '\n' <"${m%.ko*}.ko" | LC_ALL=C sed -n 's/^depends=//p'; done |
      tr ',' '\n' | sort -u | sed '/^$/d; s/[-_]/[-_]/g; s,^,/,; s,$,\\.ko,' >"$w/want"; grep -E -f "$w/want" "$w/all" || true)
    todo=$(for m in $next; do [ -e "$r/lib/modules/$rel/${m%.ko*}.ko" ] || echo "$m"; done)
    [ -s "$w/want" ] || break
  done
  cp "$M"/modules.{order,builtin,builtin.modinfo} "$r/lib/modules/$rel/" 2>/dev/null || true
  # depmod: busybox's own (of the host's architecture), kmod is not needed
  need_host_busybox; "$CACHE/busybox-host" depmod -b "$r" "$rel"
  pack "$r" >"$w/base.cpio"
  mv -f "$w/kernel" "$w/config" "$w/base.cpio" "$K/"; echo "$rel" >"$K/release"; echo "$pkg" >"$K/package"
  dpkg-deb -f "$w/deb/$pkg"_*.deb Version >"$K/version"; touch "$K/ok"
  note "$v $ARCH: $pkg $(cat "$K/version"), $(find "$r/lib/modules" -name '*.ko' | wc -l) modules, $(du -m "$K/base.cpio" | cut -f1) MiB base, prepared in $(took "$t")s"
  rm -rf "$w"
}
# Packages and what they depend on, into ROOT; no maintainer script runs.
PKGSKIP='^(debconf|cdebconf|dpkg|tar|perl-base|debianutils|coreutils|libc-bin|libcap2-bin|libpam.*|gcc-.*-base|lsb-base|init-system-helpers|sensible-utils)$'
unpack_pkgs() { # ROOT PACKAGE...
  local r=$1 w p; shift
  w=$(mktemp -d "$CACHE/work.$$.XXXXXX")
  # as if nothing were installed: the guest has nothing
  view host "$ARCH" apt-get -o Dir::State::Status=/dev/null --no-install-recommends -s install "$@" 2>"$w/err" |
    awk '/^Inst/{print $2}' | sed 's/:.*//' | grep -vE "$PKGSKIP" >"$w/list" || die "cannot resolve $*: $(tail -2 "$w/err")"
  (cd "$w" && view host "$ARCH" apt-get -qq download $(cat "$w/list")) >"$w/log" 2>&1 || die "cannot fetch $(tr '\n' ' ' <"$w/list"): $(tail -2 "$w/log")"
  for p in "$w"/*.deb; do dpkg-deb --fsys-tarfile "$p" | tar -x -C "$r" --keep-directory-symlink --exclude='./usr/share/doc*' --exclude='./usr/share/man*' \
    --exclude='./usr/share/locale*' --exclude='./usr/lib/*/gconv*' --exclude='./usr/share/bash-completion*' --exclude='./usr/share/lintian*'; done
  rm -rf "$w"
}
pkg_cpio() { # -> file name of the cached cpio of PKGS
  local f r; f=$CACHE/kernels/pkgs-$ARCH-$CODENAME-$(printf '%s\n' "${PKGS[@]}" | sort | tr '\n' ' ' | md5sum | cut -c1-12).cpio
  if [ ! -s "$f" ]; then r=$(mktemp -d "$CACHE/work.$$.XXXXXX"); unpack_pkgs "$r" "${PKGS[@]}"; pack "$r" >"$f.$$"; mv "$f.$$" "$f"; rm -rf "$r"; fi
  echo "$f"
}
need_host_busybox() {
  [ -x "$CACHE/busybox-host" ] && return
  local w; w=$(mktemp -d "$CACHE/work.$$.XXXXXX")
  (cd "$w" && view host "$HOSTARCH" apt-get -qq download busybox-static && dpkg-deb -x busybox-static*.deb x) >/dev/null 2>&1
  cp "$(first "$w"/x/bin/busybox "$w"/x/usr/bin/busybox)" "$CACHE/busybox-host"; rm -rf "$w"
}
