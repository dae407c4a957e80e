#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `make install` into a folder: all files are there, the program runs, a changed configuration stays.
set -eu
cd "$(dirname "$0")/.."
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
passed=0 failed=0
expect() { # NAME COMMAND...
  name=$1
  shift
  if "$@" >/dev/null 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL install: $name"; fi
}
make -s install DESTDIR="$dest" >/dev/null
for file in usr/bin/spikewatch usr/share/man/man8/spikewatch.8 usr/share/man/man5/spikewatch.yaml.5 \
  usr/lib/systemd/catalog/spikewatch.catalog \
  usr/lib/systemd/system/spikewatch.service usr/lib/sysusers.d/spikewatch.conf etc/spikewatch/spikewatch.yaml; do
  expect "$file is there" test -s "$dest/$file"
done
expect "the program runs" "$dest/usr/bin/spikewatch" --version
expect "the configuration is valid" "$dest/usr/bin/spikewatch" check -q -c "$dest/etc/spikewatch/spikewatch.yaml"
unit=$dest/usr/lib/systemd/system/spikewatch.service
expect "the unit's exposure is below 3.0" systemd-analyze security --offline=true --threshold=30 --no-pager "$unit"
# systemd-analyze says what it does not know, and then exits with 0 all the same: nothing may be said
# but that there is no program in /usr/bin, and no manual page.
said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$unit" 2>&1 | grep -v 'is not executable') || true
expect "the unit is well-formed: $said" test -z "$said"
expect "the unit runs the installed program" grep -qx "ExecStart=/usr/bin/spikewatch run" "$unit"
mkdir -p "$dest/etc"
: >"$dest/etc/group"
expect "the group is made" systemd-sysusers --root="$dest" spikewatch.conf
expect "the group is there" grep -q '^spikewatch:' "$dest/etc/group"
echo "# mine" >>"$dest/etc/spikewatch/spikewatch.yaml"
make -s install DESTDIR="$dest" >/dev/null
expect "a changed configuration stays" grep -qx "# mine" "$dest/etc/spikewatch/spikewatch.yaml"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
