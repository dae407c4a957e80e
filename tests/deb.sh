#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Debian package in a Debian of its own: installed, upgraded, removed, purged. Root, and the
# archive that this machine's apt has. CHROOT=FOLDER: one that is there, in place of a new one.
. "$(dirname "$0")/lib/check.sh"
. "$LIB/topology.sh"

in_chroot() {
  chroot "$CHROOT" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

apt() { # as an administrator who says nothing
  in_chroot apt-get -y -qq -o Dpkg::Options::=--force-confold "$@"
}

make_chroot() {
  local suite sources=()
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$file" ] || sources+=("$file")
  done
  CHROOT=$TMP/chroot
  mmdebstrap --quiet --variant=minbase --include=systemd "$suite" "$CHROOT" "${sources[@]}" ||
    die "mmdebstrap makes no $suite"
}

# What the package depends on comes from the same archive.
use_archive() {
  cp -L /etc/resolv.conf "$CHROOT/etc/resolv.conf"
  apt update || die "the archive does not answer"
}

package() { # VERSION
  (cd "$ROOT" && DEB_VERSION=$1 tools/make-deb.sh) || die "no package is made"
}

put() { # VERSION: into the chroot
  cp "$ROOT/$(package "$1")" "$CHROOT/spikewatch-$1.deb"
}

status() {
  in_chroot dpkg-query -W -f '${db:Status-Status} ${Version}' spikewatch 2>/dev/null
}

exists() {
  [ -e "$CHROOT/$1" ] || [ -L "$CHROOT/$1" ]
}

exists_not() {
  ! exists "$1"
}

# No folder of the chroot's own, so neither /proc nor /sys.
left() {
  find "$CHROOT" -xdev -name '*spikewatch*' -not -name 'spikewatch-*.deb' -not -path '*/var/log/*'
}

WANTS=etc/systemd/system/multi-user.target.wants/spikewatch.service

install_test() {
  put 0.0.1
  check "it installs" apt install /spikewatch-0.0.1.deb
  check_equal "as this version" "$(status)" "installed 0.0.1"
  check_match "the program runs" "$(in_chroot spikewatch --version)" '^spikewatch '
  check "its configuration is valid" in_chroot spikewatch check -q
  check "the group is there" in_chroot getent group spikewatch
  check "the service is enabled" exists $WANTS
  check_match "the catalogue is known" \
    "$(in_chroot journalctl --list-catalog 61851c8ef2c94e79a6b6d68ce4a50597)" 'HTTP response errors'
}

upgrade_test() {
  put 0.0.2
  echo '# mine' >>"$CHROOT/etc/spikewatch/spikewatch.yaml"
  mkdir -p "$CHROOT/var/lib/spikewatch"
  touch "$CHROOT/var/lib/spikewatch/spikewatch.db"
  in_chroot deb-systemd-helper disable spikewatch.service >/dev/null 2>&1
  rm -f "$CHROOT/$WANTS"
  check "it upgrades" apt install /spikewatch-0.0.2.deb
  check_equal "to this version" "$(status)" "installed 0.0.2"
  check "a changed configuration stays" grep -qx '# mine' "$CHROOT/etc/spikewatch/spikewatch.yaml"
  check "a service that was disabled stays so" exists_not $WANTS
}

remove_test() {
  check "it is removed" apt remove spikewatch
  check "no program is left" exists_not usr/bin/spikewatch
  check "no unit is left" exists_not usr/lib/systemd/system/spikewatch.service
  check "the configuration is" exists etc/spikewatch/spikewatch.yaml
  check "the state is" exists var/lib/spikewatch/spikewatch.db
  check "it is purged" apt purge spikewatch
  check_equal "nothing is left" "$(left)" ""
  check "it installs again" apt install /spikewatch-0.0.2.deb
  check "and is enabled" exists $WANTS
  check "it is purged at once" apt purge spikewatch
  check_equal "nothing is left after that" "$(left)" ""
}

require_tools mmdebstrap dpkg-shlibdeps lintian
tmp_make
[ -n "${CHROOT:-}" ] || make_chroot
check "lintian finds nothing" lintian --allow-root --fail-on error,warning "$ROOT/$(package 0.0.1)"
use_archive
install_test
upgrade_test
remove_test
