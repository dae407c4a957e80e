#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# oci.sh ROOT LAYOUT ARCH REVISION: ROOT as an image of one layer, VERSION its tag, in an OCI layout. The same
# root gives the same image: its times are SOURCE_DATE_EPOCH's (default: the last commit's, or 0).
# What deploy/Dockerfile says of the image, this says too.
set -eu
root=$1 layout=$2 revision=$4
arch=$(echo "$3" | sed 's/^x86$/amd64/')
here=$(cd "$(dirname "$0")/../.." && pwd)
version=$(cat "$here/VERSION")
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
image=$layout:$version
layer=$(mktemp)
trap 'rm -f "$layer"' EXIT

tar -C "$root" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=pax \
  --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -cf "$layer" .
rm -rf "$layout"
umoci --log=error init --layout "$layout"
umoci --log=error new --image "$image"
umoci --log=error raw add-layer --image "$image" --history.created="$created" \
  --history.created_by="deploy/image/rootfs.sh" "$layer"
umoci --log=error config --image "$image" --created="$created" --history.created="$created" \
  --history.created_by="deploy/image/oci.sh" \
  --os=linux --architecture="$arch" \
  --clear=config.entrypoint --config.entrypoint=/usr/bin/spikewatch --clear=config.cmd --config.cmd=run \
  --config.user=0:0 --config.workingdir=/ --config.stopsignal=SIGTERM \
  --config.env=PATH=/usr/bin --config.env=SQLITE_TMPDIR=/var/lib/spikewatch \
  --config.label="org.opencontainers.image.title=spikewatch" \
  --config.label="org.opencontainers.image.description=Alerts on spikes of HTTP errors and of firewall denies" \
  --config.label="org.opencontainers.image.version=$version" \
  --config.label="org.opencontainers.image.revision=$revision" \
  --config.label="org.opencontainers.image.created=$created" \
  --config.label="org.opencontainers.image.licenses=GPL-2.0-only"
umoci --log=error gc --layout "$layout"
