#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Debian package in a Debian of its own: installed, started by its systemd, upgraded, removed, purged.
# Root, and the archive that this machine's apt has. CHROOT=FOLDER: one that is there, in place of a new one.
. "$(dirname "$0")/lib/check.sh"
. "$LIB/topology.sh"
. "$LIB/boot.sh"

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
  mmdebstrap --quiet --variant=minbase --include=systemd,busybox "$suite" "$CHROOT" "${sources[@]}" ||
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

unit() { # PROPERTY
  in_boot systemctl show --value -p "$1" spikewatch
}

unit_is() { # PROPERTY VALUE
  [ "$(unit "$1")" = "$2" ]
}

status_says() { # WORDS
  unit StatusText | grep -q "$1"
}

# Entries of the unit's journal, by field.
journal() { # FIELD=VALUE...
  in_boot journalctl -q --sync && in_boot journalctl -q --no-pager -o cat -u spikewatch "$@" | grep -q .
}

# From that address of this host to itself.
errors() { # ADDRESS
  in_boot sh -c "i=0; while [ \$i -lt 60 ]; do busybox wget -q -O /dev/null 'http://$1/none'; i=\$((i + 1)); done" \
    >"$TMP/wget" 2>&1
  [ "$(grep -c 404 "$TMP/wget")" = 60 ]
}

boot_config() { # WORDS
  cat >"$CHROOT/etc/spikewatch/spikewatch.yaml" <<END
interfaces: [lo]
rules:
  errors: {title: "Errors", feed: http, match: {status: 400-599}, group_by: client, threshold: {count: 50, window: 5m}}
$1
END
}

# A service of a real systemd, with all that the unit takes from it.
boot_test() {
  boot_config ""
  boot "$TMP/boot.log"
  check "it starts with the host, and says when it is ready" wait_for 60 unit_is ActiveState active
  check "its status" wait_for 10 status_says 'watches 1 interface by'
  in_boot sh -c 'cd / && busybox httpd -p 80 -h /usr/share/doc'
  check "60 errors over IPv4" errors 127.0.0.1
  check "the alert is in the journal" wait_for 20 journal SPIKEWATCH_ACTION=open SPIKEWATCH_SOURCE_IP=127.0.0.1
  check "journald is restarted" in_boot systemctl restart systemd-journald
  check "60 errors over IPv6" errors '[::1]'
  check "that alert is, too" wait_for 20 journal SPIKEWATCH_ACTION=open SPIKEWATCH_SOURCE_IP=::1
  check "a reload" in_boot systemctl reload spikewatch
  check "is done" wait_for 20 journal SPIKEWATCH_ACTION=reloaded
  boot_config "  errors: {}"
  check "a reload of a wrong file" in_boot systemctl reload spikewatch
  check "is refused" wait_for 20 journal SPIKEWATCH_ACTION=reloaded PRIORITY=4
  check_equal "and it goes on" "$(unit ActiveState)/$(unit NRestarts)" active/0
  boot_config ""
  in_boot sh -c "kill -KILL $(unit MainPID)"
  check "killed, it is started again" wait_for 30 unit_is NRestarts 1
  check "and is ready" wait_for 30 unit_is ActiveState active
  in_boot sh -c "kill -STOP $(unit MainPID)"
  check "the watchdog ends one that stands still" wait_for 120 unit_is NRestarts 2
  check "and it is ready" wait_for 30 unit_is ActiveState active
  check "it is stopped" in_boot systemctl stop spikewatch
  check_equal "which is no failure" "$(unit ActiveState)/$(unit Result)" inactive/success
  boot_end
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
boot_test
upgrade_test
remove_test
