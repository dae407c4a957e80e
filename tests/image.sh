#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The container image that `make image` made: image.sh BUILD-FOLDER ARCH. What it says of itself, what is in it,
# that its program needs nothing else, and that the same root makes the same image.
. "$(dirname "$0")/lib/check.sh"
build=$1 arch=${2/#x86/amd64}
layout=$build/image/oci version=$(cat "$ROOT/VERSION")

of_config() { # JQ-FILTER
  skopeo inspect --override-arch "$arch" --config "oci:$layout:$version" | jq -cr "$1"
}

says_test() {
  check "skopeo reads it" skopeo inspect --override-arch "$arch" "oci:$layout:$version"
  check_equal "architecture and system" "$(of_config '.architecture + " " + .os')" "$arch linux"
  check_equal "what it runs" "$(of_config '.config.Entrypoint + .config.Cmd')" '["/usr/bin/spikewatch","run"]'
  check_equal "version" "$(of_config '.config.Labels["org.opencontainers.image.version"]')" "$version"
  check_equal "licence" "$(of_config '.config.Labels["org.opencontainers.image.licenses"]')" GPL-2.0-only
  check_equal "one layer" "$(of_config '.rootfs.diff_ids | length')" 1
}

same_test() {
  "$ROOT/deploy/image/oci.sh" "$build/image/root" "$TMP/oci" "$arch" \
    "$(of_config '.config.Labels["org.opencontainers.image.revision"]')"
  check_equal "made again, it is the same" "$(cut -d' ' -f1 <(sha256sum "$TMP/oci/index.json"))" \
    "$(cut -d' ' -f1 <(sha256sum "$layout/index.json"))"
}

content_test() {
  local root=$TMP/unpacked/rootfs program
  umoci --log=error unpack --rootless --image "$layout:$version" "$TMP/unpacked" || die "umoci does not unpack it"
  program=$root/usr/bin/spikewatch
  check_equal "no shared library is asked for" "$(readelf -lWd "$program" | grep -cE 'INTERP|NEEDED')" 0
  check_equal "nothing else can be executed" "$(find "$root" -type f -perm /111 -printf '%P\n')" usr/bin/spikewatch
  check_equal "no set-uid or set-gid files" "$(find "$root" -type f -perm /6000)" ""
  check "CA certificates" grep -q 'BEGIN CERTIFICATE' "$root/etc/ssl/certs/ca-certificates.crt"
  check "time zones" test -s "$root/usr/share/zoneinfo/Europe/Berlin"
  check "licences" test -s "$root/usr/share/doc/curl/copyright"
  [ "$(du -sm "$root" | cut -f1)" -lt 40 ]
  check_equal "its size: $(du -sm "$root" | cut -f1) MiB, $(du -sm "$layout" | cut -f1) MiB packed; less than 40" $? 0
}

command -v skopeo >/dev/null && command -v umoci >/dev/null || { skip "needs skopeo and umoci"; exit 0; }
TMP=$(mktemp -d)
on_exit rm -rf "$TMP"
says_test
same_test
content_test
