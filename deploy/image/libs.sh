#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libs.sh PREFIX ARCH: the libraries of which Debian has no static archive that can be linked, built
# from Debian's own source packages into PREFIX: libmicrohttpd (its archive wants GnuTLS), libpcap (D-Bus,
# systemd), libcurl (LDAP, Kerberos and more). What spikewatch does not use of them is left out. ARCH is amd64 or arm64, or as uname(1) has it.
# Needs gcc, make, dpkg-dev, flex, bison; and of the target OpenSSL, c-ares, zlib as -dev packages.
set -eu
prefix=$(mkdir -p "$1" && cd "$1" && pwd)
case $2 in
  amd64 | x86 | x86_64) target=x86_64-linux-gnu ;;
  arm64 | aarch64) target=aarch64-linux-gnu ;;
  *) echo "libs: '$2' is not an architecture: amd64, arm64" >&2; exit 2 ;;
esac
work=$(mktemp -d)
unset MAKEFLAGS MFLAGS MAKELEVEL # its --no-builtin-rules is for ours
trap 'rm -rf "$work"' EXIT
export CFLAGS="-O2 -g0 -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections"
export PKG_CONFIG_LIBDIR=/usr/lib/$target/pkgconfig:/usr/share/pkgconfig

# apt with lists of its own, for the source packages of this release: the host's stay as they are.
setup_apt() {
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's|^Debian \(.* main\)$|deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1|p' |
    sort -u >"$work/sources.list"
  [ -s "$work/sources.list" ] || { echo "libs: apt knows no archive of Debian" >&2; exit 1; }
  apt_src update
}

apt_src() {
  apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Retries=2 "$@"
}

# build SOURCE-PACKAGE FOLDER CONFIGURE-OPTION...: FOLDER is what is made and installed of it.
build() {
  local source=$1 folder=$2 log=$prefix/$1.log
  shift 2
  [ ! -e "$prefix/$source.version" ] || return 0
  mkdir "$work/$source"
  cd "$work/$source"
  apt_src source --only-source "$source" >"$log" 2>&1 || broken "$source can't be had" "$log"
  cd ./*/
  ./configure --quiet --prefix="$prefix" --host="$target" --disable-shared --enable-static \
    --disable-dependency-tracking "$@" >>"$log" 2>&1 || broken "$source is not configured" "$log"
  # Debian's patches are newer than what was made of the files that they change.
  make -s -j"$(nproc)" -C "$folder" install AUTOCONF=: AUTOHEADER=: AUTOMAKE=: ACLOCAL=: >>"$log" 2>&1 ||
    broken "$source is not built" "$log"
  cp debian/copyright "$prefix/$source.copyright"
  dpkg-parsechangelog -S Version >"$prefix/$source.version"
  echo "libs: $source $(cat "$prefix/$source.version")"
}

broken() { # WHAT LOG
  echo "libs: $1:" >&2
  tail -n 20 "$2" >&2
  exit 1
}

setup_apt
build libmicrohttpd src/microhttpd --disable-https --disable-doc --disable-examples --disable-curl \
  --disable-bauth --disable-dauth
# No interface is captured from: what reads files is all that is used.
build libpcap . --disable-dbus --disable-usb --disable-bluetooth --disable-rdma --disable-remote \
  --without-libnl --without-dag --without-dpdk
# getaddrinfo() of a static libc loads shared libraries: c-ares asks.
build curl lib --with-openssl --enable-ares --with-zlib --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
  --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet --disable-tftp --disable-pop3 \
  --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-ftp --disable-file \
  --disable-manual --disable-ntlm --disable-tls-srp --without-libpsl --without-libssh2 --without-librtmp \
  --without-libidn2 --without-nghttp2 --without-brotli --without-zstd --without-gssapi
touch "$prefix/built"
