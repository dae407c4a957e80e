#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Packs what `make install` installs into a Debian package. DEB_VERSION stands in place of VERSION's,
# DEBFULLNAME and DEBEMAIL name the maintainer. Prints the package's path.
set -eu
cd "$(dirname "$0")/.."
umask 022
version=${DEB_VERSION:-$(cat VERSION)}
arch=$(dpkg --print-architecture)
out=build/deb root=build/deb/root
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
maintainer="${DEBFULLNAME:-spikewatch maintainers} <${DEBEMAIL:-spikewatch@example.org}>"
rm -rf "$root"
mkdir -p "$root/DEBIAN" "$root/usr/share/doc/spikewatch" "$out/debian"
make -s install DESTDIR="$PWD/$root" PREFIX=/usr SYSCONFDIR=/etc >/dev/null
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/spikewatch"
gzip -9n "$root"/usr/share/man/man?/*
install -m644 deploy/debian/copyright "$root/usr/share/doc/spikewatch/"
{
  printf 'spikewatch (%s) unstable; urgency=medium\n\n  * The log of the repository has all changes.\n\n' "$version"
  printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$root/usr/share/doc/spikewatch/changelog.gz"

# dpkg-shlibdeps wants a folder of sources; none of it is packed.
printf 'Source: spikewatch\n\nPackage: spikewatch\nArchitecture: any\n' >"$out/debian/control"
depends=$(cd "$out" && dpkg-shlibdeps -O -eroot/usr/bin/spikewatch 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "make-deb: dpkg-shlibdeps finds no libraries" >&2; exit 1; }
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@MAINTAINER@/$maintainer/; s/@DEPENDS@/$depends/
  s/@SIZE@/$(du -k -s --exclude=DEBIAN "$root" | cut -f1)/" deploy/debian/control.in >"$root/DEBIAN/control"
echo /etc/spikewatch/spikewatch.yaml >"$root/DEBIAN/conffiles"
install -m755 -t "$root/DEBIAN" deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm
(cd "$root" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k2) >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$root" "$out" >/dev/null
rm -rf "$root" "$out/debian"
echo "$out/spikewatch_${version}_$arch.deb"
