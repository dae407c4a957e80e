#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rootfs.sh PROGRAM ROOT [LIBS]: the image's root file system, of which nothing is written to: the program, CA
# certificates, time zones, licences, and the folders that a pod mounts over. LIBS is the prefix of libs.sh,
# for the licences of what was built there. Of a program with shared libraries, those come along (for tests).
set -eu
program=$1 root=$2 libs=${3:-}
here=$(cd "$(dirname "$0")/../.." && pwd)
umask 022

rm -rf "$root"
mkdir -p "$root"/{dev,proc,sys,tmp} "$root"/etc/{spikewatch,ssl/certs} "$root"/usr/{bin,share/doc/spikewatch} \
  "$root"/var/lib/spikewatch "$root"/run/{spikewatch,systemd/journal}
chmod 1777 "$root/tmp"
llvm-strip -o "$root/usr/bin/spikewatch" "$program"
chmod 755 "$root/usr/bin/spikewatch"

# The loader and the libraries, where the program looks for them.
bring_libraries() {
  local library
  ldd "$program" | grep -oE '/[^ ]+' | while read -r library; do
    install -D "$library" "$root$library"
  done
}
! readelf -lW "$program" | grep -q INTERP || bring_libraries

# Who asks for users and groups finds them in files: there is no library that would ask elsewhere.
echo 'root:x:0:0:root:/:/usr/bin/spikewatch' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"

install -m644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs"
# TZ names one of them; without it, and without /etc/localtime, time is UTC.
mkdir -p "$root/usr/share/zoneinfo"
tar -C /usr/share/zoneinfo --exclude=./posix --exclude=./right --exclude=./localtime -cf - . |
  tar -C "$root/usr/share/zoneinfo" -xf -

# What is linked in, by whose licence.
doc=$root/usr/share/doc
cp "$here"/LICENSES/* "$doc/spikewatch"
for package in libbpf-dev libelf-dev zlib1g-dev libmnl-dev libyaml-dev libjansson-dev libsqlite3-dev libseccomp-dev \
  libc-ares-dev libmaxminddb-dev libssl-dev libc6-dev ca-certificates tzdata; do
  [ -e "/usr/share/doc/$package/copyright" ] || continue
  install -Dm644 "/usr/share/doc/$package/copyright" "$doc/$package/copyright"
done
for copyright in ${libs:+"$libs"/*.copyright}; do
  name=$(basename "$copyright" .copyright)
  install -Dm644 "$copyright" "$doc/$name/copyright"
done
