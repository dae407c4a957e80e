#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cross.sh FOLDER ARCH COMMAND...: runs COMMAND in this repository, in a Debian of its own that has what a cross
# build for ARCH needs: this machine's release, made in FOLDER where it is not there yet. Root; mmdebstrap.
set -eu
env=$1 arch=$(echo "$2" | sed 's/^x86$/amd64/')
shift 2
here=$(cd "$(dirname "$0")/../.." && pwd)
own=$(dpkg --print-architecture)

make_env() {
  local suite file sources=()
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    # Debian's own: others need not have the other architecture.
    ! grep -qs '/debian' "$file" || sources+=("$file")
  done
  rm -rf "$env"
  mkdir -p "$(dirname "$env")"
  mmdebstrap --quiet --variant=apt --architectures="$own,$arch" "$suite" "$env" "${sources[@]}"
  cp -L /etc/resolv.conf "$env/etc/resolv.conf"
  mkdir -p "$env/src"
}

[ -e "$env/src" ] || make_env
# shellcheck disable=SC2016
exec unshare -m --propagation private bash -eu -c '
  here=$1 env=$2 arch=$3
  shift 3
  mount --bind "$here" "$env/src"
  mount -t proc proc "$env/proc"
  mount --rbind /dev "$env/dev"
  chroot "$env" sh -euc "cd /src; tools/deps.sh image $arch"
  exec chroot "$env" sh -euc "cd /src; exec \"\$@\"" - "$@"' - "$here" "$env" "$arch" "$@"
